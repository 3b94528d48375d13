//! Calls to the kernel that no library has: all that is unsafe is here.

use anyhow::{Context, Result};
use std::io::ErrorKind;
use std::process::Child;
use std::time::Duration;

/// How a process ended.
pub(super) enum Status {
    /// With this status.
    Exited(i32),
    /// By this signal.
    Signalled(i32),
}

/// Reaps a process that has ended: its status, the time of the processor it took, and its peak
/// memory in KiB. std can't tell what it used.
#[allow(unsafe_code)] // wait4 is the only call that gives status and usage of one child
pub(super) fn reap(child: &Child) -> Result<(Status, Duration, u64)> {
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
    let cpu = time(usage.ru_utime) + time(usage.ru_stime);
    let status = if libc::WIFEXITED(status) {
        Status::Exited(libc::WEXITSTATUS(status))
    } else {
        Status::Signalled(libc::WTERMSIG(status))
    };
    Ok((status, cpu, usage.ru_maxrss as u64))
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
