//! Bytes by digest, one file each. It does not know what the bytes mean.
//!
//! A blob is written once and never again: mode 0555 (what stands in an exec root is a symbolic
//! link to the blob, so every blob can be executed; whether the file was executable is written
//! elsewhere) and one fixed time. A blob whose size, mode or time is another one was touched.

use super::error::{Doing, StoreError, quoted};
use super::file::{Draft, PIECE, fill, nameless_file, open_regular, unique};
use crate::base::{Digest, Hasher};
use rustix::fs::{AtFlags, CWD, Mode, OFlags, Timespec, Timestamps};
use std::fs::{self, DirBuilder, File, Metadata};
use std::io::{self, Write};
use std::os::fd::AsRawFd;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// The mode of every blob.
const BLOB_MODE: u32 = 0o555;
/// The time of every blob, in seconds after the epoch.
const BLOB_TIME: i64 = 1;
const TAG: &[u8] = b"Signature: 8a477f597d28d172789f06886806bc55\n# A cache of eng.\n";

/// True if this is the folder of a store, as far as it tells itself.
pub fn is_cache(dir: &Path) -> bool {
    fs::read(dir.join("CACHEDIR.TAG")).is_ok_and(|bytes| bytes == TAG)
}

/// A file that was stored.
#[derive(Debug)]
pub struct Stored {
    /// Of its bytes.
    pub digest: Digest,
    /// True if its owner may execute it.
    pub executable: bool,
    /// Its bytes, if they are few.
    pub bytes: Option<Vec<u8>>,
}

/// The store of blobs.
#[derive(Debug)]
pub struct Cas {
    dir: PathBuf,
    /// The same without links on the way.
    real: PathBuf,
    /// False once the file system has refused to share the bytes of two files.
    clones: AtomicBool,
    /// True if files without a name can be made here, so that a killed run leaves no litter.
    nameless: bool,
    warnings: Mutex<Vec<String>>,
}

impl Cas {
    /// Opens the store in a folder, and makes it if it is not there. A folder that belongs to
    /// someone else, or that others may write to, is refused.
    pub fn open(dir: &Path) -> Result<Cas, StoreError> {
        let folder = |path: &Path| {
            DirBuilder::new().recursive(true).mode(0o700).create(path).doing("make folder", path)
        };
        folder(dir)?;
        check_owner(dir)?;
        let tag = dir.join("CACHEDIR.TAG");
        if !tag.exists() {
            fs::write(&tag, TAG).doing("write", &tag)?;
        }
        let (blobs, temporary) = (dir.join("blobs"), dir.join("tmp"));
        // The last one is made last, so it tells that all are there.
        if !blobs.join("ff").exists() {
            folder(&dir.join("quarantine"))?;
            folder(&temporary)?;
            for first in 0..=255u8 {
                folder(&blobs.join(format!("{first:02x}")))?;
            }
        }
        sweep(&temporary);
        let nameless = Path::new("/proc/self/fd").exists() && nameless_file(&blobs).is_ok();
        let real = fs::canonicalize(dir).doing("look at", dir)?;
        let clones = AtomicBool::new(true);
        Ok(Cas { dir: dir.to_path_buf(), real, clones, nameless, warnings: Mutex::default() })
    }

