//! Earlier runs, what ran in them, the past of targets, and what in it came out one way and another.

use super::Failure;
use super::past::{Past, labels};
use crate::base::{Pattern, Selection};
use crate::store::{Attempt, CaseAttempt, Flake, RunRecord, TargetPast};
use std::collections::{BTreeMap, BTreeSet};

/// A run as the history knows it.
#[derive(Debug, Clone)]
pub struct PastRun {
    /// What was kept of it.
    pub record: RunRecord,
    /// Whether and how it ended.
    pub state: RunState,
    /// Processes of it that have ended, if it goes on.
    pub processes: u64,
}

/// Whether and how a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunState {
    /// It goes on.
    Running,
    /// It ended with this exit code.
    Ended(i32),
    /// Its process is gone, and did not come to its end.
    Killed,
}

/// What ran in a run for a target.
#[derive(Debug, Clone)]
pub struct Inside {
    /// The target.
    pub label: String,
    /// Processes of its actions, by action.
    pub attempts: Vec<Attempt>,
    /// Its cases, by name.
    pub cases: Vec<CaseAttempt>,
}

/// The past of a target.
#[derive(Debug, Clone)]
pub struct PastOf {
    /// The target.
    pub label: String,
    /// True if there is nothing here but certain cases, and processes of runs in which one of them ran.
    pub narrowed: bool,
    /// What ran, the latest run first.
    pub past: TargetPast,
}

/// What is flaky, and how much so.
#[derive(Debug, Clone)]
pub struct Flaky {
    /// What was seen.
    pub flake: Flake,
    /// The share of failed attempts.
    pub rate: f64,
    /// The bounds between which the true share is, 95 times of 100.
    pub bounds: (f64, f64),
}

impl Past {
    /// The last runs of the workspace, the latest first.
    pub fn runs(&self, limit: usize) -> Vec<PastRun> {
        let runs = self.history.runs(&self.workspace(), limit);
        runs.into_iter().map(|record| self.with_state(record)).collect()
    }

    /// A run by its number, or the last one.
    pub fn past_run(&self, number: Option<i64>) -> Result<PastRun, Failure> {
        let last = || self.history.runs(&self.workspace(), 1).into_iter().next();
        match number.or_else(|| last().map(|run| run.id)) {
            Some(number) => Ok(self.with_state(self.run(Some(number))?)),
            None => Err(Failure::Usage(super::past::NOTHING.to_string())),
        }
    }

    fn with_state(&self, record: RunRecord) -> PastRun {
        let state = match record.exit {
            Some(exit) => RunState::Ended(exit),
            None if self.history.is_running(record.id) => RunState::Running,
            None => RunState::Killed,
        };
        let goes_on = state == RunState::Running;
        let processes = if goes_on { self.history.processes(record.id) } else { 0 };
        PastRun { record, state, processes }
    }

    /// What ran in a run, by target.
    pub fn inside(&self, run: i64) -> Vec<Inside> {
        let mut res: Vec<Inside> = Vec::new();
        for attempt in self.history.attempts(run) {
            match res.last_mut() {
                Some(last) if last.label == attempt.label => last.attempts.push(attempt),
                _ => res.push(Inside {
                    label: attempt.label.clone(),
                    attempts: vec![attempt],
                    cases: Vec::new(),
                }),
            }
        }
        for case in self.history.cases(run) {
            // A case has a process of its target.
            if let Ok(at) = res.binary_search_by(|it| it.label.cmp(&case.label)) {
                res[at].cases.push(case);
            }
        }
        res
    }

