//! `eng completions`: scripts for shells, and the answers that they ask for at each press of a key.
//! Flags and verbs come from their definitions, labels from a record of the workspace.

use super::options::{self, Options, Shell, typed};
use super::places::places;
use super::profile;
use super::request::here;
use super::{Exit, print};
use crate::query::{Candidate, Names, functions};
use crate::session::{Failure, names};
use clap::CommandFactory;
use clap_complete::engine::{self, CompletionCandidate};
use std::ffi::{OsStr, OsString};

/// Prints the script for a shell.
pub fn completions(shell: Shell) -> Result<Exit, Failure> {
    let script = match shell {
        Shell::Bash => include_str!("complete.bash"),
        Shell::Zsh => include_str!("complete.zsh"),
        Shell::Fish => include_str!("complete.fish"),
    };
    Ok(print("the script", script))
}

/// Prints how a word may go on, a line for each way: the word, a tab, and what it is. Where nothing is
/// known there is nothing to tell: somebody is in the middle of typing.
pub fn complete(index: usize, words: Vec<OsString>) -> Result<Exit, Failure> {
    let mut words = options::normalize(words.into_iter());
    words.resize(words.len().max(index + 1), OsString::new());
    let begun = !words[index].is_empty();
    let mut found =
        engine::complete(&mut Options::command(), words, index, None).unwrap_or_default();
    if !begun && found.iter().any(|it| !is_flag(it)) {
        // Flags are offered to who types a '-'.
        found.retain(|it| !is_flag(it));
    }
    let mut text = String::new();
    for candidate in &found {
        let word = candidate.get_value().to_string_lossy();
        text.push_str(typed(&word));
        if let Some(what) = candidate.get_help() {
            text.push('\t');
            text.push_str(what.to_string().lines().next().unwrap_or_default());
        }
        text.push('\n');
    }
    Ok(print("the list", &text))
}

fn is_flag(candidate: &CompletionCandidate) -> bool {
    candidate.get_value().as_encoded_bytes().starts_with(b"-")
}

/// How a pattern may go on.
pub fn pattern(word: &OsStr) -> Vec<CompletionCandidate> {
    let word = word.to_string_lossy();
    let Some((names, home)) = known() else { return Vec::new() };
    told(names.complete(typed(&word), &home, false), "")
}

/// How the number of a run or a pattern may go on.
pub fn run_or_pattern(word: &OsStr) -> Vec<CompletionCandidate> {
    let text = word.to_string_lossy();
    let mut found = Vec::new();
    if text.is_empty() || "last".starts_with(&*text) {
        found.push(CompletionCandidate::new("last").help(Some("the last run".into())));
    }
    found.extend(pattern(word));
    found
}

/// How an expression may go on: its last word is that of a target or a function.
pub fn expression(text: &OsStr) -> Vec<CompletionCandidate> {
    let text = text.to_string_lossy();
    let ends = [' ', '(', ',', '+', '^', '\'', '"', '='];
    let at = text.rfind(ends).map_or(0, |at| at + 1);
    let (before, word) = text.split_at(at);
    let Some((names, home)) = known() else { return Vec::new() };
    let mut found = Vec::new();
    if !word.is_empty() {
        let functions = functions().filter(|name| name.starts_with(word));
        let candidate = |name| Candidate { word: format!("{name}("), what: "function".to_string() };
        found.extend(functions.map(candidate));
    }
    found.extend(names.complete(word, &home, true));
    told(found, before)
}

/// How the name of a rule or of a test protocol may go on.
pub fn rule(word: &OsStr) -> Vec<CompletionCandidate> {
    let found = known().map(|(names, _)| names.complete_rule(&word.to_string_lossy()));
    told(found.unwrap_or_default(), "")
}

/// How the name of a mode may go on.
pub fn mode(word: &OsStr) -> Vec<CompletionCandidate> {
    let found = known().map(|(names, _)| names.complete_mode(&word.to_string_lossy()));
    told(found.unwrap_or_default(), "")
}

/// How the name of a profile may go on.
pub fn profile(word: &OsStr) -> Vec<CompletionCandidate> {
    let word = word.to_string_lossy();
    let mut found: Vec<Candidate> = Vec::new();
    for (name, what) in profile::names() {
        // The workspace and the user may both have one of a name.
        if name.starts_with(&*word) && !found.iter().any(|it| it.word == name) {
            found.push(Candidate { word: name, what: what.to_string() });
        }
    }
    told(found, "")
}

fn known() -> Option<(Names, String)> {
    let here = here().ok()?;
    let program = std::env::current_exe().ok()?;
    let names = names(&here.root, &places().ok()?, &program).ok()?;
    Some((names, here.home.path.to_string()))
}

fn told(found: Vec<Candidate>, before: &str) -> Vec<CompletionCandidate> {
    let candidate = |it: Candidate| {
        CompletionCandidate::new(format!("{before}{}", it.word)).help(Some(it.what.into()))
    };
    found.into_iter().map(candidate).collect()
}
