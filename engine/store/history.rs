//! What happened: runs, and every attempt of every action and case. It is for reading and for
//! guessing durations; no result is ever taken from it.

use super::database::Database;
use super::durations::{DURATIONS, DURATIONS_OF, Durations, LEARN, durations};
use super::journal;
use super::opening::Form;
use super::records::{Attempt, CaseAttempt, RunCounts, RunRecord};
use super::running::RunLock;
use super::upgrade::Older;
use rusqlite::{Row, Transaction, params};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

pub(super) const SCHEMA: &str = include_str!("history.sql");

const BEGIN: &str = "INSERT INTO runs (start, workspace, command, version, git_commit, idle)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
/// What is not known of a run that has ended badly stays as it is.
const END: &str = "UPDATE runs SET stop = ?2, exit = ?3, ran = coalesce(?4, ran),
    cached = coalesce(?5, cached), failed = coalesce(?6, failed), skipped = coalesce(?7, skipped),
    tests_passed = coalesce(?8, tests_passed), tests_failed = coalesce(?9, tests_failed),
    tests_not_run = coalesce(?10, tests_not_run), cases_passed = coalesce(?11, cases_passed),
    cases_failed = coalesce(?12, cases_failed), cases_skipped = coalesce(?13, cases_skipped),
    cases_flaky = coalesce(?14, cases_flaky), cases_cached = coalesce(?15, cases_cached)
    WHERE id = ?1";
const RECORD: &str = "INSERT INTO attempts (run, label, action, key, size, start, duration, cpu,
    peak, outcome, origin, tests, reason, same, manifest, manifest_size, files, round, attempt)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19)";
const RECORD_CASE: &str = "INSERT INTO cases (run, label, name, key, round, attempt, start,
    duration, cpu, peak, outcome, origin)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, 'ran')";
/// All that the form before this one had. What it did not know is nothing, and its rows of cases were
/// never written.
const TAKE: &str = "
INSERT INTO runs (id, start, stop, workspace, command, exit, version, idle)
    SELECT id, start, stop, workspace, command, exit, version, 0 FROM older.runs;
INSERT INTO attempts (run, label, action, key, size, start, duration, cpu, peak, outcome, origin,
    reason, tests, round, attempt, same, manifest, manifest_size, files)
    SELECT run, label, action, key, size, start, duration, cpu, peak, outcome, origin, reason,
        action = 'test ' || label, 0, 1, same, manifest, manifest_size, files
    FROM older.attempts WHERE test_case IS NULL ORDER BY rowid;
INSERT INTO durations SELECT * FROM older.durations;";
const FORM: Form = Form {
    file: "history-v3.db",
    name: "the history",
    version: 3,
    schema: SCHEMA,
    older: Some(Older { file: "history-v2.db", take: TAKE }),
    probes: &[BEGIN, END, RECORD, RECORD_CASE, LEARN, DURATIONS, DURATIONS_OF],
};

/// The history. All of it may be used from any thread; what the disk refuses is dropped.
pub struct History {
    pub(super) database: Option<Database>,
    pub(super) folder: PathBuf,
    running: Mutex<Option<RunLock>>,
}

impl History {
    /// Opens `history-v3.db` in a folder, with what the user should be told about it.
    pub fn open(dir: &Path) -> (History, Vec<String>) {
        let (database, warnings) = match Database::open(dir, &FORM) {
            Ok((database, warnings)) => (Some(database), warnings),
            Err(why) => (None, vec![why]),
        };
        let history = History { database, folder: dir.to_path_buf(), running: Mutex::default() };
        history.take_idle_runs();
        (history, warnings)
    }

    /// Opens it for somebody who wants to know what is in it. The error is text for the user.
    pub fn look_into(dir: &Path) -> Result<History, String> {
        let database = Some(Database::look_into(dir, &FORM)?);
        let folder = dir.to_path_buf();
        let history = History { database, folder, running: Mutex::default() };
        history.take_idle_runs();
        Ok(history)
    }

    /// What the user should be told since it was opened or asked last.
    pub fn take_warnings(&self) -> Vec<String> {
        self.database.as_ref().map(Database::take_warnings).unwrap_or_default()
    }

    /// Notes that a run begins, and gives its number; 0 if it cannot be noted. Of the record's
    /// fields `id`, `end_ns`, `exit` and `counts` are not looked at.
    pub fn begin(&self, run: &RunRecord) -> i64 {
        let begin = |database: &Database| database.write(|transaction| insert(transaction, run));
        let id = self.database.as_ref().and_then(begin).unwrap_or(0);
        let kept = self.database.as_ref().is_some_and(Database::is_kept);
        if id > 0 && kept {
            let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
            *running = RunLock::begin(&self.folder, id);
        }
        id
    }

