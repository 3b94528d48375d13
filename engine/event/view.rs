//! What can be seen of a process while it runs.

use crate::base::ReadStep;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// Where to look at a process while it runs. Whoever looks does not disturb it; the files are
/// removed once it has ended, and what it printed is then where its end says.
#[derive(Debug, Clone)]
pub struct View {
    /// Where its standard output goes; need not be there yet.
    pub stdout: PathBuf,
    /// Where its standard error goes, if that is kept apart.
    pub stderr: Option<PathBuf>,
    /// True if it runs cases of a test.
    pub tests: bool,
    /// The case that it runs, if there is only one and its name is known.
    pub case: Option<String>,
    /// Where it tells which case it has come to, if its protocol has lines for that.
    pub steps: Option<Steps>,
    /// True once the action has ended, which is told a little later.
    pub over: Arc<AtomicBool>,
}

/// A file whose lines tell how far a process is.
#[derive(Clone)]
pub struct Steps {
    /// The file; need not be there yet.
    pub path: PathBuf,
    /// Reads a line of it.
    pub read: ReadStep,
}

impl std::fmt::Debug for Steps {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        f.debug_struct("Steps").field("path", &self.path).finish_non_exhaustive()
    }
}
