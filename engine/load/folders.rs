//! Walks the folders of a workspace once: its packages, their files, and what may be a rule file.

use super::glob::Matcher;
use super::package::Found;
use super::syntax;
use super::tree::{self, Kind, Node};
use crate::base::{PackageName, Place, Problem, Problems, Source, join};
use anyhow::{Context, Result};
use rayon::prelude::*;
use std::collections::HashMap;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use walkdir::WalkDir;

/// What the walk found.
pub struct Walked {
    /// All packages, the root's first.
    pub packages: Vec<Found>,
    /// Files that end in `.ron` and are no `BUILD.ron`, sorted, relative to the root.
    pub ron_files: Vec<String>,
    /// All folders that were looked into and all `BUILD.ron` files that were read.
    pub read: Vec<PathBuf>,
}

/// A `BUILD.ron` that was read.
pub struct BuildFile {
    /// Its start.
    pub place: Place,
    /// Its entries.
    pub nodes: Result<Vec<Node>, Problems>,
}

impl BuildFile {
    /// The file `path`, shown as `shown`. That it cannot be read is a problem like any other, so
    /// that what has nothing to do with it can still be built.
    pub fn read(path: &Path, shown: &str) -> BuildFile {
        let place = Place::of_text(shown, "");
        let source = fs::read(path).map_err(|error| match error.kind() {
            ErrorKind::IsADirectory => Problem::at(&place, "this is a folder; a file was expected"),
            _ => Problem::at(&place, format!("this file cannot be read: {error}")),
        });
        match source.and_then(|bytes| syntax::source(shown, bytes)) {
            Ok(source) => BuildFile::parse(&source),
            Err(problem) => BuildFile { place, nodes: Err(problem.into()) },
        }
    }

    fn parse(source: &Arc<Source>) -> BuildFile {
        BuildFile { place: Place::new(source, 0, 0), nodes: tree::parse(source) }
    }

    /// True if one of its entries is `workspace(..)`.
    pub fn is_root(&self) -> bool {
        let root =
            |node: &Node| matches!(&node.kind, Kind::Call(call, _) if call.text == "workspace");
        self.nodes.as_ref().is_ok_and(|nodes| nodes.iter().any(root))
    }
}

/// A folder that is to be looked into.
struct Folder {
    path: PathBuf,
    /// Its path relative to the root.
    relative: String,
    /// Number of the package that its files belong to, unless it is one itself.
    package: usize,
}

/// What is in a folder.
struct Listed {
    files: Vec<String>,
    folders: Vec<String>,
    /// Links to folders; they would count, did they lead to files.
    links: Vec<PathBuf>,
    build: Option<BuildFile>,
}

/// Looks into all folders of the workspace, level by level, the folders of one level in parallel.
/// Leaves out dot folders, `eng-out`, what holds a `CACHEDIR.TAG`, other workspaces and what
/// `ignored` matches. `build` is the root's own file.
pub fn walk(root: &Path, build: BuildFile, ignored: &[Arc<Matcher>]) -> Result<Walked> {
    let mut walked = Walked { packages: Vec::new(), ron_files: Vec::new(), read: Vec::new() };
    let mut build = Some(build);
    let mut level = vec![Folder { path: root.to_path_buf(), relative: String::new(), package: 0 }];
    while !level.is_empty() {
        let listed: Vec<Result<Option<Listed>>> = level.par_iter().map(list).collect();
        let mut below = Vec::new();
        for (folder, listed) in level.into_iter().zip(listed) {
            let listed = listed?;
            walked.read.push(folder.path.join("BUILD.ron"));
            walked.read.push(folder.path.clone());
            let Some(mut listed) = listed else { continue };
            walked.read.append(&mut listed.links);
            if folder.relative.is_empty() {
                listed.build = build.take();
            }
            let package = match listed.build.take() {
                Some(BuildFile { nodes, .. }) => {
                    let name = PackageName::main(&folder.relative);
                    let (files, builtin) = (Vec::new(), HashMap::new());
                    walked.packages.push(Found { name, nodes, files, builtin });
                    walked.packages.len() - 1
                }
                None => folder.package,
            };
            let owner = &mut walked.packages[package];
            for name in listed.files {
                let path = join(&folder.relative, &name);
                if name.ends_with(".ron") && name != "BUILD.ron" {
                    walked.ron_files.push(path.clone());
                }
                let inside = path.strip_prefix(&*owner.name.path).unwrap_or(&path);
                owner.files.push(inside.trim_start_matches('/').to_string());
            }
            for name in listed.folders {
                let relative = join(&folder.relative, &name);
                if !ignored.iter().any(|matcher| matcher.fits(&relative)) {
                    below.push(Folder { path: folder.path.join(&name), relative, package });
                }
            }
        }
        level = below;
    }
    walked.packages.par_iter_mut().for_each(|package| package.files.sort_unstable());
    walked.ron_files.sort_unstable();
    Ok(walked)
}

/// The contents of a folder; nothing if it does not belong to the workspace.
fn list(folder: &Folder) -> Result<Option<Listed>> {
    let is_root = folder.relative.is_empty();
    let mut listed =
        Listed { files: Vec::new(), folders: Vec::new(), links: Vec::new(), build: None };
    for entry in WalkDir::new(&folder.path).min_depth(1).max_depth(1) {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) if gone(&error) && !is_root => continue,
            Err(error) => {
                let path = error.path().unwrap_or(&folder.path).display().to_string();
                return Err(anyhow::Error::from(error))
                    .with_context(|| format!("look into {path}"));
            }
        };
        // A name that is not UTF-8 cannot be written in a `BUILD.ron`, so nobody can ask for it.
        let Some(name) = entry.file_name().to_str() else { continue };
        let kind = entry.file_type();
        if kind.is_dir() {
            if name == "BUILD.ron" {
                listed.files.push(name.to_string());
            } else if !name.starts_with('.') && name != "eng-out" {
                listed.folders.push(name.to_string());
            }
        } else if kind.is_symlink() && leads_to_folder(entry.path()) {
            listed.links.push(entry.into_path());
        } else if kind.is_file() || kind.is_symlink() {
            listed.files.push(name.to_string());
        }
    }
    if is_root {
        return Ok(Some(listed));
    }
    if listed.files.iter().any(|name| name == "CACHEDIR.TAG") {
        return Ok(None);
    }
    if listed.files.iter().any(|name| name == "BUILD.ron") {
        let shown = join(&folder.relative, "BUILD.ron");
        let build = BuildFile::read(&folder.path.join("BUILD.ron"), &shown);
        if build.is_root() {
            return Ok(None);
        }
        listed.build = Some(build);
    }
    Ok(Some(listed))
}

/// True if the folder vanished while we walked; another process may well do that.
fn gone(error: &walkdir::Error) -> bool {
    error.io_error().is_some_and(|error| error.kind() == ErrorKind::NotFound)
}

fn leads_to_folder(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|target| target.is_dir())
}
