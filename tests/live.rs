//! What is told while tests run: their output as it comes, their cases, what is slow, what hangs.

use crate::support::{Run, Workspace, wait_for, wait_told, workspace};
use crate::terminal::{on_terminal, screen_of};
use rustix::process::{Pid, Signal, kill_process};
use std::fs;
use std::path::PathBuf;
use std::process::{Child, Stdio};

/// A workspace whose tests wait until they may go on.
struct Held {
    ws: Workspace,
    go: PathBuf,
}

impl Held {
    /// `HERE` stands for a file that a test may make, `GO` for the file that it is to wait for.
    fn new(files: &str) -> Held {
        let ws = workspace("");
        let go = ws.beside("go");
        let here = ws.beside("here").display().to_string();
        let files = files.replace("HERE", &here).replace("GO", &go.display().to_string());
        for part in format!("\n{files}").split("\n-- ").skip(1) {
            let (path, text) = part.split_once('\n').expect("a file has a path");
            ws.write(path, text);
        }
        Held { ws, go }
    }

    fn start(&self, arguments: &[&str]) -> Child {
        let mut command = self.ws.command(&[&["test"], arguments].concat());
        command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("start eng")
    }

    /// Lets the tests go on; gives all that was told, `before` being read already.
    fn let_go(&self, child: Child, before: String) -> Run {
        fs::write(&self.go, "").expect("let it go");
        let output = child.wait_with_output().expect("wait for eng");
        let rest = String::from_utf8_lossy(&output.stderr).into_owned();
        let code = output.status.code().unwrap_or(-1);
        Run { code, stdout: String::new(), stderr: before + &rest }
    }
}

const TWO: &str = r#"
-- BUILD.ron
[
    workspace(name: "ws"),
    sh_test(name: "a", srcs: "a.sh"),
    sh_test(name: "b", srcs: "b.sh"),
]
-- a.sh
#!/bin/sh
echo one
printf 'two, '
until test -e GO; do sleep 0.01; done
echo three
printf '\033[2Jlast'
-- b.sh
#!/bin/sh
echo 'to stderr' >&2
echo
until test -e GO; do sleep 0.01; done
exit 1
"#;

#[test]
fn what_tests_print_is_shown_as_it_comes_and_nothing_is_lost() {
    let held = Held::new(TWO);
    let mut child = held.start(&["--test_output=streamed"]);
    let mut told = wait_told(&mut child, " | one\n");
    // Both are shown while both run.
    if !told.contains(" | to stderr\n") {
        told.push_str(&wait_told(&mut child, " | to stderr\n"));
    }
    assert!(!told.contains("two"), "a line that has not ended: {told}");
    let run = held.let_go(child, told).expect(3);
    let of = |label: &str| -> Vec<String> {
        let front = format!("{label} |");
        run.stderr.lines().filter_map(|it| it.strip_prefix(&front)).map(str::to_string).collect()
    };
    assert_eq!(of("//:a"), [" one", " two, three", " last"]);
    let mut lines = of("//:b");
    lines.sort();
    assert_eq!(lines, ["", " to stderr"]);
    let end = &run.stderr[run.stderr.find("PASS  //:a").expect("a is told")..];
    let failed = "\n    to stderr\n";
    assert!(end.contains(failed), "what failed is told with its output, too: {}", run.stderr);
    // Nothing runs, so nothing comes.
    let again = held.ws.eng(&["test", "--test-output=streamed", "//:a"]).expect(0);
    assert!(!again.stderr.contains("one"), "{}", again.stderr);
}

#[test]
fn the_output_of_a_single_test_has_nothing_in_front() {
    let held = Held::new(TWO);
    let mut child = held.start(&["--test-output=streamed", "//:a"]);
    let told = wait_told(&mut child, "one\n");
    assert_eq!(told, "one\n");
    let run = held.let_go(child, told).expect(0);
    assert!(run.stderr.starts_with("one\ntwo, three\nlast\nPASS  //:a  "), "{}", run.stderr);
}

