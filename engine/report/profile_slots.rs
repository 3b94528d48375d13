//! Rows for what happens at the same time: each gets the first row that is free.

use super::profile::Act;
use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap};

/// Which row each action stands in, from 0 on; builds and tests have rows of their own.
pub(super) struct Slots {
    /// Rows of processes; nothing for an action without one.
    pub slots: Vec<Option<usize>>,
    /// Rows of those who carry actions out.
    pub workers: Vec<usize>,
}

/// The rows of all actions.
pub(super) fn slots(acts: &[Act]) -> Slots {
    let mut res = Slots { slots: vec![None; acts.len()], workers: vec![0; acts.len()] };
    for test in [false, true] {
        let own = || (0..acts.len()).filter(|at| acts[*at].test == test);
        let processes = own().filter_map(|at| {
            let process = acts[at].process.as_ref()?;
            Some((process.from, process.to, at))
        });
        for (at, row) in rows(processes.collect()) {
            res.slots[at] = Some(row);
        }
        for (at, row) in rows(own().map(|at| (acts[at].taken, acts[at].ended, at)).collect()) {
            res.workers[at] = row;
        }
    }
    res
}

/// A row for each span of time, so that those of one row do not overlap.
fn rows(mut spans: Vec<(u64, u64, usize)>) -> Vec<(usize, usize)> {
    spans.sort_unstable();
    let mut busy: BinaryHeap<Reverse<(u64, usize)>> = BinaryHeap::new();
    let mut free: BTreeSet<usize> = BTreeSet::new();
    let mut res = Vec::with_capacity(spans.len());
    for (from, to, at) in spans {
        while let Some(Reverse((_, row))) = busy.peek().copied().filter(|it| it.0.0 <= from) {
            busy.pop();
            free.insert(row);
        }
        let row = free.pop_first().unwrap_or(busy.len());
        busy.push(Reverse((to, row)));
        res.push((at, row));
    }
    res
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn rows_do_not_overlap_and_are_as_few_as_can_be(
            spans in prop::collection::vec((0..100_u64, 1..20_u64), 0..60)
        ) {
            let spans: Vec<_> =
                spans.iter().enumerate().map(|(at, (from, long))| (*from, from + long, at)).collect();
            let rows = rows(spans.clone());
            prop_assert_eq!(rows.len(), spans.len());
            for (at, row) in &rows {
                for (other, same) in &rows {
                    let (a, b) = (spans[*at], spans[*other]);
                    let apart = a.1 <= b.0 || b.1 <= a.0;
                    prop_assert!(at == other || row != same || apart, "{a:?} {b:?}");
                }
            }
            let at_once = |time: u64| spans.iter().filter(|it| it.0 <= time && time < it.1).count();
            let most = (0..120).map(at_once).max().unwrap_or(0);
            prop_assert_eq!(rows.iter().map(|(_, row)| row + 1).max().unwrap_or(0), most);
        }
    }
}
