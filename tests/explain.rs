//! `eng explain`: why actions ran, why they would run, and why not. Golden texts.

use crate::support::golden::golden;
use crate::support::{Run, Workspace, files, workspace};
use regex::bytes::Regex;
use std::fs;

/// A library in a package of its own, a test of it, and one with cases.
const DEMO: &str = r#"
-- BUILD.ron
[
    cc_test(name: "whole", srcs: ["whole.c"], deps: ["//lib:text"]),
    cc_test(name: "cases", srcs: ["cases.c"], deps: ["//lib:text"], protocol: "eng"),
    filegroup(name: "files", srcs: ["whole.c"]),
]
-- lib/BUILD.ron
[cc_library(name: "text", srcs: ["text.c"], hdrs: ["text.h", "other.h"])]
-- lib/text.h
// The text.
int twice(int x);
-- lib/other.h
int other(int x);
-- lib/text.c
#include "lib/text.h"
int twice(int x) { return 2 * x; }
-- whole.c
#include "lib/text.h"
int main(void) { return twice(2) != 4; }
-- cases.c
#include <eng_test.h>
#include "lib/text.h"
TEST(adds) { CHECK(twice(1) == 2); }
TEST(bad) { CHECK(twice(3) == 6); }
TEST(later) { SKIP("no net"); }
"#;

/// What is told, with times and ages replaced.
fn plain(ws: &Workspace, run: &Run) -> String {
    let beside = ws.beside("").display().to_string();
    let text = format!("{}{}", run.stdout, run.stderr).replace(&beside, "BESIDE/");
    let replace = |text: &[u8], pattern: &str, by: &str| {
        let pattern = Regex::new(&format!("(?-u){pattern}")).expect("a pattern");
        pattern.replace_all(text, by.as_bytes()).into_owned()
    };
    let text = replace(text.as_bytes(), r"\b\d+ (s|min) ago", "AGE ago");
    let text = replace(&text, r"\bin \d+\.\d+s", "in TIME");
    String::from_utf8(text).expect("the text is UTF-8")
}

#[track_caller]
fn explained(ws: &Workspace, arguments: &[&str]) -> String {
    plain(ws, &ws.eng(&[&["explain"], arguments].concat()).expect(0))
}

#[track_caller]
fn tells(name: &str, ws: &Workspace, arguments: &[&str]) {
    golden(&format!("explain/{name}"), &explained(ws, arguments));
}

/// The reason of an action in the last run.
#[track_caller]
fn reason(ws: &Workspace, action: &str) -> String {
    let text = explained(ws, &[]);
    let line = text.lines().find_map(|line| line.trim_start().strip_prefix(action));
    let reason = line.unwrap_or_else(|| panic!("'{action}' is not in:\n{text}"));
    reason.trim_start_matches(": ").to_string()
}

fn edit(ws: &Workspace, path: &str, from: &str, to: &str) {
    let text = ws.read(path);
    assert!(text.contains(from), "{path} has no '{from}'");
    ws.write(path, &text.replace(from, to));
}

#[test]
fn a_run_is_told_with_a_line_for_each_action() {
    let ws = workspace(DEMO);
    ws.eng(&["test"]).expect(0);
    tells("first_run", &ws, &[]);
    edit(&ws, "lib/text.c", "2 * x", "x + x + x");
    ws.eng(&["test"]).expect(3);
    tells("second_run", &ws, &[]);
    tells("second_run", &ws, &["--run", "2"]);
    tells("first_run", &ws, &["--run", "1"]);
    ws.eng(&["build", "--verbose"]).expect(0);
    tells("idle_run", &ws, &["--run=3"]);
}

#[test]
fn a_chain_leads_to_what_has_changed_in_which_file() {
    let ws = workspace(DEMO);
    tells("new", &ws, &["//:whole"]);
    ws.eng(&["test"]).expect(0);
    tells("known", &ws, &["//:whole"]);
    edit(&ws, "lib/text.c", "2 * x", "x + x + x");
    tells("would_run", &ws, &["//:whole"]);
    ws.eng(&["test"]).expect(3);
    tells("did_run", &ws, &["//:whole", "--run", "2"]);
    // What has changed is told from the store, whatever the file holds by now.
    ws.remove("lib/text.c");
    tells("did_run", &ws, &["//:whole", "--run=2"]);
}

