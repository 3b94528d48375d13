//! A request, brought from patterns to results.

use super::Failure;
use super::goals::{Goals, goals, tests_of};
use super::nothing::{no_cases, no_tests};
use super::recall;
use super::request::{Goal, Places, Request};
use super::scratch::Scratch;
use crate::analyze::{self, Analysis, Modes, flatten};
use crate::base::{Label, Problems};
use crate::event::{Case, Event, Summary};
use crate::graph::Plan;
use crate::load::{self, Workspace};
use crate::run::{self, Executed, Home, Learned, Options, Shared, Stop, deliver};
use crate::store::{Cas, History, Ledger, RunRecord, StatCache};
use crate::testing::{self, Filter, Tests};
use anyhow::Context;
use crossbeam_channel::Sender;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

/// A workspace that was loaded, with its stores.
pub struct Session {
    pub(super) workspace: Workspace,
    cas: Cas,
    ledger: Ledger,
    pub(super) history: History,
    places: Places,
    warnings: Vec<String>,
    start_ns: i64,
}

impl Session {
    /// Loads the workspace with this root, and opens the stores. With `dry_run` nothing is written
    /// into the workspace.
    pub fn open(root: &Path, places: &Places, dry_run: bool) -> Result<Session, Failure> {
        if !dry_run && outputs_folder(root)? {
            // The root's time has changed by that, and so late that a record would not count.
            std::thread::sleep(super::recall::MARGIN * 2);
        }
        let start_ns = now_ns();
        let workspace = load::workspace(root)?;
        let cas = Cas::open(&places.cache)?;
        let (ledger, mut warnings) = Ledger::open(&places.cache);
        let (history, more) = History::open(&places.state);
        warnings.extend(more);
        let places = places.clone();
        Ok(Session { workspace, cas, ledger, history, places, warnings, start_ns })
    }

