//! Tests: whatever fact of a key changes, there is a reason that names it.

use super::difference::{KINDS, difference};
use super::facts::lines;
use super::manifest::{Content, Detail, Manifest, Reach, Reader};
use crate::base::{Digest, Doer};
use std::time::Duration;

fn file(text: &str, executable: bool) -> Content {
    Content::File { digest: Digest::of(text.as_bytes()), executable }
}

/// A manifest with a fact of each kind.
fn full() -> Manifest {
    let details = [
        ("folder output", "gen", ""),
        ("stdout", "log", ""),
        ("test", "//a:t", ""),
        ("size", "small", ""),
        ("case", "adds", ""),
        ("shard", "1 of 2", ""),
        ("only", "parse", ""),
        ("setup", "//a:db", "1"),
        ("resource", "port", "1 of 2"),
        ("coverage", "*.raw", "1"),
        ("test variable", "T", "1"),
        ("reading", "", "lines"),
    ];
    Manifest {
        arguments: ["cc", "-O0", "-c", "a.c"].map(str::to_string).to_vec(),
        variables: vec![("LANG".to_string(), "C".to_string())],
        outputs: vec!["a.o".to_string()],
        folder: "ws".to_string(),
        inputs: vec![
            ("a.c".to_string(), file("int a;", false)),
            ("a.h".to_string(), file("", false)),
            (
                "gen/x".to_string(),
                Content::Tree { digest: Digest::of(b"t"), root: Digest::of(b"r") },
            ),
        ],
        tools: vec![("cc".to_string(), Digest::of(b"cc"))],
        host: Digest::of(b"host"),
        timeout: Some(Duration::from_secs(60)),
        details: details.map(|(kind, name, value)| Detail::new(kind, name, value)).to_vec(),
    }
}

fn naming(path: &str) -> (String, Option<Doer>) {
    let subject = "make x".to_string();
    let writer = path.starts_with("gen/").then(|| Doer { label: "//a:g".to_string(), subject });
    (path.to_string(), writer)
}

fn told(before: &Manifest, now: &Manifest) -> String {
    let (before, now) = (lines(before, Reach::All), lines(now, Reach::All));
    difference(&before, &now, &naming).map_or_else(|| "nothing".to_string(), |why| why.text)
}

fn changed(change: impl FnOnce(&mut Manifest)) -> String {
    let mut now = full();
    change(&mut now);
    assert_ne!(now.key(Reach::All), full().key(Reach::All), "the key does not know it");
    told(&full(), &now)
}

/// All facts that a walk tells, as kind and name.
fn facts(manifest: &Manifest) -> Vec<(String, String)> {
    struct All(Vec<(String, String)>);
    impl Reader for All {
        fn fact(&mut self, kind: &'static str, name: &str, _: &[u8]) {
            self.0.push((kind.to_string(), name.to_string()));
        }
        fn input(&mut self, path: &str, _: &Content, _: bool) {
            self.0.push(("input".to_string(), path.to_string()));
        }
    }
    let mut all = All(Vec::new());
    manifest.walk(Reach::All, &mut all);
    all.0
}

#[test]
fn each_field_that_changes_is_named() {
    let text = |text: &str| text.to_string();
    assert_eq!(told(&full(), &full()), "nothing");
    assert_eq!(changed(|it| it.inputs[0].1 = file("int b;", false)), "a.c changed");
    assert_eq!(changed(|it| it.inputs[0].1 = file("int a;", true)), "a.c may be executed");
    assert_eq!(changed(|it| it.inputs[1].0 = text("b.h")), "b.h is new; a.h is no input any more");
    let tree = Content::Tree { digest: Digest::of(b"t"), root: Digest::of(b"other") };
    assert_eq!(changed(|it| it.inputs[2].1 = tree), "output of make x changed");
    assert_eq!(
        changed(|it| it.arguments[1] = text("-O2")),
        "command changed: -O2 added, -O0 removed"
    );
    assert_eq!(changed(|it| it.arguments.push(text("-g"))), "command changed: -g added");
    assert_eq!(changed(|it| it.arguments.swap(1, 2)), "command changed: another order");
    assert_eq!(changed(|it| it.variables[0].1 = text("D")), "environment LANG changed");
    assert_eq!(changed(|it| it.variables.clear()), "environment LANG is gone");
    assert_eq!(
        changed(|it| it.outputs[0] = text("b.o")),
        "outputs changed: b.o added, a.o removed"
    );
    assert_eq!(
        changed(|it| it.folder.clear()),
        "folder in which it starts changed from ws to none"
    );
    assert_eq!(changed(|it| it.tools[0].1 = Digest::of(b"dd")), "tool cc changed");
    assert_eq!(changed(|it| it.host = Digest::of(b"x")), "libc or release of the system changed");
    assert_eq!(changed(|it| it.timeout = None), "time limit changed from 60s to none");
    let expected = [
        ("folder output", "folders among the outputs changed: gen removed"),
        ("stdout", "output that takes what is printed changed from log to none"),
        ("test", "test //a:t is gone"),
        ("size", "size changed from small to none"),
        ("case", "cases changed: adds removed"),
        ("shard", "shard changed from 1 of 2 to none"),
        ("only", "test filter changed from parse to none"),
        ("setup", "setup //a:db is gone"),
        ("resource", "resource port is gone"),
        ("coverage", "how coverage is read changed"),
        ("test variable", "environment T is gone"),
        ("reading", "how results are read changed"),
    ];
    for (kind, wanted) in expected {
        assert_eq!(changed(|it| it.details.retain(|detail| detail.kind != kind)), wanted);
    }
}

