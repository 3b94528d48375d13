//! Rows and trees from any bytes: a row whose checksum fits may still hold anything.

use super::durations::durations;
use super::history::SCHEMA;
use super::past::last_attempt;
use super::reapi::Tree;
use super::rows::{CaseRow, Last, ResultRow, ToolRow};
use super::seal::{seal, sealed, unseal};
use super::stat::Known;
use super::trees;
use crate::base::Reader;
use prost::Message;
use rusqlite::Connection;
use rusqlite::types::Value;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Readers of this room by name, for the door to fuzzing.
pub const READERS: &[Reader] = &[("row", row), ("tree", tree), ("history", history)];

const KEY: &[u8] = b"key";

/// The value that a row with this encoded value and a good checksum would give.
pub fn decoded<T: DeserializeOwned>(value: &[u8]) -> Option<T> {
    unseal(KEY, &sealed(KEY, value))
}

/// Reads the bytes as a row of each kind, and as the value of a row that is whole.
fn row(bytes: &[u8]) {
    fn read<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(bytes: &[u8]) {
        assert_eq!(unseal::<T>(b"other key", &sealed(KEY, bytes)), None);
        assert!(unseal::<T>(KEY, bytes).is_none(), "a checksum was guessed");
        if let Some(value) = decoded::<T>(bytes) {
            let again = seal(KEY, &value).and_then(|row| unseal::<T>(KEY, &row));
            assert_eq!(again, Some(value));
        }
    }
    read::<ResultRow>(bytes);
    read::<CaseRow>(bytes);
    read::<ToolRow>(bytes);
    read::<Last>(bytes);
    read::<Known>(bytes);
    read::<Vec<Vec<String>>>(bytes);
}

fn tree(bytes: &[u8]) {
    let Ok(tree) = Tree::decode(bytes) else { return };
    let Ok(entries) = trees::list(&tree) else { return };
    for (path, _) in entries {
        // Whatever a stored tree says, nothing is written outside of it.
        assert!(!path.starts_with('/') && path.split('/').all(|it| !matches!(it, "" | "." | "..")));
    }
}

/// The bytes become the columns of a row in each table that is read. The tables take any type, as
/// a damaged file does.
fn history(bytes: &[u8]) {
    thread_local!(static TABLES: Connection = tables());
    fn tables() -> Connection {
        let connection = Connection::open_in_memory().expect("a database in memory");
        let schema = SCHEMA.replace("STRICT, ", "").replace(" STRICT", "");
        let schema = schema.replace(" NOT NULL", "").replace(" INTEGER", "").replace(" TEXT", "");
        connection.execute_batch(&schema.replace(" BLOB", "")).expect("make tables");
        connection
    }
    let mut bytes = bytes.iter().copied();
    let mut value = || {
        let kind = bytes.next().unwrap_or_default();
        let mut some = |most| bytes.by_ref().take(most).collect::<Vec<u8>>();
        let mut number = || {
            let mut res = [0; 8];
            some(8).into_iter().enumerate().for_each(|(at, byte)| res[at] = byte);
            res
        };
        match kind % 6 {
            0 => Value::Null,
            1 => Value::Integer(i64::from_le_bytes(number())),
            2 => Value::Real(f64::from_le_bytes(number())),
            3 => Value::Text(String::from_utf8_lossy(&some(usize::from(kind / 6))).into_owned()),
            4 => Value::Blob(some(usize::from(kind / 6))),
            _ => Value::Blob(some(32)),
        }
    };
    let mut row = |known: &[&str], more: usize| -> Vec<Value> {
        let known = known.iter().map(|it| Value::Text(it.to_string()));
        known.chain((0..more).map(|_| value())).collect()
    };
    let (runs, attempts, learned) = (row(&["w"], 10), row(&["l", "a"], 17), row(&["w"], 3));
    TABLES.with(|tables| {
        let insert = |statement: &str, row: Vec<Value>| {
            let mut insert = tables.prepare_cached(statement).expect("a statement");
            insert.execute(rusqlite::params_from_iter(row))
        };
        let _ = insert(
            "INSERT INTO runs (workspace, id, start, stop, command, exit, version, git_commit, idle,
             ran, cases_cached) VALUES (?1, 1, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
            runs,
        );
        let _ = insert(
            "INSERT INTO attempts (label, action, run, key, size, start, duration, cpu, peak,
             outcome, origin, reason, same, manifest, manifest_size, files, tests, round, attempt)
             VALUES (?1, ?2, 1, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18,
             ?19)",
            attempts,
        );
        let _ = insert("INSERT INTO durations VALUES (?1, ?2, ?3, ?4)", learned);
        if let Ok(durations) = durations(tables, "w", None) {
            let _ = (durations.of_test("l"), durations.expected("l", "a"));
        }
        let _ = last_attempt(tables, ("w", "l", "a", 1));
        for table in ["runs", "attempts", "durations"] {
            let delete = format!("DELETE FROM {table}");
            tables
                .prepare_cached(&delete)
                .and_then(|mut it| it.execute([]))
                .expect("empty a table");
        }
    });
}
