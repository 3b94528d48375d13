//! How files of RON are laid out. Every comment stays, strings stay as they are written, and a bracket
//! whose line ends behind it stays open, as its author wanted it; what does not fit into a line is
//! broken, and all other lines are joined.

use super::lexer::{self, Token};
use super::written::{self, Bracket, Comment, Entry, File, Value};
use super::{syntax, tree};
use crate::base::{Problems, Source};
use std::sync::Arc;

/// Columns of a line, as in the source of the engine itself.
const WIDTH: usize = 100;
const STEP: usize = 4;
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// The text of a file, laid out. `path` is what problems show.
pub fn format(path: &str, text: &str) -> Result<String, Problems> {
    format_bytes(path, text.as_bytes().to_vec())
}

/// The same for the bytes of a file, which may be no text at all.
pub fn format_bytes(path: &str, mut bytes: Vec<u8>) -> Result<String, Problems> {
    // Some editors write a byte order mark, which is refused everywhere else.
    if bytes.starts_with(BYTE_ORDER_MARK) {
        bytes.drain(..BYTE_ORDER_MARK.len());
    }
    let source = syntax::source(path, bytes)?;
    let text = source.text.as_str();
    let nodes = tree::parse(&source)?;
    let tokens = lexer::tokens(text);
    let res = Layout::default().file(&written::file(&tokens));
    let again = Arc::new(Source { path: path.to_string(), text: res.clone() });
    let same = tree::parse(&again).is_ok_and(|again| again == nodes);
    if !(same && comments(&lexer::tokens(&res)) == comments(&tokens)) {
        unreachable!("BUG: {path} would say something else after formatting; it is left as it is");
    }
    Ok(res)
}

/// The comments, sorted, without white space at the ends of lines.
fn comments(tokens: &[Token]) -> Vec<String> {
    let bare = |it: &Token| it.text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n");
    let mut res: Vec<String> = tokens.iter().filter(|it| it.is_comment()).map(bare).collect();
    res.sort_unstable();
    res
}

#[derive(Default)]
struct Layout {
    out: String,
    /// Nothing stands in the innermost bracket yet, and no blank line is to be its first.
    fresh: bool,
}

impl Layout {
    fn file(mut self, file: &File) -> String {
        for comment in &file.head {
            self.gap(comment.blank && !self.out.is_empty());
            self.out.push_str(&comment.text);
            self.out.push(if comment.ends_line { '\n' } else { ' ' });
        }
        self.gap(file.blank && !file.head.is_empty());
        match file.list.entries.is_empty()
            && file.list.after_open.is_empty()
            && file.list.end.is_empty()
        {
            true => self.out.push_str("[]"),
            false => self.broken(&file.list, 0, true),
        }
        for comment in &file.beside {
            self.out.push(' ');
            self.out.push_str(&comment.text);
        }
        for comment in &file.tail {
            self.out.push('\n');
            self.gap(comment.blank);
            self.out.push_str(&comment.text);
        }
        self.out.push('\n');
        self.out
    }

    fn gap(&mut self, blank: bool) {
        if blank {
            self.out.push('\n');
        }
    }

    /// Starts a line, behind a blank one if that is wanted.
    fn line(&mut self, indent: usize, blank: bool) {
        let fresh = std::mem::take(&mut self.fresh);
        self.gap(blank && !fresh);
        self.out.push('\n');
        self.out.push_str(&" ".repeat(indent));
    }

    /// The column that comes next.
    fn column(&self) -> usize {
        self.out.rsplit('\n').next().unwrap_or("").chars().count()
    }

    /// A value that is followed by `tail` more columns.
    fn value(&mut self, value: &Value, indent: usize, tail: usize) {
        let bracket = match (flat(value), value) {
            (Some(flat), _) if self.column() + flat.chars().count() + tail <= WIDTH => {
                return self.out.push_str(&flat);
            }
            // Nothing would be gained.
            (Some(flat), value) if !breaks_well(value) => return self.out.push_str(&flat),
            (_, Value::Leaf(text)) => return self.out.push_str(text),
            (_, Value::Bracket(bracket)) => bracket,
        };
        let Some((last, leading)) = bracket.entries.split_last().filter(|_| hugs(bracket)) else {
            return self.broken(bracket, indent, false);
        };
        self.out.push_str(bracket.head);
        self.out.push_str(bracket.open);
        for entry in leading {
            self.out.extend(flat_entry(entry));
            self.out.push_str(", ");
        }
        self.value(&last.value, indent, tail + 1);
        self.out.push_str(bracket.close);
    }

    /// A bracket over several lines. Rows of the author are kept as far as they fit, unless each
    /// entry is to have lines of its own.
    fn broken(&mut self, bracket: &Bracket, indent: usize, whole_lines: bool) {
        self.out.push_str(bracket.head);
        self.out.push_str(bracket.open);
        for comment in &bracket.after_open {
            self.out.push(' ');
            self.out.push_str(&comment.text);
        }
        let inner = indent + STEP;
        self.fresh = true;
        let rows = !whole_lines && (bracket.broken || bracket.entries.iter().all(is_short));
        let mut left = WIDTH;
        for (at, entry) in bracket.entries.iter().enumerate() {
            let before = at.checked_sub(1).map(|at| &bracket.entries[at]);
            // A blank before it and a comma behind it.
            let width = flat_entry(entry).map_or(WIDTH, |it| it.chars().count() + 2)
                + before_columns(entry);
            let same = rows && before.is_some_and(|it| continues_row(it, entry, bracket.broken));
            let joins = same && width <= left;
            left = match joins {
                true => left - width,
                false => WIDTH.saturating_sub(inner + width - 1),
            };
            self.entry(entry, inner, !joins);
        }
        for comment in &bracket.end {
            self.line(inner, comment.blank);
            self.out.push_str(&comment.text);
        }
        self.line(indent, false);
        self.out.push_str(bracket.close);
    }

