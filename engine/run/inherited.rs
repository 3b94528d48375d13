//! What every process inherits from this one, made the same for all users: descriptors, the mask
//! of new files, signals, limits. The environment is the affair of whoever starts a process.

use super::kernel;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};

/// Open files that every process may have at least.
const FILES: u64 = 1024;
/// Stacks are at least this large, if the system lets us.
const STACK: u64 = 8 << 20;
const SMALL_STACK: u64 = 2 << 20;

/// Signals that whoever started us wants ignored, such as SIGHUP under `nohup`.
static IGNORED: Mutex<Option<Vec<i32>>> = Mutex::new(None);

/// Makes it so, before any thread that starts processes is made.
pub(super) fn isolate() {
    super::offspring::adopt();
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o022));
    kernel::close_in_children();
    kernel::unblock();
    ignored();
    let raise = |resource, least: u64, to: u64| {
        let limit = getrlimit(resource);
        if limit.current.is_some_and(|now| now < least) {
            let current = limit.maximum.map_or(to, |most| most.min(to));
            // Whoever must not raise it keeps what there is.
            let _ = setrlimit(resource, Rlimit { current: Some(current), ..limit });
        }
    };
    raise(Resource::Nofile, FILES, FILES);
    raise(Resource::Stack, SMALL_STACK, STACK);
}

/// The signals that were ignored when this process was started. They get a handler that does
/// nothing: it is as good as ignoring them, but children do not inherit it. SIGPIPE is left to the
/// standard library, which ignores it for us and not for children.
pub(super) fn ignored() -> Vec<i32> {
    let mut known = IGNORED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = &*known {
        return known.clone();
    }
    let fixed = [libc::SIGKILL, libc::SIGSTOP, libc::SIGPIPE];
    let found: Vec<i32> =
        (1..32).filter(|signal| !fixed.contains(signal) && kernel::is_ignored(*signal)).collect();
    for signal in &found {
        let _ = signal_hook::flag::register(*signal, Arc::new(AtomicBool::new(false)));
    }
    known.insert(found).clone()
}
