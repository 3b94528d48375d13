//! One action that runs: for how long, at which case, and what it printed last.

use super::output::neutral;
use super::style::{show_elapsed, show_limit};
use super::tail::{Tail, last_line};
use crate::base::{ReadStep, Step};
use crate::event::{About, View};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// Bytes of a file of steps that are read at once, and those at its end that are read at all.
const MOST: usize = 256 * 1024;

/// An action that a process carries out.
pub(super) struct Running {
    pub about: About,
    pub began: Instant,
    view: Option<View>,
    steps: Option<(Tail, ReadStep)>,
    /// Cases that have started and not ended, the last one behind.
    cases: Vec<String>,
    /// After this time it is told that it is slow.
    pub slow: Option<Duration>,
}

impl Running {
    /// One that begins now; `slow` says when a test is slow.
    pub fn new(
        about: About,
        view: Option<View>,
        began: Instant,
        slow: Option<Duration>,
    ) -> Running {
        let steps = view.as_ref().and_then(|view| view.steps.as_ref());
        let steps = steps.map(|steps| (Tail::new(&steps.path), steps.read.clone()));
        let cases = view.iter().filter_map(|view| view.case.clone()).collect();
        let slow = slow.filter(|_| view.as_ref().is_some_and(|view| view.tests));
        Running { about, began, view, steps, cases, slow }
    }

    /// Finds out which case it has come to.
    pub fn look(&mut self) {
        let Some((tail, read)) = &mut self.steps else { return };
        let cases = &mut self.cases;
        tail.skip_to_last(MOST as u64);
        tail.lines(MOST, &mut |bytes| {
            for line in String::from_utf8_lossy(bytes).lines() {
                match read(line) {
                    Some(Step::Started(case)) if !case.is_empty() => cases.push(case),
                    Some(Step::Ended(case)) => cases.retain(|open| *open != case),
                    Some(Step::Started(_)) | None => {}
                }
            }
        });
    }

    /// What it does, with the case that it has come to, in one line: `test //a:t#parses`. The target
    /// stands behind if that does not name it.
    pub fn title(&self) -> (String, String) {
        let subject = &self.about.subject;
        let subject = match self.case() {
            Some(case) => format!("{subject}#{case}"),
            None => subject.clone(),
        };
        let label = self.about.label.to_string();
        let label = if subject.contains(&label) { String::new() } else { format!("  {label}") };
        (flat(&subject), label)
    }

    /// The case that started last and runs.
    pub fn case(&self) -> Option<&str> {
        self.cases.last().map(String::as_str)
    }

    /// True if it has ended, and that is to be told still.
    pub fn is_over(&self) -> bool {
        self.view.as_ref().is_some_and(|view| view.over.load(Ordering::SeqCst))
    }

    /// How long it has run so far.
    pub fn elapsed(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.began)
    }

    /// The line for whoever asks what runs, and below it what was printed last.
    pub fn snapshot(&self, now: Instant) -> String {
        let (time, (subject, label)) = (show_elapsed(self.elapsed(now)), self.title());
        let last = match self.last_line() {
            Some(line) => format!("last output: {}", flat(&line)),
            None => "no output yet".to_string(),
        };
        format!("{time:>7}  {subject}{label}\n         {last}\n")
    }

    fn last_line(&self) -> Option<String> {
        let view = self.view.as_ref()?;
        let files = [Some(&view.stdout), view.stderr.as_ref()];
        let lines = files.into_iter().flatten().filter_map(|path| last_line(path));
        lines.max_by_key(|(written, _)| *written).map(|(_, line)| line)
    }

    /// The line that says that it is slow, once it has run so long, and again each time that has
    /// doubled.
    pub fn slow_line(&mut self, now: Instant) -> Option<String> {
        let elapsed = self.elapsed(now);
        let mut reached = self.slow.filter(|slow| *slow <= elapsed)?;
        while let Some(next) = reached.checked_mul(2).filter(|next| *next <= elapsed) {
            reached = next;
        }
        self.slow = reached.checked_mul(2);
        self.look();
        let case = self.case().map(|case| format!(", now at {}", flat(case))).unwrap_or_default();
        Some(format!("{} has run for {}{case}\n", self.about.label, show_limit(reached)))
    }
}

/// Harmless text in one line.
fn flat(text: &str) -> String {
    neutral(text, false).replace(['\n', '\t'], " ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::PackageName;
    use crate::event::Steps;
    use std::fs;
    use std::sync::Arc;

    fn running(folder: &std::path::Path, began: Instant) -> Running {
        let label = PackageName::main("a").label("t");
        let about = About { subject: format!("test {label}"), label, test: true };
        let step = |line: &str| {
            let started = line.strip_prefix("start ").map(|case| Step::Started(case.to_string()));
            started.or_else(|| Some(Step::Ended(line.strip_prefix("end ")?.to_string())))
        };
        let view = View {
            stdout: folder.join("stdout"),
            stderr: Some(folder.join("stderr")),
            tests: true,
            case: None,
            steps: Some(Steps { path: folder.join("report"), read: Arc::new(step) }),
            over: Arc::default(),
        };
        Running::new(about, Some(view), began, Some(Duration::from_secs(60)))
    }

    #[test]
    fn the_case_and_the_last_line_are_told() {
        let folder = tempfile::tempdir().unwrap();
        let now = Instant::now();
        let mut running = running(folder.path(), now);
        let later = now + Duration::from_secs(3);
        running.look();
        assert_eq!(running.snapshot(later), "   3.0s  test //a:t\n         no output yet\n");
        fs::write(folder.path().join("report"), "start x\nend x\nstart y\nstart z\nsta").unwrap();
        fs::write(folder.path().join("stdout"), "one\ntwo\x1b[2J\t.\n").unwrap();
        running.look();
        let told = "   3.0s  test //a:t#z\n         last output: two .\n";
        assert_eq!(running.snapshot(later), told);
        let more = "start x\nend x\nstart y\nstart z\nstart w\nend w\nend z\n";
        fs::write(folder.path().join("report"), more).unwrap();
        running.look();
        assert_eq!(running.case(), Some("y"));
    }

    #[test]
    fn a_slow_test_is_told_at_each_doubling() {
        let folder = tempfile::tempdir().unwrap();
        let now = Instant::now();
        let mut running = running(folder.path(), now);
        let mut told = |seconds| running.slow_line(now + Duration::from_secs(seconds));
        assert_eq!(told(59), None);
        assert_eq!(told(61).as_deref(), Some("//a:t has run for 1m00s\n"));
        assert_eq!(told(119), None);
        assert_eq!(told(121).as_deref(), Some("//a:t has run for 2m00s\n"));
        // A machine that slept has passed several.
        assert_eq!(told(1000).as_deref(), Some("//a:t has run for 16m00s\n"));
        assert_eq!(told(1919), None);
    }
}
