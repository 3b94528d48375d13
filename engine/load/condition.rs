//! Conditions: `"x"`, `"!x"`, `"x=v"`, and `when(..)` around what they keep.

use super::check_names::near_or_all;
use super::read;
use super::rule::{Attr, AttrKind, Condition, Text};
use super::tree::{Args, Node};
use crate::base::{Problem, Problems, listing};

/// The parts of `when("x", [..])`: its conditions, and the node of what it keeps.
pub fn when<'a>(
    name: &Text,
    args: &'a Args,
    problems: &mut Problems,
) -> Option<(Vec<Condition>, &'a Node)> {
    let Args::Plain(nodes) = args else {
        let text = "'when' is written 'when(\"condition\", [..])'";
        problems.push(Problem::at(&name.place, text));
        return None;
    };
    let [condition, kept] = nodes.as_slice() else {
        let text = "'when' wants a condition and a list: 'when(\"condition\", [..])'";
        problems.push(Problem::at(&name.place, text));
        return None;
    };
    Some((conditions(condition, "when", problems), kept))
}

/// One condition or a list of them.
pub fn conditions(node: &Node, owner: &str, problems: &mut Problems) -> Vec<Condition> {
    let texts = read::strings(node, owner, problems);
    texts.into_iter().filter_map(|text| condition(text, problems)).collect()
}

fn condition(text: Text, problems: &mut Problems) -> Option<Condition> {
    let bare = text.text.strip_prefix('!');
    let rest = bare.unwrap_or(&text.text);
    let (name, value) = match rest.split_once('=') {
        Some((name, value)) => (name, Some(value.to_string())),
        None => (rest, None),
    };
    if !read::is_name(name) {
        let why =
            format!("'{}' is no condition; write \"name\", \"!name\" or \"name=value\"", text.text);
        problems.push(Problem::at(&text.place, why));
        return None;
    }
    Some(Condition { name: name.into(), negated: bare.is_some(), value, place: text.place })
}

/// True if the attribute alone can be a condition: a bool, or a list that may be empty.
pub fn can_be_condition(kind: &AttrKind) -> bool {
    kind.is_list() || matches!(kind, AttrKind::Bool)
}

/// Complains if a condition names nothing that is known or asks for a value that cannot be. `attr`
/// is the attribute of that name, `known` are the names that can stand alone.
pub fn check(condition: &Condition, attr: Option<&Attr>, known: &[&str], problems: &mut Problems) {
    let Condition { name, value, place, .. } = condition;
    let one_of = match attr.map(|attr| &attr.kind) {
        Some(AttrKind::String { one_of }) if !one_of.is_empty() => Some(one_of),
        _ => None,
    };
    let text = match (value, one_of) {
        (Some(value), Some(one_of)) if one_of.contains(value) => return,
        (Some(value), Some(one_of)) => {
            let names: Vec<&str> = one_of.iter().map(String::as_str).collect();
            format!("'{name}' never is '{value}'{}", near_or_all(value, &names, "it is one of"))
        }
        (Some(_), None) if attr.is_none() && !known.contains(&name.as_str()) => {
            format!("nothing here is called '{name}'{}", near_or_all(name, known, "known are"))
        }
        (Some(_), None) => {
            format!("'{name}' cannot be compared; only attributes 'string(one_of: [..])' can")
        }
        (None, _) if known.contains(&name.as_str()) => return,
        (None, Some(one_of)) => format!(
            "'{name}' is a string; write \"{name}=value\" with one of {}",
            listing(one_of.iter().map(String::as_str), 30)
        ),
        (None, None) => match attr {
            Some(attr) => format!(
                "'{name}' is a {}; a condition names a mode, a bool, a list or a string with 'one_of'",
                attr.kind.name()
            ),
            None => format!(
                "there is no mode or attribute '{name}'{}",
                near_or_all(name, known, "conditions are")
            ),
        },
    };
    problems.push(Problem::at(place, text));
}
