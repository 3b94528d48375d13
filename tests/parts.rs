//! After a run another one like it loads and brings anew only what rests on something that has
//! changed. What is told is the same as if all of it had been looked at. None of these runs says
//! `--verbose`, which looks at everything.

use crate::support::{Run, Workspace, wait_for, workspace};
use rustix::fs::inotify;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::thread::sleep;
use std::time::Duration;

const MANY: &str = r#"
-- BUILD.ron
[test_suite(name: "two", tests: ["//a", "//b"])]
-- lib/BUILD.ron
[
    cc_library(name: "lib", srcs: ["lib.c"], hdrs: ["lib.h"]),
    cc_binary(name: "tool", srcs: ["tool.c"], deps: [":lib"]),
]
-- lib/lib.h
int lib(void);
-- lib/lib.c
#include "lib.h"
int lib(void) { return 1; }
-- lib/tool.c
#include "lib.h"
int main(void) { return lib() != 1; }
-- a/BUILD.ron
[cc_test(name: "a", srcs: ["a.c"], deps: ["//lib"])]
-- a/a.c
#include "lib/lib.h"
int main(void) { return lib() != 1; }
-- b/BUILD.ron
[sh_test(name: "b", srcs: "b.sh", data: glob(["*.txt"]))]
-- b/b.sh
#!/bin/sh
test -s b/b.txt
-- b/b.txt
b
-- c/BUILD.ron
[sh_test(name: "c", srcs: "c.sh"), sh_test(name: "d", srcs: "c.sh"), sh_test(name: "e", srcs: "e.sh")]
-- c/c.sh
#!/bin/sh
-- c/e.sh
#!/bin/sh
exit 0
"#;

/// The workspace, tested once, long enough ago for all times to be sure.
fn many() -> Workspace {
    let ws = workspace(MANY);
    settle();
    test(&ws).tells("tests: 5 passed\n").tells(": 9 ran, 0 cached\n");
    settle();
    ws
}

/// Clocks of file systems tick every 10 ms; what is younger than two ticks is looked into again.
fn settle() {
    sleep(Duration::from_millis(60));
}

fn test(ws: &Workspace) -> Run {
    ws.eng(&["test"])
}

/// All of it again, with the same result and nothing to do.
fn agree(ws: &Workspace) {
    ws.test(&[]).ran(&[]);
    test(ws).expect(0).tells(": 0 ran, ");
}

#[test]
fn what_is_new_by_its_times_only_runs_nothing() {
    let ws = many();
    for path in ["lib/lib.h", "b/b.txt", "c/BUILD.ron", "BUILD.ron"] {
        let text = ws.read(path);
        ws.write(path, &text);
        test(&ws).expect(0).tells("tests: 5 passed (5 cached)\n").tells(": 0 ran, 9 cached\n");
    }
    agree(&ws);
}

#[test]
fn an_edit_brings_what_rests_on_it_and_the_rest_is_told_as_it_was() {
    let ws = many();
    ws.write("a/a.c", "int main(void) { return 0; }");
    let told = test(&ws).expect(0).plain(&ws);
    assert_eq!(
        told,
        "PASS  //a:a  TIME\nPASS  //b:b  (cached)\nPASS  //c:c  (cached)\nPASS  //c:d  (cached)\n\
         PASS  //c:e  (cached)\ntests: 5 passed (4 cached)\ncases: 5 passed (4 cached)\nok in TIME: 3 ran, 6 cached\n"
    );
    agree(&ws);
    ws.write("lib/lib.c", "int lib(void) { return 2 - 1; } // the same code\n");
    test(&ws).expect(0).tells("tests: 5 passed (5 cached)\n").tells(": 1 ran, 8 cached\n");
    agree(&ws);
}

