//! What is said when the world fails the store: what was being done, to which path, and why.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// What was being done to which path when the world failed.
#[derive(Debug)]
pub struct StoreError {
    /// A verb: `write`.
    pub doing: &'static str,
    /// The path it was done to.
    pub path: PathBuf,
    /// What went wrong.
    pub error: io::Error,
}

impl StoreError {
    pub(super) fn odd(doing: &'static str, path: &Path, why: impl Into<String>) -> StoreError {
        let error = io::Error::new(io::ErrorKind::InvalidData, why.into());
        StoreError { doing, path: path.to_path_buf(), error }
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{} {}: {}", self.doing, quoted(&self.path), self.error)
    }
}

// What it shows holds the cause; as a source as well, it would be told twice.
impl std::error::Error for StoreError {}

/// A path in quotes, without characters that a terminal would obey.
pub(super) fn quoted(path: &Path) -> String {
    let shown = |c: char| if c.is_control() { c.escape_default().to_string() } else { c.into() };
    format!("'{}'", path.to_string_lossy().chars().map(shown).collect::<String>())
}

/// Makes an `io::Result` say what was being done to which path.
pub(super) trait Doing<T> {
    fn doing(self, verb: &'static str, path: &Path) -> Result<T, StoreError>;
}

impl<T, E: Into<io::Error>> Doing<T> for Result<T, E> {
    fn doing(self, doing: &'static str, path: &Path) -> Result<T, StoreError> {
        self.map_err(|error| StoreError { doing, path: path.to_path_buf(), error: error.into() })
    }
}
