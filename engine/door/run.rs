//! A run that goes on in threads of its own.

use super::error::RunError;
use super::event::Event;
use crate::event::{self, Phase, Summary};
use crate::report::{Started, Style, Teller, moment};
use crate::session::{Control, Failure, Places, Request, Stop, Work};
use crossbeam_channel::{Receiver, Sender, bounded, never, select, unbounded};
use std::fmt;
use std::panic::resume_unwind;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, SystemTime};

/// A run that goes on; threads may share it. Dropping it ends it at once, and waits until nothing of it is left.
pub struct Run {
    stop: Stop,
    events: Receiver<Event>,
    work: Option<JoinHandle<Result<Summary, Failure>>>,
}

/// Ends a run from wherever it is needed; see [`Run::stopper`].
#[derive(Clone)]
pub struct Stopper(Stop);

impl Stopper {
    /// The same as [`Run::stop`].
    pub fn stop(&self) {
        self.0.request_once();
    }

    /// The same as [`Run::kill`].
    pub fn kill(&self) {
        while !self.0.is_hard() {
            self.0.request();
        }
    }
}

/// The events of a run, as they happen; over when the run is over and all are taken. A run never
/// waits for whoever takes them: what nobody has taken is kept in memory.
#[derive(Debug, Clone)]
pub struct Events(Receiver<Event>);

impl Iterator for Events {
    type Item = Event;
    fn next(&mut self) -> Option<Event> {
        self.0.recv().ok()
    }
}

/// What a run has come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The exit code that the command `eng` would end with: 0 if all is well, 1 if an action failed,
    /// 3 if a test failed, 8 if the run was stopped; the README has the others.
    pub exit: i32,
    /// Actions carried out, runs of test programs included.
    pub ran: usize,
    /// Actions whose remembered results were taken.
    pub cached: usize,
    /// Actions that failed, tests not included.
    pub failed: usize,
    /// Tests that passed.
    pub tests_passed: usize,
    /// Of these, those whose results were all remembered.
    pub tests_cached: usize,
    /// Tests that failed.
    pub tests_failed: usize,
    /// Tests that were not run, or not to the end.
    pub tests_not_run: usize,
    /// How long it took.
    pub wall: Duration,
}

/// Set while this process has a run.
static BUSY: AtomicBool = AtomicBool::new(false);

/// Nobody else has a run until it is dropped.
pub(super) struct Busy;

impl Busy {
    /// Nothing if this process has a run.
    pub fn enter() -> Option<Busy> {
        match BUSY.swap(true, Ordering::SeqCst) {
            // To make one here and to drop it would end what others have entered.
            true => None,
            false => Some(Busy),
        }
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        BUSY.store(false, Ordering::SeqCst);
    }
}

/// A stack as the main thread of a process has it, and more.
const STACK: usize = 16 << 20;

impl Run {
    pub(super) fn start(
        root: PathBuf,
        places: Places,
        request: Request,
        started: Started,
    ) -> Result<Run, RunError> {
        let busy = Busy::enter().ok_or(RunError::Busy)?;
        let stop = Stop::new().map_err(RunError::World)?;
        let control = Control { stop: stop.clone(), signals: false };
        let (sender, happened) = unbounded();
        let (over, end) = bounded(1);
        let (told, events) = unbounded();
        let work = move || {
            let res = Work::new(&root, &places, &request).carry_out(&control, sender);
            // Who has seen the last event may start another one.
            drop(busy);
            // Whoever tells may be gone, as when there was no thread for him.
            let _ = over.send(match &res {
                Ok(summary) => (summary.status(), String::new()),
                Err(failure) => (failure.status(), failure.told()),
            });
            res
        };
        let began = moment();
        Builder::new()
            .name("events".into())
            .spawn(move || tell(&started, began, &happened, &end, &told))
            .and_then(|_| Builder::new().name("run".into()).stack_size(STACK).spawn(work))
            .map(|work| Run { stop, events, work: Some(work) })
            .map_err(|error| RunError::World(anyhow::Error::from(error).context("start a thread")))
    }

