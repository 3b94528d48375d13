//! What the coordinator tells of actions that have ended, and what whoever reads them makes of it.

use super::prepare::Inputs;
use super::session::Shared;
use crate::analyze::Action;
use crate::base::{Digest, Label};
use crate::event::{Event, Origin, Outcome, Summary};
use crate::store::{Attempt, CaseAttempt, CaseRow, Last, ResultRow};
use anyhow::Result;
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, SystemTime};

/// An action that has ended.
pub struct Finished<'a> {
    /// Which.
    pub action: &'a Action,
    /// How.
    pub outcome: &'a Outcome,
    /// Whether a process was started.
    pub origin: Origin,
    /// When it began.
    pub began: SystemTime,
    /// What it left behind.
    pub row: &'a ResultRow,
    /// Its key, if it is known what it was made of.
    pub key: Option<Digest>,
    /// What its process has read, if one was started.
    pub inputs: &'a Inputs,
}

/// What a run came to.
#[derive(Default)]
pub struct Executed {
    /// Its counts.
    pub summary: Summary,
    /// Targets that could not be built in their variant but have another one, each with the action
    /// that failed and why: that is not counted, and what needs it is left undone.
    pub fallen: BTreeMap<Label, String>,
    /// Targets of which an action failed.
    pub failed: BTreeSet<Label>,
}

/// A further action, whose inputs are all there.
pub struct Next {
    /// Which.
    pub action: Action,
    /// How long it is expected to take; as long as what it follows from if nobody knows.
    pub expected: Option<Duration>,
    /// It is not started before this time has passed.
    pub delay: Duration,
}

/// How long something took, which teaches what to expect of it.
pub struct Learned {
    /// The target.
    pub label: Label,
    /// What it was: an action in words, or `#case`.
    pub what: String,
    /// The time.
    pub duration: Duration,
}

/// What an attempt of a case came to, for the history.
pub struct Tried {
    /// Its name; empty if the program is the only one of its test.
    pub name: String,
    /// Its key, if it is known what it was made of.
    pub key: Option<Digest>,
    /// How it ended, in words.
    pub outcome: String,
    /// How long it took, if that is known.
    pub duration: Option<Duration>,
}

/// What follows from an action that has ended.
#[derive(Default)]
pub struct Follow {
    /// Further actions.
    pub actions: Vec<Next>,
    /// How long cases took.
    pub learned: Vec<Learned>,
    /// Attempts of cases, if a process was started.
    pub tried: Vec<Tried>,
    /// Results of cases that are to be kept.
    pub cases: Vec<(Digest, CaseRow)>,
    /// What these were made of, for explanations.
    pub last: Option<(Digest, Last)>,
    /// True if one of these ends a pass that was known before.
    pub denies: bool,
    /// Events that are to be sent once these are kept.
    pub events: Vec<Event>,
    /// True if the process ended well but what it told is a failure.
    pub failed: bool,
    /// Cases of the process that had failed before, and how often.
    pub flaky: Vec<(String, u32)>,
}

/// Whoever makes more actions from results while the plan is carried out.
pub trait Grow {
    /// An action has ended.
    fn finished(&mut self, shared: &Shared, finished: Finished) -> Result<Follow>;
    /// An action can't be carried out, since something it needs was not made.
    fn not_run(&mut self, action: &Action, because: &Label) -> Follow;
    /// The run has ended before everything was carried out; why.
    fn left(&mut self, shared: &Shared, why: &str) -> Result<Follow>;
}

/// Takes attempts of actions and of cases for the history, and how long things took.
pub type Record<'a> = &'a mut dyn FnMut(&[Attempt], &[CaseAttempt], &[Learned]);
