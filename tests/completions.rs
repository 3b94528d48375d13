//! Completion: what `eng` answers, and what a shell makes of it.

use crate::support::{Run, Workspace, workspace};
use std::path::Path;
use std::process::Command;

const FILES: &str = r#"
-- BUILD.ron
[filegroup(name: "top")]
-- app/BUILD.ron
[
    filegroup(name: "lamp", srcs: ["lamp.c"]),
    filegroup(name: "light"),
    filegroup(name: "light_test"),
]
-- app/lamp.c
-- app/deep/BUILD.ron
[filegroup(name: "deep")]
"#;

/// The words that may stand in place of the last one.
#[track_caller]
fn offered(ws: &Workspace, words: &[&str]) -> String {
    offered_in(ws, "", words)
}

#[track_caller]
fn offered_in(ws: &Workspace, folder: &str, words: &[&str]) -> String {
    let index = (words.len() - 1).to_string();
    let run = Run::of(ws.command_in(folder, &[&["complete", &index, "--"], words].concat()));
    assert_eq!(run.stderr, "");
    assert_eq!(run.code, 0);
    let words = run.stdout.lines().map(|line| line.split('\t').next().unwrap_or(line));
    words.collect::<Vec<_>>().join(" ")
}

#[test]
fn verbs_flags_and_values_come_from_their_definitions() {
    let ws = workspace(FILES);
    assert_eq!(offered(&ws, &["eng", "qu"]), "query");
    assert_eq!(offered(&ws, &["eng", "com"]), "completions");
    assert_eq!(offered(&ws, &["eng", "test", "--retr"]), "--retries");
    assert_eq!(offered(&ws, &["eng", "test", "--prof"]), "--profile");
    assert_eq!(offered(&ws, &["eng", "test", "--color", "al"]), "always");
    assert_eq!(offered(&ws, &["eng", "query", "--output=mi"]), "--output=minrank");
    assert_eq!(offered(&ws, &["eng", "completions", ""]), "bash zsh fish");
}

#[test]
fn labels_come_from_the_workspace() {
    let ws = workspace(FILES);
    assert_eq!(offered(&ws, &["eng", "test", ""]), "// ... : app/ app:");
    assert_eq!(offered(&ws, &["eng", "test", "//app"]), "//app/ //app:");
    assert_eq!(offered(&ws, &["eng", "build", "//app:li"]), "//app:light //app:light_test");
    assert_eq!(offered(&ws, &["eng", "build", "//app:all", "-//app:la"]), "-//app:lamp");
    assert_eq!(offered(&ws, &["eng", "explain", "//app/d"]), "//app/deep:all //app/deep:deep");
    assert_eq!(offered(&ws, &["eng", "test", "app/la"]), "app/lamp.c");
    assert_eq!(offered(&ws, &["eng", "history", "la"]), "last");
    assert_eq!(offered(&ws, &["eng", "history", "//app:la"]), "//app:lamp");
    assert_eq!(offered(&ws, &["eng", "flaky", "//app:la"]), "//app:lamp");
    assert_eq!(offered_in(&ws, "app", &["eng", "test", ":la"]), ":lamp");
    assert_eq!(offered_in(&ws, "app", &["eng", "test", "la"]), "lamp.c");
    assert_eq!(offered(&ws, &["eng", "query", "//app:la"]), "//app:lamp //app:lamp.c");
    assert_eq!(offered(&ws, &["eng", "query", "de"]), "deps(");
    assert_eq!(offered(&ws, &["eng", "query", "deps(//app:lamp."]), "deps(//app:lamp.c");
    assert_eq!(
        offered(&ws, &["eng", "query", "//app:lamp + tests(//app:light_"]),
        "//app:lamp + tests(//app:light_test"
    );
}

#[test]
fn modes_profiles_and_rules_come_from_the_workspace() {
    let ws = workspace(FILES);
    ws.write(
        "BUILD.ron",
        r#"[workspace(
            name: "ws",
            modes: ["slow", "slower"],
            config: {"ci": ["--jobs=1"], "cold": ["--no-cache"]},
        )]"#,
    );
    let settings = ws.beside("config").join("eng");
    std::fs::create_dir_all(&settings).expect("make a folder");
    std::fs::write(
        settings.join("config.ron"),
        "[settings(config: {\"mine\": [\"-k\"], \"ci\": []})]",
    )
    .expect("write settings");
    assert_eq!(offered(&ws, &["eng", "test", "--mode", "slo"]), "slow slower");
    assert_eq!(offered(&ws, &["eng", "build", "--mode=rel"]), "--mode=release");
    assert_eq!(offered(&ws, &["eng", "explain", "--mode", "cov"]), "coverage");
    assert_eq!(offered(&ws, &["eng", "query", "--mode", "slowe"]), "slower");
    assert_eq!(offered(&ws, &["eng", "test", "--config", ""]), "ci cold mine");
    assert_eq!(offered(&ws, &["eng", "explain", "--config=m"]), "--config=mine");
    assert_eq!(offered(&ws, &["eng", "rules", "cc_l"]), "cc_library");
    assert_eq!(offered(&ws, &["eng", "rules", "ta"]), "tap");
}

