//! Dependencies before dependents; targets that do not exist; circles, told as a sentence.

use super::needs::needs;
use crate::base::{Label, PackageName, Place, Problem, Problems};
use crate::load::{Package, Target, Workspace, no_target};
use petgraph::graph::{DiGraph, NodeIndex};
use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};
use std::sync::Arc;

/// A target in its order.
pub(super) struct Ordered {
    pub target: Arc<Target>,
    /// Those that it needs, by their place in the order.
    pub needs: Vec<u32>,
    /// False if something was wrong already with its package or with what it needs.
    pub whole: bool,
}

/// All targets that the labels need, themselves included, dependencies first.
pub(super) fn dependencies_first(
    workspace: &Workspace,
    labels: &[Label],
    active: &BTreeSet<String>,
    problems: &mut Problems,
) -> Vec<Ordered> {
    let mut graph: DiGraph<Arc<Target>, Place> = DiGraph::new();
    let mut nodes: HashMap<Label, NodeIndex> = HashMap::new();
    let mut broken = Broken::of(workspace);
    let mut flawed: HashSet<NodeIndex> = HashSet::new();
    let mut queue = VecDeque::new();
    for label in labels {
        if let Some(target) = workspace.target(label)
            && !nodes.contains_key(label)
        {
            nodes.insert(label.clone(), graph.add_node(target.clone()));
            queue.push_back(label.clone());
        }
    }
    while let Some(label) = queue.pop_front() {
        let node = nodes[&label];
        let target = graph[node].clone();
        let before = problems.len();
        let mut is_whole = broken.spares(&target.label, problems);
        for (dep, place) in needs(workspace, &target, active, problems) {
            let Some(found) = workspace.target(&dep) else {
                // It may be the very one that could not be read.
                if broken.spares(&dep, problems) {
                    problems.push(Problem::at(&place, missing(workspace, &target, &dep)));
                }
                is_whole = false;
                continue;
            };
            // What is wrong with its package may be whom it is visible to.
            if broken.spares(&dep, problems) {
                may_depend(workspace, &target, found, &place, problems);
            }
            let to = *nodes.entry(dep.clone()).or_insert_with(|| {
                queue.push_back(dep);
                graph.add_node(found.clone())
            });
            graph.add_edge(node, to, place);
        }
        if !is_whole || problems.len() > before {
            flawed.insert(node);
        }
    }
    match petgraph::algo::toposort(&graph, None) {
        Ok(mut order) => {
            order.reverse();
            let mut places = vec![0; order.len()];
            for (place, node) in order.iter().enumerate() {
                places[node.index()] = place as u32;
            }
            let ordered = |node: NodeIndex| {
                let needs = graph.neighbors(node).map(|need| places[need.index()]);
                let needs: BTreeSet<u32> = needs.collect();
                Ordered {
                    target: graph[node].clone(),
                    needs: needs.into_iter().collect(),
                    whole: !flawed.contains(&node),
                }
            };
            order.into_iter().map(ordered).collect()
        }
        Err(_) => {
            tell_cycles(&graph, problems);
            Vec::new()
        }
    }
}

/// Complains if the dependency is not visible to the target. A suite stands for tests as a pattern
/// does, and what stands for a built-in target was chosen by the workspace as a whole.
fn may_depend(
    workspace: &Workspace,
    target: &Target,
    dependency: &Target,
    place: &Place,
    problems: &mut Problems,
) {
    let Some(visible) = &dependency.visible_to else { return };
    let chosen = || workspace.replace.values().any(|(label, _)| *label == dependency.label);
    if visible.allows(&dependency.label, &target.label) || target.rule.suite.is_some() || chosen() {
        return;
    }
    let text = format!(
        "{} may not depend on {}, which is visible to {}",
        target.label,
        dependency.label,
        visible.told(&dependency.label)
    );
    let package = &target.label.package;
    let add = format!("to allow it, add '{package}:all' here");
    problems.push(Problem::at(place, text).also(&visible.place, add));
}

