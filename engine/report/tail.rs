//! A file that grows while it is read, as a process writes it. Whoever writes is never disturbed:
//! the file is read where it stands, from time to time.

use super::output::shown;
use crate::base::{Digest, Hasher};
use std::fs::File;
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// Bytes that are read at once.
const PIECE: usize = 64 * 1024;
/// A longer line is broken here.
const LONGEST_LINE: usize = 64 * 1024;
/// Bytes at the end of a file among which its last line is sought.
const LAST: u64 = 4096;

/// What was read of a file so far.
pub(super) struct Tail {
    path: PathBuf,
    file: Option<File>,
    /// Bytes that were read.
    offset: u64,
    /// What they were.
    seen: Hasher,
    /// The line that has not ended.
    held: Vec<u8>,
}

impl Tail {
    /// A file of which nothing was read; it need not be there yet.
    pub fn new(path: &Path) -> Tail {
        let path = path.to_path_buf();
        Tail { path, file: None, offset: 0, seen: Hasher::default(), held: Vec::new() }
    }

    /// True if nothing was read so far.
    pub fn is_unread(&self) -> bool {
        self.offset == 0
    }

    /// Gives whole lines that were added since the last time; of many bytes about `most`.
    pub fn lines(&mut self, most: usize, take: &mut dyn FnMut(&[u8])) {
        self.open();
        let Some(file) = self.file.take() else { return };
        let end = self.offset.saturating_add(most as u64);
        // What cannot be read now is read from where it is kept in the end.
        let _ = self.read(&file, end, take);
        self.file = Some(file);
    }

    /// Goes on where at most `most` bytes are left: what is before them is not read any more.
    pub fn skip_to_last(&mut self, most: u64) {
        self.open();
        let size =
            self.file.as_ref().and_then(|file| file.metadata().ok()).map_or(0, |it| it.len());
        if size.saturating_sub(self.offset) > most {
            self.offset = size - most;
            self.held.clear();
        }
    }

    /// Gives all that is left, from the file itself and from where it is kept: all of that if it
    /// does not begin with what was given before. The last line ends as the others do.
    pub fn rest(mut self, kept: Option<&Path>, take: &mut dyn FnMut(&[u8])) {
        if let Some(file) = self.file.take() {
            let _ = self.read(&file, u64::MAX, take);
        }
        if let Some(kept) = kept
            && let Err(error) = self.rest_of_kept(kept, take)
        {
            self.end_line(take);
            let text = format!("(the output in {} cannot be read: {error})\n", shown(kept));
            take(text.as_bytes());
        }
        self.end_line(take);
    }

    fn open(&mut self) {
        if self.file.is_none() {
            self.file = open(&self.path);
        }
    }

    fn rest_of_kept(&mut self, kept: &Path, take: &mut dyn FnMut(&[u8])) -> io::Result<()> {
        let file = File::open(kept)?;
        if digest(&file, self.offset)? != Some(self.seen.finish()) {
            // The process was started again: what is kept is what the last one printed.
            self.end_line(take);
            (self.offset, self.seen) = (0, Hasher::default());
        }
        self.read(&file, u64::MAX, take)
    }

    /// Reads up to this offset or the end of the file.
    fn read(&mut self, file: &File, end: u64, take: &mut dyn FnMut(&[u8])) -> io::Result<()> {
        let mut piece = vec![0; PIECE];
        while self.offset < end {
            let read = match file.read_at(&mut piece, self.offset) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                read => read?,
            };
            if read == 0 {
                break;
            }
            self.offset += read as u64;
            self.seen.update(&piece[..read]);
            self.held.extend_from_slice(&piece[..read]);
            if let Some(last) = memchr::memrchr(b'\n', &self.held) {
                take(&self.held[..=last]);
                self.held.drain(..=last);
            } else if self.held.len() >= LONGEST_LINE {
                self.end_line(take);
            }
        }
        Ok(())
    }

    fn end_line(&mut self, take: &mut dyn FnMut(&[u8])) {
        if !self.held.is_empty() {
            self.held.push(b'\n');
            take(&self.held);
            self.held.clear();
        }
    }
}

