//! What came out one way and another though it was made of the same: equal keys with different
//! outcomes.

use super::history::{History, count};

/// A case or an action of which equal keys came out differently.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flake {
    /// The target.
    pub label: String,
    /// Name of the case, which may be empty, or of the action.
    pub name: String,
    /// True for an action that is no test.
    pub is_action: bool,
    /// Attempts whose key has passed at least once. Where a key never passed nobody knows whether
    /// what it stands for is just wrong, so these do not count.
    pub attempts: u64,
    /// Those among them that failed.
    pub failures: u64,
    /// Keys that have both passed and failed.
    pub keys: u64,
    /// The earliest failure of such a key.
    pub first: Seen,
    /// The latest.
    pub last: Seen,
}

/// When something was seen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Seen {
    /// Number of the run.
    pub run: i64,
    /// When, in ns since the epoch.
    pub time_ns: i64,
    /// The commit that was checked out.
    pub commit: Option<String>,
}

/// Attempts of cases. What was skipped came out neither way.
const CASES: &str = "SELECT label, name, key, cases.rowid AS at,
        outcome IN ('passed', 'expected failure', 'unexpected pass') AS good
    FROM cases JOIN runs ON runs.id = run
    WHERE workspace = ?1 AND key IS NOT NULL AND outcome <> 'skipped'";
/// Attempts of other actions. A key of size 0 is not known.
const ACTIONS: &str = "SELECT label, action AS name, key, attempts.rowid AS at,
        outcome = 'passed' AS good
    FROM attempts JOIN runs ON runs.id = run
    WHERE workspace = ?1 AND size > 0 AND tests = 0 AND outcome <> 'stopped'";

impl History {
    /// All that is flaky in a workspace: its cases and then its actions, each by label and name.
    pub fn flakes(&self, workspace: &str) -> Vec<Flake> {
        let mut res = self.flakes_among(workspace, CASES, "cases");
        res.extend(self.flakes_among(workspace, ACTIONS, "attempts"));
        res
    }

    fn flakes_among(&self, workspace: &str, tried: &str, table: &str) -> Vec<Flake> {
        let query = format!(
            "WITH tried AS ({tried}), by_key AS (
                SELECT label, name, count(*) AS tries, sum(good) AS passes,
                    min(CASE WHEN good THEN NULL ELSE at END) AS first,
                    max(CASE WHEN good THEN NULL ELSE at END) AS last
                FROM tried GROUP BY label, name, key HAVING passes > 0)
            SELECT label, name, sum(tries), sum(tries - passes), sum(tries > passes),
                min(first), max(last)
            FROM by_key GROUP BY label, name HAVING sum(tries > passes) > 0 ORDER BY label, name"
        );
        let found = self.find(&query, [workspace], |row| {
            let (first, last): (i64, i64) = (row.get(5)?, row.get(6)?);
            let flake = Flake {
                label: row.get(0)?,
                name: row.get(1)?,
                is_action: table == "attempts",
                attempts: count(row, 2)?,
                failures: count(row, 3)?,
                keys: count(row, 4)?,
                first: Seen::default(),
                last: Seen::default(),
            };
            Ok((flake, first, last))
        });
        let seen = |at: i64| {
            let query = format!(
                "SELECT run, {table}.start, git_commit FROM {table} JOIN runs ON runs.id = run
                WHERE {table}.rowid = ?1"
            );
            let found = self.find(&query, [at], |row| {
                Ok(Seen { run: row.get(0)?, time_ns: row.get(1)?, commit: row.get(2)? })
            });
            found.into_iter().next().unwrap_or_default()
        };
        let dated = |(flake, first, last)| Flake { first: seen(first), last: seen(last), ..flake };
        found.into_iter().map(dated).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::records::{CaseAttempt, RunRecord};
    use super::*;

    fn history(dir: &std::path::Path, tried: &[(&str, u8, &str)]) -> History {
        let (history, _) = History::open(dir);
        for (at, (name, key, outcome)) in tried.iter().enumerate() {
            let start_ns = at as i64;
            let workspace = if *key == 9 { "/v" } else { "/w" }.to_string();
            let commit = Some(format!("c{at}"));
            let run = RunRecord { start_ns, workspace, commit, ..RunRecord::default() };
            let run = history.begin(&run);
            let case = CaseAttempt {
                run,
                label: "//:t".into(),
                name: name.to_string(),
                key: (*key > 0).then_some([*key; 32]),
                round: 0,
                number: 1,
                start_ns,
                duration_ns: None,
                cpu_ns: None,
                peak_kib: None,
                outcome: outcome.to_string(),
            };
            history.record(run, &[], &[case], &[]);
        }
        history
    }

    #[test]
    fn equal_keys_with_different_outcomes_are_flaky_and_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        let history = history(
            dir.path(),
            &[
                ("mended", 1, "failed"),
                ("mended", 2, "passed"),
                ("skips", 1, "skipped"),
                ("skips", 1, "failed"),
                ("unknown", 0, "failed"),
                ("unknown", 0, "passed"),
                ("elsewhere", 9, "failed"),
                ("elsewhere", 1, "passed"),
                ("flaky", 1, "passed"),
                ("flaky", 1, "crashed: SIGSEGV"),
                ("flaky", 1, "unexpected pass"),
                ("flaky", 2, "failed"),
                ("flaky", 3, "passed"),
                ("flaky", 4, "timed out"),
                ("flaky", 4, "passed"),
            ],
        );
        let seen = |run: i64| Seen { run, time_ns: run - 1, commit: Some(format!("c{}", run - 1)) };
        let flaky = Flake {
            label: "//:t".into(),
            name: "flaky".into(),
            is_action: false,
            // Key 2 has never passed, so nobody knows what its failure means.
            attempts: 6,
            failures: 2,
            keys: 2,
            first: seen(10),
            last: seen(14),
        };
        assert_eq!(history.flakes("/w"), [flaky]);
        assert_eq!(history.flakes("/v"), []);
    }
}
