//! Actions that are not to start before their time.

use crate::analyze::Action;
use crate::graph::NodeId;
use std::time::{Duration, Instant};

/// An action that is not to start yet.
pub(super) struct Delayed {
    pub action: Action,
    /// What it is expected to take.
    pub expected: Duration,
    /// The action because of whose end it is to be carried out.
    pub after: NodeId,
}

/// Actions that wait for their time.
#[derive(Default)]
pub(super) struct Later(Vec<(Instant, Delayed)>);

impl Later {
    /// Adds an action that is due after a delay.
    pub fn add(&mut self, delay: Duration, delayed: Delayed) {
        self.0.push((Instant::now() + delay, delayed));
    }

    /// Takes those that are due, in the order in which they were added.
    pub fn due(&mut self) -> Vec<Delayed> {
        let now = Instant::now();
        let (due, later): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.0).into_iter().partition(|(at, ..)| *at <= now);
        self.0 = later;
        due.into_iter().map(|(_, delayed)| delayed).collect()
    }

    /// When the next is due.
    pub fn next(&self) -> Option<Instant> {
        self.0.iter().map(|(at, ..)| *at).min()
    }
}
