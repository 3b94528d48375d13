//! The single signs and values that a text starts with, as `ron` reads them.

use serde::Deserialize;
use serde::de::IgnoredAny;

/// What is left after white space and comments.
pub fn skip_space(text: &str) -> &str {
    let text = text.trim_ascii_start();
    match text.as_bytes().first() {
        Some(first) if first.is_ascii() && *first != b'/' => text,
        // Making a reader skips comments and all other white space.
        _ => ron::Deserializer::from_str(text).map_or(text, |reader| reader.remainder()),
    }
}

/// A string without escapes, which is by far the most frequent value, and what follows it.
pub fn plain_string(text: &str) -> Option<(&str, &str)> {
    let inner = text.strip_prefix('"')?;
    let end = inner.find(['"', '\\'])?;
    let rest = inner[end..].strip_prefix('"')?;
    Some((&inner[..end], rest))
}

/// The value at the start of a text as `ron` reads it, and what follows it.
pub fn value<'a, T: Deserialize<'a>>(text: &'a str) -> Option<(T, &'a str)> {
    let mut reader = ron::Deserializer::from_str(text).ok()?;
    let value = T::deserialize(&mut reader).ok()?;
    Some((value, reader.remainder()))
}

/// What follows the value at the start of a text.
pub fn skip_value(text: &str) -> &str {
    value::<IgnoredAny>(text).map_or("", |(_, rest)| rest)
}

/// The letters, digits and `_` that a text starts with, unless that is a number.
pub fn leading_word(text: &str) -> &str {
    if text.starts_with(|c: char| c.is_ascii_digit()) {
        return "";
    }
    let end = text.find(|c: char| !(c.is_alphanumeric() || c == '_'));
    &text[..end.unwrap_or(text.len())]
}

/// True for numbers that are written as words.
pub fn is_float_word(word: &str) -> bool {
    let word = word.strip_suffix("f32").or(word.strip_suffix("f64")).unwrap_or(word);
    word == "inf" || word == "NaN"
}
