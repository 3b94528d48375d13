//! One test target on its way to its verdicts.

use super::causes;
use super::kept::Kept;
use super::names;
use super::verdict::Judged;
use crate::analyze::Test;
use crate::base::{Digest, Why};
use crate::event::{Case, Known, Origin, Runs, Verdict};
use crate::run::Inputs;
use crate::store::Last;
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
    /// Verdicts in the order of the listing, one for each run; what no listing names comes last.
    verdicts: BTreeMap<(usize, String), Vec<Case>>,
    /// Attempts that failed and were not the last, by run and case.
    failures: HashMap<(u32, String), u32>,
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
    /// True once a process was started for it in this run.
    pub ran: bool,
    /// True once its verdicts were told.
    pub told: bool,
}

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
            ran: false,
            told: false,
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

    /// Notes that an attempt of a case has failed which is not its last.
    pub fn failed_once(&mut self, run: u32, name: &str, times: u32) {
        *self.failures.entry((run, name.to_string())).or_default() += times;
    }

    /// How often the case has failed in attempts that were not its last.
    pub fn failures(&self, run: u32, name: &str) -> u32 {
        self.failures.get(&(run, name.to_string())).copied().unwrap_or_default()
    }

    /// Adds the verdict of a run.
    pub fn add(&mut self, run: u32, judged: Judged, origin: Origin, known: Option<Known>) {
        let Judged { name, verdict, duration, output, leaky } = judged;
        let flaky = if verdict.is_good() { self.failures(run, &name) } else { 0 };
        let place = (self.place(&name).at, name.clone());
        let marks = Case { flaky, leaky, known, ..Case::default() };
        let case = Case { name, verdict, origin, duration, output, ..marks };
        self.verdicts.entry(place).or_default().push(case);
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
fn is_remembered(runs: &[Case]) -> bool {
    runs.iter().any(|case| case.origin == Origin::Cached)
}

/// Of several runs the first bad one counts; all of them are counted.
fn all_runs(runs: &[Case]) -> Option<Case> {
    let bad: Vec<&Case> = runs.iter().filter(|case| !case.verdict.is_good()).collect();
    let mut case = (*bad.first().unwrap_or(&runs.first()?)).clone();
    case.flaky = runs.iter().map(|case| case.flaky).max().unwrap_or_default();
    if runs.len() > 1 {
        case.runs = Some(Runs { bad: bad.len() as u32, all: runs.len() as u32 });
    }
    Some(case)
}
