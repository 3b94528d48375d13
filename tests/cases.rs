//! Cases of tests: how each protocol tells them, how each is judged, and which are run again.

use crate::support::{Run, Workspace, workspace};
use std::fs;

/// A test of protocol `eng` whose cases note their names in a file when they run.
fn traced(files: &str) -> Workspace {
    let ws = workspace(files);
    let trace = ws.beside("trace").display().to_string();
    ws.write(
        "BUILD.ron",
        &format!(
            "[workspace(name: \"ws\"), cc_test(name: \"t\", srcs: glob([\"*.c\", \"trace.h\"]), \
             protocol: \"eng\", timeout: \"2s\", env: {{\"TRACE\": \"{trace}\"}})]\n"
        ),
    );
    ws.write(
        "trace.h",
        r#"
#include <eng_test.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
static inline void trace(const char *name)
{
    FILE *file = fopen(getenv("TRACE"), "a");
    fprintf(file, "%s\n", name);
    fclose(file);
}
#define CASE(name, body) TEST(name) { trace(#name); body }
"#,
    );
    ws
}

/// The names noted since the last call, in the order of running.
fn noted(ws: &Workspace) -> Vec<String> {
    let path = ws.beside("trace");
    let text = fs::read_to_string(&path).unwrap_or_default();
    let _ = fs::remove_file(&path);
    text.lines().map(str::to_string).collect()
}

/// The line of a test, with its time replaced.
#[track_caller]
fn line_of(ws: &Workspace, run: &Run, label: &str) -> String {
    let text = run.plain(ws);
    let fits = |line: &&str| {
        line.split_whitespace().nth(1) == Some(label) || line.contains(&format!("NOT RUN {label}"))
    };
    text.lines().find(fits).unwrap_or_else(|| panic!("no line of {label} in:\n{text}")).to_string()
}

/// What a script of protocol `exit` or `tap` comes to: its line and the run.
fn script(protocol: &str, body: &str) -> (Workspace, Run) {
    let ws = workspace(&format!(
        "-- BUILD.ron\n[sh_test(name: \"t\", srcs: \"t.sh\", protocol: \"{protocol}\", timeout: \"1s\")]\n\
         -- t.sh\n#!/bin/sh\n{body}\n"
    ));
    let run = ws.eng(&["test"]);
    (ws, run)
}

#[track_caller]
fn check_script(protocol: &str, body: &str, code: i32, line: &str) -> Run {
    let (ws, run) = script(protocol, body);
    let run = run.expect(code);
    assert_eq!(line_of(&ws, &run, "//:t"), line, "of:\n{}", run.stderr);
    run
}

#[test]
fn an_exit_status_is_the_result() {
    check_script("exit", "exit 0", 0, "PASS  //:t  TIME");
    check_script("exit", "echo why; exit 3", 3, "FAIL  //:t  exit status 3  TIME")
        .tells("    why\n")
        .tells("FAILED  //:t (exit status 3)\n");
    check_script("exit", "exit 77", 0, "SKIP  //:t  skipped  TIME");
}

#[test]
fn a_signal_is_named() {
    check_script("exit", "echo last words; kill -SEGV $$", 3, "FAIL  //:t  crashed: SIGSEGV  TIME")
        .tells("    last words\n")
        .tells("CRASHED //:t (segmentation fault, SIGSEGV)");
}

#[test]
fn a_test_that_takes_too_long_is_told_with_what_it_printed() {
    check_script("exit", "echo before; sleep 600", 3, "TIMEOUT //:t  timed out after 1s  TIME")
        .tells("    before\n")
        .tells("TIMEOUT //:t (after 1s)");
}

#[test]
fn tap_tells_cases_with_directives() {
    let body = "echo 1..4; echo ok 1 - a; echo 'not ok 2 - b'; echo '# because'; \
                echo 'ok 3 - c # SKIP no net'; echo 'not ok 4 - d # TODO later'";
    check_script(
        "tap",
        body,
        3,
        "FAIL  //:t  1 of 4 cases failed, 1 skipped, 1 expected failure  TIME",
    )
    .tells("  b: failed\n    # because\n")
    .tells("  d: expected failure: later\n")
    .tells("cases: 1 passed, 1 failed, 1 skipped, 1 expected failure\n");
}

