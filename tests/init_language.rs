//! `eng init` and languages that a workspace describes itself.

use crate::support::workspace;

#[test]
fn a_workspace_can_describe_its_own_language() {
    let ws = workspace(
        r#"
-- BUILD.ron
[workspace(name: "ws", rules: ["notes.ron"])]
-- notes.ron
[
    rule(name: "note", attrs: (srcs: files()), provides: (files: ["{srcs}"])),
    language(
        name: "notes",
        sources: ["*.note"],
        program: "^title:",
        rules: (program: "note"),
        attrs: (sources: "srcs"),
    ),
]
-- a/x.note
title: x
-- a/y.note
no title
"#,
    );
    ws.eng(&["init"]).expect(2).tells("'eng init --add' leaves them as they are");
    let run = ws.eng(&["init", "--add"]).expect(0);
    assert_eq!(
        run.stderr,
        "wrote a/BUILD.ron\n1 target in 1 file: 1 note\nnext: eng build && eng test\n"
    );
    assert_eq!(ws.read("a/BUILD.ron"), "[\n    note(name: \"x\", srcs: [\"x.note\"]),\n]\n");
}

#[test]
fn a_language_that_is_described_wrongly_is_told_with_its_place() {
    let ws = workspace("-- BUILD.ron\n[workspace(name: \"ws\", rules: [\"l.ron\"])]\n");
    ws.write("l.ron", "[language(name: \"l\", sources: [\"*.l\"], program: \"(\", sorces: [], imports: [(find: \"x\")])]\n");
    ws.eng(&["build"]).expect(0);
    ws.eng(&["init", "--add"])
        .expect(2)
        .tells("l.ron:1:49: 'program' is no regular expression: unclosed group")
        .tells("'language' has no field 'sorces'; did you mean 'sources'?")
        .tells("'find' has a group '(?<path>..)', which is missing");
}
