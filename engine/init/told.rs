//! What `eng init` leaves out, and why. Only what is asked for is told of.

use super::areas::is_within;
use super::scan::fits;
use crate::base::{Label, check_package, check_relative, parent, plain_line};
use crate::load::{Ground, Language};
use std::collections::{BTreeMap, BTreeSet};

/// What could not be done.
#[derive(Default)]
pub struct Told {
    /// The folder that is asked for.
    below: String,
    left: Vec<String>,
    /// Files by what keeps them out.
    groups: BTreeMap<String, BTreeSet<String>>,
    missing: BTreeMap<String, (BTreeSet<String>, BTreeSet<String>)>,
}

impl Told {
    /// What is told if only what is below a folder is asked for.
    pub fn of(below: &str) -> Told {
        Told { below: below.to_string(), ..Told::default() }
    }

    /// True if a file is among what is asked for.
    pub fn asks_for(&self, path: &str) -> bool {
        is_within(parent(path), &self.below)
    }

    /// Something that is left out.
    pub fn left(&mut self, text: String) {
        self.left.push(text);
    }

    /// A file that is left out, and why.
    pub fn group(&mut self, why: &str, path: &str) {
        if !self.asks_for(path) {
            return;
        }
        self.groups.entry(why.to_string()).or_default().insert(path.to_string());
    }

    /// A file that is nowhere, who names it, and the source that is left out for it.
    pub fn missing(&mut self, name: &str, by: &str, source: &str) {
        if !self.asks_for(source) {
            return;
        }
        let (by_all, sources) = self.missing.entry(name.to_string()).or_default();
        by_all.insert(by.to_string());
        sources.insert(source.to_string());
    }

    /// Takes away the files whose names no `BUILD.ron` or label can hold.
    pub fn odd_names(&mut self, ground: &mut Ground) {
        let (owned, languages) = (&ground.owned, &ground.languages);
        ground.files.retain(|path| {
            let Some(why) = odd(path).filter(|_| !owned.contains_key(path)) else { return true };
            if languages.iter().any(|it| is_of(it, path)) {
                self.group(&why, path);
            }
            false
        });
    }

    /// A line for each.
    pub fn lines(self, ground: &Ground) -> Vec<String> {
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
        res.iter().map(|it| plain_line(it)).collect()
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

/// Why no `BUILD.ron` or label can hold a path.
fn odd(path: &str) -> Option<String> {
    if let Err(why) = check_relative(path) {
        return Some(format!("its name {why}"));
    }
    if let Err(why) = check_package(parent(path)) {
        return Some(format!("its folder {why}"));
    }
    // Its package may be any folder above it, and what follows would be read as a label.
    let name = path.split('/').find(|it| Label::looks_like(it))?;
    Some(format!("'{name}' would be read as a label"))
}

/// True if a language has files of this name.
fn is_of(language: &Language, path: &str) -> bool {
    let manifest = language.manifest.as_ref().map(|it| it.file.as_str());
    fits(&language.sources, path)
        || fits(&language.headers, path)
        || manifest == path.rsplit('/').next()
}
