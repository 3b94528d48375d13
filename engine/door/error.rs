//! What can go wrong, stage by stage.

use crate::base::{Problem, Problems};
use crate::load;
use crate::session::Failure;
use std::fmt;
use std::io;
use std::path::PathBuf;

/// What is wrong with files of a workspace. Shown, each mistake is a block of lines that starts
/// with its place, `file:line:column`, as a compiler has it.
#[derive(Debug, Clone)]
pub struct Mistakes(pub(super) Problems);

/// One mistake.
#[derive(Debug, Clone, Copy)]
pub struct Mistake<'a>(&'a Problem);

impl Mistakes {
    /// The mistakes in the order in which they were found; there is at least one.
    pub fn iter(&self) -> impl Iterator<Item = Mistake<'_>> {
        self.0.iter().map(Mistake)
    }
}

impl<'a> Mistake<'a> {
    /// What is wrong, in a sentence.
    pub fn text(self) -> &'a str {
        &self.0.text
    }

    /// Where: the file from the workspace's root, line and column, both from 1 on. A mistake that
    /// no file holds has no place.
    pub fn place(self) -> Option<(&'a str, usize, usize)> {
        let place = self.0.place.as_ref()?;
        Some((place.file(), place.line(), place.column()))
    }
}

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Mistakes {}

/// Why a workspace cannot be loaded.
#[derive(Debug)]
#[non_exhaustive]
pub enum LoadError {
    /// There is none; the text says how to make one.
    NoWorkspace(String),
    /// Its rule files, or what it says of itself, are wrong.
    Mistakes(Mistakes),
    /// The machine failed: a file cannot be read, a folder of the user is not known.
    World(anyhow::Error),
}

impl From<load::LoadError> for LoadError {
    fn from(error: load::LoadError) -> LoadError {
        match error {
            load::LoadError::NoWorkspace(text) => LoadError::NoWorkspace(text),
            load::LoadError::Problems(problems) => LoadError::Mistakes(Mistakes(problems)),
            load::LoadError::World(error) => LoadError::World(error),
        }
    }
}

impl From<LoadError> for load::LoadError {
    fn from(error: LoadError) -> load::LoadError {
        match error {
            LoadError::NoWorkspace(text) => load::LoadError::NoWorkspace(text),
            LoadError::Mistakes(mistakes) => load::LoadError::Problems(mistakes.0),
            LoadError::World(error) => load::LoadError::World(error),
        }
    }
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            LoadError::NoWorkspace(text) => f.write_str(text),
            LoadError::Mistakes(mistakes) => mistakes.fmt(f),
            LoadError::World(error) => write!(f, "{error:#}"),
        }
    }
}

impl std::error::Error for LoadError {}

/// Why there is no plan for a request.
#[derive(Debug)]
#[non_exhaustive]
pub enum PlanError {
    /// Files of the workspace are wrong.
    Mistakes(Mistakes),
    /// The request is wrong; why.
    Request(String),
    /// Tests were asked for, and there is none of them.
    NoTests(String),
    /// The machine failed.
    World(anyhow::Error),
}

impl From<Failure> for PlanError {
    fn from(failure: Failure) -> PlanError {
        match failure {
            // What no file holds is a mistake of the request.
            Failure::Problems(problems) if problems.iter().all(|it| it.place.is_none()) => {
                let texts: Vec<&str> = problems.iter().map(|it| it.text.as_str()).collect();
                PlanError::Request(texts.join("\n"))
            }
            Failure::Problems(problems) => PlanError::Mistakes(Mistakes(problems)),
            Failure::Usage(text) => PlanError::Request(text),
            Failure::NoTests(text) => PlanError::NoTests(text),
            Failure::World(error) => PlanError::World(error),
        }
    }
}

impl fmt::Display for PlanError {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            PlanError::Mistakes(mistakes) => mistakes.fmt(f),
            PlanError::Request(text) | PlanError::NoTests(text) => f.write_str(text),
            PlanError::World(error) => write!(f, "{error:#}"),
        }
    }
}

impl std::error::Error for PlanError {}

/// Why a run came to no result. What fails in a run, an action or a test, is a result.
#[derive(Debug)]
#[non_exhaustive]
pub enum RunError {
    /// There was no plan.
    Plan(PlanError),
    /// Tests were asked for, and there is none of them; of cases that is known only once programs
    /// were built that list them.
    NoTests(String),
    /// This process has a run that goes on. What a run starts is watched by its whole process, so
    /// there can be one only.
    Busy,
    /// The machine failed.
    World(anyhow::Error),
}

impl From<Failure> for RunError {
    fn from(failure: Failure) -> RunError {
        match PlanError::from(failure) {
            PlanError::World(error) => RunError::World(error),
            PlanError::NoTests(text) => RunError::NoTests(text),
            error => RunError::Plan(error),
        }
    }
}

impl fmt::Display for RunError {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            RunError::Plan(error) => error.fmt(f),
            RunError::NoTests(text) => f.write_str(text),
            RunError::Busy => f.write_str("this process has a run that goes on"),
            RunError::World(error) => write!(f, "{error:#}"),
        }
    }
}

impl std::error::Error for RunError {}

/// Why a saved stream cannot be told: the text names the line and the column.
#[derive(Debug)]
pub struct ReportError(pub(super) String);

impl fmt::Display for ReportError {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ReportError {}

/// Something could not be removed.
#[derive(Debug)]
pub struct CleanError {
    /// Which folder.
    pub path: PathBuf,
    /// Why.
    pub error: io::Error,
}

impl fmt::Display for CleanError {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "remove {}: {}", self.path.display(), self.error)
    }
}

impl std::error::Error for CleanError {}
