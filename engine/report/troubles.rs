//! What went wrong in a run, with the line of the workspace where it did as far as that is told.

use super::failure::why;
use super::output::{ends, neutral};
use super::verdict::{described, not_run, selector};
use crate::base::{Label, plain_line};
use crate::event::{Event, Outcome};
use regex::Regex;
use std::path::{Path, PathBuf};

/// Lines that are looked through for a place.
const LINES: usize = 2000;
/// Text that is kept of one failure.
const LONGEST: usize = 4000;

/// What kind of thing went wrong; causes come before what follows from them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// A mistake in a file, or in what was asked for.
    Mistake,
    /// An action of the build.
    Build,
    /// A case of a test.
    Test,
    /// A test that could not be run.
    NotRun,
}

/// Something that went wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Trouble {
    /// Which kind of thing.
    pub kind: Kind,
    /// In one line: `//p:t#case failed`.
    pub title: String,
    /// The end of what was printed; may be empty.
    pub text: String,
    /// Where, if a file of the workspace is named.
    pub place: Option<Spot>,
}

/// A place in a file of the workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Spot {
    /// From the root.
    pub file: String,
    /// From 1 on.
    pub line: u32,
    /// From 1 on.
    pub column: Option<u32>,
}

/// Gathers what went wrong.
pub(super) struct Troubles {
    root: PathBuf,
    /// `a/b.c:3` and `a/b.c:3:5`, wherever they stand in a line.
    spot: Regex,
    /// `a/BUILD.ron:3:5: ` at the start of a line, which no line of an excerpt is.
    mistake: Regex,
    all: Vec<Trouble>,
}

impl Troubles {
    /// Of a run in the workspace with this root.
    pub fn new(root: &Path) -> Troubles {
        let pattern = |text: &str| {
            Regex::new(text).unwrap_or_else(|error| unreachable!("BUG: a fixed pattern: {error}"))
        };
        let spot =
            pattern(r"([A-Za-z0-9_.+/@-]*[A-Za-z0-9_]):([1-9][0-9]{0,8})(?::([1-9][0-9]{0,8}))?");
        let mistake = pattern(r"^([^ |][^|]*?):([1-9][0-9]{0,8}):([1-9][0-9]{0,8}): (.*)$");
        Troubles { root: root.to_path_buf(), spot, mistake, all: Vec::new() }
    }

    /// Takes an event.
    pub fn take(&mut self, event: &Event) {
        match event {
            Event::ActionFinished { about, end, .. } if !about.test => {
                if matches!(end.outcome, Outcome::Passed | Outcome::Stopped) {
                    return;
                }
                let read = end.output.as_ref().and_then(|(path, _)| ends(path).ok());
                let text = read.map(|read| [read.head, read.tail].concat()).unwrap_or_default();
                let title = format!("{}: {} ({})", about.label, about.subject, why(&end.outcome));
                self.add(Kind::Build, &title, &String::from_utf8_lossy(&text));
            }
            Event::TestFinished { label, cases, .. } => {
                for case in cases.iter().filter(|case| !case.verdict.is_good()) {
                    let title = format!("{} {}", selector(label, case), described(case));
                    self.add(Kind::Test, &title, &case.output);
                }
            }
            Event::TestNotRun { label, because } => self.not_run(label, &not_run(because)),
            _ => {}
        }
    }

    /// What went wrong: mistakes as they were told, then by kind and title, whatever ran at once.
    pub fn sorted(&self) -> Vec<Trouble> {
        let mut all = self.all.clone();
        let title = |it: &Trouble| match it.kind {
            Kind::Mistake => String::new(),
            _ => it.title.clone(),
        };
        all.sort_by_cached_key(|trouble| (trouble.kind, title(trouble)));
        all
    }

    /// Takes why the run came to no result: mistakes in files of the workspace, each with its
    /// excerpt, and other texts.
    pub fn problem(&mut self, problem: &str) {
        let before = self.all.len();
        for line in problem.lines() {
            let mistake = self.mistake.captures(line);
            let title = match &mistake {
                Some(found) => &found[4],
                None => line.strip_prefix("eng: ").unwrap_or_default(),
            };
            if title.is_empty()
                && let Some(last) = self.all[before..].last_mut()
            {
                last.text.push_str(&format!("\n{line}"));
                continue;
            }
            let place = mistake.as_ref().and_then(|found| {
                let (file, line) = (found[1].to_string(), found[2].parse().ok()?);
                // What stands elsewhere, as in a rule that is built in, has no file here.
                let inside = self.root.join(&file).is_file();
                inside.then(|| Spot { file, line, column: found[3].parse().ok() })
            });
            let title = if title.is_empty() { line } else { title };
            let (title, text) = (title.to_string(), line.to_string());
            self.all.push(Trouble { kind: Kind::Mistake, title, text, place });
        }
    }

    fn not_run(&mut self, label: &Label, why: &str) {
        self.add(Kind::NotRun, &format!("{label} was not run: {why}"), "");
    }

    fn add(&mut self, kind: Kind, title: &str, text: &str) {
        let text = neutral(text.trim_end(), false);
        let place = text.lines().take(LINES).find_map(|line| self.spot(line));
        let from = text.len().saturating_sub(LONGEST);
        let from = (from..text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len());
        let text = text[from..].to_string();
        self.all.push(Trouble { kind, title: plain_line(title), text, place });
    }

    /// The first place in a line that is one of the workspace.
    fn spot(&self, line: &str) -> Option<Spot> {
        self.spot.captures_iter(line).find_map(|found| {
            let file = &found[1];
            let file = match Path::new(file).strip_prefix(&self.root) {
                Ok(inside) => inside.to_str()?,
                Err(_) => file.strip_prefix("./").unwrap_or(file),
            };
            let inside = !file.starts_with('/') && !file.split('/').any(|part| part == "..");
            if !inside || !self.root.join(file).is_file() {
                return None;
            }
            let number = |at: usize| found.get(at).and_then(|text| text.as_str().parse().ok());
            Some(Spot { file: file.to_string(), line: number(2)?, column: number(3) })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_file_of_the_workspace_that_is_named_is_the_place() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("a")).unwrap();
        std::fs::write(dir.path().join("a/b.c"), "").unwrap();
        let troubles = Troubles::new(dir.path());
        let place = |line: &str| {
            troubles.spot(line).map(|spot| format!("{}:{}:{:?}", spot.file, spot.line, spot.column))
        };
        let of = |text: &str| Some(text.to_string());
        assert_eq!(place("a/b.c:3:5: error: no"), of("a/b.c:3:Some(5)"));
        assert_eq!(place("x.c:1: in a/b.c:3 and a/b.c:9"), of("a/b.c:3:None"));
        assert_eq!(place("  --> ./a/b.c:12:1"), of("a/b.c:12:Some(1)"));
        assert_eq!(place("thread panicked at 'a/b.c:7:2'"), of("a/b.c:7:Some(2)"));
        let absolute = format!("({}:4)", dir.path().join("a/b.c").display());
        assert_eq!(place(&absolute), of("a/b.c:4:None"));
        for none in
            ["a/c.c:3", "a/b.c", "a/b.c:0", "/a/b.c:1", "../a/b.c:1", "12:30:15", ":3", "a:1"]
        {
            assert_eq!(place(none), None, "{none}");
        }
    }
}
