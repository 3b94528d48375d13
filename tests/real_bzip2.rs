//! bzip2 from the sources of the distribution: a library, a program, and the comparisons by which
//! its authors check it.

use crate::real::{append, copy, real};
use crate::real_source::source;
use crate::support::Workspace;
use std::fs;

const COMPARISONS: [&str; 6] = [
    "test //:pack_1",
    "test //:pack_2",
    "test //:pack_3",
    "test //:unpack_1",
    "test //:unpack_2",
    "test //:unpack_3",
];

/// The workspace, with the sources at its root.
fn bzip2() -> Workspace {
    let ws = real("bzip2");
    copy(&source("bzip2"), ws.root());
    ws
}

#[test]
fn bzip2_passes_the_comparisons_of_its_authors_once() {
    let ws = bzip2();
    let mut expected = vec![
        "archive libbz2.a",
        "compile blocksort.c",
        "compile bzip2.c",
        "compile bzlib.c",
        "compile compress.c",
        "compile crctable.c",
        "compile decompress.c",
        "compile huffman.c",
        "compile randtable.c",
        "link bzip2",
    ];
    expected.extend(COMPARISONS);
    ws.test(&[]).ran(&expected).tells("tests: 6 passed\n");
    ws.test(&[]).ran(&[]).tells("tests: 6 passed (6 cached)\n");
    ws.build(&[]).ran(&["compile bzip2recover.c", "link bzip2recover"]);
}

#[test]
fn an_edit_in_bzip2_runs_what_depends_on_it() {
    let ws = bzip2();
    ws.test(&[]);

    append(&ws, "huffman.c", "int changed = 1;");
    let mut expected = vec!["archive libbz2.a", "compile huffman.c", "link bzip2"];
    expected.extend(COMPARISONS);
    ws.test(&[]).ran(&expected);

    // One sample's packed form belongs to two of the comparisons.
    ws.remove("sample2.bz2");
    fs::copy(ws.root().join("sample1.bz2"), ws.root().join("sample2.bz2")).expect("copy a sample");
    ws.eng(&["test", "--verbose"])
        .expect(3)
        .ran(&["test //:pack_2", "test //:unpack_2"])
        .tells("tests: 4 passed (4 cached), 2 failed\n");
}

#[test]
fn a_bzip2_that_writes_another_header_fails_every_comparison() {
    // On most machines PATH holds a bzip2 too, which would pass.
    let ws = bzip2();
    let header = ws.read("bzlib_private.h");
    assert!(header.contains("BZ_HDR_h 0x68"));
    ws.write("bzlib_private.h", &header.replace("BZ_HDR_h 0x68", "BZ_HDR_h 0x69"));
    ws.eng(&["test"]).expect(3).tells("tests: 0 passed, 6 failed\n");
}
