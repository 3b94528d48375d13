//! Lets so many processes of actions run at once. More workers than that prepare actions and store
//! their outputs meanwhile, so that no processor waits for files to be linked, read or written.

use std::sync::{Condvar, Mutex, PoisonError};

/// Workers that are busy with an action besides those whose processes run.
pub(super) fn ahead(jobs: usize) -> usize {
    jobs / 2 + 1
}

/// So many processes at once.
pub(super) struct Gate {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    free: usize,
    closed: bool,
}

/// The right to run a process, until it is dropped.
pub(super) struct Pass<'a>(&'a Gate);

impl Gate {
    pub fn new(width: usize) -> Gate {
        Gate { state: Mutex::new(State { free: width, closed: false }), changed: Condvar::new() }
    }

    /// Waits for a turn; nothing if no further process is to be started.
    pub fn enter(&self) -> Option<Pass<'_>> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        while state.free == 0 && !state.closed {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        if state.closed {
            return None;
        }
        state.free -= 1;
        Some(Pass(self))
    }

    /// From now on nobody gets a turn.
    pub fn close(&self) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).closed = true;
        self.changed.notify_all();
    }
}

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner).free += 1;
        self.0.changed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[test]
    fn no_more_than_the_width_are_inside_and_a_closed_gate_lets_nobody_in() {
        let gate = Gate::new(2);
        let (inside, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..50 {
                        let pass = gate.enter();
                        most.fetch_max(inside.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                        std::thread::yield_now();
                        inside.fetch_sub(1, Ordering::SeqCst);
                        drop(pass);
                    }
                });
            }
        });
        assert!(most.load(Ordering::SeqCst) <= 2);
        let held = (gate.enter(), gate.enter());
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| gate.enter().is_none());
            gate.close();
            assert!(waiting.join().unwrap());
        });
        drop(held);
        assert!(gate.enter().is_none());
    }
}
