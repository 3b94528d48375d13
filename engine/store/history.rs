//! What happened: runs, and every attempt of every action and case. It is for reading and for
//! guessing durations; no result is ever taken from it.

use super::database::Database;
use super::opening::Form;
use crate::base::Digest;
use rusqlite::{Connection, OptionalExtension, Row, params};
use std::collections::HashMap;
use std::path::Path;
use std::time::Duration;

pub(super) const SCHEMA: &str = "
CREATE TABLE runs (
    id INTEGER PRIMARY KEY,
    start INTEGER NOT NULL,
    stop INTEGER,
    workspace TEXT NOT NULL,
    command TEXT NOT NULL,
    exit INTEGER,
    version TEXT NOT NULL
) STRICT;
CREATE INDEX runs_by_workspace ON runs (workspace, id);

CREATE TABLE attempts (
    run INTEGER NOT NULL,
    label TEXT NOT NULL,
    action TEXT NOT NULL,
    key BLOB NOT NULL,
    size INTEGER NOT NULL,
    start INTEGER NOT NULL,
    duration INTEGER NOT NULL,
    cpu INTEGER NOT NULL,
    peak INTEGER NOT NULL,
    outcome TEXT NOT NULL,
    origin TEXT NOT NULL,
    reason TEXT NOT NULL,
    test_case TEXT
) STRICT;
CREATE INDEX attempts_by_action ON attempts (label, action, run);

CREATE TABLE durations (
    workspace TEXT NOT NULL,
    label TEXT NOT NULL,
    action TEXT NOT NULL,
    ns INTEGER NOT NULL,
    PRIMARY KEY (workspace, label, action)
) STRICT, WITHOUT ROWID;
";

const BEGIN: &str = "INSERT INTO runs (start, workspace, command, version) VALUES (?1, ?2, ?3, ?4)";
const END: &str = "UPDATE runs SET stop = ?2, exit = ?3 WHERE id = ?1";
#[cfg(test)]
const LAST_RUN: &str = "SELECT id, start, stop, workspace, command, exit, version FROM runs
    WHERE workspace = ?1 ORDER BY id DESC LIMIT 1";
const RECORD: &str = "INSERT INTO attempts (run, label, action, key, size, start, duration, cpu,
    peak, outcome, origin, test_case, reason)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)";
const LAST_ATTEMPT: &str = "SELECT run, label, action, key, size, attempts.start, duration, cpu,
    peak, outcome, origin, test_case, reason FROM attempts JOIN runs ON runs.id = attempts.run
    WHERE label = ?2 AND action = ?3 AND workspace = ?1 AND test_case IS NULL
    ORDER BY run DESC, attempts.rowid DESC LIMIT 1";
/// A quarter of the new, three quarters of the old: about the average of the last few.
const LEARN: &str = "INSERT INTO durations (workspace, label, action, ns)
    SELECT workspace, ?2, ?3, ?4 FROM runs WHERE id = ?1
    ON CONFLICT DO UPDATE SET ns = (ns * 3 + excluded.ns) / 4";
const DURATIONS: &str = "SELECT label, action, ns FROM durations WHERE workspace = ?1";
const DURATIONS_OF: &str =
    "SELECT label, action, ns FROM durations WHERE workspace = ?1 AND label = ?2";

const FORM: Form = Form {
    file: "history-v1.db",
    name: "the history",
    version: 1,
    schema: SCHEMA,
    probes: &[BEGIN, END, RECORD, LAST_ATTEMPT, LEARN, DURATIONS, DURATIONS_OF],
};

/// A run of eng.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunRecord {
    /// Its number; `begin` gives it.
    pub id: i64,
    /// When it began, in ns since the epoch.
    pub start_ns: i64,
    /// When it ended; nothing while it runs, and for ever if it was killed.
    pub end_ns: Option<i64>,
    /// Root of the workspace.
    pub workspace: String,
    /// The command line.
    pub command: String,
    /// Its exit code, if it ended.
    pub exit: Option<i32>,
    /// Version of eng.
    pub version: String,
}

/// An attempt of an action or a case, or the use of its remembered result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// Number of the run.
    pub run: i64,
    /// The target.
    pub label: String,
    /// The action's name inside the target.
    pub action: String,
    /// Its key.
    pub key: Digest,
    /// When it began, in ns since the epoch.
    pub start_ns: i64,
    /// Wall time in ns.
    pub duration_ns: u64,
    /// Processor time in ns.
    pub cpu_ns: u64,
    /// Greatest memory in KiB.
    pub peak_kib: u64,
    /// `passed` or in which way not.
    pub outcome: String,
    /// `ran`, or where the result came from.
    pub origin: String,
    /// Name of the case, if it is one.
    pub case: Option<String>,
    /// Why it ran; may be empty.
    pub reason: String,
}

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

/// The history. All of it may be used from any thread; what the disk refuses is dropped.
pub struct History {
    database: Option<Database>,
}

impl History {
    /// Opens `history-v1.db` in a folder, with what the user should be told about it.
    pub fn open(dir: &Path) -> (History, Vec<String>) {
        match Database::open(dir, &FORM) {
            Ok((database, warnings)) => (History { database: Some(database) }, warnings),
            Err(why) => (History { database: None }, vec![why]),
        }
    }

    /// What the user should be told since it was opened or asked last.
    pub fn take_warnings(&self) -> Vec<String> {
        self.database.as_ref().map(Database::take_warnings).unwrap_or_default()
    }

    /// Notes that a run begins, and gives its number; 0 if it cannot be noted. Of the record's
    /// fields `id`, `end_ns` and `exit` are not looked at.
    pub fn begin(&self, run: &RunRecord) -> i64 {
        let id = self.database.as_ref().and_then(|database| {
            database.write(|transaction| {
                let values = params![run.start_ns, run.workspace, run.command, run.version];
                transaction.execute(BEGIN, values)?;
                Ok(transaction.last_insert_rowid())
            })
        });
        id.unwrap_or(0)
    }

