//! Why actions ran in an earlier run, or did not, from the history and the store alone: nothing is
//! loaded, so it works whatever the workspace holds by now.

use super::Failure;
use super::chain::{Link, Step, Steps};
use super::excerpt::Contents;
use super::idle::Others;
use super::request::Places;
use crate::base::{Doer, Label, PackageName, Pattern, Selection, Term};
use crate::load;
use crate::store::{Attempt, Cas, History, Ledger, RunRecord};
use anyhow::anyhow;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Reasons that are told of one action.
const REASONS: usize = 5;

/// Targets that are explained at once.
pub(super) const MOST: usize = 100;

/// What is said where there is no run.
pub(super) const NOTHING: &str =
    "nothing has run in this workspace yet, or its history was removed";

/// The runs of a workspace.
pub struct Past {
    root: PathBuf,
    cas: Cas,
    ledger: Ledger,
    pub(super) history: History,
}

/// What is known of a target in a run.
pub struct Then {
    /// Its label.
    pub label: String,
    /// Its actions by name, with what is known of them.
    pub actions: Vec<(String, Did)>,
}

/// What an action did in a run.
pub enum Did {
    /// It ran, perhaps several times: the way down to what had changed.
    Run(Vec<Attempt>, Vec<Link>),
    /// It did not run: why, as far as that is known, and when it had run last.
    Nothing(Vec<String>, Box<Attempt>),
}

impl Past {
    /// Opens the history of the workspace with this root, and what the user should be told about it.
    /// One that cannot be used is an error: it is all that is asked for.
    pub fn open(root: &Path, places: &Places) -> Result<(Past, Vec<String>), Failure> {
        let cas = Cas::open(&places.cache)?;
        let (ledger, mut warnings) = Ledger::open(&places.cache);
        let history = History::look_into(&places.state).map_err(|text| anyhow!(text))?;
        warnings.extend(history.take_warnings());
        Ok((Past { root: root.to_path_buf(), cas, ledger, history }, warnings))
    }

    /// What `look` finds; an error if it met something that cannot be read.
    pub fn answer<T>(&self, look: impl FnOnce(&Past) -> Result<T, Failure>) -> Result<T, Failure> {
        let found = look(self);
        match self.history.take_warnings().first() {
            Some(text) => Err(Failure::World(anyhow!(text.clone()))),
            None => found,
        }
    }

    pub(super) fn workspace(&self) -> String {
        self.root.display().to_string()
    }

    /// The pattern with targets in place of what else stands for them, such as a file. Of what is
    /// known by its name the workspace is not asked: what is gone has a past, too.
    pub fn resolved(&self, pattern: &Pattern) -> Result<Pattern, Failure> {
        let known = |label: &Label| {
            let label = BTreeSet::from([label.to_string()]);
            !self.history.runs_with(&self.workspace(), &label).is_empty()
        };
        let mut workspace = None;
        let mut terms = Vec::new();
        for term in &pattern.terms {
            let is_known = match &term.selection {
                Selection::One(label) => known(label),
                Selection::All(_) | Selection::Below(_) => true,
            };
            if is_known {
                terms.push(term.clone());
                continue;
            }
            let workspace = match &mut workspace {
                Some(workspace) => workspace,
                none => none.insert(load::workspace(&self.root)?),
            };
            let meant = load::named(workspace, term);
            if meant.is_empty() {
                // It says what is wrong with the name.
                load::targets(workspace, &Pattern { terms: vec![term.clone()] })?;
            }
            let one = |label| Term { selection: Selection::One(label), ..term.clone() };
            terms.extend(meant.into_iter().map(one));
        }
        Ok(Pattern { terms })
    }

    /// A run by its number, or the last one.
    pub fn run(&self, number: Option<i64>) -> Result<RunRecord, Failure> {
        let last = self.history.last_run(&self.workspace());
        let Some(number) = number else {
            return last.ok_or_else(|| Failure::Usage(NOTHING.to_string()));
        };
        let latest = self.history.runs(&self.workspace(), 1).into_iter().next();
        let Some(latest) = latest else { return Err(Failure::Usage(NOTHING.to_string())) };
        let why = match self.history.run(number) {
            Some(run) if run.workspace == self.workspace() => return Ok(run),
            Some(_) => format!("run {number} is one of another workspace"),
            None if number > latest.id => format!("there is no run {number} yet"),
            None => format!("there is no run {number}, or it is too long ago"),
        };
        let first = self.history.first_run(&self.workspace()).unwrap_or(latest.id);
        let known = match first == latest.id {
            true => format!("the only one of this workspace is {first}"),
            false => format!("those of this workspace are from {first} to {}", latest.id),
        };
        Err(Failure::Usage(format!("{why}; {known}")))
    }

