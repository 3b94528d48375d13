//! What users read when a file of theirs is none: pipes, sockets, devices, folders, unreadable and
//! enormous ones; and when what a command leaves behind is no file.

use crate::problems::tells;
use crate::support::{Run, Workspace, workspace};
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;

fn pipe(path: &Path) {
    let made = Command::new("mkfifo").arg(path).status().expect("start mkfifo");
    assert!(made.success(), "{}", path.display());
}

/// Tells a build of everything, of which nothing waits.
#[track_caller]
fn all(name: &str, ws: &Workspace) {
    tells(name, ws, &ws.eng(&["build", "--all", "//..."]));
}

/// Runs eng as somebody to whom permissions mean something: root gives that up.
fn as_user(ws: &Workspace, words: &[&str]) -> Run {
    let mut command = ws.command(words);
    if rustix::process::geteuid().is_root() {
        let mut plain = Command::new("setpriv");
        plain.args(["--bounding-set=-all", "--inh-caps=-all", "--ambient-caps=-all"]);
        plain.args(["--reuid=65534", "--clear-groups"]).arg(command.get_program());
        plain.args(command.get_args()).current_dir(ws.root()).stdin(std::process::Stdio::null());
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => plain.env(name, value),
                None => plain.env_remove(name),
            };
        }
        command = plain;
        for path in [ws.beside(""), ws.root().to_path_buf()] {
            fs::set_permissions(path, fs::Permissions::from_mode(0o777)).expect("open a folder");
        }
    }
    Run::of(command)
}

#[test]
fn a_build_file_that_is_a_pipe() {
    let ws = workspace("-- a/x\n");
    pipe(&ws.root().join("a/BUILD.ron"));
    all("files/a_build_file_that_is_a_pipe", &ws);
}

#[test]
fn the_root_file_that_is_a_pipe() {
    let ws = workspace("");
    ws.remove("BUILD.ron");
    pipe(&ws.root().join("BUILD.ron"));
    all("files/the_root_file_that_is_a_pipe", &ws);
}

#[test]
fn a_build_file_that_leads_to_a_pipe() {
    let ws = workspace("-- a/x\n");
    pipe(&ws.root().join("pipe"));
    symlink("../pipe", ws.root().join("a/BUILD.ron")).expect("make a link");
    all("files/a_build_file_that_leads_to_a_pipe", &ws);
}

#[test]
fn a_build_file_that_is_a_socket() {
    let ws = workspace("-- a/x\n");
    let socket = std::os::unix::net::UnixListener::bind(ws.root().join("a/BUILD.ron"));
    all("files/a_build_file_that_is_a_socket", &ws);
    drop(socket);
}

#[test]
fn a_build_file_that_leads_to_a_device() {
    let ws = workspace("-- a/x\n");
    symlink("/dev/zero", ws.root().join("a/BUILD.ron")).expect("make a link");
    all("files/a_build_file_that_leads_to_a_device", &ws);
}

#[test]
fn a_build_file_that_leads_to_itself() {
    let ws = workspace("-- a/x\n");
    symlink("BUILD.ron", ws.root().join("a/BUILD.ron")).expect("make a link");
    all("files/a_build_file_that_leads_to_itself", &ws);
}

#[test]
fn a_build_file_of_a_terabyte() {
    let ws = workspace("-- a/x\n");
    let file = fs::File::create(ws.root().join("a/BUILD.ron")).expect("make a file");
    file.set_len(1 << 40).expect("make it long");
    all("files/a_build_file_of_a_terabyte", &ws);
}

#[test]
fn a_build_file_of_64_mebibytes_of_zeros() {
    let ws = workspace("-- a/x\n");
    let file = fs::File::create(ws.root().join("a/BUILD.ron")).expect("make a file");
    file.set_len(64 << 20).expect("make it long");
    all("files/a_build_file_of_64_mebibytes_of_zeros", &ws);
}

#[test]
fn a_build_file_that_is_a_program() {
    let ws = workspace("-- a/x\n");
    fs::write(ws.root().join("a/BUILD.ron"), b"\x7fELF\x02\x01\x01\0\0\0\0\0\xff\xfe")
        .expect("write");
    all("files/a_build_file_that_is_a_program", &ws);
}

#[test]
fn a_rule_file_that_leads_to_a_pipe() {
    let ws = workspace("-- BUILD.ron\n[workspace(name: \"ws\", rules: [\"r.ron\"])]\n");
    pipe(&ws.root().join("pipe"));
    symlink("pipe", ws.root().join("r.ron")).expect("make a link");
    all("files/a_rule_file_that_leads_to_a_pipe", &ws);
}

#[test]
fn a_build_file_that_may_not_be_read() {
    let ws = workspace("-- a/BUILD.ron\n[filegroup(name: \"a\")]\n");
    let mode = fs::Permissions::from_mode(0o000);
    fs::set_permissions(ws.root().join("a/BUILD.ron"), mode).expect("forbid it");
    let run = as_user(&ws, &["build", "--all", "//..."]);
    tells("files/a_build_file_that_may_not_be_read", &ws, &run);
}

#[test]
fn a_folder_that_may_not_be_read() {
    let ws = workspace("-- a/BUILD.ron\n[filegroup(name: \"a\")]\n");
    fs::set_permissions(ws.root().join("a"), fs::Permissions::from_mode(0o000)).expect("forbid it");
    let run = as_user(&ws, &["build", "--all", "//..."]);
    fs::set_permissions(ws.root().join("a"), fs::Permissions::from_mode(0o755)).expect("allow it");
    tells("files/a_folder_that_may_not_be_read", &ws, &run);
}

