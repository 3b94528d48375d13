//! How a SQLite file is opened or made, checked, and put aside when it is not what we wrote.

use super::error::quoted;
use super::upgrade::{self, Older};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags, TransactionBehavior};
use rustix::fs::{FlockOperation, flock};
use std::ffi::OsString;
use std::fs::{self, DirBuilder, File};
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// Marks our files.
const MAGIC: i32 = i32::from_be_bytes(*b"engq");
/// Older libraries could damage a file when a write and a checkpoint met.
const OLDEST_LIBRARY: i32 = 3_051_003;
const BUSY: Duration = Duration::from_secs(10);
/// File systems of this host, where processes share memory: Linux' numbers of ext, xfs, btrfs,
/// tmpfs, ramfs, overlay, zfs, f2fs, bcachefs. Elsewhere there is no write-ahead log.
const LOCAL: [u32; 9] = [
    0xef53,
    0x5846_5342,
    0x9123_683e,
    0x0102_1994,
    0x8584_58f6,
    0x794c_7630,
    0x2fc1_2fc1,
    0xf2f5_2010,
    0xca45_1a4e,
];

/// What a database is to look like.
pub(super) struct Form {
    /// Name of its file, which carries the version.
    pub file: &'static str,
    /// What users call it.
    pub name: &'static str,
    /// Version of the schema.
    pub version: i32,
    /// Statements that make the tables.
    pub schema: &'static str,
    /// What an earlier eng has kept, if that is taken over when the file is made.
    pub older: Option<Older>,
    /// Statements that can be prepared only if the tables are as they should be.
    pub probes: &'static [&'static str],
}

/// Why a file cannot be used.
pub(super) enum Fault {
    /// Its content is not what we wrote: put it aside and begin anew.
    Broken(String),
    /// The disk, the permissions, another process, a later eng: leave it alone.
    World(String),
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Fault {
        let text = error.to_string();
        let Some(code) = error.sqlite_error() else { return Fault::Broken(text) };
        match code.code {
            ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => Fault::Broken(text),
            // A plain error is a statement that does not fit the tables.
            ErrorCode::Unknown => Fault::Broken(text),
            _ if code.extended_code == rusqlite::ffi::SQLITE_IOERR_SHORT_READ => {
                Fault::Broken(text)
            }
            _ => Fault::World(text),
        }
    }
}

/// What becomes of a file that is damaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Damaged {
    /// It is put aside and a new one made.
    PutAside,
    /// It stays as it is.
    Stays,
}

/// Opens the file under its lock: exclusive as long as nobody else uses it, since only then it may
/// be put aside, shared from then on.
pub(super) fn open_locked(
    path: &Path,
    form: &Form,
    damaged: Damaged,
    warnings: &mut Vec<String>,
) -> (Option<File>, Result<Connection, Fault>) {
    if rusqlite::version_number() < OLDEST_LIBRARY {
        let why = format!("SQLite {} is too old", rusqlite::version());
        return (None, Err(Fault::World(why)));
    }
    if let Some(dir) = path.parent()
        && let Err(error) = DirBuilder::new().recursive(true).mode(0o700).create(dir)
    {
        return (None, Err(Fault::World(format!("make folder {}: {error}", quoted(dir)))));
    }
    let options = File::options().read(true).write(true).create(true).truncate(false).clone();
    let lock = options.open(beside(path, "-lock")).ok();
    let alone = lock.as_ref().is_some_and(|lock| {
        let alone = flock(lock, FlockOperation::NonBlockingLockExclusive).is_ok();
        if !alone {
            let _ = flock(lock, FlockOperation::LockShared);
        }
        alone
    });
    let mut opened = open_file(path, form, warnings);
    let may_move = alone && damaged == Damaged::PutAside;
    if may_move && let Err(Fault::Broken(why)) = &opened {
        opened = match put_aside(path) {
            Ok(aside) => {
                warnings.push(format!(
                    "{} {} was damaged ({why}); it lies in {}, and a new one is made",
                    form.name,
                    quoted(path),
                    quoted(&aside)
                ));
                open_file(path, form, warnings)
            }
            Err(error) => Err(Fault::World(format!("{why}; putting it aside failed: {error}"))),
        };
    }
    if let Some(lock) = &lock {
        let _ = flock(lock, FlockOperation::LockShared);
    }
    (lock, opened)
}

