//! The words everybody speaks: places, problems, labels, patterns, paths, digests, reasons. No I/O.

mod place;
mod problem;
mod path;
mod quoted;
mod label;
mod pattern;
mod digest;
mod duration;
mod moment;
mod signal;
mod contract;
mod step;
mod why;
#[cfg(any(test, feature = "fuzzing"))]
mod fuzz; // labels and patterns from any bytes

pub use contract::{TEST_SIZES, TEST_VARIABLES};
pub use digest::{Digest, Hasher};
pub use duration::{parse_duration, show_duration};
#[cfg(any(test, feature = "fuzzing"))]
pub use fuzz::{READERS, Reader};
pub use label::{Label, PackageName, Repo, check_target_name};
pub use moment::{show_moment, show_moment_ms};
pub use path::{
    check_package, check_relative, flat, ident, join, normalize, parent, split_name, suffixes,
};
pub use pattern::{Pattern, Selection, Term};
pub use place::{Place, Source, is_hidden};
pub use problem::{Problem, Problems, listing, near, nearest, plain, plain_line};
pub use quoted::quoted;
pub use signal::signal_name;
pub use step::{ReadStep, Step};
pub use why::{ChangedFile, Doer, Why};
