//! What the history keeps of runs and attempts, as plain values.

use crate::base::{Digest, Why};
use serde::{Deserialize, Serialize};

/// A run of eng.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunRecord {
    /// Its number; `begin` gives it.
    pub id: i64,
    /// When it began, in ns since the epoch.
    pub start_ns: i64,
    /// When it ended; nothing while it runs, and for ever if it was killed.
    pub end_ns: Option<i64>,
    /// Root of the workspace.
    pub workspace: String,
    /// The command line.
    pub command: String,
    /// Its exit code, if it ended.
    pub exit: Option<i32>,
    /// Version of eng.
    pub version: String,
    /// The commit that was checked out when it began, if the workspace is in a checkout.
    pub commit: Option<String>,
    /// True if nothing had changed since another run, so that no plan was made.
    pub idle: bool,
    /// What it came to, if it ended.
    pub counts: Option<RunCounts>,
}

/// What a run came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunCounts {
    /// Actions carried out.
    pub ran: u64,
    /// Actions whose remembered result was taken.
    pub cached: u64,
    /// Actions that failed, tests not included.
    pub failed: u64,
    /// Actions that were not carried out because of a failure.
    pub skipped: u64,
    /// Tests by verdict of the whole.
    pub tests_passed: u64,
    /// Tests with a case that is not good.
    pub tests_failed: u64,
    /// Tests that could not be run.
    pub tests_not_run: u64,
    /// Cases that were good and not skipped.
    pub cases_passed: u64,
    /// Cases that failed, crashed or ran out of time.
    pub cases_failed: u64,
    /// Cases that were skipped.
    pub cases_skipped: u64,
    /// Cases that passed after they had failed.
    pub cases_flaky: u64,
    /// Cases whose remembered result was taken.
    pub cases_cached: u64,
}

impl RunCounts {
    /// The counts in the order of their columns.
    pub fn columns(&self) -> [u64; 12] {
        [
            self.ran,
            self.cached,
            self.failed,
            self.skipped,
            self.tests_passed,
            self.tests_failed,
            self.tests_not_run,
            self.cases_passed,
            self.cases_failed,
            self.cases_skipped,
            self.cases_flaky,
            self.cases_cached,
        ]
    }

    /// The counts of columns.
    pub fn of_columns(columns: [u64; 12]) -> RunCounts {
        let [ran, cached, failed, skipped, tests_passed, tests_failed, ..] = columns;
        let [.., tests_not_run, cases_passed, cases_failed, skipped_cases, flaky, of_cache] =
            columns;
        RunCounts {
            ran,
            cached,
            failed,
            skipped,
            tests_passed,
            tests_failed,
            tests_not_run,
            cases_passed,
            cases_failed,
            cases_skipped: skipped_cases,
            cases_flaky: flaky,
            cases_cached: of_cache,
        }
    }
}

/// An attempt of an action: a process that has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// Number of the run.
    pub run: i64,
    /// The target.
    pub label: String,
    /// The action's name inside the target.
    pub action: String,
    /// Its key; that of nothing if it is not known.
    pub key: Digest,
    /// When it began, in ns since the epoch.
    pub start_ns: i64,
    /// Wall time in ns; nothing if its process could not be started.
    pub duration_ns: Option<u64>,
    /// Processor time in ns, user and system.
    pub cpu_ns: u64,
    /// Greatest memory in KiB.
    pub peak_kib: u64,
    /// `passed` or in which way not.
    pub outcome: String,
    /// `ran`.
    pub origin: String,
    /// True if it ran cases of a test, which have rows of their own.
    pub tests: bool,
    /// Which round, from 1 on; 0 if there is only one.
    pub round: u32,
    /// Which attempt of the same, from 1 on.
    pub number: u32,
    /// Why it ran; its text may be empty.
    pub why: Why,
    /// True if it made the same outputs as the time before.
    pub same: bool,
    /// The blob with the facts of its key, if they were kept.
    pub manifest: Option<Digest>,
}

/// An attempt of a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseAttempt {
    /// Number of the run.
    pub run: i64,
    /// The test.
    pub label: String,
    /// Its name in the test; empty if the program is its only one.
    pub name: String,
    /// The hash of its key, if it is known what it was made of.
    pub key: Option<[u8; 32]>,
    /// Which round, from 1 on; 0 if there is only one.
    pub round: u32,
    /// Which attempt in that, from 1 on.
    pub number: u32,
    /// When its process began, in ns since the epoch.
    pub start_ns: i64,
    /// How long it took in ns, if that is known.
    pub duration_ns: Option<u64>,
    /// Processor time of its process in ns, user and system, if it was alone in it.
    pub cpu_ns: Option<u64>,
    /// Greatest memory of its process in KiB, if it was alone in it.
    pub peak_kib: Option<u64>,
    /// `passed`, `failed`, `crashed: SIGSEGV`, …
    pub outcome: String,
}
