//! What users read when a command line is wrong, or the machine is.

use crate::problems::tells;
use crate::support::{Run, Workspace, workspace};
use std::process::Stdio;

pub fn demo() -> Workspace {
    workspace(
        r#"
-- BUILD.ron
[filegroup(name: "top")]
-- text/BUILD.ron
[
    filegroup(name: "text", srcs: ["text.h"]),
    sh_test(name: "text_test", srcs: "t.sh"),
]
-- text/text.h
-- text/t.sh
#!/bin/sh
-- tools/BUILD.ron
[filegroup(name: "lines")]
"#,
    )
}

macro_rules! lines {
    ($($name:ident: $code:literal, $words:literal;)*) => {$(
        #[test]
        fn $name() {
            let ws = crate::problems_words::demo();
            let words: Vec<&str> = $words.split_whitespace().collect();
            let run = ws.eng(&words).expect($code);
            assert_eq!(run.stdout, "");
            crate::problems::tells(concat!("words/", stringify!($name)), &ws, &run);
        }
    )*};
}
pub(crate) use lines;

lines! {
    a_file_that_is_near: 2, "build text/tetx.c";
    neither_a_file_nor_a_package: 2, "build nothing/like/it.c";
    a_package_that_is_near: 2, "test //txet:text_test";
    a_target_that_is_near: 2, "test //text:test_text //text:tex";
    a_target_like_no_other: 2, "test //text:parser";
    a_file_that_nobody_names: 2, "test //text:BUILD.ron";
    a_folder_without_packages: 2, "test //nowhere/...";
    a_folder_that_is_no_package: 2, "test nowhere:all";
    a_case_left_out: 2, "test //text:text_test -//text:text_test#case";
    a_case_of_many: 2, "test //text/...#case";
    dots_inside_a_name: 2, "test //text...";
    a_name_below_many: 2, "test //text/...:lines";
    nothing_left_out: 2, "test -//nothing";
    a_pattern_that_leads_out: 2, "test ../other";
    an_absolute_path: 2, "test /usr/lib";
    an_unknown_repository: 2, "test @other//x";
    a_bad_label: 2, "test //text:a:b";
    a_single_slash: 2, "test /text";
    patterns_of_no_file: 2, "test @patterns.txt";
    an_unknown_verb: 2, "tset //...";
    an_unknown_flag: 2, "test --test-thread=3";
    too_many_test_threads: 2, "test --test-threads=65";
    no_test_threads: 2, "test --test_threads 0";
    test_threads_that_are_no_number: 2, "test --test-threads=many";
    no_jobs: 2, "build --jobs=0";
    too_many_jobs: 2, "build -j 1001";
    a_bad_timeout: 2, "test --timeout=soon";
    no_time_at_all: 2, "test --timeout=0s";
    an_unknown_mode: 2, "test --mode nope //...";
    an_unknown_colour: 2, "test --color=red";
    flags_that_exclude_each_other: 2, "test --fail-fast --keep-going";
    a_flag_of_another_verb: 2, "build --test-threads=3";
    a_flag_of_another_tool: 2, "build --release";
    a_verb_of_another_tool: 2, "run //text:text";
    a_file_for_a_target: 2, "build text/BUILD.ron";
    a_target_without_its_package: 2, "test text_test";
    an_unknown_rule: 2, "rules cc_libary";
    nothing_to_explain: 2, "explain //text:txt";
    no_verb: 2, "";
    no_tests: 4, "test //tools/...";
    a_target_that_is_no_test: 4, "test //text:text";
    a_case_that_does_not_exist: 4, "test //text:text_test#nope";
}

#[test]
fn a_pattern_that_leads_out_of_a_folder_is_told_from_there() {
    let ws = demo();
    let run = Run::of(ws.command_in("text", &["test", "../../x"])).expect(2);
    tells("words/a_pattern_that_leads_out_of_a_folder", &ws, &run);
}

#[test]
fn no_home_and_no_cache_folder() {
    let ws = demo();
    let mut command = ws.command(&["test"]);
    for name in ["HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME"] {
        command.env_remove(name);
    }
    tells("words/no_home", &ws, &Run::of(command).expect(36));
}

#[test]
fn a_home_that_is_no_folder() {
    let ws = demo();
    let file = ws.beside("file");
    std::fs::write(&file, "").expect("write a file");
    let mut command = ws.command(&["test"]);
    command.env("XDG_CACHE_HOME", &file);
    let run = Run::of(command).expect(36);
    let text = run.stderr.replace(&file.display().to_string(), "FILE");
    tells("words/a_cache_folder_that_is_a_file", &ws, &Run { stderr: text, ..run });
}

#[test]
fn closed_outputs_are_no_reason_to_fail() {
    let ws = demo();
    for (script, code) in [
        ("exec \"$0\" rules >&-", 0),
        ("exec \"$0\" rules 2>&-", 0),
        ("exec \"$0\" rules <&- >&- 2>&-", 0),
        ("exec \"$0\" test //text/... 2>&-", 0),
        ("exec \"$0\" test //text/... <&- >&- 2>&-", 0),
        ("exec \"$0\" test //none 2>&-", 2),
        ("exec \"$0\" nope 2>&-", 2),
        ("exec \"$0\" --help >&-", 0),
    ] {
        let command = ws.command(&[]);
        let program = command.get_program().to_os_string();
        let mut shell = std::process::Command::new("sh");
        shell.args(["-c", script]).arg(program).current_dir(ws.root()).stdin(Stdio::null());
        command.get_envs().for_each(|(name, value)| match value {
            Some(value) => drop(shell.env(name, value)),
            None => drop(shell.env_remove(name)),
        });
        let run = Run::of(shell);
        assert_eq!(run.code, code, "{script}\n{}", run.stderr);
        assert!(!run.stderr.contains("panicked"), "{script}\n{}", run.stderr);
    }
}

#[test]
fn a_reader_that_goes_away_is_no_reason_to_fail() {
    let ws = demo();
    let mut child = ws.command(&["rules"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let child = child.as_mut().expect("start eng");
    drop(child.stdout.take());
    let mut told = String::new();
    let stderr = child.stderr.as_mut().expect("standard error");
    std::io::Read::read_to_string(stderr, &mut told).expect("read standard error");
    assert_eq!((child.wait().expect("wait for eng").code(), told.as_str()), (Some(0), ""));
}
