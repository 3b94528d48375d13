//! What users read when a query is wrong: each message whole, in `golden/problems/query`.

use crate::problems::tells;
use crate::query::LAMP;
use crate::support::workspace;

/// A test for each wrong query: its name is that of the golden file, then come the exit code and the
/// query.
macro_rules! queries {
    ($($name:ident: $code:literal, $query:literal;)*) => {$(
        #[test]
        fn $name() {
            let ws = workspace(LAMP);
            let run = ws.eng(&["query", $query]).expect($code);
            tells(concat!("query/", stringify!($name)), &ws, &run);
            assert_eq!(run.stdout.is_empty(), $code != 0);
        }
    )*};
}

// How it is written.
queries! {
    an_empty_query: 7, "";
    blanks_only: 7, "   ";
    an_open_parenthesis: 7, "deps((//light)";
    a_parenthesis_too_many: 7, "deps(//light))";
    an_open_function: 7, "rdeps(//..., //light";
    an_open_set: 7, "set(//light //app:lamp";
    an_open_quote: 7, "kind('test, //...)";
    an_operand_is_missing: 7, "//light +";
    an_operator_is_missing: 7, "//light //app:lamp";
    an_operator_of_another_language: 7, "//light & //app:lamp";
    a_function_that_is_near: 7, "rdep(//..., //light)";
    a_function_like_no_other: 7, "frobnicate(//light)";
    a_function_of_another_tool: 7, "rbuildfiles(light/BUILD.ron)";
    actions_are_an_output: 7, "actions(//light)";
    visible: 7, "visible(//app:all, //light)";
    an_argument_is_missing: 7, "rdeps(//light)";
    all_arguments_are_missing: 7, "deps()";
    an_argument_too_many: 7, "deps(//light, 1, 2)";
    a_depth_that_is_no_number: 7, "deps(//light, deep)";
    an_expression_for_a_word: 7, "kind(deps(//light), //...)";
    a_set_for_a_word: 7, "attr(tags, (slow), //...)";
    commas_in_a_set: 7, "set(//light, //app:lamp)";
    an_expression_in_a_set: 7, "set(deps(//light))";
    set_without_parentheses: 7, "set //light";
    a_variable_without_name: 7, "let = //light in $v";
    a_variable_with_its_sign: 7, "let $v = //light in $v";
    a_variable_without_value: 7, "let v in $v";
    a_variable_without_body: 7, "let v = //light";
    a_variable_that_is_not_there: 7, "let tests = //light in $test";
    a_variable_out_of_its_scope: 7, "(let v = //light in $v) + $v";
    a_sign_that_wants_quotes: 7, "//light:a%b";
    a_star_at_the_start: 7, "filter(*.c, //...)";
    a_case_of_a_test: 7, "//light:light_test#case";
    a_regular_expression_that_is_none: 7, "kind('cc_(', //...)";
    operators_without_parentheses: 0, "//light + //app:lamp - //light";
}

// What it names.
queries! {
    a_target_that_is_near: 7, "deps(//light:ligth)";
    a_target_like_no_other: 7, "deps(//tools:hammer)";
    a_package_that_is_near: 7, "//lihgt:light";
    a_package_that_is_none: 7, "//nowhere:x";
    a_folder_without_packages: 7, "deps(//nowhere/...)";
    a_folder_without_build_file: 7, "light/sub";
    a_path_that_is_near: 7, "owner(tools/rules/peom.ron)";
    a_path_that_is_none: 7, "owner(tools/rules/none.c)";
    a_name_without_its_package: 7, "fast";
    a_label_of_another_repository: 7, "@egn//cc:toolchain";
    an_attribute_that_is_near: 7, "attr(tgas, slow, //...)";
    several_at_once: 7, "//light:x + kind('(', //app:y) - //z:z";
    nothing_to_choose_from: 7, "some(set())";
}

#[test]
fn a_query_in_a_file() {
    let ws = workspace(LAMP);
    ws.write("q.txt", "let v = //light in\n  dep($v)\n");
    let run = ws.eng(&["query", "--query-file=q.txt"]).expect(7);
    tells("query/a_query_in_a_file", &ws, &run);
}

#[test]
fn a_file_that_is_on_disk_only() {
    let ws = workspace(LAMP);
    ws.write("light/new.txt", "");
    ws.write("light/sub/new.txt", "");
    for (query, name) in [("//light:new.txt", "label"), ("light/sub/new.txt", "path")] {
        let run = ws.eng(&["query", query]).expect(7);
        tells(&format!("query/a_file_on_disk_by_{name}"), &ws, &run);
    }
}

const BROKEN: &str = r#"
-- a/BUILD.ron
[
    filegroup(name: "good", srcs: ["x"]),
    filegroup(name: "lost", srcs: ["//b:gone", "//c:c", ":good"]),
    filegroup(name: "hurt", srcs: ["//bad:hidden"]),
]
-- a/x
-- b/BUILD.ron
[filegroup(name: "gon")]
-- bad/BUILD.ron
[filegroup(name: "ok"), filegruop(name: "hidden")]
"#;

#[test]
fn what_is_broken_is_told_where_it_is_reached() {
    let ws = workspace(BROKEN);
    for (name, query) in
        [("labels", "deps(//a:lost)"), ("package", "//bad:all"), ("dependency", "deps(//a:hurt)")]
    {
        let run = ws.eng(&["query", query]).expect(7);
        assert_eq!(run.stdout, "");
        tells(&format!("query/broken_{name}"), &ws, &run);
    }
    ws.eng(&["query", "deps(//a:good) + //a:lost"]).expect(0);
}

#[test]
fn with_keep_going_the_answer_is_partial() {
    let ws = workspace(BROKEN);
    let answer = |query: &str| {
        let run = ws.eng(&["query", "-k", query]).expect(3);
        assert_ne!(run.stderr, "");
        run.stdout
    };
    assert_eq!(answer("deps(//a:lost)"), "//a:good\n//a:lost\n//a:x\n");
    assert_eq!(answer("//bad/... + //a:good"), "//a:good\n//bad:ok\n");
    assert_eq!(answer("set(//a:good //a:none)"), "//a:good\n");
    ws.eng(&["query", "--keep_going", "//a:("]).expect(7);
}

#[test]
fn mistakes_of_the_command_line_are_told_as_such() {
    let ws = workspace(LAMP);
    for words in [
        &["query"][..],
        &["query", "--output=xml", "//light"],
        &["query", "--query-file=none.txt"],
        &["query", "--query-file=q", "//light"],
        &["query", "--unknown", "//light"],
        &["query", "- //light"],
    ] {
        let run = ws.eng(words).expect(2);
        assert_eq!(run.stdout, "");
        assert_ne!(run.stderr, "");
    }
    ws.write("BUILD.ron", "[workspace(nam: \"x\")]");
    ws.eng(&["query", "//..."]).expect(2).tells("BUILD.ron:1:12");
}
