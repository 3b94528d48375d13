//! Asks a program of the machine for its version or for the paths of its parts. A run that is
//! stopped waits for no answer.

use super::signal::Stop;
use anyhow::{Context, Result, bail};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::{Pid, PidfdFlags, Signal, kill_process_group, pidfd_open};
use std::fmt;
use std::io::Read;
use std::os::fd::AsFd;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// The run was stopped before the program had answered.
#[derive(Debug)]
pub(super) struct Unanswered;

impl fmt::Display for Unanswered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the run was stopped")
    }
}

impl std::error::Error for Unanswered {}

/// Runs a program in the user's environment and gives what it printed on standard output, trimmed;
/// nothing if it fails. One that is killed has not answered, which is an error: what is made of an
/// answer is remembered.
pub(super) fn ask(program: &Path, args: &[String], stop: &Stop) -> Result<Option<String>> {
    let about = || format!("ask '{} {}'", program.display(), args.join(" "));
    let mut child = Command::new(program)
        .args(args)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        // The Ctrl-C of a terminal is ours to handle, so that no answer is cut short.
        .process_group(0)
        .spawn()
        .with_context(|| format!("start {}", program.display()))?;
    let answer = answer(&mut child, stop);
    if answer.is_err() {
        let _ = kill_process_group(Pid::from_child(&child), Signal::KILL);
    }
    let status = child.wait().with_context(about)?;
    let answer = answer.with_context(about)?;
    if let Some(signal) = status.signal() {
        bail!("'{} {}' was killed by signal {signal}", program.display(), args.join(" "));
    }
    Ok(status.success().then(|| String::from_utf8_lossy(&answer).trim().to_string()))
}

/// What a process prints until it ends.
fn answer(child: &mut Child, stop: &Stop) -> Result<Vec<u8>> {
    let process = pidfd_open(Pid::from_child(child), PidfdFlags::empty())
        .context("open a descriptor for a process")?;
    let mut res = Vec::new();
    if let Some(mut output) = child.stdout.take() {
        let mut part = [0; 4096];
        loop {
            ready(&output, stop)?;
            match output.read(&mut part)? {
                0 => break,
                read => res.extend_from_slice(&part[..read]),
            }
        }
    }
    ready(&process, stop)?;
    Ok(res)
}

/// Waits until a descriptor can be read; the run must go on meanwhile.
fn ready(descriptor: &impl AsFd, stop: &Stop) -> Result<()> {
    loop {
        let stopped = PollFd::from_borrowed_fd(stop.soft(), PollFlags::IN);
        let mut both = [PollFd::new(descriptor, PollFlags::IN), stopped];
        match poll(&mut both, None) {
            Err(rustix::io::Errno::INTR) => continue,
            Err(error) => return Err(error).context("wait for a process"),
            Ok(_) if stop.requested() => bail!(Unanswered),
            Ok(_) => return Ok(()),
        }
    }
}
