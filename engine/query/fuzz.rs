//! Queries from any bytes. What is wrong with one must be told with its place in the text.

use super::parse;
use crate::base::Reader;

/// Readers of this room by name, for the door to fuzzing.
pub const READERS: &[Reader] = &[("query", query)];

fn query(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    if let Err(problem) = parse("query", &text) {
        let lines = text.matches('\n').count() + 1;
        let place = problem.place.as_ref().unwrap_or_else(|| panic!("{problem}"));
        assert!(place.line() <= lines, "{problem}");
        assert!(!problem.text.is_empty() && !problem.text.ends_with('.'), "{problem}");
        let odd = problem.to_string().chars().find(|c| c.is_control() && *c != '\n');
        assert!(odd.is_none(), "{odd:?} is told as it is");
    }
}
