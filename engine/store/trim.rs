//! The history is let go when it is too old or too large: a bit after each run, so that no run waits
//! for it. What explanations need of the latest process of each action stays, and so do durations.

use super::history::History;
use super::running::RunLock;
use rusqlite::{OptionalExtension, Transaction};
use std::time::Duration;

/// What the history may take, of all workspaces together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// Bytes.
    pub size: u64,
    /// How long ago a run may have begun.
    pub age: Duration,
}

impl Default for Budget {
    fn default() -> Budget {
        Budget { size: 100 << 20, age: Duration::from_secs(90 * 24 * 3600) }
    }
}

/// Rows of each table that are looked at after a run, besides twice as many as it has written.
const ROWS: i64 = 5_000;

const USED: &str = "SELECT (page_count - freelist_count) * page_size
    FROM pragma_page_count(), pragma_freelist_count(), pragma_page_size()";
const FIRST_START: &str = "SELECT start FROM runs ORDER BY id LIMIT 1";
const FIRST_YOUNG: &str = "SELECT min(id) FROM runs WHERE start >= ?1";
// The list of the runs that go on is the last value of each statement: whatever their age, they are
// still being written.
const DROP_CASES: &str = "DELETE FROM cases WHERE rowid IN
    (SELECT rowid FROM cases WHERE run < ?1 AND run NOT IN (SELECT value FROM json_each(?3))
    ORDER BY rowid LIMIT ?2)";
/// A process of the same action in a later run, in the same workspace.
const DROP_ATTEMPTS: &str = "DELETE FROM attempts WHERE rowid > ?1 AND rowid <= ?2 AND run < ?3
    AND run NOT IN (SELECT value FROM json_each(?4))
    AND EXISTS (SELECT 1 FROM attempts AS later
        JOIN runs AS theirs ON theirs.id = later.run
        JOIN runs AS own ON own.id = attempts.run
        WHERE later.label = attempts.label AND later.action = attempts.action
            AND later.run > attempts.run AND theirs.workspace = own.workspace)";
const DROP_RUNS: &str = "DELETE FROM runs WHERE id > ?1 AND id <= ?2 AND id < ?3
    AND id NOT IN (SELECT value FROM json_each(?4))
    AND NOT EXISTS (SELECT 1 FROM attempts WHERE run = id)
    AND NOT EXISTS (SELECT 1 FROM cases WHERE run = id)";
const LOOKED: &str = "SELECT at FROM looked WHERE what = ?1";
const NOTE_LOOKED: &str = "INSERT OR REPLACE INTO looked VALUES (?1, ?2)";

/// Where all that is too much has to stay, it is looked for once in so long.
const PAUSE_NS: u64 = 24 * 3600 * 1_000_000_000;

impl History {
    /// Lets go of some of what is too much once a run has ended; what is left over goes after the
    /// next ones. `run` is the number of the run, all of which stays, as does all of those that still go
    /// on; `now_ns` is the time since the epoch.
    pub fn trim(&self, budget: &Budget, run: i64, now_ns: i64) {
        let Some(database) = self.database.as_ref().filter(|_| run > 0) else { return };
        let age = i64::try_from(budget.age.as_nanos()).unwrap_or(i64::MAX);
        let oldest = now_ns.saturating_sub(age);
        let excess = database.read(|connection| {
            let used: i64 = connection.query_row(USED, [], |row| row.get(0))?;
            let first: i64 = connection.query_row(FIRST_START, [], |row| row.get(0))?;
            let paused = |what| {
                let at: Option<i64> =
                    connection.query_row(LOOKED, [what], |row| row.get(0)).optional()?;
                Ok::<_, rusqlite::Error>(at.is_some_and(|at| now_ns.abs_diff(at) < PAUSE_NS))
            };
            let large = u64::try_from(used).unwrap_or(0) > budget.size && !paused("size")?;
            Ok((large, first < oldest && !paused("age")?))
        });
        let Some((large, old)) = excess.filter(|(large, old)| *large || *old) else { return };
        let live = format!("{:?}", RunLock::all(&self.folder));
        database.write(|transaction| {
            let young: Option<i64> =
                transaction.query_row(FIRST_YOUNG, [oldest], |row| row.get(0))?;
            let horizon = if old { young.unwrap_or(run).min(run) } else { 0 };
            let (dropped, done) = trim(transaction, run, horizon, large, &live)?;
            for (what, over) in [("age", old && done), ("size", large && done && dropped == 0)] {
                if over {
                    transaction.execute(NOTE_LOOKED, (what, now_ns))?;
                }
            }
            Ok(())
        });
    }
}

