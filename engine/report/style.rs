//! How things look: colours, widths, lengths of time, names of signals.

use crate::base::{is_hidden, show_duration};
use std::time::{Duration, SystemTime};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// What the user wants to see, as decided from flags, environment and terminal.
#[derive(Debug, Clone, Default)]
pub struct Style {
    /// Colours may be used.
    pub color: bool,
    /// Standard error is a terminal that may be redrawn; otherwise only whole lines are written.
    pub live: bool,
    /// Every action that ran is told, with its reason and its command, when it ends.
    pub verbose: bool,
    /// Columns to fill if the terminal does not tell; 0 means 80.
    pub width: usize,
    /// Whose output is shown.
    pub test_output: TestOutput,
    /// A test process that runs longer is told as slow; nothing if none is.
    pub slow_after: Option<Duration>,
    /// So many of the slowest cases are told at the end.
    pub slowest: usize,
    /// How the user started us, without patterns: `eng test`; for commands to run things again.
    pub rerun: String,
    /// When what is told next has happened; nothing for what the clock says.
    pub now: Option<SystemTime>,
}

/// Of which cases the output is shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum TestOutput {
    /// Of none.
    Summary,
    /// Of those that failed.
    #[default]
    Errors,
    /// Of all.
    All,
    /// Of those that failed, and that of all as it comes.
    Streamed,
}

/// What a piece of text means; its colour follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tone {
    Good,
    Bad,
    Odd,
    Quiet,
    Plain,
    Strong,
}

impl Style {
    /// The text in the colour of its meaning.
    pub(super) fn paint(&self, tone: Tone, text: &str) -> String {
        if !self.color || text.is_empty() {
            return text.to_string();
        }
        let code = match tone {
            Tone::Good => "1;32",
            Tone::Bad => "1;31",
            Tone::Odd => "1;33",
            Tone::Quiet => "2",
            Tone::Plain => return text.to_string(),
            Tone::Strong => "1",
        };
        format!("\x1b[{code}m{text}\x1b[0m")
    }

    /// The command that builds one target.
    pub(super) fn build_command(&self) -> String {
        let program = self.rerun.split(' ').next().unwrap_or_default();
        format!("{} build", if program.is_empty() { "eng" } else { program })
    }
}

/// What commonly brings about a signal, for people who do not know them by name.
pub(super) fn signal_meaning(name: &str) -> Option<&'static str> {
    Some(match name {
        "SIGABRT" => "abort",
        "SIGBUS" => "bad memory access",
        "SIGFPE" => "arithmetic error",
        "SIGILL" => "illegal instruction",
        "SIGKILL" => "killed, perhaps out of memory",
        "SIGSEGV" => "segmentation fault",
        "SIGSYS" => "forbidden system call",
        "SIGXFSZ" => "file too large",
        _ => return None,
    })
}

/// A limit as somebody would have written it: `2s` rather than `2.00s`.
pub(super) fn show_limit(limit: Duration) -> String {
    if limit.subsec_nanos() == 0 && limit.as_secs() < 60 {
        format!("{}s", limit.as_secs())
    } else {
        show_duration(limit)
    }
}

/// Time that goes on, to a tenth of a second.
pub(super) fn show_elapsed(elapsed: Duration) -> String {
    if elapsed.as_secs() < 60 {
        format!("{:.1}s", elapsed.as_secs_f64())
    } else {
        show_duration(elapsed)
    }
}

/// `1 case`, `2 cases`, `2 passes`.
pub(super) fn count(number: usize, thing: &str) -> String {
    let ending = match number {
        1 => "",
        _ if thing.ends_with('s') => "es",
        _ => "s",
    };
    format!("{number} {thing}{ending}")
}

/// The words that are not nothing, with commas.
pub(super) fn list(words: impl IntoIterator<Item = Option<String>>) -> String {
    words.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// The text cut to so many columns, with an ellipsis if something was lost.
pub(super) fn cut(text: &str, columns: usize) -> String {
    if text.width() <= columns {
        return text.to_string();
    }
    let mut left = columns.saturating_sub(1);
    let mut res = String::new();
    for c in text.chars() {
        let width = c.width().unwrap_or(0);
        if width > left {
            break;
        }
        left -= width;
        res.push(c);
    }
    // Characters may be wider together than one by one.
    while res.width() > columns.saturating_sub(1) {
        res.pop();
    }
    if columns > 0 {
        res.push('…');
    }
    res
}

/// A word as a shell reads it; quoted only if it must be. What a terminal would obey is spelled, as
/// most shells read it.
pub(super) fn shell_word(word: &str) -> String {
    if word.contains(is_hidden) {
        let quoted = |c: char| match c {
            '\'' | '\\' => format!("\\{c}"),
            c if is_hidden(c) => c.to_string().bytes().map(|b| format!("\\x{b:02x}")).collect(),
            c => c.to_string(),
        };
        return format!("$'{}'", word.chars().map(quoted).collect::<String>());
    }
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./:@=,+%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_string()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_cut_by_columns_and_not_by_characters() {
        assert_eq!(cut("héllo", 5), "héllo");
        assert_eq!(cut("hello", 4), "hel…");
        assert_eq!(cut("日本語", 5), "日本…");
        assert_eq!(cut("日本語", 4), "日…");
        assert_eq!(cut("x", 0), "");
        assert_eq!(cut("\u{263a}\u{fe0f}\u{263a}\u{fe0f}", 3).width(), 3);
    }

    #[test]
    fn words_are_quoted_only_where_a_shell_would_read_them_otherwise() {
        assert_eq!(shell_word("//a/b:c"), "//a/b:c");
        assert_eq!(shell_word("//a:t#case"), "'//a:t#case'");
        assert_eq!(shell_word("it's"), r"'it'\''s'");
        assert_eq!(shell_word("\x1b[2J it's \\\n"), r"$'\x1b[2J it\'s \\\x0a'");
    }
}
