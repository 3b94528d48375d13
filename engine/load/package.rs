//! `BUILD.ron` → targets, checked against what their rules take.

use super::attr::{OF_EVERY_TARGET, not_one_of};
use super::check_names::near_or_all;
use super::glob::Globs;
use super::rule::{Attr, AttrKind, Rule, Rules, Text};
use super::tree::{Arg, Kind, Node};
use super::{Entry, Package, Target, Value, condition, read};
use crate::base::{
    PackageName, Place, Problem, Problems, check_target_name, nearest, parse_duration,
};
use std::collections::HashMap;
use std::sync::Arc;

/// What packages are read with.
pub struct Context<'a> {
    /// All rules.
    pub rules: &'a Rules,
    /// Modes that `when(..)` may name.
    pub modes: &'a [String],
    /// Patterns of files.
    pub globs: &'a Globs,
}

/// A `BUILD.ron` that was found.
pub struct Found {
    /// The package.
    pub name: PackageName,
    /// The start of the file.
    pub place: Place,
    /// Its entries, or what keeps it from being read.
    pub nodes: Result<Vec<Node>, Problems>,
    /// Files of the package, sorted, relative to it.
    pub files: Vec<String>,
    /// Their contents, for packages of `@eng`.
    pub builtin: HashMap<String, &'static [u8]>,
}

/// Reads the targets of a package. What is wrong is collected in it.
pub fn package(found: Found, context: &Context) -> Package {
    let Found { name, place, nodes, files, builtin } = found;
    let mut package = Package {
        name,
        place,
        targets: Vec::new(),
        index: HashMap::new(),
        files,
        builtin,
        problems: Problems::default(),
    };
    let nodes = match nodes {
        Ok(nodes) => nodes,
        Err(problems) => {
            package.problems = problems;
            return package;
        }
    };
    let mut problems = Problems::default();
    let mut names: HashMap<String, &Place> = HashMap::with_capacity(nodes.len());
    for node in &nodes {
        let Some((target, name)) = target(node, &package, context, &mut problems) else { continue };
        if let Some(first) = names.get(&*target.label.name) {
            let text = format!("there are two targets '{}' in {}", target.label.name, package.name);
            problems.push(Problem::at(name, text).also(first, "the first one"));
            continue;
        }
        names.insert(target.label.name.to_string(), name);
        package.index.insert(target.label.name.to_string(), package.targets.len());
        package.targets.push(Arc::new(target));
    }
    package.problems = problems;
    package
}

/// A target, and the place of its name.
fn target<'a>(
    node: &'a Node,
    package: &Package,
    context: &Context,
    problems: &mut Problems,
) -> Option<(Target, &'a Place)> {
    let Kind::Call(call, args) = &node.kind else {
        let text =
            format!("a target was expected: 'rule(name: \"..\", ..)', found {}", read::found(node));
        problems.push(Problem::at(&node.place, text));
        return None;
    };
    if call.text == "workspace" {
        // The root's own is read before; `workspace.rs` says what is wrong with it.
        return None;
    }
    let Some(rule) = context.rules.rules.get(&call.text) else {
        let known: Vec<&str> = context.rules.rules.keys().map(String::as_str).collect();
        let text = format!(
            "there is no rule '{}'{}",
            call.text,
            near_or_all(&call.text, &known, "rules are")
        );
        problems.push(Problem::at(&call.place, text));
        return None;
    };
    let args = read::arguments(call, args, problems)?;
    let mut reader = Reader { rule, package, context, problems };
    let name = reader.name(call, args);
    let mut attrs = HashMap::with_capacity(args.len());
    let mut tags = Vec::new();
    for arg in args {
        match arg.name.text.as_str() {
            "name" => {}
            "tags" => tags = read::words(&arg.value, "tags", reader.problems),
            "visible_to" => drop(read::strings(&arg.value, "visible_to", reader.problems)),
            "doc" => drop(read::string(&arg.value, "doc", reader.problems)),
            name => match rule.attr(name) {
                Some(attr) => {
                    let value = reader.value(attr, &arg.value);
                    attrs.extend(value.map(|value| (name.to_string(), value)));
                }
                None => reader.unknown(arg),
            },
        }
    }
    for attr in &rule.attrs {
        let given = args.iter().any(|arg| arg.name.text == attr.name);
        if !given && attr.default.is_none() && !attr.kind.is_list() {
            reader.missing(call, args, attr);
        }
    }
    let label = package.name.label(&name?);
    let place = call.place.clone();
    let name_place = read::field(args, "name").map_or(&call.place, |name| &name.place);
    Some((Target { label, place, rule: rule.clone(), attrs, tags }, name_place))
}

