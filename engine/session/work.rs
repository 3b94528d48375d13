//! A request on its way: what is remembered of it, else all of it brought up to date.

use super::bring::Opened;
use super::recall::{Recalled, recall};
use super::request::{Control, Places, Request};
use super::{Failure, book};
use crate::event::{Event, Summary};
use crossbeam_channel::Sender;
use std::path::Path;
use std::time::Instant;

/// A request on its way, of which it is known what still holds.
pub struct Work<'a> {
    root: &'a Path,
    places: &'a Places,
    request: &'a Request,
    recalled: Option<Recalled>,
    began: Instant,
}

impl<'a> Work<'a> {
    /// Looks at what is remembered of such a request in the workspace with this root.
    pub fn new(root: &'a Path, places: &'a Places, request: &'a Request) -> Work<'a> {
        let began = Instant::now();
        Work { root, places, request, recalled: recall(root, places, request), began }
    }

    /// True if there is nothing to do.
    pub fn is_idle(&self) -> bool {
        self.recalled.as_ref().is_some_and(Recalled::is_all)
    }

    /// Does what is left to do, and tells everything.
    pub fn carry_out(self, control: &Control, events: Sender<Event>) -> Result<Summary, Failure> {
        let Work { root, places, request, mut recalled, began } = self;
        if let Some(known) = recalled.as_ref().filter(|known| known.is_all()) {
            let summary = known.tell(began, &events);
            book::note_idle_run(root, places, request, &summary);
            return Ok(summary);
        }
        let part = recalled.as_ref().map(|known| Opened::resume(root, places, known));
        let loaded = match part {
            Some(Ok(loaded)) => loaded,
            // What was remembered of the workspace does not hold; all of it tells what is wrong.
            Some(Err(_)) | None => {
                recalled = None;
                Opened::open(root, places, request.options.dry_run)?
            }
        };
        loaded.bring(request, recalled, began, control, events)
    }
}
