//! Waits for a process: until it has ended, its time is up, or the run is stopped. Sleeps unless
//! something happens; only a file of results is looked at from time to time.

use super::pause;
use super::signal::Stop;
use crate::event::Outcome;
use anyhow::{Context, Result};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, kill_process_group, pidfd_open};
use std::fs::File;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;
use std::time::{Duration, Instant};

/// Between SIGTERM and SIGKILL.
const GRACE: Duration = Duration::from_secs(2);
/// Whoever wakes so much later than asked could not run, and neither could the process.
const OVERSLEPT: Duration = Duration::from_secs(1);
/// A quarter of a limit, but no more than this, may be lost when a machine stands still.
const LONGEST_LOSS: Duration = Duration::from_secs(10);
/// A file of results is looked at ten times in the limit of a case, but no more and no less often.
const LOOKS: (Duration, Duration) = (Duration::from_millis(20), Duration::from_secs(1));
/// Of a longer line only the end is looked at.
const LONGEST_LINE: usize = 1 << 16;

/// A file in which lines appear for which the limit of time starts anew.
#[derive(Clone, Copy)]
pub(super) struct Watched<'a> {
    /// The file; it need not be there from the beginning.
    pub path: &'a Path,
    /// True for such a line.
    pub tells: &'a (dyn Fn(&str) -> bool + Send + Sync),
}

/// Waits for the leader of a group. Gives how it was ended; nothing if it has ended by itself.
pub(super) fn wait(
    pid: Pid,
    timeout: Option<Duration>,
    watched: Option<Watched>,
    stop: &Stop,
) -> Result<Option<Outcome>> {
    let pidfd = pidfd_open(pid, PidfdFlags::empty()).context("open a descriptor for a process")?;
    let mut killed: Option<Outcome> = None;
    let mut limit = timeout.map(Limit::new);
    let mut hard = false;
    let mut look = timeout.and_then(|timeout| Some(Look::new(watched?, timeout)));
    loop {
        let mut fds = vec![PollFd::new(&pidfd, PollFlags::IN)];
        // Once a request was acted on, its descriptor stays readable and must not be waited for.
        if killed.is_none() {
            fds.push(PollFd::from_borrowed_fd(stop.soft(), PollFlags::IN));
        }
        if !hard {
            fds.push(PollFd::from_borrowed_fd(stop.hard(), PollFlags::IN));
        }
        let pace = look.as_ref().map_or(Duration::MAX, |look| look.pace);
        let asked = limit.as_ref().map(|limit| limit.left().min(limit.pace()).min(pace));
        let (slept, before) = (Instant::now(), pause::stopped());
        let time = asked.map(|asked| Timespec {
            tv_sec: asked.as_secs() as i64,
            tv_nsec: i64::from(asked.subsec_nanos()),
        });
        match poll(&mut fds, time.as_ref()) {
            // To be stopped and to go on is such an interruption, too.
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error).context("wait for a process"),
        }
        if !fds[0].revents().is_empty() {
            return Ok(killed);
        }
        if let (Some(limit), Some(asked)) = (&mut limit, asked) {
            limit.overslept(pause::since(slept, before).saturating_sub(asked));
        }
        if !hard && stop.is_hard() {
            hard = true;
            killed.get_or_insert(Outcome::Stopped);
            kill(pid);
            limit = None;
        } else if killed.is_none() && stop.requested() {
            killed = Some(Outcome::Stopped);
            ask_to_end(pid);
            (limit, look) = (Some(Limit::new(GRACE)), None);
        } else if look.as_mut().is_some_and(Look::tells) {
            limit = timeout.map(Limit::new);
        } else if limit.as_ref().is_some_and(|limit| limit.left().is_zero()) {
            match (&killed, timeout) {
                (None, Some(timeout)) => {
                    killed = Some(Outcome::TimedOut(timeout));
                    ask_to_end(pid);
                    (limit, look) = (Some(Limit::new(GRACE)), None);
                }
                _ => {
                    kill(pid);
                    limit = None;
                }
            }
        }
    }
}

