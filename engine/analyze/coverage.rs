//! What the processes of a test in the mode `coverage` leave behind, and how that is read.

use super::actions::{Action, Command, Layout};
use super::expand::Context;
use super::needs::takes_paths;
use super::scope::Scope;
use super::test_process::Given;
use crate::base::Problems;
use crate::load::{AttrKind, Mention, Part, Template};
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

/// The mode in which processes say what they have executed.
pub const COVERAGE: &str = "coverage";

/// How long it may take to read the data of a process: as long as a test of medium size.
const LIMIT: Duration = Duration::from_secs(300);

/// One kind of data that instrumented processes leave behind.
#[derive(Debug, Clone)]
pub struct Collector {
    /// Environment that leads the data into the folder for them.
    pub env: Vec<(String, Vec<Given>)>,
    /// Patterns of the paths that they have in it.
    pub collect: Vec<String>,
    /// Finds them below `raw/` and prints lcov.
    pub report: Action,
}

impl Scope<'_> {
    /// What is collected of the target's program, and of those in its dependencies and data; nothing
    /// in other modes.
    pub(super) fn collectors(&mut self, problems: &mut Problems) -> Arc<[Arc<Collector>]> {
        if !self.modes.active.contains(COVERAGE) {
            return Arc::default();
        }
        let rule = self.target.rule.clone();
        let context = Context::default();
        let mut res = Vec::new();
        for kind in &rule.coverage {
            if !self.all_hold(&kind.when, problems) {
                continue;
            }
            let words = self.expand(&kind.report, &context, problems);
            let inputs = self.expand(&kind.inputs, &context, problems);
            let target = self.target;
            let report = Action {
                label: target.label.clone(),
                name: self.analysis.name(COVERAGE),
                about: format!("coverage of {}", target.label),
                place: kind.place.clone(),
                target_place: target.place.clone(),
                command: Command::Run { words, script: false },
                env: Vec::new(),
                inputs,
                sources: Vec::new(),
                outputs: Box::default(),
                depfile: None,
                narrow: Arc::default(),
                stdout: None,
                params: None,
                layout: Layout::Exec,
                timeout: Some(LIMIT),
                test: None,
            };
            res.push(Arc::new(Collector {
                env: kind.env.iter().map(|(name, value)| (name.clone(), given(value))).collect(),
                collect: kind.collect.iter().map(|pattern| pattern.text.clone()).collect(),
                report,
            }));
        }
        let mut seen = HashSet::from([self.target.label.clone()]);
        for attr in &rule.attrs {
            // Toolchains and tools run on the way to a program, not in a test.
            let lists = matches!(
                attr.kind,
                AttrKind::Targets { .. } | AttrKind::Files { .. } | AttrKind::File { .. }
            ) || takes_paths(self.target, attr);
            for target in if lists { self.targets(&attr.name) } else { Vec::new() } {
                let new = |it: &&Arc<Collector>| !seen.contains(&it.report.label);
                let more: Vec<_> = target.coverage.iter().filter(new).cloned().collect();
                seen.extend(more.iter().map(|it| it.report.label.clone()));
                res.extend(more);
            }
        }
        res.into()
    }
}

/// A value of the environment of a process, which is filled when it starts.
pub fn given(value: &Template) -> Vec<Given> {
    let part = |part: &Part| match part {
        Part::Text(text) => Given::Text(text.clone()),
        Part::Mention(Mention { name, .. }) if name == "report" => Given::Report,
        Part::Mention(mention) => Given::Variable(mention.name.clone()),
    };
    value.parts.iter().map(part).collect()
}
