//! A test in the Build Event Protocol: its attempts and its summary.

use super::bep::{Bep, put};
use super::bep_form::{
    completed_id, duration, file, millis, millis_of, result_id, status, target_summary_id,
    test_summary_id, timestamp,
};
use super::junit::moment;
use super::style::count;
use crate::base::Label;
use crate::event::{ActionEnd, Case, Origin, Turn, Verdict};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// More attempts of a test are not told.
const MOST: usize = 1000;

/// What a test has done so far.
#[derive(Default)]
pub(super) struct Attempts(BTreeMap<Turn, Attempt>);

/// All processes that were one attempt.
struct Attempt {
    /// When the first of them started, and when the last one ended.
    start: SystemTime,
    end: SystemTime,
    /// The time of all.
    ran: Duration,
    /// The status of one that ended by itself; one that is not 0, if there is one.
    exit: Option<i32>,
    /// What they printed.
    printed: Vec<PathBuf>,
    /// When each was taken up, which is what their cases tell of them.
    taken: Vec<SystemTime>,
}

impl Attempts {
    /// Takes a process that has ended, if it has run cases.
    pub fn add(&mut self, end: &ActionEnd) {
        let details = &end.details;
        let (Some(process), Some(turn)) = (&details.process, details.turn) else { return };
        let turn = Turn { run: turn.run.max(1), ..turn };
        if self.0.len() >= MOST && !self.0.contains_key(&turn) {
            return;
        }
        let start = whole_micros(process.started);
        let stop = start.checked_add(end.duration).unwrap_or(start);
        let attempt = self.0.entry(turn).or_insert_with(|| Attempt {
            start,
            end: stop,
            ran: Duration::ZERO,
            exit: None,
            printed: Vec::new(),
            taken: Vec::new(),
        });
        attempt.start = attempt.start.min(start);
        attempt.end = attempt.end.max(stop);
        attempt.ran = attempt.ran.saturating_add(end.duration);
        attempt.exit = attempt.exit.filter(|known| *known != 0).or(process.status).or(attempt.exit);
        let files = [&end.output, &details.errors].into_iter().flatten();
        attempt.printed.extend(files.map(|(path, _)| path.clone()));
        attempt.taken.extend(details.times.iter().map(|times| whole_micros(times.taken)));
    }

    /// The attempt that a case tells of whose process began then.
    fn of(&self, start: SystemTime) -> Option<Turn> {
        let start = whole_micros(start);
        let mut all = self.0.iter();
        all.find(|(_, attempt)| attempt.taken.contains(&start)).map(|(turn, _)| *turn)
    }
}

/// A moment as exact as a saved stream has it.
fn whole_micros(time: SystemTime) -> SystemTime {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    UNIX_EPOCH + Duration::from_micros(since.as_micros() as u64)
}

/// A test of which no process was started now: when its results were come by, if that is known, and
/// how long that took.
fn remembered(cases: &[Case], took: (Duration, SystemTime)) -> Attempt {
    let of_cases = || cases.iter().filter_map(|case| case.duration).sum();
    let ran = if took.0.is_zero() { of_cases() } else { took.0 };
    let known = cases.iter().filter_map(|case| case.known).map(|known| known.time).min();
    let start = known.map(moment).or_else(|| took.1.checked_sub(ran)).unwrap_or(took.1);
    let end = start.checked_add(ran).unwrap_or(start);
    Attempt { start, end, ran, exit: None, printed: Vec::new(), taken: Vec::new() }
}

/// What was bad in each attempt, and in which of them something passed only when it was tried once
/// more within it.
#[derive(Default)]
struct Bad<'a> {
    verdicts: Vec<&'a Verdict>,
    flaky: bool,
}

