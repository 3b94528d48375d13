//! The dispatcher of protocol `eng` by itself: what it lists and runs, how a case is left, and that
//! its header compiles without a warning.

use crate::support::{Run, Workspace, workspace};
use std::process::Command;

/// One test of protocol `eng` from one file, or of C++ if its name ends so.
fn program(file: &str, text: &str) -> Workspace {
    let ws = workspace("");
    ws.write(
        "BUILD.ron",
        &format!(
            "[workspace(name: \"ws\"), cc_test(name: \"t\", srcs: [\"{file}\"], protocol: \"eng\")]\n"
        ),
    );
    ws.write(file, &format!("#include <eng_test.h>\n{text}"));
    ws.build(&["//:t"]);
    ws
}

fn run(ws: &Workspace, arguments: &[&str]) -> Run {
    let mut command = Command::new(ws.root().join("eng-out/bin/t"));
    command.args(arguments).current_dir(ws.root());
    Run::of(command)
}

/// What the report says after running with these arguments.
#[track_caller]
fn reported(ws: &Workspace, arguments: &[&str], code: i32) -> Vec<String> {
    run(ws, &[&["--report", "report"], arguments].concat()).expect(code);
    let plain = |line: &str| match line.split_once(" [") {
        // How long it took.
        Some((word, rest)) => {
            let (seconds, name) = rest.split_once("] ").expect("a time and a name");
            assert!(seconds.parse::<f64>().is_ok_and(|it| (0.0..60.0).contains(&it)), "{line}");
            format!("{word} {name}")
        }
        None => line.to_string(),
    };
    ws.read("report").lines().map(plain).collect()
}

fn ten() -> Workspace {
    let cases: String = (0..10).map(|n| format!("TEST(c{n}) {{ CHECK({n} != 4); }}\n")).collect();
    program("x.c", &cases)
}

#[test]
fn cases_run_in_the_order_in_which_they_are_asked_for() {
    let ws = ten();
    let started = |arguments: &[&str], code| -> String {
        let lines = reported(&ws, arguments, code);
        let names = lines.iter().filter_map(|line| line.strip_prefix("start x::c"));
        names.collect::<Vec<_>>().concat()
    };
    assert_eq!(started(&[], 1), "0123456789");
    assert_eq!(started(&["--index", "7,0-2,9,8"], 0), "701298");
    assert_eq!(started(&["--name", "x::c5", "--name", "x::c0"], 0), "50");
    assert_eq!(started(&["--index", "3", "--name", "x::c1", "--index", "2"], 0), "312");
    assert_eq!(started(&["--name", "x::c4"], 1), "4");
    assert_eq!(
        reported(&ws, &["--index", "4,0"], 1),
        ["start x::c4", "not ok x::c4", "start x::c0", "ok x::c0"]
    );
}

#[test]
fn what_is_not_there_is_told_and_nothing_runs() {
    let ws = ten();
    for (arguments, told) in [
        (["--index", "10"], "no case has the index 10: there are 10, counted from 0\n"),
        (["--index", "0,3-12"], "no case has the index 12: there are 10, counted from 0\n"),
        (
            ["--index", "99999999999999999999"],
            "no case has the index 99999999999999999999: there are 10, counted from 0\n",
        ),
        (["--index", "3-1"], "'3-1' is no list of indices, such as 0,3,5-7\n"),
        (["--index", "1,"], "'' is no list of indices, such as 0,3,5-7\n"),
        (["--index", "-1"], "'-1' is no list of indices, such as 0,3,5-7\n"),
        (["--index", "1x"], "'1x' is no list of indices, such as 0,3,5-7\n"),
        (["--name", "x::c10"], "no case has the name 'x::c10'\n"),
        (["--index", "0"], ""),
    ] {
        let code = if told.is_empty() { 0 } else { 2 };
        let run = run(&ws, &[&["--report", "report"], &arguments[..]].concat()).expect(code);
        assert_eq!(run.stderr, told, "{arguments:?}");
        assert_eq!(ws.read("report").is_empty(), !told.is_empty(), "{arguments:?}");
    }
    run(&ws, &["--name"]).expect(2).tells("--name needs a value\n");
    run(&ws, &["--report", "no/such/folder"]).expect(2).tells("no/such/folder: No such file");
}

