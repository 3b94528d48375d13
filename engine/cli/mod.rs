//! Reads arguments and the environment, walks the rooms in order, and picks the exit code.

mod options; // what was typed
mod request; // what was meant
mod places; // folders of the user
mod build; // eng build
mod test; // eng test
mod explain; // eng explain
mod rules; // eng rules
mod clean; // eng clean
mod write; // files of the user
mod fmt; // eng fmt
mod init; // eng init

use crate::load::LoadError;
use crate::report;
use crate::session::Failure;
use clap::Parser;
use options::{Options, Verb};
use std::process::ExitCode;

/// Exit codes, as Bazel has them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Exit {
    Ok = 0,
    BuildFailed = 1,
    Usage = 2,
    TestsFailed = 3,
    NoTests = 4,
    Interrupted = 8,
    Environment = 36,
    Bug = 37,
}

/// The program: gives the exit code.
pub fn main() -> ExitCode {
    let arguments = options::normalize(std::env::args_os());
    let options = match Options::try_parse_from(arguments) {
        Ok(options) => options,
        Err(mut error) => {
            options::belongs_to(&mut error);
            let usage = error.use_stderr();
            // A closed pipe is no reason to fail.
            let _ = error.print();
            return ExitCode::from(if usage { Exit::Usage as u8 } else { Exit::Ok as u8 });
        }
    };
    let res = std::panic::catch_unwind(|| run(options));
    let exit = res.unwrap_or_else(|_| {
        report::print_problem("eng: this is a bug in eng; what it was doing stands above\n");
        Exit::Bug
    });
    ExitCode::from(exit as u8)
}

fn run(options: Options) -> Exit {
    let res = match options.verb {
        Verb::Build(build) => build::build(build),
        Verb::Test(test) => test::test(test),
        Verb::Explain(explain) => explain::explain(explain),
        Verb::Rules { name } => rules::rules(name),
        Verb::Init(options) => init::init(options),
        Verb::Fmt(options) => fmt::fmt(options),
        Verb::Clean => clean::clean(),
    };
    match res {
        Ok(exit) => exit,
        Err(failure) => tell(failure),
    }
}

fn tell(failure: Failure) -> Exit {
    match failure {
        Failure::Problems(problems) => {
            report::print_problem(&problems.to_string());
            Exit::Usage
        }
        Failure::Usage(text) => {
            report::print_problem(&format!("eng: {text}\n"));
            Exit::Usage
        }
        Failure::NoTests(text) => {
            report::print_problem(&format!("eng: {text}\n"));
            Exit::NoTests
        }
        Failure::World(error) => {
            report::print_problem(&format!("eng: {error:#}\n"));
            Exit::Environment
        }
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
