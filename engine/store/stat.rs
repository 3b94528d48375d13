//! The digests of source files, remembered by what `stat` says, so that no byte is read twice.
//!
//! A file that was written so shortly before it was hashed that a later write could carry the same
//! time is remembered as racy, and hashed again next time.

use super::clock::{Clock, Tick};
use super::error::{Doing, StoreError};
use super::file::hash_file;
use crate::base::Digest;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

/// How far apart two writes must be to have different times: coarse clocks tick every 10 ms.
const TICK_NS: i64 = 10_000_000;
/// The same for file systems that know whole or even seconds only.
const LONG_TICK_NS: i64 = 2_000_000_000;
const ATTEMPTS: usize = 3;

/// What `stat` says about a file, symbolic links followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileStat {
    /// Device of the file system.
    pub dev: u64,
    /// Number of the file in it.
    pub ino: u64,
    /// Bytes.
    pub size: u64,
    /// Time of the last write, in ns since the epoch.
    pub mtime_ns: i64,
    /// Time of the last change of anything, in ns since the epoch. Nobody can set it.
    pub ctime_ns: i64,
    /// Type and permissions.
    pub mode: u32,
}

impl FileStat {
    /// Asks for a file; nothing if there is none, or only a link that leads nowhere.
    pub fn of(path: &Path) -> Result<Option<FileStat>, StoreError> {
        match fs::metadata(path) {
            Ok(found) => Ok(Some(FileStat::from(&found))),
            Err(error) if is_missing(&error) => Ok(None),
            Err(error) => Err(error).doing("look at", path),
        }
    }

    /// True if its owner may execute it.
    pub fn is_executable(&self) -> bool {
        self.mode & 0o100 != 0
    }

    /// True for a folder.
    pub fn is_folder(&self) -> bool {
        self.mode & 0o170_000 == 0o040_000
    }

    fn newest(&self) -> i64 {
        self.mtime_ns.max(self.ctime_ns)
    }

    /// True if no later write can look like this one, given the time of the file system before
    /// the file was read. Times in its future are never settled.
    pub(super) fn is_settled(&self, clock: &Tick) -> bool {
        let whole = self.mtime_ns % 1_000_000_000 == 0 && self.ctime_ns % 1_000_000_000 == 0;
        let tick = if whole || clock.dev != self.dev { LONG_TICK_NS } else { TICK_NS };
        self.newest().saturating_add(tick) <= clock.now_ns
    }
}

impl From<&Metadata> for FileStat {
    fn from(found: &Metadata) -> FileStat {
        let ns = |seconds: i64, ns: i64| seconds.saturating_mul(1_000_000_000).saturating_add(ns);
        FileStat {
            dev: found.dev(),
            ino: found.ino(),
            size: found.len(),
            mtime_ns: ns(found.mtime(), found.mtime_nsec()),
            ctime_ns: ns(found.ctime(), found.ctime_nsec()),
            mode: found.mode(),
        }
    }
}

/// What is remembered of a file from one run to the next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatRow {
    /// Absolute path.
    pub path: PathBuf,
    /// What is known; nothing means that the row is to be forgotten.
    pub known: Option<Known>,
}

/// The digest of a file that looked like this.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Known {
    /// What `stat` said before and after it was read.
    pub stat: FileStat,
    /// Digest of its content.
    pub digest: Digest,
    /// True if a later write could have left the same stat.
    pub racy: bool,
}

/// Digests of files by path. Each path is asked for once a run.
#[derive(Debug)]
pub struct StatCache {
    files: RwLock<HashMap<PathBuf, Arc<Mutex<Slot>>>>,
    clock: Clock,
    stats: AtomicU64,
    hashes: AtomicU64,
}

/// State of one path.
#[derive(Debug, Default)]
struct Slot {
    known: Option<Known>,
    /// True if `known` was looked at in this run; then no `known` means that there is no file.
    seen: bool,
    /// What the ledger holds.
    saved: Option<Known>,
    /// True if its content changed while this run went on.
    unsteady: bool,
}

impl StatCache {
    /// A cache for a workspace whose root is given, starting from what the ledger remembers.
    pub fn new(root: &Path, rows: Vec<StatRow>) -> StatCache {
        let slot = |known| {
            Arc::new(Mutex::new(Slot { known, seen: false, saved: known, unsteady: false }))
        };
        let files = rows.into_iter().map(|row| (row.path, slot(row.known))).collect();
        StatCache {
            files: RwLock::new(files),
            clock: Clock::new(&root.join("eng-out")),
            stats: AtomicU64::new(0),
            hashes: AtomicU64::new(0),
        }
    }

