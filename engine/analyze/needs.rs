//! Which targets a target names, and where: the edges of the target graph.

use super::scope::plainly_holds;
use crate::base::{Label, PackageName, Place, Problem, Problems};
use crate::load::{Attr, AttrKind, Entry, Item, Part, Target, Template, Value, Workspace};
use std::collections::BTreeSet;

/// All targets that a target names in any attribute, with the places of the names.
pub(super) fn needs(
    workspace: &Workspace,
    target: &Target,
    active: &BTreeSet<String>,
    problems: &mut Problems,
) -> Vec<(Label, Place)> {
    let mut all = Vec::new();
    for attr in &target.rule.attrs {
        all.extend(labels_of(workspace, target, &attr.name, active, problems));
    }
    all
}

/// The targets that one attribute names.
pub(super) fn labels_of(
    workspace: &Workspace,
    target: &Target,
    attr: &str,
    active: &BTreeSet<String>,
    problems: &mut Problems,
) -> Vec<(Label, Place)> {
    let mut found = Vec::new();
    let Some(attr) = target.rule.attr(attr) else { return found };
    let home = &target.label.package;
    let mut named = Vec::new();
    match target.attrs.get(&attr.name) {
        Some(Value::List(entries)) => texts(target, entries, active, &mut named),
        Some(Value::Map(pairs)) => {
            named.extend(pairs.iter().map(|(_, value)| (value.text.clone(), value.place.clone())));
        }
        Some(_) => {}
        None => defaults(attr.default.as_deref().unwrap_or(&[]), target, active, &mut named),
    }
    for (text, place) in named {
        let is_target = matches!(attr.kind, AttrKind::Target { .. } | AttrKind::Targets { .. });
        if is_target || (names_label(&attr.kind) && Label::looks_like(&text)) {
            found.extend(resolve(workspace, &text, home, &place, problems));
        } else if takes_paths(target, attr) {
            for (label, _) in paths_in(&text) {
                found.extend(resolve(workspace, label, home, &place, problems));
            }
        }
    }
    found
}

/// Reads a label and replaces it as the workspace says, in which case it is there that it stands.
pub(super) fn resolve(
    workspace: &Workspace,
    text: &str,
    home: &PackageName,
    place: &Place,
    problems: &mut Problems,
) -> Option<(Label, Place)> {
    match Label::parse(text, home) {
        Ok(label) => Some(match workspace.replace.get(&label) {
            Some(replaced) => replaced.clone(),
            None => (label, place.clone()),
        }),
        Err(why) => {
            problems.push(Problem::at(place, format!("'{text}' {why}")));
            None
        }
    }
}

fn names_label(kind: &AttrKind) -> bool {
    use AttrKind::*;
    matches!(kind, File { .. } | Files { .. } | Target { .. } | Targets { .. } | Tool(_) | Tools(_))
}

/// True for `args` and `env` of a test, where `{path://x:y}` becomes a path in the runfiles.
pub(super) fn takes_paths(target: &Target, attr: &Attr) -> bool {
    target.rule.test.is_some() && matches!(attr.name.as_str(), "args" | "env")
}

/// The labels of `{path:LABEL}` in a text of this attribute; none where it is but text.
pub fn paths_in_runfiles<'a>(target: &Target, attr: &Attr, text: &'a str) -> Vec<&'a str> {
    match takes_paths(target, attr) {
        true => paths_in(text).into_iter().map(|(label, _)| label).collect(),
        false => Vec::new(),
    }
}

/// The labels of `{path:LABEL}` in a text, each with the whole mention.
pub(super) fn paths_in(text: &str) -> Vec<(&str, &str)> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find("{path:") {
        let Some(end) = rest[at..].find('}') else { break };
        found.push((&rest[at + 6..at + end], &rest[at..=at + end]));
        rest = &rest[at + end + 1..];
    }
    found
}

fn texts(
    target: &Target,
    entries: &[Entry],
    active: &BTreeSet<String>,
    named: &mut Vec<(String, Place)>,
) {
    for entry in entries {
        match entry {
            Entry::Text(text) => named.push((text.text.clone(), text.place.clone())),
            Entry::Glob(..) => {}
            Entry::When(conditions, entries) => {
                if entry_holds(target, conditions, active) {
                    texts(target, entries, active, named);
                }
            }
        }
    }
}

/// True if the conditions of a `when` in a `BUILD.ron` hold: modes and attributes of the target.
pub(super) fn entry_holds(
    target: &Target,
    conditions: &[crate::load::Condition],
    active: &BTreeSet<String>,
) -> bool {
    conditions.iter().all(|condition| {
        let holds = plainly_holds(target, condition, active).unwrap_or_else(|| {
            let given = target.attrs.get(&condition.name);
            match given {
                Some(Value::List(entries)) => !entries.is_empty(),
                Some(Value::Map(pairs)) => !pairs.is_empty(),
                Some(_) => true,
                None => default_holds(target, condition),
            }
        });
        holds != condition.negated
    })
}

fn default_holds(target: &Target, condition: &crate::load::Condition) -> bool {
    let default = target.rule.attr(&condition.name).and_then(|attr| attr.default.as_deref());
    let Some([Item::Template(template)]) = default else { return false };
    let Some(text) = plain(template) else { return false };
    match &condition.value {
        Some(value) => text == *value,
        None => !text.is_empty() && text != "false",
    }
}

fn defaults(
    items: &[Item],
    target: &Target,
    active: &BTreeSet<String>,
    named: &mut Vec<(String, Place)>,
) {
    for item in items {
        match item {
            Item::Template(template) => {
                named.extend(plain(template).map(|text| (text, template.place.clone())));
            }
            Item::When(conditions, items) => {
                if entry_holds(target, conditions, active) {
                    defaults(items, target, active, named);
                }
            }
            Item::Without(list, _) => {
                unreachable!("BUG: {} lets a default leave out '{}'", target.rule.name, list.text)
            }
        }
    }
}

/// The text of a template without mentions.
pub(super) fn plain(template: &Template) -> Option<String> {
    let mut res = String::new();
    for part in &template.parts {
        match part {
            Part::Text(text) => res.push_str(text),
            Part::Mention(_) => return None,
        }
    }
    Some(res)
}
