//! The JSON lines of a run: what stands in each. `docs/events.schema.json` says the same.
//! A field may be added; one that changes its meaning makes another version.

use super::started::Started;
use serde::{Deserialize, Serialize};

/// The form of the lines.
pub(super) const VERSION: u32 = 1;

/// One line.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Line<'a> {
    /// [`VERSION`].
    pub v: u32,
    /// When it was told, in seconds since the epoch.
    pub t: f64,
    /// Number of the line in its run, from 0 on.
    pub seq: u64,
    #[serde(flatten)]
    pub body: std::borrow::Cow<'a, Body>,
}

/// What a line tells.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "ev", rename_all = "snake_case")]
pub(super) enum Body {
    Started(Started),
    Planned {
        labels: Vec<String>,
        tests: Vec<String>,
        actions: usize,
    },
    Phase {
        phase: Phase,
        apart: bool,
    },
    Warning {
        text: String,
    },
    ActionStarted {
        action: u32,
        label: String,
        subject: String,
        test: bool,
    },
    ActionFinished(Box<Action>),
    ActionSkipped {
        label: String,
        subject: String,
        test: bool,
        because: String,
    },
    WouldRun {
        label: String,
        subject: String,
        test: bool,
        reason: String,
    },
    CaseFinished(Box<Case>),
    TestFinished(Test),
    TestNotRun(NotRun),
    BuildComplete {
        programs: Vec<Program>,
    },
    Delivered {
        label: String,
        path: String,
    },
    Finished(Box<Summary>),
    Ended {
        exit: i32,
        #[serde(default, skip_serializing_if = "is_default")]
        problem: String,
    },
}

/// Every `ev` that there is.
pub(super) const KINDS: [&str; 15] = [
    "started",
    "planned",
    "phase",
    "warning",
    "action_started",
    "action_finished",
    "action_skipped",
    "would_run",
    "case_finished",
    "test_finished",
    "test_not_run",
    "build_complete",
    "delivered",
    "finished",
    "ended",
];

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Phase {
    Discovering,
    Analysing,
    Building,
    Testing,
    Complete,
}

/// An action that has ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Action {
    pub action: u32,
    pub label: String,
    pub subject: String,
    pub test: bool,
    #[serde(flatten)]
    pub outcome: Outcome,
    pub cached: bool,
    pub duration: f64,
    pub rule: Rule,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<Printed>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub errors: Option<Printed>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    #[serde(default, skip_serializing_if = "is_default")]
    pub undeclared: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub process: Option<Process>,
    #[serde(default, skip_serializing_if = "is_default")]
    pub outputs: Vec<Made>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub completed: Option<usize>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total: Option<usize>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<Times>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempt: Option<u32>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub(super) enum Outcome {
    Passed,
    Exited { status: i32 },
    Signalled { signal: i32 },
    TimedOut { limit: f64 },
    Stopped,
    Refuted { why: String },
    Broken { why: String },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Rule {
    pub file: String,
    pub line: u32,
    pub column: u32,
}

/// What a process printed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Printed {
    /// A file that holds all of it.
    pub path: String,
    /// Its size.
    pub bytes: u64,
    /// What stands in it, or its beginning; only if people are shown it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Bytes that are missing behind `text`.
    #[serde(default, skip_serializing_if = "is_default")]
    pub omitted: u64,
    /// What follows these.
    #[serde(default, skip_serializing_if = "is_default")]
    pub tail: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Process {
    pub started: f64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit: Option<i32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub killed_by: Option<i32>,
    pub user: f64,
    pub system: f64,
    pub max_rss_kib: u64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Times {
    pub ready: f64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<u32>,
    pub taken: f64,
    pub look: f64,
    #[serde(default, skip_serializing_if = "is_default")]
    pub lay_out: f64,
    pub whole: f64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Made {
    pub path: String,
    pub kind: Kind,
    pub blake3: String,
    pub bytes: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Kind {
    Program,
    File,
    Folder,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Program {
    pub label: String,
    #[serde(flatten)]
    pub file: Made,
}

/// A case of a test; the test's own line follows those of its cases.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Case {
    pub label: String,
    pub case: String,
    #[serde(flatten)]
    pub verdict: Verdict,
    pub cached: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration: Option<f64>,
    #[serde(default, skip_serializing_if = "is_default")]
    pub output: String,
    #[serde(default, skip_serializing_if = "is_default")]
    pub flaky: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<f64>,
    /// Attempts that failed, besides this one.
    #[serde(default, skip_serializing_if = "is_default")]
    pub failures: Vec<Attempt>,
    #[serde(default, skip_serializing_if = "is_default")]
    pub leaky: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub known: Option<Known>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runs: Option<Runs>,
}

/// An attempt of a case that failed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Attempt {
    #[serde(default, skip_serializing_if = "is_default")]
    pub run: u32,
    pub number: u32,
    #[serde(flatten)]
    pub verdict: Verdict,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration: Option<f64>,
    #[serde(default, skip_serializing_if = "is_default")]
    pub output: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<f64>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
pub(super) enum Verdict {
    Passed,
    Failed {
        #[serde(default, skip_serializing_if = "is_default")]
        why: String,
    },
    Skipped {
        why: String,
    },
    ExpectedFailure {
        why: String,
    },
    UnexpectedPass {
        why: String,
    },
    TimedOut {
        limit: f64,
    },
    Crashed {
        why: String,
    },
    NotRun {
        why: String,
    },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Known {
    pub run: i64,
    pub time: u64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Runs {
    pub bad: u32,
    pub all: u32,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Test {
    pub label: String,
    pub cases: usize,
    pub good: bool,
    pub duration: f64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log: Option<String>,
    #[serde(default, skip_serializing_if = "is_default")]
    pub warnings: Vec<String>,
}

/// A test without a verdict: one of the two reasons is there.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct NotRun {
    pub label: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_built: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cut: Option<String>,
}

/// What the run came to.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Summary {
    pub status: i32,
    pub wall: f64,
    pub ran: usize,
    pub cached: usize,
    pub failed: usize,
    pub skipped: usize,
    pub tests: TestCounts,
    pub cases: CaseCounts,
    pub interrupted: bool,
    pub broken: usize,
    #[serde(skip_serializing_if = "is_default")]
    pub unmatched: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cut: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub share: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seed: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct TestCounts {
    pub passed: usize,
    pub cached: usize,
    pub failed: usize,
    pub empty: usize,
    pub not_run: usize,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct CaseCounts {
    pub passed: usize,
    pub failed: usize,
    pub skipped: usize,
    pub expected_failures: usize,
    pub unexpected_passes: usize,
    pub not_run: usize,
    pub flaky: usize,
    pub cached: usize,
    pub leaky: usize,
}
