//! Shared libraries of C and C++: what they hold, where they lie, and who finds them.

use crate::support::{Workspace, files, workspace};
use std::fs;
use std::path::Path;
use std::process::Command;

/// A counter below two libraries, of which one is C++.
const LIBRARIES: &str = r#"
-- base/BUILD.ron
[cc_library(name: "base", srcs: ["base.c"], hdrs: ["base.h"], defines: ["STEP=2"])]
-- base/base.h
int count(void);
-- base/base.c
#include "base/base.h"
static int counted;
int count(void) { return counted += STEP; }
-- one/BUILD.ron
[
    cc_library(name: "one", srcs: ["one.c"], hdrs: ["one.h"], deps: ["//base"]),
    cc_shared_library(name: "shared_one", deps: [":one"]),
]
-- one/one.h
int one(void);
-- one/one.c
#include "base/base.h"
#include "one/one.h"
int one(void) { return count(); }
-- two/BUILD.ron
[
    cc_library(name: "two", srcs: ["two.cc"], hdrs: ["two.h"], deps: ["//base"]),
    cc_shared_library(name: "shared_two", deps: [":two"]),
    cc_shared_library(name: "upon", deps: [":two", "//one:shared_one"]),
]
-- two/two.h
int two(void);
-- two/two.cc
#include <string>
extern "C" {
#include "base/base.h"
#include "two/two.h"
int two(void) { return count() + std::string("").size(); }
}
-- app/all.c
#include <stdio.h>
#include "base/base.h"
#include "one/one.h"
#include "two/two.h"
int main(void)
{
    int first = one(), second = two(), third = count();
    printf("%d %d %d\n", first, second, third);
    return first != STEP || second != 2 * STEP || third != 3 * STEP;
}
"#;

fn libraries(app: &str) -> Workspace {
    workspace(&format!("{LIBRARIES}-- app/BUILD.ron\n{app}\n"))
}

/// The files of a folder in `eng-out/bin`.
fn delivered(ws: &Workspace, folder: &str) -> Vec<String> {
    files(&ws.root().join("eng-out/bin").join(folder)).into_keys().collect()
}

/// What a program prints, started elsewhere.
#[track_caller]
fn prints(program: &Path) -> String {
    let output = Command::new(program).current_dir("/").output().expect("start a program");
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {}; {told}", program.display(), output.status);
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Moves what was built to another place, where the store and the workspace are not.
fn elsewhere(ws: &Workspace) -> std::path::PathBuf {
    let to = ws.beside("elsewhere");
    fs::rename(ws.root().join("eng-out/bin"), &to).expect("move what was built");
    fs::rename(ws.beside("cache"), ws.beside("no-cache")).expect("hide the store");
    to
}

#[test]
fn a_program_finds_its_shared_libraries_wherever_it_is_copied() {
    let ws = libraries(
        r#"[cc_binary(name: "whole", srcs: ["all.c"], deps: ["//one:shared_one", "//two:upon"])]"#,
    );
    ws.build(&[])
        .tells("  $ cc -shared -Wl,-soname,libshared_one.so -Wl,--dependency-file=out/one/_obj/shared_one/link.d -o out/one/libshared_one.so -Wl,--whole-archive out/one/libone.a out/base/libbase.a -Wl,--no-whole-archive\n")
        .tells("  $ cc -Wl,--dependency-file=out/app/_obj/whole/link.d -o out/app/whole out/app/_obj/whole/app/all.c.o -Wl,--push-state,--no-as-needed out/two/libupon.so out/one/libshared_one.so -Wl,--pop-state '-Wl,-rpath,$ORIGIN'\n");
    assert_eq!(delivered(&ws, "app"), ["libshared_one.so", "libupon.so", "whole"]);
    assert_eq!(prints(&elsewhere(&ws).join("app/whole")), "2 4 6\n");
}

#[test]
fn what_a_shared_library_holds_is_not_linked_once_more() {
    // Linked from the archive, too, `count` would begin anew beside `one`.
    let ws = libraries(
        r#"[cc_test(name: "t", srcs: ["all.c"], deps: ["//base", "//two", "//one:shared_one"])]"#,
    );
    let run = ws.test(&[]);
    let link = run.stderr.lines().find(|line| line.contains("-o out/app/t ")).expect("a link");
    assert!(link.contains(" out/two/libtwo.a ") && !link.contains("libbase.a"), "{link}");
}

#[test]
fn a_library_in_two_shared_libraries_is_a_problem_of_whoever_wants_both() {
    let ws = libraries(
        r#"[cc_binary(name: "whole", srcs: ["all.c"], deps: ["//one:shared_one", "//two:shared_two"])]"#,
    );
    let told = "app/BUILD.ron:1:2: 'base/libbase.a' would be in //app:whole twice, by //one:shared_one and by //two:shared_two; let one of these depend on the other, or both on a third that holds it\n";
    ws.eng(&["build"]).expect(2).tells(told).tells("  one/BUILD.ron:3:5: //one:shared_one\n");
    ws.build(&["//one:shared_one", "//two:shared_two"]);
}

#[test]
fn tests_tools_and_data_find_shared_libraries_as_programs_do() {
    let ws = libraries(
        r#"[
    cc_test(name: "t", srcs: ["all.c"], deps: ["//two:upon"]),
    cc_binary(name: "tool", srcs: ["all.c"], deps: ["//two:upon"]),
    genrule(name: "made", outs: ["made.txt"], tools: [":tool"], cmd: "$TOOLS > $OUT"),
    genrule(name: "by_shell", outs: ["shell.txt"], tools: [":tool"], cmd: "if true; then $TOOLS > $OUT; fi"),
    sh_test(name: "runs", srcs: "runs.sh", data: [":tool", ":made", ":by_shell"]),
    sh_test(name: "named", srcs: "named.sh", args: ["{path::tool}"]),
]
-- app/runs.sh
#!/bin/sh
test "$(app/tool)" = "2 4 6" && cmp app/made.txt app/shell.txt && grep -qx '2 4 6' app/made.txt
-- app/named.sh
#!/bin/sh
test "$("$1")" = "2 4 6"
"#,
    );
    ws.test(&[]).tells("tests: 3 passed\n");
}