    /// The digest of the file at an absolute path, and whether it can be executed; nothing if there
    /// is no such file. A folder is an error, as is a file that keeps changing while it is read.
    pub fn digest(&self, path: &Path) -> Result<Option<(Digest, bool)>, StoreError> {
        let slot = self.slot(path);
        let mut slot = lock(&slot);
        if !slot.seen {
            slot.known = self.look(path, slot.known)?;
            slot.seen = true;
        }
        Ok(slot.known.map(|known| (known.digest, known.stat.is_executable())))
    }

    /// What was found out of a path when its digest was asked for.
    pub fn known(&self, path: &Path) -> Option<Known> {
        lock(&self.slot(path)).known
    }

    /// Has the path asked for again when it is needed next, since somebody may have written to it.
    pub fn forget(&self, path: &Path) {
        lock(&self.slot(path)).seen = false;
    }

    /// Asks for a path again; true if its content or its being there has changed since `digest`
    /// spoke of it in this run. From then on `digest` tells the new state.
    pub fn recheck(&self, path: &Path) -> Result<bool, StoreError> {
        let slot = self.slot(path);
        let mut slot = lock(&slot);
        let told = |known: &Option<Known>| known.map(|it| (it.digest, it.stat.is_executable()));
        let before = slot.seen.then(|| told(&slot.known));
        slot.known = self.look(path, slot.known)?;
        slot.seen = true;
        let changed = before.is_some_and(|before| before != told(&slot.known));
        slot.unsteady |= changed;
        Ok(changed)
    }

    /// What the ledger does not hold yet, sorted by path.
    pub fn changed(&self) -> Vec<StatRow> {
        let files = self.files.read().unwrap_or_else(PoisonError::into_inner);
        let mut res = Vec::new();
        for (path, slot) in files.iter() {
            let slot = lock(slot);
            if slot.seen && slot.known != slot.saved {
                res.push(StatRow { path: path.clone(), known: slot.known });
            }
        }
        res.sort_unstable_by(|a, b| a.path.cmp(&b.path));
        res
    }

    /// The paths that were asked for in this run, sorted; nothing stands for a file that is not
    /// there.
    pub fn seen(&self) -> Vec<StatRow> {
        let files = self.files.read().unwrap_or_else(PoisonError::into_inner);
        let mut res = Vec::new();
        for (path, slot) in files.iter() {
            let slot = lock(slot);
            if slot.seen {
                res.push(StatRow { path: path.clone(), known: slot.known });
            }
        }
        res.sort_unstable_by(|a, b| a.path.cmp(&b.path));
        res
    }

    /// The paths whose content changed while this run went on: some may have read one, some another.
    pub fn unsteady(&self) -> Vec<PathBuf> {
        let files = self.files.read().unwrap_or_else(PoisonError::into_inner);
        let unsteady = files.iter().filter(|(_, slot)| lock(slot).unsteady);
        unsteady.map(|(path, _)| path.clone()).collect()
    }

    /// How many times a file was asked for its stat data, and how many times one was hashed.
    #[cfg(test)]
    pub fn counts(&self) -> (u64, u64) {
        (self.stats.load(Ordering::Relaxed), self.hashes.load(Ordering::Relaxed))
    }

    /// The lock of a path is held while the file is read, so that it is read once; the lock of the
    /// map is not, so that other files are read meanwhile.
    fn slot(&self, path: &Path) -> Arc<Mutex<Slot>> {
        let files = self.files.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(slot) = files.get(path) {
            return slot.clone();
        }
        drop(files);
        let mut files = self.files.write().unwrap_or_else(PoisonError::into_inner);
        files.entry(path.to_path_buf()).or_default().clone()
    }

    fn look(&self, path: &Path, known: Option<Known>) -> Result<Option<Known>, StoreError> {
        let Some(mut stat) = self.ask(path)? else { return Ok(None) };
        if let Some(known) = known
            && known.stat == stat
            && !known.racy
        {
            return Ok(Some(known));
        }
        for _ in 0..ATTEMPTS {
            // The clock is read before the file: a write after that carries this time or a later
            // one, so it cannot hide behind a stat that is older than that.
            let racy = !self.clock.has_passed(&stat);
            self.hashes.fetch_add(1, Ordering::Relaxed);
            let digest = match hash_file(path) {
                Ok(digest) => Some(digest),
                Err(failure) if is_missing(&failure.error) => None,
                Err(failure) => return Err(failure),
            };
            let Some(after) = self.ask(path)? else { return Ok(None) };
            match digest {
                Some(digest) if stat == after => return Ok(Some(Known { stat, digest, racy })),
                _ => stat = after,
            }
        }
        Err(StoreError::odd("hash", path, "changes while it is read"))
    }

    fn ask(&self, path: &Path) -> Result<Option<FileStat>, StoreError> {
        self.stats.fetch_add(1, Ordering::Relaxed);
        let stat = FileStat::of(path)?;
        let what = match stat.map(|stat| stat.mode & 0o170_000) {
            None | Some(0o100_000) => return Ok(stat),
            Some(0o040_000) => "a folder",
            Some(_) => "a device, pipe or socket",
        };
        Err(StoreError::odd("read", path, format!("is {what}, where a file is expected")))
    }
}

