//! `eng build` and `eng test`.

use super::Exit;
use super::options::{Build, Common, Test, TestOutput};
use super::places::places;
use super::request::{here, jobs, pattern, style, test_threads};
use crate::base::parse_duration;
use crate::event::Summary;
use crate::report;
use crate::session::{Failure, Goal, Request, Session, recall};
use std::collections::BTreeSet;
use std::time::Instant;

/// Builds what patterns match.
pub fn build(options: Build) -> Result<Exit, Failure> {
    let goal = Goal::Build { all: options.all, tests: options.tests };
    bring(options.common, goal, report::TestOutput::Errors, |_| Ok(()))
}

/// Builds and runs tests.
pub fn test(options: Test) -> Result<Exit, Failure> {
    let output = match options.test_output {
        TestOutput::Summary => report::TestOutput::Summary,
        TestOutput::Errors => report::TestOutput::Errors,
        TestOutput::All => report::TestOutput::All,
    };
    let timeout = match &options.timeout {
        None => None,
        Some(text) => {
            Some(parse_duration(text).filter(|time| !time.is_zero()).ok_or_else(|| {
                Failure::Usage(format!(
                    "--timeout is '{text}'; a time such as 90s, 1.5m or 250ms was expected"
                ))
            })?)
        }
    };
    let threads = test_threads(options.test_threads)?;
    bring(options.common, Goal::Test, output, move |request| {
        request.test_threads = threads;
        request.test_timeout = timeout;
        request.fresh_tests = options.fresh;
        request.filters = options.filters;
        request.test_args = options.test_args.into_iter().chain(options.args).collect();
        Ok(())
    })
}

fn bring(
    common: Common,
    goal: Goal,
    output: report::TestOutput,
    more: impl FnOnce(&mut Request) -> Result<(), Failure>,
) -> Result<Exit, Failure> {
    let began = Instant::now();
    let here = here()?;
    let is_test = matches!(goal, Goal::Test);
    let mut request = Request {
        pattern: pattern(&common.patterns, &here)?,
        goal,
        jobs: jobs(&common)?,
        test_threads: test_threads(None)?,
        no_cache: common.no_cache,
        fresh_tests: false,
        dry_run: common.dry_run,
        fail_fast: common.fail_fast,
        verbose: common.verbose,
        modes: common.modes.iter().cloned().collect::<BTreeSet<_>>(),
        filters: Vec::new(),
        test_args: Vec::new(),
        test_timeout: None,
        path: std::env::var("PATH").unwrap_or_default(),
        shows_output: matches!(output, report::TestOutput::All),
        program: std::env::current_exe().unwrap_or_default(),
        command: std::env::args().collect::<Vec<_>>().join(" "),
    };
    more(&mut request)?;
    let rerun = if is_test { "eng test" } else { "eng build" };
    let style = style(&common, rerun, output);
    let places = places()?;
    if let Some(known) = recall(&here.root, &places, &request) {
        let summary = report::while_showing(style, |events| known.tell(began, &events));
        return Ok(exit(&summary));
    }
    let session = Session::open(&here.root, &places, request.dry_run)?;
    let summary = report::while_showing(style, |events| session.bring(&request, events))?;
    Ok(exit(&summary))
}

/// The exit code of a run. A failed build wins over a failed test.
fn exit(summary: &Summary) -> Exit {
    if summary.interrupted {
        Exit::Interrupted
    } else if summary.broken > 0 {
        Exit::Environment
    } else if summary.failed > 0 {
        Exit::BuildFailed
    } else if summary.tests_failed > 0 || summary.tests_not_run > 0 {
        Exit::TestsFailed
    } else {
        Exit::Ok
    }
}
