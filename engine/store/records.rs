//! What the history keeps of runs and attempts, as plain values.

use crate::base::{Digest, Why};

/// A run of eng.
#[derive(Debug, Clone, PartialEq, Eq)]
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
}

/// An attempt of an action or a case, or the use of its remembered result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// Number of the run.
    pub run: i64,
    /// The target.
    pub label: String,
    /// The action's name inside the target.
    pub action: String,
    /// Its key.
    pub key: Digest,
    /// When it began, in ns since the epoch.
    pub start_ns: i64,
    /// Wall time in ns.
    pub duration_ns: u64,
    /// Processor time in ns.
    pub cpu_ns: u64,
    /// Greatest memory in KiB.
    pub peak_kib: u64,
    /// `passed` or in which way not.
    pub outcome: String,
    /// `ran`, or where the result came from.
    pub origin: String,
    /// Name of the case, if it is one.
    pub case: Option<String>,
    /// Why it ran; its text may be empty.
    pub why: Why,
    /// True if it made the same outputs as the time before.
    pub same: bool,
    /// The blob with the facts of its key, if they were kept.
    pub manifest: Option<Digest>,
}
