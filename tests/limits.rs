//! Limits of time: what counts, for whom they hold, and what does not count.

use crate::support::{Run, Workspace, wait_for, workspace};
use rustix::process::{Pid, Signal, kill_process};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

/// Six cases of 0.4 s in one process, and a limit that they exceed only together; `odd` is the body
/// of a seventh.
fn long_batch(odd: &str) -> Workspace {
    let case = |number: usize| format!("TEST(c{number}) {{ usleep(400000); }}\n");
    let cases: String = (0..6).map(case).collect();
    workspace(&format!(
        "-- BUILD.ron\n[cc_test(name: \"t\", srcs: [\"t.c\"], protocol: \"eng\", timeout: \"1500ms\")]\n\
         -- t.c\n#include <eng_test.h>\n#include <unistd.h>\n{cases}TEST(d) {{ {odd} }}\n"
    ))
}

#[test]
fn each_case_of_a_process_has_the_limit() {
    let ws = long_batch("");
    let run = ws.test(&[]).tells("PASS  //:t  7 cases");
    let processes = run.subjects().into_iter().filter(|subject| subject == "test //:t").count();
    assert_eq!(processes, 1, "{}", run.stderr);
}

#[test]
fn a_case_that_hangs_is_killed_though_others_ran_long_before() {
    let ws = long_batch("for (;;) pause();");
    ws.eng(&["test"])
        .expect(3)
        .tells("TIMEOUT //:t  1 of 7 cases failed")
        .tells("  t::d: timed out after 1.50s\n");
}

#[test]
fn a_long_output_that_tells_nothing_is_no_sign_of_life() {
    let ws = long_batch("for (;;) { puts(\"still here\"); usleep(1000); }");
    ws.eng(&["test"]).expect(3).tells("  t::d: timed out after 1.50s\n");
}

fn started(ws: &Workspace) -> Child {
    let mut command = ws.command(&["test"]);
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("start eng")
}

#[track_caller]
fn ended(child: Child) -> Run {
    let output = child.wait_with_output().expect("wait for eng");
    Run {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

fn state(pid: i32) -> char {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    text.rsplit_once(") ").and_then(|(_, rest)| rest.chars().next()).unwrap_or('?')
}

#[track_caller]
fn wait_state(pid: i32, wanted: fn(char) -> bool) {
    let began = Instant::now();
    while !wanted(state(pid)) {
        assert!(began.elapsed() < Duration::from_secs(60), "{pid} is {}", state(pid));
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// A test that writes its number and then needs most of its limit.
fn slow() -> Workspace {
    let ws = workspace("-- BUILD.ron\n[sh_test(name: \"t\", srcs: \"t.sh\", timeout: \"2s\")]\n");
    let up = ws.beside("up").display().to_string();
    ws.write(
        "t.sh",
        &format!("#!/bin/sh\necho $$ > {up}.draft; mv {up}.draft {up}\nfor i in 1 2 3 4 5; do sleep 0.2; done\n"),
    );
    ws
}

fn number_of_the_test(ws: &Workspace) -> i32 {
    wait_for(&ws.beside("up"));
    let text = std::fs::read_to_string(ws.beside("up")).expect("read a number");
    text.trim().parse().expect("a number")
}

#[test]
fn a_suspended_run_stops_its_tests_and_their_time() {
    let ws = slow();
    let eng = started(&ws);
    let test = number_of_the_test(&ws);
    let pid = Pid::from_child(&eng);
    let own = pid.as_raw_nonzero().get();
    for _ in 0..2 {
        kill_process(pid, Signal::TSTP).expect("suspend eng");
        wait_state(own, |state| state == 'T');
        // A shell that has just started a command waits for it in the kernel.
        wait_state(test, |state| matches!(state, 'T' | 'D'));
        // Longer than the limit: had the time counted, the test would be killed.
        std::thread::sleep(Duration::from_millis(2200));
        kill_process(pid, Signal::CONT).expect("resume eng");
        wait_state(test, |state| !matches!(state, 'T' | 'D'));
    }
    ended(eng).expect(0).tells("PASS  //:t");
}

#[test]
fn a_suspended_run_can_be_ended() {
    let ws = slow();
    let eng = started(&ws);
    number_of_the_test(&ws);
    let pid = Pid::from_child(&eng);
    kill_process(pid, Signal::TSTP).expect("suspend eng");
    wait_state(pid.as_raw_nonzero().get(), |state| state == 'T');
    kill_process(pid, Signal::INT).expect("ask for the end");
    kill_process(pid, Signal::CONT).expect("resume eng");
    ended(eng).expect(8).tells("stopped after");
}

#[test]
fn a_machine_that_stood_still_is_no_reason_to_kill_a_test() {
    let ws = slow();
    let eng = started(&ws);
    let test = number_of_the_test(&ws);
    let (pid, test) = (Pid::from_child(&eng), Pid::from_raw(test).expect("a number"));
    for process in [pid, test] {
        kill_process(process, Signal::STOP).expect("stop a process");
    }
    std::thread::sleep(Duration::from_millis(4000));
    for process in [pid, test] {
        kill_process(process, Signal::CONT).expect("resume a process");
    }
    ended(eng).expect(0).tells("PASS  //:t");
}
