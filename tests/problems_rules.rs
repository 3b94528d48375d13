//! What users read when a rule file of theirs is wrong.

use crate::support::workspace;

/// A test for each wrong rule file: its name, and what stands in the list of `r.ron`.
macro_rules! wrong_rules {
    ($($name:ident: $rules:literal;)*) => {$(
        #[test]
        fn $name() {
            let ws = workspace("-- BUILD.ron\n[workspace(name: \"ws\", rules: [\"r.ron\"])]\n");
            ws.write("r.ron", &format!("[{}]\n", $rules));
            let run = ws.eng(&["rules"]).expect(2);
            crate::problems::tells(concat!("rules/", stringify!($name)), &ws, &run);
        }
    )*};
}

wrong_rules! {
    an_unknown_name_in_braces: r#"
    rule(
        name: "copy",
        attrs: (source: file()),
        actions: (
            copy: (run: ["cp", "{sorce}", "{out}"], outs: (out: "{name}.out")),
        ),
        provides: (files: ["{out}"]),
    ),
"#;
    an_unknown_attribute_type: r#"
    rule(name: "copy", attrs: (source: flie(), more: strings, other: "x", last: color())),
"#;
    an_each_of_no_list: r#"
    rule(
        name: "copy",
        attrs: (source: string()),
        actions: (
            copy: (each: "source", run: ["cp", "{it}", "{out}"], outs: (out: "{it.stem}.out")),
        ),
        provides: (files: ["{out}"]),
    ),
"#;
    an_each_of_nothing: r#"
    rule(
        name: "copy",
        attrs: (sources: files()),
        actions: (
            copy: (each: "source", run: ["cp", "{it}", "{out}"], outs: (out: "{it.stem}.out")),
        ),
        provides: (files: ["{out}"]),
    ),
"#;
    two_lists_in_a_word: r#"
    rule(
        name: "copy",
        attrs: (a: files(), b: strings()),
        actions: (
            copy: (run: ["cp", "{a}{b}", "{out}"], outs: (out: "{name}.out")),
        ),
        provides: (files: ["{out}"]),
    ),
"#;
    an_unknown_base: r#"
    rule(name: "my_library", base: "cc_object"),
    rule(name: "other", base: "cc_library"),
"#;
    a_base_of_itself: r#"
    base(name: "a", base: "b"),
    base(name: "b", base: "a"),
    rule(name: "x", base: "a"),
"#;
    a_rule_twice: r#"
    rule(name: "copy"),
    rule(name: "copy"),
"#;
    a_built_in_name: r#"
    rule(name: "cc_library"),
    rule(name: "nothing_like_it", replaces: true),
"#;
    a_depfile_that_nobody_writes: r#"
    rule(
        name: "copy",
        actions: (
            one: (run: ["true", "{out}"], outs: (out: "x"), depfile: "x.d"),
            two: (run: ["true", "{depfile}", "{more}"], outs: (more: "y")),
        ),
        provides: (files: ["{out}", "{more}"]),
    ),
"#;
    a_narrow_without_a_depfile: r#"
    rule(
        name: "copy",
        attrs: (srcs: files()),
        actions: (
            copy: (
                run: ["true", "{out}"],
                inputs: ["{srcs}"],
                outs: (out: "x"),
                narrow: [".h", ".c"],
            ),
        ),
        provides: (files: ["{out}"]),
    ),
"#;
    an_output_that_nobody_mentions: r#"
    rule(name: "copy", actions: (copy: (run: ["true"], outs: (out: "x")))),
"#;
    a_group_with_other_fields: r#"
    rule(name: "one", provides: (lib: (headers: ["a.h"], files: []))),
    rule(name: "two", provides: (lib: (headers: ["a.h"]))),
"#;
    a_group_that_nobody_provides: r#"
    rule(name: "one", attrs: (deps: targets(provides: "ccc"))),
"#;
    an_unknown_field_of_a_group: r#"
    rule(
        name: "one",
        attrs: (deps: targets(provides: "cc")),
        provides: (files: ["{deps.header}", "{deps}"]),
    ),
"#;
    an_unknown_protocol: r#"
    rule(
        name: "my_test",
        attrs: (srcs: files(), protocol: string(one_of: ["exit", "tab"], default: "exit")),
        test: (protocol: "{protocol}", program: "{srcs}"),
    ),
"#;
    a_test_without_a_program: r#"
    rule(name: "my_test", test: (protocol: "exit")),
"#;
    actions_that_need_each_other: r#"
    rule(
        name: "copy",
        actions: (
            one: (run: ["cp", "{b}", "{a}"], outs: (a: "a")),
            two: (run: ["cp", "{a}", "{b}"], outs: (b: "b")),
        ),
        provides: (files: ["{a}"]),
    ),
"#;
    a_var_that_needs_itself: r#"
    rule(name: "copy", vars: (a: ["{a}"]), provides: (files: ["{a}"])),
"#;
    an_unknown_property: r#"
    rule(name: "copy", attrs: (srcs: files()), provides: (files: ["{srcs.setm}", "{srcs.colour}"])),
"#;
    braces_that_do_not_match: r#"
    rule(name: "copy", attrs: (srcs: files()), provides: (files: ["{srcs", "srcs}", "{}", "{a b}"])),
"#;
    an_unknown_field_of_a_rule: r#"
    rule(name: "copy", atrs: (), acts: ()),
    base(name: "b", test: (program: "x")),
"#;
    an_unknown_field_of_an_action: r#"
    rule(
        name: "copy",
        actions: (
            copy: (runs: ["true"], outs: (out: "x")),
            both: (run: ["true"], write: ["x"], outs: (more: "y")),
            none: (outs: (none: "z")),
        ),
        provides: (files: ["{out}", "{more}", "{none}"]),
    ),
"#;
    something_else_than_a_rule: r#"
    cc_library(name: "a"),
    rul(name: "b"),
    "rule",
    rule("c"),
    rule(doc: "no name"),
    rule(name: "not-a-name"),
"#;
    an_unknown_mode: r#"
    rule(
        name: "copy",
        attrs: (srcs: files(), kind: string(one_of: ["fast", "small"], default: "fast")),
        provides: (files: [when("relaese", ["a"]), when("kind", ["b"]), when("kind=slow", ["c"])]),
    ),
    rule(name: "other", provides: (files: [when("a b", ["d"]), when("x")])),
"#;
    names_with_a_meaning_of_their_own: r#"
    rule(name: "copy", attrs: (tags: strings())),
    rule(name: "other", attrs: (label: string(), it: files()), vars: (x: ["a"], name: ["b"])),
"#;
    a_default_of_another_type: r#"
    rule(name: "copy", attrs: (a: bool(default: "no"), b: int(default: [1]), c: string(one_of: ["x"], default: "y"), d: files(ext: 3))),
"#;
    protocols_that_do_not_fit: r#"
    protocol(name: "a"),
    protocol(name: "b", run: ["{prog}"]),
    protocol(name: "c", run: ["{program}"], results: lines(done: "{outcom} {case}")),
    protocol(name: "d", run: ["{program}"], results: json()),
    protocol(name: "e", run: ["{program}"], skip: "x", lists: []),
"#;
    readers_that_do_not_fit: r#"
    protocol(name: "a", run: ["{program}"], results: xml(path: "x")),
    protocol(name: "b", run: ["{program}", "{report}"]),
    protocol(
        name: "c",
        run: ["{program}"],
        env: (X: "{report}", Y: "{case}", Z: 1, S: "{TEST_SHARD_INDX}", T: "{TEST_SIZE:,}"),
        results: json(event: "a..b", case: 1, seconds: "s", ms: "m", stared: []),
    ),
    protocol(name: "d", run: ["{program}"], results: tap(), markers: lines(done: "ok")),
    protocol(
        name: "e",
        list: ["{program}", "--list"],
        listing: lines(case: "{case}", prefix: "{case}."),
        run: ["{program}", "{case}"],
        results: lines(done: "{outcome} {case} {second}", plan: "all", prefix: "x"),
        words: (passed: ["ok"], xfail: ["no"]),
    ),
    protocol(name: "f", run: ["{program}"], results: yaml()),
"#;
    no_ron_at_all: r#"
    rule(name: "copy"
"#;
}

#[test]
fn problems_of_rules_and_packages_are_told_together() {
    let ws = workspace(
        r#"
-- BUILD.ron
[workspace(name: "ws", rules: ["r/*.ron", "s/*.ron"])]
-- r/a.ron
[rule(name: "a", nam: 3)]
-- r/b.ron
[rule(name: "b", base: "c")]
-- p/BUILD.ron
[filegroup(name: "p"
"#,
    );
    let run = ws.eng(&["rules"]).expect(2);
    crate::problems::tells("rules/of_rules_and_packages_together", &ws, &run);
}