    /// Carries out a request. Failures of actions and tests are told by events and counted.
    pub fn bring(&self, request: &Request, events: Sender<Event>) -> Result<Summary, Failure> {
        let began = Instant::now();
        for warning in &self.warnings {
            let _ = events.send(Event::Warning(warning.clone()));
        }
        let selected = load::targets(&self.workspace, &request.pattern)?;
        let labels: Vec<Label> = selected.iter().map(|(label, _)| label.clone()).collect();
        let mut modes = Modes { active: request.modes.clone(), ..Modes::default() };
        let mut analysis = analyze::analyze(&self.workspace, &labels, &modes)?;
        let mut goals = goals(&analysis, &selected, request)?;
        if let Some(nothing) = &goals.nothing {
            let _ = events.send(Event::Warning(nothing.clone()));
        }
        if matches!(request.goal, Goal::Test) && goals.tests.is_empty() {
            return Err(Failure::NoTests(no_tests(&self.workspace, &labels)));
        }
        goals.leave_out(&request.filter);
        if matches!(request.goal, Goal::Test) && goals.tests.is_empty() {
            return Err(Failure::NoTests(no_cases(request, &goals.labels)));
        }
        goals.check_index(&request.filter).map_err(Failure::Usage)?;
        let share = goals.take_share(request);
        let record = RunRecord {
            id: 0,
            start_ns: now_ns(),
            end_ns: None,
            workspace: self.workspace.root.display().to_string(),
            command: request.command.clone(),
            exit: None,
            version: env!("CARGO_PKG_VERSION").to_string(),
        };
        let run = if request.options.dry_run { 0 } else { self.history.begin(&record) };
        let once = Once {
            run,
            stop: Stop::new()?,
            scratch: Scratch::new(&self.places.cache.join("exec"))?,
            home: Home {
                name: self.workspace.name.clone(),
                resources: self.workspace.resources.clone(),
                ..Home::default()
            },
        };
        once.stop.listen()?;
        let mut options = request.options.clone();
        options.schedule = request.schedule.unwrap_or_default();
        let (mut summary, mut over) =
            self.run(request, &analysis, &goals, &once, options.clone(), &events)?;
        let mut fell_back = Vec::new();
        while !over.fallen.is_empty() && !summary.interrupted && summary.cut.is_none() {
            for (label, about) in &over.fallen {
                let Some(fallback) = analysis.fallbacks.get(label) else { continue };
                let (from, to) = (&fallback.from, &fallback.to);
                modes.failed_variants.insert((label.clone(), from.clone()));
                let text = format!(
                    "{label} cannot be built as '{from}' ({about} fails), so it is built as '{to}'"
                );
                fell_back.push((label.clone(), text));
            }
            analysis = analyze::analyze(&self.workspace, &labels, &modes)?;
            goals = super::goals::goals(&analysis, &selected, request)?;
            goals.leave_out(&request.filter);
            goals.take_share(request);
            // What has its verdict keeps it.
            goals.tests.retain(|test| over.unsettled.contains(&test.label));
            let failures = summary.failed + summary.tests_failed;
            options.max_fail = request.options.max_fail.map(|most| most.saturating_sub(failures));
            let (more, then) =
                self.run(request, &analysis, &goals, &once, options.clone(), &events)?;
            summary.add(&more);
            over = then;
        }
        run::end_all();
        let nothing_ran = summary.cases == Default::default() && summary.tests_not_run == 0;
        let asked = !request.options.dry_run && request.policy.share.is_none();
        if nothing_ran && asked && !goals.tests.is_empty() && matches!(summary.status(), 0 | 4) {
            return Err(Failure::NoTests(no_cases(request, &goals.labels)));
        }
        for (label, text) in &fell_back {
            // An error that is told already has nothing to do with the variant.
            if !over.failed.contains(label) {
                let _ = events.send(Event::Warning(text.clone()));
            }
        }
        if !request.options.dry_run {
            self.history.end(run, now_ns(), summary.status());
        }
        let warnings =
            [self.cas.take_warnings(), self.ledger.take_warnings(), self.history.take_warnings()]
                .concat();
        let plain = warnings.is_empty() && self.warnings.is_empty() && fell_back.is_empty();
        if let Some(path) = &request.write_durations {
            let durations = self.history.durations(&self.workspace.root.display().to_string());
            std::fs::write(path, testing::times(&goals.tests, &durations))
                .with_context(|| format!("write {}", path.display()))?;
        }
        let forgets = goals.tests.iter().any(|test| test.forget);
        if plain && is_good(&summary) && recall::may_recall(request) && !forgets {
            self.keep_record(request, &goals, &over);
        }
        for warning in warnings {
            let _ = events.send(Event::Warning(warning));
        }
        summary.wall = began.elapsed();
        summary.share = share;
        let _ = events.send(Event::Finished(summary.clone()));
        Ok(summary)
    }

    fn run(
        &self,
        request: &Request,
        analysis: &Analysis,
        goals: &Goals,
        once: &Once,
        options: Options,
        events: &Sender<Event>,
    ) -> Result<(Summary, RunOver), Failure> {
        let run = once.run;
        let root = &self.workspace.root;
        let stats = StatCache::new(root, self.ledger.load_stats(root));
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
        let durations = self.history.durations(&root.display().to_string());
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
        problems.or(())?;
        plan.expect(|action| {
            let known = durations.expected(&action.label.to_string(), &action.about);
            let known = known.unwrap_or(Duration::from_millis(100));
            match action.test {
                Some(_) => tests.random_rank(action).unwrap_or_else(|| shared.options.rank(known)),
                None => known,
            }
        });
        let _ = events.send(Event::Planned {
            labels: goals.labels.clone(),
            tests: goals.tests.iter().map(|test| test.label.clone()).collect(),
            actions: plan.len(),
        });
        let planned = plan.len();
        let mut record = |attempts: &[_], learned: &[Learned]| {
            let learned: Vec<_> = learned
                .iter()
                .map(|it| (it.label.to_string(), it.what.as_str(), it.duration))
                .collect();
            self.history.record(run, attempts, &learned);
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
            for (_, path) in &delivered {
                if matches!(request.goal, Goal::Build { .. }) {
                    let _ = events.send(Event::Delivered { path: path.clone() });
                }
            }
        }
        self.ledger.save_stats(root, &stats.changed());
        let read = [stats.seen(), shared.tool_files()].concat();
        let unsettled = tests.unsettled();
        let (tests, logs, notes) = (tests.finished, tests.logs, tests.notes);
        Ok((
            summary,
            RunOver { tests, notes, logs, delivered, read, planned, fallen, failed, unsettled },
        ))
    }