#[test]
fn a_tap_program_that_skips_itself_is_skipped() {
    check_script(
        "tap",
        "echo '1..0 # SKIP no display'",
        0,
        "SKIP  //:t  skipped: no display  TIME",
    );
}

#[test]
fn a_tap_program_with_missing_cases_fails() {
    check_script("tap", "echo 1..3; echo ok 1 - a", 3, "FAIL  //:t  1 of 2 cases failed  TIME")
        .tells("3 cases were planned, 1 were reported");
}

#[test]
fn a_tap_program_that_bails_out_fails() {
    check_script(
        "tap",
        "echo 1..1; echo ok 1 - a; echo 'Bail out! disk'",
        3,
        "FAIL  //:t  1 of 2 cases failed  TIME",
    )
    .tells("the program bailed out: disk");
}

#[test]
fn an_exit_status_against_the_results_is_believed() {
    check_script(
        "tap",
        "echo 1..1; echo ok 1 - a; exit 5",
        3,
        "FAIL  //:t  1 of 2 cases failed  TIME",
    )
    .tells("  the program: crashed: exit status 5\n    1..1\n    ok 1 - a\n");
}

#[test]
fn a_failed_tap_program_is_run_again_though_its_status_was_zero() {
    let (ws, run) = script("tap", "echo 1..1; echo 'not ok 1 - a'");
    run.expect(3);
    ws.eng(&["test", "--verbose"]).expect(3).ran(&["test //:t"]);
}

#[test]
fn cases_are_named_by_file_and_come_in_order() {
    let ws = traced(
        "-- one.c\n#include \"trace.h\"\nCASE(b, CHECK(1);)\nCASE(a, CHECK_EQ(2, 2);)\n\
         -- two.c\n#include \"trace.h\"\nCASE(a, CHECK_EQ(1 + 1, 3);)\nCASE(s, SKIP(\"no net\");)\n",
    );
    let run = ws.eng(&["test", "--test-output=all"]).expect(3);
    assert_eq!(line_of(&ws, &run, "//:t"), "FAIL  //:t  1 of 4 cases failed, 1 skipped  TIME");
    let told: Vec<&str> =
        run.stderr.lines().filter(|line| line.starts_with("  ") && line.contains("::")).collect();
    let expected =
        ["  one::b: passed", "  one::a: passed", "  two::a: failed", "  two::s: skipped: no net"];
    assert_eq!(told[..4], expected, "{}", run.stderr);
    run.tells("two.c:2: CHECK_EQ(1 + 1, 3) failed: 2 is not 3")
        .tells("FAILED  //:t#two::a")
        .tells("rerun: eng test '//:t#two::a'");
    assert_eq!(noted(&ws), ["b", "a", "a", "s"]);
}