#[test]
fn the_same_output_ends_a_chain() {
    let ws = workspace(DEMO);
    ws.eng(&["test"]).expect(0);
    edit(&ws, "lib/text.h", "The text", "Another text");
    ws.eng(&["test", "--verbose"]).expect(0).ran(&[
        "compile cases.c",
        "compile lib/text.c",
        "compile whole.c",
    ]);
    tells("cut_off", &ws, &["//:whole"]);
    tells("cut_off_then", &ws, &["//:whole", "--run", "2"]);
}

#[test]
fn what_was_not_read_is_told_to_be_without_effect() {
    let ws = workspace(DEMO);
    ws.eng(&["build", "--all", "//lib:text"]).expect(0);
    ws.write("lib/other.h", "int other(long x);\n");
    tells("not_read", &ws, &["//lib:text"]);
}

#[test]
fn a_result_of_another_checkout_or_of_an_earlier_run_is_told_as_such() {
    let ws = workspace(DEMO);
    let other = ws.copy_to("other");
    Run::of(ws.command_at(&other, "cache", &["test"])).expect(0);
    ws.eng(&["test"]).expect(0);
    tells("another_checkout", &ws, &["//lib:text"]);
    let before = ws.read("lib/text.c");
    ws.write("lib/text.c", &before.replace("2 * x", "x << 1"));
    ws.eng(&["test"]).expect(0);
    ws.write("lib/text.c", &before);
    tells("earlier_run", &ws, &["//lib:text"]);
}

#[test]
fn a_case_is_explained_like_a_target() {
    let ws = workspace(DEMO);
    ws.eng(&["test", "//:cases"]).expect(0);
    tells("case_known", &ws, &["//:cases#cases::adds"]);
    edit(&ws, "cases.c", "== 6", "== 7");
    ws.eng(&["test", "//:cases"]).expect(3);
    assert_eq!(
        reason(&ws, "//:cases: test //:cases (exit status 1)"),
        "output of link cases changed"
    );
    tells("case_known_2", &ws, &["//:cases#cases::adds"]);
    tells("case_failed", &ws, &["//:cases#cases::bad"]);
    tells("cases", &ws, &["//:cases"]);
    ws.eng(&["test", "//:cases"]).expect(3);
    assert_eq!(reason(&ws, "//:cases: test //:cases (exit status 1)"), "it failed in run 2");
    golden("explain/no_case", &plain(&ws, &ws.eng(&["explain", "//:cases#none"]).expect(2)));
}

#[test]
fn cases_that_run_again_after_a_death_say_so() {
    let ws = workspace(
        r#"
-- BUILD.ron
[cc_test(name: "t", srcs: ["t.c"], protocol: "eng")]
-- t.c
#include <eng_test.h>
#include <stdlib.h>
TEST(a) { CHECK(1); }
TEST(b) { abort(); }
TEST(c) { CHECK(1); }
"#,
    );
    ws.eng(&["test"]).expect(3);
    let text = explained(&ws, &[]);
    let of_test = text.lines().filter(|line| line.contains(": test //:t"));
    golden("explain/died", &of_test.map(|line| format!("{line}\n")).collect::<String>());
    tells("died_now", &ws, &["//:t"]);
    tells("died_then", &ws, &["//:t", "--run=1"]);
}

#[test]
fn many_targets_get_a_line_for_each_action() {
    let ws = workspace(DEMO);
    ws.eng(&["test"]).expect(0);
    edit(&ws, "whole.c", "!= 4", "!= 5");
    tells("many", &ws, &["//..."]);
    tells("a_file", &ws, &["lib/text.h"]);
    tells("no_actions", &ws, &["//:files"]);
    tells("many_then", &ws, &["//...", "--run", "1"]);
}

