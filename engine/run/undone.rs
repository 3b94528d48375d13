//! What is left undone because an action has failed.

use super::news::about;
use super::schedule::Coordinator;
use super::states::State;
use super::why;
use super::worker::Done;
use crate::analyze::Action;
use crate::base::Label;
use crate::event::{Event, Outcome};
use crate::graph::NodeId;

impl Coordinator<'_, '_> {
    /// True if the failure of an action only means that its target is built in another variant.
    pub fn falls_back(&self, action: &Action, done: &Done) -> bool {
        let failed = matches!(done.outcome, Outcome::Exited(_) | Outcome::Signalled(_));
        failed
            && action.test.is_none()
            && self.shared.analysis.fallbacks.contains_key(&action.label)
    }

    /// Leaves undone what needs the action, without a word.
    pub fn fall_back(&mut self, node: NodeId, action: &Action, done: &Done) {
        let mut open: Vec<NodeId> = self.plan.dependents(node).collect();
        while let Some(next) = open.pop() {
            if self.states.waits(next) {
                open.extend(self.states.set(self.plan, next, State::Skipped));
            }
        }
        // Of several actions that fail the first by name is told, whichever came first in time.
        let text = format!("{} fails{}", action.about, self.complaint(done));
        let first = self.over.fallen.entry(action.label.clone()).or_insert_with(|| text.clone());
        if text < *first {
            *first = text;
        }
    }

    /// What a failed process complained of, as far as one line tells: the first that speaks of an
    /// error.
    fn complaint(&self, done: &Done) -> String {
        let output = done.row.stdout.or(done.row.stderr);
        let bytes = output.and_then(|digest| self.shared.cas.read(&digest).ok().flatten());
        let bytes = bytes.unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes);
        let line = text.lines().find(|line| line.contains("error"));
        line.map_or(String::new(), |line| format!(": {}", line.trim()))
    }

    /// Everything that needs an action that has failed, directly or not.
    pub fn skip_dependents(
        &mut self,
        node: NodeId,
        because: &Label,
        events: &mut Vec<Event>,
        quiet: bool,
    ) {
        let mut open: Vec<NodeId> = self.plan.dependents(node).collect();
        while let Some(next) = open.pop() {
            if !self.states.waits(next) {
                continue;
            }
            open.extend(self.states.set(self.plan, next, State::Skipped));
            self.over.summary.skipped += 1;
            let action = self.plan.action(next).clone();
            if quiet {
                let why = why::awaited(self.shared, self.plan.inputs(next));
                events.push(Event::WouldRun { about: about(&action), why });
                continue;
            }
            events.push(Event::ActionSkipped { about: about(&action), because: because.clone() });
            events.extend(self.grow.not_run(&action, because).events);
        }
    }
}
