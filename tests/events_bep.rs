//! The Build Event Protocol, read by its own definition.

use crate::events::{ALL, python};
use crate::real_source::source;
use crate::support::{Run, Workspace, workspace};
use serde_json::Value;
use std::path::Path;
use std::process::Command;

/// Reads a stream by the definition of the protocol; gives its ids and what is told of each.
#[track_caller]
fn read(ws: &Workspace, file: &str) -> Vec<(String, String)> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/events/bep.py");
    let mut command = Command::new("python3");
    command.arg(script).arg(source("bazel-bootstrap")).arg(ws.root().join(file));
    command.env("PYTHONPATH", python(&["grpcio-tools"]));
    let run = Run::of(command).expect(0);
    assert_eq!(run.stderr, "");
    let pairs = run.stdout.lines().map(|line| match line.rsplit_once(' ') {
        Some((id, payload)) if line.starts_with('{') => (id.to_string(), payload.to_string()),
        _ => panic!("{line}\nin\n{}", ws.read(file)),
    });
    pairs.collect()
}

/// The value at a path of the line whose id holds a text.
#[track_caller]
fn at(ws: &Workspace, file: &str, id: &str, pointer: &str) -> String {
    let text = ws.read(file);
    let lines: Vec<serde_json::Value> =
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let line = lines.iter().rfind(|line| line["id"].to_string().contains(id));
    let line = line.unwrap_or_else(|| panic!("no {id} in\n{text}"));
    line.pointer(pointer).unwrap_or_else(|| panic!("no {pointer} in {line}")).to_string()
}

#[test]
fn a_run_of_tests_is_told_in_the_protocol() {
    let ws = workspace(ALL);
    ws.eng(&["test", "//...", "--bep=it.json"]).expect(1);
    let told = read(&ws, "it.json");
    let kinds: Vec<&str> = told.iter().map(|(_, payload)| payload.as_str()).collect();
    assert_eq!(
        kinds[..4],
        ["started", "unstructuredCommandLine", "optionsParsed", "workspaceStatus"]
    );
    assert_eq!(kinds[kinds.len() - 4..], ["finished", "buildToolLogs", "buildMetrics", "progress"]);
    assert!(!kinds.contains(&"aborted"), "{kinds:?}");
    let count = |kind: &str| kinds.iter().filter(|it| **it == kind).count();
    assert_eq!((count("configured"), count("completed"), count("testSummary")), (7, 7, 7));
    assert_eq!((count("testResult"), count("action")), (6, 1));
    for (test, status) in [
        ("good", "PASSED"),
        ("bad", "FAILED"),
        ("skipped", "PASSED"),
        ("slow", "TIMEOUT"),
        ("killed", "FAILED"),
        ("tap", "PASSED"),
        ("blocked", "FAILED_TO_BUILD"),
    ] {
        let id = format!(
            "{{\"testSummary\":{{\"configuration\":{{\"id\":\"eng\"}},\"label\":\"//:{test}\""
        );
        assert_eq!(at(&ws, "it.json", &id, "/testSummary/overallStatus"), format!("\"{status}\""));
    }
    assert_eq!(at(&ws, "it.json", "buildFinished", "/finished/exitCode/name"), "\"BUILD_FAILURE\"");
    assert_eq!(at(&ws, "it.json", "actionCompleted", "/action/exitCode"), "3");
    // What is converted later is the same.
    ws.eng(&["test", "//...", "--events=it.jsonl", "--bep=it.json"]).expect(1);
    ws.eng(&["replay", "it.jsonl", "--bep=again.json"]).expect(0);
    let bare = |text: String| {
        let lines = text.lines().map(str::to_string);
        lines
            .filter(|it| !it.contains("\"started\"") && !it.contains("\"finished\""))
            .collect::<Vec<_>>()
    };
    assert_eq!(bare(ws.read("again.json")), bare(ws.read("it.json")));
    read(&ws, "again.json");
}

