//! What is remembered, where it lies, and what comes of it when it is damaged.

use crate::support::{Run, Workspace, files, workspace};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

const DEMO: &str = r#"
-- BUILD.ron
[
    genrule(name: "gen", srcs: ["in.txt"], outs: ["gen.txt", "tree/"],
        cmd: "sort $SRCS > out/gen.txt; cp out/gen.txt out/tree/copy; mkdir out/tree/empty"),
    cc_library(name: "lib", srcs: ["a.c", "b.c"], hdrs: ["a.h"], copts: ["-g"]),
    cc_binary(name: "bin", srcs: ["main.c"], deps: [":lib"], copts: ["-g"]),
]
-- in.txt
b
a
-- a.h
int a(void);
-- a.c
#include "a.h"
int a(void) { return 0; }
-- b.c
int b;
-- main.c
#include <assert.h>
#include "a.h"
int main(void) { assert(!a()); return a(); }
"#;

const RUST: &str = r#"
-- rust/BUILD.ron
[
    rust_library(name: "words", srcs: ["lib.rs"], flags: ["-g"]),
    rust_binary(name: "say", srcs: ["main.rs"], deps: [":words"], flags: ["-g"]),
]
-- rust/lib.rs
pub fn twice(x: u32) -> u32 { x.checked_mul(2).expect("small") }
-- rust/main.rs
fn main() { println!("{} {}", words::twice(4), file!()); }
"#;

const EVERYTHING: [&str; 6] = [
    "archive liblib.a",
    "compile a.c",
    "compile b.c",
    "compile main.c",
    "generate out/gen.txt out/tree",
    "link bin",
];

fn build(ws: &Workspace) -> Run {
    ws.build(&["--all", "//..."])
}

/// The workspace, built once.
fn demo() -> Workspace {
    let ws = workspace(DEMO);
    build(&ws).ran(&EVERYTHING);
    ws
}

fn delivered(root: &Path) -> std::collections::BTreeMap<String, (bool, Vec<u8>)> {
    files(&root.join("eng-out/bin"))
}

/// All blobs of the store.
fn blobs(ws: &Workspace) -> Vec<PathBuf> {
    let folder = ws.beside("cache/eng/blobs");
    files(&folder).keys().map(|path| folder.join(path)).collect()
}

/// The blob with the bytes of a delivered file.
fn blob_of(ws: &Workspace, path: &str) -> PathBuf {
    let bytes = fs::read(ws.root().join(path)).expect("read a delivered file");
    let mut all = blobs(ws).into_iter();
    all.find(|blob| fs::read(blob).is_ok_and(|found| found == bytes)).expect("it is in the store")
}

#[test]
fn what_is_missing_or_edited_among_the_outputs_is_restored_and_nothing_runs() {
    let ws = demo();
    let before = delivered(ws.root());
    let names: Vec<&str> = before.keys().map(String::as_str).collect();
    assert_eq!(names, ["bin", "gen.txt", "liblib.a", "tree/copy"]);
    ws.remove("eng-out");
    build(&ws).ran(&[]);
    assert_eq!(delivered(ws.root()), before);
    assert!(ws.root().join("eng-out/bin/tree/empty").is_dir());
    ws.write("eng-out/bin/bin", "edited");
    ws.write("eng-out/bin/tree/copy", "edited");
    ws.write("eng-out/bin/tree/more", "added");
    ws.remove("eng-out/bin/gen.txt");
    ws.remove("eng-out/bin/liblib.a");
    ws.write("eng-out/bin/liblib.a/file", "in the way");
    build(&ws).ran(&[]);
    assert_eq!(delivered(ws.root()), before);
    let mode = fs::Permissions::from_mode(0o644);
    fs::set_permissions(ws.root().join("eng-out/bin/bin"), mode).expect("change a mode");
    build(&ws).ran(&[]);
    assert_eq!(delivered(ws.root()), before);
}

#[test]
fn after_clean_nothing_runs() {
    let ws = demo();
    let before = delivered(ws.root());
    ws.eng(&["clean"]).expect(0);
    assert!(!ws.root().join("eng-out").exists());
    build(&ws).ran(&[]);
    assert_eq!(delivered(ws.root()), before);
}

#[test]
fn a_second_checkout_runs_nothing_and_gets_the_same_bytes() {
    let ws = workspace(&format!("{DEMO}{RUST}"));
    build(&ws);
    let other = ws.copy_to("another folder/deep/checkout");
    let arguments = ["build", "--verbose", "--all", "//..."];
    Run::of(ws.command_at(&other, "cache", &arguments)).expect(0).ran(&[]);
    assert_eq!(delivered(&other), delivered(ws.root()));
}

