//! The time of a file system, by which it is known whether a file may still change unseen.

use super::stat::FileStat;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// The time of the workspace's file system, which need not be the machine's. It is read from a file
/// that is written for it, and only when a file is too young for the last answer.
#[derive(Debug)]
pub(super) struct Clock {
    folder: PathBuf,
    last: Mutex<(Option<File>, Tick)>,
}

#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Tick {
    pub dev: u64,
    pub now_ns: i64,
}

impl Clock {
    /// The clock of the file system that a folder is in.
    pub fn new(folder: &Path) -> Clock {
        Clock { folder: folder.to_path_buf(), last: Mutex::default() }
    }

    /// True if the file was last changed so long ago that a write from now on has another time.
    /// False if there is no way to know.
    pub fn has_passed(&self, stat: &FileStat) -> bool {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if stat.is_settled(&last.1) {
            return true;
        }
        let Ok(now) = self.read(&mut last.0) else { return false };
        last.1 = now;
        stat.is_settled(&now)
    }

    fn read(&self, probe: &mut Option<File>) -> io::Result<Tick> {
        let file = match probe {
            Some(file) => file,
            None => {
                // A dry run makes no folder: then no file is settled, and young ones are read again.
                let path = self.folder.join(".clock");
                let file = File::options().write(true).create(true).truncate(false).open(path)?;
                probe.insert(file)
            }
        };
        file.write_all_at(b"\n", 0)?;
        let found = FileStat::from(&file.metadata()?);
        Ok(Tick { dev: found.dev, now_ns: found.mtime_ns })
    }
}
