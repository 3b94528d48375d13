//! Which folders make one library. Folders that import each other do, and so do headers and the
//! sources that stand elsewhere and carry them out.

use super::resolve::common;
use super::scan::stem;
use crate::base::parent;
use petgraph::algo::kosaraju_scc;
use petgraph::graphmap::DiGraphMap;
use std::collections::{BTreeMap, BTreeSet};

/// A file of a library.
pub struct Part<'a> {
    /// Its path.
    pub path: &'a str,
    /// It is imported, not compiled.
    pub is_header: bool,
    /// Files of libraries that it imports.
    pub imports: Vec<&'a str>,
}

/// Folders that make one library, by the folder in which it is declared.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Areas {
    /// The folder of its declaration for each folder.
    owner: BTreeMap<String, String>,
}

impl Areas {
    /// Sorts folders by what the files in them import.
    pub fn new(parts: &[Part]) -> Areas {
        let mut graph: DiGraphMap<&str, ()> = DiGraphMap::new();
        for part in parts {
            let from = parent(part.path);
            graph.add_node(from);
            for path in &part.imports {
                graph.add_edge(from, parent(path), ());
            }
        }
        for (headers, sources) in carried_out(parts) {
            graph.add_edge(headers, sources, ());
            graph.add_edge(sources, headers, ());
        }
        let mut sets: Vec<BTreeSet<&str>> =
            kosaraju_scc(&graph).into_iter().map(|it| it.into_iter().collect()).collect();
        sets.sort();
        while let Some((a, b)) = clash(&sets) {
            let other = sets.remove(b);
            sets[a].extend(other);
        }
        let mut owner = BTreeMap::new();
        for set in &sets {
            let of_set = declared_in(set);
            owner.extend(set.iter().map(|it| (it.to_string(), of_set.to_string())));
        }
        Areas { owner }
    }

    /// Where the library is declared that a file belongs to.
    pub fn of(&self, path: &str) -> Option<&str> {
        self.owner.get(parent(path)).map(String::as_str)
    }

    /// Where a program or test in a folder is declared: there, unless that would take files away
    /// from a library that is declared above.
    pub fn of_program<'a>(&'a self, path: &'a str) -> &'a str {
        let folder = parent(path);
        let above = self.owner.iter().find(|(member, owner)| {
            is_within(member, folder) && is_within(folder, owner) && *owner != folder
        });
        above.map_or(folder, |(_, owner)| owner)
    }

    /// All folders in which a library is declared.
    pub fn owners(&self) -> BTreeSet<&str> {
        self.owner.values().map(String::as_str).collect()
    }
}

/// True if a folder is another one or below it.
pub fn is_within(folder: &str, of: &str) -> bool {
    of.is_empty() || folder == of || folder.strip_prefix(of).is_some_and(|it| it.starts_with('/'))
}

fn declared_in<'a>(set: &BTreeSet<&'a str>) -> &'a str {
    let mut folders = set.iter().copied();
    let first = folders.next().unwrap_or("");
    folders.fold(first, |a, b| common(a, b))
}

/// Two sets of which one would be declared between the other's folders and their declaration, and
/// so take files from it.
fn clash(sets: &[BTreeSet<&str>]) -> Option<(usize, usize)> {
    let owners: Vec<&str> = sets.iter().map(declared_in).collect();
    for (a, set) in sets.iter().enumerate() {
        for b in (0..sets.len()).filter(|b| *b != a && is_within(owners[*b], owners[a])) {
            if set.iter().any(|folder| is_within(folder, owners[b]) && owners[a] != *folder)
                || owners[a] == owners[b]
            {
                return Some((a.min(b), a.max(b)));
            }
        }
    }
    None
}

/// Folders with nothing but headers, and those whose sources carry them out: the only one that
/// imports them, or all that have a source of the name of one of the headers which it imports.
fn carried_out<'a>(parts: &[Part<'a>]) -> Vec<(&'a str, &'a str)> {
    let with_sources: BTreeSet<&str> =
        parts.iter().filter(|it| !it.is_header).map(|it| parent(it.path)).collect();
    let mut by: BTreeMap<&str, (BTreeSet<&str>, BTreeSet<&str>)> = BTreeMap::new();
    for part in parts.iter().filter(|it| !it.is_header) {
        for path in part.imports.iter().filter(|it| !with_sources.contains(parent(it))) {
            let (all, same) = by.entry(parent(path)).or_default();
            all.insert(parent(part.path));
            if stem(path) == stem(part.path) {
                same.insert(parent(part.path));
            }
        }
    }
    let mut res = Vec::new();
    for (headers, (all, same)) in by {
        let sources = if all.len() == 1 { all } else { same };
        res.extend(sources.into_iter().map(|it| (headers, it)));
    }
    res
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `path: imports`, a file a line.
    fn owners(text: &str) -> Vec<String> {
        let parts: Vec<Part> = text
            .lines()
            .filter_map(|line| line.trim().split_once(':'))
            .map(|(path, imports)| Part {
                path,
                is_header: path.ends_with(".h"),
                imports: imports.split_whitespace().collect(),
            })
            .collect();
        let areas = Areas::new(&parts);
        areas.owner.iter().map(|(folder, owner)| format!("{folder} in '{owner}'")).collect()
    }

    #[test]
    fn each_folder_is_a_library() {
        assert_eq!(
            owners("a/a.c: a/a.h b/b.h\na/a.h:\nb/b.h:\nb/b.c: b/b.h\n"),
            ["a in 'a'", "b in 'b'"]
        );
    }

    #[test]
    fn folders_that_import_each_other_are_declared_above_both() {
        let found =
            owners("x/a/a.h: x/b/b.h\nx/b/b.h: x/a/a.h\nx/b/b.c:\nx/a/a.c:\nc/c.c: x/a/a.h\n");
        assert_eq!(found, ["c in 'c'", "x/a in 'x'", "x/b in 'x'"]);
    }

    #[test]
    fn what_lies_between_goes_along() {
        let found = owners("x/a/a.c: y/y.h\ny/y.h: x/a/a.h\nx/a/a.h:\nx/x.c:\nz/z.c:\n");
        assert_eq!(found, ["x in ''", "x/a in ''", "y in ''", "z in 'z'"]);
    }

    #[test]
    fn headers_go_with_the_sources_that_carry_them_out() {
        let found = owners("include/t/t.h:\nsrc/t.c: include/t/t.h\n");
        assert_eq!(found, ["include/t in ''", "src in ''"]);
        let found = owners("base/defs.h:\na/a.c: base/defs.h\nb/b.c: base/defs.h\n");
        assert_eq!(found, ["a in 'a'", "b in 'b'", "base in 'base'"]);
    }
}
