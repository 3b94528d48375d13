//! Why cases have to run: from what the results of all cases of a program were made of the last time,
//! and from what is known of each.

use super::rows;
use crate::analyze::Test;
use crate::base::{Digest, Why};
use crate::run::{CaseKeys, NEVER, Shared};
use crate::store::{Batch, CaseRow, Last};
use anyhow::Result;

/// Cases that are told by name of those that one process runs for different reasons.
const NAMED: usize = 3;

/// Why the cases of one program have to run.
pub(super) struct Causes<'a> {
    shared: &'a Shared<'a>,
    keys: &'a CaseKeys<'a>,
    /// Under which name it is kept what they were made of.
    name: Digest,
    last: Option<Last>,
    reading: &'a str,
    /// The same for all cases of which nothing is known; found once it is asked for.
    common: Option<Why>,
    forgets: bool,
    missing: bool,
}

impl<'a> Causes<'a> {
    pub fn new(
        shared: &'a Shared<'a>,
        keys: &'a CaseKeys<'a>,
        test: &Test,
        program: usize,
        reading: &'a str,
    ) -> Causes<'a> {
        let name = shared.last_key(&test.label.to_string(), &format!("cases {program}"));
        let last = shared.ledger.last(&name);
        let forgets = test.forget;
        Causes { shared, keys, name, last, reading, common: None, forgets, missing: false }
    }

    /// Why a case has to run, whose row is this.
    pub fn of(&mut self, row: Option<&CaseRow>) -> Why {
        self.missing = true;
        match row {
            Some(row) => Why::text(rows::why_again(row)),
            None => match &self.common {
                Some(why) => why.clone(),
                None => self.common.insert(self.common()).clone(),
            },
        }
    }

    fn common(&self) -> Why {
        let options = &self.shared.options;
        let Some(last) = &self.last else { return Why::text(NEVER) };
        if options.no_cache {
            return Why::text("--no-cache asks for it");
        }
        if options.fresh_tests {
            return Why::text("--fresh asks for it");
        }
        if self.forgets {
            return Why::text(FORGETS);
        }
        let changes = self.keys.changes(self.shared, &last.manifest, self.reading);
        changes.unwrap_or_else(|| Why::text("it has no result yet"))
    }

    /// Keeps what the cases are made of: at once if all have results, else for when they have. Gives
    /// what is to be kept then.
    pub fn keep(self) -> Result<Option<(Digest, Last)>> {
        let key = self.keys.common(self.reading);
        if self.last.is_some_and(|last| last.key == key) || self.shared.options.dry_run {
            return Ok(None);
        }
        let manifest = self.keys.keep(self.shared, self.reading)?;
        let now = (self.name, Last { manifest, key });
        if self.missing {
            return Ok(Some(now));
        }
        self.shared.add_pending(Batch { last: vec![now], ..Batch::default() });
        Ok(None)
    }
}

/// What is said of a test whose tags say so.
pub(super) const FORGETS: &str =
    "its results are not kept, since it has the tag external or no-cache";

/// The reason of a process that runs several cases: theirs if they have the same one.
pub(super) fn together(causes: &[(&str, &Why)]) -> Why {
    let Some((_, first)) = causes.first() else { return Why::default() };
    let mut why = (*first).clone();
    if causes.iter().any(|(_, why)| why.text != first.text) {
        let each: Vec<String> =
            causes.iter().take(NAMED).map(|(name, why)| format!("{name}: {}", why.text)).collect();
        why.text = each.join("; ");
        if causes.len() > NAMED {
            why.text.push_str(&format!("; and {} more cases", causes.len() - NAMED));
        }
        for (_, other) in causes {
            let known = why.files.clone();
            why.files.extend(other.files.iter().filter(|file| !known.contains(file)).cloned());
        }
    }
    why.bounded()
}
