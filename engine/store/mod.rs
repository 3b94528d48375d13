//! Remembers bytes by digest and results by key: files and SQLite.
//! It does not know the graph, and is the only room with SQL.

mod error; // what is said when the world fails
mod reapi; // the messages of the Remote Execution API that keys and trees are made of
mod file; // regular files, read in pieces and written unseen
mod cas; // bytes by digest
mod trees; // folders by digest
mod clock; // the time of a file system
mod stat; // (inode, size, times) → digest, so that no byte is read twice
mod opening; // how a SQLite file is opened, checked and put aside
mod upgrade; // … and what an earlier eng has kept taken over
mod database; // a SQLite file in use by many threads, and done without
mod seal; // values with a checksum
mod rows; // results, tools and cases as plain values
mod tables; // … in tables
mod batch; // what is kept together
mod ledger; // SQLite: keys → results, shapes → inputs that were used, stat data, tools, cases
mod texts; // … texts
mod denied; // a file that grows when a failure ends what was known
mod flat; // one value in one file, read in one go
mod records; // runs and attempts as plain values
mod journal; // runs that found nothing to do, in a file of lines
mod running; // which runs are going on
mod durations; // how long things took lately
mod history; // SQLite: runs and every attempt of every action and case
mod past; // … read, for explanations
mod runs; // … read, for those who want to see it
mod flakes; // … and what in it came out one way and another
mod trim; // … and what is too old is let go
#[cfg(any(test, feature = "fuzzing"))]
mod fuzz; // rows and trees from any bytes

pub use batch::Batch;
pub use cas::{Cas, Stored, is_cache};
pub use denied::Denied;
pub use durations::Durations;
pub use error::StoreError;
pub use file::read_left;
pub use flakes::{Flake, Seen};
pub use flat::{load_flat, save_flat};
#[cfg(any(test, feature = "fuzzing"))]
pub use fuzz::{READERS, decoded};
pub use history::History;
pub use ledger::Ledger;
pub use reapi::{
    Action, Command, Directory, DirectoryNode, EnvironmentVariable, FileNode, Timeout, encode,
};
pub use records::{Attempt, CaseAttempt, RunCounts, RunRecord};
pub use rows::{CaseRow, Last, OutputKind, OutputRow, ResultOutcome, ResultRow, ToolRow};
pub use runs::TargetPast;
pub use stat::{FileStat, Known, StatCache, StatRow};
pub use trees::{Entry, copy_tree_to, list_tree, put_tree, tree_root};
pub use trim::Budget;
