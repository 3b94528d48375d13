//! googletest from the sources of the distribution, built as a library, and programs that use it.

use crate::real::{append, copy, count, real};
use crate::real_source::source;
use crate::support::Workspace;
use crate::support::golden::golden;

/// The workspace, with the sources at its root.
fn googletest() -> Workspace {
    let ws = real("googletest");
    copy(&source("googletest"), ws.root());
    ws
}

/// Runs a test and compares what is told, and the exit code.
#[track_caller]
fn tells(ws: &Workspace, name: &str) {
    let output = if name == "good" { "all" } else { "errors" };
    let run = ws.eng(&["test", &format!("//cases:{name}"), &format!("--test-output={output}")]);
    golden(&format!("googletest/{name}"), &format!("{}exit {}\n", run.plain(ws), run.code));
}

#[test]
fn cases_of_googletest_are_listed_run_and_told() {
    let ws = googletest();
    for name in ["good", "bad", "crash", "hang"] {
        tells(&ws, name);
    }

    // All, one and some of them share their results.
    let last = ["test", "--verbose"];
    ws.eng(&[&last[..], &["//cases:good"]].concat()).expect(0).ran(&[]);
    let one = ws.eng(&["test", "--verbose", "//cases:good#Some/Even.IsEven/1"]).expect(0);
    one.ran(&[]).tells("cases: 1 passed (1 cached)\n");
    append(&ws, "cases/good.cc", "TEST(More, Passes) {}");
    let edited = ws.test(&["//cases:good"]);
    assert_eq!(count(&edited, "compile"), 1);
    edited.tells("PASS  //cases:good  12 cases, 2 skipped");

    // A case that failed runs alone by its name.
    ws.eng(&["test", "//cases:bad#Words/Even.IsLong/0"])
        .expect(3)
        .tells("  Words/Even.IsLong/0: failed\n")
        .tells("cases: 0 passed, 1 failed\n");
}
