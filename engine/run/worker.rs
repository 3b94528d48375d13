//! One action from key to result: looked up, or carried out by a process and stored.

use super::ask::Unanswered;
use super::claims::Grant;
use super::coverage::is_unread;
use super::kept;
use super::lookup;
use super::manifest::Content;
use super::prepare::{Inputs, Prepared, prepare};
use super::session::Shared;
use super::start::start;
use super::why;
use crate::analyze::{Action, Command, FileId, FileKind, TestProcess};
use crate::base::{Digest, Why};
use crate::event::{About, ActionId, Event, Origin, Outcome, Process, View};
use crate::store::{self, OutputKind, ResultOutcome, ResultRow};
use anyhow::{Context, Result};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime};

/// What came of an action.
#[derive(Debug, Clone)]
pub(super) struct Done {
    pub outcome: Outcome,
    pub origin: Origin,
    /// What is remembered, or will be.
    pub row: ResultRow,
    /// The key it is kept under; nothing if it is not to be kept.
    pub key: Option<Digest>,
    /// The shape and the inputs that were read, for an action with a depfile that ran.
    pub shape: Option<(Digest, Vec<String>)>,
    /// The command as one could type it.
    pub command: Option<String>,
    /// Why it ran.
    pub why: Option<Why>,
    /// True if it made the same outputs as the last time.
    pub same: bool,
    /// What its process has read, if one was started.
    pub inputs: Inputs,
    /// True if a dry run found that it would have to run.
    pub would_run: bool,
    /// Its process, if one was started.
    pub process: Option<Process>,
    /// What its time went into.
    pub stamps: Option<Stamps>,
}

/// What the time of an action went into, as its worker sees it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stamps {
    /// When it was taken up.
    pub taken: SystemTime,
    /// The same by the clock that is never set.
    pub began: Instant,
    /// Time until it was known whether a remembered result holds.
    pub look: Duration,
    /// Time from then on until the folder for its process was laid out.
    pub lay_out: Duration,
    /// Time until all was over.
    pub whole: Duration,
}

impl Stamps {
    /// Somebody takes an action up.
    pub fn begin() -> Stamps {
        let (taken, began) = (SystemTime::now(), Instant::now());
        let none = Duration::ZERO;
        Stamps { taken, began, look: none, lay_out: none, whole: none }
    }

    /// It is known that no remembered result holds.
    fn looked(&mut self) {
        self.look = self.began.elapsed();
    }

    /// The folder for the process is laid out.
    pub fn laid_out(&mut self) {
        self.lay_out = self.began.elapsed().saturating_sub(self.look);
    }

    /// All is over.
    pub fn end(&mut self) {
        self.whole = self.began.elapsed();
        // What came to no process was nothing but looked up.
        if self.look.is_zero() {
            self.look = self.whole;
        }
    }
}

/// What a shell says of a command that it cannot start, or cannot find.
const NOT_STARTED: [i32; 2] = [126, 127];

impl Done {
    /// True if all is well with the process and with what it says that it has executed.
    fn is_whole(&self) -> bool {
        self.outcome == Outcome::Passed && !is_unread(&self.row.outputs)
    }

    /// True if it is kept how the action ended. An end by force is kept of tests only, since no
    /// earlier pass holds from then on; they are run again. A command that is not there may come.
    pub fn is_kept(&self, action: &Action) -> bool {
        match self.outcome {
            Outcome::Passed => true,
            Outcome::Exited(status) => action.test.is_some() || !NOT_STARTED.contains(&status),
            Outcome::Signalled(_) | Outcome::TimedOut(_) | Outcome::Refuted(_) => {
                action.test.is_some()
            }
            Outcome::Stopped | Outcome::Broken(_) => false,
        }
    }
}

