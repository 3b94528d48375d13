//! The things that can happen in a build, as one enum. No rendering, no serialization.

mod coverage; // what tests have executed
mod detail; // processes, files, progress
mod phase; // what a run is doing
mod view; // a process that runs

pub use coverage::{Coverage, CoveredFile, Hits, NoData};
pub use detail::{Details, Made, MadeKind, Process, Program, Progress, Times, Turn};
pub use phase::Phase;
pub use view::{Steps, View};

use crate::base::{Doer, Label, Place, Why};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// What the engine tells whoever shows it. Events of one action come in order; those of different
/// actions in the order in which they happened.
#[derive(Debug, Clone)]
pub enum Event {
    /// The plan is made. `labels` are the targets asked for, sorted; `tests` those of them that
    /// are run as tests; `actions` counts what may have to run.
    Planned { labels: Vec<Label>, tests: Vec<Label>, actions: usize },
    /// Another phase begins. `apart` says that no test starts before all is built; otherwise some
    /// may have been run before their phase comes.
    Phase { phase: Phase, apart: bool },
    /// Something the user should know once, such as a degraded cache.
    Warning(String),
    /// A process carries an action out; `view`, which no saved stream has, is where to look at it.
    ActionStarted { action: ActionId, about: About, view: Option<View> },
    /// An action has ended, or its remembered result was taken.
    ActionFinished { action: ActionId, about: About, end: ActionEnd },
    /// An action will not be carried out because another one failed.
    ActionSkipped { about: About, because: Label },
    /// A dry run found that an action would have to run.
    WouldRun { about: About, why: Why },
    /// The remembered result of an action holds. Only for targets that are to be explained.
    UpToDate { about: About, standing: Standing },
    /// A case has a result that holds, or would run. Only for targets that are to be explained.
    CaseExplained { label: Label, case: String, standing: CaseStanding },
    /// All cases of a test target that were wanted have a verdict. `warnings` are what the test
    /// wants to be told besides, also if it passed.
    TestFinished {
        label: Label,
        cases: Vec<Case>,
        duration: Duration,
        log: Option<PathBuf>,
        warnings: Vec<String>,
    },
    /// A test target has not been run; why.
    TestNotRun { label: Label, because: NotRun },
    /// All that can be built is; the programs among what was asked for: those of tests, or those
    /// that are delivered.
    Built { programs: Vec<Program> },
    /// A file or folder was delivered into `eng-out`; its digest is not known of what was there.
    Delivered { label: Label, path: String },
    /// The user asks what runs now.
    StatusAsked,
    /// Nothing more will come.
    Finished(Summary),
}

/// Number of an action in the plan of this run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ActionId(pub u32);

/// Which action it is, in words.
#[derive(Debug, Clone)]
pub struct About {
    /// The target it belongs to.
    pub label: Label,
    /// What it does, as progress shows it: `compile text/a.c`.
    pub subject: String,
    /// True for the run of a test program and for the listing of its cases.
    pub test: bool,
}

/// How an action ended.
#[derive(Debug, Clone)]
pub struct ActionEnd {
    /// Success or the kind of failure.
    pub outcome: Outcome,
    /// Where the result is from.
    pub origin: Origin,
    /// Time the process took, now or when it was remembered.
    pub duration: Duration,
    /// What the command printed: a whole file, and its size in bytes; nothing if it was silent.
    pub output: Option<(PathBuf, u64)>,
    /// The command as one could type it into a shell; only for failures and `--verbose`.
    pub command: Option<String>,
    /// The rule's action that made it.
    pub place: Place,
    /// Why it ran, in one line, if it ran.
    pub reason: Option<String>,
    /// Files that a failed command did not find, since they are no inputs of it: `'a.h' is there`.
    pub undeclared: Vec<String>,
    /// What else is known.
    pub details: Details,
}

/// Whether a result is fresh.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Origin {
    /// A process was started.
    #[default]
    Ran,
    /// Remembered.
    Cached,
}

/// How a process ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Exit status 0 and all outputs are there.
    Passed,
    /// Another exit status.
    Exited(i32),
    /// Killed by a signal that it did not get from us.
    Signalled(i32),
    /// Killed by us after this time.
    TimedOut(Duration),
    /// Killed by us because the run was stopped.
    Stopped,
    /// Exit status 0, but what a test left behind says that it has failed; why.
    Refuted(String),
    /// It could not be started, or what it left behind is not what was declared.
    Broken(String),
}

