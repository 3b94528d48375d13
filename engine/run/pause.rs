//! Ctrl-Z: while eng is stopped, what it has started is stopped, too, and no time counts.
//! A machine that sleeps needs no care: the clock is `CLOCK_MONOTONIC`, which sleeps with it.

use rustix::process::{Pid, Signal, kill_process_group};
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard};
use std::time::{Duration, Instant};

/// Held by whoever starts a process until it is registered.
static GATE: RwLock<()> = RwLock::new(());
static PAUSE: Mutex<Pause> =
    Mutex::new(Pause { groups: Vec::new(), since: None, total: Duration::ZERO });

struct Pause {
    /// Groups of the processes that run.
    groups: Vec<Pid>,
    /// When this process was stopped.
    since: Option<Instant>,
    /// How long it was stopped before.
    total: Duration,
}

fn pause() -> MutexGuard<'static, Pause> {
    PAUSE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Waits until nothing is stopped, and keeps it so until the process that is started meanwhile is
/// registered.
pub(super) fn gate() -> RwLockReadGuard<'static, ()> {
    GATE.read().unwrap_or_else(PoisonError::into_inner)
}

/// A process that is stopped with this one, until it is dropped.
pub(super) struct Registered(Pid);

impl Registered {
    /// Registers the leader of a group.
    pub fn new(group: Pid) -> Registered {
        pause().groups.push(group);
        Registered(group)
    }
}

impl Drop for Registered {
    fn drop(&mut self) {
        pause().groups.retain(|group| *group != self.0);
    }
}

/// How long this process could run since a moment, of which `before` is what `stopped` gave then.
pub(super) fn since(moment: Instant, before: Duration) -> Duration {
    let pause = pause();
    let now = pause.since.unwrap_or_else(Instant::now);
    now.saturating_duration_since(moment).saturating_sub(pause.total.saturating_sub(before))
}

/// How long this process was stopped so far.
pub(super) fn stopped() -> Duration {
    pause().total
}

/// Stops all that runs and then this process; returns when it goes on.
pub(super) fn suspend() {
    let gate = GATE.write().unwrap_or_else(PoisonError::into_inner);
    let groups = {
        let mut pause = pause();
        pause.since = Some(Instant::now());
        pause.groups.clone()
    };
    for group in &groups {
        let _ = kill_process_group(*group, Signal::STOP);
    }
    let _ = signal_hook::low_level::emulate_default_handler(signal_hook::consts::SIGTSTP);
    for group in &pause().groups {
        let _ = kill_process_group(*group, Signal::CONT);
    }
    let mut pause = pause();
    if let Some(since) = pause.since.take() {
        pause.total += since.elapsed();
    }
    drop(gate);
}
