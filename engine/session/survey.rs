//! The target graph of a workspace: read from one flat record while `stat` says that no folder and no
//! file of it has changed, else gathered from what is loaded.

use super::recall::now_ns;
use super::request::Places;
use super::seen::{Seen, changed, seen};
use crate::base::Hasher;
use crate::load::{self, LoadError};
use crate::query::{Graph, Names, gather};
use crate::store::{load_flat, save_flat};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// Part of the names of records; another number makes those of another form unknown.
const FORM: u8 = 2;

/// Something that was made of what was seen.
#[derive(Serialize, Deserialize)]
struct Kept<T> {
    seen: Vec<Seen>,
    made: T,
}

/// The target graph. `program` is the file of this program: another one may know other rules. Takes no
/// lock, and opens neither store nor ledger.
pub fn survey(root: &Path, places: &Places, program: &Path) -> Result<Graph, LoadError> {
    match kept(root, &file(root, places, program, "graph")) {
        Some(graph) => Ok(graph),
        None => Ok(refresh(root, places, program)?.0),
    }
}

/// The names of targets and files: a smaller record, which is read in a blink.
pub fn names(root: &Path, places: &Places, program: &Path) -> Result<Names, LoadError> {
    match kept(root, &file(root, places, program, "names")) {
        Some(names) => Ok(names),
        None => Ok(refresh(root, places, program)?.1),
    }
}

/// What a record holds, if nothing has changed since.
fn kept<T: Serialize + DeserializeOwned>(root: &Path, file: &Path) -> Option<T> {
    let mut kept: Kept<T> = load_flat(file)?;
    let mut renewed = false;
    if !changed(root, &mut kept.seen, &mut renewed)?.is_empty() {
        return None;
    }
    if renewed {
        let _ = save_flat(file, &kept);
    }
    Some(kept.made)
}

/// Loads the workspace and keeps what is made of it. Without the records the next query is slower, and
/// no less right.
fn refresh(root: &Path, places: &Places, program: &Path) -> Result<(Graph, Names), LoadError> {
    let start_ns = now_ns();
    let workspace = load::workspace(root)?;
    let graph = gather(&workspace);
    let names = Names::of(&workspace, &graph);
    let Some(seen) = seen(&workspace, &[program.to_path_buf()], start_ns) else {
        return Ok((graph, names));
    };
    let graph = Kept { seen, made: graph };
    let _ = save_flat(&file(root, places, program, "graph"), &graph);
    let names = Kept { seen: graph.seen, made: names };
    let _ = save_flat(&file(root, places, program, "names"), &names);
    Ok((graph.made, names.made))
}

fn file(root: &Path, places: &Places, program: &Path, what: &str) -> PathBuf {
    let mut key = Hasher::default();
    key.field(env!("CARGO_PKG_VERSION").as_bytes());
    key.field(&[FORM]);
    key.field(what.as_bytes());
    key.field(root.as_os_str().as_encoded_bytes());
    key.field(program.as_os_str().as_encoded_bytes());
    places.cache.join("graphs").join(key.finish().hex())
}