/// Why a test target has no verdict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotRun {
    /// This target, which it needs, was not built.
    NotBuilt(Label),
    /// The run ended before; the reason in words.
    Cut(String),
}

/// Where a remembered result is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Known {
    /// Number of the run in the history.
    pub run: i64,
    /// When it was come by, in seconds since the epoch.
    pub time: u64,
}

/// Why an action need not run.
#[derive(Debug, Clone)]
pub struct Standing {
    /// Number of the run that made its result.
    pub run: i64,
    /// When that was, in seconds since the epoch.
    pub time: u64,
    /// How it ended then.
    pub outcome: Outcome,
    /// Declared inputs.
    pub inputs: usize,
    /// Those among them whose contents count.
    pub read: usize,
    /// Programs of the machine.
    pub tools: usize,
    /// Inputs that have changed since, and that it does not read.
    pub unread: Vec<String>,
    /// Who writes its inputs.
    pub writers: Vec<Doer>,
}

/// Why a case need not run, or would.
#[derive(Debug, Clone)]
pub enum CaseStanding {
    /// Its result holds.
    Holds(Known),
    /// It would run.
    WouldRun(Why),
}

/// How often a case was bad when everything was run several times.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Runs {
    /// Runs in which it was not good.
    pub bad: u32,
    /// All runs.
    pub all: u32,
}

/// An attempt of a case that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedAttempt {
    /// Which round, from 1 on; 0 if there is only one.
    pub run: u32,
    /// Which attempt in that round, from 1 on.
    pub number: u32,
    /// How it failed.
    pub verdict: Verdict,
    /// How long it took, if the protocol tells.
    pub duration: Option<Duration>,
    /// What it printed or what is known about its failure. Of many attempts that printed much the
    /// later ones have none.
    pub output: String,
    /// When its process began, if one did.
    pub start: Option<SystemTime>,
}

/// The result of one case.
#[derive(Debug, Clone, Default)]
pub struct Case {
    /// Its name; empty if the program has only one, unnamed case.
    pub name: String,
    /// What came out.
    pub verdict: Verdict,
    /// Whether it was run now.
    pub origin: Origin,
    /// How long it took, if the protocol tells.
    pub duration: Option<Duration>,
    /// What it printed or what is known about its failure; may be empty.
    pub output: String,
    /// Attempts that failed before the one that passed; of a remembered result, those of its run.
    pub flaky: u32,
    /// When its process began, if it was run now.
    pub start: Option<SystemTime>,
    /// Attempts in this run that failed, besides the one that is told here; in the order in which
    /// they ended. Of several runs of everything they are those of all.
    pub failures: Vec<FailedAttempt>,
    /// True if its process ended by itself and left others behind, which were killed.
    pub leaky: bool,
    /// Where a remembered result is from.
    pub known: Option<Known>,
    /// Set if everything was run several times.
    pub runs: Option<Runs>,
}

/// What came out of a case.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Verdict {
    /// It passed.
    #[default]
    Passed,
    /// It failed; `exit status 3`, if only the status of its process told so, else empty.
    Failed(String),
    /// It was skipped, perhaps with a reason.
    Skipped(String),
    /// It failed, as its author said it would, perhaps with a reason.
    ExpectedFailure(String),
    /// It passed although its author said that it would fail, perhaps with a reason.
    UnexpectedPass(String),
    /// It was killed after this time.
    TimedOut(Duration),
    /// Its process ended by this signal, or with this status before the case had ended.
    Crashed(String),
    /// It has no result; why.
    NotRun(String),
}

impl Verdict {
    /// It failed, and what told so says how.
    pub fn failed() -> Verdict {
        Verdict::Failed(String::new())
    }

    /// True for what does not fail a run.
    pub fn is_good(&self) -> bool {
        matches!(self, Verdict::Passed | Verdict::Skipped(_)) || self.is_odd()
    }

    /// True for what does not fail a run and yet should be known by name.
    pub fn is_odd(&self) -> bool {
        matches!(self, Verdict::ExpectedFailure(_) | Verdict::UnexpectedPass(_))
    }
}