fn is_missing(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

fn lock(slot: &Mutex<Slot>) -> MutexGuard<'_, Slot> {
    slot.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str) -> (tempfile::TempDir, PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.c");
        fs::write(&path, text).unwrap();
        (dir, path)
    }

    fn row(path: &Path, text: &str, racy: bool) -> Vec<StatRow> {
        let stat = FileStat::of(path).unwrap().unwrap();
        let known = Some(Known { stat, digest: Digest::of(text.as_bytes()), racy });
        vec![StatRow { path: path.to_path_buf(), known }]
    }

    #[test]
    fn an_unchanged_file_is_asked_for_once_and_never_read() {
        let (dir, path) = file("new");
        let cache = StatCache::new(dir.path(), row(&path, "new", false));
        for _ in 0..2 {
            assert_eq!(cache.digest(&path).unwrap(), Some((Digest::of(b"new"), false)));
        }
        assert_eq!(cache.counts(), (1, 0));
        assert!(cache.changed().is_empty());
        assert!(!dir.path().join("eng-out").exists());
    }

    #[test]
    fn a_write_of_the_same_size_in_the_same_tick_is_noticed() {
        let (dir, path) = file("new");
        // The stat is equal, as it is when both writes fall into one tick of the clock.
        let cache = StatCache::new(dir.path(), row(&path, "old", true));
        assert_eq!(cache.digest(&path).unwrap().unwrap().0, Digest::of(b"new"));
        assert_eq!(cache.changed().len(), 1);
    }

    #[test]
    fn only_a_file_older_than_a_tick_is_settled() {
        let clock = Tick { dev: 1, now_ns: 50_000_000_001 };
        let at = |age: i64| FileStat {
            dev: 1,
            ino: 1,
            size: 1,
            mtime_ns: 1,
            ctime_ns: clock.now_ns - age,
            mode: 0o100_644,
        };
        assert!(at(TICK_NS).is_settled(&clock));
        assert!(!at(TICK_NS - 1).is_settled(&clock));
        assert!(!at(-5).is_settled(&clock), "from the future");
        assert!(!FileStat { mtime_ns: i64::MAX, ..at(TICK_NS) }.is_settled(&clock));
        let elsewhere = Tick { dev: 2, ..clock };
        assert!(!at(TICK_NS).is_settled(&elsewhere));
        let whole = FileStat { mtime_ns: 0, ctime_ns: 49_000_000_000, ..at(0) };
        assert!(!whole.is_settled(&clock));
        assert!(FileStat { ctime_ns: 48_000_000_000, ..whole }.is_settled(&clock));
    }

    #[test]
    fn a_file_with_a_time_in_the_future_is_remembered_as_racy() {
        let (dir, path) = file("x");
        let future = std::time::SystemTime::now() + std::time::Duration::from_secs(3600);
        fs::File::options().write(true).open(&path).unwrap().set_modified(future).unwrap();
        let cache = StatCache::new(dir.path(), vec![]);
        cache.digest(&path).unwrap();
        assert!(cache.changed()[0].known.unwrap().racy);
    }

    #[test]
    fn after_an_action_only_another_content_counts_as_a_change() {
        let (dir, path) = file("one");
        let cache = StatCache::new(dir.path(), vec![]);
        cache.digest(&path).unwrap();
        fs::write(&path, "one").unwrap();
        assert!(!cache.recheck(&path).unwrap());
        fs::write(&path, "two").unwrap();
        assert!(cache.recheck(&path).unwrap());
        assert_eq!(cache.digest(&path).unwrap().unwrap().0, Digest::of(b"two"));
        fs::remove_file(&path).unwrap();
        assert!(cache.recheck(&path).unwrap());
        assert_eq!(cache.digest(&path).unwrap(), None);
        fs::write(&path, "two").unwrap();
        cache.forget(&path);
        assert!(cache.digest(&path).unwrap().is_some());
    }

    #[test]
    fn links_are_followed_and_a_folder_is_named() {
        let (dir, path) = file("x");
        let link = dir.path().join("link");
        let cache = StatCache::new(dir.path(), vec![]);
        std::os::unix::fs::symlink("nowhere", &link).unwrap();
        assert_eq!(cache.digest(&link).unwrap(), None);
        fs::remove_file(&link).unwrap();
        std::os::unix::fs::symlink(&path, &link).unwrap();
        cache.forget(&link);
        assert_eq!(cache.digest(&link).unwrap().unwrap().0, Digest::of(b"x"));
        let text = cache.digest(dir.path()).unwrap_err().to_string();
        assert!(text.ends_with("is a folder, where a file is expected"), "{text}");
    }
}
