//! What was remembered must not outlive what it was made of, however the edit came about.

use crate::support::{Run, Workspace, wait_for, workspace};
use std::fs;
use std::process::{Child, Stdio};
use std::time::Duration;

fn started(ws: &Workspace, arguments: &[&str]) -> Child {
    ws.command(arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("start eng")
}

/// Files that are older than any run, so that a run leaves a record of what it saw.
fn settle() {
    std::thread::sleep(Duration::from_millis(60));
}

#[test]
fn an_exit_status_against_the_results_of_cases_is_believed_again() {
    let ws = workspace(
        r#"
-- BUILD.ron
[cc_test(name: "t", srcs: ["t.c"], protocol: "eng")]
-- t.c
#include <eng_test.h>
#include <stdlib.h>
#include <unistd.h>
static void at_end(void) { _exit(3); }
TEST(a) { atexit(at_end); }
TEST(b) { CHECK(1); }
"#,
    );
    ws.eng(&["test"]).expect(3).tells("exit status 3");
    ws.eng(&["test"]).expect(3).tells("exit status 3");
}

#[test]
fn a_source_that_changes_while_several_actions_read_it_spoils_none_of_them() {
    let ws = workspace("-- src\none\n");
    let go = ws.beside("go").display().to_string();
    ws.write(
        "BUILD.ron",
        &format!(
            "[workspace(name: \"ws\"),\n\
             genrule(name: \"first\", srcs: [\"src\"], outs: [\"first.txt\"], \
             cmd: \"touch {go}1; while ! test -e {go}; do sleep 0.01; done; cat $SRCS > $OUT\"),\n\
             genrule(name: \"second\", srcs: [\"src\"], outs: [\"second.txt\"], \
             cmd: \"touch {go}2; while ! test -e {go}; do sleep 0.01; done; sleep 1; cat $SRCS > $OUT\")]\n"
        ),
    );
    let mut child = started(&ws, &["build", "--all", "--jobs=2"]);
    wait_for(&ws.beside("go1"));
    wait_for(&ws.beside("go2"));
    ws.write("src", "two\n");
    fs::write(ws.beside("go"), "").expect("write");
    child.wait().expect("wait");
    ws.write("src", "one\n");
    ws.build(&["--all"]);
    assert_eq!(ws.read("eng-out/bin/first.txt"), "one\n");
    assert_eq!(ws.read("eng-out/bin/second.txt"), "one\n");
}

#[test]
fn data_that_change_while_a_case_runs_spoil_no_verdict() {
    let ws = workspace(
        r#"
-- data
bad
-- t.c
#include <eng_test.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
TEST(a)
{
    char path[4096];
    snprintf(path, sizeof path, "%s1", getenv("GO"));
    fclose(fopen(path, "w"));
    while (access(getenv("GO"), F_OK))
        usleep(1000);
    FILE *file = fopen("data", "r");
    CHECK(fgetc(file) == 'g');
}
"#,
    );
    let go = ws.beside("go").display().to_string();
    ws.write(
        "BUILD.ron",
        &format!(
            "[workspace(name: \"ws\"), cc_test(name: \"t\", srcs: [\"t.c\"], data: [\"data\"], \
             protocol: \"eng\", env: {{\"GO\": \"{go}\"}})]\n"
        ),
    );
    let mut child = started(&ws, &["test"]);
    wait_for(&ws.beside("go1"));
    ws.write("data", "good\n");
    fs::write(ws.beside("go"), "").expect("write");
    child.wait().expect("wait");
    ws.write("data", "bad\n");
    ws.eng(&["test"]).expect(3);
}

#[test]
fn a_depfile_may_name_what_the_links_of_the_exec_root_lead_to() {
    let ws = workspace(
        r#"
-- BUILD.ron
[workspace(name: "ws", rules: ["rules.ron"]), stamp(name: "s", srcs: [":g", "plain"]),
 genrule(name: "g", srcs: ["in"], outs: ["made"], cmd: "cat $SRCS > $OUT")]
-- rules.ron
[rule(
    name: "stamp",
    doc: "Joins files.",
    attrs: (srcs: files(doc: "Files.")),
    actions: (join: (
        run: ["/bin/sh", "-c", "d=$1; o=$2; shift 2; for f in $(cat list); do cat $f; done > $o; echo \"$o: $(realpath $(cat list) | tr '\\n' ' ')\" > $d", "sh", "{depfile}", "{out}"],
        inputs: ["{srcs}"],
        outs: (out: "{name}.txt"),
        depfile: "_obj/{name}.d",
        narrow: ["made", "plain"],
    )),
    provides: (files: ["{out}"]),
)]
-- in
one
-- plain
p
"#,
    );
    let rules = ws.read("rules.ron").replace("cat list", "echo out/made plain");
    ws.write("rules.ron", &rules);
    ws.build(&["--all"]);
    assert_eq!(ws.read("eng-out/bin/s.txt"), "one\np\n");
    ws.write("in", "two\n");
    ws.write("plain", "q\n");
    ws.build(&["--all"]);
    assert_eq!(ws.read("eng-out/bin/s.txt"), "two\nq\n");
}

#[test]
fn where_standard_output_goes_is_part_of_the_key() {
    let ws = workspace(
        r#"
-- BUILD.ron
[workspace(name: "ws", rules: ["rules.ron"]), twice(name: "s")]
-- rules.ron
[rule(
    name: "twice",
    doc: "Two files.",
    actions: (make: (
        run: ["/bin/sh", "-c", "echo printed; test -e out/a || echo quiet > out/a; test -e out/b || echo quiet > out/b"],
        outs: (a: "a", b: "b"),
        stdout: "a",
    )),
    provides: (files: ["{a}", "{b}"]),
)]
"#,
    );
    ws.build(&["--all"]);
    assert_eq!(ws.read("eng-out/bin/a"), "printed\n");
    let rules = ws.read("rules.ron").replace("stdout: \"a\"", "stdout: \"b\"");
    ws.write("rules.ron", &rules);
    ws.build(&["--all"]);
    assert_eq!(ws.read("eng-out/bin/b"), "printed\n");
    assert_eq!(ws.read("eng-out/bin/a"), "quiet\n");
}

#[test]
fn after_a_failure_an_older_pass_is_not_told_again() {
    let ws = workspace("-- BUILD.ron\n[sh_test(name: \"t\", srcs: \"t.sh\")]\n");
    let flag = ws.beside("flag").display().to_string();
    ws.write("t.sh", &format!("#!/bin/sh\ntest ! -e {flag}\n"));
    settle();
    ws.test(&[]);
    ws.test(&[]);
    fs::write(&flag, "").expect("write");
    ws.eng(&["test", "--fresh"]).expect(3);
    ws.eng(&["test"]).expect(3);
}

#[test]
fn a_link_whose_folder_becomes_a_file_is_a_new_source() {
    let ws =
        workspace("-- BUILD.ron\n[filegroup(name: \"f\", srcs: glob([\"*.txt\"]))]\n-- a.txt\na\n");
    let target = ws.beside("target");
    fs::create_dir(&target).expect("make a folder");
    std::os::unix::fs::symlink(&target, ws.root().join("b.txt")).expect("link");
    settle();
    ws.build(&["--all"]);
    settle();
    ws.build(&["--all"]);
    fs::remove_dir(&target).expect("remove");
    fs::write(&target, "b\n").expect("write");
    ws.build(&["--all"]);
    assert_eq!(ws.read("eng-out/bin/b.txt"), "b\n");
}

#[test]
fn a_program_that_becomes_executable_earlier_on_the_path_is_noticed() {
    let ws = workspace(
        r#"
-- BUILD.ron
[workspace(name: "ws", rules: ["rules.ron"]), said(name: "s")]
-- rules.ron
[rule(
    name: "said",
    doc: "What a program says.",
    attrs: (tool: tool(default: "saying", doc: "A program.")),
    actions: (ask: (run: ["{tool}"], outs: (out: "{name}.txt"), stdout: "out")),
    provides: (files: ["{out}"]),
)]
"#,
    );
    let (one, two) = (ws.beside("one"), ws.beside("two"));
    for (folder, text) in [(&one, "one"), (&two, "two")] {
        fs::create_dir(folder).expect("make a folder");
        fs::write(folder.join("saying"), format!("#!/bin/sh\necho {text}\n")).expect("write");
    }
    let mode = |path: &std::path::Path| {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("chmod");
    };
    mode(&two.join("saying"));
    settle();
    let path = format!("{}:{}:/usr/bin:/bin", one.display(), two.display());
    let build = || {
        let mut command = ws.command(&["build", "--all"]);
        command.env("PATH", &path);
        Run::of(command).expect(0)
    };
    build();
    settle();
    build();
    assert_eq!(ws.read("eng-out/bin/s.txt"), "two\n");
    mode(&one.join("saying"));
    build();
    assert_eq!(ws.read("eng-out/bin/s.txt"), "one\n");
}

#[test]
fn another_reading_of_results_is_another_verdict() {
    let ws = workspace(
        r#"
-- BUILD.ron
[workspace(name: "ws", rules: ["rules.ron"]), said_test(name: "t", srcs: "t.sh")]
-- rules.ron
[
    protocol(
        name: "said",
        list: ["{program}", "list"],
        listing: lines(case: "{case}"),
        run: ["{program}", "{case}"],
        results: lines(done: "{outcome} {case}"),
        words: (passed: ["ok", "odd"], failed: ["bad"]),
    ),
    rule(
        name: "said_test",
        base: "sh_program",
        doc: "Says words.",
        provides: (files: ["{srcs}"], run: ["{srcs}"], data: ["{data}"]),
        test: (protocol: "said", program: "{srcs}"),
    ),
]
-- t.sh
#!/bin/sh
if [ "$1" = list ]; then echo a; else echo "odd $1"; fi
"#,
    );
    ws.test(&[]);
    let rules = ws.read("rules.ron").replace("[\"ok\", \"odd\"]", "[\"ok\"]");
    ws.write("rules.ron", &rules.replace("[\"bad\"]", "[\"bad\", \"odd\"]"));
    ws.eng(&["test"]).expect(3);
}

#[test]
fn a_pass_does_not_outlive_a_crash_of_the_same_test() {
    let ws = workspace("-- BUILD.ron\n[sh_test(name: \"t\", srcs: \"t.sh\")]\n");
    let flag = ws.beside("flag").display().to_string();
    ws.write("t.sh", &format!("#!/bin/sh\ntest ! -e {flag} || kill -9 $$\n"));
    ws.test(&[]);
    fs::write(&flag, "").expect("write");
    ws.eng(&["test", "--fresh"]).expect(3);
    ws.eng(&["test"]).expect(3);
}

#[test]
fn a_command_that_was_not_there_is_asked_for_again() {
    let ws = workspace("");
    let tool = ws.beside("tool");
    ws.write(
        "BUILD.ron",
        &format!(
            "[workspace(name: \"ws\"), genrule(name: \"g\", outs: [\"o\"], cmd: \"{} > $OUT\")]\n",
            tool.display()
        ),
    );
    ws.eng(&["build", "//:g"]).expect(1);
    ws.write("tool", "#!/bin/sh\necho there\n");
    fs::rename(ws.root().join("tool"), &tool).expect("move");
    ws.build(&["//:g"]);
    assert_eq!(ws.read("eng-out/bin/o"), "there\n");
}

#[test]
fn a_library_outside_of_the_workspace_is_noticed_by_a_link() {
    let ws = workspace("-- main.c\nint foo(void);\nint main(void) { return foo(); }");
    let folder = ws.beside("outer");
    std::fs::create_dir(&folder).expect("make a folder");
    ws.write(
        "BUILD.ron",
        &format!(
            "[workspace(name: \"ws\"), cc_test(name: \"t\", srcs: [\"main.c\"], linkopts: [\"-L{}\", \"-lfoo\"])]",
            folder.display()
        ),
    );
    let library = |status: i32| {
        let source = folder.join("foo.c");
        std::fs::write(&source, format!("int foo(void) {{ return {status}; }}\n")).expect("write");
        let script = "cc -c foo.c -o foo.o && rm -f libfoo.a && ar rcsD libfoo.a foo.o";
        let made =
            std::process::Command::new("sh").args(["-c", script]).current_dir(&folder).status();
        assert!(made.expect("start the compiler").success());
    };
    ws.eng(&["test"]).expect(1).tells("-lfoo");
    library(0);
    ws.test(&[]).ran(&["link t", "test //:t"]);
    library(1);
    ws.eng(&["test", "--verbose"]).expect(3).ran(&["link t", "test //:t"]);
}
