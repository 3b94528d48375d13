//! What users read when a target in a `BUILD.ron` is wrong.

use crate::problems::wrong;

// A target against its rule.
wrong! {
    an_unknown_rule: 2, "test //...", r#"
-- a/BUILD.ron
[cc_libary(name: "a")]
"#;
    a_rule_like_no_other: 2, "test //...", r#"
-- a/BUILD.ron
[java_module(name: "a")]
"#;
    an_unknown_attribute: 2, "test //...", r#"
-- text/BUILD.ron
[cc_library(name: "text", hrds: ["text.h"])]
"#;
    an_attribute_like_no_other: 2, "test //...", r#"
-- a/BUILD.ron
[filegroup(name: "a", wheels: 4)]
"#;
    a_missing_name: 2, "test //...", r#"
-- a/BUILD.ron
[filegroup(srcs: [])]
"#;
    a_missing_attribute: 2, "test //...", r#"
-- a/BUILD.ron
[alias(name: "a")]
"#;
    names_that_mean_many: 2, "test //...", r#"
-- a/BUILD.ron
[filegroup(name: "all"), filegroup(name: "..."), filegroup(name: "all.c")]
"#;
    a_bad_name: 2, "test //...", r#"
-- a/BUILD.ron
[filegroup(name: "my files")]
"#;
    a_name_twice: 2, "test //...", r#"
-- a/BUILD.ron
[
    filegroup(name: "a"),
    filegroup(name: "a"),
]
"#;
    wrong_types: 2, "test //...", r#"
-- a/BUILD.ron
[
    cc_binary(
        name: "a",
        srcs: 3,
        copts: ["-g", true],
        deps: {"a": "b"},
        toolchain: ["x"],
    ),
    sh_test(name: 7, srcs: ["t.sh"]),
    sh_test(name: "t", srcs: ["t.sh"], flaky: "yes", shards: "2", env: ["A=b"], args: (x: 1)),
]
"#;
    none_of_the_values: 2, "test //...", r#"
-- a/BUILD.ron
[sh_test(name: "a", srcs: "a.sh", size: "huge", protocol: "tab")]
"#;
    a_bad_timeout: 2, "test //...", r#"
-- a/BUILD.ron
[
    sh_test(name: "a", srcs: "a.sh", timeout: "soon"),
    sh_test(name: "b", srcs: "a.sh", timeout: "0s"),
    sh_test(name: "c", srcs: "a.sh", timeout: 30),
]
"#;
    a_list_of_one_where_one_is_wanted: 2, "test //...", r#"
-- a/BUILD.ron
[sh_test(name: "a", srcs: ["a.sh"])]
"#;
    an_unknown_condition: 2, "test //...", r#"
-- a/BUILD.ron
[filegroup(name: "a", srcs: [when("relaese", ["x"])])]
"#;
    an_unknown_call_in_a_list: 2, "test //...", r#"
-- a/BUILD.ron
[filegroup(name: "a", srcs: [glop(["*.c"])])]
"#;
}

// Labels.
wrong! {
    bad_labels: 2, "test //...", r#"
-- a/BUILD.ron
[
    cc_library(name: "a", deps: ["b", "/b:b", "//b:", "//../b:b", "@other//b", "@eng:x", "//b:x y", "//"]),
]
"#;
    a_package_that_does_not_exist: 2, "build --all //...", r#"
-- a/BUILD.ron
[cc_library(name: "a", deps: ["//tetx:text"])]
-- text/BUILD.ron
[cc_library(name: "text")]
"#;
    a_target_that_does_not_exist: 2, "build --all //...", r#"
-- a/BUILD.ron
[cc_library(name: "a", deps: ["//text:txet"])]
-- text/BUILD.ron
[cc_library(name: "text")]
"#;
    a_target_like_no_other: 2, "build --all //...", r#"
-- a/BUILD.ron
[cc_library(name: "a", deps: ["//text:parser"])]
-- text/BUILD.ron
[cc_library(name: "text"), cc_library(name: "lines")]
"#;
    a_label_of_a_file: 2, "build --all //...", r#"
-- a/BUILD.ron
[cc_library(name: "a", hdrs: ["//text:text.h"])]
-- text/BUILD.ron
[cc_library(name: "lines")]
-- text/text.h
"#;
    a_dependency_that_does_not_provide: 2, "build --all //...", r#"
-- a/BUILD.ron
[
    filegroup(name: "files"),
    cc_library(name: "a", deps: [":files"]),
]
"#;
    a_tool_that_cannot_be_run: 2, "build --all //...", r#"
-- a/BUILD.ron
[
    filegroup(name: "files"),
    genrule(name: "a", cmd: "$TOOLS", outs: ["x"], tools: [":files"]),
]
"#;
}