fn bad_by_attempt<'a>(
    cases: &'a [Case],
    attempts: &Attempts,
    last: Turn,
) -> BTreeMap<Turn, Bad<'a>> {
    let mut res: BTreeMap<Turn, Bad> = BTreeMap::new();
    for case in cases {
        let told = case.start.and_then(|start| attempts.of(start)).unwrap_or(last);
        let is_good = case.verdict.is_good();
        if !is_good {
            res.entry(told).or_default().verdicts.push(&case.verdict);
        }
        for failure in &case.failures {
            let turn = Turn { run: failure.run.max(1), attempt: failure.number };
            let bad = res.entry(turn).or_default();
            match turn == told && is_good {
                true => bad.flaky = true,
                false => bad.verdicts.push(&failure.verdict),
            }
        }
        // Of a remembered case nothing else is known.
        let is_only_told = case.flaky > 0 && case.failures.is_empty();
        res.entry(told).or_default().flaky |= is_only_told;
    }
    res
}

impl Bep {
    /// A test has its verdicts: that it was built, its attempts, what they came to. `took` is how
    /// long it took, and when that was known.
    pub(super) fn test_finished(
        &mut self,
        label: &Label,
        cases: &[Case],
        took: (Duration, SystemTime),
        log: Option<&Path>,
        warnings: &[String],
        out: &mut Vec<u8>,
    ) {
        let mut attempts = self.attempts.remove(label).unwrap_or_default();
        if attempts.0.is_empty() {
            attempts.0.insert(Turn { run: 1, attempt: 1 }, remembered(cases, took));
        }
        let last = attempts.0.keys().next_back().copied();
        let last = last.unwrap_or_else(|| unreachable!("BUG: one was put there"));
        let bad = bad_by_attempt(cases, &attempts, last);
        let cached = !cases.is_empty() && cases.iter().all(|it| it.origin == Origin::Cached);
        let ids = attempts.0.keys().map(|turn| result_id(label, *turn)).collect();
        put(out, completed_id(label), ids, "completed", json!({"success": true}));
        let whole = log.into_iter().flat_map(|log| {
            [file("test.log", log), file("test.xml", &log.with_file_name("test.xml"))]
        });
        let whole: Vec<Value> = whole.collect();
        let of_all = status(cases.iter().map(|case| &case.verdict));
        for (turn, attempt) in &attempts.0 {
            let none = Bad::default();
            let bad = bad.get(turn).unwrap_or(&none);
            let length = attempt.end.duration_since(attempt.start).unwrap_or_default();
            let came_to = match (bad.verdicts.is_empty(), bad.flaky) {
                (true, true) => "FLAKY",
                (true, false) if *turn == last && cases.is_empty() => of_all,
                (true, false) => "PASSED",
                (false, _) => status(bad.verdicts.iter().copied()),
            };
            let mut payload = json!({
                "status": came_to,
                "testAttemptStartMillisEpoch": millis_of(attempt.start),
                "testAttemptStart": timestamp(attempt.start),
                "testAttemptDurationMillis": millis(length),
                "testAttemptDuration": duration(length),
                "executionInfo": {"strategy": "local"},
            });
            if cached {
                payload["cachedLocally"] = true.into();
            }
            match bad.verdicts.len() {
                0 => {}
                1 => payload["statusDetails"] = "1 case is bad".into(),
                number => {
                    payload["statusDetails"] = format!("{} are bad", count(number, "case")).into()
                }
            }
            let outputs = match *turn == last {
                true => whole.clone(),
                false => printed(&attempt.printed),
            };
            if !outputs.is_empty() {
                payload["testActionOutput"] = outputs.into();
            }
            if *turn == last && !warnings.is_empty() {
                payload["warning"] = warnings.into();
            }
            if let Some(exit) = attempt.exit {
                payload["executionInfo"]["exitCode"] = exit.into();
            }
            put(out, result_id(label, *turn), Vec::new(), "testResult", payload);
        }
        let flaky = cases.iter().any(|case| case.flaky > 0);
        let overall = if of_all == "PASSED" && flaky { "FLAKY" } else { of_all };
        let all = || attempts.0.values();
        let start = all().map(|it| it.start).min().unwrap_or(took.1);
        let stop = all().map(|it| it.end).max().unwrap_or(took.1);
        let ran = all().fold(Duration::ZERO, |sum, it| sum.saturating_add(it.ran));
        let mut payload = json!({
            "overallStatus": overall,
            "totalRunCount": attempts.0.len(),
            "runCount": attempts.0.keys().map(|turn| turn.run).max(),
            "attemptCount": attempts.0.keys().map(|turn| turn.attempt).max(),
            "shardCount": 1,
            "totalNumCached": i32::from(cached),
            "firstStartTimeMillis": millis_of(start),
            "firstStartTime": timestamp(start),
            "lastStopTimeMillis": millis_of(stop),
            "lastStopTime": timestamp(stop),
            "totalRunDurationMillis": millis(ran),
            "totalRunDuration": duration(ran),
        });
        let is_bad = cases.iter().any(|case| !case.verdict.is_good());
        if let Some(log) = whole.first() {
            payload[if is_bad { "failed" } else { "passed" }] = vec![log.clone()].into();
        }
        put(out, test_summary_id(label), Vec::new(), "testSummary", payload);
        let payload = json!({"overallBuildSuccess": true, "overallTestStatus": overall});
        put(out, target_summary_id(label), Vec::new(), "targetSummary", payload);
    }
}

