//! Which tests and cases run: filter expressions, tags, sizes; and what tests share: resources.

use crate::support::{Workspace, workspace};
use std::fs;

const TESTS: &str = r#"
-- BUILD.ron
[
    cc_test(name: "cases", srcs: ["cases.c"], protocol: "eng", tags: ["fast"], size: "small"),
    sh_test(name: "slow", srcs: "t.sh", tags: ["slow", "net"], size: "large"),
    sh_test(name: "plain", srcs: "t.sh"),
]
-- cases.c
#include <eng_test.h>
TEST(parses_a) { CHECK(1); }
TEST(parses_b) { CHECK(1); }
TEST(prints) { CHECK(1); }
-- t.sh
#!/bin/sh
"#;

#[track_caller]
fn selects(ws: &Workspace, arguments: &[&str], counts: &str) {
    ws.eng(&[&["test"], arguments].concat()).expect(0).tells(counts);
}

#[test]
fn expressions_select_cases_and_tests() {
    let ws = workspace(TESTS);
    for (filter, counts) in [
        ("parses", "tests: 1 passed\ncases: 2 passed"),
        ("case(/_a$/) or tag(slow)", "tests: 2 passed"),
        ("tag(slow)", "tests: 1 passed"),
        ("kind(sh_test) and not tag(net)", "tests: 1 passed"),
        ("size(small)", "cases: 3 passed"),
        ("target(=//:plain)", "tests: 1 passed"),
        ("not (kind(cc_test) or tag(/./))", "tests: 1 passed"),
    ] {
        selects(&ws, &["--fresh", "--filter", filter], counts);
    }
    selects(&ws, &["--fresh", "--filter=parses_a", "--filter=tag(slow)"], "cases: 2 passed");
}

#[test]
fn a_test_that_is_not_wanted_is_not_built() {
    let ws = workspace(TESTS);
    let run = ws.test(&["--filter", "kind(sh_test)"]);
    run.ran(&["test //:plain", "test //:slow"]);
}

#[test]
fn bazels_flags_select_too() {
    let ws = workspace(TESTS);
    selects(&ws, &["--test_tag_filters=fast,slow"], "tests: 2 passed");
    selects(&ws, &["--test_tag_filters=-slow"], "tests: 2 passed");
    selects(&ws, &["--test_size_filters=small"], "cases: 3 passed");
    ws.eng(&["test", "--test_tag_filters=slow,-net"]).expect(4);
}

#[test]
fn a_filter_that_wants_nothing_is_told() {
    let ws = workspace(TESTS);
    ws.eng(&["test", "--filter=tag(none)"])
        .expect(4)
        .tells("--filter tag(none) matches no case of");
    ws.eng(&["test", "--filter=nothing"]).expect(4).tells("--filter nothing matches no case of");
}

#[test]
fn mistakes_in_a_filter_are_told() {
    let ws = workspace(TESTS);
    ws.eng(&["test", "--filter=tags(x)"])
        .expect(2)
        .tells("eng: the filter 'tags(x)': there is no 'tags(..)'; did you mean 'tag'?\n");
    ws.eng(&["test", "--filter=a b"])
        .expect(2)
        .tells("'b' follows where 'and' or 'or' was expected");
}

#[test]
fn a_program_without_a_list_sees_which_cases_are_wanted() {
    let ws = workspace(
        "-- BUILD.ron\n[sh_test(name: \"t\", srcs: \"t.sh\", protocol: \"tap\")]\n\
         -- t.sh\n#!/bin/sh\necho 1..1\necho \"ok 1 - got $TESTBRIDGE_TEST_ONLY\"\n",
    );
    ws.eng(&["test", "--test_filter=got x", "--test-output=all"])
        .expect(0)
        .tells("  got got x: passed\n");
}

