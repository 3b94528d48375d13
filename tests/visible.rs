//! `visible_to`: who may depend on a target.

use crate::problems::wrong;
use crate::support::workspace;
use std::collections::BTreeSet;

wrong! {
    what_is_not_visible: 2, "build //...", r#"
-- lib/BUILD.ron
[
    cc_library(name: "open", srcs: ["lib.c"]),
    cc_library(
        name: "secret", srcs: ["lib.c"],
        visible_to: ["//core/...", "//tools:gen"],
    ),
    cc_library(name: "own", srcs: ["lib.c"], visible_to: []),
]
-- lib/lib.c
-- app/BUILD.ron
[
    cc_binary(name: "app", srcs: ["app.c"], deps: ["//lib:open", "//lib:secret"]),
    filegroup(name: "files", srcs: ["//lib:own"]),
    genrule(name: "made", outs: ["x"], cmd: "touch $OUT", tools: ["//tools:gen"]),
    sh_test(name: "t", srcs: "t.sh", args: ["{path://tools:gen}"]),
]
-- app/app.c
int main(void) { return 0; }
-- app/t.sh
#!/bin/sh
-- tools/BUILD.ron
[
    cc_binary(name: "gen", srcs: ["gen.c"], deps: ["//lib:secret"], visible_to: [":all"]),
    cc_binary(name: "other", srcs: ["gen.c"], deps: ["//lib:secret"]),
]
-- tools/gen.c
int main(void) { return 0; }
"#;
    other_spellings_of_visibility: 2, "build //...", r#"
-- BUILD.ron
[
    filegroup(name: "a", visible_to: ["//visibility:public"]),
    filegroup(name: "b", visible_to: ["//visibility:private"]),
    filegroup(name: "c", visible_to: ["//x:__pkg__", "//x/y:__subpackages__", "//:__subpackages__"]),
    filegroup(name: "d", visible_to: "PUBLIC"),
    filegroup(name: "e", visible_to: ["x/...", "-//x", "//x#y", "//x...", "", "@other//x"]),
    filegroup(name: "f", visible_to: [1]),
    filegroup(name: "g", visible_to: {"a": "b"}),
    filegroup(name: "h", visible_too: []),
]
"#;
}

#[test]
fn packages_below_one_package_and_one_target_may_be_named() {
    let ws = workspace(
        r#"
-- lib/BUILD.ron
[
    filegroup(name: "below", srcs: ["x"], visible_to: ["//a/..."]),
    filegroup(name: "package", srcs: ["x"], visible_to: ["//a:all"]),
    filegroup(name: "target", srcs: ["x"], visible_to: ["//a:t", "//a/b"]),
    filegroup(name: "each", srcs: ["x"], visible_to: ["//..."]),
    filegroup(name: "own", srcs: [":none"], visible_to: []),
    filegroup(name: "none", srcs: ["x"], visible_to: [":all"]),
]
-- lib/x
-- a/BUILD.ron
[filegroup(name: "t", srcs: ["//lib:below", "//lib:package", "//lib:target", "//lib:each"])]
-- a/b/BUILD.ron
[filegroup(name: "b", srcs: ["//lib:below", "//lib:target", "//lib:each"])]
"#,
    );
    ws.build(&["--all"]);
}

#[test]
fn an_alias_shows_what_it_may_see() {
    let ws = workspace(
        r#"
-- lib/BUILD.ron
[
    filegroup(name: "secret", srcs: ["x"], visible_to: []),
    alias(name: "door", actual: ":secret"),
    alias(name: "closed", actual: ":secret", visible_to: [":all"]),
]
-- lib/x
-- app/BUILD.ron
[filegroup(name: "fine", srcs: ["//lib:door"]), filegroup(name: "bad", srcs: ["//lib:closed"]), alias(name: "worse", actual: "//lib:secret")]
"#,
    );
    ws.build(&["//app:fine"]);
    for (target, dependency) in [("bad", "closed"), ("worse", "secret")] {
        let told = format!("//app:{target} may not depend on //lib:{dependency}, which is");
        ws.eng(&["build", &format!("//app:{target}")]).expect(2).tells(&told);
    }
}

