//! What is remembered under keys: results of actions and cases, the inputs that were really used,
//! stat data and tools. A row that cannot be believed is a miss.

use super::batch::Batch;
use super::database::Database;
use super::denied::Denied;
use super::rows::{CaseRow, Last, ResultRow, ToolRow};
use super::seal::{seal, unseal};
use super::stat::{Known, StatRow};
use super::tables::{
    CASES, DROP_STAT, FIND_STATS, FORM, LAST, PUT_STAT, PUT_TEXT, RESULTS, SHAPES, TOOLS, Table,
};
use crate::base::Digest;
use rusqlite::{OptionalExtension, Transaction, params};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// Sets of used inputs that are kept for one shape.
const MAX_SETS: usize = 8;

/// The ledger. All of it may be used from any thread; what the disk refuses is missed or dropped.
pub struct Ledger {
    pub(super) database: Option<Database>,
    denied: Denied,
}

impl Ledger {
    /// Opens `ledger-v2.db` in a folder, with what the user should be told about it.
    pub fn open(dir: &Path) -> (Ledger, Vec<String>) {
        match Database::open(dir, &FORM) {
            Ok((database, warnings)) => {
                (Ledger { database: Some(database), denied: Denied::of(dir) }, warnings)
            }
            Err(why) => (Ledger { database: None, denied: Denied::of(dir) }, vec![why]),
        }
    }

    /// What the user should be told since it was opened or asked last.
    pub fn take_warnings(&self) -> Vec<String> {
        self.database.as_ref().map(Database::take_warnings).unwrap_or_default()
    }

    /// The result under a key.
    pub fn result(&self, key: &Digest) -> Option<ResultRow> {
        self.find(&RESULTS, key)
    }

    /// Sets of inputs that actions of this shape really used, the latest first; at most 8.
    pub fn shape(&self, shape: &Digest) -> Vec<Vec<String>> {
        self.find(&SHAPES, shape).unwrap_or_default()
    }

    /// The tool that was found for a request.
    pub fn tool(&self, request: &Digest) -> Option<ToolRow> {
        self.find(&TOOLS, request)
    }

    /// What an action of a workspace was made of when it was brought up to date last.
    pub fn last(&self, action: &Digest) -> Option<Last> {
        self.find(&LAST, action)
    }

    /// The results of many cases, in the order of the keys.
    pub fn cases(&self, keys: &[Digest]) -> Vec<Option<CaseRow>> {
        let rows = self.database.as_ref().and_then(|database| {
            database.read(|connection| {
                let mut find = connection.prepare_cached(CASES.find)?;
                let rows = keys.iter().map(|key| {
                    find.query_row([key.bytes()], |row| row.get::<_, Vec<u8>>(0)).optional()
                });
                rows.collect::<rusqlite::Result<Vec<_>>>()
            })
        });
        let Some(rows) = rows else { return vec![None; keys.len()] };
        keys.iter().zip(rows).map(|(key, row)| self.believe(&CASES, key, row?)).collect()
    }

    /// All stat data that are remembered for the workspace with this root.
    pub fn load_stats(&self, root: &Path) -> Vec<StatRow> {
        let root_key = stat_root(root);
        let rows = self.database.as_ref().and_then(|database| {
            database.read(|connection| {
                let mut find = connection.prepare_cached(FIND_STATS)?;
                let mut rows = find.query([root_key])?;
                let mut res = Vec::new();
                while let Some(row) = rows.next()? {
                    let path = row.get_ref(0)?.as_blob()?;
                    let key = [&root_key, path].concat();
                    if let Some(known) = unseal::<Known>(&key, row.get_ref(1)?.as_blob()?) {
                        let path = root.join(OsStr::from_bytes(path));
                        res.push(StatRow { path, known: Some(known) });
                    }
                }
                Ok(res)
            })
        });
        rows.unwrap_or_default()
    }

    /// Remembers stat data that changed, as `StatCache::changed` gives them.
    pub fn save_stats(&self, root: &Path, changed: &[StatRow]) {
        let Some(database) = self.database.as_ref().filter(|_| !changed.is_empty()) else { return };
        let root_key = stat_root(root);
        database.write(|transaction| {
            for row in changed {
                let path = row.path.strip_prefix(root).unwrap_or(&row.path).as_os_str().as_bytes();
                let key = [&root_key, path].concat();
                match row.known.and_then(|known| seal(&key, &known)) {
                    Some(sealed) => transaction
                        .prepare_cached(PUT_STAT)?
                        .execute(params![root_key, path, sealed])?,
                    None => {
                        transaction.prepare_cached(DROP_STAT)?.execute(params![root_key, path])?
                    }
                };
            }
            Ok(())
        });
    }

    /// The file that grows whenever a failure ends what was known.
    pub fn denied(&self) -> &Denied {
        &self.denied
    }