/// Packages that could not be read without problems, and whether these are told.
struct Broken<'a>(HashMap<&'a PackageName, (&'a Problems, bool)>);

impl<'a> Broken<'a> {
    fn of(workspace: &'a Workspace) -> Broken<'a> {
        let packages = workspace.packages.values().filter(|it| !it.problems.is_empty());
        Broken(packages.map(|package| (&package.name, (&package.problems, false))).collect())
    }

    /// True if the label's package is none of them; else its problems are told once.
    fn spares(&mut self, label: &Label, problems: &mut Problems) -> bool {
        let Some((why, told)) = self.0.get_mut(&label.package) else { return true };
        if !std::mem::replace(told, true) {
            problems.extend(why.iter().cloned());
        }
        false
    }
}

/// Why a label names nothing, with the nearest name.
fn missing(workspace: &Workspace, target: &Target, label: &Label) -> String {
    let package = workspace.packages.get(&label.package);
    if !package.is_some_and(|package| package.has_file(&label.name)) {
        return no_target(workspace, label);
    }
    match label.package == target.label.package {
        true => format!("'{label}' is a file, not a target; write '{}'", label.name),
        false => format!(
            "'{label}' is a file, not a target; only targets of {} can hand it on, such as a filegroup",
            label.package
        ),
    }
}

/// After so many steps from one target to another the search for a shorter circle ends.
const MOST_STEPS: usize = 500_000;

/// Circles of more targets are told by their beginning.
const MOST_LINKS: usize = 1000;

/// One problem for each knot of targets that need each other: its shortest circle.
fn tell_cycles(graph: &DiGraph<Arc<Target>, Place>, problems: &mut Problems) {
    for knot in petgraph::algo::kosaraju_scc(graph) {
        let alone = knot.len() == 1 && graph.find_edge(knot[0], knot[0]).is_none();
        if alone {
            continue;
        }
        let mut knot = knot;
        knot.sort_by(|a, b| graph[*a].label.cmp(&graph[*b].label));
        // A search from every node of a huge knot would take long; a short circle is found from the
        // first few as well.
        let inside: HashSet<NodeIndex> = knot.iter().copied().collect();
        let mut steps = 0;
        let mut shortest: Option<Vec<NodeIndex>> = None;
        for start in knot {
            let found = circle(graph, start, &inside, &mut steps);
            // Of equal ones the first by name.
            if found.as_ref().map(Vec::len) < shortest.as_ref().map(Vec::len) || shortest.is_none()
            {
                shortest = found.or(shortest);
            }
            if steps > MOST_STEPS {
                break;
            }
        }
        let Some(circle) = shortest else { continue };
        let place_of = |at: usize| {
            let edge = graph.find_edge(circle[at], circle[(at + 1) % circle.len()]);
            edge.map(|edge| graph[edge].clone())
        };
        let name = |at: usize| graph[circle[at % circle.len()]].label.to_string();
        let Some(first) = place_of(0) else { continue };
        const SHOWN: usize = 12;
        let mut sentence = name(0);
        for at in 1..=circle.len() {
            if circle.len() > SHOWN && at == SHOWN / 2 {
                sentence.push_str(&format!(", which needs … ({} more)", circle.len() - SHOWN));
            }
            if circle.len() > SHOWN && (SHOWN / 2..circle.len() - SHOWN / 2).contains(&at) {
                continue;
            }
            let link = if at == 1 { " needs " } else { ", which needs " };
            sentence.push_str(&format!("{link}{}", name(at)));
        }
        let text = match circle.len() {
            1 => format!("{} needs itself", name(0)),
            _ => format!("targets need each other: {sentence}"),
        };
        let mut problem = Problem::at(&first, text);
        // The sentence may be short, the way is told whole; but nobody reads a hundred thousand lines.
        let links = if circle.len() > MOST_LINKS { SHOWN / 2 } else { circle.len() };
        for at in 1..links {
            if let Some(place) = place_of(at) {
                problem = problem.also(&place, format!("{} needs {}", name(at), name(at + 1)));
            }
        }
        problems.push(problem);
    }
}

/// The shortest way from a node back to itself, by breadth-first search.
fn circle(
    graph: &DiGraph<Arc<Target>, Place>,
    start: NodeIndex,
    inside: &HashSet<NodeIndex>,
    steps: &mut usize,
) -> Option<Vec<NodeIndex>> {
    let mut from: HashMap<NodeIndex, NodeIndex> = HashMap::new();
    let mut queue = VecDeque::from([start]);
    while let Some(node) = queue.pop_front() {
        *steps += 1;
        let mut next: Vec<NodeIndex> =
            graph.neighbors(node).filter(|n| inside.contains(n)).collect();
        next.sort_by(|a, b| graph[*a].label.cmp(&graph[*b].label));
        for neighbor in next {
            if neighbor == start {
                let mut way = vec![node];
                while let Some(before) = from.get(way.last()?) {
                    way.push(*before);
                }
                way.reverse();
                return Some(way);
            }
            if neighbor != start && !from.contains_key(&neighbor) {
                from.insert(neighbor, node);
                queue.push_back(neighbor);
            }
        }
    }
    None
}

/// The package that a path below another package belongs to, if it is not that one.
pub(super) fn owner<'a>(
    workspace: &'a Workspace,
    package: &Package,
    file: &str,
) -> Option<&'a Package> {
    let mut folder = crate::base::parent(file);
    while !folder.is_empty() {
        let mut name = package.name.clone();
        name.path = crate::base::join(&package.name.path, folder).into();
        if let Some(other) = workspace.packages.get(&name) {
            return Some(other);
        }
        folder = crate::base::parent(folder);
    }
    None
}
