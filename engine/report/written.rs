//! A target as it would stand in a `BUILD.ron`, and as JSON.

use crate::base::quoted;
use crate::query::{Entry, Graph, NodeId, NodeKind, Value};
use serde_json::{Map, Value as Json, json};

/// Longer lists stand with one entry in each line.
const WIDTH: usize = 100;

/// The entry of a target, after a comment that says where it stands.
pub(super) fn entry(graph: &Graph, node: NodeId) -> String {
    let (file, line, column) = graph.place(node);
    let NodeKind::Target(rule) = graph.kind(node) else { return String::new() };
    let mut text = format!("// {file}:{line}:{column}\n{rule}(\n");
    text.push_str(&format!("    name: {},\n", quoted(graph.name(node))));
    for (name, value) in graph.values(node) {
        let shown = match &value {
            Value::Bool(value) => value.to_string(),
            Value::Int(value) => value.to_string(),
            Value::One(entry) => ron(graph, entry),
            Value::List(entries) => {
                let entries: Vec<String> = entries.iter().map(|it| ron(graph, it)).collect();
                list("[", &entries, "]", name.len())
            }
            Value::Map(pairs) => {
                let pair = |(key, value): &(_, _)| {
                    format!("{}: {}", quoted(graph.text(*key)), quoted(graph.text(*value)))
                };
                let pairs: Vec<String> = pairs.iter().map(pair).collect();
                list("{", &pairs, "}", name.len())
            }
        };
        text.push_str(&format!("    {name}: {shown},\n"));
    }
    text.push_str("),\n");
    text
}

fn list(open: &str, entries: &[String], close: &str, name: usize) -> String {
    let line = format!("{open}{}{close}", entries.join(", "));
    if entries.len() < 2 || name + line.chars().count() + 7 <= WIDTH {
        return line;
    }
    let lines: Vec<String> = entries.iter().map(|entry| format!("        {entry},\n")).collect();
    format!("{open}\n{}    {close}", lines.concat())
}

fn ron(graph: &Graph, entry: &Entry) -> String {
    match entry {
        Entry::Text(text) => quoted(graph.text(*text)),
        Entry::When(conditions, entries) => {
            let conditions: Vec<String> =
                conditions.iter().map(|it| quoted(graph.text(*it))).collect();
            let conditions = match conditions.as_slice() {
                [only] => only.clone(),
                all => format!("[{}]", all.join(", ")),
            };
            let entries: Vec<String> = entries.iter().map(|it| ron(graph, it)).collect();
            format!("when({conditions}, [{}])", entries.join(", "))
        }
    }
}

/// A node as one line of JSON.
pub(super) fn json(graph: &Graph, node: NodeId, implicit: bool) -> String {
    let (file, line, column) = graph.place(node);
    let mut object = Map::new();
    let mut put = |name: &str, value: Json| object.insert(name.to_string(), value);
    put("label", graph.label(node).into());
    put("package", graph.package(node).into());
    put("name", graph.name(node).into());
    match graph.kind(node) {
        NodeKind::File => put("kind", "source file".into()),
        NodeKind::Target(rule) => {
            put("location", format!("{file}:{line}:{column}").into());
            put("rule", rule.into());
            let values = graph.values(node).into_iter();
            let given = values.map(|(name, value)| (name.to_string(), plain(graph, &value)));
            put("attributes", Json::Object(given.collect()));
            let needs = graph.needs(node).into_iter().filter(|(_, by_rule)| implicit || !by_rule);
            put("deps", needs.map(|(to, _)| Json::from(graph.label(to))).collect());
            put("kind", graph.kind_text(node).into())
        }
    };
    Json::Object(object).to_string()
}

fn plain(graph: &Graph, value: &Value) -> Json {
    match value {
        Value::Bool(value) => (*value).into(),
        Value::Int(value) => (*value).into(),
        Value::One(entry) => of_entry(graph, entry),
        Value::List(entries) => entries.iter().map(|it| of_entry(graph, it)).collect(),
        Value::Map(pairs) => {
            let text = |id| graph.text(id).to_string();
            pairs.iter().map(|(key, value)| (text(*key), Json::from(text(*value)))).collect()
        }
    }
}

/// A text, or `{"when": [..], "values": [..]}`.
fn of_entry(graph: &Graph, entry: &Entry) -> Json {
    match entry {
        Entry::Text(text) => graph.text(*text).into(),
        Entry::When(conditions, entries) => {
            let conditions: Vec<&str> = conditions.iter().map(|it| graph.text(*it)).collect();
            let entries: Vec<Json> = entries.iter().map(|it| of_entry(graph, it)).collect();
            json!({"when": conditions, "values": entries})
        }
    }
}
