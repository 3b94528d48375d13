//! What programs printed, ready for a terminal: head and tail of what is long, and nothing in it
//! that could move the cursor, hide text or change the window.

use crate::base::is_hidden;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

/// Longer output is shown by its head and tail of half as many lines each.
const MOST_LINES: usize = 200;
/// The same for bytes.
const MOST_BYTES: usize = 64 * 1024;

/// What stands in a file. It ends with a line feed, or is empty.
pub(super) fn of_file(path: &Path, color: bool) -> String {
    match read(path) {
        Ok(excerpt) => excerpt.show(Some(path), color),
        Err(error) => format!("(the output in {} cannot be read: {error})\n", shown(path)),
    }
}

/// The same for text that is at hand; `whole` is the file that has all of it.
pub(super) fn of_text(text: &str, whole: Option<&Path>, color: bool) -> String {
    let bytes = text.as_bytes();
    let excerpt = match bytes.len() <= MOST_BYTES {
        true => Excerpt::of_whole(bytes),
        false => {
            let (head, tail) = (MOST_BYTES / 2, bytes.len() - MOST_BYTES / 2);
            Excerpt::of_ends(&bytes[..head], &bytes[tail..], (tail - head) as u64)
        }
    };
    excerpt.show(whole, color)
}

fn read(path: &Path) -> std::io::Result<Excerpt> {
    let Ends { head, between, tail } = ends(path)?;
    match between {
        0 => Ok(Excerpt::of_whole(&head)),
        _ => Ok(Excerpt::of_ends(&head, &tail, between)),
    }
}

/// Beginning and end of a file.
pub(super) struct Ends {
    /// All of it if it is short.
    pub head: Vec<u8>,
    /// Bytes that are missing between the two.
    pub between: u64,
    /// Empty if nothing is missing.
    pub tail: Vec<u8>,
}

/// As much of a file as is shown at most.
pub(super) fn ends(path: &Path) -> std::io::Result<Ends> {
    let mut file = File::open(path)?;
    let size = file.metadata()?.len();
    let half = MOST_BYTES as u64 / 2;
    let (mut head, mut tail) = (Vec::new(), Vec::new());
    if size <= MOST_BYTES as u64 {
        file.take(MOST_BYTES as u64).read_to_end(&mut head)?;
        return Ok(Ends { head, between: 0, tail });
    }
    file.by_ref().take(half).read_to_end(&mut head)?;
    file.seek(SeekFrom::Start(size - half))?;
    file.take(half).read_to_end(&mut tail)?;
    Ok(Ends { head, between: size - 2 * half, tail })
}

struct Excerpt {
    head: String,
    /// Bytes that are missing between the two; 0 if `head` is all.
    omitted: u64,
    tail: String,
}

impl Excerpt {
    fn of_whole(bytes: &[u8]) -> Excerpt {
        let lines = bytes.split_inclusive(|byte| *byte == b'\n').count();
        if lines <= MOST_LINES {
            return Excerpt { head: lossy(bytes), omitted: 0, tail: String::new() };
        }
        let head = first_lines(bytes, MOST_LINES / 2);
        let tail = last_lines(bytes, MOST_LINES / 2);
        let omitted = (bytes.len() - head.len() - tail.len()) as u64;
        Excerpt { head: lossy(head), omitted, tail: lossy(tail) }
    }

    /// The ends of something longer; they are cut to whole lines if they hold any.
    fn of_ends(head: &[u8], tail: &[u8], between: u64) -> Excerpt {
        let whole_head = match head.iter().rposition(|byte| *byte == b'\n') {
            Some(at) => first_lines(&head[..=at], MOST_LINES / 2),
            None => head,
        };
        let whole_tail = match tail.iter().position(|byte| *byte == b'\n') {
            Some(at) if at + 1 < tail.len() => last_lines(&tail[at + 1..], MOST_LINES / 2),
            _ => tail,
        };
        let cut = head.len() - whole_head.len() + tail.len() - whole_tail.len();
        Excerpt { head: lossy(whole_head), omitted: between + cut as u64, tail: lossy(whole_tail) }
    }

