//! The stream of events: what stands in it, who reads it, and what becomes of slow and dead readers.

use crate::real::{done, fetched};
use crate::support::{Run, Workspace, wait_for, workspace};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// Something of everything.
pub const ALL: &str = r#"
-- BUILD.ron
[
    sh_test(name: "good", srcs: "good.sh"),
    sh_test(name: "bad", srcs: "bad.sh"),
    sh_test(name: "skipped", srcs: "skipped.sh"),
    sh_test(name: "slow", srcs: "slow.sh", timeout: "1s"),
    sh_test(name: "killed", srcs: "killed.sh"),
    sh_test(name: "tap", srcs: "tap.sh", protocol: "tap"),
    genrule(name: "made", outs: ["made.txt"], cmd: "echo made; echo words >&2; echo x > $OUT"),
    genrule(name: "broken", outs: ["b.txt"], cmd: "echo out of ideas; exit 3"),
    sh_test(name: "blocked", srcs: "good.sh", data: [":broken"]),
    sh_binary(name: "tool", srcs: "good.sh"),
]
-- good.sh
#!/bin/sh
exit 0
-- bad.sh
#!/bin/sh
echo "it is bad"
exit 1
-- skipped.sh
#!/bin/sh
exit 77
-- slow.sh
#!/bin/sh
sleep 100
-- killed.sh
#!/bin/sh
kill -SEGV $$
-- tap.sh
#!/bin/sh
echo "1..3"
echo "ok 1 - first"
echo "not ok 2 - second # TODO later"
echo "ok 3 - third # SKIP no net"
"#;

/// The lines of a stream.
#[track_caller]
pub fn lines(text: &str) -> Vec<Value> {
    let line = |(at, line): (usize, &str)| {
        let value: Value = serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"));
        assert_eq!(value["seq"], at as u64, "{line}");
        assert_eq!(value["v"], 1);
        value
    };
    text.lines().enumerate().map(line).collect()
}

/// The lines of one kind.
pub fn of<'a>(lines: &'a [Value], kind: &str) -> Vec<&'a Value> {
    lines.iter().filter(|line| line["ev"] == kind).collect()
}

/// Packages of Python that tests need, in a folder of their own.
pub fn python(packages: &[&str]) -> PathBuf {
    fetched(&format!("python-{}", packages.join("-")), |folder| {
        let mut pip = Command::new("python3");
        pip.args(["-m", "pip", "install", "--quiet", "--target"]).arg(folder).args(packages);
        done(&mut pip)
    })
}

#[test]
fn every_line_fits_the_schema_and_every_kind_comes() {
    let ws = workspace(ALL);
    let mut all = String::new();
    let mut take = |run: Run| {
        lines(&run.stdout);
        all.push_str(&run.stdout);
    };
    take(ws.eng(&["test", "--events=-", "-n", "//:good"]).expect(0));
    take(ws.eng(&["test", "--events=-", "//..."]).expect(1));
    take(ws.eng(&["test", "--events=-", "--verbose", "--retell", "//..."]).expect(1));
    take(ws.eng(&["test", "--events=-", "--runs=2", "--retries=1", "//:bad"]).expect(3));
    take(
        ws.eng(&["test", "--events=-", "--shuffle=7", "--schedule=two-phase", "//:tap"]).expect(0),
    );
    take(ws.eng(&["build", "--events=-", "--all", "//:made", "//:tool"]).expect(0));
    take(ws.eng(&["build", "--events=-", "--all", "//:made", "//:tool"]).expect(0));
    take(ws.eng(&["build", "--events=-", "//...", "-//:tool"]).expect(0));
    take(ws.eng(&["build", "--events=-", "//:none"]).expect(2));
    let file = ws.beside("all.jsonl");
    fs::write(&file, &all).unwrap();
    let schema = Path::new(ROOT).join("docs/events.schema.json");
    let mut check = Command::new("python3");
    check.arg(Path::new(ROOT).join("tests/events/lines.py")).arg(&schema).arg(&file);
    let checked = Run::of({
        check.env("PYTHONPATH", python(&["jsonschema"]));
        check
    });
    let count = all.lines().count();
    assert_eq!((checked.stdout, checked.stderr), (format!("{count} lines\n"), String::new()));

    let schema: Value = serde_json::from_str(&fs::read_to_string(schema).unwrap()).unwrap();
    let kinds = schema["properties"]["ev"]["enum"].as_array().unwrap();
    let known: BTreeSet<&str> = kinds.iter().map(|kind| kind.as_str().unwrap()).collect();
    let all: Vec<Value> = all.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let told: BTreeSet<&str> = all.iter().map(|line| line["ev"].as_str().unwrap()).collect();
    assert_eq!(told, known);
    let outcomes: BTreeSet<&str> = all.iter().filter_map(|line| line["outcome"].as_str()).collect();
    assert_eq!(
        outcomes.into_iter().collect::<Vec<_>>().join(" "),
        "exited passed signalled timed_out"
    );
}

