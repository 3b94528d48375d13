//! Folders of this process alone, in which actions run: one in memory if the machine has a place
//! for that, and one on the store's disk.

use crate::run::end_left;
use anyhow::{Context, Result};
use rustix::fs::{FlockOperation, StatVfsMountFlags, flock, statfs, statvfs};
use rustix::process::getuid;
use std::fs::{self, DirBuilder, File};
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

/// A file system in memory that every Linux has for shared memory. Folders of links cost a tenth
/// there of what they cost on disk, where freed inodes are not taken again for seconds.
const MEMORY: &str = "/dev/shm";
/// With less room than this, actions run on disk. Containers often have 64 MiB.
const ENOUGH: u64 = 1 << 30;
/// What `statfs` says of a file system in memory.
const TMPFS_MAGIC: u64 = 0x0102_1994;

/// The folders; removed when dropped. A lock on each tells other processes that it is in use.
pub(super) struct Scratch {
    fast: Option<Folder>,
    disk: Folder,
}

impl Scratch {
    /// Makes them, the one on disk below `base`, and removes those whose process is gone.
    pub fn new(base: &Path) -> Result<Scratch> {
        fs::create_dir_all(base)
            .with_context(|| format!("create the folder {}", base.display()))?;
        let disk = Folder::new(base, "")?;
        let fast = has_room(Path::new(MEMORY))
            .then(|| Folder::new(Path::new(MEMORY), &format!("eng-{}-", getuid().as_raw())).ok());
        Ok(Scratch { fast: fast.flatten(), disk })
    }

    /// Where folders of links are cheap: in memory, if there is a place for that.
    pub fn fast(&self) -> &Path {
        &self.fast.as_ref().unwrap_or(&self.disk).path
    }

    /// Where much can be written.
    pub fn disk(&self) -> &Path {
        &self.disk.path
    }
}

/// True if the folder is in memory, programs may be started there, and there is enough room.
fn has_room(folder: &Path) -> bool {
    let (Ok(kind), Ok(room)) = (statfs(folder), statvfs(folder)) else { return false };
    let free = room.f_bavail.saturating_mul(room.f_frsize);
    kind.f_type as u64 == TMPFS_MAGIC
        && !room.f_flag.contains(StatVfsMountFlags::NOEXEC)
        && free >= ENOUGH
}

struct Folder {
    path: PathBuf,
    _lock: File,
}

impl Folder {
    fn new(base: &Path, prefix: &str) -> Result<Folder> {
        sweep(base, prefix);
        for number in 0.. {
            let path = base.join(format!("{prefix}{}-{number}", std::process::id()));
            match DirBuilder::new().mode(0o700).create(&path) {
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => continue,
                res => res.with_context(|| format!("create the folder {}", path.display()))?,
            }
            let lock = File::open(&path).with_context(|| format!("open {}", path.display()))?;
            flock(&lock, FlockOperation::NonBlockingLockExclusive)
                .with_context(|| format!("lock {}", path.display()))?;
            return Ok(Folder { path, _lock: lock });
        }
        unreachable!("BUG: all numbers are taken")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.path);
    }
}

/// Removes what killed processes of this user left behind, and ends what these had started. A folder without a lock that was made
/// just now may belong to a process that is about to lock it.
fn sweep(base: &Path, prefix: &str) {
    let Ok(entries) = fs::read_dir(base) else { return };
    for entry in entries.flatten() {
        let is_ours = entry.file_name().to_str().is_some_and(|name| name.starts_with(prefix))
            && entry.metadata().is_ok_and(|meta| meta.is_dir() && meta.uid() == getuid().as_raw());
        let old = entry
            .metadata()
            .and_then(|meta| meta.modified())
            .is_ok_and(|time| time.elapsed().is_ok_and(|age| age.as_secs() > 10));
        if !is_ours || !old {
            continue;
        }
        let Ok(folder) = File::open(entry.path()) else { continue };
        if flock(&folder, FlockOperation::NonBlockingLockExclusive).is_ok() {
            end_left(&entry.path());
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}
