//! jansson from the sources of the distribution: a library, the programs that use its interface,
//! and suites of data in which a folder is a case.

use crate::coverage_languages::{by_gcov, lines};
use crate::real::{append, copy, count, real};
use crate::real_source::source;
use crate::support::Workspace;
use std::collections::BTreeMap;

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

/// Everything compiled and run by hand, in a folder of its own.
const BY_HAND: &str = r##"
cp -r "$WS/src" "$WS/test" .
cp "$WS"/eng-out/bin/src/jansson_config.h "$WS"/eng-out/bin/src/jansson_private_config.h src/
mkdir obj bin
for it in src/*.c; do
    cc --coverage -fPIC -Isrc -DHAVE_CONFIG_H -c "$it" -o "obj/$(basename "$it" .c).o"
done
for it in test/suites/api/test_*.c test/bin/json_process.c; do
    cc --coverage -Isrc -DHAVE_CONFIG_H -c "$it" -o "bin/$(basename "$it" .c).o"
    cc --coverage "bin/$(basename "$it" .c).o" obj/*.o -o "bin/$(basename "$it" .c)"
done
for it in bin/test_*; do
    case $it in *.*) ;; *) "$it" > /dev/null 2>&1 ;; esac
done
export TEST_TMPDIR="$PWD/bin"
JSON_SORT_KEYS=1 test/suite.sh bin/json_process test/suites/valid 0 1 > /dev/null
test/suite.sh bin/json_process test/suites/invalid 0 1 > /dev/null
test/suite.sh bin/json_process test/suites/invalid-unicode 0 > /dev/null
test/suite.sh bin/json_process test/suites/encoding-flags 0 > /dev/null
gcov --stdout obj/*.gcda bin/*.gcda
"##;

#[test]
fn what_the_tests_of_jansson_execute_is_what_gcov_says_by_hand() {
    let ws = jansson();
    ws.eng(&["build", "//src:public_config", "//src:private_config"]).expect(0);
    let run = ws.eng(&["coverage"]).expect(0);
    let folder = ws.beside("by_hand");
    std::fs::create_dir(&folder).expect("make a folder");
    let mut command = std::process::Command::new("sh");
    command.args(["-euc", BY_HAND]).env("WS", ws.root()).current_dir(&folder);
    let output = command.output().expect("start sh");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let by_hand = by_gcov(&String::from_utf8_lossy(&output.stdout));
    let trace = ws.read("eng-out/coverage/lcov.info");
    let is_source = |path: &&String| path.starts_with("src/") && path.ends_with(".c");
    let sources: Vec<&String> = by_hand.keys().filter(is_source).collect();
    assert_eq!(sources.len(), 12, "{sources:?}");
    for (path, known) in by_hand.iter().filter(|(path, _)| path.starts_with("src/")) {
        let told = lines(&trace, path);
        // Which names collide depends on a random seed of each process.
        if path == "src/hashtable.c" {
            let numbers = |lines: &BTreeMap<u32, bool>| lines.keys().copied().collect::<Vec<_>>();
            assert_eq!(numbers(&told), numbers(known), "{path}");
            let most = known.len() - 5;
            let equal = known.iter().filter(|(line, hit)| told[*line] == **hit).count();
            assert!(equal >= most, "{path}: {told:?} and {known:?}");
            continue;
        }
        assert_eq!(&told, known, "{path}");
    }
    assert!(!trace.contains("suites/api"), "{trace}");
    // Nothing of that is known from this run alone.
    let again = ws.eng(&["coverage", "--verbose"]).expect(0).ran(&[]);
    assert_eq!((again.stdout, ws.read("eng-out/coverage/lcov.info")), (run.stdout, trace));
}