#[test]
fn a_source_that_may_not_be_read() {
    let ws = workspace(
        "-- BUILD.ron\n[genrule(name: \"a\", srcs: [\"in\"], outs: [\"out\"], cmd: \"cat in > $OUT\")]\n-- in\n",
    );
    fs::set_permissions(ws.root().join("in"), fs::Permissions::from_mode(0o000))
        .expect("forbid it");
    let run = as_user(&ws, &["build", "--all", "//..."]);
    tells("files/a_source_that_may_not_be_read", &ws, &run);
}

#[test]
fn a_source_that_is_a_pipe() {
    let ws = workspace(
        "-- BUILD.ron\n[genrule(name: \"a\", srcs: [\"in\"], outs: [\"out\"], cmd: \"cat in > $OUT\")]\n",
    );
    pipe(&ws.root().join("in"));
    all("files/a_source_that_is_a_pipe", &ws);
}

#[test]
fn sources_that_lead_nowhere_to_a_pipe_and_to_a_device() {
    let ws = workspace(
        "-- BUILD.ron\n[genrule(name: \"a\", srcs: glob([\"in*\"]), outs: [\"out\"], cmd: \"cat $SRCS > $OUT\")]\n",
    );
    pipe(&ws.root().join("pipe"));
    for (name, target) in
        [("in1", "nowhere"), ("in2", "pipe"), ("in3", "/dev/null"), ("in4", "in4")]
    {
        let ws = workspace(&format!("-- BUILD.ron\n{}", ws.read("BUILD.ron")));
        pipe(&ws.root().join("pipe"));
        symlink(target, ws.root().join(name)).expect("make a link");
        all(&format!("files/a_source_that_leads_to_{}", target.replace("/dev/", "dev_")), &ws);
    }
}

/// A workspace whose rule leaves a depfile as its command makes it.
fn depfile(command: &str) -> Workspace {
    let ws = workspace(
        "-- BUILD.ron\n[workspace(name: \"ws\", rules: [\"r.ron\"]), take(name: \"a\", srcs: [\"in\"])]\n-- in\nx\n",
    );
    ws.write(
        "r.ron",
        &format!(
            r#"[rule(
    name: "take",
    attrs: (srcs: files(), sh: tool(default: "sh")),
    actions: (
        take: (
            run: ["{{sh}}", "-c", {command:?}, "sh", "{{out}}", "{{depfile}}", "{{srcs}}"],
            outs: (out: "{{name}}.out"),
            depfile: "{{name}}.d",
        ),
    ),
    provides: (files: ["{{out}}"]),
)]
"#
        ),
    );
    ws
}

/// Each is told, and what was wrong once is not taken for good at the next run.
macro_rules! depfiles {
    ($($name:ident: $code:literal, $command:literal;)*) => {$(
        #[test]
        fn $name() {
            let ws = depfile($command);
            let run = ws.eng(&["build", "--all", "//..."]).expect($code);
            tells(concat!("files/", stringify!($name)), &ws, &run);
            ws.eng(&["build", "--all", "//..."]).expect($code);
        }
    )*};
}

depfiles! {
    a_depfile_that_was_not_written: 1, "cp $3 $1";
    a_depfile_that_is_a_pipe: 1, "cp $3 $1; mkfifo $2";
    a_depfile_that_is_a_folder: 1, "cp $3 $1; mkdir $2";
    a_depfile_that_leads_to_a_device: 1, "cp $3 $1; ln -s /dev/zero $2";
    a_depfile_that_leads_nowhere: 1, "cp $3 $1; ln -s nowhere $2";
    a_depfile_without_rule: 1, "cp $3 $1; echo nothing here > $2";
    an_empty_depfile: 1, "cp $3 $1; : > $2";
    a_depfile_of_noise: 1, "cp $3 $1; printf '\\377\\000\\001' > $2";
}

/// A rule whose command leaves outputs as it likes.
macro_rules! outputs {
    ($($name:ident: $code:literal, $command:literal;)*) => {$(
        #[test]
        fn $name() {
            let text = format!(
                "-- BUILD.ron\n[genrule(name: \"a\", srcs: [\"in\"], outs: [\"out\", \"more\"], cmd: {:?})]\n-- in\nx\n",
                $command
            );
            let ws = workspace(&text);
            let run = ws.eng(&["build", "--all", "//..."]).expect($code);
            tells(concat!("files/", stringify!($name)), &ws, &run);
            ws.eng(&["build", "--all", "//..."]).expect($code);
        }
    )*};
}

outputs! {
    an_output_that_was_not_written: 1, "set $OUTS; cat in > $1";
    outputs_none_of_which_was_written: 1, "true; :";
    an_output_that_is_a_pipe: 1, "set $OUTS; cat in > $1; mkfifo $2";
    an_output_that_is_a_folder: 1, "set $OUTS; cat in > $1; mkdir $2";
    an_output_that_leads_to_an_input: 1, "set $OUTS; cat in > $1; ln -s $PWD/in $2";
    an_output_that_leads_nowhere: 1, "set $OUTS; cat in > $1; ln -s nowhere $2";
    an_output_that_leads_to_a_device: 1, "set $OUTS; cat in > $1; ln -s /dev/zero $2";
    an_output_of_another_name: 1, "set $OUTS; cat in > $1; cat in > $2.o";
}
