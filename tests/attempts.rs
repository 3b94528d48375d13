//! Further attempts, several runs, random order, limits of a run.

use crate::support::{Run, Workspace, workspace};
use std::fs;

/// A test that fails on its first attempts: a counter outside of the workspace tells which it is.
fn fails_first(times: u32, more: &str) -> Workspace {
    let ws = workspace(
        "-- t.sh\n#!/bin/sh\necho x >> \"$TRACE\"\ntest $(wc -l < \"$TRACE\") -gt $TIMES\n",
    );
    let trace = ws.beside("trace").display().to_string();
    ws.write(
        "BUILD.ron",
        &format!(
            "[workspace(name: \"ws\"), sh_test(name: \"t\", srcs: \"t.sh\", {more} \
             env: {{\"TRACE\": \"{trace}\", \"TIMES\": \"{times}\"}})]\n"
        ),
    );
    ws
}

fn attempts(ws: &Workspace) -> usize {
    let path = ws.beside("trace");
    let text = fs::read_to_string(&path).unwrap_or_default();
    let _ = fs::remove_file(&path);
    text.lines().count()
}

#[test]
fn a_test_that_passes_at_a_further_attempt_is_flaky_and_stays_so() {
    let ws = fails_first(2, "");
    ws.eng(&["test", "--retries=2"])
        .expect(0)
        .tells("FLAKY //:t  passed after 2 failed attempts")
        .tells("tests: 1 passed\ncases: 1 passed, 1 flaky\n");
    assert_eq!(attempts(&ws), 3);
    // Twice, since the first time leaves the record from which the second is told.
    for _ in 0..2 {
        ws.eng(&["test"])
            .expect(0)
            .tells("FLAKY //:t  passed after 2 failed attempts  (cached)")
            .tells("cases: 1 passed, 1 flaky (1 cached)\n");
    }
    assert_eq!(attempts(&ws), 0);
}

#[test]
fn without_retries_a_test_has_one_attempt_and_with_too_few_it_fails() {
    let ws = fails_first(2, "");
    ws.eng(&["test"]).expect(3).tells("FAIL  //:t  ");
    assert_eq!(attempts(&ws), 1);
    ws.eng(&["test", "--retries=1", "--backoff=10ms"]).expect(3).tells("FAIL  //:t  ");
    assert_eq!(attempts(&ws), 2);
}

#[test]
fn a_test_marked_as_flaky_has_three_attempts() {
    for more in ["flaky: true,", "tags: [\"flaky\"],"] {
        let ws = fails_first(2, more);
        ws.eng(&["test"]).expect(0).tells("FLAKY //:t  passed after 2 failed attempts");
        assert_eq!(attempts(&ws), 3);
    }
    let ws = fails_first(2, "flaky: true,");
    ws.eng(&["test", "--flaky_test_attempts=2"]).expect(3);
    assert_eq!(attempts(&ws), 2);
}

/// Eight cases of protocol `eng` that note their names; `body` is what the fourth does.
fn eight(body: &str, more: &str) -> Workspace {
    let ws = workspace("");
    let trace = ws.beside("trace").display().to_string();
    let mut text = String::from(
        "#include <eng_test.h>\n#include <stdio.h>\n#include <stdlib.h>\n#include <unistd.h>\n\
         static void note(const char *name)\n{\n    FILE *file = fopen(getenv(\"TRACE\"), \"a\");\n    \
         fprintf(file, \"%s\\n\", name);\n    fclose(file);\n}\n\
         static int noted(void)\n{\n    int lines = 0, c;\n    FILE *file = fopen(getenv(\"TRACE\"), \"r\");\n    \
         while ((c = getc(file)) != EOF)\n        lines += c == '\\n';\n    fclose(file);\n    return lines;\n}\n",
    );
    for case in 1..=8 {
        let body = if case == 4 { body } else { "(void)noted; CHECK(1);" };
        text.push_str(&format!("TEST(c{case})\n{{\n    note(\"c{case}\");\n    {body}\n}}\n"));
    }
    ws.write("t.c", &text);
    ws.write(
        "BUILD.ron",
        &format!(
            "[workspace(name: \"ws\"), cc_test(name: \"t\", srcs: [\"t.c\"], protocol: \"eng\", {more} \
             env: {{\"TRACE\": \"{trace}\"}})]\n"
        ),
    );
    ws
}

fn noted(ws: &Workspace) -> Vec<String> {
    let path = ws.beside("trace");
    let text = fs::read_to_string(&path).unwrap_or_default();
    let _ = fs::remove_file(&path);
    text.lines().map(str::to_string).collect()
}

