//! Several test files as one unit of compilation: equal cases and results both ways, and what is
//! done when they do not fit together.

use crate::support::{Run, Workspace, workspace};
use std::path::Path;
use std::process::Command;

/// Eight files with five cases each: of equal names, with helpers and state of their own, and some
/// that fail, are skipped, or kill their process.
fn eight() -> Workspace {
    let mut files = String::from(
        "-- BUILD.ron\n[workspace(name: \"ws\")]\n\
         -- a/BUILD.ron\n[cc_test(name: \"t\", srcs: glob([\"*.c\"]), protocol: \"eng\")]\n",
    );
    for number in 0..8 {
        let odd = match number {
            2 => "CHECK_EQ(check_positive(prepared) + 1, 0);",
            3 => "SKIP(\"not today\");",
            5 => "puts(\"last words\"); fflush(stdout); abort();",
            7 => "check_positive(-7);",
            _ => "CHECK(1);",
        };
        files += &format!(
            r#"-- a/f{number}.c
#include <eng_test.h>
#include <stdio.h>
#include <stdlib.h>
static int prepared_{number};
#define prepared prepared_{number}
#define check_positive check_positive_{number}
SETUP {{ prepared = {number}; }}
TEARDOWN {{ prepared = -1; }}
static int check_positive(int number) {{ CHECK(number >= 0); return number; }}
TEST(same) {{ CHECK_EQ(prepared, {number}); }}
TEST(odd) {{ {odd} }}
TEST_EACH(value, int, it, 1, 2) {{ CHECK(it != 2 || prepared != 6); }}
TEST(zz_before_aa_{number}) {{ CHECK_EQ(check_positive(prepared), {number}); }}
#undef prepared
#undef check_positive
"#
        );
    }
    workspace(&files)
}

/// Turns merging off or on.
fn merge(ws: &Workspace, on: bool) {
    let build = ws.read("a/BUILD.ron");
    ws.write(
        "a/BUILD.ron",
        &match on {
            true => build.replace(", merge: false", ""),
            false => build.replace("protocol: \"eng\"", "protocol: \"eng\", merge: false"),
        },
    );
}

/// What is told of cases and tests, without how much was built.
fn told(ws: &Workspace, run: &Run) -> String {
    let text = run.plain(ws);
    let lines = text.lines().filter(|line| !line.starts_with("failed in "));
    lines.collect::<Vec<_>>().join("\n")
}

fn list(program: &Path) -> Command {
    let mut command = Command::new(program);
    command.arg("--list");
    command
}

#[test]
fn cases_names_order_and_results_are_equal_both_ways() {
    let ws = eight();
    let all = ["test", "--test-output=all", "--fresh"];
    let merged = ws.eng(&all).expect(3);
    let program = ws.root().join("eng-out/bin/a/t");
    let listing = Run::of(list(&program)).stdout;
    merge(&ws, false);
    let split = ws.eng(&all).expect(3);
    assert_eq!(Run::of(list(&program)).stdout, listing);
    let five = ["same", "odd", "value/0", "value/1", "zz_before_aa_"];
    let name = |file: usize, case: &str| match case.ends_with('_') {
        true => format!("a/f{file}::{case}{file}\n"),
        false => format!("a/f{file}::{case}\n"),
    };
    let expected: String = (0..8).flat_map(|file| five.map(|case| name(file, case))).collect();
    assert_eq!(listing, expected);
    assert_eq!(told(&ws, &merged), told(&ws, &split));
    for text in [
        "  a/f2::odd: failed\n",
        "a/f2.c:11: CHECK_EQ(check_positive(prepared) + 1, 0) failed: 3 is not 0\n",
        "  a/f3::odd: skipped: not today\n",
        "  a/f5::odd: crashed: SIGABRT\n",
        "  a/f6::value/1: failed\n",
        "  a/f7::odd: failed\n",
        "a/f7.c:9: CHECK(number >= 0) failed\n",
        "FAIL  //a:t  4 of 40 cases failed, 1 skipped",
    ] {
        assert!(merged.stderr.contains(text), "'{text}' is not in:\n{}", merged.stderr);
    }
}

