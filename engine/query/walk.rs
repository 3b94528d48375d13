//! Walks over the graph, in breadth: what nodes need, who needs them, and the shortest path.

use super::graph::{Graph, NodeId};
use fixedbitset::FixedBitSet;
use std::collections::VecDeque;

/// Nodes of a graph.
pub(super) type Set = FixedBitSet;

/// Which edges count.
#[derive(Debug, Clone, Copy)]
pub(super) struct Edges {
    /// Those that come from rules, too.
    pub implicit: bool,
}

impl Edges {
    /// The nodes that a node names.
    pub fn of(self, graph: &Graph, node: NodeId) -> impl Iterator<Item = NodeId> + '_ {
        let counts = move |implicit: bool| self.implicit || !implicit;
        graph.edges(node).iter().filter(move |it| counts(it.implicit)).map(|it| it.to)
    }
}

/// The nodes of a set, in order.
pub(super) fn members(set: &Set) -> impl Iterator<Item = NodeId> + '_ {
    set.ones().map(|at| NodeId(at as u32))
}

/// The nodes and what they need, in so many steps at most. `look` is given each node whose needs
/// were followed.
pub(super) fn deps(
    graph: &Graph,
    edges: Edges,
    from: &Set,
    depth: usize,
    mut look: impl FnMut(NodeId),
) -> Set {
    let mut reached = from.clone();
    let mut level: Vec<NodeId> = members(from).collect();
    for _ in 0..depth {
        let mut below = Vec::new();
        for node in level {
            look(node);
            below.extend(edges.of(graph, node).filter(|to| !reached.put(to.0 as usize)));
        }
        if below.is_empty() {
            break;
        }
        level = below;
    }
    reached
}

/// Who names a node.
pub(super) struct Reverse {
    starts: Vec<u32>,
    from: Vec<NodeId>,
}

impl Reverse {
    /// Turns all edges around.
    pub fn of(graph: &Graph, edges: Edges) -> Reverse {
        let mut starts = vec![0u32; graph.len() + 1];
        for node in graph.all() {
            edges.of(graph, node).for_each(|to| starts[to.0 as usize + 1] += 1);
        }
        for at in 1..starts.len() {
            starts[at] += starts[at - 1];
        }
        let mut next = starts.clone();
        let mut from = vec![NodeId(0); *starts.last().unwrap_or(&0) as usize];
        for node in graph.all() {
            for to in edges.of(graph, node) {
                let slot = &mut next[to.0 as usize];
                from[*slot as usize] = node;
                *slot += 1;
            }
        }
        Reverse { starts, from }
    }

    /// The nodes that name this one.
    pub fn users(&self, node: NodeId) -> &[NodeId] {
        let (from, to) = (self.starts[node.0 as usize], self.starts[node.0 as usize + 1]);
        &self.from[from as usize..to as usize]
    }

    /// The nodes and who needs them, within a set and in so many steps at most.
    pub fn rdeps(&self, of: &Set, within: &Set, depth: usize) -> Set {
        let mut reached = of.clone();
        reached.intersect_with(within);
        let mut level: Vec<NodeId> = members(&reached).collect();
        for _ in 0..depth {
            let mut above = Vec::new();
            for node in level {
                let users = self.users(node).iter().copied();
                let users = users.filter(|user| within.contains(user.0 as usize));
                above.extend(users.filter(|user| !reached.put(user.0 as usize)));
            }
            if above.is_empty() {
                break;
            }
            level = above;
        }
        reached
    }
}

/// A shortest path from one set to another; empty if there is none.
pub(super) fn path(graph: &Graph, edges: Edges, from: &Set, to: &Set) -> Vec<NodeId> {
    let mut before: Vec<Option<NodeId>> = vec![None; graph.len()];
    let mut reached = from.clone();
    let mut open: VecDeque<NodeId> = members(from).collect();
    while let Some(node) = open.pop_front() {
        if to.contains(node.0 as usize) {
            let mut path = vec![node];
            while let Some(earlier) = path.last().and_then(|last| before[last.0 as usize]) {
                path.push(earlier);
            }
            path.reverse();
            return path;
        }
        let mut next: Vec<NodeId> =
            edges.of(graph, node).filter(|it| !reached.put(it.0 as usize)).collect();
        next.sort_unstable();
        for it in next {
            before[it.0 as usize] = Some(node);
            open.push_back(it);
        }
    }
    Vec::new()
}

#[cfg(test)]
mod tests {
    use super::super::graph::{Edge, Node};
    use super::super::texts::TextId;
    use super::*;
    use proptest::prelude::*;

    const MOST: u32 = 12;

    /// A graph with these edges; every third comes from a rule.
    fn graph(edges: &[(u32, u32)]) -> Graph {
        let mut graph = Graph { starts: vec![0], ..Graph::default() };
        for node in 0..MOST {
            let own = edges.iter().zip(0..).filter(|((from, _), _)| *from == node);
            graph.edges.extend(own.map(|((_, to), number)| Edge {
                to: NodeId(*to),
                via: TextId(0),
                implicit: number % 3 == 0,
            }));
            graph.starts.push(graph.edges.len() as u32);
            graph.nodes.push(Node {
                package: 0,
                name: TextId(0),
                rule: 1,
                line: 1,
                column: 1,
                values: 0,
            });
        }
        graph
    }

    fn one(node: u32) -> Set {
        let mut set = Set::with_capacity(MOST as usize);
        set.insert(node as usize);
        set
    }

    proptest! {
        #[test]
        fn who_needs_whom_is_the_same_from_both_ends(
            edges in prop::collection::vec((0..MOST, 0..MOST), 0..30),
            implicit: bool,
            depth in 0..5usize,
        ) {
            let graph = graph(&edges);
            let edges = Edges { implicit };
            let reverse = Reverse::of(&graph, edges);
            let mut all = Set::with_capacity(MOST as usize);
            all.insert_range(..);
            for from in 0..MOST {
                let below = deps(&graph, edges, &one(from), depth, |_| {});
                let whole = deps(&graph, edges, &one(from), usize::MAX, |_| {});
                prop_assert!(below.is_subset(&whole));
                for to in 0..MOST {
                    let above = reverse.rdeps(&one(to), &all, depth);
                    prop_assert_eq!(below.contains(to as usize), above.contains(from as usize));
                    let path = path(&graph, edges, &one(from), &one(to));
                    prop_assert_eq!(whole.contains(to as usize), !path.is_empty());
                    // No way is shorter, and each step of it is one.
                    prop_assert_eq!(below.contains(to as usize), (1..depth + 2).contains(&path.len()));
                    for step in path.windows(2) {
                        prop_assert!(edges.of(&graph, step[0]).any(|next| next == step[1]));
                    }
                }
            }
        }
    }
}