fn open_file(path: &Path, form: &Form, warnings: &mut Vec<String>) -> Result<Connection, Fault> {
    if beside(path, "-damaged").exists() {
        return Err(Fault::Broken("found in an earlier run".to_string()));
    }
    if let Some(why) = refusal(path) {
        return Err(Fault::World(why));
    }
    if is_cut_off(path) {
        return Err(Fault::Broken("it is shorter than it was written".to_string()));
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
    let mut connection = connect(path, flags)?;
    if is_empty(&connection)? {
        set_journal(&connection, path)?;
        // Nothing is attached within a transaction.
        let older = upgrade::attach(&connection, path, form, warnings)?;
        let mut transaction =
            connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        // Somebody else may have been faster.
        let mut taken = false;
        if is_empty(&transaction)? {
            transaction.execute_batch(form.schema)?;
            transaction.pragma_update(None, "application_id", MAGIC)?;
            transaction.pragma_update(None, "user_version", form.version)?;
            // With the tables or not at all: nobody sees them without what was kept before.
            if let Some(older) = &older {
                taken = upgrade::take_over(&mut transaction, form, older, warnings)?;
            }
        }
        transaction.commit()?;
        if let Some(older) = older {
            upgrade::detach(&connection)?;
            if taken {
                upgrade::remove_unused(&older);
            }
        }
    } else {
        check(&connection, form)?;
        set_journal(&connection, path)?;
    }
    Ok(connection)
}

/// Why the system does not let us read what is there; SQLite would say only that it cannot.
fn refusal(path: &Path) -> Option<String> {
    let refused = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => None,
        _ => Some(error.to_string()),
    };
    match fs::metadata(path) {
        Ok(found) if found.is_dir() => Some("it is a folder".to_string()),
        Ok(found) if !found.is_file() => Some("it is no regular file".to_string()),
        Ok(_) => File::open(path).err().and_then(refused),
        Err(error) => refused(error),
    }
}

/// True if the file has fewer pages than its header says; SQLite itself notices that only when it
/// comes to a page that is not there. With a log the header may be behind, and nothing is said.
/// Source: the database header in SQLite's file format.
fn is_cut_off(path: &Path) -> bool {
    let has_log = fs::metadata(beside(path, "-wal")).is_ok_and(|log| log.len() > 0);
    let mut header = [0; 32];
    let Ok(mut file) = File::open(path) else { return false };
    if has_log || file.read_exact(&mut header).is_err() || !header.starts_with(b"SQLite format 3") {
        return false;
    }
    let page = match u16::from_be_bytes([header[16], header[17]]) {
        1 => 65536,
        size => u64::from(size),
    };
    let pages = u32::from_be_bytes([header[28], header[29], header[30], header[31]]);
    file.metadata().is_ok_and(|found| found.len() < page * u64::from(pages))
}

fn is_empty(connection: &Connection) -> rusqlite::Result<bool> {
    connection.query_row("SELECT count(*) = 0 FROM sqlite_schema", [], |row| row.get(0))
}

fn check(connection: &Connection, form: &Form) -> Result<(), Fault> {
    let number = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i32>(0));
    if number("application_id")? != MAGIC {
        return Err(Fault::Broken("written by another program".to_string()));
    }
    let version = number("user_version")?;
    if version > form.version {
        return Err(Fault::World(format!("a later eng wrote it (form {version})")));
    }
    if version < form.version {
        return Err(Fault::Broken(format!("form {version} is unknown")));
    }
    for probe in form.probes {
        connection.prepare(probe)?;
    }
    Ok(())
}

pub(super) fn connect(path: &Path, flags: OpenFlags) -> Result<Connection, Fault> {
    let connection = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(BUSY)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    connection.execute_batch(
        "PRAGMA trusted_schema = OFF;
         PRAGMA cell_size_check = ON;
         PRAGMA mmap_size = 0;
         PRAGMA temp_store = MEMORY;
         PRAGMA synchronous = NORMAL;
         PRAGMA wal_autocheckpoint = 1000;
         PRAGMA journal_size_limit = 67108864;",
    )?;
    Ok(connection)
}

/// A write-ahead log needs shared memory, which a network does not give.
fn set_journal(connection: &Connection, path: &Path) -> Result<(), Fault> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let kind = rustix::fs::statfs(folder).map(|found| found.f_type as u32);
    let local = kind.is_ok_and(|kind| LOCAL.contains(&kind));
    let mode = if local { "WAL" } else { "DELETE" };
    connection.pragma_update_and_check(None, "journal_mode", mode, |_| Ok(()))?;
    Ok(())
}

