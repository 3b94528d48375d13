//! Follows the processes of all tests: a listing gives processes for cases, a process gives
//! verdicts, a process that died gives processes for the cases it did not come to.

use super::command::{self, Cases};
use super::filter::Filter;
use super::target::{self, Target};
use super::verdict::{self, Judged};
use super::{lines, log, results};
use crate::analyze::{Action, LONGEST_COMMAND, Test, TestProcess};
use crate::base::Label;
use crate::event::{Case, Event, Origin, Outcome, Summary, Verdict};
use crate::load::{Item, Part};
use crate::run::{CaseKeys, Finished, Follow, Grow, Shared};
use anyhow::Result;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// All tests of a run.
pub struct Tests {
    targets: BTreeMap<Label, Target>,
    filter: Filter,
    workspace: String,
    /// What the tests have come to so far.
    pub summary: Summary,
    /// Programs of failed tests, which are delivered.
    pub failed: Vec<Label>,
    /// Tests with their verdicts, without what they printed, in the order in which they ended.
    pub finished: Vec<(Label, Vec<Case>)>,
    /// Their logs.
    pub logs: Vec<PathBuf>,
}

impl Tests {
    /// Tests that are to be run; `workspace` is the name that they see.
    pub fn new(tests: Vec<Arc<Test>>, filter: Filter, workspace: &str) -> Tests {
        let targets =
            tests.into_iter().map(|test| (test.label.clone(), Target::new(test))).collect();
        let workspace = workspace.to_string();
        Tests {
            targets,
            filter,
            workspace,
            summary: Summary::default(),
            failed: Vec::new(),
            finished: Vec::new(),
            logs: Vec::new(),
        }
    }

    /// The first process of each test: its listing, or the whole program.
    pub fn first(&mut self) -> Vec<Action> {
        let mut actions = Vec::new();
        for target in self.targets.values_mut() {
            let test = target.test.clone();
            target.open = 1;
            let (items, lists) = match &test.protocol.list {
                Some(list) => (list, true),
                None => (&test.protocol.run, false),
            };
            let words = command::words(&test, items, Cases::None);
            let process = TestProcess {
                size: test.size.clone(),
                lists,
                whole: !lists,
                cases: Vec::new(),
                exclusive: test.exclusive && !lists,
                skip: test.protocol.skip,
            };
            actions.push(command::action(&test, &self.workspace, words, process));
        }
        actions
    }

    /// Tests that have neither a verdict nor a reason why not.
    pub fn unsettled(&self) -> BTreeSet<Label> {
        let settled: BTreeSet<&Label> = self.finished.iter().map(|(label, _)| label).collect();
        self.targets.keys().filter(|label| !settled.contains(label)).cloned().collect()
    }

    fn listed(&mut self, shared: &Shared, finished: &Finished) -> Result<Follow> {
        let Some(target) = self.targets.get_mut(&finished.action.label) else {
            return Ok(Follow::default());
        };
        target.open -= 1;
        let listing = log::whole(shared, finished.row.stdout)?;
        let printed = log::printed(shared, finished.row)?;
        let protocol = target.test.protocol.clone();
        let names = match finished.outcome {
            Outcome::Passed => {
                lines::listing(&protocol.listing.clone().unwrap_or_default(), &listing)
            }
            Outcome::Stopped => Ok(Vec::new()),
            Outcome::Broken(why) => Err(why.clone()),
            Outcome::TimedOut(limit) => Err(format!(
                "its cases could not be listed within {}",
                crate::base::show_duration(*limit)
            )),
            Outcome::Exited(status) => {
                Err(format!("its cases could not be listed: exit status {status}"))
            }
            Outcome::Signalled(signal) => {
                Err(format!("its cases could not be listed: {}", crate::base::signal_name(*signal)))
            }
        };
        match names {
            Ok(names) => target.list(names),
            Err(why) => {
                let verdict = if matches!(finished.outcome, Outcome::Passed) {
                    Verdict::Failed
                } else {
                    Verdict::Crashed(why.clone())
                };
                target.add(
                    Judged { verdict, output: format!("{why}\n{printed}"), ..Judged::default() },
                    Origin::Ran,
                );
                return self.settle(shared, &finished.action.label, Follow::default());
            }
        }
        let label = finished.action.label.clone();
        let wanted: Vec<String> =
            target.listed.iter().filter(|name| self.filter.wants(&label, name)).cloned().collect();
        let missing = remembered(shared, target, &wanted, &self.workspace)?;
        let mut follow = Follow::default();
        if !missing.is_empty() {
            for names in batches(&missing) {
                let action = process(target, names, &self.workspace);
                follow.actions.push(action);
            }
        }
        self.settle(shared, &label, follow)
    }

