//! What a process of a test in the mode for it says of what it has executed: where the data go,
//! and how they become lcov. That is stored with the result, so that a remembered one has it, too.

use super::exec_root::ExecRoot;
use super::helper::{self, Helper, How};
use super::session::Shared;
use crate::analyze::{Action, Collector, Test, TestProcess};
use crate::base::Problem;
use crate::event::Outcome;
use crate::store::{OutputKind, OutputRow};
use anyhow::{Context, Result};
use globset::GlobBuilder;
use std::collections::HashSet;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Before the names of the parts of what a process has executed, one for each kind of data.
pub const COVERED: &str = "coverage/";
/// The cases that the process ran, one a line; there if there is a part.
pub const COVERED_CASES: &str = "coverage/cases";
/// The part that the test itself wrote into `ENG_COVERAGE_FILE`.
pub const COVERED_OWN: &str = "coverage/own";

/// Why a part that the process left cannot be read.
pub const COVERED_UNREAD: &str = "coverage/unread";

/// Where collectors find raw data, from the folder in which they start.
const RAW: &str = "raw";
/// Name of the file for lcov in the folder for data.
const OWN: &str = "coverage.dat";

/// The variables that lead the data into a folder of the process alone, which is made.
pub(super) fn variables(root: &mut ExecRoot) -> Result<[(&'static str, String); 4]> {
    let folder = root.coverage();
    root.folder(&folder)?;
    let own = folder.join(OWN).display().to_string();
    Ok([
        ("COVERAGE", "1".to_string()),
        ("COVERAGE_DIR", folder.display().to_string()),
        ("COVERAGE_OUTPUT_FILE", own.clone()),
        ("ENG_COVERAGE_FILE", own),
    ])
}

/// True if what a process has executed cannot be read.
pub fn is_unread(outputs: &[OutputRow]) -> bool {
    outputs.iter().any(|row| row.path == COVERED_UNREAD)
}

/// What is wrong if a program of the machine is not there that has to tell what tests have executed.
/// One problem will do: without that program there is no report at all.
pub fn missing_tool(shared: &Shared, tests: &[Arc<Test>]) -> Result<Option<Problem>> {
    let mut known = HashSet::new();
    for test in tests {
        for collector in test.coverage.iter().flat_map(|it| it.iter()) {
            for word in collector.report.words() {
                for (id, _) in word.tools().iter().filter(|(id, _)| known.insert(*id)) {
                    if let Err(problem) = shared.tool(*id)? {
                        return Ok(Some(problem));
                    }
                }
            }
        }
    }
    Ok(None)
}

/// Stores what a process has executed; nothing if it does not say, as when it was killed. Where what
/// it left cannot be read stands why.
pub(super) fn collect(
    shared: &Shared,
    test: &TestProcess,
    outcome: &Outcome,
    root: &ExecRoot,
) -> Result<Vec<OutputRow>> {
    let Some(collectors) = test.coverage.as_ref().filter(|_| !test.lists) else {
        return Ok(Vec::new());
    };
    // One that was killed may have been writing.
    if !matches!(outcome, Outcome::Passed | Outcome::Exited(_)) {
        return Ok(Vec::new());
    }
    let folder = root.coverage();
    let files = files(&folder)?;
    let (mut rows, mut unread) = (Vec::new(), Vec::new());
    let row = |path: String, digest| OutputRow {
        path,
        kind: OutputKind::File { executable: false },
        digest,
    };
    for (at, collector) in collectors.iter().enumerate() {
        let found = matching(collector, &files)?;
        if found.is_empty() {
            continue;
        }
        match report(shared, &collector.report, &folder, &found)? {
            Ok((path, _helper)) => {
                rows.push(row(format!("{COVERED}{at}"), shared.cas.put_file(&path)?.digest));
            }
            Err(why) => unread.push(why),
        }
    }
    if !unread.is_empty() {
        let text = unread.join("\n");
        rows.push(row(COVERED_UNREAD.to_string(), shared.cas.put_bytes(text.as_bytes())?));
    }
    if files.iter().any(|file| file == OWN) {
        let text = own(&folder.join(OWN), root, &shared.home.name)?;
        rows.push(row(COVERED_OWN.to_string(), shared.cas.put_bytes(&text)?));
    }
    if !rows.is_empty() {
        let cases = test.cases.join("\n");
        rows.push(row(COVERED_CASES.to_string(), shared.cas.put_bytes(cases.as_bytes())?));
    }
    Ok(rows)
}

/// What the test wrote itself, with paths from the workspace's root in place of those of this
/// process.
fn own(path: &Path, root: &ExecRoot, workspace: &str) -> Result<Vec<u8>> {
    let bytes = fs::read(path).with_context(|| format!("read {}", path.display()))?;
    let Ok(text) = String::from_utf8(bytes) else { return Ok(b"not UTF-8".to_vec()) };
    let home = format!("{}/", root.root().join(workspace).display());
    let lines = text.lines().map(|line| match line.strip_prefix("SF:") {
        Some(path) => format!("SF:{}\n", path.strip_prefix(&home).unwrap_or(path)),
        None => format!("{}\n", line.strip_prefix(&home).unwrap_or(line)),
    });
    Ok(lines.collect::<String>().into_bytes())
}

/// Paths of files below a folder, sorted.
fn files(folder: &Path) -> Result<Vec<String>> {
    let mut res = Vec::new();
    for entry in walkdir::WalkDir::new(folder) {
        let entry = entry.with_context(|| format!("look into {}", folder.display()))?;
        let path = entry.path().strip_prefix(folder).ok().and_then(Path::to_str);
        let is_empty = entry.metadata().is_ok_and(|meta| meta.len() == 0);
        if entry.file_type().is_file() && !is_empty {
            res.extend(path.map(str::to_string));
        }
    }
    res.sort_unstable();
    Ok(res)
}

fn matching<'a>(collector: &Collector, files: &'a [String]) -> Result<Vec<&'a str>> {
    let mut patterns = globset::GlobSetBuilder::new();
    for pattern in &collector.collect {
        patterns.add(GlobBuilder::new(pattern).literal_separator(true).build()?);
    }
    let patterns = patterns.build()?;
    Ok(files.iter().map(String::as_str).filter(|file| patterns.is_match(file)).collect())
}

/// Runs the command that turns data into lcov; gives the file with what it printed, and the command
/// with whose folders that goes away.
fn report(
    shared: &Shared,
    report: &Action,
    folder: &Path,
    found: &[&str],
) -> Result<std::result::Result<(PathBuf, Helper), String>> {
    let about = &report.about;
    let mut helper = match Helper::lay_out(shared, report, false)? {
        Ok(helper) => helper,
        Err(why) => return Ok(Err(format!("{about} cannot be read: {why}"))),
    };
    for file in found {
        let place = helper.root.root().join(RAW).join(file);
        helper.root.folder(place.parent().unwrap_or(&helper.folder))?;
        symlink(folder.join(file), &place).with_context(|| format!("link {}", place.display()))?;
    }
    let (stdout, stderr) = (helper.root.stdout(), helper.root.stderr());
    let how = How { env: &[], stderr: &stderr, timeout: report.timeout, lasting: false };
    let how = match helper.run(shared, &how)? {
        Outcome::Passed => return Ok(Ok((stdout, helper))),
        Outcome::Stopped => return Ok(Err(shared.stop.why())),
        other => helper::ended(&other),
    };
    let command = helper.argv.join(" ");
    let printed = helper::printed(&[&stderr, &stdout]);
    Ok(Err(format!("{about} cannot be read ({how}): {command}{printed}")))
}
