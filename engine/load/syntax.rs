//! The first look at a file: whether it is text, whether it is RON, and if not, what would be.

use super::brackets;
use crate::base::{Place, Problem, Source};
use ron::Error;
use serde::Deserialize;
use serde::de::IgnoredAny;
use std::sync::Arc;

/// Bytes of a file: far more than anybody writes, and offsets stay well inside 32 bits.
pub const MOST: u64 = 64 << 20;

/// Makes a source of the bytes of a file; the problem says where they are no text.
pub fn source(path: &str, bytes: Vec<u8>) -> Result<Arc<Source>, Problem> {
    let path = path.to_string();
    if bytes.len() as u64 > MOST {
        let source = Arc::new(Source { path, text: String::new() });
        let text = "is larger than 64 MiB; a smaller file was expected";
        return Err(Problem::at(&Place::new(&source, 0, 0), text));
    }
    match String::from_utf8(bytes) {
        Ok(text) => Ok(Arc::new(Source { path, text })),
        Err(error) => {
            let at = error.utf8_error().valid_up_to();
            let byte = error.as_bytes()[at];
            let text = String::from_utf8_lossy(error.as_bytes()).into_owned();
            let source = Arc::new(Source { path, text });
            let place = Place::new(&source, at, at + '\u{fffd}'.len_utf8());
            Err(Problem::at(
                &place,
                format!("the byte 0x{byte:02x} is not UTF-8; save the file as UTF-8"),
            ))
        }
    }
}

/// The text of a file behind its first bracket, after `ron` has seen all of it, so every later look
/// at a part of it finds good RON.
pub fn checked(source: &Arc<Source>) -> Result<&str, Problem> {
    let text = source.text.as_str();
    let at = |offset: usize, len: usize, why: &str| {
        Problem::at(&Place::new(source, offset, offset + len), why)
    };
    if text.starts_with('\u{feff}') {
        return Err(at(
            0,
            3,
            "the file starts with a byte order mark; save it as UTF-8 without one, as 'eng fmt FILE' does",
        ));
    }
    let mut reader = match ron::Deserializer::from_str(text) {
        Ok(reader) => reader,
        // Only comments and attributes were looked at until here.
        Err(error) => {
            let seen = &text[..offset_of(text, error.span.end.line, error.span.end.col)];
            if matches!(error.code, Error::UnclosedBlockComment) {
                let open = seen.find("/*").unwrap_or(0);
                return Err(at(open, 2, "this comment is not closed; '*/' was expected"));
            }
            let sign = text.len().min(seen.len() + 1);
            let offset = text.get(..sign).unwrap_or(seen).rfind('#').unwrap_or(0);
            return Err(at(offset, 1, head(&text[offset..])));
        }
    };
    let before = &text[..text.len() - reader.remainder().len()];
    if let Some(offset) = attribute(before) {
        return Err(at(offset, 2, head(&text[offset..])));
    }
    let list = reader.remainder();
    let read = Vec::<IgnoredAny>::deserialize(&mut reader).and_then(|_| reader.end());
    read.map(|()| list.get(1..).unwrap_or("")).map_err(|code| {
        let end = text.len() - reader.remainder().len();
        let span = reader.span_error(Error::Eof).span;
        let start = offset_of(text, span.start.line, span.start.col);
        problem(source, &code, start.min(end), end)
    })
}

/// What is said of a file whose first sign is '#'.
fn head(text: &str) -> &'static str {
    match text.starts_with("#!") {
        true => "attributes such as '#![enable(..)]' are not used here; remove the line",
        false => COMMENT,
    }
}

const COMMENT: &str = "a comment starts with '//' in RON, not with '#'";

/// Where an attribute stands in the head of a file, which else holds comments and white space.
fn attribute(head: &str) -> Option<usize> {
    let stands_alone = |at: &usize| {
        let before = &head[..*at];
        let line = before.rsplit('\n').next().unwrap_or("");
        !line.contains("//") && ron::Deserializer::from_str(before).is_ok()
    };
    // Each look costs the text before it; nobody writes more of these signs into a file's head.
    head.match_indices('#').map(|(at, _)| at).take(64).find(stands_alone)
}

fn offset_of(text: &str, line: usize, column: usize) -> usize {
    let mut start = 0;
    for _ in 1..line {
        start += text[start..].find('\n').map_or(0, |at| at + 1);
    }
    let mut letters = text[start..].char_indices();
    letters.nth(column.saturating_sub(1)).map_or(text.len(), |(at, _)| start + at)
}

