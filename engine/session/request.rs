//! What is asked of a session.

use crate::base::Pattern;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

/// Folders of the user.
#[derive(Debug, Clone)]
pub struct Places {
    /// Store and ledger; may be deleted at any time.
    pub cache: PathBuf,
    /// History.
    pub state: PathBuf,
}

/// What to do with the selected targets.
#[derive(Debug, Clone)]
pub enum Goal {
    /// Build and deliver them.
    Build {
        /// Libraries and files that wildcards match, too.
        all: bool,
        /// Tests that wildcards match, too.
        tests: bool,
    },
    /// Run the tests among them.
    Test,
}

/// What is asked for.
#[derive(Debug, Clone)]
pub struct Request {
    /// Which targets.
    pub pattern: Pattern,
    /// What to do with them.
    pub goal: Goal,
    /// Processes of actions at once.
    pub jobs: usize,
    /// Processes of tests at once.
    pub test_threads: usize,
    /// Look nothing up.
    pub no_cache: bool,
    /// Look no test results up.
    pub fresh_tests: bool,
    /// Only say what would run.
    pub dry_run: bool,
    /// Stop at the first failure.
    pub fail_fast: bool,
    /// Tell commands of actions that succeeded, too.
    pub verbose: bool,
    /// Modes of the rules.
    pub modes: BTreeSet<String>,
    /// Texts of which one must occur in the name of a case.
    pub filters: Vec<String>,
    /// Arguments for every test program.
    pub test_args: Vec<String>,
    /// Limit of time for every test process.
    pub test_timeout: Option<Duration>,
    /// The user's PATH.
    pub path: String,
    /// True if the output of tests that passed is to be shown, too.
    pub shows_output: bool,
    /// The file of this program: another one may know other rules.
    pub program: PathBuf,
    /// The command line, for the history.
    pub command: String,
}
