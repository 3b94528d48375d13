//! What the tests of a run have executed, as far as it is asked for.

use super::goals::Goals;
use super::request::Request;
use crate::base::PackageName;
use crate::event::Coverage;
use crate::load::{self, Workspace};
use crate::run::Shared;
use crate::testing::Tests;
use anyhow::Result;

/// What the tests of one pass have executed; nothing unless that is asked for.
pub(super) fn covered(
    request: &Request,
    workspace: &Workspace,
    shared: &Shared,
    goals: &Goals,
    tests: &Tests,
) -> Result<Option<Coverage>> {
    let Some(covering) = request.coverage else { return Ok(None) };
    let mut res = tests.coverage(shared)?;
    let unknown = goals.tests.iter().map(|test| &test.label).filter(|label| !tests.has(label));
    res.missing.extend(unknown.cloned());
    res.missing.sort();
    if !covering.tests {
        res.files.retain(|path, _| !is_of_tests(workspace, path));
    }
    Ok(Some(res))
}

/// True for a file that targets name which are all tests, whether or not they are asked for.
fn is_of_tests(workspace: &Workspace, path: &str) -> bool {
    let Some(Ok(owners)) = load::of_file(workspace, &PackageName::main(path)) else { return false };
    owners.iter().all(|label| {
        let package = workspace.packages.get(&label.package);
        let target = package.and_then(|it| it.targets.iter().find(|it| it.label == *label));
        target.is_some_and(|target| target.rule.test.is_some())
    })
}

/// Adds what a further pass came to, which ran some tests of an earlier one again.
pub(super) fn add(all: &mut Option<Coverage>, more: Option<Coverage>, goals: &Goals) {
    let Some(more) = more else { return };
    let all = all.get_or_insert_default();
    all.missing.retain(|label| !goals.tests.iter().any(|test| test.label == *label));
    all.add(more);
}
