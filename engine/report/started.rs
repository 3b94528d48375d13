//! What stands in the first line of a stream.

use crate::base::Digest;
use serde::{Deserialize, Serialize};
use std::path::Path;
use std::time::SystemTime;

/// The first line: who was asked for what.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Started {
    /// Names this run among all others.
    pub id: String,
    /// Version of eng.
    pub eng: String,
    /// `build`, `test`.
    pub verb: String,
    /// The command line.
    pub command: Vec<String>,
    /// What was asked for, as it was typed.
    pub patterns: Vec<String>,
    /// Root of the workspace.
    pub root: String,
}

impl Started {
    /// A run that is asked for now in the workspace with this root.
    pub fn new(verb: &str, command: Vec<String>, patterns: Vec<String>, root: &Path) -> Started {
        let root = root.display().to_string();
        let what = (SystemTime::now(), std::process::id(), &command, &root);
        let digits = Digest::of(format!("{what:?}").as_bytes()).hex();
        // In the form of a UUID whose bits mean nothing.
        let id = format!(
            "{}-{}-4{}-8{}-{}",
            &digits[..8],
            &digits[8..12],
            &digits[12..15],
            &digits[15..18],
            &digits[18..30]
        );
        let (eng, verb) = (env!("CARGO_PKG_VERSION").to_string(), verb.to_string());
        Started { id, eng, verb, command, patterns, root }
    }
}
