//! `manifest: (..)` of a language: a file in which a package describes itself in its own way, and
//! where what we want to know stands in it.

use super::glob::{Globs, Matcher};
use super::language::{list, matchers, names, pattern};
use super::read as typed;
use super::tree::{Arg, Kind, Node};
use crate::base::Problems;
use regex::bytes::Regex;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Where things stand in a package's description of itself. Fields are `a.b`, and of several the
/// first that there is holds, in this file or in one of a folder above.
pub struct Manifest {
    /// Name of the file.
    pub file: String,
    /// The field with the package's name; without it the file describes none.
    pub name: String,
    /// Why a package cannot be built.
    pub refuse: Vec<Refusal>,
    /// What the table of a part may not say, and why.
    pub skip: Vec<Skip>,
    /// What no source may contain, and why.
    pub refuse_text: Option<(Regex, String)>,
    /// Attributes of all targets, and the fields that they are taken from.
    pub fields: Vec<(String, Vec<String>, String)>,
    /// Table of features, name of those that are on by default, attribute that takes them.
    pub features: Option<BTreeMap<String, String>>,
    /// Tables of dependencies.
    pub dependencies: Vec<String>,
    /// … that only tests have.
    pub test_dependencies: Vec<String>,
    /// Attribute for variables of the environment, and the fields that these are taken from.
    pub environment: Option<(String, Variables)>,
    /// What a package may consist of.
    pub units: Vec<Unit>,
    /// Names of roots that stand for the whole folder they are in.
    pub whole: Vec<String>,
    /// Attribute for the root among the sources.
    pub root: String,
    /// Attribute for the name that sources use.
    pub krate: String,
}

/// Variables, and the fields that they are taken from.
pub type Variables = Vec<(String, Vec<String>)>;

/// Why a package cannot be built.
pub struct Refusal {
    /// This file is there.
    pub file: Option<String>,
    /// This field is there.
    pub field: Option<String>,
    /// `field=value` that makes it no refusal.
    pub unless: Option<String>,
    /// In words.
    pub why: String,
}

/// A part that cannot be built by its rule.
pub struct Skip {
    /// A field of its table …
    pub field: String,
    /// … has this value.
    pub value: String,
    /// In words.
    pub why: String,
}

/// A library, or programs or tests.
pub struct Unit {
    /// The rule of its targets.
    pub rule: String,
    /// Others may depend on it; it is called like the package.
    pub library: bool,
    /// The table that names it, or the list of such tables.
    pub table: String,
    /// Where its roots stand if nobody says.
    pub roots: Vec<Arc<Matcher>>,
    /// Another rule, if a field of the table is true.
    pub instead: Option<(String, String)>,
    /// Rule of a test of the same sources, if this is found in them.
    pub tests: Option<(String, Regex)>,
    /// It sees what only tests may depend on.
    pub for_tests: bool,
    /// One target of this name for all roots.
    pub together: Option<String>,
}

const FIELDS: [&str; 14] = [
    "file",
    "name",
    "refuse",
    "refuse_text",
    "skip",
    "fields",
    "features",
    "dependencies",
    "test_dependencies",
    "environment",
    "units",
    "whole",
    "root",
    "crate",
];

