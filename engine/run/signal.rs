//! Ctrl-C: once ends the run in good order, twice at once. A run may also end by its own rules.

use anyhow::{Context, Result};
use rustix::event::{EventfdFlags, eventfd};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// The signals that ask for the end.
pub fn ends() -> Vec<i32> {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    // A terminal that goes away is nothing to us if `nohup` says so. The others are only sent to
    // those who are meant, also to a run in the background.
    let is_ignored = super::inherited::ignored().contains(&SIGHUP);
    let mut res = vec![SIGINT, SIGTERM];
    res.extend((!is_ignored).then_some(SIGHUP));
    res
}

/// Whether the run is to end. Cheap to ask, and a file descriptor to wait for.
#[derive(Clone)]
pub struct Stop {
    level: Arc<AtomicU8>,
    // Readable from the first (second) request on; never read, so that all who wait are woken.
    soft: Arc<OwnedFd>,
    hard: Arc<OwnedFd>,
    /// Why the run ends by its own rules.
    cut: Arc<OnceLock<String>>,
}

impl Stop {
    /// A run that goes on.
    pub fn new() -> Result<Stop> {
        let event = || eventfd(0, EventfdFlags::CLOEXEC).context("make an event descriptor");
        Ok(Stop {
            level: Arc::new(AtomicU8::new(0)),
            soft: Arc::new(event()?),
            hard: Arc::new(event()?),
            cut: Arc::new(OnceLock::new()),
        })
    }

    /// Listens to SIGINT, SIGTERM and SIGHUP: the first asks for an end in good order, the second
    /// for one at once. At SIGCHLD the orphans that have ended are reaped, at
    /// SIGTSTP all that runs is stopped with us, at SIGQUIT `asked` is called: the user wants to
    /// know what runs.
    pub fn listen(&self, asked: impl Fn() + Send + 'static) -> Result<()> {
        use signal_hook::consts::{SIGCHLD, SIGQUIT, SIGTSTP};
        let ignored = super::inherited::ignored();
        let pauses = [SIGTSTP].into_iter().filter(|signal| !ignored.contains(signal));
        let heard = ends().into_iter().chain([SIGQUIT, SIGCHLD]).chain(pauses);
        let mut signals =
            signal_hook::iterator::Signals::new(heard).context("listen to signals")?;
        let stop = self.clone();
        std::thread::Builder::new()
            .name("signals".to_string())
            .spawn(move || {
                for signal in signals.forever() {
                    match signal {
                        SIGCHLD => super::offspring::reap(),
                        SIGTSTP => super::pause::suspend(),
                        SIGQUIT => asked(),
                        _ => stop.request(),
                    }
                }
            })
            .context("start the thread that listens to signals")?;
        Ok(())
    }

    /// Has orphans that have ended reaped at SIGCHLD, while something runs, and leaves all other signals
    /// alone: for a run in a process that belongs to somebody else. Once is enough for all runs.
    pub fn reap_only() -> Result<()> {
        static ONCE: Mutex<bool> = Mutex::new(false);
        let mut is_done = ONCE.lock().unwrap_or_else(PoisonError::into_inner);
        if *is_done {
            return Ok(());
        }
        let children = [signal_hook::consts::SIGCHLD];
        let mut signals =
            signal_hook::iterator::Signals::new(children).context("listen to signals")?;
        std::thread::Builder::new()
            .name("orphans".to_string())
            .spawn(move || signals.forever().for_each(|_| super::offspring::reap_while_running()))
            .context("start the thread that reaps orphans")?;
        *is_done = true;
        Ok(())
    }

    /// Asks for the end once more.
    pub fn request(&self) {
        let before = self.level.fetch_add(1, Ordering::SeqCst);
        let fd = if before == 0 { &self.soft } else { &self.hard };
        // Writing to an event descriptor fails only when its counter is full, and then it is
        // readable already.
        let _ = rustix::io::write(fd, &1u64.to_ne_bytes());
    }

    /// Asks for the end in good order unless an end was asked for already, by whomever.
    pub fn request_once(&self) {
        if self.level.compare_exchange(0, 1, Ordering::SeqCst, Ordering::SeqCst).is_ok() {
            let _ = rustix::io::write(&self.soft, &1u64.to_ne_bytes());
        }
    }

    /// Ends the run in good order, for a reason of its own: what runs is stopped.
    pub fn cut(&self, why: String) {
        if self.cut.set(why).is_ok() {
            let _ = rustix::io::write(&self.soft, &1u64.to_ne_bytes());
        }
    }

    /// True once an end was asked for, or the run ends by its own rules.
    pub fn requested(&self) -> bool {
        self.interrupted() || self.cut.get().is_some()
    }

    /// True once the user asked for the end.
    pub fn interrupted(&self) -> bool {
        self.level.load(Ordering::SeqCst) > 0
    }

    /// Why the run ends early.
    pub fn why(&self) -> String {
        match self.cut.get().filter(|_| !self.interrupted()) {
            Some(why) => why.clone(),
            None => "the run was stopped".to_string(),
        }
    }

    /// True once the end was asked for twice.
    pub fn is_hard(&self) -> bool {
        self.level.load(Ordering::SeqCst) > 1
    }

    /// Readable from the first request on.
    pub fn soft(&self) -> BorrowedFd<'_> {
        self.soft.as_fd()
    }

    /// Readable from the second request on.
    pub fn hard(&self) -> BorrowedFd<'_> {
        self.hard.as_fd()
    }
}