/// Asks a group to end; one that is stopped could not hear it.
fn ask_to_end(group: Pid) {
    let _ = kill_process_group(group, Signal::TERM);
    let _ = kill_process_group(group, Signal::CONT);
}

fn kill(group: Pid) {
    let _ = kill_process_group(group, Signal::KILL);
}

/// A limit of time of which only that counts in which we could run.
struct Limit {
    began: Instant,
    stopped: Duration,
    all: Duration,
}

impl Limit {
    fn new(all: Duration) -> Limit {
        Limit { began: Instant::now(), stopped: pause::stopped(), all }
    }

    fn left(&self) -> Duration {
        self.all.saturating_sub(pause::since(self.began, self.stopped))
    }

    /// How long to sleep at most: what a machine that stands still meanwhile takes from a process.
    fn pace(&self) -> Duration {
        (self.all / 4).clamp(LONGEST_LOSS / 20, LONGEST_LOSS)
    }

    /// We woke so much later than asked, not counting what is known of pauses.
    fn overslept(&mut self, by: Duration) {
        if by > OVERSLEPT {
            self.all += by;
        }
    }
}

/// A file of results that is looked at from time to time.
struct Look<'a> {
    watched: Watched<'a>,
    pace: Duration,
    file: Option<File>,
    offset: u64,
    /// The line that has not ended.
    line: Vec<u8>,
}

impl<'a> Look<'a> {
    fn new(watched: Watched<'a>, timeout: Duration) -> Look<'a> {
        let pace = (timeout / 10).clamp(LOOKS.0, LOOKS.1);
        Look { watched, pace, file: None, offset: 0, line: Vec::new() }
    }

    /// True if one of the lines that were added since the last look tells that a case goes on.
    fn tells(&mut self) -> bool {
        if self.file.is_none() {
            // A pipe without writer must not make us wait, and is no report.
            let mut options = File::options();
            let opened = options.read(true).custom_flags(libc::O_NONBLOCK).open(self.watched.path);
            let regular = |file: &File| file.metadata().is_ok_and(|it| it.is_file());
            self.file = opened.ok().filter(regular);
        }
        let Some(file) = &self.file else { return false };
        let mut told = false;
        let mut buffer = vec![0; 1 << 16];
        while let Ok(read @ 1..) = file.read_at(&mut buffer, self.offset) {
            self.offset += read as u64;
            self.line.extend_from_slice(&buffer[..read]);
            let Some(end) = memchr::memrchr(b'\n', &self.line) else {
                let surplus = self.line.len().saturating_sub(LONGEST_LINE);
                self.line.drain(..surplus);
                continue;
            };
            if !told {
                let text = String::from_utf8_lossy(&self.line[..end]);
                // The last lines are most likely to tell, and one is enough.
                let line =
                    |line: &str| (self.watched.tells)(line.strip_suffix('\r').unwrap_or(line));
                told = text.rsplit('\n').any(line);
            }
            self.line.drain(..=end);
        }
        told
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn each_line_is_told_once_when_it_is_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("results");
        let tells = |line: &str| line == "start";
        let watched = Watched { path: &path, tells: &tells };
        let mut look = Look::new(watched, Duration::from_secs(1));
        assert_eq!(look.pace, Duration::from_millis(100));
        assert!(!look.tells());
        let mut file = File::create(&path).unwrap();
        let mut write = |text: &str| {
            file.write_all(text.as_bytes()).unwrap();
            look.tells()
        };
        assert!(!write("sta"));
        assert!(write("rt\nmore"));
        assert!(!write("\nstar"));
        assert!(write("t\r\n"));
        assert!(!write(&"x".repeat(200_000)));
        assert!(!write("start\n"));
        assert!(write(&format!("start\n{}", "y\n".repeat(100_000))));
    }

    #[test]
    fn time_in_which_we_could_not_run_is_added() {
        let mut limit = Limit::new(Duration::from_secs(10));
        limit.overslept(Duration::from_millis(900));
        assert_eq!(limit.all, Duration::from_secs(10));
        limit.overslept(Duration::from_secs(30));
        assert_eq!(limit.all, Duration::from_secs(40));
    }
}
