//! `eng fmt`: what it reads, writes, tells and leaves alone. How things are laid out is tested beside
//! the layout itself.

use crate::support::{Run, workspace};
use std::fs;
use std::io::Write;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::Stdio;

const UGLY: &str = "[f( name:\"x\" )]";
const NICE: &str = "[\n    f(name: \"x\"),\n]\n";

#[test]
fn all_files_of_the_workspace_are_laid_out_and_the_second_time_nothing_happens() {
    let ws = workspace(
        "-- BUILD.ron\n[workspace(name: \"ws\", rules: [\"r/*.ron\"], ignore: [\"no\"])]\n",
    );
    for path in ["a/BUILD.ron", "r/x.ron", "other.ron", "no/BUILD.ron", ".dot/BUILD.ron"] {
        ws.write(path, UGLY);
    }
    let run = ws.eng(&["fmt"]).expect(0);
    assert_eq!(
        run.stderr,
        "formatted BUILD.ron\nformatted a/BUILD.ron\nformatted r/x.ron\nformatted 3 files\n"
    );
    assert_eq!(ws.read("a/BUILD.ron"), NICE);
    assert_eq!(ws.read("r/x.ron"), NICE);
    for path in ["other.ron", "no/BUILD.ron", ".dot/BUILD.ron"] {
        assert_eq!(ws.read(path), UGLY, "{path}");
    }
    let again = ws.eng(&["fmt"]).expect(0);
    assert_eq!((again.stdout.as_str(), again.stderr.as_str()), ("", ""));
}

#[test]
fn check_and_diff_name_what_would_change_and_change_nothing() {
    let ws = workspace("-- BUILD.ron\n[\n    workspace(name: \"ws\"),\n]\n-- a/BUILD.ron\n[f()]\n");
    let run = ws.eng(&["fmt", "--check"]).expect(1);
    assert_eq!(run.stdout, "a/BUILD.ron\n");
    assert_eq!(run.stderr, "1 file would change; 'eng fmt' does it\n");
    let run = ws.eng(&["fmt", "--diff", "a"]).expect(1);
    assert_eq!(
        run.stdout,
        "--- a/BUILD.ron\n+++ a/BUILD.ron\n@@ -1 +1,3 @@\n-[f()]\n+[\n+    f(),\n+]\n"
    );
    assert_eq!(ws.read("a/BUILD.ron"), "[f()]\n");
    ws.eng(&["fmt", "--check", "BUILD.ron"]).expect(0);
}

#[test]
fn a_broken_file_is_told_and_the_others_are_laid_out_all_the_same() {
    let ws =
        workspace("-- a/BUILD.ron\n[f(name = 1)]\n-- b/BUILD.ron\n[g()]\n-- c/BUILD.ron\n[]\n");
    fs::write(ws.root().join("c/BUILD.ron"), b"[\xff]").expect("write a file");
    ws.eng(&["fmt"])
        .expect(2)
        .tells("a/BUILD.ron:1:9: RON writes 'name: value', not 'name = value'")
        .tells("c/BUILD.ron:1:2: the byte 0xff is not UTF-8")
        .tells("formatted b/BUILD.ron");
    assert_eq!(ws.read("a/BUILD.ron"), "[f(name = 1)]\n");
    assert_eq!(ws.read("b/BUILD.ron"), "[\n    g(),\n]\n");
}

#[test]
fn a_path_is_enough_without_a_workspace() {
    let ws = workspace("");
    let folder = ws.beside("none");
    fs::create_dir(&folder).expect("make a folder");
    fs::write(folder.join("x.ron"), UGLY).expect("write a file");
    let run = |arguments: &[&str]| Run::of(ws.command_at(&folder, "cache", arguments));
    run(&["fmt", "x.ron"]).expect(0);
    assert_eq!(fs::read_to_string(folder.join("x.ron")).expect("read it"), NICE);
    run(&["fmt"]).expect(2).tells("is in no workspace");
    run(&["fmt", "y.ron"]).expect(2).tells("eng: cannot read 'y.ron': No such file or directory");
}

#[test]
fn modes_and_links_stay_and_what_is_read_only_is_told() {
    let ws = workspace("-- BUILD.ron\n[\n    workspace(name: \"ws\"),\n]\n-- a/BUILD.ron\n[f()]\n");
    ws.write("a/real.ron", UGLY);
    symlink("real.ron", ws.root().join("a/link.ron")).expect("make a link");
    let mode = |path: &Path, mode| {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("set a mode");
    };
    let real = ws.root().join("a/real.ron");
    mode(&real, 0o640);
    ws.eng(&["fmt", "a/link.ron"]).expect(0);
    assert_eq!(ws.read("a/real.ron"), NICE);
    assert!(ws.root().join("a/link.ron").is_symlink());
    let found = fs::metadata(&real).expect("look at it").permissions().mode();
    assert_eq!(found & 0o777, 0o640);

    mode(&ws.root().join("a/BUILD.ron"), 0o444);
    ws.eng(&["fmt"]).expect(36).tells(
        "eng: a/BUILD.ron is read-only and would change; 'chmod u+w a/BUILD.ron' lets it be written\n",
    );
    assert_eq!(ws.read("a/BUILD.ron"), "[f()]\n");
    let left = fs::read_dir(ws.root().join("a")).expect("look into a folder").count();
    assert_eq!(left, 3, "nothing is left behind");
}

#[test]
fn standard_input_comes_out_of_standard_output() {
    let ws = workspace("");
    let run = |arguments: &[&str], text: &str| {
        let mut command = ws.command(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("start eng");
        let mut stdin = child.stdin.take().expect("it is piped");
        stdin.write_all(text.as_bytes()).expect("write to eng");
        drop(stdin);
        let output = child.wait_with_output().expect("wait for eng");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (output.status.code(), text(&output.stdout), text(&output.stderr))
    };
    assert_eq!(run(&["fmt", "-"], UGLY), (Some(0), NICE.to_string(), String::new()));
    assert_eq!(run(&["fmt", "--check", "-"], NICE).0, Some(0));
    assert_eq!(run(&["fmt", "--check", "-"], UGLY).0, Some(1));
    let (code, out, told) = run(&["fmt", "-"], "[");
    assert_eq!((code, out.as_str()), (Some(2), ""));
    assert!(told.starts_with("<stdin>:1:2: the file ends here"), "{told}");
}

#[test]
fn the_files_of_this_repository_are_laid_out() {
    let ws = workspace("");
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    for folder in ["rules", "examples", "tests/fixtures", "tests/real"] {
        for entry in walkdir::WalkDir::new(root.join(folder)) {
            let path = entry.expect("list the repository").into_path();
            if path.extension().is_some_and(|it| it == "ron") {
                files.push(path.display().to_string());
            }
        }
    }
    files.push(root.join("BUILD.ron").display().to_string());
    assert!(files.len() > 40, "{files:?}");
    let words: Vec<&str> =
        ["fmt", "--check"].into_iter().chain(files.iter().map(String::as_str)).collect();
    let run = ws.eng(&words).expect(0);
    assert_eq!(run.stdout, "");
}
