//! What is to be kept and told of actions that have ended.

use super::coverage::is_unread;
use super::grow::{Follow, Learned, Record};
use super::session::Shared;
use super::states::Since;
use super::undeclared::undeclared;
use super::worker::{self, Done};
use crate::analyze::{Action, TestProcess};
use crate::base::{Digest, signal_name};
use crate::event::{
    About, ActionEnd, ActionId, Details, Event, Made, MadeKind, Origin, Outcome, Progress, Times,
    Turn,
};
use crate::graph::NodeId;
use crate::store::{Attempt, Batch, CaseAttempt, Last, OutputKind, OutputRow, ResultOutcome};
use std::time::{Duration, Instant, SystemTime};

/// What is to be kept and told of actions that have ended.
#[derive(Default)]
pub(super) struct News {
    /// Rows for the ledger.
    pub batch: Batch,
    /// Rows for the history: processes, …
    pub attempts: Vec<Attempt>,
    /// … and what cases came to in them.
    pub cases: Vec<CaseAttempt>,
    /// How long things took.
    pub learned: Vec<Learned>,
    /// What is told once these are kept.
    pub events: Vec<Event>,
    /// When the first of it came.
    since: Option<Instant>,
    /// How long it may wait.
    pause: Duration,
}

/// What has ended is kept and told so much later, at least and at most. A transaction for each tiny
/// action would take as long as its process.
const PAUSES: [Duration; 2] = [Duration::from_millis(10), Duration::from_millis(100)];
/// Between the bounds, keeping takes one part of so many of the time.
const PART: u32 = 20;

impl News {
    /// Something has ended.
    pub fn begin(&mut self) {
        self.since.get_or_insert_with(Instant::now);
    }

    /// When it must be kept and told, if there is some.
    pub fn due(&self) -> Option<Instant> {
        self.since.map(|since| since + self.pause.max(PAUSES[0]))
    }

    /// True if that is now.
    pub fn is_due(&self) -> bool {
        self.due().is_some_and(|due| due <= Instant::now())
    }

    /// Keeps it, and only then tells it: what was told is never lost. Gives what is to be filled next.
    pub fn settle(mut self, shared: &Shared, record: &mut Record) -> News {
        let began = Instant::now();
        self.batch.append(shared.take_pending());
        shared.ledger.commit(self.batch);
        record(&self.attempts, &self.cases, &self.learned);
        for event in self.events {
            let _ = shared.events.send(event);
        }
        let pause = (began.elapsed() * PART).min(PAUSES[1]);
        News { pause, ..News::default() }
    }

    /// Notes what is to be remembered of an action, and of the cases that it ran.
    pub fn keep(
        &mut self,
        shared: &Shared,
        action: &Action,
        done: &mut Done,
        began: SystemTime,
        follow: &mut Follow,
    ) {
        if follow.failed {
            done.row.outcome = ResultOutcome::Failed { status: 0 };
        }
        done.row.flaky = std::mem::take(&mut follow.flaky);
        self.learned.append(&mut follow.learned);
        self.batch.cases.append(&mut follow.cases);
        self.batch.last.extend(follow.last.take());
        self.batch.denies |= follow.denies;
        if let Some(manifest) = done.row.manifest {
            let last = shared.last_key(&action.label.to_string(), &action.about);
            // Without a key it is known only that the action failed.
            let now = Last { manifest, key: done.key.unwrap_or_default() };
            if done.origin == Origin::Ran || shared.ledger.last(&last) != Some(now) {
                self.batch.last.push((last, now));
            }
        }
        if done.origin == Origin::Cached {
            return;
        }
        let started = done.process.is_some();
        if done.outcome == Outcome::Stopped && !started {
            return;
        }
        let nanoseconds =
            began.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_nanos();
        let (round, number) = action.test.as_ref().map_or((0, 1), |it| (it.run_number, it.attempt));
        let few = action.test.as_ref().is_some_and(|test| test.cases.len() <= 1);
        let alone = few && follow.tried.len() == 1;
        self.cases.extend(follow.tried.drain(..).map(|it| CaseAttempt {
            run: shared.run,
            label: action.label.to_string(),
            name: it.name,
            key: it.key.map(|key| *key.bytes()),
            round,
            number,
            start_ns: nanoseconds as i64,
            duration_ns: it.duration.map(|it| it.as_nanos() as u64),
            cpu_ns: alone.then_some(done.row.cpu_ns),
            peak_kib: alone.then_some(done.row.peak_kib),
            outcome: it.outcome,
        }));
        self.attempts.push(Attempt {
            label: action.label.to_string(),
            action: action.about.clone(),
            run: shared.run,
            key: done.key.unwrap_or_else(|| Digest::of(b"")),
            start_ns: nanoseconds as i64,
            duration_ns: started.then_some(done.row.duration_ns),
            cpu_ns: done.row.cpu_ns,
            peak_kib: done.row.peak_kib,
            outcome: in_words(&done.outcome),
            origin: "ran".to_string(),
            tests: action.test.as_ref().is_some_and(|test| !test.lists),
            round,
            number: number.max(1),
            why: done.why.clone().unwrap_or_default().bounded(),
            same: done.same,
            manifest: done.row.manifest,
        });
        let whole = action.test.as_ref().is_none_or(|test| test.whole || test.lists);
        if done.outcome == Outcome::Passed && whole {
            let (label, what) = (action.label.clone(), action.about.clone());
            let duration = worker::duration(&done.row);
            self.learned.push(Learned { label, what, duration });
        }
        // Of runs that are not to be remembered a failure still ends what was known before.
        // So is what it has executed if that cannot be read: the next run has it once more.
        let unread = is_unread(&done.row.outputs);
        let forgotten = |test: &TestProcess| {
            test.forget && done.outcome == Outcome::Passed
                || unread && done.row.outcome == ResultOutcome::Passed
        };
        let whole = whole && !action.test.as_deref().is_some_and(forgotten);
        if let (true, Some(key)) = (whole && done.is_kept(action), done.key) {
            let failed = done.row.outcome != ResultOutcome::Passed;
            self.batch.denies |= failed && action.test.is_some();
            done.row.time = (nanoseconds / 1_000_000_000) as u64;
            self.batch.results.push((key, done.row.clone()));
            self.batch.shapes.extend(done.shape.take());
        }
    }