/// Tests that note when they begin and end, with these attributes.
fn noting(root: &str, attributes: &[&str]) -> Workspace {
    let ws = workspace("");
    let trace = ws.beside("trace").display().to_string();
    let mut text = format!("[workspace(name: \"ws\"{root}),");
    for (at, more) in attributes.iter().enumerate() {
        text.push_str(&format!(
            "sh_test(name: \"t{at}\", srcs: \"t.sh\", {more}, env: {{\"TRACE\": \"{trace}\"}}),"
        ));
    }
    ws.write("BUILD.ron", &format!("{text}]\n"));
    ws.write(
        "t.sh",
        "#!/bin/sh\necho \"begin $ENG_RESOURCE_DB\" >> \"$TRACE\"\nsleep 0.2\necho \"end $ENG_RESOURCE_DB\" >> \"$TRACE\"\n",
    );
    ws
}

/// The most tests that ran at the same time.
fn most_at_once(ws: &Workspace) -> usize {
    let (mut now, mut most) = (0usize, 0);
    for line in trace(ws).lines() {
        match line.starts_with("begin") {
            true => now += 1,
            false => now -= 1,
        }
        most = most.max(now);
    }
    most
}

fn trace(ws: &Workspace) -> String {
    fs::read_to_string(ws.beside("trace")).expect("tests note themselves")
}

#[test]
fn tests_that_share_a_resource_do_not_overlap() {
    let ws = noting("", &["resources: [\"db\"]"; 4]);
    ws.eng(&["test", "--test-threads=4"]).expect(0).tells("tests: 4 passed");
    assert_eq!(most_at_once(&ws), 1);
}

#[test]
fn a_resource_has_as_many_instances_as_are_declared_and_each_test_knows_its_own() {
    let ws = noting(", resources: {\"db\": [\"north\", \"south\"]}", &["resources: [\"db\"]"; 6]);
    ws.eng(&["test", "--test-threads=8"]).expect(0).tells("tests: 6 passed");
    assert_eq!(most_at_once(&ws), 2);
    let notes = trace(&ws);
    assert!(notes.contains("begin north\n") && notes.contains("begin south\n"), "{notes}");
    let both = noting(", resources: {\"db\": 2}", &["resources: [\"db:2\"]"; 2]);
    both.eng(&["test", "--test-threads=8"]).expect(0);
    assert!(trace(&both).contains("begin 0,1\n"));
}

#[test]
fn tags_of_bazel_claim_slots_and_resources() {
    let ws = noting("", &["tags: [\"cpu:3\"]"; 3]);
    ws.eng(&["test", "--test-threads=4"]).expect(0);
    assert_eq!(most_at_once(&ws), 1);
    let ws = noting("", &["tags: [\"resources:db:1\"]"; 3]);
    ws.eng(&["test", "--test-threads=4"]).expect(0);
    assert_eq!(most_at_once(&ws), 1);
    let ws = noting("", &["tags: [\"exclusive\"]"; 3]);
    ws.eng(&["test", "--test-threads=4"]).expect(0);
    assert_eq!(most_at_once(&ws), 1);
}

#[test]
fn a_claim_that_cannot_be_met_is_told() {
    let ws = noting("", &["resources: [\"db:2\"]"]);
    ws.eng(&["test"])
        .expect(2)
        .tells("//:t0 takes 2 of the resource 'db', but there is only 1; 'workspace(resources: {\"db\": 2})' in the root's BUILD.ron says how many there are");
    let ws = noting("", &["resources: [\"db:x\"]"]);
    ws.eng(&["test"]).expect(2).tells("the resource 'db:x' is neither a name nor NAME:NUMBER");
    let ws = noting(", resources: {\"db\": 0}", &["resources: [\"db\"]"]);
    ws.eng(&["test"]).expect(2).tells("of the resource 'db' there is nothing");
    let ws = noting(", resources: [\"db\"]", &["resources: [\"db\"]"]);
    ws.eng(&["test"]).expect(2).tells("'resources'");
    let ws = noting("", &["shards: 0"]);
    ws.eng(&["test"]).expect(2).tells("'shards' is 0; it is from 1 to 1000");
}

/// The cases that a run told with `--test-output=all`.
fn cases(run: &crate::support::Run) -> Vec<String> {
    let passed = run.stderr.lines().filter_map(|line| line.strip_suffix(": passed"));
    passed.map(|name| name.trim().to_string()).collect()
}

