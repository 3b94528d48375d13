//! Files that a failed command did not find though they are in the workspace, or some target makes
//! them: nobody said that it reads them.

use super::session::Shared;
use crate::analyze::{Action, FileKind};
use crate::base::{join, normalize, parent};
use std::collections::BTreeSet;
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// How the C library says that a file is not there, and how compilers like to, or ask for it.
const PHRASES: [&str; 3] = ["No such file or directory", "file not found", "create file \""];

/// Of a longer output the rest is not looked at.
const MOST: u64 = 256 * 1024;

/// More folders are not looked into, and no more files are told.
const MOST_FOLDERS: usize = 200;
const MOST_FILES: usize = 5;

/// The files, by what a failed command printed: their paths from the root, and why they are known.
pub(super) fn undeclared(shared: &Shared, action: &Action, output: &Path) -> Vec<String> {
    let mut bytes = Vec::new();
    let read = File::open(output).and_then(|file| file.take(MOST).read_to_end(&mut bytes));
    if read.is_err() {
        return Vec::new();
    }
    let text = String::from_utf8_lossy(&bytes);
    let inputs: BTreeSet<&str> = action
        .input_files(&action.words())
        .into_iter()
        .map(|id| &**shared.analysis.files.path(id))
        .collect();
    let mut folders = BTreeSet::from([""]);
    for input in inputs.iter().filter(|input| !input.starts_with("external/")) {
        let mut folder = parent(input);
        while folders.len() < MOST_FOLDERS && folders.insert(folder) {
            folder = parent(folder);
        }
    }
    let mut found = Vec::new();
    for line in text.lines().filter(|line| PHRASES.iter().any(|phrase| line.contains(phrase))) {
        for word in names(line) {
            let paths = || folders.iter().filter_map(|folder| normalize(&join(folder, word)));
            let there = |path: &String| {
                !inputs.contains(path.as_str())
                    && !path.starts_with("eng-out/")
                    && shared.root.join(path).is_file()
            };
            let source = paths().filter(there).min_by_key(String::len);
            let source = source.map(|path| format!("'{path}' is there"));
            let made = || paths().find_map(|path| made(shared, action, &inputs, &path));
            let Some(text) = source.or_else(made) else { continue };
            if found.len() < MOST_FILES && !found.contains(&text) {
                found.push(text);
            }
        }
    }
    found
}

/// Says which target makes a file, if one that was reached does.
fn made(shared: &Shared, action: &Action, inputs: &BTreeSet<&str>, path: &str) -> Option<String> {
    let path = path.strip_prefix("out/").unwrap_or(path);
    let id = shared.analysis.files.find(&join("out", path))?;
    let FileKind::Output { writer, .. } = shared.analysis.files.file(id).kind else { return None };
    let writer = shared.analysis.actions.get(writer.0 as usize)?;
    let is_given = inputs.contains(&**shared.analysis.files.path(id));
    (!is_given && writer.label != action.label)
        .then(|| format!("'{path}' is made by {}", writer.label))
}

/// The words of a line that may be names of files.
fn names(line: &str) -> impl Iterator<Item = &str> {
    let apart = |c: char| c.is_whitespace() || "'\"`<>()[]:,;‘’“”".contains(c);
    line.split(apart).filter(|word| word.contains('.') && !word.starts_with('/'))
}
