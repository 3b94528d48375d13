//! A depfile narrows away what a command says that it did not read, and nothing that it reads
//! without saying so.

use crate::support::{Workspace, workspace};
use std::process::Command;

/// Builds, edits a file, and tells what runs then; a second build runs nothing.
fn after(ws: &Workspace, path: &str, text: &str) -> Vec<String> {
    ws.build(&["--all"]);
    ws.build(&["--all"]).ran(&[]);
    ws.write(path, text);
    let ran = ws.build(&["--all"]).subjects();
    ws.build(&["--all"]).ran(&[]);
    ran
}

#[test]
fn a_file_that_options_of_a_link_name_links_again() {
    let link = |options: &str, file: &str, before: &str, now: &str| {
        let ws = workspace(&format!(
            r#"
-- BUILD.ron
[cc_binary(name: "p", srcs: ["p.c"], linkopts: ["{options}"], additional_linker_inputs: ["{file}"]),
 cc_shared_library(name: "s", srcs: ["s.c"], linkopts: ["{options}"], additional_linker_inputs: ["{file}"])]
-- p.c
int one, two;
int main(void) {{ return 0; }}
-- s.c
int one, two;
-- {file}
{before}
"#
        ));
        let program = || std::fs::read(ws.root().join("eng-out/bin/p")).expect("read a program");
        ws.build(&["--all"]);
        let first = program();
        assert_eq!(after(&ws, file, now), ["link libs.so", "link p"], "{options}");
        assert!(first != program(), "{options}");
    };
    link("-Wl,--retain-symbols-file=keep.sym", "keep.sym", "main one\n", "main two\n");
    link("-Wl,@args.txt", "args.txt", "--build-id=0x01\n", "--build-id=0x02\n");
    link("-specs=x.specs", "x.specs", "", "*link:\n+ --build-id=0x02\n\n");
}

#[test]
fn what_an_assembler_reads_counts_whatever_its_name() {
    let ws = workspace(
        r#"
-- BUILD.ron
[cc_binary(name: "t", srcs: ["t.c", "blob.S", "part.inc"], textual_hdrs: ["data.bin", "more.h"])]
-- t.c
__asm__(".section .rodata\n.global own\nown: .incbin \"data.bin\"\n.text\n");
__asm__(".include \"part.inc\"\n");
extern const char own[], blob[], more[];
int main(void) { return own[0] != blob[0] || more[0] != 'm'; }
-- blob.S
.section .rodata
.global blob
blob: .incbin "data.bin"
.include "more.h"
.section .note.GNU-stack,"",@progbits
-- data.bin
first
-- more.h
.global more
more: .ascii "m"
-- part.inc
.set part, 1
"#,
    );
    let status =
        || Command::new(ws.root().join("eng-out/bin/t")).status().expect("start it").code();
    let both = ["compile blob.S", "compile t.c", "link t"];
    assert_eq!(after(&ws, "data.bin", "second\n"), both);
    assert_eq!(status(), Some(0));
    let now = ".global more\nmore: .ascii \"n\"\n";
    assert_eq!(after(&ws, "more.h", now), ["compile blob.S", "link t"]);
    assert_eq!(status(), Some(1));
    assert_eq!(after(&ws, "part.inc", ".set part, 2\n"), both);
}

#[test]
fn a_file_that_a_macro_opens_counts() {
    let ws = workspace(
        r#"
-- BUILD.ron
[
    rust_proc_macro(name: "number", srcs: ["number.rs"]),
    rust_library(name: "hands_on", srcs: ["hands_on.rs"], deps: [":number"]),
    rust_library(name: "uses", srcs: ["uses.rs", "seven.rs"], deps: [":hands_on"]),
    rust_library(name: "plain", srcs: ["plain.rs", "seven.rs"], inputs: ["text"]),
]
-- number.rs
use proc_macro::TokenStream;
#[proc_macro]
pub fn number(_: TokenStream) -> TokenStream {
    std::fs::read_to_string("seven.rs").unwrap().parse().unwrap()
}
-- hands_on.rs
pub use number::number;
-- uses.rs
pub fn seven() -> i32 {
    hands_on::number!()
}
-- plain.rs
pub const TEXT: &str = include_str!("text");
-- seven.rs
7
-- text
one
"#,
    );
    assert_eq!(after(&ws, "seven.rs", "7 + 0\n"), ["compile libuses.rlib"]);
    assert_eq!(after(&ws, "text", "two\n"), ["compile libplain.rlib"]);
}

/// A rule whose command reads all of its inputs and tells of `a.txt` only.
fn tells_of_one(narrow: &str) -> Workspace {
    workspace(&format!(
        r#"
-- BUILD.ron
[workspace(name: "ws", rules: ["r.ron"]), joined(name: "j", srcs: ["a.txt", "b.txt", "c.bin"])]
-- a.txt
a
-- b.txt
b
-- c.bin
c
-- r.ron
[rule(
    name: "joined",
    doc: "Joins files.",
    attrs: (srcs: files(), careful: bool(default: false), sh: tool(default: "sh")),
    actions: (
        join: (
            run: ["{{sh}}", "-c", "cat a.txt b.txt c.bin > $0; echo \"$0: a.txt\" > $1", "{{out}}", "{{depfile}}"],
            inputs: ["{{srcs}}"],
            outs: (out: "{{name}}"),
            depfile: "{{name}}.d",{narrow}
        ),
    ),
    provides: (files: ["{{out}}"]),
)]
"#
    ))
}

#[test]
fn only_inputs_with_these_endings_are_narrowed_away() {
    let edits = |narrow: &str| {
        let ws = tells_of_one(narrow);
        ["a.txt", "b.txt", "c.bin"].map(|path| !after(&ws, path, "other\n").is_empty())
    };
    assert_eq!(edits(""), [true, true, true]);
    assert_eq!(edits("narrow: []"), [true, true, true]);
    assert_eq!(edits("narrow: [\".txt\"]"), [true, false, true]);
    assert_eq!(edits("narrow: [\"b.txt\", \".bin\"]"), [true, false, false]);
    assert_eq!(edits("narrow: [when(\"careful\", [\".txt\"])]"), [true, true, true]);
}

#[test]
fn a_rule_that_lets_less_be_narrowed_trusts_no_older_result() {
    let ws = tells_of_one("narrow: [\".txt\"]");
    assert_eq!(after(&ws, "b.txt", "other\n"), [""; 0]);
    ws.write("r.ron", &ws.read("r.ron").replace("narrow: [\".txt\"]", ""));
    ws.build(&["--all"]).ran(&["join j"]);
    assert_eq!(ws.read("eng-out/bin/j"), "a\nother\nc\n");
}
