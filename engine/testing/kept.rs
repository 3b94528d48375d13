//! What tests have left besides their results: delivered beside the log, and told.

use crate::run::{ANNOTATIONS, INFRASTRUCTURE, OUTPUTS, Shared, WARNINGS, XML};
use crate::store::{Entry, OutputKind, OutputRow, list_tree};
use anyhow::{Context, Result};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

/// More of a text than this is not told.
const MOST_LINES: usize = 20;

/// What the processes of one target have left.
#[derive(Default)]
pub(super) struct Kept(Vec<(usize, Vec<OutputRow>)>);

impl Kept {
    /// Adds what a process has left, or what a remembered case had; `place` is the case's place in
    /// the listing, or that of the first case of the process.
    pub fn add(&mut self, place: usize, rows: &[OutputRow]) {
        if !rows.is_empty() && !self.0.iter().any(|(_, known)| known == rows) {
            self.0.push((place, rows.to_vec()));
            self.0.sort_by_key(|(place, _)| *place);
        }
    }

    fn rows(&self) -> impl Iterator<Item = &OutputRow> {
        self.0.iter().flat_map(|(_, rows)| rows)
    }

    /// Warnings that the processes have written, each once.
    pub fn warnings(&self, shared: &Shared) -> Result<Vec<String>> {
        let mut res: Vec<String> = Vec::new();
        for row in self.rows().filter(|row| row.path == WARNINGS) {
            let text = text(shared, row)?;
            if !res.contains(&text) {
                res.push(text);
            }
        }
        Ok(res)
    }

    /// Puts all files into the folder of the test's log; what an earlier run left there goes away.
    /// Gives the paths of files. Where several processes left different files of the same name,
    /// that of the first case has it, and the others have a number at their ends.
    pub fn deliver(&self, shared: &Shared, folder: &Path) -> Result<Vec<PathBuf>> {
        let mut wanted: BTreeMap<String, Entry> = BTreeMap::new();
        let mut add = |path: String, entry: Entry| {
            let mut name = path.clone();
            for number in 2.. {
                match wanted.get(&name) {
                    Some(known) if *known != entry => name = format!("{path}.{number}"),
                    _ => break,
                }
            }
            wanted.insert(name, entry);
        };
        for row in self.rows().filter(|row| [OUTPUTS, ANNOTATIONS, XML].contains(&&*row.path)) {
            match row.kind {
                OutputKind::File { executable } => {
                    add(row.path.clone(), Entry::File(row.digest, executable));
                }
                OutputKind::Tree => {
                    for (path, entry) in list_tree(&row.digest, shared.cas)?.unwrap_or_default() {
                        add(format!("{}/{path}", row.path), entry);
                    }
                }
            }
        }
        let mut res = Vec::new();
        let stale: BTreeSet<String> =
            present(folder).into_iter().filter(|path| !wanted.contains_key(path)).collect();
        for path in stale {
            remove(&folder.join(path))?;
        }
        for (path, entry) in wanted {
            let at = folder.join(&path);
            place(shared, &entry, &at).with_context(|| format!("deliver {}", at.display()))?;
            if matches!(entry, Entry::File(..)) {
                res.push(at);
            }
        }
        Ok(res)
    }
}

/// What a process says of a failure that is not the test's own: component and reason.
pub(super) fn infrastructure(shared: &Shared, rows: &[OutputRow]) -> Result<String> {
    let Some(row) = rows.iter().find(|row| row.path == INFRASTRUCTURE) else {
        return Ok(String::new());
    };
    let text = text(shared, row)?;
    let mut lines = text.lines();
    let component = lines.next().unwrap_or("unknown").to_string();
    let reason = lines.collect::<Vec<_>>().join("\n");
    Ok(format!("infrastructure failure in {component}: {reason}\n"))
}

fn text(shared: &Shared, row: &OutputRow) -> Result<String> {
    let text = super::log::ends(shared, Some(row.digest))?;
    let mut lines: Vec<&str> = text.trim_end().lines().take(MOST_LINES + 1).collect();
    if lines.len() > MOST_LINES {
        lines[MOST_LINES] = "…";
    }
    Ok(lines.join("\n"))
}

/// Paths of what was delivered before; folders only if they are empty.
fn present(folder: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let ours = |name: &str| [OUTPUTS, ANNOTATIONS, XML].iter().any(|own| name.starts_with(own));
    let names = entries.flatten().filter_map(|entry| entry.file_name().into_string().ok());
    let mut res = Vec::new();
    for name in names.filter(|name| ours(name)) {
        let all: Vec<_> = walkdir::WalkDir::new(folder.join(&name)).into_iter().flatten().collect();
        for entry in &all {
            let parent = entry.file_type().is_dir()
                && all.iter().any(|other| other.path().parent() == Some(entry.path()));
            let path = entry.path().strip_prefix(folder).ok().and_then(Path::to_str);
            res.extend(path.filter(|_| !parent).map(str::to_string));
        }
    }
    res
}

fn place(shared: &Shared, entry: &Entry, at: &Path) -> Result<()> {
    if let Some(folder) = at.parent() {
        fs::create_dir_all(folder)?;
    }
    match entry {
        Entry::File(digest, executable) => {
            // The stat cache tells without reading whether the file still has these bytes.
            if shared.stats.digest(at)? != Some((*digest, *executable)) {
                shared.cas.copy_to(digest, at, *executable)?;
                shared.stats.forget(at);
            }
        }
        Entry::Symlink(target) => {
            if fs::read_link(at).ok().as_deref() != Some(Path::new(target)) {
                remove(at)?;
                symlink(target, at)?;
            }
        }
        Entry::EmptyDir => fs::create_dir_all(at)?,
    }
    Ok(())
}

/// Removes whatever is at a path, and then the folders above that are empty, up to that of the log.
fn remove(at: &Path) -> Result<()> {
    let meta = match at.symlink_metadata() {
        Ok(meta) => meta,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error).with_context(|| format!("look at {}", at.display())),
    };
    let res = if meta.is_dir() { fs::remove_dir_all(at) } else { fs::remove_file(at) };
    res.with_context(|| format!("remove {}", at.display()))?;
    let mut above = at.parent();
    while let Some(folder) = above.filter(|folder| fs::remove_dir(folder).is_ok()) {
        above = folder.parent();
    }
    Ok(())
}
