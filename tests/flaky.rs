//! `eng flaky`: equal keys with different outcomes, and nothing else.

use crate::support::{Workspace, workspace};
use serde_json::Value;
use std::fs;

/// A test that fails as long as a file outside of the workspace is not there, which its key does not
/// know; and a test that is just wrong.
fn moody() -> Workspace {
    let ws =
        workspace("-- moody.sh\n#!/bin/sh\ntest -e \"$MARK\"\n-- wrong.sh\n#!/bin/sh\nexit 1\n");
    let mark = ws.beside("mark").display().to_string();
    ws.write(
        "BUILD.ron",
        &format!(
            "[workspace(name: \"ws\"), \
             sh_test(name: \"moody\", srcs: \"moody.sh\", env: {{\"MARK\": \"{mark}\"}}), \
             sh_test(name: \"wrong\", srcs: \"wrong.sh\")]\n"
        ),
    );
    ws
}

fn flaky(ws: &Workspace, arguments: &[&str]) -> String {
    let run = ws.eng(&[&["flaky"], arguments].concat()).expect(0);
    assert_eq!(run.stderr, "");
    run.stdout
}

fn json(ws: &Workspace, arguments: &[&str]) -> Value {
    let text = flaky(ws, &[arguments, &["--format=json"]].concat());
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error} in {text}"))
}

#[test]
fn what_comes_out_differently_though_nothing_changed_is_flaky() {
    let ws = moody();
    assert_eq!(flaky(&ws, &[]), "nothing is known to be flaky\n");
    ws.write(".git/HEAD", "0123456789012345678901234567890123456789\n");
    ws.eng(&["test"]).expect(3);
    // What is wrong and was mended is not flaky.
    ws.write("wrong.sh", "#!/bin/sh\nexit 0\n");
    assert_eq!(flaky(&ws, &[]), "nothing is known to be flaky\n");
    fs::write(ws.beside("mark"), "").unwrap();
    ws.eng(&["test"]).expect(0);
    ws.eng(&["test", "--fresh"]).expect(0);
    let all = json(&ws, &[]);
    let found = all["flaky"].as_array().unwrap();
    assert_eq!(found.len(), 1, "{all}");
    let found = &found[0];
    assert_eq!((&found["target"], &found["case"]), (&"//:moody".into(), &"".into()));
    assert_eq!((&found["attempts"], &found["failures"]), (&3.into(), &1.into()));
    let near = |name: &str, value: f64| (found[name].as_f64().unwrap() - value).abs() < 1e-4;
    // Wilson's interval for one of three.
    assert!(near("rate", 1.0 / 3.0) && near("low", 0.0615) && near("high", 0.7923), "{found}");
    assert_eq!((&found["first"]["run"], &found["last"]["run"]), (&1.into(), &1.into()));
    assert_eq!(found["first"]["commit"], "0123456789012345678901234567890123456789");

    let text = flaky(&ws, &[]);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 2, "{text}");
    assert!(lines[0].starts_with("what      failed  attempts    rate"), "{text}");
    assert!(lines[1].starts_with("//:moody       1         3  33.3 %  6.1 to 79.2 %  "), "{text}");
    assert!(lines[1].contains(" ago, run 1, 0123456789"), "{text}");
    let text = flaky(&ws, &["--format=markdown"]);
    assert!(text.contains("\n| //:moody | 1 | 3 | 33.3 % | 6.1 to 79.2 % | 2"), "{text}");

    assert_eq!(json(&ws, &["//:moody"])["flaky"].as_array().unwrap().len(), 1);
    for other in [&["//:wrong"][..], &["//...", "-//:moody"], &["//:moody#other"]] {
        assert_eq!(json(&ws, other)["flaky"].as_array().unwrap().len(), 0, "{other:?}");
    }
}

#[test]
fn attempts_of_one_run_count_as_those_of_several() {
    let ws = moody();
    ws.write("moody.sh", "#!/bin/sh\ntest -e \"$MARK\" && exit 0\necho > \"$MARK\"\nexit 1\n");
    ws.eng(&["test", "//:moody", "--retries=1"]).expect(0).tells("FLAKY //:moody");
    let found = &json(&ws, &[])["flaky"][0];
    assert_eq!((&found["attempts"], &found["failures"]), (&2.into(), &1.into()));
    // A remembered result is no attempt.
    ws.eng(&["test", "//:moody"]).expect(0);
    assert_eq!(json(&ws, &[])["flaky"][0]["attempts"], 2);
    ws.eng(&["test", "//:moody", "--runs=5"]).expect(0);
    assert_eq!(json(&ws, &[])["flaky"][0]["attempts"], 7);
}

#[test]
fn an_action_that_comes_out_differently_is_flaky_too() {
    let ws = workspace("");
    let mark = ws.beside("mark").display().to_string();
    ws.write(
        "BUILD.ron",
        &format!(
            "[workspace(name: \"ws\"), genrule(name: \"made\", outs: [\"x\"], cmd: \"test -e {mark} && echo > $OUT\")]\n"
        ),
    );
    ws.eng(&["build", "--all"]).expect(1);
    fs::write(&mark, "").unwrap();
    ws.eng(&["build", "--all", "--no-cache"]).expect(0);
    let found = &json(&ws, &[])["flaky"][0];
    assert_eq!((&found["action"], &found["case"]), (&"generate out/x".into(), &Value::Null));
    assert_eq!((&found["attempts"], &found["failures"]), (&2.into(), &1.into()));
    assert!(flaky(&ws, &[]).contains("\n//:made: generate out/x  "));
}