/// Processes of tests that `--verbose` tells, listings aside.
fn processes(stderr: &str) -> usize {
    stderr.lines().filter(|line| line.starts_with("RAN") && line.contains(": test //")).count()
}

#[test]
fn only_the_case_that_failed_is_run_again() {
    let ws = eight("CHECK(noted() > 8);", "");
    ws.eng(&["test", "--retries=1"])
        .expect(0)
        .tells("FLAKY //:t  8 cases, 1 flaky")
        .tells("  t::c4: passed after 1 failed attempt\n");
    assert_eq!(noted(&ws), ["c1", "c2", "c3", "c4", "c5", "c6", "c7", "c8", "c4"]);
    ws.eng(&["test"]).expect(0).tells("  t::c4: passed after 1 failed attempt\n");
    assert_eq!(noted(&ws).len(), 0);
}

#[test]
fn a_case_that_fails_only_beside_one_that_crashes_is_told_as_flaky() {
    let ws = eight("CHECK(noted() != 4);", "");
    ws.write(
        "t.c",
        &ws.read("t.c").replacen("    note(\"c6\");\n", "    note(\"c6\");\n    abort();\n", 1),
    );
    ws.eng(&["test"])
        .expect(3)
        .tells("  t::c4: passed after 1 failed attempt\n")
        .tells("  t::c6: crashed: SIGABRT\n")
        .tells("cases: 7 passed, 1 failed, 1 flaky\n");
    let notes = noted(&ws);
    assert_eq!(notes.len(), 9, "{notes:?}");
}

#[test]
fn batches_hold_as_many_cases_as_was_asked_for() {
    let ws = eight("CHECK(1);", "");
    let run = ws.eng(&["test", "--batch=3", "--verbose"]).expect(0).tells("8 cases");
    assert_eq!(processes(&run.stderr), 3);
    let run = ws.eng(&["test", "--batch=1", "--fresh", "--verbose"]).expect(0);
    assert_eq!(processes(&run.stderr), 8);
    // However they were run before, the results are the same.
    let run = ws.eng(&["test", "--batch=5", "--verbose"]).expect(0);
    assert_eq!(processes(&run.stderr), 0);
    ws.eng(&["test", "--batch=0"]).expect(2).tells("--batch is 0; it must be from 1 to 1000000");
}

#[test]
fn a_crash_in_a_batch_leaves_the_others_their_results() {
    let ws = eight("abort();", "");
    ws.eng(&["test", "--batch=5"])
        .expect(3)
        .tells("  t::c4: crashed: SIGABRT\n")
        .tells("cases: 7 passed, 1 failed\n");
}

#[test]
fn shards_of_a_target_share_its_cases() {
    let ws = eight("CHECK(1);", "shards: 3,");
    let run = ws.eng(&["test", "--verbose"]).expect(0).tells("8 cases");
    assert_eq!(processes(&run.stderr), 3);
}

#[test]
fn cases_that_took_long_are_spread_over_processes_the_next_time() {
    let ws = eight("usleep(700 * 1000);", "");
    ws.write(
        "t.c",
        &ws.read("t.c").replace("(void)noted; CHECK(1);", "(void)noted; usleep(100000);"),
    );
    let run = ws.eng(&["test", "--verbose"]).expect(0);
    assert_eq!(processes(&run.stderr), 1);
    let run = ws.eng(&["test", "--fresh", "--verbose"]).expect(0);
    assert!((2..=8).contains(&processes(&run.stderr)), "{}", run.stderr);
}

#[test]
fn everything_runs_several_times_and_a_mixed_result_is_told() {
    let ws = eight("CHECK(noted() > 8);", "");
    ws.eng(&["test"]).expect(3);
    noted(&ws);
    ws.eng(&["test", "--runs=3", "--test-threads=1"])
        .expect(3)
        .tells("  t::c4: failed in 1 of 3 rounds\n")
        .tells("cases: 7 passed, 1 failed\n");
    assert_eq!(noted(&ws).len(), 24);
    // What passed in some rounds only is not remembered as passed.
    ws.eng(&["test"]).expect(3).tells("8 cases");
    assert!(noted(&ws).contains(&"c4".to_string()));
    ws.eng(&["test", "--runs_per_test=2"]).expect(3);
}

