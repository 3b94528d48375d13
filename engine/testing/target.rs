//! One test target on its way to its verdicts.

use super::causes;
use super::deal::Turn;
use super::kept::Kept;
use super::names;
use super::verdict::Judged;
use crate::analyze::Test;
use crate::base::{Digest, Why};
use crate::event::{Case, FailedAttempt, Known, Origin, Runs, Verdict};
use crate::run::Inputs;
use crate::store::{Last, OutputRow};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

/// What is known of a test target so far.
pub(super) struct Target {
    pub test: Arc<Test>,
    /// What each program listed, once it has.
    listings: Vec<Option<Vec<String>>>,
    /// All cases by name in the order of the programs and their listings.
    pub listed: Vec<String>,
    /// Where each stands.
    places: HashMap<String, Place>,
    /// Those that are wanted, once they are listed.
    pub wanted: Vec<String>,
    /// Keys of cases.
    pub keys: BTreeMap<String, Digest>,
    /// What these are made of, by program.
    pub inputs: Vec<Inputs>,
    /// What is to be kept of these once there are results, by program.
    pub made: Vec<Option<(Digest, Last)>>,
    /// Why cases have to run.
    pub causes: HashMap<String, Why>,
    /// Verdicts in the order of the listing, one for each run, with its number; what no listing names comes last.
    verdicts: BTreeMap<(usize, String), Vec<(u32, Case)>>,
    /// Attempts that failed and were not the last, by run and case.
    failures: HashMap<(u32, String), Failures>,
    /// Cases of processes that died, of which nobody knows which did it.
    pub unexplained: Vec<Vec<String>>,
    /// Processes that have not ended.
    pub open: usize,
    /// Time of all processes so far.
    pub duration: Duration,
    /// What the processes printed, in the order of their ends.
    pub log: Vec<Digest>,
    /// What they have left for the user.
    pub kept: Kept,
    /// The parts of what was executed, by case.
    pub covered: BTreeMap<String, Vec<OutputRow>>,
    /// Whether the results of processes that ran certain cases, by the digest of their list, hold
    /// for the wanted ones.
    pub fitting: HashMap<Digest, bool>,
    /// True once a process was started for it in this run.
    pub ran: bool,
    /// True once its verdicts were told.
    pub told: bool,
    /// True if the run ended before it had them all.
    pub cut: bool,
}

/// Attempts of a case that failed and were not the last.
#[derive(Debug, Default)]
struct Failures {
    /// How many.
    times: u32,
    /// Those of this run of eng.
    attempts: Vec<FailedAttempt>,
    /// Bytes that these have printed.
    held: usize,
}

impl Failures {
    fn add(&mut self, mut attempt: FailedAttempt) {
        self.held += attempt.output.len();
        if self.held > MOST_OUTPUT {
            self.held -= std::mem::take(&mut attempt.output).len();
        }
        self.attempts.push(attempt);
    }
}

/// What failed attempts of a case have printed is held up to so many bytes.
const MOST_OUTPUT: usize = 1 << 20;

/// Where a case stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    /// Among all cases of the target.
    pub at: usize,
    /// Its program.
    pub program: usize,
    /// In the listing of that.
    pub index: usize,
}

impl Target {
    pub fn new(test: Arc<Test>) -> Target {
        Target {
            listings: vec![None; test.programs.len()],
            inputs: vec![Inputs::default(); test.programs.len()],
            made: vec![None; test.programs.len()],
            causes: HashMap::new(),
            test,
            listed: Vec::new(),
            places: HashMap::new(),
            wanted: Vec::new(),
            keys: BTreeMap::new(),
            verdicts: BTreeMap::new(),
            failures: HashMap::new(),
            unexplained: Vec::new(),
            open: 0,
            duration: Duration::ZERO,
            log: Vec::new(),
            kept: Kept::default(),
            covered: BTreeMap::new(),
            fitting: HashMap::new(),
            ran: false,
            told: false,
            cut: false,
        }
    }

    /// Notes that these cases run again since the process died that was to run them with others.
    pub fn died_with(&mut self, names: &[String]) {
        let why = Why::text("the process that ran it with other cases died");
        self.causes.extend(names.iter().map(|name| (name.clone(), why.clone())));
    }

