//! Why actions did not run in a run in which others did, from what was kept of all of them.

use crate::analyze::short;
use crate::run::{Named, inputs_and_outputs};
use crate::store::{Attempt, Ledger};
use std::collections::{BTreeSet, HashMap};

/// Reasons that are told of one action.
const REASONS: usize = 5;

/// What others did, as far as it matters to those that did not run.
pub(super) struct Others<'a> {
    ledger: &'a Ledger,
    /// What is to be said of who reads a file, by its short path.
    made: HashMap<String, String>,
    /// Files of the workspace that had changed.
    changed: BTreeSet<&'a str>,
}

impl<'a> Others<'a> {
    /// `attempts` are all of the run, `idle` the last ones of actions that did not run in it.
    pub fn new<'i>(
        ledger: &'a Ledger,
        attempts: &'a [Attempt],
        idle: impl Iterator<Item = &'i Attempt>,
    ) -> Others<'a> {
        let files = attempts.iter().flat_map(|attempt| &attempt.why.files);
        let sources = files.filter(|file| file.writer.is_none());
        let changed = sources.map(|file| file.path.as_str()).collect();
        let mut res = Others { ledger, made: HashMap::new(), changed };
        for attempt in idle {
            res.add(attempt, format!("{}, whose output it reads, did not run", attempt.action));
        }
        for attempt in attempts.iter().filter(|attempt| attempt.same) {
            let subject = &attempt.action;
            res.add(attempt, format!("{subject} ran, but its output was the same as before"));
        }
        res
    }

    fn add(&mut self, attempt: &Attempt, text: String) {
        for output in self.facts(attempt).into_iter().flat_map(|facts| facts.outputs) {
            self.made.insert(short(&output).to_string(), text.clone());
        }
    }

    fn facts(&self, attempt: &Attempt) -> Option<Named> {
        let bytes = self.ledger.text(&attempt.manifest?)?;
        Some(inputs_and_outputs(&String::from_utf8_lossy(&bytes)))
    }

    /// Why an action did not run whose last attempt this is: what it reads came out as before, or it
    /// does not read what had changed. Nothing if that is not known.
    pub fn why_not(&self, last: &Attempt) -> Vec<String> {
        let Some(own) = self.facts(last) else { return Vec::new() };
        let mut reasons = BTreeSet::new();
        for input in own.read.iter().chain(&own.unread) {
            // A test finds its inputs in a folder that has the name of the workspace.
            let below = input.split_once('/').and_then(|(_, rest)| self.made.get(rest));
            reasons.extend(self.made.get(short(input)).or(below).cloned());
        }
        let unread = own.unread.iter().filter(|path| self.changed.contains(path.as_str()));
        reasons.extend(unread.map(|path| format!("{path} changed, but it does not read it")));
        reasons.into_iter().take(REASONS).collect()
    }
}
