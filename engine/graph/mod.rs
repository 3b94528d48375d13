//! Orders actions into a plan. Does not know what an action does.

mod plan; // petgraph: who writes what, longest remaining path first

pub use plan::{NodeId, Plan};
