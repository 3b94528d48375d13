//! One value in one file, read in one go and believed only whole: what a run that finds nothing to
//! do needs to know.

use super::error::{Doing, StoreError};
use super::file::Draft;
use super::seal::{seal, unseal};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::time::{Duration, SystemTime};

const HOUR: Duration = Duration::from_secs(3600);

/// As many are kept side by side; the oldest make room.
const MOST: usize = 32;

/// The value of a file; nothing if it is not there or was not written whole.
pub fn load_flat<T: DeserializeOwned>(path: &Path) -> Option<T> {
    let name = path.file_name()?.as_encoded_bytes();
    let value = unseal(name, &fs::read(path).ok()?);
    // What is used stays; to note the hour is enough.
    let file = fs::File::open(path).ok()?;
    let age = file.metadata().and_then(|found| found.modified()).ok()?.elapsed();
    if age.is_ok_and(|age| age > HOUR) {
        let _ = file.set_modified(SystemTime::now());
    }
    value
}

/// Writes a value into a file of its own name, unseen until it is whole.
pub fn save_flat(path: &Path, value: &impl Serialize) -> Result<(), StoreError> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder).doing("make folder", folder)?;
    make_room(folder);
    let name = path.file_name().unwrap_or_default().as_encoded_bytes();
    let Some(row) = seal(name, value) else { return Ok(()) };
    let mut draft = Draft::named(folder, 0o600)?;
    draft.file.write_all(&row).doing("write", path)?;
    draft.rename(path)
}

fn make_room(folder: &Path) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    let age = |entry: &fs::DirEntry| entry.metadata().and_then(|meta| meta.modified()).ok();
    let mut files: Vec<_> = entries.flatten().map(|entry| (age(&entry), entry.path())).collect();
    files.sort();
    for (_, path) in files.iter().take(files.len().saturating_sub(MOST - 1)) {
        let _ = fs::remove_file(path);
    }
}
