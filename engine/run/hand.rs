//! What a worker does with the actions that it is handed: one after the other, as long as they come to
//! remembered results. Once a process has to be started, the others go back to the coordinator.

use super::claims::Grant;
use super::news::{about, id};
use super::session::Shared;
use super::worker::{self, Done, Stamps};
use crate::analyze::{Action, FileId};
use crate::graph::NodeId;
use anyhow::{Result, anyhow};
use crossbeam_channel::{Receiver, Sender};
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::SystemTime;

/// Actions that a worker gets at once, at most.
pub(super) const MOST_AT_ONCE: usize = 64;

/// What a worker sends back.
pub(super) enum End {
    /// An action has ended. With `free` the worker has nothing more to do.
    Over { node: NodeId, res: Box<Result<Done>>, began: SystemTime, free: bool },
    /// Actions that it did not come to, since it starts a process now, or since the run is to end.
    Back { nodes: Vec<NodeId>, free: bool },
}

/// What a worker is handed.
pub(super) struct Handed {
    /// Actions with their inputs.
    pub actions: VecDeque<(NodeId, Arc<Action>, Vec<FileId>)>,
    /// What a test gets of what tests share.
    pub grant: Grant,
}

/// The life of a worker: it waits asleep for what it is handed. Threads of the pool that were
/// started anew for each action would look around for work first, all of them.
pub(super) fn serve(shared: &Shared, handed: &Receiver<Handed>, send: &Sender<End>) {
    while let Ok(Handed { actions, grant }) = handed.recv() {
        work(shared, actions, &grant, send);
    }
}

fn work(
    shared: &Shared,
    mut handed: VecDeque<(NodeId, Arc<Action>, Vec<FileId>)>,
    grant: &Grant,
    send: &Sender<End>,
) {
    let mut first = true;
    while let Some((node, action, inputs)) = handed.pop_front() {
        if !std::mem::take(&mut first) && shared.stop.requested() {
            let nodes = [node].into_iter().chain(handed.drain(..).map(|(node, ..)| node));
            let _ = send.send(End::Back { nodes: nodes.collect(), free: true });
            return;
        }
        let mut stamps = Stamps::begin();
        let began = stamps.taken;
        let about = about(&action);
        let mut before = || {
            let nodes: Vec<NodeId> = handed.drain(..).map(|(node, ..)| node).collect();
            if !nodes.is_empty() {
                let _ = send.send(End::Back { nodes, free: false });
            }
        };
        let mut carry = || {
            let (id, before, stamps) = (id(node), &mut before, &mut stamps);
            worker::carry_out(shared, id, &action, &inputs, &about, grant, before, stamps)
        };
        let mut res = catch_unwind(AssertUnwindSafe(&mut carry))
            .unwrap_or_else(|_| Err(anyhow!("BUG: carrying out '{}' panicked", about.subject)));
        stamps.end();
        if let Ok(done) = &mut res {
            done.stamps = Some(stamps);
        }
        // The coordinator is gone only if it has panicked itself.
        let (res, free) = (Box::new(res), handed.is_empty());
        let _ = send.send(End::Over { node, res, began, free });
    }
}