/// The digest of the first bytes of a file; nothing if it has fewer.
fn digest(file: &File, bytes: u64) -> io::Result<Option<Digest>> {
    let mut hasher = Hasher::default();
    let mut piece = vec![0; PIECE];
    let mut at = 0;
    while at < bytes {
        let most = usize::try_from(bytes - at).unwrap_or(PIECE).min(PIECE);
        match file.read_at(&mut piece[..most], at) {
            Ok(0) => return Ok(None),
            Ok(read) => {
                hasher.update(&piece[..read]);
                at += read as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(Some(hasher.finish()))
}

/// The last line of a file that is not blank, and when the file was written last. A line that has
/// not ended is one.
pub(super) fn last_line(path: &Path) -> Option<(SystemTime, String)> {
    let file = open(path)?;
    let known = file.metadata().ok()?;
    let start = known.len().saturating_sub(LAST);
    let mut bytes = vec![0; (known.len() - start) as usize];
    let read = file.read_at(&mut bytes, start).ok()?;
    let text = String::from_utf8_lossy(&bytes[..read]).into_owned();
    let line = text.lines().rev().find(|line| !line.trim().is_empty())?;
    Some((known.modified().ok()?, line.to_string()))
}

/// Opens a regular file: a pipe without writer must not make us wait.
fn open(path: &Path) -> Option<File> {
    let file = File::options().read(true).custom_flags(libc::O_NONBLOCK).open(path).ok()?;
    file.metadata().ok()?.is_file().then_some(file)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::io::Write;

    fn lines(tail: &mut Tail) -> String {
        let mut all = String::new();
        tail.lines(1 << 20, &mut |bytes| all.push_str(&String::from_utf8_lossy(bytes)));
        all
    }

    fn rest(tail: Tail, kept: Option<&Path>) -> String {
        let mut all = String::new();
        tail.rest(kept, &mut |bytes| all.push_str(&String::from_utf8_lossy(bytes)));
        all
    }

    #[test]
    fn lines_come_whole_and_the_rest_from_where_it_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let (path, kept) = (folder.path().join("out"), folder.path().join("kept"));
        let mut tail = Tail::new(&path);
        assert_eq!(lines(&mut tail), "");
        let mut file = File::create(&path).unwrap();
        let mut write = |text: &str| file.write_all(text.as_bytes()).unwrap();
        write("one\ntw");
        assert_eq!(lines(&mut tail), "one\n");
        write("o\nthree");
        assert_eq!(lines(&mut tail), "two\n");
        fs::write(&kept, "one\ntwo\nthree\nfour").unwrap();
        fs::remove_file(&path).unwrap();
        assert_eq!(rest(tail, Some(&kept)), "three\nfour\n");
    }

    #[test]
    fn what_was_never_seen_is_given_whole() {
        let folder = tempfile::tempdir().unwrap();
        let kept = folder.path().join("kept");
        fs::write(&kept, "one\n").unwrap();
        assert_eq!(rest(Tail::new(&folder.path().join("none")), Some(&kept)), "one\n");
        assert_eq!(rest(Tail::new(&folder.path().join("none")), None), "");
        let lost = rest(Tail::new(&folder.path().join("none")), Some(Path::new("/none")));
        assert!(lost.starts_with("(the output in /none cannot be read: "), "{lost}");
    }

    #[test]
    fn a_second_process_is_given_from_its_beginning() {
        let folder = tempfile::tempdir().unwrap();
        let (path, kept) = (folder.path().join("out"), folder.path().join("kept"));
        fs::write(&path, "one\ntw").unwrap();
        for other in ["ONE\ntwo\n", "one"] {
            let mut tail = Tail::new(&path);
            assert_eq!(lines(&mut tail), "one\n");
            fs::write(&kept, other).unwrap();
            assert_eq!(rest(tail, Some(&kept)), format!("tw\n{}\n", other.trim_end()));
        }
    }

    #[test]
    fn a_line_without_end_is_broken_and_only_some_is_read_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out");
        fs::write(&path, "x".repeat(3 * LONGEST_LINE)).unwrap();
        let mut tail = Tail::new(&path);
        let mut sizes = Vec::new();
        tail.lines(PIECE, &mut |bytes| sizes.push(bytes.len()));
        assert_eq!(sizes, [LONGEST_LINE + 1]);
        tail.skip_to_last(10);
        assert_eq!(lines(&mut tail), "");
        fs::write(folder.path().join("kept"), "").unwrap();
        assert_eq!(rest(tail, None), format!("{}\n", "x".repeat(10)));
    }

    #[test]
    fn the_last_line_is_the_last_that_says_something() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out");
        let last = |text: &str| {
            fs::write(&path, text).unwrap();
            last_line(&path).map(|(_, line)| line)
        };
        assert_eq!(last("one\ntwo\n\n  \n").as_deref(), Some("two"));
        assert_eq!(last("one\nsure? [y/n] ").as_deref(), Some("sure? [y/n] "));
        assert_eq!(last("\n"), None);
        assert_eq!(last(&"x".repeat(10_000)).map(|line| line.len()), Some(4096));
    }
}
