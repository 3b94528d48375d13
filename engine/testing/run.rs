//! Follows the processes of all tests: a listing gives processes for cases, a process gives
//! verdicts, a process that died gives processes for the cases it did not come to, and a case that
//! failed may get another attempt.

use super::deal::{self, Dealer, Turn};
use super::filter::Filter;
use super::policy::Policy;
use super::target::Target;
use super::{log, remembered, told};
use crate::analyze::{Action, Test};
use crate::base::Label;
use crate::event::{Case, Event, NotRun, Origin, Summary, Verdict};
use crate::run::{Finished, Follow, Grow, Shared};
use crate::store::Durations;
use anyhow::Result;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// All tests of a run.
pub struct Tests {
    pub(super) targets: BTreeMap<Label, Target>,
    pub(super) filter: Filter,
    pub(super) dealer: Dealer,
    /// What the tests have come to so far.
    pub summary: Summary,
    /// Programs of failed tests, which are delivered.
    pub failed: Vec<Label>,
    /// Tests with their verdicts, without what they printed, in the order in which they ended.
    pub finished: Vec<(Label, Vec<Case>)>,
    /// Their logs, and what they have left for the user.
    pub logs: Vec<(Label, PathBuf)>,
    /// What they want to be told besides.
    pub notes: BTreeMap<Label, Vec<String>>,
}

impl Tests {
    /// Tests that are to be run; `workspace` is the name that they see, `durations` what is known of
    /// how long they take.
    pub fn new(
        tests: Vec<Arc<Test>>,
        filter: Filter,
        policy: Policy,
        durations: Durations,
        workspace: &str,
    ) -> Tests {
        let targets =
            tests.into_iter().map(|test| (test.label.clone(), Target::new(test))).collect();
        let dealer = Dealer { policy, durations, workspace: workspace.to_string() };
        Tests {
            targets,
            filter,
            dealer,
            summary: Summary::default(),
            failed: Vec::new(),
            finished: Vec::new(),
            logs: Vec::new(),
            notes: BTreeMap::new(),
        }
    }

    /// The first processes of each test.
    pub fn first(&mut self) -> Vec<Action> {
        let mut actions = Vec::new();
        for target in self.targets.values_mut() {
            let first = self.dealer.first(&target.test);
            target.open = first.len();
            actions.extend(first);
        }
        actions
    }

    /// How long a test is expected to take when the order is random: nothing it has to do with.
    pub fn random_rank(&self, action: &Action) -> Option<Duration> {
        let (seed, process) = (self.dealer.policy.shuffle?, action.test.as_ref()?);
        let target = self.targets.get(&action.label)?;
        let order = deal::order(seed, process.run_number, &target.test, "");
        Some(Duration::from_millis(u64::from(u16::from_le_bytes([order[0], order[1]]))))
    }

    /// Tests that have neither a verdict nor a reason why not.
    pub fn unsettled(&self) -> BTreeSet<Label> {
        let open = self.targets.iter().filter(|(_, target)| !target.told);
        open.map(|(label, _)| label.clone()).collect()
    }

    /// Where the filter wants a place of the listing, that is to have one, once it is known. The error
    /// is a sentence.
    pub fn check_index(&self) -> Result<(), String> {
        let place = self.filter.index.zip(self.targets.first_key_value());
        let Some((index, (label, target))) = place else { return Ok(()) };
        let range = match target.listed.len() {
            number if index < number => return Ok(()),
            0 => "there is none".to_string(),
            1 => "there is one, 0".to_string(),
            number => format!("there are {number}, from 0 to {}", number - 1),
        };
        Err(format!("--case-index is {index}, but of the cases of {label} {range}"))
    }

    fn listed(&mut self, shared: &Shared, finished: &Finished) -> Result<Follow> {
        let label = &finished.action.label;
        let Some(target) = self.targets.get_mut(label) else { return Ok(Follow::default()) };
        target.open -= 1;
        let program = finished.action.test.as_ref().map_or(0, |process| process.program);
        let mut follow = Follow::default();
        let listing = log::whole(shared, finished.row.stdout)?;
        let names =
            told::names(&target.test, program, finished.outcome, &listing, &shared.stop.why());
        let all_listed = match names {
            Ok(names) => target.list(program, names),
            Err(mut judged) => {
                let printed = log::printed(shared, finished.row)?;
                judged.output.push_str(&format!("\n{printed}"));
                target.add(0, *judged, Origin::Ran, None);
                target.list(program, Vec::new())
            }
        };
        if !all_listed {
            return Ok(follow);
        }
        let test = target.test.clone();
        let listed = target.listed.iter().enumerate();
        let wanted = listed
            .filter(|(at, name)| self.filter.has(&test, *at) && self.filter.wants(&test, name));
        target.wanted = wanted.map(|(_, name)| name.clone()).collect();
        let missing = remembered::remembered(shared, target, &self.dealer)?;
        for run in self.dealer.runs().filter(|_| !missing.is_empty()) {
            follow.actions.extend(self.dealer.deal(target, &missing, Turn { run, attempt: 1 }));
        }
        self.settle(shared, label, follow)
    }

