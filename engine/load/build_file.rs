//! A `BUILD.ron` before its targets are read.

use super::syntax;
use super::tree::{self, Kind, Node};
use crate::base::{Digest, Place, Problem, Problems, Source};
use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;

/// A `BUILD.ron` that was read. What its text says is found when it is asked for: the trees of a
/// hundred thousand targets need not be there at the same time.
pub struct BuildFile {
    source: Result<Arc<Source>, Problems>,
    shown: String,
}

impl BuildFile {
    /// The file `path`, shown as `shown`. That it cannot be read is a problem like any other, so
    /// that what has nothing to do with it can still be built.
    pub fn read(path: &Path, shown: &str) -> BuildFile {
        let place = Place::of_text(shown, "");
        let bytes = fs::read(path).map_err(|error| match error.kind() {
            ErrorKind::IsADirectory => Problem::at(&place, "this is a folder; a file was expected"),
            _ => Problem::at(&place, format!("this file cannot be read: {error}")),
        });
        match bytes {
            Ok(bytes) => BuildFile::of(shown, bytes),
            Err(problem) => BuildFile { source: Err(problem.into()), shown: shown.to_string() },
        }
    }

    /// A file with these bytes, shown as `shown`.
    pub fn of(shown: &str, bytes: Vec<u8>) -> BuildFile {
        let source = syntax::source(shown, bytes).map_err(Problems::from);
        BuildFile { source, shown: shown.to_string() }
    }

    /// The digest of its text, if it could be read.
    pub fn digest(&self) -> Option<Digest> {
        self.source.as_ref().ok().map(|source| Digest::of(source.text.as_bytes()))
    }

    /// Its start.
    pub fn place(&self) -> Place {
        match &self.source {
            Ok(source) => Place::new(source, 0, 0),
            Err(_) => Place::of_text(&self.shown, ""),
        }
    }

    /// Its entries.
    pub fn nodes(&self) -> Result<Vec<Node>, Problems> {
        tree::parse(self.source.as_ref().map_err(Problems::clone)?)
    }

    /// True if one of its entries is `workspace(..)`.
    pub fn is_root(&self) -> bool {
        let may_be = self.source.as_ref().is_ok_and(|source| source.text.contains("workspace"));
        let root =
            |node: &Node| matches!(&node.kind, Kind::Call(call, _) if call.text == "workspace");
        may_be && self.nodes().is_ok_and(|nodes| nodes.iter().any(root))
    }
}