#[test]
fn many_cases_are_listed_and_found_at_once() {
    let values: Vec<String> = (0..20_000).map(|n| n.to_string()).collect();
    let ws = program(
        "many.c",
        &format!("TEST_EACH(it, int, n, {}) {{ CHECK(n >= 0); }}\n", values.join(", ")),
    );
    let list = run(&ws, &["--list"]).expect(0).stdout;
    assert_eq!(list.lines().count(), 20_000);
    assert_eq!(list.lines().last(), Some("many::it/19999"));
    let names: Vec<&str> = list.lines().rev().take(3000).flat_map(|n| ["--name", n]).collect();
    assert_eq!(reported(&ws, &names, 0).len(), 6000);
    let odd: Vec<&str> = values.iter().skip(1).step_by(2).map(String::as_str).collect();
    assert_eq!(reported(&ws, &["--index", &odd.join(",")], 0).len(), 20_000);
}

#[test]
fn setups_and_teardowns_stand_around_each_case_whatever_comes_of_it() {
    let ws = program(
        "x.c",
        r#"
#include <stdio.h>
#include <string.h>
static int turn;
SETUP { puts("first"); }
SETUP { puts("second"); CHECK_EQ(turn % 2, 0); if (turn == 4) SKIP("four"); }
TEARDOWN { puts("last"); turn++; }
TEARDOWN { puts("before the last"); CHECK(turn != 2); }
TEST_EACH(it, int, n, 0, 1, 2, 3, 4, 5) { printf("body %d\n", n); fflush(stdout); CHECK(n != 0); }
"#,
    );
    let told = run(&ws, &[]).expect(1).stdout;
    let around = |body: &str| format!("first\nsecond\n{body}before the last\nlast\n");
    let bodies = ["body 0\n", "", "body 2\n", "", "", ""];
    assert_eq!(told, bodies.map(around).concat());
    assert_eq!(
        reported(&ws, &[], 1).into_iter().skip(1).step_by(2).collect::<Vec<_>>(),
        [
            "not ok x::it/0",
            "not ok x::it/1",
            "not ok x::it/2",
            "not ok x::it/3",
            "skip x::it/4 # four",
            "not ok x::it/5"
        ]
    );
}

#[test]
fn a_check_in_a_thread_aborts_and_a_child_does_not_go_on_with_other_cases() {
    let ws = program(
        "x.c",
        r#"
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>
static void *fails(void *unused) { CHECK(unused); return 0; }
TEST(child)
{
    int status = 0;
    pid_t child = fork();
    CHECK_EQ(child, 0);
    CHECK(child == 0);
    (void)status;
}
TEST(parent)
{
    int status = -1;
    pid_t child = fork();
    if (child == 0)
        CHECK_EQ(child, 1);
    CHECK_EQ(waitpid(child, &status, 0), child);
    CHECK_EQ(WEXITSTATUS(status), 1);
}
TEST(thread)
{
    pthread_t thread;
    CHECK_EQ(pthread_create(&thread, 0, fails, 0), 0);
    pthread_join(thread, 0);
}
"#,
    );
    assert_eq!(
        reported(&ws, &["--index", "0-1"], 1),
        ["start x::child", "not ok x::child", "start x::parent", "ok x::parent"]
    );
    run(&ws, &["--name", "x::thread"])
        .expect(128 + 6)
        .tells("x.c:6: CHECK(unused) failed\na case cannot be left from another thread\n");
}

#[test]
fn numbers_are_compared_by_what_they_are_and_told_as_short_as_they_can_be() {
    let checks = [
        ("~0ull, -1", "18446744073709551615 is not -1"),
        ("-1L, 4294967295u", "-1 is not 4294967295"),
        ("1.5, 1", "1.5 is not 1"),
        ("0.1 + 0.2, 0.3", "0.30000000000000004 is not 0.3"),
        ("'a', 'b'", "97 is not 98"),
        ("(void *)16, (void *)0", "0x10 is not 0x0"),
        ("1 == 1, 0", "1 is not 0"),
    ];
    for file in ["x.c", "x.cc"] {
        let case = |(n, (check, _)): (usize, &(&str, &str))| {
            format!("TEST(c{n}) {{ CHECK_EQ({check}); }}\n")
        };
        let ws = program(file, &checks.iter().enumerate().map(case).collect::<String>());
        let told = run(&ws, &[]).expect(1).stderr;
        for (line, (check, values)) in told.lines().zip(checks) {
            // In C++ addresses are no numbers.
            let values = match file == "x.cc" && check.contains("void") {
                true => String::new(),
                false => format!(": {values}"),
            };
            let expected = format!("CHECK_EQ({check}) failed{values}");
            assert!(
                line.ends_with(&expected) || line.replace("1 == 1", "true").ends_with(&expected),
                "{line}"
            );
        }
        assert_eq!(told.lines().count(), checks.len(), "{told}");
    }
}

