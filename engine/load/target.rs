//! What `BUILD.ron` files declare: workspaces, packages and targets, each value with its place.

use super::rule::{Condition, Rule, Rules, Text};
use super::visible::Visible;
use crate::base::{Digest, Label, PackageName, Place, Problems};
use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::Arc;

/// Everything that was read: rules, packages and their targets.
#[derive(Debug)]
pub struct Workspace {
    /// The folder whose `BUILD.ron` holds the `workspace(..)` entry; absolute.
    pub root: PathBuf,
    /// Its name, which tests see as `TEST_WORKSPACE`.
    pub name: String,
    /// Names that `when(..)` may mention besides attributes: `coverage`, `release` and the
    /// workspace's own.
    pub modes: Vec<String>,
    /// `replace: {"@eng//cc:toolchain": "//toolchains:c"}`.
    pub replace: BTreeMap<Label, (Label, Place)>,
    /// `resources: {"db": ["a", "b"], "gpu": 2}`: names of the instances of each.
    pub resources: BTreeMap<String, Vec<String>>,
    /// Rules and protocols.
    pub rules: Rules,
    /// Packages of the workspace and of `@eng`, in the order of their names.
    pub packages: BTreeMap<PackageName, Package>,
    /// The workspace's own rule files, relative to the root.
    pub rule_files: Vec<String>,
    /// True if a glob asks for files whose names start with a dot.
    pub hidden: bool,
    /// Every folder that was looked into and every file that was read for this: while these are
    /// unchanged, reading again gives the same.
    pub read: Vec<PathBuf>,
    /// What tells those that were there, files by their content and folders by the names in them.
    pub digests: Vec<(PathBuf, Digest)>,
}

impl Workspace {
    /// The target with this label.
    pub fn target(&self, label: &Label) -> Option<&Arc<Target>> {
        self.packages.get(&label.package)?.target(&label.name)
    }

    /// The instances of a resource. Of one that nobody declares there is one, so that it keeps
    /// tests apart.
    pub fn instances(&self, resource: &str) -> Vec<String> {
        match self.resources.get(resource) {
            Some(instances) => instances.clone(),
            None => vec!["0".to_string()],
        }
    }
}

/// A folder with a `BUILD.ron`.
#[derive(Debug)]
pub struct Package {
    /// Its name.
    pub name: PackageName,
    /// Targets in the order in which they are declared.
    pub targets: Vec<Arc<Target>>,
    /// Place in `targets` by name.
    pub index: HashMap<Arc<str>, usize>,
    /// All files below the folder that belong to this package, sorted; paths relative to it.
    pub files: Vec<String>,
    /// Contents of those files, for packages of `@eng`; empty otherwise.
    pub builtin: HashMap<String, &'static [u8]>,
    /// What is wrong with the file. Such a package has the targets that could be read.
    pub problems: Problems,
}

impl Package {
    /// The target with this name.
    pub fn target(&self, name: &str) -> Option<&Arc<Target>> {
        self.index.get(name).map(|at| &self.targets[*at])
    }

    /// True if the package holds this file (path relative to the package).
    pub fn has_file(&self, path: &str) -> bool {
        self.files.binary_search_by(|file| file.as_str().cmp(path)).is_ok()
    }
}

/// A target: a rule with values for its attributes.
#[derive(Debug)]
pub struct Target {
    /// Its name.
    pub label: Label,
    /// The rule's name in the file.
    pub place: Place,
    /// The rule.
    pub rule: Arc<Rule>,
    /// Values of the attributes that were given, checked against the rule's types.
    pub attrs: Attrs,
    /// `tags: [..]`.
    pub tags: Box<[String]>,
    /// `visible_to: [..]`; without it everybody may depend on the target.
    pub visible_to: Option<Box<Visible>>,
    /// `doc: ".."`.
    pub doc: Option<Box<str>>,
}

/// Values of attributes. A target has few of them.
#[derive(Debug)]
pub struct Attrs {
    rule: Arc<Rule>,
    /// With the place of the attribute among those of the rule.
    values: Box<[(u16, Value)]>,
}

impl Attrs {
    /// Those that are given for attributes of a rule, by the place of the attribute there.
    pub(super) fn new(rule: &Arc<Rule>, values: Vec<(u16, Value)>) -> Attrs {
        Attrs { rule: rule.clone(), values: values.into() }
    }

    /// The value of an attribute.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.iter().find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    /// True if the attribute was given.
    pub fn contains_key(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// All of them, in the order in which they were given.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        let name = |at: u16| self.rule.attrs[at as usize].name.as_str();
        self.values.iter().map(move |(at, value)| (name(*at), value))
    }
}

/// The value of an attribute.
#[derive(Debug, Clone)]
pub enum Value {
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A string (one entry) or a list.
    List(Vec<Entry>),
    /// `{"K": "v"}`.
    Map(Vec<(Text, Text)>),
}

/// An entry of a list in a `BUILD.ron`.
#[derive(Debug, Clone)]
pub enum Entry {
    /// A string as written: plain text, a path or a label, by the attribute's type.
    Text(Text),
    /// What a glob found: paths relative to the package, sorted.
    Glob(Vec<String>, Place),
    /// Entries that are kept if all conditions hold.
    When(Vec<Condition>, Vec<Entry>),
}
