//! The rooms of eng, in the order in which a build walks through them.
//! The comment beside a room names the rooms it may use; a test holds us to it.

mod base; //
mod event; // base
mod load; // base
mod init; // base load
mod analyze; // base load
mod graph; // base analyze
mod query; // base load analyze
mod store; // base
mod run; // base event analyze graph store
mod testing; // base event load analyze store run
mod session; // base event load analyze graph query store run testing
mod report; // base event query
mod cli; // base event load init query session report
#[cfg(any(test, feature = "fuzzing"))]
mod fuzz; // base load query run testing store session report

pub use cli::main;
#[cfg(feature = "fuzzing")]
pub use fuzz::fuzz;
