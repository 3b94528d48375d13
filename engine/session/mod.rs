//! Loads and plans a workspace, and brings it up to date. Decides nothing about how things look.

mod request; // what is asked
mod seen; // files and folders, as they were when they were read
mod record; // what a run leaves for the next one like it
mod recall; // … and what of it still holds
mod commit; // the commit that is checked out
mod book; // what the history is told of runs
mod goals; // what a request asks for, in files and tests
mod nothing; // what is said if nothing fits
mod plan; // … ordered, before anything is done
mod bring; // … brought up to date
mod carry; // … by one pass over a plan
mod coverage; // what its tests have executed
mod excerpt; // what has changed inside a file
mod chain; // from an action down to the files that made it run
mod explain; // … or told why it would not be
mod work; // what is remembered of a request, and what is left to do
mod idle; // why actions did not run in a run in which others did
mod past; // why it was, in an earlier run
mod runs; // earlier runs, the past of targets, and what is flaky in it
mod acts; // the actions of targets, told
mod survey; // the target graph, from one record
mod scratch; // a folder of this process alone
#[cfg(test)]
mod panicked; // a panic while processes run leaves none of them
#[cfg(any(test, feature = "fuzzing"))]
mod fuzz; // the record of a run from any bytes

pub use crate::analyze::COVERAGE;
pub use crate::query::Act;
pub use crate::run::{Deadline, Schedule, Stop, ends, inherited, make_pages, page_maker};
pub use crate::store::is_cache;
pub use crate::store::{Attempt, Budget, CaseAttempt, RunCounts, RunRecord, Seen, TargetPast};
pub use crate::testing::{Filter, Policy, Share};
pub use acts::{acts, commands};
pub use bring::Opened;
pub use chain::{Link, What};
pub use excerpt::Excerpt;
pub use explain::{Action, Explained, Question, State};
#[cfg(any(test, feature = "fuzzing"))]
pub use fuzz::READERS;
pub use past::{Did, Past, Then};
pub use plan::plan;
pub use request::{Control, Covering, Goal, Places, Request};
pub use runs::{Flaky, Inside, PastOf, PastRun, RunState};
pub use survey::{names, survey};
pub use work::Work;

use crate::base::Problems;
use crate::load::LoadError;
use crate::store::StoreError;
use std::fmt;

/// Why a request could not be carried out.
#[derive(Debug)]
pub enum Failure {
    /// Files of the workspace are wrong.
    Problems(Problems),
    /// The request is wrong.
    Usage(String),
    /// There is nothing to test.
    NoTests(String),
    /// The machine failed.
    World(anyhow::Error),
}

impl Failure {
    /// The exit code of a run that ended so, as Bazel has them.
    pub fn status(&self) -> i32 {
        match self {
            Failure::Problems(_) | Failure::Usage(_) => 2,
            Failure::NoTests(_) => 4,
            Failure::World(_) => 36,
        }
    }
}

impl Failure {
    /// What people are told of it, as a command says it: mistakes with their places, else a sentence
    /// of ours.
    pub fn told(&self) -> String {
        match self {
            Failure::Problems(problems) => problems.to_string(),
            _ => format!("eng: {self}\n"),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Failure::Problems(problems) => problems.fmt(f),
            Failure::Usage(text) | Failure::NoTests(text) => f.write_str(text),
            Failure::World(error) => write!(f, "{error:#}"),
        }
    }
}

impl From<Problems> for Failure {
    fn from(problems: Problems) -> Failure {
        Failure::Problems(problems)
    }
}

impl From<LoadError> for Failure {
    fn from(error: LoadError) -> Failure {
        match error {
            LoadError::Problems(problems) => Failure::Problems(problems),
            LoadError::NoWorkspace(text) => Failure::Usage(text),
            LoadError::World(error) => Failure::World(error),
        }
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Failure {
        Failure::World(error)
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Failure {
        Failure::World(error.into())
    }
}
