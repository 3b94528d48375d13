//! Which runs are going on: each holds a lock on a file of its own, which the system lets go when the
//! process ends, however that comes about.

use rustix::fs::{FlockOperation, flock};
use std::fs::{self, DirBuilder, File};
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

/// Held while a run goes on.
pub(super) struct RunLock {
    path: PathBuf,
    _lock: File,
}

fn folder(dir: &Path) -> PathBuf {
    dir.join("running")
}

fn file(dir: &Path, id: i64) -> PathBuf {
    folder(dir).join(id.to_string())
}

impl RunLock {
    /// Marks a run as going on; nothing if the disk refuses. Marks of runs that were killed are
    /// removed.
    pub fn begin(dir: &Path, id: i64) -> Option<RunLock> {
        let folder = folder(dir);
        DirBuilder::new().recursive(true).mode(0o700).create(&folder).ok()?;
        for left in fs::read_dir(&folder).into_iter().flatten().flatten() {
            let free = File::open(left.path())
                .is_ok_and(|file| flock(&file, FlockOperation::NonBlockingLockExclusive).is_ok());
            if free {
                let _ = fs::remove_file(left.path());
            }
        }
        let path = file(dir, id);
        loop {
            let lock = File::create(&path).ok()?;
            // Who looks holds the lock for a moment only.
            flock(&lock, FlockOperation::LockExclusive).ok()?;
            let own = lock.metadata().ok()?.ino();
            // Somebody may have taken it for one that was left, before it had its lock.
            if fs::metadata(&path).is_ok_and(|found| found.ino() == own) {
                return Some(RunLock { path, _lock: lock });
            }
        }
    }

    /// All that go on, of whatever workspace.
    pub fn all(dir: &Path) -> Vec<i64> {
        let left = fs::read_dir(folder(dir)).into_iter().flatten().flatten();
        let ids = left.filter_map(|it| it.file_name().to_str()?.parse().ok());
        ids.filter(|id| RunLock::is(dir, *id)).collect()
    }

    /// True if a run goes on.
    pub fn is(dir: &Path, id: i64) -> bool {
        let Ok(file) = File::open(file(dir, id)) else { return false };
        flock(&file, FlockOperation::NonBlockingLockShared).is_err()
    }
}

impl Drop for RunLock {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_goes_on_as_long_as_it_holds_its_lock() {
        let dir = tempfile::tempdir().unwrap();
        let running = RunLock::begin(dir.path(), 7).unwrap();
        let other = RunLock::begin(dir.path(), 8).unwrap();
        assert!(RunLock::is(dir.path(), 7) && RunLock::is(dir.path(), 8));
        let mut all = RunLock::all(dir.path());
        all.sort_unstable();
        assert_eq!(all, [7, 8]);
        drop(running);
        assert!(!RunLock::is(dir.path(), 7) && RunLock::is(dir.path(), 8));
        drop(other);
        // One that was killed leaves its file behind.
        fs::write(file(dir.path(), 9), "").unwrap();
        assert!(!RunLock::is(dir.path(), 9));
        assert!(RunLock::all(dir.path()).is_empty());
        let _next = RunLock::begin(dir.path(), 10);
        assert!(!file(dir.path(), 9).exists() && file(dir.path(), 10).exists());
    }
}