/// What the processes of an attempt printed; the log of the test has that of all attempts.
fn printed(paths: &[PathBuf]) -> Vec<Value> {
    let name = |number: usize| match number {
        1 => "test.log".to_string(),
        number => format!("test.log.{number}"),
    };
    (1..).zip(paths).map(|(number, path)| file(&name(number), path)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::FailedAttempt;

    #[test]
    fn what_is_bad_belongs_to_the_attempt_in_which_it_was() {
        let at = |seconds| UNIX_EPOCH + Duration::from_secs(seconds);
        let turn = |attempt| Turn { run: 1, attempt };
        let attempt = |taken: &[u64]| Attempt {
            taken: taken.iter().map(|it| at(*it)).collect(),
            ..remembered(&[], (Duration::ZERO, at(0)))
        };
        // The process of second 1 died, so that all its cases had another in the same attempt.
        let attempts = [(turn(1), attempt(&[1, 2])), (turn(2), attempt(&[3]))];
        let attempts = Attempts(attempts.into_iter().collect());
        let failure = |start| FailedAttempt {
            run: 0,
            number: 1,
            verdict: Verdict::Crashed("SIGABRT".to_string()),
            duration: None,
            output: String::new(),
            start: Some(at(start)),
        };
        let case = |verdict, start| {
            let failures = vec![failure(1)];
            Case { verdict, start: Some(at(start)), failures, ..Case::default() }
        };
        let told = |cases: &[Case]| {
            let bad = bad_by_attempt(cases, &attempts, turn(2));
            bad.into_iter().map(|(it, bad)| (it.attempt, bad.verdicts.len(), bad.flaky)).collect()
        };
        let of = |told: &[(u32, usize, bool)]| told.to_vec();
        let (flaky, later) = (case(Verdict::Passed, 2), case(Verdict::Passed, 3));
        let never = case(Verdict::Failed(String::new()), 3);
        let all: Vec<_> = told(std::slice::from_ref(&flaky));
        assert_eq!(all, of(&[(1, 0, true)]));
        let all: Vec<_> = told(std::slice::from_ref(&later));
        assert_eq!(all, of(&[(1, 1, false), (2, 0, false)]));
        let all: Vec<_> = told(&[flaky, later, never]);
        assert_eq!(all, of(&[(1, 2, true), (2, 1, false)]));
        // What was not run belongs to the last.
        let none = Case { verdict: Verdict::NotRun(String::new()), ..Case::default() };
        let all: Vec<_> = told(&[none]);
        assert_eq!(all, of(&[(2, 1, false)]));
    }
}
