//! What has changed between two makings of the same action, in words. Each fact of a key has some:
//! a kind that is not in the table is told by its own name.

use super::facts::{Facts, file, plain};
use crate::base::{ChangedFile, Doer, Why};
use std::collections::BTreeMap;

/// Names that are told of several that changed in the same way.
const NAMED: usize = 3;
/// Reasons of different kinds that are told.
const REASONS: usize = 4;
/// Longer words are cut.
const LONGEST_WORD: usize = 60;

/// How facts of a kind are told.
pub(super) enum Telling {
    /// Several, each with a value: `tool cc changed`.
    Each,
    /// Several whose names are all there is: `command changed: -O2 added`.
    Names,
    /// One at most, whose name is the value: `time limit changed from 30s to 60s`.
    One,
    /// One whose value says nothing to a reader.
    Bare,
}

/// Kinds in the order in which they are told, with what users call them.
pub(super) const KINDS: [(&str, &str, Telling); 19] = [
    ("form", "the form of keys in eng", Telling::One),
    ("tool", "tool", Telling::Each),
    ("variable", "environment", Telling::Each),
    ("test variable", "environment", Telling::Each),
    ("argument", "command", Telling::Names),
    ("output", "outputs", Telling::Names),
    ("folder output", "folders among the outputs", Telling::Names),
    ("stdout", "output that takes what is printed", Telling::One),
    ("folder", "folder in which it starts", Telling::One),
    ("host", "libc or release of the system", Telling::Bare),
    ("timeout", "time limit", Telling::One),
    ("size", "size", Telling::One),
    ("shard", "shard", Telling::One),
    ("only", "test filter", Telling::One),
    ("setup", "setup", Telling::Each),
    ("resource", "resource", Telling::Each),
    ("coverage", "how coverage is read", Telling::Bare),
    ("case", "cases", Telling::Names),
    ("reading", "how results are read", Telling::Bare),
];

/// What users call an input: its path, and who writes it.
pub(super) type Naming<'a> = &'a dyn Fn(&str) -> (String, Option<Doer>);

/// Why an action that was made of one set of facts is not what it was; nothing if nothing changed.
pub(super) fn difference(before: &str, now: &str, naming: Naming) -> Option<Why> {
    let (old, new) = (Facts::read(before), Facts::read(now));
    let (mut reasons, files) = inputs(&old, &new, naming);
    for (kind, noun, telling) in &KINDS {
        reasons.extend(told(old.of(kind), new.of(kind), noun, telling));
    }
    let known =
        |kind: &&str| ["input", "unread"].contains(kind) || KINDS.iter().any(|it| it.0 == *kind);
    let mut others: Vec<&str> = old.kinds().chain(new.kinds()).filter(|it| !known(it)).collect();
    others.sort_unstable();
    others.dedup();
    for kind in others {
        reasons.extend(told(old.of(kind), new.of(kind), kind, &Telling::Each));
    }
    if reasons.is_empty() {
        return None;
    }
    let more = reasons.len().saturating_sub(REASONS);
    reasons.truncate(REASONS);
    let mut text = reasons.join("; ");
    if more > 0 {
        text.push_str(&format!("; and {more} more"));
    }
    Some(Why { text, files }.bounded())
}

/// What happened to a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fate {
    Changed,
    New,
    Gone,
    Executable,
    NotExecutable,
}

/// Inputs that were read and are not what they were. Whether one that was not read is another one
/// does not matter.
fn inputs(old: &Facts, new: &Facts, naming: Naming) -> (Vec<String>, Vec<ChangedFile>) {
    let all = |facts: &Facts| -> BTreeMap<String, String> {
        let read = facts.of("input").iter().map(|(name, value)| (plain(name), value.to_string()));
        // What was not read has a name only.
        let unread = facts.of("unread").iter().map(|(name, _)| (plain(name), String::new()));
        unread.chain(read).collect()
    };
    let (old, new) = (all(old), all(new));
    let mut names: Vec<&String> = old.keys().chain(new.keys()).collect();
    names.sort_unstable();
    names.dedup();
    let mut sources: BTreeMap<Fate, Vec<String>> = BTreeMap::new();
    let mut outputs: BTreeMap<Fate, Vec<String>> = BTreeMap::new();
    let mut files = Vec::new();
    for name in names {
        let (was, is) = (old.get(name), new.get(name));
        let (before, now) = (was.and_then(|it| file(it)), is.and_then(|it| file(it)));
        let fate = match (was, is) {
            (None, _) => Fate::New,
            (_, None) => Fate::Gone,
            (Some(was), Some(is)) if was == is || was.is_empty() || is.is_empty() => continue,
            _ => match (before, now) {
                (Some((a, _)), Some((b, true))) if a == b => Fate::Executable,
                (Some((a, _)), Some((b, false))) if a == b => Fate::NotExecutable,
                _ => Fate::Changed,
            },
        };
        let (path, writer) = naming(name);
        match &writer {
            Some(writer) => outputs.entry(fate).or_default().push(writer.subject.clone()),
            None => sources.entry(fate).or_default().push(path.clone()),
        }
        let digest = |it: Option<(_, bool)>| it.map(|(digest, _)| digest);
        files.push(ChangedFile { path, before: digest(before), now: digest(now), writer });
    }
    let is = |names: &[String]| if names.len() == 1 { "is" } else { "are" };
    let end = |fate: Fate, names: &[String]| match fate {
        Fate::Changed => "changed".to_string(),
        Fate::New => format!("{} new", is(names)),
        Fate::Gone => format!("{} no input any more", is(names)),
        Fate::Executable => "may be executed".to_string(),
        Fate::NotExecutable => "may not be executed any more".to_string(),
    };
    let mut reasons = Vec::new();
    for (fate, names) in sources {
        reasons.push(format!("{} {}", few(&names), end(fate, &names)));
    }
    for (fate, mut names) in outputs {
        names.dedup();
        let what = if names.len() == 1 { "output" } else { "outputs" };
        reasons.push(format!("{what} of {} {}", few(&names), end(fate, &names)));
    }
    (reasons, files)
}