#[test]
fn tests_of_the_package_suites_patterns_and_toolchains_are_not_kept_out() {
    let ws = workspace(
        r#"
-- BUILD.ron
[
    workspace(name: "ws", replace: {"@eng//cc:toolchain": "//toolchains:c"}),
    test_suite(name: "all_tests", tests: ["//lib:t"]),
]
-- toolchains/BUILD.ron
[cc_toolchain(name: "c", visible_to: [])]
-- lib/BUILD.ron
[
    cc_library(name: "lib", srcs: ["lib.c"], visible_to: [":all"]),
    cc_test(name: "t", srcs: ["t.c"], deps: [":lib"], visible_to: [":all"]),
]
-- lib/lib.c
int lib(void) { return 0; }
-- lib/t.c
int lib(void);
int main(void) { return lib(); }
"#,
    );
    ws.test(&["//:all_tests"]).tells("tests: 1 passed\n");
    ws.test(&["//lib:t"]);
    ws.build(&["//lib:lib"]);
}

#[test]
fn a_list_that_is_edited_holds_for_those_who_depend_already() {
    let ws = workspace(
        r#"
-- lib/BUILD.ron
[filegroup(name: "lib", srcs: ["x"])]
-- lib/x
-- app/BUILD.ron
[filegroup(name: "app", srcs: ["//lib"])]
-- other/BUILD.ron
[filegroup(name: "other", srcs: ["//app"])]
"#,
    );
    ws.build(&["--all"]);
    ws.write("lib/BUILD.ron", "[filegroup(name: \"lib\", srcs: [\"x\"], visible_to: [])]");
    let told = "app/BUILD.ron:1:32: //app:app may not depend on //lib:lib, which is visible to //lib alone\n";
    ws.eng(&["build", "--all"]).expect(2).tells(told);
    ws.write("lib/BUILD.ron", "[filegroup(name: \"lib\", srcs: [\"x\"], visible_to: [\"//app\"])]");
    ws.build(&["--all"]);
}

/// Numbers that are as good as random, and the same every time.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (self.0 >> 33) as usize % limit
    }
}

#[test]
fn just_those_who_may_not_are_kept_out_of_a_random_graph() {
    let mut numbers = Numbers(7);
    let folder = |at: usize| ["a", "a/b", "a/b/c", "ab", "d", "d/e"][at % 6];
    let ws = workspace("");
    let mut builds = vec![String::new(); 6];
    let mut expected = BTreeSet::new();
    let mut lists: Vec<Option<Vec<(String, bool)>>> = Vec::new();
    for at in 0..36 {
        let mut srcs = vec!["\"x\"".to_string()];
        for (other, list) in lists.iter().enumerate() {
            if numbers.below(8) > 0 {
                continue;
            }
            srcs.push(format!("\"//{}:t{other}\"", folder(other)));
            let own = folder(other) == folder(at);
            let listed = |list: &Vec<(String, bool)>| {
                list.iter().any(|(path, below)| {
                    folder(at) == path || (*below && folder(at).starts_with(&format!("{path}/")))
                })
            };
            if !own && list.as_ref().is_some_and(|list| !listed(list)) {
                expected.insert(format!(
                    "//{}:t{at} may not depend on //{}:t{other},",
                    folder(at),
                    folder(other)
                ));
            }
        }
        let list = (numbers.below(3) > 0).then(|| {
            let entry = |_| (folder(numbers.below(6)).to_string(), numbers.below(2) > 0);
            (0..2).map(entry).collect::<Vec<_>>()
        });
        let visible = list.as_ref().map_or(String::new(), |list| {
            let patterns = list.iter().map(|(path, below)| match below {
                true => format!("\"//{path}/...\""),
                false => format!("\"//{path}:all\""),
            });
            format!(", visible_to: [{}]", patterns.collect::<Vec<_>>().join(", "))
        });
        lists.push(list);
        let srcs = srcs.join(", ");
        builds[at % 6] += &format!("filegroup(name: \"t{at}\", srcs: [{srcs}]{visible}),\n");
    }
    for (at, build) in builds.iter().enumerate() {
        ws.write(&format!("{}/BUILD.ron", folder(at)), &format!("[\n{build}]\n"));
        ws.write(&format!("{}/x", folder(at)), "");
    }
    // Target by target, since of many problems only some are told.
    let mut told = BTreeSet::new();
    for at in 0..36 {
        let run = ws.eng(&["build", &format!("//{}:t{at}", folder(at))]);
        for line in run.stderr.lines().filter(|line| line.contains(" may not depend on ")) {
            let sentence = line.split(": ").nth(1).expect("a place and a sentence");
            told.insert(sentence.split(" which").next().unwrap_or("").trim_end().to_string());
        }
    }
    assert!(expected.len() > 10, "{expected:?}");
    assert_eq!(told, expected);
}
