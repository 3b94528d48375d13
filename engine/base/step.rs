//! How far a program of several cases says that it is.

use std::sync::Arc;

/// What a line of a program tells about one of its cases.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// The case of this name has started.
    Started(String),
    /// The case of this name has ended, however.
    Ended(String),
}

/// Reads a line, without its end; nothing if it tells no step.
pub type ReadStep = Arc<dyn Fn(&str) -> Option<Step> + Send + Sync>;
