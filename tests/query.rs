//! `eng query`: what each function answers, and the forms of an answer.

use crate::support::{Run, Workspace, workspace};
use std::process::Stdio;

/// A program with a library and a generated header, tests and suites, and a rule of its own.
pub const LAMP: &str = r#"
-- BUILD.ron
[
    workspace(name: "ws", rules: ["tools/rules/*.ron"]),
    filegroup(name: "readme", srcs: ["README.md"]),
]
-- README.md
-- app/BUILD.ron
[
    cc_binary(name: "lamp", srcs: ["main.c"], deps: ["//light", when("release", ["//light:fast"])], tags: ["manual"]),
    alias(name: "default", actual: ":lamp"),
    sh_test(name: "lamp_test", srcs: "t.sh", data: [":default"], size: "small", tags: ["slow", "net"]),
    test_suite(name: "all_tests", tests: [":lamp_test", "//light:tests"]),
]
-- app/main.c
-- app/t.sh
#!/bin/sh
-- light/BUILD.ron
[
    // Of each colour one.
    cc_library(name: "light", srcs: glob(["*.c", "!*_test.c"]), hdrs: ["light.h", ":colors"], visible_to: ["//..."], doc: "The \"light\""),
    cc_library(name: "fast", srcs: ["sub/fast.c"], deps: [":light"], alwayslink: true),
    genrule(name: "colors", srcs: ["colors.txt"], outs: ["colors.h"], cmd: "cp $SRCS $OUT", env: {"A": "b"}),
    cc_test(name: "light_test", srcs: ["light_test.c"], deps: [":light"], protocol: "exit"),
    test_suite(name: "tests", tests: [":light_test"]),
    poem(name: "ode", text: "ode.txt"),
]
-- light/light.c
-- light/dim.c
-- light/light.h
-- light/sub/fast.c
-- light/colors.txt
-- light/light_test.c
-- light/ode.txt
-- tools/rules/poem.ron
[rule(name: "poem", attrs: (text: file(), lines: int(default: 4)), provides: (files: ["{text}"]))]
-- tools/BUILD.ron
[]
"#;

/// What a query answers, without what the rules bring along.
#[track_caller]
fn answer(ws: &Workspace, query: &str) -> String {
    let run = ws.eng(&["query", "--no-implicit-deps", query]).expect(0);
    assert_eq!(run.stderr, "", "{query}");
    run.stdout.lines().collect::<Vec<_>>().join(" ")
}

/// A test for each group of functions: queries with what they answer.
macro_rules! answers {
    ($($name:ident: [$($query:literal => $nodes:literal,)+];)+) => {$(
        #[test]
        fn $name() {
            let ws = workspace(LAMP);
            for (query, nodes) in [$(($query, $nodes)),+] {
                assert_eq!(answer(&ws, query), nodes, "{query}");
            }
        }
    )+};
}

