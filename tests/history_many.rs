//! A history that several eng use at once.

use crate::support::{Workspace, workspace};
use rusqlite::Connection;
use serde_json::Value;
use std::fs;
use std::process::Stdio;

/// The tables of the form before this one, with as many runs of an action as a user may have.
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
WITH RECURSIVE number(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < 5000)
    INSERT INTO runs SELECT n, unixepoch() * 1000000000, 1, '@', 'eng build', 0, '1' FROM number;
INSERT INTO attempts SELECT id, '//:made', 'make it', zeroblob(32), 5, start, 1, 1, 1, 'passed', 'ran',
    'never', NULL, 1, NULL, 0, NULL FROM runs;";

fn runs(ws: &Workspace) -> Vec<i64> {
    let text = ws.eng(&["history", "--limit=9999", "--format=json"]).expect(0).stdout;
    let found: Value = serde_json::from_str(&text).expect("read the history");
    let runs = found["runs"].as_array().expect("runs");
    runs.iter().map(|run| run["run"].as_i64().expect("a number")).collect()
}

#[test]
fn many_take_over_an_older_history_at_once_and_none_of_it_is_lost() {
    const MANY: i64 = 10;
    for _ in 0..3 {
        let ws = workspace(
            "-- BUILD.ron\n[genrule(name: \"made\", outs: [\"x\"], cmd: \"echo > $OUT\")]\n",
        );
        let folder = ws.beside("state/eng");
        fs::create_dir_all(&folder).expect("make a folder");
        let older = folder.join("history-v2.db");
        let root = ws.root().canonicalize().expect("find the root").display().to_string();
        let connection = Connection::open(&older).expect("make an older history");
        connection.execute_batch(&BEFORE.replace('@', &root)).expect("fill it");
        drop(connection);
        fs::write(folder.join("history-v2.db-lock"), "").expect("write its lock");
        let start = |_| {
            let mut command = ws.command(&["build", "//:made", "--no-cache"]);
            command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("start eng")
        };
        let started: Vec<_> = (0..MANY).map(start).collect();
        for mut child in started {
            assert!(child.wait().expect("wait for eng").success());
        }
        assert_eq!(runs(&ws), (1..=5000 + MANY).rev().collect::<Vec<_>>());
        assert!(!older.exists());
    }
}
