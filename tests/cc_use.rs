//! Rules for C and C++: what lies around a test, what is generated, toolchains and modes.

use crate::support::workspace;

#[test]
fn a_test_finds_its_data_from_where_it_starts_and_from_the_runfiles() {
    let ws = workspace(
        r#"
-- lib/BUILD.ron
[cc_library(name: "lib", srcs: ["lib.c"], data: ["lib.txt"])]
-- lib/lib.c
const char *lib(void) { return "lib/lib.txt"; }
-- lib/lib.txt
-- app/BUILD.ron
[
    genrule(name: "made", outs: ["made.txt"], cmd: "echo made > $OUT"),
    cc_test(name: "t", srcs: ["t.c"], data: ["data/in.txt", ":made"], deps: ["//lib"]),
]
-- app/data/in.txt
-- app/t.c
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
const char *lib(void);
static int there(const char *path)
{
    char text[4096];
    snprintf(text, sizeof text, "%s/%s/%s", getenv("TEST_SRCDIR"), getenv("TEST_WORKSPACE"), path);
    return access(path, R_OK) == 0 && access(text, R_OK) == 0;
}
int main(void)
{
    if (!there("app/data/in.txt")) return 1;
    if (!there("app/made.txt")) return 2;
    if (!there(lib())) return 3;
    return access("app/t.c", R_OK) == 0 ? 4 : 0;
}
"#,
    );
    ws.test(&[]);
    ws.write("lib/lib.txt", "changed");
    ws.test(&[]).ran(&["test //app:t"]);
}

#[test]
fn args_and_env_of_a_test_reach_it_with_paths_of_targets() {
    let ws = workspace(
        r#"
-- tools/BUILD.ron
[
    cc_binary(name: "echo_one", srcs: ["one.c"]),
    filegroup(name: "text", srcs: ["text.txt"]),
]
-- tools/one.c
#include <stdio.h>
int main(void) { puts("1"); return 0; }
-- tools/text.txt
from a file
-- app/BUILD.ron
[cc_test(
    name: "t", srcs: ["t.c"],
    args: ["--run={path://tools:echo_one}", "a b", "{curly}"],
    env: {"TEXT": "{path://tools:text}", "PLAIN": "x=y"},
)]
-- app/t.c
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
int main(int count, char **words)
{
    char text[20] = "";
    FILE *file = fopen(getenv("TEXT"), "r");
    if (!file || !fgets(text, sizeof text, file)) return 1;
    if (strcmp(text, "from a file\n") || strcmp(getenv("PLAIN"), "x=y")) return 2;
    if (count != 4 || strcmp(words[2], "a b") || strcmp(words[3], "{curly}")) return 3;
    if (strncmp(words[1], "--run=", 6)) return 4;
    FILE *other = popen(words[1] + 6, "r");
    return !other || fgetc(other) != '1' || pclose(other);
}
"#,
    );
    ws.test(&[]).tells("  $ app/t --run=tools/echo_one 'a b' '{curly}'\n");
    ws.write("tools/text.txt", "from a file\nand more\n");
    ws.test(&[]).ran(&["test //app:t"]);
}

#[test]
fn a_path_of_a_program_at_the_root_never_means_one_of_the_machine() {
    let ws = workspace(
        r#"
-- BUILD.ron
[
    cc_binary(name: "ls", srcs: ["ls.c"]),
    sh_test(name: "t", srcs: "t.sh", args: ["{path://:ls}"], env: {"LS": "{path::ls}"}),
]
-- ls.c
#include <stdio.h>
int main(void) { puts("ours"); return 0; }
-- t.sh
#!/bin/sh
test "$("$1")" = ours && test "$("$LS")" = ours
"#,
    );
    ws.test(&[]);
}

#[test]
fn a_generated_source_is_compiled_like_a_written_one() {
    let ws = workspace(
        r##"
-- BUILD.ron
[
    cc_binary(name: "gen", srcs: ["gen.c"]),
    genrule(name: "table", outs: ["table.c", "table.h"], tools: [":gen"], cmd: "$TOOLS $OUTS"),
    cc_test(name: "t", srcs: ["t.c", ":table"]),
]
-- gen.c
#include <stdio.h>
int main(int count, char **words)
{
    FILE *source = fopen(words[1], "w"), *header = fopen(words[2], "w");
    fputs("#include \"table.h\"\nint table[SIZE] = { 7 };\n", source);
    fputs("#define SIZE 3\nextern int table[SIZE];\n", header);
    return fclose(source) || fclose(header);
}
-- t.c
#include "table.h"
int main(void) { return table[0] != 7 || sizeof table != 3 * sizeof(int); }
"##,
    );
    ws.test(&[]).ran(&[
        "compile gen.c",
        "compile t.c",
        "compile table.c",
        "generate out/table.c out/table.h",
        "link gen",
        "link t",
        "test //:t",
    ]);
    ws.write("gen.c", &ws.read("gen.c").replace("{ 7 }", "{ 7, 8 }"));
    ws.test(&[]).ran(&[
        "compile gen.c",
        "compile table.c",
        "generate out/table.c out/table.h",
        "link gen",
        "link t",
        "test //:t",
    ]);
}