answers! {
    patterns_select_targets_and_files: [
        "//..." => "//:readme //app:all_tests //app:default //app:lamp //app:lamp_test //light:colors //light:fast //light:light //light:light_test //light:ode //light:tests",
        "light/..." => "//light:colors //light:fast //light:light //light:light_test //light:ode //light:tests",
        "//app:all" => "//app:all_tests //app:default //app:lamp //app:lamp_test",
        "//app:*" => "//app:BUILD.ron //app:all_tests //app:default //app:lamp //app:lamp_test //app:main.c //app:t.sh",
        "//app:all-targets - //app:all" => "//app:BUILD.ron //app:main.c //app:t.sh",
        "//light" => "//light:light",
        "light/fast" => "//light:fast",
        "//light:sub/fast.c" => "//light:sub/fast.c",
        "light/sub/fast.c" => "//light:sub/fast.c",
        "README.md" => "//:README.md",
        "@eng//cc:toolchain" => "@eng//cc:toolchain",
        "'//app:lamp'" => "//app:lamp",
    ];
    sets_are_combined_from_left_to_right: [
        "//app:lamp + //light" => "//app:lamp //light:light",
        "//app:lamp union //light union //app:lamp" => "//app:lamp //light:light",
        "//app:all ^ tests(//...)" => "//app:lamp_test",
        "//app:all intersect set(//app:lamp //light)" => "//app:lamp",
        "//app:all - //app:lamp - //app:default" => "//app:all_tests //app:lamp_test",
        "//app:all except (//app:all - //app:lamp)" => "//app:lamp",
        "set()" => "",
        "set(//light //app:lamp)" => "//app:lamp //light:light",
        "((//light))" => "//light:light",
    ];
    what_is_needed: [
        "deps(//app:lamp)" => "//app:lamp //app:main.c //light:colors //light:colors.txt //light:dim.c //light:fast //light:light //light:light.c //light:light.h //light:sub/fast.c",
        "deps(//app:lamp, 0)" => "//app:lamp",
        "deps(//app:lamp, 1)" => "//app:lamp //app:main.c //light:fast //light:light",
        "deps(//app:default, 1)" => "//app:default //app:lamp",
        "labels(srcs, //light:light)" => "//light:dim.c //light:light.c",
        "labels(hdrs, //light:light)" => "//light:colors //light:light.h",
        "buildfiles(//app:lamp + //light:ode)" => "//app:BUILD.ron //light:BUILD.ron //tools:rules/poem.ron",
    ];
    who_needs_it: [
        "rdeps(//..., //light:fast)" => "//app:all_tests //app:default //app:lamp //app:lamp_test //light:fast",
        "rdeps(//..., //light:fast, 1)" => "//app:lamp //light:fast",
        "rdeps(//light:all, light/light.h)" => "//light:fast //light:light //light:light.h //light:light_test //light:tests",
        "allrdeps(//light:colors, 1)" => "//light:colors //light:light",
        "same_pkg_direct_rdeps(//light)" => "//light:fast //light:light_test",
        "owner(light/dim.c)" => "//light:light",
        "owner(set(//light:colors.txt light/ode.txt))" => "//light:colors //light:ode",
        "owner(//light)" => "",
        "siblings(//app:main.c)" => "//app:BUILD.ron //app:all_tests //app:default //app:lamp //app:lamp_test //app:main.c //app:t.sh",
    ];
    paths_between: [
        "somepath(//app:default, light/colors.txt)" => "//app:default //app:lamp //light:light //light:colors //light:colors.txt",
        "somepath(//light, //app:lamp)" => "",
        "somepath(//app:all, //app:lamp)" => "//app:lamp",
        "somepath(//app:default, //light:colors) + //:readme" => "//:readme //app:default //app:lamp //light:colors //light:light",
        "allpaths(//app:lamp, //light)" => "//app:lamp //light:fast //light:light",
        "some(//light:all)" => "//light:colors",
        "some(//light:all, 2)" => "//light:colors //light:fast",
    ];
    what_targets_say: [
        "kind('cc_.* rule', //...)" => "//app:lamp //light:fast //light:light //light:light_test",
        "kind('^source file$', deps(//app:lamp_test, 1))" => "//app:t.sh",
        "kind(test, //...)" => "//app:all_tests //app:lamp_test //light:light_test //light:tests",
        "filter(':li.*[^s]t$', //...)" => "//light:light",
        "attr(tags, '[\\[ ]slow[\\],]', //...)" => "//app:lamp_test",
        "attr(size, small, //...)" => "//app:lamp_test",
        "attr(alwayslink, true, //...)" => "//light:fast",
        "attr(alwayslink, false, //...)" => "//light:light",
        "attr(lines, 4, //...)" => "//light:ode",
        "attr(env, 'A: b', //...)" => "//light:colors",
        "attr(doc, light, //...)" => "//light:light",
        "attr(visible_to, '//', //...)" => "//light:light",
        "has(tags, net, //...)" => "//app:lamp_test",
        "has(tags, ne, //...)" => "",
        "has(deps, ':light', //...)" => "//light:fast //light:light_test",
        "has(env, 'A=b', //...)" => "//light:colors",
    ];
    tests_of_suites: [
        "tests(//...)" => "//app:lamp_test //light:light_test",
        "tests(//app:all_tests)" => "//app:lamp_test //light:light_test",
        "tests(//light:tests + //light)" => "//light:light_test",
    ];
    variables: [
        "let v = //light in deps($v, 1) - $v" => "//light:colors //light:dim.c //light:light.c //light:light.h",
        "let v = //light:all in let w = tests($v) in $v ^ $w" => "//light:light_test",
        "(let v = //light in $v) + (let v = //app:lamp in $v)" => "//app:lamp //light:light",
        "let v = //light in let v = $v + //app:lamp in $v" => "//app:lamp //light:light",
        "let v = somepath(//app:lamp, //light) in $v" => "//app:lamp //light:light",
    ];
}

