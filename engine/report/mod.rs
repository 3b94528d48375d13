//! Folds the event stream into the terminal; the only room, beside the command line, that writes
//! to it. It knows nothing of how things are built: whatever it tells came as an event.

mod style; // colours, widths, names of signals
mod output; // what programs printed, made harmless and short
mod failure; // how a failed action is told
mod verdict; // how a test and its cases are told
mod summary; // what it all came to, and how to run the failures again
mod actions; // actions that failed, equal errors once
mod plain; // events → the lines that stay, in an order that no width changes
mod slowest; // the cases that took longest
mod tail; // a file that grows
mod running; // one action that runs
mod streamed; // what running tests print
mod progress; // events → the lines that are redrawn
mod showing; // takes events until the end
mod listing; // what a query answers
mod written; // … targets as they would stand in a file
mod acts; // actions of targets
mod coverage; // what tests have executed
mod teller; // events → what both ends are told
mod spool; // bytes for readers who may be slow
mod stream; // whoever takes events besides the screen
mod started; // who was asked for what
mod json; // what stands in the JSON lines of a run
mod json_told; // events → these lines
mod jsonl; // … as a stream
mod bep; // events → the Build Event Protocol
mod bep_test; // … tests
mod bep_form; // … ids, files, times
mod profile; // events → where the time went
mod profile_path; // … which actions waited for each other
mod profile_slots; // … what happened at the same time
mod profile_trace; // … as a trace
mod profile_text; // … as text
mod json_read; // … and back to events
mod json_read_cases; // … cases of tests
mod troubles; // what went wrong, and where
mod ci; // … as services of continuous integration show it
mod junit; // events → one JUnit file
mod junit_case; // … its cases
#[cfg(test)]
mod round_trip; // what is told is read back
mod replay; // a saved stream is shown
#[cfg(any(test, feature = "fuzzing"))]
mod fuzz; // saved streams from any bytes
mod screen; // writes both, whole, to standard error

pub use acts::{acts, acts_json, compile_commands};
pub use ci::Service;
pub use coverage::{coverage_json, lcov, table};
#[cfg(any(test, feature = "fuzzing"))]
pub use fuzz::READERS;
pub use listing::{Listing, list};
pub use output::neutral;
pub use replay::{replay, retell};
pub use screen::{is_written, print_data, print_problem, stderr_is_terminal};
pub use showing::moment;
pub use spool::Target;
pub use started::Started;
pub use stream::Streams;
pub use style::{Style, TestOutput};
pub use teller::Teller;

use crate::event::Event;
use crossbeam_channel::{Sender, bounded, unbounded};
use std::panic::{self, AssertUnwindSafe};
use std::sync::Mutex;
use std::thread;

/// Runs `work`, shows the events that it sends, and hands them on to the streams. All has been
/// written when this returns, and the terminal is clean, also if `work` panics: the panic then goes
/// on from here. Events that are sent after `work` has ended are not shown.
pub fn while_showing<T>(
    style: Style,
    streams: &mut Streams,
    work: impl FnOnce(Sender<Event>) -> T,
) -> T {
    show_on(screen::Screen::stderr(), style, streams, work)
}

fn show_on<T>(
    screen: screen::Screen,
    style: Style,
    streams: &mut Streams,
    work: impl FnOnce(Sender<Event>) -> T,
) -> T {
    let streams = Mutex::new(streams);
    let (sender, events) = unbounded();
    let (working, over) = bounded::<()>(0);
    let clean = style.live.then(|| screen.clear_before_panics());
    let res = thread::scope(|scope| {
        let shower = || showing::show(&style, &screen, &streams, &events, &over);
        let spawned = thread::Builder::new().name("report".into()).spawn_scoped(scope, shower);
        let res = panic::catch_unwind(AssertUnwindSafe(|| work(sender)));
        drop(working);
        // A panic of ours has been printed by its hook and must not hide what `work` came to.
        match spawned {
            Ok(thread) => drop(thread.join()),
            // Without a thread nothing was shown on the way, but nothing is lost either.
            Err(_) => showing::show(&style, &screen, &streams, &events, &over),
        }
        res
    });
    drop(clean);
    res.unwrap_or_else(|panic| panic::resume_unwind(panic))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Summary;
    use std::io::{self, Write};
    use std::sync::Arc;

    #[derive(Clone, Default)]
    struct Paper(Arc<Mutex<Vec<u8>>>);

    impl Paper {
        fn text(&self) -> String {
            String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
        }
    }

    impl Write for Paper {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn shown<T>(paper: &Paper, work: impl FnOnce(Sender<Event>) -> T) -> T {
        let (screen, style) = (screen::Screen::on(Box::new(paper.clone())), Style::default());
        show_on(screen, style, &mut Streams::default(), work)
    }

    #[test]
    fn all_is_written_when_the_work_is_done() {
        let paper = Paper::default();
        let kept = shown(&paper, |events| {
            events.send(Event::Warning("slow disk".to_string())).unwrap();
            events.send(Event::Finished(Summary::default())).unwrap();
            // A sender that outlives the work must not keep us waiting.
            events
        });
        assert_eq!(paper.text(), "warning: slow disk\nok in 0.00s: 0 ran, 0 cached\n");
        drop(kept);
    }

    #[test]
    fn all_is_written_before_a_panic_goes_on() {
        let paper = Paper::default();
        let work = |events: Sender<Event>| {
            events.send(Event::Warning("last words".to_string())).unwrap();
            panic::resume_unwind(Box::new("gone"));
        };
        let panic = panic::catch_unwind(AssertUnwindSafe(|| shown(&paper, work))).unwrap_err();
        assert_eq!(panic.downcast_ref(), Some(&"gone"));
        assert_eq!(paper.text(), "warning: last words\n");
    }
}
