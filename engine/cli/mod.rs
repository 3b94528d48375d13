//! Reads arguments and the environment, walks the rooms in order, and picks the exit code.

mod options; // what was typed
mod profile; // flags that were not typed
mod request; // what was meant
mod places; // folders of the user
mod streams; // who is told besides the screen
mod build; // eng build
mod test; // eng test
mod coverage; // eng coverage
mod query; // eng query
mod replay; // eng replay
mod explain; // eng explain
mod explained; // … as text
mod history; // eng history
mod past_runs; // … as tables
mod past_json; // … as objects
mod table; // rows and columns
mod flaky; // eng flaky
mod rules; // eng rules
mod complete; // eng completions, and what its scripts ask
mod clean; // eng clean
mod write; // files of the user
mod fmt; // eng fmt
mod init; // eng init

use crate::base::plain;
use crate::load::Text;
use crate::report;
use crate::session::Failure;
use clap::{CommandFactory, FromArgMatches, Parser};
use options::{Options, Verb};
use std::ffi::OsString;
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
    QueryFailed = 7,
    Interrupted = 8,
    Environment = 36,
    Bug = 37,
}

impl Exit {
    /// The one with this number; a run has no other.
    fn of(status: i32) -> Exit {
        use Exit::{BuildFailed, Environment, Interrupted, NoTests, TestsFailed, Usage};
        let all = [Interrupted, Environment, BuildFailed, TestsFailed, NoTests, Usage];
        all.into_iter().find(|exit| *exit as i32 == status).unwrap_or(Exit::Ok)
    }

    /// Of success what follows, else itself: what cannot be written hides no failure, and is not
    /// hidden by success.
    fn or(self, next: Exit) -> Exit {
        if self == Exit::Ok { next } else { self }
    }
}

/// The program: gives the exit code.
pub fn main() -> ExitCode {
    if let Some(odd) = std::env::args_os().find(|word| word.to_str().is_none()) {
        let word = odd.to_string_lossy();
        report::print_problem(&format!("eng: the word '{word}' of the command line is not UTF-8"));
        return ExitCode::from(Exit::Usage as u8);
    }
    let arguments = options::normalize(std::env::args_os());
    let exit = guarded(|| match options(&arguments) {
        Ok((options, added)) => run(options, &added),
        Err(exit) => exit,
    });
    ExitCode::from(exit as u8)
}

/// What `work` comes to; that it panics is a bug of ours.
fn guarded(work: impl FnOnce() -> Exit + std::panic::UnwindSafe) -> Exit {
    std::panic::catch_unwind(work).unwrap_or_else(|_| {
        report::print_problem("eng: this is a bug in eng; what it was doing stands above\n");
        Exit::Bug
    })
}

/// What was typed, with what profiles add.
fn options(arguments: &[OsString]) -> Result<(Options, Vec<Text>), Exit> {
    let typed = Options::command().try_get_matches_from(arguments);
    let typed = typed.map_err(|error| misread(error, arguments))?;
    let added = profile::added(&typed).map_err(tell)?;
    let options = match added.is_empty() {
        true => Options::from_arg_matches(&typed),
        false => Options::try_parse_from(profile::among(arguments, &typed, &added)),
    };
    Ok((options.map_err(|error| misread(error, arguments))?, added))
}

/// Prints what is wrong with the arguments, or the help that was asked for.
fn misread(mut error: clap::Error, arguments: &[OsString]) -> Exit {
    options::belongs_to(&mut error, arguments);
    let usage = error.use_stderr();
    let text = error.render().to_string();
    if usage && plain(&text) != text {
        report::print_problem(&text);
    } else {
        let res = error.print();
        if !usage && !report::is_written("the help", res) {
            return Exit::Environment;
        }
    }
    if usage { Exit::Usage } else { Exit::Ok }
}

fn run(options: Options, added: &[Text]) -> Exit {
    let res = match options.verb {
        Verb::Build(build) => build::build(build),
        Verb::Test(test) => test::test(*test),
        Verb::Coverage(cover) => coverage::coverage(*cover),
        Verb::Query(query) => query::query(query),
        Verb::Replay(options) => replay::replay(options),
        Verb::Explain(explain) => explain::explain(explain),
        Verb::History(history) => history::history(history),
        Verb::Flaky(flaky) => flaky::flaky(flaky),
        Verb::Rules { name } => rules::rules(name),
        Verb::Init(options) => init::init(options),
        Verb::Fmt(options) => fmt::fmt(options),
        Verb::Clean => clean::clean(),
        Verb::Completions { shell } => complete::completions(shell),
        Verb::Complete { index, words } => complete::complete(index, words),
    };
    match res {
        Ok(exit) => exit,
        Err(failure) => tell(profile::placed(failure, added)),
    }
}

/// Prints data; `what` says what it is.
fn print(what: &str, text: &str) -> Exit {
    if report::print_data(what, text) { Exit::Ok } else { Exit::Environment }
}

fn tell(failure: Failure) -> Exit {
    let (exit, text) = told(&failure);
    report::print_problem(&text);
    exit
}

/// What is said of a failure, and the exit code.
fn told(failure: &Failure) -> (Exit, String) {
    (Exit::of(failure.status()), failure.told())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_a_bug() {
        assert_eq!(guarded(|| panic!("on purpose")) as u8, 37);
        assert_eq!(guarded(|| Exit::NoTests) as u8, 4);
    }
}
