//! What real code in C and C++ does that build files trip over.

use crate::support::workspace;
use std::fmt::Write;

#[test]
fn macros_with_blanks_and_quotes_arrive_as_they_are_written() {
    let ws = workspace(
        r##"
-- BUILD.ron
[cc_test(
    name: "t", srcs: ["t.c", "more.cc"],
    copts: ["-DBLANK=\"a b\""],
    local_defines: ["QUOTE=\"it's \\\"so\\\"\"", "CHAR='\\''", "EMPTY=", "DOLLAR=\"$HOME {{x}}\"", "CALL(x)=(x + 1)"],
)]
-- t.c
#include <string.h>
int more(void);
int main(void)
{
    if (strcmp(BLANK, "a b") || strcmp(QUOTE, "it's \"so\"") || CHAR != '\'') return 1;
    return strcmp("" EMPTY, "") || strcmp(DOLLAR, "$HOME {{x}}") || CALL(1) != 2 || more() != 3;
}
-- more.cc
extern "C" int more() { return sizeof BLANK - 1; }
"##,
    );
    ws.test(&[]);
}

#[test]
fn commands_too_long_for_the_system_are_handed_over_in_a_file_word_for_word() {
    let ws = workspace("");
    // More than 100 kB of macros with blanks and quotes in them, and long paths. Beyond 128 kB the
    // compiler itself cannot start its parts.
    let mut defines = String::new();
    let mut sources = String::new();
    let mut sum = String::new();
    for at in 0..870 {
        let padding = "p".repeat(100);
        write!(defines, r#""M{at}=\"a b\\\\{at} {padding}'\"","#).expect("write to a string");
    }
    for at in 0..12 {
        let folder = format!("{}/{at}", ["long_folder"; 20].join("/"));
        write!(sources, "\"{folder}/x.c\", ").expect("write to a string");
        write!(sum, " + x{at}()").expect("write to a string");
        ws.write(&format!("{folder}/x.c"), &format!("int x{at}(void) {{ return 1; }}\n"));
    }
    let build = format!(
        "[workspace(name: \"ws\"), cc_library(name: \"x\", srcs: [{sources}]), cc_test(name: \"t\", srcs: [\"t.c\"], deps: [\":x\"], local_defines: [{defines}])]\n"
    );
    ws.write("BUILD.ron", &build);
    let calls: String =
        (0..12).fold(String::new(), |text, at| text + &format!("int x{at}(void);\n"));
    let text = format!(
        "#include <string.h>\n{calls}int main(void) {{ return strncmp(M7, \"a b\\\\7 p\", 7) || M9[strlen(M9) - 1] != '\\'' || (0{sum}) != 12; }}\n"
    );
    ws.write("t.c", &text);
    ws.test(&[]);
}

#[test]
fn angle_brackets_and_quotes_find_headers_of_includes_and_quotes_alone_the_root() {
    let ws = workspace(
        r#"
-- lib/BUILD.ron
[cc_library(name: "lib", hdrs: ["include/lib/lib.h", "own.h"], includes: ["include"])]
-- lib/include/lib/lib.h
#define LIB 1
-- lib/own.h
#define OWN 2
-- BUILD.ron
[
    cc_test(name: "t", srcs: ["t.c"], deps: ["//lib"]),
    cc_binary(name: "bad", srcs: ["bad.c"], deps: ["//lib"]),
]
-- t.c
#include <lib/lib.h>
#include "lib/lib.h"
#include "lib/own.h"
int main(void) { return LIB + OWN != 3; }
-- bad.c
#include <lib/own.h>
int main(void) { return OWN; }
"#,
    );
    ws.test(&[]);
    ws.eng(&["build", "//:bad"]).expect(1).tells("bad.c:1:10: fatal error: lib/own.h:");
}

#[test]
fn a_generated_configuration_stands_for_the_one_that_lies_in_the_tree() {
    let ws = workspace(
        r##"
-- BUILD.ron
[
    genrule(name: "config", srcs: ["config.h.in"], outs: ["config.h"], cmd: "sed 's/@VERSION@/3/' < $SRCS > $OUT"),
    cc_library(name: "lib", srcs: ["src/lib.c", "src/part.c.inc"], hdrs: [":config"], textual_hdrs: ["src/other.c"], includes: ["."]),
    cc_test(name: "t", srcs: ["t.c"], deps: [":lib"]),
]
-- config.h
#error what somebody's configure left here
-- config.h.in
#define VERSION @VERSION@
-- src/lib.c
#include <config.h>
#include "part.c.inc"
#include "other.c"
int lib(void) { return VERSION + part() + other(); }
-- src/part.c.inc
static int part(void) { return 1; }
-- src/other.c
static int other(void) { return 1; }
-- t.c
#include "config.h"
int lib(void);
int main(void) { return lib() != VERSION + 2; }
"##,
    );
    ws.test(&[]).ran(&[
        "archive liblib.a",
        "compile src/lib.c",
        "compile t.c",
        "generate out/config.h",
        "link t",
        "test //:t",
    ]);
}

#[test]
fn warnings_are_told_by_the_run_that_compiles() {
    let ws = workspace(
        r#"
-- BUILD.ron
[cc_test(name: "t", srcs: ["t.c"], copts: ["-Wall"])]
-- t.c
int main(void) { int unused; return 0; }
"#,
    );
    ws.eng(&["test"]).expect(0).tells("t.c:1:22: warning: unused variable");
    let again = ws.eng(&["test", "--fresh"]).expect(0);
    assert!(!again.stderr.contains("unused variable"), "{}", again.stderr);
}

#[test]
fn archives_that_need_each_other_across_languages_are_linked_in_order() {
    let ws = workspace(
        r#"
-- BUILD.ron
[
    cc_library(name: "registry", srcs: ["registry.c"], hdrs: ["registry.h"]),
    cc_library(name: "plugin", srcs: ["plugin.cc"], deps: [":registry", ":text"], alwayslink: true),
    cc_library(name: "text", srcs: ["text.c"], linkopts: ["-lm"]),
    cc_library(name: "plugins", deps: [":plugin"]),
    cc_library(name: "app_lib", srcs: ["app.c"], deps: [":plugins", ":registry"]),
    cc_test(name: "t", srcs: ["t.c"], deps: [":app_lib"], linkopts: ["-Wl,--as-needed,-z,relro,-z,now"]),
    cc_test(name: "apart", srcs: ["t.c"], deps: [":app_lib"], linkstatic: false),
]
-- registry.h
void enter(int value);
int entered(void);
-- registry.c
#include "registry.h"
static int sum;
void enter(int value) { sum += value; }
int entered(void) { return sum; }
-- plugin.cc
extern "C" {
#include "registry.h"
double text(double);
}
#include <string>
namespace { struct Entry { Entry() { enter(static_cast<int>(text(4)) + std::string("ab").size()); } } entry; }
-- text.c
#include <math.h>
double text(double x) { return sqrt(x); }
-- app.c
#include "registry.h"
int app(void) { return entered(); }
-- t.c
int app(void);
int main(void) { return app() != 4; }
"#,
    );
    ws.test(&[]).tells("tests: 2 passed\n");
}

#[test]
fn a_header_that_is_there_but_that_nobody_gives_is_named() {
    let ws = workspace(
        r#"
-- lib/BUILD.ron
[cc_library(name: "lib", hdrs: ["include/lib/lib.h"], includes: ["include"])]
-- lib/include/lib/lib.h
-- lib/include/lib/hidden.h
-- app/BUILD.ron
[
    cc_binary(name: "by_root", srcs: ["by_root.c"], deps: ["//lib"]),
    cc_binary(name: "by_folder", srcs: ["by_folder.c"], deps: ["//lib"]),
    cc_binary(name: "beside", srcs: ["beside.c"]),
    cc_binary(name: "nowhere", srcs: ["nowhere.c"]),
]
-- app/by_root.c
#include "lib/include/lib/hidden.h"
-- app/by_folder.c
#include <lib/hidden.h>
-- app/beside.c
#include "own.h"
-- app/own.h
-- app/nowhere.c
#include "nowhere.h"
"#,
    );
    for (target, file) in [
        ("by_root", "lib/include/lib/hidden.h"),
        ("by_folder", "lib/include/lib/hidden.h"),
        ("beside", "app/own.h"),
    ] {
        let told = format!(
            "  hint: '{file}' is there, but neither //app:{target} nor what it depends on gives it to this action\n  rerun: "
        );
        ws.eng(&["build", &format!("//app:{target}")]).expect(1).tells(&told);
    }
    let run = ws.eng(&["build", "//app:nowhere"]).expect(1);
    assert!(!run.stderr.contains("hint:"), "{}", run.stderr);
}

#[test]
fn a_header_that_a_target_makes_but_that_nobody_gives_is_named() {
    let ws = workspace(
        r#"
-- gen/BUILD.ron
[genrule(name: "gen", outs: ["made.h"], cmd: "echo > $OUT")]
-- app/BUILD.ron
[cc_binary(name: "app", srcs: ["app.c"])]
-- app/app.c
#include "gen/made.h"
int main(void) { return 0; }
"#,
    );
    ws.eng(&["build", "--all", "//..."]).expect(1).tells(
        "  hint: 'gen/made.h' is made by //gen:gen, but neither //app:app nor what it depends on gives it to this action\n  rerun: ",
    );
    ws.write("app/BUILD.ron", "[cc_binary(name: \"app\", srcs: [\"app.c\", \"//gen\"])]");
    ws.build(&["//..."]);
}
