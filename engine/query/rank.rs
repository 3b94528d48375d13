//! How far the nodes of an answer are from its roots: by the shortest way, or by the longest.

use super::graph::{Graph, NodeId};
use petgraph::graph::{DiGraph, NodeIndex};
use std::collections::HashMap;

/// Which way counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rank {
    /// The shortest.
    Least,
    /// The longest.
    Most,
}

/// The nodes with their ranks, sorted by these. Roots are what no other node of the answer needs;
/// nodes that need each other have the same rank.
pub fn ranks(graph: &Graph, nodes: &[NodeId], implicit: bool, rank: Rank) -> Vec<(usize, NodeId)> {
    let mut inside: DiGraph<NodeId, ()> = DiGraph::new();
    let at: HashMap<NodeId, NodeIndex> =
        nodes.iter().map(|node| (*node, inside.add_node(*node))).collect();
    for node in nodes {
        for (to, by_rule) in graph.needs(*node) {
            if let Some(to) = at.get(&to).filter(|_| implicit || !by_rule) {
                inside.add_edge(at[node], *to, ());
            }
        }
    }
    // What is needed comes first, so from the end nobody is visited before all who need it.
    let knots = petgraph::algo::kosaraju_scc(&inside);
    let mut knot_of = vec![0; inside.node_count()];
    for (number, knot) in knots.iter().enumerate() {
        knot.iter().for_each(|node| knot_of[node.index()] = number);
    }
    let mut found: Vec<Option<usize>> = vec![None; knots.len()];
    for number in (0..knots.len()).rev() {
        let own = found[number].unwrap_or(0);
        found[number] = Some(own);
        for node in &knots[number] {
            for to in inside.neighbors(*node) {
                let below = knot_of[to.index()];
                if below == number {
                    continue;
                }
                let new = own + 1;
                found[below] = Some(match (found[below], rank) {
                    (None, _) => new,
                    (Some(old), Rank::Least) => old.min(new),
                    (Some(old), Rank::Most) => old.max(new),
                });
            }
        }
    }
    let mut ranked: Vec<(usize, NodeId)> = inside
        .node_indices()
        .map(|node| (found[knot_of[node.index()]].unwrap_or(0), inside[node]))
        .collect();
    ranked.sort_unstable();
    ranked
}
