//! What a run is doing, and which phase may follow which.

/// What a run does, one after the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// The workspace is read, or what is remembered of it.
    Discover,
    /// Targets become actions.
    Analyze,
    /// Everything is built.
    Build,
    /// All that can be is built, and tests are run.
    Test,
    /// Nothing more is started.
    Complete,
}

impl Phase {
    /// True if a run that is in `before`, or has not begun, may come to this phase. A run may end in
    /// any phase. Only analysis comes a second time: when targets are to be built in another form.
    pub fn may_follow(self, before: Option<Phase>) -> bool {
        match before {
            None => self == Phase::Discover,
            Some(Phase::Complete) => false,
            Some(Phase::Build | Phase::Test) if self == Phase::Analyze => true,
            Some(before) => self > before && (self != Phase::Test || before == Phase::Build),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ALL: [Phase; 5] =
        [Phase::Discover, Phase::Analyze, Phase::Build, Phase::Test, Phase::Complete];

    proptest! {
        #[test]
        fn whatever_is_told_the_phases_come_in_order(told in prop::collection::vec(0..5_usize, 0..40)) {
            let mut seen: Vec<Phase> = vec![];
            for at in told {
                // What may not follow is not told.
                if ALL[at].may_follow(seen.last().copied()) {
                    seen.push(ALL[at]);
                }
            }
            prop_assert!(seen.first().is_none_or(|first| *first == Phase::Discover));
            for pair in seen.windows(2) {
                let back = pair[1] == Phase::Analyze && pair[0] >= Phase::Build;
                prop_assert!(pair[0] < pair[1] || back, "{seen:?}");
                prop_assert!(pair[1] != Phase::Test || pair[0] == Phase::Build, "{seen:?}");
                prop_assert!(pair[0] != Phase::Complete, "{seen:?}");
            }
        }
    }

    #[test]
    fn a_run_goes_through_all_phases() {
        let mut now = None;
        for phase in ALL {
            assert!(phase.may_follow(now), "{phase:?} after {now:?}");
            now = Some(phase);
        }
    }
}
