//! The history as `eng history` reads it: the last runs of a workspace, the cases of a run, and the
//! past of a target.

use super::history::{History, count};
use super::past::{ATTEMPT, RUN, attempt, run};
use super::records::{Attempt, CaseAttempt, RunRecord};
use rusqlite::{Params, Row};
use std::collections::BTreeSet;

const CASE: &str = "SELECT run, label, name, key, round, attempt, cases.start, duration, cpu, peak,
    outcome FROM cases";

/// Holds for the targets of a [`list`].
const AMONG: &str = "label IN (SELECT value FROM json_each(?2))";

/// What ran of targets: processes and cases.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TargetPast {
    /// Processes of its actions.
    pub attempts: Vec<Attempt>,
    /// Its cases.
    pub cases: Vec<CaseAttempt>,
}

impl History {
    /// The last runs of a workspace, the latest first.
    pub fn runs(&self, workspace: &str, limit: usize) -> Vec<RunRecord> {
        let query = format!("{RUN} WHERE workspace = ?1 ORDER BY id DESC LIMIT ?2");
        self.find(&query, (workspace, many(limit)), run)
    }

    /// Number of the earliest run of a workspace that is kept.
    pub fn first_run(&self, workspace: &str) -> Option<i64> {
        let query = "SELECT min(id) FROM runs WHERE workspace = ?1";
        self.find(query, [workspace], |row| row.get(0)).into_iter().next().flatten()
    }

    /// The cases of a run, by test and name, attempts in the order in which they ended.
    pub fn cases(&self, run: i64) -> Vec<CaseAttempt> {
        let query = format!("{CASE} WHERE run = ?1 ORDER BY label, name, cases.rowid");
        self.find(&query, [run], case)
    }

    /// How many processes of a run have ended.
    pub fn processes(&self, run: i64) -> u64 {
        let query = "SELECT count(*) FROM attempts WHERE run = ?1";
        self.find(query, [run], |row| count(row, 0)).into_iter().next().unwrap_or(0)
    }

    /// Every target of which something ever ran in a workspace.
    pub fn labels(&self, workspace: &str) -> BTreeSet<String> {
        let query = "SELECT DISTINCT label FROM attempts JOIN runs ON runs.id = run
            WHERE workspace = ?1";
        self.find(query, [workspace], |row| row.get(0)).into_iter().collect()
    }

    /// Numbers of the runs of a workspace in which something of these targets ran, the latest first.
    pub fn runs_with(&self, workspace: &str, labels: &BTreeSet<String>) -> Vec<i64> {
        let query = format!(
            "SELECT DISTINCT run FROM attempts JOIN runs ON runs.id = run
            WHERE {AMONG} AND workspace = ?1 ORDER BY run DESC"
        );
        self.find(&query, (workspace, list(labels)), |row| row.get(0))
    }

    /// What ran of these targets in a run, in the order in which it ended, cases by their names.
    pub fn past_in(&self, run: i64, labels: &BTreeSet<String>) -> TargetPast {
        let labels = list(labels);
        let of = (run, &*labels);
        let query = format!("{ATTEMPT} WHERE run = ?1 AND {AMONG} ORDER BY attempts.rowid");
        let attempts = self.find(&query, of, attempt);
        let query = format!("{CASE} WHERE run = ?1 AND {AMONG} ORDER BY name, cases.rowid");
        TargetPast { attempts, cases: self.find(&query, of, case) }
    }

    pub(super) fn find<T>(
        &self,
        query: &str,
        key: impl Params,
        read: impl FnMut(&Row) -> rusqlite::Result<T>,
    ) -> Vec<T> {
        let found = self.database.as_ref().and_then(|database| {
            database.read(|connection| {
                let mut find = connection.prepare_cached(query)?;
                find.query_map(key, read)?.collect()
            })
        });
        found.unwrap_or_default()
    }
}

/// Targets as a value of a query.
fn list(labels: &BTreeSet<String>) -> String {
    serde_json::json!(labels).to_string()
}

fn many(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

fn case(row: &Row) -> rusqlite::Result<CaseAttempt> {
    let known = |column| {
        let number: Option<i64> = row.get(column)?;
        Ok::<_, rusqlite::Error>(number.and_then(|it| u64::try_from(it).ok()))
    };
    Ok(CaseAttempt {
        run: row.get(0)?,
        label: row.get(1)?,
        name: row.get(2)?,
        key: row.get(3)?,
        round: row.get(4)?,
        number: row.get(5)?,
        start_ns: row.get(6)?,
        duration_ns: known(7)?,
        cpu_ns: known(8)?,
        peak_kib: known(9)?,
        outcome: row.get(10)?,
    })
}
