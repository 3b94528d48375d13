//! Why the actions of targets would run, or why not: a dry run, and the history.

use super::Failure;
use super::bring::Opened;
use super::chain::{Link, Step, Steps};
use super::excerpt::Contents;
use super::past::MOST;
use super::request::{Control, Goal, Request};
use crate::base::{Doer, Label, Pattern, Selection, Term, Why, listing};
use crate::event::{CaseStanding, Event, Outcome, Standing};
use crate::load;
use crate::run::Stop;
use crate::store::Attempt;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

/// Actions that are named of those that one waits for.
const NAMED: usize = 3;

/// What is to be explained.
pub struct Question {
    /// Which targets.
    pub pattern: Pattern,
    /// Modes of the rules.
    pub modes: BTreeSet<String>,
    /// The user's PATH.
    pub path: String,
}

/// What is known of targets.
pub struct Explained {
    /// Targets with what is known of them, sorted.
    pub targets: Vec<Target>,
    /// Targets that match besides.
    pub left_out: usize,
    /// What the user should know besides.
    pub warnings: Vec<String>,
}

/// What is known of a target.
pub struct Target {
    /// Its label.
    pub label: Label,
    /// Its actions by name.
    pub actions: Vec<Action>,
    /// Its cases in order, as far as they are known.
    pub cases: Vec<(String, CaseStanding)>,
}

/// What is known of an action.
pub struct Action {
    /// What it does.
    pub subject: String,
    /// Whether it would run.
    pub state: State,
    /// When it ran last in this workspace.
    pub last: Option<Attempt>,
}

/// Whether an action would run.
pub enum State {
    /// It would, or may: the way down to what has changed.
    WouldRun(Vec<Link>),
    /// Its result holds.
    UpToDate {
        /// Why.
        standing: Standing,
        /// True if the result was made in this workspace.
        here: bool,
        /// Actions that ran later than it, and made the same outputs as before; each with its run.
        same: Vec<(Doer, i64)>,
    },
    /// It takes no process.
    Written,
}

impl Opened {
    /// Explains all that the pattern matches.
    pub fn explain(&self, question: Question) -> Result<Explained, Failure> {
        let mut labels: Vec<Label> = load::targets(&self.workspace, &question.pattern)?
            .into_iter()
            .map(|(label, _)| label)
            .collect();
        let left_out = labels.len().saturating_sub(MOST);
        labels.truncate(MOST);
        let case = question.pattern.terms.iter().find_map(|term| term.case.clone());
        let is_test = |label: &Label| {
            self.workspace.target(label).is_some_and(|target| target.rule.test.is_some())
        };
        // Named targets are built whatever they are.
        let named = |label: &Label| Term {
            exclude: false,
            selection: Selection::One(label.clone()),
            case: case.clone(),
            text: label.to_string(),
        };
        let goal = match labels.iter().any(is_test) {
            true => Goal::Test,
            false => Goal::Build { all: true, tests: true },
        };
        let pattern = Pattern { terms: labels.iter().map(named).collect() };
        let mut request = Request::new(pattern, goal, &question.path);
        request.options.dry_run = true;
        request.options.explains = labels.iter().cloned().collect();
        request.modes = question.modes;
        let (send, events) = crossbeam_channel::unbounded();
        if !labels.is_empty() {
            let control = Control { stop: Stop::new()?, signals: true };
            let summary = self.bring(&request, None, Instant::now(), &control, send)?;
            if let Some(unmatched) = summary.unmatched.first() {
                return Err(Failure::Usage(format!("there is no case '{unmatched}'")));
            }
        }
        let mut heard = Heard::default();
        events.try_iter().for_each(|event| heard.take(event));
        let warnings = std::mem::take(&mut heard.warnings);
        let targets = self.targets(labels, heard);
        Ok(Explained { targets, left_out, warnings })
    }