    fn show(&self, whole: Option<&Path>, color: bool) -> String {
        let mut res = block(&self.head, color);
        if self.omitted > 0 {
            let place = whole.map(|path| format!("; all of it is in {}", shown(path)));
            let place = place.unwrap_or_default();
            res.push_str(&format!("… {} bytes left out{place}\n", self.omitted));
            res.push_str(&block(&self.tail, color));
        }
        res
    }
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn first_lines(bytes: &[u8], lines: usize) -> &[u8] {
    let len = bytes.split_inclusive(|byte| *byte == b'\n').take(lines).map(<[u8]>::len).sum();
    &bytes[..len]
}

fn last_lines(bytes: &[u8], lines: usize) -> &[u8] {
    let all = bytes.split_inclusive(|byte| *byte == b'\n');
    let len: usize = all.rev().take(lines).map(<[u8]>::len).sum();
    &bytes[bytes.len() - len..]
}

/// Harmless text with exactly one line feed at its end, or nothing.
fn block(text: &str, color: bool) -> String {
    let mut res = neutral(text.trim_end_matches(['\n', '\r']), color);
    if !res.is_empty() {
        res.push('\n');
    }
    res
}

/// The text with colours at most: other escape sequences vanish, other control characters become
/// visible. Colours are switched off at the end, and dropped if there are to be none.
pub fn neutral(text: &str, color: bool) -> String {
    let mut res = String::with_capacity(text.len());
    let mut colored = false;
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if let Some(escape) = escape_sequence(rest) {
            if color && escape.colors {
                res.push_str(&rest[..escape.len]);
                colored = true;
            }
            rest = &rest[escape.len..];
            continue;
        }
        rest = &rest[c.len_utf8()..];
        match c {
            '\n' | '\t' => res.push(c),
            '\r' if rest.starts_with('\n') => {}
            '\0'..='\x1f' => res.push(char::from_u32(0x2400 + c as u32).unwrap_or('\u{fffd}')),
            '\x7f' => res.push('\u{2421}'),
            // Some turn the direction of what follows, so that text reads other than it is.
            c if is_hidden(c) => res.push('\u{fffd}'),
            c => res.push(c),
        }
    }
    if colored {
        res.push_str("\x1b[0m");
    }
    res
}

/// An escape sequence.
struct Escape {
    /// Bytes from the `ESC` to its end.
    len: usize,
    /// It sets colours and nothing else.
    colors: bool,
}

/// The escape sequence at the start of the text, if it is a whole one: `ESC [ … letter`, or
/// `ESC ] …` up to its terminator.
fn escape_sequence(text: &str) -> Option<Escape> {
    let body = text.strip_prefix('\x1b')?;
    if let Some(body) = body.strip_prefix('[') {
        let plain = body.bytes().take_while(|b| (0x20..=0x3f).contains(b)).count();
        let last = *body.as_bytes().get(plain)?;
        let numbers = body[..plain].bytes().all(|b| matches!(b, b'0'..=b'9' | b';' | b':'));
        let escape = Escape { len: 2 + plain + 1, colors: last == b'm' && numbers };
        return (0x40..=0x7e).contains(&last).then_some(escape);
    }
    let body = body.strip_prefix(']')?;
    let end = body.find(['\x07', '\x1b', '\n'])?;
    let terminator = ["\x07", "\x1b\\"].into_iter().find(|it| body[end..].starts_with(it))?;
    Some(Escape { len: 2 + end + terminator.len(), colors: false })
}

/// A path, which may have any name.
pub(super) fn shown(path: &Path) -> String {
    neutral(&path.to_string_lossy(), false).replace('\n', "\u{240a}")
}

/// Each line moved to the right by `by` columns; empty lines stay empty.
pub(super) fn indented(text: &str, by: usize) -> String {
    let indent = " ".repeat(by);
    let lines = text.split_inclusive('\n');
    lines
        .map(|line| if line == "\n" { line.to_string() } else { format!("{indent}{line}") })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_colours_get_through() {
        let text = "\x1b[31mred\x1b[0m \x1b[2J\x1b]0;title\x07\x1b]8;;http://x\x1b\\link\x1b[?25l \
                    a\x08b\r\nc\rd \u{9b}31m \u{202e}";
        let told = "\x1b[31mred\x1b[0m link a␈b\nc␍d \u{fffd}31m \u{fffd}\x1b[0m";
        assert_eq!(neutral(text, true), told);
        assert_eq!(neutral(text, false), "red link a␈b\nc␍d \u{fffd}31m \u{fffd}");
        assert_eq!(neutral("\x1b[1;3", true), "␛[1;3");
        assert_eq!(neutral("\x1b]0;no end\n", true), "␛]0;no end\n");
        assert_eq!(neutral("\x1b[é", true), "␛[é");
    }

    #[test]
    fn a_private_sequence_is_no_colour() {
        assert_eq!(neutral("a\x1b[>4mb", true), "ab");
    }

    #[test]
    fn long_output_is_told_by_its_head_and_tail() {
        let text: String = (0..1000).map(|n| format!("line {n}\n")).collect();
        let told = of_text(&text, Some(Path::new("log")), false);
        let lines: Vec<&str> = told.lines().collect();
        assert_eq!(lines.len(), 201);
        assert_eq!((lines[99], lines[101]), ("line 99", "line 900"));
        let left: usize = (100..900).map(|n| format!("line {n}\n").len()).sum();
        assert_eq!(lines[100], format!("… {left} bytes left out; all of it is in log"));
    }

    #[test]
    fn a_file_without_lines_is_cut_by_bytes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out");
        let mut bytes = vec![b'x'; 100_000];
        bytes[0] = 0xff;
        std::fs::write(&path, &bytes).unwrap();
        let told = of_file(&path, false);
        assert!(told.starts_with("\u{fffd}xx"));
        assert!(told.contains("\n… 34464 bytes left out; all of it is in /"), "{}", told.len());
        assert!(of_file(&folder.path().join("none"), false).contains("cannot be read"));
    }
}
