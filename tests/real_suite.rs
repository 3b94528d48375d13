//! A monorepo of small C libraries, each with a test of eight cases, in three protocols.

use crate::real::{count, done};
use crate::support::{Workspace, workspace};
use std::env;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

const CASES: usize = 8;

/// The number of packages. ENG_BENCH_PACKAGES=454 takes the size that the promises are about.
fn packages() -> usize {
    let asked = env::var("ENG_BENCH_PACKAGES").ok();
    asked.map_or(40, |text| text.parse().expect("ENG_BENCH_PACKAGES is a number"))
}

/// The generator of the benchmarks, where there is one.
fn generator() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/bench/gen.py");
    let path = env::var_os("ENG_BENCH_GEN").map_or(beside, PathBuf::from);
    path.exists().then_some(path)
}

fn suite(packages: usize, attributes: &str, split: bool) -> Workspace {
    let ws = workspace("");
    let Some(generator) = generator() else {
        write_suite(&ws, packages, attributes, split);
        return ws;
    };
    let mut python = Command::new("python3");
    python.arg(generator).arg("suite").arg(ws.root()).args(["--engines", "eng"]);
    python.arg("--packages").arg(packages.to_string());
    python.arg("--cases").arg(CASES.to_string());
    if !attributes.is_empty() {
        python.arg("--eng-test-attrs").arg(attributes);
    }
    if split {
        python.arg("--split-tests");
    }
    done(&mut python).expect("generate a suite");
    ws
}

/// A suite of the same shape: package n uses up to three of those before it.
fn write_suite(ws: &Workspace, packages: usize, attributes: &str, split: bool) {
    ws.write("base/BUILD.ron", "[cc_library(name: \"base\", hdrs: [\"base.h\"])]");
    ws.write("base/base.h", "#define BASE_REV 0\n");
    for n in 0..packages {
        let below: Vec<usize> = (1..=n % 4).filter_map(|step| n.checked_sub(step * 7)).collect();
        let mut deps = String::from("\"//base\"");
        let mut calls = String::new();
        let mut source = format!("#include \"p{n}/p{n}.h\"\n");
        for dep in below {
            write!(deps, ", \"//p{dep}\"").expect("write to a string");
            write!(calls, " + p{dep}_sum(x)").expect("write to a string");
            writeln!(source, "#include \"p{dep}/p{dep}.h\"").expect("write to a string");
        }
        let header = format!("#include \"base/base.h\"\nint p{n}_sum(int x);\n");
        ws.write(&format!("p{n}/p{n}.h"), &header);
        let sum = format!("{source}int p{n}_sum(int x) {{ return x + BASE_REV{calls}; }}\n");
        ws.write(&format!("p{n}/sum.c"), &sum);
        let files = if split { split_tests(ws, n) } else { one_test(ws, n) };
        let more = if attributes.is_empty() { "" } else { ", " };
        let build = format!(
            "[\n    cc_library(name: \"p{n}\", srcs: [\"sum.c\"], hdrs: [\"p{n}.h\"], deps: [{deps}]),\n    \
            cc_test(name: \"p{n}_test\", srcs: [{files}], deps: [\":p{n}\"]{more}{attributes}),\n]\n"
        );
        ws.write(&format!("p{n}/BUILD.ron"), &build);
    }
}

fn split_tests(ws: &Workspace, n: usize) -> String {
    for case in 0..CASES {
        let text = format!(
            "#include <eng_test.h>\n#include \"p{n}/p{n}.h\"\n\
            TEST(p{n}_case_{case}) {{ CHECK(p{n}_sum({case}) >= {case}); }}\n"
        );
        ws.write(&format!("p{n}/t{case}.c"), &text);
    }
    (0..CASES).map(|case| format!("\"t{case}.c\"")).collect::<Vec<_>>().join(", ")
}

fn one_test(ws: &Workspace, n: usize) -> String {
    let text = format!(
        "#include <stdio.h>\n#include \"p{n}/p{n}.h\"\nint main(void) {{\n    int failed = 0;\n    \
        puts(\"1..{CASES}\");\n    for (int x = 0; x < {CASES}; x++) {{\n        \
        int ok = p{n}_sum(x) >= x;\n        failed += !ok;\n        \
        printf(\"%s %d - p{n}_case_%d\\n\", ok ? \"ok\" : \"not ok\", x + 1, x);\n    }}\n    \
        return failed != 0;\n}}\n"
    );
    ws.write(&format!("p{n}/t.c"), &text);
    "\"t.c\"".to_string()
}

/// Each test is one process, all of `cases` are told, and nothing of it happens twice.
#[track_caller]
fn passes_once(ws: &Workspace, cases: usize) {
    let tests = packages();
    let first = ws.test(&[]);
    assert_eq!(count(&first, "test"), tests, "test processes");
    assert_eq!(count(&first, "link"), tests);
    first.tells(&format!("tests: {tests} passed\ncases: {cases} passed\n"));
    ws.test(&[]).ran(&[]).tells(&format!(
        "tests: {tests} passed ({tests} cached)\ncases: {cases} passed ({cases} cached)\n"
    ));
}

#[test]
fn a_suite_of_programs_has_a_case_a_package() {
    passes_once(&suite(packages(), "", false), packages());
}

#[test]
fn a_suite_that_prints_tap_has_all_of_its_cases() {
    passes_once(&suite(packages(), "protocol: \"tap\"", false), packages() * CASES);
}

#[test]
fn a_suite_with_a_dispatcher_has_all_of_its_cases_in_one_process_a_package() {
    passes_once(&suite(packages(), "protocol: \"eng\"", true), packages() * CASES);
}

/// B7.1.1, B7.1.6: 224 cases pass at each width, and the same is told.
#[track_caller]
fn passes_at_each_width(attributes: &str, split: bool) {
    let ws = suite(28, attributes, split);
    let all = "tests: 28 passed\ncases: 224 passed\n";
    ws.eng(&["test", "--no-cache", "--test-threads=4"]).expect(0).tells(all);
    let told = |threads: &str| {
        let run = ws.eng(&["test", "--fresh", "--verbose", threads]).expect(0);
        assert_eq!(count(&run, "test"), 28, "test processes");
        let plain = run.tells(all).plain(&ws);
        plain.lines().filter(|line| line.starts_with("PASS")).collect::<Vec<_>>().join("\n")
    };
    let one = told("--test-threads=1");
    for threads in ["--test-threads=2", "--test-threads=4", "--test-threads=8"] {
        assert_eq!(one, told(threads), "{threads}");
    }
}

#[test]
fn a_suite_of_224_cases_tells_the_same_at_each_width() {
    passes_at_each_width("protocol: \"tap\"", false);
}

#[test]
fn a_suite_of_224_cases_in_files_of_their_own_tells_the_same_at_each_width() {
    passes_at_each_width("protocol: \"eng\"", true);
}
