//! Values as rows: a version, the encoded value, and a checksum that also covers the key, so that
//! neither a flipped bit nor a row under a wrong key is ever believed.

use serde::Serialize;
use serde::de::DeserializeOwned;

const VERSION: u8 = 4;
const CHECK: usize = 16;

/// The row of a value under a key; nothing if the value cannot be encoded.
pub(super) fn seal(key: &[u8], value: &impl Serialize) -> Option<Vec<u8>> {
    let row = postcard::to_extend(value, vec![VERSION]).ok()?;
    Some(checked(key, row))
}

/// The version and the encoded value with their checksum.
fn checked(key: &[u8], mut row: Vec<u8>) -> Vec<u8> {
    let check = checksum(key, &row);
    row.extend_from_slice(&check);
    row
}

/// The row that would hold these bytes as the encoded value, for readers of damaged ones.
#[cfg(any(test, feature = "fuzzing"))]
pub(super) fn sealed(key: &[u8], value: &[u8]) -> Vec<u8> {
    checked(key, [&[VERSION], value].concat())
}

/// The value of a row; nothing if the row is not what was sealed under this key.
pub(super) fn unseal<T: DeserializeOwned>(key: &[u8], row: &[u8]) -> Option<T> {
    let (sealed, check) = row.split_at_checked(row.len().checked_sub(CHECK)?)?;
    let (version, value) = sealed.split_first()?;
    if *version != VERSION || checksum(key, sealed) != *check {
        return None;
    }
    postcard::from_bytes(value).ok()
}

fn checksum(key: &[u8], sealed: &[u8]) -> [u8; CHECK] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&(key.len() as u64).to_le_bytes());
    hasher.update(key);
    hasher.update(sealed);
    let mut res = [0; CHECK];
    res.copy_from_slice(&hasher.finalize().as_bytes()[..CHECK]);
    res
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_flipped_bit_lost_byte_or_other_key_makes_a_row_worthless() {
        let value = ("text".to_string(), 7u64);
        let row = seal(b"key", &value).unwrap();
        assert_eq!(unseal(b"key", &row), Some(value));
        assert_eq!(unseal::<(String, u64)>(b"kez", &row), None);
        for at in 0..row.len() {
            assert_eq!(unseal::<(String, u64)>(b"key", &row[..at]), None);
            for bit in 0..8 {
                let mut damaged = row.clone();
                damaged[at] ^= 1 << bit;
                assert_eq!(unseal::<(String, u64)>(b"key", &damaged), None);
            }
        }
    }
}
