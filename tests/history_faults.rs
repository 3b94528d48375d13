//! A history that cannot be used: who asks for it gets an error, who builds or tests goes on.

use crate::support::{Workspace, workspace};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;

const FILES: &str = r#"
-- BUILD.ron
[
    genrule(name: "made", outs: ["made.txt"], cmd: "echo > $OUT"),
    sh_test(name: "good", srcs: "good.sh"),
]
-- good.sh
#!/bin/sh
"#;

fn database(ws: &Workspace) -> PathBuf {
    ws.beside("state/eng/history-v3.db")
}

/// A workspace whose history does not hold what it should: `spoil` gets the path of its database.
fn spoiled(spoil: impl FnOnce(&PathBuf)) -> Workspace {
    let ws = workspace(FILES);
    ws.eng(&["test"]).expect(0);
    spoil(&database(&ws));
    ws
}

/// Expects that all who ask for what was are told why they get no answer.
#[track_caller]
fn refuses(ws: &Workspace, why: &str) {
    let path = database(ws).display().to_string();
    let text = format!("eng: the history '{path}' {why}\n");
    for question in [
        &["history"][..],
        &["history", "last"],
        &["history", "//:good"],
        &["history", "--format=json"],
        &["flaky"],
        &["explain"],
        &["explain", "//:good", "--run=1"],
    ] {
        let run = ws.eng(question).expect(36);
        assert_eq!((run.stdout.as_str(), run.stderr.as_str()), ("", text.as_str()), "{question:?}");
    }
}

/// Expects that a run of tests goes on and says once that its history is not kept.
#[track_caller]
fn goes_on(ws: &Workspace, why: &str) {
    let path = database(ws).display().to_string();
    let warning = format!("warning: the history '{path}' {why}\n");
    for verb in [&["test", "--fresh"][..], &["build", "--all", "--no-cache"]] {
        let told = ws.eng(verb).expect(0).stderr;
        assert_eq!(told.matches("warning").count(), 1, "{told}");
        assert!(told.contains(&warning), "'{warning}' is not in:\n{told}");
    }
}

#[test]
fn a_folder_in_the_place_of_the_history_is_told() {
    let ws = spoiled(|path| {
        fs::remove_file(path).expect("remove the history");
        fs::create_dir(path).expect("make a folder");
    });
    refuses(&ws, "cannot be used: it is a folder");
    goes_on(&ws, "cannot be used: it is a folder; what this run learns is not kept");
}

#[test]
fn a_history_that_cannot_be_opened_is_told() {
    let ws = spoiled(|path| {
        fs::remove_file(path).expect("remove the history");
        symlink("history-v3.db", path).expect("link it to itself");
    });
    let why = "cannot be used: Too many levels of symbolic links (os error 40)";
    refuses(&ws, why);
    goes_on(&ws, &format!("{why}; what this run learns is not kept"));
}

#[test]
fn a_damaged_history_stays_until_something_is_built_or_tested() {
    let ws = spoiled(|path| fs::write(path, "damaged").expect("damage it"));
    let why = "is damaged (file is not a database); \
               the next build or test puts it aside and makes a new one";
    refuses(&ws, why);
    assert_eq!(fs::read(database(&ws)).expect("read it"), b"damaged");
    let run = ws.eng(&["test", "--fresh"]).expect(0);
    assert_eq!(run.stderr.matches("warning").count(), 1, "{}", run.stderr);
    assert!(ws.eng(&["history"]).expect(0).stdout.contains("eng test --fresh"));
}

#[test]
fn a_history_that_turns_out_to_be_damaged_is_told() {
    let ws = spoiled(|path| {
        // All but the first page, which has the form of the tables.
        let mut bytes = fs::read(path).expect("read it");
        bytes[4096..].fill(0x55);
        fs::write(path, bytes).expect("damage it");
    });
    let path = database(&ws).display().to_string();
    let told = ws.eng(&["history"]).expect(36).stderr;
    assert!(told.starts_with(&format!("eng: the history '{path}' is damaged (")), "{told}");
    refuses(
        &ws,
        "is damaged (found in an earlier run); \
         the next build or test puts it aside and makes a new one",
    );
    ws.eng(&["test", "--fresh"]).expect(0).tells("was damaged");
    ws.eng(&["history"]).expect(0);
}

#[test]
fn runs_that_had_nothing_to_do_outlive_a_history_that_cannot_be_used() {
    let ws = workspace(FILES);
    let settle = || std::thread::sleep(std::time::Duration::from_millis(60));
    settle();
    ws.eng(&["build", "--all"]).expect(0);
    settle();
    ws.eng(&["build", "--all"]).expect(0);
    let (path, aside) = (database(&ws), ws.beside("aside"));
    fs::rename(&path, &aside).expect("move the history away");
    fs::create_dir(&path).expect("make a folder");
    ws.eng(&["test"]).expect(0);
    fs::remove_dir(&path).expect("remove the folder");
    fs::rename(&aside, &path).expect("move the history back");
    let runs = ws.eng(&["history"]).expect(0).stdout;
    assert_eq!(runs.matches("eng build --all").count(), 2, "{runs}");
}
