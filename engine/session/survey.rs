//! The target graph of a workspace: read from one flat record while `stat` says that no folder and no
//! file of it has changed, else gathered from what is loaded.

use super::recall::now_ns;
use super::request::Places;
use super::seen::{Seen, changed, seen};
use crate::base::Hasher;
use crate::load::{self, LoadError};
use crate::query::{Graph, gather};
use crate::store::{load_flat, save_flat};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// Part of the names of records; another number makes those of another form unknown.
const FORM: u8 = 1;

#[derive(Serialize, Deserialize)]
struct Kept<G> {
    seen: Vec<Seen>,
    graph: G,
}

/// The target graph. `program` is the file of this program: another one may know other rules. Takes no
/// lock, and opens neither store nor ledger.
pub fn survey(root: &Path, places: &Places, program: &Path) -> Result<Graph, LoadError> {
    let file = file(root, places, program);
    if let Some(mut kept) = load_flat::<Kept<Graph>>(&file) {
        let mut renewed = false;
        if changed(root, &mut kept.seen, &mut renewed).is_some_and(|changed| changed.is_empty()) {
            if renewed {
                let _ = save_flat(&file, &kept);
            }
            return Ok(kept.graph);
        }
    }
    let start_ns = now_ns();
    let workspace = load::workspace(root)?;
    let graph = gather(&workspace);
    if let Some(seen) = seen(&workspace, &[program.to_path_buf()], start_ns) {
        // Without the record the next query is slower, and no less right.
        let _ = save_flat(&file, &Kept { seen, graph: &graph });
    }
    Ok(graph)
}

fn file(root: &Path, places: &Places, program: &Path) -> PathBuf {
    let mut key = Hasher::default();
    key.field(env!("CARGO_PKG_VERSION").as_bytes());
    key.field(&[FORM]);
    key.field(root.as_os_str().as_encoded_bytes());
    key.field(program.as_os_str().as_encoded_bytes());
    places.cache.join("graphs").join(key.finish().hex())
}
