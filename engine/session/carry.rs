//! One pass over a plan: from an analysis and goals to results.

use super::Failure;
use super::bring::Opened;
use super::coverage::covered;
use super::goals::{self, Goals, tests_of};
use super::recall::Recalled;
use super::request::{Goal, Request};
use super::scratch::Scratch;
use crate::analyze::{self, Analysis, flatten};
use crate::base::{Label, Problems};
use crate::event::{Case, Coverage, Event, Summary};
use crate::graph::Plan;
use crate::load;
use crate::run::{self, Delivered, Executed, Home, Learned, Options, Shared, Stop, deliver};
use crate::store::{StatCache, StatRow};
use crate::testing::{Filter, Tests};
use crossbeam_channel::Sender;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

/// What the parts of a run share, as when a target is built once more in another variant.
pub(super) struct Once {
    /// Its number in the history.
    pub run: i64,
    pub stop: Stop,
    pub scratch: Scratch,
    pub home: Home,
}

impl Drop for Once {
    /// What setups have left alive ends with the run, however that comes about.
    fn drop(&mut self) {
        run::end_all();
    }
}

/// What is left of a run when it is over.
pub(super) struct RunOver {
    pub tests: Vec<(Label, Vec<Case>)>,
    pub notes: BTreeMap<Label, Vec<String>>,
    pub logs: Vec<(Label, PathBuf)>,
    pub delivered: Vec<Delivered>,
    /// Files whose content was asked for.
    pub rows: Vec<StatRow>,
    /// Those whose content changed meanwhile.
    pub unsteady: Vec<PathBuf>,
    /// Files of the machine that were looked at.
    pub tool_files: Vec<PathBuf>,
    /// Actions that were planned before any listing was read.
    pub planned: usize,
    /// Targets that are to be built in another variant.
    pub fallen: BTreeMap<Label, String>,
    /// Targets of which an action failed.
    pub failed: BTreeSet<Label>,
    /// Tests that have neither a verdict nor a reason why not.
    pub unsettled: BTreeSet<Label>,
    /// What the tests have executed, if that is asked for.
    pub coverage: Option<Coverage>,
}

