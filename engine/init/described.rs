//! Reads the files in which packages describe themselves.

use super::told::Told;
use crate::base::{join, normalize, parent};
use crate::load::{Ground, Manifest};
use anyhow::{Context, Result};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use toml::{Table, Value};

/// What a package says of itself.
pub struct Described {
    /// Its name.
    pub name: String,
    /// All that it says.
    pub table: Table,
    /// What those above it say, the nearest first.
    pub above: Vec<Table>,
    /// What it needs.
    pub dependencies: Vec<Dependency>,
    /// What only its tests need.
    pub test_dependencies: Vec<Dependency>,
}

/// Another package.
pub struct Dependency {
    /// Its name, as the sources use it.
    pub name: String,
    /// Its folder, if it is one of this workspace.
    pub folder: Option<String>,
}

impl Described {
    /// All packages below a folder that describe themselves.
    pub fn all(
        ground: &Ground,
        manifest: &Manifest,
        told: &mut Told,
    ) -> Result<BTreeMap<String, Described>> {
        let mut tables: BTreeMap<String, Table> = BTreeMap::new();
        for path in ground.files.iter().filter(|it| it.rsplit('/').next() == Some(&manifest.file)) {
            let read = fs::read_to_string(ground.root.join(path));
            match read.with_context(|| format!("read {path}"))?.parse::<Table>() {
                Ok(table) => drop(tables.insert(parent(path).to_string(), table)),
                Err(error) => {
                    if !told.asks_for(path) {
                        continue;
                    }
                    let why = error.message().trim_end_matches('.').to_string();
                    told.left(format!("{path}: this is no TOML: {why}"));
                }
            }
        }
        let named = |folder: &str| {
            let table = tables.get(folder)?;
            Some(text(find(table, &manifest.name))).filter(|it| !it.is_empty())
        };
        let mut res = BTreeMap::new();
        for (folder, table) in &tables {
            // What `BUILD.ron` says already is not said again.
            let Some(name) = named(folder).filter(|_| !ground.packages.contains(folder)) else {
                continue;
            };
            let mut above = Vec::new();
            let mut at = folder.as_str();
            while !at.is_empty() {
                at = parent(at);
                above.extend(tables.get(at).map(|it| (at, it)));
            }
            let on = manifest.features.as_ref().map_or(BTreeSet::new(), |it| features(table, it));
            let read = |names: &[String]| {
                let mut res = Vec::new();
                for (name, value) in
                    names.iter().filter_map(|it| find(table, it)?.as_table()).flatten()
                {
                    if text(value.get("optional")) == "true" && !on.contains(name) {
                        continue;
                    }
                    let folder = way(value, name, folder, &above, names);
                    let renamed = value.get("package").is_some();
                    let folder = folder.filter(|it| named(it).is_some() && !renamed);
                    res.push(Dependency { name: name.clone(), folder });
                }
                res
            };
            let (dependencies, test_dependencies) =
                (read(&manifest.dependencies), read(&manifest.test_dependencies));
            let above = above.into_iter().map(|(_, table)| table.clone()).collect();
            let described =
                Described { name, table: table.clone(), above, dependencies, test_dependencies };
            res.insert(folder.clone(), described);
        }
        Ok(res)
    }
}

/// The folder of a dependency, if it has one, which may be said above.
fn way(
    value: &Value,
    name: &str,
    folder: &str,
    above: &[(&str, &Table)],
    tables: &[String],
) -> Option<String> {
    if let Some(path) = value.get("path").and_then(Value::as_str) {
        return normalize(&join(folder, path));
    }
    if text(value.get("workspace")) != "true" {
        return None;
    }
    above.iter().find_map(|(folder, table)| {
        let said = tables.iter().find_map(|it| find(table, &format!("workspace.{it}.{name}")));
        let said = said.or_else(|| find(table, &format!("workspace.dependencies.{name}")))?;
        normalize(&join(folder, said.get("path")?.as_str()?))
    })
}

/// The value of `a.b`.
pub fn find<'a>(table: &'a Table, field: &str) -> Option<&'a Value> {
    let mut names = field.split('.');
    let first = table.get(names.next()?)?;
    names.try_fold(first, |value, name| value.get(name))
}

/// A value as a word; nothing of a list or table.
pub fn text(value: Option<&Value>) -> String {
    match value {
        Some(Value::String(text)) => text.clone(),
        Some(value @ (Value::Integer(_) | Value::Boolean(_) | Value::Float(_))) => {
            value.to_string()
        }
        _ => String::new(),
    }
}

/// The features that are on by default, with all that these turn on.
pub fn features(table: &Table, spec: &BTreeMap<String, String>) -> BTreeSet<String> {
    let all = spec.get("table").and_then(|it| find(table, it)).and_then(Value::as_table);
    let mut on = BTreeSet::new();
    let mut open: Vec<String> = spec.get("default").into_iter().cloned().collect();
    while let Some(name) = open.pop() {
        let more = all.and_then(|it| it.get(&name)).and_then(Value::as_array);
        // What belongs to a dependency is that one's: `dep:x`, `x/y`.
        let name = name.trim_start_matches("dep:").split('/').next().unwrap_or("").to_string();
        if !name.ends_with('?') && on.insert(name) {
            open.extend(more.into_iter().flatten().filter_map(Value::as_str).map(str::to_string));
        }
    }
    // It stands for the others.
    spec.get("default").map(|it| on.remove(it));
    on
}