    /// Why a process that runs these cases has to run.
    pub fn because(&self, names: &[String]) -> Option<Why> {
        let causes = names.iter().filter_map(|name| Some((name.as_str(), self.causes.get(name)?)));
        let causes: Vec<(&str, &Why)> = causes.collect();
        (!causes.is_empty()).then(|| causes::together(&causes))
    }

    /// Where a case stands; last if no listing names it.
    pub fn place(&self, name: &str) -> Place {
        let nowhere = Place { at: usize::MAX, program: 0, index: usize::MAX };
        self.places.get(name).copied().unwrap_or(nowhere)
    }

    /// True if the listing has this case.
    pub fn lists(&self, name: &str) -> bool {
        self.places.contains_key(name)
    }

    /// Takes the listing of a program. True if it was the last that was waited for.
    pub fn list(&mut self, program: usize, names: Vec<String>) -> bool {
        self.listings[program] = Some(names);
        if self.listings.iter().any(Option::is_none) {
            return false;
        }
        for (program, listing) in std::mem::take(&mut self.listings).into_iter().enumerate() {
            let mut listing: Vec<(usize, String)> =
                listing.into_iter().flatten().enumerate().collect();
            let of = &self.test.programs[program];
            listing.sort_by_cached_key(|(_, name)| names::rank(of, name));
            for (index, name) in listing {
                let place = Place { at: self.listed.len(), program, index };
                self.places.insert(name.clone(), place);
                self.listed.push(name);
            }
        }
        true
    }

    /// Cases by program, those of each in their order.
    pub fn by_program(&self, names: &[String]) -> BTreeMap<usize, Vec<String>> {
        let mut res: BTreeMap<usize, Vec<String>> = BTreeMap::new();
        for name in names {
            res.entry(self.place(name).program).or_default().push(name.clone());
        }
        res
    }

    /// Notes how often a case had failed whose result is remembered.
    pub fn had_failed(&mut self, run: u32, name: &str, times: u32) {
        self.failures.entry((run, name.to_string())).or_default().times += times;
    }

    /// Notes that an attempt of a case has failed which is not its last.
    pub fn failed(&mut self, turn: Turn, judged: Judged) {
        let Judged { name, verdict, duration, output, start, .. } = judged;
        let failures = self.failures.entry((turn.run, name)).or_default();
        failures.times += 1;
        let Turn { run, attempt: number } = turn;
        failures.add(FailedAttempt { run, number, verdict, duration, output, start });
    }

    /// How often the case has failed in attempts that were not its last.
    pub fn failures(&self, run: u32, name: &str) -> u32 {
        self.failures.get(&(run, name.to_string())).map_or(0, |failures| failures.times)
    }

    /// Adds the verdict of a run.
    pub fn add(&mut self, run: u32, judged: Judged, origin: Origin, known: Option<Known>) {
        let Judged { name, verdict, duration, output, leaky, start, covered } = judged;
        self.covered.entry(name.clone()).or_default().extend(covered);
        let flaky = if verdict.is_good() { self.failures(run, &name) } else { 0 };
        let place = (self.place(&name).at, name.clone());
        let failures = self.failures.get_mut(&(run, name.clone()));
        let failures = failures.map(|it| std::mem::take(&mut it.attempts)).unwrap_or_default();
        let marks = Case { flaky, leaky, known, start, failures, ..Case::default() };
        let case = Case { name, verdict, origin, duration, output, ..marks };
        self.verdicts.entry(place).or_default().push((run, case));
    }

    /// Gives a verdict to all that was to be run and has none, in so many runs; a program that has
    /// not ended and lists no cases stands for itself.
    pub fn give_up(&mut self, why: &str, runs: usize) {
        let verdict = Verdict::NotRun(why.to_string());
        for name in std::mem::take(&mut self.wanted) {
            let known = self.verdicts.get(&(self.place(&name).at, name.clone()));
            if known.map_or(0, Vec::len) < runs && !known.is_some_and(|it| is_remembered(it)) {
                self.add(0, Judged::new(name, verdict.clone(), ""), Origin::Ran, None);
            }
        }
        if self.open > 0 && !self.verdicts.is_empty() && self.test.protocol.list.is_none() {
            self.add(0, Judged::new("", verdict, ""), Origin::Ran, None);
        }
    }

