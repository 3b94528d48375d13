//! Which files make the parts of a package that describes itself.

use super::areas::is_within;
use super::described::{Described, text};
use super::scan::stem;
use crate::base::{join, normalize, parent};
use crate::load::{Ground, Language, Manifest, Unit};
use std::collections::{BTreeMap, BTreeSet};

/// A file with what is in it, comments aside.
pub type Texts = BTreeMap<String, Vec<u8>>;

/// One package.
pub struct Package<'a> {
    pub ground: &'a Ground,
    pub language: &'a Language,
    pub manifest: &'a Manifest,
    pub all: &'a BTreeMap<String, Described>,
    pub folder: &'a str,
    pub own: &'a Described,
    pub texts: &'a Texts,
}

/// The roots of a unit, each with its name and its table.
pub type Roots<'a> = Vec<(String, String, Option<&'a toml::Table>)>;

impl Package<'_> {
    /// The roots of a unit: those that the tables name, and those that stand where they belong.
    pub fn roots(&self, unit: &Unit) -> Roots<'_> {
        let mut res: Roots = Vec::new();
        let named = match self.own.table.get(&unit.table) {
            Some(toml::Value::Table(one)) => vec![one],
            Some(toml::Value::Array(all)) => all.iter().filter_map(|it| it.as_table()).collect(),
            _ => Vec::new(),
        };
        let inside = |path: &str| path[self.folder.len()..].trim_start_matches('/').to_string();
        let nested = |path: &str| {
            self.all.keys().any(|it| it.len() > self.folder.len() && is_within(parent(path), it))
        };
        let files =
            self.texts.keys().filter(|it| is_within(parent(it), self.folder) && !nested(it));
        let standing: Vec<&String> =
            files.filter(|it| unit.roots.iter().any(|pattern| pattern.fits(&inside(it)))).collect();
        let name_of = |path: &str| match self
            .manifest
            .whole
            .iter()
            .any(|it| path.rsplit('/').next() == Some(it))
        {
            true if parent(&inside(path)).contains('/') => {
                parent(path).rsplit('/').next().unwrap_or("").to_string()
            }
            true => self.own.name.clone(),
            false => stem(path).to_string(),
        };
        for path in standing {
            let name = name_of(path);
            let table = named.iter().copied().find(|it| {
                let path_is =
                    normalize(&join(self.folder, &text(it.get("path")))).as_deref() == Some(path);
                path_is
                    || it.get("path").is_none() && (unit.library || text(it.get("name")) == name)
            });
            let name =
                table.map(|it| text(it.get("name"))).filter(|it| !it.is_empty()).unwrap_or(name);
            res.push((path.clone(), name, table));
        }
        for table in named {
            let Some(path) = normalize(&join(self.folder, &text(table.get("path")))) else {
                continue;
            };
            if self.texts.contains_key(&path) && !res.iter().any(|it| it.0 == path) {
                let name = Some(text(table.get("name"))).filter(|it| !it.is_empty());
                res.push((path.clone(), name.unwrap_or_else(|| name_of(&path)), Some(table)));
            }
        }
        res
    }

    /// The sources of a root: the whole folder, or what stands in the folder of its name.
    pub fn sources_of(&self, root: &str, roots: &BTreeSet<String>) -> BTreeSet<String> {
        let whole = self.manifest.whole.iter().any(|it| root.rsplit('/').next() == Some(it));
        let folder = if whole { parent(root).to_string() } else { join(parent(root), stem(root)) };
        // What stands beside the roots of other units there belongs to them.
        let others: BTreeSet<&str> =
            roots.iter().map(|it| parent(it)).filter(|it| *it != parent(root)).collect();
        let other = |path: &str| {
            others.iter().any(|it| is_within(parent(path), it) && is_within(it, &folder))
        };
        let nested = |path: &str| {
            self.all.keys().any(|it| it.len() > self.folder.len() && is_within(parent(path), it))
        };
        let inside = |path: &&String| {
            is_within(parent(path), &folder)
                && !roots.contains(*path)
                && !other(path)
                && !nested(path)
        };
        let mut res: BTreeSet<String> = self.texts.keys().filter(inside).cloned().collect();
        res.insert(root.to_string());
        res
    }

    /// Files of the package that sources name and that are none, or are those of nobody else.
    pub fn included(&self, sources: &BTreeSet<String>) -> BTreeSet<String> {
        let mut res = BTreeSet::new();
        for source in sources {
            for import in &self.language.imports {
                for found in import.find.captures_iter(&self.texts[source]) {
                    let Some(name) = found.name("path") else { continue };
                    let name = String::from_utf8_lossy(name.as_bytes());
                    let path = normalize(&join(parent(source), &name)).unwrap_or_default();
                    let there = self.ground.files.binary_search(&path).is_ok();
                    if there && is_within(parent(&path), self.folder) && !sources.contains(&path) {
                        res.insert(path);
                    }
                }
            }
            // Modules that several roots share stand in folders beside them.
            let folder = parent(source);
            let beside = self.texts.keys().filter(|it| {
                folder != self.folder && parent(it) != folder && is_within(parent(it), folder)
            });
            if sources.len() == 1 || !is_within(folder, &join(self.folder, "src")) {
                res.extend(beside.filter(|it| !sources.contains(*it)).cloned());
            }
        }
        res
    }
}
