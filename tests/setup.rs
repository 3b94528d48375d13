//! Setups: programs that prepare the ground for tests, once a run.

use crate::support::{Workspace, wait_for, workspace};
use std::fs;

/// Three tests with one setup, which counts how often it was run; `{beside}` in the scripts is the
/// folder outside of the workspace.
fn served(setup: &str, test: &str) -> Workspace {
    let ws = workspace(
        "-- BUILD.ron\n[\n    sh_binary(name: \"server\", srcs: \"server.sh\", data: [\"server.txt\"]),\n\
         \x20   sh_test(name: \"a\", srcs: \"a.sh\", setup: [\":server\"]),\n\
         \x20   sh_test(name: \"b\", srcs: \"b.sh\", setup: [\":server\"]),\n\
         \x20   sh_test(name: \"c\", srcs: \"c.sh\", setup: [\":server\"], env: {\"PLACE\": \"own\"}),\n]\n\
         -- server.txt\nfrom a file\n",
    );
    let beside = ws.beside("").display().to_string();
    let script = |text: &str| format!("#!/bin/sh\n{}\n", text.replace("{beside}/", &beside));
    ws.write("server.sh", &script(&format!("echo run >> {{beside}}/runs; {setup}")));
    for name in ["a", "b", "c"] {
        ws.write(&format!("{name}.sh"), &script(test));
    }
    ws
}

fn runs(ws: &Workspace) -> usize {
    fs::read_to_string(ws.beside("runs")).unwrap_or_default().lines().count()
}

fn log(ws: &Workspace, name: &str) -> String {
    ws.read(&format!("eng-out/testlogs/{name}/test.log"))
}

#[test]
fn a_setup_runs_once_and_its_exports_are_in_the_environment() {
    let ws = served(
        "cat server.txt; echo PLACE=over there > $ENG_ENV; echo EMPTY= >> $ENG_ENV",
        "echo \"$PLACE\" \"${EMPTY-unset}\"",
    );
    ws.test(&[]).tells("tests: 3 passed");
    assert_eq!(
        (runs(&ws), log(&ws, "a"), log(&ws, "c")),
        (1, "over there \n".into(), "own \n".into())
    );
    // Nothing is to be run, so nothing is to be prepared.
    ws.test(&[]).tells("3 cached");
    assert_eq!(runs(&ws), 1);
    ws.test(&["--fresh"]).tells("tests: 3 passed");
    assert_eq!(runs(&ws), 2);
}

#[test]
fn a_setup_is_part_of_the_key_and_what_it_exports_is_not() {
    let ws = served("echo PLACE=$(date +%N) > $ENG_ENV", "test -n \"$PLACE\"");
    ws.test(&[]);
    ws.test(&["//:a"]).ran(&[]);
    ws.write("server.txt", "other\n");
    ws.test(&["//:a"]).ran(&["test //:a"]);
    assert_eq!(runs(&ws), 2);
}

#[test]
fn what_a_setup_starts_lives_until_the_end_of_the_run() {
    let ws = served(
        "(setsid sh -c 'echo $$ > {beside}/pid; sleep 600' &) ; sh -c 'echo $$ > {beside}/near; sleep 600' & \
         until test -s {beside}/pid && test -s {beside}/near; do sleep 0.01; done; echo SERVER=$(cat {beside}/pid) > $ENG_ENV",
        "kill -0 $SERVER && kill -0 $(cat {beside}/near)",
    );
    ws.test(&["--test-threads=1"]).tells("tests: 3 passed");
    wait_for(&ws.beside("pid"));
    for name in ["pid", "near"] {
        let pid = fs::read_to_string(ws.beside(name)).expect("a number");
        let state = fs::read_to_string(format!("/proc/{}/stat", pid.trim())).unwrap_or_default();
        assert!(state.is_empty() || state.contains(") Z "), "{name} lives on: {state}");
    }
}

#[test]
fn tests_whose_setup_fails_are_not_run() {
    let ws = served("echo no place left >&2; exit 3", "echo never");
    let run = ws.eng(&["test"]);
    assert_ne!(run.code, 0);
    let run = run
        .tells("setup //:server failed (exit status 3); it printed:\n    no place left\n")
        .tells("NOT RUN //:a  not run: setup //:server failed")
        .tells("NOT RUN //:c  not run: setup //:server failed");
    assert_eq!((runs(&ws), run.stderr.matches("no place left").count()), (1, 1));
}

#[test]
fn a_setup_that_hangs_is_killed() {
    let ws = served("sleep 600", "echo never");
    ws.eng(&["test", "--timeout=1"])
        .tells("setup //:server failed (timed out after 1.00s); it printed nothing")
        .tells("NOT RUN //:a  not run: setup //:server failed");
}

#[test]
fn a_line_that_exports_nothing_is_told() {
    let ws = served("printf 'A=1\\n\\nno variable\\n' > $ENG_ENV", "echo never");
    ws.eng(&["test"]).tells(
        "not run: setup //:server exports what is no variable: line 3 of $ENG_ENV is 'no variable'; write 'NAME=value'",
    );
}

#[test]
fn a_setup_must_be_a_program() {
    let ws = workspace(
        "-- BUILD.ron\n[filegroup(name: \"f\", srcs: [\"t.sh\"]), sh_test(name: \"t\", srcs: \"t.sh\", setup: [\":f\"])]\n-- t.sh\n#!/bin/sh\n",
    );
    ws.eng(&["test"])
        .expect(2)
        .tells("the setup //:f of //:t cannot be run: it is a 'filegroup'")
        .tells("declared here");
}
