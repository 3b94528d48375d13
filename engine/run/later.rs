//! Actions that are not to start before their time.

use crate::analyze::Action;
use std::time::{Duration, Instant};

/// Actions that wait for their time, each with what it is expected to take.
#[derive(Default)]
pub(super) struct Later(Vec<(Instant, Action, Duration)>);

impl Later {
    /// Adds an action that is due after a delay.
    pub fn add(&mut self, delay: Duration, action: Action, expected: Duration) {
        self.0.push((Instant::now() + delay, action, expected));
    }

    /// Takes those that are due, in the order in which they were added.
    pub fn due(&mut self) -> Vec<(Action, Duration)> {
        let now = Instant::now();
        let (due, later): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.0).into_iter().partition(|(at, ..)| *at <= now);
        self.0 = later;
        due.into_iter().map(|(_, action, expected)| (action, expected)).collect()
    }

    /// When the next is due.
    pub fn next(&self) -> Option<Instant> {
        self.0.iter().map(|(at, ..)| *at).min()
    }
}
