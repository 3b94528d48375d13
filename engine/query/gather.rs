//! Workspace → graph: the one place that knows how a workspace is loaded.

use super::graph::{Edge, Graph, Missing, Node, NodeId, PackageNode, RuleNode};
use super::named::{Named, named, plain};
use super::texts::{Collected, TextId};
use super::value::{Entry, Value};
use crate::base::{Label, PackageName, Place, Repo, parent};
use crate::load::{self, Attr, AttrKind, Condition, Item, Package, Rule, Target, Workspace};
use std::collections::{BTreeSet, HashMap};

/// The attributes that every target takes besides its rule's and its name.
const OF_EVERY_TARGET: [&str; 3] = ["doc", "tags", "visible_to"];

/// All targets, the source files that they name, and what names what, whatever conditions say.
pub fn gather(workspace: &Workspace) -> Graph {
    let mut gathered = Gathered {
        workspace,
        texts: Collected::default(),
        graph: Graph::default(),
        rules: HashMap::new(),
        wanted: rule_files(workspace),
    };
    for package in workspace.packages.values() {
        gathered.nodes(package);
    }
    // Names are found from here on.
    gathered.graph.texts = std::mem::take(&mut gathered.texts).done();
    gathered.edges();
    gathered.graph
}

struct Gathered<'a> {
    workspace: &'a Workspace,
    texts: Collected,
    graph: Graph,
    /// Rules that have a number.
    rules: HashMap<&'a str, u32>,
    /// Files that declare rules, by package.
    wanted: HashMap<PackageName, BTreeSet<String>>,
}

/// The workspace's own files that declare rules, each by the package that it is in.
fn rule_files(workspace: &Workspace) -> HashMap<PackageName, BTreeSet<String>> {
    let mut found: HashMap<PackageName, BTreeSet<String>> = HashMap::new();
    for rule in workspace.rules.rules.values() {
        if let Some((package, file)) = place_of_rule(workspace, rule) {
            found.entry(package).or_default().insert(file);
        }
    }
    found
}

fn place_of_rule(workspace: &Workspace, rule: &Rule) -> Option<(PackageName, String)> {
    let path = rule.place.file();
    let mut folder = path;
    while !folder.is_empty() && !path.starts_with('@') {
        folder = parent(folder);
        let name = PackageName::main(folder);
        if workspace.packages.contains_key(&name) {
            return Some((name, path[folder.len()..].trim_start_matches('/').to_string()));
        }
    }
    None
}

impl<'a> Gathered<'a> {
    /// Puts the targets and files of a package into the graph.
    fn nodes(&mut self, package: &'a Package) {
        let number = self.graph.packages.len() as u32;
        self.graph.packages.push(PackageNode {
            eng: package.name.repo == Repo::Eng,
            path: self.texts.id(&package.name.path),
            first: self.graph.nodes.len() as u32,
            problems: match package.problems.is_empty() {
                true => String::new(),
                false => package.problems.to_string(),
            },
        });
        let mut files: BTreeSet<&str> = BTreeSet::from(["BUILD.ron"]);
        for target in &package.targets {
            for attr in &target.rule.attrs {
                named(target, attr, &mut |name| {
                    if let Named::File(path) = name {
                        files.insert(path);
                    }
                });
            }
        }
        let rules = self.wanted.remove(&package.name).unwrap_or_default();
        files.extend(rules.iter().map(String::as_str));
        let mut nodes = Vec::with_capacity(package.targets.len() + files.len());
        let mut before: Option<(&Place, usize)> = None;
        for target in &package.targets {
            let line = target.place.line_after(before);
            before = Some((&target.place, line));
            let node = Node {
                package: number,
                name: self.texts.id(&target.label.name),
                rule: self.rule(&target.rule) + 1,
                line: line as u32,
                column: target.place.column() as u32,
                values: self.values(target),
            };
            nodes.push((&*target.label.name, node));
        }
        for file in files {
            let name = self.texts.id(file);
            let node = Node { package: number, name, rule: 0, line: 1, column: 1, values: 0 };
            nodes.push((file, node));
        }
        // A target stands before a file of the same name.
        nodes.sort_by(|(a, x), (b, y)| (a, x.rule == 0).cmp(&(b, y.rule == 0)));
        self.graph.nodes.extend(nodes.into_iter().map(|(_, node)| node));
    }

