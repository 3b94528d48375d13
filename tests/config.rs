//! Profiles: flags of the workspace and of the user.

use crate::problems::{tells, wrong};
use crate::support::{Run, Workspace, workspace};
use std::fs;

wrong! {
    an_unknown_profile: 2, "build --config=cii", r#"
-- BUILD.ron
[workspace(name: "ws", config: {"ci": ["--jobs=2"], "asan": ["--mode=release"]})]
"#;
    an_unknown_profile_where_there_is_none: 2, "build --config=ci", r#"
-- BUILD.ron
[workspace(name: "ws")]
"#;
    profiles_that_cannot_be: 2, "build", r#"
-- BUILD.ron
[workspace(name: "ws", config: {"ci": ["--jobs=2", 3], "a b": ["--jobs=2"], "ci": [], 4: []})]
"#;
    a_list_of_profiles: 2, "build --config=ci", r#"
-- BUILD.ron
[workspace(name: "ws", config: ["ci"])]
"#;
    flags_that_no_command_takes: 2, "test", r#"
-- BUILD.ron
[workspace(
    name: "ws",
    config: {
        "ci": [
            "--jbos=2", "--jobs=many", "--jobs", "--jobs 2", "//a:b", "-//a/...", "--", "--help",
            "--test_output=everything", "-x",
        ],
        "both": ["--keep-going", "--fail-fast"],
        "twice": ["--jobs=2", "-j3"],
    },
)]
"#;
    a_flag_with_a_wrong_value: 2, "test --config=ci", r#"
-- BUILD.ron
[workspace(name: "ws", config: {"ci": ["--jobs=2", "--retries=5000"]}), sh_test(name: "t", srcs: "t.sh")]
-- t.sh
#!/bin/sh
"#;
    a_profile_that_takes_itself: 2, "test --config=a", r#"
-- BUILD.ron
[workspace(name: "ws", config: {"a": ["--config=b"], "b": ["--jobs=2", "--config=a"], "c": ["--config=d"]})]
"#;
    a_remote_in_a_workspace: 2, "test", r#"
-- BUILD.ron
[workspace(name: "ws", config: {"ci": ["--remote-cache=https://example.com"]})]
"#;
}

/// A program that tells the modes it was built with.
const MODES: &str = r#"
-- BUILD.ron
[
    workspace(
        name: "ws", modes: ["asan", "small"],
        config: {
            "asan": ["--mode=asan"],
            "ci": ["--config=asan", "--mode=release", "--test_output=all", "--keep-going"],
        },
    ),
    genrule(
        name: "modes", outs: ["modes"],
        cmd: "echo $A$R$S > $OUT",
        env: {"A": "-", "R": "-", "S": "-"},
    ),
    sh_test(name: "t", srcs: "t.sh"),
    cc_test(name: "c", srcs: ["c.c"], local_defines: [when("asan", ["ASAN"]), when("release", ["RELEASE"]), when("small", ["SMALL"])]),
]
-- t.sh
#!/bin/sh
echo shown
-- c.c
#include <stdio.h>
int main(void)
{
#ifdef ASAN
    fputs("asan ", stdout);
#endif
#ifdef RELEASE
    fputs("release ", stdout);
#endif
#ifdef SMALL
    fputs("small ", stdout);
#endif
    puts("modes");
    return 0;
}
"#;

#[test]
fn a_profile_gives_flags_and_each_verb_takes_those_that_it_knows() {
    let ws = workspace(MODES);
    let all = |flags: &[&str]| {
        let flags = [&["test", "//:c", "--test-output=all"], flags].concat();
        ws.eng(&flags).expect(0)
    };
    all(&[]).tells("    modes\n");
    all(&["--config=asan"]).tells("    asan modes\n");
    all(&["--config=asan", "--mode", "small"]).tells("    asan small modes\n");
    // A profile may take another one; of its other flags each verb takes what it knows.
    ws.eng(&["test", "--config=ci", "//:c"]).expect(0).tells("    asan release modes\n");
    ws.eng(&["build", "--config=ci", "--verbose", "--no-cache", "//:c"])
        .expect(0)
        .tells(" -DASAN -DRELEASE ");
    // Results of profiles are kept apart and stay.
    ws.eng(&["test", "--config=asan", "--verbose", "//:c"]).expect(0).ran(&[]);
    ws.eng(&["test", "--verbose", "//:c"]).expect(0).ran(&[]);
    let told = ws.eng(&["explain", "--config=asan", "//:c"]).expect(0).stdout;
    assert!(!told.contains("would run"), "{told}");
}

/// A failing test and a passing one; `default` says whose output is shown.
fn shows(config: &str) -> Workspace {
    workspace(&format!(
        "-- BUILD.ron\n[workspace(name: \"ws\", config: {config}), sh_test(name: \"t\", srcs: \"t.sh\")]\n-- t.sh\n#!/bin/sh\necho shown\n"
    ))
}