#[test]
fn what_is_built_in_another_folder_from_nothing_has_the_same_bytes() {
    let ws = workspace(&format!("{DEMO}{RUST}"));
    build(&ws);
    let other = ws.copy_to("another folder/deep/checkout");
    let arguments = ["build", "--verbose", "--all", "//..."];
    let run = Run::of(ws.command_at(&other, "another store", &arguments)).expect(0);
    assert_eq!(run.subjects().len(), EVERYTHING.len() + 2);
    let (here, there) = (delivered(ws.root()), delivered(&other));
    let differing = here.iter().filter(|(path, file)| there.get(*path) != Some(file));
    assert_eq!(differing.map(|(path, _)| path).collect::<Vec<_>>(), Vec::<&String>::new());
    assert_eq!(here.len(), there.len());
    assert!(!run.stderr.contains("warning:"), "{}", run.stderr);
}

#[test]
fn without_the_cache_all_runs_and_is_remembered() {
    let ws = demo();
    ws.build(&["--all", "//...", "--no-cache"]).ran(&EVERYTHING).tells("--no-cache asks for it");
    build(&ws).ran(&[]);
}

#[test]
fn a_dry_run_starts_nothing_and_says_why_it_would() {
    let ws = workspace(DEMO);
    let dry = || ws.eng(&["build", "-n", "--verbose", "//:bin"]).expect(0).ran(&[]);
    dry().tells("would run  //:lib: compile a.c: it never ran here");
    assert!(!ws.root().join("eng-out").exists());
    build(&ws).ran(&EVERYTHING);
    ws.write("b.c", "int b = 1;\n");
    let run = dry();
    let told: Vec<&str> = run.stderr.lines().filter(|line| line.starts_with("would")).collect();
    assert_eq!(
        told,
        [
            "would run  //:bin: link bin: what it needs would run",
            "would run  //:lib: archive liblib.a: what it needs would run",
            "would run  //:lib: compile b.c: b.c changed",
        ]
    );
    build(&ws).ran(&["archive liblib.a", "compile b.c", "link bin"]);
}

#[test]
fn a_failed_compilation_is_told_again_without_a_process() {
    let ws =
        workspace("-- BUILD.ron\n[cc_library(name: \"a\", srcs: [\"a.c\"])]\n-- a.c\nint x = y;");
    let build = || ws.eng(&["build", "--verbose", "//:a"]).expect(1);
    build().ran(&["compile a.c"]).tells("a.c:1:9: error");
    build()
        .ran(&[])
        .tells("FAILED //:a: compile a.c (exit status 1, cached)")
        .tells("a.c:1:9: error")
        .tells(" 0 ran, 1 cached, 1 failed, 1 skipped\n");
    ws.write("a.c", "int x;\n");
    ws.build(&["//:a"]).ran(&["archive liba.a", "compile a.c"]);
}

#[test]
fn a_failed_test_is_run_again() {
    let ws = workspace(
        "-- BUILD.ron\n[cc_test(name: \"t\", srcs: [\"t.c\"])]\n-- t.c\nint main(void) { return 9; }",
    );
    ws.eng(&["test", "--verbose"]).expect(3);
    ws.eng(&["test", "--verbose"]).expect(3).ran(&["test //:t"]).tells("exit status 9");
}

#[test]
fn blobs_that_are_gone_are_made_again() {
    let ws = demo();
    let before = delivered(ws.root());
    for (at, blob) in blobs(&ws).iter().enumerate() {
        if at % 2 == 0 {
            fs::remove_file(blob).expect("remove a blob");
        }
    }
    build(&ws);
    assert_eq!(delivered(ws.root()), before);
    for blob in blobs(&ws) {
        fs::remove_file(blob).expect("remove a blob");
    }
    ws.remove("eng-out");
    build(&ws).ran(&EVERYTHING);
    assert_eq!(delivered(ws.root()), before);
    build(&ws).ran(&[]);
}

#[test]
fn a_test_whose_blobs_are_gone_is_still_judged_right() {
    let ws = workspace(
        r#"
-- BUILD.ron
[cc_test(name: "t", srcs: ["t.c"], protocol: "eng"), sh_test(name: "s", srcs: "s.sh", protocol: "tap")]
-- t.c
#include <eng_test.h>
TEST(one) { CHECK(1); }
TEST(two) { CHECK(2); }
-- s.sh
#!/bin/sh
echo 1..1
echo ok 1 - three
"#,
    );
    ws.test(&[]).tells("cases: 3 passed\n");
    for blob in blobs(&ws) {
        fs::remove_file(blob).expect("remove a blob");
    }
    ws.test(&[]).tells("cases: 3 passed");
    ws.test(&[]).ran(&[]).tells("cases: 3 passed (3 cached)");
}

#[test]
fn a_blob_that_was_edited_in_place_is_told_and_made_again() {
    let ws = demo();
    let before = delivered(ws.root());
    let blob = blob_of(&ws, "eng-out/bin/liblib.a");
    let length = fs::metadata(&blob).expect("look at a blob").len() as usize;
    fs::set_permissions(&blob, fs::Permissions::from_mode(0o755)).expect("allow writing");
    fs::write(&blob, vec![b'x'; length]).expect("edit a blob");
    fs::set_permissions(&blob, fs::Permissions::from_mode(0o555)).expect("forbid it again");
    ws.remove("eng-out");
    build(&ws).ran(&["archive liblib.a"]).tells("was changed by something else");
    assert_eq!(delivered(ws.root()), before);
    let run = build(&ws).ran(&[]);
    assert!(!run.stderr.contains("warning:"), "{}", run.stderr);
}