    /// Its events, from the first that nobody has taken yet. Who takes one takes it from all others
    /// who take events of the run.
    pub fn events(&self) -> Events {
        Events(self.events.clone())
    }

    /// Ends it in good order, as Ctrl-C does: what runs is killed, what has ended is kept.
    ///
    /// ```
    /// # let (folder, session) =
    /// #     include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/example.inc"));
    /// let run = session.start(&eng::Request::test(["//..."]))?;
    /// run.stop();
    /// // Unless it was faster.
    /// assert!([0, 8].contains(&run.wait()?.exit));
    /// # Ok::<(), eng::RunError>(())
    /// ```
    pub fn stop(&self) {
        self.stopper().stop();
    }

    /// Ends it at once, as a second Ctrl-C does.
    pub fn kill(&self) {
        self.stopper().kill();
    }

    /// What ends it from elsewhere, also while somebody waits for it.
    pub fn stopper(&self) -> Stopper {
        Stopper(self.stop.clone())
    }

    /// True once it is over.
    pub fn is_done(&self) -> bool {
        self.work.as_ref().is_none_or(JoinHandle::is_finished)
    }

    /// Waits for its end. Events that nobody has taken can still be taken from [`Events`] that were
    /// asked for before.
    ///
    /// # Panics
    /// If eng has a bug; nothing of the run goes on.
    pub fn wait(mut self) -> Result<Outcome, RunError> {
        // Nobody but those who asked for them is to have them kept.
        self.events = never();
        match self.join() {
            Some(Ok(res)) => Ok(outcome(&res?)),
            Some(Err(panic)) => resume_unwind(panic),
            None => unreachable!("BUG: a run is waited for twice"),
        }
    }

    fn join(&mut self) -> Option<std::thread::Result<Result<Summary, Failure>>> {
        Some(self.work.take()?.join())
    }
}

impl fmt::Debug for Run {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.debug_struct("Run").field("is_done", &self.is_done()).finish_non_exhaustive()
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        if self.work.is_some() {
            self.kill();
            // A panic has been told by its hook.
            let _ = self.join();
        }
    }
}

fn outcome(summary: &Summary) -> Outcome {
    Outcome {
        exit: summary.status(),
        ran: summary.ran,
        cached: summary.cached,
        failed: summary.failed,
        tests_passed: summary.tests_passed,
        tests_cached: summary.tests_cached,
        tests_failed: summary.tests_failed,
        tests_not_run: summary.tests_not_run,
        wall: summary.wall,
    }
}

/// Tells what happens until the end, which comes with the exit code and what kept the run from a
/// result.
fn tell(
    started: &Started,
    began: SystemTime,
    happened: &Receiver<event::Event>,
    end: &Receiver<(i32, String)>,
    told: &Sender<Event>,
) {
    let style = Style { rerun: format!("eng {}", started.verb), ..Style::default() };
    let mut teller = Teller::new(style, started, began);
    let send = |teller: &mut Teller| {
        for (line, stderr) in teller.told() {
            // Nobody may want them.
            let _ = told.send(Event { line, stderr });
        }
    };
    teller.take(event::Event::Phase { phase: Phase::Discover, apart: false }, began);
    send(&mut teller);
    let end = loop {
        select! {
            recv(happened) -> event => match event {
                Ok(event) => teller.take(event, moment()),
                Err(_) => break end.recv().ok(),
            },
            recv(end) -> end => break end.ok(),
        }
        send(&mut teller);
    };
    // What was sent before the end came with it.
    happened.try_iter().for_each(|event| teller.take(event, moment()));
    // Without one the run has panicked.
    let (exit, problem) = end.unwrap_or((37, "this is a bug in eng".to_string()));
    teller.end(exit, &problem, moment());
    send(&mut teller);
}