/// Opens a file in a place where not even SQLite's own files can be made, such as a read-only disk.
/// Only for a file without log, since nothing would read that.
pub(super) fn frozen(path: &Path, form: &Form) -> Option<Connection> {
    let has_log = fs::metadata(beside(path, "-wal")).is_ok_and(|log| log.len() > 0);
    if has_log || beside(path, "-damaged").exists() || !path.exists() {
        return None;
    }
    let mut uri = String::from("file:");
    for byte in path.as_os_str().as_bytes() {
        match byte {
            b'/' | b'.' | b'-' | b'_' => uri.push(char::from(*byte)),
            byte if byte.is_ascii_alphanumeric() => uri.push(char::from(*byte)),
            byte => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri.push_str("?immutable=1");
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
    let connection = connect(Path::new(&uri), flags).ok()?;
    check(&connection, form).ok()?;
    Some(connection)
}

/// Moves a database with its log and all. The log goes first: left behind alone it would be read
/// into the new file.
fn put_aside(path: &Path) -> io::Result<PathBuf> {
    let folder = path.with_file_name("quarantine");
    DirBuilder::new().recursive(true).mode(0o700).create(&folder)?;
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let mut number = 0;
    let aside = loop {
        let aside = folder.join(format!("{}-{number}", now.as_secs()));
        match fs::create_dir(&aside) {
            Ok(()) => break aside,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => number += 1,
            Err(error) => return Err(error),
        }
    };
    for ending in ["-wal", "-shm", "-journal", "", "-damaged"] {
        let from = beside(path, ending);
        let to = aside.join(from.file_name().unwrap_or_default());
        match fs::rename(&from, to) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(aside)
}

/// The path with something appended to its last name.
pub(super) fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(ending);
    PathBuf::from(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORM: Form = Form {
        file: "test-v1.db",
        name: "the test",
        version: 1,
        schema: "CREATE TABLE t (a INTEGER);",
        older: None,
        probes: &["SELECT a FROM t"],
    };

    fn open(path: &Path) -> (Result<Connection, Fault>, Vec<String>) {
        let mut warnings = Vec::new();
        let (_lock, opened) = open_locked(path, &FORM, Damaged::PutAside, &mut warnings);
        (opened, warnings)
    }

    #[test]
    fn a_new_file_has_the_settings_that_keep_it_whole() {
        let dir = tempfile::tempdir().unwrap();
        let (opened, warnings) = open(&dir.path().join("deep/er/test-v1.db"));
        let Ok(connection) = opened else { panic!("not opened") };
        assert!(warnings.is_empty());
        let ask = |name: &str| {
            let value = connection
                .pragma_query_value(None, name, |row| row.get::<_, rusqlite::types::Value>(0));
            format!("{:?}", value.unwrap())
        };
        assert_eq!(ask("journal_mode"), "Text(\"wal\")");
        for (name, value) in [
            ("application_id", i64::from(MAGIC)),
            ("user_version", 1),
            ("synchronous", 1),
            ("busy_timeout", 10_000),
            ("wal_autocheckpoint", 1000),
            ("journal_size_limit", 64 << 20),
            ("cell_size_check", 1),
            ("trusted_schema", 0),
            ("temp_store", 2),
        ] {
            assert_eq!(ask(name), format!("Integer({value})"), "{name}");
        }
    }

    #[test]
    fn files_of_others_are_put_aside_and_those_of_a_later_eng_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("test-v1.db");
        for change in
            ["PRAGMA application_id = 7", "ALTER TABLE t RENAME TO u", "PRAGMA user_version = 0"]
        {
            let (opened, _) = open(&path);
            assert!(opened.is_ok_and(|it| it.execute_batch(change).is_ok()), "{change}");
            let (opened, warnings) = open(&path);
            assert!(opened.is_ok_and(|it| it.prepare("SELECT a FROM t").is_ok()), "{change}");
            assert_eq!(warnings.len(), 1, "{change}");
        }
        assert_eq!(fs::read_dir(dir.path().join("quarantine")).unwrap().count(), 3);
        let (opened, _) = open(&path);
        assert!(opened.is_ok_and(|it| it.execute_batch("PRAGMA user_version = 2").is_ok()));
        assert!(matches!(open(&path).0, Err(Fault::World(why)) if why.contains("later eng")));
        assert!(frozen(&path, &FORM).is_none());
    }

    #[test]
    fn a_damaged_file_is_not_put_aside_while_another_process_uses_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("test-v1.db");
        let mut warnings = Vec::new();
        let (lock, _) = open_locked(&path, &FORM, Damaged::PutAside, &mut warnings);
        fs::write(beside(&path, "-damaged"), "").unwrap();
        assert!(matches!(open(&path).0, Err(Fault::Broken(_))));
        drop(lock);
        let (opened, warnings) = open(&path);
        assert!(opened.is_ok());
        assert_eq!(warnings.len(), 1);
        assert!(open(&path).1.is_empty());
    }

    #[test]
    fn a_file_on_a_read_only_disk_can_be_read() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a %20?b.db");
        drop(open(&path));
        let connection = frozen(&path, &FORM);
        assert!(connection.is_some_and(|it| it.is_readonly("main").unwrap()));
    }
}