#[test]
fn a_damaged_ledger_is_told_once_and_made_anew() {
    let ws = demo();
    let before = delivered(ws.root());
    let ledger = ws.beside("cache/eng/ledger-v2.db");
    let whole = fs::read(&ledger).expect("read the ledger");
    let garbage = vec![b'?'; 20_000];
    for text in [&garbage[..], &whole[..whole.len() / 2]] {
        for ending in ["-wal", "-shm"] {
            let _ = fs::remove_file(ws.beside(&format!("cache/eng/ledger-v2.db{ending}")));
        }
        fs::write(&ledger, text).expect("damage the ledger");
        ws.remove("eng-out");
        let run = build(&ws);
        assert_eq!(run.stderr.matches("warning:").count(), 1, "{}", run.stderr);
        run.tells("warning: the ledger");
        assert_eq!(delivered(ws.root()), before);
        let run = build(&ws).ran(&[]);
        assert!(!run.stderr.contains("warning:"), "{}", run.stderr);
    }
}

/// A library whose only source reads a header outside of the workspace; the path of that header.
fn with_outer_header() -> (Workspace, PathBuf) {
    let ws = workspace("-- a.c\n#include <outer.h>\nint x = OUTER;");
    let folder = ws.beside("outer");
    fs::create_dir(&folder).expect("make a folder");
    let text = format!(
        "[workspace(name: \"ws\"), cc_library(name: \"a\", srcs: [\"a.c\"], copts: [\"-I{}\"])]",
        folder.display()
    );
    ws.write("BUILD.ron", &text);
    (ws, folder.join("outer.h"))
}

#[test]
fn an_edited_file_outside_of_the_workspace_is_noticed() {
    let (ws, header) = with_outer_header();
    let all = ["archive liba.a", "compile a.c"];
    fs::write(&header, "#define OUTER 1\n").expect("write a header");
    ws.build(&["//:a"]).ran(&all);
    ws.build(&["//:a"]).ran(&[]);
    fs::write(&header, "#define OUTER 2\n").expect("write a header");
    ws.build(&["//:a"]).ran(&all);
    fs::remove_file(&header).expect("remove a header");
    ws.eng(&["build", "--verbose", "//:a"]).expect(1).ran(&["compile a.c"]);
}

/// Such a failure does not tell what it looked for, so it is never taken from the cache.
#[test]
fn a_file_that_was_missing_outside_of_the_workspace_is_noticed_when_it_is_there() {
    let (ws, header) = with_outer_header();
    ws.eng(&["build", "//:a"]).expect(1).tells("fatal error: outer.h");
    fs::write(&header, "#define OUTER 1\n").expect("write a header");
    ws.build(&["//:a"]).ran(&["archive liba.a", "compile a.c"]);
    ws.build(&["//:a"]).ran(&[]);
}

#[test]
fn a_failure_is_not_told_again_once_a_file_outside_of_the_workspace_changed() {
    let (ws, header) = with_outer_header();
    fs::write(&header, "#error broken\n").expect("write a header");
    ws.eng(&["build", "//:a"]).expect(1).tells("#error broken");
    ws.eng(&["build", "//:a"]).expect(1).tells("(exit status 1, cached)");
    fs::write(&header, "#define OUTER 1\n").expect("write a header");
    ws.build(&["//:a"]).ran(&["archive liba.a", "compile a.c"]);
}

#[test]
fn a_delivered_source_that_runs_just_then_is_replaced() {
    let ws = workspace("-- BUILD.ron\n[filegroup(name: \"prebuilt\", srcs: [\"sleep\"])]");
    let path = std::env::var("PATH").expect("the PATH of the tests");
    let mut found = path.split(':').map(|folder| Path::new(folder).join("sleep"));
    let program = found.find(|file| file.exists()).expect("there is a program");
    let mut bytes = fs::read(program).expect("read a program");
    let source = ws.root().join("sleep");
    let write = |bytes: &[u8]| fs::write(&source, bytes).expect("write a program");
    write(&bytes);
    fs::set_permissions(&source, fs::Permissions::from_mode(0o755)).expect("make it executable");
    ws.build(&["//:prebuilt"]);
    let delivered = ws.root().join("eng-out/bin/sleep");
    let mut running = Command::new(&delivered).arg("60").spawn().expect("start it");
    bytes.push(b'\n');
    write(&bytes);
    let run = ws.eng(&["build", "//:prebuilt"]);
    running.kill().expect("end it");
    running.wait().expect("wait for it");
    run.expect(0);
    assert_eq!(fs::read(&delivered).expect("read what was delivered"), bytes);
}