/// Carries out one action; `before` is called before a process is started, and `stamps` learn what
/// takes how long. An error is a failure of the world.
#[allow(clippy::too_many_arguments)] // each is another part of an action; a struct would repeat them
pub(super) fn carry_out(
    shared: &Shared,
    id: ActionId,
    action: &Action,
    inputs: &[FileId],
    about: &About,
    grant: &Grant,
    before: &mut dyn FnMut(),
    stamps: &mut Stamps,
) -> Result<Done> {
    let prepared = match prepare(shared, action, inputs) {
        Ok(Ok(prepared)) => prepared,
        Ok(Err(why)) => return Ok(broken(why)),
        Err(error) if error.is::<Unanswered>() => {
            return Ok(Done { outcome: Outcome::Stopped, ..broken(String::new()) });
        }
        Err(error) => return Err(error),
    };
    if let Command::Write(_) = &action.command {
        return write(shared, action, &prepared);
    }
    let is_test = action.test.is_some();
    let kept = action.test.as_ref().is_none_or(|test| test.whole || test.lists);
    let place = lookup::place(shared, action, &prepared);
    let asked = action.test.as_ref().is_some_and(|test| test.fresh || test.forget);
    let fresh = shared.options.no_cache || (is_test && shared.options.fresh_tests) || asked;
    let look = kept && !fresh;
    let mut failed = None;
    if look && let Some((key, row)) = lookup::find(shared, &prepared.manifest, &place)? {
        // A failed test is run again, a failed compilation is told again.
        let skipped = |test: &TestProcess| {
            test.skip.is_some_and(|status| row.outcome == ResultOutcome::Failed { status })
        };
        let good = row.outcome == ResultOutcome::Passed
            || action.test.as_deref().is_some_and(skipped)
            || shared.options.retell && retold(&row, &prepared).is_some();
        if good || !is_test {
            publish(shared, action, &row)?;
            let (outcome, command) = match row.outcome {
                ResultOutcome::Passed => (Outcome::Passed, None),
                ResultOutcome::Failed { .. } => {
                    let outcome = retold(&row, &prepared).unwrap_or(Outcome::Passed);
                    (outcome, Some(command_line(&prepared)))
                }
            };
            why::tell_standing(shared, action, &prepared, &row, about, outcome.clone());
            let (origin, key) = (Origin::Cached, Some(key));
            return Ok(Done { outcome, origin, row, key, command, ..broken(String::new()) });
        }
        failed = Some(row);
    }
    let last = shared.last(action);
    let why = why::why(shared, action, &prepared, last.as_ref(), failed.as_ref())?;
    if shared.options.dry_run {
        let mut done = broken(String::new());
        done.would_run = true;
        done.why = Some(why);
        return Ok(done);
    }
    before();
    stamps.looked();
    // A process that is started once more is told once more: it is to be seen somewhere else.
    let over = Over::default();
    let begin = |view| {
        let (about, view) = (about.clone(), Some(View { over: over.0.clone(), ..view }));
        let _ = shared.events.send(Event::ActionStarted { action: id, about, view });
    };
    let mut done = start(shared, action, &prepared, &place, grant, &begin, stamps);
    if !matches!(&done, Ok(done) if done.is_whole()) && shared.leave_memory() {
        done = start(shared, action, &prepared, &place, grant, &begin, stamps);
    }
    let mut done = done?;
    done.inputs = prepared.inputs();
    if let Some(changed) = changed_meanwhile(shared, &prepared)? {
        // What was read is not known; once more, with what is there now.
        let again = match prepare(shared, action, inputs)? {
            Ok(prepared) => prepared,
            Err(why) => return Ok(broken(why)),
        };
        let place = lookup::place(shared, action, &again);
        done = start(shared, action, &again, &place, grant, &begin, stamps)?;
        done.inputs = again.inputs();
        if changed_meanwhile(shared, &again)?.is_some() {
            let why = format!("'{changed}' was modified while the build was in progress");
            let ResultRow { duration_ns, cpu_ns, peak_kib, .. } = done.row;
            let row = ResultRow { duration_ns, cpu_ns, peak_kib, ..ResultRow::default() };
            return Ok(Done { row, process: done.process, ..broken(why) });
        }
    }
    done.why = Some(why);
    done.same = last
        .and_then(|last| shared.ledger.result(&last.key))
        .is_some_and(|row| !row.outputs.is_empty() && row.outputs == done.row.outputs);
    if done.outcome == Outcome::Passed {
        publish(shared, action, &done.row)?;
    }
    let failed = done.outcome != Outcome::Passed;
    if failed || shared.options.verbose {
        done.command = Some(command_line(&prepared));
    }
    Ok(done)
}

