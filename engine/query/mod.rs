//! Answers questions about the target graph: which targets there are, and what needs what.
//! Pure but for one look at the disk when a name is not found; prints nothing and runs no rule.

mod texts; // texts by number
mod value; // values of attributes, as they are kept
mod graph; // targets, source files and what names what
mod named; // what attributes name
mod gather; // workspace → graph
mod token; // text of a query → words and signs
mod function; // the functions, and what they take
mod parse; // words and signs → expressions
mod words; // … sets and variables
mod arguments; // … those that functions take
mod select; // a word of a query → nodes
mod walk; // forwards, backwards, the shortest path
mod evaluate; // expressions → nodes
mod attribute; // … by what targets say
mod rank; // how far nodes are from the roots of an answer
mod names; // what completion needs
mod acts; // the actions of targets
mod compile; // … that translate single files
#[cfg(any(test, feature = "fuzzing"))]
mod fuzz; // queries from any bytes

pub use acts::{Act, Acts, act, acts};
pub use compile::{CompileCommand, Roots, compile_commands};
pub use evaluate::{Scope, evaluate};
pub use function::functions;
#[cfg(any(test, feature = "fuzzing"))]
pub use fuzz::READERS;
pub use gather::gather;
pub use graph::{Graph, NodeId, NodeKind};
pub use names::{Candidate, Names};
pub use parse::parse;
pub use rank::{Rank, ranks};
pub use value::{Entry, Value};