#[test]
fn what_was_written_just_now_is_offered() {
    let ws = workspace(FILES);
    assert_eq!(offered(&ws, &["eng", "test", "//app:n"]), "");
    ws.write("app/BUILD.ron", "[filegroup(name: \"new\")]");
    assert_eq!(offered(&ws, &["eng", "test", "//app:n"]), "//app:new");
    ws.write("more/BUILD.ron", "[filegroup(name: \"some\")]");
    assert_eq!(offered(&ws, &["eng", "test", "//mo"]), "//more:all //more:some");
}

#[test]
fn where_nothing_is_known_nothing_is_told() {
    let ws = workspace("-- BUILD.ron\n[workspace(name: \"ws\", rules: [\"none.ron\"])]");
    assert_eq!(offered(&ws, &["eng", "test", "//a"]), "");
    ws.remove("BUILD.ron");
    assert_eq!(offered(&ws, &["eng", "test", "//a"]), "");
    assert_eq!(offered(&ws, &["eng", "frobnicate", "//a"]), "");
    assert_eq!(offered(&ws, &["eng"]), "");
}

/// What bash puts in place of the part that it takes for the last word, for a line that is typed up to
/// its end.
#[track_caller]
fn bash(ws: &Workspace, line: &str) -> String {
    // Bash ends words at these signs, and each run of them is a word of its own.
    let script = r#"
source <(eng completions bash)
COMP_LINE="$1" COMP_POINT=${#1} COMP_WORDS=() part=""
for ((at = 0; at < ${#1}; at++)); do
    sign="${1:at:1}"
    case "$part$sign" in
        [\'\"]*) part+="$sign" ;;
        *' ') [[ -n "$part" ]] && COMP_WORDS+=("$part"); part="" ;;
        *[:=]) [[ -n "$part" ]] && COMP_WORDS+=("$part"); COMP_WORDS+=("$sign"); part="" ;;
        *) part+="$sign" ;;
    esac
done
[[ "$sign" == [:=] && "$part" == "" ]] || COMP_WORDS+=("$part")
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
_eng eng "${part#[\'\"]}" ""
echo "${COMPREPLY[*]}"
"#;
    let eng = Path::new(env!("CARGO_BIN_EXE_eng"));
    let path = std::env::var("PATH").unwrap_or_default();
    let path = format!("{}:{path}", eng.parent().expect("it is in a folder").display());
    let mut command = Command::new("bash");
    command.args(["--norc", "-c", script, "bash", line]).current_dir(ws.root());
    command.env("PATH", path);
    for (name, value) in ws.command(&[]).get_envs() {
        command.envs(value.map(|value| (name, value)));
    }
    let run = Run::of(command);
    // Outside of a completion bash knows no 'compopt'.
    run.stdout.trim_end().to_string()
}

#[test]
fn bash_completes_labels_across_their_colons() {
    let ws = workspace(FILES);
    for (line, words) in [
        ("eng qu", "query"),
        ("eng test //ap", "//app/ //app:"),
        ("eng test //app:", "all lamp light light_test"),
        ("eng test //app:la", "lamp"),
        ("eng test  //app:lamp   //app:light_", "light_test"),
        ("eng query --output=mi", "minrank"),
        ("eng query 'deps(//app:lamp.", "deps(//app:lamp.c"),
        ("eng query \"deps(//app:lamp) + //app:light_", "deps(//app:lamp) + //app:light_test"),
        ("eng nothing //app:", ""),
    ] {
        assert_eq!(bash(&ws, line), words, "{line}");
    }
}

#[test]
fn scripts_are_read_by_their_shells() {
    let ws = workspace(FILES);
    for shell in ["bash", "zsh", "fish"] {
        let script = ws.eng(&["completions", shell]).expect(0).stdout;
        assert!(script.contains("eng complete "), "{script}");
    }
    ws.eng(&["completions", "tcsh"]).expect(2).tells("bash, zsh, fish");
}
