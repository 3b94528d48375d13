//! What a query answers, as text: a line for each node, or another form that tools read.

use super::written;
use crate::query::{Graph, NodeId, NodeKind, Rank, ranks};
use std::fmt::Write;

/// How an answer is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listing {
    /// Labels.
    Label,
    /// Labels after what they are.
    LabelKind,
    /// The same after the place.
    Location,
    /// Packages, each once.
    Package,
    /// As it would stand in a `BUILD.ron`.
    Build,
    /// A graph for `dot`.
    Graph,
    /// A list of objects.
    Json,
    /// An object in each line.
    JsonLines,
    /// Labels after their distance from the roots, the shortest way.
    MinRank,
    /// The same, the longest way.
    MaxRank,
}

/// The text of an answer. With `implicit` edges count that come from rules.
pub fn list(graph: &Graph, nodes: &[NodeId], listing: Listing, implicit: bool) -> String {
    let mut text = String::with_capacity(nodes.len() * 24);
    match listing {
        Listing::Label => lines(&mut text, nodes, |node| graph.label(node)),
        Listing::LabelKind => lines(&mut text, nodes, |node| described(graph, node)),
        Listing::Location => lines(&mut text, nodes, |node| {
            let (file, line, column) = graph.place(node);
            format!("{file}:{line}:{column}: {}", described(graph, node))
        }),
        Listing::Package => {
            let mut sorted = nodes.to_vec();
            sorted.sort_unstable();
            let mut packages: Vec<String> = sorted.iter().map(|it| graph.package(*it)).collect();
            packages.dedup();
            packages.iter().for_each(|package| push_line(&mut text, package));
        }
        Listing::Build => {
            let targets = nodes.iter().filter(|node| graph.kind(**node) != NodeKind::File);
            let built: Vec<String> = targets.map(|node| written::entry(graph, *node)).collect();
            text = built.join("\n");
        }
        Listing::Graph => dot(&mut text, graph, nodes, implicit),
        Listing::Json => {
            let objects: Vec<String> =
                nodes.iter().map(|node| written::json(graph, *node, implicit)).collect();
            let inside = objects.join(",\n");
            text =
                if objects.is_empty() { "[]\n".to_string() } else { format!("[\n{inside}\n]\n") };
        }
        Listing::JsonLines => {
            lines(&mut text, nodes, |node| written::json(graph, node, implicit));
        }
        Listing::MinRank | Listing::MaxRank => {
            let rank = if listing == Listing::MinRank { Rank::Least } else { Rank::Most };
            for (rank, node) in ranks(graph, nodes, implicit, rank) {
                let _ = writeln!(text, "{rank} {}", graph.label(node));
            }
        }
    }
    text
}

/// A line for each node; of a target and a file of the same label there is one.
fn lines(text: &mut String, nodes: &[NodeId], line: impl Fn(NodeId) -> String) {
    let mut before = String::new();
    for node in nodes {
        let line = line(*node);
        if line != before {
            push_line(text, &line);
        }
        before = line;
    }
}

fn push_line(text: &mut String, line: &str) {
    text.push_str(line);
    text.push('\n');
}

fn described(graph: &Graph, node: NodeId) -> String {
    format!("{} {}", graph.kind_text(node), graph.label(node))
}

fn dot(text: &mut String, graph: &Graph, nodes: &[NodeId], implicit: bool) {
    text.push_str("digraph targets {\n  node [shape=box];\n");
    let mut sorted = nodes.to_vec();
    sorted.sort_unstable();
    let label = |node: NodeId| graph.label(node).replace('\\', "\\\\").replace('"', "\\\"");
    for node in &sorted {
        let own = label(*node);
        let _ = writeln!(text, "  \"{own}\";");
        for (to, by_rule) in graph.needs(*node) {
            if (implicit || !by_rule) && sorted.binary_search(&to).is_ok() {
                let _ = writeln!(text, "  \"{own}\" -> \"{}\";", label(to));
            }
        }
    }
    text.push_str("}\n");
}
