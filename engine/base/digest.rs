//! What names content: function, 32 bytes and size in one type.

use serde::{Deserialize, Serialize};
use std::fmt;

/// The digest of some bytes. The function is BLAKE3 everywhere inside; a remote that speaks another
/// one gets an alias, and nothing above the store knows.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Digest {
    hash: [u8; 32],
    /// Number of bytes.
    pub size: u64,
}

impl Digest {
    /// Hashes bytes.
    pub fn of(bytes: &[u8]) -> Digest {
        Digest { hash: *blake3::hash(bytes).as_bytes(), size: bytes.len() as u64 }
    }

    /// The 32 bytes of the hash.
    pub fn bytes(&self) -> &[u8; 32] {
        &self.hash
    }

    /// The hash as 64 hexadecimal digits.
    pub fn hex(&self) -> String {
        blake3::Hash::from_bytes(self.hash).to_hex().to_string()
    }

    /// Reads what `to_string` wrote.
    pub fn parse(text: &str) -> Option<Digest> {
        let (hex, size) = text.split_once('/')?;
        let hash = *blake3::Hash::from_hex(hex).ok()?.as_bytes();
        Some(Digest { hash, size: size.parse().ok()? })
    }

    /// Builds a digest from a hash that was stored, and its size.
    pub fn from_parts(hash: [u8; 32], size: u64) -> Digest {
        Digest { hash, size }
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{}/{}", self.hex(), self.size)
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{}…/{}", &self.hex()[..8], self.size)
    }
}

/// Hashes a stream of bytes.
#[derive(Default)]
pub struct Hasher {
    inner: blake3::Hasher,
    size: u64,
}

impl Hasher {
    /// Adds bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.inner.update(bytes);
        self.size += bytes.len() as u64;
    }

    /// Adds a field: its length, then its bytes, so that no two lists of fields look alike.
    pub fn field(&mut self, bytes: &[u8]) {
        self.update(&(bytes.len() as u64).to_le_bytes());
        self.update(bytes);
    }

    /// The digest of all that was added.
    pub fn finish(&self) -> Digest {
        Digest { hash: *self.inner.finalize().as_bytes(), size: self.size }
    }
}
