//! One line pattern of a protocol, such as `test {case} ... {outcome}`, held against lines.
//! It knows no protocol: patterns and the words of an outcome come from rule files.

use crate::load::{Text, Words};
use regex::Regex;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// A pattern, ready to be held against lines.
pub(super) struct LinePattern(Regex);

/// What a pattern captured from a line.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Found<'a> {
    /// The name of a case.
    pub case: Option<&'a str>,
    /// What the names of the cases that follow start with.
    pub prefix: Option<&'a str>,
    /// One of the protocol's words.
    pub outcome: Option<&'a str>,
    /// The first `{text}`, trimmed.
    pub text: Option<&'a str>,
    /// How long it took, from `{seconds}` or `{ms}`.
    pub duration: Option<Duration>,
    /// A number of cases.
    pub count: Option<u64>,
    /// How many bytes had been written to standard output and to standard error.
    pub written: Option<[u64; 2]>,
}

/// Blanks around a name belong to the line, and the shortest name fits best: what follows it in the
/// pattern is what the program printed after it.
const NAME: &str = "[^ \t](?:.*?[^ \t])??";
/// Expressions that stay compiled. All protocols of a workspace together have less.
const MOST_KNOWN: usize = 500;
const DIGITS: &str = "[0-9]+";
const DECIMAL: &str = "[0-9]*\\.?[0-9]+";
const CAPTURES: [(&str, &str); 11] = [
    ("case", NAME),
    ("prefix", NAME),
    ("outcome", ""),
    ("text", ".*"),
    ("seconds", DECIMAL),
    ("ms", DECIMAL),
    ("count", DIGITS),
    ("file", ".+?"),
    ("line", DIGITS),
    ("stdout", DIGITS),
    ("stderr", DIGITS),
];

impl LinePattern {
    /// Compiles a pattern of a rule file; the error names its place.
    pub fn new(pattern: &Text, words: &Words) -> Result<LinePattern, String> {
        LinePattern::compile(&pattern.text, words)
            .map_err(|why| format!("{}: {why}", pattern.place))
    }

    /// Compiles all patterns of a list.
    pub fn all(patterns: &[Text], words: &Words) -> Result<Vec<LinePattern>, String> {
        patterns.iter().map(|pattern| LinePattern::new(pattern, words)).collect()
    }

    fn compile(pattern: &str, words: &Words) -> Result<LinePattern, String> {
        let mut regex = String::from("^");
        let mut rest = pattern;
        let mut seen: Vec<&str> = Vec::new();
        while !rest.is_empty() {
            let capture = CAPTURES.iter().find_map(|(name, inner)| {
                let after = rest.strip_prefix('{')?.strip_prefix(name)?.strip_prefix('}')?;
                Some((name, *inner, after))
            });
            if let Some((name, inner, after)) = capture {
                let inner =
                    if *name == "outcome" { alternatives(words) } else { inner.to_string() };
                // A name is captured where it stands first; the same name again only matches.
                match seen.contains(name) {
                    false => regex.push_str(&format!("(?P<{name}>{inner})")),
                    true => regex.push_str(&format!("(?:{inner})")),
                }
                seen.push(name);
                rest = after;
            } else {
                // A brace that opens none of the names is itself.
                let next = rest.char_indices().skip(1).find(|(_, c)| *c == '{');
                let end = next.map_or(rest.len(), |(at, _)| at);
                regex.push_str(&regex::escape(&rest[..end]));
                rest = &rest[end..];
            }
        }
        regex.push('$');
        let regex = compiled(regex)
            .map_err(|_| format!("the pattern '{pattern}' is too long to be matched"))?;
        Ok(LinePattern(regex))
    }

    /// True if the whole line fits.
    pub fn matches(&self, line: &str) -> bool {
        self.0.is_match(line)
    }

    /// What the pattern finds in the line, if the whole line fits.
    pub fn read<'a>(&self, line: &'a str) -> Option<Found<'a>> {
        let captures = self.0.captures(line)?;
        let named = |name: &str| captures.name(name).map(|found| found.as_str());
        let whole = |name: &str| named(name)?.parse::<u64>().ok();
        let number = |name: &str| named(name)?.parse::<f64>().ok();
        let seconds = number("seconds").or_else(|| Some(number("ms")? / 1000.0));
        Some(Found {
            case: named("case"),
            prefix: named("prefix"),
            outcome: named("outcome"),
            text: named("text").map(str::trim),
            duration: seconds.and_then(duration),
            count: whole("count"),
            written: whole("stdout").zip(whole("stderr")).map(|(out, err)| [out, err]),
        })
    }
}

