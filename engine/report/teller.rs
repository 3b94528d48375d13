//! Events → what both ends of a run are told: lines for programs, and text for people.

use super::jsonl::JsonLines;
use super::plain::Story;
use super::started::Started;
use super::stream::Form;
use super::style::Style;
use crate::event::Event;
use std::time::SystemTime;

/// Turns events into both.
pub struct Teller {
    form: JsonLines,
    lines: Vec<u8>,
    story: Story,
    text: String,
}

impl Teller {
    /// A run begins.
    pub fn new(style: Style, started: &Started, at: SystemTime) -> Teller {
        let (form, lines) = (JsonLines::default(), Vec::new());
        let mut teller = Teller { form, lines, story: Story::new(style), text: String::new() };
        teller.form.begin(started, at, &mut teller.lines);
        teller
    }

    /// Something has happened.
    pub fn take(&mut self, event: Event, at: SystemTime) {
        self.form.take(&event, at, &mut self.lines);
        self.story.style.now = Some(at);
        self.story.take(event, &mut self.text);
    }

    /// The run is over, with this exit code; why, if it came to no result.
    pub fn end(&mut self, exit: i32, problem: &str, at: SystemTime) {
        self.story.end(None, &mut self.text);
        if !problem.is_empty() {
            self.text.push_str(problem.trim_end());
            self.text.push('\n');
        }
        self.form.end(exit, problem.trim_end(), at, &mut self.lines);
    }

    /// What is to be told since the last call: lines without their ends, the last of them with the
    /// text for people.
    pub fn told(&mut self) -> Vec<(String, String)> {
        let lines = String::from_utf8_lossy(&std::mem::take(&mut self.lines)).into_owned();
        let mut told: Vec<(String, String)> =
            lines.lines().map(|line| (line.to_string(), String::new())).collect();
        if let Some((_, text)) = told.last_mut() {
            *text = std::mem::take(&mut self.text);
        }
        told
    }
}
