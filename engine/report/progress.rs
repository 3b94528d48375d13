//! Folds events into the few lines that are redrawn at the bottom of a terminal, and into the
//! heartbeat that stands for them elsewhere. Also the loop that takes events until the end.

use super::output::neutral;
use super::plain::Story;
use super::screen::{Shared, terminal_size};
use super::stream::Streams;
use super::style::{Style, Tone, cut, list, show_elapsed};
use crate::event::{About, ActionId, Event, Origin, Outcome};
use crossbeam_channel::{Receiver, select};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};
use unicode_width::UnicodeWidthStr;

/// Time between two drawings of a terminal. What ends before the first is never drawn.
const REDRAW: Duration = Duration::from_millis(100);
/// Time between two signs of life where nothing is redrawn.
const HEARTBEAT: Duration = Duration::from_secs(30);
/// Running actions that are named at most, however high the terminal is.
const NAMED: usize = 8;
/// Events that are taken before the screen has its turn again.
const BURST: usize = 1000;

/// Takes events until `over` closes or nobody can send any more, and shows them.
pub(super) fn show(
    style: &Style,
    screen: &Shared,
    streams: &Mutex<&mut Streams>,
    events: &Receiver<Event>,
    over: &Receiver<()>,
) {
    let mut streams = streams.lock().unwrap_or_else(PoisonError::into_inner);
    let pause = if style.live { REDRAW } else { HEARTBEAT };
    let mut next = Instant::now() + pause;
    let mut story = Story::new(style.clone());
    let mut progress = Progress::default();
    let mut text = String::new();
    loop {
        let first = select! {
            recv(events) -> event => match event {
                Ok(event) => Some(event),
                Err(_) => break,
            },
            recv(over) -> _ => break,
            default(next.saturating_duration_since(Instant::now())) => None,
        };
        let now = Instant::now();
        for event in first.into_iter().chain(events.try_iter().take(BURST)) {
            streams.take(&event);
            progress.take(&event, now);
            story.take(event, &mut text);
        }
        for trouble in streams.flush() {
            story.take(Event::Warning(trouble), &mut text);
        }
        let due = now >= next;
        if due {
            next = now + pause;
        }
        if style.live && due {
            let width = if style.width > 0 { style.width } else { 80 };
            let size = terminal_size().unwrap_or((width, 24));
            screen.show(&text, progress.frame(style, now, size), size.0);
            text.clear();
        }
        if !style.live {
            if due && let Some(line) = progress.heartbeat(now) {
                text.push_str(&line);
            }
            screen.write(&text);
            text.clear();
        }
    }
    for event in events.try_iter() {
        streams.take(&event);
        story.take(event, &mut text);
    }
    for trouble in streams.flush() {
        story.take(Event::Warning(trouble), &mut text);
    }
    story.end(None, &mut text);
    screen.finish(&text);
}

/// What is going on.
#[derive(Debug, Default)]
pub(super) struct Progress {
    /// Actions that may have to run.
    total: usize,
    ran: usize,
    cached: usize,
    /// Failed build actions and tests.
    failed: usize,
    running: BTreeMap<ActionId, (About, Instant)>,
    since: Option<Instant>,
    finished: bool,
}

impl Progress {
    /// Takes an event that happened at this time.
    pub fn take(&mut self, event: &Event, now: Instant) {
        self.since.get_or_insert(now);
        match event {
            Event::Planned { actions, .. } => self.total = *actions,
            Event::ActionStarted { action, about } => {
                self.running.insert(*action, (about.clone(), now));
            }
            Event::ActionFinished { action, about, end } => {
                self.running.remove(action);
                match end.origin {
                    Origin::Ran => self.ran += 1,
                    Origin::Cached => self.cached += 1,
                }
                let bad = !matches!(end.outcome, Outcome::Passed | Outcome::Stopped);
                self.failed += usize::from(bad && !about.test);
            }
            Event::TestFinished { cases, .. } => {
                self.failed += usize::from(cases.iter().any(|case| !case.verdict.is_good()));
            }
            Event::Finished(_) => self.finished = true,
            _ => {}
        }
    }

