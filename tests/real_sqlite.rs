//! SQLite as this project itself contains it: one file of a quarter of a million lines, and SQL.

use crate::real::{count, real};
use crate::support::Workspace;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The sources, where cargo keeps them.
fn sources() -> PathBuf {
    let mut cargo = Command::new(env!("CARGO"));
    let cargo = cargo.args(["metadata", "--format-version=1", "--locked"]);
    let output = cargo.current_dir(env!("CARGO_MANIFEST_DIR")).output().expect("start cargo");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let told: serde_json::Value = serde_json::from_slice(&output.stdout).expect("read JSON");
    let packages = told["packages"].as_array().expect("a list of packages");
    let own = packages.iter().find(|it| it["name"] == "libsqlite3-sys").expect("our own SQLite");
    let manifest = Path::new(own["manifest_path"].as_str().expect("a path"));
    manifest.with_file_name("sqlite3")
}

fn sqlite() -> Workspace {
    let ws = real("sqlite");
    for name in ["sqlite3.c", "sqlite3.h"] {
        fs::copy(sources().join(name), ws.root().join(name)).expect("copy a source");
    }
    ws
}

#[test]
fn sqlite_is_compiled_once_and_answers_from_the_archive_and_as_a_shared_library() {
    let ws = sqlite();
    let first = ws.test(&[]);
    assert_eq!(first.subjects().iter().filter(|it| *it == "compile sqlite3.c").count(), 1);
    first.tells("PASS  //:sql  6 cases").tells("PASS  //:sql_shared  6 cases");

    // The header alone is read by the tests, and by the library.
    ws.write("sql.c", &ws.read("sql.c").replace("25 ", "26 "));
    let failed = ws.eng(&["test", "--verbose"]).expect(3);
    assert_eq!(count(&failed, "compile"), 2);
    failed.tells("  sql::recursion_counts_primes: failed\n").tells("cases: 10 passed, 2 failed");
}
