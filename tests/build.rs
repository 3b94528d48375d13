//! Building and testing C targets, the first time and again.

use crate::support::{Workspace, workspace};

const DEMO: &str = r#"
-- BUILD.ron
[cc_binary(name: "hello", srcs: ["hello.c"], deps: ["//text"])]
-- hello.c
#include <stdio.h>
#include "text/text.h"
int main(void) { printf("%d\n", twice(4)); return 0; }
-- text/BUILD.ron
[
    cc_library(name: "text", srcs: ["text.c"], hdrs: ["text.h"]),
    cc_test(name: "text_test", srcs: ["text_test.c"], deps: [":text"]),
]
-- text/text.h
int twice(int x);
-- text/text.c
#include "text/text.h"
int twice(int x) { return 2 * x; }
-- text/text_test.c
#include "text/text.h"
int main(void) { return twice(2) != 4; }
"#;

fn demo() -> Workspace {
    workspace(DEMO)
}

#[test]
fn a_test_is_built_and_run_once() {
    let ws = demo();
    ws.test(&[])
        .ran(&[
            "archive text/libtext.a",
            "compile text/text.c",
            "compile text/text_test.c",
            "link text/text_test",
            "test //text:text_test",
        ])
        .tells("PASS  //text:text_test");
    ws.test(&[]).ran(&[]).tells("PASS  //text:text_test  (cached)");
}

#[test]
fn a_build_delivers_programs_only() {
    let ws = demo();
    ws.build(&[]).tells("eng-out/bin/hello");
    assert!(!ws.root().join("eng-out/bin/text").exists());
    let output = std::process::Command::new(ws.root().join("eng-out/bin/hello")).output();
    assert_eq!(output.expect("start hello").stdout, b"8\n");
    ws.build(&["//text"]).tells("eng-out/bin/text/libtext.a");
}

#[test]
fn a_file_builds_the_targets_that_name_it() {
    let ws = demo();
    ws.build(&["text/text.c"]).ran(&["archive text/libtext.a", "compile text/text.c"]);
    let absolute = ws.root().join("text/text_test.c");
    let absolute = absolute.to_str().expect("a path in UTF-8");
    ws.build(&[absolute]).ran(&["compile text/text_test.c", "link text/text_test"]);
}

#[test]
fn targets_with_names_alike_have_paths_of_their_own() {
    let ws = workspace("");
    let packages = ["a/b_c", "a/b/c", "a/b.c", "a"];
    for package in packages {
        let files = format!(
            "[genrule(name: \"c\", outs: [\"c.txt\"], cmd: \"echo {package} > $OUT\"), \
             sh_test(name: \"t\", srcs: \"t.sh\", data: [\":c\"])]\n"
        );
        ws.write(&format!("{package}/BUILD.ron"), &files);
        let script = format!("#!/bin/sh\ngrep -qx {package} {package}/c.txt && echo {package}\n");
        ws.write(&format!("{package}/t.sh"), &script);
    }
    ws.build(&["--all"]);
    ws.test(&["--jobs=4"]).tells("tests: 4 passed");
    for package in packages {
        assert_eq!(ws.read(&format!("eng-out/bin/{package}/c.txt")), format!("{package}\n"));
        let log = ws.read(&format!("eng-out/testlogs/{package}/t/test.log"));
        assert_eq!(log, format!("{package}\n"));
    }
}