    /// What ran for the targets that a pattern matches in the last runs in which any of it did, so
    /// many at most. Of a target of which the pattern names cases only these count, unless it names
    /// the whole of it, too.
    pub fn of_targets(&self, pattern: &Pattern, limit: usize) -> Vec<PastOf> {
        let workspace = self.workspace();
        let known = self.history.labels(&workspace);
        let wanted = labels(pattern, known.iter().map(String::as_str));
        let cases = named_cases(pattern);
        let mut found: BTreeMap<String, TargetPast> = BTreeMap::new();
        let mut left = limit;
        for run in self.history.runs_with(&workspace, &wanted) {
            if left == 0 {
                break;
            }
            let mut inside = self.history.past_in(run, &wanted);
            inside.cases.retain(|case| match cases.get(&case.label) {
                Some(named) => named.contains(&*case.name),
                None => true,
            });
            let told: BTreeSet<&str> = inside.cases.iter().map(|it| it.label.as_str()).collect();
            inside
                .attempts
                .retain(|it| !cases.contains_key(&it.label) || told.contains(&*it.label));
            left -= usize::from(!inside.attempts.is_empty());
            for attempt in inside.attempts {
                found.entry(attempt.label.clone()).or_default().attempts.push(attempt);
            }
            for case in inside.cases {
                found.entry(case.label.clone()).or_default().cases.push(case);
            }
        }
        let past_of = |(label, past)| PastOf { narrowed: cases.contains_key(&label), label, past };
        found.into_iter().map(past_of).collect()
    }

    /// All that is flaky among the targets that a pattern matches.
    pub fn flaky(&self, pattern: &Pattern) -> Vec<Flaky> {
        let flakes = self.history.flakes(&self.workspace());
        let wanted = labels(pattern, flakes.iter().map(|flake| flake.label.as_str()));
        let cases = named_cases(pattern);
        let is_wanted = |flake: &Flake| {
            let named = cases.get(&flake.label);
            wanted.contains(&flake.label) && named.is_none_or(|it| it.contains(&*flake.name))
        };
        let measured = |flake: Flake| Flaky {
            rate: flake.failures as f64 / flake.attempts as f64,
            bounds: interval(flake.failures, flake.attempts),
            flake,
        };
        flakes.into_iter().filter(is_wanted).map(measured).collect()
    }
}

/// Cases that a pattern names, by their tests, but for tests that it names as a whole.
fn named_cases(pattern: &Pattern) -> BTreeMap<String, BTreeSet<&str>> {
    let mut res: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    let mut whole = BTreeSet::new();
    for term in pattern.terms.iter().filter(|term| !term.exclude) {
        let Selection::One(label) = &term.selection else { continue };
        match &term.case {
            Some(case) => drop(res.entry(label.to_string()).or_default().insert(case)),
            None => drop(whole.insert(label.to_string())),
        }
    }
    res.retain(|label, _| !whole.contains(label));
    res
}

/// The bounds of a share, of which so many of all were seen, at a confidence of 95 %: the score
/// interval. It stays between 0 and 1 and holds for few attempts, too.
/// Source: E. B. Wilson, "Probable Inference, the Law of Succession, and Statistical Inference",
/// Journal of the American Statistical Association 22 (1927), pages 209 to 212.
fn interval(seen: u64, all: u64) -> (f64, f64) {
    /// So many standard deviations around the middle hold 95 % of a normal distribution.
    const Z: f64 = 1.959_963_984_540_054;
    if all == 0 {
        return (0.0, 1.0);
    }
    let n = all as f64;
    let p = seen as f64 / n;
    let scale = 1.0 + Z * Z / n;
    let middle = (p + Z * Z / (2.0 * n)) / scale;
    let width = Z * (p * (1.0 - p) / n + Z * Z / (4.0 * n * n)).sqrt() / scale;
    ((middle - width).max(0.0), (middle + width).min(1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values as tables of the interval have them.
    #[test]
    fn the_interval_is_wilsons() {
        let shown = |seen, all| {
            let (low, high) = interval(seen, all);
            format!("{low:.4} {high:.4}")
        };
        assert_eq!(shown(0, 10), "0.0000 0.2775");
        assert_eq!(shown(1, 10), "0.0179 0.4042");
        assert_eq!(shown(5, 10), "0.2366 0.7634");
        assert_eq!(shown(10, 10), "0.7225 1.0000");
        assert_eq!(shown(1, 3), "0.0615 0.7923");
        assert_eq!(shown(15, 148), "0.0624 0.1605");
        assert_eq!(shown(0, 0), "0.0000 1.0000");
    }
}