struct Reader<'a> {
    rule: &'a Rule,
    package: &'a Package,
    context: &'a Context<'a>,
    problems: &'a mut Problems,
}

impl Reader<'_> {
    fn wrong(&mut self, place: &Place, text: String) {
        self.problems.push(Problem::at(place, text));
    }

    fn name(&mut self, call: &Text, args: &[Arg]) -> Option<String> {
        let Some(node) = read::field(args, "name") else {
            self.wrong(
                &call.place,
                format!("this {} has no name; 'name: \"..\"' was expected", call.text),
            );
            return None;
        };
        let name = read::string(node, "name", self.problems)?;
        if let Err(why) = check_target_name(&name.text) {
            self.wrong(&name.place, format!("the name '{}' {why}", name.text));
            return None;
        }
        Some(name.text)
    }

    fn unknown(&mut self, arg: &Arg) {
        let name = &arg.name.text;
        let mut known: Vec<&str> = self.rule.attrs.iter().map(|attr| attr.name.as_str()).collect();
        known.extend(OF_EVERY_TARGET);
        let has = near_or_all(name, &known, "it has");
        self.wrong(&arg.name.place, format!("{} has no attribute '{name}'{has}", self.rule.name));
    }

    fn missing(&mut self, call: &Text, args: &[Arg], attr: &Attr) {
        // A misspelt name is told as such already.
        let unknown = args.iter().filter(|arg| self.rule.attr(&arg.name.text).is_none());
        if unknown.clone().any(|arg| !nearest(&arg.name.text, [attr.name.as_str()]).is_empty()) {
            return;
        }
        let text = format!(
            "{} wants '{}', a {}, which is missing",
            self.rule.name,
            attr.name,
            attr.kind.name()
        );
        self.problems.push(Problem::at(&call.place, text).also(&attr.place, "declared here"));
    }

    fn value(&mut self, attr: &Attr, node: &Node) -> Option<Value> {
        let name = attr.name.as_str();
        match &attr.kind {
            AttrKind::Bool => read::boolean(node, name, self.problems).map(Value::Bool),
            AttrKind::Int => read::int(node, name, self.problems).map(Value::Int),
            AttrKind::Map => self.map(name, node),
            AttrKind::String { one_of } => {
                let text = read::string(node, name, self.problems)?;
                if !one_of.is_empty() && !one_of.contains(&text.text) {
                    self.problems.push(not_one_of(&text.place, name, &text.text, one_of));
                    return None;
                }
                if name == "timeout" && self.rule.test.is_some() && !is_timeout(&text.text) {
                    let why = format!(
                        "'timeout' wants a length of time such as \"30s\", \"1.5s\" or \"2m\", found '{}'",
                        text.text
                    );
                    self.wrong(&text.place, why);
                    return None;
                }
                Some(Value::List(vec![Entry::Text(text)]))
            }
            AttrKind::File { .. } | AttrKind::Target { .. } | AttrKind::Tool(_) => {
                let Kind::String { .. } = node.kind else {
                    read::mismatch(node, name, wanted(&attr.kind), self.problems);
                    return None;
                };
                let text = read::string(node, name, self.problems)?;
                Some(Value::List(vec![Entry::Text(text)]))
            }
            AttrKind::Strings
            | AttrKind::Files { .. }
            | AttrKind::Dirs
            | AttrKind::Targets { .. }
            | AttrKind::Tools(_) => {
                let mut entries = Vec::new();
                self.entries(attr, node, true, &mut entries);
                Some(Value::List(entries))
            }
        }
    }

    /// Reads a list, or one entry that stands for a list of one.
    fn entries(&mut self, attr: &Attr, node: &Node, whole: bool, entries: &mut Vec<Entry>) {
        let name = attr.name.as_str();
        match &node.kind {
            Kind::List(nodes) if whole => {
                nodes.iter().for_each(|node| self.entries(attr, node, false, entries));
            }
            Kind::String { .. } => {
                entries.extend(read::string(node, name, self.problems).map(Entry::Text));
            }
            Kind::Call(call, args) if call.text == "when" => {
                let Some((conditions, kept)) = condition::when(call, args, self.problems) else {
                    return;
                };
                for condition in &conditions {
                    self.condition(condition);
                }
                let mut inner = Vec::new();
                self.entries(attr, kept, true, &mut inner);
                entries.push(Entry::When(conditions, inner));
            }
            Kind::Call(call, args) if call.text == "glob" => {
                if !matches!(attr.kind, AttrKind::Files { .. } | AttrKind::Strings) {
                    let text = format!("'{name}' wants {}; a glob finds files", wanted(&attr.kind));
                    self.wrong(&call.place, text);
                    return;
                }
                let super::tree::Args::Plain(nodes) = args else {
                    self.wrong(
                        &call.place,
                        "'glob' wants patterns: 'glob([\"*.c\", \"!*_test.c\"])'".into(),
                    );
                    return;
                };
                let mut patterns = Vec::new();
                for node in nodes {
                    patterns.extend(read::strings(node, "glob", self.problems));
                }
                let found =
                    self.context.globs.matches(&patterns, &self.package.files, self.problems);
                entries.push(Entry::Glob(found, node.place.clone()));
            }
            _ if whole => read::mismatch(node, name, wanted(&attr.kind), self.problems),
            Kind::Call(call, _) => {
                let near = nearest(&call.text, ["glob", "when"]);
                let text = format!(
                    "a list holds strings, 'glob(..)' and 'when(..)', found '{}(..)'{near}",
                    call.text
                );
                self.wrong(&call.place, text);
            }
            _ => read::mismatch(node, name, "strings", self.problems),
        }
    }

    fn condition(&mut self, condition: &super::Condition) {
        let Reader { rule, context, .. } = self;
        let attrs = rule.attrs.iter().filter(|attr| condition::can_be_condition(&attr.kind));
        let mut known: Vec<&str> = context.modes.iter().map(String::as_str).collect();
        known.extend(attrs.map(|attr| attr.name.as_str()));
        known.extend(rule.variants.iter().map(|variant| variant.name.as_str()));
        condition::check(condition, rule.attr(&condition.name), &known, self.problems);
    }

    fn map(&mut self, name: &str, node: &Node) -> Option<Value> {
        let Kind::Map(pairs) = &node.kind else {
            read::mismatch(node, name, "a map: '{\"KEY\": \"value\"}'", self.problems);
            return None;
        };
        let mut read: Vec<(Text, Text)> = Vec::with_capacity(pairs.len());
        for (key, value) in pairs {
            let (Some(key), Some(value)) =
                (read::string(key, name, self.problems), read::string(value, name, self.problems))
            else {
                continue;
            };
            if key.text.is_empty() || key.text.contains('=') {
                let text = format!(
                    "'{}' is no name for an entry of '{name}'; it is empty or holds a '='",
                    key.text
                );
                self.wrong(&key.place, text);
            } else if let Some((first, _)) = read.iter().find(|(first, _)| first.text == key.text) {
                let problem = Problem::at(&key.place, format!("'{}' is given twice", key.text));
                self.problems.push(problem.also(&first.place, "first here"));
            } else {
                read.push((key, value));
            }
        }
        Some(Value::Map(read))
    }
}

