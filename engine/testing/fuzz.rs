//! What test programs print, and what users write about tests, from any bytes.

use super::expression::Expression;
use super::filter::Facts;
use super::results::{self, Reported};
use super::share::Share;
use super::{json, lcov, lines, listing, tap, xml};
use crate::base::{PackageName, Place, Reader};
use crate::load::{Lines, Protocol, Results, Text, Words, builtin_protocols};
use std::collections::HashSet;

/// Readers of this room by name, for the door to fuzzing.
pub const READERS: &[Reader] = &[
    ("filter", filter),
    ("lines", lines),
    ("line_pattern", line_pattern),
    ("listing", listing),
    ("tap", tap),
    ("json", json),
    ("xml", xml),
    ("report", report),
    ("times", times),
    ("lcov", lcov),
];

fn filter(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    match Expression::parse(&text) {
        Ok(expression) => {
            let label = PackageName::main("a").label("t");
            let tags = ["slow".to_string()];
            let facts = Facts { label: &label, rule: "sh_test", tags: &tags, size: "small" };
            let decided = expression.wants(&facts, Some("case"));
            assert!(decided.is_some(), "with all known it is decided");
            // What is decided without the name holds for every name.
            let before = expression.wants(&facts, None);
            assert!(before.is_none() || before == decided, "{expression:?}");
        }
        Err(why) => assert!(why.starts_with("the filter '"), "{why}"),
    }
}

/// What was executed: every line that is called executed has a number, and once more the same text
/// changes nothing.
fn lcov(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    match lcov::read(&text) {
        Ok(files) => {
            let twice = lcov::read(&format!("{text}\n{text}"));
            assert_eq!(twice.as_ref(), Ok(&files), "a second time says the same");
        }
        Err(why) => assert!(!why.is_empty()),
    }
}

/// What the readers promise, whatever they read.
fn whole(read: &Result<Reported, String>) {
    match read {
        Ok(reported) => {
            let mut names = HashSet::new();
            assert!(reported.cases.iter().all(|case| names.insert(&case.name)), "{reported:?}");
            assert!(reported.complaint.as_ref().is_none_or(|it| !it.is_empty()));
        }
        Err(why) => assert!(!why.is_empty()),
    }
}

/// What the protocols that come with the engine have of some kind, each with its words.
fn known<T>(part: impl Fn(&'static Protocol) -> Option<T>) -> Vec<(T, &'static Words)> {
    let all = builtin_protocols().filter_map(|it| Some((part(it)?, &it.words)));
    let all: Vec<_> = all.collect();
    assert!(!all.is_empty(), "BUG: no built-in protocol has that");
    all
}

/// The first byte picks the patterns of a protocol.
fn lines(bytes: &[u8]) {
    let Some((first, rest)) = bytes.split_first() else { return };
    let all = known(|protocol| match &protocol.results {
        Some(Results::Lines(lines)) => Some(lines),
        _ => protocol.markers.as_ref(),
    });
    let (patterns, words) = all[usize::from(*first) % all.len()];
    whole(&lines::read(patterns, words, &String::from_utf8_lossy(rest)));
}

/// The first line is a pattern, the others are read by it.
fn line_pattern(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let (pattern, text) = text.split_once('\n').unwrap_or((&text, ""));
    let place = Place::of_text("r.ron", pattern);
    let done = vec![Text { text: pattern.to_string(), place }];
    let words = Words { passed: vec!["ok".into()], ..Words::default() };
    let patterns = Lines { plan: done.clone(), started: done.clone(), done, ..Lines::default() };
    whole(&lines::read(&patterns, &words, text));
}

/// The first byte picks the patterns of a protocol, or none.
fn listing(bytes: &[u8]) {
    let Some((first, rest)) = bytes.split_first() else { return };
    let all = known(|protocol| protocol.listing.as_ref());
    let patterns = all.get(usize::from(*first) % (all.len() + 1)).map(|(lines, _)| *lines);
    let text = String::from_utf8_lossy(rest);
    if let Ok(cases) = listing::read(&patterns.cloned().unwrap_or_default(), &text) {
        let mut names = HashSet::new();
        assert!(cases.iter().all(|case| !case.is_empty() && names.insert(case)), "{cases:?}");
    }
}

fn tap(bytes: &[u8]) {
    whole(&Ok(tap::read(&String::from_utf8_lossy(bytes))));
}

fn json(bytes: &[u8]) {
    let all = known(|protocol| match &protocol.results {
        Some(Results::Json(fields)) => Some(fields),
        _ => None,
    });
    whole(&json::read(all[0].0, all[0].1, &String::from_utf8_lossy(bytes)));
}

fn xml(bytes: &[u8]) {
    let all = known(|it| matches!(it.results, Some(Results::Xml)).then_some(()));
    let text = String::from_utf8_lossy(bytes);
    all.iter().for_each(|(_, words)| whole(&xml::read(words, &text)));
}

/// A report, a byte 0xff, and what was printed meanwhile.
fn report(bytes: &[u8]) {
    let mut parts = bytes.splitn(2, |byte| *byte == 0xff);
    let mut next = || Ok(String::from_utf8_lossy(parts.next().unwrap_or_default()).into_owned());
    let (report, stdout) = (next(), next());
    let all = known(|it| (it.reports() && it.markers.is_some()).then_some(it));
    let read: Result<Option<Reported>, String> = results::read(all[0].0, || report, || stdout);
    whole(&read.map(Option::unwrap_or_default));
}

fn times(bytes: &[u8]) {
    if let Err(why) = Share::read_times(&String::from_utf8_lossy(bytes)) {
        assert!(why.starts_with("line "), "{why}");
    }
}