#[test]
fn shares_hold_each_test_just_once() {
    let mut text = String::from("-- BUILD.ron\n[");
    for test in 0..7 {
        text.push_str(&format!(
            "cc_test(name: \"t{test}\", srcs: [\"t{test}.c\"], protocol: \"eng\"),"
        ));
    }
    text.push_str("]\n");
    for test in 0..7 {
        text.push_str(&format!("-- t{test}.c\n#include <eng_test.h>\n"));
        for case in 0..5 {
            text.push_str(&format!("TEST(c{case}) {{ CHECK(1); }}\n"));
        }
    }
    let ws = workspace(&text);
    let all = |more: &[&str]| -> Vec<String> {
        let mut all = Vec::new();
        let mut divisions = std::collections::BTreeSet::new();
        for share in ["1/3", "2/3", "3/3"] {
            let shard = format!("--shard={share}");
            let arguments = ["test", "--test-output=all", "--fresh", shard.as_str()];
            let run = ws.eng(&[&arguments[..], more].concat()).expect(0);
            all.extend(cases(&run));
            let division = run.stderr.lines().find_map(|line| line.split_once("division "));
            divisions.insert(division.expect("the division is told").1.to_string());
        }
        assert_eq!(divisions.len(), 1, "all shares are of one division");
        all.sort();
        all
    };
    let mut whole = cases(&ws.eng(&["test", "--test-output=all"]).expect(0));
    whole.sort();
    assert_eq!(whole.len(), 35);
    assert_eq!(all(&[]), whole);
    // One test that takes longer than a share should is divided by its cases.
    let times = ws.beside("times").display().to_string();
    std::fs::write(ws.beside("times"), "//:t3\t9000\n//:t1\t10\n//:gone\t5\n").unwrap();
    assert_eq!(all(&["--durations", &times]), whole);
    ws.eng(&["test", "--shard=1/3", "--durations", &times])
        .expect(0)
        .tells("share: 1 of 3, ")
        .tells(" of 7 tests, 1 of them by cases; division ");
    // Results of shares are those of the whole.
    ws.eng(&["test", "--verbose"]).expect(0).ran(&[]);
    // More shares than tests: some are empty, and that is no failure.
    ws.eng(&["test", "--shard=9/9"]).expect(0).tells("share: 9 of 9, 0 of 7 tests");
}

#[test]
fn times_are_written_for_shares_to_come() {
    let ws = workspace(TESTS);
    let times = ws.beside("times").display().to_string();
    ws.eng(&["test", "--write-durations", &times]).expect(0);
    let text = fs::read_to_string(&times).expect("read the times");
    let labels: Vec<&str> =
        text.lines().filter_map(|line| Some(line.split_once('\t')?.0)).collect();
    assert_eq!(labels, ["//:cases", "//:plain", "//:slow"]);
    ws.eng(&["test", "--shard=1/2", "--durations", &times]).expect(0);
    fs::write(&times, "//:cases 5\n").unwrap();
    ws.eng(&["test", "--shard=1/2", "--durations", &times])
        .expect(2)
        .tells("line 1 is '//:cases 5'; a label, a tab and a number of milliseconds were expected");
    ws.eng(&["test", "--shard=1/2", "--durations=none"])
        .expect(2)
        .tells("cannot read durations from 'none'");
    for wrong in ["0/2", "3/2", "x", "1/0"] {
        ws.eng(&["test", "--shard", wrong]).expect(2).tells("a share such as 1/4 was expected");
    }
}

#[test]
fn a_test_without_cases_is_told() {
    let ws = workspace(
        "-- BUILD.ron\n[cc_test(name: \"none\", srcs: [\"none.c\"], protocol: \"eng\"), sh_test(name: \"some\", srcs: \"t.sh\")]\n\
         -- none.c\n#include <eng_test.h>\n-- t.sh\n#!/bin/sh\n",
    );
    for _ in 0..2 {
        ws.eng(&["test"]).expect(0).tells("NONE  //:none  0 cases").tells(", 1 without cases\n");
    }
    ws.eng(&["test", "//:none"]).expect(4).tells("eng: there is no case in //:none\n");
}

