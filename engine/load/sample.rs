//! Rules and workspaces from text, for the tests of this room. Touches no disk.

use super::build_file::BuildFile;
use super::glob::Globs;
use super::package::{Context, Found, package};
use super::rule_file::{self, RuleFile};
use super::{Package, Rules, Workspace, check, syntax, tree};
use crate::base::{PackageName, Problems};
use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;

/// Reads and checks the rules of one file.
pub fn rules(text: &str) -> (Rules, Problems) {
    let mut problems = Problems::default();
    let source = syntax::source("r.ron", text.into()).unwrap();
    let nodes = tree::parse(&source).unwrap_or_else(|wrong| panic!("{wrong}"));
    let files = [RuleFile { builtin: false, nodes }];
    let (rules, broken) = rule_file::rules(&files, &mut problems);
    check::check(&rules, &broken, &["release".to_string()], &mut problems);
    (rules, problems)
}

/// A workspace of packages, each with its `BUILD.ron` and the names of its files.
pub fn workspace(rule_text: &str, packages: &[(&str, &str, &[&str])]) -> Workspace {
    let (rules, problems) = rules(rule_text);
    assert!(problems.is_empty(), "{problems}");
    let (modes, globs) = (vec!["release".to_string()], Globs::default());
    let context = Context { rules: &rules, modes: &modes, globs: &globs };
    let read = |(path, text, files): &(&str, &str, &[&str])| -> (PackageName, Package) {
        let found = Found {
            name: PackageName::main(path),
            build: BuildFile::of("BUILD.ron", (*text).into()),
            files: files.iter().map(|file| file.to_string()).collect(),
            builtin: HashMap::new(),
        };
        (found.name.clone(), package(found, &context))
    };
    let packages: BTreeMap<PackageName, Package> = packages.iter().map(read).collect();
    let (root, name) = (PathBuf::from("/w"), "w".to_string());
    let (replace, read, rule_files) = (BTreeMap::new(), Vec::new(), Vec::new());
    let resources = Default::default();
    Workspace {
        root,
        name,
        modes,
        replace,
        resources,
        rules,
        packages,
        rule_files,
        hidden: false,
        read,
        digests: Vec::new(),
    }
}

/// `line:column: text` of each problem, in order of place.
pub fn told(problems: &Problems) -> Vec<String> {
    let mut all: Vec<_> = problems.iter().collect();
    all.sort_by_key(|problem| problem.place.as_ref().map(|place| (place.line(), place.column())));
    let shown = all.iter().map(|problem| match &problem.place {
        Some(place) => format!("{}:{}: {}", place.line(), place.column(), problem.text),
        None => problem.text.clone(),
    });
    shown.collect()
}
