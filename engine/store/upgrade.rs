//! What an earlier eng has kept in a file of another form, taken over when the file of this one is
//! made.

use super::error::quoted;
use super::opening::{Fault, Form, beside};
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, ErrorCode, Transaction};
use rustix::fs::{FlockOperation, flock};
use std::fs::{self, File};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// What an earlier eng has kept.
pub(super) struct Older {
    /// Name of its file.
    pub file: &'static str,
    /// Statements that fill our tables from those of a database with the name `older`.
    pub take: &'static str,
}

/// Attaches the file of an earlier eng to a connection whose own file is to be made; gives its path
/// if there is one that can be read.
pub(super) fn attach(
    connection: &Connection,
    path: &Path,
    form: &Form,
    warnings: &mut Vec<String>,
) -> Result<Option<PathBuf>, Fault> {
    let Some(older) = &form.older else { return Ok(None) };
    let older = path.with_file_name(older.file);
    if !older.exists() {
        return Ok(None);
    }
    let shown = ToSqlOutput::Borrowed(ValueRef::Text(older.as_os_str().as_bytes()));
    match connection.execute("ATTACH ?1 AS older", [shown]) {
        Ok(_) => Ok(Some(older)),
        Err(error) => done_without(form, &older, error, warnings).map(|()| None),
    }
}

/// Fills tables that were just made, all of it or nothing; true if that was done.
pub(super) fn take_over(
    transaction: &mut Transaction,
    form: &Form,
    older: &Path,
    warnings: &mut Vec<String>,
) -> Result<bool, Fault> {
    let take = form.older.as_ref().map_or("", |older| older.take);
    let part = transaction.savepoint()?;
    let taken = part.execute_batch(take).and_then(|()| part.commit());
    match taken {
        Ok(()) => Ok(true),
        Err(error) => done_without(form, older, error, warnings).map(|()| false),
    }
}

/// Lets go of the attached file.
pub(super) fn detach(connection: &Connection) -> Result<(), Fault> {
    Ok(connection.execute_batch("DETACH older")?)
}

/// Removes the file of an earlier eng unless somebody uses it.
pub(super) fn remove_unused(older: &Path) {
    let alone = File::open(beside(older, "-lock"))
        .is_ok_and(|lock| flock(&lock, FlockOperation::NonBlockingLockExclusive).is_ok());
    if alone {
        for ending in ["-wal", "-shm", "", "-lock"] {
            let _ = fs::remove_file(beside(older, ending));
        }
    }
}

