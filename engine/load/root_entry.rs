//! `workspace(..)` in the root's `BUILD.ron`.

use super::profile::{Profile, profiles};
use super::read;
use super::rule::Text;
use super::tree::{Kind, Node};
use crate::base::{Label, PackageName, Place, Problem, Problems, Repo};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry as Slot;

/// What the entry says.
pub struct RootEntry {
    /// `name:`, or `main`.
    pub name: String,
    /// Patterns of rule files.
    pub rules: Vec<Text>,
    /// Patterns of folders to leave out.
    pub ignore: Vec<Text>,
    /// All modes, those of the engine first.
    pub modes: Vec<String>,
    /// Built-in targets, and what stands for them.
    pub replace: BTreeMap<Label, (Label, Place)>,
    /// Instances of what tests share.
    pub resources: BTreeMap<String, Vec<String>>,
    /// Named sets of flags.
    pub config: Vec<Profile>,
}

impl RootEntry {
    /// Reads the entry out of the root's `BUILD.ron`, which starts at `start`.
    pub fn read(nodes: &[Node], start: &Place, problems: &mut Problems) -> RootEntry {
        let mut entry = RootEntry {
            name: "main".to_string(),
            rules: Vec::new(),
            ignore: Vec::new(),
            modes: ["coverage", "release"].map(String::from).to_vec(),
            replace: BTreeMap::new(),
            resources: BTreeMap::new(),
            config: Vec::new(),
        };
        let mut first: Option<&Text> = None;
        for node in nodes {
            let Kind::Call(call, args) = &node.kind else { continue };
            if call.text != "workspace" {
                continue;
            }
            if let Some(first) = first {
                let text = "there are two 'workspace(..)' entries; one was expected";
                problems.push(Problem::at(&call.place, text).also(&first.place, "the first one"));
                continue;
            }
            first = Some(call);
            let Some(args) = read::arguments(call, args, problems) else { continue };
            let known = ["name", "rules", "replace", "ignore", "modes", "config", "resources"];
            read::only(args, "workspace", &known, problems);
            let field = |name: &str| read::field(args, name);
            if let Some(node) = field("name") {
                entry.name(node, problems);
            }
            let mut texts = |name: &str| {
                field(name).map_or(Vec::new(), |node| read::strings(node, name, problems))
            };
            (entry.rules, entry.ignore) = (texts("rules"), texts("ignore"));
            texts("modes").into_iter().for_each(|mode| entry.mode(mode, problems));
            if let Some(node) = field("replace") {
                entry.replace(node, problems);
            }
            if let Some(node) = field("resources") {
                entry.resources(node, problems);
            }
            if let Some(node) = field("config") {
                entry.config = profiles(node, problems);
            }
        }
        if first.is_none() {
            let text = "the root's BUILD.ron has no 'workspace(name: \"..\")' entry";
            problems.push(Problem::at(start, text));
        }
        entry
    }

    fn name(&mut self, node: &Node, problems: &mut Problems) {
        let Some(name) = read::string(node, "name", problems) else { return };
        if !is_workspace_name(&name.text) {
            let text = format!(
                "'{}' is no name of a workspace; it is made of letters, digits and '_-.', and starts with a letter, a digit or '_'",
                name.text
            );
            problems.push(Problem::at(&name.place, text));
        }
        self.name = name.text;
    }

    fn mode(&mut self, mode: Text, problems: &mut Problems) {
        if !read::is_name(&mode.text) {
            let text = format!(
                "'{}' is no name of a mode; it is made of letters, digits and '_'",
                mode.text
            );
            problems.push(Problem::at(&mode.place, text));
        } else if !self.modes.contains(&mode.text) {
            self.modes.push(mode.text);
        }
    }

    fn replace(&mut self, node: &Node, problems: &mut Problems) {
        let Kind::Map(pairs) = &node.kind else {
            let wanted = "a map: '{\"@eng//cc:toolchain\": \"//toolchains:c\"}'";
            return read::mismatch(node, "replace", wanted, problems);
        };
        let home = PackageName::main("");
        let mut label = |node: &Node| {
            let text = read::string(node, "replace", problems)?;
            match Label::parse(&text.text, &home) {
                Ok(label) => Some((label, text.place)),
                Err(why) => {
                    problems.push(Problem::at(&text.place, format!("'{}' {why}", text.text)));
                    None
                }
            }
        };
        let mut read = Vec::new();
        for (key, value) in pairs {
            read.extend(label(key).zip(label(value)));
        }
        for ((from, place), (to, _)) in read {
            if from.package.repo != Repo::Eng {
                let text = format!("only targets of '@eng' can be replaced, found '{from}'");
                problems.push(Problem::at(&place, text));
                continue;
            }
            match self.replace.entry(from) {
                Slot::Vacant(slot) => drop(slot.insert((to, place))),
                Slot::Occupied(slot) => {
                    let text = format!("'{}' is replaced twice", slot.key());
                    problems.push(Problem::at(&place, text));
                }
            }
        }
    }
}

impl RootEntry {
    /// A number stands for as many instances that are called by numbers.
    fn resources(&mut self, node: &Node, problems: &mut Problems) {
        let Kind::Map(pairs) = &node.kind else {
            let wanted = "a map: '{\"gpu\": 2, \"db\": [\"north\", \"south\"]}'";
            return read::mismatch(node, "resources", wanted, problems);
        };
        for (key, value) in pairs {
            let Some(name) = read::string(key, "resources", problems) else { continue };
            let instances: Vec<String> = match &value.kind {
                Kind::List(_) => read::words(value, &name.text, problems),
                _ => match read::int(value, &name.text, problems) {
                    Some(number) => {
                        (0..number.min(MOST_INSTANCES)).map(|n| n.to_string()).collect()
                    }
                    None => continue,
                },
            };
            if instances.is_empty() {
                let text = format!("of the resource '{}' there is nothing", name.text);
                problems.push(Problem::at(&value.place, text));
            }
            if self.resources.insert(name.text.clone(), instances).is_some() {
                let text = format!("the resource '{}' is declared twice", name.text);
                problems.push(Problem::at(&name.place, text));
            }
        }
    }
}

/// More instances of a resource than this are never taken.
const MOST_INSTANCES: i64 = 10_000;

/// True for names that can be a folder of runfiles.
pub fn is_workspace_name(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
    !name.is_empty()
        && name.len() <= 100
        && name.chars().all(plain)
        && !name.starts_with(['.', '-'])
}