/// What a run comes to.
#[derive(Debug, Clone, Default)]
pub struct Summary {
    /// Actions carried out, tests and listings included.
    pub ran: usize,
    /// Actions whose remembered result was taken.
    pub cached: usize,
    /// Actions that failed, tests not included.
    pub failed: usize,
    /// Actions that were not carried out because of a failure.
    pub skipped: usize,
    /// Test targets by verdict of the whole.
    pub tests_passed: usize,
    /// Of these, how many had no process.
    pub tests_cached: usize,
    /// Test targets with a case that is not good.
    pub tests_failed: usize,
    /// Test targets without a case.
    pub tests_empty: usize,
    /// Test targets that could not be run.
    pub tests_not_run: usize,
    /// Cases that passed, failed, were skipped, and those among them that were cached.
    pub cases: CaseCounts,
    /// True if the user stopped the run.
    pub interrupted: bool,
    /// Cases that were named and that no test has, as `//a:t#case`.
    pub unmatched: Vec<String>,
    /// Why the run ended early, if it did and not by the user.
    pub cut: Option<String>,
    /// Which share of the tests the run had, in words.
    pub share: Option<String>,
    /// Seed of the random order of cases, if they ran in one.
    pub seed: Option<u64>,
    /// Failures of the world that kept something from being done.
    pub broken: usize,
    /// What the tests have executed, if that was asked for.
    pub coverage: Option<Arc<Coverage>>,
    /// Wall time of the run.
    pub wall: Duration,
}

impl Summary {
    /// The exit code of the run, as Bazel has them. A failed build wins over a failed test.
    pub fn status(&self) -> i32 {
        let untested = self.tests_failed > 0 || self.tests_not_run > 0;
        if self.interrupted {
            8
        } else if self.broken > 0 {
            36
        } else if self.failed > 0 {
            1
        } else if untested || self.cut.is_some() {
            3
        } else if !self.unmatched.is_empty() {
            4
        } else {
            0
        }
    }

    /// Adds what a further part of the run came to.
    pub fn add(&mut self, more: &Summary) {
        self.ran += more.ran;
        self.cached += more.cached;
        self.failed += more.failed;
        self.skipped += more.skipped;
        self.tests_passed += more.tests_passed;
        self.tests_cached += more.tests_cached;
        self.tests_failed += more.tests_failed;
        self.tests_empty += more.tests_empty;
        self.tests_not_run += more.tests_not_run;
        self.cases.passed += more.cases.passed;
        self.cases.failed += more.cases.failed;
        self.cases.skipped += more.cases.skipped;
        self.cases.expected_failures += more.cases.expected_failures;
        self.cases.unexpected_passes += more.cases.unexpected_passes;
        self.cases.not_run += more.cases.not_run;
        self.cases.flaky += more.cases.flaky;
        self.cases.cached += more.cases.cached;
        self.cases.leaky += more.cases.leaky;
        self.interrupted |= more.interrupted;
        self.cut = self.cut.take().or_else(|| more.cut.clone());
        self.seed = self.seed.or(more.seed);
        self.share = self.share.take().or_else(|| more.share.clone());
        self.unmatched.extend(more.unmatched.iter().cloned());
        self.broken += more.broken;
    }
}

/// Cases of a run by verdict.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CaseCounts {
    /// Passed.
    pub passed: usize,
    /// Failed, crashed or timed out.
    pub failed: usize,
    /// Skipped.
    pub skipped: usize,
    /// Failed as expected.
    pub expected_failures: usize,
    /// Passed although a failure was expected.
    pub unexpected_passes: usize,
    /// No result.
    pub not_run: usize,
    /// Of those that passed, the ones that had failed before in the same run.
    pub flaky: usize,
    /// Of all these, remembered ones.
    pub cached: usize,
    /// Of all these, those whose process left others behind.
    pub leaky: usize,
}

impl CaseCounts {
    /// Counts a case.
    pub fn add(&mut self, case: &Case) {
        match case.verdict {
            Verdict::Passed => self.passed += 1,
            Verdict::Skipped(_) => self.skipped += 1,
            Verdict::ExpectedFailure(_) => self.expected_failures += 1,
            Verdict::UnexpectedPass(_) => self.unexpected_passes += 1,
            Verdict::NotRun(_) => self.not_run += 1,
            Verdict::Failed(_) | Verdict::TimedOut(_) | Verdict::Crashed(_) => self.failed += 1,
        }
        self.flaky += usize::from(case.flaky > 0 && case.verdict.is_good());
        self.cached += usize::from(case.origin == Origin::Cached);
        self.leaky += usize::from(case.leaky);
    }
}
