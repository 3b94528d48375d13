//! A database in use: look-ups and changes from many threads, and what becomes of them when the
//! file turns out to be damaged or the disk full. It does not know the tables, and fails no build.

use super::error::quoted;
use super::opening::{Damaged, Fault, Form, beside, connect, frozen, open_locked};
use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError, TryLockError};

/// An open database. Look-ups and changes may come from any thread. They answer nothing when the
/// database cannot, and a warning says so once.
pub(super) struct Database {
    /// What users call it, and where it is.
    name: String,
    /// Nothing if the database is in memory; then `writer` is the only connection.
    path: Option<PathBuf>,
    writer: Mutex<Connection>,
    /// For look-ups while `writer` is busy; grows to as many as there are threads.
    readers: Mutex<Vec<Connection>>,
    readable: AtomicBool,
    writable: AtomicBool,
    warnings: Mutex<Vec<String>>,
    /// Shared while the file is in use: SQLite removes its log by name, so a file must not be put
    /// aside while anybody has it open. Let go after the connections, hence last.
    _in_use: Option<File>,
}

impl Database {
    /// Opens or makes a database in a folder. A damaged file is put aside; where nothing can be
    /// written the database is read only, or lives in memory for this run. The error, text for the
    /// user, means that not even memory could be had.
    pub fn open(dir: &Path, form: &Form) -> Result<(Database, Vec<String>), String> {
        let path = dir.join(form.file);
        let mut warnings = Vec::new();
        let why = match Database::over_file(&path, form, Damaged::PutAside, &mut warnings) {
            Ok(database) => {
                if !database.writable.load(Ordering::Relaxed) {
                    warnings.push(format!(
                        "{} cannot be written; what this run learns is not kept",
                        database.name
                    ));
                }
                return Ok((database, warnings));
            }
            Err(Fault::Broken(why) | Fault::World(why)) => why,
        };
        let name = named(form, &path);
        warnings.push(format!("{name} cannot be used: {why}; what this run learns is not kept"));
        let memory = Connection::open_in_memory().and_then(|connection| {
            connection.execute_batch(form.schema)?;
            Ok(connection)
        });
        let memory = memory.map_err(|error| format!("open {} in memory: {error}", form.name))?;
        Ok((Database::over(name, None, memory, true, None), warnings))
    }

    /// Opens a database in a folder for somebody who wants to know what is in it, to whom one in
    /// memory would be a lie. A damaged file stays as it is. The error is text for the user.
    pub fn look_into(dir: &Path, form: &Form) -> Result<Database, String> {
        let path = dir.join(form.file);
        let mut warnings = Vec::new();
        let opened = Database::over_file(&path, form, Damaged::Stays, &mut warnings);
        let opened = opened.map(|it| Database { warnings: Mutex::new(warnings), ..it });
        opened.map_err(|fault| match fault {
            Fault::World(why) => format!("{} cannot be used: {why}", named(form, &path)),
            Fault::Broken(why) => format!(
                "{} is damaged ({why}); the next build or test puts it aside and makes a new one",
                named(form, &path)
            ),
        })
    }

    fn over_file(
        path: &Path,
        form: &Form,
        damaged: Damaged,
        warnings: &mut Vec<String>,
    ) -> Result<Database, Fault> {
        let (lock, opened) = open_locked(path, form, damaged, warnings);
        let writer = opened.or_else(|fault| frozen(path, form).ok_or(fault))?;
        let writable = !writer.is_readonly("main").unwrap_or(true);
        let path = path.to_path_buf();
        Ok(Database::over(named(form, &path), Some(path), writer, writable, lock))
    }

    fn over(
        name: String,
        path: Option<PathBuf>,
        writer: Connection,
        writable: bool,
        lock: Option<File>,
    ) -> Database {
        writer.set_prepared_statement_cache_capacity(32);
        Database {
            name,
            path,
            writer: Mutex::new(writer),
            readers: Mutex::default(),
            readable: AtomicBool::new(true),
            writable: AtomicBool::new(writable),
            warnings: Mutex::default(),
            _in_use: lock,
        }
    }

    /// True if it is in a file, rather than in memory for this run.
    pub fn is_kept(&self) -> bool {
        self.path.is_some()
    }

    /// Looks something up; nothing if the database cannot answer.
    pub fn read<T>(&self, look: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Option<T> {
        if !self.readable.load(Ordering::Relaxed) {
            return None;
        }
        let answer = match (self.writer.try_lock(), &self.path) {
            (Ok(connection), _) => look(&connection).map_err(Fault::from),
            (Err(TryLockError::Poisoned(connection)), _) => {
                look(&connection.into_inner()).map_err(Fault::from)
            }
            (Err(_), None) => {
                let connection = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
                look(&connection).map_err(Fault::from)
            }
            (Err(_), Some(path)) => self.read_beside(path, look),
        };
        answer.map_err(|fault| self.give_up(fault, "read")).ok()
    }

    fn read_beside<T>(
        &self,
        path: &Path,
        look: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, Fault> {
        let readers = || self.readers.lock().unwrap_or_else(PoisonError::into_inner);
        let idle = readers().pop();
        let connection = match idle {
            Some(connection) => connection,
            None => connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?,
        };
        let answer = look(&connection)?;
        readers().push(connection);
        Ok(answer)
    }

    /// Makes a change in one transaction; nothing if it could not be made, and after that no more
    /// is tried in this run.
    pub fn write<T>(&self, change: impl FnOnce(&Transaction) -> rusqlite::Result<T>) -> Option<T> {
        if !self.writable.load(Ordering::Relaxed) {
            return None;
        }
        let mut connection = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let done = connection.transaction_with_behavior(TransactionBehavior::Immediate).and_then(
            |transaction| {
                let res = change(&transaction)?;
                transaction.commit()?;
                Ok(res)
            },
        );
        done.map_err(|error| {
            self.writable.store(false, Ordering::Relaxed);
            self.give_up(error.into(), "written");
        })
        .ok()
    }

    /// What the user should know since the last time.
    pub fn take_warnings(&self) -> Vec<String> {
        std::mem::take(&mut *self.warnings.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn give_up(&self, fault: Fault, done: &str) {
        let name = &self.name;
        let text = match fault {
            Fault::World(why) => {
                format!("{name} could not be {done}: {why}; what this run learns may not be kept")
            }
            Fault::Broken(why) => {
                self.writable.store(false, Ordering::Relaxed);
                if !self.readable.swap(false, Ordering::Relaxed) {
                    return;
                }
                // Others may have the file open, so it is put aside by a later run.
                if let Some(path) = &self.path {
                    let _ = File::create(beside(path, "-damaged"));
                }
                format!(
                    "{name} is damaged ({why}); this run goes on without, the next makes a new one"
                )
            }
        };
        let mut warnings = self.warnings.lock().unwrap_or_else(PoisonError::into_inner);
        if !warnings.contains(&text) {
            warnings.push(text);
        }
    }
}

/// `the history '/home/../history-v3.db'`.
fn named(form: &Form, path: &Path) -> String {
    format!("{} {}", form.name, quoted(path))
}
