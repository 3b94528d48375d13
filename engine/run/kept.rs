//! What a test has left for its user besides its result: files of its own, a report, warnings.
//! They are stored with the result, so that a remembered one has them, too.

use super::exec_root::ExecRoot;
use super::session::Shared;
use crate::base::Label;
use crate::store::{self, OutputKind, OutputRow};
use anyhow::Result;
use std::fs;
use std::path::PathBuf;

/// What a test wrote into `TEST_UNDECLARED_OUTPUTS_DIR`.
pub const OUTPUTS: &str = "test.outputs";
/// What a test wrote into `TEST_UNDECLARED_OUTPUTS_ANNOTATIONS_DIR`.
pub const ANNOTATIONS: &str = "test.annotations";
/// What a test wrote into `XML_OUTPUT_FILE`.
pub const XML: &str = "test.xml";
/// What a test wrote into `TEST_WARNINGS_OUTPUT_FILE`.
pub const WARNINGS: &str = "test.warnings";
/// What a test wrote into `TEST_INFRASTRUCTURE_FAILURE_FILE`.
pub const INFRASTRUCTURE: &str = "test.infrastructure";

/// Its existence after the end says that the end came too early.
const PREMATURE: &str = "premature_exit";
/// Touched by a program that knows of shards.
const SHARD_STATUS: &str = "shard_status";

/// The folders and files that a test may write, with the variables that name them.
pub(super) fn places(root: &mut ExecRoot) -> Result<[(&'static str, PathBuf); 7]> {
    let outputs = root.beside(OUTPUTS);
    let annotations = root.beside(ANNOTATIONS);
    root.folder(&outputs)?;
    root.folder(&annotations)?;
    Ok([
        ("TEST_UNDECLARED_OUTPUTS_DIR", outputs),
        ("TEST_UNDECLARED_OUTPUTS_ANNOTATIONS_DIR", annotations),
        ("XML_OUTPUT_FILE", root.beside(XML)),
        ("TEST_WARNINGS_OUTPUT_FILE", root.beside(WARNINGS)),
        ("TEST_INFRASTRUCTURE_FAILURE_FILE", root.beside(INFRASTRUCTURE)),
        ("TEST_PREMATURE_EXIT_FILE", root.beside(PREMATURE)),
        ("TEST_SHARD_STATUS_FILE", root.beside(SHARD_STATUS)),
    ])
}

/// Stores what the test has left. What cannot be stored is told.
pub(super) fn collect(shared: &Shared, label: &Label, root: &ExecRoot) -> Result<Vec<OutputRow>> {
    let mut rows = Vec::new();
    for (name, variable) in [
        (OUTPUTS, "TEST_UNDECLARED_OUTPUTS_DIR"),
        (ANNOTATIONS, "TEST_UNDECLARED_OUTPUTS_ANNOTATIONS_DIR"),
    ] {
        let folder = root.beside(name);
        // One call tells whether it is empty, as almost always.
        if fs::remove_dir(&folder).is_ok() || !folder.is_dir() {
            continue;
        }
        match store::put_tree(&folder, shared.cas) {
            Ok(digest) => {
                rows.push(OutputRow { path: name.to_string(), kind: OutputKind::Tree, digest });
            }
            Err(error) => {
                let at = error.path.strip_prefix(&folder).unwrap_or(&error.path);
                shared.warn(format!(
                    "what {label} has left in ${variable} cannot be kept: {} '{}': {}",
                    error.doing,
                    at.display(),
                    error.error
                ));
            }
        }
    }
    for name in [XML, WARNINGS, INFRASTRUCTURE] {
        let path = root.beside(name);
        if fs::symlink_metadata(&path).is_ok_and(|meta| meta.is_file() && meta.len() > 0) {
            let digest = shared.cas.put_file(&path)?.digest;
            let kind = OutputKind::File { executable: false };
            rows.push(OutputRow { path: name.to_string(), kind, digest });
        }
    }
    Ok(rows)
}

/// Why a test has failed although its status is good. What is kept of it is the place in this list.
const REFUTATIONS: [&str; 2] = [
    "it ended early: TEST_PREMATURE_EXIT_FILE is still there",
    "it knows nothing of shards: it did not touch TEST_SHARD_STATUS_FILE",
];

/// Which of the refutations holds, by what the test has left; `sharded` if it was to run one shard
/// only.
pub(super) fn refutes(root: &ExecRoot, sharded: bool) -> Option<i32> {
    if root.beside(PREMATURE).exists() {
        return Some(0);
    }
    (sharded && !root.beside(SHARD_STATUS).exists()).then_some(1)
}

/// A refutation in words, if there is one with this number.
pub(super) fn refutation(number: i32) -> Option<String> {
    Some(REFUTATIONS.get(usize::try_from(number).ok()?)?.to_string())
}
