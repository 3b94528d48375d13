//! Brings a plan up to date: keys, cache, exec roots, processes, on a rayon pool.
//! The only room that starts processes; it prints nothing.

mod states; // set(): the one place where the state of an action changes
mod claims; // what tests share: slots and resources
mod cut; // a run that ends by its own rules
mod news; // what is to be kept and told of actions that have ended
mod undeclared; // files that a failed command did not find, though they are there
mod grow; // what follows from actions that have ended
mod gate; // so many processes at once
mod undone; // what is left undone because an action has failed
mod later; // actions that are not to start before their time
mod schedule; // the coordinator: what is ready, what may start, what has ended
mod phases; // all is built, tests may start
mod hand; // what a worker does with the actions that it is handed
mod prepare; // an action before anything is looked up or started
mod start; // its process, in an exec root
mod remember; // the key under which its result is kept
mod worker; // one action from key to result
mod helper; // commands that are run beside the actions
mod setup; // programs that prepare the ground for tests
mod test_env; // what every test process finds
mod manifest; // what is in a key; one walk, two readers
mod facts; // the reader that writes lines, and what reads them
mod difference; // what has changed between two of them, in words
#[cfg(test)]
mod every_fact; // no fact of a key goes without a reason
mod why; // why an action has to run, or need not
mod sources; // small sources are kept, so that changes can be shown
mod lookup; // remembered results that still hold
mod tools; // programs of the machine: found and identified
mod ask; // what they answer about themselves
mod exec_root; // a folder that holds only the inputs
mod script; // commands of plain words, without a shell
mod kernel; // calls that no library has
mod inherited; // what every process inherits from this one
mod process; // starts a process, waits for it, ends it
mod waiting; // until it has ended, or its time is up
mod pause; // Ctrl-Z
mod offspring; // what a process leaves behind: found and killed
mod kept; // what a test left for its user
mod coverage; // what a test has executed
mod pages; // … as pages
mod report; // what a test wrote for us to read
mod outputs; // what was written goes into the store
mod depfile; // what a command says it read
mod signal; // Ctrl-C, once and twice
mod deliver; // what was asked for goes into eng-out
#[cfg(any(test, feature = "fuzzing"))]
mod fuzz; // depfiles and exports from any bytes
mod session; // what all actions of a run share
#[cfg(test)]
mod key_fields; // every field that a key is made of changes it

pub use coverage::{COVERED, COVERED_CASES, COVERED_OWN, COVERED_UNREAD, is_unread, missing_tool};
pub use deliver::{Delivered, Delivery, deliver};
pub use facts::{Named, inputs_and_outputs};
#[cfg(any(test, feature = "fuzzing"))]
pub use fuzz::READERS;
pub use grow::{Executed, Finished, Follow, Grow, Learned, Next, Tried};
pub use kept::{ANNOTATIONS, INFRASTRUCTURE, OUTPUTS, WARNINGS, XML};
pub use kernel::inherited;
pub use lookup::are_stored;
pub use offspring::{end_all, end_left};
pub use pages::{make_pages, page_maker};
pub use prepare::{CaseKeys, Inputs};
pub use schedule::execute;
pub use session::{Deadline, Home, Options, Schedule, Shared};
pub use signal::{Stop, ends};
pub use why::{AWAITED, NEVER};

#[cfg(test)]
mod tests {
    use super::claims::Grant;
    use super::worker::Done;
    use super::{Next, Shared, Stop};
    use crate::analyze::{Action, Analysis, TestProcess};
    use crate::event::Event;

    /// What workers see at the same time is shared, what they get or give back is sent. Whether that
    /// holds is decided when this is compiled.
    #[test]
    fn what_crosses_threads_may_do_so() {
        fn shared<T: Send + Sync>() {}
        fn sent<T: Send>() {}
        shared::<Action>();
        shared::<TestProcess>();
        shared::<Analysis>();
        shared::<Shared>();
        shared::<Stop>();
        sent::<Next>();
        sent::<Grant>();
        sent::<Done>();
        sent::<Event>();
    }
}