    /// Notes a run that found nothing to do, in so little time that opening the history would be
    /// most of it. Whoever opens it next gives the run its number.
    pub fn note_idle_run(dir: &Path, run: &RunRecord) {
        if journal::append(dir, run) > journal::LONG {
            drop(History::open(dir));
        }
    }

    fn take_idle_runs(&self) {
        // In memory they would be lost with it.
        let Some(database) = self.database.as_ref().filter(|it| it.is_kept()) else { return };
        journal::take(&self.folder, |runs| {
            let taken = database.write(|transaction| {
                for run in runs {
                    let known = (&run.workspace, run.start_ns);
                    let mut find = transaction.prepare_cached(KNOWN)?;
                    if !find.exists(known)? {
                        let id = insert(transaction, run)?;
                        let end = run.end_ns.unwrap_or(run.start_ns);
                        finish(transaction, id, end, run.exit.unwrap_or(0), run.counts)?;
                    }
                }
                Ok(())
            });
            taken.is_some()
        });
    }

    /// Notes attempts of actions and of cases, and how long things took in a run (label, what, time),
    /// all of it or nothing.
    pub fn record(
        &self,
        run: i64,
        attempts: &[Attempt],
        cases: &[CaseAttempt],
        learned: &[(String, &str, Duration)],
    ) {
        let some = !attempts.is_empty() || !cases.is_empty() || !learned.is_empty();
        let Some(database) = self.database.as_ref().filter(|_| some) else {
            return;
        };
        database.write(|transaction| {
            let mut record = transaction.prepare_cached(RECORD)?;
            let mut record_case = transaction.prepare_cached(RECORD_CASE)?;
            let mut learn = transaction.prepare_cached(LEARN)?;
            for it in attempts {
                record.execute(params![
                    it.run,
                    it.label,
                    it.action,
                    it.key.bytes(),
                    whole(it.key.size),
                    it.start_ns,
                    it.duration_ns.map_or(0, whole),
                    whole(it.cpu_ns),
                    whole(it.peak_kib),
                    it.outcome,
                    it.origin,
                    it.tests,
                    it.why.text,
                    it.same,
                    it.manifest.as_ref().map(|digest| digest.bytes()),
                    it.manifest.map_or(0, |digest| whole(digest.size)),
                    files_of(it),
                    it.round,
                    it.number,
                ])?;
            }
            for it in cases {
                record_case.execute(params![
                    it.run,
                    it.label,
                    it.name,
                    it.key,
                    it.round,
                    it.number,
                    it.start_ns,
                    it.duration_ns.map(whole),
                    it.cpu_ns.map(whole),
                    it.peak_kib.map(whole),
                    it.outcome,
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

    /// Notes that a run has ended, and what it came to if that is known.
    pub fn end(&self, id: i64, end_ns: i64, exit: i32, counts: Option<RunCounts>) {
        if let Some(database) = self.database.as_ref().filter(|_| id > 0) {
            database.write(|transaction| finish(transaction, id, end_ns, exit, counts));
        }
        self.running.lock().unwrap_or_else(PoisonError::into_inner).take();
    }

    /// True if a run that has not ended is still going on, in whatever process.
    pub fn is_running(&self, id: i64) -> bool {
        RunLock::is(&self.folder, id)
    }

    /// How long the actions of a workspace took lately; one scan.
    /// With `only`, those of the actions of these targets.
    pub fn durations(&self, workspace: &str, only: Option<&[String]>) -> Durations {
        let database = self.database.as_ref();
        database.and_then(|it| it.read(|it| durations(it, workspace, only))).unwrap_or_default()
    }
}

/// A run that was noted before, found among the last ones of its workspace.
const KNOWN: &str = "SELECT 1 FROM
    (SELECT start FROM runs WHERE workspace = ?1 ORDER BY id DESC LIMIT 1000) WHERE start = ?2";

fn insert(transaction: &Transaction, run: &RunRecord) -> rusqlite::Result<i64> {
    let RunRecord { start_ns, workspace, command, version, commit, idle, .. } = run;
    let values = params![start_ns, workspace, command, version, commit, idle];
    transaction.prepare_cached(BEGIN)?.insert(values)
}

fn finish(
    transaction: &Transaction,
    id: i64,
    end_ns: i64,
    exit: i32,
    counts: Option<RunCounts>,
) -> rusqlite::Result<()> {
    let mut values = vec![Some(id), Some(end_ns), Some(i64::from(exit))];
    match counts {
        Some(counts) => values.extend(counts.columns().map(|it| Some(whole(it)))),
        None => values.extend([None; 12]),
    }
    transaction.prepare_cached(END)?.execute(rusqlite::params_from_iter(values))?;
    Ok(())
}

/// The files of a reason as they are kept; nothing if there are none.
fn files_of(attempt: &Attempt) -> Option<Vec<u8>> {
    let files = &attempt.why.files;
    if files.is_empty() { None } else { postcard::to_stdvec(files).ok() }
}

/// SQLite's whole numbers have a sign.
pub(super) fn whole(number: u64) -> i64 {
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
            start_ns: 5,
            workspace: workspace.into(),
            command: "eng build".into(),
            version: "1".into(),
            commit: Some("c0ffee".into()),
            ..RunRecord::default()
        }
    }

    fn attempt(run: i64, duration_ns: u64) -> Attempt {
        Attempt {
            run,
            label: "//a:a".into(),
            action: "compile".into(),
            key: Digest::of(b"key"),
            start_ns: 7,
            duration_ns: Some(duration_ns),
            cpu_ns: 1,
            peak_kib: 2,
            outcome: "passed".into(),
            origin: "ran".into(),
            tests: false,
            round: 0,
            number: 1,
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
        history.record(run.id, &[attempt(run.id, 400)], &[], &[took(400), took(800)]);
        let case = CaseAttempt {
            run: run.id,
            label: "//a:a".into(),
            name: "case".into(),
            key: Some([7; 32]),
            round: 0,
            number: 2,
            start_ns: 7,
            duration_ns: Some(u64::MAX),
            cpu_ns: None,
            peak_kib: Some(3),
            outcome: "failed".into(),
        };
        let later = Attempt { origin: "later".into(), ..attempt(run.id, 9) };
        history.record(run.id, std::slice::from_ref(&later), std::slice::from_ref(&case), &[]);
        let counts = RunCounts::of_columns([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
        history.end(run.id, 9, 1, Some(counts));

        let (history, _) = History::open(dir.path());
        let durations = history.durations("/w", None);
        assert_eq!(durations.expected("//a:a", "compile"), Some(Duration::from_nanos(500)));
        assert_eq!(history.durations("/v", None).expected("//a:a", "compile"), None);
        let (end_ns, exit, counts) = (Some(9), Some(1), Some(counts));
        let ended = RunRecord { end_ns, exit, counts, ..run.clone() };
        assert_eq!(history.last_run("/w"), Some(ended));
        let last = |workspace, until| history.last_attempt(workspace, "//a:a", "compile", until);
        assert_eq!(last("/w", run.id), Some(later));
        let most = CaseAttempt { duration_ns: Some(i64::MAX as u64), ..case };
        assert_eq!(history.cases(run.id), [most]);
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
        history.record(run, std::slice::from_ref(&kept), &[], &[]);
        assert_eq!(history.attempts(run), [kept]);
        assert_eq!(history.actions("/w", "//a:a", run), ["compile"]);
        assert_eq!(history.last_busy_run("/w").map(|run| run.id), Some(run));
    }

    #[test]
    fn runs_without_work_get_their_numbers_when_the_history_is_opened() {
        let dir = tempfile::tempdir().unwrap();
        let (history, _) = History::open(dir.path());
        assert_eq!(history.begin(&run("/w")), 1);
        let counts = RunCounts { cached: 3, ..RunCounts::default() };
        let idle = |start_ns| RunRecord {
            start_ns,
            end_ns: Some(start_ns + 1),
            exit: Some(0),
            idle: true,
            counts: Some(counts),
            ..run("/w")
        };
        History::note_idle_run(dir.path(), &idle(20));
        History::note_idle_run(dir.path(), &idle(30));
        let (history, _) = History::open(dir.path());
        let starts = |runs: Vec<RunRecord>| runs.iter().map(|run| run.start_ns).collect::<Vec<_>>();
        assert_eq!(starts(history.runs("/w", 9)), [30, 20, 5]);
        assert_eq!(history.runs("/w", 1), [RunRecord { id: 3, ..idle(30) }]);
        assert_eq!(history.last_run("/w").map(|run| run.id), Some(1));
        // Were it killed before the file was emptied, nothing is taken twice.
        History::note_idle_run(dir.path(), &idle(30));
        assert_eq!(starts(History::open(dir.path()).0.runs("/w", 9)), [30, 20, 5]);
    }

    #[test]
    fn a_run_is_going_on_until_it_ends() {
        let dir = tempfile::tempdir().unwrap();
        let (history, _) = History::open(dir.path());
        let id = history.begin(&run("/w"));
        let (other, _) = History::open(dir.path());
        assert!(other.is_running(id));
        history.end(id, 9, 0, None);
        assert!(!other.is_running(id));
        let killed = history.begin(&run("/w"));
        drop(history);
        assert!(!other.is_running(killed));
        assert_eq!(other.run(killed).and_then(|run| run.end_ns), None);
    }
}
