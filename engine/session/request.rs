//! What is asked of a session.

use crate::base::Pattern;
use crate::run::{Options, Schedule, Stop};
use crate::store::Budget;
use crate::testing::{Filter, Policy};
use std::collections::BTreeSet;
use std::path::PathBuf;

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

/// What is reported of what tests have executed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Covering {
    /// Files that only tests name, too.
    pub tests: bool,
}

/// What is asked for.
#[derive(Debug, Clone)]
pub struct Request {
    /// Which targets.
    pub pattern: Pattern,
    /// What to do with them.
    pub goal: Goal,
    /// How to carry it out.
    pub options: Options,
    /// When tests may start; nothing leaves that to their number.
    pub schedule: Option<Schedule>,
    /// How tests are run.
    pub policy: Policy,
    /// Which cases are wanted, besides those that the pattern names.
    pub filter: Filter,
    /// The same as it was typed.
    pub filters: Vec<String>,
    /// Modes of the rules.
    pub modes: BTreeSet<String>,
    /// Arguments for every test program.
    pub test_args: Vec<String>,
    /// True if the output of tests that passed is to be shown, too.
    pub shows_output: bool,
    /// Times are told of remembered tests, too.
    pub shows_times: bool,
    /// The file of this program: another one may know other rules.
    pub program: PathBuf,
    /// Where to write how long tests take, when the run is over.
    pub write_durations: Option<PathBuf>,
    /// What the history may take.
    pub budget: Budget,
    /// What to say of what the tests have executed; nothing unless that is asked for.
    pub coverage: Option<Covering>,
    /// The command line, for the history.
    pub command: String,
}

impl Request {
    /// Asks for a goal and nothing else; programs are found on `path`.
    pub fn new(pattern: Pattern, goal: Goal, path: &str) -> Request {
        // By affinity and control group.
        let cpus = std::thread::available_parallelism().map_or(1, |cpus| cpus.get());
        Request {
            pattern,
            goal,
            options: Options {
                jobs: cpus,
                // Tests wait more than compilers do.
                test_threads: cpus.clamp(4, 64),
                path: path.to_string(),
                ..Options::default()
            },
            schedule: None,
            policy: Policy::default(),
            filter: Filter::default(),
            filters: Vec::new(),
            modes: BTreeSet::new(),
            test_args: Vec::new(),
            shows_output: false,
            shows_times: false,
            program: std::fs::read_link("/proc/self/exe").unwrap_or_default(),
            write_durations: None,
            budget: Budget::default(),
            coverage: None,
            command: String::new(),
        }
    }
}

/// Who ends a run early.
pub struct Control {
    /// Whether it is to end.
    pub stop: Stop,
    /// True if signals to this process end it, too, and SIGQUIT asks what runs.
    pub signals: bool,
}
