//! What a test finds when it starts, and what it leaves behind for the user.

use crate::support::{Workspace, workspace};
use std::fs;
use std::path::Path;
use std::process::Command;

/// Runs a script as the test `//p:t` and gives its log; the user's variables must not matter.
#[track_caller]
fn log_of(body: &str, more: &str) -> (Workspace, String) {
    let ws = workspace(&format!(
        "-- p/BUILD.ron\n[sh_test(name: \"t\", srcs: \"t.sh\", {more})]\n-- p/t.sh\n#!/bin/sh\n{body}\n"
    ));
    let mut command = ws.command(&["test"]);
    command.env("LANG", "de_DE.UTF-8").env("LC_ALL", "C").env("MINE", "1").env("TZ", "Asia/Tokyo");
    crate::support::Run::of(command).expect(0);
    let log = ws.read("eng-out/testlogs/p/t/test.log");
    (ws, log)
}

#[test]
fn a_test_starts_in_its_runfiles() {
    let (_ws, log) = log_of(
        "pwd -P; cd \"$TEST_SRCDIR/$TEST_WORKSPACE\"; pwd -P; echo $TEST_WORKSPACE; \
         test \"$RUNFILES_DIR\" = \"$TEST_SRCDIR\"; find . -type l",
        "",
    );
    let lines: Vec<&str> = log.lines().collect();
    assert_eq!(lines[0], lines[1]);
    assert_eq!(lines[2..], ["ws", "./p/t.sh"], "{log}");
}

#[test]
fn a_test_finds_the_variables_of_the_contract_and_no_others() {
    let (_ws, log) = log_of("env | sed 's/=.*//' | sort | tr '\\n' ' '", "");
    let expected = "BAZEL_TEST ENG_ATTEMPT ENG_RUN_ID ENG_SLOT HOME LOGNAME PATH PWD RUNFILES_DIR \
                    TEST_BINARY TEST_INFRASTRUCTURE_FAILURE_FILE TEST_PREMATURE_EXIT_FILE TEST_SIZE \
                    TEST_SRCDIR TEST_TARGET TEST_TIMEOUT TEST_TMPDIR \
                    TEST_UNDECLARED_OUTPUTS_ANNOTATIONS_DIR TEST_UNDECLARED_OUTPUTS_DIR \
                    TEST_WARNINGS_OUTPUT_FILE TEST_WORKSPACE TMPDIR TZ USER XML_OUTPUT_FILE";
    let found: Vec<&str> =
        log.trim_end().split(' ').filter(|name| !["OLDPWD", "SHLVL", "_"].contains(name)).collect();
    assert_eq!(found.join(" "), expected);
}

#[test]
fn variables_tell_of_the_target() {
    let (_ws, log) = log_of(
        "echo $TEST_TARGET $TEST_SIZE $TEST_TIMEOUT $TZ $TEST_BINARY $EXTRA $PATH",
        "size: \"small\", timeout: \"2m\", env: {\"EXTRA\": \"yes\"}",
    );
    let path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    assert_eq!(log, format!("//p:t small 120 UTC p/t.sh yes {path}\n"));
}

#[test]
fn a_size_gives_the_timeout() {
    let (_ws, log) = log_of("echo $TEST_SIZE $TEST_TIMEOUT", "size: \"large\"");
    assert_eq!(log, "large 900\n");
    let (_ws, log) = log_of("echo $TEST_SIZE $TEST_TIMEOUT", "");
    assert_eq!(log, "medium 300\n");
}

#[test]
fn a_test_has_a_private_empty_folder_and_may_write_its_results() {
    let (_ws, log) = log_of(
        "test \"$HOME\" = \"$TEST_TMPDIR\"; ls -A \"$TEST_TMPDIR\"; echo x > \"$TEST_TMPDIR/x\"; \
         echo y > \"$XML_OUTPUT_FILE\"; echo z > \"$TEST_UNDECLARED_OUTPUTS_DIR/z\"; echo done",
        "",
    );
    assert_eq!(log, "done\n");
}

#[test]
fn limits_and_descriptors_are_those_of_a_fresh_process() {
    let (_ws, log) = log_of(
        "umask; ls /proc/self/fd | wc -l; wc -c; sed -n 's/SigIgn:.//p' /proc/$$/status",
        "",
    );
    let (rest, ignored) = log.trim_end().rsplit_once('\n').expect("four lines");
    // The fourth descriptor is the folder that `ls` reads.
    assert_eq!(rest, "0022\n4\n0");
    // Signals above 31 belong to the C library and to real time.
    let ignored = u64::from_str_radix(ignored, 16).expect("a mask");
    assert_eq!(ignored & 0x7fff_ffff, 0, "{ignored:x}");
}

