//! Files that a failed command did not find though they are in the workspace: nobody said that it
//! reads them.

use super::session::Shared;
use crate::analyze::Action;
use crate::base::{join, normalize, parent};
use std::collections::BTreeSet;
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// How the C library says that a file is not there, and how compilers like to.
const PHRASES: [&str; 2] = ["No such file or directory", "file not found"];

/// Of a longer output the rest is not looked at.
const MOST: u64 = 256 * 1024;

/// More folders are not looked into, and no more files are told.
const MOST_FOLDERS: usize = 200;
const MOST_FILES: usize = 5;

/// The files, by what a failed command printed: their paths from the root.
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
            let paths = folders.iter().filter_map(|folder| normalize(&join(folder, word)));
            let there = |path: &String| {
                !inputs.contains(path.as_str())
                    && !path.starts_with("eng-out/")
                    && shared.root.join(path).is_file()
            };
            let Some(path) = paths.filter(there).min_by_key(String::len) else { continue };
            if found.len() < MOST_FILES && !found.contains(&path) {
                found.push(path);
            }
        }
    }
    found
}

/// The words of a line that may be names of files.
fn names(line: &str) -> impl Iterator<Item = &str> {
    let apart = |c: char| c.is_whitespace() || "'\"`<>()[]:,;‘’“”".contains(c);
    line.split(apart).filter(|word| word.contains('.') && !word.starts_with('/'))
}
