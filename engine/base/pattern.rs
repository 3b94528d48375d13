//! Patterns of targets as typed on a command line: `//a/...`, `//a:all`, `-//b`, `//a:t#case`.

use super::problem::plain_line;
use super::{Label, PackageName, path};

/// What one pattern matches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selection {
    /// All targets of the package and of all below it.
    Below(PackageName),
    /// All targets of one package.
    All(PackageName),
    /// One target.
    One(Label),
}

/// One pattern: what it selects, and whether it takes that away from what stands before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Term {
    /// True for `-//a/...`.
    pub exclude: bool,
    /// What it matches.
    pub selection: Selection,
    /// The case of `//a:t#case`.
    pub case: Option<String>,
    /// As typed, in one line, for messages.
    pub text: String,
}

/// A list of terms, applied from left to right.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Pattern {
    /// The terms in the order in which they were typed.
    pub terms: Vec<Term>,
}

impl Pattern {
    /// Reads the words of a command line; `home` is the package of the working directory, relative
    /// to which `...`, `:t` and `a/...` are understood. The error is a whole sentence.
    pub fn parse<S: AsRef<str>>(words: &[S], home: &PackageName) -> Result<Pattern, String> {
        let terms = words.iter().map(|word| Term::parse(word.as_ref(), home));
        Ok(Pattern { terms: terms.collect::<Result<_, _>>()? })
    }
}

impl Term {
    fn parse(text: &str, home: &PackageName) -> Result<Term, String> {
        let shown = plain_line(text);
        let wrong = |why: &str| format!("the pattern '{shown}' {why}");
        let (exclude, rest) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (rest, case) = match rest.split_once('#') {
            Some((rest, case)) => (rest, Some(case.to_string())),
            None => (rest, None),
        };
        if rest.contains(",//") {
            return Err(wrong("has a comma before another pattern; they are separated by blanks"));
        }
        if rest.is_empty() {
            return Err(wrong("is empty; write '//package:name' or '//package/...'"));
        }
        let absolute = if rest.starts_with("//") || rest.starts_with('@') {
            rest.to_string()
        } else if rest.starts_with(':') {
            format!("{home}{rest}")
        } else if rest.starts_with('/') {
            return Err(wrong(&format!("starts with a single '/'; did you mean '/{rest}'?")));
        } else {
            let relative = path::normalize(&path::join(&home.path, rest.trim_end_matches('/')))
                .ok_or_else(|| wrong("leads out of the workspace"))?;
            format!("//{relative}")
        };
        let (package, name) = match absolute.split_once(':') {
            Some((package, name)) => (package, Some(name)),
            None => (absolute.as_str(), None),
        };
        let below = match package.strip_suffix("...") {
            Some(above) if above.ends_with('/') => {
                Some(if above.ends_with("//") { above } else { &above[..above.len() - 1] })
            }
            Some(_) => {
                return Err(wrong(
                    "has '...' after a name rather than a '/'; write '//package/...'",
                ));
            }
            None => None,
        };
        let of_folder = |folder: &str| {
            Label::parse(&format!("{folder}:x"), home)
                .map(|label| label.package)
                .map_err(|why| wrong(&why))
        };
        let selection = match (below, name) {
            (Some(folder), None | Some("all" | "*" | "all-targets")) => {
                Selection::Below(of_folder(folder)?)
            }
            (Some(_), Some(_)) => {
                return Err(wrong(
                    "asks for one name below many packages; write '//package/...' or '//package:name'",
                ));
            }
            (None, Some("all" | "*" | "all-targets")) => Selection::All(of_folder(package)?),
            (None, _) => Selection::One(Label::parse(&absolute, home).map_err(|why| wrong(&why))?),
        };
        if case.is_some() && !matches!(selection, Selection::One(_)) {
            return Err(wrong("names a case of many targets; write '//package:test#case'"));
        }
        if case.as_ref().is_some_and(String::is_empty) {
            return Err(wrong("names no case after its '#'; write '//package:test#case'"));
        }
        if case.is_some() && exclude {
            return Err(wrong("leaves out one case; only whole targets can be left out"));
        }
        Ok(Term { exclude, selection, case, text: shown })
    }
}

impl Selection {
    /// True if the package may hold selected targets.
    pub fn reaches(&self, candidate: &PackageName) -> bool {
        match self {
            Selection::One(one) => one.package == *candidate,
            Selection::All(package) => package == candidate,
            Selection::Below(package) => contains(package, candidate),
        }
    }
}

fn contains(above: &PackageName, below: &PackageName) -> bool {
    above.repo == below.repo
        && (above.path.is_empty()
            || above.path == below.path
            || below.path.strip_prefix(&*above.path).is_some_and(|rest| rest.starts_with('/')))
}
