//! Line patterns of a protocol, such as `test {case} ... {outcome}`, and listings read with them.
//! It knows no protocol: the patterns and the words of an outcome come from rule files.

use crate::load::{Lines, Text, Words};
use regex::Regex;
use std::collections::HashSet;

/// Reads what a program printed when it was asked for its cases; they are in the order of the text.
/// Without a pattern each line that is not empty is a case. The error says which name came twice,
/// or which pattern cannot be used.
pub fn listing(lines: &Lines, text: &str) -> Result<Vec<String>, String> {
    let case = match &lines.case {
        Some(pattern) => LinePattern::new(pattern, &Words::default())?,
        None => LinePattern::compile("{case}", &Words::default())?,
    };
    let ignored = ignored(lines, &Words::default())?;
    let mut cases = Vec::new();
    let mut known = HashSet::new();
    for line in lines_of(text) {
        if ignored.iter().any(|pattern| pattern.matches(line)) {
            continue;
        }
        let Some(name) = case.read(line).and_then(|found| found.case) else { continue };
        if !known.insert(name) {
            return Err(format!("the case '{name}' is listed twice; a case is found by its name"));
        }
        cases.push(name.to_string());
    }
    Ok(cases)
}

/// The lines of a text, without their ends, be these LF or CR LF.
pub(super) fn lines_of(text: &str) -> impl Iterator<Item = &str> {
    let whole = text.strip_suffix('\n').unwrap_or(text);
    let lines = (!text.is_empty()).then(|| whole.split('\n'));
    lines.into_iter().flatten().map(|line| line.strip_suffix('\r').unwrap_or(line))
}

/// The patterns of lines that are to be passed over.
pub(super) fn ignored(lines: &Lines, words: &Words) -> Result<Vec<LinePattern>, String> {
    lines.ignored.iter().map(|pattern| LinePattern::new(pattern, words)).collect()
}

/// A pattern, ready to be held against lines.
pub(super) struct LinePattern(Regex);

/// What a pattern captured from a line.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Found<'a> {
    /// The name of a case.
    pub case: Option<&'a str>,
    /// One of the protocol's words.
    pub outcome: Option<&'a str>,
    /// The first `{text}`, trimmed.
    pub text: Option<&'a str>,
}

impl LinePattern {
    /// Compiles a pattern of a rule file; the error names its place.
    pub fn new(pattern: &Text, words: &Words) -> Result<LinePattern, String> {
        LinePattern::compile(&pattern.text, words)
            .map_err(|why| format!("{}: {why}", pattern.place))
    }

    fn compile(pattern: &str, words: &Words) -> Result<LinePattern, String> {
        let mut regex = String::from("^");
        let mut rest = pattern;
        let (mut case, mut outcome, mut text) = (0, 0, 0);
        while !rest.is_empty() {
            // A name is captured where it stands first; the same name again only matches.
            let mut group = |count: &mut u32, name: &str, inner: &str| {
                *count += 1;
                match count {
                    1 => regex.push_str(&format!("(?P<{name}>{inner})")),
                    _ => regex.push_str(&format!("(?:{inner})")),
                }
            };
            if let Some(after) = rest.strip_prefix("{case}") {
                // Blanks around a name belong to the line, and the shortest name fits best:
                // what follows it in the pattern is what the program printed after it.
                group(&mut case, "case", "[^ \t](?:.*?[^ \t])??");
                rest = after;
            } else if let Some(after) = rest.strip_prefix("{outcome}") {
                group(&mut outcome, "outcome", &alternatives(words));
                rest = after;
            } else if let Some(after) = rest.strip_prefix("{text}") {
                group(&mut text, "text", ".*");
                rest = after;
            } else {
                // A brace that opens none of the three names is itself.
                let next = rest.char_indices().skip(1).find(|(_, c)| *c == '{');
                let end = next.map_or(rest.len(), |(at, _)| at);
                regex.push_str(&regex::escape(&rest[..end]));
                rest = &rest[end..];
            }
        }
        regex.push('$');
        let regex = Regex::new(&regex)
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
        Some(Found {
            case: named("case"),
            outcome: named("outcome"),
            text: named("text").map(str::trim),
        })
    }
}

/// The words of an outcome, longest first, so that none hides another that starts with it.
fn alternatives(words: &Words) -> String {
    let mut all: Vec<&str> = [&words.passed, &words.failed, &words.skipped]
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
    use crate::base::Place;
    use proptest::prelude::*;

    fn text(pattern: &str) -> Text {
        Text { text: pattern.to_string(), place: Place::of_text("rules", pattern) }
    }

    fn words() -> Words {
        Words {
            passed: vec!["ok".into()],
            failed: vec!["FAILED".into(), "not ok".into()],
            skipped: vec!["ok (skipped)".into()],
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
    fn a_listing_keeps_the_order_and_passes_over_what_is_no_case() {
        let lines = Lines {
            case: Some(text("{case}: test")),
            ignored: vec![text("old::{text}: test")],
            ..Lines::default()
        };
        let printed = "b: test\r\na x: test\nold::c: test\nd: bench\n\n2 tests\n";
        assert_eq!(listing(&lines, printed).unwrap(), ["b", "a x"]);
        assert_eq!(listing(&lines, "").unwrap(), [""; 0]);
    }

    #[test]
    fn without_a_pattern_each_line_is_a_case() {
        assert_eq!(listing(&Lines::default(), "one\n\ntwo\r\n").unwrap(), ["one", "two"]);
    }

    #[test]
    fn a_name_that_is_listed_twice_is_an_error() {
        let error = listing(&Lines::default(), "a\nb\na\n").unwrap_err();
        assert_eq!(error, "the case 'a' is listed twice; a case is found by its name");
    }

    /// Failures are told, not written into the workspace.
    fn quiet() -> ProptestConfig {
        ProptestConfig { failure_persistence: None, ..ProptestConfig::default() }
    }

    proptest! {
        #![proptest_config(quiet())]
        #[test]
        fn no_pattern_and_no_text_panics(
            pattern in "(\\{case\\}|\\{outcome\\}|\\{text\\}|.)*",
            line in ".*",
        ) {
            let lines = Lines { case: Some(text(&pattern)), ..Lines::default() };
            let _ = listing(&lines, &line);
            let _ = LinePattern::compile(&pattern, &words()).map(|it| it.matches(&line));
        }
    }
}
