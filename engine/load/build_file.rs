//! A `BUILD.ron` before its targets are read.

use super::syntax;
use super::tree::{self, Args, Kind, Node};
use crate::base::{Digest, Place, Problem, Problems, Source};
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::FileTypeExt;
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
        match bytes(path) {
            Ok(bytes) => BuildFile::of(shown, bytes),
            Err(why) => {
                let source = Err(Problem::at(&place, why).into());
                BuildFile { source, shown: shown.to_string() }
            }
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

/// The entries of a file with this text, shown as `shown`: what each is called with, its name if that
/// is a text, and the line at which it begins.
pub fn entries(shown: &str, text: &str) -> Result<Vec<(String, Option<String>, usize)>, Problems> {
    let name = |args: Args| {
        let Args::Named(args) = args else { return None };
        let name = args.into_iter().find(|arg| arg.name.text == "name")?;
        match name.value.kind {
            Kind::String { text, .. } => Some(text),
            _ => None,
        }
    };
    let mut problems = Problems::default();
    let mut entries = Vec::new();
    for Node { place, kind } in BuildFile::of(shown, text.as_bytes().to_vec()).nodes()? {
        match kind {
            Kind::Call(call, args) => entries.push((call.text, name(args), place.line())),
            _ => {
                let text =
                    "this is no entry; one such as 'cc_library(name: \"text\")' was expected";
                problems.push(Problem::at(&place, text));
            }
        }
    }
    problems.or(entries)
}

/// The bytes of a regular file. Nothing else is waited for, and not more is read than could be a
/// file that somebody wrote.
fn bytes(path: &Path) -> Result<Vec<u8>, String> {
    let unread = |error: io::Error| format!("this file cannot be read: {error}");
    let kind = fs::metadata(path).map_err(unread)?.file_type();
    if !kind.is_file() {
        let what = match () {
            () if kind.is_dir() => "a folder",
            () if kind.is_fifo() => "a pipe",
            () if kind.is_socket() => "a socket",
            () => "a device",
        };
        return Err(format!("this is {what}; a file was expected"));
    }
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(unread)?;
    file.take(syntax::MOST + 1).read_to_end(&mut bytes).map_err(unread)?;
    Ok(bytes)
}
