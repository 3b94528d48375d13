//! `eng coverage`: what tests have executed, whatever ran it, remembered or not.

use crate::support::{Run, Workspace, wait_for, wait_told, workspace};
use std::fs;
use std::process::Stdio;

/// The report's two files.
fn report(ws: &Workspace) -> (String, String) {
    (ws.read("eng-out/coverage/lcov.info"), ws.read("eng-out/coverage/coverage.json"))
}

fn cover(ws: &Workspace, arguments: &[&str]) -> Run {
    ws.eng(&[&["coverage"], arguments].concat())
}

/// A script that says what it has executed.
const SCRIPT: &str = "
-- BUILD.ron
[
    filegroup(name: \"lib\", srcs: [\"lib/a.rb\", \"lib/b.rb\"]),
    sh_test(name: \"t\", srcs: \"t.sh\", data: [\":lib\"]),
    sh_test(name: \"u\", srcs: \"u.sh\", data: [\":lib\"]),
    sh_test(name: \"silent\", srcs: \"silent.sh\"),
]
-- lib/a.rb
1
2
-- lib/b.rb
1
-- t.sh
#!/bin/sh
printf 'TN:\\nSF:%s/lib/a.rb\\nDA:1,7\\nDA:2,0\\nend_of_record\\nSF:/usr/lib/x.rb\\nDA:1,1\\nend_of_record\\n' \"$PWD\" > \"$ENG_COVERAGE_FILE\"
printf 'SF:t.sh\\nDA:1,1\\nend_of_record\\n' >> \"$ENG_COVERAGE_FILE\"
-- u.sh
#!/bin/sh
printf 'lib/b.rb:f 3\\nlib/b.rb:g 0\\n' > \"$COVERAGE_OUTPUT_FILE\"
-- silent.sh
#!/bin/sh
test \"$COVERAGE\" = 1 && test -d \"$COVERAGE_DIR\"
";

fn scripts() -> Workspace {
    let ws = workspace(SCRIPT);
    for script in ["t.sh", "u.sh", "silent.sh"] {
        let executable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        fs::set_permissions(ws.root().join(script), executable).expect("make it executable");
    }
    ws
}

#[test]
fn a_file_that_a_script_writes_is_counted() {
    let ws = scripts();
    let run = cover(&ws, &[]).expect(0);
    assert_eq!(
        run.stdout,
        "lines        functions    file\n \
         50.0%  1/2   50.0%  1/2  lib/\n \
         50.0%  1/2       -  0/0    a.rb\n     \
         -  0/0   50.0%  1/2    b.rb\n \
         50.0%  1/2   50.0%  1/2  all\n\
         no data of 1 case:\n  //:silent (its process left none)\n"
    );
    let (lcov, _) = report(&ws);
    assert_eq!(
        lcov,
        "TN:\nSF:lib/a.rb\nFNF:0\nFNH:0\nDA:1,1\nDA:2,0\nLF:2\nLH:1\nend_of_record\n\
         TN:\nSF:lib/b.rb\nFNF:0\nFNH:0\nLF:0\nLH:0\nend_of_record\n"
    );
}

#[test]
fn the_same_comes_from_what_is_remembered() {
    let ws = scripts();
    let first = cover(&ws, &[]).expect(0);
    let files = report(&ws);
    let again = cover(&ws, &["--verbose"]).expect(0).ran(&[]);
    assert_eq!((again.stdout, report(&ws)), (first.stdout, files));
    // Without being asked for, nothing is collected, and other results hold.
    let plain = ws.eng(&["test", "--verbose", "//:t"]).expect(3);
    assert_eq!(plain.stdout, "");
}

#[test]
fn it_is_printed_in_other_forms_and_files_of_tests_are_left_out() {
    let ws = scripts();
    let lcov = cover(&ws, &["//:t", "--format=lcov"]).expect(0).stdout;
    assert_eq!(lcov, report(&ws).0);
    let json = cover(&ws, &["//:t", "--format=json"]).expect(0).stdout;
    assert_eq!(json, report(&ws).1);
    let json: serde_json::Value = serde_json::from_str(&json).expect("it is JSON");
    assert_eq!(json["partial"], false);
    assert_eq!(json["lines"], serde_json::json!({"hit": 1, "all": 2, "percent": 50.0}));
    assert_eq!(json["files"][0]["hit"], serde_json::json!([1]));
    assert_eq!(json["files"][0]["missed"], serde_json::json!([2]));
    let lcov = cover(&ws, &["//:t", "--format=lcov", "--with-tests"]).expect(0).stdout;
    assert!(lcov.contains("SF:t.sh\n"), "{lcov}");
}

#[test]
fn flags_of_tests_hold_and_test_takes_a_flag() {
    let ws = scripts();
    let run = ws.eng(&["test", "--coverage", "--no-cache", "--verbose", "//:t"]).expect(0);
    assert!(run.stdout.ends_with(" 50.0%  1/2       -  0/0  all\n"), "{}", run.stdout);
}

#[test]
fn nothing_stands_between_the_lines_of_a_stream() {
    let ws = scripts();
    let stdout = cover(&ws, &["//:t", "--events=-"]).expect(0).stdout;
    assert!(stdout.lines().all(|line| line.starts_with('{')), "{stdout}");
    assert!(report(&ws).0.contains("SF:lib/a.rb"));
}

#[test]
fn what_cannot_be_read_is_told_and_is_no_data() {
    let ws = scripts();
    ws.write("t.sh", "#!/bin/sh\necho hello > $ENG_COVERAGE_FILE\n");
    let run = cover(&ws, &["//:t"]).expect(0).tells(
        "warning: //:t: its file $ENG_COVERAGE_FILE cannot be read: line 1 is 'hello'; lcov was \
         expected, or a list of functions as 'file:function 1'\n",
    );
    let told = "no data of 1 case:\n  //:t (its file $ENG_COVERAGE_FILE cannot be read)\n";
    assert!(run.stdout.ends_with(told), "{}", run.stdout);
}

/// A test of protocol `eng` over a library of which it executes a half; every process leaves a
/// letter in a file.
fn cases(more: &str) -> Workspace {
    let ws = workspace(&format!(
        r#"
-- lib/lib.c
#include "lib.h"
int one(int x) {{
    return x + 1;
}}
int two(int x) {{
    return x + 2;
}}
-- lib/lib.h
int one(int x);
int two(int x);
-- t/t.c
#include <eng_test.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "lib/lib.h"
__attribute__((constructor)) static void started(void) {{
    int file = open(getenv("TRACE") ? getenv("TRACE") : "/dev/null", O_WRONLY | O_APPEND | O_CREAT, 0600);
    if (write(file, "x", 1) != 1) abort();
    close(file);
}}
TEST(adds) {{ CHECK(one(1) == 2); }}
TEST(adds_more) {{ CHECK(one(2) == 3); }}
{more}
-- lib/BUILD.ron
[cc_library(name: "lib", srcs: ["lib.c"], hdrs: ["lib.h"])]
"#
    ));
    let trace = ws.beside("trace").display().to_string();
    let text = format!(
        "[cc_test(name: \"t\", srcs: [\"t.c\"], deps: [\"//lib\"], protocol: \"eng\", timeout: \"5s\", \
         env: {{\"TRACE\": \"{trace}\"}})]\n"
    );
    ws.write("t/BUILD.ron", &text);
    ws
}

/// How many processes of the test have started since the last call.
fn processes(ws: &Workspace) -> u64 {
    let path = ws.beside("trace");
    let number = fs::metadata(&path).map_or(0, |meta| meta.len());
    let _ = fs::remove_file(path);
    number
}

const HALF: &str = "lines        functions    file\n \
    50.0%  2/4   50.0%  1/2  lib/\n \
    50.0%  2/4   50.0%  1/2    lib.c\n \
    50.0%  2/4   50.0%  1/2  all\n";

#[test]
fn a_half_is_a_half_in_any_width_and_division() {
    let ws = cases("TEST(third) { CHECK(one(3) == 4); }");
    assert_eq!(ws.eng(&["test", "--coverage", "--test-threads=1"]).expect(0).stdout, HALF);
    let files = report(&ws);
    for more in [
        &["--test-threads=4", "--fresh"][..],
        &["--test-threads=8", "--fresh", "--batch=1"],
        &["--no-cache", "--batch=2", "--verbose"],
        &["--fresh", "--schedule=two-phase"],
        &[],
    ] {
        assert_eq!(cover(&ws, more).expect(0).stdout, HALF, "{more:?}");
        assert_eq!(report(&ws), files, "{more:?}");
    }
}

#[test]
fn it_starts_as_many_processes_as_without() {
    let ws = cases("TEST(third) { CHECK(one(3) == 4); }");
    for batch in ["--batch=1", "--batch=2", "--batch=10"] {
        ws.eng(&["test", "--fresh", batch]).expect(0);
        let without = processes(&ws);
        cover(&ws, &["--fresh", batch]).expect(0);
        assert_eq!(processes(&ws), without, "{batch}");
    }
}

#[test]
fn some_cases_have_the_same_report_whatever_ran_before() {
    let ws = cases("TEST(third) { CHECK(two(3) == 5); }");
    let case = "//t:t#t/t::adds";
    let alone = cover(&ws, &[case]).expect(0).stdout;
    assert_eq!(alone, HALF);
    let all = cover(&ws, &[]).expect(0).stdout;
    assert!(all.contains("100.0%  4/4"), "{all}");
    processes(&ws);
    // What the three have executed together says nothing of one of them.
    ws.eng(&["coverage", "--fresh"]).expect(0);
    let run = cover(&ws, &[case, "--verbose"]).expect(0);
    assert_eq!(run.stdout, HALF);
    run.tells("what it has executed is known only together with cases that are not asked for");
    assert_eq!(cover(&ws, &[]).expect(0).stdout, all);
    assert_eq!(cover(&ws, &["--verbose"]).expect(0).ran(&[]).stdout, all);
}

#[test]
fn only_what_changed_runs_again() {
    let ws = cases("");
    let build = "[cc_test(name: \"o\", srcs: [\"o.c\"], deps: [\"//lib\"])]";
    ws.write("o/BUILD.ron", build);
    ws.write("o/o.c", "#include \"lib/lib.h\"\nint main(void) { return two(0) - 2; }\n");
    let both = cover(&ws, &[]).expect(0).stdout;
    assert!(both.contains("100.0%  4/4"), "{both}");
    ws.write("o/o.c", "int main(void) { return 0; }\n");
    let run = cover(&ws, &["--verbose"]).expect(0);
    let ran: Vec<String> = run.subjects();
    assert_eq!(ran, ["compile o/o.c", "link o/o", "test //o:o"]);
    assert_eq!(run.stdout, HALF);
}

#[test]
fn a_case_that_crashes_is_no_data_and_takes_none_of_others() {
    let ws = cases("TEST(boom) { two(1); abort(); }\nTEST(last) { CHECK(one(0) == 1); }");
    let run = cover(&ws, &[]).expect(3);
    let told = "no data of 1 case:\n  //t:t#t/t::boom (it crashed: SIGABRT)\n";
    assert_eq!(run.stdout, format!("{HALF}{told}"));
    let with = processes(&ws);
    ws.eng(&["test"]).expect(3);
    assert_eq!(with, processes(&ws));
    // A case that is the last to run, so that nothing else runs once more.
    let ws = cases("TEST(zzz) { two(1); abort(); }");
    assert!(cover(&ws, &[]).expect(3).stdout.starts_with(HALF));
}

#[test]
fn a_case_that_hangs_is_no_data() {
    let ws = cases("TEST(hangs) { two(1); for (;;) sleep(1); }");
    let run = cover(&ws, &["--timeout=500ms"]).expect(3);
    let told = "no data of 1 case:\n  //t:t#t/t::hangs (it timed out after 0.50s)\n";
    assert_eq!(run.stdout, format!("{HALF}{told}"));
}

#[test]
fn ten_of_ten_runs_end_by_themselves() {
    let ws = cases("TEST(boom) { abort(); }\nTEST(last) { CHECK(one(0) == 1); }");
    for _ in 0..10 {
        let mut command = std::process::Command::new("timeout");
        let eng = ws.command(&[]);
        command.args(["120", env!("CARGO_BIN_EXE_eng"), "test", "--coverage", "--fresh"]);
        command.arg("--test-threads=4").current_dir(ws.root());
        for (name, value) in eng.get_envs() {
            value.map(|value| command.env(name, value));
        }
        assert!(Run::of(command).expect(3).stdout.starts_with(HALF));
    }
}

#[test]
fn a_run_that_is_cut_short_reports_what_has_ended() {
    let ws = cases("");
    let started = ws.beside("started");
    let build = "[sh_test(name: \"slow\", srcs: \"slow.sh\")]";
    ws.write("z_slow/BUILD.ron", build);
    let script = format!("#!/bin/sh\necho > {}\nsleep 60\n", started.display());
    ws.write("z_slow/slow.sh", &script);
    let executable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    fs::set_permissions(ws.root().join("z_slow/slow.sh"), executable).expect("make it executable");
    cover(&ws, &["//t"]).expect(0);
    let mut command = ws.command(&["coverage", "--test-threads=2"]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut child = child.expect("start eng");
    wait_told(&mut child, "PASS  //t:t");
    wait_for(&started);
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::INT).expect("interrupt it");
    let output = child.wait_with_output().expect("wait for eng");
    assert_eq!(output.status.code(), Some(8));
    let told = "partial: not, or not all, of 1 test:\n  //z_slow:slow\n";
    assert_eq!(String::from_utf8_lossy(&output.stdout), format!("{HALF}{told}"));
    assert!(report(&ws).1.contains("\"partial\": true"));
    // The same is known without a run.
    let run = cover(&ws, &["--partial"]);
    assert_eq!(run.stdout, format!("{HALF}{told}"));
}