#[test]
fn texts_are_not_compared_by_address() {
    for file in ["x.c", "x.cc"] {
        let ws = workspace(&format!(
            "-- BUILD.ron\n[cc_test(name: \"t\", srcs: [\"{file}\"], protocol: \"eng\")]\n\
             -- {file}\n#include <eng_test.h>\nTEST(a) {{ const char *b = \"b\"; CHECK_EQ(\"a\", b); }}\n"
        ));
        ws.eng(&["test"])
            .expect(1)
            .tells("CHECK_EQ would compare addresses; CHECK_STR_EQ compares texts");
    }
}

/// What the header offers, in C and C++.
const ALL: &str = r#"
#include <eng_test.h>
#include <string.h>
struct sum { int left, right, total; };
enum color { RED, GREEN };
static int state;
SETUP { state++; }
TEARDOWN { state--; }
static int helper(int number) { CHECK(number > 0); return number; }
static const char *text(void) { return "text"; }
TEST(plain) { CHECK(state == 1); CHECK_EQ(helper(2), 2); CHECK_EQ(RED, 0); CHECK_EQ(GREEN, GREEN); }
TEST(numbers) {
    unsigned char small = 3; short low = -3; size_t size = 3; double real = 3;
    CHECK_EQ(small, 3); CHECK_EQ(low, -3); CHECK_EQ(size, 3); CHECK_EQ(real, 3); CHECK_EQ(size, small);
    CHECK_EQ(state++, 1); CHECK_EQ(--state, 1);
}
TEST(texts) { CHECK_STR_EQ(text(), "text"); CHECK(strlen(text()) == 4); CHECK_EQ(&state, &state); }
TEST(skipped) { SKIP("why"); }
TEST_EACH(each, int, value, 1, 2, 3) { CHECK(value > 0); }
TEST_EACH(structs, struct sum, sum, {1, 2, 3}, {2, 2, 4}) { CHECK_EQ(sum.left + sum.right, sum.total); }
TEST_EACH(words, const char *, word, "a", "b") { CHECK_EQ(strlen(word), 1); }
"#;

#[test]
fn the_header_gives_no_warning_in_any_standard() {
    let mut build = String::from("-- BUILD.ron\n[\n");
    let mut files =
        String::from("-- none.c\n#include <eng_test.h>\n-- none.cc\n#include <eng_test.h>\n");
    for (kind, standards) in [
        ("c", &["c11", "gnu11", "c17", "c2x"][..]),
        ("cxx", &["c++11", "gnu++14", "c++17", "c++20", "c++2b"][..]),
    ] {
        let end = if kind == "c" { "c" } else { "cc" };
        for standard in standards {
            let name = format!("t{}", standard.replace('+', "x"));
            build += &format!(
                "cc_test(name: \"{name}\", srcs: [\"{name}.{end}\", \"none.{end}\"], protocol: \"eng\", \
                 copts: [\"-Wall\", \"-Wextra\", \"-Wpedantic\", \"-Wshadow\", \"-Werror\", \"-O2\", \"-std={standard}\"]),\n"
            );
            files += &format!("-- {name}.{end}{ALL}");
        }
    }
    build += "cc_test(name: \"bare\", srcs: [\"txxx.cc\"], protocol: \"eng\", copts: [\"-fno-exceptions\", \"-Werror\"]),\n";
    let ws = workspace(&format!("{build}]\n{files}-- txxx.cc{ALL}"));
    let run = ws.test(&[]).tells("tests: 10 passed\n").tells("cases: 100 passed, 10 skipped\n");
    assert!(!run.stderr.contains("warning"), "{}", run.stderr);
}
