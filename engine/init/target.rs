//! Targets that are to be written, and their text.

use super::areas::is_within;
use super::resolve::common;
use crate::base::{join, parent, plain_line, quoted, split_name};
use crate::load::{Given, format};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// A target.
#[derive(Debug)]
pub struct Target {
    /// Its rule.
    pub rule: String,
    /// Its name.
    pub name: String,
    /// Its attributes, in the order in which they are written.
    pub attrs: Vec<(String, Value)>,
}

/// A value of an attribute.
#[derive(Debug, Clone)]
pub enum Value {
    /// A word.
    One(String),
    /// Words.
    Many(Vec<String>),
    /// A file, as a path from the root.
    File(String),
    /// Files, as paths from the root.
    Files(BTreeSet<String>),
    /// Targets: package and name.
    Targets(BTreeSet<(String, String)>),
    /// Names with values.
    Map(Vec<(String, String)>),
}

impl Target {
    /// Sets an attribute, unless it is empty or its name is.
    pub fn set(&mut self, name: &str, value: Value) {
        let empty = match &value {
            Value::Many(words) => words.is_empty(),
            Value::Files(files) => files.is_empty(),
            Value::Targets(targets) => targets.is_empty(),
            Value::Map(pairs) => pairs.is_empty(),
            Value::One(_) | Value::File(_) => false,
        };
        if !empty && !name.is_empty() {
            self.attrs.push((name.to_string(), value));
        }
    }

    /// The files that it names.
    pub fn files(&self) -> impl Iterator<Item = &str> {
        self.attrs.iter().flat_map(|(_, value)| match value {
            Value::File(path) => vec![path.as_str()],
            Value::Files(paths) => paths.iter().map(String::as_str).collect(),
            _ => Vec::new(),
        })
    }

    /// The targets that it names.
    pub fn targets(&self) -> impl Iterator<Item = &(String, String)> {
        self.attrs.iter().flat_map(|(_, value)| match value {
            Value::Targets(targets) => targets.iter().collect(),
            _ => Vec::new(),
        })
    }

    /// Adds what comes with an import; lists grow.
    pub fn give(&mut self, attrs: &[(String, Given)]) {
        for (name, given) in attrs {
            let old = self.attrs.iter_mut().find(|it| it.0 == *name);
            match (given, old) {
                (Given::One(word), None) => self.set(name, Value::One(word.clone())),
                (Given::Many(words), None) => self.set(name, Value::Many(words.clone())),
                (Given::Many(words), Some((_, Value::Many(old)))) => {
                    let new: Vec<_> =
                        words.iter().filter(|it| !old.contains(it)).cloned().collect();
                    old.extend(new);
                }
                _ => {}
            }
        }
    }
}

/// All packages that are to be written.
#[derive(Default)]
pub struct Packages {
    /// Their targets, by folder.
    pub targets: BTreeMap<String, Vec<Target>>,
    /// What is left to do by hand, by folder.
    pub notes: BTreeMap<String, BTreeSet<String>>,
}

impl Packages {
    /// Adds a target under its name, or under the next that is free.
    pub fn add(&mut self, folder: &str, mut target: Target) -> String {
        let others = self.targets.entry(folder.to_string()).or_default();
        let base = target.name.clone();
        let mut count = 1;
        while others.iter().any(|it| it.name == target.name) {
            count += 1;
            target.name = format!("{base}_{count}");
        }
        others.push(target);
        others[others.len() - 1].name.clone()
    }

    /// Says something in a package's file.
    pub fn note(&mut self, folder: &str, text: String) {
        self.notes.entry(folder.to_string()).or_default().insert(text);
    }

    /// The text of a package's file. `owner` tells the package that a file belongs to, `files` are
    /// all there are.
    pub fn text(
        &self,
        folder: &str,
        root: Option<&str>,
        owner: &dyn Fn(&str) -> String,
        files: &[String],
    ) -> String {
        let is_own = |path: &str| owner(path) == folder;
        let own: Vec<&str> = files
            .iter()
            .filter(|path| is_own(path))
            .map(|path| path[folder.len()..].trim_start_matches('/'))
            .collect();
        let mut strays_of = BTreeSet::new();
        let mut text = String::from("[\n");
        if let Some(name) = root {
            let _ = writeln!(text, "workspace(name: {}),", quoted(name));
        }
        for target in self.targets.get(folder).into_iter().flatten() {
            let _ = write!(text, "{}(name: {}", target.rule, quoted(&target.name));
            for (name, value) in &target.attrs {
                let (value, strays) = parted(value, &is_own);
                let _ = match value {
                    Some(value) => write!(text, ", {name}: {}", written(&value, folder, &own)),
                    None => Ok(()),
                };
                for path in &strays {
                    strays_of.insert(format!(
                        "{} needs {path}, which belongs to //{}: give it a filegroup there",
                        target.name,
                        owner(path)
                    ));
                }
            }
            text.push_str("),\n");
        }
        let notes = self.notes.get(folder).into_iter().flatten();
        for note in notes.chain(&strays_of) {
            let _ = writeln!(text, "// {}", plain_line(note));
        }
        text.push(']');
        match format("BUILD.ron", &text) {
            Ok(text) => text,
            Err(problems) => unreachable!("BUG: this is no good BUILD.ron:\n{text}\n{problems}"),
        }
    }
}

