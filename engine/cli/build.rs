//! `eng build`, and what it has in common with `eng test`.

use super::Exit;
use super::coverage::{Format, Report, maker, show};
use super::options::{Build, Common, FailFast};
use super::places::session;
use super::request::{Here, jobs, pattern, style};
use super::streams::{LAST, LAST_JUNIT, add_services, end, started, streams};
use crate::event::{Event, Phase};
use crate::report::{self, Streams, Style};
use crate::session::{Control, Failure, Goal, Places, Request, Stop, Work};
use std::path::Path;
use std::time::{Duration, SystemTime};

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
    let session = session()?;
    let is_test = matches!(goal, Goal::Test);
    let here = Here { root: session.root.clone(), home: session.home.clone() };
    let wanted = pattern(&common.patterns, &here).map_err(|failure| match failure {
        Failure::NoTests(text) if !is_test => Failure::Usage(text),
        failure => failure,
    })?;
    let mut request = Request::new(wanted, goal, &session.user.path);
    let options = &mut request.options;
    options.jobs = jobs(&common, options.jobs)?;
    options.no_cache = common.no_cache;
    options.dry_run = common.dry_run;
    options.max_fail = (common.fail_fast == Some(FailFast::Failure)).then_some(1);
    options.stop_at_crash = common.fail_fast == Some(FailFast::Crash);
    options.verbose = common.verbose;
    request.modes = common.modes.iter().cloned().collect();
    request.shows_output = matches!(tell.output, report::TestOutput::All);
    request.shows_times = tell.slowest > 0;
    request.budget = session.user.budget()?;
    request.command = std::env::args().collect::<Vec<_>>().join(" ");
    more(&mut request)?;
    let silent = common.told.takes_stdout();
    let covered = covered.map(|how| Report { silent, ..how });
    if covered.as_ref().is_some_and(|how| silent && how.format != Format::Table) {
        let text = "--format asks for a report on standard output, where a stream goes; write the stream to a file, or read eng-out/coverage";
        return Err(Failure::Usage(text.to_string()));
    }
    let pages = covered.as_ref().map(|how| maker(how, &request.options.path)).transpose()?;
    let pages = pages.flatten();
    let places = session.user.places();
    let verb = if is_test { "test" } else { "build" };
    let mut streams = streams(&common.told, &places.cache, None)?;
    if !request.options.dry_run {
        streams.add_events_file(&session.root.join(LAST));
        add_services(&mut streams, &session.root, &places.cache)?;
        if is_test {
            streams.add_junit_file(&session.root.join(LAST_JUNIT));
        }
    }
    streams.begin(&started(verb, &common.patterns, &session.root), SystemTime::now());
    let rerun = if is_test { "eng test" } else { "eng build" };
    let style = Style {
        slow_after: tell.slow_after,
        slowest: tell.slowest,
        ..style(&common, rerun, tell.output)
    };
    let covered = covered.as_ref().map(|how| (how, pages.as_deref()));
    let res = carry_out(&session.root, &places, &request, style, &mut streams, covered);
    end(streams, res)
}

fn carry_out(
    root: &Path,
    places: &Places,
    request: &Request,
    style: Style,
    streams: &mut Streams,
    covered: Option<(&Report, Option<&Path>)>,
) -> Result<Exit, Failure> {
    streams.take(&Event::Phase { phase: Phase::Discover, apart: false });
    let work = Work::new(root, places, request);
    if work.is_idle() {
        // Nothing happens: the file of the last run in which something did is worth more.
        streams.leave_files();
    }
    let control = Control { stop: Stop::new()?, signals: true };
    let summary = report::while_showing(style, streams, |events| work.carry_out(&control, events))?;
    let shown = match (covered, &summary.coverage) {
        (Some((how, pages)), Some(coverage)) => show(root, coverage, how, pages),
        _ => Exit::Ok,
    };
    Ok(Exit::of(summary.status()).or(shown))
}