    fn ended(&mut self, shared: &Shared, finished: &Finished) -> Result<Follow> {
        let label = finished.action.label.clone();
        let Some(target) = self.targets.get_mut(&label) else { return Ok(Follow::default()) };
        let Some(process_of) = &finished.action.test else { return Ok(Follow::default()) };
        target.open -= 1;
        target.ran |= finished.origin == Origin::Ran;
        target.duration += Duration::from_nanos(finished.row.duration_ns);
        let protocol = target.test.protocol.clone();
        let reports =
            protocol.run.iter().chain(protocol.batch.iter().flatten()).any(mentions_report);
        let reported = match &protocol.results {
            None => None,
            Some(reader) => {
                let from = if reports { finished.row.report } else { finished.row.stdout };
                Some(results::read(reader, &protocol.words, &log::whole(shared, from)?))
            }
        };
        let printed = log::printed(shared, finished.row)?;
        target.log.extend(finished.row.stdout.into_iter().chain(finished.row.stderr));
        let mut follow = Follow::default();
        if process_of.whole {
            for mut judged in
                verdict::of_program(finished.outcome, protocol.skip, reported, &printed)
            {
                judged.leaky = finished.row.leaked;
                // A program may end well although a case of it failed.
                follow.failed |= *finished.outcome == Outcome::Passed && !judged.verdict.is_good();
                if !self.filter.narrows(&label) || self.filter.wants(&label, &judged.name) {
                    target.add(judged, finished.origin);
                }
            }
            return self.settle(shared, &label, follow);
        }
        let judgement = verdict::of_cases(
            &process_of.cases,
            finished.outcome,
            reported.unwrap_or_default(),
            &printed,
        );
        // Nothing is kept of what was made of other inputs than the keys, since one was edited
        // meanwhile, nor of a process whose end speaks against its results.
        let doubted = |case: &Judged| case.name.is_empty() && !case.verdict.is_good();
        let keep = finished.inputs.agree(&target.inputs) && !judgement.cases.iter().any(doubted);
        for mut judged in judgement.cases {
            // Nobody knows which of several cases did it.
            judged.leaky = finished.row.leaked;
            let row = if keep { target::row(&judged, shared)? } else { None };
            if let (Some(key), Some(row)) = (target.keys.get(&judged.name), row) {
                follow.cases.push((*key, row));
            }
            target.add(judged, finished.origin);
        }
        if judgement.apart {
            for name in judgement.again {
                let action = process(target, &[name], &self.workspace);
                follow.actions.push(action);
            }
        } else if !judgement.again.is_empty() {
            for names in batches(&judgement.again) {
                let action = process(target, names, &self.workspace);
                follow.actions.push(action);
            }
        }
        self.settle(shared, &label, follow)
    }

    /// Tells the verdicts once no process of the target is left.
    fn settle(&mut self, shared: &Shared, label: &Label, mut follow: Follow) -> Result<Follow> {
        let Some(target) = self.targets.get_mut(label) else { return Ok(follow) };
        if target.open > 0 {
            return Ok(follow);
        }
        let cases: Vec<Case> = target.verdicts.values().cloned().collect();
        if cases.is_empty() {
            return Ok(follow);
        }
        for case in &cases {
            self.summary.cases.add(case);
        }
        let not_run = |case: &Case| matches!(case.verdict, Verdict::NotRun(_));
        if cases.iter().all(|case| case.verdict.is_good()) {
            self.summary.tests_passed += 1;
            self.summary.tests_cached +=
                usize::from(cases.iter().all(|case| case.origin == Origin::Cached));
        } else if cases.iter().all(not_run) && shared.stop.requested() {
            self.summary.tests_not_run += 1;
        } else {
            self.summary.tests_failed += 1;
            self.failed.push(label.clone());
        }
        let log = log::write(shared, target, &cases)?;
        let silent = |case: &Case| Case { output: String::new(), ..case.clone() };
        self.finished.push((label.clone(), cases.iter().map(silent).collect()));
        self.logs.extend(log.clone());
        follow.events.push(Event::TestFinished {
            label: label.clone(),
            cases,
            duration: target.duration,
            log,
        });
        Ok(follow)
    }
}

