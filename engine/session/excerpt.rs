//! What has changed inside a file: the first lines that differ, or the first byte.

use crate::base::{ChangedFile, Digest};
use crate::store::{Cas, Ledger};
use similar::{ChangeTag, TextDiff};
use std::fs;
use std::path::Path;

/// Lines that are looked at from the first difference on, of which so many are shown.
const WINDOW: usize = 60;
const SHOWN: usize = 12;
/// Longer lines are cut.
const WIDTH: usize = 100;
/// Greater files are not read for an explanation.
const LARGEST: u64 = 16 << 20;

/// What has changed inside a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Excerpt {
    /// Lines from this one on, each with a plus, a minus or a space; how many more there are.
    Lines {
        /// Number of the first line, from 1 on.
        first: usize,
        /// The lines, with control characters escaped.
        lines: Vec<(char, String)>,
        /// True if more follows.
        more: bool,
    },
    /// Not text: sizes, and the first byte that differs, from 0 on.
    Bytes {
        /// Its size before.
        before: u64,
        /// Its size now.
        now: u64,
        /// The first byte that is not what it was.
        offset: u64,
    },
    /// What it held is not known any more.
    Sizes {
        /// Its size before.
        before: u64,
        /// Its size now.
        now: u64,
    },
}

/// Where contents are found.
#[derive(Clone, Copy)]
pub(super) struct Contents<'a> {
    /// Sources and manifests that were kept.
    pub ledger: &'a Ledger,
    /// Outputs.
    pub cas: &'a Cas,
    /// Root of the workspace.
    pub root: &'a Path,
}

/// What has changed in a file of the workspace, or in an output; nothing if it was not there before
/// or is not there now.
pub(super) fn excerpt(contents: Contents, file: &ChangedFile) -> Option<Excerpt> {
    let Contents { ledger, cas, root } = contents;
    let (before, now) = (file.before?, file.now?);
    let sizes = Excerpt::Sizes { before: before.size, now: now.size };
    if before == now || before.size.max(now.size) > LARGEST {
        return (before != now).then_some(sizes);
    }
    let stored = |digest: &Digest| ledger.text(digest).or_else(|| cas.read(digest).ok().flatten());
    let Some(old) = stored(&before) else { return Some(sizes) };
    let on_disk = || fs::read(root.join(&file.path)).ok().filter(|it| Digest::of(it) == now);
    let Some(new) = stored(&now).or_else(on_disk) else { return Some(sizes) };
    Some(compare(&old, &new))
}

fn compare(old: &[u8], new: &[u8]) -> Excerpt {
    let text = |bytes| std::str::from_utf8(bytes).ok().filter(|text| !text.contains('\0'));
    match (text(old), text(new)) {
        (Some(old), Some(new)) => lines(old, new),
        _ => {
            let same = old.iter().zip(new).take_while(|(a, b)| a == b).count();
            Excerpt::Bytes { before: old.len() as u64, now: new.len() as u64, offset: same as u64 }
        }
    }
}

/// The first lines that differ, with the line before them.
fn lines(old: &str, new: &str) -> Excerpt {
    let (old, new): (Vec<&str>, Vec<&str>) =
        (old.split_inclusive('\n').collect(), new.split_inclusive('\n').collect());
    let same = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let first = same.saturating_sub(1);
    let window =
        |lines: &[&str]| -> String { lines.iter().skip(first).take(WINDOW).copied().collect() };
    let (old, new) = (window(&old), window(&new));
    let diff = TextDiff::from_lines(&old, &new);
    let mut shown = Vec::new();
    let mut changed = false;
    let mut more = false;
    for change in diff.iter_all_changes() {
        let sign = match change.tag() {
            ChangeTag::Equal => ' ',
            ChangeTag::Delete => '-',
            ChangeTag::Insert => '+',
        };
        let after = changed && sign == ' ' && shown.last().is_some_and(|(last, _)| *last == ' ');
        if after || shown.len() == SHOWN {
            more = !after;
            break;
        }
        changed |= sign != ' ';
        let text: &str = change.value();
        let mut line = visible(text.strip_suffix('\n').unwrap_or(text));
        if !text.ends_with('\n') {
            line.push_str(" (no newline at the end)");
        }
        shown.push((sign, line));
    }
    Excerpt::Lines { first: first + 1, lines: shown, more }
}

/// A line with control characters escaped, and not too long.
fn visible(line: &str) -> String {
    let mut res = String::new();
    for (at, c) in line.chars().enumerate() {
        if at == WIDTH {
            res.push('…');
            break;
        }
        // These turn the direction of what follows, so that text reads other than it is.
        let turns = matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        match c {
            '\t' => res.push_str("    "),
            c if c.is_control() || turns => res.extend(c.escape_default()),
            c => res.push(c),
        }
    }
    res
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(old: &str, new: &str) -> String {
        match compare(old.as_bytes(), new.as_bytes()) {
            Excerpt::Lines { first, lines, more } => {
                let lines: Vec<String> =
                    lines.iter().map(|(sign, line)| format!("{sign}{line}")).collect();
                format!("{first}|{}{}", lines.join("|"), if more { "|…" } else { "" })
            }
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn the_first_lines_that_differ_are_shown_with_their_neighbours() {
        assert_eq!(shown("a\nb\nc\nd\ne\n", "a\nb\nx\nd\ne\n"), "2| b|-c|+x| d");
        assert_eq!(shown("a\n", "b\n"), "1|-a|+b");
        assert_eq!(shown("", "b\n"), "1|+b");
        assert_eq!(shown("a\nb\n", "a\n"), "1| a|-b");
        assert_eq!(shown("a", "a\n"), "1|-a (no newline at the end)|+a");
    }

    #[test]
    fn a_long_change_is_cut_and_control_characters_are_escaped() {
        let many: String = (0..500).map(|n| format!("{n}\n")).collect();
        let text = shown("", &many);
        assert!(text.starts_with("1|+0|+1|") && text.ends_with("|+11|…"), "{text}");
        assert_eq!(shown("a\u{1b}[1m\r\n", "\u{202e}\tb\n"), "1|-a\\u{1b}[1m\\r|+\\u{202e}    b");
        let text = shown("", &"x".repeat(200));
        assert!(text.contains("xx… (no newline"), "{text}");
    }

    #[test]
    fn other_files_are_told_by_size_and_place() {
        assert_eq!(compare(b"\0abc", b"\0abd!"), Excerpt::Bytes { before: 4, now: 5, offset: 3 });
        assert_eq!(compare(b"\xff", b"\xff\xff"), Excerpt::Bytes { before: 1, now: 2, offset: 1 });
    }
}
