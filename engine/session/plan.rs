//! What a request comes to before anything is done.

use super::Failure;
use super::goals::goals;
use super::request::Request;
use crate::analyze::{Modes, analyze};
use crate::base::{Label, Problems};
use crate::graph::Plan;
use crate::load;
use crate::query::{Act, act};
use crate::store::Durations;
use crate::testing::Tests;
use std::path::Path;

/// What would have to be brought up to date.
pub struct Planned {
    /// The targets that were asked for, sorted.
    pub labels: Vec<Label>,
    /// Those of them that are tests.
    pub tests: Vec<Label>,
    /// The actions that are known before any has run, each after those that it needs.
    pub actions: Vec<Act>,
}

/// Plans a request in the workspace with this root; looks nothing up, and writes nothing.
pub fn plan(root: &Path, request: &Request) -> Result<Planned, Failure> {
    let workspace = load::workspace(root)?;
    let selected = load::targets(&workspace, &request.pattern)?;
    let labels: Vec<Label> = selected.iter().map(|(label, _)| label.clone()).collect();
    let modes = Modes { active: request.modes.clone(), ..Modes::default() };
    let analysis = analyze(&workspace, &labels, &modes)?;
    let mut goals = goals(&analysis, &selected, request)?;
    goals.check(&workspace, request, &labels)?;
    goals.take_share(request);
    let (filter, policy) = (request.filter.clone(), request.policy.clone());
    let durations = Durations::default();
    let mut tests = Tests::new(goals.tests.clone(), filter, policy, durations, &workspace.name);
    let plan = Plan::new(&analysis, &goals.files, tests.first());
    let mut problems = Problems::default();
    plan.check_lengths(&mut problems);
    let order = plan.in_order();
    let actions = order.into_iter().map(|node| act(&analysis, plan.action(node))).collect();
    let tests = goals.tests.iter().map(|test| test.label.clone()).collect();
    Ok(problems.or(Planned { labels: goals.labels, tests, actions })?)
}