#[test]
fn much_output_on_both_streams_comes_whole() {
    let lines = 100_000;
    let ws = workspace(&format!(
        "-- BUILD.ron\n[sh_test(name: \"t\", srcs: \"t.sh\")]\n-- t.sh\n#!/bin/sh\n\
         seq -f 'out %.0f' {lines} & seq -f 'err %.0f' {lines} >&2; wait\n"
    ));
    let run = ws.eng(&["test", "--test-output=streamed"]).expect(0);
    for stream in ["out", "err"] {
        let front = format!("{stream} ");
        let of = run.stderr.lines().filter_map(|line| line.strip_prefix(&front));
        let numbers: Vec<usize> = of.map(|it| it.parse().expect("a whole line")).collect();
        assert!(numbers.into_iter().eq(1..=lines), "not all lines of {stream}, or not in order");
    }
}

const CASES: &str = r#"
-- BUILD.ron
[workspace(name: "ws"), cc_test(name: "t", srcs: ["t.c"], protocol: "eng")]
-- t.c
#include <eng_test.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>
TEST(first) { CHECK(1); }
TEST(waits)
{
    puts("asks for \033[1mport\033[0m 80");
    fflush(stdout);
    CHECK(creat("HERE", 0600) >= 0);
    while (access("GO", F_OK))
        usleep(1000);
}
TEST(last) { CHECK(1); }
"#;

/// C2: SIGQUIT tells what runs, for how long, and what it printed last.
#[test]
fn a_signal_asks_what_runs_and_the_run_goes_on() {
    let held = Held::new(CASES);
    let mut child = held.start(&[]);
    wait_for(&held.ws.beside("here"));
    let pid = Pid::from_raw(i32::try_from(child.id()).expect("a number")).expect("a process");
    kill_process(pid, Signal::QUIT).expect("ask eng");
    let told = wait_told(&mut child, "last output: asks for port 80\n");
    let lines: Vec<&str> = told.lines().collect();
    let [head, case, last] = lines.as_slice() else { panic!("{told}") };
    // The listing has ended just before, and may not have been told yet: it is done.
    assert!(head.starts_with("after ") && head.ends_with(" done, 1 running"), "{told}");
    assert!(case.ends_with("s  test //:t#t::waits"), "{told}");
    assert_eq!(*last, "         last output: asks for port 80");
    held.let_go(child, told).expect(0).tells("PASS  //:t  3 cases").tells("cases: 3 passed\n");
}

/// A source that is modified while a process reads it has the process started once more.
const TWICE: &str = r#"
-- BUILD.ron
[workspace(name: "ws"), sh_test(name: "t", srcs: "t.sh", data: ["data.txt"])]
-- data.txt
one
-- t.sh
#!/bin/sh
if test -e HERE-1; then
    echo "the second"
    : > HERE
    until test -e GO; do sleep 0.01; done
else
    : > HERE-1
    echo "the first"
    until test -e HERE-2; do sleep 0.01; done
    echo two >> "$(readlink -f data.txt)"
fi
"#;

#[test]
fn a_process_that_is_started_once_more_is_watched_where_it_prints() {
    let held = Held::new(TWICE);
    let mut child = held.start(&["--test-output=streamed", "--events=it.jsonl"]);
    let told = wait_told(&mut child, "the first\n");
    fs::write(held.ws.beside("here-2"), "").expect("let the first one go on");
    let told = told + &wait_told(&mut child, "the second\n");
    assert_eq!(told, "the first\nthe second\n");
    let pid = Pid::from_raw(i32::try_from(child.id()).expect("a number")).expect("a process");
    kill_process(pid, Signal::QUIT).expect("ask eng");
    let told = told + &wait_told(&mut child, "last output: the second\n");
    let run = held.let_go(child, told).expect(0);
    assert_eq!(run.stderr.matches("the first\n").count(), 1, "{}", run.stderr);
    let starts = held.ws.read("it.jsonl").matches("\"ev\":\"action_started\"").count();
    assert_eq!(starts, 2);
}

#[test]
fn a_slow_test_is_told_while_it_runs() {
    let held = Held::new(TWO);
    let mut child = held.start(&["--slow-after=50ms", "//:a"]);
    let mut told = wait_told(&mut child, "s\n");
    told.push_str(&wait_told(&mut child, "s\n"));
    let lines: Vec<&str> = told.lines().collect();
    assert!(lines.len() == 2 && lines[0] != lines[1], "{told}");
    assert!(lines.iter().all(|line| line.starts_with("SLOW  //:a has run for 0.")), "{told}");
    held.let_go(child, told).expect(0).tells("PASS  //:a");
    let wrong = held.ws.eng(&["test", "--slow-after=soon"]).expect(2);
    wrong.tells("--slow-after is 'soon'; a time such as 90s, 1.5m or 250ms was expected");
}

