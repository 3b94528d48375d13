//! What the ledger remembers, as plain values. Changing a type here needs a new version in seal.rs.

use super::stat::FileStat;
use crate::base::Digest;
use serde::{Deserialize, Serialize};

/// The result of an action.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResultRow {
    /// The exact key, whichever key the row stands under.
    pub exact: Digest,
    /// How the action ended.
    pub outcome: ResultOutcome,
    /// What it made, in the order in which it was declared; of a test what it left for the user.
    pub outputs: Vec<OutputRow>,
    /// What it printed to standard output, if anything.
    pub stdout: Option<Digest>,
    /// What it printed to standard error, if anything.
    pub stderr: Option<Digest>,
    /// What a test wrote into its report, if anything.
    pub report: Option<Digest>,
    /// A blob that lists the files outside of the workspace that it read: a digest, a tab and a
    /// path a line. Many rows share one list. The row counts only while these are unchanged.
    pub externals: Option<Digest>,
    /// The text in the ledger that lists what the result was made of, for explanations.
    pub manifest: Option<Digest>,
    /// Wall time in ns.
    pub duration_ns: u64,
    /// Processor time in ns, user and system.
    pub cpu_ns: u64,
    /// Greatest memory in KiB.
    pub peak_kib: u64,
    /// True if it ended by itself and left processes behind.
    pub leaked: bool,
    /// Sandbox tier in which it ran; a greater number is stricter.
    pub tier: u8,
    /// Number of the run in the history.
    pub run: i64,
    /// When it ended, in seconds since the epoch.
    pub time: u64,
    /// How the result was come by; the writer's number.
    pub via: u8,
    /// Cases of a test that had failed before they passed, and how often.
    pub flaky: Vec<(String, u32)>,
}

/// How a remembered action ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum ResultOutcome {
    /// Exit status 0, all outputs are there.
    #[default]
    Passed,
    /// Another exit status.
    Failed {
        /// The exit status.
        status: i32,
    },
}

/// An output of an action.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutputRow {
    /// Path in the exec root.
    pub path: String,
    /// A file or a folder.
    pub kind: OutputKind,
    /// The file's content, or the encoded `Tree`.
    pub digest: Digest,
}

/// What kind of output it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum OutputKind {
    /// A file.
    File {
        /// True if its owner may execute it.
        executable: bool,
    },
    /// A folder.
    Tree,
}

/// What an action of a workspace was made of when it was brought up to date last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Last {
    /// The text with the lines of its manifest.
    pub manifest: Digest,
    /// Under which key its result was kept.
    pub key: Digest,
}

/// A host tool that was looked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToolRow {
    /// The program that is really used.
    pub path: String,
    /// What it goes into keys as.
    pub identity: Digest,
    /// Files whose stat data must be the same for the row to count.
    pub files: Vec<(String, FileStat)>,
}

/// The result of a case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseRow {
    /// The verdict; the writer's number.
    pub verdict: u8,
    /// What belongs to the verdict: a reason, a signal.
    pub text: String,
    /// How long it took, in ns, if that is known.
    pub duration_ns: Option<u64>,
    /// What it printed.
    pub output: Option<Digest>,
    /// True if its process left others behind.
    pub leaked: bool,
    /// What its process left for the user besides.
    pub outputs: Vec<OutputRow>,
    /// Number of the run in the history.
    pub run: i64,
    /// When it ended, in seconds since the epoch.
    pub time: u64,
    /// How the result was come by; the writer's number.
    pub via: u8,
    /// Sandbox tier in which it ran; a greater number is stricter.
    pub tier: u8,
    /// How often it had failed before it passed.
    pub flaky: u32,
}
