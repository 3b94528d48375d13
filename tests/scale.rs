//! Sizes that no stack and no quadratic walk survives: long chains, wide globs, large files. They are
//! planned whole; only a part of them is carried out.

use crate::support::{Workspace, workspace};
use std::fmt::Write;
use std::fs;

/// A workspace whose root has this `BUILD.ron`.
fn sized(targets: &str) -> Workspace {
    let ws = workspace("");
    ws.write("BUILD.ron", &format!("[\nworkspace(name: \"ws\"),\n{targets}]\n"));
    ws
}

#[test]
fn a_chain_of_100_000_genrules_is_planned_and_cycles_in_it_are_found() {
    const LAST: usize = 99_999;
    let mut text =
        String::from("genrule(name: \"t0\", outs: [\"t0.out\"], cmd: \"date > $OUT\"),\n");
    for at in 1..=LAST {
        let before = at - 1;
        writeln!(text, "genrule(name: \"t{at}\", srcs: [\":t{before}\"], outs: [\"t{at}.out\"], cmd: \"cp $SRCS $OUT\"),").unwrap();
    }
    let ws = sized(&text);
    let plan = ws.eng(&["build", "-n", &format!("//:t{LAST}")]).expect(0);
    assert!(plan.stderr.contains("would run  //:t0: generate out/t0.out"), "{}", plan.stderr);
    plan.tells(": 0 ran, 0 cached, 99999 skipped\n");
    ws.eng(&["build", "//:t20"]).expect(0).tells(": 21 ran, 0 cached\n");
    // The first needs the last: one circle of all of them.
    let knot = text.replacen("name: \"t0\",", &format!("name: \"t0\", srcs: [\":t{LAST}\"],"), 1);
    ws.write("BUILD.ron", &format!("[\nworkspace(name: \"ws\"),\n{knot}]\n"));
    ws.eng(&["build", "-n", "//:t5"])
        .expect(2)
        .tells("targets need each other: //:t0 needs //:t99999, which needs //:t99998")
        .tells("(99988 more)");
}

#[test]
fn a_chain_of_2_000_libraries_is_planned() {
    let mut text = String::from("cc_library(name: \"l0\", srcs: [\"l.c\"], hdrs: [\"l.h\"]),\n");
    for at in 1..2000 {
        let before = at - 1;
        writeln!(
            text,
            "cc_library(name: \"l{at}\", srcs: [\"l.c\"], deps: [\":l{before}\"], linkopts: [\"-ll{at}\"]),"
        )
        .unwrap();
    }
    text.push_str("cc_binary(name: \"b\", srcs: [\"b.c\"], deps: [\":l1999\"]),\n");
    let ws = sized(&text);
    for path in ["l.c", "l.h", "b.c"] {
        ws.write(path, "");
    }
    // 2,001 compilations, 2,000 archives and the link.
    let plan = ws.eng(&["build", "-n", "//:b"]).expect(0);
    assert_eq!(plan.stderr.matches("would run  ").count(), 4002);
    plan.tells(": 0 ran, 0 cached, 2001 skipped\n");
}

#[test]
fn a_glob_finds_100_000_files() {
    let ws = sized(
        "genrule(name: \"g\", srcs: glob([\"d/**/*.txt\", \"!d/7/**\"]), outs: [\"n\"], cmd: \"cat d/3/5.txt > $OUT\"),\n",
    );
    for folder in 0..100 {
        let folder = ws.root().join(format!("d/{folder}"));
        fs::create_dir_all(&folder).unwrap();
        for file in 0..1000 {
            fs::write(folder.join(format!("{file}.txt")), "").unwrap();
        }
    }
    ws.eng(&["build", "-n", "//:g"]).expect(0).tells("would run  //:g: generate out/n");
}

#[test]
fn a_build_file_of_10_megabytes_is_read_and_its_last_mistake_has_a_place() {
    let mut text = String::new();
    let comment = "// ".to_string() + &"x".repeat(400);
    let mut targets = 0;
    while text.len() < 10_000_000 {
        writeln!(text, "{comment}\nfilegroup(name: \"f{targets}\", srcs: glob([\"?*.none\"])),")
            .unwrap();
        targets += 1;
    }
    let ws = sized(&text);
    ws.eng(&["build", "--all"]).expect(0);
    ws.write(
        "BUILD.ron",
        &format!("[\nworkspace(name: \"ws\"),\n{text}filegroup(name: \"f0\", scrs: [])]\n"),
    );
    ws.eng(&["build"])
        .expect(2)
        .tells(&format!("BUILD.ron:{}:23: filegroup has no attribute 'scrs'", 2 * targets + 3));
}
