//! What makes an action a process of a test: which cases, which turn, what it takes and needs.

use super::actions::Action;
use super::coverage::Collector;
use crate::base::{ReadStep, Why};
use std::sync::Arc;

/// What makes an action a process of a test.
#[derive(Debug, Clone, Default)]
pub struct TestProcess {
    /// `small`, `medium`, `large` or `enormous`.
    pub size: String,
    /// True for the listing of cases.
    pub lists: bool,
    /// True if its result may be taken from and kept in the ledger as that of an action. Processes
    /// that run some of many cases keep the results of the cases instead.
    pub whole: bool,
    /// Which of the test's programs it starts.
    pub program: usize,
    /// The cases that it runs; none for a whole program.
    pub cases: Vec<String>,
    /// True if nothing else may run meanwhile.
    pub exclusive: bool,
    /// The exit status that means that it was skipped, which is as good as a pass.
    pub skip: Option<i32>,
    /// Which round, from 1 on; 0 if there is only one.
    pub run_number: u32,
    /// Which attempt this is, from 1 on; 0 for listings.
    pub attempt: u32,
    /// The seed of the order, if there is one.
    pub seed: Option<u64>,
    /// Which of how many shards of the program it runs, from 0 on.
    pub shard: Option<(u32, u32)>,
    /// Which cases are wanted, for programs that can leave out the others by themselves.
    pub only: Option<String>,
    /// What it takes of what the machine has.
    pub claims: Arc<Claims>,
    /// True if no remembered result is taken for it.
    pub fresh: bool,
    /// Why it has to run, if whoever made it knows.
    pub because: Option<Arc<Why>>,
    /// True if its result is not kept.
    pub forget: bool,
    /// Where it tells how far it is, if it runs several cases: the limit of time is that of each.
    pub watch: Option<Watch>,
    /// Programs that must have been run before; what they export is in its environment.
    pub setups: Vec<Arc<Action>>,
    /// Kinds of data that tell what it has executed; nothing unless that is asked for.
    pub coverage: Option<Arc<[Arc<Collector>]>>,
    /// Environment that the protocol adds, filled when the process starts. A variable that needs one
    /// that the process does not have, such as that of its shard, is left out. Part of the key as it
    /// stands here.
    pub env: Vec<(String, Vec<Given>)>,
}

/// A part of a value that is known once a process starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Given {
    /// Itself.
    Text(String),
    /// The path of the report.
    Report,
    /// The value of a variable that tests find.
    Variable(String),
}

/// In which file a process of several cases tells how far it is; each case has the limit of time.
#[derive(Clone)]
pub struct Watch {
    /// True if it is the report, false for standard output.
    pub report: bool,
    /// Reads a line that says that a case starts or has ended, with the name that the case has.
    pub step: ReadStep,
}

impl std::fmt::Debug for Watch {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        f.debug_struct("Watch").field("report", &self.report).finish_non_exhaustive()
    }
}

/// What a process of a test takes of what there is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Claims {
    /// Its share of the width of tests; 0 and 1 are the same.
    pub slots: usize,
    /// Names of resources with the number of instances of each, sorted by name.
    pub resources: Vec<(String, usize)>,
}
