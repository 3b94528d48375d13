//! How tests are run: in how many processes, how often, in which order.

use super::share::Share;
use std::time::Duration;

/// How tests are run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// Cases in one process at most; nothing leaves that to how long they take.
    pub batch: Option<usize>,
    /// Attempts of a case at most; nothing leaves that to its target.
    pub attempts: Option<u32>,
    /// Before the second attempt this time passes, before the third twice that, and so on.
    pub backoff: Duration,
    /// How often everything is run.
    pub runs: u32,
    /// Seed of a random order.
    pub shuffle: Option<u64>,
    /// Which share of the tests is run.
    pub share: Option<Share>,
    /// What programs get to know of the wanted cases that can leave out the others by themselves.
    pub only: Option<String>,
}

/// Attempts of a test that is marked as flaky.
pub const ATTEMPTS_OF_FLAKY: u32 = 3;

impl Default for Policy {
    fn default() -> Policy {
        Policy {
            batch: None,
            attempts: None,
            backoff: Duration::ZERO,
            runs: 1,
            shuffle: None,
            share: None,
            only: None,
        }
    }
}

impl Policy {
    /// Attempts of a case of a target at most.
    pub fn attempts_of(&self, flaky: bool) -> u32 {
        self.attempts.unwrap_or(if flaky { ATTEMPTS_OF_FLAKY } else { 1 })
    }

    /// How long to wait before this attempt; the first is number 1.
    pub fn delay(&self, attempt: u32) -> Duration {
        let doublings = attempt.saturating_sub(2).min(16);
        if attempt < 2 { Duration::ZERO } else { self.backoff.saturating_mul(1 << doublings) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_delay_doubles_with_each_attempt() {
        let policy = Policy { backoff: Duration::from_secs(1), ..Policy::default() };
        let seconds: Vec<u64> = (1..=5).map(|attempt| policy.delay(attempt).as_secs()).collect();
        assert_eq!(seconds, [0, 1, 2, 4, 8]);
        assert_eq!((policy.attempts_of(false), policy.attempts_of(true)), (1, 3));
        let policy = Policy { attempts: Some(2), ..policy };
        assert_eq!((policy.attempts_of(false), policy.attempts_of(true)), (2, 2));
    }
}
