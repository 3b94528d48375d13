//! Edits, kills and other processes while actions run.

use crate::support::{Run, Workspace, wait_for, wait_told, workspace};
use std::fs;
use std::path::PathBuf;
use std::process::{Child, Stdio};

/// A rule `slow` that tells when it has started and waits until it may go on; it needs `quick`.
struct Slow {
    ws: Workspace,
    started: PathBuf,
    go: PathBuf,
}

impl Slow {
    fn new() -> Slow {
        let ws = workspace("-- a.txt\na\n-- b.txt\nb");
        let (started, go) = (ws.beside("started"), ws.beside("go"));
        let text = format!(
            r#"[
    workspace(name: "ws"),
    genrule(name: "quick", srcs: ["a.txt"], outs: ["quick.txt"], cmd: "cp $SRCS $OUT"),
    genrule(name: "slow", srcs: [":quick", "a.txt", "b.txt"], outs: ["slow.txt"],
        cmd: "echo > {}; until test -e {}; do sleep 0.01; done; cat $SRCS > $OUT"),
]
"#,
            started.display(),
            go.display()
        );
        ws.write("BUILD.ron", &text);
        Slow { ws, started, go }
    }

    /// Starts eng and waits until `slow` runs.
    fn start(&self) -> Child {
        let mut command = self.ws.command(&["build", "--verbose", "--all"]);
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let child = child.expect("start eng");
        wait_for(&self.started);
        child
    }

    fn let_go(&self) {
        fs::write(&self.go, "").expect("let it go");
    }

    fn build(&self) -> Run {
        self.ws.build(&["--all"])
    }

    fn output(&self) -> String {
        self.ws.read("eng-out/bin/slow.txt")
    }
}

fn end(child: Child) -> Run {
    let output = child.wait_with_output().expect("wait for eng");
    Run {
        code: output.status.code().unwrap_or(-1),
        stdout: String::new(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

#[test]
fn an_input_that_is_edited_while_it_is_read_is_not_remembered_wrongly() {
    let slow = Slow::new();
    let child = slow.start();
    slow.ws.write("b.txt", "after\n");
    slow.let_go();
    end(child).expect(0);
    assert_eq!(slow.output(), "a\na\nafter\n");
    slow.build().ran(&[]);
    slow.ws.write("b.txt", "b\n");
    slow.build().ran(&["generate out/slow.txt"]);
    assert_eq!(slow.output(), "a\na\nb\n");
}

#[test]
fn two_inputs_that_are_edited_while_they_are_read_are_both_noticed() {
    let slow = Slow::new();
    let child = slow.start();
    slow.ws.write("a.txt", "new a\n");
    slow.ws.write("b.txt", "new b\n");
    slow.let_go();
    end(child).expect(0);
    slow.build();
    assert_eq!(slow.output(), "new a\nnew a\nnew b\n");
    slow.build().ran(&[]);
}

#[test]
fn an_input_that_is_edited_and_reverted_meanwhile_has_its_own_result() {
    let slow = Slow::new();
    let child = slow.start();
    slow.ws.write("b.txt", "between\n");
    slow.ws.write("b.txt", "b\n");
    slow.let_go();
    end(child).expect(0);
    assert_eq!(slow.output(), "a\na\nb\n");
    slow.build().ran(&[]);
}

#[test]
fn an_input_that_is_deleted_meanwhile_is_told() {
    let slow = Slow::new();
    let child = slow.start();
    slow.ws.remove("b.txt");
    slow.let_go();
    end(child).expect(1).tells("its input 'b.txt' is not there any more");
    slow.ws.write("b.txt", "back\n");
    slow.build();
    assert_eq!(slow.output(), "a\na\nback\n");
}

#[test]
fn after_a_kill_what_was_finished_is_not_redone() {
    let slow = Slow::new();
    let mut child = slow.start();
    wait_told(&mut child, "RAN  //:quick: ");
    child.kill().expect("kill eng");
    child.wait().expect("wait for eng");
    slow.let_go();
    slow.build().ran(&["generate out/slow.txt"]);
    assert_eq!(slow.output(), "a\na\nb\n");
    slow.build().ran(&[]);
}

#[test]
fn two_processes_at_once_are_fine() {
    let slow = Slow::new();
    let first = slow.start();
    let mut second = slow.ws.command(&["build", "--all"]);
    let second = second.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("start eng");
    slow.let_go();
    end(first).expect(0);
    end(second).expect(0);
    assert_eq!(slow.output(), "a\na\nb\n");
    slow.build().ran(&[]);
}