#[test]
fn a_case_is_picked_by_its_place_in_the_list() {
    let ws = workspace(TESTS);
    let run = ws.eng(&["test", "//:cases", "--case-index=1", "--test-output=all"]).expect(0);
    assert_eq!(cases(&run), ["cases::parses_b"]);
    // It has the key that it has in any other run.
    let run = ws.eng(&["test", "//:cases", "--case-index=1"]).expect(0);
    run.tells("cases: 1 passed (1 cached)");
    ws.eng(&["test", "//:cases", "--case-index=3"])
        .expect(2)
        .tells("eng: --case-index is 3, but of the cases of //:cases there are 3, from 0 to 2\n");
    ws.eng(&["test", "--case-index=0"])
        .expect(2)
        .tells("--case-index takes one test, but there are 3: //:cases, //:plain and //:slow\n");
    ws.eng(&["test", "//:plain", "--case-index=0"]).expect(2).tells(
        "--case-index is 0, but //:plain has no list of cases, since its protocol is 'exit'\n",
    );
}

#[test]
fn widths_are_read_from_the_environment_and_the_command_line_wins() {
    let ws = noting("", &["size: \"small\""; 4]);
    let run = |variables: &[(&str, &str)], arguments: &[&str]| {
        let mut command = ws.command(&[&["test", "--fresh"], arguments].concat());
        crate::support::Run::of({
            command.envs(variables.iter().copied());
            command
        })
    };
    run(&[("ENG_TEST_THREADS", "1"), ("ENG_JOBS", "2")], &[]).expect(0);
    assert_eq!(most_at_once(&ws), 1);
    // What the command line says is all that counts, also where the variable is wrong.
    run(&[("ENG_TEST_THREADS", "0"), ("ENG_JOBS", "x")], &["--test-threads=1", "-j1"]).expect(0);
    assert_eq!(most_at_once(&ws), 1);
    run(&[("ENG_TEST_THREADS", ""), ("ENG_JOBS", "")], &[]).expect(0);
    for (variables, told) in [
        ([("ENG_TEST_THREADS", "0")], "eng: ENG_TEST_THREADS is 0; it must be from 1 to 64\n"),
        ([("ENG_TEST_THREADS", "65")], "eng: ENG_TEST_THREADS is 65; it must be from 1 to 64\n"),
        ([("ENG_JOBS", "many")], "eng: ENG_JOBS is many; it must be from 1 to 1000\n"),
    ] {
        run(&variables, &[]).expect(2).tells(told);
    }
}

#[test]
fn an_answer_without_patterns_asks_for_nothing() {
    let ws =
        workspace("-- BUILD.ron\n[sh_test(name: \"t\", srcs: \"t.sh\")]\n-- t.sh\n#!/bin/sh\n");
    ws.write("none.txt", "\n");
    ws.eng(&["test", "-"])
        .expect(4)
        .tells("standard input holds no patterns, so there is nothing to do");
    ws.eng(&["test", "@none.txt"]).expect(4).tells("@none.txt holds no patterns");
    ws.eng(&["build", "-"]).expect(2).tells("standard input holds no patterns");
}

#[test]
fn a_suite_takes_tests_and_suites_only() {
    let ws = workspace(
        r#"
-- BUILD.ron
[
    test_suite(name: "s", tests: [":l", ":t"]),
    test_suite(name: "of_suites", tests: [":all_of_it"]),
    test_suite(name: "all_of_it", tests: [":other"]),
    alias(name: "other", actual: ":t"),
    cc_library(name: "l"),
    sh_test(name: "t", srcs: "t.sh"),
]
-- t.sh
#!/bin/sh
"#,
    );
    ws.eng(&["test", "//:s"])
        .expect(2)
        .tells("BUILD.ron:2:35: //:l is neither a test nor a suite, but a cc_library");
    ws.eng(&["test", "//:of_suites"]).expect(0).tells("tests: 1 passed\n");
}

#[test]
fn names_that_mean_many_targets_are_taken() {
    let ws = workspace("-- BUILD.ron\n[filegroup(name: \"...\")]\n");
    ws.eng(&["build"])
        .expect(2)
        .tells("the name '...' means many targets in patterns; choose another name");
}
