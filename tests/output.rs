//! What tests print: kept byte for byte, in little memory, and shown so that it does no harm.

use crate::processes::scripts;
use crate::support::Workspace;
use std::fs;
use std::process::Stdio;
use std::time::Duration;

/// Runs the tests; gives how eng ended, and its peak of memory in KiB.
fn peak_of(ws: &Workspace) -> (std::process::ExitStatus, u64) {
    let mut child = ws.command(&["test"]).stderr(Stdio::null()).spawn().expect("start eng");
    // What wait4 gives counts the memory of whoever started the process, too; this does not. It
    // only grows, so the last reading is close to the peak.
    let mut peak: u64 = 0;
    let status = loop {
        let text = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
        peak = peak.max(kib.unwrap_or(0));
        if let Some(status) = child.try_wait().expect("wait for eng") {
            break status;
        }
        std::thread::sleep(Duration::from_millis(1));
    };
    (status, peak)
}

#[test]
fn much_output_is_kept_whole_in_little_memory() {
    let half = 8 << 20;
    let ws = scripts(&[(
        "t",
        "",
        "head -c 8388608 /dev/zero | tr '\\0' '\\377' & head -c 8388608 /dev/zero | tr '\\0' '\\n' >&2; wait",
    )]);
    let (status, peak) = peak_of(&ws);
    assert_eq!(status.code(), Some(0));
    assert!(peak > 1 << 10, "{peak} KiB were read");
    let log = fs::read(ws.root().join("eng-out/testlogs/t/test.log")).expect("read the log");
    assert_eq!(log.iter().filter(|byte| **byte == 0xff).count(), half);
    // A line feed parts the two, since the first does not end with one.
    assert_eq!(log.iter().filter(|byte| **byte == b'\n').count(), half + 1);
    assert!(peak < 64 << 10, "eng used {peak} KiB");
}

#[test]
fn results_are_read_from_much_output_in_little_memory() {
    let ws = scripts(&[(
        "t",
        "protocol: \"tap\"",
        "echo 1..3; yes 'a line between two results' | head -n 2000000; echo ok 1 - a; \
         head -c 50331648 /dev/zero | tr '\\0' x; echo; echo not ok 2 - b; \
         head -c 50331648 /dev/zero; echo; echo ok 3 - c; exit 1",
    )]);
    let (status, peak) = peak_of(&ws);
    assert_eq!(status.code(), Some(3));
    assert!(peak > 1 << 10 && peak < 64 << 10, "eng used {peak} KiB");
    let run = ws.eng(&["test"]).expect(3).tells("  b: failed\n").tells("cases: 2 passed, 1 failed");
    assert!(run.stderr.len() < 500_000, "{} bytes were told", run.stderr.len());
    let length = fs::metadata(ws.root().join("eng-out/testlogs/t/test.log")).expect("a log").len();
    assert_eq!(length, 5 + 2_000_000 * 27 + 9 + 50_331_649 + 13 + 50_331_649 + 9);
}

#[test]
fn a_million_lines_are_kept_and_shown_by_their_ends() {
    let ws = scripts(&[("t", "", "seq 1000000; exit 1")]);
    let run = ws.eng(&["test"]).expect(3).tells("    1\n    2\n").tells("    1000000\n");
    assert!(run.stderr.len() < 200_000, "{} bytes were told", run.stderr.len());
    let log = ws.read("eng-out/testlogs/t/test.log");
    assert!(log.lines().map(str::parse).eq((1..=1_000_000).map(Ok::<u32, _>)));
}

#[test]
fn a_long_line_of_a_failure_is_shown_by_its_ends_and_kept_whole() {
    let ws = scripts(&[(
        "t",
        "",
        "printf start; head -c 3145728 /dev/zero | tr '\\0' x; echo end; exit 1",
    )]);
    let run = ws.eng(&["test"]).expect(3).tells("startxxx").tells("xxxend\n");
    assert!(run.stderr.len() < 200_000, "{} bytes were told", run.stderr.len());
    assert_eq!(ws.read("eng-out/testlogs/t/test.log").len(), 3_145_728 + 9);
}

#[test]
fn binary_output_is_harmless_and_kept_byte_for_byte() {
    let ws = scripts(&[("t", "", "printf 'a\\000b\\377\\033[2Jc\\n'; exit 1")]);
    let run = ws.eng(&["test"]).expect(3);
    assert!(!run.stderr.contains('\u{1b}') && !run.stderr.contains('\0'), "{:?}", run.stderr);
    let log = fs::read(ws.root().join("eng-out/testlogs/t/test.log")).expect("read the log");
    assert_eq!(log, b"a\0b\xff\x1b[2Jc\n");
}

#[test]
fn a_grandchild_that_keeps_the_output_open_holds_up_nobody() {
    let ws = scripts(&[("t", "", "echo before; (setsid sleep 500 &)")]);
    let began = std::time::Instant::now();
    ws.eng(&["test"]).expect(0).tells("LEAK  //:t");
    assert!(began.elapsed() < Duration::from_secs(200));
    assert_eq!(ws.read("eng-out/testlogs/t/test.log"), "before\n");
}