impl Grow for Tests {
    fn finished(&mut self, shared: &Shared, finished: Finished) -> Result<Follow> {
        match &finished.action.test {
            None => Ok(Follow::default()),
            Some(test) if test.lists => self.listed(shared, &finished),
            Some(_) => self.ended(shared, &finished),
        }
    }

    fn not_run(&mut self, action: &Action, because: &Label) -> Follow {
        let mut follow = Follow::default();
        if action.test.is_some() && self.targets.remove(&action.label).is_some() {
            self.summary.tests_not_run += 1;
            let (label, because) = (action.label.clone(), because.clone());
            follow.events.push(Event::TestNotRun { label, because });
        }
        follow
    }
}

/// Takes the remembered verdicts of cases; gives those that have none.
fn remembered(
    shared: &Shared,
    target: &mut Target,
    wanted: &[String],
    workspace: &str,
) -> Result<Vec<String>> {
    let test = target.test.clone();
    let whole = |name: &str| command::words(&test, &test.protocol.run, Cases::One(name, None));
    let process = TestProcess {
        size: test.size.clone(),
        lists: false,
        whole: false,
        cases: Vec::new(),
        skip: test.protocol.skip,
        exclusive: false,
    };
    let action = command::action(&test, workspace, whole(""), process);
    let Some(mut keys) = CaseKeys::new(shared, &action)? else { return Ok(wanted.to_vec()) };
    target.inputs = keys.inputs.clone();
    let reading = target::reading(&test.protocol);
    let mut all = Vec::new();
    for name in wanted {
        let arguments = whole(name).iter().map(|word| word.text.to_string()).collect();
        all.push(keys.key(arguments, name, &reading));
    }
    let look = !shared.options.no_cache && !shared.options.fresh_tests;
    let rows = if look { shared.ledger.cases(&all) } else { vec![None; all.len()] };
    let mut missing = Vec::new();
    for ((name, key), row) in wanted.iter().zip(all).zip(rows) {
        target.keys.insert(name.clone(), key);
        match row.as_ref().and_then(|row| Some((target::reusable(row)?, row))) {
            Some((verdict, row)) => {
                let output = match &row.output {
                    None => String::new(),
                    Some(digest) => {
                        let bytes = shared.cas.read(digest)?.unwrap_or_default();
                        String::from_utf8_lossy(&bytes).into_owned()
                    }
                };
                let leaky = row.leaked;
                let judged = Judged { name: name.clone(), verdict, output, leaky };
                target.add(judged, Origin::Cached);
            }
            None => missing.push(name.clone()),
        }
    }
    Ok(missing)
}

/// Cases in parts whose names fit into a command.
fn batches(names: &[String]) -> Vec<&[String]> {
    let mut parts = Vec::new();
    let (mut first, mut length) = (0, 0);
    for (at, name) in names.iter().enumerate() {
        length += name.len() + 1;
        if length > LONGEST_COMMAND / 2 && at > first {
            parts.push(&names[first..at]);
            (first, length) = (at, name.len() + 1);
        }
    }
    parts.push(&names[first..]);
    parts
}

/// The process that runs these cases.
fn process(target: &mut Target, names: &[String], workspace: &str) -> Action {
    target.open += 1;
    let test = target.test.clone();
    let indexed: Vec<(usize, &str)> =
        names.iter().map(|name| (target.index(name), name.as_str())).collect();
    let words = match (&test.protocol.batch, indexed.as_slice()) {
        (Some(batch), [(_, _), _, ..]) => command::words(&test, batch, Cases::Many(&indexed)),
        (Some(batch), [(index, name)]) if test.protocol.run.is_empty() => {
            command::words(&test, batch, Cases::One(name, Some(*index)))
        }
        (_, [(index, name), ..]) => {
            command::words(&test, &test.protocol.run, Cases::One(name, Some(*index)))
        }
        (_, []) => command::words(&test, &test.protocol.run, Cases::None),
    };
    let process = TestProcess {
        size: test.size.clone(),
        lists: false,
        whole: false,
        cases: names.to_vec(),
        skip: None,
        exclusive: test.exclusive,
    };
    command::action(&test, workspace, words, process)
}

fn mentions_report(item: &Item) -> bool {
    match item {
        Item::Template(template) => template
            .parts
            .iter()
            .any(|part| matches!(part, Part::Mention(mention) if mention.name == "report")),
        Item::When(_, items) => items.iter().any(mentions_report),
    }
}