const FIVE: &str = "
CASE(c1, CHECK(1);)
CASE(c2, CHECK(1);)
CASE(c3, puts(\"in c3\"); fflush(stdout); DIE)
CASE(c4, CHECK(1);)
CASE(c5, CHECK(1);)
";

/// Five cases of which the third ends its process.
fn five(die: &str) -> Workspace {
    traced(&format!("-- t.c\n#include \"trace.h\"\n#define DIE {die}\n{FIVE}"))
}

#[test]
fn a_case_that_crashes_is_named_and_the_others_get_results() {
    let ws = five("abort();");
    let run = ws.eng(&["test"]).expect(3);
    assert_eq!(line_of(&ws, &run, "//:t"), "FAIL  //:t  1 of 5 cases failed  TIME");
    run.tells("  t::c3: crashed: SIGABRT\n    in c3\n")
        .tells("CRASHED //:t#t::c3 (abort, SIGABRT)")
        .tells("cases: 4 passed, 1 failed\n");
    assert_eq!(noted(&ws), ["c1", "c2", "c3", "c4", "c5"]);
}

#[test]
fn a_case_that_ends_its_process_well_is_named_and_the_others_get_results() {
    let ws = five("exit(0);");
    let run = ws.eng(&["test"]).expect(3);
    assert_eq!(line_of(&ws, &run, "//:t"), "FAIL  //:t  1 of 5 cases failed  TIME");
    run.tells("  t::c3: crashed: exit status 0 before its end\n    in c3\n")
        .tells("cases: 4 passed, 1 failed\n");
}

#[test]
fn a_case_that_ends_its_process_badly_is_named_and_the_others_get_results() {
    let ws = five("_exit(4);");
    ws.eng(&["test"])
        .expect(3)
        .tells("  t::c3: crashed: exit status 4\n    in c3\n")
        .tells("cases: 4 passed, 1 failed\n");
}

#[test]
fn a_case_that_hangs_is_named_and_the_others_get_results() {
    let ws = five("pause();");
    let run = ws.eng(&["test"]).expect(3);
    run.tells("  t::c3: timed out after 2s\n    in c3\n")
        .tells("TIMEOUT //:t#t::c3 (after 2s)")
        .tells("cases: 4 passed, 1 failed\n");
    assert_eq!(noted(&ws), ["c1", "c2", "c3", "c4", "c5"]);
}

#[test]
fn a_timeout_of_the_command_line_holds_in_place_of_the_targets() {
    let ws = five("pause();");
    ws.eng(&["test", "--timeout=1"]).expect(3).tells("  t::c3: timed out after 1s\n");
}

#[test]
fn printed_text_forges_no_result() {
    let ws = traced(
        "-- t.c\n#include \"trace.h\"\n\
         CASE(a, puts(\"start t::a\\nok t::a\\nok t::b\"); fflush(stdout); CHECK(0);)\n\
         CASE(b, puts(\"skip t::b\"); CHECK(0);)\n",
    );
    ws.eng(&["test"]).expect(3).tells("cases: 0 passed, 2 failed\n");
}

#[test]
fn equal_names_in_two_languages_are_told_by_name() {
    let ws = workspace(
        "-- BUILD.ron\n[cc_test(name: \"t\", srcs: [\"x.c\", \"x.cc\"], protocol: \"eng\")]\n\
         -- x.c\n#include <eng_test.h>\nTEST(same) { CHECK(1); }\n\
         -- x.cc\n#include <eng_test.h>\nTEST(same) { CHECK(1); }\n",
    );
    ws.eng(&["test"])
        .expect(3)
        .tells("the case 'x::same' is listed twice; a case is found by its name");
}

const EIGHT: &str = "-- t.c
#include \"trace.h\"
CASE(c0, CHECK(1);)
CASE(c1, CHECK(1);)
CASE(c2, CHECK(1);)
CASE(c3, CHECK(access(getenv(\"TRACE\"), 1) == 0);)
CASE(c4, CHECK(1);)
CASE(c5, CHECK(1);)
CASE(c6, CHECK(1);)
CASE(c7, CHECK(1);)
";

#[test]
fn a_full_run_after_a_filtered_one_runs_only_the_rest() {
    let ws = traced(&EIGHT.replace("access(getenv(\"TRACE\"), 1) == 0", "1"));
    ws.eng(&["test", "--filter", "t::c1", "--filter=t::c5"]).expect(0).tells("2 cases");
    assert_eq!(noted(&ws), ["c1", "c5"]);
    ws.eng(&["test", "//:t#t::c2"]).expect(0).tells("1 case");
    assert_eq!(noted(&ws), ["c2"]);
    ws.eng(&["test"]).expect(0).tells("8 cases (3 cached)");
    assert_eq!(noted(&ws), ["c0", "c3", "c4", "c6", "c7"]);
    ws.eng(&["test"]).expect(0).tells("8 cases  (cached)");
    ws.test(&[]).ran(&[]).tells("8 cases  (cached) from runs 1, 2, 3, ");
}

#[test]
fn only_the_case_that_failed_is_run_again() {
    let ws = traced(EIGHT);
    ws.eng(&["test"]).expect(3).tells("cases: 7 passed, 1 failed\n");
    assert_eq!(noted(&ws).len(), 8);
    let run = ws.eng(&["test", "--verbose"]).expect(3).ran(&["test //:t"]);
    run.tells("cases: 7 passed, 1 failed (7 cached)\n");
    assert_eq!(noted(&ws), ["c3"]);
}

#[test]
fn an_edit_of_the_test_fresh_and_no_cache_run_all_cases_again() {
    let source = EIGHT.replace("access(getenv(\"TRACE\"), 1) == 0", "1");
    let ws = traced(&source);
    ws.test(&[]);
    assert_eq!(noted(&ws).len(), 8);
    ws.test(&["--fresh"]).ran(&["list //:t", "test //:t"]);
    assert_eq!(noted(&ws).len(), 8);
    ws.test(&["--no-cache"]);
    assert_eq!(noted(&ws).len(), 8);
    let edited = source.strip_prefix("-- t.c\n").unwrap_or_default().replace("c7", "c8");
    ws.write("t.c", &edited);
    ws.test(&[]).ran(&["compile t.c", "link t", "list //:t", "test //:t"]);
    assert_eq!(noted(&ws).len(), 8);
    ws.test(&[]).ran(&[]);
}

#[test]
fn what_matches_no_case_or_no_test_is_told() {
    let ws = traced(EIGHT);
    ws.write("lib/BUILD.ron", "[filegroup(name: \"lib\")]\n");
    ws.eng(&["test", "//:t#t::c9"])
        .expect(4)
        .tells("eng: //:t#t::c9 matches no case of //:t; '--filter t::c9' ");
    ws.eng(&["test", "--filter=nothing"])
        .expect(4)
        .tells("eng: --filter nothing matches no case of ");
    ws.eng(&["test", "//lib/..."])
        .expect(4)
        .tells("eng: none of the targets that match is a test: //lib:lib\n");
}

#[test]
fn arguments_reach_the_program_and_are_part_of_the_key() {
    let ws = workspace(
        "-- BUILD.ron\n[sh_test(name: \"t\", srcs: \"t.sh\", args: [\"own\"])]\n\
         -- t.sh\n#!/bin/sh\nprintf '<%s>' \"$@\"\n",
    );
    let all = ["test", "--test-output=all", "--verbose"];
    let with = |more: &[&str]| ws.eng(&[&all[..], more].concat()).expect(0);
    with(&[]).ran(&["test //:t"]).tells("<own>");
    with(&["--test-arg=-x", "--", "--seed", "//:t"])
        .ran(&["test //:t"])
        .tells("<own><-x><--seed><//:t>");
    with(&["--test_arg=-x", "--test-arg=--seed", "--test-arg=//:t"]).ran(&[]);
    with(&[]).ran(&[]);
}

#[test]
fn any_number_of_threads_gives_the_same_text() {
    let mut build = String::from("-- BUILD.ron\n[\n");
    let mut scripts = String::new();
    for number in 0..20 {
        build += &format!("sh_test(name: \"t{number:02}\", srcs: \"t{number:02}.sh\"),\n");
        let ends = if number % 3 == 0 { "echo bad; exit 1" } else { "echo good" };
        scripts += &format!("-- t{number:02}.sh\n#!/bin/sh\n{ends}\n");
    }
    let ws = workspace(&format!("{build}]\n{scripts}"));
    let text = |threads: &str| {
        let run = ws.eng(&["test", "--fresh", "--keep-going", threads]).expect(3);
        run.plain(&ws).replace(threads, "")
    };
    let one = text("--test-threads=1");
    assert!(one.contains("tests: 13 passed, 7 failed\n"), "{one}");
    assert_eq!(one, text("--test-threads=16"));
}

#[test]
fn fail_fast_starts_no_test_after_the_first_failure() {
    let ws = workspace(
        "-- BUILD.ron\n[sh_test(name: \"a\", srcs: \"a.sh\"), sh_test(name: \"b\", srcs: \"b.sh\")]\n\
         -- a.sh\n#!/bin/sh\nexit 1\n-- b.sh\n#!/bin/sh\n",
    );
    let fast = ["test", "--fail-fast", "--test-threads=1", "--verbose"];
    ws.eng(&fast)
        .expect(3)
        .ran(&["test //:a"])
        .tells("tests: 0 passed, 1 failed, 1 not run (//:a failed)\n");
    ws.eng(&["test", "--test-threads=1", "--verbose"]).expect(3).ran(&["test //:a", "test //:b"]);
}

#[test]
fn a_case_is_found_however_its_test_is_named() {
    let ws = workspace(
        r#"
-- BUILD.ron
[alias(name: "second", actual: "//a:t"), test_suite(name: "both", tests: ["//a:t"])]
-- a/BUILD.ron
[cc_test(name: "t", srcs: ["t.c"], protocol: "eng")]
-- a/t.c
#include <eng_test.h>
TEST(one) { CHECK(1); }
TEST(two) { CHECK(1); }
"#,
    );
    for name in ["//a:t", "a/t", "second", "//:both", "a/t.c"] {
        ws.eng(&["test", "--fresh", &format!("{name}#a/t::two")])
            .expect(0)
            .tells("cases: 1 passed");
        ws.eng(&["test", &format!("{name}#none")]).expect(4);
    }
}
