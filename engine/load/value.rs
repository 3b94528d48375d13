//! Values of a target's attributes, checked against the types that its rule gives them.

use super::attr::{OF_EVERY_TARGET, not_one_of};
use super::check_names::near_or_all;
use super::package::Context;
use super::rule::{Attr, AttrKind, Rule, Text};
use super::tree::{Arg, Args, Kind, Node};
use super::{Entry, Package, Value, condition, read};
use crate::base::{Place, Problem, Problems, check_target_name, nearest, parse_duration};

/// Reads what one target says about itself.
pub struct Reader<'a> {
    /// Its rule.
    pub rule: &'a Rule,
    /// Its package, with the files.
    pub package: &'a Package,
    /// What is known besides.
    pub context: &'a Context<'a>,
    /// Where problems go.
    pub problems: &'a mut Problems,
}

impl Reader<'_> {
    fn wrong(&mut self, place: &Place, text: String) {
        self.problems.push(Problem::at(place, text));
    }

    /// The name, checked.
    pub fn name(&mut self, call: &Text, args: &[Arg]) -> Option<String> {
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

    /// Complains about an attribute that the rule does not have.
    pub fn unknown(&mut self, arg: &Arg) {
        let name = &arg.name.text;
        let mut known: Vec<&str> = self.rule.attrs.iter().map(|attr| attr.name.as_str()).collect();
        known.extend(OF_EVERY_TARGET);
        let has = near_or_all(name, &known, "it has");
        self.wrong(&arg.name.place, format!("{} has no attribute '{name}'{has}", self.rule.name));
    }

    /// Complains about a required attribute.
    pub fn missing(&mut self, call: &Text, args: &[Arg], attr: &Attr) {
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

    /// The value of an attribute, checked against its type.
    pub fn value(&mut self, attr: &Attr, node: &Node) -> Option<Value> {
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
                if let Kind::List(nodes) = &node.kind
                    && let [only] = nodes.as_slice()
                    && let Kind::String { .. } = only.kind
                {
                    let wanted = wanted(&attr.kind);
                    let text = format!("'{name}' wants {wanted}; write it without '[' and ']'");
                    self.wrong(&node.place, text);
                    return None;
                }
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
                entries.shrink_to_fit();
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
                let Args::Plain(nodes) = args else {
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
