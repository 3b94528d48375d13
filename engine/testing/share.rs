//! Which share of the tests a run has. All shares together hold each test just once, so the division
//! follows from what all of them see alike: the tests, and the times that the user hands over.
//! What one machine remembers by itself must not count.

use crate::analyze::Test;
use crate::base::{Hasher, Label};
use crate::store::Durations;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A share that is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Share {
    /// Which, from 0 on.
    pub index: u32,
    /// Of how many.
    pub number: u32,
    /// How long tests take, in ms, by label; may be empty.
    pub times: BTreeMap<String, u64>,
}

/// What a share holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Division {
    /// Tests of which it has all cases.
    pub whole: BTreeSet<Label>,
    /// Tests of which it has the cases whose place in the listing, divided by the number of shares,
    /// leaves its index.
    pub split: BTreeSet<Label>,
    /// The same for all shares of a division, and only for those.
    pub name: String,
}

impl Share {
    /// Reads times as [`times`] writes them: a label, a tab and a number of ms a line. The error
    /// names the line.
    pub fn read_times(text: &str) -> Result<BTreeMap<String, u64>, String> {
        let mut times = BTreeMap::new();
        for (line, number) in text.lines().zip(1..) {
            let time = line.split_once('\t');
            let time = time.and_then(|(label, ms)| Some((label, ms.parse::<u64>().ok()?)));
            let Some((label, ms)) = time else {
                return Err(format!(
                    "line {number} is '{line}'; a label, a tab and a number of milliseconds were expected"
                ));
            };
            times.insert(label.to_string(), ms);
        }
        Ok(times)
    }

    /// Divides tests: the longest first, each to the share that has least so far. A test that is
    /// longer than a share should be is split by its cases, if it lists them.
    pub fn divide(&self, tests: &[Arc<Test>]) -> Division {
        let mut known: Vec<u64> = tests
            .iter()
            .filter_map(|test| self.times.get(&test.label.to_string()))
            .copied()
            .collect();
        known.sort_unstable();
        // One of which nothing is known is taken for one in the middle.
        let median = known.get(known.len().saturating_sub(1) / 2).copied().unwrap_or(1);
        let time =
            |test: &Test| self.times.get(&test.label.to_string()).copied().unwrap_or(median).max(1);
        let sum = tests.iter().map(|test| time(test)).fold(0, u64::saturating_add);
        let fair = sum / u64::from(self.number);
        let mut order: Vec<&Arc<Test>> = tests.iter().collect();
        order.sort_by_key(|test| (Reverse(time(test)), test.label.clone()));
        let mut loads = vec![0u64; self.number as usize];
        let mut name = Hasher::default();
        let mut res =
            Division { whole: BTreeSet::new(), split: BTreeSet::new(), name: String::new() };
        for test in order {
            name.field(test.label.to_string().as_bytes());
            let splits = test.protocol.list.is_some() && self.number > 1;
            if splits && time(test) > fair && !self.times.is_empty() {
                name.field(b"all");
                let part = time(test) / u64::from(self.number);
                loads.iter_mut().for_each(|load| *load = load.saturating_add(part));
                res.split.insert(test.label.clone());
                continue;
            }
            let least = (0..loads.len()).min_by_key(|at| loads[*at]).unwrap_or(0);
            name.field(&least.to_le_bytes());
            loads[least] = loads[least].saturating_add(time(test));
            if least == self.index as usize {
                res.whole.insert(test.label.clone());
            }
        }
        res.name = name.finish().hex()[..8].to_string();
        res
    }
}

impl Division {
    /// True if the share has the case at this place of the test's listing.
    pub fn has(&self, share: &Share, label: &Label, place: usize) -> bool {
        !self.split.contains(label) || place % share.number as usize == share.index as usize
    }
}

/// What is known of the times of tests, a line each.
pub fn times(tests: &[Arc<Test>], durations: &Durations) -> String {
    let line = |test: &Arc<Test>| {
        let time = durations.of_test(&test.label.to_string())?;
        Some(format!("{}\t{}\n", test.label, time.as_millis().max(1)))
    };
    tests.iter().filter_map(line).collect()
}
