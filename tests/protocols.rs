//! What each protocol makes of what a program tells, and of programs that do not keep to it.

use crate::support::golden::golden;
use crate::support::{Workspace, workspace};

/// A script that is a test of this protocol.
fn script(protocol: &str, body: &str) -> Workspace {
    workspace(&format!(
        "-- BUILD.ron\n[sh_test(name: \"t\", srcs: \"t.sh\", protocol: \"{protocol}\", timeout: \"5s\")]\n\
         -- t.sh\n#!/bin/sh\n{body}\n"
    ))
}

/// A script that lists its cases, run through a protocol that is made for it.
pub fn lister(body: &str) -> Workspace {
    let ws = workspace(
        r#"-- BUILD.ron
[workspace(name: "ws", rules: ["r.ron"]), my_test(name: "t", srcs: "t.sh", timeout: "5s")]
-- r.ron
[
    rule(
        name: "my_test",
        attrs: (srcs: file()),
        provides: (files: ["{srcs}"], run: ["{srcs}"]),
        test: (protocol: "mine", program: "{srcs}"),
    ),
    protocol(
        name: "mine",
        list: ["{program}", "list"],
        listing: lines(prefix: "{prefix}:", case: "  {case}", name: "{prefix}.{case}"),
        run: ["{program}", "{report}", "{case}"],
        batch: ["{program}", "{report}", "{cases}"],
        results: xml(),
        markers: lines(started: "> {case}", done: "< {case}"),
        words: (skipped: ["off"]),
    ),
]
"#,
    );
    // The functions write a report, case by case, and its end.
    let head = r#"#!/bin/sh
report=$1; shift
[ "$report" = list ] && { printf 'A:\n  x\n  y\nB:\n  z\n'; exit; }
begin() { echo '<testsuites><testsuite>' > $report; }
case_() { echo "<testcase classname='${1%.*}' name='${1#*.}' time='0.5'>$2</testcase>" >> $report; }
end() { echo '</testsuite></testsuites>' >> $report; }
"#;
    ws.write("t.sh", &format!("{head}{body}\n"));
    ws
}

/// Runs the tests and compares what is told, and the exit code.
#[track_caller]
fn tells(name: &str, ws: &Workspace) {
    let run = ws.eng(&["test", "--test-output=errors"]);
    golden(&format!("protocols/{name}"), &format!("{}exit {}\n", run.plain(ws), run.code));
}

/// A test for each program: its name, how its workspace is made, and what it does.
macro_rules! programs {
    ($($name:ident: $make:ident($($of:literal),*);)*) => {$(
        #[test]
        fn $name() {
            tells(stringify!($name), &$make($($of),*));
        }
    )*};
}