#[test]
fn a_failure_is_brought_again_until_it_is_mended_and_nothing_else_is() {
    let ws = many();
    ws.write("c/e.sh", "#!/bin/sh\nexit 1\n");
    for _ in 0..3 {
        test(&ws)
            .expect(3)
            .tells("tests: 4 passed (4 cached), 1 failed\n")
            .tells(": 1 ran, 8 cached\n")
            .tells("  FAILED  //c:e (exit status 1)\n");
    }
    ws.write("lib/lib.c", "int lib(void) { return 3 }\n");
    for _ in 0..2 {
        test(&ws)
            .expect(1)
            .tells("tests: 3 passed (3 cached), 1 failed, 1 not run\n")
            .tells("FAILED //lib:lib: compile lib/lib.c");
    }
    ws.write("lib/lib.c", "int lib(void) { return 1; }\n");
    test(&ws).expect(3).tells("tests: 4 passed (4 cached), 1 failed\n");
    ws.write("c/e.sh", "#!/bin/sh\n# mended\n");
    test(&ws).expect(0).tells("tests: 5 passed (4 cached)\n").tells(": 1 ran, ");
    agree(&ws);
}

#[test]
fn a_suite_and_its_tests_are_told_once() {
    let ws = many();
    ws.eng(&["test", "//:two", "//c/..."]).expect(0).tells("tests: 5 passed (5 cached)\n");
    settle();
    ws.write("b/b.txt", "more\n");
    let run = ws.eng(&["test", "//:two", "//c/..."]).expect(0);
    assert_eq!(run.stderr.matches("PASS  //b:b").count(), 1, "{}", run.stderr);
    run.tells("PASS  //a:a  (cached)").tells("tests: 5 passed (4 cached)\n");
}

#[test]
fn what_says_what_there_is_counts_by_what_it_says() {
    let ws = many();
    ws.write("b/new.txt", "matched by the glob\n");
    test(&ws).expect(0).tells("tests: 5 passed (4 cached)\n").tells(": 1 ran, ");
    agree(&ws);
    settle();
    ws.remove("b/new.txt");
    test(&ws).expect(0).tells("tests: 5 passed (5 cached)\n");
    settle();
    ws.write("c/.e.sh.swp", "an editor's");
    ws.write("c/notes.md", "nobody's");
    test(&ws).expect(0).tells(": 0 ran, ");
    settle();
    ws.write("n/BUILD.ron", "[sh_test(name: \"n\", srcs: \"n.sh\")]");
    ws.write("n/n.sh", "#!/bin/sh\n");
    test(&ws).expect(0).tells("tests: 6 passed (5 cached)\n");
    settle();
    ws.remove("b/b.txt");
    test(&ws).expect(2).tells("the pattern '*.txt' matches no file of this package");
    settle();
    ws.write("b/b.txt", "b\n");
    ws.remove("a/a.c");
    test(&ws).expect(2).tells("the file 'a.c' does not exist in //a");
}

#[test]
fn the_right_to_execute_is_a_part_of_a_file() {
    let ws = many();
    let path = ws.root().join("b/b.txt");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    test(&ws).expect(0).tells("tests: 5 passed (4 cached)\n").tells(": 1 ran, ");
    agree(&ws);
    fs::set_permissions(ws.root().join("c/c.sh"), fs::Permissions::from_mode(0o644)).unwrap();
    test(&ws).expect(3).tells("NOT RUN //c:c (cannot start").tells("NOT RUN //c:d (cannot start");
}

#[test]
fn what_is_missing_in_the_outputs_is_put_there_again() {
    let ws = many();
    ws.remove("eng-out/testlogs/c/d/test.log");
    test(&ws).expect(0).tells(": 0 ran, ");
    assert!(ws.root().join("eng-out/testlogs/c/d/test.log").exists());
    ws.eng(&["build"]).expect(0).tells("eng-out/bin/lib/tool");
    settle();
    ws.write("eng-out/bin/lib/tool", "edited");
    ws.eng(&["build"]).expect(0).tells("eng-out/bin/lib/tool").tells(": 0 ran, ");
    assert!(fs::metadata(ws.root().join("eng-out/bin/lib/tool")).unwrap().len() > 100);
}