#[test]
fn rules_name_things_by_themselves() {
    let ws = workspace(LAMP);
    let of = |flags: &[&str]| {
        let words = [&["query", "deps(//light:fast, 1)"], flags].concat();
        ws.eng(&words).expect(0).stdout
    };
    let plain = "//light:fast\n//light:light\n//light:sub/fast.c\n";
    assert_eq!(of(&[]), format!("{plain}@eng//cc:toolchain\n"));
    for flag in ["--no-implicit-deps", "--noimplicit_deps", "--noimplicit-deps"] {
        assert_eq!(of(&[flag]), plain);
    }
    let users = ws.eng(&["query", "rdeps(//light:all, @eng//cc:toolchain, 1)"]).expect(0).stdout;
    assert_eq!(
        users,
        "//light:fast\n//light:light\n//light:light_test\n@eng//cc:eng_test\n@eng//cc:gcov_lcov\n@eng//cc:toolchain\n"
    );
}

#[test]
fn words_count_from_the_working_directory() {
    let ws = workspace(LAMP);
    for (words, nodes) in [
        (":light", "//light:light\n"),
        ("sub/fast.c", "//light:sub/fast.c\n"),
        ("tests(...)", "//light:light_test\n"),
        ("../app:lamp", "//app:lamp\n"),
    ] {
        let run = Run::of(ws.command_in("light", &["query", words])).expect(0);
        assert_eq!(run.stdout, nodes, "{words}");
    }
    let path = ws.root().join("light/sub/fast.c").display().to_string();
    let run = Run::of(ws.command_in("app", &["query", &format!("owner({path})")])).expect(0);
    assert_eq!(run.stdout, "//light:fast\n");
}

#[test]
fn an_answer_that_cannot_be_written_is_a_failure() {
    let ws = workspace(LAMP);
    let mut command = ws.command(&["query", "//..."]);
    command.stdout(std::fs::File::options().write(true).open("/dev/full").expect("open it"));
    let run = Run::of(command).expect(36);
    run.tells("eng: the answer cannot be written to standard output: No space left on device");
}

#[test]
fn a_query_may_be_several_words_or_a_file() {
    let ws = workspace(LAMP);
    let words = ["query", "--no-implicit-deps", "//light", "+", "//app:lamp", "-", "//light"];
    let run = ws.eng(&words).expect(0).tells("bind alike");
    assert_eq!(run.stdout, "//app:lamp\n");
    ws.write("q.txt", "deps(\n    //light:ode\n)\n");
    let run = ws.eng(&["query", "--query_file=q.txt"]).expect(0);
    assert_eq!(run.stdout, "//light:ode\n//light:ode.txt\n");
}

#[test]
fn a_target_and_its_file_may_have_one_name() {
    let ws = workspace(
        r#"
-- BUILD.ron
[sh_binary(name: "run.sh", srcs: "run.sh")]
-- run.sh
#!/bin/sh
"#,
    );
    let run = ws.eng(&["query", "--output=label_kind", "deps(:run.sh)"]).expect(0);
    assert_eq!(run.stdout, "sh_binary rule //:run.sh\nsource file //:run.sh\n");
    assert_eq!(ws.eng(&["query", "deps(:run.sh)"]).expect(0).stdout, "//:run.sh\n");
    assert_eq!(answer(&ws, "owner(kind('source', deps(:run.sh)))"), "//:run.sh");
}