/// The value without files of other packages, nothing if no file is left; and those files.
fn parted(value: &Value, is_own: &dyn Fn(&str) -> bool) -> (Option<Value>, BTreeSet<String>) {
    let Value::Files(paths) = value else { return (Some(value.clone()), BTreeSet::new()) };
    let (own, strays): (BTreeSet<String>, _) = paths.iter().cloned().partition(|it| is_own(it));
    ((!own.is_empty()).then_some(Value::Files(own)), strays)
}

fn list(words: impl Iterator<Item = String>) -> String {
    format!("[{}]", words.collect::<Vec<_>>().join(", "))
}

fn written(value: &Value, folder: &str, own: &[&str]) -> String {
    let inside = |path: &str| path[folder.len()..].trim_start_matches('/').to_string();
    match value {
        Value::One(word) => quoted(word),
        Value::Many(words) => list(words.iter().map(|it| quoted(it))),
        Value::File(path) => quoted(&inside(path)),
        Value::Files(paths) => {
            let files: BTreeSet<String> = paths.iter().map(|it| inside(it)).collect();
            in_globs(&files, own)
        }
        Value::Targets(targets) => list(targets.iter().map(|it| quoted(&label(it, folder)))),
        Value::Map(pairs) => {
            let one =
                |(key, value): &(String, String)| format!("{}: {}", quoted(key), quoted(value));
            format!("{{{}}}", pairs.iter().map(one).collect::<Vec<_>>().join(", "))
        }
    }
}

fn label((package, name): &(String, String), from: &str) -> String {
    let last = package.rsplit('/').next().unwrap_or("");
    match package == from {
        true => format!(":{name}"),
        false if last == name => format!("//{package}"),
        false => format!("//{package}:{name}"),
    }
}

/// Fewer files than this are named one by one.
const FEW: usize = 4;

/// A list of files, by patterns where these say it shorter and just as well.
fn in_globs(files: &BTreeSet<String>, own: &[&str]) -> String {
    let mut endings: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for file in files {
        endings.entry(split_name(file).1).or_default().insert(file);
    }
    let mut patterns = Vec::new();
    let mut names = Vec::new();
    for (ending, wanted) in endings {
        let mut folders = wanted.iter().map(|it| parent(it));
        let first = folders.next().unwrap_or("");
        let top = folders.fold(first, |a, b| common(a, b));
        // All below a folder, or else each folder on its own.
        if patterns_of(&wanted, own, top, ending, true, &mut patterns) {
            continue;
        }
        let mut folders: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for file in wanted {
            folders.entry(parent(file)).or_default().insert(file);
        }
        for (folder, wanted) in folders {
            if !patterns_of(&wanted, own, folder, ending, false, &mut patterns) {
                names.extend(wanted.iter().map(|it| quoted(it)));
            }
        }
    }
    let glob = list(patterns.iter().map(|it| quoted(it)));
    match (patterns.is_empty(), names.is_empty()) {
        (true, _) => list(names.into_iter()),
        (false, true) => format!("glob({glob})"),
        (false, false) => {
            names.push(format!("glob({glob})"));
            list(names.into_iter())
        }
    }
}

/// Adds the pattern for these files of a folder, or of all below it, and those that take others
/// away again; not if there are few files, or if too many others would have to be named.
fn patterns_of(
    wanted: &BTreeSet<&str>,
    own: &[&str],
    folder: &str,
    ending: &str,
    deep: bool,
    patterns: &mut Vec<String>,
) -> bool {
    let deep = deep && wanted.iter().any(|it| parent(it) != folder);
    let like = |file: &str| {
        let within = if deep { is_within(parent(file), folder) } else { parent(file) == folder };
        within && split_name(file).1 == ending && !split_name(file).0.starts_with('.')
    };
    let others: Vec<&str> =
        own.iter().copied().filter(|file| like(file) && !wanted.contains(file)).collect();
    let odd = |path: &str| path.contains(['*', '?', '[', ']', '{', '}', '\\']);
    let plain =
        wanted.iter().all(|it| like(it)) && !others.iter().any(|it| odd(it)) && !odd(folder);
    if wanted.len() < FEW || ending.is_empty() || others.len() * 4 > wanted.len() || !plain {
        return false;
    }
    let stars = if deep { format!("**/*{ending}") } else { format!("*{ending}") };
    patterns.push(join(folder, &stars));
    patterns.extend(others.iter().map(|it| format!("!{it}")));
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::is_hidden;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_text_can_be_written(text in any::<String>()) {
            let mut packages = Packages::default();
            let rule = "x".to_string();
            let mut target = Target { rule, name: text.clone(), attrs: Vec::new() };
            target.set("words", Value::Many(vec![text.clone()]));
            packages.add("", target);
            packages.note("", text);
            let written = packages.text("", None, &|_| String::new(), &[]);
            prop_assert!(!written.contains(|c| c != '\n' && is_hidden(c)), "{written:?}");
        }
    }
}
