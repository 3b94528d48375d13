//! What the user sees: golden texts of whole runs, help pages, and a real terminal.

use crate::support::{Run, Workspace, workspace};
use std::fs;
use std::path::Path;
use std::process::Command;

/// Compares a text with `tests/golden/reports/NAME.txt`; `UPDATE=1` writes that file instead.
#[track_caller]
fn golden(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden/reports")
        .join(format!("{name}.txt"));
    if std::env::var_os("UPDATE").is_some() {
        fs::create_dir_all(path.parent().expect("a file has a folder")).expect("make a folder");
        fs::write(&path, text).expect("write a golden file");
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(text, expected, "{} differs; UPDATE=1 rewrites it", path.display());
}

const GOOD: &str = r#"
-- BUILD.ron
[
    cc_library(name: "text", srcs: ["text.c"], hdrs: ["text.h"]),
    cc_test(name: "text_test", srcs: ["text_test.c"], deps: [":text"]),
    cc_test(name: "cases", srcs: ["cases.c"], protocol: "eng"),
    sh_test(name: "script", srcs: "script.sh"),
]
-- text.h
int twice(int x);
-- text.c
#include "text.h"
int twice(int x) { return 2 * x; }
-- text_test.c
#include "text.h"
int main(void) { return twice(2) != 4; }
-- cases.c
#include <eng_test.h>
TEST(adds) { CHECK(1); }
TEST(later) { SKIP("no net"); }
-- script.sh
#!/bin/sh
exit 77
"#;

const BAD: &str = r#"
-- BUILD.ron
[
    genrule(name: "made", outs: ["made.c"], cmd: "echo out of ideas; exit 3"),
    cc_test(name: "broken", srcs: [":made"]),
    genrule(name: "killed", outs: ["killed.c"], cmd: "kill -KILL $$; true"),
    cc_library(name: "base", srcs: [":killed"]),
    cc_test(name: "needs_base", srcs: ["good.c"], deps: [":base"]),
    cc_test(name: "cases", srcs: ["cases.c"], protocol: "eng", timeout: "1s"),
    cc_test(name: "good", srcs: ["good.c"]),
    sh_test(name: "fails", srcs: "fails.sh"),
    sh_test(name: "slow", srcs: "slow.sh", timeout: "1s"),
    sh_test(name: "crashes", srcs: "crashes.sh"),
    sh_test(name: "tap", srcs: "tap.sh", protocol: "tap"),
]
-- good.c
int main(void) { return 0; }
-- cases.c
#include <eng_test.h>
#include <stdlib.h>
#include <unistd.h>
TEST(passes) { CHECK(1); }
TEST(fails) { CHECK(1 == 2); }
TEST(crashes) { abort(); }
TEST(hangs) { pause(); }
TEST(skips) { SKIP("not here"); }
-- fails.sh
#!/bin/sh
echo to stdout; echo to stderr >&2; exit 5
-- slow.sh
#!/bin/sh
echo before; sleep 600
-- crashes.sh
#!/bin/sh
kill -SEGV $$
-- tap.sh
#!/bin/sh
echo 1..2; echo 'ok 1 - a'; echo 'not ok 2 - b'
"#;

/// The plain text of `eng test`, without colours, with times and folders replaced.
#[track_caller]
fn told(ws: &Workspace, arguments: &[&str], code: i32) -> String {
    ws.eng(arguments).expect(code).plain(ws)
}

#[test]
fn a_run_where_all_is_well() {
    let ws = workspace(GOOD);
    golden("all_pass", &told(&ws, &["test"], 0));
    golden("cached", &told(&ws, &["test"], 0));
    golden("build_libraries", &told(&ws, &["build", "--all"], 0));
    golden("build_nothing", &told(&ws, &["build"], 0));
    golden("dry_run", &told(&ws, &["test", "--dry-run", "--no-cache"], 0));
}

#[test]
fn a_run_with_each_kind_of_failure() {
    golden("failures", &told(&workspace(BAD), &["test"], 1));
}

#[test]
fn each_width_gives_the_same_text() {
    let ws = workspace(BAD);
    let run = |jobs| told(&ws, &["test", "--no-cache", jobs, "--test-threads=8"], 1);
    let one = run("--jobs=1");
    assert_eq!(one.replace("--jobs=1", ""), run("--jobs=8").replace("--jobs=8", ""));
}

#[test]
fn a_run_that_shows_all_output_or_none() {
    let ws = workspace(BAD);
    let some = ["test", "--test-output=all", "//:cases", "//:fails", "//:good"];
    golden("output_all", &told(&ws, &some, 3));
    golden("output_summary", &told(&ws, &["test", "--test-output=summary", "//:fails"], 3));
}

#[test]
fn help_pages() {
    let ws = workspace("");
    let page = |arguments: &[&str]| {
        let mut command = ws.command(arguments);
        command.env_remove("COLUMNS");
        let run = Run::of(command).expect(0);
        assert_eq!(run.stderr, "");
        run.stdout
    };
    golden("help", &page(&["--help"]));
    for verb in ["build", "test", "explain", "rules", "clean"] {
        golden(&format!("help_{verb}"), &page(&[verb, "--help"]));
    }
}

#[test]
fn rules_are_told() {
    let ws = workspace("");
    golden("rules", &ws.eng(&["rules"]).expect(0).stdout);
    golden("rules_cc_library", &ws.eng(&["rules", "cc_library"]).expect(0).stdout);
    golden("rules_tap", &ws.eng(&["rules", "tap"]).expect(0).stdout);
    golden("rules_unknown", &ws.eng(&["rules", "cc_libary"]).expect(2).stderr);
}

#[test]
fn cleaning_removes_outputs_and_keeps_results() {
    let ws = workspace(GOOD);
    ws.test(&[]);
    assert!(ws.root().join("eng-out").exists());
    ws.eng(&["clean"]).expect(0);
    assert!(!ws.root().join("eng-out").exists());
    ws.eng(&["clean"]).expect(0);
    ws.test(&["//:text_test"]).ran(&[]).tells("PASS  //:text_test  (cached)");
}

/// What eng writes to a terminal of 80 columns; `script` of util-linux gives it one.
pub fn on_terminal(ws: &Workspace, set: &[(&str, &str)], line: &str) -> String {
    let mut command = Command::new("script");
    let line = format!("stty cols 80 rows 24; exec {} {line}", env!("CARGO_BIN_EXE_eng"));
    command.args(["--quiet", "--return", "--command", &line, "/dev/null"]);
    for (name, value) in ws.command(&[]).get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    command.env("TERM", "xterm-256color").envs(set.iter().copied()).current_dir(ws.root());
    command.stdin(std::process::Stdio::null());
    Run::of(command).stdout
}

/// What stands on the screen after all of it was written: lines, as a terminal shows them.
pub fn screen_of(written: &str) -> Vec<String> {
    let mut rows = vec![String::new()];
    let (mut row, mut column) = (0, 0);
    let mut rest = written.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '\n' => {
                row += 1;
                rows.resize(rows.len().max(row + 1), String::new());
            }
            '\r' => column = 0,
            '\u{1b}' => {
                let mut number = String::new();
                if rest.next() != Some('[') {
                    continue;
                }
                let end = loop {
                    match rest.next() {
                        Some(c) if c.is_ascii_alphabetic() => break c,
                        Some(c) => number.push(c),
                        None => break ' ',
                    }
                };
                let count: usize = number.parse().unwrap_or(1);
                match end {
                    'A' | 'F' => row = row.saturating_sub(count),
                    'J' => {
                        rows.truncate(row + 1);
                        rows[row] = rows[row].chars().take(column).collect();
                    }
                    'K' => rows[row] = rows[row].chars().take(column).collect(),
                    'G' => column = count - 1,
                    _ => {}
                }
                if end == 'F' {
                    column = 0;
                }
            }
            c => {
                let mut line: Vec<char> = rows[row].chars().collect();
                line.resize(line.len().max(column + 1), ' ');
                line[column] = c;
                rows[row] = line.into_iter().collect();
                column += 1;
            }
        }
    }
    rows.iter().map(|row| row.trim_end().to_string()).collect()
}

