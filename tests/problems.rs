//! What users read when their `BUILD.ron` is wrong: each message whole, in `golden/problems`.

use crate::support::golden::golden;
use crate::support::{Run, Workspace, workspace};

/// Compares what a run told with `golden/problems/NAME.txt`.
#[track_caller]
pub fn tells(name: &str, ws: &Workspace, run: &Run) {
    assert!(!run.stderr.contains("panicked"), "{}", run.stderr);
    golden(&format!("problems/{name}"), &format!("{}exit {}\n", run.plain(ws), run.code));
}

/// A test for each wrong workspace: its name is that of the golden file, then come the exit code,
/// the command line and the files.
macro_rules! wrong {
    ($($name:ident: $code:literal, $words:literal, $files:literal;)*) => {$(
        #[test]
        fn $name() {
            let ws = crate::support::workspace($files);
            let words: Vec<&str> = $words.split_whitespace().collect();
            let run = ws.eng(&words).expect($code);
            crate::problems::tells(stringify!($name), &ws, &run);
        }
    )*};
}
pub(crate) use wrong;

// Not RON, or not the part of RON that is used here.
wrong! {
    a_missing_comma: 2, "test //...", r#"
-- BUILD.ron
[
    filegroup(name: "a")
    filegroup(name: "b"),
]
"#;
    a_missing_comma_between_attributes: 2, "test //...", r#"
-- BUILD.ron
[
    filegroup(name: "a" srcs: []),
]
"#;
    a_missing_bracket: 2, "test //...", r#"
-- BUILD.ron
[
    workspace(name: "ws"),
    filegroup(name: "a", srcs: ["x",
"#;
    a_wrong_bracket: 2, "test //...", r#"
-- a/BUILD.ron
[filegroup(name: "a", srcs: ["x")]
"#;
    an_open_string: 2, "test //...", r#"
-- a/BUILD.ron
[filegroup(name: "a)]
"#;
    a_bad_escape: 2, "test //...", r#"
-- a/BUILD.ron
[filegroup(name: "a", srcs: ["\d.c"])]
"#;
    an_equals_sign: 2, "test //...", r#"
-- a/BUILD.ron
[filegroup(name = "a")]
"#;
    single_quotes: 2, "test //...", r#"
-- a/BUILD.ron
[filegroup(name: 'abc')]
"#;
    a_character: 2, "test //...", r#"
-- a/BUILD.ron
[filegroup(name: 'a')]
"#;
    a_hash_comment: 2, "test //...", r#"
-- a/BUILD.ron
# All files.
[filegroup(name: "a")]
"#;
    a_hash_comment_inside: 2, "test //...", r#"
-- a/BUILD.ron
[
    # All files.
    filegroup(name: "a"),
]
"#;
    an_open_comment: 2, "test //...", r#"
-- a/BUILD.ron
[
    /* All files.
    filegroup(name: "a"),
]
"#;
    a_float: 2, "test //...", r#"
-- a/BUILD.ron
[sh_test(name: "a", srcs: "a.sh", shards: 1.5)]
"#;
    some_and_none: 2, "test //...", r#"
-- a/BUILD.ron
[
    filegroup(name: "a", doc: Some("all")),
    filegroup(name: "b", doc: None),
]
"#;
    a_list_that_is_added: 2, "test //...", r#"
-- a/BUILD.ron
[filegroup(name: "a", srcs: ["x"] + glob(["*.c"]))]
"#;
    no_list: 2, "test //...", r#"
-- a/BUILD.ron
filegroup(name: "a")
"#;
    an_empty_file: 2, "test //...", r#"
-- a/BUILD.ron

"#;
    text_after_the_list: 2, "test //...", r#"
-- a/BUILD.ron
[filegroup(name: "a")],
[filegroup(name: "b")]
"#;
    braces_around_attributes: 2, "test //...", r#"
-- a/BUILD.ron
[filegroup{name: "a"}]
"#;
    a_bare_word: 2, "test //...", r#"
-- a/BUILD.ron
[filegroup(name: a)]
"#;
    a_positional_argument: 2, "test //...", r#"
-- a/BUILD.ron
[filegroup("a")]
"#;
    a_mixture_of_arguments: 2, "test //...", r#"
-- a/BUILD.ron
[filegroup("a", srcs: [])]
"#;
    an_attribute_twice: 2, "test //...", r#"
-- a/BUILD.ron
[
    filegroup(
        name: "a",
        srcs: [],
        srcs: ["x"],
    ),
]
"#;
}

// Files that are no text.
macro_rules! bytes {
    ($($name:ident: $bytes:expr;)*) => {$(
        #[test]
        fn $name() {
            let ws = workspace("");
            let bytes: &[u8] = $bytes;
            std::fs::create_dir(ws.root().join("a")).expect("make a folder");
            std::fs::write(ws.root().join("a/BUILD.ron"), bytes).expect("write a file");
            tells(stringify!($name), &ws, &ws.eng(&["test", "//..."]).expect(2));
        }
    )*};
}

bytes! {
    a_byte_order_mark: b"\xef\xbb\xbf[]\n";
    no_utf8: b"[filegroup(name: \"caf\xe9\")]\n";
    utf16: b"\xff\xfe[\0]\0";
    hidden_characters: b"[filegroup(name: \"a\", srcs: [\"\xe2\x80\xaec.x\", \"zero\xe2\x80\x8bwidth\"])]\n";
    a_nul: b"[\0filegroup(name: \"a\")]\n";
    a_nul_in_a_string: b"[filegroup(name: \"a\", srcs: [\"x\0y\"])]\n";
    nesting_10_000_deep: &[b"[".repeat(10_000), b"]".repeat(10_000)].concat();
}

#[test]
fn a_build_file_that_is_a_folder() {
    let ws = workspace("-- a/BUILD.ron/x\n");
    tells("a_build_file_that_is_a_folder", &ws, &ws.eng(&["test", "//..."]).expect(2));
}

#[test]
fn of_thousands_of_problems_fifty_are_told() {
    let ws = workspace("");
    ws.write(
        "a/BUILD.ron",
        &format!("[filegroup(name: \"a\", srcs: [{}])]\n", "7, ".repeat(20_000)),
    );
    let run = ws.eng(&["build"]).expect(2);
    let told = run.stderr.matches("'srcs' wants strings, found a number\n").count();
    assert_eq!(
        (told, run.stderr.lines().last()),
        (50, Some("eng: 19950 more problems are not shown"))
    );
}

#[test]
fn a_build_file_that_leads_nowhere() {
    let ws = workspace(
        "-- b/BUILD.ron\n[genrule(name: \"b\", cmd: \"echo > $OUT\", outs: [\"x\"])]\n-- a/x\n",
    );
    std::os::unix::fs::symlink("nowhere", ws.root().join("a/BUILD.ron")).expect("make a link");
    tells("a_build_file_that_leads_nowhere", &ws, &ws.eng(&["build", "//..."]).expect(2));
    // What has nothing to do with it is still built.
    ws.build(&["//b"]).ran(&["generate out/b/x"]);
}

#[test]
fn the_root_file_that_is_a_folder() {
    let ws = workspace("");
    ws.remove("BUILD.ron");
    ws.write("BUILD.ron/x", "");
    let run = ws.eng(&["test"]).expect(2);
    tells("the_root_file_that_is_a_folder", &ws, &run);
}

#[test]
fn no_workspace() {
    let ws = workspace("");
    ws.remove("BUILD.ron");
    tells("no_workspace", &ws, &ws.eng(&["test"]).expect(2));
    ws.write("BUILD.ron", "[filegroup(name: \"a\")]\n");
    tells("no_workspace_but_a_package", &ws, &ws.eng(&["rules"]).expect(2));
}
