//! What the order of events shows of a run: what happens at the same time, and what after what.

use crate::events::{lines, of};
use crate::support::workspace;
use serde_json::Value;
use std::fmt::Write;

/// Waits, in a shell, until a condition holds; a minute is too long.
fn wait_until(condition: &str) -> String {
    format!("n=0\nuntil {condition}; do n=$((n+1)); test $n -lt 1200 || exit 9; sleep 0.05; done\n")
}

#[test]
fn as_many_actions_run_at_once_as_there_are_jobs_and_never_more() {
    let ws = workspace("");
    let (here, log) = (ws.beside("here"), ws.beside("log"));
    std::fs::create_dir(&here).unwrap();
    let (folder, file) = (here.display(), log.display());
    let mut rules = "[workspace(name: \"ws\"),".to_string();
    for at in 0..12 {
        // Each notes how many there are.
        let cmd = format!(
            "touch {folder}/{at}; ls {folder} | wc -l >> {file}; sleep 0.2; rm {folder}/{at}; echo > $OUT"
        );
        write!(rules, "genrule(name: \"g{at}\", outs: [\"{at}\"], cmd: \"{cmd}\"),").unwrap();
    }
    ws.write("BUILD.ron", &(rules + "]\n"));
    ws.eng(&["build", "--all", "--jobs=3"]).expect(0);
    let counts = std::fs::read_to_string(&log).unwrap();
    let counts: Vec<u32> = counts.lines().map(|line| line.trim().parse().unwrap()).collect();
    assert_eq!((counts.len(), counts.iter().max()), (12, Some(&3)), "{counts:?}");
}

#[test]
fn sixteen_tests_run_at_once_if_there_is_room_and_none_of_them_waits_for_another() {
    let ws = workspace("");
    let folder = ws.beside("here");
    std::fs::create_dir(&folder).unwrap();
    let mut rules = "[workspace(name: \"ws\"),".to_string();
    for at in 0..16 {
        write!(rules, "sh_test(name: \"t{at}\", srcs: \"t.sh\"),").unwrap();
    }
    ws.write("BUILD.ron", &(rules + "]\n"));
    // Each ends only once all sixteen are there.
    let here = folder.display();
    let wait = wait_until(&format!("test $(ls {here} | wc -l) = 16"));
    ws.write("t.sh", &format!("#!/bin/sh\nmktemp {here}/XXXXXX > /dev/null\n{wait}"));
    let run = ws.eng(&["test", "--test-threads=16", "--events=-"]).expect(0);
    let lines = lines(&run.stdout);
    assert_eq!(of(&lines, "test_finished").len(), 16);
}

#[test]
fn what_ends_first_is_told_first_whatever_its_place() {
    let ws = workspace(
        "-- BUILD.ron\n[sh_test(name: \"a_slow\", srcs: \"slow.sh\"), \
         sh_test(name: \"b_fast\", srcs: \"fast.sh\")]\n-- fast.sh\n#!/bin/sh\n",
    );
    // The slow one ends only once it stands in the stream that the fast one has ended.
    let stream = ws.beside("it.jsonl").display().to_string();
    let told = format!("grep -q '\"test_finished\",\"label\":\"//:b_fast\"' {stream}");
    ws.write("slow.sh", &format!("#!/bin/sh\n{}", wait_until(&told)));
    let to = format!("--events={stream}");
    let run = ws.eng(&["test", "--test-threads=2", &to]).expect(0);
    let text = std::fs::read_to_string(&stream).unwrap();
    let lines = lines(&text);
    let ends: Vec<&str> =
        of(&lines, "test_finished").iter().map(|line| line["label"].as_str().unwrap()).collect();
    assert_eq!(ends, ["//:b_fast", "//:a_slow"]);
    // People read them in an order that no width changes.
    let at = |label: &str| run.stderr.find(label).unwrap();
    assert!(at("//:a_slow") < at("//:b_fast"), "{}", run.stderr);
}

#[test]
fn in_two_phases_the_stream_has_the_whole_build_before_the_first_test() {
    let ws = workspace(
        "-- BUILD.ron\n[genrule(name: \"slow\", outs: [\"x\"], cmd: \"sleep 0.3; echo > $OUT\"), \
         sh_test(name: \"quick\", srcs: \"t.sh\"), \
         sh_test(name: \"late\", srcs: \"t.sh\", data: [\":slow\"])]\n-- t.sh\n#!/bin/sh\n",
    );
    let run = ws.eng(&["test", "--schedule=two-phase", "--events=-"]).expect(0);
    let lines = lines(&run.stdout);
    let places = |wanted: &dyn Fn(&Value) -> bool| -> Vec<usize> {
        (0..lines.len()).filter(|at| wanted(&lines[*at])).collect()
    };
    let built = places(&|it| it["ev"] == "action_finished" && it["test"] == false);
    let testing = places(&|it| it["ev"] == "phase" && it["phase"] == "testing");
    let complete = places(&|it| it["ev"] == "build_complete");
    let started = places(&|it| it["ev"] == "action_started" && it["test"] == true);
    assert_eq!((built.len(), testing.len(), complete.len(), started.len()), (1, 1, 1, 2));
    assert!(built[0] < complete[0] && complete[0] < started[0]);
    assert!(built[0] < testing[0] && testing[0] < started[0]);
}

#[test]
fn each_broken_action_is_told_in_one_run_and_the_rest_is_tested() {
    let ws = workspace(
        "-- BUILD.ron\n[genrule(name: \"one\", outs: [\"1\"], cmd: \"echo first; exit 1\"), \
         genrule(name: \"two\", outs: [\"2\"], cmd: \"echo second; exit 1\"), \
         sh_test(name: \"a\", srcs: \"t.sh\", data: [\":one\"]), \
         sh_test(name: \"b\", srcs: \"t.sh\", data: [\":two\"]), \
         sh_test(name: \"c\", srcs: \"t.sh\")]\n-- t.sh\n#!/bin/sh\n",
    );
    let run = ws.eng(&["test", "--jobs=1", "--events=-"]).expect(1);
    let run = run.tells("first\n").tells("second\n").tells("tests: 1 passed, 2 not run\n");
    let lines = lines(&run.stdout);
    let failed: Vec<&Value> = lines
        .iter()
        .filter(|it| it["ev"] == "action_finished" && it["outcome"] != "passed")
        .collect();
    assert_eq!(failed.len(), 2, "{failed:?}");
    assert_eq!(of(&lines, "test_not_run").len(), 2);
}
