//! Nasty names of what a run has one of: the workspace, the cache, words of the command line; and of
//! cases of a test. See `names`.

use crate::names::{harmless, names, shortened, shown};
use crate::support::golden::golden;
use crate::support::{Run, workspace};
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// What became of a build in a workspace of its own.
fn alone(place: &Path, run: &Run, out: &Path) -> String {
    harmless(&run.stderr);
    harmless(&run.stdout);
    match run.code {
        0 => {
            assert_eq!(fs::read_to_string(out).expect("read what was built"), "nasty\n");
            "handled".to_string()
        }
        code => {
            let told = run.stderr.trim().replace(&place.display().to_string(), "PLACE");
            format!("exit {code}: {}", shortened(&told))
        }
    }
}

const COPY: &str = "-- BUILD.ron\n[genrule(name: \"t\", srcs: [\"in\"], outs: [\"out\"], cmd: \"cat in > $OUT\")]\n-- in\nnasty\n";

#[test]
fn of_the_workspace() {
    let ws = workspace(COPY);
    let mut text = String::new();
    for name in names() {
        let root = ws.beside("at").join(OsStr::from_bytes(&name));
        let made =
            !name.starts_with(b"/") && !name.ends_with(b"..") && fs::create_dir_all(&root).is_ok();
        let outcome = if made {
            for file in ["BUILD.ron", "in"] {
                fs::copy(ws.root().join(file), root.join(file)).expect("copy a file");
            }
            let mut command = ws.command(&["build", "--all"]);
            command.current_dir(&root);
            alone(&ws.beside(""), &Run::of(command), &root.join("eng-out/bin/out"))
        } else {
            "there can be none".to_string()
        };
        text.push_str(&format!("{}\n    {outcome}\n", shown(&name)));
    }
    golden("names/workspace", &text);
}

#[test]
fn of_the_cache() {
    let ws = workspace(COPY);
    // Making a cache is quick where nothing has to reach a disk.
    let memory = Path::new("/dev/shm");
    let place = if memory.is_dir() { memory.to_path_buf() } else { ws.beside("") };
    let fast = tempfile::tempdir_in(place).expect("make a folder");
    let mut text = String::new();
    for name in names().iter().filter(|name| !name.contains(&0) && !name.starts_with(b"/")) {
        let mut command = ws.command(&["build", "--all"]);
        let cache = fast.path().join(OsStr::from_bytes(name));
        command.env("XDG_CACHE_HOME", &cache).env("XDG_STATE_HOME", cache.join("state"));
        let run = Run::of(command);
        let outcome = alone(fast.path(), &run, &ws.root().join("eng-out/bin/out"));
        if run.code == 0 {
            assert!(cache.join("eng").is_dir(), "{}", shown(name));
            ws.remove("eng-out");
        }
        text.push_str(&format!("{}\n    {outcome}\n", shown(name)));
    }
    golden("names/cache", &text);
}

#[test]
fn of_a_word_of_the_command_line() {
    let ws = workspace(COPY);
    let mut text = String::new();
    for name in names().iter().filter(|name| !name.contains(&0)) {
        for before in ["", "//", "//:"] {
            let mut command = ws.command(&["build"]);
            command.arg(OsStr::from_bytes(&[before.as_bytes(), name].concat()));
            let run = Run::of(command);
            harmless(&run.stderr);
            harmless(&run.stdout);
            let first = run.stderr.lines().next().unwrap_or_default();
            text.push_str(&format!(
                "{before}{}\n    exit {}: {}\n",
                shown(name),
                run.code,
                shortened(first)
            ));
        }
    }
    golden("names/word", &text);
}

#[test]
fn of_a_case() {
    let ws = workspace("-- BUILD.ron\n[sh_test(name: \"t\", srcs: \"t.sh\", protocol: \"tap\")]\n");
    let mut script = b"#!/bin/sh\ncat << 'END'\n".to_vec();
    let names: Vec<Vec<u8>> = names().into_iter().filter(|name| !name.contains(&0)).collect();
    script.extend(format!("1..{}\n", names.len()).bytes());
    for (at, name) in names.iter().enumerate() {
        script.extend(format!("not ok {} - ", at + 1).bytes());
        script.extend(name.iter().map(|byte| if *byte == b'\n' { b' ' } else { *byte }));
        script.push(b'\n');
    }
    script.extend(b"END\nexit 1\n");
    fs::write(ws.root().join("t.sh"), script).expect("write a file");
    fs::set_permissions(ws.root().join("t.sh"), fs::Permissions::from_mode(0o755))
        .expect("a program");
    let run = ws.eng(&["test"]).expect(3);
    harmless(&run.stderr);
    golden("names/case", &run.plain(&ws));
    // What is written into files for other programs is well-formed too, and each case is found again.
    for name in ["plain", "$HOME", "it's", "caf\u{e9}", "two  blanks", "a#b"] {
        let run = ws.eng(&["test", &format!("//:t#{name}")]);
        assert_eq!(run.code, 3, "{name}\n{}", run.stderr);
    }
}
