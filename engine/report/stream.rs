//! Whoever takes the events of a run besides the screen: streams of lines, in files and pipes.

use super::spool::{Spool, Target};
use super::started::Started;
use crate::event::Event;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::time::SystemTime;

/// A form in which events are written. Lines are appended to `out`.
pub(super) trait Form: Send {
    /// The run begins.
    fn begin(&mut self, started: &Started, at: SystemTime, out: &mut Vec<u8>);
    /// Something has happened.
    fn take(&mut self, event: &Event, at: SystemTime, out: &mut Vec<u8>);
    /// The run is over, with this exit code; why, if it came to no result.
    fn end(&mut self, exit: i32, problem: &str, at: SystemTime, out: &mut Vec<u8>);
    /// What people are told of it when the run is over.
    fn text(&mut self) -> String {
        String::new()
    }
}

/// All that takes events besides the screen. With none, nothing is converted.
#[derive(Default)]
pub struct Streams {
    all: Vec<Stream>,
    /// What the user should know and was not told yet.
    troubles: Vec<String>,
    /// What was asked for and could not be written.
    unwritten: Vec<String>,
}

/// So many bytes are handed on at once.
const AT_ONCE: usize = 64 * 1024;

struct Stream {
    form: Box<dyn Form>,
    to: To,
    /// True if somebody has asked for it by its name.
    asked: bool,
    /// What is to be handed on.
    lines: Vec<u8>,
}

enum To {
    /// Somebody who may be slow.
    Reader(Spool),
    /// A file that is made once there is a plan. A report tells of a run also if nothing was done
    /// in it.
    File { path: PathBuf, file: Option<File>, planned: bool, report: bool },
    /// A file that cannot be written, which was told.
    Nowhere,
}

impl Streams {
    /// Adds a stream for somebody who reads and has asked for it; `folder` is where much can be kept
    /// for him.
    pub(super) fn add(
        &mut self,
        form: Box<dyn Form>,
        name: &str,
        target: Target,
        folder: &Path,
    ) -> io::Result<()> {
        let to = To::Reader(Spool::new(name, target, folder)?);
        self.all.push(Stream { form, to, asked: true, lines: Vec::new() });
        Ok(())
    }

    /// The same for somebody who has not asked: what cannot be written for him is no failure.
    pub(super) fn add_unasked(
        &mut self,
        form: Box<dyn Form>,
        name: &str,
        target: Target,
        folder: &Path,
    ) -> io::Result<()> {
        let to = To::Reader(Spool::new(name, target, folder)?);
        self.all.push(Stream { form, to, asked: false, lines: Vec::new() });
        Ok(())
    }

    /// Adds a stream that goes to a file, which is made anew once it is known what there is to do.
    pub(super) fn add_file(&mut self, form: Box<dyn Form>, path: &Path) {
        self.add_to_file(form, path, false);
    }

    /// Adds a report that goes to a file, which is made anew by each run.
    pub(super) fn add_report(&mut self, form: Box<dyn Form>, path: &Path) {
        self.add_to_file(form, path, true);
    }

    fn add_to_file(&mut self, form: Box<dyn Form>, path: &Path, report: bool) {
        let to = To::File { path: path.to_path_buf(), file: None, planned: false, report };
        self.all.push(Stream { form, to, asked: false, lines: Vec::new() });
    }

    /// Bytes for readers that wait in memory, or have room there.
    #[cfg(test)]
    pub fn in_memory(&self) -> usize {
        let of = |stream: &Stream| match &stream.to {
            To::Reader(spool) => spool.in_memory(),
            _ => 0,
        };
        self.all.iter().map(|stream| of(stream) + stream.lines.capacity()).sum()
    }

    /// True if nobody takes events.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Leaves files alone: nothing has happened that is worth one.
    pub fn leave_files(&mut self) {
        self.all.retain(|stream| !matches!(stream.to, To::File { report: false, .. }));
    }

    /// The run begins.
    pub fn begin(&mut self, started: &Started, at: SystemTime) {
        for stream in &mut self.all {
            stream.form.begin(started, at, &mut stream.lines);
        }
    }

    /// Something has happened, just now.
    pub fn take(&mut self, event: &Event) {
        if !self.all.is_empty() {
            self.take_at(event, SystemTime::now());
        }
    }

    /// Something has happened at this time.
    pub fn take_at(&mut self, event: &Event, at: SystemTime) {
        for stream in &mut self.all {
            stream.form.take(event, at, &mut stream.lines);
            if let (To::File { planned, .. }, Event::Planned { .. }) = (&mut stream.to, event) {
                *planned = true;
            }
            if stream.lines.len() > AT_ONCE {
                self.troubles.extend(stream.flush());
            }
        }
    }

    /// Hands on what came so far; gives what the user should know.
    pub fn flush(&mut self) -> Vec<String> {
        self.troubles.extend(self.all.iter_mut().filter_map(Stream::flush));
        std::mem::take(&mut self.troubles)
    }

    /// The run is over, with this exit code. Waits until all is read, or until `stop`; `say` gets
    /// what the user should know. Gives what people are told besides; what was asked for and could
    /// not be written is known then.
    pub fn end(
        &mut self,
        exit: i32,
        problem: &str,
        at: SystemTime,
        stop: &AtomicBool,
        say: &mut dyn FnMut(String),
    ) -> String {
        for stream in &mut self.all {
            // A report of an earlier run would be taken for one of this.
            if let To::File { planned, report: true, .. } = &mut stream.to {
                *planned = true;
            }
        }
        // A run that came to nothing leaves the events of the last one alone.
        self.all.retain(|stream| !matches!(stream.to, To::File { planned: false, .. }));
        for stream in &mut self.all {
            stream.form.end(exit, problem, at, &mut stream.lines);
            stream.flush().into_iter().for_each(&mut *say);
        }
        for stream in &mut self.all {
            let To::Reader(spool) = &mut stream.to else { continue };
            let told = spool.finish(stop, say);
            match spool.unwritten().filter(|_| stream.asked) {
                Some(why) => self.unwritten.push(why),
                None => told.into_iter().for_each(&mut *say),
            }
        }
        self.all.iter_mut().map(|stream| stream.form.text()).collect()
    }

    /// What was asked for and could not be written, and why; known at the end.
    pub fn unwritten(&self) -> &[String] {
        &self.unwritten
    }
}

impl Stream {
    fn flush(&mut self) -> Option<String> {
        if let To::File { planned: false, .. } = self.to {
            return None;
        }
        let lines = std::mem::take(&mut self.lines);
        match &mut self.to {
            To::Reader(spool) => {
                if !lines.is_empty() {
                    spool.push(&lines);
                }
                spool.trouble()
            }
            To::Nowhere => None,
            To::File { .. } if lines.is_empty() => None,
            To::File { path, file, .. } => {
                let error = append(path, file, &lines).err()?;
                let told = format!("{} cannot be written: {error}", path.display());
                self.to = To::Nowhere;
                Some(told)
            }
        }
    }
}

/// Appends to a file, which is made before if it is not open yet.
fn append(path: &Path, file: &mut Option<File>, lines: &[u8]) -> io::Result<()> {
    let file = match file {
        Some(file) => file,
        None => {
            fs::create_dir_all(path.parent().unwrap_or(Path::new("/")))?;
            // Another eng may still be writing the old one.
            match fs::remove_file(path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
            file.insert(OpenOptions::new().write(true).create_new(true).open(path)?)
        }
    };
    file.write_all(lines)
}