    /// The number of a rule.
    fn rule(&mut self, rule: &'a Rule) -> u32 {
        if let Some(number) = self.rules.get(rule.name.as_str()) {
            return *number;
        }
        let mut attrs: Vec<(TextId, Option<Value>)> =
            OF_EVERY_TARGET.map(|name| (self.texts.id(name), None)).to_vec();
        for attr in &rule.attrs {
            let items = attr.default.as_deref();
            let value = items.map(|items| self.default(attr, items));
            attrs.push((self.texts.id(&attr.name), value));
        }
        let number = self.graph.rules.len() as u32;
        self.graph.rules.push(RuleNode {
            name: self.texts.id(&rule.name),
            test: rule.test.is_some(),
            suite: rule.suite.as_ref().map(|it| self.texts.id(&it.text)),
            forwards: rule.forwards.as_ref().map(|it| self.texts.id(&it.text)),
            attrs,
            file: None,
        });
        self.rules.insert(&rule.name, number);
        number
    }

    /// Keeps what a target gives to its attributes; the answer is where.
    fn values(&mut self, target: &Target) -> u32 {
        let mut given: Vec<(TextId, Value)> = Vec::new();
        let list = |texts: &mut Collected, words: &[String]| {
            Value::List(words.iter().map(|word| Entry::Text(texts.id(word))).collect())
        };
        for attr in &target.rule.attrs {
            if let Some(value) = target.attrs.get(&attr.name) {
                let value = match value {
                    load::Value::Bool(value) => Value::Bool(*value),
                    load::Value::Int(value) => Value::Int(*value),
                    load::Value::List(entries) => self.entries(attr, entries),
                    load::Value::Map(pairs) => {
                        let mut id = |text: &load::Text| self.texts.id(&text.text);
                        Value::Map(pairs.iter().map(|(key, it)| (id(key), id(it))).collect())
                    }
                };
                given.push((self.texts.id(&attr.name), value));
            }
        }
        let visible_to = target.visible_to.as_ref().map(|visible| visible.texts.as_slice());
        let tags = Some(&*target.tags).filter(|tags| !tags.is_empty());
        for (name, words) in [("tags", tags), ("visible_to", visible_to)] {
            if let Some(words) = words {
                given.push((self.texts.id(name), list(&mut self.texts, words)));
            }
        }
        if let Some(doc) = &target.doc {
            let doc = Value::One(Entry::Text(self.texts.id(doc)));
            given.push((self.texts.id("doc"), doc));
        }
        let start = self.graph.values.0.len() as u32;
        // Numbers and vectors can always be written to memory.
        if let Ok(bytes) = postcard::to_stdvec(&given) {
            self.graph.values.0.extend(bytes);
        }
        start
    }

    fn entries(&mut self, attr: &Attr, entries: &[load::Entry]) -> Value {
        let mut kept = Vec::new();
        self.keep(entries, &mut kept);
        one_or_many(attr, kept)
    }

    fn keep(&mut self, entries: &[load::Entry], kept: &mut Vec<Entry>) {
        for entry in entries {
            match entry {
                load::Entry::Text(text) => kept.push(Entry::Text(self.texts.id(&text.text))),
                load::Entry::Glob(paths, _) => {
                    kept.extend(paths.iter().map(|path| Entry::Text(self.texts.id(path))));
                }
                load::Entry::When(conditions, entries) => {
                    let mut inner = Vec::new();
                    self.keep(entries, &mut inner);
                    kept.push(Entry::When(self.conditions(conditions), inner));
                }
            }
        }
    }

    /// What a rule gives to an attribute, as far as it is plain text.
    fn default(&mut self, attr: &Attr, items: &[Item]) -> Value {
        let mut kept = Vec::new();
        self.keep_items(items, &mut kept);
        let word = match kept.as_slice() {
            [Entry::Text(text)] => self.texts.get(*text),
            _ => "",
        };
        match (&attr.kind, word.parse::<bool>(), word.parse::<i64>()) {
            (AttrKind::Bool, Ok(value), _) => Value::Bool(value),
            (AttrKind::Int, _, Ok(value)) => Value::Int(value),
            _ => one_or_many(attr, kept),
        }
    }