/// Drops what is before the run `horizon`, and with `large` the oldest rows whatever their age: how
/// many, and whether there is no more to drop.
fn trim(
    transaction: &Transaction,
    run: i64,
    horizon: i64,
    large: bool,
    live: &str,
) -> rusqlite::Result<(usize, bool)> {
    let some = |table: &str| {
        let query = format!("SELECT count(*) FROM {table} WHERE run = ?1");
        let written: i64 = transaction.query_row(&query, [run], |row| row.get(0))?;
        Ok::<_, rusqlite::Error>(ROWS.saturating_add(2 * written))
    };
    let most = some("cases")?;
    let until = if large { run } else { horizon };
    let mut dropped = transaction.execute(DROP_CASES, (until, most, live))?;
    let mut done = (dropped as i64) < most;
    let most = some("attempts")?;
    for (table, statement) in [("attempts", DROP_ATTEMPTS), ("runs", DROP_RUNS)] {
        let horizon = match large {
            true => quarter(transaction, table)?.max(horizon).min(run),
            false => horizon,
        };
        let (of_table, over) = pass(transaction, (table, statement), horizon, most, live)?;
        dropped += of_table;
        done &= over;
    }
    Ok((dropped, done))
}

/// The run of the row before which a quarter of a table stands.
fn quarter(transaction: &Transaction, table: &str) -> rusqlite::Result<i64> {
    let run = if table == "runs" { "id" } else { "run" };
    let query = format!(
        "SELECT {run} FROM {table} WHERE rowid >= (SELECT min(rowid) + (max(rowid) - min(rowid)) / 4
        FROM {table}) ORDER BY rowid LIMIT 1"
    );
    Ok(transaction.query_row(&query, [], |row| row.get(0)).optional()?.unwrap_or(0))
}

/// Looks at some rows of a table, from where the last look ended, and drops what may go: how many,
/// and whether these were the last ones before the run `horizon`. Then the next look begins anew.
fn pass(
    transaction: &Transaction,
    (table, statement): (&str, &str),
    horizon: i64,
    rows: i64,
    live: &str,
) -> rusqlite::Result<(usize, bool)> {
    let from: Option<i64> = transaction.query_row(LOOKED, [table], |row| row.get(0)).optional()?;
    let from = from.unwrap_or(0);
    let end = format!(
        "SELECT max(rowid) FROM (SELECT rowid FROM {table} WHERE rowid > ?1 ORDER BY rowid LIMIT ?2)"
    );
    let to: Option<i64> = transaction.query_row(&end, (from, rows), |row| row.get(0))?;
    let to = to.unwrap_or(from);
    let run = if table == "runs" { "id" } else { "run" };
    let next = format!("SELECT {run} >= ?2 FROM {table} WHERE rowid > ?1 ORDER BY rowid LIMIT 1");
    let over: Option<bool> =
        transaction.query_row(&next, (to, horizon), |row| row.get(0)).optional()?;
    let over = over.unwrap_or(true);
    let dropped = transaction.execute(statement, (from, to, horizon, live))?;
    transaction.execute(NOTE_LOOKED, (table, if over { 0 } else { to }))?;
    Ok((dropped, over))
}

#[cfg(test)]
mod tests {
    use super::super::records::{Attempt, CaseAttempt, RunRecord};
    use super::*;
    use crate::base::{Digest, Why};

    const DAY: i64 = 24 * 3600 * 1_000_000_000;

    /// A history in which each day `runs` runs have run an action of their own, one that all have,
    /// and `cases` cases.
    fn filled(dir: &std::path::Path, runs: i64, cases: usize) -> History {
        let (history, warnings) = History::open(dir);
        assert_eq!(warnings, Vec::<String>::new());
        for day in 0..runs {
            let start_ns = day * DAY;
            let run = RunRecord { start_ns, workspace: "/w".into(), ..RunRecord::default() };
            let run = history.begin(&run);
            let attempt = |label: String| Attempt {
                run,
                label,
                action: "make".into(),
                key: Digest::of(b"key"),
                start_ns,
                duration_ns: Some(1),
                cpu_ns: 1,
                peak_kib: 1,
                outcome: "passed".into(),
                origin: "ran".into(),
                tests: false,
                round: 0,
                number: 1,
                why: Why::default(),
                same: false,
                manifest: None,
            };
            let case = |number: usize| CaseAttempt {
                run,
                label: "//:t".into(),
                name: format!("case {number} {}", "x".repeat(200)),
                key: None,
                round: 0,
                number: 1,
                start_ns,
                duration_ns: None,
                cpu_ns: None,
                peak_kib: None,
                outcome: "passed".into(),
            };
            let attempts = [attempt("//:all".into()), attempt(format!("//:day{}", day % 5))];
            let cases: Vec<CaseAttempt> = (0..cases).map(case).collect();
            history.record(run, &attempts, &cases, &[]);
            history.end(run, start_ns + 1, 0, None);
        }
        history
    }

