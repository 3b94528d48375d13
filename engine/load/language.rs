//! `language(..)`: what sources of one kind look like, and which targets stand for them. Only
//! `eng init` asks for it, so nothing is read before.

use super::glob::{Globs, Matcher};
use super::rule::Text;
use super::rule_file::RuleFile;
use super::tree::{Arg, Kind, Node};
use super::{language_manifest, read};
use crate::base::{Problem, Problems};
use regex::bytes::{Regex, RegexBuilder};
use std::collections::BTreeMap;
use std::sync::Arc;

pub use language_manifest::{Manifest, Unit};

/// What sources of one kind look like.
pub struct Language {
    /// Its name.
    pub name: String,
    /// Names of files that are compiled, or run.
    pub sources: Vec<Arc<Matcher>>,
    /// Names of files that others import.
    pub headers: Vec<Arc<Matcher>>,
    /// What its group `comment` finds is passed over.
    pub comments: Option<Regex>,
    /// Lines between which a part may not count.
    pub conditional: Option<(Regex, Regex)>,
    /// How a file names another.
    pub imports: Vec<Import>,
    /// Imports that the rules bring along.
    pub builtin: Vec<Arc<Matcher>>,
    /// Imports that are never files of the workspace.
    pub standard: Option<Regex>,
    /// Patterns of folders of the machine that are searched for imports.
    pub machine: Vec<String>,
    /// Found in a source that cannot be compiled, and why.
    pub refuse: Option<(Regex, String)>,
    /// Found in a source that is a program of its own.
    pub program: Option<Regex>,
    /// Such a program must be executable.
    pub executable: bool,
    /// Paths of programs that are tests.
    pub tests: Vec<Arc<Matcher>>,
    /// Rules of targets: `library`, `program`, `test`.
    pub rules: BTreeMap<String, String>,
    /// Attributes by what they hold: `sources`, `headers`, `dependencies`, ...
    pub attrs: BTreeMap<String, String>,
    /// Flags that let a target search a `{folder}` that is no package's.
    pub search_flags: Vec<String>,
    /// What else a target takes if one of its files imports something.
    pub needs: Vec<Need>,
    /// The same, which also makes a source a test.
    pub frameworks: Vec<Need>,
    /// The file that describes a package in its own way.
    pub manifest: Option<Manifest>,
}

/// A way of naming another file.
pub struct Import {
    /// Its group `path` is the name.
    pub find: Regex,
    /// It is looked for beside the file first.
    pub near: bool,
    /// It is looked for below the root without being told to.
    pub root: bool,
}

/// Attributes that come with an import.
pub struct Need {
    /// Patterns of imports.
    pub imports: Vec<Arc<Matcher>>,
    /// What a target then takes.
    pub attrs: Vec<(String, Given)>,
}

/// A value that is copied into a target.
#[derive(Debug, Clone, PartialEq)]
pub enum Given {
    /// A single one.
    One(String),
    /// A list.
    Many(Vec<String>),
}

const FIELDS: [&str; 19] = [
    "name",
    "builtin",
    "refuse",
    "doc",
    "sources",
    "headers",
    "comments",
    "conditional",
    "imports",
    "standard",
    "machine",
    "program",
    "executable",
    "tests",
    "rules",
    "attrs",
    "needs",
    "frameworks",
    "manifest",
];

/// The languages of rule files, in the order of their names.
pub fn languages(files: &[RuleFile], problems: &mut Problems) -> Vec<Language> {
    let globs = Globs::default();
    let mut res: BTreeMap<String, Language> = BTreeMap::new();
    for node in files.iter().flat_map(|file| &file.nodes) {
        let Kind::Call(call, args) = &node.kind else { continue };
        if call.text != "language" {
            continue;
        }
        let Some(args) = read::arguments(call, args, problems) else { continue };
        if let Some(language) = language(call, args, &globs, problems) {
            res.insert(language.name.clone(), language);
        }
    }
    res.into_values().collect()
}

