//! Which bracket is still open at some place of a text that is no RON, for its message only.

use crate::base::{Place, Problem, Source};
use std::sync::Arc;

/// Adds the innermost bracket that is open at `end`, unless it stands in the same line.
pub fn also_open(problem: Problem, source: &Arc<Source>, end: usize) -> Problem {
    let Some(at) = open(&source.text[..end]) else { return problem };
    let place = Place::new(source, at, at + 1);
    let sign = &source.text[at..at + 1];
    problem.also(&place, format!("this '{sign}' is open"))
}

/// The innermost bracket that is not closed by the end of the text.
fn open(text: &str) -> Option<usize> {
    let mut brackets = Vec::new();
    let mut at = 0;
    while let Some(sign) = text[at..].chars().next() {
        let rest = &text[at..];
        at += match sign {
            '/' if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
            // Comments nest in RON; to look for the first end is near enough for a message.
            '/' if rest.starts_with("/*") => rest.find("*/").map_or(rest.len(), |end| end + 2),
            '"' => string(rest),
            'r' => raw_string(rest),
            '[' | '(' | '{' => {
                brackets.push(at);
                1
            }
            ']' | ')' | '}' => {
                brackets.pop();
                1
            }
            other => other.len_utf8(),
        };
    }
    brackets.pop()
}

/// Length of the string that the text starts with.
fn string(text: &str) -> usize {
    let mut letters = text.char_indices().skip(1);
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return at + 1,
            '\\' => drop(letters.next()),
            _ => {}
        }
    }
    text.len()
}

/// Length of the raw string that the text starts with; 1 if it is a word that starts with `r`.
fn raw_string(text: &str) -> usize {
    let signs = text[1..].len() - text[1..].trim_start_matches('#').len();
    let start = 1 + signs + 1;
    if !text[1 + signs..].starts_with('"') {
        return 1;
    }
    let end = format!("\"{}", "#".repeat(signs));
    text[start..].find(&end).map_or(text.len(), |at| start + at + end.len())
}

#[cfg(test)]
mod tests {
    use super::open;

    #[test]
    fn the_innermost_open_bracket_is_found() {
        assert_eq!(open("[a(b: ["), Some(6));
        assert_eq!(open("[a(b: [])"), Some(0));
        assert_eq!(open("[]"), None);
        assert_eq!(open("[]]"), None);
        assert_eq!(open("[ // (\n /* ( */ \"( \\\" (\" r#\"(\"#"), Some(0));
        assert_eq!(open("[ \"("), Some(0));
        assert_eq!(open("[ r\"("), Some(0));
        assert_eq!(open("(rule r#x"), Some(0));
    }
}
