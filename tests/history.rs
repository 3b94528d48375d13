//! `eng history`: what is kept of runs, of what ran in them, and of targets.

use crate::support::golden::golden;
use crate::support::{Workspace, wait_for, workspace};
use serde_json::Value;
use std::fs;
use std::process::Stdio;
use std::thread::sleep;
use std::time::Duration;

const FILES: &str = r#"
-- BUILD.ron
[
    genrule(name: "made", srcs: ["made.in"], outs: ["made.txt"], cmd: "cat made.in > $OUT"),
    sh_test(name: "good", srcs: "good.sh", data: [":made"]),
    sh_test(name: "bad", srcs: "bad.sh"),
]
-- made.in
some
-- good.sh
#!/bin/sh
-- bad.sh
#!/bin/sh
exit 1
"#;

/// Text with what differs from run to run replaced, and columns two blanks apart.
pub fn steady(text: &str) -> String {
    let mut res = String::new();
    for line in text.lines() {
        let cells = line.split("  ").map(str::trim).filter(|cell| !cell.is_empty());
        let cell = |cell: &str| match cell {
            it if it.ends_with(" ago") && !it.contains(',') => "AGE ago".to_string(),
            it if it.ends_with(" MiB") => "SIZE".to_string(),
            it if it.ends_with('s') && it[..it.len() - 1].parse::<f64>().is_ok() => "TIME".into(),
            it if it.contains("Z, ") => "MOMENT, AGE ago".to_string(),
            it => it.to_string(),
        };
        res.push_str(&cells.map(cell).collect::<Vec<_>>().join("  "));
        res.push('\n');
    }
    res
}

pub fn told(ws: &Workspace, arguments: &[&str]) -> String {
    let run = ws.eng(&[&["history"], arguments].concat()).expect(0);
    assert_eq!(run.stderr, "");
    run.stdout
}

pub fn json(ws: &Workspace, arguments: &[&str]) -> Value {
    let text = told(ws, &[arguments, &["--format=json"]].concat());
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error} in {text}"))
}

/// A workspace with four runs: a build, one with nothing to do, tests of which one fails, and one of
/// a single test.
fn four_runs() -> Workspace {
    // Clocks of file systems tick every 10 ms; what is younger than two ticks is looked into again.
    let settle = || sleep(Duration::from_millis(60));
    let ws = workspace(FILES);
    settle();
    ws.eng(&["build", "//:made"]).expect(0);
    settle();
    // After a failed test everything is looked into again.
    ws.eng(&["build", "//:made"]).expect(0);
    ws.eng(&["test", "--retries=1"]).expect(3);
    ws.eng(&["test", "//:good", "--fresh"]).expect(0);
    ws
}

#[test]
fn the_last_runs_are_listed() {
    let ws = workspace(FILES);
    assert_eq!(told(&ws, &[]), "nothing has run in this workspace yet\n");
    let ws = four_runs();
    golden("history/list", &steady(&told(&ws, &[])));
    golden("history/limit", &steady(&told(&ws, &["--limit=1"])));
}

#[test]
fn a_run_is_told_with_all_that_ran_in_it() {
    let ws = four_runs();
    golden("history/run", &steady(&told(&ws, &["3"])));
    golden("history/idle", &steady(&told(&ws, &["2"])));
    assert_eq!(told(&ws, &["last"]).lines().next(), Some("run 4"));
}

#[test]
fn the_past_of_targets_is_told() {
    let ws = four_runs();
    golden("history/target", &steady(&told(&ws, &["//:good"])));
    golden("history/targets", &steady(&told(&ws, &["//...", "-//:made"])));
    assert_eq!(told(&ws, &["//none/..."]), "nothing is known of what matches\n");
    // Targets that are gone have a past, too.
    ws.write("BUILD.ron", "[workspace(name: \"ws\")]\n");
    assert!(told(&ws, &["//:good"]).contains("//:good"));
}

