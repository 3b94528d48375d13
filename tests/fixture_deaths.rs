//! The fixture workspace: what eng makes of tests that crash, hang, are killed or leave others
//! behind.

use crate::fixture::fixture;
use rustix::process::{Pid, Signal, kill_process};
use std::fs;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

/// B3.1.5: a run has an end, and what did not run is told.
#[test]
fn a_run_ends_at_its_deadline() {
    let ws = fixture();
    ws.eng(&["test", "//fx/p2"]).expect(0);
    ws.eng(&["test", "--timeout=600", "--deadline=5", "//fx/hang", "//fx/p2"])
        .expect(3)
        .tells(
            "NOT RUN //fx/hang:hang#fx/hang/hang_test::case2 (the run's deadline of 5.00s is over)",
        )
        .tells("cases: 3 passed, 2 not run");
}

/// The processes that a process has started.
fn children(parent: u32) -> Vec<i32> {
    let processes = fs::read_dir("/proc").expect("list processes");
    let of_parent = processes.filter_map(|entry| {
        let process: i32 = entry.ok()?.file_name().to_str()?.parse().ok()?;
        let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
        // Behind the name, which may hold anything: the state and the parent.
        let found = stat.rsplit_once(") ")?.1.split(' ').nth(1)?.parse() == Ok(parent);
        found.then_some(process)
    });
    of_parent.collect()
}

/// The process of `//fx/hang` that eng has started, once the case has begun that never ends.
#[track_caller]
fn hanging(eng: &Child) -> Pid {
    let hangs = |process: &i32| {
        let line = fs::read_to_string(format!("/proc/{process}/cmdline")).unwrap_or_default();
        let report = line.split('\0').skip_while(|word| *word != "--report").nth(1);
        let report = fs::read_to_string(report.unwrap_or("none")).unwrap_or_default();
        report.contains("] fx/hang/hang_test::case2\n")
    };
    let began = Instant::now();
    loop {
        if let Some(found) = children(eng.id()).into_iter().find(hangs) {
            return Pid::from_raw(found).expect("a process");
        }
        assert!(began.elapsed().as_secs() < 60, "no test was started");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// A2.1, A2.6: a test runs in a process of its own, and eng outlives it.
#[test]
fn a_killed_test_is_a_crashed_case_and_none_of_its_code_is_in_eng() {
    let ws = fixture();
    ws.eng(&["build", "//fx/hang"]).expect(0);
    let mut command = ws.command(&["test", "//fx/hang", "--timeout=60"]);
    let child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("start eng");
    let test = hanging(&child);
    let maps = fs::read_to_string(format!("/proc/{}/maps", child.id())).expect("read its memory");
    let own = ws.root().parent().expect("the root has a parent").display().to_string();
    let loaded: Vec<&str> =
        maps.lines().filter(|line| line.contains(&own) && line.contains(" r-x")).collect();
    assert_eq!(loaded, Vec::<&str>::new(), "code of the workspace in eng");

    kill_process(test, Signal::KILL).expect("kill the test");
    let output = child.wait_with_output().expect("wait for eng");
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(3), "{told}");
    assert!(told.contains("fx/hang/hang_test::case2: crashed: SIGKILL"), "{told}");
    assert!(told.contains("cases: 2 passed, 1 failed\n"), "{told}");
}

/// A2.4, B1.1.4, B4.1.2, B7.1.3: a crash is named with file and signal, and stops no other case.
#[test]
fn a_case_that_crashes_is_named_with_its_file() {
    let ws = fixture();
    ws.eng(&["test", "--test-output=all", "//fx/segv"])
        .expect(3)
        .tells("FAIL  //fx/segv:segv  1 of 5 cases failed")
        .tells("fx/segv/segv_test::case3: crashed: SIGSEGV\n")
        .tells("CRASHED //fx/segv:segv#fx/segv/segv_test::case3 (segmentation fault, SIGSEGV)")
        .tells("cases: 4 passed, 1 failed\n");
}

/// B4.1.3, B4.1.4, B7.1.3: both streams of what crashed are shown below its line.
#[test]
fn a_case_that_aborts_is_shown_with_what_it_printed() {
    let ws = fixture();
    let out = "out 1\n    out 2\n    out 3\n    err 1\n    err 2\n    err 3\n";
    ws.eng(&["test", "//fx/abort"])
        .expect(3)
        .tells(&format!("fx/abort/abort_test::case3: crashed: SIGABRT\n    {out}"))
        .tells("CRASHED //fx/abort:abort#fx/abort/abort_test::case3 (abort, SIGABRT)")
        .tells("cases: 4 passed, 1 failed\n");
}

/// A2.5: a case that hangs is named, and the others pass.
#[test]
fn a_case_that_hangs_is_named() {
    let ws = fixture();
    ws.eng(&["test", "//fx/hang", "--timeout=2"])
        .expect(3)
        .tells("TIMEOUT //fx/hang:hang  1 of 3 cases failed")
        .tells("fx/hang/hang_test::case2: timed out after 2s\n")
        .tells("cases: 2 passed, 1 failed\n");
}

/// What a test leaves behind neither delays it nor lives on.
#[test]
fn a_grandchild_that_keeps_the_output_open_is_no_hang() {
    let ws = fixture();
    ws.eng(&["test", "--test-output=all", "//fx/grandchild"]).expect(0);
    let log = ws.read("eng-out/testlogs/fx/grandchild/grandchild/test.log");
    let left: i32 = log.split(' ').nth(1).and_then(|it| it.parse().ok()).expect("its number");
    let line = fs::read_to_string(format!("/proc/{left}/cmdline")).unwrap_or_default();
    assert!(!line.starts_with("sleep\x003600"), "{line}");
}