#[test]
fn eight_files_are_one_compilation_and_one_link() {
    let ws = eight();
    ws.build(&["//a:t"]).ran(&[
        "archive external/eng/cc/libeng_test.a",
        "compile a/_obj/t/unit.c",
        "compile external/eng/cc/eng_test_main.c",
        "link a/t",
    ]);
    ws.build(&["//a:t"]).ran(&[]);
    ws.write("a/f4.c", &ws.read("a/f4.c").replace("CHECK(1)", "CHECK(prepared == 4)"));
    ws.build(&["//a:t"]).ran(&["compile a/_obj/t/unit.c", "link a/t"]);
    ws.write("a/BUILD.ron", &ws.read("a/BUILD.ron").replace(")]", ", linkopts: [\"-Wl,-O1\"])]"));
    ws.build(&["//a:t"]).ran(&["link a/t"]);
    merge(&ws, false);
    let each = ["f0", "f1", "f2", "f3", "f4", "f5", "f6", "f7"].map(|f| format!("compile a/{f}.c"));
    let each = each.each_ref().map(String::as_str);
    ws.build(&["//a:t"]).ran(&[&each[..], &["link a/t"]].concat());
    merge(&ws, true);
    ws.build(&["//a:t"]).ran(&[]);
}

#[test]
fn a_header_that_the_unit_does_not_read_recompiles_nothing() {
    let ws = workspace(
        r#"
-- BUILD.ron
[
    cc_library(name: "l", hdrs: ["read.h", "other.h"]),
    cc_test(name: "t", srcs: ["a.c", "b.c"], deps: [":l"], protocol: "eng"),
]
-- read.h
-- other.h
-- a.c
#include "read.h"
#include <eng_test.h>
TEST(a) { CHECK(1); }
-- b.c
#include <eng_test.h>
TEST(b) { CHECK(1); }
"#,
    );
    ws.test(&[]);
    ws.write("other.h", "#define OTHER\n");
    ws.test(&[]).ran(&[]);
    ws.write("read.h", "#define READ\n");
    ws.test(&[]).ran(&["compile _obj/t/unit.c"]);
}

#[test]
fn c_and_cpp_are_a_unit_each_and_a_generated_file_is_part_of_it() {
    let ws = workspace(
        r#"
-- BUILD.ron
[
    genrule(name: "g", srcs: ["in/one.c"], outs: ["made/g.c"], cmd: "sed s:near.h:in/near.h: $SRCS > $OUT"),
    cc_test(name: "t", srcs: ["in/one.cc", ":g", "in/one.h", "in/near.h", "in/one.c", "two.cpp"], protocol: "eng"),
]
-- in/near.h
#define NEAR 1
-- in/one.h
#include <eng_test.h>
-- in/one.c
#include "in/one.h"
#include "near.h"
TEST(of_c) { CHECK_EQ(NEAR, 1); }
-- in/one.cc
#include "in/one.h"
#include <string>
TEST(of_cpp) { CHECK_EQ(std::string("a"), "a"); }
TEST_EACH(each, std::string, text, "", std::string(3, 'x')) { CHECK_STR_EQ(text, "xxx"); }
-- two.cpp
#include "in/one.h"
#include <stdexcept>
static int open;
struct Guard {
    Guard() { open++; }
    ~Guard() { open--; }
};
static int number(int of) { Guard guard; CHECK(of > 0); return of; }
TEST(a_check_fails) { CHECK_EQ(number(-1), 1); }
TEST(destructors_ran) { CHECK_EQ(open, 0); }
TEST(what_is_thrown_fails_the_case) { throw std::runtime_error("too bad"); }
"#,
    );
    let build = ws.read("BUILD.ron");
    let all = ["test", "--verbose", "--test-output=all", "--fresh"];
    let merged = ws.eng(&all).expect(3).ran(&[
        "archive external/eng/cc/libeng_test.a",
        "compile _obj/t/unit.c",
        "compile _obj/t/unit.cc",
        "compile external/eng/cc/eng_test_main.c",
        "generate out/made/g.c",
        "link t",
        "list //:t",
        "test //:t",
    ]);
    let cases = |run: &Run| -> Vec<String> {
        let lines = run.stderr.lines();
        lines
            .filter(|line| line.starts_with("  ") && line.contains("::"))
            .map(str::to_string)
            .collect()
    };
    assert_eq!(
        cases(&merged)[..8],
        [
            "  made/g::of_c: passed",
            "  in/one::of_c: passed",
            "  in/one::of_cpp: passed",
            "  in/one::each/0: failed",
            "  in/one::each/1: passed",
            "  two::a_check_fails: failed",
            "  two::destructors_ran: passed",
            "  two::what_is_thrown_fails_the_case: failed",
        ],
        "{}",
        merged.stderr
    );
    let merged = merged.tells("CHECK_STR_EQ(text, \"xxx\") failed: \"\" is not \"xxx\"\n");
    let merged = merged.tells("the case threw: too bad\n");
    ws.write("BUILD.ron", &build.replace("\"eng\")", "\"eng\", merge: false)"));
    assert_eq!(cases(&ws.eng(&all).expect(3)), cases(&merged));
}