    fn used(history: &History) -> i64 {
        history.find(USED, [], |row| row.get(0))[0]
    }

    #[test]
    fn what_is_too_old_goes_but_the_latest_of_each_action() {
        let dir = tempfile::tempdir().unwrap();
        let history = filled(dir.path(), 20, 3);
        let budget = Budget { age: Duration::from_secs(3 * 24 * 3600), ..Budget::default() };
        history.trim(&budget, 20, 19 * DAY);
        let attempts = |run| {
            let labels = history.attempts(run).into_iter().map(|it| it.label);
            labels.collect::<Vec<_>>().join(" ")
        };
        let kept: Vec<String> = (1..=20).map(attempts).collect();
        assert_eq!(kept[..15].concat(), "");
        // Run 16 began four days before the last: something of the same kind came later.
        assert_eq!(
            kept[15..],
            ["//:day0", "//:all //:day1", "//:all //:day2", "//:all //:day3", "//:all //:day4"]
        );
        let cases: Vec<usize> = (1..=20).map(|run| history.cases(run).len()).collect();
        assert_eq!(cases, [vec![0; 16], vec![3; 4]].concat());
        let runs: Vec<i64> = history.runs("/w", 99).iter().map(|run| run.id).collect();
        assert_eq!(runs, [20, 19, 18, 17, 16]);
    }

    #[test]
    fn a_history_that_is_too_large_shrinks_run_by_run() {
        let dir = tempfile::tempdir().unwrap();
        let history = filled(dir.path(), 60, 200);
        let budget = Budget { size: used(&history) as u64 / 2, age: Duration::MAX };
        let mut looks = 0;
        while used(&history) as u64 > budget.size {
            let before = history.find("SELECT count(*) FROM cases", [], |row| row.get(0));
            history.trim(&budget, 60, 60 * DAY);
            let after = history.find("SELECT count(*) FROM cases", [], |row| row.get(0));
            let (before, after): (i64, i64) = (before[0], after[0]);
            // What the last run has written is less than is let go of, and that is bounded.
            assert!(before - after <= ROWS + 400 && before > after, "{before} {after}");
            looks += 1;
            assert!(looks < 20);
        }
        assert_eq!(history.cases(60).len(), 200);
        assert_eq!(history.cases(1).len(), 0);
        for label in ["//:all", "//:day0", "//:day4"] {
            assert!(history.last_attempt("/w", label, "make", 60).is_some(), "{label}");
        }
        // Within the budget nothing goes.
        let runs = history.runs("/w", 99).len();
        history.trim(&budget, 60, 60 * DAY);
        assert_eq!(history.runs("/w", 99).len(), runs);
    }

    #[test]
    fn the_same_action_of_another_workspace_is_another_one() {
        let dir = tempfile::tempdir().unwrap();
        let history = filled(dir.path(), 2, 1);
        let other = RunRecord { start_ns: DAY, workspace: "/v".into(), ..RunRecord::default() };
        let other = history.begin(&other);
        let again = Attempt { run: other, ..history.attempts(2)[0].clone() };
        history.record(other, &[again], &[], &[]);
        let budget = Budget { age: Duration::ZERO, ..Budget::default() };
        history.trim(&budget, other, 9 * DAY);
        assert!(history.last_attempt("/w", "//:all", "make", 9).is_some());
        assert_eq!(history.attempts(1).len(), 1);
    }

    #[test]
    fn a_run_that_still_goes_on_stays_whatever_its_age() {
        let dir = tempfile::tempdir().unwrap();
        let long = History::open(dir.path()).0;
        let record = RunRecord { workspace: "/w".into(), ..RunRecord::default() };
        let id = long.begin(&record);
        let history = filled(dir.path(), 9, 1);
        let mut of_others = (history.attempts(2), history.cases(2));
        of_others.0.iter_mut().for_each(|it| it.run = id);
        of_others.1.iter_mut().for_each(|it| it.run = id);
        long.record(id, &of_others.0, &of_others.1, &[]);
        let budgets = [
            Budget { age: Duration::ZERO, ..Budget::default() },
            Budget { size: 0, age: Duration::MAX },
        ];
        let kept = || (history.run(id).is_some(), history.attempts(id).len());
        for (budget, days) in budgets.into_iter().zip([20, 40]) {
            history.trim(&budget, 10, days * DAY);
            assert_eq!((kept(), history.cases(id).len()), ((true, 2), 1));
            assert!(history.runs("/w", 99).len() < 10);
        }
        long.end(id, 9 * DAY, 0, None);
        history.trim(&budgets[0], 10, 60 * DAY);
        assert_eq!((kept(), history.cases(id).len()), ((false, 0), 0));
    }
}