#[test]
fn edits_right_after_a_run_are_never_missed() {
    let ws = many();
    for turn in 0..20 {
        let good = turn % 3 != 1;
        ws.write("c/e.sh", &format!("#!/bin/sh\nexit {} # {turn:2}\n", i32::from(!good)));
        test(&ws).expect(if good { 0 } else { 3 });
    }
}

#[test]
fn a_header_of_the_machine_concerns_whoever_read_it() {
    let ws = workspace(
        r#"
-- BUILD.ron
[sh_test(name: "x", srcs: "x.sh"), sh_test(name: "y", srcs: "x.sh"), sh_test(name: "z", srcs: "x.sh")]
-- x.sh
#!/bin/sh
-- a/BUILD.ron
[cc_test(name: "a", srcs: ["a.c"], copts: ["-I", "../OUTSIDE"])]
-- a/a.c
#include <outside.h>
int main(void) { return STATUS; }
"#,
    );
    let outside = ws.beside("outside");
    fs::create_dir(&outside).unwrap();
    fs::write(outside.join("outside.h"), "#define STATUS 0\n").unwrap();
    let build = ws.read("a/BUILD.ron").replace("../OUTSIDE", &outside.display().to_string());
    ws.write("a/BUILD.ron", &build);
    settle();
    test(&ws).expect(0);
    settle();
    fs::write(outside.join("outside.h"), "#define STATUS 1\n").unwrap();
    test(&ws).expect(3).tells("FAILED  //a:a");
}

/// True if somebody has opened the file since this was called last.
struct Watch {
    inotify: std::os::fd::OwnedFd,
}

impl Watch {
    fn on(path: &Path) -> Watch {
        let inotify = inotify::init(inotify::CreateFlags::NONBLOCK).expect("watch files");
        inotify::add_watch(&inotify, path, inotify::WatchFlags::OPEN).expect("watch a file");
        Watch { inotify }
    }

    fn was_opened(&self) -> bool {
        let mut any = false;
        let mut bytes = [0; 4096];
        while rustix::io::read(&self.inotify, &mut bytes).is_ok_and(|count| count > 0) {
            any = true;
        }
        any
    }
}

#[test]
fn packages_around_an_edit_are_loaded_and_no_others_also_while_a_test_fails() {
    let ws = many();
    ws.write("far/BUILD.ron", "[sh_test(name: \"far\", srcs: \"far.sh\")]");
    ws.write("far/far.sh", "#!/bin/sh\n");
    settle();
    test(&ws).expect(0);
    settle();
    let watch = |path| Watch::on(&ws.root().join(path));
    let (near, far) = (watch("lib/BUILD.ron"), watch("far/BUILD.ron"));
    ws.write("a/a.c", "int main(void) { return 0; }");
    test(&ws).expect(0);
    assert!(near.was_opened() && !far.was_opened());
    ws.write("c/e.sh", "#!/bin/sh\nexit 1\n");
    for _ in 0..2 {
        settle();
        test(&ws).expect(3);
        assert!(!near.was_opened() && !far.was_opened());
    }
    ws.write("c/e.sh", "#!/bin/sh\nexit 0\n");
    test(&ws).expect(0);
    assert!(!near.was_opened() && !far.was_opened());
    ws.test(&[]);
    assert!(near.was_opened() && far.was_opened(), "a run that looks at everything opens them");
}

/// Starts eng, waits until it has made a file, does something, and lets it go on to its end.
fn meanwhile(ws: &Workspace, arguments: &[&str], then: impl FnOnce()) {
    let (began, go_on) = (ws.beside("began"), ws.beside("go_on"));
    let mut eng = ws.command(arguments).spawn().expect("start eng");
    wait_for(&began);
    // The clock of the file system has to tick.
    settle();
    then();
    settle();
    fs::write(go_on, "").unwrap();
    eng.wait().expect("wait for eng");
}

