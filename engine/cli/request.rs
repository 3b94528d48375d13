//! What was meant: options checked and turned into what the session takes.

use super::options::{Color, Common, typed};
use crate::base::{PackageName, Pattern};
use crate::door;
use crate::load;
use crate::report::{self, Style, TestOutput};
use crate::session::Failure;
use std::io::Read;
use std::path::{Path, PathBuf};

/// A workspace, and where in it the user is.
pub struct Here {
    pub root: PathBuf,
    pub home: PackageName,
}

/// Finds the workspace around the working directory.
pub fn here() -> Result<Here, Failure> {
    let cwd = super::places::working_directory()?;
    let root = load::find_root(&cwd, &cwd)?;
    let home = cwd.strip_prefix(&root).unwrap_or(Path::new(""));
    Ok(Here { home: PackageName::main(&home.to_string_lossy()), root })
}

/// The patterns, with those of files and of standard input in place of `@FILE` and `-`.
pub fn pattern(words: &[String], here: &Here) -> Result<Pattern, Failure> {
    let mut all = Vec::new();
    for word in words {
        let text = match word.strip_prefix('@').filter(|rest| !rest.contains("//")) {
            Some(file) => std::fs::read_to_string(file).map_err(|error| {
                Failure::Usage(format!("cannot read patterns from '{file}': {error}"))
            })?,
            None if word == "-" => {
                let mut text = String::new();
                let read = std::io::stdin().read_to_string(&mut text);
                read.map_err(|error| {
                    Failure::Usage(format!("cannot read patterns from standard input: {error}"))
                })?;
                text
            }
            None => {
                all.push(below_root(typed(word), here));
                continue;
            }
        };
        all.extend(text.split_whitespace().map(str::to_string));
    }
    // An answer without patterns asks for nothing; no answer asks for everything.
    if let (true, Some(from)) = (all.is_empty(), words.first()) {
        let from = if from == "-" { "standard input" } else { from };
        let text = format!("{from} holds no patterns, so there is nothing to do");
        return Err(Failure::NoTests(text));
    }
    door::pattern(all, &here.home).map_err(Failure::Usage)
}

/// An absolute path of a file in the workspace, as editors pass it, is written from the root.
fn below_root(word: &str, here: &Here) -> String {
    match Path::new(word).strip_prefix(&here.root).ok().and_then(Path::to_str) {
        Some(rest) if !rest.is_empty() && !word.starts_with("//") => format!("//{rest}"),
        _ => word.to_string(),
    }
}

/// How many processes at once: what the flag says, else `ENG_JOBS`, else `usual`.
pub fn jobs(common: &Common, usual: usize) -> Result<usize, Failure> {
    Ok(width("--jobs", common.jobs, "ENG_JOBS", door::MOST_JOBS)?.unwrap_or(usual))
}

/// How many test processes at once: what the flag says, else `ENG_TEST_THREADS`, else `usual`.
pub fn test_threads(given: Option<usize>, usual: usize) -> Result<usize, Failure> {
    Ok(width("--test-threads", given, "ENG_TEST_THREADS", door::MOST_TEST_THREADS)?
        .unwrap_or(usual))
}

/// A number from 1 to `most`, from a flag or else from a variable of the environment, which counts as
/// not set if it is empty. The error names where a wrong one stands.
fn width(
    flag: &str,
    given: Option<usize>,
    variable: &str,
    most: usize,
) -> Result<Option<usize>, Failure> {
    let (name, text) = match given {
        Some(number) => (flag, number.to_string()),
        None => match std::env::var_os(variable).filter(|value| !value.is_empty()) {
            Some(value) => (variable, value.to_string_lossy().into_owned()),
            None => return Ok(None),
        },
    };
    match text.parse() {
        Ok(number) if (1..=most).contains(&number) => Ok(Some(number)),
        _ => Err(Failure::Usage(format!("{name} is {text}; it must be from 1 to {most}"))),
    }
}

/// How to show what happens.
pub fn style(common: &Common, rerun: &str, test_output: TestOutput) -> Style {
    let Looks { color, live } = looks(common.color);
    Style {
        color,
        live,
        verbose: common.verbose || common.dry_run,
        rerun: rerun.to_string(),
        test_output,
        ..Style::default()
    }
}

/// What standard error can show.
pub struct Looks {
    /// Colours.
    pub color: bool,
    /// Lines that are redrawn.
    pub live: bool,
}

/// What standard error can show, and is to.
pub fn looks(color: Color) -> Looks {
    let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    let terminal = report::stderr_is_terminal() && !dumb;
    let color = match color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto if set("NO_COLOR") => false,
        Color::Auto => terminal || set("CLICOLOR_FORCE") || set("FORCE_COLOR"),
    };
    Looks { color, live: terminal && !set("CI") }
}