#[test]
fn markdown_is_a_table() {
    let ws = four_runs();
    let text = told(&ws, &["--format=markdown"]);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(
        lines[..2],
        [
            "| run | when | status | ran | cached | failed | cases | time | command |",
            "| ---: | --- | --- | ---: | ---: | ---: | --- | ---: | --- |"
        ]
    );
    assert_eq!(lines.len(), 6);
    assert!(lines[5].ends_with(" | eng build //:made |"), "{text}");
    assert!(lines[4].starts_with("| 2 | 2") && lines[4].contains("Z | ok | 0 | 1 | 0 |"), "{text}");
    let text = told(&ws, &["3", "--format=markdown"]);
    assert!(text.starts_with("## Run 3\n\n- status: tests failed\n"), "{text}");
    assert!(text.contains("\n| //:bad | the program | failed | 2 |"), "{text}");
}

#[test]
fn programs_get_every_attempt_with_its_numbers() {
    let ws = four_runs();
    let runs = json(&ws, &[]);
    let statuses: Vec<&str> =
        runs["runs"].as_array().unwrap().iter().map(|it| it["status"].as_str().unwrap()).collect();
    assert_eq!(statuses, ["ok", "tests failed", "ok", "ok"]);
    assert_eq!(runs["runs"][2]["idle"], true);
    assert_eq!(runs["runs"][2]["counts"]["cached"], 1);
    assert_eq!(runs["runs"][1]["counts"]["cases_failed"], 1);
    assert_eq!(runs["runs"][1]["exit"], 3);

    let run = json(&ws, &["3"]);
    let bad = &run["targets"][0];
    assert_eq!(bad["target"], "//:bad");
    let cases = bad["cases"].as_array().unwrap();
    let outcomes: Vec<(&str, u64)> = cases
        .iter()
        .map(|it| (it["outcome"].as_str().unwrap(), it["attempt"].as_u64().unwrap()))
        .collect();
    assert_eq!(outcomes, [("failed", 1), ("failed", 2)]);
    assert_eq!(cases[0]["key"], cases[1]["key"]);
    for row in cases.iter().chain(bad["actions"].as_array().unwrap()) {
        assert!(row["wall_ms"].as_f64().unwrap() > 0.0, "{row}");
        assert!(row["cpu_ms"].as_f64().is_some(), "{row}");
        assert!(row["peak_kib"].as_u64().unwrap() > 0, "{row}");
        assert_eq!(row["key"].as_str().unwrap().len(), 64, "{row}");
        assert!(row["start"].as_str().unwrap().ends_with('Z'), "{row}");
    }
    let past = json(&ws, &["//:good"]);
    let runs: Vec<u64> = past["targets"][0]["runs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["run"].as_u64().unwrap())
        .collect();
    assert_eq!(runs, [4, 3]);
}

#[test]
fn every_attempt_of_every_case_is_kept() {
    let ws = workspace(
        "-- BUILD.ron\n[cc_test(name: \"t\", srcs: [\"t.c\"], protocol: \"eng\", env: {\"MARK\": \"@\"})]\n\
         -- t.c\n#include <eng_test.h>\n#include <stdlib.h>\n#include <stdio.h>\n\
         TEST(steady)\n{\n    CHECK(1);\n}\n\
         TEST(wild)\n{\n    FILE *mark = fopen(getenv(\"MARK\"), \"r\");\n    if (!mark)\n        \
         fopen(getenv(\"MARK\"), \"w\");\n    CHECK(mark != 0);\n}\n",
    );
    let mark = ws.beside("mark").display().to_string();
    ws.write("BUILD.ron", &ws.read("BUILD.ron").replace('@', &mark));
    ws.eng(&["test", "--retries=2"]).expect(0).tells("cases: 2 passed, 1 flaky\n");
    let run = json(&ws, &["last"]);
    let shown: Vec<String> = run["targets"][0]["cases"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| format!("{} {} {}", it["name"], it["attempt"], it["outcome"]).replace('"', ""))
        .collect();
    assert_eq!(shown, ["t::steady 1 passed", "t::wild 1 failed", "t::wild 2 passed"]);
    assert_eq!(
        steady(&told(&ws, &["//:t#t::wild"])),
        "run  when  case  outcome  attempt  time\n\
         1  AGE ago  //:t#t::wild  failed  1  TIME\n1  AGE ago  //:t#t::wild  passed  2  TIME\n"
    );
    // Together in one process nobody knows what each of them took; alone it is known.
    let cases = &run["targets"][0]["cases"];
    assert_eq!(cases[0]["peak_kib"], Value::Null);
    assert!(cases[2]["peak_kib"].as_u64().is_some());

    ws.eng(&["test", "--runs=2"]).expect(0);
    let rounds: Vec<(u64, u64)> = json(&ws, &["last"])["targets"][0]["cases"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| (it["round"].as_u64().unwrap(), it["attempt"].as_u64().unwrap()))
        .collect();
    assert_eq!(rounds.len(), 4);
    assert!(rounds.contains(&(1, 1)) && rounds.contains(&(2, 1)), "{rounds:?}");
}

#[test]
fn a_run_that_goes_on_is_seen_from_elsewhere_and_one_that_was_killed_is_told() {
    let ws = workspace(
        "-- BUILD.ron\n[genrule(name: \"first\", outs: [\"x\"], cmd: \"echo > $OUT\"), \
         genrule(name: \"slow\", srcs: [\":first\"], outs: [\"y\"], cmd: \"echo > @; sleep 60\")]\n",
    );
    let mark = ws.beside("mark");
    ws.write("BUILD.ron", &ws.read("BUILD.ron").replace('@', &mark.display().to_string()));
    let mut child = ws
        .command(&["build", "--all"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("start eng");
    wait_for(&mark);
    let runs = json(&ws, &[]);
    assert_eq!(runs["runs"][0]["status"], "running");
    assert_eq!(runs["runs"][0]["counts"], Value::Null);
    // What has ended is kept a moment later.
    let line = || steady(&told(&ws, &[])).lines().nth(1).unwrap_or_default().to_string();
    let began = std::time::Instant::now();
    while line() != "1  AGE ago  running  1  TIME  eng build --all" {
        assert!(began.elapsed().as_secs() < 60, "{}", line());
    }
    child.kill().expect("kill eng");
    child.wait().expect("wait for eng");
    assert_eq!(json(&ws, &[])["runs"][0]["status"], "killed");
    assert_eq!(json(&ws, &["1"])["targets"][0]["target"], "//:first");
}

#[test]
fn a_run_that_there_is_not_is_told_with_those_that_there_are() {
    let ws = workspace(FILES);
    let nothing = "eng: nothing has run in this workspace yet, or its history was removed\n";
    for word in ["last", "1"] {
        assert_eq!(ws.eng(&["history", word]).expect(2).stderr, nothing);
    }
    ws.eng(&["build", "//:made"]).expect(0);
    let only = "eng: there is no run 7 yet; the only one of this workspace is 1\n";
    assert_eq!(ws.eng(&["history", "7"]).expect(2).stderr, only);
    ws.eng(&["build", "//:made"]).expect(0);
    let two = "there is no run 0, or it is too long ago; those of this workspace are from 1 to 2\n";
    ws.eng(&["history", "0"]).expect(2).tells(two);
    ws.eng(&["history", "99999999999999999999"]).expect(2).tells("there is no run");
    ws.eng(&["history", "1", "2"]).expect(2).tells("one run at a time, without targets");
    ws.eng(&["history", "--limit=0"]).expect(2).tells("--limit is 0; it must be 1 or more");
    ws.eng(&["history", "--format=html"])
        .expect(2)
        .tells("[possible values: text, markdown, json]");
}

#[test]
fn the_commit_is_kept_and_runs_that_fail_early_end() {
    let ws = workspace(FILES);
    let commit = "0123456789012345678901234567890123456789";
    ws.write(".git/HEAD", "ref: refs/heads/main\n");
    ws.write(".git/refs/heads/main", &format!("{commit}\n"));
    ws.eng(&["build", "//:made"]).expect(0);
    ws.eng(&["test", "//:good#none"]).expect(4);
    let runs = json(&ws, &[]);
    assert_eq!(runs["runs"][1]["commit"], commit);
    assert_eq!(runs["runs"][0]["status"], "no tests");
}

#[test]
fn a_damaged_history_is_put_aside_and_told_once() {
    let ws = workspace(FILES);
    ws.eng(&["build", "//:made"]).expect(0);
    fs::write(ws.beside("state/eng/history-v3.db"), "damaged").expect("damage the history");
    ws.eng(&["build", "//:made", "--no-cache"])
        .expect(0)
        .tells("warning: the history '")
        .tells("was damaged");
    let run = ws.eng(&["build", "//:made", "--no-cache"]).expect(0);
    assert!(!run.stderr.contains("warning"), "{}", run.stderr);
    assert_eq!(json(&ws, &[])["runs"].as_array().unwrap().len(), 2);
}

#[test]
fn a_user_says_how_much_is_kept() {
    let ws = workspace(FILES);
    for _ in 0..3 {
        ws.eng(&["test", "//:good", "--fresh"]).expect(0);
    }
    let folder = ws.beside("config").join("eng");
    fs::create_dir_all(&folder).expect("make a folder");
    let settings = |text: &str| fs::write(folder.join("config.ron"), text).expect("write settings");
    settings("[settings(history_age: \"1ms\")]");
    ws.eng(&["test", "//:good", "--fresh"]).expect(0);
    // The file that the test needs was made in the first run, and what is known of that stays.
    let kept: Vec<i64> = json(&ws, &[])["runs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|run| run["run"].as_i64().unwrap())
        .collect();
    assert_eq!(kept, [4, 1]);
    assert_eq!(json(&ws, &["1"])["targets"][0]["target"], "//:made");
    settings("[settings(history_size: \"lots\", history_age: 3)]");
    let path = folder.join("config.ron").display().to_string();
    ws.eng(&["test"])
        .expect(2)
        .tells(&format!("{path}:1:25: 'history_size' is \"lots\"; a size such as \"500MiB\" or \"2GiB\" was expected"))
        .tells(&format!("{path}:1:46: 'history_age'"));
}

#[test]
fn what_took_longest_starts_first_the_next_time_and_has_a_share_of_its_own() {
    let ws = workspace("-- t.sh\n#!/bin/sh\nsleep $1\necho $1 >> \"$TRACE\"\n");
    let trace = ws.beside("trace").display().to_string();
    let test = |name: &str, time: &str| {
        format!(
            "sh_test(name: \"{name}\", srcs: \"t.sh\", args: [\"{time}\"], \
             env: {{\"TRACE\": \"{trace}\"}}), "
        )
    };
    let tests = [test("a", "0.01"), test("b", "0.6"), test("c", "0.3")].concat();
    ws.write("BUILD.ron", &format!("[workspace(name: \"ws\"), {tests}]\n"));
    let times = ws.beside("times").display().to_string();
    ws.eng(&["test", "--test-threads=1", "--write-durations", &times]).expect(0);
    let order = |more: &[&str]| {
        fs::remove_file(&trace).expect("forget the order");
        ws.eng(&[&["test", "--test-threads=1", "--fresh"], more].concat()).expect(0);
        fs::read_to_string(&trace).expect("read the order")
    };
    assert_eq!(order(&[]), "0.6\n0.3\n0.01\n");
    assert_eq!(order(&["--shard=1/2", "--durations", &times]), "0.6\n");
    assert_eq!(order(&["--shard=2/2", "--durations", &times]), "0.3\n0.01\n");
}

#[test]
fn a_test_that_was_stopped_has_not_passed() {
    let ws = workspace("-- t.sh\n#!/bin/sh\n: > \"$TRACE\"\nsleep 100\n");
    let trace = ws.beside("trace");
    let test = format!(
        "sh_test(name: \"t\", srcs: \"t.sh\", env: {{\"TRACE\": \"{}\"}})",
        trace.display()
    );
    ws.write("BUILD.ron", &format!("[workspace(name: \"ws\"), {test}]\n"));
    let child =
        ws.command(&["test"]).stderr(std::process::Stdio::null()).spawn().expect("start eng");
    crate::support::wait_for(&trace);
    let stopped =
        std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(stopped.expect("send a signal").success());
    let status = child.wait_with_output().expect("wait for eng").status;
    assert_eq!(status.code(), Some(8));
    let told = ws.eng(&["history", "//:t"]).expect(0).stdout;
    assert!(told.contains("stopped") && !told.contains("passed"), "{told}");
}
