//! How long actions and cases took lately, for guessing how long they will take.

use super::history::count;
use rusqlite::{Connection, Row};
use std::collections::HashMap;
use std::time::Duration;

/// A quarter of the new, three quarters of the old: about the average of the last few.
pub(super) const LEARN: &str = "INSERT INTO durations (workspace, label, action, ns)
    SELECT workspace, ?2, ?3, ?4 FROM runs WHERE id = ?1
    ON CONFLICT DO UPDATE SET ns = (ns * 3 + excluded.ns) / 4";
pub(super) const DURATIONS: &str = "SELECT label, action, ns FROM durations WHERE workspace = ?1";
pub(super) const DURATIONS_OF: &str =
    "SELECT label, action, ns FROM durations WHERE workspace = ?1 AND label = ?2";

/// How long the actions of a workspace took lately.
#[derive(Debug, Clone, Default)]
pub struct Durations {
    by_label: HashMap<String, Vec<(String, Duration)>>,
}

impl Durations {
    /// How long an action is expected to take, if it has ever passed.
    pub fn expected(&self, label: &str, action: &str) -> Option<Duration> {
        let actions = self.by_label.get(label)?;
        actions.iter().find(|(name, _)| name == action).map(|(_, duration)| *duration)
    }

    /// How long a test is expected to take: its cases, or its program as a whole.
    pub fn of_test(&self, label: &str) -> Option<Duration> {
        let actions = self.by_label.get(label)?;
        let whole = format!("test {label}");
        let parts = actions.iter().filter(|(name, _)| name.starts_with('#') || *name == whole);
        parts.map(|(_, duration)| *duration).reduce(|sum, more| sum + more)
    }
}

/// How long the actions of a workspace took lately; with `only`, those of these targets.
pub(super) fn durations(
    connection: &Connection,
    workspace: &str,
    only: Option<&[String]>,
) -> rusqlite::Result<Durations> {
    let mut res = Durations::default();
    let mut add = |row: &Row| {
        let duration = Duration::from_nanos(count(row, 2)?);
        let actions: &mut Vec<_> = res.by_label.entry(row.get(0)?).or_default();
        actions.push((row.get(1)?, duration));
        Ok::<(), rusqlite::Error>(())
    };
    let Some(labels) = only else {
        let mut find = connection.prepare_cached(DURATIONS)?;
        let mut rows = find.query([workspace])?;
        while let Some(row) = rows.next()? {
            add(row)?;
        }
        return Ok(res);
    };
    let mut find = connection.prepare_cached(DURATIONS_OF)?;
    for label in labels {
        let mut rows = find.query([workspace, label])?;
        while let Some(row) = rows.next()? {
            add(row)?;
        }
    }
    Ok(res)
}