    /// Tells the verdicts once no process of the target is left.
    pub(super) fn settle(
        &mut self,
        shared: &Shared,
        label: &Label,
        mut follow: Follow,
    ) -> Result<Follow> {
        let Some(target) = self.targets.get_mut(label) else { return Ok(follow) };
        let mut cases = target.cases();
        // The time of a process is that of what was alone in it.
        if let [only] = cases.as_mut_slice()
            && only.name.is_empty()
            && only.origin == Origin::Ran
            && only.runs.is_none()
            && only.failures.is_empty()
        {
            only.duration = only.duration.or(Some(target.duration));
        }
        // A program without cases is told, one of which none is wanted is not.
        let is_empty = target.test.protocol.list.is_some() && target.listed.is_empty();
        if target.open > 0 || target.told {
            return Ok(follow);
        }
        for name in self.filter.named.get(label).into_iter().flatten() {
            if !cases.iter().any(|case| case.name == *name) {
                self.summary.unmatched.push(format!("{label}#{name}"));
            }
        }
        target.told = true;
        if cases.is_empty() && !is_empty {
            return Ok(follow);
        }
        for case in &cases {
            self.summary.cases.add(case);
        }
        let not_run = |case: &Case| matches!(case.verdict, Verdict::NotRun(_));
        if cases.is_empty() {
            self.summary.tests_empty += 1;
        } else if cases.iter().all(|case| case.verdict.is_good()) {
            self.summary.tests_passed += 1;
            self.summary.tests_cached +=
                usize::from(cases.iter().all(|case| case.origin == Origin::Cached));
        } else if cases.iter().all(|case| case.verdict.is_good() || not_run(case)) {
            self.summary.tests_not_run += 1;
        } else {
            self.summary.tests_failed += 1;
            self.failed.push(label.clone());
        }
        let log = log::write(shared, target, &cases)?;
        let kept = target.kept.deliver(shared, &log::folder(shared, target))?;
        self.logs.extend(kept.into_iter().map(|path| (label.clone(), path)));
        let warnings = target.kept.warnings(shared)?;
        if !warnings.is_empty() {
            self.notes.insert(label.clone(), warnings.clone());
        }
        let silent = |it: &Case| Case { output: String::new(), failures: Vec::new(), ..it.clone() };
        self.finished.push((label.clone(), cases.iter().map(silent).collect()));
        self.logs.extend(log.clone().map(|path| (label.clone(), path)));
        let (label, duration) = (label.clone(), target.duration);
        follow.events.push(Event::TestFinished { label, cases, duration, log, warnings });
        Ok(follow)
    }
}

impl Grow for Tests {
    fn finished(&mut self, shared: &Shared, finished: Finished) -> Result<Follow> {
        match &finished.action.test {
            None => Ok(Follow::default()),
            Some(test) if test.lists => self.listed(shared, &finished),
            Some(process) => self.ended(shared, &finished, process),
        }
    }

    fn not_run(&mut self, action: &Action, because: &Label) -> Follow {
        let mut follow = Follow::default();
        if action.test.is_some() && self.targets.remove(&action.label).is_some() {
            self.summary.tests_not_run += 1;
            let (label, because) = (action.label.clone(), NotRun::NotBuilt(because.clone()));
            follow.events.push(Event::TestNotRun { label, because });
        }
        follow
    }

    fn left(&mut self, shared: &Shared, why: &str) -> Result<Follow> {
        let mut follow = Follow::default();
        for label in self.unsettled() {
            let Some(target) = self.targets.get_mut(&label) else { continue };
            target.give_up(why, self.dealer.runs().count());
            (target.open, target.cut) = (0, true);
            if target.cases().is_empty() {
                target.told = true;
                self.summary.tests_not_run += 1;
                let because = NotRun::Cut(why.to_string());
                follow.events.push(Event::TestNotRun { label, because });
            } else {
                follow = self.settle(shared, &label, follow)?;
            }
        }
        Ok(follow)
    }
}
