//! Rules for C and C++: which flags, headers and archives reach which command.

use crate::support::workspace;

#[test]
fn cpp_sources_are_linked_with_the_driver_of_cpp() {
    let ws = workspace(
        r#"
-- BUILD.ron
[cc_test(name: "t", srcs: ["t.cc", "more.cpp", "other.cxx"])]
-- t.cc
#include <string>
std::string more(), other();
int main() { return more() + other() != "moreother"; }
-- more.cpp
#include <string>
std::string more() { return "more"; }
-- other.cxx
#include <string>
std::string other() { return "other"; }
"#,
    );
    let run = ws
        .test(&[])
        .tells("  $ c++ -Wl,--dependency-file=out/_obj/t/link.d -o out/t out/_obj/t/t.cc.o");
    run.ran(&["compile more.cpp", "compile other.cxx", "compile t.cc", "link t", "test //:t"]);
}

#[test]
fn c_and_cpp_in_one_target_get_flags_of_their_own() {
    let ws = workspace(
        r#"
-- BUILD.ron
[cc_test(
    name: "t", srcs: ["a.c", "t.cc"],
    copts: ["-DBOTH"], conlyopts: ["-std=c11", "-DONLY_C"], cxxopts: ["-std=c++17", "-DONLY_CXX"],
)]
-- a.c
#if !defined(BOTH) || !defined(ONLY_C) || defined(ONLY_CXX) || __STDC_VERSION__ != 201112L
#error flags of C
#endif
int a(void) { return 3; }
-- t.cc
#if !defined(BOTH) || defined(ONLY_C) || !defined(ONLY_CXX) || __cplusplus != 201703L
#error flags of C++
#endif
extern "C" int a(void);
int main() { return a() != 3; }
"#,
    );
    ws.test(&[]).ran(&["compile a.c", "compile t.cc", "link t", "test //:t"]);
}

#[test]
fn a_program_in_c_links_a_library_that_needs_cpp_below_another() {
    let ws = workspace(
        r#"
-- BUILD.ron
[
    cc_library(name: "names", srcs: ["names.cc"]),
    cc_library(name: "count", srcs: ["count.c"], deps: [":names"]),
    cc_test(name: "t", srcs: ["t.c"], deps: [":count"]),
    cc_binary(name: "plain", srcs: ["plain.c"]),
]
-- names.cc
#include <map>
#include <string>
extern "C" int names() { std::map<std::string, int> all{{"a", 1}, {"b", 2}}; return all.size(); }
-- count.c
int names(void);
int count(void) { return names(); }
-- t.c
int count(void);
int main(void) { return count() != 2; }
-- plain.c
int main(void) { return 0; }
"#,
    );
    ws.test(&[]).tells("  $ c++ -Wl,--dependency-file=out/_obj/t/link.d -o out/t out/_obj/t/t.c.o out/libcount.a out/libnames.a\n");
    ws.build(&[]).tells("  $ cc -Wl,--dependency-file=out/_obj/plain/link.d -o out/plain out/_obj/plain/plain.c.o\n");
}

#[test]
fn assembly_is_compiled_with_and_without_macros() {
    let ws = workspace(
        r#"
-- BUILD.ron
[cc_test(name: "t", srcs: ["t.c", "with.S", "without.s"], local_defines: ["ANSWER=42"], hdrs: ["section.h"])]
-- section.h
#define SECTION .data
-- with.S
#include "section.h"
    .section .note.GNU-stack,"",%progbits
    SECTION
    .globl with
with: .long ANSWER
-- without.s
    .section .note.GNU-stack,"",%progbits
    .data
    .globl without
without: .long 7
-- t.c
extern int with, without;
int main(void) { return with != ANSWER || without != 7; }
"#,
    );
    ws.test(&[]).ran(&[
        "compile t.c",
        "compile with.S",
        "compile without.s",
        "link t",
        "test //:t",
    ]);
    ws.write("section.h", "#define SECTION .section .rodata\n");
    // Nobody tells what plain assembly reads, so any header may matter to it.
    ws.test(&[]).ran(&["compile with.S", "compile without.s", "link t", "test //:t"]);
}