#[test]
fn rust_links_shared_libraries_and_finds_them() {
    let ws = libraries(
        r#"[
    rust_library(name: "count", srcs: ["count.rs"], deps: ["//one:shared_one", "//base"]),
    rust_binary(name: "counts", srcs: ["counts.rs"], deps: [":count"]),
    rust_test(name: "t", srcs: ["a.rs", "b.rs"], deps: [":count"], merge: false),
]
-- app/count.rs
unsafe extern "C" {
    safe fn count() -> i32;
    safe fn one() -> i32;
}
pub fn both() -> i32 {
    one() + count()
}
-- app/counts.rs
fn main() {
    println!("{}", count::both());
}
-- app/a.rs
#[test]
fn both() {
    assert_eq!(count::both(), 6);
}
-- app/b.rs
#[test]
fn both() {
    assert_eq!(count::both(), 6);
}
"#,
    );
    ws.test(&[]).tells("cases: 2 passed\n");
    ws.build(&[]);
    assert_eq!(delivered(&ws, "app"), ["counts", "libshared_one.so"]);
    assert_eq!(prints(&elsewhere(&ws).join("app/counts")), "6\n");
}

#[test]
fn a_program_that_is_not_linked_statically_takes_each_library_as_a_file_of_its_own() {
    let ws = libraries(
        r#"[
    cc_library(name: "fixed", srcs: ["fixed.c"], linkstatic: true, deps: ["//base"]),
    cc_binary(name: "whole", srcs: ["all.c"], deps: ["//one", "//two", ":fixed"], linkstatic: false),
]
-- app/fixed.c
int fixed;
"#,
    );
    let first = ws.build(&[]);
    assert!(!first.stderr.contains("archive one/"), "{}", first.stderr);
    let there = ["libbase++libbase.so", "libone++libone.so", "libtwo++libtwo.so", "whole"];
    assert_eq!(delivered(&ws, "app"), there);

    ws.write("base/base.c", &ws.read("base/base.c").replace("static", "int more;\nstatic"));
    ws.build(&[]).ran(&[
        "compile base/base.c",
        "link base/_obj/base/libbase++libbase.so",
        "link app/whole",
    ]);
    assert_eq!(prints(&elsewhere(&ws).join("app/whole")), "2 4 6\n");
}

#[test]
fn libraries_whose_paths_are_alike_are_different_parts() {
    let ws = workspace(
        r#"
-- a_b/BUILD.ron
[cc_library(name: "x", srcs: ["x.c"])]
-- a_b/x.c
int first(void) { return 1; }
-- a/b/BUILD.ron
[cc_library(name: "x", srcs: ["x.c"]), cc_library(name: "c+-x", srcs: ["y.c"])]
-- a/b/x.c
int second(void) { return 2; }
-- a/b/y.c
int third(void) { return 3; }
-- a/b/c/BUILD.ron
[cc_library(name: "-x", srcs: ["x.c"]), cc_library(name: "+x", srcs: ["y.c"])]
-- a/b/c/x.c
int fourth(void) { return 4; }
-- a/b/c/y.c
int fifth(void) { return 5; }
-- app/BUILD.ron
[cc_binary(
    name: "t", srcs: ["t.c"], linkstatic: false,
    deps: ["//a_b:x", "//a/b:x", "//a/b:c+-x", "//a/b/c:-x", "//a/b/c:+x"],
)]
-- app/t.c
int first(void), second(void), third(void), fourth(void), fifth(void);
int main(void) { return first() + second() + third() + fourth() + fifth() != 15; }
"#,
    );
    ws.build(&[]);
    assert_eq!(
        delivered(&ws, "app"),
        [
            "liba++b++c++lib+-x.so",
            "liba++b++c++lib-x.so",
            "liba++b++libc+--x.so",
            "liba++b++libx.so",
            "liba_b++libx.so",
            "t",
        ]
    );
    prints(&elsewhere(&ws).join("app/t"));
}