    /// An entry with its comma.
    fn entry(&mut self, entry: &Entry, indent: usize, starts_row: bool) {
        let mut new_line = starts_row;
        let start = |layout: &mut Layout, blank: bool, new_line: bool| match new_line {
            true => layout.line(indent, blank),
            false => layout.out.push(' '),
        };
        for comment in &entry.before {
            start(self, comment.blank, new_line);
            self.out.push_str(&comment.text);
            new_line = comment.ends_line;
        }
        start(self, entry.blank, new_line);
        if let Some(key) = &entry.key {
            self.value(key, indent, 1);
            self.out.push_str(": ");
        }
        for comment in &entry.between {
            self.out.push_str(&comment.text);
            self.out.push(' ');
        }
        let behind: usize = entry.after_value.iter().map(|it| it.text.chars().count() + 1).sum();
        self.value(&entry.value, indent, behind + 1);
        for comment in &entry.after_value {
            self.out.push(' ');
            self.out.push_str(&comment.text);
        }
        self.out.push(',');
        for comment in &entry.after {
            self.out.push(' ');
            self.out.push_str(&comment.text);
        }
    }
}

/// Columns of the comments in the line in which the entry itself starts.
fn before_columns(entry: &Entry) -> usize {
    let beside = entry.before.iter().rev().take_while(|it| !it.ends_line);
    beside.map(|it| it.text.chars().count() + 1).sum()
}

/// True for values of a few signs, of which several stand in a row.
fn is_short(entry: &Entry) -> bool {
    matches!(entry.value, Value::Leaf(text) if text.chars().count() <= 10)
}

/// True if an entry may stand in the line of the one before it, whether or not the author broke the
/// bracket there.
fn continues_row(before: &Entry, entry: &Entry, broken: bool) -> bool {
    let plain = |it: &Comment| !it.ends_line && !it.text.contains('\n');
    !(broken && entry.starts_row)
        && entry.key.is_none()
        && before.after.is_empty()
        && entry.before.iter().all(plain)
}

/// The value in one line, if it may stand in one.
fn flat(value: &Value) -> Option<String> {
    let bracket = match value {
        Value::Leaf(text) => return (!text.contains('\n')).then(|| text.to_string()),
        Value::Bracket(bracket) => bracket,
    };
    let is_empty = bracket.entries.is_empty() && bracket.end.is_empty();
    if bracket.broken && !is_empty || !bracket.after_open.is_empty() {
        return None;
    }
    let mut parts = Vec::new();
    for (at, entry) in bracket.entries.iter().enumerate() {
        let is_last = at + 1 == bracket.entries.len();
        let comments = || entry.before.iter().chain(&entry.between).chain(&entry.after_value);
        if comments().any(|it| it.ends_line) || !(is_last || entry.after.is_empty()) {
            return None;
        }
        let mut text = inline(&entry.before)?;
        text.push_str(&flat_entry(entry)?);
        for comment in &entry.after {
            text.push_str(&format!(" {}", one_line(comment)?));
        }
        parts.push(text);
    }
    let end = inline(&bracket.end)?;
    let space = if end.is_empty() || parts.is_empty() { "" } else { " " };
    let (head, open, close) = (bracket.head, bracket.open, bracket.close);
    Some(format!("{head}{open}{}{space}{}{close}", parts.join(", "), end.trim_end()))
}

/// An entry in one line, without the comments before it and behind its comma.
fn flat_entry(entry: &Entry) -> Option<String> {
    let mut text = match &entry.key {
        Some(key) => format!("{}: ", flat(key)?),
        None => String::new(),
    };
    text.push_str(&inline(&entry.between)?);
    text.push_str(&flat(&entry.value)?);
    for comment in &entry.after_value {
        text.push_str(&format!(" {}", one_line(comment)?));
    }
    Some(text)
}

/// Comments in one line, each with a blank behind it.
fn inline(comments: &[Comment]) -> Option<String> {
    comments.iter().map(|it| Some(format!("{} ", one_line(it)?))).collect()
}

fn one_line(comment: &Comment) -> Option<&str> {
    let fits = !comment.text.contains('\n') && !comment.text.starts_with("//");
    fits.then_some(&comment.text)
}

/// True if a line gets shorter when it is broken inside of this value.
fn breaks_well(value: &Value) -> bool {
    match value {
        Value::Leaf(_) => false,
        Value::Bracket(bracket) => match bracket.entries.as_slice() {
            [] => false,
            [only] => breaks_well(&only.value),
            _ => true,
        },
    }
}

/// True for `glob([..])` and `when("x", [..])`: brackets whose last value is broken instead of them.
fn hugs(bracket: &Bracket) -> bool {
    let bare = |entry: &Entry| {
        let parts = [&entry.before, &entry.between, &entry.after_value, &entry.after];
        entry.key.is_none() && parts.iter().all(|it| it.is_empty())
    };
    let short = |entry: &Entry| matches!(entry.value, Value::Leaf(text) if !text.contains('\n'));
    let Some((last, leading)) = bracket.entries.split_last() else { return false };
    let plain = !bracket.broken && bracket.after_open.is_empty() && bracket.end.is_empty();
    plain
        && bracket.entries.iter().all(bare)
        && leading.iter().all(short)
        && (leading.is_empty() || !bracket.head.is_empty())
        && matches!(last.value, Value::Bracket(_))
        && (flat(&last.value).is_none() || breaks_well(&last.value))
}
