//! Tests that will not die: whatever they do, nothing is left of them.

use crate::support::{Run, Workspace, workspace};
use std::fs;
use std::time::{Duration, Instant};

/// The kinds of `wont_die.c` that go on until they are killed.
const ENDLESS: [&str; 14] = [
    "no_term",
    "no_signal",
    "busy",
    "sleeping",
    "children",
    "session",
    "daemon",
    "hidden",
    "stopped",
    "output",
    "fifo",
    "respawning",
    "thread",
    "input",
];
/// Those that end well and leave something behind.
const LEAVING: [&str; 2] = ["grandchild", "orphans"];

/// How often each kind is tried; more in the heavy form of the tests.
fn rounds() -> usize {
    std::env::var("ENG_WONT_DIE_ROUNDS").map_or(1, |text| text.parse().expect("a number"))
}

fn stubborn(kinds: &[&str]) -> (Workspace, String) {
    let ws = workspace("");
    let mark = ws.beside("mark").display().to_string();
    let test = |kind: &&str| {
        format!(
            "cc_test(name: \"{kind}\", srcs: [\"t.c\"], timeout: \"1s\", args: [\"{kind}\", \"{mark}\"], \
             linkopts: [\"-lpthread\"], env: {{\"WONT_DIE\": \"{mark}\"}}),\n"
        )
    };
    let tests: String = kinds.iter().map(test).collect();
    ws.write("BUILD.ron", &format!("[workspace(name: \"ws\"),\n{tests}]\n"));
    ws.write("t.c", include_str!("wont_die.c"));
    (ws, mark)
}

/// Processes that have the mark among their arguments or in their environment.
fn survivors(mark: &str) -> Vec<String> {
    let holds = |text: Vec<u8>| String::from_utf8_lossy(&text).contains(mark);
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc").expect("read /proc").flatten() {
        let read = |name: &str| fs::read(entry.path().join(name)).unwrap_or_default();
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.parse::<u32>().is_ok() && (holds(read("environ")) || holds(read("cmdline"))) {
            found.push(name);
        }
    }
    found
}

/// Fails unless nothing with the mark is alive within a time that no machine needs.
#[track_caller]
fn none_survives(mark: &str) {
    let began = Instant::now();
    loop {
        let left = survivors(mark);
        if left.is_empty() {
            return;
        }
        assert!(began.elapsed() < Duration::from_secs(20), "these live on: {left:?}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn whatever_will_not_die_is_killed_with_all_that_it_has_started() {
    let (ws, mark) = stubborn(&ENDLESS);
    ws.build(&["//..."]);
    for _ in 0..rounds() {
        let run = Run::of(ws.command(&["test", "--test-threads=14"])).expect(3);
        none_survives(&mark);
        for kind in ENDLESS {
            let line = format!("TIMEOUT //:{kind} (after 1s)\n");
            assert!(run.stderr.contains(&line), "'{line}' is not in:\n{}", run.stderr);
        }
    }
    if rounds() > 1 {
        time_each(&ws, &mark);
    }
}

/// Prints how long after its limit each kind is gone; a run of eng with nothing to build included.
fn time_each(ws: &Workspace, mark: &str) {
    for kind in ENDLESS {
        let began = Instant::now();
        Run::of(ws.command(&["test", &format!("//:{kind}")])).expect(3);
        none_survives(mark);
        println!("{kind}: gone {:.3} s after its start", began.elapsed().as_secs_f64());
    }
}

#[test]
fn what_a_good_test_leaves_behind_is_killed_and_told_each_time() {
    let (ws, mark) = stubborn(&LEAVING);
    let told = |run: Run| {
        for kind in LEAVING {
            let line = format!("LEAK  //:{kind}  passed, leaky: left processes behind");
            assert!(run.stderr.contains(&line), "'{line}' is not in:\n{}", run.stderr);
        }
        run.tells("tests: 2 passed").tells("cases: 2 passed, 2 leaky")
    };
    for _ in 0..rounds() {
        told(Run::of(ws.command(&["test", "--fresh"])).expect(0));
        none_survives(&mark);
    }
    // From the ledger, and from the record of a run that found nothing to do.
    for _ in 0..3 {
        told(Run::of(ws.command(&["test"])).expect(0)).tells("2 cached");
    }
}

#[test]
fn a_case_that_is_remembered_is_still_leaky() {
    let ws = workspace(
        "-- BUILD.ron\n[cc_test(name: \"t\", srcs: [\"t.c\"], protocol: \"eng\")]\n\
         -- t.c\n#include <eng_test.h>\n#include <unistd.h>\n\
         TEST(a) { if (fork() == 0) { setsid(); sleep(600); } }\n",
    );
    for _ in 0..3 {
        ws.eng(&["test"])
            .expect(0)
            .tells("LEAK  //:t  1 case, 1 leaky")
            .tells("cases: 1 passed, 1 leaky");
    }
    ws.write("t.c", "#include <eng_test.h>\nTEST(a) {}\n");
    ws.eng(&["test"]).expect(0).tells("PASS  //:t  1 case");
}

#[test]
fn what_ends_a_moment_later_is_no_leak() {
    let ws = workspace(
        "-- BUILD.ron\n[sh_test(name: \"t\", srcs: \"t.sh\")]\n-- t.sh\n#!/bin/sh\n\
         sleep 0.01 & (setsid sh -c true &)\n",
    );
    ws.eng(&["test"]).expect(0).tells("PASS  //:t");
}

#[test]
fn a_command_that_leaves_a_daemon_behind_does_not_keep_it() {
    let ws = workspace("");
    let mark = ws.beside("mark").display().to_string();
    ws.write("BUILD.ron", &format!(
        "[workspace(name: \"ws\"), genrule(name: \"g\", outs: [\"o\"], cmd: \"(setsid sh -c 'sleep 600; echo {mark}' &); echo > $OUT\")]\n"
    ));
    ws.build(&["//:g"]);
    none_survives(&mark);
}
