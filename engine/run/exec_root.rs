//! A folder that holds only the inputs of one action, as symbolic links, and takes its outputs. A
//! program that needs files in its own folder is a copy.

use super::manifest::Content;
use super::prepare::Prepared;
use super::session::Shared;
use crate::analyze::{FileKind, Layout, short};
use crate::base::{join, parent};
use crate::store;
use anyhow::{Context, Result, bail};
use std::collections::HashSet;
use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

/// The folders and files of one process. Removed when dropped.
pub(super) struct ExecRoot {
    base: PathBuf,
    /// Where a test may write much; the same as `base` for other actions.
    large: PathBuf,
    made: HashSet<PathBuf>,
}

impl ExecRoot {
    /// Makes an empty one in the scratch folder of the run.
    pub fn new(shared: &Shared, is_test: bool) -> Result<ExecRoot> {
        let (base, disk) = shared.next_scratch();
        let large = if is_test { disk } else { base.clone() };
        let mut res = ExecRoot { base, large, made: HashSet::new() };
        res.folder(&res.root())?;
        res.folder(&res.temporary())?;
        Ok(res)
    }

    /// Where the inputs stand.
    pub fn root(&self) -> PathBuf {
        self.base.join("root")
    }

    /// A private, empty folder.
    pub fn temporary(&self) -> PathBuf {
        self.large.join("tmp")
    }

    /// Where standard output is kept.
    pub fn stdout(&self) -> PathBuf {
        self.large.join("stdout")
    }

    /// Where standard error is kept, if apart.
    pub fn stderr(&self) -> PathBuf {
        self.large.join("stderr")
    }

    /// Where a test writes its results.
    pub fn report(&self) -> PathBuf {
        self.large.join("report")
    }

    /// Where a test leaves what it has executed: many small files, which cost ten times as much where
    /// freed inodes are not taken again at once.
    pub fn coverage(&self) -> PathBuf {
        self.base.join("coverage")
    }

    /// Another file of the process, outside of its root.
    pub fn beside(&self, name: &str) -> PathBuf {
        self.large.join(name)
    }

    /// The folders that belong to this process alone.
    pub fn own(&self) -> [PathBuf; 2] {
        [self.base.clone(), self.large.clone()]
    }

    /// Makes a folder of the process and those above it.
    pub fn folder(&mut self, path: &Path) -> Result<()> {
        if self.made.contains(path) {
            return Ok(());
        }
        if let Some(above) = path.parent().filter(|_| path != self.base && path != self.large) {
            self.folder(above)?;
        }
        match fs::create_dir(path) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists && path.is_dir() => {}
            made => made.with_context(|| format!("create the folder {}", path.display()))?,
        }
        self.made.insert(path.to_path_buf());
        Ok(())
    }

    /// Places all inputs.
    pub fn place(&mut self, shared: &Shared, prepared: &Prepared) -> Result<()> {
        for (path, id, content) in &prepared.inputs {
            let at = self.root().join(path);
            let file = shared.analysis.files.file(*id);
            if let Content::Tree { digest, .. } = content {
                self.tree(shared, &at, digest)?;
                continue;
            }
            let target = match file.kind {
                FileKind::Source => shared.root.join(&*file.path),
                _ => match shared.cas.find(&content.digest())? {
                    Some(blob) => blob,
                    None => bail!("the store lost {} ({})", file.path, content.digest()),
                },
            };
            match prepared.copied.contains(path) {
                true => self.copy(&at, &target)?,
                false => self.link(&at, &target)?,
            }
        }
        Ok(())
    }

    fn copy(&mut self, at: &Path, source: &Path) -> Result<()> {
        if let Some(folder) = at.parent() {
            self.folder(folder)?;
        }
        let copied = fs::copy(source, at);
        copied.with_context(|| format!("copy {} to {}", source.display(), at.display()))?;
        Ok(())
    }

    fn tree(&mut self, shared: &Shared, at: &Path, digest: &crate::base::Digest) -> Result<()> {
        self.folder(at)?;
        let entries = store::list_tree(digest, shared.cas)?;
        let entries = entries.with_context(|| format!("the store lost a folder ({digest})"))?;
        for (path, entry) in entries {
            let at = at.join(&path);
            match entry {
                store::Entry::File(digest, _) => match shared.cas.find(&digest)? {
                    Some(blob) => self.link(&at, &blob)?,
                    None => bail!("the store lost {path} ({digest})"),
                },
                store::Entry::Symlink(target) => self.link(&at, Path::new(&target))?,
                store::Entry::EmptyDir => self.folder(&at)?,
            }
        }
        Ok(())
    }

    fn link(&mut self, at: &Path, target: &Path) -> Result<()> {
        if let Some(folder) = at.parent() {
            self.folder(folder)?;
        }
        symlink(target, at)
            .with_context(|| format!("link {} to {}", at.display(), target.display()))
    }
}

impl Drop for ExecRoot {
    fn drop(&mut self) {
        // A process may have taken away its own right to remove what it made; that is given back
        // for folders only, since files may be links into the store.
        for base in [&self.base, &self.large] {
            if base.exists() && fs::remove_dir_all(base).is_err() {
                allow_removal(base);
                let _ = fs::remove_dir_all(base);
            }
        }
    }
}

/// Gives the right to remove what is in a tree back, level by level: what is in a folder that
/// cannot be read is found only then.
fn allow_removal(base: &Path) {
    use std::os::unix::fs::PermissionsExt;
    let mut allowed = HashSet::new();
    loop {
        let mut found = Vec::new();
        for entry in walkdir::WalkDir::new(base) {
            match entry {
                Ok(entry) if entry.file_type().is_dir() => found.push(entry.into_path()),
                Ok(_) => {}
                Err(error) => found.extend(error.path().map(Path::to_path_buf)),
            }
        }
        found.retain(|folder| allowed.insert(folder.clone()));
        if found.is_empty() {
            return;
        }
        for folder in found {
            let _ = fs::set_permissions(folder, fs::Permissions::from_mode(0o700));
        }
    }
}

/// Where an input stands below the root.
pub(super) fn place_of(layout: &Layout, path: &str) -> String {
    match layout {
        Layout::Exec => path.to_string(),
        Layout::Runfiles(workspace) => join(workspace, short(path)),
    }
}

/// The folder below the root in which the command starts.
pub(super) fn start_folder(layout: &Layout) -> &str {
    match layout {
        Layout::Exec => "",
        Layout::Runfiles(workspace) => workspace,
    }
}

/// The folders that must be there for the outputs.
pub(super) fn output_folders<'a>(paths: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut folders: Vec<&str> = paths.map(parent).filter(|folder| !folder.is_empty()).collect();
    folders.sort_unstable();
    folders.dedup();
    folders
}
