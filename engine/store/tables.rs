//! The tables of the ledger and the statements that read and write them.

use super::opening::Form;

/// The statements for a table of rows by key.
pub struct Table {
    /// Gives the row of a key.
    pub find: &'static str,
    /// Puts a row under a key.
    pub put: &'static str,
    /// Removes a row. It names the row too: somebody may have put a good one there meanwhile.
    pub drop: &'static str,
}

macro_rules! table {
    ($name:literal) => {
        Table {
            find: concat!("SELECT row FROM ", $name, " WHERE key = ?1"),
            put: concat!("INSERT OR REPLACE INTO ", $name, " (key, row) VALUES (?1, ?2)"),
            drop: concat!("DELETE FROM ", $name, " WHERE key = ?1 AND row = ?2"),
        }
    };
}

/// Results by key.
pub const RESULTS: Table = table!("results");
/// Sets of used inputs by shape.
pub const SHAPES: Table = table!("shapes");
/// Results of cases by key.
pub const CASES: Table = table!("cases");
/// Tools by request.
pub const TOOLS: Table = table!("tools");
/// What an action was made of last.
pub const LAST: Table = table!("last");
/// Gives a text by its digest.
pub const FIND_TEXT: &str = "SELECT text FROM texts WHERE digest = ?1";
/// Keeps a text. What stands there is the same, or damaged.
pub const PUT_TEXT: &str = "INSERT OR IGNORE INTO texts (digest, text) VALUES (?1, ?2)";
/// Removes a damaged text.
pub const DROP_TEXT: &str = "DELETE FROM texts WHERE digest = ?1 AND text = ?2";
/// Stat data of a workspace.
pub const FIND_STATS: &str = "SELECT path, row FROM stats WHERE root = ?1";
/// Stat data of one file.
pub const PUT_STAT: &str = "INSERT OR REPLACE INTO stats (root, path, row) VALUES (?1, ?2, ?3)";
/// Of a file that is gone.
pub const DROP_STAT: &str = "DELETE FROM stats WHERE root = ?1 AND path = ?2";

/// The file that holds the ledger.
pub const FORM: Form = Form {
    file: "ledger-v2.db",
    name: "the ledger",
    version: 2,
    schema: include_str!("schema.sql"),
    older: None,
    probes: &[RESULTS.drop, SHAPES.drop, CASES.drop, TOOLS.drop, LAST.drop, PUT_STAT, PUT_TEXT],
};
