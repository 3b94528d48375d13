//! What a command wrote goes into the store, if it is what was declared.

use super::exec_root::ExecRoot;
use super::session::Shared;
use crate::analyze::{Action, FileKind};
use crate::store::{self, OutputKind, OutputRow, Stored};
use anyhow::{Context, Result};
use std::borrow::Cow;
use std::fs;
use std::path::Path;

/// Larger outputs are not searched for paths of this machine.
const SEARCHED: u64 = 64 << 20;

/// Stores all outputs of an action; an error text if one is missing or of another kind.
pub(super) fn collect(
    shared: &Shared,
    action: &Action,
    root: &ExecRoot,
) -> Result<Result<Vec<OutputRow>, String>> {
    let mut rows = Vec::new();
    for id in &action.outputs {
        let file = shared.analysis.files.file(*id);
        let at = root.root().join(&*file.path);
        let folder = matches!(file.kind, FileKind::Output { folder: true, .. });
        let meta = match fs::symlink_metadata(&at) {
            Ok(meta) => meta,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Ok(Err(format!(
                    "it ended well but did not write its output '{}'",
                    file.path
                )));
            }
            Err(error) => return Err(error).with_context(|| format!("look at {}", at.display())),
        };
        let kind = meta.file_type();
        if folder != kind.is_dir() || !(folder || kind.is_file()) {
            let (found, wanted) = (name(&kind), if folder { "a folder" } else { "a file" });
            return Ok(Err(format!(
                "it wrote {found} where its output '{}' is {wanted}",
                file.path
            )));
        }
        let path = file.path.to_string();
        if folder {
            match store::put_tree(&at, shared.cas) {
                Ok(digest) => rows.push(OutputRow { path, kind: OutputKind::Tree, digest }),
                // What cannot be stored, such as a link that leads out, is the command's mistake.
                Err(error) if error.error.kind() == std::io::ErrorKind::InvalidData => {
                    return Ok(Err(format!(
                        "its output '{}' cannot be stored: {error}",
                        file.path
                    )));
                }
                Err(error) => return Err(error.into()),
            }
        } else {
            let stored = shared.cas.put_file(&at)?;
            search(shared, action, &path, &stored, &root.root())?;
            let Stored { digest, executable, .. } = stored;
            rows.push(OutputRow { path, kind: OutputKind::File { executable }, digest });
        }
    }
    Ok(Ok(rows))
}

fn name(kind: &fs::FileType) -> &'static str {
    if kind.is_dir() {
        "a folder"
    } else if kind.is_symlink() {
        "a symbolic link"
    } else if kind.is_file() {
        "a file"
    } else {
        "a special file"
    }
}

/// An output that holds the path of its exec root differs from one run to the next; the user is
/// told once for each action of a rule.
fn search(
    shared: &Shared,
    action: &Action,
    path: &str,
    stored: &Stored,
    root: &Path,
) -> Result<()> {
    let bytes = match &stored.bytes {
        Some(bytes) => Cow::Borrowed(bytes),
        None if stored.digest.size > SEARCHED => return Ok(()),
        None => Cow::Owned(shared.cas.read(&stored.digest)?.unwrap_or_default()),
    };
    let root = root.as_os_str().as_encoded_bytes();
    if memchr::memmem::find(&bytes, root).is_some() {
        shared.warn(format!(
            "{}: '{}' of {} writes the folder it ran in into '{path}'; such an output is never the same twice",
            action.place, action.name, action.label
        ));
    }
    Ok(())
}
