//! The loop that takes events until the end, and shows what they come to.

use super::plain::Story;
use super::progress::Progress;
use super::screen::{Screen, terminal_size};
use super::stream::Streams;
use super::streamed::Streamed;
use super::style::Style;
use crate::event::Event;
use crossbeam_channel::{Receiver, select};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Time between two drawings of a terminal. What ends before the first is never drawn.
const REDRAW: Duration = Duration::from_millis(100);
/// Time between two signs of life where nothing is redrawn.
const HEARTBEAT: Duration = Duration::from_secs(30);
/// Time between two looks at what tests print.
const LOOK: Duration = Duration::from_millis(100);
/// Events that are taken before the screen has its turn again.
const BURST: usize = 1000;
/// Text that is written at once.
const AT_ONCE: usize = 1 << 20;

/// Takes events until `over` closes or nobody can send any more, and shows them.
pub(super) fn show(
    style: &Style,
    screen: &Screen,
    streams: &Mutex<&mut Streams>,
    events: &Receiver<Event>,
    over: &Receiver<()>,
) {
    show_with(style, HEARTBEAT, screen, streams, events, over);
}

/// The same with signs of life at other intervals.
fn show_with(
    style: &Style,
    heartbeat: Duration,
    screen: &Screen,
    streams: &Mutex<&mut Streams>,
    events: &Receiver<Event>,
    over: &Receiver<()>,
) {
    let mut streams = streams.lock().unwrap_or_else(PoisonError::into_inner);
    let pause = if style.live { REDRAW } else { heartbeat };
    let mut next = Instant::now() + pause;
    let mut next_look = Instant::now();
    let mut story = Story::new(style.clone());
    let mut progress = Progress::new(style.slow_after);
    let mut streamed = Streamed::new(style.clone());
    let mut text = Text { text: String::new(), screen };
    loop {
        let look = streamed.is_busy().then_some(next_look);
        let wake = [look, progress.next_slow()].into_iter().flatten().fold(next, Instant::min);
        let first = select! {
            recv(events) -> event => match event {
                Ok(event) => Some(event),
                Err(_) => break,
            },
            recv(over) -> _ => break,
            default(wake.saturating_duration_since(Instant::now())) => None,
        };
        let now = Instant::now();
        for event in first.into_iter().chain(events.try_iter().take(BURST)) {
            let at = moment();
            story.style.now = Some(at);
            streams.take_at(&event, at);
            progress.take(&event, now);
            streamed.take(&event, &mut |shown| text.push(shown));
            if matches!(event, Event::StatusAsked) {
                text.push(&progress.snapshot(now));
            }
            story.take(event, &mut text.text);
        }
        for trouble in streams.flush() {
            story.take(Event::Warning(trouble), &mut text.text);
        }
        text.push(&progress.slow_lines(style, now));
        if streamed.is_busy() && now >= next_look {
            streamed.look(&mut |shown| text.push(shown));
            next_look = Instant::now() + LOOK;
        }
        let due = now >= next;
        if due {
            next = now + pause;
        }
        if style.live && due {
            let width = if style.width > 0 { style.width } else { 80 };
            let size = terminal_size().unwrap_or((width, 24));
            progress.look();
            screen.show(&text.text, progress.frame(style, now, size), size.0);
            text.text.clear();
        }
        if !style.live {
            if due && let Some(line) = progress.heartbeat(now) {
                text.push(&line);
            }
            text.write();
        }
    }
    for event in events.try_iter() {
        let at = moment();
        story.style.now = Some(at);
        streams.take_at(&event, at);
        streamed.take(&event, &mut |shown| text.push(shown));
        story.take(event, &mut text.text);
    }
    streamed.end(&mut |shown| text.push(shown));
    for trouble in streams.flush() {
        story.take(Event::Warning(trouble), &mut text.text);
    }
    story.end(None, &mut text.text);
    screen.finish(&text.text);
}

/// What time it is, as exact as a stream tells it: whoever replays it is to see the same.
pub fn moment() -> SystemTime {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    UNIX_EPOCH + Duration::from_micros(since.as_micros() as u64)
}

/// Text that stays and has not been written yet; it is never much.
struct Text<'a> {
    text: String,
    screen: &'a Screen,
}

