//! Patterns of files: `*`, `**`, `?`, `[ab]`, `"!x"` takes away, `"?x"` may match nothing.

use super::rule::Text;
use crate::base::{Problem, Problems, check_relative};
use globset::{GlobBuilder, GlobMatcher};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Patterns that were compiled. Packages of one workspace use few different ones, and compiling
/// one takes longer than matching it against a package.
#[derive(Default)]
pub struct Globs {
    known: Mutex<HashMap<String, Arc<Matcher>>>,
}

/// A pattern of paths.
pub struct Matcher {
    glob: GlobMatcher,
    /// The pattern's last name starts with a dot.
    hidden: bool,
    /// The pattern is a path and nothing else.
    literal: Option<String>,
}

impl Matcher {
    /// True if the path fits. `*` stops at slashes; a name that starts with a dot is matched only
    /// by a pattern that says so.
    pub fn fits(&self, path: &str) -> bool {
        if let Some(literal) = &self.literal {
            return literal == path;
        }
        let name = path.rsplit('/').next().unwrap_or(path);
        // A package's own file is a file like others, but nobody means it by a star.
        (self.hidden || !name.starts_with('.')) && name != "BUILD.ron" && self.glob.is_match(path)
    }
}

impl Globs {
    /// The pattern in compiled form; the error says what would be right.
    pub fn compile(&self, pattern: &str) -> Result<Arc<Matcher>, String> {
        if let Some(known) = self.known.lock().unwrap_or_else(PoisonError::into_inner).get(pattern)
        {
            return Ok(known.clone());
        }
        let matcher = Arc::new(matcher(pattern)?);
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(pattern.to_string(), matcher.clone());
        Ok(matcher)
    }

    /// True if some pattern asks for names that start with a dot.
    pub fn hidden(&self) -> bool {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.values().any(|matcher| matcher.hidden)
    }

    /// The files that the patterns of one `glob([..])` match, sorted. A pattern that matches
    /// nothing is a problem, unless it starts with `?`.
    pub fn matches(
        &self,
        patterns: &[Text],
        files: &[String],
        problems: &mut Problems,
    ) -> Vec<String> {
        let mut taken = vec![false; files.len()];
        let mut without = vec![false; files.len()];
        for Text { text, place } in patterns {
            let (into, bare, wanted) = match text.split_at_checked(1) {
                Some(("!", rest)) => (&mut without, rest, false),
                Some(("?", rest)) => (&mut taken, rest, false),
                _ => (&mut taken, text.as_str(), true),
            };
            let matcher = match self.compile(bare) {
                Ok(matcher) => matcher,
                Err(why) => {
                    problems.push(Problem::at(place, format!("the pattern '{text}' {why}")));
                    continue;
                }
            };
            let mut any = false;
            for (at, _) in files.iter().enumerate().filter(|(_, file)| matcher.fits(file)) {
                into[at] = true;
                any = true;
            }
            if wanted && !any {
                let text = format!(
                    "the pattern '{text}' matches no file of this package; one that may match none is written '?{text}'"
                );
                problems.push(Problem::at(place, text));
            }
        }
        if patterns.iter().all(|pattern| pattern.text.starts_with('!'))
            && let Some(first) = patterns.first()
        {
            let text = "a glob takes away only from what its other patterns match; a pattern without '!' was expected";
            problems.push(Problem::at(&first.place, text));
        }
        let kept = taken.iter().zip(&without).map(|(taken, without)| *taken && !*without);
        let kept = files.iter().zip(kept).filter(|(_, kept)| *kept).map(|(file, _)| file);
        for (file, why) in kept.clone().filter_map(|it| Some((it, check_relative(it).err()?))) {
            let matches = |text: &&Text| {
                self.compile(text.text.trim_start_matches('?'))
                    .is_ok_and(|matcher| matcher.fits(file))
            };
            let Some(text) = patterns.iter().find(matches) else { continue };
            let why = format!(
                "the pattern '{}' matches a file that cannot be used: '{file}' {why}",
                text.text
            );
            problems.push(Problem::at(&text.place, why));
        }
        kept.cloned().collect()
    }
}

fn matcher(pattern: &str) -> Result<Matcher, String> {
    if pattern.is_empty() {
        return Err("is empty; a pattern such as '*.c' was expected".into());
    }
    if pattern.starts_with('/') {
        return Err("is absolute; patterns are relative to the package".into());
    }
    if pattern.split('/').any(|name| name == "." || name == ".." || name.is_empty()) {
        return Err("has an empty name, '.' or '..' in it; a glob stays inside its package".into());
    }
    if let Some(odd) = pattern.chars().find(|c| "{}\\".contains(*c)) {
        return Err(format!(
            "contains '{odd}'; a pattern is made of *, **, ?, [..] and plain signs"
        ));
    }
    if pattern.split('/').any(|name| name.contains("**") && name != "**") {
        return Err("has '**' beside other signs; it stands for whole folders: 'src/**/*.c'".into());
    }
    let glob =
        GlobBuilder::new(pattern).literal_separator(true).backslash_escape(false).build().map_err(
            |error| format!("is no pattern: {}", error.kind().to_string().trim_end_matches('.')),
        )?;
    let name = pattern.rsplit('/').next().unwrap_or(pattern);
    let literal = (!pattern.contains(['*', '?', '['])).then(|| pattern.to_string());
    Ok(Matcher { glob: glob.compile_matcher(), hidden: name.starts_with('.'), literal })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Place;

    fn glob(patterns: &[&str]) -> (Vec<String>, String) {
        let mut files: Vec<String> =
            [".x.c", "BUILD.ron", "a.c", "a.h", "a_test.c", "sub/b.c", "sub/deep/c.c"]
                .map(String::from)
                .into();
        files.sort();
        let text = |text: &&str| Text { text: text.to_string(), place: Place::of_text("p", text) };
        let patterns: Vec<Text> = patterns.iter().map(text).collect();
        let mut problems = Problems::default();
        let found = Globs::default().matches(&patterns, &files, &mut problems);
        (found, problems.iter().map(|p| p.text.as_str()).collect::<Vec<_>>().join("\n"))
    }

    #[test]
    fn a_star_stays_in_its_folder_and_two_do_not() {
        assert_eq!(glob(&["*.c"]).0, ["a.c", "a_test.c"]);
        assert_eq!(glob(&["**/*.c"]).0, ["a.c", "a_test.c", "sub/b.c", "sub/deep/c.c"]);
        assert_eq!(glob(&["**"]).0, ["a.c", "a.h", "a_test.c", "sub/b.c", "sub/deep/c.c"]);
        assert_eq!(glob(&["sub/*.c"]).0, ["sub/b.c"]);
        assert_eq!(glob(&["*.[ch]", "!*_test.c"]).0, ["a.c", "a.h"]);
        assert_eq!(glob(&[".*.c"]).0, [".x.c"]);
    }

    #[test]
    fn a_pattern_without_match_is_a_problem_unless_it_may_be_empty() {
        assert_eq!(glob(&["?*.rs"]), (vec![], String::new()));
        assert!(
            glob(&["*.rs"]).1.starts_with("the pattern '*.rs' matches no file of this package")
        );
        assert_eq!(glob(&["a.c", "!*.rs"]).1, "");
        for wrong in ["", "!", "/a", "../a", "a{b,c}", "a[", "a**b"] {
            assert_ne!(glob(&["a.c", wrong]).1, "", "{wrong}");
        }
    }
}
