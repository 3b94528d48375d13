//! The actions of targets, analysed and told; nothing is planned or run.

use super::Failure;
use super::request::Places;
use crate::base::{Hasher, Label, Repo, parent};
use crate::load::{self, Workspace};
use crate::query::{self, Acts, CompileCommand, Roots, compile_commands};
use anyhow::{Context, Result};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Where `eng build` delivers outputs, from the workspace's root.
const DELIVERED: &str = "eng-out/bin";

/// The actions of some targets of a workspace.
pub fn acts(root: &Path, labels: &[Label], modes: &BTreeSet<String>) -> Result<Acts, Failure> {
    Ok(query::acts(&load::workspace(root)?, labels, modes)?)
}

/// The commands of some targets that translate single files, for editors: outputs are where
/// `eng build` delivers them, and built-in files in a folder beside the store.
pub fn commands(
    root: &Path,
    places: &Places,
    labels: &[Label],
    modes: &BTreeSet<String>,
) -> Result<Vec<CompileCommand>, Failure> {
    let workspace = load::workspace(root)?;
    let acts = query::acts(&workspace, labels, modes)?;
    let files = builtin_files(&workspace);
    let mut name = Hasher::default();
    for (path, bytes) in &files {
        name.field(path.as_bytes());
        name.field(bytes);
    }
    let folder = places.cache.join("builtin").join(name.finish().hex());
    let builtin = folder.display().to_string();
    let commands = compile_commands(&acts, &Roots { outputs: DELIVERED, builtin: &builtin });
    let needed = commands.iter().flat_map(|it| &it.arguments).any(|it| it.contains(&builtin));
    if needed && !folder.is_dir() {
        lay_out(&folder, &files)?;
    }
    Ok(commands)
}

/// The files of `@eng`, by their paths in it.
fn builtin_files(workspace: &Workspace) -> Vec<(String, &'static [u8])> {
    let own = workspace.packages.values().filter(|package| package.name.repo == Repo::Eng);
    let mut files: Vec<_> = own
        .flat_map(|package| {
            let path = |file: &str| crate::base::join(&package.name.path, file);
            package.builtin.iter().map(move |(file, bytes)| (path(file), *bytes))
        })
        .collect();
    files.sort_unstable();
    files
}

/// Writes files into a folder that is there whole or not at all.
fn lay_out(folder: &Path, files: &[(String, &'static [u8])]) -> Result<()> {
    let draft: PathBuf = folder.with_extension(std::process::id().to_string());
    let write = |(path, bytes): &(String, &[u8])| -> Result<()> {
        let above = draft.join(parent(path));
        fs::create_dir_all(&above).with_context(|| format!("create {}", above.display()))?;
        let path = draft.join(path);
        fs::write(&path, bytes).with_context(|| format!("write {}", path.display()))
    };
    let written = files.iter().try_for_each(write);
    let moved = written.and_then(|()| match fs::rename(&draft, folder) {
        // Another process was faster.
        Err(_) if folder.is_dir() => Ok(()),
        res => res.with_context(|| format!("create {}", folder.display())),
    });
    if draft.exists() {
        let _ = fs::remove_dir_all(&draft);
    }
    moved
}