fn language(call: &Text, args: &[Arg], globs: &Globs, problems: &mut Problems) -> Option<Language> {
    read::only(args, "language", &FIELDS, problems);
    let name = read::name_of(args, call, problems)?.text;
    let field = |name: &str| read::field(args, name);
    let mut patterns =
        |name: &str| field(name).map_or(Vec::new(), |it| matchers(it, name, globs, problems));
    let (sources, headers, tests) = (patterns("sources"), patterns("headers"), patterns("tests"));
    let builtin = patterns("builtin");
    let mut regex = |name: &str| field(name).and_then(|it| pattern(it, name, problems));
    let (comments, standard, program) = (regex("comments"), regex("standard"), regex("program"));
    let conditional = field("conditional").and_then(|node| {
        let of = read::named(node, "conditional", problems);
        read::only(of, "conditional", &["open", "close"], problems);
        let mut part = |name: &str| pattern(read::field(of, name)?, name, problems);
        part("open").zip(part("close"))
    });
    let refuse = field("refuse").and_then(|it| language_manifest::found(it, "why", problems));
    let imports = field("imports").map_or(&[][..], |it| list(it, "imports", problems));
    let imports = imports.iter().filter_map(|it| import(it, problems)).collect();
    let machine = field("machine").map_or(Vec::new(), |it| read::words(it, "machine", problems));
    let executable = field("executable").and_then(|it| read::boolean(it, "executable", problems));
    let rules = field("rules").map_or(BTreeMap::new(), |it| names(it, "rules", problems));
    let mut attrs = field("attrs").map_or(&[][..], |it| read::named(it, "attrs", problems)).iter();
    let mut search_flags = Vec::new();
    let attrs = attrs.by_ref().filter_map(|arg| match arg.name.text.as_str() {
        "search_flags" => {
            search_flags = read::words(&arg.value, "search_flags", problems);
            None
        }
        name => Some((name.to_string(), read::string(&arg.value, name, problems)?.text)),
    });
    let attrs = attrs.collect();
    let mut needs = |name: &str| {
        let nodes = field(name).map_or(&[][..], |it| list(it, name, problems));
        nodes.iter().map(|it| need(it, name, globs, problems)).collect()
    };
    let (needs, frameworks) = (needs("needs"), needs("frameworks"));
    let manifest = field("manifest").and_then(|it| language_manifest::read(it, globs, problems));
    Some(Language {
        name,
        sources,
        headers,
        comments,
        conditional,
        imports,
        builtin,
        standard,
        machine,
        refuse,
        program,
        executable: executable.unwrap_or(false),
        tests,
        rules,
        attrs,
        search_flags,
        needs,
        frameworks,
        manifest,
    })
}

fn import(node: &Node, problems: &mut Problems) -> Option<Import> {
    let args = read::named(node, "imports", problems);
    read::only(args, "imports", &["find", "near", "root"], problems);
    let Some(find) = read::field(args, "find") else {
        read::missing(&node.place, "imports", "find", problems);
        return None;
    };
    let regex = pattern(find, "find", problems)?;
    if !regex.capture_names().flatten().any(|it| it == "path") {
        let text = "'find' has a group '(?<path>..)', which is missing";
        problems.push(Problem::at(&find.place, text));
        return None;
    }
    let mut flag = |name: &str| {
        read::field(args, name).and_then(|it| read::boolean(it, name, problems)).unwrap_or(false)
    };
    Some(Import { find: regex, near: flag("near"), root: flag("root") })
}

fn need(node: &Node, owner: &str, globs: &Globs, problems: &mut Problems) -> Need {
    let args = read::named(node, owner, problems);
    read::only(args, owner, &["imports", "attrs"], problems);
    let imports = read::field(args, "imports");
    let imports = imports.map_or(Vec::new(), |it| matchers(it, "imports", globs, problems));
    let attrs = read::field(args, "attrs").map_or(&[][..], |it| read::named(it, "attrs", problems));
    let given = |arg: &Arg, problems: &mut Problems| match arg.value.kind {
        Kind::List(_) => Given::Many(read::words(&arg.value, &arg.name.text, problems)),
        _ => {
            let text = read::string(&arg.value, &arg.name.text, problems);
            Given::One(text.map_or(String::new(), |it| it.text))
        }
    };
    let attrs = attrs.iter().map(|arg| (arg.name.text.clone(), given(arg, problems))).collect();
    Need { imports, attrs }
}

/// The elements of a list.
pub fn list<'a>(node: &'a Node, owner: &str, problems: &mut Problems) -> &'a [Node] {
    match &node.kind {
        Kind::List(nodes) => nodes,
        _ => {
            read::mismatch(node, owner, "a list", problems);
            &[]
        }
    }
}

/// `(a: "x", b: "y")`.
pub fn names(node: &Node, owner: &str, problems: &mut Problems) -> BTreeMap<String, String> {
    let args = read::named(node, owner, problems);
    let one = |arg: &Arg| {
        Some((arg.name.text.clone(), read::string(&arg.value, &arg.name.text, problems)?.text))
    };
    args.iter().filter_map(one).collect()
}

/// Patterns of names or paths.
pub fn matchers(
    node: &Node,
    owner: &str,
    globs: &Globs,
    problems: &mut Problems,
) -> Vec<Arc<Matcher>> {
    let texts = read::strings(node, owner, problems);
    let one = |text: &Text| match globs.compile(&text.text) {
        Ok(matcher) => Some(matcher),
        Err(why) => {
            problems.push(Problem::at(&text.place, format!("the pattern '{}' {why}", text.text)));
            None
        }
    };
    texts.iter().filter_map(one).collect()
}

/// A regular expression over bytes, in which `^` and `$` are the ends of lines.
pub fn pattern(node: &Node, owner: &str, problems: &mut Problems) -> Option<Regex> {
    let text = read::string(node, owner, problems)?;
    match RegexBuilder::new(&text.text).unicode(false).multi_line(true).build() {
        Ok(regex) => Some(regex),
        Err(error) => {
            let why = error.to_string();
            let why = why.lines().last().unwrap_or_default().trim_start_matches("error: ");
            let text = format!("'{owner}' is no regular expression: {why}");
            problems.push(Problem::at(&node.place, text));
            None
        }
    }
}
