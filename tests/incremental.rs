//! After an edit just what it reaches runs again; told by the exact actions that ran.

use crate::support::{Run, Workspace, workspace};
use std::fs::{self, File};
use std::time::SystemTime;

const DEMO: &str = r#"
-- BUILD.ron
[
    cc_library(name: "lib", srcs: ["a.c", "b.c"], hdrs: ["a.h", "b.h"]),
    cc_test(name: "t", srcs: ["t.c"], deps: [":lib"]),
]
-- a.h
int a(void);
-- b.h
#define B 2
int b(void);
-- a.c
#include "a.h"
int a(void) { return 1; }
-- b.c
#include "b.h"
int b(void) { return B; }
-- t.c
#include "a.h"
int b(void);
int main(void) { return !(a() && b()); }
"#;

const ALL: [&str; 6] =
    ["archive liblib.a", "compile a.c", "compile b.c", "compile t.c", "link t", "test //:t"];

/// The workspace, tested once.
fn demo() -> Workspace {
    let ws = workspace(DEMO);
    ws.test(&[]).ran(&ALL);
    ws
}

/// Replaces a text in a file.
fn edit(ws: &Workspace, path: &str, from: &str, to: &str) {
    let text = ws.read(path);
    assert!(text.contains(from), "'{from}' is not in {path}");
    ws.write(path, &text.replace(from, to));
}

#[test]
fn an_edited_source_reruns_what_follows_from_it() {
    let ws = demo();
    edit(&ws, "a.c", "1", "7");
    ws.test(&[])
        .ran(&["archive liblib.a", "compile a.c", "link t", "test //:t"])
        .tells("compile a.c  ")
        .tells("(a.c changed)");
}

#[test]
fn an_edited_header_recompiles_only_who_read_it() {
    let ws = demo();
    edit(&ws, "b.h", "B 2", "B 3");
    ws.test(&[])
        .ran(&["archive liblib.a", "compile b.c", "link t", "test //:t"])
        .tells("(b.h changed)");
}

#[test]
fn a_comment_in_a_header_goes_no_further_than_the_compilations() {
    let ws = demo();
    edit(&ws, "a.h", "int a", "/* One. */\nint a");
    ws.test(&[]).ran(&["compile a.c", "compile t.c"]).tells("PASS  //:t  (cached)");
}

#[test]
fn a_reverted_edit_runs_nothing() {
    let ws = demo();
    for _ in 0..2 {
        edit(&ws, "b.h", "B 2", "B 3");
        ws.test(&[]);
        edit(&ws, "b.h", "B 3", "B 2");
        ws.test(&[]).ran(&[]);
    }
}

#[test]
fn a_touched_or_rewritten_file_runs_nothing() {
    let ws = demo();
    let file = File::options().write(true).open(ws.root().join("a.c")).expect("open a source");
    file.set_modified(SystemTime::UNIX_EPOCH).expect("touch it");
    ws.test(&[]).ran(&[]);
    let text = ws.read("b.h");
    ws.remove("b.h");
    ws.write("b.h", &text);
    ws.test(&[]).ran(&[]);
}

#[test]
fn an_edit_that_keeps_size_and_time_is_noticed() {
    let ws = demo();
    let path = ws.root().join("a.c");
    let before = fs::metadata(&path).expect("look at it").modified().expect("its time");
    edit(&ws, "a.c", "1", "0");
    let file = File::options().write(true).open(&path).expect("open a source");
    file.set_modified(before).expect("set its time back");
    ws.eng(&["test", "--verbose"]).expect(3).tells("(a.c changed)").tells("FAIL  //:t");
}

#[test]
fn a_renamed_source_is_compiled_and_the_other_is_not() {
    let ws = demo();
    fs::rename(ws.root().join("a.c"), ws.root().join("c.c")).expect("rename a source");
    edit(&ws, "BUILD.ron", "a.c", "c.c");
    ws.test(&[]).ran(&["archive liblib.a", "compile c.c", "link t", "test //:t"]);
}

#[test]
fn a_deleted_source_is_a_problem_until_it_is_back_or_no_longer_named() {
    let ws = demo();
    let text = ws.read("b.h");
    ws.remove("b.h");
    ws.eng(&["test", "--verbose"]).expect(2).ran(&[]).tells("BUILD.ron:2:").tells("'b.h'");
    ws.write("b.h", &text);
    ws.test(&[]).ran(&[]);
    ws.remove("b.c");
    edit(&ws, "BUILD.ron", ", \"b.c\"", "");
    edit(&ws, "t.c", "&& b()", "");
    ws.test(&[]).ran(&["archive liblib.a", "compile t.c", "link t", "test //:t"]);
}

#[test]
fn a_header_that_comes_to_stand_earlier_in_the_search_path_is_read() {
    let ws = workspace(
        r#"
-- BUILD.ron
[cc_test(
    name: "t",
    srcs: ["t.c"],
    hdrs: glob(["?first/*.h", "second/*.h"]),
    includes: ["first", "second"],
)]
-- second/v.h
#define V 0
-- t.c
#include <v.h>
int main(void) { return V; }
"#,
    );
    ws.test(&[]);
    ws.write("first/unrelated.txt", "");
    ws.test(&[]).ran(&[]);
    ws.write("first/v.h", "#define V 5\n");
    ws.eng(&["test", "--verbose"])
        .expect(3)
        .ran(&["compile t.c", "link t", "test //:t"])
        .tells("(first/v.h is new)");
    ws.remove("first/v.h");
    ws.test(&[]).ran(&[]);
}

