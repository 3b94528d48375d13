//! How far a run is: all is built, tests may start. The coordinator tells it as it happens.

use super::schedule::Coordinator;
use super::session::Schedule;
use super::states::Kind;
use crate::analyze::{Action, FileId};
use crate::base::Label;
use crate::event::{Event, Phase, Program, Progress};
use std::collections::BTreeSet;

impl Coordinator<'_, '_> {
    /// The build begins.
    pub fn begin(&mut self) {
        let total = self.states.open_of(Kind::Build);
        self.build = Some(Progress { completed: 0, total });
        self.enter(Phase::Build);
    }

    /// An action has ended; nothing if it is none of the build.
    pub fn step(&mut self, action: &Action) -> Option<Progress> {
        if action.test.is_some() {
            return None;
        }
        let progress = self.build.as_mut()?;
        progress.completed += 1;
        Some(*progress)
    }

    /// Lets tests start: at once, or when everything is built.
    pub fn open_tests(&mut self) {
        let is_built = self.states.open_of(Kind::Build) == 0;
        if is_built && self.build.is_some() {
            self.end_build();
        }
        if self.testing {
            return;
        }
        if let Schedule::TwoPhase { needs_build } = self.shared.options.schedule {
            if !is_built {
                return;
            }
            if needs_build && self.over.summary.failed > 0 {
                return self
                    .cut("the build failed, and --schedule=two-phase asks for all of it".into());
            }
            self.enter(Phase::Test);
        }
        self.testing = true;
    }

    /// Tells that all is built that can be.
    fn end_build(&mut self) {
        self.build = None;
        let tests = self.plan.nodes().filter_map(|node| {
            let action = self.plan.action(node);
            action.test.is_some().then(|| action.label.clone())
        });
        let tests: BTreeSet<Label> = tests.collect();
        if tests.is_empty() || self.shared.options.dry_run {
            return;
        }
        let programs = tests.iter().flat_map(|label| self.programs(label)).collect();
        // What was built is told before.
        self.settle();
        let _ = self.shared.events.send(Event::Built { programs });
        if self.shared.options.schedule == Schedule::Interleaved {
            self.enter(Phase::Test);
        }
    }

    /// The programs of a test that were made.
    fn programs(&self, label: &Label) -> Vec<Program> {
        let target = self.shared.analysis.targets.get(label);
        let Some(test) = target.and_then(|target| target.test.as_ref()) else { return Vec::new() };
        let words = test.programs.iter().flat_map(|program| &program.words);
        let files: BTreeSet<FileId> = words.filter_map(|word| word.file).collect();
        let made = files.into_iter().filter_map(|file| self.shared.made(file));
        made.map(|file| Program { label: label.clone(), file }).collect()
    }

    fn enter(&self, phase: Phase) {
        let apart = self.shared.options.schedule != Schedule::Interleaved;
        let _ = self.shared.events.send(Event::Phase { phase, apart });
    }
}
