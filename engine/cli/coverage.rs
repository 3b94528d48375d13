//! `eng coverage`, and what it has in common with `eng test --coverage`.

use super::test::Test;
use super::{Exit, print};
use crate::event::Coverage;
use crate::report;
use crate::session::{Covering, Failure, make_pages, page_maker};
use anyhow::Context;
use clap::{Args, ValueEnum};
use std::fs;
use std::path::{Path, PathBuf};

/// What its help ends with.
pub const EXAMPLES: &str = "Examples:\n  \
    eng coverage                        all tests of the workspace; a table of folders and files\n  \
    eng coverage //text/... --format=lcov\n  \
    eng coverage --html                 pages in eng-out/coverage/html\n  \
    eng coverage --partial              what is remembered, without running anything\n\n\
    eng-out/coverage/ gets lcov.info and coverage.json.";

/// Flags of `eng coverage`.
#[derive(Debug, Args)]
pub struct Cover {
    #[command(flatten)]
    pub test: Test,
    #[command(flatten)]
    pub report: Report,
}

/// What is reported of what tests have executed.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "What is reported")]
pub struct Report {
    /// What to print; the files in eng-out/coverage are always written
    #[arg(long, value_enum, default_value_t = Format::Table, value_name = "FORMAT")]
    pub format: Format,
    /// Make pages in eng-out/coverage/html, too, by genhtml
    #[arg(long)]
    pub html: bool,
    /// Report files that only tests name, too
    #[arg(long, alias = "instrument-test-targets")]
    pub with_tests: bool,
    /// Run nothing: report what is remembered
    #[arg(long)]
    pub partial: bool,
    /// True if nothing is printed, since something else stands on standard output.
    #[arg(skip)]
    pub silent: bool,
}

/// What is printed.
#[derive(Debug, Clone, Copy, Default, ValueEnum, PartialEq, Eq)]
pub enum Format {
    /// Folders and files with their shares.
    #[default]
    Table,
    /// A tracefile.
    Lcov,
    /// All that is known.
    Json,
}

impl Report {
    /// The same for the session.
    pub fn covering(&self) -> Covering {
        Covering { tests: self.with_tests }
    }
}

/// Runs tests and reports what they have executed.
pub fn coverage(cover: Cover) -> Result<Exit, Failure> {
    super::test::run(cover.test, Some(cover.report))
}

/// What makes pages, if some are asked for.
pub fn maker(how: &Report, path: &str) -> Result<Option<PathBuf>, Failure> {
    Ok(how.html.then(|| page_maker(path)).transpose()?)
}

/// Writes a report into `eng-out/coverage`, and prints it; `maker` makes pages. What cannot be written
/// is told: the tests have had their results all the same.
pub fn show(root: &Path, coverage: &Coverage, how: &Report, maker: Option<&Path>) -> Exit {
    write(root, coverage, how, maker).unwrap_or_else(super::tell)
}

fn write(
    root: &Path,
    coverage: &Coverage,
    how: &Report,
    maker: Option<&Path>,
) -> Result<Exit, Failure> {
    let folder = root.join("eng-out/coverage");
    fs::create_dir_all(&folder).with_context(|| format!("create {}", folder.display()))?;
    let (lcov, json) = (report::lcov(coverage), report::coverage_json(coverage));
    for (name, text) in [("lcov.info", &lcov), ("coverage.json", &json)] {
        let path = folder.join(name);
        fs::write(&path, text).with_context(|| format!("write {}", path.display()))?;
    }
    let pages = folder.join("html");
    // Old ones would be taken for those of this run.
    if pages.exists() {
        fs::remove_dir_all(&pages).with_context(|| format!("remove {}", pages.display()))?;
    }
    // Of nothing there are no pages.
    if let Some(maker) = maker.filter(|_| !coverage.files.is_empty()) {
        make_pages(maker, root, &folder.join("lcov.info"), &pages)?;
    }
    if how.silent {
        return Ok(Exit::Ok);
    }
    Ok(print(
        "the coverage",
        &match how.format {
            Format::Table => report::table(coverage),
            Format::Lcov => lcov,
            Format::Json => json,
        },
    ))
}
