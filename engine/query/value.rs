//! Values of attributes as they are kept: texts by number, and bytes that are read when asked for.

use super::texts::TextId;
use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// The value of an attribute, as it stands in a `BUILD.ron` or as a rule gives it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Value {
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A string.
    One(Entry),
    /// A list.
    List(Vec<Entry>),
    /// `{"K": "v"}`.
    Map(Vec<(TextId, TextId)>),
}

/// An entry of a list.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Entry {
    /// A string.
    Text(TextId),
    /// Entries that count if all conditions hold.
    When(Vec<TextId>, Vec<Entry>),
}

impl Value {
    /// All strings of the value whatever conditions say; of a map its values.
    pub fn texts(&self) -> Vec<TextId> {
        let mut found = Vec::new();
        match self {
            Value::Bool(_) | Value::Int(_) => {}
            Value::One(entry) => texts(std::slice::from_ref(entry), &mut found),
            Value::List(entries) => texts(entries, &mut found),
            Value::Map(pairs) => found.extend(pairs.iter().map(|(_, value)| *value)),
        }
        found
    }
}

fn texts(entries: &[Entry], found: &mut Vec<TextId>) {
    for entry in entries {
        match entry {
            Entry::Text(text) => found.push(*text),
            Entry::When(_, entries) => texts(entries, found),
        }
    }
}

/// Bytes that are read back in one go, without a look at each of them.
#[derive(Debug, Default)]
pub(super) struct Bytes(pub Vec<u8>);

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Bytes, D::Error> {
        struct Whole;
        impl Visitor<'_> for Whole {
            type Value = Bytes;
            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("bytes")
            }
            fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Bytes, E> {
                Ok(Bytes(bytes.to_vec()))
            }
        }
        deserializer.deserialize_bytes(Whole)
    }
}