fn is_timeout(text: &str) -> bool {
    text.is_empty() || parse_duration(text).is_some_and(|time| !time.is_zero())
}

fn wanted(kind: &AttrKind) -> &'static str {
    match kind {
        AttrKind::File { .. } => "one file: a path or a label",
        AttrKind::Target { .. } => "one label",
        AttrKind::Tool(_) => "one program: a label or a name",
        AttrKind::Files { .. } => "a list of files",
        AttrKind::Targets { .. } => "a list of labels",
        AttrKind::Dirs => "a list of folders",
        AttrKind::Tools(_) => "a list of programs",
        _ => "a list of strings",
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::{told, workspace};
    use super::*;

    const RULES: &str = r#"[
    protocol(name: "exit", run: ["{program}"]),
    rule(
        name: "lib",
        attrs: (
            srcs: files(), main: file(default: "{name}.c"), deps: targets(), kind: string(one_of: ["fast", "small"], default: "fast"),
            cmd: string(), opts: strings(), static: bool(default: true), level: int(default: 1), env: map(), tool: tool(default: "sh"),
        ),
    ),
    rule(name: "check", attrs: (prog: file()), test: (program: "{prog}")),
]"#;

    fn wrong(text: &str) -> Vec<String> {
        let workspace = workspace(RULES, &[("p", text, &["a.c", "a_test.c", "b.c"])]);
        told(&workspace.packages[&PackageName::main("p")].problems)
    }

    #[test]
    fn values_keep_their_form_and_place() {
        let text = r#"[lib(name: "x", cmd: "c", srcs: ["z.c", glob(["*.c", "!*_test.c"]), when("!release", "y.c")], tags: "t", static: false, level: 3, env: {"A": "b"})]"#;
        let workspace = workspace(RULES, &[("p", text, &["a.c", "a_test.c", "b.c"])]);
        let package = &workspace.packages[&PackageName::main("p")];
        assert!(package.problems.is_empty(), "{}", package.problems);
        let target = package.target("x").unwrap();
        let Value::List(srcs) = &target.attrs["srcs"] else { panic!() };
        assert!(
            matches!(&srcs[0], Entry::Text(text) if text.text == "z.c" && text.place.column() == 34)
        );
        assert!(matches!(&srcs[1], Entry::Glob(found, _) if found == &["a.c", "b.c"]));
        assert!(
            matches!(&srcs[2], Entry::When(conditions, kept) if conditions[0].negated && kept.len() == 1)
        );
        assert!(matches!(target.attrs["static"], Value::Bool(false)));
        assert!(matches!(target.attrs["level"], Value::Int(3)));
        assert_eq!(target.tags, ["t"]);
    }

    #[test]
    fn all_that_is_wrong_with_a_target_is_told_at_once() {
        let found = wrong(
            r#"[lib(name: "x", srsc: ["a.c"], kind: "fats", static: "yes", opts: [1], deps: glob(["*"]), main: ["a.c"])]"#,
        );
        assert_eq!(
            found,
            [
                "1:2: lib wants 'cmd', a string, which is missing",
                "1:17: lib has no attribute 'srsc'; did you mean 'srcs'?",
                "1:38: 'kind' is one of fast and small, found 'fats'; did you mean 'fast'?",
                "1:54: 'static' wants true or false, found a string",
                "1:68: 'opts' wants strings, found a number",
                "1:78: 'deps' wants a list of labels; a glob finds files",
                "1:97: 'main' wants one file: a path or a label, found a list",
            ]
        );
    }

    #[test]
    fn targets_need_a_rule_and_a_name_of_their_own() {
        assert_eq!(
            wrong("[lbi(name: \"x\")]"),
            ["1:2: there is no rule 'lbi'; did you mean 'lib'?"]
        );
        assert_eq!(
            wrong(
                "[check(prog: \"a.c\"), check(name: \"a b\", prog: \"a.c\"), check(name: \"c\", prog: \"a.c\", timeout: \"soon\")]"
            ),
            [
                "1:2: this check has no name; 'name: \"..\"' was expected",
                "1:34: the name 'a b' contains ' '; a target's name is made of letters, digits and _-.+=,@~/",
                "1:94: 'timeout' wants a length of time such as \"30s\", \"1.5s\" or \"2m\", found 'soon'",
            ]
        );
        let twice = wrong("[check(name: \"x\", prog: \"a.c\"), check(name: \"x\", prog: \"a.c\")]");
        assert_eq!(twice, ["1:45: there are two targets 'x' in //p"]);
    }
}
