//! Looks at sources and writes the `BUILD.ron` files that build them. What sources look like, and
//! which rules stand for them, is data of rule files; this room only knows that files import files.

mod scan; // what a source imports, and whether it is a program
mod resolve; // what an import means
mod areas; // which folders make one library
mod target; // targets, and their text
mod view; // what each file imports and what it is for
mod lacking; // what cannot be built for want of files
mod folders; // targets of files that import each other
mod described; // packages that describe themselves in a file of their own
mod parts; // which files make the parts of such a package
mod manifests; // … and their targets

use crate::base::{parent, split_name};
use crate::load::{Ground, is_workspace_name};
use anyhow::Result;
use std::collections::{BTreeMap, BTreeSet};
use target::Packages;

/// What is to be written.
pub struct Written {
    /// `BUILD.ron` files: path, text.
    pub files: Vec<(String, String)>,
    /// How many targets of each rule there are.
    pub rules: BTreeMap<String, usize>,
    /// What was left out, and why: a line each.
    pub left: Vec<String>,
}

/// What could not be done.
#[derive(Default)]
pub struct Told {
    left: Vec<String>,
    /// Files by what keeps them out.
    groups: BTreeMap<String, BTreeSet<String>>,
    missing: BTreeMap<String, (BTreeSet<String>, BTreeSet<String>)>,
}

impl Told {
    fn left(&mut self, text: String) {
        self.left.push(text);
    }

    /// A file that is left out, and why.
    fn group(&mut self, why: &str, path: &str) {
        self.groups.entry(why.to_string()).or_default().insert(path.to_string());
    }

    /// A file that is nowhere, who names it, and the source that is left out for it.
    fn missing(&mut self, name: &str, by: &str, source: &str) {
        let (by_all, sources) = self.missing.entry(name.to_string()).or_default();
        by_all.insert(by.to_string());
        sources.insert(source.to_string());
    }

    fn lines(self, ground: &Ground) -> Vec<String> {
        let mut res = self.left;
        for (name, (by, sources)) in self.missing {
            let last = name.rsplit('/').next().unwrap_or(&name);
            let made = ground.files.iter().find(|it| {
                let rest = it.rsplit('/').next().unwrap_or(it).strip_prefix(last);
                rest.is_some_and(|rest| rest.starts_with('.') || rest.starts_with("_in"))
            });
            let from = made.map_or(String::new(), |it| {
                format!("; {it} is there, from which a step of its own makes it")
            });
            let by = by.first().map_or("", String::as_str);
            let shown = several(&sources);
            let who = if shown == by { "it" } else { by };
            res.push(format!(
                "{shown}: {who} imports {name}, which is neither here nor on this machine{from}"
            ));
        }
        res.extend(self.groups.iter().map(|(why, paths)| format!("{}: {why}", several(paths))));
        res
    }
}

/// One path, or how many there are with the first of them.
fn several(paths: &BTreeSet<String>) -> String {
    let first = paths.first().map_or("", String::as_str);
    match paths.len() {
        0 | 1 => first.to_string(),
        count => format!("{count} files such as {first}"),
    }
}

/// Decides what to write for a folder. `name` is what the workspace is called if it is none yet.
pub fn write(ground: &Ground, name: &str) -> Result<Written> {
    let mut packages = Packages::default();
    let mut told = Told::default();
    manifests::targets(ground, &mut packages, &mut told)?;
    let taken = |path: &str| ground.owned.contains_key(path);
    folders::targets(ground, name, &taken, &mut packages, &mut told)?;
    let mut folders: BTreeSet<String> = packages.targets.keys().cloned().collect();
    // A file that a target names must stay in the package of that target.
    folders.retain(|folder| {
        let prefix = if folder.is_empty() { String::new() } else { format!("{folder}/") };
        let taken = ground.owned.keys().any(|it| {
            it.starts_with(&prefix)
                && !ground.packages.iter().any(|it2| {
                    !it2.is_empty()
                        && it2.starts_with(folder.as_str())
                        && it.starts_with(&format!("{it2}/"))
                })
        });
        let there = ground.packages.contains(folder);
        if there || taken {
            let count = packages.targets[folder].len();
            let targets =
                if count == 1 { "1 target".to_string() } else { format!("{count} targets") };
            let why = if there {
                "its BUILD.ron stays as it is"
            } else {
                "a target above it names files there"
            };
            told.left(format!("//{folder}: {targets} not written, since {why}"));
        }
        !(there || taken)
    });
    if !ground.is_workspace {
        folders.insert(String::new());
    }
    let all: BTreeSet<&str> = folders.iter().chain(&ground.packages).map(String::as_str).collect();
    let owner = |path: &str| {
        let mut folder = parent(path);
        while !folder.is_empty() && !all.contains(folder) {
            folder = parent(folder);
        }
        folder.to_string()
    };
    let mut files = Vec::new();
    let mut rules = BTreeMap::new();
    for folder in &folders {
        let root = (folder.is_empty() && !ground.is_workspace).then_some(name);
        let text = packages.text(folder, root, &owner, &ground.files);
        files.push((crate::base::join(folder, "BUILD.ron"), text));
        for target in packages.targets.get(folder).into_iter().flatten() {
            *rules.entry(target.rule.clone()).or_insert(0) += 1;
        }
    }
    Ok(Written { files, rules, left: told.lines(ground) })
}

/// What a workspace in a folder of this name is called: without the version that archives carry.
pub fn workspace_name(folder: &str) -> String {
    let is_version = |text: &str| text.starts_with(|sign: char| sign.is_ascii_digit());
    let name = match folder.rsplit_once('-') {
        Some((name, version)) if is_version(version) => name,
        _ => folder,
    };
    let name = target_name(name);
    if is_workspace_name(&name) { name } else { "main".to_string() }
}

/// The text as the name of a target.
fn target_name(text: &str) -> String {
    let fits = |sign: char| sign.is_ascii_alphanumeric() || "_-.+=,@~".contains(sign);
    let name: String = text.chars().map(|it| if fits(it) { it } else { '_' }).collect();
    if split_name(&name).0.is_empty() { "main".to_string() } else { name }
}