const TIMES: &str = r#"
-- BUILD.ron
[cc_test(name: "t", srcs: ["t.c"], protocol: "eng"), sh_test(name: "s", srcs: "s.sh")]
-- t.c
#include <eng_test.h>
#include <unistd.h>
TEST(a) { CHECK(1); }
TEST(b) { usleep(300000); }
-- s.sh
#!/bin/sh
sleep 0.1
"#;

#[test]
fn the_slowest_cases_are_told_at_the_end() {
    let ws = workspace(TIMES);
    let listed = |arguments: &[&str]| -> Vec<String> {
        let run = ws.eng(&[&["test"], arguments].concat()).expect(0);
        let Some((_, list)) = run.stderr.split_once("\nslowest:\n") else { return vec![] };
        let lines = list.lines().take_while(|line| line.starts_with("  "));
        lines.filter_map(|line| Some(line.split_once("s  ")?.1.to_string())).collect()
    };
    assert_eq!(listed(&["--slowest=2"]), ["//:t#t::b", "//:s"]);
    assert_eq!(listed(&["--slowest=2"]), ["//:t#t::b  (cached)", "//:s  (cached)"]);
    assert_eq!(listed(&["--slowest=1", "--fresh"]), ["//:t#t::b"]);
    assert!(listed(&[]).is_empty());
}

/// C22: the cases that run are on the screen, several at one time.
#[test]
fn a_terminal_names_the_cases_that_run() {
    let ws = workspace(
        "-- BUILD.ron\n[\n\
         cc_test(name: \"a\", srcs: [\"a.c\"], protocol: \"eng\"),\n\
         cc_test(name: \"b\", srcs: [\"b.c\"], protocol: \"eng\"),\n]\n\
         -- a.c\n#include <eng_test.h>\n#include <unistd.h>\n\
         TEST(quick) { CHECK(1); }\nTEST(sleeps) { sleep(2); }\n\
         -- b.c\n#include <eng_test.h>\n#include <unistd.h>\n\
         TEST(quick) { CHECK(1); }\nTEST(dreams) { sleep(2); }\n",
    );
    let written = on_terminal(&ws, &[], "test --slow-after=1s");
    let frames = written.split("\u{1b}[J");
    let both = |frame: &&str| {
        frame.contains("test //:a#a::sleeps") && frame.contains("test //:b#b::dreams")
    };
    assert!(frames.filter(both).count() > 1, "{written:?}");
    let screen = screen_of(&written);
    let slow = |line: &&String| line.starts_with("SLOW  //:") && line.contains("has run for 1s");
    assert_eq!(screen.iter().filter(slow).count(), 2, "{screen:?}");
    assert!(screen.iter().any(|it| it.ends_with("run for 1s, now at a::sleeps")), "{screen:?}");
    assert!(!screen.iter().any(|line| line.contains("running")), "{screen:?}");
}

/// C4: each of four tests is told to have started before the first one is told to have ended.
#[test]
fn verbose_tells_starts_as_they_happen() {
    let wait = "#!/bin/sh\nuntil test -e GO; do sleep 0.01; done\n";
    let names = ["a", "b", "c", "d"];
    let tests = names.map(|name| format!("sh_test(name: \"{name}\", srcs: \"wait.sh\"),"));
    let build = format!("-- BUILD.ron\n[workspace(name: \"ws\"), {}]\n", tests.concat());
    let held = Held::new(&format!("{build}-- wait.sh\n{wait}"));
    let mut child = held.start(&["--no-cache", "--verbose", "--test-threads=4"]);
    let mut told = String::new();
    while told.matches("START //:").count() < names.len() {
        told.push_str(&wait_told(&mut child, "\n"));
    }
    for name in names {
        assert!(told.contains(&format!("START //:{name}: test //:{name}\n")), "{told}");
    }
    assert!(!told.contains("PASS"), "{told}");
    held.let_go(child, told).expect(0).tells("tests: 4 passed\n");
}
