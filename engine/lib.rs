//! eng, a declarative build-graph and test engine for monorepos, as a library.
//!
//! [`Session`] is the door: [`open`](Session::open) finds a workspace, [`load`](Session::load) reads
//! it, [`plan`](Session::plan) finds what there is to do, [`start`](Session::start) and
//! [`start_case`](Session::start_case) do it and give a [`Run`], whose [`events`](Run::events) tell
//! what happens and which can be [stopped](Run::stop), and [`clean`](Session::clean) and
//! [`clean_cache`](Session::clean_cache) remove what was made. Before and behind it stand
//! [`parse`] for the text of a `BUILD.ron`, and [`report()`] for a saved stream of events. Each can be
//! called alone, and has an error type of its own.
//!
//! The engine prints nothing, but for the message of a panic, and what it takes from the environment its
//! caller gives: a [`User`].

// The rooms of eng, in the order in which a build walks through them. The comment beside a room names
// the rooms it may use; a test holds us to it.

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
mod door; // base event load session report
mod cli; // base event load init query session report door
#[cfg(any(test, feature = "fuzzing"))]
mod fuzz; // base load query run testing store session report

#[doc(hidden)] // for the binary alone
pub use cli::main;
pub use door::{
    Action, CleanError, Entry, Event, Events, LoadError, Loaded, Mistake, Mistakes, Outcome, Plan,
    PlanError, Report, ReportError, Request, Run, RunError, Session, Stopper, Target, User, parse,
    report,
};
#[cfg(feature = "fuzzing")]
pub use fuzz::fuzz;
