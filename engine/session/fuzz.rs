//! What the last run has left, from any bytes.

use super::record::Record;
use crate::base::Reader;
use crate::store::decoded;

/// Readers of this room by name, for the door to fuzzing.
pub const READERS: &[Reader] = &[("flat", |bytes| drop(decoded::<Record>(bytes)))];
