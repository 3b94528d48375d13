//! zlib from the sources of the distribution: its own test programs, with the archive and with the
//! shared library, whose symbols a version script picks.

use crate::real::{append, copy, count, real};
use crate::real_source::source;
use crate::support::Workspace;
use std::process::Command;

/// The workspace, with the sources at its root.
fn zlib() -> Workspace {
    let ws = real("zlib");
    copy(&source("zlib"), ws.root());
    ws
}

#[test]
fn zlib_passes_its_programs_linked_from_the_archive_and_as_a_shared_library() {
    let ws = zlib();
    let first = ws.test(&[]);
    assert_eq!(count(&first, "compile"), 15 + 3 + 2);
    assert_eq!(count(&first, "link"), 1 + 3 + 2);
    first.tells("tests: 4 passed\n");
    ws.test(&[]).ran(&[]).tells("tests: 4 passed (4 cached)\n");

    ws.build(&["--all"]);
    let elsewhere = ws.beside("elsewhere");
    copy(&ws.root().join("eng-out/bin"), &elsewhere);
    std::fs::remove_dir_all(ws.root().join("eng-out")).expect("take away what was built");
    let mut program = Command::new(elsewhere.join("minigzip_shared"));
    let output = program.arg("-h").env_clear().output().expect("start a program");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn an_edited_file_of_zlib_compiles_and_links_what_it_is_in() {
    let ws = zlib();
    ws.test(&[]);
    append(&ws, "adler32.c", "int more;");
    let run = ws.test(&[]);
    let compiled = ["compile adler32.c"];
    let subjects = run.subjects();
    let (compiles, others): (Vec<_>, Vec<_>) =
        subjects.iter().partition(|subject| subject.starts_with("compile"));
    assert_eq!(compiles, compiled);
    // The version script hides what was added, but not the shared library's bytes.
    assert!(others.contains(&&"archive libz.a".to_string()), "{others:?}");
    assert!(others.contains(&&"link libz.so.1".to_string()), "{others:?}");
}
