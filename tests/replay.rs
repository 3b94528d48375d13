//! `eng replay`: a saved stream shows what its run showed.

use crate::events::{ALL, lines, of};
use crate::support::{Run, Workspace, workspace};

/// Runs a command, and replays what it has left behind: both tell the same.
#[track_caller]
fn same(ws: &Workspace, arguments: &[&str], replay: &[&str], code: i32) -> Run {
    let with = [arguments, &["--events=it.jsonl"]].concat();
    let run = ws.eng(&with).expect(code);
    let again = ws.eng(&[&["replay", "it.jsonl"], replay].concat()).expect(0);
    assert_eq!(again.stderr, run.stderr);
    assert_eq!(again.stdout, "");
    again
}

#[test]
fn a_replay_tells_what_the_run_told() {
    let ws = workspace(ALL);
    same(&ws, &["test", "//..."], &[], 1);
    same(&ws, &["test", "//...", "--test-output=all"], &["--test-output=all"], 1);
    same(&ws, &["test", "//...", "--verbose", "--retell"], &["--verbose"], 1);
    same(&ws, &["test", "//:bad", "//:tap", "--runs=2", "--shuffle=3"], &[], 3);
    same(&ws, &["test", "//:good", "--schedule=two-phase", "-v"], &["-v"], 0);
    same(&ws, &["build", "--all", "//:made", "//:tool"], &[], 0);
    same(&ws, &["build", "//:broken"], &[], 1);
    // Where nothing is done but remembered.
    same(&ws, &["build", "--all", "//:made", "//:tool"], &[], 0);
    same(&ws, &["build", "--all", "//:non"], &[], 2);
    same(&ws, &["test", "--color=always", "//:bad"], &["--color=always"], 3);
}

#[test]
fn the_last_run_is_replayed_if_none_is_named_also_without_a_store() {
    let ws = workspace(ALL);
    let run = ws.eng(&["build", "//:broken", "//:made"]).expect(1);
    assert!(run.stderr.contains("out of ideas\n"), "{}", run.stderr);
    std::fs::remove_dir_all(ws.beside("cache")).unwrap();
    let again = Run::of(ws.command(&["replay"])).expect(0);
    assert_eq!(again.stderr, run.stderr);
}

#[test]
fn a_replay_gives_the_same_stream() {
    let ws = workspace(ALL);
    ws.eng(&["test", "//...", "--events=a.jsonl"]).expect(1);
    ws.eng(&["replay", "a.jsonl", "--events=b.jsonl"]).expect(0);
    assert_eq!(ws.read("b.jsonl"), ws.read("a.jsonl"));
    assert_eq!(of(&lines(&ws.read("b.jsonl")), "ended").len(), 1);
}

/// What is told of a stream whose text was changed.
#[track_caller]
fn wrong(ws: &Workspace, text: &str, code: i32) -> String {
    ws.write("it.jsonl", text);
    ws.eng(&["replay", "it.jsonl"]).expect(code).stderr
}

#[test]
fn bad_lines_are_told_with_their_place() {
    let ws = workspace(ALL);
    let line = |text: &str| format!("{{\"v\":1,\"t\":1.5,\"seq\":0,{text}}}\n");
    let warning = line("\"ev\":\"warning\",\"text\":\"x\"");
    let broken = "warning: it.jsonl breaks off before its run has ended\n";
    for (text, told) in [
        (
            "{\"v\":1,]\n".to_string(),
            "eng: it.jsonl:1:8: the line is no event: key must be a string\n",
        ),
        ("{}\n".to_string(), "eng: it.jsonl:1:2: the line is no event: missing field `v`\n"),
        (
            warning.replace("\"v\":1", "\"v\":2"),
            "eng: it.jsonl:1:1: the line is of version 2; this eng reads version 1\n",
        ),
        (
            line("\"ev\":\"warning\""),
            "eng: it.jsonl:1:1: the line is no event: missing field `text`\n",
        ),
        (
            line("\"x\":1"),
            "eng: it.jsonl:1:1: the line has no field 'ev', which says what happened\n",
        ),
        (
            line("\"ev\":\"delivered\",\"label\":\"x\",\"path\":\"y\""),
            "eng: it.jsonl:1:1: the line has 'x', which is no label; write ':x' for a target of this package, else '//package:x'\n",
        ),
        (
            line("\"ev\":\"ended\",\"exit\":0") + &warning,
            "eng: it.jsonl:2:1: the run was over before this line\n",
        ),
        (
            line(
                "\"ev\":\"test_finished\",\"label\":\"//:x\",\"cases\":2,\"good\":true,\"duration\":1",
            ),
            "eng: it.jsonl:1:1: the line tells 2 cases of //:x, but before it are 0\n",
        ),
    ] {
        assert_eq!(wrong(&ws, &text, 2), told, "{text}");
    }
    assert_eq!(wrong(&ws, "\u{fffd}\n", 2).lines().count(), 1);
    std::fs::write(ws.root().join("it.jsonl"), b"{\"v\":1,\"\xff\n").unwrap();
    let run = ws.eng(&["replay", "it.jsonl"]).expect(2);
    assert_eq!(run.stderr, "eng: it.jsonl:1:9: the line is not UTF-8\n");
    let none = ws.eng(&["replay", "no.jsonl"]).expect(2);
    assert_eq!(
        none.stderr,
        "eng: cannot read the stream 'no.jsonl': No such file or directory (os error 2)\n"
    );
    // What a killed run has left is told as far as it goes.
    assert_eq!(wrong(&ws, &format!("{warning}{{\"v\":1,"), 0), format!("warning: x\n{broken}"));
    assert_eq!(wrong(&ws, "", 0), broken);
}

