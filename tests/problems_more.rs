//! What users read when targets need each other in roundabout ways, when outputs and files are in
//! each other's way, and when things are far larger than anybody writes.

use crate::problems::{tells, wrong};
use crate::support::workspace;

// Circles through all that one target may name another by.
wrong! {
    a_circle_of_suites: 2, "test //...", r#"
-- BUILD.ron
[
    test_suite(name: "a", tests: [":b"]),
    test_suite(name: "b", tests: [":a"]),
]
"#;
    a_circle_of_tools: 2, "build --all //...", r#"
-- BUILD.ron
[
    genrule(name: "a", tools: [":b"], outs: ["a.out"], cmd: "$TOOLS > $OUT"),
    genrule(name: "b", srcs: [":a"], outs: ["b.out"], cmd: "cat $SRCS > $OUT"),
]
"#;
    a_circle_through_data: 2, "test //...", r#"
-- BUILD.ron
[
    sh_test(name: "t", srcs: "t.sh", data: [":d"]),
    filegroup(name: "d", srcs: [":g"]),
    genrule(name: "g", srcs: [":d"], outs: ["g.out"], cmd: "cat $SRCS > $OUT"),
]
-- t.sh
#!/bin/sh
"#;
    a_circle_of_aliases: 2, "build --all //...", r#"
-- BUILD.ron
[
    alias(name: "a", actual: ":b"),
    alias(name: "b", actual: "//c"),
]
-- c/BUILD.ron
[alias(name: "c", actual: "//:a")]
"#;
    a_circle_of_a_setup: 2, "test //...", r#"
-- BUILD.ron
[
    sh_binary(name: "up", srcs: "up.sh", data: [":d"]),
    filegroup(name: "d", srcs: [":up"]),
    sh_test(name: "t", srcs: "up.sh", setup: [":up"]),
]
-- up.sh
#!/bin/sh
"#;
    two_circles_and_one_inside: 2, "build --all //...", r#"
-- BUILD.ron
[
    cc_library(name: "a", deps: [":b"]),
    cc_library(name: "b", deps: [":c", ":a"]),
    cc_library(name: "c", deps: [":a"]),
    cc_library(name: "x", deps: [":y", ":a"]),
    cc_library(name: "y", deps: [":x"]),
]
"#;
    a_circle_through_a_replacement: 2, "build --all //...", r#"
-- BUILD.ron
[
    workspace(name: "ws", replace: {"@eng//cc:toolchain": "//:mine"}),
    cc_library(name: "mine", srcs: ["a.c"]),
]
-- a.c
"#;
}

// Outputs and other files in each other's way.
wrong! {
    an_output_with_the_name_of_a_package: 2, "build --all //...", r#"
-- BUILD.ron
[genrule(name: "made", outs: ["p"], cmd: "echo > $OUT")]
-- p/BUILD.ron
[genrule(name: "made", outs: ["x"], cmd: "echo > $OUT")]
"#;
    an_output_in_another_package: 2, "build --all //...", r#"
-- BUILD.ron
[genrule(name: "made", outs: ["p/x"], cmd: "echo > $OUT")]
-- p/BUILD.ron
[genrule(name: "made", outs: ["x"], cmd: "echo > $OUT")]
"#;
    outputs_far_below_each_other: 2, "build --all //...", r#"
-- BUILD.ron
[
    genrule(name: "a", outs: ["x"], cmd: "echo > $OUT"),
    genrule(name: "b", outs: ["x-y", "x/a/b/c"], cmd: "touch $OUTS"),
]
"#;
    outputs_of_letters_that_fold: 2, "build --all //...", r#"
-- BUILD.ron
[
    genrule(name: "a", outs: ["Ärger"], cmd: "echo > $OUT"),
    genrule(name: "b", outs: ["ärger"], cmd: "echo > $OUT"),
]
"#;
    folders_that_differ_in_case: 2, "build --all //...", r#"
-- BUILD.ron
[
    genrule(name: "a", outs: ["Sub/x"], cmd: "echo > $OUT"),
    genrule(name: "b", outs: ["sub/x"], cmd: "echo > $OUT"),
]
"#;
    one_output_of_three: 2, "build --all //...", r#"
-- BUILD.ron
[
    genrule(name: "a", outs: ["x"], cmd: "echo > $OUT"),
    genrule(name: "b", outs: ["x"], cmd: "echo > $OUT"),
    genrule(name: "c", outs: ["x"], cmd: "echo > $OUT"),
]
"#;
}

#[test]
fn a_generated_file_and_a_source_may_have_one_name() {
    let ws = workspace(
        "-- BUILD.ron\n[genrule(name: \"made\", srcs: [\"x\"], outs: [\"x\"], cmd: \"cat x x > $OUT\")]\n-- x\none\n",
    );
    ws.build(&["--all", "//:made"]);
    assert_eq!((ws.read("x"), ws.read("eng-out/bin/x")), ("one\n".into(), "one\none\n".into()));
}

