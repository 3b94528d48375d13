//! `eng build`, and what it has in common with `eng test`.

use super::Exit;
use super::coverage::{Report, maker, show};
use super::options::{Build, Common, FailFast};
use super::places::{places, settings};
use super::request::{here, jobs, pattern, style};
use super::streams::{LAST, LAST_JUNIT, add_services, end, started, streams};
use crate::event::{Event, Phase, Summary};
use crate::load::Settings;
use crate::report::{self, Streams, Style};
use crate::session::{
    Budget, Failure, Filter, Goal, Options, Places, Policy, Request, Session, note_idle_run, recall,
};
use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

/// Builds what patterns match.
pub fn build(options: Build) -> Result<Exit, Failure> {
    let goal = Goal::Build { all: options.all, tests: options.tests };
    bring(options.common, goal, Tell::default(), None, |_| Ok(()))
}

/// What is told of tests.
#[derive(Debug, Default)]
pub struct Tell {
    /// Whose output.
    pub output: report::TestOutput,
    /// After which time a process is slow.
    pub slow_after: Option<Duration>,
    /// How many of the slowest cases.
    pub slowest: usize,
}

/// Brings what patterns match to results; `more` fills in what the verb asks for, and `covered` is
/// what to report of what tests have executed.
pub fn bring(
    common: Common,
    goal: Goal,
    tell: Tell,
    covered: Option<Report>,
    more: impl FnOnce(&mut Request) -> Result<(), Failure>,
) -> Result<Exit, Failure> {
    let here = here()?;
    let is_test = matches!(goal, Goal::Test);
    let mut request = Request {
        pattern: pattern(&common.patterns, &here).map_err(|failure| match failure {
            Failure::NoTests(text) if !is_test => Failure::Usage(text),
            failure => failure,
        })?,
        goal,
        options: Options {
            jobs: jobs(&common)?,
            test_threads: 1,
            no_cache: common.no_cache,
            dry_run: common.dry_run,
            max_fail: (common.fail_fast == Some(FailFast::Failure)).then_some(1),
            stop_at_crash: common.fail_fast == Some(FailFast::Crash),
            verbose: common.verbose,
            path: std::env::var("PATH").unwrap_or_default(),
            ..Options::default()
        },
        schedule: None,
        policy: Policy::default(),
        filter: Filter::default(),
        filters: Vec::new(),
        modes: common.modes.iter().cloned().collect::<BTreeSet<_>>(),
        test_args: Vec::new(),
        shows_output: matches!(tell.output, report::TestOutput::All),
        shows_times: tell.slowest > 0,
        program: std::env::current_exe().unwrap_or_default(),
        write_durations: None,
        budget: budget()?,
        coverage: None,
        command: std::env::args().collect::<Vec<_>>().join(" "),
    };
    more(&mut request)?;
    let silent = common.told.takes_stdout();
    let covered = covered.map(|how| Report { silent, ..how });
    let pages = covered.as_ref().map(|how| maker(how, &request.options.path)).transpose()?;
    let pages = pages.flatten();
    let places = places()?;
    let verb = if is_test { "test" } else { "build" };
    let mut streams = streams(&common.told, &places.cache, None)?;
    if !request.options.dry_run {
        streams.add_events_file(&here.root.join(LAST));
        add_services(&mut streams, &here.root, &places.cache)?;
        if is_test {
            streams.add_junit_file(&here.root.join(LAST_JUNIT));
        }
    }
    let began = Instant::now();
    streams.begin(&started(verb, &common.patterns, &here.root), SystemTime::now());
    let rerun = if is_test { "eng test" } else { "eng build" };
    let style = Style {
        slow_after: tell.slow_after,
        slowest: tell.slowest,
        ..style(&common, rerun, tell.output)
    };
    let covered = covered.as_ref().map(|how| (how, pages.as_deref()));
    let res = carry_out(&here.root, &places, &request, style, &mut streams, began, covered);
    end(streams, res)
}

fn carry_out(
    root: &Path,
    places: &Places,
    request: &Request,
    style: Style,
    streams: &mut Streams,
    began: Instant,
    covered: Option<(&Report, Option<&Path>)>,
) -> Result<Exit, Failure> {
    streams.take(&Event::Phase { phase: Phase::Discover, apart: false });
    let mut recalled = recall(root, places, request);
    if let Some(known) = recalled.as_ref().filter(|known| known.is_all()) {
        // Nothing happens: the file of the last run in which something did is worth more.
        streams.leave_files();
        let summary = report::while_showing(style, streams, |events| known.tell(began, &events));
        note_idle_run(root, places, request, &summary);
        return Ok(exit(&summary));
    }
    let part = recalled.as_ref().map(|known| Session::resume(root, places, known));
    let session = match part {
        Some(Ok(session)) => session,
        // What was remembered of the workspace does not hold; all of it tells what is wrong.
        Some(Err(_)) | None => {
            recalled = None;
            Session::open(root, places, request.options.dry_run)?
        }
    };
    let work = |events| session.bring(request, recalled, began, events);
    let summary = report::while_showing(style, streams, work)?;
    let shown = match (covered, &summary.coverage) {
        (Some((how, pages)), Some(coverage)) => show(root, coverage, how, pages),
        _ => Exit::Ok,
    };
    Ok(exit(&summary).or(shown))
}

/// What the history may take, by the settings of the user.
fn budget() -> Result<Budget, Failure> {
    let settings = match settings() {
        Some(path) => Settings::read(&path).map_err(Failure::Problems)?,
        None => Settings::default(),
    };
    let Budget { size, age } = Budget::default();
    Ok(Budget {
        size: settings.history_size.unwrap_or(size),
        age: settings.history_age.unwrap_or(age),
    })
}

/// The exit code of a run.
fn exit(summary: &Summary) -> Exit {
    use Exit::{BuildFailed, Environment, Interrupted, NoTests, TestsFailed};
    let all = [Interrupted, Environment, BuildFailed, TestsFailed, NoTests];
    all.into_iter().find(|exit| *exit as i32 == summary.status()).unwrap_or(Exit::Ok)
}
