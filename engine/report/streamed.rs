//! What running tests print, shown as it comes: whole lines, with the test in front of each if the
//! run has several tests.

use super::output::neutral;
use super::style::{Style, TestOutput, Tone};
use super::tail::Tail;
use crate::base::Label;
use crate::event::{ActionId, Event};
use std::collections::BTreeMap;
use std::path::Path;

/// Bytes of one stream of one process that are shown at once while it runs.
const MOST: usize = 1 << 20;

/// The processes of tests whose output is being shown.
pub(super) struct Streamed {
    style: Style,
    /// True if the run has several tests.
    several: bool,
    running: BTreeMap<ActionId, Output>,
}

struct Output {
    label: Label,
    stdout: Tail,
    stderr: Option<Tail>,
}

impl Streamed {
    pub fn new(style: Style) -> Streamed {
        Streamed { style, several: false, running: BTreeMap::new() }
    }

    /// True if there is something to look at from time to time.
    pub fn is_busy(&self) -> bool {
        !self.running.is_empty()
    }

    /// Takes an event; of a process that has ended all is shown that was not yet.
    pub fn take(&mut self, event: &Event, show: &mut dyn FnMut(&str)) {
        if self.style.test_output != TestOutput::Streamed {
            return;
        }
        match event {
            Event::Planned { tests, .. } => self.several = tests.len() > 1,
            Event::ActionStarted { action, about, view: Some(view) } if view.tests => {
                let label = about.label.clone();
                let stdout = Tail::new(&view.stdout);
                let stderr = view.stderr.as_deref().map(Tail::new);
                let before = self.running.insert(*action, Output { label, stdout, stderr });
                // A process that is started once more prints into other files.
                before.into_iter().for_each(|it| self.all(it, show));
            }
            Event::ActionFinished { action, end, .. } => {
                let Some(Output { label, stdout, stderr }) = self.running.remove(action) else {
                    return;
                };
                let output = end.output.as_ref().map(|(path, _)| path.as_path());
                let errors = end.details.errors.as_ref().map(|(path, _)| path.as_path());
                // With one of the two silent it is not said which one is kept.
                let is_errors = errors.is_none()
                    && stdout.is_unread()
                    && stderr.as_ref().is_some_and(|stderr| !stderr.is_unread());
                let (of_stdout, of_stderr) = match is_errors {
                    true => (None, output),
                    false => (output, errors),
                };
                self.rest(&label, stdout, of_stdout, show);
                if let Some(stderr) = stderr {
                    self.rest(&label, stderr, of_stderr, show);
                }
            }
            _ => {}
        }
    }

    /// Shows what was printed since the last look.
    pub fn look(&mut self, show: &mut dyn FnMut(&str)) {
        let mut running = std::mem::take(&mut self.running);
        for Output { label, stdout, stderr } in running.values_mut() {
            for tail in [Some(stdout), stderr.as_mut()].into_iter().flatten() {
                tail.lines(MOST, &mut |bytes| show(&self.told(label, bytes)));
            }
        }
        self.running = running;
    }

    /// Shows what is left of processes whose end is not told, after a panic.
    pub fn end(&mut self, show: &mut dyn FnMut(&str)) {
        for output in std::mem::take(&mut self.running).into_values() {
            self.all(output, show);
        }
    }

    /// Shows what is left in the files of a process.
    fn all(&self, Output { label, stdout, stderr }: Output, show: &mut dyn FnMut(&str)) {
        for tail in [Some(stdout), stderr].into_iter().flatten() {
            self.rest(&label, tail, None, show);
        }
    }

    fn rest(&self, label: &Label, tail: Tail, kept: Option<&Path>, show: &mut dyn FnMut(&str)) {
        tail.rest(kept, &mut |bytes| show(&self.told(label, bytes)));
    }

    /// Lines as they are shown; they end with a line feed.
    fn told(&self, label: &Label, bytes: &[u8]) -> String {
        let text = String::from_utf8_lossy(bytes);
        if !self.several {
            return neutral(&text, self.style.color);
        }
        let front = self.style.paint(Tone::Quiet, &format!("{label} |"));
        let line = |line: &str| {
            let line = neutral(line, self.style.color);
            let blank = if line.is_empty() { "" } else { " " };
            format!("{front}{blank}{line}\n")
        };
        text.lines().map(line).collect()
    }
}