#[test]
fn unknown_kinds_are_left_out_with_one_note_and_missing_lines_are_told() {
    let ws = workspace(ALL);
    ws.eng(&["test", "//:good", "--events=a.jsonl"]).expect(0);
    let text = ws.read("a.jsonl");
    let more = text.replacen("\"ev\":\"phase\"", "\"ev\":\"mood\"", 1).replacen(
        "\"ev\":\"phase\"",
        "\"ev\":\"phaze\"",
        1,
    );
    let told = wrong(&ws, &more, 0);
    assert!(told.ends_with("note: it.jsonl tells things of kinds that this eng does not know; they are left out: 'mood', 'phaze'; did you mean 'phase'?\n"), "{told}");
    let more = text.replace("\"v\":1,", "\"v\":1,\"new\":[1],");
    assert!(wrong(&ws, &more, 0).starts_with("PASS  //:good"));
    let shorter: Vec<&str> = text.lines().filter(|line| !line.contains("\"phase\"")).collect();
    let told = wrong(&ws, &(shorter.join("\n") + "\n"), 0);
    assert!(told.starts_with("warning: it.jsonl:2:1: 2 lines are missing here\n"), "{told}");
}

#[test]
fn a_stream_that_is_read_is_not_written_over_and_nothing_is_lost_by_a_mistake() {
    let ws = workspace(ALL);
    ws.eng(&["build", "//:made", "--events=it.jsonl"]).expect(0);
    let before = ws.read("it.jsonl");
    let told = ws.eng(&["replay", "it.jsonl", "--events=./it.jsonl"]).expect(2).stderr;
    assert_eq!(told, "eng: --events=./it.jsonl: that is the same file as what is read\n");
    ws.write("old.xml", "old");
    ws.eng(&["replay", "it.jsonk", "--junit=old.xml"]).expect(2);
    assert_eq!((ws.read("it.jsonl"), ws.read("old.xml")), (before, "old".to_string()));
    let told = ws.eng(&["build", "--events=x.jsonl", "--bep=x.jsonl"]).expect(2).stderr;
    assert_eq!(told, "eng: --bep=x.jsonl: that is the same file as --events=x.jsonl\n");
    let told = ws.eng(&["build", "--events=-", "--bep=fd:1"]).expect(2).stderr;
    assert_eq!(told, "eng: --bep=fd:1: that is the same file as --events=-\n");
}

#[test]
fn a_bad_line_ends_what_is_made_of_the_stream_in_good_order() {
    let ws = workspace(ALL);
    ws.eng(&["build", "//:made", "--events=it.jsonl"]).expect(0);
    let text = ws.read("it.jsonl");
    let first: String = text.lines().take(3).map(|line| format!("{line}\n")).collect();
    ws.write("it.jsonl", &format!("{first}nothing\n"));
    ws.eng(&["replay", "it.jsonl", "--events=new.jsonl", "--junit=new.xml"]).expect(2);
    let last = lines(&ws.read("new.jsonl")).pop().unwrap();
    assert_eq!((last["ev"].as_str(), last["exit"].as_i64()), (Some("ended"), Some(2)));
    assert!(ws.read("new.xml").ends_with("</testsuites>\n"), "{}", ws.read("new.xml"));
}

#[test]
fn a_stream_that_breaks_off_inside_of_a_character_is_told_as_far_as_it_goes() {
    let ws = workspace(ALL);
    ws.eng(&["build", "//:made", "--events=it.jsonl"]).expect(0);
    let text = ws.read("it.jsonl");
    let first = text.lines().next().unwrap();
    let cut = [first.as_bytes(), b"\n{\"v\":1,\"ev\":\"\xe2\x80"].concat();
    std::fs::write(ws.root().join("it.jsonl"), cut).unwrap();
    ws.eng(&["replay", "it.jsonl"])
        .expect(0)
        .tells("warning: it.jsonl breaks off before its run has ended");
}

#[test]
fn times_that_nobody_can_write_end_no_replay() {
    let ws = workspace(ALL);
    ws.eng(&["build", "//:made", "--events=it.jsonl"]).expect(0);
    let first = ws.read("it.jsonl").lines().next().unwrap().to_string();
    let case = "{\"v\":1,\"seq\":1,\"ev\":\"case_finished\",\"label\":\"//:x\",\"case\":\"c\",\
                \"verdict\":\"passed\",\"cached\":true,\"known\":{\"run\":1,\"time\":18446744073709551615}}";
    let test = "{\"v\":1,\"seq\":2,\"ev\":\"test_finished\",\"label\":\"//:x\",\"cases\":1,\
                \"good\":true,\"duration\":1}";
    ws.write("it.jsonl", &format!("{first}\n{case}\n{test}\n"));
    ws.eng(&["replay", "it.jsonl", "--junit=it.xml"]).expect(0);
    assert!(ws.read("it.xml").contains("<testcase name=\"c\""), "{}", ws.read("it.xml"));
    ws.write("it.jsonl", &format!("{first}\n{test}\n").replace("\"cases\":1", "\"cases\":0"));
    ws.eng(&["replay", "it.jsonl", "--junit=it.xml"]).expect(0);
}