fn settings(ws: &Workspace, text: &str) {
    let folder = ws.beside("config/eng");
    fs::create_dir_all(&folder).expect("make a folder");
    fs::write(folder.join("config.ron"), text).expect("write settings");
}

fn shown(ws: &Workspace, flags: &[&str]) -> bool {
    let flags = [&["test", "--fresh"], flags].concat();
    ws.eng(&flags).expect(0).stderr.contains("shown")
}

#[test]
fn the_stronger_of_two_flags_holds() {
    let ws = shows(r#"{"ci": ["--test-output=all"]}"#);
    assert!(!shown(&ws, &[]));
    assert!(shown(&ws, &["--config=ci"]));
    assert!(!shown(&ws, &["--config=ci", "--test_output=errors"]));
    assert!(!shown(&ws, &["--test_output=errors", "--config=ci"]));

    // The user's settings are weaker than the workspace's.
    settings(
        &ws,
        r#"[settings(config: {"default": ["--test-output=all"], "ci": ["--test-output=errors"]})]"#,
    );
    assert!(shown(&ws, &[]));
    assert!(shown(&ws, &["--config=ci"]));
    let ws = shows(r#"{"default": ["--test-output=errors"], "quiet": ["--test-output=summary"]}"#);
    settings(
        &ws,
        r#"[settings(config: {"default": ["--test-output=all"], "mine": ["--test-output=all"]})]"#,
    );
    assert!(!shown(&ws, &[]));
    assert!(shown(&ws, &["--config=mine"]));
    assert!(!shown(&ws, &["--config=mine", "--config=quiet"]));
    assert!(shown(&ws, &["--config=quiet", "--config=mine"]));
}

#[test]
fn variables_are_stronger_than_profiles_and_flags_than_variables() {
    let ws = shows(r#"{"default": ["--jobs=0"]}"#);
    let run = |jobs: Option<&str>, flags: &[&str]| {
        let mut command = ws.command(&[&["build", "--all"], flags].concat());
        command.envs(jobs.map(|jobs| ("ENG_JOBS", jobs)));
        Run::of(command)
    };
    let told = "BUILD.ron:1:45: --jobs is 0; it must be from 1 to 1000\n";
    run(None, &[]).expect(2).tells(told);
    run(Some("3"), &[]).expect(0);
    run(Some("0"), &["-j2"]).expect(0);
    run(Some("0"), &[]).expect(2).tells("eng: ENG_JOBS is 0; it must be from 1 to 1000\n");
}

#[test]
fn a_mode_that_a_profile_activates_and_that_there_is_not_is_told_with_its_place() {
    let ws = shows(r#"{"default": ["--jobs=2"], "asan": ["--mode=asn_1", "--mode=relaese"]}"#);
    let told = "BUILD.ron:1:83: there is no mode 'relaese'; did you mean 'release'?";
    for verb in [&["build", "--all"][..], &["test"], &["explain", "//:t"]] {
        let run = ws.eng(&[verb, &["--config=asan"]].concat()).expect(2).tells(told);
        run.tells("BUILD.ron:1:67: there is no mode 'asn_1'; known are ");
    }
    ws.eng(&["test", "--mode=relaese"]).expect(2).tells("eng: there is no mode 'relaese'; ");
}

#[test]
fn a_flag_that_excludes_one_of_a_profile_holds() {
    let ws = shows(r#"{"default": ["--keep-going"], "fast": ["--fail-fast"]}"#);
    for flags in [&["--fail-fast"][..], &["--config=fast"], &["--config=fast", "-k"]] {
        ws.eng(&[&["test"], flags].concat()).expect(0);
    }
}

#[test]
fn wrong_settings_of_a_user_are_told_with_their_place() {
    let ws = shows("{}");
    settings(&ws, "[setings(config: {})]");
    let path = ws.beside("config/eng/config.ron").display().to_string();
    let run = ws.eng(&["test"]).expect(2);
    run.tells(&format!(
        "{path}:1:2: 'settings(config: {{..}})' was expected, found 'setings(..)'\n"
    ));
    settings(&ws, "[settings(config: {\"default\": [\"--jbos=2\"]}, remote: \"x\")]");
    ws.eng(&["test"]).expect(2).tells(&format!("{path}:1:46: 'settings' has no field 'remote'"));
    settings(&ws, "[settings(config: {\"default\": [\"--jbos=2\"]})]");
    ws.eng(&["test"])
        .expect(2)
        .tells(&format!("{path}:1:32: no command takes '--jbos'; did you mean '--jobs'?\n"));
    // What takes no profiles is not concerned.
    ws.eng(&["clean"]).expect(0);
    settings(&ws, "[settings(config: {\"default\": [\"--jobs=1\"]})]");
    let run = ws.eng(&["test", "--config=defualt"]).expect(2);
    tells("an_unknown_profile_of_a_user", &ws, &run);
}
