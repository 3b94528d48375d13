//! The example workspaces, run as their readers would. `UPDATE=1` rewrites what is expected.

use crate::support::{Workspace, workspace};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(name)
}

/// A copy of the example without what it was built into.
fn copy(name: &str) -> Workspace {
    let ws = workspace("");
    let from = folder(name);
    let entries = walkdir::WalkDir::new(&from).into_iter();
    for entry in entries.filter_entry(|entry| entry.file_name() != "eng-out") {
        let entry = entry.expect("list the example");
        let path = entry.path().strip_prefix(&from).expect("a path below the example");
        if entry.file_type().is_file() {
            let text = fs::read_to_string(entry.path()).expect("read a file of the example");
            ws.write(path.to_str().expect("a path in UTF-8"), &text);
        }
    }
    ws
}

/// The same without its `BUILD.ron` files.
pub fn copy_without_builds(name: &str) -> Workspace {
    let ws = copy(name);
    for entry in walkdir::WalkDir::new(ws.root()) {
        let entry = entry.expect("list the copy");
        if entry.file_name() == "BUILD.ron" {
            fs::remove_file(entry.path()).expect("remove a file of the copy");
        }
    }
    ws
}

/// Tests the example twice, builds it, and compares what its programs print.
#[track_caller]
fn works(name: &str, programs: &[(&str, &str)]) {
    let ws = copy(name);
    let first = ws.eng(&["test"]).expect(0).plain(&ws);
    let golden = folder(name).join("expected.txt");
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&golden, &first).expect("write what is expected");
    }
    assert_eq!(first, fs::read_to_string(&golden).expect("read what is expected"));
    ws.test(&[]).ran(&[]).tells(": 0 ran, ");
    ws.build(&[]);
    for (program, printed) in programs {
        let output = Command::new(ws.root().join("eng-out/bin").join(program)).output();
        let output = output.expect("start a program of the example");
        assert!(output.status.success(), "{program}: {}", output.status);
        assert_eq!(String::from_utf8_lossy(&output.stdout), *printed, "{program}");
    }
}

#[test]
fn hello_c_works() {
    works("hello_c", &[("hello", "Hello, world!\n")]);
}

#[test]
fn hello_rust_works() {
    works("hello_rust", &[("hello", "HELLO!\n")]);
}

#[test]
fn mixed_works() {
    works("mixed", &[("app/lamp", "red and green are yellow\n")]);
}

#[test]
fn calc_works() {
    works("calc", &[("sums/bill", "12 + 30 = 42\n100 - 1 = 99\n")]);
}

#[test]
fn a_changed_compiler_of_calc_runs_again_but_an_equal_program_is_not_tested_again() {
    let ws = copy("calc");
    ws.test(&[]);
    let compiler = ws.read("compiler/main.rs");
    ws.write("compiler/main.rs", &compiler.replace("<stdio.h>", "\\\"stdio.h\\\""));
    ws.test(&[])
        .ran(&[
            "compile compiler/calcc",
            "compile sums/_obj/sums_test/sums.c",
            "translate sums/sums.calc",
        ])
        .tells("PASS  //sums:sums_test  3 cases  (cached)");
}

#[test]
fn a_sum_that_is_wrong_fails_as_a_case() {
    let ws = copy("calc");
    ws.write("sums/sums.calc", "1 + 1 = 2\n1 + 1 = 3\n");
    ws.eng(&["test", "//sums/..."]).expect(3).tells("cases: 1 passed, 1 failed");
}

#[test]
fn a_line_that_calc_does_not_understand_is_told_with_its_place() {
    let ws = copy("calc");
    ws.write("sums/bill.calc", "1 + 1\n1 * 1\n");
    ws.eng(&["build", "//sums:bill"])
        .expect(1)
        .tells("sums/bill.calc:2: '*' stands where + or - belongs");
}

#[test]
fn eng_tests_its_own_parts() {
    let ws = workspace("");
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let files =
        ["BUILD.ron", "tests/dispatcher_test.c", "rules/cc/BUILD.ron", "rules/rust/BUILD.ron"];
    let sources = ["rules/cc/eng_test.h", "rules/cc/eng_test_main.c", "rules/cc/gcov_lcov.c"];
    for path in files.into_iter().chain(sources) {
        ws.write(path, &fs::read_to_string(root.join(path)).expect("read a file of eng"));
    }
    ws.test(&[]).tells("PASS  //:dispatcher_test  7 cases, 1 skipped");
    ws.eng(&["build", "--all"]).expect(0).tells("eng-out/bin/rules/cc/libeng_test.a");
}