    /// All that ran in a run, by target and action.
    pub fn attempts(&self, run: &RunRecord) -> Vec<Attempt> {
        self.history.attempts(run.id)
    }

    /// The latest run of the workspace in which something ran.
    pub fn last_busy(&self) -> Option<i64> {
        self.history.last_busy_run(&self.workspace()).map(|run| run.id)
    }

    /// Explains what was done in a run for all that the pattern matches; and how many targets match
    /// besides.
    pub fn explain(&self, run: &RunRecord, pattern: &Pattern) -> (Vec<Then>, usize) {
        let attempts = self.attempts(run);
        let mut labels = labels(pattern, attempts.iter().map(|it| it.label.as_str()));
        let left_out = labels.len().saturating_sub(MOST);
        labels = labels.into_iter().take(MOST).collect();
        let contents = Contents { ledger: &self.ledger, cas: &self.cas, root: &self.root };
        let steps = Steps { by: steps(&attempts), contents };
        let mut ran: BTreeMap<Doer, Vec<Attempt>> = BTreeMap::new();
        for attempt in attempts.iter().filter(|attempt| labels.contains(&attempt.label)) {
            ran.entry(doer(attempt)).or_default().push(attempt.clone());
        }
        let idle = self.idle(run, &labels, &ran);
        let others = Others::new(&self.ledger, &attempts, idle.values());
        let mut told = BTreeSet::new();
        let mut did: BTreeMap<Doer, Did> = BTreeMap::new();
        for (doer, attempts) in ran {
            let chain = steps.chain(&doer, &mut told);
            did.insert(doer, Did::Run(attempts, chain));
        }
        for (doer, last) in idle {
            did.insert(doer, Did::Nothing(others.why_not(&last), Box::new(last)));
        }
        let mut res: BTreeMap<String, Then> = BTreeMap::new();
        for label in labels {
            res.insert(label.clone(), Then { label, actions: Vec::new() });
        }
        for (doer, did) in did {
            if let Some(then) = res.get_mut(&doer.label) {
                then.actions.push((doer.subject, did));
            }
        }
        (res.into_values().collect(), left_out)
    }

    /// The last attempts of actions of these targets that did not run in a run.
    fn idle(
        &self,
        run: &RunRecord,
        labels: &BTreeSet<String>,
        ran: &BTreeMap<Doer, Vec<Attempt>>,
    ) -> BTreeMap<Doer, Attempt> {
        let workspace = self.workspace();
        let mut res = BTreeMap::new();
        for label in labels {
            for subject in self.history.actions(&workspace, label, run.id) {
                let doer = Doer { label: label.clone(), subject };
                if ran.contains_key(&doer) {
                    continue;
                }
                let last = self.history.last_attempt(&workspace, label, &doer.subject, run.id);
                res.extend(last.map(|last| (doer, last)));
            }
        }
        res
    }
}

/// What is known of each action that ran; of one that ran several times the first few reasons.
fn steps(attempts: &[Attempt]) -> BTreeMap<Doer, Step> {
    let mut res: BTreeMap<Doer, Step> = BTreeMap::new();
    for attempt in attempts {
        let why = &attempt.why;
        let Some(known) = res.get_mut(&doer(attempt)) else {
            res.insert(doer(attempt), Step { verb: "ran", why: why.clone() });
            continue;
        };
        let told: Vec<&str> = known.why.text.split("; ").collect();
        if told.len() < REASONS && !told.contains(&why.text.as_str()) {
            known.why.text.push_str(&format!("; {}", why.text));
            known.why.files.extend(why.files.iter().cloned());
        }
    }
    res
}

fn doer(attempt: &Attempt) -> Doer {
    Doer { label: attempt.label.clone(), subject: attempt.action.clone() }
}

/// Targets that a pattern names, and those among the known ones that it matches; sorted.
pub(super) fn labels<'a>(
    pattern: &Pattern,
    known: impl Iterator<Item = &'a str>,
) -> BTreeSet<String> {
    let known: Vec<&str> = known.collect();
    let package = |label: &str| -> Option<PackageName> {
        Label::parse(label, &PackageName::main("")).ok().map(|label| label.package)
    };
    let mut res = BTreeSet::new();
    for Term { exclude, selection, .. } in &pattern.terms {
        let matches = |label: &str| match selection {
            Selection::One(one) => one.to_string() == label,
            many => package(label).is_some_and(|package| many.reaches(&package)),
        };
        if *exclude {
            res.retain(|label: &String| !matches(label));
            continue;
        }
        res.extend(known.iter().filter(|label| matches(label)).map(|label| label.to_string()));
        if let Selection::One(label) = selection {
            res.insert(label.to_string());
        }
    }
    res
}
