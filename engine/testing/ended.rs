//! What a process of a test that has ended comes to: verdicts, rows that are kept, and processes for
//! what has to run again.

use super::deal::{Dealer, Turn};
use super::run::Tests;
use super::verdict::{self, Judged};
use super::{coverage, names, remembered, rows, told};
use crate::analyze::{Test, TestProcess};
use crate::base::Digest;
use crate::event::{Origin, Outcome, Verdict};
use crate::run::{Finished, Follow, Next, Shared, Tried, is_unread};
use anyhow::Result;
use std::time::Duration;

impl Tests {
    /// A process that was to run something has ended.
    pub(super) fn ended(
        &mut self,
        shared: &Shared,
        finished: &Finished,
        process: &TestProcess,
    ) -> Result<Follow> {
        let label = &finished.action.label;
        let Some(target) = self.targets.get_mut(label) else { return Ok(Follow::default()) };
        target.open -= 1;
        target.ran |= finished.origin == Origin::Ran;
        target.duration += Duration::from_nanos(finished.row.duration_ns);
        let first = process.cases.first().map_or(0, |case| target.place(case).at);
        target.kept.add(first, &finished.row.outputs);
        target.log.extend(finished.row.stdout.into_iter().chain(finished.row.stderr));
        let follow = match process.whole {
            true => self.whole_ended(shared, finished, process)?,
            false => self.some_ended(shared, finished, process)?,
        };
        self.settle(shared, label, follow)
    }

    /// The whole program has ended.
    fn whole_ended(
        &mut self,
        shared: &Shared,
        finished: &Finished,
        process: &TestProcess,
    ) -> Result<Follow> {
        let mut follow = Follow::default();
        let Some(target) = self.targets.get_mut(&finished.action.label) else { return Ok(follow) };
        let test = target.test.clone();
        let reported = told::reported(shared, &test, process.program, finished)?;
        let printed = told::printed(shared, finished.row)?;
        let skip = test.protocol.skip;
        let why = shared.stop.why();
        let mut cases = verdict::of_program(finished.outcome, skip, reported, &printed, &why);
        let of_program: Vec<bool> = cases.iter().map(|case| case.name.is_empty()).collect();
        let start = (finished.origin == Origin::Ran).then_some(finished.began);
        cases.iter_mut().for_each(|case| case.start = start);
        let time = Duration::from_nanos(finished.row.duration_ns);
        for case in cases.iter_mut().filter(|case| case.name.is_empty()) {
            // What has one result took as long as its process.
            if of_program.len() == 1 && !matches!(case.verdict, Verdict::NotRun(_)) {
                case.duration = Some(time);
            }
            case.name = names::of_case(&test.programs[process.program], "");
            // Each shard has a result of its own.
            if let Some((shard, shards)) = process.shard {
                case.name = format!("{} shard {} of {shards}", case.name, shard + 1);
                case.name = case.name.trim_start().to_string();
            }
        }
        let ran = finished.origin == Origin::Ran;
        if ran {
            let alone = cases.len() == 1;
            follow
                .tried
                .extend(cases.iter().filter_map(|case| tried(case, finished.key, alone, finished)));
        }
        // A program may end well although a case of it failed.
        follow.failed = *finished.outcome == Outcome::Passed && cases.iter().any(Judged::is_bad);
        let turn = Turn::of(process);
        if ran && cases.iter().any(Judged::is_bad) && self.dealer.may_retry(&test, turn, shared) {
            for case in cases.into_iter().filter(Judged::is_bad) {
                target.failed(turn, case);
            }
            let turn = Turn { attempt: turn.attempt + 1, ..turn };
            let action = self.dealer.whole(&test, process.program, turn, process.shard);
            target.open += 1;
            let delay = self.dealer.policy.delay(turn.attempt);
            follow.actions.push(Next { action, expected: None, delay });
            return Ok(follow);
        }
        if !ran {
            for (name, times) in &finished.row.flaky {
                target.had_failed(turn.run, name, *times);
            }
        }
        let known = remembered::known(finished.origin, finished.row.run, finished.row.time);
        for (case, of_program) in cases.into_iter().zip(of_program) {
            let case = coverage::of_process(case, finished.row);
            let failures = target.failures(turn.run, &case.name);
            if failures > 0 && case.verdict.is_good() {
                follow.flaky.push((case.name.clone(), failures));
            }
            let of_program = of_program && !case.verdict.is_good();
            let narrows = self.filter.narrows(&test);
            if !narrows || of_program || self.filter.wants(&test, &case.name) {
                target.add(turn.run, case, finished.origin, known);
            }
        }
        Ok(follow)
    }

