//! The Build Event Protocol, read by its own definition.

use crate::events::{ALL, python};
use crate::real_source::source;
use crate::support::{Run, Workspace, workspace};
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
        let lines = text.lines().map(|line| {
            let mut line: serde_json::Value = serde_json::from_str(line).unwrap();
            // When it is known exactly differs by the time between two looks at the clock.
            if let Some(it) = line.pointer_mut("/testSummary").and_then(|it| it.as_object_mut()) {
                it.retain(|name, _| !name.contains("Time"));
            }
            line.to_string()
        });
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
