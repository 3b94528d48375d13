//! `rule(..)`, `base(..)` and `protocol(..)` of all rule files → rules, each merged with its bases.

use super::check_names::{EVERYWHERE, IN_ACTIONS};
use super::rule::{Rule, Rules, Text};
use super::tree::{Arg, Kind, Node};
use super::{action, attr, coverage, item, protocol, read};
use crate::base::{Problem, Problems, nearest};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A rule file after parsing.
pub struct RuleFile {
    /// It comes with the engine.
    pub builtin: bool,
    /// Its entries.
    pub nodes: Vec<Node>,
}

/// A `rule(..)`, `base(..)` or `protocol(..)`.
struct Declared<'a> {
    call: &'a Text,
    name: Text,
    args: &'a [Arg],
    builtin: bool,
}

impl Declared<'_> {
    fn is(&self, kind: &str) -> bool {
        self.call.text == kind
    }
}

const KINDS: [&str; 4] = ["rule", "base", "protocol", "language"];
const OF_BASES: [&str; 8] =
    ["name", "doc", "base", "attrs", "vars", "actions", "provides", "coverage"];
const OF_RULES: [&str; 14] = [
    "name", "doc", "base", "attrs", "vars", "actions", "provides", "test", "variants", "forwards",
    "suite", "replaces", "once", "coverage",
];
/// Provided lists that the engine itself knows.
pub const PROVIDED: [&str; 4] = ["files", "run", "data", "beside"];

/// Reads the rules of all files, built-in ones first. Gives also the names of those that could not
/// be read as they were meant, of which nothing more can be said.
pub fn rules(files: &[RuleFile], problems: &mut Problems) -> (Rules, BTreeSet<String>) {
    let mut broken = BTreeSet::new();
    // Rules and bases share their names; protocols have names of their own.
    let mut named: BTreeMap<String, Declared> = BTreeMap::new();
    let mut protocols: BTreeMap<String, Declared> = BTreeMap::new();
    for file in files {
        for node in &file.nodes {
            let Some(declared) = declared(node, file.builtin, problems) else { continue };
            let among = if declared.is("protocol") { &mut protocols } else { &mut named };
            insert(among, declared, problems);
        }
    }
    let mut rules = Rules::default();
    for declared in protocols.values() {
        if let Some(protocol) = protocol::protocol(declared.call, declared.args, problems) {
            rules.protocols.insert(declared.name.text.clone(), Arc::new(protocol));
        }
    }
    for declared in named.values() {
        let known: &[&str] = if declared.is("base") { &OF_BASES } else { &OF_RULES };
        read::only(declared.args, &declared.call.text, known, problems);
        let before = problems.iter().count();
        let chain = chain(declared, &named, problems);
        if declared.is("rule") {
            let rule = merge(&chain, problems).rule(declared, problems);
            rules.rules.insert(declared.name.text.clone(), Arc::new(rule));
            if problems.iter().count() > before {
                broken.insert(declared.name.text.clone());
            }
        }
    }
    (rules, broken)
}

fn declared<'a>(node: &'a Node, builtin: bool, problems: &mut Problems) -> Option<Declared<'a>> {
    let Kind::Call(call, args) = &node.kind else {
        let text = format!(
            "a rule file holds 'rule(..)', 'base(..)', 'protocol(..)' and 'language(..)', found {}",
            read::found(node)
        );
        problems.push(Problem::at(&node.place, text));
        return None;
    };
    if !KINDS.contains(&call.text.as_str()) {
        let near = nearest(&call.text, KINDS);
        let text = format!(
            "a rule file holds 'rule(..)', 'base(..)', 'protocol(..)' and 'language(..)', found '{}(..)'{near}",
            call.text
        );
        problems.push(Problem::at(&call.place, text));
        return None;
    }
    if call.text == "language" {
        // What sources look like is read by `language.rs` when somebody asks.
        return None;
    }
    let args = read::arguments(call, args, problems)?;
    let name = read::name_of(args, call, problems)?;
    if name.text == "workspace" {
        let text =
            "'workspace(..)' has a meaning of its own in 'BUILD.ron'; another name was expected";
        problems.push(Problem::at(&name.place, text));
        return None;
    }
    Some(Declared { call, name, args, builtin })
}