/// A command that waits as `meanwhile` wants it.
fn waits(ws: &Workspace) -> String {
    let (began, go_on) = (ws.beside("began"), ws.beside("go_on"));
    let (began, go_on) = (began.display(), go_on.display());
    format!("touch {began}; while [ ! -e {go_on} ]; do sleep 0.01; done")
}

#[test]
fn an_edit_while_a_build_runs_is_not_taken_for_what_others_have_read_before() {
    let ws = workspace("\n-- in.txt\none\n");
    let waits = waits(&ws);
    ws.write(
        "BUILD.ron",
        &format!(
            r#"[
    workspace(name: "ws"),
    genrule(name: "b", srcs: ["in.txt"], outs: ["b.out"], cmd: "cat in.txt > $OUT"),
    genrule(name: "a", srcs: ["in.txt", ":b"], outs: ["a.out"], cmd: "{waits}; cat in.txt > $OUT"),
]"#
        ),
    );
    settle();
    meanwhile(&ws, &["build", "--all"], || ws.write("in.txt", "two\n"));
    ws.eng(&["build", "--all"]).expect(0);
    assert_eq!(ws.read("eng-out/bin/a.out"), "two\n");
    assert_eq!(ws.read("eng-out/bin/b.out"), "two\n");
}

#[test]
fn an_edit_while_a_part_is_brought_counts_for_what_was_told_as_it_was() {
    let ws = many();
    let waits = waits(&ws);
    ws.write("g/BUILD.ron", &format!(
        "[genrule(name: \"g\", srcs: [\"g.txt\"], outs: [\"g.out\"], cmd: \"if grep -q slow $SRCS; then {waits}; fi; cp $SRCS $OUT\"), \
         sh_test(name: \"one\", srcs: \"t.sh\", data: [\"f.txt\", \":g\"]), sh_test(name: \"two\", srcs: \"t.sh\", data: [\"f.txt\"])]"
    ));
    ws.write("g/g.txt", "fast\n");
    ws.write("g/f.txt", "fine\n");
    ws.write("g/t.sh", "#!/bin/sh\ngrep -q fine g/f.txt\n");
    test(&ws).expect(0);
    settle();
    test(&ws).expect(0).tells(": 0 ran, ");
    ws.write("g/g.txt", "slow\n");
    settle();
    meanwhile(&ws, &["test"], || ws.write("g/f.txt", "broken\n"));
    test(&ws).expect(3).tells("FAILED  //g:one").tells("FAILED  //g:two");
}

#[test]
fn a_word_means_the_same_whatever_is_loaded() {
    let cases = "#!/bin/sh\necho 1..2; echo ok 1 - c1; echo ok 2 - c2\n";
    let ws = workspace(
        r#"
-- BUILD.ron
[sh_test(name: "o", srcs: "o.sh"), sh_test(name: "p", srcs: "o.sh")]
-- o.sh
#!/bin/sh
-- x/BUILD.ron
[sh_test(name: "y", srcs: "y.sh", protocol: "tap")]
-- x/y/BUILD.ron
[sh_test(name: "y", srcs: "y.sh", protocol: "tap")]
"#,
    );
    ws.write("x/y.sh", cases);
    ws.write("x/y/y.sh", cases);
    settle();
    let words = ["test", "//:all", "//x:all", "x/y#c1"];
    ws.eng(&words).expect(0);
    settle();
    ws.write("x/y.sh", &cases.replace("echo ok 2", "echo not ok 2"));
    ws.eng(&words).expect(3).tells("FAILED  //x:y#c2");
}

#[test]
fn the_right_to_execute_counts_whenever_a_file_says_it_was_written() {
    let ws = many();
    let path = ws.root().join("c/e.sh");
    let later = std::time::SystemTime::now() + Duration::from_secs(1 << 20);
    let future = || fs::File::open(&path).unwrap().set_modified(later).unwrap();
    future();
    test(&ws).expect(0);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    future();
    test(&ws).expect(3).tells("NOT RUN //c:e (cannot start");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    future();
    test(&ws).expect(0);
}
