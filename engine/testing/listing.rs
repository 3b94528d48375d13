//! What a program printed when it was asked for its cases → their names.

use super::lines::lines_of;
use super::pattern::{LinePattern, any, first};
use crate::load::{Lines, Words};
use std::collections::HashSet;

/// Reads a listing; the names are in the order of the text. Without patterns each line that is not
/// empty is a case. The error says which name came twice, or which pattern cannot be used.
pub(super) fn read(lines: &Lines, text: &str) -> Result<Vec<String>, String> {
    let words = Words::default();
    let case = LinePattern::all(&lines.case, &words)?;
    let prefixes = LinePattern::all(&lines.prefix, &words)?;
    let ignored = LinePattern::all(&lines.ignored, &words)?;
    let mut prefix = "";
    let mut cases = Vec::new();
    let mut known = HashSet::new();
    for line in lines_of(text).filter(|line| !any(&ignored, line)) {
        if let Some(found) = first(&prefixes, line) {
            prefix = found.prefix.unwrap_or_default();
            continue;
        }
        let name = match lines.case.is_empty() {
            true => line.trim_matches([' ', '\t']),
            false => first(&case, line).and_then(|found| found.case).unwrap_or_default(),
        };
        if name.is_empty() {
            continue;
        }
        let name = match &lines.name {
            // In this order, since a prefix may hold what looks like a mention.
            Some(form) => form
                .text
                .split("{prefix}")
                .map(|part| part.replace("{case}", name))
                .collect::<Vec<_>>()
                .join(prefix),
            None => name.to_string(),
        };
        if !known.insert(name.clone()) {
            return Err(format!("the case '{name}' is listed twice; a case is found by its name"));
        }
        cases.push(name);
    }
    Ok(cases)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Place;
    use crate::load::Text;
    use proptest::prelude::*;

    fn text(pattern: &str) -> Text {
        Text { text: pattern.to_string(), place: Place::of_text("rules", pattern) }
    }

    #[test]
    fn a_listing_keeps_the_order_and_passes_over_what_is_no_case() {
        let lines = Lines {
            case: vec![text("{case}: test")],
            ignored: vec![text("old::{text}: test")],
            ..Lines::default()
        };
        let printed = "b: test\r\na x: test\nold::c: test\nd: bench\n\n2 tests\n";
        assert_eq!(read(&lines, printed).unwrap(), ["b", "a x"]);
        assert_eq!(read(&lines, "").unwrap(), [""; 0]);
    }

    #[test]
    fn without_a_pattern_each_line_is_a_case() {
        assert_eq!(read(&Lines::default(), "one\n\ntwo\r\n").unwrap(), ["one", "two"]);
    }

    #[test]
    fn a_prefix_holds_until_the_next_one() {
        let lines = Lines {
            prefix: vec![text("{prefix}.  # {text}"), text("{prefix}.")],
            case: vec![text("  {case}  # {text}"), text("  {case}")],
            name: Some(text("{prefix}.{case}")),
            ..Lines::default()
        };
        let printed = "Running main\nSums.\n  Adds\n  Wraps\nTyped/0.  # T = int\n  Works\n\
                       Of/{case}.\n  Adds/0  # x = 1.\n";
        assert_eq!(
            read(&lines, printed).unwrap(),
            ["Sums.Adds", "Sums.Wraps", "Typed/0.Works", "Of/{case}.Adds/0"]
        );
    }

    #[test]
    fn a_name_that_is_listed_twice_is_an_error() {
        let error = read(&Lines::default(), "a\nb\na\n").unwrap_err();
        assert_eq!(error, "the case 'a' is listed twice; a case is found by its name");
    }

    /// Failures are told, not written into the workspace.
    fn quiet() -> ProptestConfig {
        ProptestConfig { failure_persistence: None, ..ProptestConfig::default() }
    }

    proptest! {
        #![proptest_config(quiet())]
        #[test]
        fn no_listing_panics(pattern in "(\\{(case|text)\\}|.)*", printed in "( {0,2}.*\n?)*") {
            let lines = Lines {
                case: vec![text(&pattern)],
                prefix: vec![text("{prefix}.")],
                name: Some(text("{prefix}{case}{prefix}")),
                ..Lines::default()
            };
            let _ = read(&lines, &printed);
        }
    }
}