/// Compiles an expression, or finds it among those that were: a protocol has a dozen of them, and
/// reads what each process of a test has told.
fn compiled(text: String) -> Result<Regex, regex::Error> {
    static KNOWN: Mutex<BTreeMap<String, Regex>> = Mutex::new(BTreeMap::new());
    let known = || KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(regex) = known().get(&text) {
        return Ok(regex.clone());
    }
    let regex = Regex::new(&text)?;
    let mut known = known();
    if known.len() == MOST_KNOWN {
        known.clear();
    }
    known.insert(text, regex.clone());
    Ok(regex)
}

/// A time that a program told; nothing if that cannot be one.
pub(super) fn duration(seconds: f64) -> Option<Duration> {
    Duration::try_from_secs_f64(seconds).ok()
}

/// True if one of the patterns fits the line.
pub(super) fn any(patterns: &[LinePattern], line: &str) -> bool {
    patterns.iter().any(|pattern| pattern.matches(line))
}

/// The first fit of several patterns.
pub(super) fn first<'a>(patterns: &[LinePattern], line: &'a str) -> Option<Found<'a>> {
    patterns.iter().find_map(|pattern| pattern.read(line))
}

/// The words of an outcome, longest first, so that none hides another that starts with it.
fn alternatives(words: &Words) -> String {
    let mut all: Vec<&str> = words
        .lists()
        .into_iter()
        .flatten()
        .map(String::as_str)
        .filter(|word| !word.is_empty())
        .collect();
    if all.is_empty() {
        return ".+?".to_string();
    }
    all.sort_by_key(|word| (std::cmp::Reverse(word.len()), *word));
    all.dedup();
    all.into_iter().map(regex::escape).collect::<Vec<_>>().join("|")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn words() -> Words {
        Words {
            passed: vec!["ok".into()],
            failed: vec!["FAILED".into(), "not ok".into()],
            skipped: vec!["ok (skipped)".into()],
            ..Words::default()
        }
    }

    fn found<'a>(pattern: &str, line: &'a str) -> Option<(Option<&'a str>, Option<&'a str>)> {
        let pattern = LinePattern::compile(pattern, &words()).unwrap();
        pattern.read(line).map(|found| (found.case, found.outcome))
    }

    #[test]
    fn a_pattern_fits_whole_lines_only() {
        let line = "test a::b ... ok";
        assert_eq!(found("test {case} ... {outcome}", line), Some((Some("a::b"), Some("ok"))));
        assert_eq!(found("test {case} ... {outcome}", "a test x ... ok"), None);
        assert_eq!(found("test {case} ... {outcome}", "test x ... okay"), None);
        assert_eq!(found("test {case} ... {outcome}", "test  ... ok"), None);
        assert_eq!(found("[{outcome}] {case}", "[ok] (a|b)*"), Some((Some("(a|b)*"), Some("ok"))));
        assert_eq!(found("é{case}{", "éx{"), Some((Some("x"), None)));
    }

    #[test]
    fn the_longest_word_of_an_outcome_wins() {
        assert_eq!(found("{outcome} {case}", "not ok x"), Some((Some("x"), Some("not ok"))));
        let line = "ok (skipped) x y";
        assert_eq!(found("{outcome} {case}", line), Some((Some("x y"), Some("ok (skipped)"))));
    }

    #[test]
    fn times_and_places_are_captured() {
        let read = |pattern: &str, line: &str| {
            let pattern = LinePattern::compile(pattern, &words()).unwrap();
            let found = pattern.read(line)?;
            Some((found.case?.to_string(), found.duration?))
        };
        let of = |name: &str, ms| Some((name.to_string(), Duration::from_millis(ms)));
        assert_eq!(read("{outcome} [{seconds}] {case}", "ok [0.25] a b"), of("a b", 250));
        assert_eq!(read("{outcome} [{seconds}] {case}", "ok [.5] a"), of("a", 500));
        assert_eq!(read("{outcome} [{seconds}] {case}", "ok [x] a"), None);
        assert_eq!(read("{case} ({ms} ms)", "a (1500 ms)"), of("a", 1500));
        assert_eq!(read("{case} ({ms} ms)", &format!("a ({} ms)", "9".repeat(400))), None);
        let line = "d/a.c:12:x:ok";
        assert_eq!(found("{file}:{line}:{case}:{outcome}", line), Some((Some("x"), Some("ok"))));
    }

    /// Failures are told, not written into the workspace.
    fn quiet() -> ProptestConfig {
        ProptestConfig { failure_persistence: None, ..ProptestConfig::default() }
    }

    proptest! {
        #![proptest_config(quiet())]
        #[test]
        fn no_pattern_and_no_line_panics(
            pattern in "(\\{(case|outcome|text|seconds|ms|count|file|line|prefix|stdout|stderr)\\}|.)*",
            line in ".*",
        ) {
            let _ = LinePattern::compile(&pattern, &words()).map(|it| it.read(&line).is_some());
        }
    }
}