const DATA: &str = r#"
-- BUILD.ron
[genrule(name: "made", outs: ["made.txt"], cmd: "echo made > $OUT")]
-- q/BUILD.ron
[filegroup(name: "files", srcs: ["f.txt"]), genrule(name: "g", outs: ["sub/g.txt"], cmd: "echo g > $OUT")]
-- q/f.txt
f
-- tool/BUILD.ron
[
    sh_binary(name: "tool", srcs: "tool.sh", data: ["tool.txt"]),
    sh_test(
        name: "t",
        srcs: "t.sh",
        data: ["own.txt", "//q:files", "//q:g", "//:made"],
        deps: [":tool"],
        args: ["{path://q:g}", "a={path://:made}"],
        env: {"FILE": "{path://q:files}"},
    ),
]
-- tool/own.txt
own
-- tool/other.txt
other
-- tool/tool.txt
of the tool
-- tool/tool.sh
#!/bin/sh
cat tool/tool.txt
-- tool/t.sh
#!/bin/sh
echo "$1 $2 $FILE"
cat tool/own.txt q/f.txt q/sub/g.txt made.txt "$1" "$FILE"
tool/tool.sh
find . ! -type d | sort
"#;

#[test]
fn data_stand_at_short_paths_and_can_be_named() {
    let ws = workspace(DATA);
    ws.test(&[]);
    assert_eq!(
        ws.read("eng-out/testlogs/tool/t/test.log"),
        "q/sub/g.txt a=./made.txt q/f.txt\nown\nf\ng\nmade\ng\nf\nof the tool\n\
         ./made.txt\n./q/f.txt\n./q/sub/g.txt\n./tool/own.txt\n./tool/t.sh\n./tool/tool.sh\n./tool/tool.txt\n"
    );
}

#[test]
fn an_edited_data_file_runs_the_test_again_and_another_file_does_not() {
    let ws = workspace(DATA);
    ws.test(&[]);
    ws.write("tool/other.txt", "changed\n");
    ws.test(&[]).ran(&[]);
    ws.write("q/f.txt", "changed\n");
    ws.test(&[]).ran(&["test //tool:t"]);
    ws.write("tool/tool.txt", "changed\n");
    ws.test(&[]).ran(&["test //tool:t"]);
}

#[test]
fn data_at_the_root_stand_where_a_test_starts() {
    let ws = workspace(
        "-- BUILD.ron\n[cc_test(name: \"t\", srcs: [\"t.c\"], data: [\"d.txt\"])]\n\
         -- t.c\n#include <stdio.h>\nint main(void) { return !fopen(\"d.txt\", \"r\"); }\n-- d.txt\nd\n",
    );
    ws.test(&[]);
}

#[test]
fn what_belongs_beside_a_program_lies_in_its_folder_wherever_that_is() {
    let ws = workspace(
        r#"
-- BUILD.ron
[
    workspace(name: "ws", rules: ["r.ron"]),
    near_test(name: "t", srcs: "p.sh", near: ["q/near.txt"]),
    near_test(name: "tool", srcs: "p.sh", near: ["q/near.txt"]),
    genrule(name: "g", outs: ["g.txt"], tools: [":tool"], cmd: "$TOOLS > $OUT"),
]
-- r.ron
[
    rule(
        name: "near_test",
        doc: "A script that is copied into a folder of its own.",
        attrs: (
            srcs: file(),
            near: files(),
            shell: tool(default: "sh"),
            protocol: string(one_of: ["exit"], default: "exit"),
        ),
        actions: (
            copy: (
                run: ["{shell}", "-c", "cp \"$0\" \"$1\" && chmod +x \"$1\"", "{srcs}", "{program}"],
                outs: (program: "bin/{name}/run"),
            ),
        ),
        provides: (files: ["{program}"], run: ["{program}"], beside: ["{near}"]),
        test: (protocol: "{protocol}", program: "{program}"),
    ),
]
-- p.sh
#!/bin/sh
cat "$(dirname "$0")/near.txt"
-- q/near.txt
near
"#,
    );
    ws.test(&["//:t"]);
    assert_eq!(ws.read("eng-out/testlogs/t/test.log"), "near\n");
    ws.build(&["//:g", "//:t"]);
    assert_eq!(ws.read("eng-out/bin/g.txt"), "near\n");
    assert_eq!(ws.read("eng-out/bin/bin/t/near.txt"), "near\n");
    ws.write("q/near.txt", "other\n");
    ws.test(&["//:t"]).ran(&["test //:t"]);
}

