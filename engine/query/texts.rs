//! Texts by number, each kept once, all of them in one string: read back in one go.

use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// Number of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TextId(pub(super) u32);

/// All texts.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Texts {
    all: String,
    ends: Vec<u32>,
}

impl Texts {
    /// The text with this number.
    pub fn get(&self, id: TextId) -> &str {
        let at = id.0 as usize;
        let start = if at == 0 { 0 } else { self.ends[at - 1] as usize };
        &self.all[start..self.ends[at] as usize]
    }
}

/// Texts while they are collected.
#[derive(Debug, Default)]
pub(super) struct Collected {
    texts: Texts,
    known: HashMap<Box<str>, TextId>,
}

impl Collected {
    /// The number of a text, which is taken in if it is new.
    pub fn id(&mut self, text: &str) -> TextId {
        if let Some(id) = self.known.get(text) {
            return *id;
        }
        let id = TextId(self.texts.ends.len() as u32);
        self.texts.all.push_str(text);
        self.texts.ends.push(self.texts.all.len() as u32);
        self.known.insert(text.into(), id);
        id
    }

    /// The text with this number.
    pub fn get(&self, id: TextId) -> &str {
        self.texts.get(id)
    }

    /// All that were taken in.
    pub fn done(self) -> Texts {
        self.texts
    }
}