    /// What the user should know, each once: blobs that were found changed.
    pub fn take_warnings(&self) -> Vec<String> {
        std::mem::take(&mut *self.warnings.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The file of a blob; nothing if it is not there. A blob that was changed in place is put
    /// aside and counts as missing: its producer has to run again.
    pub fn find(&self, digest: &Digest) -> Result<Option<PathBuf>, StoreError> {
        let path = self.place(digest);
        match fs::symlink_metadata(&path) {
            Ok(found) if is_intact(&found, digest) => Ok(Some(path)),
            Ok(_) => {
                self.put_aside(&path)?;
                Ok(None)
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).doing("look at", &path),
        }
    }

    /// The bytes of a blob; nothing if it is not there.
    pub fn read(&self, digest: &Digest) -> Result<Option<Vec<u8>>, StoreError> {
        let Some(path) = self.find(digest)? else { return Ok(None) };
        match fs::read(&path) {
            Ok(bytes) => Ok(Some(bytes)),
            // Somebody's clean-up took it after we looked.
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).doing("read", &path),
        }
    }

    /// Stores bytes.
    pub fn put_bytes(&self, bytes: &[u8]) -> Result<Digest, StoreError> {
        let digest = Digest::of(bytes);
        if self.find(&digest)?.is_none() {
            let mut draft = self.draft()?;
            draft.file.write_all(bytes).doing("write", draft.path(&self.dir))?;
            self.publish(draft, &digest)?;
        }
        Ok(digest)
    }

    /// Stores a copy of a regular file. The digest is that of the bytes that were copied, whatever
    /// happens to the file meanwhile.
    pub fn put_file(&self, path: &Path) -> Result<Stored, StoreError> {
        let (mut file, found) = open_regular(path, OFlags::NOFOLLOW)?;
        let executable = found.mode() & 0o100 != 0;
        let mut piece = vec![0; PIECE.min(found.len() as usize + 1)];
        let length = fill(&mut file, &mut piece).doing("read", path)?;
        if length < piece.len() {
            piece.truncate(length);
            return Ok(Stored { digest: self.put_bytes(&piece)?, executable, bytes: Some(piece) });
        }
        let mut draft = self.draft()?;
        let mut hasher = Hasher::default();
        let mut rest = length;
        while rest > 0 {
            hasher.update(&piece[..rest]);
            draft.file.write_all(&piece[..rest]).doing("write", draft.path(&self.dir))?;
            piece.resize(PIECE, 0);
            rest = fill(&mut file, &mut piece).doing("read", path)?;
        }
        let digest = hasher.finish();
        self.publish(draft, &digest)?;
        Ok(Stored { digest, executable, bytes: None })
    }

    /// Makes `dest` a copy of a blob that the user may change; what was there is replaced in one
    /// step, folders that lead to it are made. False if the blob is not there.
    pub fn copy_to(
        &self,
        digest: &Digest,
        dest: &Path,
        executable: bool,
    ) -> Result<bool, StoreError> {
        let Some(blob) = self.find(digest)? else { return Ok(false) };
        let mut source = match File::open(&blob) {
            Ok(source) => source,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(error).doing("open", &blob),
        };
        let folder = dest.parent().unwrap_or(Path::new("."));
        let mode = if executable { 0o777 } else { 0o666 };
        let draft = match Draft::named(folder, mode) {
            Err(fault) if fault.error.kind() == io::ErrorKind::NotFound => {
                fs::create_dir_all(folder).doing("make folder", folder)?;
                Draft::named(folder, mode)?
            }
            draft => draft?,
        };
        let clone = || {
            let cloned = rustix::fs::ioctl_ficlone(&draft.file, &source).is_ok();
            self.clones.store(cloned, Ordering::Relaxed);
            cloned
        };
        if !(self.clones.load(Ordering::Relaxed) && clone()) {
            io::copy(&mut source, &mut &draft.file).doing("write", dest)?;
        }
        draft.replace(dest)?;
        Ok(true)
    }

    /// True if the path leads into the store, be it written with links or without.
    pub fn contains(&self, path: &Path) -> bool {
        path.starts_with(&self.dir) || path.starts_with(&self.real)
    }

    fn place(&self, digest: &Digest) -> PathBuf {
        let hex = digest.hex();
        self.dir.join("blobs").join(&hex[..2]).join(&hex[2..])
    }

    fn put_aside(&self, path: &Path) -> Result<(), StoreError> {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let aside = self.dir.join("quarantine").join(format!("{name}-{}", unique()));
        match fs::rename(path, &aside) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            moved => moved.doing("put aside", path)?,
        }
        let text = format!(
            "{} in the store was changed by something else; it lies in {}, and what made it runs again",
            quoted(path),
            quoted(&aside),
        );
        self.warnings.lock().unwrap_or_else(PoisonError::into_inner).push(text);
        Ok(())
    }

