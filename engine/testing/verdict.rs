//! What a process says of its cases, and how it ended, become verdicts.

use super::results::{CaseOutcome, Reported, ReportedCase};
use crate::base::signal_name;
use crate::event::{Outcome, Verdict};
use std::collections::HashMap;

/// A case with its verdict and what it printed.
#[derive(Debug, Clone, Default)]
pub(super) struct Judged {
    pub name: String,
    pub verdict: Verdict,
    pub output: String,
    /// True if its process left others behind.
    pub leaky: bool,
}

impl Judged {
    /// True if it failed in any way; what was not run did not.
    pub fn is_bad(&self) -> bool {
        !self.verdict.is_good() && !matches!(self.verdict, Verdict::NotRun(_))
    }
}

/// What is known after a process that ran some cases.
#[derive(Debug, Default)]
pub(super) struct Judgement {
    /// Cases with a verdict.
    pub cases: Vec<Judged>,
    /// Cases that must be run again, since the process died before it came to them.
    pub again: Vec<String>,
    /// True if it is not known which of these killed the process: each needs one of its own.
    pub apart: bool,
    /// True if the process died before all cases had ended.
    pub died: bool,
}

fn of_case(case: &ReportedCase) -> Judged {
    let verdict = match &case.outcome {
        CaseOutcome::Passed => Verdict::Passed,
        CaseOutcome::Failed => Verdict::Failed,
        CaseOutcome::Skipped(why) => Verdict::Skipped(why.clone()),
    };
    Judged { name: case.name.clone(), verdict, output: case.output.clone(), ..Judged::default() }
}

/// What is said of a case that ended its process with status 0.
const ENDED_EARLY: &str = "exit status 0 before its end";

/// How a process ended that should have given results; nothing if it ended well.
fn bad_end(outcome: &Outcome, stopped: &str) -> Option<Verdict> {
    Some(match outcome {
        Outcome::Passed => return None,
        Outcome::Exited(status) => Verdict::Crashed(format!("exit status {status}")),
        Outcome::Signalled(signal) => Verdict::Crashed(signal_name(*signal)),
        Outcome::Refuted(why) => Verdict::Crashed(why.clone()),
        Outcome::TimedOut(limit) => Verdict::TimedOut(*limit),
        Outcome::Stopped => Verdict::NotRun(stopped.to_string()),
        Outcome::Broken(why) => Verdict::NotRun(why.clone()),
    })
}

/// Judges the cases that a process was started for. `printed` is what it wrote besides results.
pub(super) fn of_cases(
    wanted: &[String],
    outcome: &Outcome,
    reported: Reported,
    printed: &str,
    stopped: &str,
) -> Judgement {
    let mut res = Judgement::default();
    let mut missing = Vec::new();
    let told: HashMap<&str, &ReportedCase> =
        reported.cases.iter().map(|case| (case.name.as_str(), case)).collect();
    for name in wanted {
        match told.get(name.as_str()) {
            Some(case) => {
                let mut judged = of_case(case);
                // A report tells outcomes only; what the process printed is then all there is.
                if judged.output.is_empty() && judged.verdict == Verdict::Failed {
                    judged.output = printed.to_string();
                }
                res.cases.push(judged);
            }
            None => missing.push(name.clone()),
        }
    }
    let all_good = res.cases.iter().all(|case| case.verdict.is_good());
    // A case that was not wanted can't be the one that is missing.
    let started = reported.started.filter(|name| missing.contains(name));
    let early = || started.is_some().then(|| Verdict::Crashed(ENDED_EARLY.to_string()));
    let Some(end) = bad_end(outcome, stopped).or_else(early) else {
        let why = reported
            .complaint
            .unwrap_or_else(|| "the program ended well but gave no result for it".to_string());
        let lost = |name| Judged {
            name,
            verdict: Verdict::NotRun(why.clone()),
            output: printed.to_string(),
            ..Judged::default()
        };
        res.cases.extend(missing.into_iter().map(lost));
        return res;
    };
    if missing.is_empty() {
        if all_good && !matches!(end, Verdict::NotRun(_)) {
            // The status speaks against the results, and is believed.
            res.cases.push(Judged {
                name: String::new(),
                verdict: end,
                output: printed.to_string(),
                ..Judged::default()
            });
        }
        return res;
    }
    if matches!(end, Verdict::NotRun(_)) {
        let lost = |name| Judged { name, verdict: end.clone(), ..Judged::default() };
        res.cases.extend(missing.into_iter().map(lost));
        return res;
    }
    res.died = true;
    let guilty = started.or_else(|| (wanted.len() == 1).then(|| wanted[0].clone()));
    match guilty {
        Some(guilty) => {
            let output = if reported.rest.is_empty() { printed.to_string() } else { reported.rest };
            missing.retain(|name| *name != guilty);
            res.cases.push(Judged { name: guilty, verdict: end, output, ..Judged::default() });
        }
        None => res.apart = true,
    }
    res.again = missing;
    res
}

/// Judges a whole program whose cases appear from its results only.
pub(super) fn of_program(
    outcome: &Outcome,
    skip: Option<i32>,
    reported: Option<Reported>,
    printed: &str,
    stopped: &str,
) -> Vec<Judged> {
    let whole = |verdict| Judged { verdict, output: printed.to_string(), ..Judged::default() };
    if let (Outcome::Exited(status), Some(skip)) = (outcome, skip)
        && *status == skip
    {
        return vec![whole(Verdict::Skipped(String::new()))];
    }
    let Some(reported) = reported else {
        return vec![whole(match outcome {
            Outcome::Exited(_) => Verdict::Failed,
            other => bad_end(other, stopped).unwrap_or(Verdict::Passed),
        })];
    };
    let mut cases: Vec<Judged> = reported.cases.iter().map(of_case).collect();
    let all_good = cases.iter().all(|case| case.verdict.is_good());
    match (bad_end(outcome, stopped), reported.complaint) {
        (Some(end), _) if all_good => cases.push(whole(end)),
        (Some(_), _) => {}
        (None, Some(complaint)) => {
            let verdict = Verdict::Failed;
            cases.push(Judged { verdict, output: complaint, ..Judged::default() });
        }
        (None, None) if cases.is_empty() => cases.push(whole(Verdict::Passed)),
        (None, None) => {}
    }
    cases
}
