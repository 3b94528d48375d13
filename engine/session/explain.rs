//! Why the actions of a target would run, or why not: a dry run, and the history.

use super::Failure;
use super::bring::Session;
use super::request::{Goal, Request};
use crate::base::{Label, Pattern};
use crate::event::Event;
use crate::run::Options;
use crate::store::Attempt;
use crate::testing::{Filter, Policy};
use std::collections::BTreeSet;
use std::path::PathBuf;

/// What is known of an action.
#[derive(Debug, Clone)]
pub struct Explained {
    /// What it does.
    pub subject: String,
    /// Why it would run; nothing if its remembered result holds.
    pub would_run: Option<String>,
    /// When it ran last in this workspace.
    pub last: Option<Attempt>,
}

impl Session {
    /// Explains the actions of a target; `pattern` matches just this target.
    pub fn explain(
        &self,
        pattern: &Pattern,
        label: &Label,
        modes: BTreeSet<String>,
        jobs: usize,
        path: String,
    ) -> Result<Vec<Explained>, Failure> {
        let is_test = self.workspace.target(label).is_some_and(|target| target.rule.test.is_some());
        let request = Request {
            pattern: pattern.clone(),
            goal: if is_test { Goal::Test } else { Goal::Build { all: true, tests: true } },
            options: Options {
                jobs,
                test_threads: jobs.min(64),
                dry_run: true,
                path,
                ..Options::default()
            },
            schedule: None,
            policy: Policy::default(),
            filter: Filter::default(),
            filters: Vec::new(),
            modes,
            test_args: Vec::new(),
            shows_output: false,
            program: PathBuf::new(),
            write_durations: None,
            command: String::new(),
        };
        let (send, events) = crossbeam_channel::unbounded();
        self.bring(&request, None, send)?;
        let workspace = self.workspace.root.display().to_string();
        let mut res = Vec::new();
        for event in events.try_iter() {
            let (about, would_run) = match event {
                Event::WouldRun { about, reason } => (about, Some(reason)),
                Event::ActionFinished { about, .. } => (about, None),
                _ => continue,
            };
            if about.label == *label {
                let last =
                    self.history.last_attempt(&workspace, &label.to_string(), &about.subject);
                res.push(Explained { subject: about.subject, would_run, last });
            }
        }
        res.sort_by(|a, b| a.subject.cmp(&b.subject));
        Ok(res)
    }
}
