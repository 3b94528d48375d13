//! A request, brought from patterns to results.

use super::carry::{Once, RunOver};
use super::goals::{Goals, goals};
use super::nothing::no_cases;
use super::recall::{Recalled, now_ns};
use super::record::{self, Over, Record};
use super::request::{Control, Goal, Places, Request};
use super::scratch::Scratch;
use super::seen::MARGIN;
use super::{Failure, book, coverage};
use crate::analyze::{self, Analysis, Modes};
use crate::base::Label;
use crate::event::{Event, Known, Phase, Summary};
use crate::load::{self, Workspace};
use crate::run::{self, Home, Schedule, Stop};
use crate::store::{Cas, History, Ledger, StatRow};
use crate::testing;
use anyhow::Context;
use crossbeam_channel::Sender;
use std::cell::Cell;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

/// A workspace that was loaded, with its stores.
pub struct Opened {
    pub(super) workspace: Workspace,
    pub(super) cas: Cas,
    pub(super) ledger: Ledger,
    pub(super) history: History,
    /// What is known of the files that a part of the workspace reads.
    pub(super) rows: Option<Vec<StatRow>>,
    places: Places,
    warnings: Vec<String>,
    start_ns: i64,
}

impl Opened {
    /// Loads the workspace with this root, and opens the stores. With `dry_run` nothing is written
    /// into the workspace.
    pub fn open(root: &Path, places: &Places, dry_run: bool) -> Result<Opened, Failure> {
        if !dry_run && outputs_folder(root)? {
            // The root's time has changed by that, and so late that a record would not count.
            std::thread::sleep(MARGIN * 2);
        }
        let start_ns = now_ns();
        Opened::new(load::workspace(root)?, places, None, start_ns)
    }

    /// The same for the part of a workspace that is to be brought again.
    pub fn resume(root: &Path, places: &Places, recalled: &Recalled) -> Result<Opened, Failure> {
        outputs_folder(root)?;
        let start_ns = now_ns();
        let (packages, rows) = recalled.needed();
        let rule_files = &recalled.record.rule_files;
        let workspace = load::part_of_workspace(root, &packages, rule_files)?;
        Opened::new(workspace, places, Some(rows), start_ns)
    }

    fn new(
        workspace: Workspace,
        places: &Places,
        rows: Option<Vec<StatRow>>,
        start_ns: i64,
    ) -> Result<Opened, Failure> {
        let cas = Cas::open(&places.cache)?;
        let (ledger, mut warnings) = Ledger::open(&places.cache);
        let (history, more) = History::open(&places.state);
        warnings.extend(more);
        let places = places.clone();
        Ok(Opened { workspace, cas, ledger, history, rows, places, warnings, start_ns })
    }

    /// Carries out a request. Failures of actions and tests are told by events and counted. Of what is
    /// remembered only the targets that do not hold any more are brought again. The run has begun
    /// at `began`.
    pub fn bring(
        &self,
        request: &Request,
        recalled: Option<Recalled>,
        began: Instant,
        control: &Control,
        events: Sender<Event>,
    ) -> Result<Summary, Failure> {
        let run = Cell::new(0);
        let res = self.bring_as(&run, request, recalled, began, control, events);
        if let Err(failure) = &res {
            self.history.end(run.get(), now_ns(), failure.status(), None);
        }
        self.history.trim(&request.budget, run.get(), now_ns());
        res
    }