#[test]
fn builds_retries_and_runs_that_come_to_nothing_are_told_in_the_protocol() {
    let ws = workspace(ALL);
    ws.write(
        "BUILD.ron",
        &ws.read("BUILD.ron").replace(
            "sh_test(name: \"bad\"",
            "sh_test(name: \"flaky\", srcs: \"flaky.sh\"),\n    sh_test(name: \"bad\"",
        ),
    );
    let once = ws.beside("once").display().to_string();
    ws.write("flaky.sh", &format!("#!/bin/sh\n[ -e {once} ] && exit 0\n: > {once}\nexit 1\n"));
    let bep = "--build_event_json_file=it.json";
    ws.eng(&["test", "//:flaky", "--retries=2", bep]).expect(0);
    read(&ws, "it.json");
    assert_eq!(at(&ws, "it.json", "testSummary", "/testSummary/overallStatus"), "\"FLAKY\"");
    assert_eq!(at(&ws, "it.json", "\"attempt\":2", "/testResult/status"), "\"PASSED\"");

    ws.eng(&["build", "//:tool", "//:made", bep]).expect(0);
    let kinds: Vec<String> = read(&ws, "it.json").into_iter().map(|(_, it)| it).collect();
    assert_eq!(kinds.iter().filter(|kind| *kind == "namedSetOfFiles").count(), 2, "{kinds:?}");
    assert!(
        at(&ws, "it.json", "namedSet", "/namedSetOfFiles/files/0/uri").starts_with("\"file:///")
    );
    // Once more, with nothing to do.
    ws.eng(&["build", "//:tool", "//:made", bep]).expect(0);
    let again: Vec<String> = read(&ws, "it.json").into_iter().map(|(_, it)| it).collect();
    assert_eq!(again, kinds);

    ws.eng(&["test", "-n", "//:good", "--fresh", bep]).expect(0);
    read(&ws, "it.json");
    assert_eq!(at(&ws, "it.json", "targetCompleted", "/aborted/reason"), "\"NO_BUILD\"");
    ws.eng(&["build", "//:none", bep]).expect(2);
    read(&ws, "it.json");
    assert_eq!(at(&ws, "it.json", "\"pattern\"", "/aborted/reason"), "\"LOADING_FAILURE\"");
    assert_eq!(at(&ws, "it.json", "buildFinished", "/finished/exitCode/code"), "2");
    ws.eng(&[
        "test",
        "//:bad",
        "//:good",
        "//:tap",
        "--jobs=1",
        "--test-threads=1",
        "--fail-fast",
        bep,
    ])
    .expect(3);
    read(&ws, "it.json");
}

/// What is told of the attempts of a test, in order: run, attempt, status, outputs, and whether the
/// moments of begin and end follow each other.
#[track_caller]
fn attempts(ws: &Workspace, file: &str, test: &str) -> (Vec<String>, Value) {
    let text = ws.read(file);
    let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let mut told = Vec::new();
    let mut summary = Value::Null;
    let mut spans = Vec::new();
    for line in lines {
        if line["id"]["testSummary"]["label"] == test {
            summary = line["testSummary"].clone();
        }
        let (id, result) = (&line["id"]["testResult"], &line["testResult"]);
        if id["label"] != test {
            continue;
        }
        let outputs = result["testActionOutput"].as_array().cloned().unwrap_or_default();
        let outputs = outputs.iter().map(|it| {
            let path = it["uri"].as_str().unwrap().strip_prefix("file://").unwrap();
            let text = std::fs::read_to_string(path).unwrap();
            let name = it["name"].as_str().unwrap();
            if name == "test.xml" { name.to_string() } else { format!("{name} {text:?}") }
        });
        let outputs = outputs.collect::<Vec<_>>().join(", ");
        let status = result["status"].as_str().unwrap();
        told.push(format!("{}/{}/{} {status}: {outputs}", id["run"], id["shard"], id["attempt"]));
        let start = millis(&result["testAttemptStartMillisEpoch"]);
        spans.push((start, start + millis(&result["testAttemptDurationMillis"])));
    }
    // A millisecond may get lost when a length is cut.
    assert_eq!(millis(&summary["firstStartTimeMillis"]), spans.iter().min().unwrap().0, "{text}");
    let last = spans.iter().map(|it| it.1).max().unwrap();
    assert!(millis(&summary["lastStopTimeMillis"]).abs_diff(last) <= 1, "{text}");
    for pair in spans.windows(2) {
        assert!(pair[0].1 <= pair[1].0 + 1, "{spans:?}");
    }
    (told, summary)
}