    fn keep_items(&mut self, items: &[Item], kept: &mut Vec<Entry>) {
        for item in items {
            match item {
                Item::Template(template) => {
                    if let Some(text) = plain(template) {
                        kept.push(Entry::Text(self.texts.id(text)));
                    }
                }
                Item::Without(_, items) => self.keep_items(items, kept),
                Item::When(conditions, items) => {
                    let mut inner = Vec::new();
                    self.keep_items(items, &mut inner);
                    kept.push(Entry::When(self.conditions(conditions), inner));
                }
            }
        }
    }

    fn conditions(&mut self, conditions: &[Condition]) -> Vec<TextId> {
        let written = |it: &Condition| {
            let not = if it.negated { "!" } else { "" };
            let value = it.value.as_ref().map_or(String::new(), |value| format!("={value}"));
            format!("{not}{}{value}", it.name)
        };
        conditions.iter().map(|it| self.texts.id(&written(it))).collect()
    }

    /// Draws the edges.
    fn edges(&mut self) {
        let workspace = self.workspace;
        let mut starts = Vec::with_capacity(self.graph.nodes.len() + 1);
        starts.push(0);
        let mut edges = Vec::new();
        let mut missing = Vec::new();
        for (number, package) in workspace.packages.values().enumerate() {
            for member in self.graph.members(number) {
                let node = NodeId(member);
                let found = (self.graph.node(node).rule > 0)
                    .then(|| package.target(self.graph.name(node)))
                    .flatten();
                if let Some(target) = found {
                    let from = edges.len();
                    self.edges_of(node, number, target, &mut edges, &mut missing);
                    edges[from..].sort_unstable();
                    let mut own = edges.split_off(from);
                    own.dedup();
                    edges.append(&mut own);
                }
                starts.push(edges.len() as u32);
            }
        }
        for (name, number) in &self.rules {
            let Some(rule) = workspace.rules.rules.get(*name) else { continue };
            if let Some((package, file)) = place_of_rule(workspace, rule) {
                let package = self.graph.find_package(&package);
                let file = package.and_then(|package| self.graph.find_file(package, &file));
                self.graph.rules[*number as usize].file = file;
            }
        }
        let Graph { starts: all, edges: drawn, missing: told, .. } = &mut self.graph;
        (*all, *drawn, *told) = (starts, edges, missing);
    }

    fn edges_of(
        &self,
        node: NodeId,
        package: usize,
        target: &Target,
        edges: &mut Vec<Edge>,
        missing: &mut Vec<Missing>,
    ) {
        let graph = &self.graph;
        let Some(rule) = graph.rule(node) else { return };
        for attr in &target.rule.attrs {
            let via = rule.attrs.iter().map(|it| it.0).find(|id| graph.text(*id) == attr.name);
            let Some(via) = via else { continue };
            let implicit = !target.attrs.contains_key(&attr.name);
            named(target, attr, &mut |name| match name {
                Named::File(path) => {
                    let to = graph.find_file(package, path);
                    edges.extend(to.map(|to| Edge { to, via, implicit }));
                }
                Named::Label(text, place) => {
                    let Ok(label) = Label::parse(text, &target.label.package) else { return };
                    let replaced = self.workspace.replace.get(&label);
                    let label = replaced.map_or(label, |(other, _)| other.clone());
                    let home = graph.find_package(&label.package);
                    let to = home.and_then(|home| graph.find(home, &label.name));
                    let to = to.filter(|to| graph.node(*to).rule > 0);
                    match to {
                        Some(to) => edges.push(Edge { to, via, implicit }),
                        None => missing.push(Missing {
                            node,
                            implicit,
                            place: place.to_string(),
                            why: load::no_target(self.workspace, &label),
                            broken: home
                                .filter(|home| !graph.packages[*home].problems.is_empty())
                                .map(|home| home as u32),
                        }),
                    }
                }
            });
        }
    }
}

fn one_or_many(attr: &Attr, mut kept: Vec<Entry>) -> Value {
    match attr.kind.is_list() {
        true => Value::List(kept),
        false if kept.len() == 1 => Value::One(kept.remove(0)),
        false => Value::List(kept),
    }
}
