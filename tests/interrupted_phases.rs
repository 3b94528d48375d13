//! Ctrl-C and `kill -9` in each phase of a run: the next run redoes only the rest.

use crate::support::{Run, Workspace, wait_for, wait_told, workspace};
use rustix::process::{Pid, Signal, kill_process_group};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Stdio;
use tempfile::TempDir;

const RULES: &str = r#"
-- rules.ron
[
    protocol(
        name: "report",
        list: ["{program}", "--list"],
        listing: lines(case: "{case}"),
        run: ["{program}", "--report", "{report}", "{case}"],
        batch: ["{program}", "--report", "{report}", "{cases}"],
        results: lines(started: "start {case}", done: "{outcome} {case}"),
        words: (passed: ["ok"], failed: ["not ok"]),
    ),
    rule(
        name: "cases",
        attrs: (srcs: file(), data: files()),
        provides: (files: ["{srcs}"], run: ["{srcs}"], data: ["{data}"]),
        test: (protocol: "report", program: "{srcs}"),
    ),
    rule(
        name: "asks",
        attrs: (tool: tool(default: "TOOL", version: [["--version"]])),
        actions: (ask: (run: ["{tool}", "{asked}"], outs: (asked: "asked.txt"))),
        provides: (files: ["{asked}"]),
    ),
]
-- BUILD.ron
[
    workspace(name: "ws", rules: ["rules.ron"]),
    genrule(name: "quick", outs: ["quick.txt"], cmd: "echo > $OUT"),
    genrule(name: "slow", srcs: [":quick", ":asks"], outs: ["slow.txt"], cmd: "HOLD build; cat $SRCS > $OUT"),
    asks(name: "asks"),
    sh_test(name: "first", srcs: "first.sh"),
    cases(name: "many", srcs: "many.sh", data: [":slow"]),
]
-- first.sh
#!/bin/sh
-- many.sh
#!/bin/sh
if test "$1" = --list; then
    HOLD listing
    printf 'a\nb\nc\n'
    exit
fi
report=$2
shift 2
for name; do
    echo "start $name" >> "$report"
    HOLD "$name"
    echo "ok $name" >> "$report"
done
"#;

/// The phases in their order, and what is told when each is over.
const PHASES: [(&str, &str); 3] =
    [("asking", "RAN  //:asks: "), ("build", "RAN  //:slow: "), ("listing", "RAN  //:many: list")];

/// What is over at some time, beside all phases.
const ASIDE: [&str; 2] = ["PASS  //:first", "RAN  //:quick: "];

/// A workspace each of whose phases can be held up.
struct Phases {
    ws: Workspace,
    // Outside of the workspace: `hold-PHASE` stops a phase, `started` tells that it was reached.
    outside: TempDir,
}

fn script(path: &Path, text: &str) {
    fs::write(path, text).expect("write a script");
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("make it executable");
}

impl Phases {
    fn new() -> Phases {
        let outside = tempfile::tempdir().expect("make a folder");
        let at = outside.path().display().to_string();
        let hold = format!(
            "#!/bin/sh\ntest -e {at}/hold-$1 || exit 0\n: > {at}/started\n\
             while test -e {at}/hold-$1; do sleep 0.01; done\n"
        );
        script(&outside.path().join("hold"), &hold);
        let tool = format!(
            "#!/bin/sh\ncase $1 in --version) echo >> {at}/asked; {at}/hold asking;; *) : > $1;; esac\n"
        );
        script(&outside.path().join("tool"), &tool);
        let files = RULES.replace("HOLD", &format!("{at}/hold"));
        Phases { ws: workspace(&files.replace("TOOL", &format!("{at}/tool"))), outside }
    }

