//! A folder of this process alone, in which actions run.

use anyhow::{Context, Result};
use rustix::fs::{FlockOperation, flock};
use std::fs::{self, File};
use std::path::{Path, PathBuf};

/// The folder; removed when dropped. A lock on it tells other processes that it is in use.
pub(super) struct Scratch {
    path: PathBuf,
    _lock: File,
}

impl Scratch {
    /// Makes one below `base`, and removes those whose process is gone.
    pub fn new(base: &Path) -> Result<Scratch> {
        fs::create_dir_all(base)
            .with_context(|| format!("create the folder {}", base.display()))?;
        sweep(base);
        for number in 0.. {
            let path = base.join(format!("{}-{number}", std::process::id()));
            match fs::create_dir(&path) {
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => continue,
                res => res.with_context(|| format!("create the folder {}", path.display()))?,
            }
            let lock = File::open(&path).with_context(|| format!("open {}", path.display()))?;
            flock(&lock, FlockOperation::NonBlockingLockExclusive)
                .with_context(|| format!("lock {}", path.display()))?;
            return Ok(Scratch { path, _lock: lock });
        }
        unreachable!("BUG: all numbers are taken")
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.path);
    }
}

/// Removes what killed processes left behind. A folder without a lock that was made just now may
/// belong to a process that is about to lock it.
fn sweep(base: &Path) {
    let Ok(entries) = fs::read_dir(base) else { return };
    for entry in entries.flatten() {
        let old = entry
            .metadata()
            .and_then(|meta| meta.modified())
            .is_ok_and(|time| time.elapsed().is_ok_and(|age| age.as_secs() > 10));
        let Ok(folder) = File::open(entry.path()) else { continue };
        if old && flock(&folder, FlockOperation::NonBlockingLockExclusive).is_ok() {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}