#[test]
fn a_random_order_is_repeated_by_its_seed() {
    let ws = eight("CHECK(1);", "");
    ws.eng(&["test", "--shuffle=7"]).expect(0).tells("order: --shuffle=7\n");
    let first = noted(&ws);
    ws.eng(&["test", "--shuffle=7", "--fresh"]).expect(0);
    assert_eq!(noted(&ws), first);
    let mut sorted = first.clone();
    sorted.sort();
    assert_ne!(first, sorted);
    ws.eng(&["test", "--shuffle=8", "--fresh"]).expect(0);
    assert_ne!(noted(&ws), first);
    ws.eng(&["test", "--shuffle", "--fresh"]).expect(0).tells("order: --shuffle=");
    ws.eng(&["test", "--shuffle=x"]).expect(2).tells("its seed is a whole number");
}

/// Tests `a` to `d`: scripts with these bodies.
fn four(bodies: [&str; 4]) -> Workspace {
    let mut text = String::from("-- BUILD.ron\n[");
    for name in ["a", "b", "c", "d"] {
        text.push_str(&format!("sh_test(name: \"{name}\", srcs: \"{name}.sh\"), "));
    }
    text.push_str("]\n");
    for (name, body) in ["a", "b", "c", "d"].iter().zip(bodies) {
        text.push_str(&format!("-- {name}.sh\n#!/bin/sh\n{body}\n"));
    }
    workspace(&text)
}

#[test]
fn fail_fast_stops_what_runs() {
    let ws = four(["sleep 0.2; exit 1", "sleep 600", "sleep 600", "sleep 600"]);
    ws.eng(&["test", "--fail-fast", "--test-threads=3"])
        .expect(3)
        .tells("tests: 0 passed, 1 failed, 3 not run (//:a failed)\n");
}

#[test]
fn fail_fast_may_mean_crashes_only() {
    let ws = four(["exit 1", "exit 1", "sleep 0.2; kill -SEGV $$", "sleep 600"]);
    ws.eng(&["test", "--fail-fast=crash", "--test-threads=4"])
        .expect(3)
        .tells("tests: 0 passed, 3 failed, 1 not run (//:c crashed)\n");
    let ws = four(["exit 1", "exit 1", "exit 0", "exit 0"]);
    ws.eng(&["test", "--fail-fast=crash"]).expect(3).tells("tests: 2 passed, 2 failed\n");
}

#[test]
fn a_run_ends_after_so_many_failures() {
    let ws = four(["exit 1", "sleep 0.2; exit 1", "sleep 600", "sleep 600"]);
    ws.eng(&["test", "--max-fail=2", "--test-threads=4"])
        .expect(3)
        .tells("tests: 0 passed, 2 failed, 2 not run (2 failures)\n");
    ws.eng(&["test", "--max-fail=0"]).expect(2).tells("--max-fail is 0");
}

#[test]
fn a_run_ends_when_its_time_is_up() {
    let ws = four(["exit 0", "sleep 600", "sleep 600", "exit 0"]);
    ws.eng(&["test", "--deadline=1s", "--test-threads=2"])
        .expect(3)
        .tells("not run (the run's deadline of 1.00s is over)\n");
    // What had ended is kept.
    let ws = four(["exit 0", "exit 0", "exit 0", "sleep 600"]);
    ws.eng(&["test", "--deadline=2", "--test-threads=4"])
        .expect(3)
        .tells("tests: 3 passed, 1 not run");
    ws.write("d.sh", "#!/bin/sh\n");
    ws.eng(&["test", "--verbose"]).expect(0).ran(&["test //:d"]);
}

#[test]
fn remembered_failures_are_told_again_if_that_is_asked_for() {
    let ws = four(["echo sorry; exit 5", "kill -SEGV $$", "exit 0", "exit 77"]);
    ws.eng(&["test"]).expect(3);
    ws.eng(&["test", "--retell", "--verbose"])
        .expect(3)
        .ran(&[])
        .tells("FAIL  //:a  exit status 5  (cached)")
        .tells("    sorry\n")
        .tells("FAIL  //:b  crashed: SIGSEGV  (cached)");
    ws.eng(&["test", "--verbose"]).expect(3).ran(&["test //:a", "test //:b"]);
    let ws = eight("printf(\"why\\n\"); CHECK(0);", "");
    ws.eng(&["test"]).expect(3);
    noted(&ws);
    ws.eng(&["test", "--retell"]).expect(3).tells("  t::c4: failed\n").tells("    why\n");
    assert_eq!(noted(&ws).len(), 0);
}