fn insert<'a>(
    among: &mut BTreeMap<String, Declared<'a>>,
    new: Declared<'a>,
    problems: &mut Problems,
) {
    let replaces = read::field(new.args, "replaces")
        .filter(|_| !new.is("base"))
        .and_then(|node| Some((node, read::boolean(node, "replaces", problems)?)));
    let wants = matches!(replaces, Some((_, true)));
    match among.get(&new.name.text) {
        None => {
            if let (Some((node, true)), false) = (replaces, new.builtin) {
                let near = nearest(&new.name.text, among.keys().map(String::as_str));
                let text =
                    format!("there is nothing built in that is called '{}'{near}", new.name.text);
                problems.push(Problem::at(&node.place, text));
            }
        }
        Some(old) if old.builtin && !new.builtin => {
            // Built-in rules lean on built-in bases, so these stay what they are.
            let same = old.is(&new.call.text) && !old.is("base");
            if !(wants && same) {
                let or = match same {
                    true => ", or write 'replaces: true' to replace it everywhere",
                    false => "",
                };
                let text = format!(
                    "the {} '{}' is built in; choose another name{or}",
                    old.call.text, new.name.text
                );
                let problem = Problem::at(&new.name.place, text);
                problems.push(problem.also(&old.name.place, "built in here"));
                // The other rules were made for the one that is built in.
                return;
            }
        }
        Some(old) => {
            let text = format!("'{}' is declared twice", new.name.text);
            problems.push(Problem::at(&new.name.place, text).also(&old.name.place, "first here"));
            return;
        }
    }
    among.insert(new.name.text.clone(), new);
}

/// The declaration and its bases, the outermost base first.
fn chain<'a, 'b>(
    declared: &'b Declared<'a>,
    named: &'b BTreeMap<String, Declared<'a>>,
    problems: &mut Problems,
) -> Vec<&'b Declared<'a>> {
    let mut chain = vec![declared];
    let mut last = declared;
    while let Some(node) = read::field(last.args, "base") {
        let Some(wanted) = read::string(node, "base", problems) else { break };
        let bases = || named.values().filter(|it| it.is("base")).map(|it| it.name.text.as_str());
        match named.get(&wanted.text) {
            Some(base) if chain.iter().any(|it| it.name.text == base.name.text) => {
                let text = format!("'{}' is a base of itself", base.name.text);
                problems.push(Problem::at(&wanted.place, text));
                break;
            }
            Some(base) if base.is("base") => {
                chain.push(base);
                last = base;
            }
            Some(rule) => {
                let text = format!(
                    "'{}' is a rule; a base was expected{}",
                    wanted.text,
                    nearest(&wanted.text, bases())
                );
                problems
                    .push(Problem::at(&wanted.place, text).also(&rule.name.place, "declared here"));
                break;
            }
            None => {
                let near = nearest(&wanted.text, bases());
                let text = format!("there is no base '{}'{near}", wanted.text);
                problems.push(Problem::at(&wanted.place, text));
                break;
            }
        }
    }
    chain.reverse();
    chain
}

/// What a rule and its bases say together. Equal names of a later one take the place of earlier
/// ones.
#[derive(Default)]
struct Merged<'a> {
    attrs: Vec<&'a Arg>,
    vars: Vec<&'a Arg>,
    actions: Vec<&'a Arg>,
    groups: Vec<(&'a Text, Vec<&'a Arg>)>,
    provided: BTreeMap<&'a str, &'a Node>,
    coverage: Option<&'a Node>,
}

fn merge<'a>(chain: &[&Declared<'a>], problems: &mut Problems) -> Merged<'a> {
    let mut merged = Merged::default();
    for declared in chain {
        let mut section = |name: &str| -> &'a [Arg] {
            let args: &'a [Arg] = declared.args;
            read::field(args, name).map_or(&[], |node| read::named(node, name, problems))
        };
        let provides = section("provides");
        // Its entries have no names, so all of it takes the place of an earlier one.
        merged.coverage = read::field(declared.args, "coverage").or(merged.coverage);
        for (name, into) in [
            ("attrs", &mut merged.attrs),
            ("vars", &mut merged.vars),
            ("actions", &mut merged.actions),
        ] {
            section(name).iter().for_each(|arg| replace(into, arg));
        }
        for arg in provides {
            if PROVIDED.contains(&arg.name.text.as_str()) {
                merged.provided.insert(&arg.name.text, &arg.value);
                continue;
            }
            let Kind::Struct(fields) = &arg.value.kind else {
                let wanted = "a group of fields: '(field: [..])'";
                read::mismatch(&arg.value, &arg.name.text, wanted, problems);
                continue;
            };
            let known = merged.groups.iter().position(|(name, _)| name.text == arg.name.text);
            let at = known.unwrap_or_else(|| {
                merged.groups.push((&arg.name, Vec::new()));
                merged.groups.len() - 1
            });
            fields.iter().for_each(|field| replace(&mut merged.groups[at].1, field));
        }
    }
    merged
}

