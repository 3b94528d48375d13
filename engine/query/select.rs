//! A word of a query → nodes: patterns of targets, labels of targets and source files, paths.

use super::graph::{Graph, NodeId};
use crate::base::{Label, PackageName, Pattern, Repo, Selection, listing, near, nearest, parent};
use std::path::Path;

/// Where the user is.
#[derive(Debug)]
pub(super) struct Here<'a> {
    /// The workspace's root.
    pub root: &'a Path,
    /// The package of the working directory.
    pub home: &'a PackageName,
}

/// What a word stands for.
#[derive(Debug, Default)]
pub(super) struct Selected {
    pub nodes: Vec<NodeId>,
    /// Packages that were reached and could not be read whole.
    pub broken: Vec<usize>,
}

/// The nodes that a word names. The error is a sentence.
pub(super) fn select(graph: &Graph, word: &str, here: &Here) -> Result<Selected, String> {
    if let Some(node) = exactly(graph, word, here) {
        let package = graph.node(node).package as usize;
        return Ok(Selected { nodes: vec![node], broken: broken(graph, package) });
    }
    // An absolute path, as editors pass it, is written from the root.
    let below = Path::new(word).strip_prefix(here.root).ok().and_then(Path::to_str);
    let from_root = below.filter(|rest| !rest.is_empty()).map(|rest| format!("//{rest}"));
    let word = from_root.as_deref().unwrap_or(word);
    let pattern = Pattern::parse(&[word], here.home)?;
    let [term] = pattern.terms.as_slice() else { return Ok(Selected::default()) };
    if term.exclude {
        return Err(format!("the pattern '{word}' leaves something out; write 'x - y'"));
    }
    match &term.selection {
        Selection::One(label) => {
            one(graph, word, label, here).map_err(|why| format!("the pattern '{word}': {why}"))
        }
        selection => many(graph, word, selection, here),
    }
}

fn broken(graph: &Graph, package: usize) -> Vec<usize> {
    let is_broken = !graph.packages[package].problems.is_empty();
    is_broken.then_some(package).into_iter().collect()
}

/// The node with just this label, whatever characters the name of a file has.
fn exactly(graph: &Graph, word: &str, here: &Here) -> Option<NodeId> {
    let (package, name) = word.split_once(':')?;
    let package = match (package, package.strip_prefix("@eng//"), package.strip_prefix("//")) {
        ("", ..) => here.home.clone(),
        (_, Some(path), _) => PackageName { repo: Repo::Eng, path: path.into() },
        (_, _, Some(path)) => PackageName::main(path),
        _ => return None,
    };
    graph.find(graph.find_package(&package)?, name)
}

fn many(graph: &Graph, word: &str, selection: &Selection, here: &Here) -> Result<Selected, String> {
    let files = word.ends_with(":*") || word.ends_with(":all-targets");
    let mut found = Selected::default();
    let mut any = false;
    let packages = match selection {
        Selection::All(package) => graph.find_package(package).map_or(0..0, |at| at..at + 1),
        _ => 0..graph.packages.len(),
    };
    for package in packages {
        if !selection.reaches(&graph.package_name(package)) {
            continue;
        }
        any = true;
        found.broken.extend(broken(graph, package));
        let members = graph.members(package).map(NodeId);
        found.nodes.extend(members.filter(|node| files || graph.node(*node).rule > 0));
    }
    let why = match selection {
        _ if any => return Ok(found),
        Selection::All(package) => no_package(graph, package, here),
        Selection::Below(folder) => {
            format!("no package lies in '{folder}'{}", near_package(graph, folder))
        }
        Selection::One(_) => String::new(),
    };
    Err(format!("the pattern '{word}': {why}"))
}

/// A label, or a path: `x/y` may mean the package `x/y`, the target `y` of `x`, or a file.
fn one(graph: &Graph, word: &str, label: &Label, here: &Here) -> Result<Selected, String> {
    let is_path = !word.contains(':');
    let Some(package) = graph.find_package(&label.package) else {
        if is_path && let Some(found) = by_path(graph, &label.package)? {
            return Ok(found);
        }
        return Err(match is_path {
            true if !word.contains('/') => elsewhere(graph, label, here),
            true => no_path(graph, &label.package, here),
            false => no_package(graph, &label.package, here),
        });
    };
    if let Some(node) = graph.find(package, &label.name) {
        return Ok(Selected { nodes: vec![node], broken: broken(graph, package) });
    }
    if !graph.packages[package].problems.is_empty() {
        // The target may be the very one that could not be read.
        return Ok(Selected { nodes: Vec::new(), broken: vec![package] });
    }
    let file = here.root.join(&*label.package.path).join(&*label.name);
    if label.package.repo == Repo::Main && file.is_file() {
        return Err(unnamed(&label.name, &label.package));
    }
    Err(no_target(graph, package, label))
}