/// One that cannot be read stays where it is, and we begin anew: it was for explanations and guesses
/// only. What passes, such as a full disk, is an error: the next time it may be taken over.
fn done_without(
    form: &Form,
    older: &Path,
    error: rusqlite::Error,
    warnings: &mut Vec<String>,
) -> Result<(), Fault> {
    use ErrorCode::{DatabaseBusy, DatabaseLocked, DiskFull, OutOfMemory, SystemIoFailure};
    match error.sqlite_error_code() {
        Some(DatabaseBusy | DatabaseLocked | DiskFull | OutOfMemory | SystemIoFailure) => {
            Err(error.into())
        }
        _ => {
            warnings.push(format!(
                "what an earlier eng has kept in {} cannot be read ({error}); {} begins anew",
                quoted(older),
                form.name
            ));
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::history::History;
    use super::*;
    use std::time::Duration;
    const OLDER: &str = "history-v2.db";

    /// The tables of the older form, with two runs, an action, a test and a duration.
    const BEFORE: &str = "
CREATE TABLE runs (id INTEGER PRIMARY KEY, start INTEGER NOT NULL, stop INTEGER,
    workspace TEXT NOT NULL, command TEXT NOT NULL, exit INTEGER, version TEXT NOT NULL) STRICT;
CREATE TABLE attempts (run INTEGER NOT NULL, label TEXT NOT NULL, action TEXT NOT NULL,
    key BLOB NOT NULL, size INTEGER NOT NULL, start INTEGER NOT NULL, duration INTEGER NOT NULL,
    cpu INTEGER NOT NULL, peak INTEGER NOT NULL, outcome TEXT NOT NULL, origin TEXT NOT NULL,
    reason TEXT NOT NULL, test_case TEXT, same INTEGER NOT NULL, manifest BLOB,
    manifest_size INTEGER NOT NULL, files BLOB) STRICT;
CREATE TABLE durations (workspace TEXT NOT NULL, label TEXT NOT NULL, action TEXT NOT NULL,
    ns INTEGER NOT NULL, PRIMARY KEY (workspace, label, action)) STRICT, WITHOUT ROWID;
INSERT INTO runs VALUES (6, 1, 2, '/w', 'eng build', 0, '1'), (7, 3, NULL, '/w', 'eng test', NULL, '1');
INSERT INTO attempts VALUES
    (7, '//:a', 'make a', zeroblob(32), 5, 4, 10, 9, 8, 'passed', 'ran', 'never', NULL, 1, NULL, 0, NULL),
    (7, '//:t', 'test //:t', zeroblob(32), 5, 4, 10, 9, 8, 'passed', 'ran', 'never', NULL, 1, NULL, 0, NULL);
INSERT INTO durations VALUES ('/w', '//:a', 'make a', 1000);";

    #[test]
    fn what_an_earlier_eng_has_kept_is_taken_over_once() {
        let dir = tempfile::tempdir().unwrap();
        let older = dir.path().join(OLDER);
        Connection::open(&older).and_then(|it| it.execute_batch(BEFORE)).unwrap();
        fs::write(beside(&older, "-lock"), "").unwrap();
        let (history, warnings) = History::open(dir.path());
        assert_eq!(warnings, Vec::<String>::new());
        let runs: Vec<(i64, Option<i32>)> =
            history.runs("/w", 9).iter().map(|run| (run.id, run.exit)).collect();
        assert_eq!(runs, [(7, None), (6, Some(0))]);
        let attempts: Vec<(String, bool, u64)> =
            history.attempts(7).into_iter().map(|it| (it.action, it.tests, it.peak_kib)).collect();
        assert_eq!(attempts, [("make a".into(), false, 8), ("test //:t".into(), true, 8)]);
        let durations = history.durations("/w", None);
        assert_eq!(durations.expected("//:a", "make a"), Some(Duration::from_nanos(1000)));
        assert!(!older.exists());
        drop(history);
        assert_eq!(History::open(dir.path()).0.runs("/w", 9).len(), 2);
    }

    #[test]
    fn one_that_cannot_be_read_is_done_without() {
        let dir = tempfile::tempdir().unwrap();
        let older = dir.path().join(OLDER);
        fs::write(&older, "no database at all, but long enough to be looked at").unwrap();
        let (history, warnings) = History::open(dir.path());
        let [warning] = warnings.as_slice() else { panic!("{warnings:?}") };
        let begin = format!("what an earlier eng has kept in '{}' cannot", older.display());
        assert!(warning.starts_with(&begin), "{warning}");
        assert!(warning.ends_with("; the history begins anew"), "{warning}");
        assert_eq!(history.runs("/w", 9), []);
        assert!(older.exists());
        drop(history);
        // It is told once.
        assert_eq!(History::open(dir.path()).1, Vec::<String>::new());
    }

    #[test]
    fn one_of_which_a_part_cannot_be_read_is_not_taken_over_in_part() {
        let dir = tempfile::tempdir().unwrap();
        let older = dir.path().join(OLDER);
        let twice = format!("{BEFORE} DROP TABLE durations;");
        Connection::open(&older).and_then(|it| it.execute_batch(&twice)).unwrap();
        let (history, warnings) = History::open(dir.path());
        assert_eq!(warnings.len(), 1);
        assert_eq!(history.runs("/w", 9), []);
        assert!(older.exists());
    }

    #[test]
    fn what_was_begun_by_one_that_was_killed_is_done_by_the_next() {
        let dir = tempfile::tempdir().unwrap();
        let older = dir.path().join(OLDER);
        Connection::open(&older).and_then(|it| it.execute_batch(BEFORE)).unwrap();
        // The file was made, and nothing in it yet.
        fs::write(dir.path().join("history-v3.db"), "").unwrap();
        assert_eq!(History::open(dir.path()).0.runs("/w", 9).len(), 2);
    }
}
