//! `eng query --output`: the forms of an answer, each whole in `golden/query`.

use crate::query::LAMP;
use crate::support::golden::golden;
use crate::support::{Workspace, workspace};
use std::fs;
use std::process::Command;

/// Compares an answer with `golden/query/NAME.txt`.
#[track_caller]
fn prints(ws: &Workspace, name: &str, words: &[&str]) {
    let run = ws.eng(&[&["query"], words].concat()).expect(0);
    assert_eq!(run.stderr, "");
    let root = ws.root().display().to_string();
    golden(&format!("query/{name}"), &run.stdout.replace(&root, "ROOT"));
}

const DEPS: &str = "deps(//app:default)";

macro_rules! forms {
    ($($name:ident: $words:expr;)*) => {$(
        #[test]
        fn $name() {
            prints(&workspace(LAMP), stringify!($name), &$words);
        }
    )*};
}

forms! {
    label_kind: ["--output=label_kind", DEPS];
    location: ["--output=location", "//light:all + light/light.h + @eng//cc:toolchain"];
    package: ["--output=package", "deps(//app:lamp) + //:readme"];
    build: ["--output=build", "//app:all + //light:* + //:readme"];
    graph: ["--output=graph", "--no-implicit-deps", "deps(//app:lamp)"];
    json: ["--output=json", "//light:* + //app:lamp"];
    jsonl: ["--output=jsonl", "--no-implicit-deps", "//light:light + light/light.h"];
    json_of_nothing: ["--output=json", "set()"];
    minrank: ["--output=minrank", "--no-implicit-deps", DEPS];
    maxrank: ["--output=maxrank", "--no-implicit-deps", DEPS];
    actions: ["--output=actions", "//light:colors + //light:light"];
    actions_json: ["--output=actions-json", "//light:colors"];
    actions_of_modes: ["--output=actions", "--mode=release", "//light:light"];
}

#[test]
fn nodes_that_need_each_other_have_one_rank() {
    let ws = workspace(
        r#"
-- BUILD.ron
[
    filegroup(name: "a", srcs: [":b"]),
    filegroup(name: "b", srcs: [":c", ":d"]),
    filegroup(name: "c", srcs: [":b"]),
    filegroup(name: "d", srcs: [":a2"]),
    filegroup(name: "a2"),
    filegroup(name: "x", srcs: [":a2"]),
]
"#,
    );
    for (form, ranks) in [
        ("--output=minrank", "0 //:a 0 //:x 1 //:a2 1 //:b 1 //:c 2 //:d"),
        ("--output=maxrank", "0 //:a 0 //:x 1 //:b 1 //:c 2 //:d 3 //:a2"),
    ] {
        let run = ws.eng(&["query", form, "//..."]).expect(0);
        assert_eq!(run.stdout.lines().collect::<Vec<_>>().join(" "), ranks);
    }
}

