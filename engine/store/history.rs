//! What happened: runs, and every attempt of every action and case. It is for reading and for
//! guessing durations; no result is ever taken from it.

use super::database::Database;
use super::opening::Form;
use super::records::{Attempt, RunRecord};
use rusqlite::{Connection, Row, params};
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
    test_case TEXT,
    same INTEGER NOT NULL,
    -- Where the facts of its key are in the store: a hash and a size.
    manifest BLOB,
    manifest_size INTEGER NOT NULL,
    -- The files among the reasons, encoded.
    files BLOB
) STRICT;
CREATE INDEX attempts_by_action ON attempts (label, action, run);
CREATE INDEX attempts_by_run ON attempts (run);

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
const RECORD: &str = "INSERT INTO attempts (run, label, action, key, size, start, duration, cpu,
    peak, outcome, origin, test_case, reason, same, manifest, manifest_size, files)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)";
/// Attempts and runs that are kept, of all workspaces together; older ones go.
const MOST_ATTEMPTS: i64 = 100_000;
const MOST_RUNS: i64 = 10_000;
// Numbers only grow, so that what is old is found without a search.
const FORGET_ATTEMPTS: &str =
    "DELETE FROM attempts WHERE rowid <= (SELECT max(rowid) FROM attempts) - ?1";
const FORGET_RUNS: &str = "DELETE FROM runs WHERE id <= (SELECT max(id) FROM runs) - ?1";
/// A quarter of the new, three quarters of the old: about the average of the last few.
const LEARN: &str = "INSERT INTO durations (workspace, label, action, ns)
    SELECT workspace, ?2, ?3, ?4 FROM runs WHERE id = ?1
    ON CONFLICT DO UPDATE SET ns = (ns * 3 + excluded.ns) / 4";
const DURATIONS: &str = "SELECT label, action, ns FROM durations WHERE workspace = ?1";
const DURATIONS_OF: &str =
    "SELECT label, action, ns FROM durations WHERE workspace = ?1 AND label = ?2";

const FORM: Form = Form {
    file: "history-v2.db",
    name: "the history",
    version: 2,
    schema: SCHEMA,
    probes: &[BEGIN, END, RECORD, LEARN, DURATIONS, DURATIONS_OF],
};

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
    pub(super) database: Option<Database>,
    most_attempts: i64,
    most_runs: i64,
}

impl History {
    /// Opens `history-v2.db` in a folder, with what the user should be told about it.
    pub fn open(dir: &Path) -> (History, Vec<String>) {
        let (database, warnings) = match Database::open(dir, &FORM) {
            Ok((database, warnings)) => (Some(database), warnings),
            Err(why) => (None, vec![why]),
        };
        let (most_attempts, most_runs) = (MOST_ATTEMPTS, MOST_RUNS);
        (History { database, most_attempts, most_runs }, warnings)
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
                let id = transaction.last_insert_rowid();
                transaction.execute(FORGET_RUNS, [self.most_runs])?;
                Ok(id)
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
                    it.why.text,
                    it.same,
                    it.manifest.as_ref().map(|digest| digest.bytes()),
                    it.manifest.map_or(0, |digest| whole(digest.size)),
                    files_of(it),
                ])?;
            }
            if !attempts.is_empty() {
                transaction.prepare_cached(FORGET_ATTEMPTS)?.execute([self.most_attempts])?;
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
}

