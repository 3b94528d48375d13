//! Which bracket is still open at some place of a text that is no RON, for its message only.

use super::lexer::{Kind, tokens};
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
    for token in tokens(text) {
        match token.kind {
            Kind::Open => brackets.push(token.text.as_ptr().addr() - text.as_ptr().addr()),
            Kind::Close => drop(brackets.pop()),
            _ => {}
        }
    }
    brackets.pop()
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
        assert_eq!(open("[ /* ( /* ( */ ( */"), Some(0));
        assert_eq!(open("[ \"("), Some(0));
        assert_eq!(open("[ r\"("), Some(0));
        assert_eq!(open("(rule r#x"), Some(0));
    }
}