fn replace<'a>(args: &mut Vec<&'a Arg>, new: &'a Arg) {
    match args.iter_mut().find(|old| old.name.text == new.name.text) {
        Some(old) => *old = new,
        None => args.push(new),
    }
}

impl Merged<'_> {
    fn rule(&self, declared: &Declared, problems: &mut Problems) -> Rule {
        let field = |name: &str| read::field(declared.args, name);
        let mut attrs = attr::kinds(&self.attrs, problems);
        let declared_attrs = attrs.len();
        if let Some(test) = field("test") {
            attr::add_those_of_tests(&mut attrs, &test.place);
        }
        let names = Names { attrs: &attrs, merged: self };
        let is_target = |name: &str| names.is_target(name);
        let mut defaults = Vec::new();
        for attr in &attrs[..declared_attrs] {
            let arg = self.attrs.iter().find(|arg| arg.name.text == attr.name);
            defaults.push(arg.and_then(|arg| attr::default(attr, arg, &is_target, problems)));
        }
        let mut provided = |name: &str| {
            let node = self.provided.get(name);
            node.map_or(Vec::new(), |node| item::items(node, name, &is_target, problems))
        };
        let [files, run, data, beside] = PROVIDED.map(&mut provided);
        let group = |(name, fields): &(&Text, Vec<&Arg>), problems: &mut Problems| super::Group {
            name: name.text.clone(),
            place: name.place.clone(),
            fields: item::fields(fields, &is_target, problems),
        };
        let has_protocol = attrs.iter().any(|attr| attr.name == "protocol");
        let mut rule = Rule {
            name: declared.name.text.clone(),
            doc: text(field("doc"), "doc", problems).map_or(String::new(), |doc| doc.text),
            place: declared.call.place.clone(),
            vars: item::fields(&self.vars, &is_target, problems),
            actions: Vec::new(),
            groups: self.groups.iter().map(|it| group(it, problems)).collect(),
            files,
            run,
            data,
            beside,
            once: field("once").map_or(Vec::new(), |it| read::strings(it, "once", problems)),
            forwards: text(field("forwards"), "forwards", problems),
            suite: text(field("suite"), "suite", problems),
            variants: field("variants").map_or(Vec::new(), |it| action::variants(it, problems)),
            coverage: self
                .coverage
                .map_or(Vec::new(), |it| coverage::coverage(it, &is_target, problems)),
            test: field("test").and_then(|it| action::test(it, has_protocol, &is_target, problems)),
            attrs: Vec::new(),
        };
        let actions = self.actions.iter();
        rule.actions = actions.filter_map(|it| action::action(it, &is_target, problems)).collect();
        for (attr, default) in attrs.iter_mut().zip(defaults) {
            attr.default = default;
        }
        rule.attrs = attrs;
        rule
    }
}

fn text(node: Option<&Node>, owner: &str, problems: &mut Problems) -> Option<Text> {
    node.and_then(|node| read::string(node, owner, problems))
}

/// The names of a rule, as far as it matters for reading what follows a dot.
struct Names<'a> {
    attrs: &'a [super::Attr],
    merged: &'a Merged<'a>,
}

impl Names<'_> {
    /// True also for unknown names, so that only the name itself is complained about.
    fn is_target(&self, name: &str) -> bool {
        use super::AttrKind::{Target, Targets};
        if let Some(attr) = self.attrs.iter().find(|attr| attr.name == name) {
            return matches!(attr.kind, Target { .. } | Targets { .. });
        }
        let is_var = self.merged.vars.iter().any(|arg| arg.name.text == name);
        let is_engine = EVERYWHERE.contains(&name) || IN_ACTIONS.contains(&name);
        !(is_var || is_engine || self.is_output(name))
    }

    fn is_output(&self, name: &str) -> bool {
        self.merged.actions.iter().any(|action| {
            let Kind::Struct(fields) = &action.value.kind else { return false };
            let outs = read::field(fields, "outs").map(|node| &node.kind);
            matches!(outs, Some(Kind::Struct(outs)) if outs.iter().any(|out| out.name.text == name))
        })
    }
}