    fn targets(&self, labels: Vec<Label>, mut heard: Heard) -> Vec<Target> {
        heard.say_what_may_run();
        let root = &self.workspace.root;
        let contents = Contents { ledger: &self.ledger, cas: &self.cas, root };
        let steps = Steps { by: heard.steps, contents };
        let mut told = BTreeSet::new();
        let mut res = Vec::new();
        for label in labels {
            let name = label.to_string();
            let of_label = |doer: &Doer| doer.label == name;
            let would = steps.by.keys().filter(|doer| of_label(doer)).cloned();
            let mut states: BTreeMap<Doer, Option<Standing>> =
                would.map(|doer| (doer, None)).collect();
            for (doer, standing) in heard.holds.iter().filter(|(doer, _)| of_label(doer)) {
                states.entry(doer.clone()).or_insert_with(|| Some(standing.clone()));
            }
            let mut actions = Vec::new();
            for (doer, standing) in states {
                let state = match standing {
                    None => State::WouldRun(steps.chain(&doer, &mut told)),
                    Some(standing) => self.up_to_date(standing),
                };
                let last = self.last(&doer, i64::MAX);
                actions.push(Action { subject: doer.subject, state, last });
            }
            for doer in heard.written.iter().filter(|doer| of_label(doer)) {
                let subject = doer.subject.clone();
                actions.push(Action { subject, state: State::Written, last: None });
            }
            actions.sort_by(|a, b| a.subject.cmp(&b.subject));
            let cases = heard.cases.remove(&label).unwrap_or_default();
            res.push(Target { label, actions, cases });
        }
        res
    }

    fn up_to_date(&self, standing: Standing) -> State {
        let root = self.workspace.root.display().to_string();
        let here = self.history.run(standing.run).is_none_or(|run| run.workspace == root);
        let same = standing.writers.iter().filter_map(|writer| {
            let last = self.last(writer, i64::MAX)?;
            (last.same && last.run > standing.run).then(|| (writer.clone(), last.run))
        });
        State::UpToDate { same: same.collect(), here, standing }
    }

    fn last(&self, doer: &Doer, until: i64) -> Option<Attempt> {
        let root = self.workspace.root.display().to_string();
        self.history.last_attempt(&root, &doer.label, &doer.subject, until)
    }
}

/// What a dry run told.
#[derive(Default)]
struct Heard {
    steps: BTreeMap<Doer, Step>,
    holds: BTreeMap<Doer, Standing>,
    /// Files that are written without a process.
    written: BTreeSet<Doer>,
    cases: BTreeMap<Label, Vec<(String, CaseStanding)>>,
    warnings: Vec<String>,
}

impl Heard {
    fn take(&mut self, event: Event) {
        let doer = |about: crate::event::About| Doer {
            label: about.label.to_string(),
            subject: about.subject,
        };
        match event {
            Event::WouldRun { about, why } => {
                self.steps.insert(doer(about), Step { verb: WOULD, why });
            }
            Event::UpToDate { about, standing } => {
                self.holds.insert(doer(about), standing);
            }
            Event::ActionFinished { about, end, .. } if end.outcome == Outcome::Passed => {
                let doer = doer(about);
                if !self.holds.contains_key(&doer) {
                    self.written.insert(doer);
                }
            }
            Event::CaseExplained { label, case, standing } => {
                self.cases.entry(label).or_default().push((case, standing));
            }
            Event::Warning(text) => self.warnings.push(text),
            _ => {}
        }
    }

    /// Of those that wait for others it is said for whom, as far as these would run.
    fn say_what_may_run(&mut self) {
        let known: BTreeSet<Doer> = self.steps.keys().cloned().collect();
        for step in self.steps.values_mut().filter(|step| step.why.text == crate::run::AWAITED) {
            let runs = |file: &crate::base::ChangedFile| {
                file.writer.as_ref().is_some_and(|writer| known.contains(writer))
            };
            step.why.files.retain(runs);
            let writers = step.why.files.iter().filter_map(|file| file.writer.as_ref());
            let names = listing(writers.map(|writer| writer.subject.as_str()), NAMED);
            let text = format!("it needs the output of {names}");
            *step = Step { verb: MAY, why: Why { text, ..step.why.clone() } };
        }
    }
}

const WOULD: &str = "would run";
const MAY: &str = "may run";