/// What is told of the facts of one kind, if they are not what they were.
fn told(
    old: &[(&str, &str)],
    new: &[(&str, &str)],
    noun: &str,
    telling: &Telling,
) -> Option<String> {
    if old == new {
        return None;
    }
    Some(match telling {
        Telling::Bare => format!("{noun} changed"),
        Telling::One => {
            let value = |facts: &[(&str, &str)]| match facts.first() {
                None | Some(("", _)) => "none".to_string(),
                Some((name, _)) => cut(&plain(name)),
            };
            format!("{noun} changed from {} to {}", value(old), value(new))
        }
        Telling::Names => {
            let names = |facts: &[(&str, &str)]| facts.iter().map(|it| plain(it.0)).collect();
            format!("{noun} changed: {}", words(names(old), names(new)))
        }
        Telling::Each => {
            let gone = |of: &[(&str, &str)], from: &[(&str, &str)]| -> Vec<String> {
                let left = of.iter().filter(|it| !from.iter().any(|other| other.0 == it.0));
                left.map(|it| plain(it.0)).collect()
            };
            let changed: Vec<String> = new
                .iter()
                .filter(|it| old.iter().any(|other| other.0 == it.0) && !old.contains(it))
                .map(|it| plain(it.0))
                .collect();
            let is = |names: &[String]| if names.len() == 1 { "is" } else { "are" };
            let (added, removed) = (gone(new, old), gone(old, new));
            let parts = [
                (&changed, "changed".to_string()),
                (&added, format!("{} new", is(&added))),
                (&removed, format!("{} gone", is(&removed))),
            ];
            let parts = parts.iter().filter(|(names, _)| !names.is_empty());
            let parts: Vec<String> =
                parts.map(|(names, end)| format!("{noun} {} {end}", few(names))).collect();
            match parts.is_empty() {
                true => format!("order of {noun} changed"),
                false => parts.join("; "),
            }
        }
    })
}

/// Which words were added and removed; of one script that took the place of another, which of its
/// words.
fn words(old: Vec<String>, new: Vec<String>) -> String {
    let (removed, added) = (left(&old, &new), left(&new, &old));
    let split = |words: &[String]| -> Option<Vec<String>> {
        let [one] = words else { return None };
        let parts: Vec<String> = one.split_whitespace().map(str::to_string).collect();
        (parts.len() > 1).then_some(parts)
    };
    if let (Some(was), Some(is)) = (split(&removed), split(&added)) {
        let text = words(was, is);
        return if text == ORDER { "other spaces or order in a word".to_string() } else { text };
    }
    let parts = [(added, "added"), (removed, "removed")];
    let parts = parts.iter().filter(|(words, _)| !words.is_empty());
    let parts: Vec<String> = parts.map(|(words, end)| format!("{} {end}", few(words))).collect();
    if parts.is_empty() { ORDER.to_string() } else { parts.join(", ") }
}

const ORDER: &str = "another order";

/// The words that are in one list more often than in the other, in their order.
fn left(of: &[String], from: &[String]) -> Vec<String> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for word in from {
        *counts.entry(word).or_default() += 1;
    }
    let is_left = |word: &&String| match counts.get_mut(word.as_str()) {
        Some(count) if *count > 0 => {
            *count -= 1;
            false
        }
        _ => true,
    };
    of.iter().filter(is_left).cloned().collect()
}

/// The first few names, and how many there are besides.
fn few(names: &[String]) -> String {
    let shown: Vec<String> = names.iter().take(NAMED).map(|name| cut(name)).collect();
    let more = names.len().saturating_sub(NAMED);
    match shown.split_last() {
        _ if more > 0 => format!("{} and {more} more", shown.join(", ")),
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => shown.concat(),
    }
}

/// A word in one line, and not too long.
fn cut(word: &str) -> String {
    if word.is_empty() {
        return "''".to_string();
    }
    let mut res = String::new();
    for (at, c) in word.chars().enumerate() {
        match c {
            _ if at == LONGEST_WORD => {
                res.push('…');
                break;
            }
            c if c.is_control() => res.extend(c.escape_default()),
            c => res.push(c),
        }
    }
    res
}