    /// What each case came to in all runs, in order.
    pub fn cases(&self) -> Vec<Case> {
        let mut cases: Vec<Case> =
            self.verdicts.values().filter_map(|runs| all_runs(runs)).collect();
        for names in &self.unexplained {
            let names: HashSet<&String> = names.iter().collect();
            let deadly =
                |case: &&Case| matches!(case.verdict, Verdict::Crashed(_) | Verdict::TimedOut(_));
            if cases.iter().filter(deadly).any(|case| names.contains(&case.name)) {
                continue;
            }
            // Together they died and alone all lived: each of them is in doubt.
            for case in cases.iter_mut().filter(|case| names.contains(&case.name)) {
                case.flaky = case.flaky.max(1);
            }
        }
        cases
    }
}

/// True for a case that is not run, since its verdict is remembered.
fn is_remembered(runs: &[(u32, Case)]) -> bool {
    runs.iter().any(|(_, case)| case.origin == Origin::Cached)
}

/// Of several runs the first bad one counts; all of them are counted.
fn all_runs(runs: &[(u32, Case)]) -> Option<Case> {
    let is_bad = |case: &Case| !case.verdict.is_good();
    let told = runs.iter().position(|(_, case)| is_bad(case)).unwrap_or(0);
    let mut failures = Failures::default();
    for (at, (run, case)) in runs.iter().enumerate() {
        case.failures.iter().cloned().for_each(|attempt| failures.add(attempt));
        if at != told && is_bad(case) && !matches!(case.verdict, Verdict::NotRun(_)) {
            failures.add(FailedAttempt {
                run: *run,
                number: case.failures.len() as u32 + 1,
                verdict: case.verdict.clone(),
                duration: case.duration,
                output: case.output.clone(),
                start: case.start,
            });
        }
    }
    let flaky = runs.iter().map(|(_, case)| case.flaky).max().unwrap_or_default();
    let bad = runs.iter().filter(|(_, case)| is_bad(case)).count() as u32;
    let of_runs = (runs.len() > 1).then_some(Runs { bad, all: runs.len() as u32 });
    let case = runs.get(told)?.1.clone();
    Some(Case { flaky, failures: failures.attempts, runs: of_runs, ..case })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attempt(run: u32, number: u32, output: &str) -> FailedAttempt {
        let (verdict, output) = (Verdict::Failed(String::new()), output.to_string());
        FailedAttempt { run, number, verdict, duration: None, output, start: None }
    }

    fn case(verdict: Verdict, output: &str, failures: Vec<FailedAttempt>) -> Case {
        Case { verdict, output: output.into(), failures, ..Case::default() }
    }

    #[test]
    fn every_failed_attempt_but_the_one_that_is_told_is_kept() {
        let flaky = case(Verdict::Passed, "good", vec![attempt(0, 1, "first")]);
        let told = all_runs(&[(0, flaky)]).unwrap();
        assert_eq!((&*told.output, told.failures), ("good", vec![attempt(0, 1, "first")]));

        let good = case(Verdict::Passed, "", vec![]);
        let bad =
            |first, last| case(Verdict::Failed(String::new()), last, vec![attempt(first, 1, "x")]);
        let runs = [(1, good.clone()), (3, bad(3, "three")), (2, bad(2, "two")), (4, good)];
        let told = all_runs(&runs).unwrap();
        assert_eq!((&*told.output, told.runs), ("three", Some(Runs { bad: 2, all: 4 })));
        assert_eq!(told.failures, [attempt(3, 1, "x"), attempt(2, 1, "x"), attempt(2, 2, "two")]);
    }

    #[test]
    fn failed_attempts_hold_so_much_output_and_no_more() {
        let mut failures = Failures::default();
        let half = "x".repeat(MOST_OUTPUT / 2);
        for number in 1..5 {
            failures.add(attempt(0, number, &half));
        }
        failures.add(attempt(0, 5, ""));
        let kept: Vec<usize> = failures.attempts.iter().map(|it| it.output.len()).collect();
        assert_eq!(kept, [half.len(), half.len(), 0, 0, 0]);
    }
}