#[test]
fn a_library_of_headers_archives_nothing() {
    let ws = workspace(
        r#"
-- BUILD.ron
[
    cc_library(name: "low", hdrs: ["low.h"], defines: ["LOW=2"], linkopts: ["-Wl,-z,now"]),
    cc_library(name: "high", hdrs: ["high.h"], deps: [":low"]),
    cc_test(name: "t", srcs: ["t.c"], deps: [":high"]),
]
-- low.h
static inline int low(void) { return LOW; }
-- high.h
#include "low.h"
-- t.c
#include "high.h"
int main(void) { return low() != 2; }
"#,
    );
    let run = ws.test(&[]).ran(&["compile t.c", "link t", "test //:t"]);
    run.tells(
        "  $ cc -Wl,--dependency-file=out/_obj/t/link.d -o out/t out/_obj/t/t.c.o -Wl,-z,now\n",
    );
}

#[test]
fn a_textual_header_may_be_included_again_and_again() {
    let ws = workspace(
        r#"
-- BUILD.ron
[
    cc_library(name: "colors", hdrs: ["colors.h"], textual_hdrs: ["colors.def"]),
    cc_test(name: "t", srcs: ["t.c"], deps: [":colors"]),
]
-- colors.def
COLOR(red)
COLOR(green)
-- colors.h
#define COLOR(name) name,
enum color {
#include "colors.def"
};
#undef COLOR
-- t.c
#include "colors.h"
#define COLOR(name) #name,
static const char *names[] = {
#include "colors.def"
};
int main(void) { return names[green][0] != 'g'; }
"#,
    );
    ws.test(&[]);
    ws.write("colors.def", "COLOR(red)\nCOLOR(blue)\nCOLOR(green)\n");
    ws.test(&[]).ran(&["compile t.c", "link t", "test //:t"]);
}

#[test]
fn includes_stand_for_a_folder_and_for_what_is_generated_into_it() {
    let ws = workspace(
        r#"
-- lib/BUILD.ron
[
    genrule(name: "version", srcs: ["version.txt"], outs: ["include/version.h"], cmd: "{ printf '#define VERSION '; cat $SRCS; } > $OUT"),
    cc_library(name: "lib", srcs: ["lib.c"], hdrs: ["include/lib.h", ":version"], includes: ["include"]),
]
-- lib/version.txt
3
-- lib/include/lib.h
#include <version.h>
int lib(void);
-- lib/lib.c
#include <lib.h>
int lib(void) { return VERSION; }
-- app/BUILD.ron
[cc_test(name: "t", srcs: ["t.c"], deps: ["//lib"])]
-- app/t.c
#include <lib.h>
#include "lib/include/version.h"
int main(void) { return lib() != VERSION; }
"#,
    );
    ws.test(&[]).tells(" -Ilib/include -Iout/lib/include ");
    ws.write("lib/version.txt", "4\n");
    ws.test(&[]).ran(&[
        "archive lib/liblib.a",
        "compile app/t.c",
        "compile lib/lib.c",
        "generate out/lib/include/version.h",
        "link app/t",
        "test //app:t",
    ]);
}

#[test]
fn defines_reach_dependents_and_local_defines_do_not() {
    let ws = workspace(
        r#"
-- BUILD.ron
[
    cc_library(name: "low", srcs: ["low.c"], defines: ["FAR=1", "TEXT=\"a b\""], local_defines: ["NEAR"]),
    cc_library(name: "high", deps: [":low"]),
    cc_test(name: "t", srcs: ["t.c"], deps: [":high"]),
]
-- low.c
#if FAR != 1 || !defined(NEAR)
#error defines of low
#endif
-- t.c
#if FAR != 1 || defined(NEAR)
#error defines of t
#endif
int main(void) { return sizeof TEXT != 4; }
"#,
    );
    ws.test(&[]).ran(&["archive liblow.a", "compile low.c", "compile t.c", "link t", "test //:t"]);
}