    /// Notes attempts and how long things took in a run (label, what, time), all of it or nothing.
    pub fn record(&self, run: i64, attempts: &[Attempt], learned: &[(String, &str, Duration)]) {
        let some = !attempts.is_empty() || !learned.is_empty();
        let Some(database) = self.database.as_ref().filter(|_| some) else {
            return;
        };
        database.write(|transaction| {
            let mut record = transaction.prepare_cached(RECORD)?;
            let mut learn = transaction.prepare_cached(LEARN)?;
            for it in attempts {
                record.execute(params![
                    it.run,
                    it.label,
                    it.action,
                    it.key.bytes(),
                    whole(it.key.size),
                    it.start_ns,
                    whole(it.duration_ns),
                    whole(it.cpu_ns),
                    whole(it.peak_kib),
                    it.outcome,
                    it.origin,
                    it.case,
                    it.reason
                ])?;
            }
            for (label, what, duration) in learned {
                // Limited so that three times the sum stays a whole number for SQLite.
                let ns = i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX).min(i64::MAX / 8);
                learn.execute(params![run, label, what, ns])?;
            }
            Ok(())
        });
    }

    /// Notes that a run has ended.
    pub fn end(&self, id: i64, end_ns: i64, exit: i32) {
        if let Some(database) = &self.database {
            database.write(|transaction| transaction.execute(END, params![id, end_ns, exit]));
        }
    }

    /// How long the actions of a workspace took lately; one scan.
    /// With `only`, those of the actions of these targets.
    pub fn durations(&self, workspace: &str, only: Option<&[String]>) -> Durations {
        let database = self.database.as_ref();
        database.and_then(|it| it.read(|it| durations(it, workspace, only))).unwrap_or_default()
    }

    /// The latest run in a workspace.
    #[cfg(test)]
    pub fn last_run(&self, workspace: &str) -> Option<RunRecord> {
        self.database.as_ref()?.read(|connection| {
            let mut find = connection.prepare_cached(LAST_RUN)?;
            find.query_row([workspace], |row| {
                Ok(RunRecord {
                    id: row.get(0)?,
                    start_ns: row.get(1)?,
                    end_ns: row.get(2)?,
                    workspace: row.get(3)?,
                    command: row.get(4)?,
                    exit: row.get(5)?,
                    version: row.get(6)?,
                })
            })
            .optional()
        })?
    }

    /// The latest attempt of an action in a workspace, cases not included.
    pub fn last_attempt(&self, workspace: &str, label: &str, action: &str) -> Option<Attempt> {
        self.database.as_ref()?.read(|it| last_attempt(it, [workspace, label, action]))?
    }
}

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

pub(super) fn last_attempt(
    connection: &Connection,
    of: [&str; 3],
) -> rusqlite::Result<Option<Attempt>> {
    let mut find = connection.prepare_cached(LAST_ATTEMPT)?;
    let attempt = find.query_row(of, |row| {
        Ok(Attempt {
            run: row.get(0)?,
            label: row.get(1)?,
            action: row.get(2)?,
            key: Digest::from_parts(row.get(3)?, count(row, 4)?),
            start_ns: row.get(5)?,
            duration_ns: count(row, 6)?,
            cpu_ns: count(row, 7)?,
            peak_kib: count(row, 8)?,
            outcome: row.get(9)?,
            origin: row.get(10)?,
            case: row.get(11)?,
            reason: row.get(12)?,
        })
    });
    attempt.optional()
}

/// SQLite's whole numbers have a sign.
fn whole(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn count(row: &Row, column: usize) -> rusqlite::Result<u64> {
    Ok(u64::try_from(row.get::<_, i64>(column)?).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_attempts_and_durations_are_remembered_by_workspace() {
        let dir = tempfile::tempdir().unwrap();
        let (history, warnings) = History::open(dir.path());
        assert!(warnings.is_empty());
        let mut run = RunRecord {
            id: 0,
            start_ns: 5,
            end_ns: None,
            workspace: "/w".into(),
            command: "eng build".into(),
            exit: None,
            version: "1".into(),
        };
        run.id = history.begin(&run);
        let attempt = |duration_ns, origin: &str, case: Option<&str>| Attempt {
            run: run.id,
            label: "//a:a".into(),
            action: "compile".into(),
            key: Digest::of(b"key"),
            start_ns: 7,
            duration_ns,
            cpu_ns: 1,
            peak_kib: 2,
            outcome: "passed".into(),
            origin: origin.into(),
            case: case.map(str::to_string),
            reason: String::new(),
        };
        let took = |ns| ("//a:a".to_string(), "compile", Duration::from_nanos(ns));
        history.record(run.id, &[attempt(400, "ran", None)], &[took(400), took(800)]);
        let case = attempt(u64::MAX, "ran", Some("case"));
        history.record(run.id, &[attempt(9, "cached", None), case], &[]);
        history.end(run.id, 9, 1);

        let (history, _) = History::open(dir.path());
        let durations = history.durations("/w", None);
        assert_eq!(durations.expected("//a:a", "compile"), Some(Duration::from_nanos(500)));
        assert_eq!(history.durations("/v", None).expected("//a:a", "compile"), None);
        let ended = RunRecord { end_ns: Some(9), exit: Some(1), ..run.clone() };
        assert_eq!(history.last_run("/w"), Some(ended));
        let last = history.last_attempt("/w", "//a:a", "compile");
        assert_eq!(last, Some(attempt(9, "cached", None)));
        assert_eq!(history.last_attempt("/v", "//a:a", "compile"), None);
    }
}
