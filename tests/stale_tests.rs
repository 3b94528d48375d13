//! Results of tests that must not be taken: what a run was asked for, what it was cut by, and what
//! its tests could see all count.

use crate::support::{Run, Workspace, workspace};
use std::fs;

/// Shell tests with these bodies, named `a`, `b` and so on; `more` are attributes of all.
fn scripts(more: &str, bodies: &[&str]) -> Workspace {
    let mut text = String::from("-- BUILD.ron\n[\n");
    for (name, _) in ('a'..).zip(bodies) {
        text.push_str(&format!("sh_test(name: \"{name}\", srcs: \"{name}.sh\", {more}),\n"));
    }
    text.push_str("]\n");
    for (name, body) in ('a'..).zip(bodies) {
        text.push_str(&format!("-- {name}.sh\n#!/bin/sh\n{body}\n"));
    }
    workspace(&text)
}

fn test(ws: &Workspace, arguments: &[&str]) -> Run {
    ws.eng(&[&["test"], arguments].concat())
}

#[test]
fn a_share_is_not_the_whole() {
    let ws = scripts("", &["exit 0", "exit 1"]);
    test(&ws, &["--shard=1/2"]).expect(0);
    test(&ws, &[]).expect(3).tells("FAIL  //:b");
}

#[test]
fn what_passed_as_one_of_several_runs_is_not_known_of_a_single_one() {
    let ws = scripts("", &["test -n \"$TEST_RUN_NUMBER\""]);
    test(&ws, &["--runs=2"]).expect(0);
    test(&ws, &[]).expect(3);
}

#[test]
fn filters_that_must_all_hold_are_not_filters_of_which_one_must() {
    let ws = workspace(
        "-- BUILD.ron\n[sh_test(name: \"a\", srcs: \"a.sh\", tags: [\"x\"]), sh_test(name: \"b\", srcs: \"b.sh\")]\n\
         -- a.sh\n#!/bin/sh\n-- b.sh\n#!/bin/sh\nexit 1\n",
    );
    test(&ws, &["--filter=kind(sh_test)", "--test-tag-filters=x"]).expect(0);
    test(&ws, &["--filter=kind(sh_test)", "--filter=tag(\"x\")"]).expect(3);
}

#[test]
fn a_run_that_was_cut_is_no_good_run() {
    let ws = workspace(
        "-- BUILD.ron\n[sh_test(name: \"a\", srcs: \"a.sh\"), genrule(name: \"slow\", outs: [\"x\"], cmd: \"sleep 600\")]\n\
         -- a.sh\n#!/bin/sh\n",
    );
    test(&ws, &["//:a", "//:slow", "--deadline=1s"]).expect(3);
    ws.write("BUILD.ron", &ws.read("BUILD.ron").replace("sleep 600", "echo x > $OUT"));
    ws.eng(&["test", "--verbose", "//:a", "//:slow"]).expect(0).ran(&["generate out/x"]);
}

#[test]
fn a_failure_ends_what_other_runs_have_recorded() {
    let ws = scripts("", &["test ! -e \"$MARK\""]);
    let mark = ws.beside("mark").display().to_string();
    let build = ws.read("BUILD.ron");
    ws.write(
        "BUILD.ron",
        &build.replace("srcs:", &format!("env: {{\"MARK\": \"{mark}\"}}, srcs:")),
    );
    for _ in 0..2 {
        // The first is remembered; the second leaves the record of a run with nothing to do.
        std::thread::sleep(std::time::Duration::from_millis(100));
        test(&ws, &[]).expect(0);
    }
    fs::write(&mark, "").expect("make the test fail");
    // The attempt fails, and the run is cut before the test is told.
    test(&ws, &["--fresh", "--retries=1", "--backoff=60s", "--deadline=1s"]).expect(3);
    test(&ws, &[]).expect(3).tells("FAIL  //:a");
}

#[test]
fn setups_count_with_their_order_and_their_words() {
    let ws = workspace(
        "-- BUILD.ron\n[sh_binary(name: \"one\", srcs: \"one.sh\"), sh_binary(name: \"two\", srcs: \"two.sh\"),\n\
         sh_test(name: \"t\", srcs: \"t.sh\", setup: [\":one\", \":two\"])]\n\
         -- one.sh\n#!/bin/sh\necho X=1 > \"$ENG_ENV\"\n-- two.sh\n#!/bin/sh\necho X=2 > \"$ENG_ENV\"\n\
         -- t.sh\n#!/bin/sh\ntest \"$X\" = 2\n",
    );
    test(&ws, &[]).expect(0);
    let build = ws.read("BUILD.ron");
    ws.write("BUILD.ron", &build.replace("\":one\", \":two\"", "\":two\", \":one\""));
    test(&ws, &[]).expect(3);
    ws.write("BUILD.ron", &build.replace("setup:", "data:"));
    test(&ws, &[]).expect(3);
    ws.write("BUILD.ron", &build);
    test(&ws, &[]).expect(0);
}

