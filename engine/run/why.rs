//! Why an action has to run, from what its last result was made of and what became of that.

use super::difference::difference;
use super::facts::{self, Facts};
use super::lookup::{self, Loss};
use super::manifest::{Content, Manifest, Reach};
use super::prepare::Prepared;
use super::session::Shared;
use super::worker::FORCED;
use crate::analyze::{Action, FileId, FileKind, Layout, short};
use crate::base::{Digest, Doer, Why, signal_name};
use crate::event::{About, Event, Outcome, Standing};
use crate::store::{Last, ResultOutcome, ResultRow};
use anyhow::Result;
use std::collections::BTreeSet;

/// Why the action has to run; `failed` is its remembered failure, if it is one that is not told again.
pub(super) fn why(
    shared: &Shared,
    action: &Action,
    prepared: &Prepared,
    last: Option<&Last>,
    failed: Option<&ResultRow>,
) -> Result<Why> {
    let test = action.test.as_ref();
    if let Some(why) = test.and_then(|test| test.because.as_deref()) {
        return Ok(why.clone());
    }
    if let Some(row) = failed {
        return Ok(Why::text(how_it_failed(row)));
    }
    let Some(last) = last else { return Ok(Why::text(NEVER)) };
    if shared.options.no_cache {
        return Ok(Why::text("--no-cache asks for it"));
    }
    if shared.options.fresh_tests && test.is_some() {
        return Ok(Why::text("--fresh asks for it"));
    }
    let now = || facts::lines(&prepared.manifest, Reach::All);
    let changed = shared
        .facts(&last.manifest)
        .and_then(|before| changes(shared, action, prepared, &before, &now()));
    if let Some(why) = changed {
        return Ok(why);
    }
    if last.key == Digest::default() {
        return Ok(Why::text("it failed the last time"));
    }
    Ok(Why::text(match lookup::loss(shared, &last.key)? {
        Loss::Outside(path) => format!("{path} changed, which it read outside of the workspace"),
        Loss::Blob | Loss::Row => "its result was removed from the store".to_string(),
        Loss::None => "its result is not kept".to_string(),
    }))
}

/// What is said of an action of which nothing is known.
pub const NEVER: &str = "it never ran here";

fn how_it_failed(row: &ResultRow) -> String {
    let run = row.run;
    match row.outcome {
        ResultOutcome::Failed { status } if status > 0 => {
            format!("it failed in run {run}, with exit status {status}")
        }
        ResultOutcome::Failed { status: FORCED } => {
            format!("it ran into its time limit in run {run}")
        }
        ResultOutcome::Failed { status } if (FORCED..0).contains(&status) => {
            format!("it was killed by {} in run {run}", signal_name(-status))
        }
        // It ended well, and what it told or left behind says that it failed.
        ResultOutcome::Failed { .. } | ResultOutcome::Passed => format!("it failed in run {run}"),
    }
}

/// What is not what it was; nothing if all is.
pub(super) fn changes(
    shared: &Shared,
    action: &Action,
    prepared: &Prepared,
    before: &str,
    now: &str,
) -> Option<Why> {
    difference(before, now, &|place| name(shared, action, prepared, place))
}

/// What users call an input, and who writes it.
fn name(
    shared: &Shared,
    action: &Action,
    prepared: &Prepared,
    place: &str,
) -> (String, Option<Doer>) {
    let found = prepared.inputs.binary_search_by(|(known, ..)| known.as_str().cmp(place));
    match found {
        Ok(at) => named(shared, prepared.inputs[at].1),
        // It is gone, so nobody knows any more where it was from.
        Err(_) => {
            let path = match &action.layout {
                Layout::Exec => place,
                Layout::Runfiles(workspace) => {
                    let rest = place.strip_prefix(workspace.as_str());
                    rest.and_then(|it| it.strip_prefix('/')).unwrap_or(place)
                }
            };
            (short(path).to_string(), None)
        }
    }
}

fn named(shared: &Shared, id: FileId) -> (String, Option<Doer>) {
    let file = shared.analysis.files.file(id);
    let writer = match file.kind {
        FileKind::Output { writer, .. } => {
            let writer = &shared.analysis.actions[writer.0 as usize];
            Some(Doer { label: writer.label.to_string(), subject: writer.about.clone() })
        }
        FileKind::Source | FileKind::Builtin(_) => None,
    };
    (short(&file.path).to_string(), writer)
}

/// Tells why an action need not run, if somebody asked for that.
pub(super) fn tell_standing(
    shared: &Shared,
    action: &Action,
    prepared: &Prepared,
    row: &ResultRow,
    about: &About,
    outcome: Outcome,
) {
    if !shared.options.explains.contains(&action.label) {
        return;
    }
    let facts = row.manifest.and_then(|manifest| shared.facts(&manifest)).unwrap_or_default();
    let facts = Facts::read(&facts);
    let unread = unread(&facts, &prepared.manifest);
    let naming = |place: &String| name(shared, action, prepared, place);
    let writers: BTreeSet<Doer> =
        prepared.inputs.iter().filter_map(|(_, id, _)| named(shared, *id).1).collect();
    let standing = Standing {
        run: row.run,
        time: row.time,
        // How a test ended is told with its cases.
        outcome: if action.test.is_some() { Outcome::Passed } else { outcome },
        inputs: prepared.inputs.len(),
        read: facts.of("input").len(),
        tools: prepared.manifest.tools.len(),
        unread: unread.iter().map(naming).map(|(path, _)| path).collect(),
        writers: writers.into_iter().collect(),
    };
    let _ = shared.events.send(Event::UpToDate { about: about.clone(), standing });
}

/// Inputs that are not what they were when the result was made, and that were not read then.
fn unread(facts: &Facts, manifest: &Manifest) -> Vec<String> {
    let mut res = Vec::new();
    for (name, value) in facts.of("unread") {
        let path = facts::plain(name);
        let found = manifest.inputs.binary_search_by(|(known, _)| known.cmp(&path));
        let same = |content: &Content| facts::is_same(value, content);
        if found.is_ok_and(|at| !same(&manifest.inputs[at].1)) {
            res.push(path);
        }
    }
    res
}

/// What is said of an action in a dry run that waits for others.
pub const AWAITED: &str = "what it needs would run";

/// Inputs that other actions write, for those that wait for them.
pub(super) fn awaited(shared: &Shared, inputs: &[FileId]) -> Why {
    let mut why = Why::text(AWAITED);
    let inputs = if shared.options.explains.is_empty() { &[] } else { inputs };
    for id in inputs {
        let (path, writer) = named(shared, *id);
        if writer.is_some() {
            why.files.push(crate::base::ChangedFile { path, before: None, now: None, writer });
        }
    }
    why
}