fn by_path(graph: &Graph, path: &PackageName) -> Result<Option<Selected>, String> {
    let mut folder = &*path.path;
    while !folder.is_empty() {
        folder = parent(folder);
        let name = PackageName { repo: path.repo, path: folder.into() };
        let Some(package) = graph.find_package(&name) else { continue };
        let rest = path.path[folder.len()..].trim_start_matches('/');
        let found = graph.find(package, rest);
        return Ok(found.map(|node| Selected { nodes: vec![node], broken: broken(graph, package) }));
    }
    Ok(None)
}

fn unnamed(file: &str, package: &PackageName) -> String {
    format!("'{file}' is a file of {package} that no target there names")
}

fn no_target(graph: &Graph, package: usize, label: &Label) -> String {
    let nodes = || graph.members(package).map(NodeId);
    let targets = || nodes().filter(|node| graph.node(*node).rule > 0).map(|it| graph.name(it));
    if let Some(near) = near(&label.name, nodes().map(|it| graph.name(it))) {
        let near = label.package.label(near);
        return format!("there is no target '{label}'; did you mean '{near}'?");
    }
    match targets().next() {
        None => format!("there is no target '{label}'; {} has no targets", label.package),
        Some(_) => {
            let names = listing(targets(), 10);
            format!("there is no target '{label}'; {} has {names}", label.package)
        }
    }
}

/// A word that may be the name of a target whose package was left out.
fn elsewhere(graph: &Graph, label: &Label, here: &Here) -> String {
    let main = graph.packages.iter().enumerate().filter(|(_, package)| !package.eng);
    let same: Vec<String> = main
        .filter_map(|(package, _)| graph.find(package, &label.name))
        .map(|node| format!("'{}'", graph.label(node)))
        .collect();
    match same.is_empty() {
        true => no_package(graph, &label.package, here),
        false => {
            let same = listing(same.iter().map(String::as_str), 5);
            format!("there is no package '{}'; did you mean {same}?", label.package)
        }
    }
}

/// A path that may be a slip in the name of a package, or in that of a file or target.
fn no_path(graph: &Graph, path: &PackageName, here: &Here) -> String {
    let near_package = near_package(graph, path);
    let owner = owner_of(graph, path).filter(|_| near_package.is_empty());
    let near = owner.and_then(|(package, file)| {
        let nodes = graph.members(graph.find_package(&package)?).map(NodeId);
        near(&file, nodes.map(|node| graph.name(node))).map(|name| package.label(name))
    });
    match near {
        Some(near) => format!("there is no '{}'; did you mean '{near}'?", path.path),
        None => no_package(graph, path, here),
    }
}

fn no_package(graph: &Graph, name: &PackageName, here: &Here) -> String {
    let near = near_package(graph, name);
    let path = here.root.join(&*name.path);
    if name.repo == Repo::Main && near.is_empty() && path.is_dir() {
        return match path.join("BUILD.ron").exists() {
            true => format!(
                "there is no package '{name}'; its BUILD.ron is left out, since the folder is a workspace of its own, is ignored, or is a cache"
            ),
            false => format!("there is no package '{name}'; that folder has no BUILD.ron"),
        };
    }
    if name.repo == Repo::Main && path.is_file() {
        return match owner_of(graph, name) {
            Some((package, file)) => unnamed(&file, &package),
            None => format!("'{}' is a file of no package", name.path),
        };
    }
    format!("there is no package '{name}'{near}")
}

fn owner_of(graph: &Graph, path: &PackageName) -> Option<(PackageName, String)> {
    let mut folder = &*path.path;
    loop {
        folder = parent(folder);
        let name = PackageName { repo: path.repo, path: folder.into() };
        if graph.find_package(&name).is_some() {
            let file = path.path[folder.len()..].trim_start_matches('/').to_string();
            return Some((name, file));
        }
        if folder.is_empty() {
            return None;
        }
    }
}

fn near_package(graph: &Graph, name: &PackageName) -> String {
    let known = (0..graph.packages.len()).map(|at| graph.package_name(at));
    // The root is near to each short name, and meant by none of them.
    let known = known.filter(|it| !it.path.is_empty());
    let known = known.filter(|it| it.repo == Repo::Main || name.repo == Repo::Eng);
    let known: Vec<String> = known.map(|it| it.to_string()).collect();
    nearest(&name.to_string(), known.iter().map(String::as_str))
}