// Files.
wrong! {
    a_missing_source: 2, "build --all //...", r#"
-- a/BUILD.ron
[cc_library(name: "a", srcs: ["parser.c", "lexre.c"])]
-- a/parser.c
-- a/lexer.c
"#;
    a_missing_source_like_no_other: 2, "build --all //...", r#"
-- a/BUILD.ron
[cc_library(name: "a", srcs: ["parser.c"])]
"#;
    a_source_that_is_a_folder: 2, "build --all //...", r#"
-- a/BUILD.ron
[filegroup(name: "a", srcs: ["sub"])]
-- a/sub/x.c
"#;
    a_source_of_another_package: 2, "build --all //...", r#"
-- a/BUILD.ron
[cc_library(name: "a", srcs: ["sub/x.c"])]
-- a/sub/BUILD.ron
[]
-- a/sub/x.c
"#;
    a_source_that_is_the_name_of_a_target: 2, "build --all //...", r#"
-- a/BUILD.ron
[
    genrule(name: "made", cmd: "echo > $OUT", outs: ["made.txt"]),
    filegroup(name: "a", srcs: ["made"]),
]
"#;
    a_wrong_extension: 2, "build --all //...", r#"
-- a/BUILD.ron
[cc_library(name: "a", srcs: ["a.py"])]
-- a/a.py
"#;
    a_wrong_extension_of_a_dependency: 2, "build --all //...", r#"
-- a/BUILD.ron
[
    genrule(name: "made", cmd: "echo > $OUT", outs: ["made.txt"]),
    cc_library(name: "a", srcs: [":made"]),
]
"#;
    paths_that_lead_out: 2, "build --all //...", r#"
-- a/BUILD.ron
[filegroup(name: "a", srcs: ["../b.c", "/etc/passwd", "./x.c", "x//y.c", "x\\y.c", ""])]
"#;
    an_output_that_leads_out: 2, "build --all //...", r#"
-- a/BUILD.ron
[genrule(name: "a", cmd: "echo > $OUT", outs: ["../x"])]
"#;
    a_glob_that_matches_nothing: 2, "build --all //...", r#"
-- a/BUILD.ron
[filegroup(name: "a", srcs: glob(["*.c", "!*_test.c"]))]
-- a/a.h
"#;
    a_glob_that_only_takes_away: 2, "build --all //...", r#"
-- a/BUILD.ron
[filegroup(name: "a", srcs: glob(["!*.c"]))]
-- a/a.h
"#;
    bad_globs: 2, "build --all //...", r#"
-- a/BUILD.ron
[
    filegroup(name: "a", srcs: glob(["[a.c"])),
    filegroup(name: "b", srcs: glob(["../*.c"])),
    filegroup(name: "c", srcs: glob()),
    filegroup(name: "d", srcs: glob(include: ["*.c"])),
    cc_library(name: "e", deps: glob(["*"])),
    alias(name: "f", actual: glob(["*"])),
    glob(["*.c"]),
]
-- a/a.c
"#;
}