#[test]
fn ends_by_force_are_told_again_with_what_was_printed_until_then() {
    let ws =
        four(["echo busy; sleep 600", ": > $TEST_PREMATURE_EXIT_FILE", "kill -KILL $$", "exit 0"]);
    let first = ws.eng(&["test", "--timeout=1", "--verbose"]).expect(3);
    // Without the time, or that it is cached.
    let told = |run: &Run| -> Vec<String> {
        let lines = run.stderr.lines();
        let lines = lines.filter(|line| line.starts_with("FAIL ") || line.starts_with("TIMEOUT "));
        lines.filter_map(|line| Some(line.rsplit_once("  ")?.0.to_string())).collect()
    };
    assert_eq!(
        told(&first),
        [
            "TIMEOUT //:a  timed out after 1s",
            "FAIL  //:b  crashed: it ended early: TEST_PREMATURE_EXIT_FILE is still there",
            "FAIL  //:c  crashed: SIGKILL",
        ]
    );
    let again = ws.eng(&["test", "--timeout=1", "--retell", "--verbose"]).expect(3).ran(&[]);
    assert_eq!(told(&again), told(&first));
    again.tells("    busy\n");
    // Another limit is another question.
    ws.eng(&["test", "--timeout=2", "--retell", "--verbose", "//:a"])
        .expect(3)
        .ran(&["test //:a"])
        .tells("TIMEOUT //:a  timed out after 2s");
}

#[test]
fn results_of_a_test_with_the_tag_external_are_not_remembered() {
    for tag in ["external", "no-cache"] {
        let ws = workspace(&format!(
            "-- BUILD.ron\n[sh_test(name: \"t\", srcs: \"t.sh\", tags: [\"{tag}\"])]\n-- t.sh\n#!/bin/sh\n"
        ));
        for _ in 0..3 {
            ws.test(&[]).ran(&["test //:t"]);
        }
        let ws = eight("CHECK(1);", &format!("tags: [\"{tag}\"],"));
        for _ in 0..3 {
            ws.eng(&["test"]).expect(0);
            assert_eq!(noted(&ws).len(), 8);
        }
    }
}

#[test]
fn tests_wait_for_the_whole_build_if_that_is_asked_for() {
    let ws = workspace(
        "-- BUILD.ron\n[genrule(name: \"slow\", outs: [\"x\"], cmd: \"sleep 0.5; echo > $OUT\"), \
         sh_test(name: \"quick\", srcs: \"t.sh\"), sh_test(name: \"late\", srcs: \"t.sh\", data: [\":slow\"]), \
         genrule(name: \"bad\", outs: [\"y\"], cmd: \"exit 1\"), sh_test(name: \"never\", srcs: \"t.sh\", data: [\":bad\"])]\n\
         -- t.sh\n#!/bin/sh\n",
    );
    let at = |run: &crate::support::Run, text: &str| {
        run.stderr.find(text).unwrap_or_else(|| panic!("no '{text}' in\n{}", run.stderr))
    };
    let good = ["//:quick", "//:late"];
    let run = ws.test(&[&good[..], &["--schedule=two-phase"]].concat());
    assert!(at(&run, "PHASE build") < at(&run, "generate out/x"));
    assert!(at(&run, "generate out/x") < at(&run, "PHASE test"));
    assert!(at(&run, "PHASE test") < at(&run, "test //:quick"));
    for flag in ["--schedule=interleaved", "--legacy"] {
        let run = ws.test(&[&good[..], &["--no-cache", flag]].concat());
        assert!(at(&run, "test //:quick") < at(&run, "generate out/x"));
        assert!(!run.stderr.contains("PHASE"));
    }
    // A failure of the build ends the run before the tests only if two phases were asked for.
    ws.eng(&["test", "--fresh", "--schedule=two-phase"])
        .expect(1)
        .tells("tests: 0 passed, 3 not run (the build failed, and --schedule=two-phase asks for all of it)\n");
    ws.eng(&["test", "--fresh", "--schedule=two-phase", "--keep-going"])
        .expect(1)
        .tells("tests: 2 passed, 1 not run\n");
    ws.eng(&["test", "--fresh"]).expect(1).tells("tests: 2 passed, 1 not run\n");
}

#[test]
fn short_tests_come_first_if_a_failure_ends_the_run() {
    let ws = four(["sleep 1.5", "sleep 1.5", "exit 1", "sleep 1.5"]);
    ws.eng(&["test", "--test-threads=4"]).expect(3);
    let run = ws.eng(&["test", "--fresh", "--fail-fast", "--test-threads=1", "--verbose"]);
    run.expect(3).ran(&["test //:c"]).tells("3 not run (//:c failed)");
}
