//! A graph of actions by "who writes the file that I read".

use crate::analyze::{Action, Analysis, Command, FileId, FileKind, LONGEST_COMMAND};
use crate::base::{Problem, Problems};
use petgraph::Direction;
use petgraph::graph::{DiGraph, NodeIndex};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

/// An action in a plan.
pub type NodeId = NodeIndex;

/// What has to be brought up to date, and in which order.
#[derive(Debug, Default)]
pub struct Plan {
    graph: DiGraph<Planned, ()>,
    writers: HashMap<u32, NodeId>,
}

/// An action with what it reads.
#[derive(Debug)]
struct Planned {
    action: Arc<Action>,
    inputs: Box<[FileId]>,
    /// Bytes of the command.
    length: usize,
    /// Time from the start of this action to the end of the last one that needs it.
    remaining: Duration,
}

impl Plan {
    /// The actions that the goals need, and the given further actions with all that they need.
    pub fn new(analysis: &Analysis, goals: &[FileId], further: Vec<Action>) -> Plan {
        let mut plan = Plan::default();
        let mut open: Vec<NodeId> = Vec::new();
        for goal in goals {
            plan.writer(analysis, *goal, &mut open);
        }
        for action in further {
            open.push(plan.add_node(Arc::new(action)));
        }
        while let Some(node) = open.pop() {
            let mut writers = Vec::new();
            for at in 0..plan.graph[node].inputs.len() {
                let file = plan.graph[node].inputs[at];
                writers.extend(plan.writer(analysis, file, &mut open));
            }
            writers.sort_unstable();
            writers.dedup();
            for writer in writers {
                plan.graph.add_edge(writer, node, ());
            }
        }
        plan
    }

    fn writer(
        &mut self,
        analysis: &Analysis,
        file: FileId,
        open: &mut Vec<NodeId>,
    ) -> Option<NodeId> {
        let FileKind::Output { writer, .. } = analysis.files.file(file).kind else { return None };
        if let Some(node) = self.writers.get(&writer.0) {
            return Some(*node);
        }
        let node = self.add_node(analysis.actions[writer.0 as usize].clone());
        self.writers.insert(writer.0, node);
        open.push(node);
        Some(node)
    }

    fn add_node(&mut self, action: Arc<Action>) -> NodeId {
        let words = action.words();
        let inputs = action.needed_files(&words).into();
        let length = words.iter().map(|word| word.text.len() + 1).sum();
        self.graph.add_node(Planned { action, inputs, length, remaining: Duration::ZERO })
    }

    /// Adds an action whose inputs are all there.
    pub fn grow(&mut self, action: Action, remaining: Duration) -> NodeId {
        let node = self.add_node(Arc::new(action));
        self.graph[node].remaining = remaining;
        node
    }

    /// Sets for every action how long the longest way to the end is, by what each is expected to
    /// take.
    pub fn expect(&mut self, expected: impl Fn(&Action) -> Duration) {
        for node in self.in_order().into_iter().rev() {
            let after = self.dependents(node).map(|next| self.graph[next].remaining).max();
            let own = expected(&self.graph[node].action);
            self.graph[node].remaining = own + after.unwrap_or_default();
        }
    }

    /// All actions, each after those that it needs.
    pub fn in_order(&self) -> Vec<NodeId> {
        petgraph::algo::toposort(&self.graph, None).unwrap_or_else(|_| {
            unreachable!("BUG: actions of a target graph without circles form one")
        })
    }

    /// All actions.
    pub fn nodes(&self) -> impl Iterator<Item = NodeId> + use<> {
        self.graph.node_indices()
    }

    /// How many actions there are.
    pub fn len(&self) -> usize {
        self.graph.node_count()
    }

    /// Actions whose commands are longer than the system takes, by target, without a way to hand
    /// them over in a file.
    pub fn check_lengths(&self, problems: &mut Problems) {
        for planned in self.graph.node_weights() {
            let (action, length) = (&planned.action, planned.length);
            let is_run = matches!(action.command, Command::Run { .. });
            if is_run && length > LONGEST_COMMAND && action.params.is_none() {
                let text = format!(
                    "the command of '{}' has {length} bytes; above {LONGEST_COMMAND} its action '{}' must say how it takes a file of arguments, such as params: \"@{{file}}\"",
                    action.about, action.name
                );
                let problem = Problem::at(&action.target_place, text);
                problems.push(problem.also(&action.place, "the action"));
            }
        }
    }

    /// The action.
    pub fn action(&self, node: NodeId) -> &Arc<Action> {
        &self.graph[node].action
    }

    /// What the action reads, sorted.
    pub fn inputs(&self, node: NodeId) -> &[FileId] {
        &self.graph[node].inputs
    }

    /// See [`Plan::expect`].
    pub fn remaining(&self, node: NodeId) -> Duration {
        self.graph[node].remaining
    }

    /// The actions that read what this one writes.
    pub fn dependents(&self, node: NodeId) -> impl Iterator<Item = NodeId> + '_ {
        self.graph.neighbors_directed(node, Direction::Outgoing)
    }

    /// How many actions must end before this one can start.
    pub fn waits_for(&self, node: NodeId) -> usize {
        self.graph.neighbors_directed(node, Direction::Incoming).count()
    }
}