#[test]
fn what_build_prints_can_stand_in_a_file() {
    let ws = workspace(LAMP);
    let place = regex::Regex::new(r#""location":"[^"]*""#).expect("a pattern");
    for package in ["light", "app"] {
        let pattern = format!("//{package}:all");
        let words = ["query", "--output=build", &pattern];
        let printed = ws.eng(&words).expect(0).stdout;
        let json = ["query", "--output=json", "--noimplicit_deps", &pattern];
        let before = ws.eng(&json).expect(0).stdout;
        ws.write(&format!("{package}/BUILD.ron"), &format!("[\n{printed}]\n"));
        let plain = |text: &str| place.replace_all(text, "").into_owned();
        assert_eq!(plain(&ws.eng(&json).expect(0).stdout), plain(&before));
        let lines = |text: &str| {
            let kept = text.lines().filter(|line| !line.starts_with("//"));
            kept.collect::<Vec<_>>().join("\n")
        };
        assert_eq!(lines(&ws.eng(&words).expect(0).stdout), lines(&printed));
    }
}

#[test]
fn actions_are_those_of_the_targets_asked_for() {
    let ws = workspace(LAMP);
    let count = |query: &str| {
        let run = ws.eng(&["query", "--output=actions", query]).expect(0);
        run.stdout.lines().filter(|line| line.starts_with("  target: ")).count()
    };
    assert_eq!(count("//light:light"), 4);
    assert_eq!(count("//light:light + light/light.c"), 4);
    assert_eq!(count("light/light.c"), 0);
    assert_eq!(count("deps(//light:fast)"), 8);
}

const EDITED: &str = r#"
-- BUILD.ron
[
    genrule(name: "made", srcs: ["made.in"], outs: ["gen/made.h"], cmd: "cp $SRCS $OUT"),
    cc_library(name: "lib", srcs: ["lib.c"], hdrs: ["lib.h", ":made"], includes: ["gen"]),
    cc_library(name: "more", srcs: ["more.cc"], deps: [":lib"], local_defines: ["TEXT=\"a b\""]),
    cc_test(name: "test", srcs: ["one_test.c", "two_test.c"], deps: [":lib"], protocol: "eng"),
]
-- made.in
#define MADE 1
-- lib.h
#include <made.h>
-- lib.c
#include "gen/made.h"
int lib[MADE];
-- more.cc
#include "lib.h"
const char *more[MADE] = {TEXT};
-- one_test.c
#include <eng_test.h>
#include "lib.h"
TEST(one) { CHECK(MADE); }
-- two_test.c
#include <eng_test.h>
TEST(two) { CHECK(1); }
"#;

#[test]
fn compdb_commands_work_where_an_editor_starts_them() {
    let ws = workspace(EDITED);
    ws.eng(&["build", "--all"]).expect(0);
    let text = ws.eng(&["query", "--output=compdb", "//..."]).expect(0).stdout;
    let commands: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let commands = commands.as_array().expect("a list");
    let files: Vec<_> = commands.iter().map(|it| it["file"].as_str().expect("a file")).collect();
    // The files of a test that are compiled as one unit are told one by one.
    assert_eq!(files, ["lib.c", "more.cc", "one_test.c", "two_test.c"]);
    for command in commands {
        assert_eq!(command["directory"], ws.root().display().to_string());
        let words = command["arguments"].as_array().expect("a list");
        let words: Vec<&str> = words.iter().map(|it| it.as_str().expect("a word")).collect();
        // An editor checks, and writes nothing.
        let status = Command::new(words[0])
            .args(words[1..].iter().map(|word| if *word == "-c" { "-fsyntax-only" } else { word }))
            .args(["-MF", "/dev/null"])
            .current_dir(ws.root())
            .status()
            .expect("start the compiler");
        assert!(status.success(), "{words:?}");
    }
    let again = ws.eng(&["query", "--output=compdb", "//..."]).expect(0).stdout;
    assert_eq!(again, text);
    fs::remove_dir_all(ws.beside("cache/eng/builtin")).expect("remove the built-in files");
    ws.eng(&["query", "--output=compdb", "//:lib"]).expect(0);
    assert!(!ws.beside("cache/eng/builtin").exists());
}

#[test]
fn compdb_as_it_is_printed() {
    let ws = workspace(EDITED);
    let run = ws.eng(&["query", "--output=compdb", "//:more"]).expect(0);
    let root = ws.root().display().to_string();
    golden("query/compdb", &run.stdout.replace(&root, "ROOT"));
}

#[test]
fn what_cannot_be_analysed_has_no_actions() {
    let ws = workspace("-- BUILD.ron\n[cc_library(name: \"a\", srcs: [\"none.c\"])]");
    ws.eng(&["query", "deps(//:a)"]).expect(0);
    let run = ws.eng(&["query", "--output=actions", "//:a"]).expect(2);
    run.tells("BUILD.ron:1:").tells("the file 'none.c' does not exist");
    ws.eng(&["query", "--output=actions", "--mode=fast", "//:a"]).expect(2).tells("no mode 'fast'");
}