    /// Remembers a batch, all of it or nothing. When it returns, it outlives a kill of the process.
    pub fn commit(&self, batch: Batch) {
        if batch.denies {
            self.denied.deny();
        }
        let Some(database) = self.database.as_ref().filter(|_| !batch.is_empty()) else { return };
        database.write(|transaction| {
            for (digest, text) in &batch.texts {
                transaction.prepare_cached(PUT_TEXT)?.execute(params![digest.bytes(), text])?;
            }
            for (key, row) in &batch.results {
                put(transaction, &RESULTS, key, row)?;
            }
            for (key, row) in &batch.cases {
                put(transaction, &CASES, key, row)?;
            }
            for (key, row) in &batch.tools {
                put(transaction, &TOOLS, key, row)?;
            }
            for (key, row) in &batch.last {
                put(transaction, &LAST, key, row)?;
            }
            for (shape, used) in &batch.shapes {
                let mut find = transaction.prepare_cached(SHAPES.find)?;
                let row = find.query_row([shape.bytes()], |row| row.get::<_, Vec<u8>>(0));
                let row = row.optional()?;
                let sets = row.and_then(|row| unseal::<Vec<Vec<String>>>(shape.bytes(), &row));
                let mut sets = sets.unwrap_or_default();
                if sets.first() != Some(used) {
                    sets.retain(|set| set != used);
                    sets.insert(0, used.clone());
                    sets.truncate(MAX_SETS);
                    put(transaction, &SHAPES, shape, &sets)?;
                }
            }
            Ok(())
        });
        if batch.denies {
            // Whoever has begun in between may have seen what was known before.
            self.denied.deny();
        }
    }

    fn find<T: DeserializeOwned>(&self, table: &Table, key: &Digest) -> Option<T> {
        let row = self.database.as_ref()?.read(|connection| {
            let mut find = connection.prepare_cached(table.find)?;
            find.query_row([key.bytes()], |row| row.get::<_, Vec<u8>>(0)).optional()
        })??;
        self.believe(table, key, row)
    }

    fn believe<T: DeserializeOwned>(&self, table: &Table, key: &Digest, row: Vec<u8>) -> Option<T> {
        let value = unseal(key.bytes(), &row);
        if value.is_none() {
            let drop = |transaction: &Transaction| {
                transaction.execute(table.drop, params![key.bytes(), row])
            };
            self.database.as_ref()?.write(drop);
        }
        value
    }
}

fn put(
    transaction: &Transaction,
    table: &Table,
    key: &Digest,
    value: &impl Serialize,
) -> rusqlite::Result<()> {
    let Some(row) = seal(key.bytes(), value) else { return Ok(()) };
    transaction.prepare_cached(table.put)?.execute(params![key.bytes(), row])?;
    Ok(())
}

fn stat_root(root: &Path) -> [u8; 32] {
    *Digest::of(root.as_os_str().as_bytes()).bytes()
}

#[cfg(test)]
mod tests {
    use super::super::stat::FileStat;
    use super::*;
    use std::fs;

    fn key(text: &str) -> Digest {
        Digest::of(text.as_bytes())
    }

    fn tool(path: &str) -> ToolRow {
        ToolRow { path: path.to_string(), identity: key(path), files: vec![] }
    }

    fn fill(dir: &Path) {
        let (ledger, warnings) = Ledger::open(dir);
        assert_eq!(warnings, Vec::<String>::new());
        let tools = (0..200).map(|n| (key(&n.to_string()), tool("/bin/x"))).collect();
        ledger.commit(Batch { tools, ..Batch::default() });
        assert_eq!(ledger.tool(&key("199")), Some(tool("/bin/x")));
    }

