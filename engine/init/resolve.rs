//! What an import means: a file of the workspace, one of the machine, or nothing that is there.

use super::scan::{Found, fits};
use crate::base::{join, normalize, parent};
use crate::load::Language;
use globset::Glob;
use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};

/// What an import means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Meaning {
    /// A file of the workspace, and the folder below which it is called as the import says, unless
    /// that is the importing file's own.
    File(String, Option<String>),
    /// A file of the machine, or of the language itself.
    Machine,
    /// Nothing.
    Missing,
}

/// Finds imports.
pub struct Resolver<'a> {
    files: BTreeSet<&'a str>,
    by_name: HashMap<&'a str, Vec<&'a str>>,
    /// Folders of the machine, by language.
    machine: Vec<Vec<PathBuf>>,
}

impl<'a> Resolver<'a> {
    /// Over these files of the workspace.
    pub fn new(files: &'a [String], languages: &[Language]) -> Resolver<'a> {
        let mut by_name: HashMap<&str, Vec<&str>> = HashMap::new();
        for path in files {
            let name = path.rsplit('/').next().unwrap_or(path);
            by_name.entry(name).or_default().push(path);
        }
        let machine = languages.iter().map(|it| folders(&it.machine)).collect();
        Resolver { files: files.iter().map(String::as_str).collect(), by_name, machine }
    }

    /// What an import of a file means.
    pub fn resolve(&self, from: &str, import: &Found, at: usize, language: &Language) -> Meaning {
        let name = import.name.as_str();
        if import.near {
            let beside = normalize(&join(parent(from), name));
            if let Some(path) = beside.filter(|it| self.files.contains(it.as_str())) {
                return Meaning::File(path, None);
            }
        }
        if fits(&language.builtin, name) {
            return Meaning::Machine;
        }
        let standard = language.standard.as_ref().is_some_and(|it| it.is_match(name.as_bytes()));
        let on_machine = || self.machine[at].iter().any(|folder| folder.join(name).is_file());
        if standard && (self.machine[at].is_empty() || on_machine()) {
            return Meaning::Machine;
        }
        if import.root && self.files.contains(name) {
            return Meaning::File(name.to_string(), None);
        }
        if let Some((path, folder)) = self.below_some_folder(from, name) {
            return Meaning::File(path.to_string(), Some(folder.to_string()));
        }
        if on_machine() { Meaning::Machine } else { Meaning::Missing }
    }

    /// The file with this end of a path that is nearest to the importing one: with the longest way
    /// in common, then with the shortest path.
    fn below_some_folder(&self, from: &str, name: &str) -> Option<(&'a str, &'a str)> {
        let name = normalize(name)?;
        let last = name.rsplit('/').next()?;
        let folder = |path: &'a str| {
            let rest = path.strip_suffix(name.as_str())?;
            (rest.is_empty() || rest.ends_with('/')).then_some(rest.trim_end_matches('/'))
        };
        let found = self
            .by_name
            .get(last)?
            .iter()
            .filter(|it| **it != from)
            .filter_map(|path| Some((*path, folder(path)?)));
        found.min_by_key(|(path, folder)| {
            let common = common(parent(from), parent(path));
            (std::cmp::Reverse(common.len()), folder.len(), *path)
        })
    }
}

/// The folder that both are in, as text.
pub fn common<'a>(a: &'a str, b: &str) -> &'a str {
    let mut end = 0;
    let mut theirs = b.split('/');
    for name in a.split('/') {
        if name.is_empty() || theirs.next() != Some(name) {
            break;
        }
        end += name.len() + usize::from(end > 0);
    }
    &a[..end]
}

/// The folders of the machine that the patterns match.
fn folders(patterns: &[String]) -> Vec<PathBuf> {
    let mut res = Vec::new();
    for pattern in patterns {
        let mut found = vec![PathBuf::from("/")];
        for name in pattern.split('/').filter(|it| !it.is_empty()) {
            found = match name.contains(['*', '?', '[']) {
                false => found.into_iter().map(|it| it.join(name)).collect(),
                true => found.iter().flat_map(|folder| below(folder, name)).collect(),
            };
        }
        res.extend(found.into_iter().filter(|it| it.is_dir()));
    }
    res
}

fn below(folder: &Path, pattern: &str) -> Vec<PathBuf> {
    let Ok(glob) = Glob::new(pattern) else { return Vec::new() };
    let (matcher, entries) = (glob.compile_matcher(), std::fs::read_dir(folder));
    let names = entries.into_iter().flatten().flatten().map(|it| it.file_name());
    let mut res: Vec<PathBuf> =
        names.filter(|name| matcher.is_match(name)).map(|name| folder.join(name)).collect();
    res.sort();
    res
}