#[test]
fn a_library_that_is_loaded_is_named_as_its_target_and_has_beside_it_what_it_needs() {
    let ws = libraries(
        r#"[
    cc_binary(name: "plugin.so", srcs: ["plugin.c"], deps: ["//one:shared_one"], linkshared: true, linkopts: ["-Wl,--version-script=app/plugin.map"], additional_linker_inputs: ["plugin.map"]),
    cc_test(name: "t", srcs: ["t.c"], data: [":plugin.so"], linkopts: ["-ldl"]),
    cc_binary(name: "linked", srcs: ["linked.c", ":plugin.so"]),
]
-- app/plugin.map
{ global: plugin; local: *; };
-- app/plugin.c
int one(void);
int hidden(void) { return one(); }
int plugin(void) { return hidden() + 1; }
-- app/t.c
#include <dlfcn.h>
int main(void)
{
    void *library = dlopen("app/plugin.so", RTLD_NOW);
    if (!library || dlsym(library, "hidden")) return 1;
    int (*plugin)(void) = (int (*)(void))dlsym(library, "plugin");
    return !plugin || plugin() != 3;
}
-- app/linked.c
int plugin(void);
int main(void) { return plugin() != 3; }
"#,
    );
    ws.test(&[]).tells("tests: 1 passed\n");
    ws.write("app/plugin.map", "{ global: plugin; hidden; local: *; };");
    ws.eng(&["test", "--verbose"]).expect(3).ran(&["link app/plugin.so", "test //app:t"]);
    ws.remove("eng-out");
    ws.build(&["//app:plugin.so"]);
    assert_eq!(delivered(&ws, "app"), ["libshared_one.so", "plugin.so"]);
}

#[test]
fn what_others_have_compiled_is_linked() {
    let ws = workspace(
        r#"
-- BUILD.ron
[
    genrule(name: "object", srcs: ["object.c"], outs: ["object.o"], cmd: "cc -c $SRCS -o $OUT"),
    genrule(name: "archive", srcs: ["member.c"], outs: ["member.a"], cmd: "cc -c $SRCS -o member.o; ar rcs $OUT member.o"),
    genrule(name: "shared", srcs: ["shared.c"], outs: ["libgiven.so"], cmd: "cc -fPIC -shared -Wl,-soname,libgiven.so $SRCS -o $OUT"),
    cc_library(name: "given", srcs: [":object", ":archive", ":shared"]),
    cc_test(name: "above", srcs: ["t.c"], deps: [":given"]),
    cc_test(name: "direct", srcs: ["t.c", ":object", ":archive", ":shared"]),
    cc_shared_library(name: "whole", srcs: [":object", ":archive"]),
    cc_test(name: "whole_test", srcs: ["t.c", ":shared"], deps: [":whole"]),
]
-- object.c
int object(void) { return 1; }
-- member.c
int member(void) { return 2; }
-- shared.c
int shared(void) { return 3; }
-- t.c
int object(void), member(void), shared(void);
int main(void) { return object() + member() + shared() != 6; }
"#,
    );
    ws.test(&[]).tells("tests: 3 passed\n");
}

#[test]
fn two_shared_libraries_of_one_name_cannot_lie_beside_one_program() {
    let ws = workspace(
        r#"
-- a/BUILD.ron
[cc_shared_library(name: "x", srcs: ["a.c"])]
-- a/a.c
int a(void) { return 1; }
-- b/BUILD.ron
[cc_shared_library(name: "x", srcs: ["b.c"]), cc_shared_library(name: "y", srcs: ["b.c"], shared_lib_name: "libb.so.1")]
-- b/b.c
int b(void) { return 2; }
-- BUILD.ron
[
    cc_binary(name: "both", srcs: ["both.c"], deps: ["//a:x", "//b:x"]),
    cc_binary(name: "fine", srcs: ["both.c"], deps: ["//a:x", "//b:y"]),
]
-- both.c
int a(void), b(void);
int main(void) { return a() + b() != 3; }
"#,
    );
    ws.eng(&["build", "//:both"]).expect(2).tells(
        "BUILD.ron:2:5: //:both delivers both 'a/libx.so' and 'b/libx.so' to 'eng-out/bin/libx.so'\n",
    );
    ws.build(&["//:fine"]);
    prints(&elsewhere(&ws).join("fine"));
}