#[test]
fn runs_and_targets_that_are_not_there() {
    let ws = workspace(DEMO);
    let told = |arguments: &[&str], code| plain(&ws, &ws.eng(arguments).expect(code));
    let mut text = told(&["explain"], 2);
    ws.eng(&["test", "//:whole"]).expect(0);
    text.push_str(&told(&["explain", "--run=99"], 2));
    text.push_str(&told(&["explain", "--run=0"], 2));
    text.push_str(&told(&["explain", "--run=-1"], 2));
    text.push_str(&told(&["explain", "//:whole", "--run=some"], 2));
    let other = ws.copy_to("other");
    Run::of(ws.command_at(&other, "cache", &["test", "//:whole"])).expect(0);
    text.push_str(&told(&["explain", "--run=2"], 2));
    text.push_str(&told(&["explain", "//:wole"], 2));
    text.push_str(&told(&["explain", "//:wole", "--run=1"], 0));
    ws.write("lib/BUILD.ron", "[cc_library(nme: 1)]\n");
    text.push_str(&told(&["explain", "//lib:text"], 2));
    text.push_str(&told(&["explain", "//lib:text", "--run=1"], 0));
    golden("explain/not_there", &text);
}

#[test]
fn each_kind_of_change_has_its_reason() {
    let ws = workspace(
        r#"
-- BUILD.ron
[
    genrule(name: "g", srcs: ["a.txt"], outs: ["g.txt"], env: {"COLOR": "red"}, cmd: "cat a.txt > $OUT"),
    sh_test(name: "t", srcs: "t.sh", data: [":g", "b.bin"]),
]
-- a.txt
one
-- b.bin
two
-- t.sh
#!/bin/sh
exit 0
"#,
    );
    let (make, test) = ("//:g: generate out/g.txt", "//:t: test //:t");
    let build = || ws.eng(&["build", "//:g"]).expect(0);
    ws.eng(&["test"]).expect(0);
    let mut text = String::new();
    let mut note = |action: &str| text.push_str(&format!("{action}: {}\n", reason(&ws, action)));
    edit(&ws, "BUILD.ron", "red", "blue");
    build();
    note(make);
    edit(&ws, "BUILD.ron", "cat a.txt", "cat -n a.txt");
    build();
    note(make);
    ws.write("a.txt", "two\n");
    ws.eng(&["test"]).expect(0);
    note(make);
    note(test);
    ws.write("b.bin", "three\n");
    ws.eng(&["test"]).expect(0);
    note(test);
    edit(&ws, "BUILD.ron", ", \"b.bin\"", "");
    ws.eng(&["test"]).expect(0);
    note(test);
    ws.eng(&["test", "--timeout=7s"]).expect(0);
    note(test);
    edit(&ws, "BUILD.ron", "srcs: \"t.sh\"", "srcs: \"t.sh\", size: \"small\"");
    ws.eng(&["test", "--timeout=7s"]).expect(0);
    note(test);
    ws.eng(&["test", "--fresh"]).expect(0);
    note(test);
    ws.eng(&["test", "--runs=2"]).expect(0);
    note(test);
    ws.eng(&["test", "--no-cache"]).expect(0);
    note(make);
    ws.write("t.sh", "#!/bin/sh\nexit 3\n");
    ws.eng(&["test", "--retries=1"]).expect(3);
    note(&format!("{test} (exit status 3)"));
    ws.eng(&["test"]).expect(3);
    note(&format!("{test} (exit status 3)"));
    ws.write("t.sh", "#!/bin/sh\nkill -SEGV $$\n");
    ws.eng(&["test"]).expect(3);
    ws.eng(&["test"]).expect(3);
    note(&format!("{test} (SIGSEGV)"));
    ws.write("t.sh", "#!/bin/sh\nsleep 60\n");
    ws.eng(&["test", "--timeout=100ms"]).expect(3);
    ws.eng(&["test", "--timeout=100ms"]).expect(3);
    note(&format!("{test} (timed out)"));
    ws.write("t.sh", "#!/bin/sh\ntouch $TEST_PREMATURE_EXIT_FILE\n");
    ws.eng(&["test"]).expect(3);
    ws.eng(&["test"]).expect(3);
    note(&format!("{test} (it ended early: TEST_PREMATURE_EXIT_FILE is still there)"));
    golden("explain/reasons", &text);
}

