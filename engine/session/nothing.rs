//! What is said if nothing fits what was asked for.

use super::request::Request;
use crate::base::{Label, listing};
use crate::load;
use std::collections::BTreeSet;

/// What to say if tests have no case of the names that were asked for.
pub(super) fn no_cases(request: &Request, tests: &[Label]) -> String {
    let named = request.pattern.terms.iter().filter(|term| term.case.is_some());
    let filters = request.filters.iter().map(|text| format!("--filter {text}"));
    let asked: Vec<String> = named.map(|term| term.text.clone()).chain(filters).collect();
    let names: Vec<String> = tests.iter().map(Label::to_string).collect();
    if asked.is_empty() {
        return format!("there is no case in {}", listing(names.iter().map(String::as_str), 5));
    }
    let part = match &request.pattern.terms[..] {
        [term] if request.filters.is_empty() => term.case.as_ref(),
        _ => None,
    };
    format!(
        "{} matches no case of {}{}",
        listing(asked.iter().map(String::as_str), 5),
        listing(names.iter().map(String::as_str), 5),
        part.map_or(String::new(), |part| format!("; '--filter {part}' takes a part of a name"))
    )
}

pub(super) fn no_tests(workspace: &load::Workspace, labels: &[Label]) -> String {
    if labels.is_empty() {
        return "no targets match, so there is no test to run".to_string();
    }
    let names: Vec<String> = labels.iter().map(|label| label.to_string()).collect();
    let names = listing(names.iter().map(String::as_str), 5);
    let tests_of = |label: &Label| {
        let package = workspace.packages.get(&label.package)?;
        package.targets.iter().any(|it| it.rule.test.is_some()).then_some(&package.name)
    };
    let homes: BTreeSet<_> = labels.iter().filter_map(tests_of).collect();
    let others = match homes.first() {
        Some(home) => format!("; '{home}:all' takes all tests of the package"),
        None => String::new(),
    };
    format!("none of the targets that match is a test: {names}{others}")
}
