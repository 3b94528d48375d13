//! Regular files: read and hashed piece by piece, written under a name that nobody sees.

use super::error::{Doing, StoreError};
use crate::base::{Digest, Hasher};
use rustix::fs::{Mode, OFlags};
use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

/// Files below this size are read at once, larger ones in pieces of it.
pub(super) const PIECE: usize = 128 * 1024;

/// The digest of a regular file's content, which is not stored. Symbolic links are followed.
pub(super) fn hash_file(path: &Path) -> Result<Digest, StoreError> {
    let (mut file, found) = open_regular(path, OFlags::empty())?;
    let mut piece = vec![0; PIECE.min(found.len() as usize + 1)];
    let mut hasher = Hasher::default();
    loop {
        let length = fill(&mut file, &mut piece).doing("read", path)?;
        hasher.update(&piece[..length]);
        if length < piece.len() {
            return Ok(hasher.finish());
        }
        piece.resize(PIECE, 0);
    }
}

/// A file that is being written; if it has a name, that goes away with it.
pub(super) struct Draft {
    pub file: File,
    pub name: Option<PathBuf>,
}

impl Draft {
    pub fn named(folder: &Path, mode: u32) -> Result<Draft, StoreError> {
        let path = folder.join(format!(".eng-{}", unique()));
        let mut options = OpenOptions::new();
        let file = options.write(true).create_new(true).mode(mode).open(&path);
        Ok(Draft { file: file.doing("write", &path)?, name: Some(path) })
    }

    pub fn path<'a>(&'a self, folder: &'a Path) -> &'a Path {
        self.name.as_deref().unwrap_or(folder)
    }

    pub fn rename(mut self, dest: &Path) -> Result<(), StoreError> {
        let Some(name) = &self.name else { return Ok(()) };
        fs::rename(name, dest).doing("write", dest)?;
        self.name = None;
        Ok(())
    }

    /// The same, also where a folder stands.
    pub fn replace(mut self, dest: &Path) -> Result<(), StoreError> {
        let Some(name) = &self.name else { return Ok(()) };
        if let Err(error) = fs::rename(name, dest) {
            // The kernel's word for a folder in the way of a file.
            if error.kind() != io::ErrorKind::IsADirectory {
                return Err(error).doing("write", dest);
            }
            fs::remove_dir_all(dest).doing("remove", dest)?;
            fs::rename(name, dest).doing("write", dest)?;
        }
        self.name = None;
        Ok(())
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if let Some(name) = &self.name {
            let _ = fs::remove_file(name);
        }
    }
}

/// A name that no other thread or living process uses.
pub(super) fn unique() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    format!("{}-{}-{number}", std::process::id(), since.as_nanos())
}

/// Opens a file for writing that has no name yet, and never gets one if we are killed.
pub(super) fn nameless_file(folder: &Path) -> io::Result<File> {
    let flags = OFlags::TMPFILE | OFlags::WRONLY | OFlags::CLOEXEC;
    Ok(rustix::fs::open(folder, flags, Mode::from_raw_mode(0o600))?.into())
}

/// Opens a regular file for reading. A pipe without writer must not make us wait.
pub(super) fn open_regular(path: &Path, extra: OFlags) -> Result<(File, Metadata), StoreError> {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK | extra;
    let file: File = match rustix::fs::open(path, flags, Mode::empty()) {
        Err(rustix::io::Errno::LOOP) if extra.contains(OFlags::NOFOLLOW) => {
            return Err(StoreError::odd("read", path, "is a symbolic link, not a regular file"));
        }
        opened => opened.doing("open", path)?.into(),
    };
    let found = file.metadata().doing("look at", path)?;
    if !found.is_file() {
        let what = if found.is_dir() { "a folder" } else { "a device, pipe or socket" };
        return Err(StoreError::odd("read", path, format!("is {what}, not a regular file")));
    }
    Ok((file, found))
}

/// The bytes of what somebody left at a path; nothing if it is not there. The error says why they
/// cannot be had, in words that follow the name of the file.
pub fn read_left(path: &Path) -> Result<Option<Vec<u8>>, String> {
    /// Far more than any file that is read whole.
    const MOST: u64 = 64 << 20;
    let (file, found) = match open_regular(path, OFlags::empty()) {
        Ok(opened) => opened,
        Err(fault) if fault.error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(fault) if fault.error.kind() == io::ErrorKind::InvalidData => {
            return Err(fault.error.to_string());
        }
        Err(fault) => return Err(format!("cannot be read: {}", fault.error)),
    };
    let mut bytes = Vec::with_capacity(found.len().min(MOST) as usize);
    let read = file.take(MOST + 1).read_to_end(&mut bytes);
    read.map_err(|error| format!("cannot be read: {error}"))?;
    match bytes.len() as u64 > MOST {
        true => Err("is larger than 64 MiB".to_string()),
        false => Ok(Some(bytes)),
    }
}

/// Reads until the buffer is full or the file ends.
pub(super) fn fill(file: &mut File, buffer: &mut [u8]) -> io::Result<usize> {
    let mut length = 0;
    while length < buffer.len() {
        match file.read(&mut buffer[length..]) {
            Ok(0) => break,
            Ok(more) => length += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(length)
}
