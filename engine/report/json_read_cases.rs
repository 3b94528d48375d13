//! JSON lines → events: cases of tests.

use super::json;
use super::json_read::{moment, origin, time};
use crate::event;

/// The case that a line tells; the error says what the line has.
pub(super) fn case(case: json::Case) -> Result<event::Case, String> {
    Ok(event::Case {
        name: case.case,
        verdict: verdict(case.verdict)?,
        origin: origin(case.cached),
        duration: case.duration.map(time).transpose()?,
        output: case.output,
        flaky: case.flaky,
        start: case.start.map(moment).transpose()?,
        failures: case.failures.into_iter().map(attempt).collect::<Result<_, _>>()?,
        leaky: case.leaky,
        known: case.known.map(|known| event::Known { run: known.run, time: known.time }),
        runs: case.runs.map(|runs| event::Runs { bad: runs.bad, all: runs.all }),
    })
}

fn attempt(attempt: json::Attempt) -> Result<event::FailedAttempt, String> {
    Ok(event::FailedAttempt {
        run: attempt.run,
        number: attempt.number,
        verdict: verdict(attempt.verdict)?,
        duration: attempt.duration.map(time).transpose()?,
        output: attempt.output,
        start: attempt.start.map(moment).transpose()?,
    })
}

fn verdict(verdict: json::Verdict) -> Result<event::Verdict, String> {
    use json::Verdict::{
        Crashed, ExpectedFailure, Failed, NotRun, Passed, Skipped, TimedOut, UnexpectedPass,
    };
    Ok(match verdict {
        Passed => event::Verdict::Passed,
        Failed { why } => event::Verdict::Failed(why),
        Skipped { why } => event::Verdict::Skipped(why),
        ExpectedFailure { why } => event::Verdict::ExpectedFailure(why),
        UnexpectedPass { why } => event::Verdict::UnexpectedPass(why),
        TimedOut { limit } => event::Verdict::TimedOut(time(limit)?),
        Crashed { why } => event::Verdict::Crashed(why),
        NotRun { why } => event::Verdict::NotRun(why),
    })
}
