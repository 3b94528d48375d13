//! The words of a process of a test, from the templates of its protocol.

use super::names;
use crate::analyze::{
    Action, Command, Layout, Piece, Program, REPORT, Setup, Test, TestProcess, Word, given, short,
};
use crate::load::{Item, Part};
use std::sync::Arc;
use std::time::Duration;

/// The cases that a process is to run.
#[derive(Debug, Clone, Copy)]
pub(super) enum Cases<'a> {
    /// The whole program, or its listing.
    None,
    /// One case by name and, if it is known, by index among those of its program.
    One(&'a str, Option<usize>),
    /// Several, each with name and index, in order.
    Many(&'a [(usize, &'a str)]),
}

/// The words of a template of the protocol.
pub(super) fn words(test: &Test, program: usize, items: &[Item], cases: Cases) -> Vec<Word> {
    let program = &test.programs[program];
    let mut words = Vec::new();
    for item in items {
        let Item::Template(template) = item else { continue };
        // Law 2: an item is repeated for each word of the list that it mentions.
        let mut lists: Vec<Vec<Word>> = Vec::new();
        for part in &template.parts {
            let Part::Mention(mention) = part else { continue };
            let list = mentioned(test, program, &mention.name, cases);
            lists.push(match &mention.join {
                None => list,
                Some(between) => {
                    let texts: Vec<&str> = list.iter().map(|word| &*word.text).collect();
                    vec![Word::text(&texts.join(between))]
                }
            });
        }
        let turns = lists.iter().map(Vec::len).find(|len| *len != 1).unwrap_or(1);
        for turn in 0..turns {
            let mut res = Word::text("");
            let mut text = String::new();
            let mut mentions = lists.iter();
            for part in &template.parts {
                match part {
                    Part::Text(plain) => text.push_str(plain),
                    Part::Mention(_) => {
                        let word = mentions.next().and_then(|list| list.get(turn).or(list.first()));
                        let Some(word) = word else { continue };
                        res.take_tools(word, text.len());
                        text.push_str(&word.text);
                        res.add_files(word.files().iter().copied());
                    }
                }
            }
            res.text = text.into();
            words.push(res);
        }
    }
    words
}

fn mentioned(test: &Test, program: &Program, name: &str, cases: Cases) -> Vec<Word> {
    let text = |text: String| vec![Word::text(&text)];
    match (name, cases) {
        ("program", _) => program.words.iter().map(in_runfiles).collect(),
        ("args", _) => test.args.clone(),
        ("report", _) => text(REPORT.to_string()),
        ("case" | "cases", Cases::One(name, _)) => text(names::own(program, name)),
        ("cases", Cases::Many(cases)) => {
            cases.iter().map(|(_, name)| Word::text(&names::own(program, name))).collect()
        }
        ("index" | "indices" | "first" | "last", Cases::One(_, Some(index))) => {
            text(index.to_string())
        }
        // Where only the name counts, as in keys, the index is left open.
        ("index" | "indices" | "first" | "last", Cases::One(_, None)) => {
            text("{index}".to_string())
        }
        ("indices", Cases::Many(cases)) => {
            ranges(cases).into_iter().map(|r| Word::text(&r)).collect()
        }
        ("first", Cases::Many(cases)) => {
            text(cases.first().map_or(0, |(index, _)| *index).to_string())
        }
        ("last", Cases::Many(cases)) => {
            text(cases.last().map_or(0, |(index, _)| *index).to_string())
        }
        _ => Vec::new(),
    }
}

/// A file stands at its short path in the runfiles.
fn in_runfiles(word: &Word) -> Word {
    let mut res = word.clone();
    if word.file.is_some() {
        res.text = short(&word.text).into();
    }
    res
}

/// `0-3`, `5`, `7-9` for indices in ascending order.
fn ranges(cases: &[(usize, &str)]) -> Vec<String> {
    let mut ranges: Vec<(usize, usize)> = Vec::new();
    for (index, _) in cases {
        match ranges.last_mut() {
            Some((_, last)) if *last + 1 == *index => *last = *index,
            _ => ranges.push((*index, *index)),
        }
    }
    let show = |(first, last): (usize, usize)| match first == last {
        true => first.to_string(),
        false => format!("{first}-{last}"),
    };
    ranges.into_iter().map(show).collect()
}

/// How long a setup may take: as long as a test of medium size.
const SETUP: Duration = Duration::from_secs(300);

/// The action that runs a setup of a test.
fn setup(setup: &Setup, workspace: &str) -> Action {
    Action {
        label: setup.label.clone(),
        name: "setup".into(),
        about: format!("setup {}", setup.label),
        place: setup.place.clone(),
        target_place: setup.place.clone(),
        command: Command::Run {
            words: setup.program.iter().map(in_runfiles).map(Piece::Word).collect(),
            script: false,
        },
        env: Vec::new(),
        inputs: setup.runfiles.clone(),
        sources: Vec::new(),
        outputs: Box::default(),
        depfile: None,
        narrow: Default::default(),
        stdout: None,
        params: None,
        layout: Layout::Runfiles(workspace.to_string()),
        timeout: Some(SETUP),
        test: None,
    }
}

/// The action that starts a process of a test.
pub(super) fn action(
    test: &Test,
    workspace: &str,
    words: Vec<Word>,
    mut process: TestProcess,
) -> Action {
    process.setups = test.setups.iter().map(|it| Arc::new(setup(it, workspace))).collect();
    let doing = if process.lists { "list" } else { "test" };
    let of_protocol = test.protocol.env.iter();
    process.env = of_protocol.map(|(name, value)| (name.clone(), given(value))).collect();
    process.env.extend(test.coverage.iter().flat_map(|it| it.iter()).flat_map(|it| it.env.clone()));
    process.coverage = test.coverage.clone();
    Action {
        label: test.label.clone(),
        name: doing.into(),
        about: format!("{doing} {}", test.label),
        place: test.protocol.place.clone(),
        target_place: test.place.clone(),
        command: Command::Run {
            words: words.into_iter().map(Piece::Word).collect(),
            script: false,
        },
        env: test.env.clone(),
        inputs: test.runfiles.clone(),
        sources: Vec::new(),
        outputs: Box::default(),
        depfile: None,
        narrow: Default::default(),
        stdout: None,
        params: None,
        layout: Layout::Runfiles(workspace.to_string()),
        timeout: Some(test.timeout),
        test: Some(Box::new(process)),
    }
}
