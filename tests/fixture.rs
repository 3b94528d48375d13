//! The fixture workspace: what eng makes of targets that pass, fail, crash, hang and shout. Each
//! test names the row of the requirements that it shows; `docs/testing-rows.md` lists them all.

use crate::real::{copy, count};
use crate::support::{Run, Workspace, files, workspace};
use std::fs;
use std::path::Path;
use std::process::Command;

/// A copy of `tests/fixtures`.
pub fn fixture() -> Workspace {
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

/// A1.1: the test files of a package are one compilation and one link.
#[test]
fn eight_files_are_one_compilation_and_one_link() {
    let ws = fixture();
    let run = ws.test(&["//fx/many"]);
    let of_test = |subject: &&String| !subject.contains("ints") && !subject.contains("eng_test");
    let subjects = run.subjects();
    let ran: Vec<&str> = subjects.iter().filter(of_test).map(String::as_str).collect();
    let expected = [
        "compile fx/many/_obj/many/unit.c",
        "link fx/many/many",
        "list //fx/many:many",
        "test //fx/many:many",
    ];
    assert_eq!(ran, expected);
    run.tells("cases: 40 passed\n");
}

/// A1.3, A1.6, B7.1.7: together or apart, in one process or in one for each case, files have the
/// same cases with the same results.
#[test]
fn files_on_their_own_have_the_same_cases_and_results() {
    let ws = fixture();
    let all = [&ALL[..], &["-//fx/broken/...", "-//fx/brokenlib/...", "--fresh"]].concat();
    let told = |more: &[&str]| ws.eng(&[&all[..], more].concat()).expect(3).plain(&ws);
    let merged = told(&[]);
    let results = |text: &str| -> Vec<String> {
        let told = |line: &&str| !line.starts_with("ok in ") && !line.starts_with("failed in ");
        text.lines().filter(told).map(str::to_string).collect()
    };
    for package in files(&ws.root().join("fx")).keys().filter(|it| it.ends_with("BUILD.ron")) {
        let path = format!("fx/{package}");
        let build = ws.read(&path).replace("protocol: \"eng\"", "protocol: \"eng\", merge: false");
        ws.write(&path, &build);
    }
    assert_eq!(results(&merged), results(&told(&[])), "apart");
    assert_eq!(results(&merged), results(&told(&["--batch=1"])), "one process for each case");
}

/// B3.1.3: so many cases at most share a process, and one that crashes does not take the others
/// with it.
#[test]
fn a_batch_holds_so_many_cases_and_is_split_when_one_crashes() {
    let ws = fixture();
    let run = ws.test(&["--batch=10", "//fx/many"]);
    assert_eq!(times(&run, "test //fx/many:many"), 4);
    run.tells("cases: 40 passed\n");
    ws.eng(&["test", "--batch=10", "//fx/segv"]).expect(3).tells("cases: 4 passed, 1 failed\n");
}

/// B7.1.8: five runs in random orders pass, and the order is told.
#[test]
fn five_runs_in_random_orders_pass() {
    let ws = fixture();
    let twelve = twelve();
    let run = ws.eng(&arguments(&["test", "--runs=5", "--shuffle"], &twelve)).expect(0);
    run.tells("order: --shuffle=").tells("tests: 12 passed\n");
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