#[test]
fn what_is_gone_from_the_store_and_what_is_outside_is_named() {
    let ws = workspace(
        "-- BUILD.ron\n[cc_library(name: \"a\", srcs: [\"a.c\"])]\n-- outside.h\nint x;\n",
    );
    let header = ws.beside("outside.h");
    fs::rename(ws.root().join("outside.h"), &header).expect("move a file");
    ws.write("a.c", &format!("#include \"{}\"\nint a;\n", header.display()));
    let build = || ws.eng(&["build", "--verbose", "//:a"]).expect(0);
    build();
    for (path, (_, bytes)) in files(&ws.beside("cache/eng/blobs")) {
        if bytes.starts_with(b"\x7fELF") {
            fs::remove_file(ws.beside("cache/eng/blobs").join(path)).expect("remove a blob");
        }
    }
    build().ran(&["compile a.c"]);
    let mut text = format!("{}\n", reason(&ws, "//:a: compile a.c"));
    fs::write(&header, "int y;\n").expect("write a header");
    build();
    let beside = ws.beside("").display().to_string();
    text.push_str(&reason(&ws, "//:a: compile a.c").replace(&beside, "BESIDE/"));
    assert_eq!(
        text,
        "its result was removed from the store\n\
        BESIDE/outside.h changed, which it read outside of the workspace"
    );
}

#[test]
fn an_action_that_failed_says_so_when_it_runs_again() {
    let ws = workspace(
        "-- BUILD.ron\n[genrule(name: \"g\", outs: [\"g.txt\"], cmd: \"kill -KILL $$; true\")]\n",
    );
    let told = || ws.eng(&["build", "//:g"]).expect(1);
    told();
    told();
    let text = explained(&ws, &[]);
    assert!(text.ends_with("generate out/g.txt (SIGKILL): it failed the last time\n"), "{text}");
}

#[test]
fn changes_are_shown_by_line_by_byte_or_by_size() {
    let ws = workspace(
        "-- BUILD.ron\n[genrule(name: \"g\", srcs: [\"text\", \"binary\", \"large\"], outs: [\"g.txt\"], cmd: \"cat $SRCS | wc -c > $OUT\")]\n\
        -- text\none\ntwo\nthree\nfour\n",
    );
    let large = "0123456789abcdef\n".repeat(5000);
    let write = |text: &str, binary: &[u8], large: &str| {
        ws.write("text", text);
        fs::write(ws.root().join("binary"), binary).expect("write a file");
        ws.write("large", large);
    };
    write("one\ntwo\nthree\nfour\n", b"\0\x01\x02", &large);
    ws.eng(&["build", "//:g"]).expect(0);
    write("one\ntwo\n\u{1b}[31mred\u{202e}\nfour\n", b"\0\x01\xff\xff", &format!("{large}more\n"));
    tells("excerpts", &ws, &["//:g"]);
    ws.eng(&["build", "//:g"]).expect(0);
    tells("excerpts_then", &ws, &["//:g", "--run=2"]);
}

#[test]
fn a_wide_link_names_a_few_and_counts_the_others() {
    let sources: Vec<String> = (0..9).map(|n| format!("\"s{n}.c\"")).collect();
    let build = format!("[cc_binary(name: \"b\", srcs: [\"main.c\", {}])]\n", sources.join(", "));
    let ws = workspace("-- main.c\nint main(void) { return 0; }\n");
    ws.write("BUILD.ron", &build.replacen('[', "[workspace(name: \"ws\"),", 1));
    let write = |value: u32| {
        (0..9).for_each(|n| ws.write(&format!("s{n}.c"), &format!("int s{n} = {value};\n")));
    };
    write(1);
    ws.eng(&["build"]).expect(0);
    write(2);
    tells("wide", &ws, &["//:b"]);
    ws.eng(&["build"]).expect(0);
    assert_eq!(
        reason(&ws, "//:b: link b"),
        "outputs of compile s0.c, compile s1.c, compile s2.c and 6 more changed"
    );
}

#[test]
fn explaining_changes_nothing_and_runs_nothing() {
    let ws = workspace(DEMO);
    ws.eng(&["test"]).expect(0);
    edit(&ws, "lib/text.c", "2 * x", "x + x");
    let before = files(&ws.beside("cache/eng/blobs"));
    for arguments in [&["explain"][..], &["explain", "//..."], &["explain", "//:cases"]] {
        ws.eng(arguments).expect(0);
    }
    assert!(files(&ws.beside("cache/eng/blobs")).keys().eq(before.keys()), "blobs were made");
    let last = explained(&ws, &[]);
    assert!(last.starts_with("run 1, "), "{last}");
}
