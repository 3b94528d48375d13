//! Walks the folders of a workspace once: its packages, their files, and what may be a rule file.

use super::build_file::BuildFile;
use super::glob::Matcher;
use super::package::Found;
use crate::base::{Digest, Hasher, PackageName, join};
use anyhow::Result;
use rayon::prelude::*;
use std::collections::{BTreeSet, HashMap};
use std::ffi::OsString;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use walkdir::WalkDir;

/// What the walk found.
#[derive(Default)]
pub struct Walked {
    /// All packages, the root's first.
    pub packages: Vec<Found>,
    /// Files that end in `.ron` and are no `BUILD.ron`, sorted, relative to the root.
    pub ron_files: Vec<String>,
    /// All folders that were looked into and all `BUILD.ron` files that were read.
    pub read: Vec<PathBuf>,
    /// What tells those among them that were there: the content, or the names in a folder.
    pub digests: Vec<(PathBuf, Digest)>,
}

/// Which packages are read.
#[derive(Debug, Clone, Copy)]
pub enum Extent<'a> {
    /// All of the workspace.
    Whole,
    /// These alone; with what rule files the workspace has, relative to the root.
    Packages { packages: &'a BTreeSet<PackageName>, rule_files: &'a [String] },
}

/// A folder that is to be looked into.
struct Folder {
    path: PathBuf,
    /// Its path relative to the root.
    relative: String,
    /// Number of the package that its files belong to, unless it is one itself.
    package: Option<usize>,
}

/// What is in a folder.
#[derive(Default)]
struct Listed {
    files: Vec<String>,
    folders: Vec<OsString>,
    /// Links to folders; they would count, did they lead to files.
    links: Vec<PathBuf>,
    build: Option<BuildFile>,
}

/// Looks into all folders of the workspace, level by level, the folders of one level in parallel.
/// Leaves out dot folders, `eng-out`, what holds a `CACHEDIR.TAG`, other workspaces and what
/// `ignored` matches. `build` is the root's own file.
pub fn walk(
    root: &Path,
    build: BuildFile,
    ignored: &[Arc<Matcher>],
    extent: Extent,
) -> Result<Walked> {
    let mut walked = Walked::default();
    let mut build = Some(build);
    let folder = |relative: &str| Folder {
        path: root.join(relative),
        relative: relative.to_string(),
        package: None,
    };
    let mut level = match extent {
        Extent::Whole => vec![folder("")],
        Extent::Packages { packages, .. } => packages.iter().map(|it| folder(&it.path)).collect(),
    };
    let mut is_below = false;
    while !level.is_empty() {
        let below_wanted = is_below && matches!(extent, Extent::Packages { .. });
        let listed: Vec<Result<Option<Listed>>> =
            level.par_iter().map(|folder| list(folder, below_wanted)).collect();
        is_below = true;
        let mut below = Vec::new();
        for (folder, listed) in level.into_iter().zip(listed) {
            let listed = listed?;
            walked.read.push(folder.path.join("BUILD.ron"));
            walked.read.push(folder.path.clone());
            let Some(mut listed) = listed else { continue };
            walked.digests.push((folder.path.clone(), listed.digest()));
            walked.read.append(&mut listed.links);
            if folder.relative.is_empty() {
                listed.build = build.take();
            }
            let package = match listed.build.take() {
                Some(build) => {
                    let digest = build.digest();
                    walked.digests.extend(digest.map(|it| (folder.path.join("BUILD.ron"), it)));
                    let name = PackageName::main(&folder.relative);
                    let (files, builtin) = (Vec::new(), HashMap::new());
                    walked.packages.push(Found { name, build, files, builtin });
                    Some(walked.packages.len() - 1)
                }
                None => folder.package,
            };
            // A package whose file has gone since somebody saw it.
            let Some(owner) = package.map(|at| &mut walked.packages[at]) else { continue };
            for name in listed.files {
                let path = join(&folder.relative, &name);
                if name.ends_with(".ron") && name != "BUILD.ron" {
                    walked.ron_files.push(path.clone());
                }
                let inside = path.strip_prefix(&*owner.name.path).unwrap_or(&path);
                owner.files.push(inside.trim_start_matches('/').to_string());
            }
            for name in listed.folders {
                let relative = join(&folder.relative, &name.to_string_lossy());
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

/// The contents of a folder; nothing if it does not belong to the workspace, or is a package below
/// the one that is wanted.
fn list(folder: &Folder, below: bool) -> Result<Option<Listed>> {
    let is_root = folder.relative.is_empty();
    let mut listed = contents(&folder.path, is_root)?;
    if is_root {
        return Ok(Some(listed));
    }
    if listed.files.iter().any(|name| name == "CACHEDIR.TAG") {
        return Ok(None);
    }
    if listed.files.iter().any(|name| name == "BUILD.ron") {
        if below {
            return Ok(None);
        }
        let shown = join(&folder.relative, "BUILD.ron");
        let build = BuildFile::read(&folder.path.join("BUILD.ron"), &shown);
        if build.is_root() {
            return Ok(None);
        }
        listed.build = Some(build);
    }
    Ok(Some(listed))
}

/// What is in a folder, as far as it matters; it may be gone if `must_be` is false.
fn contents(path: &Path, must_be: bool) -> Result<Listed> {
    let mut listed = Listed::default();
    for entry in WalkDir::new(path).min_depth(1).max_depth(1) {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) if gone(&error) && !must_be => continue,
            Err(error) => {
                let path = error.path().unwrap_or(path).display().to_string();
                let why = error.into_io_error().map_or("a circle".to_string(), |it| it.to_string());
                return Err(anyhow::anyhow!("look into {path}: {why}"));
            }
        };
        // A name that is not UTF-8 has signs in it that no name may have, so that whoever wants the
        // file or folder is told.
        let name = entry.file_name().to_string_lossy();
        let kind = entry.file_type();
        if kind.is_dir() {
            if name == "BUILD.ron" {
                listed.files.push(name.to_string());
            } else if !name.starts_with('.') && name != "eng-out" {
                listed.folders.push(entry.file_name().to_os_string());
            }
        } else if kind.is_symlink() && leads_to_folder(entry.path()) {
            listed.links.push(entry.into_path());
        } else if kind.is_file() || kind.is_symlink() || name == "BUILD.ron" {
            listed.files.push(name.to_string());
        }
    }
    Ok(listed)
}

/// What tells a folder from one with other names; nothing if it cannot be looked into.
pub fn listing(path: &Path) -> Option<Digest> {
    Some(contents(path, true).ok()?.digest())
}

impl Listed {
    /// Names that start with a dot do not count: an editor makes and removes such files all the time.
    fn digest(&self) -> Digest {
        let mut digest = Hasher::default();
        let all = |names: &[String]| {
            let shown = names.iter().filter(|name| !name.starts_with('.'));
            shown.cloned().collect::<BTreeSet<_>>()
        };
        let folders = self.folders.iter().map(|name| name.to_string_lossy().into_owned());
        for names in [all(&self.files), all(&folders.collect::<Vec<_>>())] {
            digest.field(&names.len().to_le_bytes());
            names.iter().for_each(|name| digest.field(name.as_bytes()));
        }
        let links: BTreeSet<_> = self.links.iter().collect();
        links.iter().for_each(|link| digest.field(link.as_os_str().as_encoded_bytes()));
        digest.finish()
    }
}

/// True if the folder vanished while we walked; another process may well do that.
fn gone(error: &walkdir::Error) -> bool {
    error.io_error().is_some_and(|error| error.kind() == ErrorKind::NotFound)
}

fn leads_to_folder(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|target| target.is_dir())
}
