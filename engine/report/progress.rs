//! Folds events into the few lines that are redrawn at the bottom of a terminal, and into the
//! heartbeat that stands for them elsewhere, and into the answer to who asks what runs.

use super::output::neutral;
use super::running::Running;
use super::style::{Style, Tone, cut, list, show_elapsed};
use crate::event::{ActionId, Event, Origin, Outcome};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use unicode_width::UnicodeWidthStr;

/// Running actions that are named at most, however high the terminal is.
const NAMED: usize = 8;

/// What is going on.
#[derive(Default)]
pub(super) struct Progress {
    /// Actions that may have to run.
    total: usize,
    ran: usize,
    cached: usize,
    /// Failed build actions and tests.
    failed: usize,
    running: BTreeMap<ActionId, Running>,
    /// When a test is slow.
    slow_after: Option<Duration>,
    since: Option<Instant>,
    finished: bool,
}

impl Progress {
    /// Nothing goes on yet; `slow_after` says when a test is slow.
    pub fn new(slow_after: Option<Duration>) -> Progress {
        Progress { slow_after, ..Progress::default() }
    }

    /// Takes an event that happened at this time.
    pub fn take(&mut self, event: &Event, now: Instant) {
        self.since.get_or_insert(now);
        match event {
            Event::Planned { actions, .. } => self.total = *actions,
            Event::ActionStarted { action, about, view } => {
                let running = Running::new(about.clone(), view.clone(), now, self.slow_after);
                self.running.insert(*action, running);
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

    /// Finds out at which cases the tests are that are named first.
    pub fn look(&mut self) {
        for id in self.longest().into_iter().take(NAMED) {
            if let Some(running) = self.running.get_mut(&id) {
                running.look();
            }
        }
    }

    /// Lines for a terminal of so many columns and rows; none is wider than it.
    pub fn frame(&self, style: &Style, now: Instant, (width, height): (usize, usize)) -> Vec<Line> {
        if self.finished || self.total == 0 && self.running.is_empty() {
            return Vec::new();
        }
        // In the last column some terminals wrap at once, so it stays free.
        let columns = width.saturating_sub(1);
        let named = self.longest();
        let head = format!("[{}+{}/{}]", self.ran + self.over(), self.cached, self.all());
        let state = format!(" {} running", named.len());
        let failed =
            if self.failed > 0 { format!(" · {} failed", self.failed) } else { String::new() };
        let mut lines = vec![Line::new(
            columns,
            [(Tone::Strong, head), (Tone::Quiet, state), (Tone::Bad, failed)],
            style,
        )];
        let named = named.into_iter().take(NAMED.min(height / 3));
        for running in named.filter_map(|id| self.running.get(&id)) {
            let time = show_elapsed(running.elapsed(now));
            let (subject, label) = running.title();
            lines.push(Line::new(
                columns,
                [
                    (Tone::Quiet, format!("{time:>7}  ")),
                    (Tone::Plain, subject),
                    (Tone::Quiet, label),
                ],
                style,
            ));
        }
        lines
    }

    /// A sign of life: how far we are, and what has been running longest.
    pub fn heartbeat(&self, now: Instant) -> Option<String> {
        let longest = self.running.get(self.longest().first()?)?;
        let subject = neutral(&longest.about.subject, false).replace('\n', " ");
        Some(format!(
            "{}; longest: {}: {subject} ({})\n",
            self.so_far(now),
            longest.about.label,
            show_elapsed(longest.elapsed(now))
        ))
    }

    /// All that runs, with what it printed last, for whoever asks.
    pub fn snapshot(&mut self, now: Instant) -> String {
        let mut res = format!("{}\n", self.so_far(now));
        for id in self.longest() {
            let Some(running) = self.running.get_mut(&id) else { continue };
            running.look();
            res.push_str(&running.snapshot(now));
        }
        res
    }

    /// Lines for tests that have become slow.
    pub fn slow_lines(&mut self, style: &Style, now: Instant) -> String {
        let mut res = String::new();
        for id in self.longest() {
            if let Some(line) = self.running.get_mut(&id).and_then(|it| it.slow_line(now)) {
                res.push_str(&format!("{}  {line}", style.paint(Tone::Odd, "SLOW")));
            }
        }
        res
    }

    /// When the next test becomes slow, if none ends before.
    pub fn next_slow(&self) -> Option<Instant> {
        let running = self.running.values().filter(|running| !running.is_over());
        running.filter_map(|running| running.began.checked_add(running.slow?)).min()
    }

    /// `after 31.0s: 4 of 40 done, 2 running`.
    fn so_far(&self, now: Instant) -> String {
        let elapsed = |since| show_elapsed(now.saturating_duration_since(since));
        let counts = list([
            Some(format!("{} of {} done", self.done(), self.all())),
            Some(format!("{} running", self.longest().len())),
            (self.failed > 0).then(|| format!("{} failed", self.failed)),
        ]);
        format!("after {}: {counts}", self.since.map(elapsed).unwrap_or_default())
    }

    /// Actions that have ended.
    fn done(&self) -> usize {
        self.ran + self.cached + self.over()
    }

    /// Those among them whose end is to be told still.
    fn over(&self) -> usize {
        self.running.values().filter(|running| running.is_over()).count()
    }

    /// Actions that have ended or may have to run. What nobody planned counts once it runs, such as
    /// another attempt.
    fn all(&self) -> usize {
        self.total.max(self.ran + self.cached + self.running.len())
    }

    /// Running actions, those that began first in front.
    fn longest(&self) -> Vec<ActionId> {
        let running = self.running.iter().filter(|(_, running)| !running.is_over());
        let mut running: Vec<_> = running.map(|(id, it)| (it.began, *id)).collect();
        running.sort_unstable();
        running.into_iter().map(|(_, id)| id).collect()
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
    use crate::event::{About, View};

    fn started(id: u32, subject: &str) -> Event {
        let label = PackageName::main("a").label("b");
        let about = About { label, subject: subject.to_string(), test: false };
        Event::ActionStarted { action: ActionId(id), about, view: None }
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
    fn what_has_ended_and_is_not_told_yet_is_done() {
        let now = Instant::now();
        let mut progress = some_progress(now);
        let over = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
        let label = PackageName::main("a").label("t");
        let about = About { label, subject: "test //a:t".to_string(), test: true };
        let stdout = "none".into();
        let view = View { stdout, stderr: None, tests: true, case: None, steps: None, over };
        let over = view.over.clone();
        progress.slow_after = Some(Duration::from_secs(5));
        let (action, view) = (ActionId(1), Some(view));
        progress.take(&Event::ActionStarted { action, about, view }, now);
        let later = now + Duration::from_secs(31);
        let head = |progress: &mut Progress| {
            let frame = progress.frame(&Style::default(), later, (80, 12));
            let snapshot = progress.snapshot(later);
            (frame[0].text.clone(), snapshot.lines().next().unwrap().to_string())
        };
        let told = |frame: &str, line: &str| (frame.to_string(), line.to_string());
        assert_eq!(
            head(&mut progress),
            told("[0+0/40] 19 running", "after 31.0s: 0 of 40 done, 19 running")
        );
        over.store(true, std::sync::atomic::Ordering::SeqCst);
        assert_eq!(
            head(&mut progress),
            told("[1+0/40] 18 running", "after 31.0s: 1 of 40 done, 18 running")
        );
        assert_eq!(
            (progress.next_slow(), &*progress.slow_lines(&Style::default(), later)),
            (None, "")
        );
    }

    #[test]
    fn what_runs_is_part_of_the_total_though_nobody_planned_it() {
        let now = Instant::now();
        let mut progress = some_progress(now);
        progress.take(&Event::Planned { labels: vec![], tests: vec![], actions: 3 }, now);
        let told = progress.snapshot(now + Duration::from_secs(31));
        assert!(told.starts_with("after 31.0s: 0 of 18 done, 18 running\n"), "{told}");
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
