//! Remembered results that still hold.

use super::exec_root;
use super::manifest::{Manifest, Reach};
use super::prepare::Prepared;
use super::session::Shared;
use crate::analyze::Action;
use crate::base::{Digest, suffixes};
use crate::store::{self, OutputKind, OutputRow, ResultRow};
use anyhow::Result;
use std::collections::HashSet;

/// Where a result is or will be kept.
pub(super) enum Place {
    /// Under the exact key.
    Exact(Digest),
    /// Under a key that a depfile narrows.
    Narrowed {
        /// The shape of the action, under which sets of inputs that were read are known.
        shape: Digest,
        /// The inputs that count whether the depfile names them or not; sorted.
        always: Vec<String>,
    },
}

/// The keys of an action: exact without depfile, by shape with one.
pub(super) fn place(shared: &Shared, action: &Action, prepared: &Prepared) -> Place {
    let manifest = &prepared.manifest;
    if action.depfile.is_none() {
        return Place::Exact(manifest.exact());
    }
    // What is mentioned is read, but a library or a tool need not be named.
    let env = action.env.iter().map(|(_, word)| word);
    let files = prepared.words.iter().chain(env).flat_map(|word| word.files());
    let mentioned: HashSet<String> = files
        .map(|id| exec_root::place_of(&action.layout, shared.analysis.files.path(*id)))
        .collect();
    let endings = &action.narrow;
    let paths = manifest.inputs.iter().map(|(path, _)| path);
    let always = paths
        .filter(|path| endings.is_empty() || !suffixes(path, endings) || mentioned.contains(*path));
    Place::Narrowed { shape: manifest.key(Reach::Names), always: always.cloned().collect() }
}

/// The key under which a result is kept that read these inputs.
pub(super) fn narrowed(manifest: &Manifest, used: &[String]) -> Digest {
    manifest.key(Reach::Used(used))
}

/// A result that was kept and still holds: its files are in the store, and what it read outside of
/// the workspace is unchanged. With its key.
pub(super) fn find(
    shared: &Shared,
    manifest: &Manifest,
    place: &Place,
) -> Result<Option<(Digest, ResultRow)>> {
    let keys = match place {
        Place::Exact(key) => vec![*key],
        Place::Narrowed { shape, always } => {
            // A set may be older than a rule that lets less be narrowed.
            let whole = |mut used: Vec<String>| {
                used.extend_from_slice(always);
                used.sort_unstable();
                narrowed(manifest, &used)
            };
            shared.ledger.shape(shape).into_iter().map(whole).collect()
        }
    };
    for key in keys {
        if let Some(row) = shared.ledger.result(&key)
            && holds(shared, &row)?
        {
            return Ok(Some((key, row)));
        }
    }
    Ok(None)
}

fn holds(shared: &Shared, row: &ResultRow) -> Result<bool> {
    if let Some(list) = &row.externals
        && !shared.unchanged(list)?
    {
        return Ok(false);
    }
    let printed = row.stdout.iter().chain(&row.stderr).chain(&row.report);
    for digest in printed {
        if shared.cas.find(digest)?.is_none() {
            return Ok(false);
        }
    }
    are_stored(shared, &row.outputs)
}

/// Why a result does not hold although all that goes into its key is as it was.
pub(super) enum Loss {
    /// This file outside of the workspace is another one.
    Outside(String),
    /// Bytes that it names are not in the store.
    Blob,
    /// It is not in the ledger.
    Row,
    /// It does hold.
    None,
}

/// What became of the result under a key.
pub(super) fn loss(shared: &Shared, key: &Digest) -> Result<Loss> {
    let Some(row) = shared.ledger.result(key) else { return Ok(Loss::Row) };
    if let Some(path) = row.externals.map(|list| shared.first_changed(&list)).transpose()?.flatten()
    {
        return Ok(Loss::Outside(path));
    }
    Ok(if holds(shared, &row)? { Loss::None } else { Loss::Blob })
}

/// True if all that these name is in the store, the files of folders included.
pub fn are_stored(shared: &Shared, outputs: &[OutputRow]) -> Result<bool> {
    for output in outputs {
        if shared.cas.find(&output.digest)?.is_none() {
            return Ok(false);
        }
        if output.kind == OutputKind::Tree && !is_whole(shared, &output.digest)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// True if all files of a stored folder are in the store.
fn is_whole(shared: &Shared, tree: &Digest) -> Result<bool> {
    let Some(entries) = store::list_tree(tree, shared.cas)? else { return Ok(false) };
    for (_, entry) in entries {
        if let store::Entry::File(digest, _) = entry
            && shared.cas.find(&digest)?.is_none()
        {
            return Ok(false);
        }
    }
    Ok(true)
}
