//! Verdicts of cases as rows of the ledger, and back.

use super::verdict::Judged;
use crate::event::Verdict;
use crate::load::{Lines, Protocol, Results, Text};
use crate::run::Shared;
use crate::store::{CaseRow, ResultRow};
use anyhow::Result;
use std::time::{Duration, SystemTime};

/// A case that was run together with others.
const VIA_BATCH: u8 = 1;

// Kinds of verdicts in the ledger.
const PASSED: u8 = 0;
const FAILED: u8 = 1;
const SKIPPED: u8 = 2;
const CRASHED: u8 = 3;
const TIMED_OUT: u8 = 4;
const EXPECTED_FAILURE: u8 = 5;
const UNEXPECTED_PASS: u8 = 6;
/// Nothing is known but that no earlier pass holds.
const DOUBTED: u8 = 7;

/// The row of a verdict that may be kept; of a failure, so that no earlier pass holds and that it
/// can be told again. What the case printed goes into the store; `of` is the row of its process.
pub(super) fn row(
    judged: &Judged,
    flaky: u32,
    of: &ResultRow,
    shared: &Shared,
) -> Result<Option<CaseRow>> {
    let (verdict, text) = match &judged.verdict {
        Verdict::Passed => (PASSED, String::new()),
        Verdict::Failed(how) => (FAILED, how.clone()),
        Verdict::Skipped(why) => (SKIPPED, why.clone()),
        Verdict::ExpectedFailure(why) => (EXPECTED_FAILURE, why.clone()),
        Verdict::UnexpectedPass(why) => (UNEXPECTED_PASS, why.clone()),
        Verdict::Crashed(how) => (CRASHED, how.clone()),
        Verdict::TimedOut(limit) => (TIMED_OUT, limit.as_millis().to_string()),
        Verdict::NotRun(_) => return Ok(None),
    };
    let output = match judged.output.as_bytes() {
        [] => None,
        bytes => Some(shared.cas.put_bytes(bytes)?),
    };
    let time =
        SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
    Ok(Some(CaseRow {
        verdict,
        text,
        duration_ns: judged.duration.map(|it| it.as_nanos() as u64),
        output,
        run: shared.run,
        time,
        via: VIA_BATCH,
        tier: 1,
        flaky,
        leaked: judged.leaky,
        outputs: of.outputs.clone(),
    }))
}

/// How a case ended, as the history keeps it; nothing if it has no result.
pub(super) fn in_words(verdict: &Verdict) -> Option<String> {
    Some(match verdict {
        Verdict::Passed => "passed".to_string(),
        Verdict::Failed(_) => "failed".to_string(),
        Verdict::Skipped(_) => "skipped".to_string(),
        Verdict::ExpectedFailure(_) => "expected failure".to_string(),
        Verdict::UnexpectedPass(_) => "unexpected pass".to_string(),
        Verdict::Crashed(how) => format!("crashed: {how}"),
        Verdict::TimedOut(_) => "timed out".to_string(),
        Verdict::NotRun(_) => return None,
    })
}

/// The row of a case whose process speaks against its results: it takes the place of what was known.
pub(super) fn doubted(shared: &Shared) -> CaseRow {
    CaseRow {
        verdict: DOUBTED,
        text: String::new(),
        duration_ns: None,
        output: None,
        run: shared.run,
        time: 0,
        via: VIA_BATCH,
        tier: 1,
        flaky: 0,
        leaked: false,
        outputs: Vec::new(),
    }
}

/// True if the row ends what was known before.
pub(super) fn denies(row: &CaseRow) -> bool {
    matches!(row.verdict, FAILED | CRASHED | TIMED_OUT | DOUBTED)
}

/// The verdict of a row, if it may be taken: a good one always, a failure if it is to be retold.
pub(super) fn reusable(row: &CaseRow, retell: bool) -> Option<Verdict> {
    Some(match row.verdict {
        PASSED => Verdict::Passed,
        SKIPPED => Verdict::Skipped(row.text.clone()),
        EXPECTED_FAILURE => Verdict::ExpectedFailure(row.text.clone()),
        UNEXPECTED_PASS => Verdict::UnexpectedPass(row.text.clone()),
        FAILED if retell => Verdict::Failed(row.text.clone()),
        CRASHED if retell => Verdict::Crashed(row.text.clone()),
        TIMED_OUT if retell => {
            Verdict::TimedOut(Duration::from_millis(row.text.parse().unwrap_or_default()))
        }
        _ => return None,
    })
}

/// Why a case has to run again whose result is known.
pub(super) fn why_again(row: &CaseRow) -> String {
    let run = row.run;
    match row.verdict {
        FAILED => format!("it failed in run {run}"),
        CRASHED => format!("it crashed in run {run}"),
        TIMED_OUT => format!("it ran into its time limit in run {run}"),
        DOUBTED => format!("its process ended badly in run {run}"),
        _ => "its result was removed from the store".to_string(),
    }
}

/// How results of cases are read: what was read otherwise is no verdict any more.
pub(super) fn reading(protocol: &Protocol) -> String {
    let mut res = format!("{:?}", protocol.words.lists());
    match &protocol.results {
        None => {}
        Some(Results::Tap) => res.push_str(" tap"),
        Some(Results::Xml) => res.push_str(" xml"),
        Some(Results::Lines(lines)) => res.push_str(&patterns(lines)),
        Some(Results::Json(json)) => {
            let paths = [&json.suite, &json.output, &json.why, &json.seconds, &json.ms];
            let paths = paths.map(|path| texts(path.as_slice()));
            let (event, case) = (&json.event.text, &json.case.text);
            let (started, ignored) = (&json.started, texts(&json.ignored));
            res.push_str(&format!(" json {event} {case} {paths:?} {started:?} {ignored:?}"));
        }
    }
    res.extend(protocol.markers.as_ref().map(patterns));
    res
}

fn patterns(lines: &Lines) -> String {
    let (started, output) = (texts(&lines.started), texts(lines.output.as_slice()));
    let (done, plan, ignored) = (texts(&lines.done), texts(&lines.plan), texts(&lines.ignored));
    format!(" lines {started:?} {done:?} {output:?} {plan:?} {ignored:?}")
}

fn texts(texts: &[Text]) -> Vec<&str> {
    texts.iter().map(|text| &*text.text).collect()
}
