//! A span of a file that somebody wrote: where it is, and how to show it.

use super::problem::plain_line;
use std::fmt;
use std::sync::Arc;
use unicode_width::UnicodeWidthStr;

/// A file that was read: its name as shown to the user, and its text.
#[derive(Debug, PartialEq, Eq)]
pub struct Source {
    /// Path relative to the workspace root, or `@eng//…` for built-in files.
    pub path: String,
    /// The whole text.
    pub text: String,
}

/// A span of bytes in a source. It keeps the text alive, so that it can be shown at any time.
#[derive(Clone)]
pub struct Place {
    source: Arc<Source>,
    /// Of a place that was only told, whose text is empty: its line, which is not 0.
    start: u32,
    /// Of such a place its column.
    end: u32,
}

impl Place {
    /// The span from `start` to `end`, in bytes; both are cut to the text and to character borders.
    pub fn new(source: &Arc<Source>, start: usize, end: usize) -> Place {
        let border = |mut at: usize| {
            at = at.min(source.text.len());
            while !source.text.is_char_boundary(at) {
                at -= 1;
            }
            at as u32
        };
        let start = border(start);
        Place { source: source.clone(), start, end: border(end).max(start) }
    }

    /// A place for words that stand in no file, such as a command line: `name` is shown instead.
    pub fn of_text(name: &str, text: &str) -> Place {
        let source = Arc::new(Source { path: name.to_string(), text: text.to_string() });
        Place::new(&source, 0, text.len())
    }

    /// A place that was told by somebody who has read the file.
    pub fn told(file: &str, line: u32, column: u32) -> Place {
        let source = Arc::new(Source { path: file.to_string(), text: String::new() });
        Place { source, start: line.max(1), end: column }
    }

    /// The part of this place that starts `offset` bytes in and is `len` bytes long.
    pub fn within(&self, offset: usize, len: usize) -> Place {
        let start = self.start as usize + offset;
        Place::new(&self.source, start, start + len)
    }

    /// The file that the place is in.
    pub fn file(&self) -> &str {
        &self.source.path
    }

    /// Line, counted from 1.
    pub fn line(&self) -> usize {
        if self.is_told() {
            return self.start as usize;
        }
        self.before().matches('\n').count() + 1
    }

    /// The same, where the line of an earlier place is known: in a file of many targets each line
    /// is counted once.
    pub fn line_after(&self, known: Option<(&Place, usize)>) -> usize {
        match known {
            Some((place, line))
                if Arc::ptr_eq(&place.source, &self.source)
                    && place.start <= self.start
                    && !self.is_told() =>
            {
                let between = &self.source.text[place.start as usize..self.start as usize];
                line + between.matches('\n').count()
            }
            _ => self.line(),
        }
    }

    /// Column in characters, counted from 1.
    pub fn column(&self) -> usize {
        if self.is_told() {
            return self.end as usize;
        }
        self.before().rsplit('\n').next().unwrap_or("").chars().count() + 1
    }

    /// Sorting key: file, then offset.
    pub fn order(&self) -> (&str, u32) {
        (&self.source.path, self.start)
    }

    /// The line of the place with a caret under it, as compilers show it. Long lines are cut around
    /// the caret, control characters are replaced. Of an empty text there is nothing to show.
    pub fn excerpt(&self) -> String {
        const SHOWN: usize = 100;
        let text = &self.source.text;
        if text.is_empty() {
            return String::new();
        }
        let from = self.before().rfind('\n').map_or(0, |at| at + 1);
        let to = text[from..].find('\n').map_or(text.len(), |at| from + at);
        let end = (self.end as usize).clamp(self.start as usize, to.max(self.start as usize));
        let plain =
            |s: &str| -> String { s.chars().map(|c| if is_hidden(c) { ' ' } else { c }).collect() };
        let mut before = plain(&text[from..self.start as usize]);
        if before.chars().count() > SHOWN {
            let skip = before.chars().count() - SHOWN / 2;
            before = format!("…{}", before.chars().skip(skip).collect::<String>());
        }
        let marked: String = plain(&text[self.start as usize..end]).chars().take(SHOWN).collect();
        let rest = plain(&text[end..to.max(end)]);
        let after: String = rest.chars().take(SHOWN / 2).collect();
        let more = if rest.chars().count() > SHOWN / 2 { "…" } else { "" };
        let number = self.line().to_string();
        let margin = " ".repeat(number.len());
        let indent = " ".repeat(before.width());
        let carets = "^".repeat(marked.width().max(1));
        format!(
            "{margin} |\n{number} | {before}{marked}{after}{more}\n{margin} | {indent}{carets}\n"
        )
    }

    fn is_told(&self) -> bool {
        self.source.text.is_empty() && self.start > 0
    }

    fn before(&self) -> &str {
        self.source.text.get(..self.start as usize).unwrap_or_default()
    }
}

/// True for characters that are not shown but change how others are: terminals obey them, and some
/// turn the direction of writing. Joiners are none: scripts and emojis are written with them.
pub fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}')
        || matches!(c, '\u{2060}'..='\u{206f}' | '\u{feff}')
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{}:{}:{}", plain_line(self.file()), self.line(), self.column())
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{self}")
    }
}
