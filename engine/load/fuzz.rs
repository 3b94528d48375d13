//! Files, templates and globs from any bytes. What is wrong with them must be told with its place.

use super::build_file::BuildFile;
use super::glob::Globs;
use super::package::{Context, Found, package};
use super::root_entry::RootEntry;
use super::rule_file::{self, RuleFile};
use super::template::Written;
use super::{Protocol, Rules, builtin, check, syntax, tree};
use crate::base::{PackageName, Place, Problems, Reader};
use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

/// Readers of this room by name, for the door to fuzzing.
pub const READERS: &[Reader] = &[
    ("build_file", build_file),
    ("rule_file", rule_file),
    ("template", template),
    ("glob", glob),
    ("layout", layout),
];

fn builtin_rules() -> &'static Rules {
    static RULES: OnceLock<Rules> = OnceLock::new();
    RULES.get_or_init(|| {
        let mut problems = Problems::default();
        let (rules, _) = rule_file::rules(&builtin::rule_files(&mut problems), &mut problems);
        assert!(problems.is_empty(), "{problems}");
        rules
    })
}

/// The protocols that come with the engine.
pub fn builtin_protocols() -> impl Iterator<Item = &'static Arc<Protocol>> {
    builtin_rules().protocols.values()
}

/// Fails unless each problem says something and stands in a line of the text.
fn told(problems: &Problems, text: &str) {
    let lines = text.matches('\n').count() + 1;
    for problem in problems.iter() {
        let place = problem.place.as_ref().unwrap_or_else(|| panic!("{problem}"));
        assert!(place.line() <= lines && !problem.text.is_empty(), "{problem}");
        assert!(!problem.text.ends_with('.'), "{problem}");
    }
    let shown = problems.to_string();
    assert_eq!(shown.is_empty(), problems.is_empty());
    let odd = shown.chars().find(|c| c.is_control() && *c != '\n');
    assert!(odd.is_none(), "{odd:?} is told as it is");
}

/// A laid out file says what it said before, and stays as it is.
fn layout(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    match super::format_bytes("BUILD.ron", bytes.to_vec()) {
        Ok(first) => {
            let again = super::format("BUILD.ron", &first);
            assert_eq!(again.unwrap_or_else(|wrong| panic!("{wrong}\n{first}")), first);
        }
        Err(problems) => told(&problems, &text),
    }
}

fn build_file(bytes: &[u8]) {
    let modes = ["release", "small"].map(String::from);
    let globs = Globs::default();
    let context = Context { rules: builtin_rules(), modes: &modes, globs: &globs };
    let build = BuildFile::of("BUILD.ron", bytes.to_vec());
    let text = String::from_utf8_lossy(bytes);
    if let Ok(nodes) = build.nodes() {
        let mut problems = Problems::default();
        RootEntry::read(&nodes, &Place::of_text("BUILD.ron", &text), &mut problems);
        told(&problems, &text);
    }
    let files = ["a.txt", "b.txt", "t.sh"].map(String::from).to_vec();
    let found = Found { name: PackageName::main("a"), build, files, builtin: HashMap::new() };
    told(&package(found, &context).problems, &text);
}

fn rule_file(bytes: &[u8]) {
    let source = syntax::source("r.ron", bytes.to_vec()).map_err(Problems::from);
    let mut problems = Problems::default();
    match source.and_then(|source| tree::parse(&source)) {
        Ok(nodes) => {
            let files = [RuleFile { builtin: false, nodes }];
            let (rules, broken) = rule_file::rules(&files, &mut problems);
            check::check(&rules, &broken, &["release".to_string()], &mut problems);
        }
        Err(wrong) => problems = wrong,
    }
    told(&problems, &String::from_utf8_lossy(bytes));
}

fn template(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let quoted = format!("\"{text}\"");
    let place = Place::of_text("r.ron", &quoted);
    let mut problems = Problems::default();
    let written = Written { text: &text, place: &place, plain: true };
    written.template(&|name| name == "deps", &mut problems);
    told(&problems, &quoted);
}

/// The first line is a pattern, the others are paths.
fn glob(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let (pattern, paths) = text.split_once('\n').unwrap_or((&text, ""));
    let Ok(matcher) = Globs::default().compile(pattern) else { return };
    for path in paths.lines() {
        let fits = matcher.fits(path);
        // What has no sign with a meaning of its own is the path itself.
        assert!(pattern.contains(['*', '?', '[']) || fits == (pattern == path), "{pattern} {path}");
    }
}