#[test]
fn instances_of_resources_count() {
    let ws = scripts("resources: [\"db:2\"]", &["test \"$ENG_RESOURCE_DB\" = north,south"]);
    let build = ws.read("BUILD.ron").replace(
        "workspace(name: \"ws\")",
        "workspace(name: \"ws\", resources: {\"db\": [\"north\", \"south\"]})",
    );
    ws.write("BUILD.ron", &build);
    test(&ws, &[]).expect(0);
    ws.write("BUILD.ron", &build.replace("db:2", "db"));
    test(&ws, &[]).expect(3);
    ws.write("BUILD.ron", &build.replace("\"south\"", "\"west\""));
    test(&ws, &[]).expect(3);
}

#[test]
fn a_pass_under_another_limit_is_not_taken() {
    let ws = scripts("timeout: \"1s\"", &["sleep 1.5"]);
    test(&ws, &["--timeout=60s"]).expect(0);
    test(&ws, &[]).expect(3).tells("TIMEOUT //:a");
    test(&ws, &["--timeout=60s", "--verbose"]).expect(0).ran(&[]);
}

#[test]
fn what_passed_with_a_seed_says_nothing_of_others() {
    let ws = scripts("", &["test \"$TEST_RANDOM_SEED\" = 7"]);
    test(&ws, &["--shuffle=7"]).expect(0);
    test(&ws, &["--shuffle=8"]).expect(3);
    test(&ws, &[]).expect(3);
}

#[test]
fn the_command_for_several_cases_counts() {
    let rule = |lenient: &str| {
        format!(
            "[protocol(name: \"own\", list: [\"{{program}}\", \"list\"], listing: lines(case: \"{{case}}\"),\n\
             run: [\"{{program}}\", \"run\", \"{{case}}\"], batch: [\"{{program}}\", {lenient} \"{{cases}}\"],\n\
             results: lines(done: [\"{{outcome}} {{case}}\"]), words: (passed: [\"ok\"], failed: [\"bad\"])),\n\
             rule(name: \"own_test\", attrs: (srcs: files()), provides: (run: [\"{{srcs}}\"]), test: (protocol: \"own\", program: \"{{srcs}}\"))]\n"
        )
    };
    let ws = workspace(&format!(
        "-- BUILD.ron\n[workspace(name: \"ws\", rules: [\"r.ron\"]), own_test(name: \"t\", srcs: [\"t.sh\"])]\n-- r.ron\n{}\
         -- t.sh\n#!/bin/sh\ncase $1 in list) echo one; echo two;; lenient) echo ok one; echo ok two;; *) echo bad one; echo ok two; exit 1;; esac\n",
        rule("\"lenient\",")
    ));
    test(&ws, &[]).expect(0).tells("2 cases");
    ws.write("r.ron", &rule(""));
    test(&ws, &[]).expect(3);
}

#[test]
fn what_ends_because_it_was_told_to_has_no_result() {
    let ws = workspace(
        "-- BUILD.ron\n[cc_test(name: \"t\", srcs: [\"t.c\"], protocol: \"eng\")]\n\
         -- t.c\n#include <eng_test.h>\n#include <signal.h>\n#include <unistd.h>\n\
         static void hear(int signal) { (void)signal; }\n\
         TEST(first) { CHECK(1); }\n\
         TEST(waits)\n{\n    struct sigaction action = {.sa_handler = hear};\n    sigaction(SIGTERM, &action, 0);\n    sleep(100);\n}\n",
    );
    test(&ws, &["--deadline=2s"]).expect(3).tells("cases: 1 passed, 1 not run\n");
    test(&ws, &["--timeout=1s"]).expect(3).tells("t::waits: timed out after 1s");
    // Tests that run when another one fails are not to blame for their end.
    let ws = scripts("", &["sleep 0.3; exit 1", "trap 'exit 5' TERM; sleep 600 & wait"]);
    test(&ws, &["--fail-fast", "--test-threads=2"])
        .expect(3)
        .tells("tests: 0 passed, 1 failed, 1 not run (//:a failed)\n");
}

#[test]
fn what_was_to_be_tried_again_when_the_run_was_cut_has_not_passed() {
    let ws = scripts("", &["test \"$TEST_RUN_NUMBER\" != 2"]);
    test(&ws, &["--runs=2", "--retries=1", "--backoff=60s", "--deadline=1s"]).expect(3);
    let ws = scripts(
        "shards: 2, flaky: true",
        &["touch \"$TEST_SHARD_STATUS_FILE\"; test \"$TEST_SHARD_INDEX\" = 0"],
    );
    test(&ws, &["--backoff=60s", "--deadline=1s"]).expect(3);
    test(&ws, &[]).expect(3).tells("shard 2 of 2: failed");
}

#[test]
fn a_crash_of_the_program_is_told_whichever_cases_are_wanted() {
    let ws = workspace(
        "-- BUILD.ron\n[sh_test(name: \"t\", srcs: \"t.sh\", protocol: \"tap\")]\n\
         -- t.sh\n#!/bin/sh\necho 1..2\necho ok 1 - x\nkill -SEGV $$\n",
    );
    test(&ws, &["//:t#x"]).expect(3).tells("crashed: SIGSEGV");
    test(&ws, &["--filter=x"]).expect(3).tells("crashed: SIGSEGV");
}