/// Says to whoever looks at an action that it has ended, also by a panic.
#[derive(Default)]
struct Over(Arc<AtomicBool>);

impl Drop for Over {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// How a remembered failure ended; nothing if it is not known well enough to be told again. A test
/// that ended well but told of failures is kept as status 0. The limit of time is part of the key.
fn retold(row: &ResultRow, prepared: &Prepared) -> Option<Outcome> {
    let ResultOutcome::Failed { status } = row.outcome else { return None };
    match status {
        0 => Some(Outcome::Passed),
        status if status > 0 => Some(Outcome::Exited(status)),
        FORCED => prepared.manifest.timeout.map(Outcome::TimedOut),
        status if status > FORCED => Some(Outcome::Signalled(-status)),
        status => kept::refutation(REFUTED - status).map(Outcome::Refuted),
    }
}

/// The status under which an end by a limit of time is kept; above it stand signals, with a minus
/// sign.
pub(super) const FORCED: i32 = -1000;
/// The status of a test that ended well and left something behind that says that it failed; other
/// reasons follow below it. The one above names none, and is not told again.
pub(super) const REFUTED: i32 = FORCED - 2;

/// Makes the outputs of a result known to those that read them.
fn publish(shared: &Shared, action: &Action, row: &ResultRow) -> Result<()> {
    for id in &action.outputs {
        let path = shared.analysis.files.path(*id);
        let Some(output) = row.outputs.iter().find(|output| *output.path == **path) else {
            continue;
        };
        let digest = output.digest;
        let content = match output.kind {
            OutputKind::File { executable } => Content::File { digest, executable },
            OutputKind::Tree => {
                let root = store::tree_root(&digest, shared.cas)?;
                Content::Tree {
                    digest,
                    root: root.with_context(|| format!("the store lost {path}"))?,
                }
            }
        };
        shared.set_content(*id, content);
    }
    Ok(())
}

fn write(shared: &Shared, action: &Action, prepared: &Prepared) -> Result<Done> {
    let mut text = String::new();
    for word in &prepared.words {
        text.push_str(&word.text);
        text.push('\n');
    }
    let digest = shared.cas.put_bytes(text.as_bytes())?;
    for id in &action.outputs {
        shared.set_content(*id, Content::File { digest, executable: false });
    }
    Ok(Done {
        outcome: Outcome::Passed,
        origin: Origin::Cached,
        key: None,
        ..broken(String::new())
    })
}

pub(super) fn broken(why: String) -> Done {
    Done {
        outcome: Outcome::Broken(why),
        origin: Origin::Ran,
        row: ResultRow::default(),
        key: None,
        shape: None,
        command: None,
        why: None,
        same: false,
        inputs: Inputs::default(),
        would_run: false,
        process: None,
        stamps: None,
    }
}

/// The first source that is not what it was when the key was made. All that changed are looked at
/// anew from here on.
fn changed_meanwhile(shared: &Shared, prepared: &Prepared) -> Result<Option<String>> {
    let mut first = None;
    for (_, id, content) in &prepared.inputs {
        let file = shared.analysis.files.file(*id);
        if !matches!(file.kind, FileKind::Source) {
            continue;
        }
        // Another action may have noticed it already, so the last look does not tell.
        let path = shared.root.join(&*file.path);
        shared.stats.recheck(&path)?;
        let now = shared.stats.digest(&path)?;
        let now = now.map(|(digest, executable)| Content::File { digest, executable });
        if now != Some(*content) {
            shared.forget(*id);
            first.get_or_insert_with(|| file.path.to_string());
        }
    }
    Ok(first)
}

/// The command as one could type it into a shell at the workspace's root.
fn command_line(prepared: &Prepared) -> String {
    let quote = |word: &str| {
        let plain = |c: char| c.is_ascii_alphanumeric() || "_-./+=:,@%".contains(c);
        if !word.is_empty() && word.chars().all(plain) {
            word.to_string()
        } else {
            format!("'{}'", word.replace('\'', r"'\''"))
        }
    };
    prepared.manifest.arguments.iter().map(|word| quote(word)).collect::<Vec<_>>().join(" ")
}

/// A result row as the rest of the run sees its time.
pub(super) fn duration(row: &ResultRow) -> Duration {
    Duration::from_nanos(row.duration_ns)
}
