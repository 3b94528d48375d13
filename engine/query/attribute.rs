//! What targets say: values of attributes, and texts that fit a regular expression.

use super::evaluate::Evaluator;
use super::graph::NodeId;
use super::texts::TextId;
use super::token::Span;
use super::value::Value;
use super::walk::{Set, members};
use crate::base::nearest;
use regex::bytes::{Regex, RegexBuilder};
use std::collections::{BTreeSet, HashMap};

impl Evaluator<'_> {
    /// The nodes of which a text fits the regular expression that stands in a word.
    pub(super) fn kept(
        &mut self,
        words: &[(&str, Span)],
        at: usize,
        of: Set,
        text: impl Fn(&Self, NodeId) -> String,
    ) -> Set {
        let (pattern, span) = words[at];
        let mut found = self.empty();
        match regex(pattern) {
            Ok(regex) => {
                // Most texts are alike: kinds, and values of attributes.
                let mut known: HashMap<String, bool> = HashMap::new();
                for node in members(&of) {
                    let text = text(self, node);
                    let fits = match known.get(&text) {
                        Some(fits) => *fits,
                        None => {
                            let fits = regex.is_match(text.as_bytes());
                            if known.len() < 1000 {
                                known.insert(text, fits);
                            }
                            fits
                        }
                    };
                    found.set(node.0 as usize, fits);
                }
            }
            Err(why) => self.wrong(span, format!("'{pattern}' is no regular expression: {why}")),
        }
        found
    }

    /// The name of an attribute that some rule has.
    pub(super) fn attribute(&mut self, (name, span): (&str, Span)) -> Option<TextId> {
        let graph = self.graph;
        let known = graph.rules.iter().flat_map(|rule| rule.attrs.iter().map(|it| it.0));
        let known: BTreeSet<TextId> = known.collect();
        let found = known.iter().find(|id| graph.text(**id) == name);
        if found.is_none() {
            let near = nearest(name, known.iter().map(|id| graph.text(*id)));
            self.wrong(span, format!("no rule has an attribute '{name}'{near}"));
        }
        found.copied()
    }

    /// What a target gives to an attribute, or else what its rule does.
    fn value(&self, node: NodeId, name: TextId) -> Option<Value> {
        let rule = self.graph.rule(node)?;
        let (_, default) = rule.attrs.iter().find(|it| it.0 == name)?;
        let wanted = self.graph.text(name);
        let given = self.graph.values(node).into_iter().find(|it| it.0 == wanted);
        given.map(|it| it.1).or_else(|| default.clone())
    }

    /// The value of an attribute as text; nothing if the target has no such attribute.
    pub(super) fn shown(&self, node: NodeId, name: TextId) -> Option<String> {
        let graph = self.graph;
        let list = |value: &Value| {
            let texts: Vec<&str> = value.texts().into_iter().map(|id| graph.text(id)).collect();
            texts
        };
        Some(match self.value(node, name) {
            None => {
                graph.rule(node)?.attrs.iter().find(|it| it.0 == name)?;
                String::new()
            }
            Some(Value::Bool(value)) => value.to_string(),
            Some(Value::Int(value)) => value.to_string(),
            Some(value @ Value::One(_)) => list(&value).concat(),
            Some(value @ Value::List(_)) => format!("[{}]", list(&value).join(", ")),
            Some(Value::Map(pairs)) => {
                let pair = |(key, value)| format!("{}: {}", graph.text(key), graph.text(value));
                let pairs: Vec<String> = pairs.into_iter().map(pair).collect();
                format!("{{{}}}", pairs.join(", "))
            }
        })
    }

    pub(super) fn has(&self, node: NodeId, name: TextId, wanted: &str) -> bool {
        let graph = self.graph;
        match self.value(node, name) {
            None => false,
            Some(Value::Bool(value)) => value.to_string() == wanted,
            Some(Value::Int(value)) => value.to_string() == wanted,
            Some(Value::Map(pairs)) => {
                pairs.iter().any(|(key, value)| match wanted.split_once('=') {
                    Some((name, text)) => graph.text(*key) == name && graph.text(*value) == text,
                    None => graph.text(*key) == wanted,
                })
            }
            Some(value) => value.texts().into_iter().any(|id| graph.text(id) == wanted),
        }
    }
}

/// A regular expression over bytes: the library is built without tables of Unicode.
fn regex(pattern: &str) -> Result<Regex, String> {
    RegexBuilder::new(pattern).unicode(false).build().map_err(|error| {
        let text = error.to_string();
        text.rsplit("error: ").next().unwrap_or(&text).trim().to_string()
    })
}