    /// The same, under a number in the history that is set once there is one.
    fn bring_as(
        &self,
        number: &Cell<i64>,
        request: &Request,
        recalled: Option<Recalled>,
        began: Instant,
        control: &Control,
        events: Sender<Event>,
    ) -> Result<Summary, Failure> {
        for warning in &self.warnings {
            let _ = events.send(Event::Warning(warning.clone()));
        }
        let selected = match &recalled {
            Some(recalled) => recalled.selected(),
            None => load::targets(&self.workspace, &request.pattern)?,
        };
        let labels: Vec<Label> = selected.iter().map(|(label, _)| label.clone()).collect();
        let apart = request.schedule.unwrap_or_default() != Schedule::Interleaved;
        let enter = |phase| drop(events.send(Event::Phase { phase, apart }));
        enter(Phase::Analyze);
        let mut modes = Modes { active: request.modes.clone(), ..Modes::default() };
        let mut analysis = analyze::analyze(&self.workspace, &labels, &modes)?;
        let mut goals = goals(&analysis, &selected, request)?;
        match &recalled {
            Some(recalled) => {
                let stale = recalled.stale();
                goals.leave_out(&request.filter);
                goals.tests.retain(|test| stale.contains(&test.label));
            }
            None => {
                if let Some(nothing) = &goals.nothing {
                    let _ = events.send(Event::Warning(nothing.clone()));
                }
                goals.check(&self.workspace, request, &labels)?;
            }
        }
        let share = goals.take_share(request);
        let once = self.begin(request, number, control, &events)?;
        let mut options = request.options.clone();
        options.schedule = request.schedule.unwrap_or_default();
        let part = recalled.as_ref();
        let (mut summary, mut over) =
            self.run(request, &analysis, &goals, &once, options.clone(), part, &events)?;
        let mut fell_back = Vec::new();
        let mut covered = over.coverage.take();
        while !over.fallen.is_empty() && !summary.interrupted && summary.cut.is_none() {
            for (label, about) in &over.fallen {
                let Some(fallback) = analysis.fallbacks.get(label) else { continue };
                let (from, to) = (&fallback.from, &fallback.to);
                modes.failed_variants.insert((label.clone(), from.clone()));
                let text = format!(
                    "{label} cannot be built as '{from}' ({about}), so it is built as '{to}'"
                );
                fell_back.push((label.clone(), text));
            }
            enter(Phase::Analyze);
            analysis = analyze::analyze(&self.workspace, &labels, &modes)?;
            goals = super::goals::goals(&analysis, &selected, request)?;
            goals.leave_out(&request.filter);
            goals.take_share(request);
            // What has its verdict keeps it.
            goals.tests.retain(|test| over.unsettled.contains(&test.label));
            let failures = summary.failed + summary.tests_failed;
            options.max_fail = request.options.max_fail.map(|most| most.saturating_sub(failures));
            let (more, then) =
                self.run(request, &analysis, &goals, &once, options.clone(), None, &events)?;
            summary.add(&more);
            over = then;
            coverage::add(&mut covered, over.coverage.take(), &goals);
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
            let counts = book::counts(&summary);
            self.history.end(once.run, now_ns(), summary.status(), Some(counts));
        }
        let warnings =
            [self.cas.take_warnings(), self.ledger.take_warnings(), self.history.take_warnings()]
                .concat();
        let plain = warnings.is_empty() && self.warnings.is_empty() && fell_back.is_empty();
        if let Some(path) = &request.write_durations {
            let workspace = self.workspace.root.display().to_string();
            let durations = self.history.durations(&workspace, None);
            std::fs::write(path, testing::times(&goals.tests, &durations))
                .with_context(|| format!("write {}", path.display()))?;
        }
        if plain && is_whole(&summary) && record::may_recall(request) {
            self.keep_record(request, once.run, recalled, &analysis, &selected, &goals, over);
        }
        for warning in warnings {
            let _ = events.send(Event::Warning(warning));
        }
        summary.wall = began.elapsed();
        summary.share = share;
        summary.coverage = covered.map(Arc::new);
        enter(Phase::Complete);
        let _ = events.send(Event::Finished(summary.clone()));
        Ok(summary)
    }

    fn begin(
        &self,
        request: &Request,
        number: &Cell<i64>,
        control: &Control,
        events: &Sender<Event>,
    ) -> Result<Once, Failure> {
        if !request.options.dry_run {
            number.set(self.history.begin(&book::beginning(&self.workspace.root, request)));
        }
        let once = Once {
            run: number.get(),
            stop: control.stop.clone(),
            scratch: Scratch::new(&self.places.cache.join("exec"))?,
            home: Home {
                name: self.workspace.name.clone(),
                resources: self.workspace.resources.clone(),
                ..Home::default()
            },
        };
        if control.signals {
            let events = events.clone();
            once.stop.listen(move || drop(events.send(Event::StatusAsked)))?;
        } else {
            Stop::reap_only()?;
        }
        Ok(once)
    }

    /// Keeps what a run like this one needs to find what there is to do.
    #[allow(clippy::too_many_arguments)] // each is another part of the run; a struct would repeat them
    fn keep_record(
        &self,
        request: &Request,
        run: i64,
        recalled: Option<Recalled>,
        analysis: &Analysis,
        selected: &[(Label, bool)],
        goals: &Goals,
        over: RunOver,
    ) {
        let root = &self.workspace.root;
        let mut unknown = over.failed;
        unknown.extend(over.unsettled);
        let settled: BTreeSet<&Label> = over.tests.iter().map(|(label, _)| label).collect();
        let again = goals.tests.iter().filter(|it| it.forget || !settled.contains(&it.label));
        unknown.extend(again.map(|test| test.label.clone()));
        let mut others = over.tool_files;
        others.push(request.program.clone());
        let folders = request.options.path.split(':').filter(|folder| folder.starts_with('/'));
        others.extend(folders.map(PathBuf::from));
        let (mut delivered, mut logs) = (over.delivered, over.logs);
        if matches!(request.goal, Goal::Test) {
            // Programs of failed tests are there, but nobody asked for them.
            logs.extend(delivered.drain(..).map(|it| (it.label, root.join(it.path))));
        }
        let over = Over {
            selected,
            asked: &goals.labels,
            tests: &over.tests,
            notes: &over.notes,
            delivered: &delivered,
            logs: &logs,
            unknown: &unknown,
            warnings: goals.nothing.as_slice(),
            actions: over.planned,
            rows: over.rows,
            unsteady: over.unsteady.into_iter().collect(),
            denied: self.ledger.denied(),
            others,
            start_ns: self.start_ns,
            now: Known { run, time: (now_ns() / 1_000_000_000) as u64 },
        };
        // Without a record the next run is slower, and no less right.
        let _ = match recalled {
            Some(recalled) => recalled.renew(root, &over),
            None => Record::new(&self.workspace, analysis, &over)
                .map(|record| record.keep(&record::file(root, &self.places, request))),
        };
    }
}

/// True if a run has come to all that it was to do, whatever came of it.
fn is_whole(summary: &Summary) -> bool {
    let whole = !summary.interrupted && summary.cut.is_none();
    whole && summary.broken == 0 && summary.unmatched.is_empty()
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
