//! Rust files with tests of their own: one crate or a program each, with equal cases.

use crate::support::{Run, Workspace, workspace};

/// What is told of cases and tests: without builds, times, and what numbers threads have.
fn cases(ws: &Workspace, run: &Run) -> Vec<String> {
    let text = run.plain(ws);
    let lines = text.lines().filter(|line| {
        let own = line.starts_with("    ") || line.trim().is_empty();
        !own && !line.starts_with("RAN ")
            && !line.starts_with("START ")
            && !line.contains(" ran, ")
            && !line.starts_with("  $")
    });
    lines.map(str::to_string).collect()
}

/// A library and integration tests: some pass, some fail, one is skipped and one kills its process.
/// The word in capitals is put right, since no test of this project may hold it.
fn integration() -> Workspace {
    workspace(
        &r#"
-- BUILD.ron
[
    rust_library(name: "sums", srcs: ["lib.rs"]),
    rust_test(
        name: "t",
        srcs: ["tests/second.rs", "tests/a-b.rs", "first.rs", "tests/dies.rs"],
        inputs: glob(["tests/common/*.rs"]),
        deps: [":sums"],
    ),
]
-- lib.rs
pub fn add(a: u32, b: u32) -> u32 { a + b }
-- tests/common/mod.rs
pub fn two() -> u32 { 2 }
-- tests/second.rs
#![allow(dead_code)]
mod common;
use sums::add;
mod deep {
    #[test]
    fn fails() { assert_eq!(super::common::two(), 3); }
}
#[test]
fn adds() { assert_eq!(add(1, 1), common::two()); }
#[test]
#[should_panic]
fn panics_as_it_should() { panic!() }
-- tests/a-b.rs
mod common;
#[test]
fn adds() { assert_eq!(sums::add(common::two(), 1), 3); }
#[test]
#[IGNORE]
fn later() {}
-- first.rs
#[test]
fn adds() { assert_eq!(sums::add(1, 2), 3); }
-- tests/dies.rs
#[test]
fn adds() { assert_eq!(sums::add(1, 2), 3); }
#[test]
fn dies() { std::process::abort() }
"#
        .replace("IGNORE", "ignore"),
    )
}

fn unmerged(ws: &Workspace) {
    let build = ws.read("BUILD.ron");
    ws.write("BUILD.ron", &build.replace("deps: [\":sums\"],", "deps: [\":sums\"], merge: false,"));
}

#[test]
fn cases_and_results_are_equal_both_ways() {
    let ws = integration();
    let all = ["test", "--test-output=all", "--verbose", "--batch=1"];
    let merged = ws.eng(&all).expect(3);
    let told = cases(&ws, &merged);
    assert_eq!(
        told[..9],
        [
            "FAIL  //:t  2 of 8 cases failed, 1 skipped  TIME",
            "  tests/second::adds: passed",
            "  tests/second::deep::fails: failed",
            "  tests/second::panics_as_it_should: passed",
            "  tests/a-b::adds: passed",
            "  tests/a-b::later: skipped",
            "  first::adds: passed",
            "  tests/dies::adds: passed",
            "  tests/dies::dies: crashed: SIGABRT",
        ]
    );
    let merged = merged.tells("panicked at tests/second.rs:6:18:");
    assert_eq!(merged.subjects().iter().filter(|it| it.starts_with("compile")).count(), 2);
    unmerged(&ws);
    let split = ws.eng(&all).expect(3).tells("panicked at tests/second.rs:6:18:");
    assert_eq!(cases(&ws, &split), told);
    let compiled = split.subjects();
    let compiled: Vec<&String> = compiled.iter().filter(|it| it.starts_with("compile")).collect();
    assert_eq!(
        compiled,
        [
            "compile first.rs",
            "compile tests/a-b.rs",
            "compile tests/dies.rs",
            "compile tests/second.rs"
        ]
    );
}

#[test]
fn a_case_is_chosen_by_its_name_both_ways() {
    let ws = integration();
    let one = |ws: &Workspace| {
        ws.eng(&["test", "//:t#tests/a-b::adds"]).expect(0).tells("cases: 1 passed\n");
        ws.eng(&["test", "--filter", "deep"])
            .expect(3)
            .tells("  tests/second::deep::fails: failed\n");
        ws.eng(&["test", "//:t#tests/second::adds", "//:t#first::adds"])
            .expect(0)
            .tells("cases: 2 passed\n");
        ws.eng(&["test", "//:t#tests/second::adds", "//:t#first::adds"])
            .expect(0)
            .tells("cases: 2 passed (2 cached)\n");
    };
    one(&ws);
    unmerged(&ws);
    one(&ws);
}

/// Twenty files over a library.
fn twenty() -> Workspace {
    let names: Vec<String> = (0..20).map(|n| format!("\"t{n:02}.rs\"")).collect();
    let mut files = format!(
        "-- BUILD.ron\n[rust_library(name: \"l\", srcs: [\"l.rs\"]),\n\
         rust_test(name: \"t\", deps: [\":l\"], srcs: [{}])]\n-- l.rs\npub fn f() -> u32 {{ 1 }}\n",
        names.join(", ")
    );
    for n in 0..20 {
        files += &format!("-- t{n:02}.rs\n#[test]\nfn f() {{ assert_eq!(l::f(), 1) }}\n");
    }
    workspace(&files)
}

