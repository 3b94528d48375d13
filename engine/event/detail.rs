//! What is told of an action besides how it ended: its process, its files, how far the build is.

use super::ActionId;
use crate::base::{Digest, Label};
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

/// What is told of an action that has ended, besides how.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Details {
    /// Its process, if one was started now.
    pub process: Option<Process>,
    /// What it wrote to standard error, where that is kept apart: a whole file, and its size.
    pub errors: Option<(PathBuf, u64)>,
    /// What it made.
    pub outputs: Vec<Made>,
    /// How far the build is with it; nothing for processes of tests.
    pub progress: Option<Progress>,
    /// What it waited for and what its time went into besides the process.
    pub times: Option<Box<Times>>,
    /// If it has run cases of a test: whose turn that was.
    pub turn: Option<Turn>,
}

/// One go at the cases of a test; several processes may share it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Turn {
    /// Which round of `--runs`, from 1 on; 0 if there is only one.
    pub run: u32,
    /// Which attempt in that round, from 1 on.
    pub attempt: u32,
}

/// The way of an action through a run, besides its process. What lies between the parts that are told
/// is the wait for a free place, before the process starts, and what is done with its files, after.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Times {
    /// When all that it waited for was there.
    pub ready: SystemTime,
    /// What it waited for longest; nothing if it waited for no action.
    pub after: Option<ActionId>,
    /// When it was taken up.
    pub taken: SystemTime,
    /// Time from then on until it was known whether a remembered result holds.
    pub look: Duration,
    /// Time from then on until the folder for its process was laid out; zero without a process.
    pub lay_out: Duration,
    /// Time from `taken` until its files were stored.
    pub whole: Duration,
}

/// A process that has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Process {
    /// When it was started.
    pub started: SystemTime,
    /// Its exit status, if it ended by itself.
    pub status: Option<i32>,
    /// The signal that ended it, whoever sent it.
    pub signal: Option<i32>,
    /// Time of the processor in its own code.
    pub user: Duration,
    /// Time of the processor in the kernel.
    pub system: Duration,
    /// Greatest resident set of it or one of its children, in KiB.
    pub max_rss_kib: u64,
}

/// A file or folder that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Made {
    /// Where the action has put it, or where it is delivered, from the workspace's root.
    pub path: String,
    /// What names its content: of a folder that of its list.
    pub digest: Digest,
    /// What it is.
    pub kind: MadeKind,
}

/// What was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MadeKind {
    /// A file that can be executed.
    Program,
    /// Another file.
    File,
    /// A folder.
    Folder,
}

/// How many actions of the build have ended, with this one, and how many there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Those that have ended.
    pub completed: usize,
    /// All.
    pub total: usize,
}

/// A program that was built.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    /// Its target.
    pub label: Label,
    /// The file.
    pub file: Made,
}
