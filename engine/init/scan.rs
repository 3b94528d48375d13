//! Reads sources: what they import, and whether they are programs.

use crate::base::split_name;
use crate::load::{Ground, Language, Matcher};
use anyhow::{Context, Result};
use rayon::prelude::*;
use regex::bytes::Regex;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;

/// A file of a language.
#[derive(Debug)]
pub struct Source {
    /// Its path from the root.
    pub path: String,
    /// Number of its language.
    pub language: usize,
    /// Others import it; it is not compiled by itself.
    pub is_header: bool,
    /// It is a program by itself.
    pub is_program: bool,
    /// Why it cannot be compiled.
    pub refused: Option<String>,
    /// What it imports.
    pub imports: Vec<Found>,
}

/// An import as it is written.
#[derive(Debug, PartialEq, Eq)]
pub struct Found {
    /// What is named.
    pub name: String,
    /// It is looked for beside the file first.
    pub near: bool,
    /// It is looked for below the root.
    pub root: bool,
    /// No condition stands around it.
    pub required: bool,
}

/// A file that is larger was generated, and may be many megabytes of data.
const LARGEST: u64 = 16 << 20;

/// Reads all files of the languages that are sorted by folder rather than described by a manifest.
pub fn scan(ground: &Ground) -> Result<Vec<Source>> {
    let wanted = ground.files.iter().filter_map(|path| {
        let found = ground.languages.iter().enumerate().find_map(|(at, it)| {
            let is_header = fits(&it.headers, path);
            (is_header || fits(&it.sources, path)).then_some((at, is_header))
        });
        found.map(|(language, is_header)| (path, language, is_header))
    });
    let wanted: Vec<_> = wanted.filter(|it| ground.languages[it.1].manifest.is_none()).collect();
    let one = |(path, language, is_header): &(&String, usize, bool)| {
        let at = ground.root.join(path);
        // A link that leads nowhere, or a huge file, is no source.
        let Ok(found) = fs::metadata(&at) else { return Ok(None) };
        if !found.is_file() || found.len() > LARGEST {
            return Ok(None);
        }
        let bytes = fs::read(&at).with_context(|| format!("read {path}"))?;
        let executable = found.permissions().mode() & 0o111 != 0;
        let mut source = read(&ground.languages[*language], path, *is_header, bytes);
        source.language = *language;
        source.is_program &= executable || !ground.languages[*language].executable;
        Ok(Some(source))
    };
    let read: Result<Vec<Option<Source>>> = wanted.par_iter().map(one).collect();
    Ok(read?.into_iter().flatten().collect())
}

/// True if a pattern without a slash fits the last name of a path, or another the path.
pub fn fits(patterns: &[Arc<Matcher>], path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    patterns.iter().any(|it| it.fits(name) || it.fits(path))
}

fn read(language: &Language, path: &str, is_header: bool, mut text: Vec<u8>) -> Source {
    if let Some(comments) = &language.comments {
        blank(comments, &mut text);
    }
    let depths = depths(language, &text, is_header);
    let required = |at: usize| {
        let line = depths.partition_point(|(start, _)| *start <= at);
        line == 0 || depths[line - 1].1 == 0
    };
    let mut imports = Vec::new();
    for import in &language.imports {
        for found in import.find.captures_iter(&text) {
            let Some(name) = found.name("path") else { continue };
            let required = required(name.start());
            let name = String::from_utf8_lossy(name.as_bytes()).trim().to_string();
            imports.push(Found { name, near: import.near, root: import.root, required });
        }
    }
    // A header may bring `main` along.
    let is_program = language
        .program
        .as_ref()
        .is_some_and(|it| it.find_iter(&text).any(|it| required(it.start())));
    let refused = language.refuse.as_ref().filter(|(regex, _)| !is_header && regex.is_match(&text));
    let refused = refused.map(|(_, why)| why.clone());
    Source { path: path.to_string(), language: 0, is_header, is_program, refused, imports }
}

/// Overwrites comments by blanks; lines stay where they are.
pub fn blank(comments: &Regex, text: &mut [u8]) {
    let found = comments.captures_iter(text).filter_map(|it| Some(it.name("comment")?.range()));
    let found: Vec<_> = found.collect();
    for byte in found.into_iter().flat_map(|range| range.clone()) {
        if text[byte] != b'\n' {
            text[byte] = b' ';
        }
    }
}

/// From where on how many conditions stand around a line. What stands around a whole header is its
/// guard and none.
fn depths(language: &Language, text: &[u8], is_header: bool) -> Vec<(usize, usize)> {
    let Some((open, close)) = &language.conditional else { return Vec::new() };
    let mut marks: Vec<(usize, bool)> = open.find_iter(text).map(|it| (it.start(), true)).collect();
    marks.extend(close.find_iter(text).map(|it| (it.start(), false)));
    marks.sort_unstable();
    let mut depth = 0_usize;
    let mut res = Vec::new();
    for (at, opens) in &marks {
        depth = if *opens { depth + 1 } else { depth.saturating_sub(1) };
        res.push((*at, depth));
    }
    let inside = res.iter().rev().skip(1).all(|it| it.1 > 0);
    let starts = marks
        .first()
        .is_some_and(|(at, _)| !text[..*at].iter().any(|it| !it.is_ascii_whitespace()));
    if is_header && inside && starts {
        res.iter_mut().for_each(|it| it.1 = it.1.saturating_sub(1));
    }
    res
}

/// The name of a target for a file.
pub fn stem(path: &str) -> &str {
    split_name(path).0
}
