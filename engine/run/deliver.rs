//! What was asked for goes into `eng-out`, as copies; what was edited or deleted there is replaced.

use super::manifest::Content;
use super::session::Shared;
use crate::analyze::FileId;
use crate::base::{Digest, Label, parent};
use crate::event::{Made, MadeKind, Program};
use crate::store::FileStat;
use anyhow::{Context, Result, ensure};
use rayon::prelude::*;
use std::collections::{BTreeSet, HashSet};
use std::fs;
use std::path::Path;

/// A file of a target that is to be delivered.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// The target it is delivered for.
    pub label: Label,
    /// The file.
    pub file: FileId,
    /// Path below `eng-out/bin`.
    pub path: String,
}

/// A file or folder that lies where it was asked for.
#[derive(Debug, Clone)]
pub struct Delivered {
    /// The target it was delivered for.
    pub label: Label,
    /// Path from the workspace's root.
    pub path: String,
    /// What `stat` said of it then; nothing of a folder, of which that says little.
    pub stat: Option<FileStat>,
    /// What it is.
    pub kind: MadeKind,
    /// What names its content.
    pub digest: Digest,
}

impl Delivered {
    /// The program that it is, if it is one.
    pub fn program(&self) -> Option<Program> {
        let file = Made { path: self.path.clone(), digest: self.digest, kind: self.kind };
        let label = self.label.clone();
        (self.kind == MadeKind::Program).then_some(Program { label, file })
    }
}

/// What a file is that was made, and what names its content.
pub(super) fn made(content: &Content) -> (MadeKind, Digest) {
    match *content {
        Content::File { digest, executable: true } => (MadeKind::Program, digest),
        Content::File { digest, executable: false } => (MadeKind::File, digest),
        Content::Tree { digest, .. } => (MadeKind::Folder, digest),
    }
}

/// Delivers files; those that are there already, with the right bytes, are left alone.
pub fn deliver(shared: &Shared, deliveries: &[Delivery]) -> Result<Vec<Delivered>> {
    let mut seen = HashSet::new();
    let deliveries: Vec<&Delivery> = deliveries.iter().filter(|it| seen.insert(&it.path)).collect();
    // One after the other, since what stands in the way of a folder is removed.
    let out = shared.root.join("eng-out/bin");
    let folders: BTreeSet<&str> = deliveries.iter().map(|it| parent(&it.path)).collect();
    for folder in folders {
        make(&out.join(folder))?;
    }
    let one = |delivery: &&Delivery| -> Result<Option<Delivered>> {
        let Some(content) = shared.content(delivery.file)? else { return Ok(None) };
        let path = format!("eng-out/bin/{}", delivery.path);
        let at = shared.root.join(&path);
        place(shared, delivery, &content, &at).with_context(|| format!("deliver {path}"))?;
        let stat = FileStat::of(&at)?.filter(|stat| !stat.is_folder());
        let (kind, digest) = made(&content);
        Ok(Some(Delivered { label: delivery.label.clone(), path, stat, kind, digest }))
    };
    let done: Vec<Option<Delivered>> = deliveries.par_iter().map(one).collect::<Result<_>>()?;
    Ok(done.into_iter().flatten().collect())
}

fn place(shared: &Shared, delivery: &Delivery, content: &Content, at: &Path) -> Result<()> {
    match content {
        Content::Tree { digest, .. } => {
            let there = crate::store::copy_tree_to(digest, shared.cas, at)?;
            ensure!(there, "the store lost the folder ({digest})");
        }
        Content::File { digest, executable } => {
            // The stat cache tells without reading whether the file still has these bytes.
            match at.symlink_metadata() {
                Ok(meta) if !meta.is_file() => remove(at)?,
                Ok(_) if shared.stats.digest(at)? == Some((*digest, *executable)) => return Ok(()),
                _ => {}
            }
            let source = &shared.analysis.files.file(delivery.file);
            match source.kind {
                crate::analyze::FileKind::Source => {
                    // What runs just then, or must not be written to, is replaced, not changed.
                    if at.symlink_metadata().is_ok() {
                        remove(at)?;
                    }
                    fs::copy(shared.root.join(&*source.path), at)?;
                }
                _ => {
                    let there = shared.cas.copy_to(digest, at, *executable)?;
                    ensure!(there, "the store lost the file ({digest})");
                }
            }
            shared.stats.forget(at);
        }
    }
    Ok(())
}

/// Makes a folder and those above it; a file that stands where one must be is removed.
fn make(folder: &Path) -> Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    let mut above = Some(folder);
    while let Some(path) = above {
        if path.symlink_metadata().is_ok_and(|meta| !meta.is_dir()) && !path.is_dir() {
            remove(path)?;
        }
        above = path.parent();
    }
    fs::create_dir_all(folder).with_context(|| format!("create the folder {}", folder.display()))
}

fn remove(at: &Path) -> Result<()> {
    let meta = at.symlink_metadata().with_context(|| format!("look at {}", at.display()))?;
    let res = if meta.is_dir() { fs::remove_dir_all(at) } else { fs::remove_file(at) };
    res.with_context(|| format!("remove {}", at.display()))
}
