//! Actions that failed or printed something, and what they keep from being built. Equal errors,
//! such as those of one broken file that many include, are told once.

use super::failure;
use super::output::{neutral, of_file};
use super::style::{Style, Tone, count};
use crate::base::{Label, PackageName, listing};
use crate::event::{About, ActionEnd};
use std::collections::{BTreeMap, BTreeSet};

/// Packages that are named of those that a failure blocks.
const NAMED: usize = 5;

/// What actions came to.
#[derive(Default)]
pub(super) struct Actions {
    /// In the order in which they are told at the end.
    told: BTreeSet<Telling>,
    /// Targets of actions that were not carried out, and because of which.
    skipped: BTreeMap<Label, Label>,
    /// Packages in which something was not carried out, by the target because of which.
    blocked: BTreeMap<Label, BTreeSet<PackageName>>,
}

/// An action that is told.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Telling {
    /// Failures come last, where people look first.
    failed: bool,
    label: Label,
    subject: String,
    text: String,
    /// The first line, for one whose error was told before.
    title: String,
    /// What makes two errors equal; may be empty.
    error: String,
}

impl Actions {
    /// Takes an action that failed, or that printed something; gives what is to be said of it at
    /// once, if it is.
    pub fn take(&mut self, style: &Style, about: About, end: &ActionEnd, failed: bool) -> String {
        let (text, title, error) = match failed {
            true => (
                failure::failed(style, &about, end),
                failure::first_line(style, &about, end),
                end.output.as_ref().map(|(path, _)| errors(&of_file(path, false))),
            ),
            false => (failure::talked(style, &about, end), String::new(), None),
        };
        let error = error.unwrap_or_default();
        let (label, subject) = (about.label, about.subject);
        let telling = Telling { failed, label, subject, text, title, error };
        let res = match self.told.contains(&telling) {
            true => String::new(),
            false => self.text(&telling, self.told.iter()),
        };
        self.told.insert(telling);
        res
    }

    /// The text of an action, shorter if one of the others has the same error.
    fn text<'a>(&self, one: &Telling, others: impl Iterator<Item = &'a Telling>) -> String {
        let same = |other: &&Telling| {
            other.failed && one.failed && !one.error.is_empty() && other.error == one.error
        };
        match { others }.find(same) {
            Some(first) => format!("{}: the same error as {}\n\n", one.title, first.label),
            None => one.text.clone(),
        }
    }

    /// All that was taken, in order.
    pub fn all(&self) -> String {
        let before = |at: usize| self.told.iter().take(at);
        let texts = self.told.iter().enumerate().map(|(at, one)| self.text(one, before(at)));
        texts.collect()
    }

    /// True if there is nothing to tell.
    pub fn is_empty(&self) -> bool {
        self.told.is_empty()
    }

    /// Takes an action that is not carried out.
    pub fn skip(&mut self, label: Label, because: Label) {
        if label != because {
            let packages = self.blocked.entry(because.clone()).or_default();
            packages.insert(label.package.clone());
        }
        // Of several reasons the first by name is given, whichever came first in time.
        let known = self.skipped.entry(label).or_insert_with(|| because.clone());
        if because < *known {
            *known = because;
        }
    }

    /// Targets that were not built, and because of which.
    pub fn take_skipped(&mut self) -> BTreeMap<Label, Label> {
        std::mem::take(&mut self.skipped)
    }

    /// The lines that list what failed.
    pub fn listed(&self, style: &Style) -> BTreeSet<String> {
        let word = style.paint(Tone::Bad, "FAILED");
        let line = |one: &Telling| {
            let title = format!("{}: {}", one.label, neutral(&one.subject, false));
            format!("{word}  {title}{}", self.blocks(&one.label))
        };
        self.told.iter().filter(|one| one.failed).map(line).collect()
    }

    fn blocks(&self, label: &Label) -> String {
        let Some(packages) = self.blocked.get(label) else { return String::new() };
        let others: Vec<String> = packages
            .iter()
            .filter(|package| **package != label.package)
            .map(|package| format!("//{}", package.path))
            .collect();
        if others.is_empty() {
            return String::new();
        }
        let names = listing(others.iter().map(String::as_str), NAMED);
        format!(" (blocks {}: {names})", count(others.len(), "package"))
    }
}

/// The lines of an output that tell errors at a place, or all of it if there are none. The way on
/// which a file came to be included is no part of the error in it.
fn errors(text: &str) -> String {
    let at_place = |line: &&str| {
        let mut parts = line.splitn(3, ':');
        let (file, number) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let is_file = !file.is_empty() && !file.contains(' ');
        let is_line = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
        is_file && is_line && parts.next().is_some_and(|rest| rest.contains("error"))
    };
    let lines: Vec<&str> = text.lines().filter(at_place).collect();
    if lines.is_empty() { text.to_string() } else { lines.join("\n") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_the_same_whoever_includes_the_file() {
        let first = "In file included from a/x.c:1:\nlib/l.h:3:5: error: no\n  3 | bad\n";
        let second = "In file included from b/y.c:9:\nlib/l.h:3:5: error: no\n  3 | bad\n";
        assert_eq!(errors(first), "lib/l.h:3:5: error: no");
        assert_eq!(errors(first), errors(second));
        assert_eq!(errors("no place\n"), "no place\n");
    }
}
