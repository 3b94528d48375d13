//! What a process says of its cases, and how it ended, become verdicts.

use super::results::{CaseOutcome, Reported, ReportedCase, push_line};
use crate::base::signal_name;
use crate::event::{Outcome, Verdict};
use crate::store::OutputRow;
use std::collections::{HashMap, HashSet};
use std::time::{Duration, SystemTime};

/// A case with its verdict and what it printed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Judged {
    pub name: String,
    pub verdict: Verdict,
    /// How long it took, if that is known.
    pub duration: Option<Duration>,
    pub output: String,
    /// True if its process left others behind.
    pub leaky: bool,
    /// When its process began, if one was started.
    pub start: Option<SystemTime>,
    /// The parts of what its process has executed.
    pub covered: Box<[OutputRow]>,
}

/// What is known after a process that ran some cases.
#[derive(Debug, Default)]
pub(super) struct Judgement {
    /// Cases with a verdict.
    pub cases: Vec<Judged>,
    /// Cases that must be run again, since the process died and they have no result; each group in
    /// a process of its own.
    pub again: Vec<Vec<String>>,
    /// True if the process died before all cases had ended.
    pub died: bool,
    /// The case that is known to have killed it.
    pub guilty: Option<String>,
}

impl Judged {
    pub fn new(name: impl Into<String>, verdict: Verdict, output: impl Into<String>) -> Judged {
        Judged { name: name.into(), verdict, output: output.into(), ..Judged::default() }
    }

    /// True if it failed in any way; what was not run did not.
    pub fn is_bad(&self) -> bool {
        !self.verdict.is_good() && !matches!(self.verdict, Verdict::NotRun(_))
    }

    /// About the program as a whole.
    fn whole(verdict: Verdict, output: &str) -> Judged {
        Judged::new("", verdict, output)
    }

