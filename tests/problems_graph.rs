//! What users read when targets do not fit together, and when many things are wrong at once.

use crate::problems::wrong;

wrong! {
    a_target_that_needs_itself: 2, "build --all //...", r#"
-- a/BUILD.ron
[cc_library(name: "a", deps: [":a"])]
"#;
    targets_that_need_each_other: 2, "build --all //...", r#"
-- a/BUILD.ron
[
    cc_library(name: "a", deps: [":b"]),
    cc_library(name: "b", deps: ["//c"]),
    cc_library(name: "long", deps: [":a"]),
]
-- c/BUILD.ron
[cc_library(name: "c", deps: ["//a", "//a:long"])]
"#;
    a_circle_through_an_alias: 2, "build --all //...", r#"
-- a/BUILD.ron
[
    cc_library(name: "a", deps: [":other"]),
    alias(name: "other", actual: ":a"),
]
"#;
    two_targets_that_write_one_file: 2, "build --all //...", r#"
-- a/BUILD.ron
[
    genrule(name: "a", cmd: "echo > $OUT", outs: ["x"]),
    genrule(name: "b", cmd: "echo > $OUT", outs: ["x"]),
]
"#;
    a_target_that_writes_one_file_twice: 2, "build --all //...", r#"
-- a/BUILD.ron
[genrule(name: "a", cmd: "touch $OUTS", outs: ["x", "x"])]
"#;
    an_output_below_another: 2, "build --all //...", r#"
-- a/BUILD.ron
[
    genrule(name: "a", cmd: "echo > $OUT", outs: ["x"]),
    genrule(name: "b", cmd: "echo > $OUT", outs: ["x/y"]),
]
"#;
    outputs_that_differ_in_case: 2, "build --all //...", r#"
-- a/BUILD.ron
[
    genrule(name: "a", cmd: "echo > $OUT", outs: ["readme"]),
    genrule(name: "b", cmd: "echo > $OUT", outs: ["README"]),
]
"#;
    two_deliveries_of_one_file: 2, "build --all //...", r#"
-- a/BUILD.ron
[
    genrule(name: "made", cmd: "echo > $OUT", outs: ["x.txt"]),
    filegroup(name: "source", srcs: ["x.txt"]),
]
-- a/x.txt
"#;
    many_problems_in_many_files: 2, "test //...", r#"
-- b/BUILD.ron
[
    cc_libary(name: "b"),
    cc_test(name: "t", srcs: ["t.c"], timout: "3s"),
]
-- a/BUILD.ron
[
    filegroup(name: "a",
        srcs: 7),
    filegroup(name: "é", srcs: ["ü" "ö"]),
]
-- c/BUILD.ron
[
    filegroup(nam: "c"), filegroup(name: "d", srcs: glob(["*.none"])),
]
"#;
    many_problems_of_names: 2, "build --all //...", r#"
-- b/BUILD.ron
[cc_library(name: "b", srcs: ["no.c"], deps: ["//a:no", "//nowhere"])]
-- a/BUILD.ron
[cc_library(name: "a", srcs: ["none.c", "/x.c"], deps: [":a:b"])]
"#;
    a_long_line: 2, "build --all //...", r#"
-- a/BUILD.ron
[filegroup(name: "a", srcs: ["aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb", 7, "cccccccccccccccccccccccccccccccccccccccccccccccccccccc"])]
"#;
}

// The workspace's own entry.
wrong! {
    two_workspace_entries: 2, "test //...", r#"
-- BUILD.ron
[
    workspace(name: "ws"),
    workspace(name: "other"),
]
"#;
    unknown_fields_of_the_workspace: 2, "test //...", r#"
-- BUILD.ron
[workspace(nam: "ws", modes: ["a b"], ignore: 3, rules: ["no/*.ron"], replace: {"//a": "//b"})]
"#;
    a_bad_name_of_the_workspace: 2, "test //...", r#"
-- BUILD.ron
[workspace(name: "my code")]
"#;
    a_workspace_without_names: 2, "test //...", r#"
-- BUILD.ron
[workspace("ws")]
"#;
    a_replacement_that_does_not_exist: 2, "build --all //...", r#"
-- BUILD.ron
[
    workspace(name: "ws", replace: {"@eng//cc:toolchian": "//:a", "@eng//cc:toolchain": "//tools:c"}),
    cc_library(name: "a", srcs: ["a.c"]),
]
-- a.c
"#;
    a_dependency_on_another_workspace: 2, "build --all //...", r#"
-- BUILD.ron
[cc_library(name: "a", deps: ["//other:b"])]
-- other/BUILD.ron
[
    workspace(name: "other"),
    cc_library(name: "b"),
]
"#;
}