#[test]
fn a_changed_flag_recompiles_and_the_old_flag_runs_nothing() {
    let ws = demo();
    let before = ws.read("BUILD.ron");
    edit(&ws, "BUILD.ron", "hdrs:", "copts: [\"-DUNUSED\"], hdrs:");
    ws.test(&[]).ran(&["compile a.c", "compile b.c"]).tells("command changed: -DUNUSED added");
    ws.write("BUILD.ron", &before);
    ws.test(&[]).ran(&[]);
}

#[test]
fn another_compiler_compiles_everything_again_and_the_old_one_nothing() {
    let ws = demo();
    let path = std::env::var("PATH").expect("the PATH of the tests");
    let mut folders = path.split(':').map(|folder| format!("{folder}/cc"));
    let cc = folders.find(|file| fs::metadata(file).is_ok()).expect("there is a compiler");
    let text = format!("#!/bin/sh\nexec {cc} \"$@\"\n");
    ws.write("other/cc", &text);
    let other = || {
        let mut command = ws.command(&["test", "--verbose"]);
        command.env("PATH", format!("{}:{path}", ws.root().join("other").display()));
        Run::of(command).expect(0)
    };
    // What it makes is the same, so archive and test are as they were.
    let uses = ["compile a.c", "compile b.c", "compile t.c", "link t"];
    other().ran(&uses).tells("(tool cc changed)");
    other().ran(&[]);
    ws.test(&[]).ran(&[]);
    ws.write("other/cc", &format!("{text}# Another one.\n"));
    other().ran(&uses);
}

#[test]
fn a_comment_in_a_build_file_runs_nothing() {
    let ws = demo();
    edit(&ws, "BUILD.ron", "    cc_test", "    // Both.\n\n    cc_test");
    ws.test(&[]).ran(&[]);
}

#[test]
fn the_documentation_of_a_rule_is_in_no_key() {
    let ws = workspace(
        r#"
-- BUILD.ron
[workspace(name: "ws", rules: ["tools/*.ron"]), upper(name: "u", src: "in.txt")]
-- in.txt
abc
-- tools/upper.ron
[rule(
    name: "upper",
    doc: "Before.",
    attrs: (src: file(doc: "What is read."), sed: tool(default: "sed")),
    actions: (
        run: (
            run: ["{sed}", "y/abc/ABC/", "{src}"],
            stdout: "out",
            outs: (out: "{name}.txt"),
            say: "upper {out.short}",
        ),
    ),
    provides: (files: ["{out}"]),
)]
"#,
    );
    ws.build(&["--all"]).ran(&["upper u.txt"]);
    assert_eq!(ws.read("eng-out/bin/u.txt"), "ABC\n");
    edit(&ws, "tools/upper.ron", "Before.", "After, with more words.");
    edit(&ws, "tools/upper.ron", "What is read.", "A file.");
    ws.build(&["--all"]).ran(&[]);
    edit(&ws, "tools/upper.ron", "/ABC/", "/BCD/");
    ws.build(&["--all"]).ran(&["upper u.txt"]);
    assert_eq!(ws.read("eng-out/bin/u.txt"), "BCD\n");
}

#[test]
fn a_generated_header_that_comes_out_the_same_stops_there() {
    let ws = workspace(
        r#"
-- BUILD.ron
[
    genrule(name: "v", srcs: ["v.txt"], outs: ["v.h"], cmd: "sed -e '/^#/d' $SRCS > $OUT"),
    cc_test(name: "t", srcs: ["t.c"], hdrs: [":v"]),
]
-- v.txt
int v = 0;
-- t.c
#include "v.h"
int main(void) { return v; }
"#,
    );
    let all = ["compile t.c", "generate out/v.h", "link t", "test //:t"];
    ws.test(&[]).ran(&all);
    ws.write("v.txt", "# A comment.\nint v = 0;\n");
    ws.test(&[]).ran(&["generate out/v.h"]);
    ws.write("v.txt", "int v = 1 - 1;\n");
    ws.test(&[]).ran(&["compile t.c", "generate out/v.h"]);
}

#[test]
fn an_include_that_is_not_declared_fails_although_the_file_is_there() {
    let ws = workspace(
        r#"
-- BUILD.ron
[cc_library(name: "lib", srcs: ["a.c"])]
-- a.c
#include "hidden.h"
-- hidden.h
int hidden;
"#,
    );
    ws.eng(&["build", "//:lib"]).expect(1).tells("hidden.h: No such file or directory");
    edit(&ws, "BUILD.ron", "\"a.c\"", "\"a.c\", \"hidden.h\"");
    ws.build(&["//:lib"]).ran(&["archive liblib.a", "compile a.c"]);
}
