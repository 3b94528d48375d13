//! The history as `eng explain` reads it: runs of a workspace, and what ran in them.

use super::history::{History, count};
use super::records::{Attempt, RunCounts, RunRecord};
use crate::base::{Digest, Why};
use rusqlite::{Connection, OptionalExtension, Params, Row};

pub(super) const RUN: &str =
    "SELECT id, start, stop, workspace, command, exit, version, git_commit,
    idle, ran, cached, failed, skipped, tests_passed, tests_failed, tests_not_run, cases_passed,
    cases_failed, cases_skipped, cases_flaky, cases_cached FROM runs";
pub(super) const ATTEMPT: &str =
    "SELECT run, label, action, key, size, attempts.start, duration, cpu, peak,
    outcome, origin, tests, reason, same, manifest, manifest_size, files, round, attempt
    FROM attempts";

impl History {
    /// A run by its number, of whatever workspace.
    pub fn run(&self, id: i64) -> Option<RunRecord> {
        self.find_run(&format!("{RUN} WHERE id = ?1"), [id])
    }

    /// The latest run of a workspace, of those that made a plan.
    pub fn last_run(&self, workspace: &str) -> Option<RunRecord> {
        let last = "WHERE workspace = ?1 AND idle = 0 ORDER BY id DESC LIMIT 1";
        self.find_run(&format!("{RUN} {last}"), [workspace])
    }

    /// The latest run of a workspace in which something ran.
    pub fn last_busy_run(&self, workspace: &str) -> Option<RunRecord> {
        let busy = "EXISTS (SELECT 1 FROM attempts WHERE run = runs.id)";
        let last = format!("WHERE workspace = ?1 AND {busy} ORDER BY id DESC LIMIT 1");
        self.find_run(&format!("{RUN} {last}"), [workspace])
    }

    fn find_run(&self, query: &str, key: impl Params) -> Option<RunRecord> {
        self.database.as_ref()?.read(|connection| {
            let mut find = connection.prepare_cached(query)?;
            find.query_row(key, run).optional()
        })?
    }

    /// All that ran in a run, by target and action.
    pub fn attempts(&self, run: i64) -> Vec<Attempt> {
        let query = format!("{ATTEMPT} WHERE run = ?1 ORDER BY label, action, attempts.rowid");
        self.find_attempts(&query, [run])
    }

    /// The latest attempt of an action in a workspace, in a run up to this one.
    pub fn last_attempt(
        &self,
        workspace: &str,
        label: &str,
        action: &str,
        until: i64,
    ) -> Option<Attempt> {
        let database = self.database.as_ref()?;
        database.read(|it| last_attempt(it, (workspace, label, action, until)))?
    }

    /// Names of the actions of a target that ever ran in a workspace, in a run up to this one.
    pub fn actions(&self, workspace: &str, label: &str, until: i64) -> Vec<String> {
        let query = "SELECT DISTINCT action FROM attempts JOIN runs ON runs.id = attempts.run
            WHERE label = ?2 AND run <= ?3 AND workspace = ?1 ORDER BY action";
        let found = self.database.as_ref().and_then(|database| {
            database.read(|connection| {
                let mut find = connection.prepare_cached(query)?;
                let rows = find.query_map((workspace, label, until), |row| row.get(0))?;
                rows.collect()
            })
        });
        found.unwrap_or_default()
    }

    fn find_attempts(&self, query: &str, key: impl Params) -> Vec<Attempt> {
        let found = self.database.as_ref().and_then(|database| {
            database.read(|connection| {
                let mut find = connection.prepare_cached(query)?;
                find.query_map(key, attempt)?.collect()
            })
        });
        found.unwrap_or_default()
    }
}

/// The latest attempt of an action of a target in a workspace, in a run up to this one.
pub(super) fn last_attempt(
    connection: &Connection,
    of: (&str, &str, &str, i64),
) -> rusqlite::Result<Option<Attempt>> {
    let query = format!(
        "{ATTEMPT} JOIN runs ON runs.id = attempts.run
        WHERE label = ?2 AND action = ?3 AND run <= ?4 AND workspace = ?1
        ORDER BY run DESC, attempts.rowid DESC LIMIT 1"
    );
    connection.prepare_cached(&query)?.query_row(of, attempt).optional()
}

/// A row of [`RUN`].
pub(super) fn run(row: &Row) -> rusqlite::Result<RunRecord> {
    let mut columns = [0; 12];
    for (column, at) in columns.iter_mut().zip(9..) {
        *column = row.get::<_, Option<i64>>(at)?.map_or(0, |it| u64::try_from(it).unwrap_or(0));
    }
    let counted = row.get::<_, Option<i64>>(9)?.is_some();
    Ok(RunRecord {
        id: row.get(0)?,
        start_ns: row.get(1)?,
        end_ns: row.get(2)?,
        workspace: row.get(3)?,
        command: row.get(4)?,
        exit: row.get(5)?,
        version: row.get(6)?,
        commit: row.get(7)?,
        idle: row.get(8)?,
        counts: counted.then(|| RunCounts::of_columns(columns)),
    })
}

pub(super) fn attempt(row: &Row) -> rusqlite::Result<Attempt> {
    let files: Option<Vec<u8>> = row.get(16)?;
    // What cannot be read is for explanations only.
    let files = files.and_then(|bytes| postcard::from_bytes(&bytes).ok()).unwrap_or_default();
    let manifest: Option<[u8; 32]> = row.get(14)?;
    let size = count(row, 15)?;
    // A process that was started took some time.
    let duration_ns = Some(count(row, 6)?).filter(|it| *it > 0);
    Ok(Attempt {
        run: row.get(0)?,
        label: row.get(1)?,
        action: row.get(2)?,
        key: Digest::from_parts(row.get(3)?, count(row, 4)?),
        start_ns: row.get(5)?,
        duration_ns,
        cpu_ns: count(row, 7)?,
        peak_kib: count(row, 8)?,
        outcome: row.get(9)?,
        origin: row.get(10)?,
        tests: row.get(11)?,
        why: Why { text: row.get(12)?, files },
        same: row.get(13)?,
        manifest: manifest.map(|hash| Digest::from_parts(hash, size)),
        round: row.get(17)?,
        number: row.get(18)?,
    })
}
