//! `eng rules`: the rules that there are, from their own `doc:` fields.

use super::request::here;
use super::{Exit, print};
use crate::base::{listing, nearest};
use crate::load::{self, Attr, AttrKind, Item, Part, Rule, Rules};
use crate::session::Failure;

/// Prints all rules, or one rule or protocol.
pub fn rules(name: Option<String>) -> Result<Exit, Failure> {
    let rules = load::workspace(&here()?.root)?.rules;
    let text = match &name {
        None => all(&rules),
        Some(name) => match (rules.rules.get(name), rules.protocols.get(name)) {
            (Some(rule), _) => one(rule),
            (None, Some(protocol)) => format!("protocol {}\n  {}\n", protocol.name, protocol.doc),
            (None, None) => {
                let known = || rules.rules.keys().chain(rules.protocols.keys()).map(String::as_str);
                let has = match nearest(name, known()) {
                    near if near.is_empty() => format!("; there are {}", listing(known(), 100)),
                    near => near,
                };
                return Err(Failure::Usage(format!("there is no rule or protocol '{name}'{has}")));
            }
        },
    };
    Ok(print("the list of rules", &text))
}

fn all(rules: &Rules) -> String {
    let width =
        rules.rules.keys().chain(rules.protocols.keys()).map(|name| name.len()).max().unwrap_or(0);
    let mut text = String::from("Rules:\n");
    for rule in rules.rules.values() {
        text.push_str(&format!("  {:width$}  {}\n", rule.name, first_sentence(&rule.doc)));
    }
    text.push_str("\nTest protocols:\n");
    for protocol in rules.protocols.values() {
        text.push_str(&format!("  {:width$}  {}\n", protocol.name, first_sentence(&protocol.doc)));
    }
    text.push_str("\nSee 'eng rules NAME' for what a rule takes.\n");
    text
}

fn first_sentence(doc: &str) -> &str {
    doc.split_inclusive(". ").next().unwrap_or(doc).trim()
}

fn one(rule: &Rule) -> String {
    let mut text = format!("{}\n  {}\n\nAttributes:\n", rule.name, rule.doc);
    let width = rule.attrs.iter().map(|attr| attr.name.len()).max().unwrap_or(0).max(4);
    text.push_str(&format!("  {:width$}  string, required. Name of the target.\n", "name"));
    for attr in &rule.attrs {
        text.push_str(&format!("  {:width$}  {}\n", attr.name, describe(attr)));
    }
    text.push_str("\nEvery target also takes tags, doc and visible_to.\n");
    text
}

fn describe(attr: &Attr) -> String {
    let list = |words: &[String]| words.join(" ");
    let mut text = match &attr.kind {
        AttrKind::String { one_of } if !one_of.is_empty() => format!("one of {}", list(one_of)),
        AttrKind::File { ext } | AttrKind::Files { ext } if !ext.is_empty() => {
            format!("{} ({})", attr.kind.name(), list(ext))
        }
        AttrKind::Target { provides } | AttrKind::Targets { provides } if !provides.is_empty() => {
            let verb = if attr.kind.is_list() { "provide" } else { "provides" };
            format!("{} that {verb} {}", attr.kind.name(), provides.join(" or "))
        }
        kind => kind.name().to_string(),
    };
    match &attr.default {
        Some(items) => {
            // A single value takes the first that there is.
            let or = if attr.kind.is_list() { " " } else { ", else " };
            let shown: Vec<String> = items.iter().map(show).collect();
            text.push_str(&format!(", default {}", shown.join(or)));
        }
        None if !attr.kind.is_list() => text.push_str(", required"),
        None => {}
    }
    if !attr.doc.is_empty() {
        text.push_str(&format!(". {}", attr.doc));
    }
    text
}

fn show(item: &Item) -> String {
    match item {
        Item::Template(template) => {
            let mut text = String::new();
            for part in &template.parts {
                match part {
                    Part::Text(plain) => text.push_str(plain),
                    Part::Mention(mention) => {
                        let filter = match mention.filter.is_empty() {
                            true => String::new(),
                            false => format!("|{}", mention.filter.join(" ")),
                        };
                        text.push_str(&format!("{{{}{filter}}}", mention.name));
                    }
                }
            }
            if text.is_empty() { "\"\"".to_string() } else { text }
        }
        Item::When(conditions, items) => {
            let conditions: Vec<String> = conditions
                .iter()
                .map(|condition| {
                    let not = if condition.negated { "!" } else { "" };
                    let value =
                        condition.value.as_ref().map_or(String::new(), |value| format!("={value}"));
                    format!("{not}{}{value}", condition.name)
                })
                .collect();
            let items: Vec<String> = items.iter().map(show).collect();
            format!("{} (if {})", items.join(" "), conditions.join(" and "))
        }
        Item::Without(list, items) => {
            let items: Vec<String> = items.iter().map(show).collect();
            format!("{} (without {})", items.join(" "), list.text)
        }
    }
}
