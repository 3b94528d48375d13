//! The fixture workspace: what eng makes of targets that pass, fail, crash, hang and shout. Each
//! test names the row of the requirements that it shows; `docs/testing-rows.md` lists them all.

use crate::real::{copy, count};
use crate::support::{Run, Workspace, files, workspace};
use rustix::process::{Pid, Signal, kill_process};
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A copy of `tests/fixtures`.
fn fixture() -> Workspace {
    let ws = workspace("");
    copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures"), ws.root());
    ws
}

/// All of it but what only waits for sixteen seconds.
const ALL: [&str; 3] = ["test", "//fx/...", "-//fx/sleep16"];

/// The exit code of all of it, some of which cannot be built.
const BROKEN: i32 = 1;

/// `p1` … `p12` with what is below them.
fn twelve() -> Vec<String> {
    (1..=12).map(|n| format!("//fx/p{n}")).collect()
}

fn arguments<'a>(first: &[&'a str], more: &'a [String]) -> Vec<&'a str> {
    first.iter().copied().chain(more.iter().map(String::as_str)).collect()
}

/// How many of the actions that ran are this one.
fn times(run: &Run, subject: &str) -> usize {
    run.subjects().iter().filter(|it| *it == subject).count()
}

/// A1.2: what packages share is built once.
#[test]
fn a_library_is_built_once_for_all_packages() {
    let ws = fixture();
    let run = ws.test(&["--no-cache", "//fx/p1/...", "//fx/p12/..."]);
    assert_eq!(times(&run, "compile fx/lib/lib.c"), 1);
    assert_eq!(times(&run, "archive fx/lib/liblib.a"), 1);
    run.tells("cases: 4 passed\n");
}

/// A1.4: each case is addressable alone, and the dispatcher refuses what is out of range.
#[test]
fn a_case_runs_alone_and_an_index_out_of_range_is_told() {
    let ws = fixture();
    let run = ws.test(&["//fx/many#fx/many/gcd_test::gcd_3"]);
    assert_eq!(count(&run, "test"), 1);
    run.tells("cases: 1 passed\n");

    ws.build(&["//fx/many"]);
    let mut program = Command::new(ws.root().join("eng-out/bin/fx/many/many"));
    program.args(["--index", "40"]);
    Run::of(program).expect(2).tells("no case has the index 40: there are 40, counted from 0\n");
}

