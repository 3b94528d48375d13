//! Keeps small sources that an action has read, so that a later change can be shown line by line.
//! Without them a change is only named.

use super::manifest::Content;
use super::prepare::Prepared;
use super::session::Shared;
use crate::analyze::FileKind;
use crate::base::Digest;
use std::collections::HashSet;
use std::fs;
use std::sync::{Mutex, PoisonError};

/// Greater sources are not kept: see "Old contents of sources" in docs/choices.md.
const LARGEST: u64 = 64 << 10;

/// Sources that were looked at in this run.
#[derive(Default)]
pub(super) struct Sources(Mutex<HashSet<Digest>>);

/// Keeps the sources that `read` names, all if it is nothing. What cannot be kept is left out: it is
/// for explanations only.
pub(super) fn keep(shared: &Shared, prepared: &Prepared, read: Option<&[String]>) {
    for (path, id, content) in &prepared.inputs {
        let file = shared.analysis.files.file(*id);
        let (FileKind::Source, Content::File { digest, .. }) = (&file.kind, content) else {
            continue;
        };
        if digest.size > LARGEST || read.is_some_and(|read| read.binary_search(path).is_err()) {
            continue;
        }
        let mut seen = shared.sources.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_new = seen.insert(*digest);
        drop(seen);
        if !is_new {
            continue;
        }
        // What was changed meanwhile is kept under what it is, and asked for by nobody.
        let bytes = fs::read(shared.root.join(&*file.path)).unwrap_or_default();
        if bytes.len() as u64 == digest.size {
            shared.keep_text(bytes);
        }
    }
}