#[test]
fn archives_of_a_diamond_and_their_linkopts_stand_in_link_order() {
    let ws = workspace(
        r#"
-- BUILD.ron
[
    cc_library(name: "base", srcs: ["base.c", "more.c"], linkopts: ["-lm"]),
    cc_library(name: "left", srcs: ["left.c"], deps: [":base"]),
    cc_library(name: "right", srcs: ["right.c"], deps: [":base", ":left"]),
    cc_test(name: "t", srcs: ["t.c"], deps: [":base", ":left", ":right"]),
]
-- base.c
#include <math.h>
double base(double x) { return cos(x); }
-- more.c
double more(double x) { return x + 1; }
-- left.c
double base(double x);
double left(double x) { return base(x); }
-- right.c
double left(double x);
double more(double x);
double right(double x) { return more(left(x)); }
-- t.c
double right(double x);
int main(int count, char **words) { return right(count - 1) != 2; }
"#,
    );
    ws.test(&[])
        .tells("  $ cc -Wl,--dependency-file=out/_obj/t/link.d -o out/t out/_obj/t/t.c.o out/libright.a out/libleft.a out/libbase.a -lm\n");
}

#[test]
fn alwayslink_keeps_what_nobody_names() {
    let ws = workspace(
        r#"
-- BUILD.ron
[
    cc_library(name: "list", srcs: ["list.c"], hdrs: ["list.h"]),
    cc_library(name: "one", srcs: ["one.c"], deps: [":list"], alwayslink: true),
    cc_library(name: "two", srcs: ["two.c"], deps: [":list", ":one"], alwayslink: true),
    cc_library(name: "three", srcs: ["three.c"], deps: [":list"]),
    cc_test(name: "t", srcs: ["t.c"], deps: [":one", ":two", ":three"]),
]
-- list.h
extern int list;
#define ENTER(name, bit) __attribute__((constructor)) static void name(void) { list |= bit; }
-- list.c
int list;
-- one.c
#include "list.h"
ENTER(one, 1)
-- two.c
#include "list.h"
ENTER(two, 2)
-- three.c
#include "list.h"
ENTER(three, 4)
-- t.c
#include "list.h"
int main(void) { return list != 3; }
"#,
    );
    ws.test(&[]);
}

#[test]
fn private_headers_are_for_the_library_alone() {
    let ws = workspace(
        r#"
-- BUILD.ron
[
    cc_library(name: "lib", srcs: ["lib.c", "private.h"], hdrs: ["lib.h"]),
    cc_binary(name: "nosy", srcs: ["nosy.c"], deps: [":lib"]),
    cc_binary(name: "fine", srcs: ["fine.c"], deps: [":lib"]),
]
-- private.h
#define SECRET 5
-- lib.h
int lib(void);
-- lib.c
#include "lib.h"
#include "private.h"
int lib(void) { return SECRET; }
-- fine.c
#include "lib.h"
int main(void) { return lib() - 5; }
-- nosy.c
#include "private.h"
int main(void) { return SECRET; }
"#,
    );
    ws.build(&["//:fine"]);
    ws.eng(&["build", "//:nosy"]).expect(1).tells("nosy.c:1:10: fatal error: private.h:");
}

#[test]
fn sources_of_equal_name_in_two_folders_do_not_collide() {
    let ws = workspace(
        r#"
-- BUILD.ron
[cc_test(name: "t", srcs: ["a/x.c", "b/x.c", "b/x.S", "t.c"])]
-- a/x.c
int a(void) { return 1; }
-- b/x.c
int b(void) { return 2; }
-- b/x.S
    .section .note.GNU-stack,"",%progbits
    .data
    .globl c
c:  .long 3
-- t.c
int a(void), b(void);
extern int c;
int main(void) { return a() + b() + c != 6; }
"#,
    );
    let compiled = ["compile a/x.c", "compile b/x.S", "compile b/x.c", "compile t.c"];
    ws.test(&[]).ran(&[&compiled[..], &["link t", "test //:t"]].concat());
}