#[test]
fn the_stream_tells_what_the_run_was() {
    let ws = workspace(ALL);
    let run = ws.eng(&["test", "--events=-", "//:good", "//:bad", "//:tap", "//:killed"]).expect(3);
    let lines = lines(&run.stdout);
    let phases: Vec<&str> =
        of(&lines, "phase").iter().map(|line| line["phase"].as_str().unwrap()).collect();
    assert_eq!(phases.join(" "), "discovering analysing building testing complete");
    let programs = &of(&lines, "build_complete")[0]["programs"];
    let paths: Vec<&str> =
        programs.as_array().unwrap().iter().map(|it| it["path"].as_str().unwrap()).collect();
    assert_eq!(paths, ["bad.sh", "good.sh", "killed.sh", "tap.sh"]);
    assert!(
        programs.as_array().unwrap().iter().all(|it| it["blake3"].as_str().unwrap().len() == 64)
    );
    let cases = of(&lines, "case_finished");
    let cases: Vec<String> = cases
        .iter()
        .map(|it| format!("{}#{} {}", it["label"], it["case"], it["verdict"]).replace('"', ""))
        .collect();
    let mut sorted = cases.clone();
    sorted.sort();
    assert_eq!(
        sorted,
        [
            "//:bad# failed",
            "//:good# passed",
            "//:killed# crashed",
            "//:tap#first passed",
            "//:tap#second expected_failure",
            "//:tap#third skipped",
        ]
    );
    let killed = of(&lines, "action_finished");
    let killed = killed.iter().find(|it| it["label"] == "//:killed").unwrap();
    assert_eq!(killed["process"]["killed_by"], 11);
    assert_eq!(killed["process"].get("exit"), None);
    assert!(killed["process"]["max_rss_kib"].as_u64().unwrap() > 0, "{killed}");
    assert!(killed["process"]["user"].is_number() && killed["process"]["system"].is_number());
    assert_eq!(of(&lines, "finished")[0]["status"], 3);
    assert_eq!(lines.last().unwrap()["exit"], 3);
    // Whatever the screen shows besides, the file in eng-out has the same lines.
    let kept = super::events::lines(&ws.read("eng-out/last/events.jsonl"));
    let kinds = |lines: &[Value]| lines.iter().map(|it| it["ev"].clone()).collect::<Vec<_>>();
    assert_eq!(kinds(&kept), kinds(&lines));
}

#[test]
fn progress_rises_one_by_one_to_the_total() {
    let mut rules = String::new();
    for at in 0..40 {
        rules +=
            &format!("genrule(name: \"g{at}\", outs: [\"{at}.txt\"], cmd: \"echo {at} > $OUT\"),");
    }
    let ws = workspace(&format!("-- BUILD.ron\n[{rules}]\n"));
    for command in [["build", "--all", "--events=-"], ["build", "--all", "--events=-"]] {
        let run = ws.eng(&command).expect(0);
        let lines = lines(&run.stdout);
        let done = of(&lines, "action_finished");
        for (at, line) in done.iter().enumerate() {
            assert_eq!(
                (line["completed"].as_u64(), line["total"].as_u64()),
                (Some(at as u64 + 1), Some(40))
            );
        }
        assert_eq!(of(&lines, "delivered").len(), 40);
        ws.write("BUILD.ron", &ws.read("BUILD.ron").replace("echo 7 ", "echo seven "));
    }
}

#[test]
fn a_mistake_in_a_file_ends_the_stream_with_its_text() {
    let ws = workspace("-- BUILD.ron\n[cc_libary(name: \"x\")]\n");
    let run = ws.eng(&["build", "--events=-"]).expect(2);
    let lines = lines(&run.stdout);
    let last = lines.last().unwrap();
    assert_eq!((last["ev"].as_str(), last["exit"].as_i64()), (Some("ended"), Some(2)));
    assert!(last["problem"].as_str().unwrap().starts_with("BUILD.ron:1:"), "{last}");
    assert!(!ws.root().join("eng-out/last").exists());
}

