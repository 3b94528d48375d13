//! jansson from the sources of the distribution: a library, the programs that use its interface,
//! and suites of data in which a folder is a case.

use crate::real::{append, copy, count, real};
use crate::real_source::source;
use crate::support::Workspace;

/// The workspace, with the sources at its root.
fn jansson() -> Workspace {
    let ws = real("jansson");
    copy(&source("jansson"), ws.root());
    ws
}

#[test]
fn jansson_passes_its_programs_and_its_suites_of_data_once() {
    let ws = jansson();
    let first = ws.test(&[]);
    assert_eq!(count(&first, "compile"), 12 + 1 + 18);
    assert_eq!(count(&first, "link"), 1 + 18);
    assert_eq!(count(&first, "test"), 18 + 4);
    first
        .tells("PASS  //test:valid  34 cases")
        .tells("PASS  //test:invalid  50 cases")
        .tells("PASS  //test:invalid_unicode  18 cases")
        .tells("PASS  //test:encoding_flags  12 cases")
        .tells("tests: 22 passed\ncases: 132 passed\n");
    ws.test(&[]).ran(&[]).tells("tests: 22 passed (22 cached)\ncases: 132 passed (132 cached)\n");
}

#[test]
fn an_edited_data_file_of_jansson_reruns_its_suite_alone() {
    let ws = jansson();
    ws.test(&[]);

    let output = "test/suites/encoding-flags/array/output";
    let expected = ws.read(output);
    ws.write(output, "[1, 3]");
    ws.eng(&["test", "--verbose"])
        .expect(3)
        .ran(&["test //test:encoding_flags"])
        .tells("  array: failed\n")
        .tells("cases: 131 passed, 1 failed (120 cached)\n");
    ws.write(output, &expected);
    ws.test(&[]).tells("cases: 132 passed (132 cached)\n");

    ws.write("test/suites/valid/more/input", "[2, 3]\n");
    ws.write("test/suites/valid/more/output", "[2, 3]");
    ws.test(&[]).ran(&["test //test:valid"]).tells("PASS  //test:valid  35 cases");

    append(&ws, "test/suites/api/test_copy.c", "int more;");
    let edited = ["compile test/suites/api/test_copy.c", "link test/copy", "test //test:copy"];
    ws.test(&[]).ran(&edited);
}

#[test]
fn a_jansson_that_writes_a_blank_too_many_is_found_by_both_kinds_of_tests() {
    let ws = jansson();
    let dump = ws.read("src/dump.c");
    assert!(dump.contains("dump(\"}\", 1, data)"));
    ws.write("src/dump.c", &dump.replace("dump(\"}\", 1, data)", "dump(\" }\", 2, data)"));
    ws.eng(&["test"])
        .expect(3)
        .tells("  empty-object: failed\n")
        .tells("FAIL  //test:valid  ")
        .tells("FAIL  //test:dump  ");
}
