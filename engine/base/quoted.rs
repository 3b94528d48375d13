//! Text as the strings of a `BUILD.ron` have it.

use super::place::is_hidden;

/// The text in quotes; what cannot be seen is spelled.
pub fn quoted(text: &str) -> String {
    let mut res = String::with_capacity(text.len() + 2);
    res.push('"');
    for c in text.chars() {
        match c {
            '"' => res.push_str("\\\""),
            '\\' => res.push_str("\\\\"),
            '\n' => res.push_str("\\n"),
            '\t' => res.push_str("\\t"),
            '\r' => res.push_str("\\r"),
            c if is_hidden(c) => res.push_str(&c.escape_unicode().to_string()),
            c => res.push(c),
        }
    }
    res.push('"');
    res
}