    fn draft(&self) -> Result<Draft, StoreError> {
        if !self.nameless {
            return Draft::named(&self.dir.join("tmp"), 0o600);
        }
        let folder = self.dir.join("blobs");
        let file = nameless_file(&folder).doing("make a file in", &folder)?;
        Ok(Draft { file, name: None })
    }

    /// Gives a draft its name. It gets mode and time before, so nobody sees it without.
    fn publish(&self, draft: Draft, digest: &Digest) -> Result<(), StoreError> {
        let path = self.place(digest);
        let time = Timespec { tv_sec: BLOB_TIME, tv_nsec: 0 };
        let times = Timestamps { last_access: time, last_modification: time };
        rustix::fs::fchmod(&draft.file, Mode::from_raw_mode(BLOB_MODE))
            .and_then(|()| rustix::fs::futimens(&draft.file, &times))
            .doing("finish", &path)?;
        if draft.name.is_some() {
            return draft.rename(&path);
        }
        let open_file = format!("/proc/self/fd/{}", draft.file.as_raw_fd());
        let link = || rustix::fs::linkat(CWD, &*open_file, CWD, &path, AtFlags::SYMLINK_FOLLOW);
        match link() {
            // Somebody stored the same bytes meanwhile, unless what stands there is damaged.
            Err(rustix::io::Errno::EXIST) => match self.find(digest)? {
                Some(_) => Ok(()),
                None => link().doing("write", &path),
            },
            linked => linked.doing("write", &path),
        }
    }
}

fn check_owner(dir: &Path) -> Result<(), StoreError> {
    let found = fs::metadata(dir).doing("look at", dir)?;
    let refuse = |why: String| {
        let error = io::Error::new(io::ErrorKind::PermissionDenied, why);
        Err(StoreError { doing: "use the store", path: dir.to_path_buf(), error })
    };
    if found.uid() != rustix::process::geteuid().as_raw() {
        return refuse(format!("it belongs to user {}; choose one of your own", found.uid()));
    }
    if found.mode() & 0o022 != 0 {
        return refuse(format!(
            "others may write to it (mode {:04o}); take that right away with chmod go-w",
            found.mode() & 0o7777
        ));
    }
    Ok(())
}

