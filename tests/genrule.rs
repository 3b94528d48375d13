//! Generated files: what a command sees, how it is started, and what it has to leave behind.

use crate::support::workspace;

/// A program that tells its arguments and the command name of the process that started it.
const PARENT: &str = r#"
-- tool/BUILD.ron
[
    cc_binary(name: "parent", srcs: ["parent.c"]),
    sh_binary(name: "join", srcs: "join.sh"),
]
-- tool/join.sh
#!/bin/sh
to=$1
shift
cat "$@" > "$to"
-- tool/parent.c
#include <stdio.h>
#include <unistd.h>
int main(int argc, char **argv)
{
    char path[64], name[64];
    snprintf(path, sizeof path, "/proc/%d/comm", (int)getppid());
    FILE *f = fopen(path, "r");
    if (!f || !fgets(name, sizeof name, f))
        return 1;
    printf("parent %s", name);
    for (int i = 1; i < argc; i++)
        printf("%s\n", argv[i]);
    return 0;
}
"#;

#[test]
fn a_command_sees_its_files_in_the_environment() {
    let ws = workspace(
        r#"
-- pkg/BUILD.ron
[
    genrule(
        name: "one",
        srcs: ["a.txt", "b.txt"],
        outs: ["one.txt"],
        env: {"COLOR": "red"},
        cmd: "echo \"$SRCS|$OUTS|$OUT|$TOOLS|$COLOR|$(cat a.txt 2> /dev/null || echo at the root)\" > $OUT",
    ),
]
-- pkg/a.txt
a
-- pkg/b.txt
b
"#,
    );
    ws.build(&["//pkg:one"]).ran(&["generate out/pkg/one.txt"]);
    assert_eq!(
        ws.read("eng-out/bin/pkg/one.txt"),
        "pkg/a.txt pkg/b.txt|out/pkg/one.txt|out/pkg/one.txt||red|at the root\n"
    );
}

#[test]
fn out_is_set_only_if_there_is_one_output() {
    let ws = workspace(
        r#"
-- BUILD.ron
[
    genrule(
        name: "two",
        outs: ["x.txt", "y.txt"],
        cmd: "for o in $OUTS; do echo \"${OUT-unset} $OUTS\" > $o; done",
    ),
]
"#,
    );
    ws.build(&["//:two"]).ran(&["generate out/x.txt out/y.txt"]);
    assert_eq!(ws.read("eng-out/bin/x.txt"), "unset out/x.txt out/y.txt\n");
    assert_eq!(ws.read("eng-out/bin/y.txt"), "unset out/x.txt out/y.txt\n");
}

#[test]
fn a_folder_is_one_output() {
    let ws = workspace(
        r#"
-- BUILD.ron
[
    genrule(
        name: "pages",
        outs: ["pages/"],
        cmd: "mkdir -p $OUT/deep; echo 1 > $OUT/one; echo 2 > $OUT/deep/two",
    ),
    genrule(name: "list", srcs: [":pages"], outs: ["list.txt"], cmd: "cd $SRCS; find -L . -type f | sort > $OLDPWD/$OUT"),
]
"#,
    );
    ws.build(&["//:pages", "//:list"]);
    assert_eq!(ws.read("eng-out/bin/pages/deep/two"), "2\n");
    assert_eq!(ws.read("eng-out/bin/list.txt"), "./deep/two\n./one\n");
    ws.build(&["//:pages", "//:list"]).ran(&[]);
}

#[test]
fn tools_are_targets_and_programs_of_the_machine() {
    let ws = workspace(&format!(
        r#"{PARENT}
-- BUILD.ron
[
    genrule(
        name: "joined",
        srcs: ["a.txt", "b.txt"],
        outs: ["joined.txt"],
        tools: ["//tool:join", "tr"],
        cmd: "set -- $TOOLS; $1 tmp $SRCS; $2 a-z A-Z < tmp > $OUT",
    ),
]
-- a.txt
a
-- b.txt
b
"#
    ));
    ws.build(&["//:joined"]).ran(&["generate out/joined.txt"]);
    assert_eq!(ws.read("eng-out/bin/joined.txt"), "A\nB\n");
    ws.write("tool/join.sh", "#!/bin/sh\nto=$1\nshift\ncat \"$@\" \"$@\" > \"$to\"\n");
    ws.build(&["//:joined"]).ran(&["generate out/joined.txt"]);
    assert_eq!(ws.read("eng-out/bin/joined.txt"), "A\nB\nA\nB\n");
}

#[test]
fn plain_words_run_without_a_shell() {
    let ws = workspace(&format!(
        r#"{PARENT}
-- BUILD.ron
[
    genrule(name: "plain", outs: ["plain.txt"], tools: ["//tool:parent"], cmd: "$TOOLS a ${{TOOLS}}.x > $OUT"),
    genrule(name: "shell", outs: ["shell.txt"], tools: ["//tool:parent"], cmd: "$TOOLS a \"b c\" > $OUT; true"),
]
"#
    ));
    ws.build(&["//:plain", "//:shell"]);
    let plain = ws.read("eng-out/bin/plain.txt");
    let words: Vec<&str> = plain.lines().skip(1).collect();
    assert_eq!(words, ["a", "out/tool/parent.x"]);
    assert!(!plain.starts_with("parent sh\n"), "{plain}");
    assert_eq!(ws.read("eng-out/bin/shell.txt"), "parent sh\na\nb c\n");
}

#[test]
fn a_command_that_fails_is_told_with_its_output() {
    let ws = workspace(
        r#"
-- BUILD.ron
[genrule(name: "g", outs: ["g.txt"], cmd: "echo half > $OUT; echo no more paper >&2; exit 9")]
"#,
    );
    let run = ws.eng(&["build", "//:g"]).expect(1);
    run.clone().tells("no more paper").tells("exit status 9");
    assert!(!ws.root().join("eng-out/bin/g.txt").exists());
}

#[test]
fn a_shell_command_stops_at_its_first_failure_and_at_unset_names() {
    let ws = workspace(
        r#"
-- BUILD.ron
[
    genrule(name: "fails", outs: ["a.txt"], cmd: "false; echo x > $OUT"),
    genrule(name: "unset", outs: ["b.txt"], cmd: "echo $NOBODY_SETS_THIS > $OUT"),
]
"#,
    );
    ws.eng(&["build", "//:fails"]).expect(1);
    ws.eng(&["build", "//:unset"]).expect(1).tells("NOBODY_SETS_THIS");
}

#[test]
fn an_output_that_is_not_written_is_named() {
    let ws = workspace(
        r#"
-- BUILD.ron
[genrule(name: "g", outs: ["x.txt", "y.txt"], cmd: "echo 1 > ${OUTS%% *}")]
"#,
    );
    ws.eng(&["build", "//:g"]).expect(1).tells("y.txt");
}

#[test]
fn a_script_at_the_root_is_a_tool() {
    let ws = workspace(
        r#"
-- BUILD.ron
[
    sh_binary(name: "hello", srcs: "hello.sh"),
    genrule(name: "plain", outs: ["plain.txt"], tools: [":hello"], cmd: "$TOOLS > $OUT"),
    genrule(name: "shell", outs: ["shell.txt"], tools: [":hello"], cmd: "if $TOOLS; then :; fi > $OUT"),
]
-- hello.sh
#!/bin/sh
echo hello
"#,
    );
    ws.build(&["//:plain", "//:shell"]);
    assert_eq!(ws.read("eng-out/bin/plain.txt"), "hello\n");
    assert_eq!(ws.read("eng-out/bin/shell.txt"), "hello\n");
}
