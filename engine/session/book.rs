//! What the history is told of runs.

use super::commit::commit;
use super::recall::now_ns;
use super::request::{Places, Request};
use crate::event::Summary;
use crate::store::{History, RunCounts, RunRecord};
use std::path::Path;

/// A run that begins.
pub(super) fn beginning(root: &Path, request: &Request) -> RunRecord {
    RunRecord {
        start_ns: now_ns(),
        workspace: root.display().to_string(),
        command: request.command.clone(),
        version: env!("CARGO_PKG_VERSION").to_string(),
        commit: commit(root),
        ..RunRecord::default()
    }
}

/// Notes a run that has found nothing to do.
pub(super) fn note_idle_run(root: &Path, places: &Places, request: &Request, summary: &Summary) {
    let run = beginning(root, request);
    let end_ns = run.start_ns;
    let wall = i64::try_from(summary.wall.as_nanos()).unwrap_or(0);
    let run = RunRecord {
        start_ns: end_ns.saturating_sub(wall),
        end_ns: Some(end_ns),
        exit: Some(summary.status()),
        idle: true,
        counts: Some(counts(summary)),
        ..run
    };
    History::note_idle_run(&places.state, &run);
}

/// The counts of a run as the history keeps them.
pub(super) fn counts(summary: &Summary) -> RunCounts {
    let cases = &summary.cases;
    let whole = |number: usize| number as u64;
    RunCounts {
        ran: whole(summary.ran),
        cached: whole(summary.cached),
        failed: whole(summary.failed),
        skipped: whole(summary.skipped),
        tests_passed: whole(summary.tests_passed),
        tests_failed: whole(summary.tests_failed),
        tests_not_run: whole(summary.tests_not_run),
        cases_passed: whole(cases.passed + cases.expected_failures + cases.unexpected_passes),
        cases_failed: whole(cases.failed),
        cases_skipped: whole(cases.skipped),
        cases_flaky: whole(cases.flaky),
        cases_cached: whole(cases.cached),
    }
}
