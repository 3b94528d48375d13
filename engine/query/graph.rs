//! The target graph: targets, the source files that they name, and what names what. One flat value,
//! in which texts, packages and nodes are numbers, and nodes stand in the order of their labels.

use super::texts::{TextId, Texts};
use super::value::{Bytes, Value};
use crate::base::{Label, PackageName, Repo};
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;
use std::ops::Range;

/// Number of a node: the order of numbers is that of labels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct NodeId(pub u32);

/// All targets and source files of a workspace.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Graph {
    pub(super) texts: Texts,
    /// In the order of their names.
    pub(super) packages: Vec<PackageNode>,
    pub(super) nodes: Vec<Node>,
    /// The edges of node `n` are those from `starts[n]` to `starts[n + 1]`.
    pub(super) starts: Vec<u32>,
    pub(super) edges: Vec<Edge>,
    pub(super) rules: Vec<RuleNode>,
    /// What is given to attributes, by the nodes' `values`.
    pub(super) values: Bytes,
    /// Labels that name nothing, in the order of the nodes that hold them.
    pub(super) missing: Vec<Missing>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct PackageNode {
    pub eng: bool,
    pub path: TextId,
    /// Its first node; the last one is before the first of the next package.
    pub first: u32,
    /// What is wrong with its `BUILD.ron`, as it is told; empty if nothing is.
    pub problems: String,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Node {
    pub package: u32,
    pub name: TextId,
    /// Number of its rule and one more; 0 for a source file.
    pub rule: u32,
    pub line: u32,
    pub column: u32,
    /// Where its values start.
    pub values: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Edge {
    pub to: NodeId,
    /// The attribute that names it.
    pub via: TextId,
    /// True if the label comes from the rule rather than from the target.
    pub implicit: bool,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct RuleNode {
    pub name: TextId,
    pub test: bool,
    /// The attribute whose tests stand for a target.
    pub suite: Option<TextId>,
    /// The attribute whose target stands for it.
    pub forwards: Option<TextId>,
    /// All attributes with what they are by default.
    pub attrs: Vec<(TextId, Option<Value>)>,
    /// The workspace's own file that declares it.
    pub file: Option<NodeId>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Missing {
    pub node: NodeId,
    pub implicit: bool,
    /// Where the label stands.
    pub place: String,
    /// Why it names nothing.
    pub why: String,
    /// The package that could not be read whole, if that may be the reason.
    pub broken: Option<u32>,
}

/// What a node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NodeKind<'a> {
    /// A target of this rule.
    Target(&'a str),
    /// A source file.
    File,
}

impl Graph {
    /// How many nodes there are.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// What a node is.
    pub fn kind(&self, id: NodeId) -> NodeKind<'_> {
        match self.rule(id) {
            Some(rule) => NodeKind::Target(self.texts.get(rule.name)),
            None => NodeKind::File,
        }
    }

    /// `cc_library rule`, or `source file`.
    pub fn kind_text(&self, id: NodeId) -> String {
        match self.kind(id) {
            NodeKind::Target(rule) => format!("{rule} rule"),
            NodeKind::File => "source file".to_string(),
        }
    }

    /// Its label.
    pub fn label(&self, id: NodeId) -> String {
        let node = self.node(id);
        let package = &self.packages[node.package as usize];
        let (path, name) = (self.texts.get(package.path), self.texts.get(node.name));
        let mut label = String::with_capacity(path.len() + name.len() + 7);
        if package.eng {
            label.push_str("@eng");
        }
        label.push_str("//");
        label.push_str(path);
        label.push(':');
        label.push_str(name);
        label
    }

    /// The label of a target; nothing for a source file.
    pub fn target(&self, id: NodeId) -> Option<Label> {
        let node = self.node(id);
        let package = (node.rule > 0).then(|| self.package_name(node.package as usize));
        package.map(|package| package.label(self.texts.get(node.name)))
    }

    /// Its name in its package.
    pub fn name(&self, id: NodeId) -> &str {
        self.texts.get(self.node(id).name)
    }

    /// The package that it is in: `a/b`, or `@eng//a/b`.
    pub fn package(&self, id: NodeId) -> String {
        let package = &self.packages[self.node(id).package as usize];
        let repo = if package.eng { "@eng//" } else { "" };
        format!("{repo}{}", self.texts.get(package.path))
    }

    /// Where a target is declared: the file, line and column; of a source file its start.
    pub fn place(&self, id: NodeId) -> (String, u32, u32) {
        let node = self.node(id);
        let package = &self.packages[node.package as usize];
        let name = if node.rule == 0 { self.texts.get(node.name) } else { "BUILD.ron" };
        let path = crate::base::join(self.texts.get(package.path), name);
        (if package.eng { format!("@eng//{path}") } else { path }, node.line, node.column)
    }

    /// The attributes that a target gives, in the order of their names.
    pub fn values(&self, id: NodeId) -> Vec<(&str, Value)> {
        let node = self.node(id);
        if node.rule == 0 {
            return Vec::new();
        }
        let bytes = &self.values.0[node.values as usize..];
        let read = postcard::take_from_bytes::<Vec<(TextId, Value)>>(bytes);
        let values = read.map(|(values, _)| values).unwrap_or_default();
        values.into_iter().map(|(name, value)| (self.texts.get(name), value)).collect()
    }

    /// A text of a value.
    pub fn text(&self, id: TextId) -> &str {
        self.texts.get(id)
    }

    /// The nodes that a node names, with whether it is its rule that names them; each once.
    pub fn needs(&self, id: NodeId) -> Vec<(NodeId, bool)> {
        let mut found: Vec<(NodeId, bool)> =
            self.edges(id).iter().map(|edge| (edge.to, edge.implicit)).collect();
        found.sort_unstable();
        found.dedup_by_key(|(to, _)| *to);
        found
    }

    pub(super) fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.0 as usize]
    }

    pub(super) fn rule(&self, id: NodeId) -> Option<&RuleNode> {
        let rule = self.node(id).rule;
        (rule > 0).then(|| &self.rules[rule as usize - 1])
    }

    pub(super) fn edges(&self, id: NodeId) -> &[Edge] {
        let (from, to) = (self.starts[id.0 as usize], self.starts[id.0 as usize + 1]);
        &self.edges[from as usize..to as usize]
    }

    pub(super) fn all(&self) -> impl Iterator<Item = NodeId> + use<> {
        (0..self.nodes.len() as u32).map(NodeId)
    }

    /// The nodes of a package.
    pub(super) fn members(&self, package: usize) -> Range<u32> {
        let end = self.packages.get(package + 1).map_or(self.nodes.len() as u32, |it| it.first);
        self.packages[package].first..end
    }

    pub(super) fn package_name(&self, package: usize) -> PackageName {
        let node = &self.packages[package];
        let repo = if node.eng { Repo::Eng } else { Repo::Main };
        PackageName { repo, path: self.texts.get(node.path).into() }
    }

    /// The number of a package.
    pub(super) fn find_package(&self, name: &PackageName) -> Option<usize> {
        let wanted = (name.repo == Repo::Eng, &*name.path);
        self.packages.binary_search_by(|it| (it.eng, self.texts.get(it.path)).cmp(&wanted)).ok()
    }

    /// The target of this name, or else the source file.
    pub(super) fn find(&self, package: usize, name: &str) -> Option<NodeId> {
        let members = self.members(package);
        let nodes = &self.nodes[members.start as usize..members.end as usize];
        let before = |it: &Node| self.texts.get(it.name).cmp(name) == Ordering::Less;
        let at = members.start + nodes.partition_point(before) as u32;
        (at < members.end && self.name(NodeId(at)) == name).then_some(NodeId(at))
    }

    /// The source file of this name, even where a target is called the same.
    pub(super) fn find_file(&self, package: usize, name: &str) -> Option<NodeId> {
        let found = self.find(package, name)?;
        let next = NodeId(found.0 + 1);
        let is_file = |id: NodeId| {
            self.members(package).contains(&id.0)
                && self.node(id).rule == 0
                && self.name(id) == name
        };
        [found, next].into_iter().find(|id| is_file(*id))
    }
}
