//! Every field that a key is made of changes it: a field that is added and not named here does not
//! compile.

use super::difference::difference;
use super::facts::lines;
use super::manifest::{Content, Detail, Manifest, Reach};
use crate::analyze::{Action, Command, Layout, TestProcess};
use crate::base::Digest;
use std::collections::BTreeSet;
use std::time::Duration;

fn base() -> Manifest {
    let file = |text: &[u8]| Content::File { digest: Digest::of(text), executable: false };
    Manifest {
        arguments: vec!["cc".into(), "-c".into()],
        variables: vec![("A".into(), "1".into())],
        outputs: vec!["out/x.o".into()],
        folder: "".into(),
        inputs: vec![("a.c".into(), file(b"a")), ("b.h".into(), file(b"b"))],
        tools: vec![("cc".into(), Digest::of(b"cc"))],
        host: Digest::of(b"host"),
        timeout: Some(Duration::from_secs(1)),
        details: vec![Detail::new("size", "small", "")],
    }
}

/// The manifest with another value of each field in turn, in as many ways as it may differ.
fn changed() -> Vec<(&'static str, Manifest)> {
    // No `..`: a new field must be named, and then the list below has to change it.
    let Manifest {
        arguments: _,
        variables: _,
        outputs: _,
        folder: _,
        inputs: _,
        tools: _,
        host: _,
        timeout: _,
        details: _,
    } = base();
    let with = |change: fn(&mut Manifest)| {
        let mut res = base();
        change(&mut res);
        res
    };
    let other = Digest::of(b"other");
    vec![
        ("an argument", with(|m| m.arguments[1] = "-S".into())),
        ("one argument more", with(|m| m.arguments.push("".into()))),
        ("arguments joined", with(|m| m.arguments = vec!["cc-c".into()])),
        ("a variable's name", with(|m| m.variables[0].0 = "B".into())),
        ("a variable's value", with(|m| m.variables[0].1 = "2".into())),
        ("no variable", with(|m| m.variables.clear())),
        ("an output's name", with(|m| m.outputs[0] = "out/y.o".into())),
        ("one output more", with(|m| m.outputs.push("out/z".into()))),
        ("the folder", with(|m| m.folder = "ws".into())),
        ("an input's name", with(|m| m.inputs[0].0 = "c.c".into())),
        (
            "an input's content",
            with(|m| {
                m.inputs[0].1 = Content::File { digest: Digest::of(b"other"), executable: false };
            }),
        ),
        (
            "the right to execute an input",
            with(|m| m.inputs[0].1 = Content::File { digest: Digest::of(b"a"), executable: true }),
        ),
        (
            "a folder in place of a file",
            Manifest {
                inputs: vec![("a.c".into(), Content::Tree { digest: other, root: other })],
                ..base()
            },
        ),
        ("one input less", with(|m| drop(m.inputs.pop()))),
        ("a tool's name", with(|m| m.tools[0].0 = "c++".into())),
        ("a tool's identity", with(|m| m.tools[0].1 = Digest::of(b"other"))),
        ("the host", with(|m| m.host = Digest::of(b"other"))),
        ("the limit of time", with(|m| m.timeout = Some(Duration::from_millis(1500)))),
        ("no limit of time", with(|m| m.timeout = None)),
        ("a detail's kind", with(|m| m.details[0].kind = "shard")),
        ("a detail's name", with(|m| m.details[0].name = "large".into())),
        ("a detail's value", with(|m| m.details[0].value = "1".into())),
        ("no detail", with(|m| m.details.clear())),
    ]
}

#[test]
fn every_field_of_a_manifest_changes_both_keys() {
    let (mut exact, mut walked) = (BTreeSet::new(), BTreeSet::new());
    exact.insert(base().exact());
    walked.insert(base().key(Reach::All));
    for (what, manifest) in changed() {
        assert!(exact.insert(manifest.exact()), "{what} does not change the exact key");
        assert!(walked.insert(manifest.key(Reach::All)), "{what} does not change the other key");
    }
}

#[test]
fn every_field_of_a_manifest_is_told_when_it_changes() {
    let before = lines(&base(), Reach::All);
    for (what, manifest) in changed() {
        let now = lines(&manifest, Reach::All);
        let why = difference(&before, &now, &|path| (path.to_string(), None));
        assert!(why.is_some_and(|why| !why.text.is_empty()), "{what}");
    }
}

#[test]
fn a_shape_has_the_names_of_inputs_and_not_their_contents() {
    let shape = |manifest: &Manifest| manifest.key(Reach::Names);
    for (what, manifest) in changed() {
        let is_content = matches!(what, "an input's content" | "the right to execute an input");
        assert_eq!(shape(&manifest) == shape(&base()), is_content, "{what}");
    }
}

/// How each field of an action gets into its manifest, or why it does not have to: `tests/keys.rs`
/// changes each in a rule file. A field that is added and not named here does not compile.
#[allow(dead_code)] // it is there to be compiled
fn fields_of_an_action(action: Action) {
    let Action {
        label: _,        // equal actions of two targets are one
        name: _,         // of the rule's text only what it expands to counts
        about: _,        // shown
        place: _,        // shown
        target_place: _, // shown
        command,         // arguments; lines of a written file are its content
        env: _,          // variables
        inputs: _,       // inputs
        sources: _,      // told to editors
        outputs: _,      // outputs, and which are folders in `details`
        depfile: _,      // an argument or variable, else the command would not know it
        narrow: _,       // which contents are in a narrowed key
        stdout: _,       // details
        params: _,       // how arguments are handed over, not what they are
        layout,          // folder, and paths of inputs
        timeout: _,      // timeout
        test,            // below
    } = action;
    match command {
        // A script of plain words does what the shell would do, or goes to the shell.
        Command::Run { words: _, script: _ } | Command::Write(_) => {}
    }
    match layout {
        Layout::Exec | Layout::Runfiles(_) => {}
    }
    let Some(process) = test else { return };
    let TestProcess {
        because: _,    // nothing: it is told, and changes no result
        size: _,       // details
        lists: _,      // arguments
        whole: _,      // whether there is a key at all
        program: _,    // arguments
        cases: _,      // details
        exclusive: _,  // beside what it runs is nobody's result
        skip: _,       // how a status is read; it is read again each time
        run_number: _, // results of several runs are not kept
        attempt: _,    // further attempts are never looked up
        seed: _,       // results of random orders are not kept
        shard: _,      // details
        only: _,       // details
        claims: _,     // resources in `details`
        fresh: _,      // whether results are looked up
        forget: _,     // whether they are kept
        watch: _,      // how a process is followed
        setups: _,     // details
        coverage: _,   // details
        env: _,        // details
    } = *process;
}
