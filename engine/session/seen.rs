//! Files and folders that were read, and what `stat` said of them: while it says the same, what was
//! made of them holds.

use super::recall::now_ns;
use crate::base::Digest;
use crate::load::{self, Workspace};
use crate::store::{FileStat, Known, StatCache};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A file counts only if it was last changed this long before the run began: then what the run read
/// is what `stat` speaks of. Clocks of file systems go in ticks of up to 10 ms.
pub(super) const MARGIN: Duration = Duration::from_millis(20);
/// The same for a file system that keeps whole seconds.
const COARSE: Duration = Duration::from_secs(2);

/// A file or folder.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Seen {
    pub path: PathBuf,
    pub look: Look,
    pub what: What,
}

/// What `stat` said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Look {
    /// There was nothing.
    Missing,
    /// This.
    Like(FileStat),
    /// Something that a later change may leave as it was.
    Unsure,
}

/// What a file or folder is to the run.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) enum What {
    /// A file on which targets rest: its content, and whether it may be executed.
    File(Digest, bool),
    /// A file that says what there is, such as a `BUILD.ron`.
    Text(Digest),
    /// A folder that was looked into; this tells its names.
    Folder(Digest),
    /// If anything about it is new, nothing is known.
    Other,
}

/// All that a workspace was loaded from since `start_ns`, and others, each once. There is nothing if some
/// of it cannot be looked at.
pub(super) fn seen(workspace: &Workspace, others: &[PathBuf], start_ns: i64) -> Option<Vec<Seen>> {
    let digests = workspace.digests.iter();
    let mut told: HashMap<&Path, Digest> =
        digests.map(|(path, digest)| (path.as_path(), *digest)).collect();
    if workspace.hidden {
        // A glob sees names that the digest of a folder leaves out.
        told.retain(|path, _| !path.is_dir());
    }
    let mut known = HashSet::new();
    let mut res = Vec::with_capacity(workspace.read.len());
    for path in workspace.read.iter().chain(others).filter(|path| known.insert(path.as_path())) {
        let look = look(path, start_ns)?;
        let what = match told.get(path.as_path()) {
            Some(digest) if path.is_dir() => What::Folder(*digest),
            Some(digest) => What::Text(*digest),
            None => What::Other,
        };
        res.push(Seen { path: path.clone(), look, what });
    }
    Some(res)
}

/// Looks into those that look new: what has the content it had is as it was, whatever its times say.
/// Gives the numbers of the others; nothing if some of it cannot be looked at. `renewed` tells whether
/// what is to be kept of their looks has changed.
pub(super) fn changed(root: &Path, seen: &mut [Seen], renewed: &mut bool) -> Option<Vec<u32>> {
    let changed = differing(seen);
    if changed.is_empty() {
        return Some(changed);
    }
    let start_ns = now_ns();
    let stats = StatCache::new(root, Vec::new());
    let mut res = Vec::new();
    for number in &changed {
        let entry = &mut seen[*number as usize];
        let look = match entry.what {
            What::File(..) | What::Text(_) => {
                // What is gone is another matter than what has changed.
                let (now, executable) = stats.digest(&entry.path).ok()??;
                let same = match entry.what {
                    What::File(digest, bit) => (digest, bit) == (now, executable),
                    What::Text(digest) => digest == now,
                    What::Folder(_) | What::Other => false,
                };
                if !same {
                    res.push(*number);
                    continue;
                }
                stats.known(&entry.path).map_or(Look::Unsure, Look::of)
            }
            What::Folder(digest) => {
                let look = look(&entry.path, start_ns)?;
                if load::listing(&entry.path) != Some(digest) {
                    res.push(*number);
                }
                look
            }
            What::Other => {
                res.push(*number);
                continue;
            }
        };
        *renewed |= look != entry.look;
        entry.look = look;
    }
    Some(res)
}

/// The numbers of those that do not look as they did.
fn differing(seen: &[Seen]) -> Vec<u32> {
    let looks_new = |number: &u32| {
        let seen = &seen[*number as usize];
        match (seen.look, FileStat::of(&seen.path)) {
            (Look::Like(stat), Ok(Some(now))) => stat != now,
            (Look::Missing, Ok(None)) => false,
            _ => true,
        }
    };
    (0..seen.len() as u32).into_par_iter().with_min_len(256).filter(looks_new).collect()
}

impl Look {
    fn of(known: Known) -> Look {
        if known.racy { Look::Unsure } else { Look::Like(known.stat) }
    }
}

/// What `stat` says of a path, as far as it can be believed after a run that began then.
pub(super) fn look(path: &Path, start_ns: i64) -> Option<Look> {
    Some(match FileStat::of(path).ok()? {
        None => Look::Missing,
        Some(stat) if is_late(&stat, start_ns) => Look::Unsure,
        Some(stat) => Look::Like(stat),
    })
}

fn is_late(stat: &FileStat, start_ns: i64) -> bool {
    let last = stat.mtime_ns.max(stat.ctime_ns);
    let margin = if last % 1_000_000_000 == 0 { COARSE } else { MARGIN };
    last + margin.as_nanos() as i64 > start_ns
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changed_at(ns: i64) -> FileStat {
        FileStat { dev: 1, ino: 1, size: 1, mtime_ns: 5, ctime_ns: ns, mode: 0 }
    }

    #[test]
    fn only_what_was_old_when_the_run_began_counts() {
        let start = 10_000_000_001;
        assert!(!is_late(&changed_at(start - 30_000_000), start));
        assert!(is_late(&changed_at(start - 10_000_000), start));
        assert!(is_late(&changed_at(start + 1), start));
        assert!(is_late(&changed_at(9_000_000_000), start));
        assert!(!is_late(&changed_at(7_000_000_000), start));
    }
}