/// A1.5: source to object to program are separate actions.
#[test]
fn a_link_option_links_again_and_compiles_nothing() {
    let ws = fixture();
    ws.test(&["//fx/p1"]);
    let build = ws.read("fx/p1/BUILD.ron");
    ws.write("fx/p1/BUILD.ron", &build.replace("deps:", "linkopts: [\"-Wl,-O1\"], deps:"));
    let run = ws.test(&["//fx/p1"]);
    assert_eq!((count(&run, "compile"), times(&run, "link fx/p1/p1")), (0, 1));
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
        report.contains("start fx/hang/hang_test::case2")
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

/// A2.2: both streams are read at once and kept byte for byte.
#[test]
fn eight_mebibytes_on_each_stream_are_kept() {
    const MIB: usize = 1 << 20;
    let ws = fixture();
    ws.test(&["//fx/noisy"]);
    let log = fs::read(ws.root().join("eng-out/testlogs/fx/noisy/noisy/test.log"));
    let log = log.expect("read the log");
    let line = |letter: &str| format!("{}\n", letter.repeat(63));
    let expected = [
        format!("{}\n", "l".repeat(3 * MIB - 1)),
        line("o").repeat(5 * MIB / 64),
        line("e").repeat(8 * MIB / 64),
    ];
    assert!(log == expected.concat().into_bytes(), "the log of {} bytes is not it", log.len());
}

/// A2.3: outcomes come from what a test reports.
#[test]
fn outcomes_are_counted() {
    let ws = fixture();
    ws.eng(&["test", "//fx/many", "//fx/fail", "//fx/skip"])
        .expect(3)
        .tells("FAIL  //fx/fail:fail  1 of 1 case failed")
        .tells("SKIP  //fx/skip:skip  1 case, 1 skipped")
        .tells("cases: 40 passed, 1 failed, 1 skipped\n");
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

/// How often all of it is run; ENG_FX_ROUNDS=20 is what the requirement asks for.
fn rounds() -> usize {
    let asked = std::env::var("ENG_FX_ROUNDS").ok();
    asked.map_or(3, |text| text.parse().expect("ENG_FX_ROUNDS is a number"))
}

/// A3.1, A3.4, A3.5, B2.1.4: whatever ends first, the same is told in the same order, and a package
/// is a suite.
#[test]
fn every_run_and_every_width_tells_the_same() {
    let ws = fixture();
    ws.eng(&ALL).expect(BROKEN);
    let told = |threads: &str| {
        let run = ws.eng(&[&ALL[..], &["--fresh", threads]].concat()).expect(BROKEN);
        run.plain(&ws).replace(threads, "")
    };
    let first = told("--test-threads=1");
    assert!(first.contains("cases: 82 passed, 5 failed, 1 skipped, 1 leaky\n"), "{first}");
    let suites = first.lines().filter_map(|line| line.strip_prefix("PASS  ")?.split(' ').next());
    let mut packages: Vec<&str> = suites.filter_map(|it| Some(it.split_once(':')?.0)).collect();
    assert_eq!(packages.len(), 15, "{first}");
    packages.dedup();
    assert_eq!(packages.len(), 15, "a package has one suite:\n{first}");

    assert_eq!(first, told("--test-threads=16"), "16 threads");
    for round in 0..rounds() {
        assert_eq!(first, told("--test-threads=8"), "round {round}");
    }
}

/// A4.2: what was built is not built again, and outputs that are gone are restored bit for bit.
#[test]
fn what_was_built_is_restored_without_a_process() {
    let ws = fixture();
    let twelve = twelve();
    let build = arguments(&["--tests"], &twelve);
    ws.build(&build);
    let before = files(&ws.root().join("eng-out/bin"));
    ws.build(&build).ran(&[]);
    ws.remove("eng-out");
    ws.build(&build).ran(&[]);
    assert!(files(&ws.root().join("eng-out/bin")) == before, "other outputs than before");
}

/// A4.3: what passed is not run again.
#[test]
fn what_passed_is_told_from_the_cache() {
    let ws = fixture();
    ws.eng(&ALL).expect(BROKEN);
    let again = ws.eng(&[&ALL[..], &["--verbose"]].concat()).expect(BROKEN);
    let again = again.tells("cases: 82 passed, 5 failed, 1 skipped, 1 leaky (83 cached)\n");
    // Each failed case has a process of its own; of what passed beside it nothing is run.
    assert_eq!(
        again.subjects(),
        [
            "test //fx/abort:abort",
            "test //fx/fail:fail",
            "test //fx/flaky:flaky",
            "test //fx/hang:hang",
            "test //fx/segv:segv",
        ]
    );
}

/// A4.4: an edited library reaches all that use it; a time does not.
#[test]
fn an_edited_library_reruns_the_twelve_that_use_it() {
    let ws = fixture();
    let twelve = twelve();
    let test = arguments(&["//fx/many"], &twelve);
    ws.test(&test);
    let source = ws.read("fx/lib/lib.c");
    ws.write("fx/lib/lib.c", &source);
    ws.test(&test).ran(&[]);

    ws.write("fx/lib/lib.c", &source.replace("n * (n + 1) / 2", "(n * n + n) / 2"));
    let run = ws.test(&test);
    assert_eq!(count(&run, "compile"), 2, "the library and what Rust makes in one step");
    assert_eq!((count(&run, "link"), count(&run, "test")), (11, 12));
    assert_eq!(times(&run, "test //fx/many:many"), 0);
}

/// B2.1.6: a run ends by itself, always; ENG_FX_ENDS=200 is what the requirement asks for.
#[test]
fn every_run_ends_by_itself() {
    let ws = fixture();
    let asked = std::env::var("ENG_FX_ENDS").ok();
    let runs: usize = asked.map_or(20, |text| text.parse().expect("ENG_FX_ENDS is a number"));
    for _ in 0..runs {
        let mut timed = Command::new("timeout");
        let eng = ws.command(&["test", "--fresh", "//fx/p1/..."]);
        timed.arg("30").arg(eng.get_program()).args(eng.get_args());
        timed.current_dir(ws.root()).envs(eng.get_envs().filter_map(|(k, v)| Some((k, v?))));
        Run::of(timed).expect(0).tells("cases: 2 passed\n");
    }
}

/// B5.1.4: the width has a range.
#[test]
fn a_width_out_of_range_is_refused() {
    let ws = fixture();
    for wrong in ["--test-threads=0", "--test-threads=65"] {
        ws.eng(&["test", wrong, "//fx/p1"]).expect(2).tells("1 to 64");
    }
    ws.eng(&["test", "--test-threads=64", "//fx/p1"]).expect(0);
}

/// B5.1.5: the help says that it is about running, and what is about building.
#[test]
fn help_tells_what_each_width_is_about() {
    let ws = fixture();
    let help = ws.eng(&["test", "--help"]).expect(0).stdout;
    let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
    let width = "--test-threads <N> Test processes at once, for the execution of tests, 1 to 64; \
        --jobs is for building";
    assert!(help.contains(width), "{help}");
}

/// Names of cases may hold anything; none is a path.
#[test]
fn names_with_slashes_spaces_and_other_letters_are_kept_apart() {
    let ws = fixture();
    ws.test(&["//fx/slashes"]).tells("PASS  //fx/slashes:slashes  6 cases");
    for name in ["a/b_c", "a/b/c", "with some spaces", "größe/straße", "日本語"] {
        let one = format!("//fx/slashes#{name}");
        ws.eng(&["test", &one]).expect(0).tells("cases: 1 passed (1 cached)\n");
    }
    ws.eng(&["test", "//fx/slashes#a/b"]).expect(4);
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

/// One broken library is told once, and what it blocks is named.
#[test]
fn a_broken_library_is_told_once_and_names_what_it_blocks() {
    let ws = fixture();
    let run = ws.eng(&["test", "//fx/brokenlib/..."]).expect(1);
    assert_eq!(run.stderr.matches("error: 'missing' undeclared").count(), 1, "{}", run.stderr);
    for package in ["a", "b", "c"] {
        let line = format!("NOT RUN //fx/brokenlib/{package}:{package} (//fx/brokenlib:brokenlib");
        assert!(run.stderr.contains(&line), "'{line}' is not in:\n{}", run.stderr);
    }
}
