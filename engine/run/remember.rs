//! Under which key a result is kept: with a depfile, one over the inputs that
//! were read, and those that always count.

use super::depfile;
use super::exec_root::ExecRoot;
use super::facts;
use super::lookup::{self, Place};
use super::manifest::{Content, Reach};
use super::prepare::Prepared;
use super::session::Shared;
use super::sources;
use super::worker::Done;
use crate::analyze::{Action, FileKind};
use crate::event::Outcome;
use crate::store;
use anyhow::Result;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Works out the key under which the result is kept. With a depfile that is one over the inputs
/// that were read and those that always count; a failure that left none is not kept.
pub(super) fn remember(
    shared: &Shared,
    action: &Action,
    prepared: &Prepared,
    place: &Place,
    root: &ExecRoot,
    done: &mut Done,
) -> Result<Result<(), String>> {
    let (shape, always) = match place {
        Place::Exact(key) => {
            done.key = Some(*key);
            // What cases were made of is kept once for all of them.
            if action.test.as_ref().is_none_or(|test| test.whole || test.lists) {
                note(shared, prepared, Reach::All, done)?;
            }
            return Ok(Ok(()));
        }
        Place::Narrowed { shape, always } => (*shape, always),
    };
    let path = action.depfile.as_deref().unwrap_or_default();
    let text = store::read_left(&root.root().join(path)).and_then(|text| {
        let Some(text) = text else { return Ok(None) };
        let read = depfile::read(&String::from_utf8_lossy(&text));
        read.map(Some).ok_or_else(|| "holds no rule; 'target: file …' was expected".to_string())
    });
    let used = match text {
        Ok(Some(read)) => match sort_out(shared, prepared, root, always, &read)? {
            Ok((used, externals)) => {
                if !externals.is_empty() {
                    done.row.externals = Some(shared.cas.put_bytes(externals.as_bytes())?);
                }
                used
            }
            Err(why) => return Ok(Err(why)),
        },
        Err(why) if done.outcome == Outcome::Passed => {
            return Ok(Err(format!("it ended well, but its depfile '{path}' {why}")));
        }
        Ok(None) if done.outcome == Outcome::Passed => {
            return Ok(Err(format!("it ended well but did not write its depfile '{path}'")));
        }
        // A failure that does not say what it read may have been for want of a file outside of the
        // workspace, which may be there the next time.
        Ok(None) | Err(_) => {
            note(shared, prepared, Reach::All, done)?;
            return Ok(Ok(()));
        }
    };
    done.key = Some(lookup::narrowed(&prepared.manifest, &used));
    note(shared, prepared, Reach::Used(&used), done)?;
    done.shape = Some((shape, used));
    Ok(Ok(()))
}

/// Keeps what the action was made of, and the sources among it, for explanations.
pub(super) fn note(
    shared: &Shared,
    prepared: &Prepared,
    reach: Reach,
    done: &mut Done,
) -> Result<()> {
    let lines = facts::lines(&prepared.manifest, reach);
    done.row.manifest = Some(shared.keep_text(lines.into_bytes()));
    let read = match reach {
        Reach::Used(used) => Some(used),
        Reach::Names | Reach::All => None,
    };
    sources::keep(shared, prepared, read);
    Ok(())
}

/// Inputs are links: to the sources, and into the store. A command that follows them names what
/// they lead to and means the inputs; true if `path` is that of one. What comes from a folder of
/// the store may be of any folder among the inputs.
fn named_by_link(
    shared: &Shared,
    prepared: &Prepared,
    path: &Path,
    used: &mut BTreeSet<String>,
) -> bool {
    let in_store = shared.cas.contains(path);
    let in_workspace = path.strip_prefix(&shared.root).ok();
    if !in_store && in_workspace.is_none() {
        return false;
    }
    let mut any = false;
    for (input, id, content) in &prepared.inputs {
        let file = shared.analysis.files.file(*id);
        let meant = match (&file.kind, content) {
            (FileKind::Source, _) => in_workspace.is_some_and(|at| at == Path::new(&*file.path)),
            (_, Content::Tree { .. }) => in_store,
            (_, Content::File { digest, .. }) => {
                let hex = digest.hex();
                in_store && path.ends_with(Path::new(&hex[..2]).join(&hex[2..]))
            }
        };
        if meant {
            any = true;
            used.insert(input.clone());
        }
    }
    any
}

/// Divides what a depfile names into declared inputs and files outside of the workspace.
type Read = (Vec<String>, String);
fn sort_out(
    shared: &Shared,
    prepared: &Prepared,
    root: &ExecRoot,
    always: &[String],
    read: &[String],
) -> Result<Result<Read, String>> {
    let mut used: BTreeSet<String> = always.iter().cloned().collect();
    let inputs = &prepared.manifest.inputs;
    let base = root.root();
    let mut externals: BTreeSet<PathBuf> = BTreeSet::new();
    for name in read {
        let at = base.join(name);
        let relative = at.strip_prefix(&base).ok().and_then(|path| path.to_str());
        let Some(path) = relative.and_then(crate::base::normalize) else {
            externals.insert(at);
            continue;
        };
        if inputs.binary_search_by(|(input, _)| input.as_str().cmp(&path)).is_ok() {
            used.insert(path);
            continue;
        }
        let above = inputs.iter().find(|(input, content)| {
            matches!(content, Content::Tree { .. })
                && path.strip_prefix(input.as_str()).is_some_and(|rest| rest.starts_with('/'))
        });
        if let Some((folder, _)) = above {
            used.insert(folder.clone());
        }
        // Anything else in the root is the command's own: an output, or a file it made on its way.
    }
    let mut list = String::new();
    for path in externals {
        if named_by_link(shared, prepared, &path, &mut used) {
            continue;
        }
        if let Ok(inside) = path.strip_prefix(&shared.root) {
            return Ok(Err(format!(
                "it read '{}', which is in the workspace but not among its inputs",
                inside.display()
            )));
        }
        // A temporary file that is gone again can't be told from one that never was.
        if let Some((digest, _)) = shared.stats.digest(&path)? {
            list.push_str(&format!("{digest}\t{}\n", path.display()));
        }
    }
    Ok(Ok((used.into_iter().collect(), list)))
}