    /// Lines for a terminal of so many columns and rows; none is wider than it.
    pub fn frame(&self, style: &Style, now: Instant, (width, height): (usize, usize)) -> Vec<Line> {
        if self.finished || self.total == 0 && self.running.is_empty() {
            return Vec::new();
        }
        // In the last column some terminals wrap at once, so it stays free.
        let columns = width.saturating_sub(1);
        let head =
            format!("[{}+{}/{}]", self.ran, self.cached, self.total.max(self.ran + self.cached));
        let state = format!(" {} running", self.running.len());
        let failed =
            if self.failed > 0 { format!(" · {} failed", self.failed) } else { String::new() };
        let mut lines = vec![Line::new(
            columns,
            [(Tone::Strong, head), (Tone::Quiet, state), (Tone::Bad, failed)],
            style,
        )];
        for (about, began) in self.longest().into_iter().take(NAMED.min(height / 3)) {
            let time = show_elapsed(now.saturating_duration_since(began));
            let subject = neutral(&about.subject, false).replace(['\n', '\t'], " ");
            lines.push(Line::new(
                columns,
                [
                    (Tone::Quiet, format!("{time:>7}  ")),
                    (Tone::Plain, subject),
                    (Tone::Quiet, format!("  {}", about.label)),
                ],
                style,
            ));
        }
        lines
    }

    /// A sign of life: how far we are, and what has been running longest.
    pub fn heartbeat(&self, now: Instant) -> Option<String> {
        let (about, began) = *self.longest().first()?;
        let elapsed = |since| show_elapsed(now.saturating_duration_since(since));
        let counts = list([
            Some(format!(
                "{} of {} done",
                self.ran + self.cached,
                self.total.max(self.ran + self.cached)
            )),
            Some(format!("{} running", self.running.len())),
            (self.failed > 0).then(|| format!("{} failed", self.failed)),
        ]);
        let subject = neutral(&about.subject, false).replace('\n', " ");
        let after = self.since.map(elapsed).unwrap_or_default();
        Some(format!(
            "after {after}: {counts}; longest: {}: {subject} ({})\n",
            about.label,
            elapsed(began)
        ))
    }

    /// Running actions, those that began first in front.
    fn longest(&self) -> Vec<(&About, Instant)> {
        let mut running: Vec<_> = self.running.iter().collect();
        running.sort_by_key(|(id, (_, began))| (*began, **id));
        running.into_iter().map(|(_, (about, began))| (about, *began)).collect()
    }
}

/// A line that is redrawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    /// With colours, without line feed.
    pub text: String,
    /// Columns that it fills.
    pub width: usize,
}

impl Line {
    /// Parts one after the other, cut where the columns end.
    fn new<const N: usize>(columns: usize, parts: [(Tone, String); N], style: &Style) -> Line {
        let mut line = Line { text: String::new(), width: 0 };
        for (tone, part) in parts {
            let shown = cut(&part, columns.saturating_sub(line.width));
            line.width += shown.width();
            line.text.push_str(&style.paint(tone, &shown));
            if shown != part {
                break;
            }
        }
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::PackageName;

    fn started(id: u32, subject: &str) -> Event {
        let label = PackageName::main("a").label("b");
        let about = About { label, subject: subject.to_string(), test: false };
        Event::ActionStarted { action: ActionId(id), about }
    }

    fn some_progress(now: Instant) -> Progress {
        let mut progress = Progress::default();
        progress.take(&Event::Planned { labels: vec![], tests: vec![], actions: 40 }, now);
        progress.take(&started(2, "compile a/日本語.c"), now);
        for id in 3..20 {
            progress.take(&started(id, "link"), now + Duration::from_secs(1));
        }
        progress
    }

    #[test]
    fn the_longest_running_actions_are_named() {
        let now = Instant::now();
        let progress = some_progress(now);
        let later = now + Duration::from_secs(31);
        let style = Style::default();
        let frame = progress.frame(&style, later, (80, 12));
        let text: Vec<&str> = frame.iter().map(|line| line.text.as_str()).collect();
        assert_eq!(text.len(), 5);
        assert_eq!(text[0], "[0+0/40] 18 running");
        assert_eq!(text[1], "  31.0s  compile a/日本語.c  //a:b");
        assert_eq!(text[2], "  30.0s  link  //a:b");
        assert_eq!(
            progress.heartbeat(later).unwrap(),
            "after 31.0s: 0 of 40 done, 18 running; longest: //a:b: compile a/日本語.c (31.0s)\n"
        );
    }

    #[test]
    fn no_line_is_wider_than_the_terminal_nor_are_there_more_than_fit() {
        let now = Instant::now();
        let progress = some_progress(now);
        for width in 0..60 {
            let frame = progress.frame(&Style::default(), now, (width, 200));
            assert_eq!(frame.len(), 1 + NAMED);
            assert!(frame.iter().all(|line| line.width <= width.saturating_sub(1)));
        }
        assert_eq!(progress.frame(&Style::default(), now, (80, 2)).len(), 1);
    }
}