    /// A process has ended that ran some cases.
    fn some_ended(
        &mut self,
        shared: &Shared,
        finished: &Finished,
        process: &TestProcess,
    ) -> Result<Follow> {
        let mut follow = Follow::default();
        let Some(target) = self.targets.get_mut(&finished.action.label) else { return Ok(follow) };
        let test = target.test.clone();
        let reported =
            told::reported(shared, &test, process.program, finished)?.unwrap_or_default();
        let printed = told::printed(shared, finished.row)?;
        let why = shared.stop.why();
        let is_listed = |name: &str| target.lists(name);
        let (wanted, outcome) = (&process.cases, finished.outcome);
        let mut judgement = verdict::of_cases(
            wanted,
            is_listed,
            outcome,
            reported,
            &printed,
            &why,
            test.protocol.cannot_be_forged(),
        );
        let lost = coverage::lost(&test, &mut judgement, finished.row);
        // What it has executed is to be had once more.
        let unread = is_unread(&finished.row.outputs);
        let turn = Turn::of(process);
        // Nothing is kept of what was made of other inputs than the keys, since one was edited
        // meanwhile. If the process speaks against its results, no earlier pass holds either.
        let keep = finished.inputs.agree(&target.inputs[process.program]);
        let doubted = judgement.cases.iter().any(|case| case.name.is_empty() && case.is_bad());
        if *finished.outcome == Outcome::Passed {
            follow.learned = told::learned(&test.label, process, &judgement.cases, finished);
        }
        let someone_died = judgement
            .cases
            .iter()
            .any(|case| matches!(case.verdict, Verdict::Crashed(_) | Verdict::TimedOut(_)));
        let alone = process.cases.len() == 1;
        for case in std::mem::take(&mut judgement.cases) {
            let key = target.keys.get(&case.name).filter(|_| keep).copied();
            follow.tried.extend(tried(&case, key, alone, finished));
            // Nobody knows which of several cases did it.
            let start = (finished.origin == Origin::Ran).then_some(finished.began);
            let case = Judged { start, ..coverage::of_process(case, finished.row) };
            let bad = case.is_bad();
            let guilty = judgement.guilty.as_ref() == Some(&case.name);
            // What the case did that killed the process may be to blame, or it is not this one.
            if bad && judgement.died && process.cases.len() > 1 && !guilty {
                let name = [case.name.clone()];
                target.failed(turn, case);
                target.died_with(&name);
                follow.actions.push(self.dealer.some(target, &name, turn));
                continue;
            }
            let flaky = target.failures(turn.run, &case.name);
            let row = match doubted && case.verdict.is_good() {
                true => Some(rows::doubted(shared)),
                false => rows::row(&case, flaky, finished.row, shared)?,
            };
            let forgotten = (process.forget || unread) && !bad && !doubted;
            if let (Some(key), Some(row)) = (key, row)
                && !forgotten
            {
                follow.denies |= rows::denies(&row);
                follow.cases.push((key, row));
            }
            if bad && !case.name.is_empty() && self.dealer.may_retry(&test, turn, shared) {
                let name = [case.name.clone()];
                target.failed(turn, case);
                let turn = Turn { attempt: turn.attempt + 1, ..turn };
                follow.actions.push(self.dealer.some(target, &name, turn));
                continue;
            }
            let name = match case.name.is_empty() {
                true => names::of_case(&test.programs[process.program], ""),
                false => case.name.clone(),
            };
            target.add(turn.run, Judged { name, ..case }, finished.origin, None);
        }
        if !follow.cases.is_empty() {
            follow.last = target.made[process.program].take();
        }
        if judgement.died && !someone_died {
            target.unexplained.push(judgement.again.concat());
        }
        for group in coverage::with_lost(&mut judgement, lost, |name| target.place(name).at) {
            target.died_with(&group);
            follow.actions.extend(self.dealer.deal(target, &group, turn));
        }
        Ok(follow)
    }
}

/// What the history keeps of an attempt of a case; nothing of one that has no result. The time of a
/// case that was `alone` in its process is that of the process if the protocol does not tell it.
fn tried(case: &Judged, key: Option<Digest>, alone: bool, finished: &Finished) -> Option<Tried> {
    let outcome = rows::in_words(&case.verdict)?;
    let whole = || alone.then(|| Duration::from_nanos(finished.row.duration_ns));
    let duration = case.duration.or_else(whole);
    Some(Tried { name: case.name.clone(), key, outcome, duration })
}

impl Dealer {
    fn may_retry(&self, test: &Test, turn: Turn, shared: &Shared) -> bool {
        turn.attempt < self.policy.attempts_of(test.flaky) && !shared.stop.requested()
    }
}
