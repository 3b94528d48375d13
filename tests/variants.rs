//! Variants: the first whose conditions hold, and the next one if that cannot be built.

use crate::support::{Workspace, workspace};

/// `joined` builds all sources as one unit, `split` each on its own.
fn joined(first: &str, second: &str) -> Workspace {
    let ws = workspace(
        r##"
-- BUILD.ron
[
    workspace(name: "ws", rules: ["r.ron"]),
    c_test(name: "t", srcs: ["a.c", "b.c"]),
    c_test(name: "u", srcs: ["u.c"], join: false),
]
-- u.c
int main(void) { return 0; }
-- r.ron
[
    rule(
        name: "c_test",
        doc: "A test whose sources are compiled as one unit if that works.",
        base: "cc_objects",
        attrs: (protocol: string(one_of: ["exit"], default: "exit"), join: bool(default: true)),
        variants: [(name: "joined", when: ["join"]), (name: "split")],
        vars: (
            c_sources: [when("joined", ["{unit}"]), when("split", ["{srcs|.c}"])],
            headers: ["{srcs}"],
        ),
        actions: (
            unit: (
                when: "joined",
                write: ["#include \"{srcs}\""],
                outs: (unit: "_obj/{name}/unit.c"),
            ),
            link: (
                run: ["{toolchain.cc}", "-o", "{program}", "{objects}"],
                outs: (program: "{name}"),
            ),
        ),
        provides: (files: ["{program}"], run: ["{program}"]),
        test: (protocol: "{protocol}", program: "{program}"),
    ),
]
"##,
    );
    ws.write("a.c", first);
    ws.write("b.c", second);
    ws
}

#[test]
fn the_first_variant_whose_conditions_hold_is_built() {
    let ws = joined("static int x = 3;\n", "int main(void) { return x != 3; }\n");
    ws.test(&[]).ran(&[
        "compile _obj/t/unit.c",
        "compile u.c",
        "link t",
        "link u",
        "test //:t",
        "test //:u",
    ]);
    ws.test(&[]).ran(&[]);
}

#[test]
fn what_cannot_be_built_in_a_variant_is_built_in_the_next_and_remembered() {
    let ws = joined(
        "static int x;\nint a(void) { return x; }\n",
        "static long x;\nint a(void);\nint main(void) { return a() + (int)x; }\n",
    );
    let told = "warning: //:t cannot be built as 'joined' (compile _obj/t/unit.c fails: ./b.c:1:13: error: conflicting types for 'x'; have 'long int'), so it is built as 'split'";
    ws.test(&[])
        .ran(&[
            "compile a.c",
            "compile b.c",
            "compile u.c",
            "link t",
            "link u",
            "test //:t",
            "test //:u",
        ])
        .tells(told)
        .tells("PASS  //:t")
        .tells("tests: 2 passed\n")
        .tells(" 8 ran, ");
    // The eighth is the compilation that failed. It is remembered, so nothing is tried again.
    ws.test(&[]).ran(&[]).tells(told).tells("tests: 2 passed (2 cached)\n").tells(" 0 ran, ");
    ws.write("b.c", "int a(void);\nint main(void) { return a() + (int)x; }\n");
    ws.test(&["//:t"]).ran(&["compile _obj/t/unit.c", "link t", "test //:t"]);
}

#[test]
fn a_failed_test_never_falls_back_and_a_failure_in_the_last_variant_is_told() {
    let ws = joined("static int x = 3;\n", "int main(void) { return x; }\n");
    ws.eng(&["test", "--verbose", "//:t"]).expect(3).ran(&[
        "compile _obj/t/unit.c",
        "link t",
        "test //:t",
    ]);
    ws.write("b.c", "int main(void) { return y; }\n");
    let run = ws.eng(&["test", "//:t"]).expect(1);
    assert_eq!(run.stderr.matches("FAILED //:t: compile b.c").count(), 1, "{}", run.stderr);
    assert!(!run.stderr.contains("FAILED //:t: compile _obj"), "{}", run.stderr);
    run.tells("NOT RUN //:t");
}