    /// Runs all tests up to a phase, in which all processes get a signal, as a terminal sends it.
    fn stop(&self, phase: &str, signal: Signal) -> Run {
        let hold = self.outside.path().join(format!("hold-{phase}"));
        fs::write(&hold, "").expect("hold a phase up");
        let mut command = self.ws.command(&["test", "--verbose", "--jobs=4", "--test-threads=4"]);
        command.process_group(0).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("start eng");
        let started = self.outside.path().join("started");
        wait_for(&started);
        let mut told = String::new();
        let before = PHASES.iter().take_while(|(name, _)| *name != phase);
        for text in before.map(|(_, told)| *told).chain(ASIDE) {
            while !told.contains(text) {
                told += &wait_told(&mut child, "\n");
            }
        }
        let group = Pid::from_child(&child);
        kill_process_group(group, signal).expect("send a signal");
        let output = child.wait_with_output().expect("wait for eng");
        fs::remove_file(&hold).expect("let it go");
        fs::remove_file(&started).expect("forget it");
        Run {
            code: output.status.code().unwrap_or(-1),
            stdout: String::new(),
            stderr: told + &String::from_utf8_lossy(&output.stderr),
        }
    }
}

/// What is left to do after a phase was cut short.
const AFTER_QUICK: [&str; 4] =
    ["ask asked.txt", "generate out/slow.txt", "list //:many", "test //:many"];

/// Stops a phase, and expects these actions of the next run, cases of which are these; then none.
#[track_caller]
fn check(signal: Signal, phase: &str, rest: &[&str], cases: &str) {
    let phases = Phases::new();
    let stopped = phases.stop(phase, signal);
    if signal == Signal::INT {
        assert_eq!(stopped.code, 8, "{}", stopped.stderr);
        assert!(!stopped.stderr.contains(" failed"), "{}", stopped.stderr);
    }
    let rest = phases.ws.test(&[]).ran(rest).tells("tests: 2 passed");
    rest.tells(&format!("$ many.sh --report '{{report}}' {cases}\n"));
    phases.ws.test(&[]).ran(&[]).tells("cases: 4 passed (4 cached)\n");
    // A version that was not told is asked for again.
    let asked =
        fs::read_to_string(phases.outside.path().join("asked")).expect("read what was asked");
    assert_eq!(asked.lines().count(), if phase == "asking" { 2 } else { 1 });
}

#[test]
fn an_interrupt_while_tools_are_asked_loses_nothing_else() {
    check(Signal::INT, "asking", &AFTER_QUICK, "a b c");
}

#[test]
fn an_interrupt_while_building_loses_nothing_else() {
    check(Signal::INT, "build", &AFTER_QUICK[1..], "a b c");
}

#[test]
fn an_interrupt_while_listing_loses_nothing_else() {
    check(Signal::INT, "listing", &AFTER_QUICK[2..], "a b c");
}

#[test]
fn an_interrupt_while_testing_loses_only_the_case_that_ran() {
    check(Signal::INT, "a", &AFTER_QUICK[3..], "a b c");
    check(Signal::INT, "b", &AFTER_QUICK[3..], "b c");
    check(Signal::INT, "c", &AFTER_QUICK[3..], "c");
}

#[test]
fn a_kill_while_tools_are_asked_loses_nothing_else() {
    check(Signal::KILL, "asking", &AFTER_QUICK, "a b c");
}

#[test]
fn a_kill_while_building_loses_nothing_else() {
    check(Signal::KILL, "build", &AFTER_QUICK[1..], "a b c");
}

#[test]
fn a_kill_while_listing_loses_nothing_else() {
    check(Signal::KILL, "listing", &AFTER_QUICK[2..], "a b c");
}

#[test]
fn a_kill_while_testing_loses_only_the_process_that_ran() {
    check(Signal::KILL, "c", &AFTER_QUICK[3..], "a b c");
}

/// Patterns that come from a pipe hold eng up before it has loaded anything.
#[test]
fn an_interrupt_before_loading_leaves_nothing_behind() {
    let phases = Phases::new();
    for signal in [Signal::INT, Signal::KILL] {
        let mut command = phases.ws.command(&["test", "--verbose", "-"]);
        command.process_group(0).stdin(Stdio::piped()).stderr(Stdio::piped());
        let child = command.spawn().expect("start eng");
        kill_process_group(Pid::from_child(&child), signal).expect("send a signal");
        let output = child.wait_with_output().expect("wait for eng");
        assert!(!output.status.success());
    }
    phases.ws.test(&["//:first"]).ran(&["test //:first"]);
}