    /// Notes that an action has ended that could be carried out since then, and how far the build is
    /// with it.
    pub fn tell(
        &mut self,
        shared: &Shared,
        node: NodeId,
        action: &Action,
        done: Done,
        progress: Option<Progress>,
        since: Since,
    ) {
        let file = |digest: Digest| Some((shared.cas.find(&digest).ok()??, digest.size));
        let output = done.row.stdout.or(done.row.stderr).and_then(file);
        let errors = done.row.stderr.filter(|_| done.row.stdout.is_some()).and_then(file);
        let seen = matches!(done.outcome, Outcome::Exited(_)) && action.test.is_none();
        let undeclared = match &output {
            Some((path, _)) if seen => undeclared(shared, action, path),
            _ => Vec::new(),
        };
        let times = done.stamps.map(|stamps| {
            Box::new(Times {
                ready: since.ready,
                after: since.after.map(id),
                taken: stamps.taken,
                look: stamps.look,
                lay_out: stamps.lay_out,
                whole: stamps.whole,
            })
        });
        self.events.push(Event::ActionFinished {
            action: id(node),
            about: about(action),
            end: ActionEnd {
                duration: worker::duration(&done.row),
                outcome: done.outcome,
                origin: done.origin,
                output,
                command: done.command,
                place: action.place.clone(),
                reason: done.why.map(|why| why.text),
                undeclared,
                details: Details {
                    process: done.process,
                    errors,
                    outputs: done.row.outputs.iter().map(made).collect(),
                    progress,
                    times,
                    turn: action.test.as_deref().filter(|test| !test.lists).map(turn),
                },
            },
        });
    }
}

fn turn(test: &TestProcess) -> Turn {
    Turn { run: test.run_number, attempt: test.attempt.max(1) }
}

fn made(row: &OutputRow) -> Made {
    let kind = match row.kind {
        OutputKind::File { executable: true } => MadeKind::Program,
        OutputKind::File { executable: false } => MadeKind::File,
        OutputKind::Tree => MadeKind::Folder,
    };
    Made { path: row.path.clone(), digest: row.digest, kind }
}

/// The outcome as the history keeps it.
pub(super) fn in_words(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Passed => "passed".to_string(),
        Outcome::Exited(status) => format!("exit status {status}"),
        Outcome::Signalled(signal) => signal_name(*signal),
        Outcome::TimedOut(_) => "timed out".to_string(),
        Outcome::Stopped => "stopped".to_string(),
        Outcome::Refuted(why) | Outcome::Broken(why) => why.clone(),
    }
}

/// Number of an action for events.
pub(super) fn id(node: NodeId) -> ActionId {
    ActionId(node.index() as u32)
}

/// Which action it is, in words.
pub(super) fn about(action: &Action) -> About {
    About {
        label: action.label.clone(),
        subject: action.about.clone(),
        test: action.test.is_some(),
    }
}