#[test]
fn files_descriptors_and_standard_output_get_the_same() {
    let ws = workspace(ALL);
    let run = Run::of(ws.in_shell(&format!(
        "{} test //:good --events=- --events=file.jsonl --events=fd:7 7>seven.jsonl",
        env!("CARGO_BIN_EXE_eng")
    )));
    let run = run.expect(0);
    let bare = |text: &str| {
        let lines = lines(text);
        lines.into_iter().map(|line| line["ev"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(bare(&run.stdout), bare(&ws.read("file.jsonl")));
    assert_eq!(run.stdout, ws.read("seven.jsonl"));
}

#[test]
fn what_cannot_be_written_is_told_before_anything_runs() {
    let ws = workspace(ALL);
    for (to, told) in [
        (
            "fd:99",
            "eng: --events=fd:99: descriptor 99 is not open for writing: Bad file descriptor (os error 9)\n",
        ),
        ("fd:0", "eng: --events=fd:0: descriptor 0 is not open for writing: it can only be read\n"),
        ("fd:x", "eng: --events=fd:x: 'x' is no number of a descriptor, such as fd:3\n"),
        (
            "no/file",
            "eng: --events=no/file: it cannot be written: No such file or directory (os error 2)\n",
        ),
        ("", "eng: --events=: a file, a descriptor such as fd:3 or - was expected\n"),
    ] {
        let run = ws.eng(&["test", &format!("--events={to}"), "//:good"]).expect(2);
        assert_eq!(run.stderr, told);
        assert!(!ws.root().join("eng-out").exists());
    }
}

/// Starts a run that tells a named pipe, and waits until all but the telling is over;
/// `is_ignoring` has it ignore SIGHUP, as under `nohup`.
fn told_to_nobody(ws: &Workspace, is_ignoring: bool) -> (std::process::Child, PathBuf) {
    let pipe = ws.beside("pipe");
    if !pipe.exists() {
        done(Command::new("mkfifo").arg(&pipe)).unwrap();
    }
    let to = format!("--events={}", pipe.display());
    let ignoring = if is_ignoring { "trap '' HUP; " } else { "" };
    let script = format!("{ignoring}exec {} test //:good {to}", env!("CARGO_BIN_EXE_eng"));
    let mut command = ws.in_shell(&script);
    let child = command.stderr(Stdio::piped()).spawn().unwrap();
    // Nobody reads, and yet the test is run to its end.
    let kept = ws.root().join("eng-out/last/events.jsonl");
    wait_for(&kept);
    while !fs::read_to_string(&kept).unwrap().contains("\"ev\":\"ended\"") {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    (child, pipe)
}

#[test]
fn a_slow_reader_stops_nobody_and_loses_nothing() {
    let ws = workspace(ALL);
    let (child, pipe) = told_to_nobody(&ws, false);
    let mut text = String::new();
    fs::File::open(pipe).unwrap().read_to_string(&mut text).unwrap();
    let lines = lines(&text);
    assert_eq!(lines.last().unwrap()["ev"], "ended");
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn what_asks_for_the_end_ends_the_wait_for_a_reader() {
    let ws = workspace(ALL);
    // In the second run there is nothing to do.
    for (signals, is_ignoring) in [
        (&["HUP"][..], false),
        (&["HUP"], false),
        (&["INT"], false),
        (&["TERM"], false),
        (&["HUP", "INT"], true),
    ] {
        let (mut child, _) = told_to_nobody(&ws, is_ignoring);
        crate::support::wait_told(&mut child, "bytes wait to be read; Ctrl-C gives them up");
        for signal in signals {
            assert_eq!(child.try_wait().unwrap(), None, "{signals:?}");
            done(Command::new("kill").args([&format!("-{signal}"), &child.id().to_string()]))
                .unwrap();
            std::thread::sleep(std::time::Duration::from_millis(200));
        }
        let output = child.wait_with_output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(told.contains("bytes were not read"), "{told}");
        assert_eq!(output.status.code(), Some(0), "{signals:?}");
    }
}

#[test]
fn a_dead_reader_is_told_once_and_the_run_goes_on() {
    let ws = workspace(ALL);
    let mut command = ws.command(&["test", "//:good", "//:bad", "--events=-"]);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{told}");
    assert_eq!(
        told.matches("--events=-: nobody reads it any more; the run goes on").count(),
        1,
        "{told}"
    );
    assert!(told.contains("cases: 1 passed, 1 failed"), "{told}");
}

#[test]
fn a_run_with_nothing_to_do_leaves_the_last_stream_alone() {
    let ws = workspace(ALL);
    ws.eng(&["test", "//:good"]).expect(0);
    let kept = ws.read("eng-out/last/events.jsonl");
    let run = ws.eng(&["test", "//:good", "--events=-"]).expect(0);
    assert_eq!(ws.read("eng-out/last/events.jsonl"), kept);
    let cases = lines(&run.stdout);
    assert_eq!(of(&cases, "case_finished")[0]["cached"], true);
    ws.eng(&["test", "--dry-run", "//..."]).expect(0);
    assert_eq!(ws.read("eng-out/last/events.jsonl"), kept);
}
