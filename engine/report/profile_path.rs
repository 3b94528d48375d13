//! The critical path of a run: which actions waited for each other until the last one had ended.

use super::profile::Act;
use std::collections::{HashMap, HashSet};

/// From the action that ended last back to one that waited for none, told forwards. Each but the first
/// could not be carried out before the one in front of it had ended.
pub(super) fn critical(acts: &[Act]) -> Vec<usize> {
    let by_id: HashMap<(u32, u32), usize> =
        acts.iter().enumerate().map(|(at, act)| ((act.plan, act.id), at)).collect();
    let last = (0..acts.len()).max_by_key(|at| (acts[*at].ended, std::cmp::Reverse(*at)));
    let mut path = Vec::new();
    // A stream may hold anything, also actions that wait for each other.
    let mut seen = HashSet::new();
    let mut next = last;
    while let Some(at) = next.filter(|at| seen.insert(*at)) {
        path.push(at);
        let act = &acts[at];
        next = act.after.and_then(|after| by_id.get(&(act.plan, after)).copied());
    }
    path.reverse();
    path
}
