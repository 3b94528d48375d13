//! The states of all actions. They change in one function, from which the ready queue and the
//! counters follow.

use crate::analyze::Action;
use crate::graph::{NodeId, Plan};
use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::time::{Duration, SystemTime};

/// Where an action stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// It waits for others.
    Wanted,
    /// Its inputs are there.
    Ready,
    /// A worker has it.
    Running,
    /// It has a result.
    Done,
    /// It has failed.
    Failed,
    /// It will not be carried out.
    Skipped,
}

/// What shares a width.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Actions of targets.
    Build,
    /// Processes of tests.
    Test,
    /// Processes of tests beside which nothing else may run.
    Exclusive,
}

impl Kind {
    /// The kind of an action.
    pub fn of(action: &Action) -> Kind {
        match &action.test {
            None => Kind::Build,
            Some(test) if test.exclusive => Kind::Exclusive,
            Some(_) => Kind::Test,
        }
    }
}

/// Since when an action can be carried out, and the last action that it had to wait for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Since {
    pub ready: SystemTime,
    pub after: Option<NodeId>,
}

/// The states of all actions of a plan.
pub(super) struct States {
    states: Vec<State>,
    waits: Vec<usize>,
    since: Vec<Since>,
    // Longest remaining path first; of equal ones the first that was planned.
    // Each kind stands apart, since each has a width of its own.
    ready: [BTreeSet<(Reverse<Duration>, NodeId)>; 3],
    running: [usize; 3],
    open: [usize; 3],
}

impl States {
    /// All actions wait, or are ready.
    pub fn new(plan: &Plan) -> States {
        let mut res = States {
            states: Vec::new(),
            waits: Vec::new(),
            since: Vec::new(),
            ready: [BTreeSet::new(), BTreeSet::new(), BTreeSet::new()],
            running: [0, 0, 0],
            open: [0, 0, 0],
        };
        for node in plan.nodes() {
            res.add(plan, node, None);
        }
        res
    }

    /// Adds an action that the plan has got since, because another one has ended.
    pub fn add(&mut self, plan: &Plan, node: NodeId, after: Option<NodeId>) {
        debug_assert_eq!(self.states.len(), node.index());
        let waits = plan.waits_for(node);
        self.states.push(State::Wanted);
        self.waits.push(waits);
        self.since.push(Since { ready: SystemTime::now(), after });
        self.open[Kind::of(plan.action(node)) as usize] += 1;
        if waits == 0 {
            self.set(plan, node, State::Ready);
        }
    }

    /// The one place where a state changes. Gives the actions that follow: those that have become
    /// ready, or those that can't be carried out any more.
    pub fn set(&mut self, plan: &Plan, node: NodeId, state: State) -> Vec<NodeId> {
        let kind = Kind::of(plan.action(node)) as usize;
        let ready = &mut self.ready[kind];
        let entry = (Reverse(plan.remaining(node)), node);
        match self.states[node.index()] {
            State::Ready => {
                ready.remove(&entry);
            }
            State::Running => self.running[kind] -= 1,
            State::Wanted => {}
            ended => unreachable!("BUG: an action that is {ended:?} becomes {state:?}"),
        }
        self.states[node.index()] = state;
        match state {
            State::Wanted => unreachable!("BUG: an action waits again"),
            State::Ready => {
                ready.insert(entry);
            }
            State::Running => self.running[kind] += 1,
            State::Done | State::Failed | State::Skipped => self.open[kind] -= 1,
        }
        let mut follow = Vec::new();
        match state {
            State::Done => {
                for next in plan.dependents(node) {
                    self.waits[next.index()] -= 1;
                    if self.waits[next.index()] == 0 && self.states[next.index()] == State::Wanted {
                        follow.push(next);
                    }
                }
                // Only now can they be carried out, whatever else they waited for.
                let since = Since { ready: SystemTime::now(), after: Some(node) };
                for next in &follow {
                    self.since[next.index()] = since;
                    self.set(plan, *next, State::Ready);
                }
            }
            State::Failed | State::Skipped => {
                follow.extend(
                    plan.dependents(node).filter(|next| self.states[next.index()] == State::Wanted),
                );
            }
            _ => {}
        }
        follow
    }

    /// The ready actions of a kind, the one that should start first in front.
    pub fn ready(&self, kind: Kind) -> impl Iterator<Item = NodeId> + '_ {
        self.ready[kind as usize].iter().map(|(_, node)| *node)
    }

    /// How many of a kind are ready.
    pub fn ready_of(&self, kind: Kind) -> usize {
        self.ready[kind as usize].len()
    }

    /// True if the action still waits for others.
    pub fn waits(&self, node: NodeId) -> bool {
        self.states[node.index()] == State::Wanted
    }

    /// Since when the action can be carried out; of one that waits it means nothing.
    pub fn since(&self, node: NodeId) -> Since {
        self.since[node.index()]
    }

    /// How many of a kind a worker has.
    pub fn running(&self, kind: Kind) -> usize {
        self.running[kind as usize]
    }

    /// How many workers are busy.
    pub fn busy(&self) -> usize {
        self.running.iter().sum()
    }

    /// How many have no end yet.
    pub fn open(&self) -> usize {
        self.open.iter().sum()
    }

    /// How many of a kind have no end yet.
    pub fn open_of(&self, kind: Kind) -> usize {
        self.open[kind as usize]
    }
}
