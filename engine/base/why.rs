//! Why an action runs: in one line, and the files by which a longer explanation goes on.

use super::Digest;
use serde::{Deserialize, Serialize};

/// Files that are kept of one reason; its text counts the others.
const FILES: usize = 12;

/// Why an action runs, or would run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Why {
    /// In one line, without a period.
    pub text: String,
    /// The first few of the files that are not what they were.
    pub files: Vec<ChangedFile>,
}

/// A file that an action reads and that is not what it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangedFile {
    /// Path as the action sees it.
    pub path: String,
    /// What it held, if it was there.
    pub before: Option<Digest>,
    /// What it holds, if it is there and known already.
    pub now: Option<Digest>,
    /// Who writes it; nothing for a file of the workspace.
    pub writer: Option<Doer>,
}

/// An action by name: its target, and what it does.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Doer {
    /// The target.
    pub label: String,
    /// What progress shows.
    pub subject: String,
}

impl Why {
    /// A reason that has nothing to do with files.
    pub fn text(text: impl Into<String>) -> Why {
        Why { text: text.into(), files: Vec::new() }
    }

    /// The same with no more files than are worth keeping.
    pub fn bounded(mut self) -> Why {
        self.files.truncate(FILES);
        self
    }
}
