//! Which processes run which cases: how many at once, in which order.

use super::causes::FORGETS;
use super::command::{self, Cases};
use super::policy::Policy;
use super::target::Target;
use super::watch;
use crate::analyze::{Action, LONGEST_COMMAND, Test, TestProcess};
use crate::base::{Hasher, Why};
use crate::run::Next;
use crate::store::Durations;
use std::sync::Arc;
use std::time::Duration;

/// Cases that take no longer than this together run in one process.
const SHORT: Duration = Duration::from_secs(1);
/// Of longer ones a process gets as many as fill this time, …
const FILL: Duration = Duration::from_millis(500);
/// … but no more than this.
const MOST: usize = 10;

/// What processes are made from.
pub(super) struct Dealer {
    pub policy: Policy,
    pub durations: Durations,
    /// Name of the workspace, as tests see it.
    pub workspace: String,
}

/// Which round, from 1 on or 0 if there is only one, and which attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Turn {
    pub run: u32,
    pub attempt: u32,
}

impl Turn {
    /// That of a process.
    pub fn of(process: &TestProcess) -> Turn {
        Turn { run: process.run_number, attempt: process.attempt }
    }
}

impl Dealer {
    /// True if results are neither looked up nor kept: those of one run of several say nothing of a
    /// single one, and what depends on a seed says nothing of other orders.
    pub fn forgets(&self) -> bool {
        self.policy.runs > 1 || self.policy.shuffle.is_some()
    }

    /// The numbers of all runs.
    pub fn runs(&self) -> std::ops::RangeInclusive<u32> {
        if self.policy.runs > 1 { 1..=self.policy.runs } else { 0..=0 }
    }

    /// The first processes of a test: for each program its listing, or the program as a whole, once
    /// for each run and shard.
    pub fn first(&self, test: &Test) -> Vec<Action> {
        let mut actions = Vec::new();
        for program in 0..test.programs.len() {
            if let Some(list) = &test.protocol.list {
                let words = command::words(test, program, list, Cases::None);
                let own = TestProcess { exclusive: false, ..process_of(test) };
                let process = TestProcess { lists: true, program, ..own };
                actions.push(command::action(test, &self.workspace, words, process));
                continue;
            }
            for run in self.runs() {
                for shard in 0..test.shards {
                    let shard = (test.shards > 1).then_some((shard, test.shards));
                    actions.push(self.whole(test, program, Turn { run, attempt: 1 }, shard));
                }
            }
        }
        actions
    }

    /// A process of a whole program.
    pub fn whole(
        &self,
        test: &Test,
        program: usize,
        turn: Turn,
        shard: Option<(u32, u32)>,
    ) -> Action {
        let words = command::words(test, program, &test.protocol.run, Cases::None);
        let only = self.policy.only.clone();
        let process = TestProcess { whole: true, program, shard, only, ..self.process(test, turn) };
        command::action(test, &self.workspace, words, process)
    }

    fn process(&self, test: &Test, turn: Turn) -> TestProcess {
        TestProcess {
            run_number: turn.run,
            attempt: turn.attempt,
            seed: self.policy.shuffle,
            fresh: self.forgets() || turn.attempt > 1,
            forget: self.forgets() || test.forget,
            because: self.because(test, turn).map(|text| Arc::new(Why::text(text))),
            ..process_of(test)
        }
    }

    /// Why a process runs whatever is remembered.
    fn because(&self, test: &Test, turn: Turn) -> Option<String> {
        if turn.attempt > 1 {
            return Some(format!("attempt {}, since the one before failed", turn.attempt));
        }
        let asked = match (self.policy.shuffle, turn.run) {
            (Some(_), _) => "--shuffle asks for it".to_string(),
            (None, 1..) => format!("--runs={} asks for it", self.policy.runs),
            (None, 0) => return test.forget.then(|| FORGETS.to_string()),
        };
        Some(asked)
    }

    /// An action that runs no case in particular, for keys.
    pub fn for_keys(&self, test: &Test, program: usize) -> Action {
        let words = command::words(test, program, &test.protocol.run, Cases::One("", None));
        let process = TestProcess { size: test.size.clone(), ..TestProcess::default() };
        command::action(test, &self.workspace, words, process)
    }

    /// Processes that run these cases.
    pub fn deal(&self, target: &mut Target, names: &[String], turn: Turn) -> Vec<Next> {
        let by_program = target.by_program(names);
        by_program.into_values().flat_map(|names| self.deal_of_one(target, names, turn)).collect()
    }

    fn deal_of_one(&self, target: &mut Target, mut names: Vec<String>, turn: Turn) -> Vec<Next> {
        if let Some(seed) = self.policy.shuffle {
            names.sort_by_cached_key(|name| order(seed, turn.run, &target.test, name));
        }
        let label = target.test.label.to_string();
        let expected: Vec<Option<Duration>> =
            names.iter().map(|name| self.durations.expected(&label, &format!("#{name}"))).collect();
        let parts = parts(&names, &expected, self.policy.batch, target.test.shards as usize);
        let time = |range: &std::ops::Range<usize>| -> Option<Duration> {
            expected[range.clone()].iter().copied().sum()
        };
        parts
            .into_iter()
            .map(|range| {
                let expected = time(&range);
                Next { expected, ..self.some(target, &names[range], turn) }
            })
            .collect()
    }

