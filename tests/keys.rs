//! What a rule says of an action is in its key: each thing it can say is changed in turn, and the
//! action runs again, or does not where only words for people have changed.

use crate::support::{Workspace, workspace};

const RULES: &str = r#"[
    rule(
        name: "made",
        doc: "Makes files.",
        attrs: (srcs: files(), hdrs: files(), flags: strings(), sh: tool(default: "sh")),
        actions: (
            make: (
                run: ["{sh}", "-c", "cat a.txt b.txt > $0; : > $1; echo said", "{one}", "{two}", "{flags}"],
                env: (A: "1"),
                inputs: ["{srcs}"],
                outs: (one: "one", two: "two"),
                stdout: "two",
                say: "make {one.short}",
            ),
        ),
        provides: (files: ["{one}", "{two}"]),
    ),
]"#;

fn made() -> Workspace {
    let ws = workspace(&format!(
        r#"
-- BUILD.ron
[workspace(name: "ws", rules: ["r.ron"]), made(name: "m", srcs: ["a.txt", "b.txt"], hdrs: ["c.txt"], flags: ["x"])]
-- a.txt
a
-- b.txt
b
-- c.txt
c
-- r.ron
{RULES}
"#
    ));
    ws.build(&["//:m"]).ran(&["make one"]);
    ws.build(&["//:m"]).ran(&[]);
    ws
}

/// Replaces a text in a file of a fresh workspace; what then runs.
fn after(path: &str, from: &str, to: &str) -> Vec<String> {
    let ws = made();
    let text = ws.read(path);
    assert!(text.contains(from), "'{from}' is not in {path}");
    ws.write(path, &text.replacen(from, to, 1));
    let ran = ws.build(&["//:m"]).subjects();
    ws.build(&["//:m"]).ran(&[]);
    ran
}

#[test]
fn each_part_of_an_action_changes_its_key() {
    let changes = [
        ("r.ron", "echo said", "echo more"),
        ("r.ron", "env: (A: \"1\")", "env: (A: \"2\")"),
        ("r.ron", "env: (A: \"1\")", "env: (B: \"1\")"),
        ("r.ron", "env: (A: \"1\"),", ""),
        ("r.ron", "inputs: [\"{srcs}\"]", "inputs: [\"{srcs}\", \"{hdrs}\"]"),
        ("r.ron", "stdout: \"two\"", "stdout: \"one\""),
        ("r.ron", "two: \"two\"", "two: \"other\""),
        ("r.ron", "default: \"sh\"", "default: \"bash\""),
        ("BUILD.ron", "flags: [\"x\"]", "flags: [\"y\"]"),
        ("BUILD.ron", "flags: [\"x\"]", "flags: [\"x\", \"z\"]"),
        ("a.txt", "a", "other"),
    ];
    for (path, from, to) in changes {
        assert_eq!(after(path, from, to), ["make one"], "{from} became {to}");
    }
}

#[test]
fn what_is_said_to_people_is_in_no_key() {
    for (path, from, to) in [
        ("r.ron", "Makes files.", "Writes files."),
        ("r.ron", "make {one.short}", "write {one.short}"),
        ("r.ron", "            make: (", "            produce: ("),
        ("BUILD.ron", "name: \"m\"", "name: \"m\", tags: [\"t\"], doc: \"d\""),
        ("c.txt", "c", "an input of nothing"),
    ] {
        assert_eq!(after(path, from, to), [""; 0], "{from} became {to}");
    }
}