    #[test]
    fn a_truncated_or_overwritten_file_is_put_aside_and_the_ledger_works() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(FORM.file);
        fill(dir.path());
        let whole = fs::read(&path).unwrap();
        let mut damaged =
            vec![b"garbage".to_vec(), vec![0xff; 8192], [&[0; 100], &whole[100..]].concat()];
        damaged.extend(
            [50, 99, 512, 4095, 4096, 8192, whole.len() - 4096].map(|at| whole[..at].to_vec()),
        );
        for (at, bytes) in damaged.iter().enumerate() {
            fs::write(&path, bytes).unwrap();
            let (ledger, warnings) = Ledger::open(dir.path());
            assert_eq!(warnings.len(), 1, "damage {at}");
            assert!(warnings[0].contains("quarantine"), "{warnings:?}");
            assert_eq!(ledger.tool(&key("199")), None);
            drop(ledger);
            fill(dir.path());
        }
        let aside = fs::read_dir(dir.path().join("quarantine")).unwrap();
        assert_eq!(aside.count(), damaged.len());
    }

    #[test]
    fn whatever_byte_is_damaged_an_answer_is_right_or_missing() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(FORM.file);
        fill(dir.path());
        let whole = fs::read(&path).unwrap();
        for step in 0..120 {
            let mut bytes = whole.clone();
            let at = (step * 7919 + 13) % bytes.len();
            match step % 3 {
                0 => bytes[at] ^= 0x10,
                1 => bytes.truncate(at),
                _ => bytes[at..].iter_mut().take(300).for_each(|byte| *byte = step as u8),
            }
            let _ = fs::remove_file(dir.path().join("ledger-v2.db-damaged"));
            fs::write(&path, bytes).unwrap();
            let (ledger, _) = Ledger::open(dir.path());
            for n in 0..200 {
                let found = ledger.tool(&key(&n.to_string()));
                assert!(found.is_none_or(|found| found == tool("/bin/x")), "step {step}");
            }
        }
    }

    #[test]
    fn damage_that_is_found_late_costs_this_run_its_memory_and_no_more() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(FORM.file);
        fill(dir.path());
        let mut bytes = fs::read(&path).unwrap();
        bytes[6 * 4096..].fill(0xee);
        fs::write(&path, bytes).unwrap();
        let (ledger, warnings) = Ledger::open(dir.path());
        assert!(warnings.is_empty());
        assert!((0..200).any(|n| ledger.tool(&key(&n.to_string())).is_none()));
        ledger.commit(Batch::default());
        assert_eq!(ledger.take_warnings().len(), 1);
        drop(ledger);
        assert_eq!(Ledger::open(dir.path()).1.len(), 1);
        fill(dir.path());
    }

    #[test]
    fn a_damaged_row_is_a_miss_and_is_removed() {
        let dir = tempfile::tempdir().unwrap();
        fill(dir.path());
        let (ledger, _) = Ledger::open(dir.path());
        let database = ledger.database.as_ref().unwrap();
        let damage = "UPDATE tools SET row = CAST(x'01' || row AS BLOB) WHERE key = ?1";
        database.write(|transaction| transaction.execute(damage, [key("7").bytes()]));
        assert_eq!(ledger.tool(&key("7")), None);
        let count = database.read(|connection| {
            connection.query_row("SELECT count(*) FROM tools", [], |row| row.get::<_, i64>(0))
        });
        assert_eq!(count, Some(199));
        assert!(ledger.take_warnings().is_empty());
    }

    #[test]
    fn a_place_where_nothing_can_be_written_means_memory_for_this_run() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("file");
        fs::write(&file, "").unwrap();
        let (ledger, warnings) = Ledger::open(&file.join("cache"));
        assert_eq!(warnings.len(), 1);
        ledger.commit(Batch { tools: vec![(key("a"), tool("/x"))], ..Batch::default() });
        assert_eq!(ledger.tool(&key("a")), Some(tool("/x")));
    }

    #[test]
    fn shapes_keep_the_latest_eight_sets_and_no_set_twice() {
        let dir = tempfile::tempdir().unwrap();
        let (ledger, _) = Ledger::open(dir.path());
        for n in [0, 1, 2, 3, 4, 5, 6, 7, 8, 3] {
            let shapes = vec![(key("s"), vec![n.to_string()])];
            ledger.commit(Batch { shapes, ..Batch::default() });
        }
        let sets: Vec<String> = ledger.shape(&key("s")).concat();
        assert_eq!(sets, ["3", "8", "7", "6", "5", "4", "2", "1"]);
    }

    #[test]
    fn stat_data_come_back_for_their_workspace_and_go_when_the_file_is_gone() {
        let dir = tempfile::tempdir().unwrap();
        let (ledger, _) = Ledger::open(dir.path());
        let stat = FileStat { dev: 1, ino: 2, size: 3, mtime_ns: -4, ctime_ns: 5, mode: 6 };
        let known = Some(Known { stat, digest: key("x"), racy: true });
        let root = Path::new("/w");
        let rows = ["/usr/x.h", "/w/a.c"].map(|path| StatRow { path: path.into(), known });
        ledger.save_stats(root, &rows);
        assert_eq!(ledger.load_stats(root), rows);
        assert!(ledger.load_stats(Path::new("/v")).is_empty());
        ledger.save_stats(root, &[StatRow { path: "/w/a.c".into(), known: None }]);
        assert_eq!(ledger.load_stats(root), rows[..1]);
    }

    #[test]
    fn many_threads_and_two_openings_read_and_write_at_once() {
        let dir = tempfile::tempdir().unwrap();
        let ledgers = [Ledger::open(dir.path()).0, Ledger::open(dir.path()).0];
        std::thread::scope(|scope| {
            for thread in 0..8 {
                let ledger = &ledgers[thread % 2];
                scope.spawn(move || {
                    for n in 0..20 {
                        let key = key(&format!("{thread} {n}"));
                        let tools = vec![(key, tool("/x"))];
                        ledger.commit(Batch { tools, ..Batch::default() });
                        assert!(ledger.tool(&key).is_some());
                    }
                });
            }
        });
        assert!(ledgers.iter().all(|ledger| ledger.take_warnings().is_empty()));
    }
}
