//! Bytes on their way to whoever reads them, who may be slow or gone: nobody waits for him before
//! the end, what he has not read lies on disk, and nothing is lost.

use rustix::event::{PollFd, PollFlags, poll};
use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// More bytes than this do not wait in memory.
const MOST: usize = 256 * 1024;
/// Time between two looks whether the user has enough of waiting.
const LOOK: Duration = Duration::from_millis(50);
/// After so much waiting it is said what is waited for.
const PATIENCE: Duration = Duration::from_secs(1);

/// Where bytes go.
#[derive(Debug)]
pub enum Target {
    /// A file, a pipe, a device.
    Open(File),
    /// A named pipe: opening it takes until somebody reads.
    Pipe(PathBuf),
}

/// Bytes on their way. A thread writes them.
pub(super) struct Spool {
    backlog: Arc<Backlog>,
    /// What the user calls the reader: `--events=fd:3`.
    name: String,
    told: bool,
}

struct Backlog {
    queue: Mutex<Queue>,
    changed: Condvar,
}

struct Queue {
    /// Where what does not fit into memory lies.
    folder: PathBuf,
    /// What lies on disk: from where it is to be read, up to where it is written. It is older than
    /// what is in memory.
    file: Option<File>,
    read: u64,
    written: u64,
    memory: Vec<u8>,
    /// Bytes that are being written.
    taken: usize,
    closed: bool,
    over: bool,
    /// Why nothing is written any more.
    failed: Option<Failed>,
}

/// Why nothing is written any more.
enum Failed {
    /// Whoever read it is gone.
    Unread,
    /// What the system says.
    Unwritable(String),
}

impl Spool {
    /// Starts to write to a target; `folder` is where much can be kept.
    pub fn new(name: &str, target: Target, folder: &Path) -> io::Result<Spool> {
        let backlog = Arc::new(Backlog {
            queue: Mutex::new(Queue {
                folder: folder.to_path_buf(),
                file: None,
                read: 0,
                written: 0,
                memory: Vec::new(),
                taken: 0,
                closed: false,
                over: false,
                failed: None,
            }),
            changed: Condvar::new(),
        });
        let own = backlog.clone();
        // It may write for ever to somebody who never reads, so nobody joins it.
        thread::Builder::new().name("events".into()).spawn(move || own.write(target))?;
        Ok(Spool { backlog, name: name.to_string(), told: false })
    }

    /// Takes bytes, and never waits for who reads them.
    pub fn push(&self, bytes: &[u8]) {
        let mut queue = self.backlog.lock();
        if queue.failed.is_some() {
            return;
        }
        queue.memory.extend_from_slice(bytes);
        if queue.memory.len() > MOST {
            // Without room on disk they stay in memory: better too much of it than a lost line.
            let _ = queue.spill();
        }
        drop(queue);
        self.backlog.changed.notify_all();
    }

    #[cfg(test)]
    pub fn in_memory(&self) -> usize {
        let queue = self.backlog.lock();
        queue.memory.capacity() + queue.taken
    }

    /// Why nobody gets any more of it; told once.
    pub fn trouble(&mut self) -> Option<String> {
        let why = match self.backlog.lock().failed.as_ref()? {
            Failed::Unread => "nobody reads it any more; the run goes on".to_string(),
            Failed::Unwritable(why) => {
                format!("it cannot be written any more: {why}; the run goes on")
            }
        };
        (!std::mem::replace(&mut self.told, true)).then(|| format!("{}: {why}", self.name))
    }

    /// What kept it from being written whole, if that was not who reads it.
    pub fn unwritten(&self) -> Option<String> {
        match self.backlog.lock().failed.as_ref()? {
            Failed::Unread => None,
            Failed::Unwritable(why) => Some(format!("{} cannot be written: {why}", self.name)),
        }
    }

    /// Waits until all is read, or until `stop`; says what the user should know. `waiting` is
    /// called once if it takes long.
    pub fn finish(&mut self, stop: &AtomicBool, waiting: &mut dyn FnMut(String)) -> Option<String> {
        self.backlog.lock().closed = true;
        self.backlog.changed.notify_all();
        let mut patience = Some(Instant::now() + PATIENCE);
        let mut queue = self.backlog.lock();
        while !queue.over && !stop.load(Ordering::SeqCst) {
            if patience.is_some_and(|until| until <= Instant::now()) {
                patience = None;
                let (left, name) = (queue.left(), &self.name);
                waiting(format!("{name}: {left} bytes wait to be read; Ctrl-C gives them up"));
            }
            let res = self.backlog.changed.wait_timeout(queue, LOOK);
            queue = res.unwrap_or_else(PoisonError::into_inner).0;
        }
        if !queue.over {
            return Some(format!("{}: {} bytes were not read", self.name, queue.left()));
        }
        drop(queue);
        self.trouble()
    }
}

impl Backlog {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes until the queue is closed and empty, or until nobody reads.
    fn write(&self, target: Target) {
        let res = match target {
            Target::Open(file) => self.write_all(file),
            // Waits for somebody who reads.
            Target::Pipe(path) => {
                OpenOptions::new().write(true).open(path).and_then(|file| self.write_all(file))
            }
        };
        let mut queue = self.lock();
        queue.over = true;
        if let Err(error) = res {
            queue.failed = Some(match error.kind() {
                ErrorKind::BrokenPipe => Failed::Unread,
                _ => Failed::Unwritable(error.to_string()),
            });
            (queue.file, queue.memory) = (None, Vec::new());
        }
        drop(queue);
        self.changed.notify_all();
    }

    fn write_all(&self, mut file: File) -> io::Result<()> {
        while let Some(bytes) = self.next()? {
            put(&mut file, &bytes)?;
        }
        Ok(())
    }

    /// The next bytes to write, oldest first; nothing if there will be no more.
    fn next(&self) -> io::Result<Option<Vec<u8>>> {
        let mut queue = self.lock();
        loop {
            queue.taken = 0;
            let bytes = queue.take()?;
            if !bytes.is_empty() {
                queue.taken = bytes.len();
                return Ok(Some(bytes));
            }
            if queue.closed {
                return Ok(None);
            }
            queue = self.changed.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl Queue {
    /// Moves what is in memory behind what lies on disk.
    fn spill(&mut self) -> io::Result<()> {
        if self.file.is_none() {
            std::fs::create_dir_all(&self.folder)?;
            self.file = Some(tempfile::tempfile_in(&self.folder)?);
        }
        let Some(file) = &self.file else { return Ok(()) };
        file.write_all_at(&self.memory, self.written)?;
        self.written += self.memory.len() as u64;
        self.memory.clear();
        Ok(())
    }

    fn take(&mut self) -> io::Result<Vec<u8>> {
        let Some(file) = self.file.as_ref().filter(|_| self.read < self.written) else {
            return Ok(std::mem::take(&mut self.memory));
        };
        let size = (self.written - self.read).min(MOST as u64);
        let mut bytes = vec![0; size as usize];
        file.read_exact_at(&mut bytes, self.read)?;
        self.read += size;
        if self.read == self.written {
            file.set_len(0)?;
            (self.read, self.written) = (0, 0);
        }
        Ok(bytes)
    }

    fn left(&self) -> u64 {
        self.written - self.read + (self.memory.len() + self.taken) as u64
    }
}

/// Writes everything, also where whoever shares the descriptor has made it non-blocking.
fn put(file: &mut File, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match file.write(bytes) {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Ok(written) => bytes = &bytes[written..],
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                let mut ready = [PollFd::new(&*file, PollFlags::OUT)];
                // A signal only has it looked at once more.
                let _ = poll(&mut ready, None);
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