    /// Keeps what a run like this one needs to find that there is nothing to do.
    fn keep_record(&self, request: &Request, goals: &Goals, over: &RunOver) {
        let root = &self.workspace.root;
        let outputs = root.join("eng-out");
        let mut read = self.workspace.read.clone();
        read.extend(over.read.iter().filter(|path| !path.starts_with(&outputs)).cloned());
        read.push(request.program.clone());
        read.push(self.ledger.denied().to_path_buf());
        read.extend(
            request
                .options
                .path
                .split(':')
                .filter(|folder| folder.starts_with('/'))
                .map(PathBuf::from),
        );
        let mut made = over.logs.clone();
        made.extend(over.delivered.iter().map(|(_, path)| root.join(path)));
        let told = recall::Told {
            labels: &goals.labels,
            tests: &over.tests,
            notes: &over.notes,
            delivered: &over.delivered,
            warnings: goals.nothing.as_slice(),
            actions: over.planned,
        };
        let file = recall::file(root, &self.places, request);
        let _ = recall::keep(&file, &told, read, made, self.start_ns);
    }
}

/// What the parts of a run share, as when a target is built once more in another variant.
struct Once {
    /// Its number in the history.
    run: i64,
    stop: Stop,
    scratch: Scratch,
    home: Home,
}

/// What is left of a run when it is over.
struct RunOver {
    tests: Vec<(Label, Vec<Case>)>,
    notes: BTreeMap<Label, Vec<String>>,
    logs: Vec<PathBuf>,
    delivered: Vec<(Label, String)>,
    read: Vec<PathBuf>,
    /// Actions that were planned before any listing was read.
    planned: usize,
    /// Targets that are to be built in another variant.
    fallen: BTreeMap<Label, String>,
    /// Targets of which an action failed.
    failed: BTreeSet<Label>,
    /// Tests that have neither a verdict nor a reason why not.
    unsettled: BTreeSet<Label>,
}

fn is_good(summary: &Summary) -> bool {
    let bad = summary.failed + summary.broken + summary.skipped;
    let whole = !summary.interrupted && summary.cut.is_none();
    bad + summary.tests_failed + summary.tests_not_run == 0 && whole
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
        for file in files {
            let path = analyze::short(analysis.files.path(file)).to_string();
            res.push(run::Delivery { label: label.clone(), file, path });
        }
    }
    res
}

/// Makes `eng-out` with the files that keep it out of version control and of backups; true if it
/// was not there.
fn outputs_folder(root: &Path) -> anyhow::Result<bool> {
    let folder = root.join("eng-out");
    if folder.join("CACHEDIR.TAG").exists() {
        return Ok(false);
    }
    let write = |name: &str, text: &str| {
        let path = folder.join(name);
        std::fs::write(&path, text).with_context(|| format!("write {}", path.display()))
    };
    std::fs::create_dir_all(&folder)
        .with_context(|| format!("create the folder {}", folder.display()))?;
    write(".gitignore", "*\n")?;
    write("CACHEDIR.TAG", "Signature: 8a477f597d28d172789f06886806bc55\n# Outputs of eng.\n")?;
    Ok(true)
}

fn now_ns() -> i64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_nanos() as i64
}