/// A `BUILD.ron` made by a program.
macro_rules! large {
    ($($name:ident: $text:expr;)*) => {$(
        #[test]
        fn $name() {
            let ws = workspace("");
            ws.write("a/BUILD.ron", &$text);
            let run = ws.eng(&["build", "--all", "//..."]).expect(2);
            // However long what is wrong is, what is told of it is not.
            assert!(run.stderr.len() < 20_000, "{} bytes", run.stderr.len());
            tells(concat!("large/", stringify!($name)), &ws, &run);
        }
    )*};
}

const MANY: usize = 100_000;

large! {
    brackets_100_000_deep: "[".repeat(MANY);
    braces_100_000_deep: format!("[{}", "{1: ".repeat(MANY));
    parentheses_100_000_deep: format!("[{}", "(a: ".repeat(MANY));
    calls_100_000_deep: format!("[{}", "f(".repeat(MANY));
    options_100_000_deep: format!("[filegroup(name: {}", "Some(".repeat(MANY));
    comments_100_000_deep: format!("[{}", "/*".repeat(MANY));
    comments_closed_too_often: format!("[/* {} ]", "*/".repeat(MANY));
    conditions_100_000_deep: format!("[filegroup(name: \"a\", srcs: {}", "[when(\"release\", ".repeat(MANY));
    quotes_without_end: format!("[{}", "\"".repeat(MANY + 1));
    hashes_of_a_raw_string: format!("[r{}\"x\"", "#".repeat(MANY));
    a_name_of_64_000_letters: format!("[filegroup(name: \"{}\")]", "n".repeat(64_000));
    a_rule_of_64_000_letters: format!("[{}(name: \"a\")]", "n".repeat(64_000));
    an_attribute_of_64_000_letters: format!("[filegroup(name: \"a\", {}: 1)]", "n".repeat(64_000));
    a_label_of_64_000_letters: format!("[filegroup(name: \"a\", srcs: [\"//{}\"])]", "n/".repeat(32_000));
    a_source_of_64_000_letters: format!("[filegroup(name: \"a\", srcs: [\"{}\"])]", "n".repeat(64_000));
    a_pattern_of_64_000_stars: format!("[filegroup(name: \"a\", srcs: glob([\"{}\"]))]", "*a".repeat(32_000));
    a_number_of_64_000_digits: format!("[sh_test(name: \"a\", srcs: \"a\", shards: {})]", "9".repeat(64_000));
    a_condition_of_64_000_letters: format!("[filegroup(name: \"a\", srcs: [when(\"{}\", [])])]", "n".repeat(64_000));
    a_line_of_a_million_blanks: format!("[{}!]", " ".repeat(1_000_000));
    ten_thousand_equal_targets: format!("[{}]", "filegroup(name: \"a\"),".repeat(10_000));
}

// A cause is told, and not what follows from it.
wrong! {
    sources_that_are_missing_and_nothing_else: 2, "test //...", r#"
-- BUILD.ron
[
    workspace(name: "ws"),
    sh_test(name: "script", srcs: "none.sh"),
    cc_test(name: "c", srcs: ["none.c"]),
    rust_library(name: "crate", srcs: ["none.rs"]),
    rust_test(name: "rust", srcs: ["//nowhere:rs"]),
    sh_test(name: "other", srcs: ":gone"),
    genrule(name: "gone", outs: [], cmd: "true", srcs: ["none.txt"]),
    sh_test(name: "with", srcs: "t.sh", setup: [":gone"]),
]
-- t.sh
#!/bin/sh
"#;
    what_is_empty_without_another_mistake: 2, "test //...", r#"
-- BUILD.ron
[
    workspace(name: "ws"),
    cc_test(name: "c", srcs: []),
    rust_library(name: "crate", srcs: []),
    sh_test(name: "with", srcs: "t.sh", setup: [":nothing"]),
    filegroup(name: "nothing"),
]
-- t.sh
#!/bin/sh
"#;
    a_wrong_visibility_of_a_dependency: 2, "build //app", r#"
-- lib/BUILD.ron
[cc_library(name: "lib", srcs: ["lib.c"], visible_to: ["app"])]
-- lib/lib.c
-- app/BUILD.ron
[cc_binary(name: "app", srcs: ["app.c"], deps: ["//lib"])]
-- app/app.c
int main(void) { return 0; }
"#;
    a_dependency_that_is_wrong_in_itself: 2, "build //app", r#"
-- lib/BUILD.ron
[
    cc_library(name: "lib", srcs: ["lib.c"], copts: 3),
    cc_libary(name: "unread"),
]
-- lib/lib.c
-- app/BUILD.ron
[cc_binary(name: "app", srcs: ["app.c", "none.c"], deps: ["//lib", "//lib:unread"])]
-- app/app.c
int main(void) { return 0; }
"#;
    a_replacement_that_does_not_fit: 2, "build //...", r#"
-- BUILD.ron
[
    workspace(
        name: "ws",
        replace: {"@eng//cc:toolchain": "//:mine"},
    ),
    filegroup(name: "mine"),
    cc_binary(name: "a", srcs: ["a.c"]),
    cc_binary(name: "b", srcs: ["a.c"], toolchain: "@eng//cc:toolchain"),
]
-- a.c
int main(void) { return 0; }
"#;
}
