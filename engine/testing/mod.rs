//! Turns listings into cases, cases into processes, and what they print into verdicts.
//! It knows protocols only as data from rules.

mod names; // the names of cases, from those that their programs give them
mod command; // a protocol's templates → the words of a process
mod pattern; // `test {case} ... {outcome}`
mod listing; // the cases that there are
mod lines; // results in lines that match patterns
mod json; // … in objects of JSON
mod xml; // … in JUnit's form of XML
mod tap_line; // a line of …
mod tap; // … Test Anything Protocol
mod results; // what a program says of its cases
mod verdict; // … and what is made of it, with how its process ended
mod expression; // filter expressions
mod filter; // which cases are wanted
mod policy; // how tests are run
mod share; // which share of the tests a run has
mod deal; // which processes run which cases
mod log; // what they printed
mod rows; // verdicts as rows of the ledger
mod watch; // which lines of what they print matter
mod thin; // long output, thinned
mod told; // what a process told
mod causes; // why cases have to run
mod remembered; // what the ledger remembers
mod lcov; // what was executed, as text
mod coverage; // … by cases, and by all of them
mod kept; // what else they left for their user
mod target; // one test target on its way to its verdicts
mod ended; // what a process that has ended comes to
mod run; // follows the processes of all tests
#[cfg(any(test, feature = "fuzzing"))]
mod fuzz; // results, listings and filters from any bytes

pub use filter::Filter;
#[cfg(any(test, feature = "fuzzing"))]
pub use fuzz::READERS;
pub use policy::Policy;
pub use run::Tests;
pub use share::{Division, Share, times};
