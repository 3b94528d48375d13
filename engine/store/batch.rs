//! What is to be kept in the ledger together: all of it or nothing.

use super::rows::{CaseRow, Last, ResultRow, ToolRow};
use crate::base::Digest;

/// Things to be remembered together.
#[derive(Debug, Clone, Default)]
pub struct Batch {
    /// Results by key, exact or narrowed.
    pub results: Vec<(Digest, ResultRow)>,
    /// Used inputs by shape, sorted.
    pub shapes: Vec<(Digest, Vec<String>)>,
    /// Results of cases by key.
    pub cases: Vec<(Digest, CaseRow)>,
    /// Tools by request.
    pub tools: Vec<(Digest, ToolRow)>,
    /// The latest manifest of an action of a workspace, and the key of its result.
    pub last: Vec<(Digest, Last)>,
    /// Texts for explanations, by their digests.
    pub texts: Vec<(Digest, Vec<u8>)>,
    /// True if a pass that was known before holds no more.
    pub denies: bool,
}

impl Batch {
    /// True if there is nothing to remember.
    pub fn is_empty(&self) -> bool {
        self.results.is_empty()
            && self.shapes.is_empty()
            && self.cases.is_empty()
            && self.tools.is_empty()
            && self.last.is_empty()
            && self.texts.is_empty()
    }

    /// Adds another batch.
    pub fn append(&mut self, other: Batch) {
        self.results.extend(other.results);
        self.shapes.extend(other.shapes);
        self.cases.extend(other.cases);
        self.tools.extend(other.tools);
        self.last.extend(other.last);
        self.texts.extend(other.texts);
        self.denies |= other.denies;
    }
}