impl Opened {
    /// Carries out what the goals ask for. Of a run of which a part holds, the targets that are told
    /// are those of the whole.
    #[allow(clippy::too_many_arguments)] // each is another part of the run; a struct would repeat them
    pub(super) fn run(
        &self,
        request: &Request,
        analysis: &Analysis,
        goals: &Goals,
        once: &Once,
        options: Options,
        recalled: Option<&Recalled>,
        events: &Sender<Event>,
    ) -> Result<(Summary, RunOver), Failure> {
        let run = once.run;
        let root = &self.workspace.root;
        let rows = self.rows.clone().unwrap_or_else(|| self.ledger.load_stats(root));
        let stats = StatCache::new(root, rows);
        let shared = Shared::new(
            root.clone(),
            analysis,
            &self.cas,
            &self.ledger,
            &stats,
            options,
            once.stop.clone(),
            events.clone(),
            run,
            once.home.clone(),
            once.scratch.fast().to_path_buf(),
            once.scratch.disk().to_path_buf(),
        );
        let of_these = || goals.labels.iter().map(Label::to_string).collect();
        let only: Option<Vec<String>> = recalled.map(|_| of_these());
        let durations = self.history.durations(&root.display().to_string(), only.as_deref());
        let mut tests = Tests::new(
            goals.tests.clone(),
            filter(&self.workspace, analysis, request, goals),
            request.policy.clone(),
            durations.clone(),
            &self.workspace.name,
        );
        let mut plan = Plan::new(analysis, &goals.files, tests.first());
        let mut problems = Problems::default();
        plan.check_lengths(&mut problems);
        problems.extend(run::missing_tool(&shared, &goals.tests)?);
        problems.or(())?;
        plan.expect(|action| {
            let known = durations.expected(&action.label.to_string(), &action.about);
            let known = known.unwrap_or(Duration::from_millis(100));
            match action.test {
                Some(_) => tests.random_rank(action).unwrap_or_else(|| shared.options.rank(known)),
                None => known,
            }
        });
        let planned = plan.len();
        let mut labels = goals.labels.clone();
        let mut all: Vec<Label> = goals.tests.iter().map(|test| test.label.clone()).collect();
        if let Some(recalled) = recalled {
            let (told, others) = recalled.planned();
            labels = told;
            all.extend(others);
        }
        let _ = events.send(Event::Planned { labels, tests: all, actions: planned });
        let known = recalled.map(|recalled| recalled.tell_known(events));
        let mut record = |attempts: &[_], cases: &[_], learned: &[Learned]| {
            let learned: Vec<_> = learned
                .iter()
                .map(|it| (it.label.to_string(), it.what.as_str(), it.duration))
                .collect();
            self.history.record(run, attempts, cases, &learned);
        };
        let executed = run::execute(&shared, &mut plan, &mut tests, &mut record)?;
        let Executed { mut summary, fallen, failed } = executed;
        let of_tests = &tests.summary;
        summary.tests_passed = of_tests.tests_passed;
        summary.tests_cached = of_tests.tests_cached;
        summary.tests_failed = of_tests.tests_failed;
        summary.tests_empty = of_tests.tests_empty;
        summary.tests_not_run = of_tests.tests_not_run;
        summary.cases = of_tests.cases;
        summary.unmatched = of_tests.unmatched.clone();
        summary.seed = request.policy.shuffle;
        let no_case = summary.cases == Default::default() && summary.status() == 0;
        if no_case && fallen.is_empty() && !request.options.dry_run {
            tests.check_index().map_err(Failure::Usage)?;
        }
        let mut delivered = Vec::new();
        if !request.options.dry_run {
            let programs = failed_programs(analysis, &tests.failed);
            delivered = deliver(&shared, &[goals.deliveries.clone(), programs].concat())?;
            if matches!(request.goal, Goal::Build { .. }) {
                let programs = delivered.iter().filter_map(Delivered::program).collect();
                let _ = events.send(Event::Built { programs });
                for Delivered { label, path, .. } in &delivered {
                    let (label, path) = (label.clone(), path.clone());
                    let _ = events.send(Event::Delivered { label, path });
                }
            }
        }
        self.ledger.save_stats(root, &stats.changed());
        if let Some(known) = known {
            summary.add(&Summary { cached: known.cached.saturating_sub(planned), ..known });
        }
        let (rows, unsteady, tool_files) = (stats.seen(), stats.unsteady(), shared.tool_files());
        let unsettled = tests.unsettled();
        let coverage = covered(request, &self.workspace, &shared, goals, &tests)?;
        let (tests, logs, notes) = (tests.finished, tests.logs, tests.notes);
        Ok((
            summary,
            RunOver {
                tests,
                notes,
                logs,
                delivered,
                rows,
                unsteady,
                tool_files,
                planned,
                fallen,
                failed,
                unsettled,
                coverage,
            },
        ))
    }
}

/// Which cases the pattern names, by the tests that its words stand for.
fn filter(
    workspace: &load::Workspace,
    analysis: &Analysis,
    request: &Request,
    goals: &Goals,
) -> Filter {
    let mut filter = request.filter.clone();
    filter.share = request.policy.share.clone().zip(goals.division.clone());
    let mut whole = BTreeSet::new();
    for term in request.pattern.terms.iter().filter(|term| !term.exclude) {
        let named = load::named(workspace, term);
        let targets = named.iter().filter_map(|label| analysis.targets.get(label));
        for test in targets.flat_map(|target| tests_of(analysis, target)) {
            match &term.case {
                Some(case) => {
                    filter.named.entry(test.label.clone()).or_default().insert(case.clone());
                }
                None => {
                    whole.insert(test.label.clone());
                }
            }
        }
    }
    filter.named.retain(|label, _| !whole.contains(label));
    filter
}

/// The programs of failed tests, which are delivered so that they can be looked into.
fn failed_programs(analysis: &Analysis, failed: &[Label]) -> Vec<run::Delivery> {
    let mut res = Vec::new();
    for label in failed {
        let Some(target) = analysis.targets.get(label) else { continue };
        let programs = target.test.iter().flat_map(|test| &test.programs);
        let words = programs.flat_map(|program| &program.words).cloned();
        let words = flatten(&target.run).into_iter().chain(words);
        let files: BTreeSet<_> = words.filter_map(|word| word.file).collect();
        let beside: BTreeSet<_> =
            flatten(&target.beside).iter().flat_map(|word| word.files().to_vec()).collect();
        for file in files {
            let path = analyze::short(analysis.files.path(file)).to_string();
            for own in &beside {
                let path = goals::beside(analysis, *own, &path);
                res.push(run::Delivery { label: label.clone(), file: *own, path });
            }
            res.push(run::Delivery { label: label.clone(), file, path });
        }
    }
    res
}