programs! {
    tap_with_all_that_it_has: script("tap", r#"cat <<'E'
TAP version 14
pragma -strict
# Subtest: whole
    ok 1 - part
    not ok 2 - other # TODO
    1..2
ok 1 - whole # time=12.5ms
not ok 2 - later # TODO not written
ok 3 - fixed # TODO was slow
ok 4 - net # SKIP no net
not ok 5 - wrong
  ---
  message: 1 is not 2
  duration_ms: 3.5
  ...
1..5
E
exit 1"#);
    tap_that_is_killed_after_a_failure:
        script("tap", "echo 1..2; echo not ok 1 - a; kill -SEGV $$");
    tap_with_a_case_outside_of_its_plan: script("tap", "echo 1..2; echo ok 1 - a; echo ok 3 - c");

    go_with_all_that_it_has: script("go", r#"cat <<'E'
{"Action":"start","Package":"ex/p"}
{"Action":"run","Package":"ex/p","Test":"TestA"}
{"Action":"output","Package":"ex/p","Test":"TestA","Output":"=== RUN   TestA\n"}
{"Action":"run","Package":"ex/p","Test":"TestA/sub"}
{"Action":"output","Package":"ex/p","Test":"TestA/sub","Output":"=== RUN   TestA/sub\n"}
{"Action":"output","Package":"ex/p","Test":"TestA/sub","Output":"    a_test.go:5: 1 is not 2\n"}
{"Action":"output","Package":"ex/p","Test":"TestA/sub","Output":"    --- FAIL: TestA/sub (0.00s)\n"}
{"Action":"fail","Package":"ex/p","Test":"TestA/sub","Elapsed":0}
{"Action":"fail","Package":"ex/p","Test":"TestA","Elapsed":0.25}
{"Action":"run","Package":"ex/p","Test":"TestB"}
{"Action":"skip","Package":"ex/p","Test":"TestB","Elapsed":0}
{"Action":"run","Package":"ex/p","Test":"TestC"}
{"Action":"pass","Package":"ex/p","Test":"TestC","Elapsed":0}
{"Action":"output","Package":"ex/p","Output":"FAIL\n"}
{"Action":"fail","Package":"ex/p","Elapsed":0.3}
{"Action":"skip","Package":"ex/empty","Elapsed":0}
E
exit 1"#);
    go_without_packages: script("go", r#"cat <<'E'
{"Action":"run","Test":"TestA"}
{"Action":"pass","Test":"TestA"}
{"Action":"pass"}
E"#);
    go_that_does_not_compile: script("go", r#"cat <<'E'
# ex/p
./a.go:3:1: undefined: x
{"Action":"output","Package":"ex/p","Output":"FAIL\tex/p [build failed]\n"}
{"Action":"fail","Package":"ex/p","Elapsed":0}
E
exit 1"#);
    go_that_is_killed: script("go", r#"cat <<'E'
{"Action":"run","Package":"ex/p","Test":"TestA"}
{"Action":"pass","Package":"ex/p","Test":"TestA"}
{"Action":"run","Package":"ex/p","Test":"TestB"}
{"Action":"output","Package":"ex/p","Test":"TestB","Output":"last words\n"}
{"Action":"pa
E
kill -KILL $$"#);
    go_that_ends_within_a_case: script("go", r#"cat <<'E'
{"Action":"run","Package":"ex/p","Test":"TestA"}
{"Action":"output","Package":"ex/p","Test":"TestA","Output":"bye\n"}
{"Action":"fail","Package":"ex/p"}
E"#);
    go_that_is_cut_off_between_cases: script("go", r#"cat <<'E'
{"Action":"run","Package":"ex/p","Test":"TestA"}
{"Action":"pass","Package":"ex/p","Test":"TestA"}
E"#);
    go_that_tells_a_case_twice: script("go", r#"cat <<'E'
{"Action":"pass","Package":"ex/p","Test":"TestA"}
{"Action":"pass","Package":"ex/p","Test":"TestA"}
{"Action":"pass","Package":"ex/p"}
E"#);
    go_that_prints_text_only: script("go", "echo PASS");

    junit_with_all_that_it_has: script("junit", r#"cat > $XML_OUTPUT_FILE <<'E'
<?xml version="1.0" encoding="utf-8"?>
<testsuites><testsuite name="s" errors="1" failures="1" skipped="2" tests="5" time="1.25">
<testcase classname="pkg.T" name="adds[1]" time="0.001" />
<testcase classname="pkg.T" name="divides"><failure message="1 &lt; 2">def f():
&gt;   assert 1 &gt; 2</failure><system-out><![CDATA[<hello> & bye]]></system-out></testcase>
<testcase classname="pkg.T" name="opens"><error message="no file"/></testcase>
<testcase classname="pkg.T" name="net"><skipped message="no net"/></testcase>
<testcase classname="pkg.T" name="later"><skipped type="pytest.xfail" message="not yet"/></testcase>
</testsuite></testsuites>
E
exit 1"#);
    junit_in_a_folder: script("junit", r#"mkdir -p $XML_OUTPUT_FILE/deep
echo "<testsuite><testcase classname='A' name='x'/></testsuite>" > $XML_OUTPUT_FILE/TEST-A.xml
echo "<testsuite><testcase classname='B' name='y'/></testsuite>" > $XML_OUTPUT_FILE/deep/TEST-B.xml
echo "not read" > $XML_OUTPUT_FILE/notes.txt
ln -s /etc/passwd $XML_OUTPUT_FILE/link.xml"#);
    junit_in_a_folder_with_a_broken_file: script("junit", r#"mkdir $XML_OUTPUT_FILE
echo "<testsuite><testcase classname='A' name='x'/></testsuite>" > $XML_OUTPUT_FILE/a.xml
echo "<testsuite><testcase" > $XML_OUTPUT_FILE/b.xml"#);
    junit_that_is_no_xml:
        script("junit", "printf '<testsuite>\n<testcase name=\"a\"></wrong>' > $XML_OUTPUT_FILE");
    junit_that_writes_nothing:
        script("junit", "echo '<testsuite><testcase name=\"a\"/></testsuite>'");
    junit_whose_status_disagrees: script("junit", r#"
echo '<testsuite><testcase name="a"/></testsuite>' > $XML_OUTPUT_FILE; exit 1"#);
    junit_whose_counts_disagree: script("junit", r#"
echo '<testsuite name="s" failures="2"><testcase name="a"/></testsuite>' > $XML_OUTPUT_FILE"#);
    junit_with_a_case_twice: script("junit", r#"
echo '<testsuite><testcase name="a"/><testcase name="a"/></testsuite>' > $XML_OUTPUT_FILE"#);
    junit_that_failed_with_status_zero: script("junit", r#"
echo '<testsuite><testcase name="a"><failure/></testcase></testsuite>' > $XML_OUTPUT_FILE"#);

    unity_with_all_that_it_has: script("unity", r#"cat <<'E'
hello from adds
t.c:10:test_adds:PASS
t.c:20:test_divides:FAIL: Expected 1 Was 2. a:PASS
t.c:30:test_later:IGNORE: not written
t.c:40:test_now:IGNORE
t.c:50:test_slow:PASS (12 ms)

-----------------------
5 Tests 1 Failures 2 Ignored 
FAIL
E
exit 1"#);
    unity_that_is_killed:
        script("unity", "echo t.c:1:test_a:PASS; echo dying; kill -SEGV $$");
    unity_whose_counts_disagree:
        script("unity", "echo t.c:1:test_a:PASS; echo 2 Tests 0 Failures 0 Ignored");
    unity_without_its_end: script("unity", "echo t.c:1:test_a:PASS");

    listed_and_reported: lister(r#"begin
for c; do echo "> $c"; echo "<testcase classname='A' name='x'/>"; echo "< $c"
    case $c in
        A.x) case_ $c ;;
        A.y) case_ $c '<failure message="no"/>' ;;
        B.z) case_ $c '<skipped message="no net"/>' ;;
    esac
done
end; exit 1"#);
    listed_and_not_reported: lister(r#"begin; case_ A.x; end"#);
    reported_and_not_listed: lister(r#"begin; for c; do case_ $c; done; case_ C.w; end"#);
    listed_and_reported_twice: lister(r#"begin; for c; do case_ $c; done; case_ A.x; end"#);
    listed_with_a_broken_report: lister(r#"begin; for c; do case_ $c; done"#);
    listed_without_a_report: lister(r#"echo '<testsuite><testcase classname="A" name="x"/>'"#);
    listed_with_a_status_that_disagrees:
        lister(r#"begin; for c; do case_ $c; done; end; exit 3"#);
    listed_with_two_that_crash: lister(r#"begin
for c; do echo "> $c"; echo "this is $c"
    case $c in A.x|B.z) kill -SEGV $$ ;; esac
    echo "< $c"; case_ $c
done
end"#);
    listed_with_one_that_ends_the_process: lister(r#"begin
for c; do echo "> $c"; [ $c = A.y ] && exit 0; echo "< $c"; case_ $c; done
end"#);
    listed_with_a_forged_marker: lister(r#"begin
for c; do echo "> $c"; [ $c = A.x ] && { echo "> B.z"; kill -SEGV $$; }; echo "< $c"; case_ $c; done
end"#);
}

#[test]
fn a_case_that_fails_as_expected_is_remembered_and_told_again() {
    let ws =
        lister(r#"begin; for c; do case_ $c '<skipped type="known" message="later"/>'; done; end"#);
    let rules = ws.read("r.ron").replace("[\"off\"]", "[\"off\"], expected_failure: [\"known\"]");
    ws.write("r.ron", &rules);
    ws.test(&[])
        .tells("PASS  //:t  3 cases, 3 expected failures")
        .tells("  A.x: expected failure: later\n");
    // Once from the rows of the cases, once from the record of the run.
    for _ in 0..2 {
        ws.test(&["//:t"])
            .ran(&[])
            .tells("PASS  //:t  3 cases, 3 expected failures  (cached)")
            .tells("  A.x: expected failure: later\n");
    }
}

#[test]
fn a_protocol_that_is_read_otherwise_gives_other_results() {
    let ws = lister(r#"begin; for c; do case_ $c '<skipped type="known"/>'; done; end"#);
    ws.test(&[]).tells("3 skipped");
    let rules = ws.read("r.ron").replace("[\"off\"]", "[\"off\"], failed: [\"known\"]");
    ws.write("r.ron", &rules);
    ws.eng(&["test"]).expect(3).tells("3 of 3 cases failed");
}

#[test]
fn a_program_in_c_may_print_what_unity_prints() {
    let ws = workspace(
        r#"-- BUILD.ron
[cc_test(name: "t", srcs: ["t.c", "cases.c"], protocol: "unity")]
-- t.c
#include <stdio.h>
#include <string.h>
int two(void);
int main(void)
{
    int good = two() == 2;
    printf("%s:%d:test_two:%s\n", __FILE__, __LINE__, good ? "PASS" : "FAIL: Expected 2");
    printf("%s:%d:test_three:IGNORE: not yet\n", __FILE__, __LINE__);
    printf("\n-----------------------\n2 Tests %d Failures 1 Ignored \n%s\n", !good, good ? "OK" : "FAIL");
    return !good;
}
-- cases.c
int two(void) { return 2; }
"#,
    );
    ws.test(&[]).tells("PASS  //:t  2 cases, 1 skipped");
    ws.test(&[]).ran(&[]);
    ws.write("cases.c", "int two(void) { return 3; }\n");
    ws.eng(&["test"]).expect(3).tells("  test_two: failed\n    t.c:7:test_two:FAIL: Expected 2\n");
    ws.eng(&["test", "//:t#test_three"]).expect(0).tells("cases: 0 passed, 1 skipped\n");
}

/// A test that tells the variables that its protocol gives it, as a whole and in shards.
#[test]
fn a_protocol_adds_variables_that_are_known_when_a_process_starts() {
    let ws = workspace(
        r#"-- BUILD.ron
[
    workspace(name: "ws", rules: ["r.ron"]),
    my_test(name: "whole", srcs: "t.sh", env: {"OWN": "of the target", "OUT": "lost"}),
    my_test(name: "parts", srcs: "t.sh", shards: 2, env: {"BRACES": "{report}"}),
]
-- r.ron
[
    rule(
        name: "my_test",
        attrs: (srcs: file()),
        provides: (files: ["{srcs}"], run: ["{srcs}"]),
        test: (protocol: "mine", program: "{srcs}"),
    ),
    protocol(
        name: "mine",
        run: ["{program}"],
        env: (
            OUT: "xml:{report}",
            OWN: "of the protocol",
            SHARD: "{TEST_SHARD_INDEX} of {TEST_TOTAL_SHARDS}",
            SIZE: "<{{{TEST_SIZE}}}>",
        ),
        results: xml(),
    ),
]
-- t.sh
#!/bin/sh
[ -z "$TEST_SHARD_STATUS_FILE" ] || touch "$TEST_SHARD_STATUS_FILE"
cat > "${OUT#xml:}" << END
<testsuite><testcase name="own=$OWN shard=${SHARD-none} size=$SIZE $BRACES"/></testsuite>
END
"#,
    );
    let run = ws.eng(&["test", "--test-output=all"]).expect(0);
    run.tells("  own=of the target shard=none size=<{medium}> : passed\n")
        .tells("  own=of the protocol shard=0 of 2 size=<{medium}> {report}: passed\n")
        .tells("  own=of the protocol shard=1 of 2 size=<{medium}> {report}: passed\n");
    // A protocol that says otherwise has other results.
    ws.write("r.ron", &ws.read("r.ron").replace("of the protocol", "of another"));
    ws.eng(&["test", "--verbose"]).expect(0).ran(&[
        "test //:parts",
        "test //:parts",
        "test //:whole",
    ]);
}

#[test]
fn a_program_run_as_a_whole_finds_its_shard_by_the_names_that_it_knows() {
    let ws = workspace(
        "-- BUILD.ron\n[sh_test(name: \"t\", srcs: \"t.sh\", shards: 3), sh_test(name: \"one\", srcs: \"one.sh\")]\n\
         -- t.sh\n#!/bin/sh\ntouch \"$GTEST_SHARD_STATUS_FILE\"\n\
         echo shard $GTEST_SHARD_INDEX of $GTEST_TOTAL_SHARDS\n\
         -- one.sh\n#!/bin/sh\nenv | grep GTEST && exit 1\nexit 0\n",
    );
    let run = ws.eng(&["test", "--test-output=all"]).expect(0);
    run.tells("  shard 1 of 3: passed\n    shard 0 of 3\n")
        .tells("  shard 2 of 3: passed\n    shard 1 of 3\n")
        .tells("  shard 3 of 3: passed\n    shard 2 of 3\n");
    ws.write("t.sh", &format!("{}[ $GTEST_SHARD_INDEX != 1 ]\n", ws.read("t.sh")));
    ws.eng(&["test", "//:t"])
        .expect(3)
        .tells("FAIL  //:t  1 of 3 cases failed")
        .tells("  shard 2 of 3: failed: exit status 1\n    shard 1 of 3\n");
    // Two of them are remembered.
    ws.eng(&["test", "//:t", "--verbose"]).expect(3).ran(&["test //:t"]);
}