impl Text<'_> {
    fn push(&mut self, more: &str) {
        self.text.push_str(more);
        if self.text.len() > AT_ONCE {
            self.write();
        }
    }

    fn write(&mut self) {
        self.screen.write(&self.text);
        self.text.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::super::started::Started;
    use super::super::stream::Form;
    use super::*;
    use crate::base::PackageName;
    use crate::event::{About, ActionId, Case, Known, Origin};
    use crossbeam_channel::{bounded, unbounded};
    use std::io::{self, Write};
    use std::sync::mpsc;

    struct Sent(mpsc::Sender<String>);

    impl Write for Sent {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let text = String::from_utf8_lossy(bytes).into_owned();
            self.0.send(text).map_err(|_| io::ErrorKind::BrokenPipe)?;
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn where_nothing_is_redrawn_a_line_comes_from_time_to_time_while_something_runs() {
        let (sender, written) = mpsc::channel();
        let screen = Screen::on(Box::new(Sent(sender)));
        let (send, events) = unbounded();
        let (working, over) = bounded::<()>(0);
        let (style, mut streams) = (Style::default(), Streams::default());
        let streams = Mutex::new(&mut streams);
        let label = PackageName::main("a").label("b");
        let about = About { label, subject: "link a/b".to_string(), test: false };
        send.send(Event::Planned { labels: vec![], tests: vec![], actions: 3 }).unwrap();
        send.send(Event::ActionStarted { action: ActionId(1), about, view: None }).unwrap();
        let often = Duration::from_millis(5);
        std::thread::scope(|scope| {
            scope.spawn(|| show_with(&style, often, &screen, &streams, &events, &over));
            for _ in 0..3 {
                let line = written.recv_timeout(Duration::from_secs(60)).unwrap();
                let (time, rest) = line.split_once(": ").unwrap();
                assert!(time.starts_with("after ") && time.ends_with('s'), "{line}");
                let told = "0 of 3 done, 1 running; longest: //a:b: link a/b (";
                assert!(rest.starts_with(told) && rest.ends_with("s)\n"), "{line}");
            }
            drop(working);
        });
    }

    /// A stream that takes long, and tells which moments it was given.
    struct Slow(mpsc::Sender<SystemTime>);

    impl Form for Slow {
        fn begin(&mut self, _: &Started, _: SystemTime, _: &mut Vec<u8>) {}
        fn take(&mut self, _: &Event, at: SystemTime, _: &mut Vec<u8>) {
            std::thread::sleep(Duration::from_millis(50));
            self.0.send(at).unwrap();
        }
        fn end(&mut self, _: i32, _: &str, _: SystemTime, _: &mut Vec<u8>) {}
    }

    #[test]
    fn streams_and_screen_are_told_the_same_moment() {
        let (sender, written) = mpsc::channel();
        let screen = Screen::on(Box::new(Sent(sender)));
        let (sender, moments) = mpsc::channel();
        let mut streams = Streams::default();
        streams.add_file(Box::new(Slow(sender)), std::path::Path::new("nowhere"));
        let (send, events) = unbounded();
        let before = Duration::from_secs(moment().duration_since(UNIX_EPOCH).unwrap().as_secs());
        let known = Some(Known { run: 1, time: before.as_secs() });
        let case = Case { origin: Origin::Cached, known, ..Case::default() };
        let (label, duration) = (PackageName::main("a").label("b"), Duration::ZERO);
        let (cases, log, warnings) = (vec![case], None, vec![]);
        send.send(Event::TestFinished { label, cases, duration, log, warnings }).unwrap();
        drop(send);
        let style = Style { verbose: true, ..Style::default() };
        let (_working, over) = bounded::<()>(0);
        show(&style, &screen, &Mutex::new(&mut streams), &events, &over);
        let age = moments.recv().unwrap().duration_since(UNIX_EPOCH).unwrap();
        assert_eq!(age.subsec_nanos() % 1000, 0, "{age:?}");
        let told = format!("from run 1, {} ago\n", crate::base::show_duration(age - before));
        let text: String = written.try_iter().collect();
        assert!(text.contains(&told), "{text}");
    }
}