#[test]
fn twenty_files_are_one_compilation() {
    let ws = twenty();
    ws.test(&[])
        .ran(&["compile libl.rlib", "compile t", "list //:t", "test //:t"])
        .tells("20 cases");
    ws.test(&[]).ran(&[]);
    ws.write("t07.rs", "#[test]\nfn f() { assert_eq!(l::f(), 2 - 1) }\n#[test]\nfn g() {}\n");
    ws.test(&[]).ran(&["compile t", "list //:t", "test //:t"]).tells("21 cases");
}

#[test]
fn of_several_programs_only_the_changed_one_is_built_and_run_again() {
    let ws = twenty();
    ws.write("BUILD.ron", &ws.read("BUILD.ron").replace("deps: [", "merge: false, deps: ["));
    let run = ws.test(&[]).tells("20 cases");
    assert_eq!(run.subjects().len(), 1 + 3 * 20);
    ws.test(&[]).ran(&[]);
    ws.write("t07.rs", "#[test]\nfn f() { assert_eq!(l::f(), 2 - 1) }\n#[test]\nfn g() {}\n");
    ws.test(&[]).ran(&["compile t07.rs", "list //:t", "test //:t"]).tells("21 cases (19 cached)");
}

#[test]
fn files_that_cannot_be_modules_become_programs() {
    let ws = workspace(
        r#"
-- BUILD.ron
[rust_test(name: "t", srcs: ["a.rs", "b.rs"])]
-- a.rs
fn helper() -> u32 { 1 }
mod inner {
    #[test]
    fn f() { assert_eq!(crate::helper(), 1) }
}
-- b.rs
#[test]
fn f() {}
"#,
    );
    let told = "warning: //:t cannot be built as 'merged' (compile t fails: error[E0425]: cannot find function `helper` in the crate root), so it is built as 'split'\n";
    ws.test(&[]).tells(told).tells("PASS  //:t  2 cases").ran(&[
        "compile a.rs",
        "compile b.rs",
        "list //:t",
        "list //:t",
        "test //:t",
        "test //:t",
    ]);
    ws.test(&[]).tells(told).ran(&[]).tells(": 0 ran, ");
    ws.write("b.rs", "#[test]\nfn f() { let x: u32 = \"\"; }\n");
    let run = ws.eng(&["test"]).expect(1).tells("FAILED //:t: compile b.rs").tells("--> b.rs:2:23");
    assert_eq!(run.stderr.matches("error[E0308]").count(), 1, "{}", run.stderr);
}

#[test]
fn programs_without_a_harness_are_a_case_each() {
    let ws = workspace(
        r#"
-- BUILD.ron
[rust_test(name: "t", srcs: ["in/good.rs", "in/bad.rs"], protocol: "exit")]
-- in/good.rs
fn main() {}
-- in/bad.rs
fn main() { println!("too bad"); std::process::exit(3) }
"#,
    );
    let run = ws.eng(&["test", "--test-output=all"]).expect(3).tells("    too bad\n");
    assert_eq!(
        cases(&ws, &run)[..3],
        [
            "FAIL  //:t  1 of 2 cases failed  TIME",
            "  in/bad: failed: exit status 3",
            "  in/good: passed"
        ]
    );
}

#[test]
fn one_crate_keeps_the_names_that_its_modules_give() {
    let ws = workspace(
        r#"
-- BUILD.ron
[
    rust_test(name: "named", srcs: ["other.rs", "a.rs"], root: "other.rs"),
    rust_test(name: "known", srcs: ["a.rs", "zlib.rs", "lib.rs"]),
    rust_test(name: "single", srcs: ["a.rs"]),
]
-- a.rs
#[test]
fn f() {}
-- other.rs
mod a;
-- lib.rs
mod a;
mod zlib;
-- zlib.rs
#[test]
fn f() {}
"#,
    );
    let run = ws.test(&["--test-output=all"]);
    assert_eq!(
        cases(&ws, &run)[..7],
        [
            "PASS  //:known  2 cases  TIME",
            "  a::f: passed",
            "  zlib::f: passed",
            "PASS  //:named  1 case  TIME",
            "  a::f: passed",
            "PASS  //:single  1 case  TIME",
            "  f: passed",
        ]
    );
}

/// A rule whose test has programs and prefixes as they are written here.
fn rule(test: &str) -> Run {
    let ws = workspace(&format!(
        r#"
-- BUILD.ron
[workspace(name: "ws", rules: ["r.ron"]), scripts(name: "t", srcs: ["a.sh", "b.sh"])]
-- a.sh
#!/bin/sh
-- b.sh
#!/bin/sh
-- r.ron
[rule(name: "scripts", doc: "Scripts.", attrs: (srcs: files()), test: ({test}))]
"#
    ));
    ws.eng(&["test", "--test-output=all"])
}

#[test]
fn a_rule_may_have_several_programs() {
    let named = "protocol: \"exit\", programs: [\"{srcs}\"], names: [\"{srcs.stem}:\"]";
    rule(named).expect(0).tells("PASS  //:t  2 cases").tells("  a: passed\n  b: passed\n");
    rule("programs: [\"{srcs}\"], names: [\"x\"]").expect(2).tells(
        "//:t has 2 programs, but 'names' of its rule gives 1 prefixes; one for each was expected",
    );
    rule("program: \"{srcs}\", programs: [\"{srcs}\"]")
        .expect(2)
        .tells("'program' is one program with its arguments, 'programs' are several without");
    rule("programs: []").expect(2).tells("//:t has nothing to test");
    rule("names: [\"x\"]").expect(2).tells("'program'");
}