#[test]
fn the_program_of_a_failed_test_is_delivered() {
    let ws = workspace(
        "-- p/BUILD.ron\n[cc_test(name: \"bad\", srcs: [\"bad.c\"]), cc_test(name: \"good\", srcs: [\"good.c\"])]\n\
         -- p/bad.c\nint main(void) { return 3; }\n-- p/good.c\nint main(void) { return 0; }\n",
    );
    ws.eng(&["test"]).expect(3);
    let status = Command::new(ws.root().join("eng-out/bin/p/bad")).status().expect("start it");
    assert_eq!(status.code(), Some(3));
    assert!(!ws.root().join("eng-out/bin/p/good").exists());
}

#[test]
fn each_test_has_a_log_that_a_cached_run_restores() {
    let ws = workspace(
        "-- p/BUILD.ron\n[sh_test(name: \"t\", srcs: \"t.sh\")]\n-- p/t.sh\n#!/bin/sh\necho out; echo err >&2\n",
    );
    let log = "eng-out/testlogs/p/t/test.log";
    ws.test(&[]);
    assert_eq!(ws.read(log), "out\nerr\n");
    ws.remove("eng-out");
    ws.test(&[]).ran(&[]);
    assert_eq!(ws.read(log), "out\nerr\n");
    assert!(Path::new(&ws.root().join("eng-out/CACHEDIR.TAG")).exists());
    assert_eq!(fs::read_to_string(ws.root().join("eng-out/.gitignore")).expect("read it"), "*\n");
}

/// Runs eng with `test` in a process whose state is as odd as a user's may be.
fn from_an_odd_process(ws: &Workspace) -> crate::support::Run {
    let like = ws.command(&[]);
    let mut shell = Command::new("bash");
    let odd = "umask 077; ulimit -S -n 64 -s 1024; trap '' HUP QUIT CHLD USR1 TSTP TTOU; \
               exec 7</dev/null 9>&2; exec \"$@\" < /etc/passwd";
    shell.args(["-c", odd, "sh", env!("CARGO_BIN_EXE_eng"), "test"]).current_dir(ws.root());
    for (name, value) in like.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    crate::support::Run::of(shell)
}

#[test]
fn a_test_process_starts_in_a_known_state() {
    let ws = workspace(
        "-- p/BUILD.ron\n[cc_test(name: \"t\", srcs: [\"t.c\"], args: [\"one\", \"two words\"])]\n",
    );
    ws.write("p/t.c", include_str!("process_state.c"));
    from_an_odd_process(&ws).expect(0);
    assert_eq!(
        ws.read("eng-out/testlogs/p/t/test.log"),
        "arguments: 3, the first is p/t\n\
         folder: ws\n\
         input: 0 bytes\n\
         mask of new files: 022\n\
         descriptor 0 is open\n\
         descriptor 1 is open\n\
         descriptor 2 is open\n\
         open files: 1024 at least\n\
         stack: 2 MiB at least\n\
         leads its group: yes\n\
         locale: not set\n"
    );
}

#[test]
fn a_script_is_called_by_a_path_from_where_it_starts() {
    let (ws, log) = log_of("echo $0", "");
    assert_eq!(log, "p/t.sh\n");
    ws.write("BUILD.ron", "[workspace(name: \"ws\"), sh_test(name: \"r\", srcs: \"r.sh\")]\n");
    ws.write("r.sh", "#!/bin/sh\necho $0\n");
    ws.test(&["//:r"]);
    assert_eq!(ws.read("eng-out/testlogs/r/test.log"), "./r.sh\n");
}

#[test]
fn what_a_test_leaves_for_its_user_is_kept_and_comes_back_with_a_remembered_result() {
    let (ws, _) = log_of(
        "cd $TEST_UNDECLARED_OUTPUTS_DIR; mkdir -p a/b; echo one > a/b/one; printf '\\000\\377' > two; \
         chmod +x two; mkdir empty; ln -s a/b/one link; echo x > $TEST_UNDECLARED_OUTPUTS_ANNOTATIONS_DIR/n.part; \
         echo '<testsuites/>' > $XML_OUTPUT_FILE",
        "",
    );
    let all = || crate::support::files(&ws.root().join("eng-out/testlogs/p/t"));
    let names = |files: &std::collections::BTreeMap<String, (bool, Vec<u8>)>| {
        let name = |(path, (executable, _)): (&String, &(bool, Vec<u8>))| {
            format!("{path}{}", if *executable { "*" } else { "" })
        };
        files.iter().map(name).collect::<Vec<_>>().join(" ")
    };
    let first = all();
    assert_eq!(
        names(&first),
        "test.annotations/n.part test.log test.outputs/a/b/one test.outputs/two* test.xml"
    );
    assert!(ws.root().join("eng-out/testlogs/p/t/test.outputs/empty").is_dir());
    assert_eq!(ws.read("eng-out/testlogs/p/t/test.outputs/link"), "one\n");
    ws.remove("eng-out");
    ws.test(&[]).ran(&[]);
    assert_eq!(all(), first);
    // What was edited there is put right, and what the test leaves no more goes away.
    ws.write("eng-out/testlogs/p/t/test.outputs/a/b/one", "edited\n");
    ws.test(&[]).ran(&[]);
    assert_eq!(all(), first);
    ws.write("p/t.sh", "#!/bin/sh\nmkdir $TEST_UNDECLARED_OUTPUTS_DIR/a; echo 2 > $TEST_UNDECLARED_OUTPUTS_DIR/a/new\n");
    ws.test(&[]);
    assert_eq!(names(&all()), "test.log test.outputs/a/new test.xml");
    assert!(!ws.root().join("eng-out/testlogs/p/t/test.outputs/a/b").exists());
}