#[test]
fn nothing_is_written_into_the_workspace() {
    let ws = workspace(LAMP);
    ws.eng(&["query", "//..."]).expect(0);
    assert!(!ws.root().join("eng-out").exists());
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let ws = workspace(LAMP);
    let mut command = ws.command(&["query", "deps(//...)"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("start");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("wait for it");
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}

#[test]
fn a_query_may_be_as_deep_as_it_likes() {
    let ws = workspace(LAMP);
    let deep = 100_000;
    for (open, close) in [("(", ")"), ("set() + (", ")"), ("let v = set() in (", ")")] {
        let text = format!("{}//light{}", open.repeat(deep), close.repeat(deep));
        ws.write("q.txt", &text);
        let run = ws.eng(&["query", "--query-file=q.txt"]).expect(0);
        assert_eq!(run.stdout, "//light:light\n", "{open}");
    }
    ws.write("q.txt", &format!("{}//light{}", "deps(".repeat(deep), ", 0)".repeat(deep)));
    assert_eq!(ws.eng(&["query", "--query-file=q.txt"]).expect(0).stdout, "//light:light\n");
    ws.write("q.txt", &"(".repeat(deep));
    ws.eng(&["query", "--query-file=q.txt"]).expect(7).tells("an expression was expected");
    ws.write("q.txt", &format!("//light{}", " + //light".repeat(deep)));
    assert_eq!(ws.eng(&["query", "--query-file=q.txt"]).expect(0).stdout, "//light:light\n");
}

#[test]
fn what_has_changed_is_seen() {
    let ws = workspace(LAMP);
    let light = || answer(&ws, "deps(//light, 1)");
    let before = "//light:colors //light:dim.c //light:light //light:light.c //light:light.h";
    assert_eq!(light(), before);
    ws.write("light/new.c", "");
    assert_eq!(
        light(),
        "//light:colors //light:dim.c //light:light //light:light.c //light:light.h //light:new.c"
    );
    ws.remove("light/new.c");
    assert_eq!(light(), before);
    ws.write("light/BUILD.ron", "[filegroup(name: \"light\", srcs: [\"dim.c\"])]");
    assert_eq!(light(), "//light:dim.c //light:light");
    ws.write("tools/rules/poem.ron", "[rule(name: \"verse\", provides: (files: []))]");
    ws.write("light/BUILD.ron", "[verse(name: \"light\")]");
    assert_eq!(light(), "//light:light");
    ws.write("light/sub/BUILD.ron", "[verse(name: \"sub\")]");
    assert_eq!(answer(&ws, "kind(verse, //...)"), "//light:light //light/sub:sub");
    ws.remove("light/sub/BUILD.ron");
    assert_eq!(answer(&ws, "kind(verse, //...)"), "//light:light");
}

#[test]
fn a_record_that_was_not_written_whole_is_made_anew() {
    let ws = workspace(LAMP);
    let whole = answer(&ws, "deps(//...)");
    let records = || std::fs::read_dir(ws.beside("cache/eng/graphs")).expect("look for records");
    assert_eq!(records().count(), 2);
    for record in records() {
        let path = record.expect("a record").path();
        let bytes = std::fs::read(&path).expect("read it");
        std::fs::write(&path, &bytes[..bytes.len() / 2]).expect("write it");
    }
    assert_eq!(answer(&ws, "deps(//...)"), whole);
    std::fs::remove_dir_all(ws.beside("cache")).expect("remove them");
    assert_eq!(answer(&ws, "deps(//...)"), whole);
}

#[test]
fn a_query_is_answered_while_a_build_runs() {
    let ws = workspace("");
    let (begun, go) = (ws.beside("begun"), ws.beside("go"));
    let made = std::process::Command::new("mkfifo").arg(&go).status().expect("start mkfifo");
    assert!(made.success());
    let cmd = format!("touch {}; cat {} > $OUT", begun.display(), go.display());
    let file = format!(
        "[workspace(name: \"ws\"), genrule(name: \"slow\", outs: [\"slow\"], cmd: \"{cmd}\")]"
    );
    ws.write("BUILD.ron", &file);
    let mut build = ws.command(&["build", "//:slow"]);
    let mut build = build.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("start eng");
    crate::support::wait_for(&begun);
    assert_eq!(answer(&ws, "//..."), "//:slow");
    assert!(build.try_wait().expect("look at the build").is_none());
    std::fs::write(&go, "done").expect("let it go on");
    assert!(build.wait().expect("wait for the build").success());
}

#[test]
fn what_is_answered_can_be_tested_and_built() {
    let ws = workspace(
        r#"
-- BUILD.ron
[
    sh_test(name: "a", srcs: "a.sh"),
    sh_test(name: "b", srcs: "b.sh"),
    genrule(name: "g", srcs: ["in"], outs: ["out"], cmd: "cp $SRCS $OUT"),
]
-- a.sh
#!/bin/sh
-- b.sh
#!/bin/sh
-- in
"#,
    );
    for (query, verb, subjects) in [
        ("tests(//...) - //:b", "test", &["test //:a"][..]),
        // A file stands for the targets that name it.
        ("//:b.sh", "test", &["test //:b"]),
        ("deps(//:g)", "build", &["generate out/out"]),
    ] {
        ws.write("list", &ws.eng(&["query", "--no-implicit-deps", query]).expect(0).stdout);
        let mut command = ws.command(&[verb, "--verbose", "-"]);
        command.stdin(std::fs::File::open(ws.root().join("list")).expect("open the list"));
        Run::of(command).expect(0).ran(subjects);
        ws.eng(&[verb, "--verbose", "@list"]).expect(0).ran(&[]);
    }
}
