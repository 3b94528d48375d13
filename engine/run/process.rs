//! Starts a process in a group of its own, waits for it, ends it and all that it has started.
//! Knows nothing of actions: it is told what to start and where output goes.

use super::kernel::{self, Status, Usage};
use super::offspring::{self, Left, PATIENCE, Tree};
use super::pause::{self, Registered};
use super::signal::Stop;
use super::waiting::{self, Watched};
use crate::event::{self, Outcome};
use anyhow::{Context, Result};
use rustix::process::{Pid, Signal, kill_process_group};
use std::fs::{File, OpenOptions};
use std::io::ErrorKind;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant, SystemTime};

/// What to start.
pub(super) struct Start<'a> {
    /// The program's file: absolute, or from where it starts.
    pub program: PathBuf,
    /// What the process sees as its arguments, the program's name first.
    pub argv: &'a [String],
    /// The whole environment.
    pub env: &'a [(String, String)],
    /// Where it starts.
    pub folder: &'a Path,
    /// What it reads; nothing if not given.
    pub stdin: Option<PathBuf>,
    /// Where its output goes.
    pub stdout: &'a Path,
    /// Where its errors go; the same as `stdout` keeps both in the order of writing.
    pub stderr: &'a Path,
    /// Killed after this time.
    pub timeout: Option<Duration>,
    /// A file in which lines appear for which the limit of time starts anew.
    pub watched: Option<Watched<'a>>,
    /// True if what it leaves behind lives until the end of the run, provided that it ends well.
    pub lasting: bool,
    /// Folders of its own, which its environment names: by them its offspring is known.
    pub folders: &'a [PathBuf],
}

/// How it ended and what it took.
pub(super) struct Ended {
    pub outcome: Outcome,
    pub duration: Duration,
    /// The process, if it could be started.
    pub process: Option<event::Process>,
    /// What was left of it: processes that outlived it though it ended by itself.
    pub left: Left,
}

/// Starts a process and waits until it has ended, or until its time is up or the run is stopped.
/// Whatever is left of it and of all that it has started is killed then.
pub(super) fn run(start: &Start, stop: &Stop) -> Result<Ended> {
    let (began, started) = (Instant::now(), SystemTime::now());
    let mut command = Command::new(&start.program);
    command
        .args(&start.argv[1..])
        .arg0(&start.argv[0])
        .env_clear()
        .envs(start.env.iter().map(|(name, value)| (name, value)))
        .current_dir(start.folder)
        .process_group(0);
    let stdout = output_file(start.stdout)?;
    let stderr = if start.stderr == start.stdout {
        stdout.try_clone().context("duplicate an output file")?
    } else {
        output_file(start.stderr)?
    };
    command.stdout(stdout).stderr(stderr).stdin(match &start.stdin {
        Some(path) => {
            Stdio::from(File::open(path).with_context(|| format!("open {}", path.display()))?)
        }
        None => Stdio::null(),
    });
    if start.lasting {
        offspring::spare(start.folders);
    }
    let entered = offspring::enter();
    let gate = pause::gate();
    let child = match spawn(&mut command) {
        Ok(child) => child,
        Err(error) => {
            return Ok(Ended {
                outcome: Outcome::Broken(why_not_started(start, &error)),
                duration: began.elapsed(),
                process: None,
                left: Left::default(),
            });
        }
    };
    let running = Registered::new(Pid::from_child(&child));
    drop(gate);
    // The descriptors of the output belong to the child alone from here on.
    drop(command);
    let ended = wait(child, start, (began, started), stop);
    drop((running, entered));
    ended
}

fn output_file(path: &Path) -> Result<File> {
    let open = OpenOptions::new().append(true).create(true).open(path);
    open.with_context(|| format!("create {}", path.display()))
}

/// Another thread may be between the creation of a process and its exec while it holds a program
/// open that was just written; the kernel then refuses to start that program for a moment.
fn spawn(command: &mut Command) -> std::io::Result<Child> {
    for _ in 0..20 {
        match command.spawn() {
            Err(error) if error.kind() == ErrorKind::ExecutableFileBusy => {
                std::thread::sleep(Duration::from_millis(10));
            }
            other => return other,
        }
    }
    command.spawn()
}

fn why_not_started(start: &Start, error: &std::io::Error) -> String {
    let program = &start.argv[0];
    match error.kind() {
        ErrorKind::PermissionDenied => {
            format!("cannot start '{program}': it is not executable (chmod +x makes it so)")
        }
        ErrorKind::NotFound if start.folder.join(&start.program).exists() => format!(
            "cannot start '{program}': the interpreter that its first line names does not exist"
        ),
        ErrorKind::NotFound => format!("cannot start '{program}': there is no such program"),
        _ => match error.raw_os_error() {
            // ENOEXEC and E2BIG
            Some(8) => format!(
                "cannot start '{program}': it is no program; a script begins with a line such as '#!/bin/sh'"
            ),
            Some(7) => {
                format!("cannot start '{program}': its arguments and environment are too long")
            }
            _ => format!("cannot start '{program}': {error}"),
        },
    }
}

fn wait(
    child: Child,
    start: &Start,
    (began, started): (Instant, SystemTime),
    stop: &Stop,
) -> Result<Ended> {
    let pid = Pid::from_child(&child);
    let killed = waiting::wait(pid, start.timeout, start.watched, stop)?;
    let duration = began.elapsed();
    // The leader has ended but is not yet reaped, so its number still names its group.
    let patience = if killed.is_some() { Duration::ZERO } else { PATIENCE };
    let mut left = Left::default();
    if !start.lasting || killed.is_some() {
        left = offspring::end(&Tree { main: pid, folders: start.folders }, patience);
        let _ = kill_process_group(pid, Signal::KILL);
    }
    let (status, Usage { user, system, peak_kib }) = kernel::reap(&child)?;
    let (exited, signalled) = match status {
        Status::Exited(status) => (Some(status), None),
        Status::Signalled(signal) => (None, Some(signal)),
    };
    let process = event::Process {
        started,
        status: exited,
        signal: signalled,
        user,
        system,
        max_rss_kib: peak_kib,
    };
    let outcome = match (killed, status) {
        (Some(outcome), _) => outcome,
        (None, Status::Exited(0)) => Outcome::Passed,
        (None, Status::Exited(status)) => Outcome::Exited(status),
        (None, Status::Signalled(signal)) => Outcome::Signalled(signal),
    };
    Ok(Ended { outcome, duration, process: Some(process), left })
}
