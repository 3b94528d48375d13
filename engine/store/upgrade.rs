//! The history of an earlier eng, taken over when the file of this one is made.

use super::database::Database;
use super::opening::beside;
use rustix::fs::{FlockOperation, flock};
use std::fs::{self, File};
use std::path::{Path, PathBuf};

const OLDER: &str = "history-v2.db";

/// All that the older form had. What it did not know is nothing, and its rows of cases were never
/// written.
const TAKE: &str = "
INSERT INTO runs (id, start, stop, workspace, command, exit, version, idle)
    SELECT id, start, stop, workspace, command, exit, version, 0 FROM older.runs;
INSERT INTO attempts (run, label, action, key, size, start, duration, cpu, peak, outcome, origin,
    reason, tests, round, attempt, same, manifest, manifest_size, files)
    SELECT run, label, action, key, size, start, duration, cpu, peak, outcome, origin, reason,
        action = 'test ' || label, 0, 1, same, manifest, manifest_size, files
    FROM older.attempts WHERE test_case IS NULL ORDER BY rowid;
INSERT INTO durations SELECT * FROM older.durations;";

/// The file of an earlier eng, if there is one and none of this one.
pub(super) fn needed(dir: &Path, file: &str) -> Option<PathBuf> {
    let older = dir.join(OLDER);
    (older.exists() && !dir.join(file).exists()).then_some(older)
}

/// Copies what an earlier eng has kept, all of it or nothing, and removes its file unless somebody
/// uses it. One that cannot be read stays where it is: it was for explanations and guesses only.
pub(super) fn take_over(older: &Path, database: &Database) {
    let taken = database.attached(older, "older", |connection| {
        let transaction = connection.transaction()?;
        transaction.execute_batch(TAKE)?;
        transaction.commit()
    });
    if taken.is_none() {
        return;
    }
    let alone = File::open(beside(older, "-lock"))
        .is_ok_and(|lock| flock(&lock, FlockOperation::NonBlockingLockExclusive).is_ok());
    if alone {
        for ending in ["-wal", "-shm", "", "-lock"] {
            let _ = fs::remove_file(beside(older, ending));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::history::History;
    use super::*;
    use rusqlite::Connection;
    use std::time::Duration;

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
        let (history, _) = History::open(dir.path());
        assert_eq!(history.runs("/w", 9), []);
        assert!(older.exists());
    }
}