#[test]
fn a_header_with_a_name_of_the_system_does_not_shadow_it() {
    let ws = workspace(
        r#"
-- BUILD.ron
[cc_test(name: "t", srcs: ["t.c"], hdrs: ["string.h"])]
-- string.h
#define OURS 1
-- t.c
#include <string.h>
#ifdef OURS
#error angle brackets found ours
#endif
#include "string.h"
int main(void) { return strlen("abc") != 3 || OURS != 1; }
"#,
    );
    ws.test(&[]);
}

const TOOLCHAIN: &str = r#"
-- BUILD.ron
[
    workspace(name: "ws", replace: {"@eng//cc:toolchain": "//toolchains:c"}),
    cc_library(name: "lib", srcs: ["lib.c"]),
    cc_test(name: "t", srcs: ["t.cc"], deps: [":lib"]),
]
-- toolchains/BUILD.ron
[
    cc_toolchain(
        name: "c", ar: "//toolchains:archiver",
        copts: ["-DALL", when("release", ["-DFAST"])], conlyopts: ["-DIN_C"], cxxopts: ["-DIN_CXX"],
        linkopts: ["-Wl,--gc-sections"],
    ),
    sh_binary(name: "archiver", srcs: "archiver.sh"),
]
-- toolchains/archiver.sh
#!/bin/sh
ar "$@"
-- lib.c
#if !defined(ALL) || !defined(IN_C) || defined(IN_CXX)
#error flags of C
#endif
int lib(void) { return 1; }
-- t.cc
#if !defined(ALL) || defined(IN_C) || !defined(IN_CXX)
#error flags of C++
#endif
extern "C" int lib(void);
int main() { return lib() - 1; }
"#;

#[test]
fn a_toolchain_of_the_workspace_replaces_the_one_that_is_built_in() {
    let ws = workspace(TOOLCHAIN);
    let first = ws.test(&[]);
    assert!(
        first
            .stderr
            .contains("  $ toolchains/archiver.sh rcsD out/liblib.a out/_obj/lib/lib.c.o\n")
    );
    assert!(
        first
            .stderr
            .contains("  $ c++ -Wl,--dependency-file=out/_obj/t/link.d -o out/t out/_obj/t/t.cc.o out/liblib.a -Wl,--gc-sections\n")
    );
    first.tells("  $ cc -fPIC -DALL -DIN_C -iquote . -iquote out -MD ");

    let build = ws.read("toolchains/BUILD.ron");
    ws.write("toolchains/BUILD.ron", &build.replace("\"-DIN_C\"", "\"-DIN_C=2\""));
    ws.test(&[]).ran(&["compile lib.c"]);
}

#[test]
fn a_mode_changes_what_mentions_it_and_both_builds_are_kept() {
    let ws = workspace(TOOLCHAIN);
    ws.test(&[]);
    ws.test(&["--mode", "release"])
        .ran(&["compile lib.c", "compile t.cc"])
        .tells("  $ cc -fPIC -DALL -DFAST -DIN_C ");
    ws.test(&[]).ran(&[]);
    ws.test(&["--mode", "release"]).ran(&[]);
}

#[test]
fn release_optimizes_and_removes_assertions() {
    let ws = workspace(
        r#"
-- BUILD.ron
[cc_test(
    name: "t", srcs: ["t.c", when("release", ["fast.c"]), when("!release", ["slow.c"])],
    local_defines: [when("release", ["EXPECTED=1"]), when("!release", ["EXPECTED=2"])],
)]
-- fast.c
#include <assert.h>
int speed(void) { assert(0); return 1; }
-- slow.c
int speed(void) { return 2; }
-- t.c
int speed(void);
int main(void) { return speed() != EXPECTED; }
"#,
    );
    ws.test(&[]).ran(&["compile slow.c", "compile t.c", "link t", "test //:t"]);
    ws.test(&["--mode", "release"])
        .ran(&["compile fast.c", "compile t.c", "link t", "test //:t"])
        .tells("  $ cc -fPIC -O2 -DNDEBUG -iquote . -iquote out -DEXPECTED=1 ");
    ws.eng(&["test", "--mode", "relaese"]).expect(2);
}

#[test]
fn a_crate_links_cpp_that_another_crate_stands_on() {
    let ws = workspace(
        r#"
-- BUILD.ron
[
    cc_library(name: "names", srcs: ["names.cc"]),
    cc_library(name: "count", srcs: ["count.c"], deps: [":names"]),
    rust_library(name: "counted", srcs: ["counted.rs"], deps: [":count"]),
    rust_test(name: "t", srcs: ["t.rs"], deps: [":counted"]),
]
-- names.cc
#include <string>
extern "C" int names() { std::string all("ab"); all += all; return all.size(); }
-- count.c
int names(void);
int count(void) { return names(); }
-- counted.rs
unsafe extern "C" {
    safe fn count() -> i32;
}
pub fn counted() -> i32 {
    count()
}
-- t.rs
#[test]
fn all_are_counted() {
    assert_eq!(counted::counted(), 4);
}
"#,
    );
    ws.test(&[]).tells("cases: 1 passed\n");
}
