//! What happens in a run, as it is told.

use serde_json::Value;

/// Something that has happened: a line of the stream that `eng --events` writes, whose fields
/// `docs/events.schema.json` describes.
#[derive(Debug, Clone)]
pub struct Event {
    pub(super) line: String,
    pub(super) stderr: String,
}

impl Event {
    /// The line, without its end: one object of JSON.
    pub fn line(&self) -> &str {
        &self.line
    }

    /// Its fields.
    pub fn json(&self) -> Value {
        match serde_json::from_str(&self.line) {
            Ok(value) => value,
            Err(error) => unreachable!("BUG: an event is no JSON: {error}"),
        }
    }

    /// What has happened: `started`, `test_finished`, …
    pub fn kind(&self) -> &str {
        // Before it stand numbers only.
        let rest = self.line.split_once("\"ev\":\"").map_or("", |it| it.1);
        rest.split('"').next().unwrap_or_default()
    }

    /// What a replay of the stream would print by now, after what came with the events before: whole
    /// lines, or nothing.
    pub fn stderr(&self) -> &str {
        &self.stderr
    }
}