    fn of(case: ReportedCase) -> Judged {
        let verdict = match case.outcome {
            CaseOutcome::Passed => Verdict::Passed,
            CaseOutcome::Failed => Verdict::failed(),
            CaseOutcome::Skipped(why) => Verdict::Skipped(why),
            CaseOutcome::ExpectedFailure(why) => Verdict::ExpectedFailure(why),
            CaseOutcome::UnexpectedPass(why) => Verdict::UnexpectedPass(why),
        };
        Judged { duration: case.duration, ..Judged::new(case.name, verdict, case.output) }
    }
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

/// Judges the cases that a process was started for. `is_listed` tells which cases the program has,
/// `printed` is what it wrote besides results, `stopped` why the run was stopped, if it was, and
/// `certain` says that results come one by one from the program itself.
pub(super) fn of_cases(
    wanted: &[String],
    is_listed: impl Fn(&str) -> bool,
    outcome: &Outcome,
    reported: Reported,
    printed: &str,
    stopped: &str,
    certain: bool,
) -> Judgement {
    let mut res = Judgement::default();
    // Where it is known what each case printed, nothing stands for nothing.
    let of_case = if reported.starts.is_empty() { printed } else { "" };
    let strange = reported.cases.iter().find(|case| !is_listed(&case.name));
    let strange = strange.map(|case| {
        format!("the program gave a result for '{}', which it does not list", case.name)
    });
    let complaint = reported.complaint.or(strange);
    let mut results: HashMap<String, ReportedCase> =
        reported.cases.into_iter().map(|case| (case.name.clone(), case)).collect();
    let mut missing = Vec::new();
    for name in wanted {
        let Some(case) = results.remove(name) else {
            missing.push(name.clone());
            continue;
        };
        let mut judged = Judged::of(case);
        // A report tells outcomes only; what the process printed is then all there is.
        if judged.output.is_empty() && judged.verdict == Verdict::failed() {
            judged.output = of_case.to_string();
        }
        res.cases.push(judged);
    }
    let lost: HashSet<&String> = missing.iter().collect();
    // A case that was not wanted can't be the one that is missing.
    let guilty = reported.open.into_iter().rfind(|(name, _)| lost.contains(name));
    let early = || guilty.is_some().then(|| Verdict::Crashed(ENDED_EARLY.to_string()));
    let Some(end) = bad_end(outcome, stopped).or_else(early) else {
        if missing.is_empty() {
            let complaint =
                complaint.map(|why| Judged::whole(Verdict::failed(), &format!("{why}\n")));
            res.cases.extend(complaint);
        } else {
            let why = complaint
                .unwrap_or_else(|| "the program ended well but gave no result for it".to_string());
            let verdict = Verdict::NotRun(why);
            res.cases
                .extend(missing.into_iter().map(|it| Judged::new(it, verdict.clone(), printed)));
        }
        return res;
    };
    // What ended last may have ended only since the process was told to end.
    if matches!(outcome, Outcome::TimedOut(_))
        && certain
        && guilty.is_none()
        && let Some(last) = res.cases.last_mut()
    {
        last.verdict = end.clone();
    }
    if matches!(end, Verdict::NotRun(_)) {
        // What was under way when the process was told to end may have ended because of that.
        if *outcome == Outcome::Stopped {
            let last = usize::from(guilty.is_none());
            let sure = if certain { res.cases.len().saturating_sub(last) } else { 0 };
            let unsure = res.cases.split_off(sure);
            res.cases.extend(unsure.into_iter().map(|it| Judged::new(it.name, end.clone(), "")));
        }
        res.cases.extend(missing.into_iter().map(|it| Judged::new(it, end.clone(), "")));
        return res;
    }
    if missing.is_empty() {
        if res.cases.iter().all(|case| case.verdict.is_good()) {
            // The status speaks against the results, and is believed.
            res.cases.push(Judged::whole(end, printed));
        }
        return res;
    }
    res.died = true;
    let alone = || (wanted.len() == 1).then(|| (wanted[0].clone(), String::new()));
    let Some((name, output)) = guilty.or_else(alone) else {
        // Nobody knows which of them it was.
        res.again = missing.into_iter().map(|name| vec![name]).collect();
        return res;
    };
    let output = if output.is_empty() { of_case.to_string() } else { output };
    // What ran before it did no harm, even if its results are lost, and must not have to wait for
    // the next one that does.
    let at = missing.iter().position(|it| *it == name).unwrap_or(0);
    let after = missing.split_off(at + 1);
    missing.pop();
    res.again = [missing, after].into_iter().filter(|group| !group.is_empty()).collect();
    // Others may be accused by what somebody printed; but no case is made to hang once more.
    let is_known = certain || matches!(end, Verdict::TimedOut(_));
    res.guilty = is_known.then(|| name.clone());
    res.cases.push(Judged::new(name, end, output));
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
    if let (Outcome::Exited(status), Some(skip)) = (outcome, skip)
        && *status == skip
    {
        return vec![Judged::whole(Verdict::Skipped(String::new()), printed)];
    }
    if *outcome == Outcome::Stopped {
        // What it came to until then may be due to that.
        return vec![Judged::whole(Verdict::NotRun(stopped.to_string()), printed)];
    }
    let Some(reported) = reported else {
        let verdict = match outcome {
            Outcome::Exited(status) => Verdict::Failed(format!("exit status {status}")),
            other => bad_end(other, stopped).unwrap_or(Verdict::Passed),
        };
        return vec![Judged::whole(verdict, printed)];
    };
    let mut cases: Vec<Judged> = reported.cases.into_iter().map(Judged::of).collect();
    let names: HashSet<String> = cases.iter().map(|case| case.name.clone()).collect();
    let end = bad_end(outcome, stopped);
    // A process that was killed did not get to its end, whatever its cases came to; a status may
    // only repeat that one of them failed.
    let killed = !matches!(outcome, Outcome::Passed | Outcome::Exited(_));
    let mut explained = cases.iter().any(|case| !case.verdict.is_good()) && !killed;
    for (name, output) in reported.open {
        if names.contains(&name) {
            continue;
        }
        let end = end.clone().unwrap_or_else(|| Verdict::Crashed(ENDED_EARLY.to_string()));
        cases.push(Judged::new(name, end, output));
        explained = true;
    }
    match (end, reported.complaint) {
        (Some(end), complaint) if !explained => {
            // Of a process that was killed it says nothing that is not known.
            let complaint = complaint.filter(|_| !killed);
            let mut output = complaint.map_or(String::new(), |why| format!("{why}\n"));
            output.push_str(printed);
            cases.push(Judged::whole(end, &output));
        }
        (_, Some(_)) if killed => {}
        (_, Some(complaint)) => {
            let named = cases.iter_mut().find(|case| case.name.is_empty());
            match named {
                Some(whole) => {
                    if whole.verdict.is_good() {
                        whole.verdict = Verdict::failed();
                    }
                    push_line(&mut whole.output, &complaint);
                }
                None => {
                    cases.push(Judged::whole(Verdict::failed(), &format!("{complaint}\n")));
                }
            }
        }
        (None, None) if cases.is_empty() => cases.push(Judged::whole(Verdict::Passed, printed)),
        _ => {}
    }
    cases
}
