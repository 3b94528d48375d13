//! Writes files of the user, each at once or not at all.

use anyhow::{Context, Result, bail};
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// Puts a text in the place of a file's, which keeps its mode; a link stays one. `shown` is its name
/// in messages.
pub fn replace(path: &Path, shown: &str, text: &str) -> Result<()> {
    let doing = || format!("write {shown}");
    let path = fs::canonicalize(path).with_context(doing)?;
    let permissions = fs::metadata(&path).with_context(doing)?.permissions();
    // A new file could take the place of one that must not be written.
    if permissions.readonly() {
        bail!("{shown} is read-only and would change; 'chmod u+w {shown}' lets it be written");
    }
    OpenOptions::new().write(true).open(&path).with_context(doing)?;
    let folder = path.parent().unwrap_or(Path::new("/"));
    let mut draft = tempfile::Builder::new();
    let mut draft = draft.prefix(".eng-").tempfile_in(folder).with_context(doing)?;
    draft.write_all(text.as_bytes()).with_context(doing)?;
    draft.as_file().set_permissions(permissions).with_context(doing)?;
    draft.persist(&path).map_err(|error| error.error).with_context(doing)?;
    Ok(())
}

/// Writes a file that is not there yet; one that has come meanwhile stays.
pub fn create(path: &Path, shown: &str, text: &str) -> Result<()> {
    let doing = || format!("write {shown}");
    let folder = path.parent().unwrap_or(Path::new("/"));
    let mut builder = tempfile::Builder::new();
    builder.prefix(".eng-").permissions(fs::Permissions::from_mode(0o666));
    let mut draft = builder.tempfile_in(folder).with_context(doing)?;
    draft.write_all(text.as_bytes()).with_context(doing)?;
    draft.persist_noclobber(path).map_err(|error| error.error).with_context(doing)?;
    Ok(())
}