/// Whatever kinds there will be: without a fact its kind or its name is in the reason.
#[test]
fn no_fact_of_a_walk_goes_without_a_reason() {
    let before = lines(&full(), Reach::All);
    let all = facts(&full());
    assert_eq!(all.len(), before.lines().count());
    let called = |name: &str| naming(name).1.map_or(name.to_string(), |writer| writer.subject);
    for (at, (kind, name)) in all.iter().enumerate() {
        let kept = before.lines().enumerate().filter(|(line, _)| *line != at);
        let now: String = kept.map(|(_, line)| format!("{line}\n")).collect();
        let told = difference(&before, &now, &naming).map(|why| why.text).unwrap_or_default();
        let noun = KINDS.iter().find(|it| it.0 == kind).map_or(kind.as_str(), |it| it.1);
        let named = told.contains(noun) || kind == "input" && told.contains(&called(name));
        assert!(named, "{kind} {name}: '{told}'");
    }
    let unknown = format!("{before}colour\tred\t\n");
    let why = difference(&before, &unknown, &naming).unwrap();
    assert_eq!(why.text, "colour red is new");
}

#[test]
fn inputs_that_were_not_read_do_not_matter_unless_they_come_or_go() {
    let used = ["a.c".to_string()];
    let before = lines(&full(), Reach::Used(&used));
    let mut now = full();
    now.inputs[1].1 = file("other", false);
    assert_eq!(difference(&before, &lines(&now, Reach::All), &naming), None);
    now.inputs.remove(1);
    let why = difference(&before, &lines(&now, Reach::All), &naming).unwrap();
    assert_eq!(why.text, "a.h is no input any more");
}

#[test]
fn many_changes_are_counted_and_long_words_are_cut() {
    let mut now = full();
    now.arguments.extend((0..9).map(|n| format!("-D{n}")));
    now.inputs.extend((0..5).map(|n| (format!("n{n}.h"), file("", false))));
    assert_eq!(
        told(&full(), &now),
        "n0.h, n1.h, n2.h and 2 more are new; \
        command changed: -D0, -D1, -D2 and 6 more added"
    );
    let mut now = full();
    now.arguments = vec!["x".repeat(99)];
    assert!(told(&full(), &now).contains(&format!("{}… added, cc, -O0", "x".repeat(60))));
}

#[test]
fn a_reason_is_one_line_whatever_names_hold() {
    let mut now = full();
    now.arguments[1] = "-DX=\"a\\b\"".to_string();
    assert_eq!(told(&full(), &now), "command changed: -DX=\"a\\b\" added, -O0 removed");
    let mut now = full();
    now.inputs.push(("z\n\u{1b}[1m.h".to_string(), file("", false)));
    assert_eq!(told(&full(), &now), "z\\n\\u{1b}[1m.h is new");
}

#[test]
fn of_a_script_the_words_are_told_that_changed() {
    let with = |script: &str| Manifest { arguments: vec![script.to_string()], ..full() };
    let told = |old: &str, new: &str| told(&with(old), &with(new));
    assert_eq!(told("tr a b < x\ncat", "tr a c < x\ncat"), "command changed: c added, b removed");
    assert_eq!(told("a b", "a  b"), "command changed: other spaces or order in a word");
}