/// Says a syntax error in words for people who never read a grammar of RON. `end` is where the
/// reader stood, `start` where it stood one step before.
fn problem(source: &Arc<Source>, code: &Error, start: usize, end: usize) -> Problem {
    let text = source.text.as_str();
    let rest = &text[end..];
    let (found, len) = found(rest);
    let here = |why: String| Problem::at(&Place::new(source, end, end + len), why);
    let before = text[..end].trim_end();
    match code {
        Error::ExpectedArray if end == 0 || before.is_empty() || !before.contains('[') => here(
            "the file is one list: write '[' before its first entry and ']' after the last".into(),
        ),
        Error::TrailingCharacters => here(format!(
            "found {found} after the ']' that ends the file; a file is one list, in which a comma stands between entries"
        )),
        Error::ExceededRecursionLimit => here("values are nested too deeply; 60 levels are allowed".into()),
        Error::UnclosedBlockComment => {
            let open = text[..end].rfind("/*").unwrap_or(start);
            let place = Place::new(source, open, open + 2);
            Problem::at(&place, "this comment is not closed; '*/' was expected")
        }
        Error::ExpectedStringEnd => {
            // The reader stands behind the quote, or behind an escape of the string.
            let place = Place::new(source, start, start + 1);
            Problem::at(&place, "this string is not closed; '\"' was expected")
        }
        Error::InvalidEscape(_) => {
            let escape = text[..end].rfind('\\').unwrap_or(start);
            let place = Place::new(source, escape, end.max(escape + 2));
            Problem::at(&place, "there is no such escape in a string; a backslash is written '\\\\', and strings r\"..\" have no escapes")
        }
        _ if rest.is_empty() => {
            let why = match unclosed(code) {
                Some(sign) => format!("the file ends here, but {sign} was expected"),
                None => "the file ends here, but more was expected".into(),
            };
            // The last line that has something on it says more than an empty one.
            let place = Place::new(source, before.len(), before.len());
            brackets::also_open(Problem::at(&place, why), source, end)
        }
        _ if rest.starts_with('#') => here(COMMENT.into()),
        _ if rest.starts_with('=') => here("RON writes 'name: value', not 'name = value'".into()),
        Error::ExpectedChar | Error::UnexpectedChar('\'') => {
            let quote = text[..end].rfind('\'').unwrap_or(end);
            let place = Place::new(source, quote, quote + 1);
            Problem::at(&place, "a string is written in double quotes: \"..\"")
        }
        Error::SuggestRawIdentifier(name) => here(format!(
            "'{name}' is no name; names are made of letters, digits and '_'"
        )),
        Error::ExpectedIdentifier if rest.starts_with([',', ')', ']', '}']) => {
            here(format!("found {found}, but 'name: value' was expected"))
        }
        Error::ExpectedIdentifier => here(format!(
            "found {found}, but 'name: value' was expected; arguments with and without names cannot be mixed"
        )),
        Error::ExpectedComma if rest.starts_with(':') => here(
            "found ':', but a comma was expected; values with and without names cannot be mixed".into(),
        ),
        Error::ExpectedComma if rest.starts_with('{') && text[..end].ends_with(is_word) => {
            here("found '{', but values in '(' and ')' were expected: 'name(..)'".into())
        }
        Error::ExpectedComma if rest.starts_with('+') => here(
            "lists are not added with '+'; 'glob([..])' and 'when(..)' stand among the strings of a list".into(),
        ),
        Error::ExpectedComma if rest.starts_with('-') && text[..end].ends_with(is_word) => {
            here("'-' cannot stand in a name; write '_'".into())
        }
        Error::ExpectedComma if rest.starts_with([')', ']', '}']) => {
            let why = format!("found {found}, but a comma or another closing bracket was expected");
            brackets::also_open(here(why), source, end)
        }
        Error::ExpectedComma => {
            // The place after the last value is where the comma belongs.
            let place = Place::new(source, end, end + len);
            let after = Place::new(source, before.len(), before.len());
            let problem = Problem::at(&place, format!("found {found}, but a comma was expected"));
            match after.line() == place.line() {
                true => problem,
                false => problem.also(&after, "it belongs here"),
            }
        }
        Error::UnexpectedChar(sign) if sign.is_control() => here(format!(
            "found {found}, a control character, but a value was expected; is this a text file?"
        )),
        _ => here(match unclosed(code) {
            Some(sign) => format!("found {found}, but {sign} was expected"),
            None => format!("found {found}, but a value was expected ({})", plain(code)),
        }),
    }
}

fn unclosed(code: &Error) -> Option<&'static str> {
    Some(match code {
        Error::ExpectedArrayEnd => "a comma or ']'",
        Error::ExpectedStructLikeEnd | Error::ExpectedOptionEnd => "a comma or ')'",
        Error::ExpectedMapEnd => "a comma or '}'",
        Error::ExpectedComma => "a comma or a closing bracket",
        Error::ExpectedMapColon => "':' and a value",
        Error::ExpectedArray => "'['",
        Error::ExpectedStringEnd => "'\"'",
        _ => return None,
    })
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The first sign of the rest, in words, and its length.
fn found(rest: &str) -> (String, usize) {
    let word = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
    if word > 0 {
        let shown: String = rest[..word].chars().take(40).collect();
        return (format!("'{shown}'"), word);
    }
    match rest.chars().next() {
        None => ("the end of the file".to_string(), 0),
        Some('"') => ("a string".to_string(), 1),
        Some(sign) if sign.is_control() => (format!("{sign:?}"), sign.len_utf8()),
        Some(sign) => (format!("'{sign}'"), sign.len_utf8()),
    }
}

/// The library's own words, as ours begin.
fn plain(code: &Error) -> String {
    let text = code.to_string().replace('`', "'");
    let mut letters = text.chars();
    match letters.next() {
        Some(first) => first.to_lowercase().chain(letters).collect(),
        None => text,
    }
}
