//! Calls to the kernel that no library has: all that is unsafe is here.

use anyhow::{Context, Result};
use std::fs::File;
use std::io::ErrorKind;
use std::os::fd::FromRawFd;
use std::process::Child;
use std::time::Duration;

/// How a process ended.
pub(super) enum Status {
    /// With this status.
    Exited(i32),
    /// By this signal.
    Signalled(i32),
}

/// What a process has used.
pub(super) struct Usage {
    /// Time of the processor in its own code.
    pub user: Duration,
    /// The same in the kernel.
    pub system: Duration,
    /// Peak memory in KiB.
    pub peak_kib: u64,
}

/// Reaps a process that has ended. std can't tell what it used.
#[allow(unsafe_code)] // wait4 is the only call that gives status and usage of one child
pub(super) fn reap(child: &Child) -> Result<(Status, Usage)> {
    let mut status = 0;
    let mut usage = std::mem::MaybeUninit::<libc::rusage>::zeroed();
    let pid = child.id() as libc::pid_t;
    let usage = loop {
        // SAFETY: both pointers are valid for the call, and `usage` is plain data that any bytes
        // may fill. The child was not waited for before, so the number is still its own.
        let res = unsafe { libc::wait4(pid, &mut status, 0, usage.as_mut_ptr()) };
        if res == pid {
            // SAFETY: zeroed above and filled by the kernel.
            break unsafe { usage.assume_init() };
        }
        let error = std::io::Error::last_os_error();
        if error.kind() != ErrorKind::Interrupted {
            return Err(error).context("reap a process");
        }
    };
    let time = |t: libc::timeval| {
        Duration::from_secs(t.tv_sec as u64) + Duration::from_micros(t.tv_usec as u64)
    };
    let usage = Usage {
        user: time(usage.ru_utime),
        system: time(usage.ru_stime),
        peak_kib: usage.ru_maxrss as u64,
    };
    let status = if libc::WIFEXITED(status) {
        Status::Exited(libc::WEXITSTATUS(status))
    } else {
        Status::Signalled(libc::WTERMSIG(status))
    };
    Ok((status, usage))
}

/// No descriptors but the three standard ones: whoever started us may have left others open.
#[allow(unsafe_code)] // no library has close_range
pub(super) fn close_in_children() {
    // SAFETY: marks descriptors to be closed by exec and touches no memory. An old kernel refuses,
    // and then they are passed on.
    unsafe { libc::close_range(3, libc::c_uint::MAX, libc::CLOSE_RANGE_CLOEXEC as libc::c_int) };
}

/// A blocked signal stays blocked in children, who would never hear SIGTERM.
#[allow(unsafe_code)] // no library that is used has sigprocmask
pub(super) fn unblock() {
    // SAFETY: the set is plain data that sigemptyset fills before it is read.
    unsafe {
        let mut none = std::mem::zeroed::<libc::sigset_t>();
        libc::sigemptyset(&mut none);
        libc::pthread_sigmask(libc::SIG_SETMASK, &none, std::ptr::null_mut());
    }
}

/// True if a signal is ignored.
#[allow(unsafe_code)] // no library that is used tells how a signal is handled
pub(super) fn is_ignored(signal: i32) -> bool {
    // SAFETY: without a new action nothing changes, and the old one is plain data.
    unsafe {
        let mut action = std::mem::zeroed::<libc::sigaction>();
        libc::sigaction(signal, std::ptr::null(), &mut action) == 0
            && action.sa_sigaction == libc::SIG_IGN
    }
}

/// A descriptor that whoever started us has left open, as a file of our own that children do not
/// inherit. The error is that of the kernel.
#[allow(unsafe_code)] // no library turns a number into a descriptor
pub fn inherited(number: i32) -> std::io::Result<File> {
    // SAFETY: the number is only read by the kernel, which says if it is none.
    let copy = unsafe { libc::fcntl(number, libc::F_DUPFD_CLOEXEC, 3) };
    if copy < 0 {
        return Err(std::io::Error::last_os_error());
    }
    // SAFETY: the copy was made just now and belongs to nobody else.
    Ok(unsafe { File::from_raw_fd(copy) })
}
