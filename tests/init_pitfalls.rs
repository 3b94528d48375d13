//! `eng init` where it could do harm: a broken root, a part of a workspace, names that nobody can
//! write.

use crate::support::workspace;
use std::fs;

#[test]
fn a_broken_root_is_told_and_no_workspace_is_made_inside_it() {
    let ws = workspace(
        "-- BUILD.ron\n[\n    workspace(name: \"ws\")\n    filegroup(name: \"a\"),\n]\n-- sub/deep/a.c\nint a;\n",
    );
    for words in [&["init", "sub"][..], &["init", "sub/deep"], &["init", "--add", "sub"]] {
        let run = ws.eng(words).expect(2);
        assert!(run.stderr.starts_with("BUILD.ron:3:5: "), "{}", run.stderr);
    }
    ws.write("sub/BUILD.ron", "[");
    let told = ws.eng(&["init", "sub/deep"]).expect(2).stderr;
    assert!(
        told.starts_with("BUILD.ron:3:5: ") && told.contains("\nsub/BUILD.ron:1:2: "),
        "{told}"
    );
    assert!(!ws.root().join("sub/deep/BUILD.ron").exists());
}

const PARTS: &str = r#"
-- BUILD.ron
[workspace(name: "ws")]
-- lib/lib.h
-- lib/lib.c
#include "lib.h"
-- app/app.c
#include "lib/lib.h"
int main(void) { return 0; }
-- sub/a.c
int a;
-- sub/b_test.c
#include <eng_test.h>
TEST(b) {}
-- sub/win.c
#include <windows.h>
-- far/win.c
#include <windows.h>
-- far/Cargo.toml
[package
-- far/tests/odd.c
int odd;
-- x/one/one.h
#include "x/two/two.h"
-- x/two/two.h
#include "x/one/one.h"
-- lone.rs
"#;

#[test]
fn a_part_of_a_workspace_is_counted_and_told_alone() {
    let run = workspace(PARTS).eng(&["init", "--add", "sub"]).expect(0);
    assert_eq!(
        run.stderr,
        "wrote sub/BUILD.ron\n\
         2 targets in 1 file: 1 cc_library, 1 cc_test\n\
         left out:\n  \
         sub/win.c: it imports windows.h, which is neither here nor on this machine\n\
         next: eng build && eng test\n"
    );
}

#[test]
fn what_a_part_needs_beyond_itself_is_told() {
    let run = workspace(PARTS).eng(&["init", "--add", "app"]).expect(0);
    assert_eq!(
        run.stderr,
        "wrote app/BUILD.ron\n\
         1 target in 1 file: 1 cc_binary\n\
         left out:\n  \
         //app needs //lib:ws, which is not written\n\
         next: eng build && eng test\n"
    );
    let run = workspace(PARTS).eng(&["init", "--add", "x/one"]).expect(0);
    assert_eq!(
        run.stderr,
        "0 targets in 0 files\n\
         left out:\n  \
         //x: 1 target not written, since only what is below x/one is asked for\n"
    );
}

#[test]
fn files_whose_names_nobody_can_write_are_left_out_and_told() {
    let ws = workspace(
        r#"
-- BUILD.ron
[workspace(name: "ws")]
-- lib/BUILD.ron
[filegroup(name: "lib", srcs: ["h.h"])]
-- lib/h.h
-- p/good.c
int good;
"#,
    );
    let source = "#include \"lib/h.h\"\nint main(void) { return 0; }\n";
    for path in [
        "p/a\nb.c",
        "p/tab\t.c",
        "p/turn\u{202e}.c",
        "p/back\\slash.c",
        "d:e/f.c",
        "g#/h.c",
        "p/@x.c",
        ":x.c",
    ] {
        let path = ws.root().join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("make a folder");
        fs::write(path, source).expect("write a file");
    }
    let run = ws.eng(&["init", "--add"]).expect(0);
    assert_eq!(
        run.stderr,
        "wrote p/BUILD.ron\n\
         1 target in 1 file: 1 cc_library\n\
         left out:\n  \
         :x.c: ':x.c' would be read as a label\n  \
         p/@x.c: '@x.c' would be read as a label\n  \
         g#/h.c: its folder contains '#', which stands between a test and its case\n  \
         d:e/f.c: its folder contains ':', which stands between a package and a target\n  \
         p/back\\slash.c: its name contains a backslash; names are separated by '/'\n  \
         p/turn\\u{202e}.c: its name contains a character that cannot be seen; names are made of those that can\n  \
         2 files such as p/a\\nb.c: its name contains a control character; names are made of characters that can be seen\n\
         next: eng build && eng test\n"
    );
    ws.eng(&["build", "--all"]).expect(0);
}

#[test]
fn odd_names_that_can_be_written_build() {
    let ws = workspace("-- plain/plain.c\nint plain;\n");
    ws.remove("BUILD.ron");
    let source = "int main(void) { return 0; }\n";
    for path in [
        "a b.c",
        "..c",
        ".c",
        "é.c",
        "\"q\".c",
        "'s'.c",
        "*.c",
        "[x].c",
        "{y}.c",
        "!n.c",
        "$HOME.c",
        "#.c",
        ".d/z.c",
        "%s.c",
        "a;b.c",
        "(.c",
        "e f/x.c",
        "ü/x.c",
        "*/x.c",
        "!/x.c",
        "$(SRC)/x.c",
        "all.c",
        "all-targets.c",
        &format!("{}.c", "l".repeat(240)),
        "{}/x.c",
    ] {
        let path = ws.root().join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("make a folder");
        fs::write(path, source).expect("write a file");
    }
    ws.eng(&["init"]).expect(0);
    let run = ws.eng(&["build", "--all"]);
    assert_eq!(run.code, 0, "{}\n{}", ws.read("BUILD.ron"), run.stderr);
}

#[test]
fn what_sources_name_stands_in_comments_as_one_line() {
    let ws = workspace(
        "-- BUILD.ron\n[workspace(name: \"ws\")]\n-- p/a.c\n#include \"no\u{7}\rbell.h\"\nint main(void) { return 0; }\n-- p/b.c\nint b;\n",
    );
    let run = ws.eng(&["init", "--add"]).expect(0);
    run.tells(
        "p/a.c: it imports no\\u{7}\\u{d}bell.h, which is neither here nor on this machine\n",
    );
    let text = ws.read("p/BUILD.ron");
    assert!(text.contains("// Left out is a.c: no\\u{7}\\u{d}bell.h is missing.\n"), "{text}");
    ws.eng(&["fmt", "--check", "p"]).expect(0);
}

#[test]
fn a_script_that_needs_a_file_of_another_package_says_so_and_names_none_of_its_own() {
    let ws = workspace("-- t/one_test.sh\n#!/bin/sh\n. lib/help.sh\n-- lib/help.sh\n:\n");
    ws.remove("BUILD.ron");
    ws.eng(&["init"]).expect(0);
    assert_eq!(
        ws.read("t/BUILD.ron"),
        "[\n    sh_test(name: \"one_test\", srcs: \"one_test.sh\"),\n    \
         // one_test needs lib/help.sh, which belongs to //: give it a filegroup there\n]\n"
    );
    ws.eng(&["build"]).expect(0);
}

#[test]
fn programs_of_a_package_without_a_library_have_crates_of_their_own() {
    let ws = workspace(
        r#"
-- pair/Cargo.toml
[package]
name = "pair"
version = "0.1.0"
edition = "2021"
-- pair/src/bin/left.rs
fn main() { println!("{}", module_path!()); }
-- pair/src/bin/right.rs
fn main() {}
"#,
    );
    ws.eng(&["init", "--add"]).expect(0);
    let text = ws.read("pair/BUILD.ron");
    assert!(text.contains("name: \"left\"") && !text.contains("crate:"), "{text}");
    ws.build(&["//..."]);
    let left = std::process::Command::new(ws.root().join("eng-out/bin/pair/left")).output();
    assert_eq!(left.expect("start it").stdout, b"left\n");
}