/// The files of a reason as they are kept; nothing if there are none.
fn files_of(attempt: &Attempt) -> Option<Vec<u8>> {
    let files = &attempt.why.files;
    if files.is_empty() { None } else { postcard::to_stdvec(files).ok() }
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

/// SQLite's whole numbers have a sign.
fn whole(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

pub(super) fn count(row: &Row, column: usize) -> rusqlite::Result<u64> {
    Ok(u64::try_from(row.get::<_, i64>(column)?).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{ChangedFile, Digest, Doer, Why};

    fn run(workspace: &str) -> RunRecord {
        RunRecord {
            id: 0,
            start_ns: 5,
            end_ns: None,
            workspace: workspace.into(),
            command: "eng build".into(),
            exit: None,
            version: "1".into(),
        }
    }

    fn attempt(run: i64, duration_ns: u64) -> Attempt {
        Attempt {
            run,
            label: "//a:a".into(),
            action: "compile".into(),
            key: Digest::of(b"key"),
            start_ns: 7,
            duration_ns,
            cpu_ns: 1,
            peak_kib: 2,
            outcome: "passed".into(),
            origin: "ran".into(),
            case: None,
            why: Why::default(),
            same: false,
            manifest: None,
        }
    }

    #[test]
    fn runs_attempts_and_durations_are_remembered_by_workspace() {
        let dir = tempfile::tempdir().unwrap();
        let (history, warnings) = History::open(dir.path());
        assert!(warnings.is_empty());
        let mut run = run("/w");
        run.id = history.begin(&run);
        let took = |ns| ("//a:a".to_string(), "compile", Duration::from_nanos(ns));
        history.record(run.id, &[attempt(run.id, 400)], &[took(400), took(800)]);
        let case = Attempt { case: Some("case".into()), ..attempt(run.id, u64::MAX) };
        let cached = Attempt { origin: "cached".into(), ..attempt(run.id, 9) };
        history.record(run.id, &[cached.clone(), case], &[]);
        history.end(run.id, 9, 1);

        let (history, _) = History::open(dir.path());
        let durations = history.durations("/w", None);
        assert_eq!(durations.expected("//a:a", "compile"), Some(Duration::from_nanos(500)));
        assert_eq!(history.durations("/v", None).expected("//a:a", "compile"), None);
        let ended = RunRecord { end_ns: Some(9), exit: Some(1), ..run.clone() };
        assert_eq!(history.last_run("/w"), Some(ended));
        let last = |workspace, until| history.last_attempt(workspace, "//a:a", "compile", until);
        assert_eq!(last("/w", run.id), Some(cached));
        assert_eq!(last("/w", run.id - 1), None);
        assert_eq!(last("/v", run.id), None);
    }

    #[test]
    fn a_reason_comes_back_with_its_files() {
        let dir = tempfile::tempdir().unwrap();
        let (history, _) = History::open(dir.path());
        let run = history.begin(&run("/w"));
        let writer = Doer { label: "//b:b".into(), subject: "make b".into() };
        let file = ChangedFile {
            path: "b".into(),
            before: Some(Digest::of(b"1")),
            now: None,
            writer: Some(writer),
        };
        let why = Why { text: "output of make b changed".into(), files: vec![file] };
        let manifest = Some(Digest::of(b"facts"));
        let kept = Attempt { why, same: true, manifest, ..attempt(run, 1) };
        history.record(run, std::slice::from_ref(&kept), &[]);
        assert_eq!(history.attempts(run), [kept]);
        assert_eq!(history.actions("/w", "//a:a", run), ["compile"]);
        assert_eq!(history.last_busy_run("/w").map(|run| run.id), Some(run));
    }

    #[test]
    fn the_oldest_runs_and_attempts_are_forgotten() {
        let dir = tempfile::tempdir().unwrap();
        let (mut history, _) = History::open(dir.path());
        (history.most_attempts, history.most_runs) = (3, 2);
        for _ in 0..5 {
            let run = history.begin(&run("/w"));
            history.record(run, &[attempt(run, 1), attempt(run, 2)], &[]);
        }
        let kept: Vec<usize> = (1..=5).map(|run| history.attempts(run).len()).collect();
        assert_eq!(kept, [0, 0, 0, 1, 2]);
        let runs: Vec<bool> = (1..=5).map(|run| history.run(run).is_some()).collect();
        assert_eq!(runs, [false, false, false, true, true]);
    }
}