/// Reads it.
pub fn read(node: &Node, globs: &Globs, problems: &mut Problems) -> Option<Manifest> {
    let args = typed::named(node, "manifest", problems);
    typed::only(args, "manifest", &FIELDS, problems);
    let field = |name: &str| typed::field(args, name);
    let mut text = |name: &str| match field(name) {
        Some(node) => typed::string(node, name, problems).map(|it| it.text),
        None => {
            typed::missing(&node.place, "manifest", name, problems);
            None
        }
    };
    let (file, name, root, krate) = (text("file"), text("name"), text("root"), text("crate"));
    let mut words =
        |name: &str| field(name).map_or(Vec::new(), |it| typed::words(it, name, problems));
    let (dependencies, test_dependencies) = (words("dependencies"), words("test_dependencies"));
    let whole = words("whole");
    let refuse = field("refuse").map_or(&[][..], |it| list(it, "refuse", problems));
    let refuse = refuse.iter().map(|it| refusal(it, problems)).collect();
    let skip = field("skip").map_or(&[][..], |it| list(it, "skip", problems));
    let skip = skip.iter().map(|it| {
        let mut all = names(it, "skip", problems);
        let mut take = |name: &str| all.remove(name).unwrap_or_default();
        Skip { field: take("field"), value: take("value"), why: take("why") }
    });
    let skip = skip.collect();
    let refuse_text = field("refuse_text").and_then(|node| found(node, "why", problems));
    let fields = field("fields").map_or(&[][..], |it| typed::named(it, "fields", problems));
    let fields = fields.iter().map(|arg| taken_from(arg, problems)).collect();
    let features = field("features").map(|it| names(it, "features", problems));
    let environment = field("environment").and_then(|node| {
        let args = typed::named(node, "environment", problems);
        typed::only(args, "environment", &["attr", "values"], problems);
        let attr = typed::string(typed::field(args, "attr")?, "attr", problems)?.text;
        let Kind::Map(pairs) = &typed::field(args, "values")?.kind else { return None };
        let mut one = |(key, value): &(Node, Node)| {
            let name = typed::string(key, "values", problems)?.text;
            Some((name, typed::words(value, "values", problems)))
        };
        Some((attr, pairs.iter().filter_map(&mut one).collect()))
    });
    let units = field("units").map_or(&[][..], |it| list(it, "units", problems));
    let units = units.iter().filter_map(|it| unit(it, globs, problems)).collect();
    Some(Manifest {
        file: file?,
        name: name?,
        refuse,
        skip,
        refuse_text,
        fields,
        features,
        dependencies,
        test_dependencies,
        environment,
        units,
        whole,
        root: root?,
        krate: krate?,
    })
}

/// `edition: (from: ["a.b"], default: "x")`.
fn taken_from(arg: &Arg, problems: &mut Problems) -> (String, Vec<String>, String) {
    let args = typed::named(&arg.value, &arg.name.text, problems);
    typed::only(args, &arg.name.text, &["from", "default"], problems);
    let from =
        typed::field(args, "from").map_or(Vec::new(), |it| typed::words(it, "from", problems));
    let default =
        typed::field(args, "default").and_then(|it| typed::string(it, "default", problems));
    (arg.name.text.clone(), from, default.map_or(String::new(), |it| it.text))
}

/// `(find: "regex", why: "..")`.
pub fn found(node: &Node, other: &str, problems: &mut Problems) -> Option<(Regex, String)> {
    let args = typed::named(node, "find", problems);
    typed::only(args, "find", &["find", other], problems);
    let find = pattern(typed::field(args, "find")?, "find", problems)?;
    Some((find, typed::string(typed::field(args, other)?, other, problems)?.text))
}

fn refusal(node: &Node, problems: &mut Problems) -> Refusal {
    let mut all = names(node, "refuse", problems);
    let why = all.remove("why").unwrap_or_default();
    let (file, field, unless) = (all.remove("file"), all.remove("field"), all.remove("unless"));
    Refusal { file, field, unless, why }
}

fn unit(node: &Node, globs: &Globs, problems: &mut Problems) -> Option<Unit> {
    let args = typed::named(node, "units", problems);
    let known = ["rule", "library", "table", "roots", "instead", "tests", "for_tests", "together"];
    typed::only(args, "units", &known, problems);
    let field = |name: &str| typed::field(args, name);
    let mut flag =
        |name: &str| field(name).and_then(|it| typed::boolean(it, name, problems)).unwrap_or(false);
    let (library, for_tests) = (flag("library"), flag("for_tests"));
    let mut text = |name: &str| Some(typed::string(field(name)?, name, problems)?.text);
    let (rule, table, together) = (text("rule")?, text("table")?, text("together"));
    let roots = field("roots").map_or(Vec::new(), |it| matchers(it, "roots", globs, problems));
    let instead = field("instead").and_then(|node| {
        let mut all = names(node, "instead", problems);
        all.remove("field").zip(all.remove("rule"))
    });
    let tests = field("tests").and_then(|it| found(it, "rule", problems)).map(|(a, b)| (b, a));
    Some(Unit { rule, library, table, roots, instead, tests, for_tests, together })
}