    /// One process that runs these cases, all of one program.
    pub fn some(&self, target: &mut Target, names: &[String], turn: Turn) -> Next {
        target.open += 1;
        let test = target.test.clone();
        let indexed: Vec<(usize, &str)> =
            names.iter().map(|name| (target.place(name).index, name.as_str())).collect();
        let program = names.first().map_or(0, |name| target.place(name).program);
        let words = |items, cases| command::words(&test, program, items, cases);
        let words = match (&test.protocol.batch, indexed.as_slice()) {
            (Some(batch), [(_, _), _, ..]) => words(batch, Cases::Many(&indexed)),
            (_, [(index, name), ..]) => words(&test.protocol.run, Cases::One(name, Some(*index))),
            (_, []) => words(&test.protocol.run, Cases::None),
        };
        let watch = (names.len() > 1).then(|| watch::watch(&test, program)).flatten();
        let process = TestProcess {
            cases: names.to_vec(),
            skip: None,
            program,
            watch,
            ..self.process(&test, turn)
        };
        let because = process.because.or_else(|| target.because(names).map(Arc::new));
        let process = TestProcess { because, ..process };
        let action = command::action(&test, &self.workspace, words, process);
        Next { action, expected: None, delay: self.policy.delay(turn.attempt) }
    }
}

fn process_of(test: &Test) -> TestProcess {
    TestProcess {
        size: test.size.clone(),
        exclusive: test.exclusive,
        skip: test.protocol.skip,
        claims: test.claims.clone(),
        ..TestProcess::default()
    }
}

/// Where a case stands in a random order.
pub(super) fn order(seed: u64, run: u32, test: &Test, name: &str) -> [u8; 32] {
    let mut hasher = Hasher::default();
    hasher.field(&seed.to_le_bytes());
    hasher.field(&run.to_le_bytes());
    hasher.field(test.label.to_string().as_bytes());
    hasher.field(name.as_bytes());
    *hasher.finish().bytes()
}

/// Divides cases, in their order, into the parts that run in one process each: `batch` at most if it
/// is given; else all in one while they are short, or nothing is known of them. There are at least
/// `shards` parts if there are as many cases, and no part is too long for a command.
fn parts(
    names: &[String],
    expected: &[Option<Duration>],
    batch: Option<usize>,
    shards: usize,
) -> Vec<std::ops::Range<usize>> {
    let known = |at: usize| expected[at].unwrap_or_default();
    let sum: Duration = (0..names.len()).map(known).sum();
    let (most, fill) = match batch {
        Some(batch) => (batch, Duration::MAX),
        None if sum <= SHORT => (usize::MAX, Duration::MAX),
        None => (MOST, FILL),
    };
    let most = most.min(names.len().div_ceil(shards.max(1))).max(1);
    let mut parts = Vec::new();
    let (mut first, mut length, mut time) = (0, 0, Duration::ZERO);
    for (at, name) in names.iter().enumerate() {
        let too_long = length + name.len() + 1 > LONGEST_COMMAND / 2;
        if at > first && (too_long || at - first >= most || time >= fill) {
            parts.push(first..at);
            (first, length, time) = (at, 0, Duration::ZERO);
        }
        length += name.len() + 1;
        time += known(at);
    }
    if first < names.len() {
        parts.push(first..names.len());
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sizes(number: usize, each: Option<u64>, batch: Option<usize>, shards: usize) -> Vec<usize> {
        let names: Vec<String> = (0..number).map(|n| format!("case {n}")).collect();
        let expected = vec![each.map(Duration::from_millis); number];
        let parts = parts(&names, &expected, batch, shards);
        let ends: Vec<usize> = parts.iter().map(|part| part.end).collect();
        let starts: Vec<usize> = parts.iter().map(|part| part.start).collect();
        assert_eq!([starts, vec![number]].concat(), [vec![0], ends].concat());
        parts.iter().map(|part| part.len()).collect()
    }

    #[test]
    fn short_cases_share_a_process_and_long_ones_fill_some() {
        assert_eq!(sizes(40, None, None, 1), [40]);
        assert_eq!(sizes(40, Some(20), None, 1), [40]);
        assert_eq!(sizes(30, Some(40), None, 1), [10, 10, 10]);
        assert_eq!(sizes(5, Some(300), None, 1), [2, 2, 1]);
        assert_eq!(sizes(3, Some(2000), None, 1), [1, 1, 1]);
    }

    #[test]
    fn a_number_that_is_asked_for_holds() {
        assert_eq!(sizes(40, Some(2000), Some(10), 1), [10, 10, 10, 10]);
        assert_eq!(sizes(3, None, Some(1), 1), [1, 1, 1]);
        assert_eq!(sizes(10, None, None, 4), [3, 3, 3, 1]);
        assert_eq!(sizes(2, None, None, 4), [1, 1]);
    }

    #[test]
    fn no_command_gets_too_long() {
        let names = vec!["x".repeat(1000); 120];
        let parts = parts(&names, &vec![None; 120], None, 1);
        assert!(parts.len() > 1 && parts.iter().all(|part| part.len() < 60));
    }
}
