//! What cannot be written, as on a full disk, is told and fails the run, and hides no failure.

use crate::support::{Run, Workspace, workspace};
use std::fs::File;
use std::process::Stdio;

const SOME: &str = r#"
-- BUILD.ron
[
    sh_test(name: "good", srcs: "good.sh"),
    sh_test(name: "bad", srcs: "bad.sh"),
    genrule(name: "broken", outs: ["b.txt"], cmd: "exit 3"),
]
-- good.sh
#!/bin/sh
exit 0
-- bad.sh
#!/bin/sh
exit 1
"#;

/// What is said of a device that has no room.
const FULL: &str = "No space left on device (os error 28)";

/// Runs eng with a standard output that has no room.
fn full(ws: &Workspace, arguments: &[&str]) -> Run {
    let mut command = ws.command(arguments);
    command.stdout(File::options().write(true).open("/dev/full").expect("open it"));
    Run::of(command)
}

/// Fails unless this is told last.
#[track_caller]
fn ends_with(run: &Run, last: &str) {
    assert_eq!(run.stderr.lines().last(), Some(last), "{}", run.stderr);
}

#[test]
fn a_stream_that_was_asked_for_and_cannot_be_written_fails_the_run() {
    let ws = workspace(SOME);
    for to in ["--events=/dev/full", "--bep=/dev/full", "--junit=/dev/full", "--events=-"] {
        let told = format!("eng: {to} cannot be written: {FULL}");
        // With something to do, and without.
        for _ in 0..2 {
            ends_with(&full(&ws, &["test", "//:good", to]).expect(36), &told);
        }
        ends_with(&full(&ws, &["test", "//:bad", "//:good", to]).expect(3), &told);
        ends_with(&full(&ws, &["build", "--all", "//:broken", to]).expect(1), &told);
        ends_with(&full(&ws, &["replay", to]).expect(36), &told);
        // It does not come to streams before that.
        full(&ws, &["test", "//:none", to]).expect(2).tells(&told);
    }
    let told = format!("eng: --profile=- cannot be written: {FULL}");
    ends_with(&full(&ws, &["test", "//:good", "--profile=-"]).expect(36), &told);
}

#[test]
fn what_nobody_has_asked_for_and_cannot_be_written_is_a_warning() {
    let ws = workspace(SOME);
    let mut command = ws.command(&["test", "//:good"]);
    command.env("GITHUB_ACTIONS", "true").env("GITHUB_STEP_SUMMARY", "/dev/full");
    let told = format!(
        "warning: GITHUB_STEP_SUMMARY: it cannot be written any more: {FULL}; the run goes on"
    );
    ends_with(&Run::of(command).expect(0), &told);
}

#[test]
fn data_that_cannot_be_written_are_a_failure_that_says_what_they_are() {
    let ws = workspace(SOME);
    ws.eng(&["test", "//:good"]).expect(0);
    ws.write("wide.ron", "[  ]\n");
    ws.write("new/x.c", "int main(void) { return 0; }\n");
    for (words, what) in [
        ("query //...", "the answer"),
        ("query --output=json //:good", "the answer"),
        ("history", "the history"),
        ("history last --format=json", "the history"),
        ("flaky", "what is flaky"),
        ("explain", "the explanation"),
        ("explain //:good", "the explanation"),
        ("rules", "the list of rules"),
        ("rules cc_test", "the list of rules"),
        ("completions bash", "the script"),
        ("help test", "the help"),
        ("--version", "the help"),
        ("init --add --dry-run", "new/BUILD.ron"),
        ("coverage //:good", "the coverage"),
        ("coverage //:good --format=json", "the coverage"),
        ("test --coverage //:good", "the coverage"),
    ] {
        let run = full(&ws, &words.split(' ').collect::<Vec<_>>());
        let told = format!("eng: {what} cannot be written to standard output: {FULL}");
        assert_eq!((run.code, run.stderr.lines().last()), (36, Some(&*told)), "{words}");
    }
    // What is worse stays.
    full(&ws, &["coverage", "//:bad"]).expect(3).tells("eng: the coverage cannot be written");
    full(&ws, &["fmt", "--check", "wide.ron"]).expect(1).tells("eng: what is laid out cannot be");
}

#[test]
fn a_reader_of_data_who_goes_away_is_no_failure() {
    let ws = workspace(SOME);
    for words in ["query //...", "rules", "coverage //:good", "help test"] {
        let mut command = ws.command(&words.split(' ').collect::<Vec<_>>());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it");
        drop(child.stdout.take());
        let output = child.wait_with_output().expect("wait for eng");
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{words}: {told}");
        assert!(!told.contains("cannot be written"), "{words}: {told}");
    }
}