/// True if colours or bold letters are among it.
fn is_painted(written: &str) -> bool {
    let mut rest = written.split("\u{1b}[").skip(1);
    rest.any(|part| {
        part.trim_start_matches(|c: char| c.is_ascii_digit() || c == ';').starts_with('m')
    })
}

const SLOW: &str = "-- BUILD.ron\n[sh_test(name: \"a\", srcs: \"a.sh\"), sh_test(name: \"b\", srcs: \"b.sh\")]\n\
    -- a.sh\n#!/bin/sh\nsleep 1\n-- b.sh\n#!/bin/sh\nsleep 1\n";

#[test]
fn a_terminal_shows_what_runs_and_is_clean_at_the_end() {
    let ws = workspace(SLOW);
    let written = on_terminal(&ws, &[], "test");
    for part in ["2 running", "test //:a", "test //:b", "\u{1b}["] {
        assert!(written.contains(part), "'{part}' is not in {written:?}");
    }
    let screen = screen_of(&written);
    let shown: Vec<&str> =
        screen.iter().map(|line| line.split("  ").next().unwrap_or("")).collect();
    assert_eq!(shown[..2], ["PASS", "PASS"], "{screen:?}");
    assert_eq!(screen[2], "tests: 2 passed");
    assert_eq!(screen.len(), 6, "{screen:?}");
    assert!(!screen.iter().any(|line| line.contains("running")), "{screen:?}");
}

#[test]
fn no_colour_means_live_lines_without_colours() {
    let written = on_terminal(&workspace(SLOW), &[("NO_COLOR", "1")], "test");
    assert!(written.contains("2 running"), "{written:?}");
    assert!(!is_painted(&written), "{written:?}");
}

#[test]
fn a_dumb_terminal_and_a_build_server_get_plain_lines() {
    for set in [("TERM", "dumb"), ("CI", "1")] {
        let written = on_terminal(&workspace(GOOD), &[set], "test --color=never");
        assert!(!written.contains('\u{1b}'), "{set:?}: {written:?}");
        assert!(written.contains("PASS  //:text_test  "), "{set:?}: {written:?}");
    }
    let written = on_terminal(&workspace(GOOD), &[("TERM", "dumb")], "test");
    assert!(!is_painted(&written), "{written:?}");
}

#[test]
fn colours_can_be_forced_and_forbidden() {
    let ws = workspace(GOOD);
    assert!(!is_painted(&ws.eng(&["test"]).stderr));
    assert!(is_painted(&ws.eng(&["test", "--color=always"]).stderr));
    assert!(is_painted(&on_terminal(&ws, &[], "test")));
    assert!(!is_painted(&on_terminal(&ws, &[], "test --color=never")));
    let mut forbidden = ws.command(&["test", "--color=always"]);
    forbidden.env("NO_COLOR", "1");
    assert!(is_painted(&Run::of(forbidden).stderr), "the flag beats all");
}