#[test]
fn a_process_that_speaks_against_its_results_ends_what_was_known() {
    let text = |status: &str| {
        format!(
            "#include <eng_test.h>\n#include <stdlib.h>\nstatic void end(void) {{ if (getenv(\"TEST_RUN_NUMBER\")) _Exit({status}); }}\n\
             TEST(a) {{ atexit(end); CHECK(1); }}\n"
        )
    };
    let ws = workspace(&format!(
        "-- BUILD.ron\n[cc_test(name: \"t\", srcs: [\"t.c\"], protocol: \"eng\")]\n-- t.c\n{}",
        text("3")
    ));
    test(&ws, &[]).expect(0);
    test(&ws, &["--runs=2"]).expect(3);
    test(&ws, &["--verbose"]).expect(0).ran(&["test //:t"]);
}

#[test]
fn a_case_that_no_test_has_is_told_beside_those_that_ran() {
    let ws = workspace(
        "-- BUILD.ron\n[cc_test(name: \"t\", srcs: [\"t.c\"], protocol: \"eng\")]\n\
         -- t.c\n#include <eng_test.h>\nTEST(a) { CHECK(1); }\n",
    );
    test(&ws, &["//:t#t::a", "//:t#t::gone"])
        .expect(4)
        .tells("no such case: //:t#t::gone\n")
        .tells("cases: 1 passed\n");
}

#[test]
fn a_share_of_a_test_that_gets_no_case_is_no_failure() {
    let ws = workspace(
        "-- BUILD.ron\n[cc_test(name: \"t\", srcs: [\"t.c\"], protocol: \"eng\")]\n\
         -- t.c\n#include <eng_test.h>\nTEST(a) { CHECK(1); }\n",
    );
    let times = ws.beside("times");
    fs::write(&times, "//:t\t1000\n").expect("write times");
    let times = times.display().to_string();
    test(&ws, &["--shard=3/3", "--durations", &times]).expect(0);
}

#[test]
fn a_run_that_only_waits_to_try_again_can_be_stopped() {
    let ws = scripts("", &["exit 1"]);
    let mut command = ws.command(&["test", "--retries=1", "--backoff=600s"]);
    let mut child = command.stderr(std::process::Stdio::piped()).spawn().expect("start eng");
    let log = ws.beside("cache");
    crate::support::wait_for(&log.join("eng/denied"));
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::INT).expect("stop eng");
    assert_eq!(child.wait().expect("wait for eng").code(), Some(8));
}

#[test]
fn times_that_are_no_times_are_refused() {
    let ws = scripts("", &["exit 1"]);
    for flag in ["--deadline", "--backoff", "--timeout"] {
        test(&ws, &[flag, "18446744073709551615"]).expect(2).tells(flag);
    }
    test(&ws, &["--retries=99999999"])
        .expect(2)
        .tells("--retries is 99999999; it must be from 0 to 1000");
}

#[test]
fn a_wide_test_is_not_passed_by_narrow_ones_for_ever() {
    let ws = workspace("");
    let trace = ws.beside("trace").display().to_string();
    let mut text = format!(
        "[workspace(name: \"ws\"), sh_test(name: \"a_wide\", srcs: \"t.sh\", args: [\"wide\"], tags: [\"cpu:2\"], env: {{\"TRACE\": \"{trace}\"}}),"
    );
    for n in 0..6 {
        text.push_str(&format!(
            "sh_test(name: \"t{n}\", srcs: \"t.sh\", args: [\"{n}\"], env: {{\"TRACE\": \"{trace}\"}}),"
        ));
    }
    ws.write("BUILD.ron", &format!("{text}]\n"));
    ws.write("t.sh", "#!/bin/sh\nsleep 0.05\necho $1 >> \"$TRACE\"\n");
    test(&ws, &["--test-threads=2"]).expect(0);
    let first = fs::read_to_string(&trace).expect("read the trace");
    assert_eq!(first.lines().next(), Some("wide"), "{first}");
}

#[test]
fn cases_that_die_together_and_live_alone_are_in_doubt() {
    let ws = workspace(
        "-- BUILD.ron\n[rust_test(name: \"t\", srcs: [\"t.rs\"], args: [\"--test-threads=1\"])]\n\
         -- t.rs\nuse std::sync::atomic::{AtomicBool, Ordering};\nstatic SEEN: AtomicBool = AtomicBool::new(false);\n\
         #[test]\nfn a() {\n    SEEN.store(true, Ordering::SeqCst);\n}\n\
         #[test]\nfn b() {\n    if SEEN.load(Ordering::SeqCst) {\n        std::process::abort();\n    }\n}\n",
    );
    test(&ws, &[]).expect(0).tells("FLAKY //:t").tells("  b: passed after 1 failed attempt\n");
}