#[test]
fn cases_in_one_process_share_what_it_leaves_and_a_failed_test_has_it_too() {
    let ws = workspace(
        "-- BUILD.ron\n[cc_test(name: \"t\", srcs: [\"t.c\"], protocol: \"eng\")]\n-- t.c\n\
         #include <eng_test.h>\n#include <stdio.h>\n#include <stdlib.h>\n\
         static void leave(const char *text) {\n    char path[4096];\n\
             snprintf(path, sizeof path, \"%s/f\", getenv(\"TEST_UNDECLARED_OUTPUTS_DIR\"));\n\
             FILE *file = fopen(path, \"a\");\n    fputs(text, file);\n    fclose(file);\n}\n\
         TEST(a) { leave(\"a\"); }\nTEST(b) { leave(\"b\"); abort(); }\nTEST(c) { leave(\"c\"); }\n",
    );
    ws.eng(&["test"]).expect(3);
    let left = || -> Vec<String> {
        let folder = ws.root().join("eng-out/testlogs/t/test.outputs");
        let text = |(_, bytes)| String::from_utf8(bytes).expect("a text");
        crate::support::files(&folder).into_values().map(text).collect()
    };
    assert_eq!((left()[0].as_str(), left().iter().any(|text| text == "c")), ("ab", true));
    ws.remove("eng-out");
    ws.eng(&["test", "//:t#t::a", "//:t#t::c"]).expect(0).tells("2 cached");
    assert_eq!(left(), ["ab", "c"]);
}

#[test]
fn outputs_that_cannot_be_kept_are_told() {
    let (ws, _) = log_of("", "");
    ws.write("p/t.sh", "#!/bin/sh\nmkfifo $TEST_UNDECLARED_OUTPUTS_DIR/pipe\n");
    ws.eng(&["test"])
        .expect(0)
        .tells("what //p:t has left in $TEST_UNDECLARED_OUTPUTS_DIR cannot be kept:")
        .tells("pipe");
}

#[test]
fn warnings_are_told_each_time() {
    let (ws, _) = log_of("printf 'old format\\nsecond line\\n' > $TEST_WARNINGS_OUTPUT_FILE", "");
    // From the ledger, and from the record of a run that found nothing to do.
    for _ in 0..3 {
        ws.eng(&["test"]).expect(0).tells("(cached)\n  warning: old format\n    second line\n");
    }
}

#[test]
fn a_program_that_ends_too_early_or_blames_the_machine_is_told() {
    let (ws, _) = log_of("touch $TEST_PREMATURE_EXIT_FILE; rm $TEST_PREMATURE_EXIT_FILE", "");
    ws.write("p/t.sh", "#!/bin/sh\ntouch $TEST_PREMATURE_EXIT_FILE\n");
    for _ in 0..2 {
        ws.eng(&["test", "--verbose"])
            .expect(3)
            .tells("FAIL  //p:t  crashed: it ended early: TEST_PREMATURE_EXIT_FILE is still there")
            .ran(&["test //p:t"]);
    }
    ws.write(
        "p/t.sh",
        "#!/bin/sh\nprintf 'database\\nno connection\\n' > $TEST_INFRASTRUCTURE_FAILURE_FILE; exit 1\n",
    );
    ws.eng(&["test"]).expect(3).tells("    infrastructure failure in database: no connection\n");
}

#[test]
fn nohup_keeps_a_run_alive_when_the_terminal_goes() {
    let (ws, _) = log_of("", "");
    ws.write("p/t.sh", "#!/bin/sh\nkill -HUP $PPID; sleep 0.1; echo $PPID\n");
    from_an_odd_process(&ws).expect(0);
    assert_ne!(ws.eng(&["test", "--fresh"]).code, 0);
}
