//! Tree → typed values, with problems that say what was found and what fits.

use super::rule::Text;
use super::tree::{Arg, Args, Kind, Node};
use crate::base::{Place, Problem, Problems, listing, nearest};

/// What a node is, in words that follow "found".
pub fn found(node: &Node) -> String {
    match &node.kind {
        Kind::String { .. } => "a string".into(),
        Kind::Int(_) => "a number".into(),
        Kind::Bool(value) => format!("'{value}'"),
        Kind::List(_) => "a list".into(),
        Kind::Map(_) => "a map".into(),
        Kind::Call(name, _) => format!("'{}(..)'", name.text),
        Kind::Struct(_) => "named values".into(),
        Kind::Word(word) => format!("the word '{word}' without quotes"),
    }
}

/// Says that `owner` wants something else than what stands there: `'deps' wants strings, found a
/// number`.
pub fn mismatch(node: &Node, owner: &str, wanted: &str, problems: &mut Problems) {
    let text = format!("'{owner}' wants {wanted}, found {}", found(node));
    problems.push(Problem::at(&node.place, text));
}

/// A string.
pub fn string(node: &Node, owner: &str, problems: &mut Problems) -> Option<Text> {
    match &node.kind {
        Kind::String { text, .. } => Some(Text { text: text.clone(), place: node.place.clone() }),
        _ => {
            mismatch(node, owner, "a string", problems);
            None
        }
    }
}

/// A list of strings; a single string is a list of one.
pub fn strings(node: &Node, owner: &str, problems: &mut Problems) -> Vec<Text> {
    let Kind::List(nodes) = &node.kind else {
        if matches!(node.kind, Kind::String { .. }) {
            return string(node, owner, problems).into_iter().collect();
        }
        mismatch(node, owner, "a list of strings", problems);
        return Vec::new();
    };
    let one = |node: &Node| match node.kind {
        Kind::String { .. } => string(node, owner, problems),
        _ => {
            mismatch(node, owner, "strings", problems);
            None
        }
    };
    nodes.iter().filter_map(one).collect()
}

/// Like [`strings`], without places.
pub fn words(node: &Node, owner: &str, problems: &mut Problems) -> Vec<String> {
    strings(node, owner, problems).into_iter().map(|text| text.text).collect()
}

/// Lists of strings in a list; a list of strings is a list of one list.
pub fn word_lists(node: &Node, owner: &str, problems: &mut Problems) -> Vec<Vec<String>> {
    match &node.kind {
        Kind::List(nodes) if nodes.iter().any(|node| matches!(node.kind, Kind::List(_))) => {
            nodes.iter().map(|node| words(node, owner, problems)).collect()
        }
        _ => vec![words(node, owner, problems)],
    }
}

/// `true` or `false`.
pub fn boolean(node: &Node, owner: &str, problems: &mut Problems) -> Option<bool> {
    match &node.kind {
        Kind::Bool(value) => Some(*value),
        _ => {
            mismatch(node, owner, "true or false", problems);
            None
        }
    }
}

/// A whole number.
pub fn int(node: &Node, owner: &str, problems: &mut Problems) -> Option<i64> {
    match &node.kind {
        Kind::Int(value) => Some(*value),
        _ => {
            mismatch(node, owner, "a whole number", problems);
            None
        }
    }
}

/// `(a: 1, b: 2)`, also empty.
pub fn named<'a>(node: &'a Node, owner: &str, problems: &mut Problems) -> &'a [Arg] {
    match &node.kind {
        Kind::Struct(args) => args,
        _ => {
            mismatch(node, owner, "named values: '(name: ..)'", problems);
            &[]
        }
    }
}

/// The named arguments of a call.
pub fn arguments<'a>(name: &Text, args: &'a Args, problems: &mut Problems) -> Option<&'a [Arg]> {
    match args {
        Args::Named(args) => Some(args),
        Args::Plain(_) => {
            let text = format!("'{0}' wants names: '{0}(name: ..)'", name.text);
            problems.push(Problem::at(&name.place, text));
            None
        }
    }
}

/// The value of a field.
pub fn field<'a>(args: &'a [Arg], name: &str) -> Option<&'a Node> {
    args.iter().find(|arg| arg.name.text == name).map(|arg| &arg.value)
}

/// Complains about fields that `owner` does not have.
pub fn only(args: &[Arg], owner: &str, known: &[&str], problems: &mut Problems) {
    for arg in args {
        if known.contains(&arg.name.text.as_str()) {
            continue;
        }
        let near = nearest(&arg.name.text, known.iter().copied());
        let has = match near.is_empty() {
            true if known.is_empty() => "; it has none".to_string(),
            true => format!("; it has {}", listing(known.iter().copied(), 20)),
            false => near,
        };
        let text = format!("'{owner}' has no field '{}'{has}", arg.name.text);
        problems.push(Problem::at(&arg.name.place, text));
    }
}

/// True if `when` and mentions can name it.
pub fn is_name(text: &str) -> bool {
    let mut bytes = text.bytes();
    bytes.next().is_some_and(|first| first.is_ascii_alphabetic() || first == b'_')
        && bytes.all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// The name that a declaration gives to something, if it is one.
pub fn declared_name(node: &Node, owner: &str, problems: &mut Problems) -> Option<Text> {
    let name = string(node, owner, problems)?;
    if is_name(&name.text) {
        return Some(name);
    }
    let text = format!("'{}' is no name; names are made of letters, digits and '_'", name.text);
    problems.push(Problem::at(&name.place, text));
    None
}

/// The `name:` of a declaration; its place is that of the whole if it is missing.
pub fn name_of(args: &[Arg], call: &Text, problems: &mut Problems) -> Option<Text> {
    match field(args, "name") {
        Some(node) => declared_name(node, "name", problems),
        None => {
            missing(&call.place, &call.text, "name", problems);
            None
        }
    }
}

/// Says that a field is missing.
pub fn missing(place: &Place, owner: &str, name: &str, problems: &mut Problems) {
    problems.push(Problem::at(place, format!("'{owner}' wants '{name}', which is missing")));
}
