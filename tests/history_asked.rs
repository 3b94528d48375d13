//! `eng history` and `eng flaky`, asked for targets, cases and files.

use crate::history::{json, steady, told};
use crate::support::{Workspace, wait_for, workspace};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::process::Stdio;

/// Three runs: all, one case alone, and all but that.
fn three_runs() -> Workspace {
    let ws = workspace(
        r#"
-- BUILD.ron
[
    cc_test(name: "t", srcs: ["t.c"], protocol: "eng"),
    sh_test(name: "sh", srcs: "sh.sh"),
]
-- t.c
#include <eng_test.h>
TEST(one) { CHECK(1); }
TEST(two) { CHECK(1); }
-- sh.sh
#!/bin/sh
"#,
    );
    ws.eng(&["test"]).expect(0);
    ws.eng(&["test", "//:t#t::one", "--fresh"]).expect(0);
    ws.eng(&["test", "//:t#t::two", "//:sh", "--fresh"]).expect(0);
    ws
}

const SH: &str = "run  when  target  outcome  actions  cases  time\n\
    3  AGE ago  //:sh  passed  1 ran  1 passed  TIME\n\
    1  AGE ago  //:sh  passed  1 ran  1 passed  TIME\n";
const ONE: &str = "run  when  case  outcome  attempt  time\n\
    2  AGE ago  //:t#t::one  passed  1  TIME\n\
    1  AGE ago  //:t#t::one  passed  1  TIME\n";

#[test]
fn what_is_asked_for_as_a_whole_is_told_so_beside_cases() {
    let ws = three_runs();
    assert_eq!(steady(&told(&ws, &["//:t#t::one"])), ONE);
    assert_eq!(steady(&told(&ws, &["//:sh", "//:t#t::one"])), format!("{SH}\n{ONE}"));
    assert_eq!(steady(&told(&ws, &["//...", "//:t#t::one"])), format!("{SH}\n{ONE}"));
    // As for a run of tests, the whole is more than its cases.
    assert_eq!(told(&ws, &["//:t", "//:t#t::one"]), told(&ws, &["//:t"]));
    let markdown = told(&ws, &["//:sh", "//:t#t::one", "--format=markdown"]);
    assert_eq!(markdown.matches("\n\n| run | when | case |").count(), 1, "{markdown}");
    assert_eq!(told(&ws, &["//:t#none"]), "nothing is known of what matches\n");
}

#[test]
fn the_limit_is_one_of_runs_in_which_something_that_matches_ran() {
    let ws = three_runs();
    let lines = |arguments: &[&str]| steady(&told(&ws, arguments));
    assert_eq!(
        lines(&["//...", "--limit=1"]),
        "run  when  target  outcome  actions  cases  time\n\
         3  AGE ago  //:sh  passed  1 ran  1 passed  TIME\n\
         3  AGE ago  //:t  passed  2 ran  1 passed  TIME\n"
    );
    assert_eq!(
        lines(&["//:t#t::one", "--limit=1"]),
        "run  when  case  outcome  attempt  time\n2  AGE ago  //:t#t::one  passed  1  TIME\n"
    );
    assert_eq!(lines(&["//:t#t::one", "--limit=2"]), ONE);
    let runs = |found: Value| found["targets"][0]["runs"].as_array().map(Vec::len);
    assert_eq!(runs(json(&ws, &["//:t", "--limit=2"])), Some(2));
}

#[test]
fn a_file_stands_for_the_targets_that_name_it() {
    let ws = three_runs();
    for word in ["sh.sh", "//:sh.sh", ":sh"] {
        assert_eq!(steady(&told(&ws, &[word])), SH, "{word}");
    }
    assert_eq!(steady(&told(&ws, &["//...", "-//:t.c"])), SH);
    assert_eq!(ws.eng(&["flaky", "sh.sh"]).expect(0).stdout, "nothing is known to be flaky\n");
    ws.eng(&["explain", "sh.sh", "--run=3"]).expect(0);
    for verb in ["history", "flaky"] {
        let wrong = ws.eng(&[verb, "//:shh"]).expect(2).stderr;
        let why = "there is no target '//:shh'; did you mean '//:sh'?";
        assert_eq!(wrong, format!("eng: the pattern '//:shh': {why}\n"));
    }
    // What ran once is known, whatever there is now.
    ws.write("BUILD.ron", "[workspace(name: \"ws\"), nonsense(name: 1)]\n");
    assert_eq!(steady(&told(&ws, &["//:sh"])), SH);
}

#[test]
fn what_could_not_be_started_took_no_time() {
    let ws = workspace(
        "-- BUILD.ron\n[\n\
         sh_binary(name: \"ground\", srcs: \"ground.sh\"),\n\
         sh_test(name: \"good\", srcs: \"good.sh\"),\n\
         sh_test(name: \"t\", srcs: \"good.sh\", setup: [\":ground\"]),\n]\n\
         -- ground.sh\n#!/bin/sh\nexit 1\n-- good.sh\n#!/bin/sh\n",
    );
    ws.eng(&["test"]).expect(3);
    let process = &json(&ws, &["last"])["targets"][1]["actions"][0];
    assert_eq!(process["outcome"], "setup //:ground failed");
    for number in ["wall_ms", "cpu_ms", "peak_kib"] {
        assert_eq!(process[number], Value::Null, "{process}");
    }
    let told = steady(&told(&ws, &["last"]));
    assert!(told.ends_with("//:t  test //:t  setup //:ground failed  1\n"), "{told}");
    let past = steady(&self::told(&ws, &["//:t"]));
    assert!(past.ends_with("//:t  failed  0 ran\n"), "{past}");
}

#[test]
fn what_was_not_started_any_more_is_no_attempt() {
    let ws = workspace("");
    let mark = ws.beside("mark");
    let slow = |name: &str| {
        let command = format!("echo > {}; sleep 60", mark.display());
        format!("genrule(name: \"{name}\", outs: [\"{name}.txt\"], cmd: \"{command}\"), ")
    };
    let all: String = ["a", "b", "c"].map(slow).concat();
    ws.write("BUILD.ron", &format!("[workspace(name: \"ws\"), {all}]\n"));
    let mut command = ws.command(&["build", "--all", "--jobs=1"]);
    let mut child = command.stderr(Stdio::null()).spawn().expect("start eng");
    wait_for(&mark);
    let pid = Pid::from_child(&child);
    kill_process(pid, Signal::INT).expect("interrupt eng");
    assert_eq!(child.wait().expect("wait for eng").code(), Some(8));
    let run = json(&ws, &["last"]);
    let targets = run["targets"].as_array().expect("targets");
    assert_eq!(targets.len(), 1, "{run}");
    let process = &targets[0]["actions"][0];
    assert_eq!(process["outcome"], "stopped");
    assert!(process["wall_ms"].as_f64().is_some_and(|ms| ms > 0.0), "{process}");
}
