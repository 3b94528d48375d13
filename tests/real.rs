//! Code that others wrote, built as its users would build it. It is fetched by the tools that the
//! machine has for that, kept in cargo's folder for tests, and never becomes part of this project.

use crate::support::{Run, Workspace, workspace};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

/// The folder in which a subject is kept; `fetch` fills it once. What is there already needs no
/// network.
pub fn fetched(name: &str, fetch: impl Fn(&Path) -> Result<(), String>) -> PathBuf {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _guard = ONE_AT_A_TIME.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let place = Path::new(env!("CARGO_TARGET_TMPDIR")).join("real");
    let kept = place.join(name);
    if kept.exists() {
        return kept;
    }
    fs::create_dir_all(&place).expect("make a folder for real code");
    let mut last = String::new();
    for _ in 0..3 {
        // Filled under another name, so that a half of it is never taken for the whole.
        let filling = tempfile::Builder::new().prefix("filling-").tempdir_in(&place);
        let filling = filling.expect("make a folder to fill");
        match fetch(filling.path()) {
            Ok(()) => {
                let filled = filling.keep();
                let renamed = fs::rename(&filled, &kept);
                assert!(renamed.is_ok() || kept.exists(), "keep {}: {renamed:?}", kept.display());
                return kept;
            }
            Err(why) => last = why,
        }
    }
    panic!("'{name}' could not be fetched, and this test is about it; is there a network?\n{last}")
}

/// Runs a command of a fetch; if it fails, what it printed is the reason.
pub fn done(command: &mut Command) -> Result<(), String> {
    let output = command.output().map_err(|e| format!("start {command:?}: {e}"))?;
    match output.status.success() {
        true => Ok(()),
        false => Err(format!("{command:?}: {}", String::from_utf8_lossy(&output.stderr))),
    }
}

/// A workspace with the files of `tests/real/NAME`.
pub fn real(name: &str) -> Workspace {
    let ws = workspace("");
    let ours = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/real").join(name);
    copy(&ours, ws.root());
    ws
}

/// Copies a folder into another one, with the permissions of the files.
pub fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("make a folder");
    let entries = fs::read_dir(from).unwrap_or_else(|e| panic!("list {}: {e}", from.display()));
    for entry in entries {
        let entry = entry.expect("list a folder");
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        if from.is_dir() {
            copy(&from, &to);
        } else {
            fs::copy(&from, &to).unwrap_or_else(|e| panic!("copy {}: {e}", from.display()));
        }
    }
}

/// Adds a line to the end of a file.
pub fn append(ws: &Workspace, path: &str, line: &str) {
    ws.write(path, &format!("{}{line}\n", ws.read(path)));
}

/// How many of the actions that ran start with a word: `compile`, `test`.
pub fn count(run: &Run, doing: &str) -> usize {
    run.subjects().iter().filter(|subject| subject.split(' ').next() == Some(doing)).count()
}
