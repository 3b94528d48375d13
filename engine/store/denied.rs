//! A file that grows whenever a failure ends what was known: whoever remembers a whole run as good
//! looks at it before that is believed.

use super::stat::FileStat;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// The file begins anew when it is longer than this.
const LONGEST: u64 = 1 << 20;

/// The file of a cache, and what this process has added to it.
#[derive(Debug)]
pub struct Denied {
    path: PathBuf,
    /// Its size when this was made.
    before: u64,
    own: AtomicU64,
}

impl Denied {
    /// That of a cache.
    pub fn of(cache: &Path) -> Denied {
        let path = cache.join("denied");
        let before = fs::metadata(&path).map_or(0, |found| found.len());
        Denied { path, before, own: AtomicU64::new(0) }
    }

    /// How the file of a cache looks, which may not be there; nothing if that cannot be told.
    pub fn now(cache: &Path) -> Option<Option<FileStat>> {
        FileStat::of(&cache.join("denied")).ok()
    }

    /// Lets it grow.
    pub fn deny(&self) {
        let file = File::options().append(true).create(true).open(&self.path);
        let written = file.and_then(|mut file| {
            if file.metadata()?.len() > LONGEST {
                file.set_len(0)?;
            }
            file.write_all(b".")
        });
        match written {
            Ok(()) => drop(self.own.fetch_add(1, Ordering::Relaxed)),
            Err(_) => drop(fs::remove_file(&self.path)),
        }
    }

    /// How it looks; nothing if somebody else has let it grow since it looked so, or, without that,
    /// since this was made. That a file is not there is a way to look.
    pub fn look(&self, since: Option<Option<FileStat>>) -> Option<Option<FileStat>> {
        let now = FileStat::of(&self.path).ok()?;
        let before = since.map_or(self.before, |stat| stat.map_or(0, |stat| stat.size));
        let size = now.map_or(0, |stat| stat.size);
        (size == before + self.own.load(Ordering::Relaxed)).then_some(now)
    }
}