/// Removes drafts that were left behind by runs that were killed, a day after.
fn sweep(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let written = entry.metadata().and_then(|found| found.modified());
        let age = written.ok().and_then(|at| at.elapsed().ok());
        if age.is_some_and(|age| age > Duration::from_secs(24 * 3600)) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

fn is_intact(found: &Metadata, digest: &Digest) -> bool {
    found.is_file()
        && found.len() == digest.size
        && (found.mtime(), found.mtime_nsec()) == (BLOB_TIME, 0)
        && found.mode() & 0o7777 == BLOB_MODE
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt, symlink};

    fn store() -> (tempfile::TempDir, Cas) {
        let dir = tempfile::tempdir().unwrap();
        let cas = Cas::open(&dir.path().join("cas")).unwrap();
        (dir, cas)
    }

    #[test]
    fn files_of_any_size_have_the_digest_of_their_bytes() {
        let (dir, cas) = store();
        for size in [0, 1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE, 3 * PIECE + 7] {
            let bytes: Vec<u8> = (0..size).map(|at| (at % 251) as u8).collect();
            let path = dir.path().join("file");
            fs::write(&path, &bytes).unwrap();
            let stored = cas.put_file(&path).unwrap();
            let digest = stored.digest;
            assert_eq!((digest, stored.executable), (Digest::of(&bytes), false));
            assert!(stored.bytes.is_none_or(|kept| kept == bytes));
            assert_eq!(super::super::file::hash_file(&path).unwrap(), digest);
            assert_eq!(cas.read(&digest).unwrap(), Some(bytes));
        }
    }

    #[test]
    fn a_blob_that_was_edited_in_place_is_put_aside_told_once_and_can_be_stored_again() {
        let (_dir, cas) = store();
        let digest = cas.put_bytes(b"good").unwrap();
        let path = cas.find(&digest).unwrap().unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        fs::write(&path, b"evil").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(BLOB_MODE)).unwrap();
        assert_eq!(cas.find(&digest).unwrap(), None);
        assert_eq!(cas.take_warnings().len(), 1);
        assert!(cas.take_warnings().is_empty());
        cas.put_bytes(b"good").unwrap();
        assert_eq!(cas.read(&digest).unwrap().unwrap(), b"good");
    }

    #[test]
    fn of_two_writers_of_one_blob_both_succeed_and_a_damaged_one_is_replaced() {
        for nameless in [true, false] {
            let (_dir, mut cas) = store();
            cas.nameless &= nameless;
            let digest = Digest::of(b"twice");
            let draft = || {
                let mut draft = cas.draft().unwrap();
                draft.file.write_all(b"twice").unwrap();
                draft
            };
            let (first, second, third) = (draft(), draft(), draft());
            cas.publish(first, &digest).unwrap();
            cas.publish(second, &digest).unwrap();
            fs::remove_file(cas.place(&digest)).unwrap();
            fs::write(cas.place(&digest), b"torn").unwrap();
            cas.publish(third, &digest).unwrap();
            assert_eq!(cas.read(&digest).unwrap().unwrap(), b"twice");
            assert_eq!(fs::read_dir(cas.dir.join("tmp")).unwrap().count(), 0);
        }
    }

    #[test]
    fn only_regular_files_are_stored() {
        let (dir, cas) = store();
        let link = dir.path().join("link");
        symlink("/etc/passwd", &link).unwrap();
        let text = cas.put_file(&link).unwrap_err().to_string();
        assert!(text.contains("/link': is a symbolic link"), "{text}");
        let text = cas.put_file(dir.path()).unwrap_err().to_string();
        assert!(text.contains("is a folder"), "{text}");
        let pipe = dir.path().join("pipe");
        rustix::fs::mkfifoat(CWD, &pipe, Mode::from_raw_mode(0o600)).unwrap();
        assert!(cas.put_file(&pipe).is_err());
    }

    #[test]
    fn a_copy_replaces_what_is_there_and_is_the_users_own() {
        let (dir, cas) = store();
        let digest = cas.put_bytes(b"program").unwrap();
        let dest = dir.path().join("a/b");
        for executable in [false, true] {
            assert!(cas.copy_to(&digest, &dest, executable).unwrap());
            let mode = fs::metadata(&dest).unwrap().mode();
            assert_eq!((mode & 0o200 != 0, mode & 0o100 != 0), (true, executable));
        }
        fs::remove_file(&dest).unwrap();
        fs::create_dir_all(dest.join("deep")).unwrap();
        assert!(cas.copy_to(&digest, &dest, false).unwrap());
        fs::write(&dest, b"edited!").unwrap();
        assert_eq!(cas.read(&digest).unwrap().unwrap(), b"program");
        assert_eq!(fs::read_dir(dir.path().join("a")).unwrap().count(), 1);
        assert!(!cas.copy_to(&Digest::of(b"unknown"), &dest, false).unwrap());
    }

    #[test]
    fn a_store_that_others_may_write_to_is_refused() {
        let (dir, _cas) = store();
        let path = dir.path().join("cas");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o770)).unwrap();
        let error = Cas::open(&path).unwrap_err();
        assert_eq!(error.error.kind(), std::io::ErrorKind::PermissionDenied);
        assert!(error.to_string().contains("mode 0770"), "{error}");
    }
}
