//! When a run ends by its own rules: too many failures, a crash, its time is up.

use super::session::Options;
use crate::base::show_duration;
use crate::event::{Case, Event, Verdict};
use std::time::Instant;

/// Counts what a run may not have too much of.
pub(super) struct Limits {
    failures: usize,
    most: Option<usize>,
    at_crash: bool,
    /// When the run must have ended.
    pub deadline: Option<Instant>,
    after: String,
}

impl Limits {
    /// The limits of a run that begins now.
    pub fn new(options: &Options) -> Limits {
        Limits {
            failures: 0,
            most: options.max_fail,
            at_crash: options.stop_at_crash,
            deadline: options.deadline.map(|deadline| deadline.at),
            after: options.deadline.map(|it| show_duration(it.after)).unwrap_or_default(),
        }
    }

    /// An action has failed that is no test. True if nothing more is to be started.
    pub fn build_failed(&mut self) -> bool {
        self.failures += 1;
        self.most.is_some_and(|most| self.failures >= most)
    }

    /// Takes what is told; gives why the run is to end, if it is.
    pub fn take(&mut self, event: &Event) -> Option<String> {
        let Event::TestFinished { label, cases, .. } = event else { return None };
        let bad = |case: &&Case| !case.verdict.is_good();
        let ran = |case: &&Case| !matches!(case.verdict, Verdict::NotRun(_));
        let crash = cases.iter().any(|case| matches!(case.verdict, Verdict::Crashed(_)));
        if crash && self.at_crash {
            return Some(format!("{label} crashed"));
        }
        self.failures += usize::from(cases.iter().filter(bad).any(|case| ran(&case)));
        let most = self.most.filter(|most| self.failures >= *most)?;
        Some(match most {
            1 => format!("{label} failed"),
            most => format!("{most} failures"),
        })
    }

    /// Why the run is to end, once its time is up.
    pub fn is_late(&self) -> Option<String> {
        let late = self.deadline.is_some_and(|deadline| Instant::now() >= deadline);
        late.then(|| format!("the run's deadline of {} is over", self.after))
    }
}
