//! eng as a library: a workspace is loaded, planned and brought up to date, and what happens is
//! told. Each stage can be called alone, and has an error of its own. Prints nothing but the message
//! of a panic, and takes the environment from who calls.

mod error; // what can go wrong at each stage
mod user; // for whom: folders and programs
mod parse; // the text of a BUILD.ron → entries
mod request; // what is asked for
mod event; // what happens, as it is told
mod run; // a run that goes on
mod report; // a saved stream, as people read it
mod session; // the door itself

pub use error::{CleanError, LoadError, Mistake, Mistakes, PlanError, ReportError, RunError};
pub use event::Event;
pub use parse::{Entry, parse};
pub use report::{Report, report};
pub use request::Request;
pub(crate) use request::{MOST_JOBS, MOST_TEST_THREADS, pattern};
pub use run::{Events, Outcome, Run, Stopper};
pub use session::{Action, Loaded, Plan, Session, Target};
pub use user::User;