fn millis(value: &Value) -> u64 {
    value.as_str().unwrap().parse().unwrap()
}

#[test]
fn each_attempt_is_told_with_its_own_begin_length_status_and_outputs() {
    let ws = workspace(
        r#"
-- t.sh
#!/bin/sh
echo x >> "$TRACE"
n=$(wc -l < "$TRACE")
echo "attempt $n"
sleep 0.05
[ $n = 2 ] && kill -ABRT $$
test $n -gt $TIMES
"#,
    );
    let target = |name: &str, times: u32| {
        let trace = ws.beside(name).display().to_string();
        format!(
            "sh_test(name: \"{name}\", srcs: \"t.sh\", env: {{\"TRACE\": \"{trace}\", \"TIMES\": \"{times}\"}})"
        )
    };
    ws.write(
        "BUILD.ron",
        &format!("[workspace(name: \"ws\"), {}, {}]\n", target("flaky", 2), target("never", 9)),
    );
    ws.eng(&["test", "--retries=2", "--bep=it.json", "--events=it.jsonl"]).expect(3);
    read(&ws, "it.json");
    for (test, last) in [("//:flaky", "PASSED"), ("//:never", "FAILED")] {
        let (told, summary) = attempts(&ws, "it.json", test);
        assert_eq!(
            told,
            [
                "1/1/1 FAILED: test.log \"attempt 1\\n\"".to_string(),
                "1/1/2 FAILED: test.log \"attempt 2\\n\"".to_string(),
                format!(
                    "1/1/3 {last}: test.log \"attempt 1\\nattempt 2\\nattempt 3\\n\", test.xml"
                ),
            ]
        );
        assert_eq!((&summary["totalRunCount"], &summary["attemptCount"]), (&3.into(), &3.into()));
    }
    ws.eng(&["replay", "it.jsonl", "--bep=again.json"]).expect(0);
    for test in ["//:flaky", "//:never"] {
        assert_eq!(attempts(&ws, "again.json", test), attempts(&ws, "it.json", test));
    }
    // Of a remembered result it is known that it was flaky, and when it was come by.
    let before = attempts(&ws, "it.json", "//:flaky").1;
    ws.eng(&["test", "//:flaky", "--bep=it.json"]).expect(0);
    read(&ws, "it.json");
    let (told, summary) = attempts(&ws, "it.json", "//:flaky");
    assert_eq!(told.len(), 1);
    assert!(told[0].starts_with("1/1/1 FLAKY: test.log "), "{told:?}");
    assert_eq!(summary["overallStatus"], "FLAKY");
    let began = millis(&summary["firstStartTimeMillis"]);
    assert!(began <= millis(&before["lastStopTimeMillis"]), "{summary} after {before}");
}

#[test]
fn runs_are_told_by_number_and_listings_are_no_attempts() {
    let ws = workspace(
        r#"
-- BUILD.ron
[cc_test(name: "t", srcs: ["t.c"], protocol: "eng")]
-- t.c
#include <eng_test.h>
#include <unistd.h>
TEST(a) { CHECK(1); }
TEST(b) { CHECK(access("/", R_OK) == 0); }
"#,
    );
    ws.eng(&["test", "--runs=3", "--test-threads=1", "--bep=it.json", "--events=it.jsonl"])
        .expect(0);
    read(&ws, "it.json");
    let (told, summary) = attempts(&ws, "it.json", "//:t");
    let bare: Vec<&str> = told.iter().map(|it| it.split(':').next().unwrap()).collect();
    assert_eq!(bare, ["1/1/1 PASSED", "2/1/1 PASSED", "3/1/1 PASSED"]);
    assert_eq!((&summary["runCount"], &summary["totalRunCount"]), (&3.into(), &3.into()));
    let events = ws.read("it.jsonl");
    let listing = crate::events::lines(&events);
    let listing =
        listing.iter().find(|it| it["subject"] == "list //:t" && it["ev"] == "action_finished");
    let listing = listing.unwrap();
    let listed =
        listing["process"]["started"].as_f64().unwrap() + listing["duration"].as_f64().unwrap();
    let began = millis(&summary["firstStartTimeMillis"]) as f64 / 1e3;
    assert!(listed <= began + 0.001, "{listed} {began}");
}