/// Two files, each with a helper of the same name.
const ALIKE: &str = r#"
-- BUILD.ron
[cc_test(name: "t", srcs: ["a.c", "b.c"], protocol: "eng")]
-- a.c
#include <eng_test.h>
static int helper(void) { return 1; }
TEST(a) { CHECK_EQ(helper(), 1); }
-- b.c
#include <eng_test.h>
static int helper(void) { return 2; }
TEST(b) { CHECK_EQ(helper(), 2); }
"#;

#[test]
fn files_that_do_not_fit_together_are_compiled_one_by_one() {
    let ws = workspace(ALIKE);
    let told = "warning: //:t cannot be built as 'merged' (compile _obj/t/unit.c fails: ./b.c:2:12: error: redefinition of 'helper'), so it is built as 'split'\n";
    let run = ws.test(&[]).tells(told).tells("PASS  //:t  2 cases").ran(&[
        "archive external/eng/cc/libeng_test.a",
        "compile a.c",
        "compile b.c",
        "compile external/eng/cc/eng_test_main.c",
        "link t",
        "list //:t",
        "test //:t",
    ]);
    assert_eq!(run.stderr.matches(told).count(), 1, "{}", run.stderr);
    assert_eq!(run.stderr.matches("redefinition").count(), 1, "{}", run.stderr);
    ws.test(&[]).ran(&[]).tells(told).tells("PASS  //:t  2 cases  (cached)");
    ws.write("b.c", &ws.read("b.c").replace("2; }", "3; }"));
    ws.eng(&["test", "--verbose"]).expect(3).tells("b.c:3: CHECK_EQ(helper(), 2) failed").ran(&[
        "compile b.c",
        "link t",
        "list //:t",
        "test //:t",
    ]);
    ws.write("b.c", &ws.read("b.c").replace("helper", "other").replace("3; }", "2; }"));
    let run = ws.test(&[]).ran(&["compile _obj/t/unit.c", "link t", "list //:t", "test //:t"]);
    assert!(!run.stderr.contains("warning"), "{}", run.stderr);
}

#[test]
fn without_merging_nothing_is_tried() {
    let ws = workspace(&ALIKE.replace("\"eng\")", "\"eng\", merge: false)"));
    let run = ws.test(&[]).tells(": 7 ran, 0 cached\n");
    assert!(!run.stderr.contains("warning"), "{}", run.stderr);
}

#[test]
fn an_error_is_told_once_with_the_file_that_it_is_in() {
    let ws = workspace(
        &ALIKE.replace("static int helper(void) { return 2; }", "int helper(void);\nint x = y;"),
    );
    let run =
        ws.eng(&["test"]).expect(1).tells("FAILED //:t: compile b.c").tells("b.c:3:9: error: ");
    assert_eq!(run.stderr.matches("error: ").count(), 1, "{}", run.stderr);
}

#[test]
fn a_function_that_only_its_own_macros_declare_is_not_guessed() {
    // In the unit the second file's macro comes too late.
    let ws = workspace(
        r#"
-- BUILD.ron
[cc_test(name: "t", srcs: ["a.c", "b.c"], protocol: "eng", conlyopts: ["-std=c11"])]
-- a.c
#include <eng_test.h>
#include <string.h>
TEST(a) { CHECK_STR_EQ("a", "a"); }
-- b.c
#define _GNU_SOURCE
#include <eng_test.h>
#include <string.h>
TEST(b) { CHECK_STR_EQ(strchrnul("ab", 'b'), "b"); }
"#,
    );
    ws.test(&[]).tells("so it is built as 'split'").tells("PASS  //:t  2 cases");
}

#[test]
fn one_file_is_no_unit() {
    let ws = workspace(&ALIKE.replace("\"a.c\", ", ""));
    ws.build(&["//:t"]).ran(&[
        "archive external/eng/cc/libeng_test.a",
        "compile b.c",
        "compile external/eng/cc/eng_test_main.c",
        "link t",
    ]);
    ws.write("b.c", "int x = y;\n");
    let run = ws.eng(&["test"]).expect(1).tells("b.c:1:9: error: ");
    assert!(!run.stderr.contains("warning"), "{}", run.stderr);
}
