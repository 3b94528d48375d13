//! Rust targets: crates that need crates, macros and C, and tests with several cases.

use crate::support::{Workspace, workspace};
use std::process::Command;

/// What a delivered program prints.
fn prints(ws: &Workspace, program: &str) -> String {
    let output = Command::new(ws.root().join("eng-out/bin").join(program)).output();
    String::from_utf8(output.expect("start the program").stdout).expect("it prints UTF-8")
}

/// `top` needs `left` and `right`, which both need `base`.
const DIAMOND: &str = r#"
-- BUILD.ron
[
    rust_library(name: "base", srcs: ["base.rs"]),
    rust_library(name: "left", srcs: ["left.rs"], deps: [":base"]),
    rust_library(name: "right", srcs: ["right.rs"], deps: [":base"]),
    rust_binary(name: "top", srcs: ["top.rs"], deps: [":left", ":right"]),
]
-- base.rs
pub struct Thing(pub u32);
-- left.rs
pub fn make() -> base::Thing { base::Thing(7) }
-- right.rs
pub fn take(thing: base::Thing) -> u32 { thing.0 * 2 }
-- top.rs
fn main() { println!("{}", right::take(left::make())) }
"#;

#[test]
fn two_ways_to_a_crate_lead_to_one_crate() {
    let ws = workspace(DIAMOND);
    ws.build(&[]).ran(&[
        "compile libbase.rlib",
        "compile libleft.rlib",
        "compile libright.rlib",
        "compile top",
    ]);
    assert_eq!(prints(&ws, "top"), "14\n");
    ws.build(&[]).ran(&[]);
}

#[test]
fn a_changed_crate_rebuilds_what_needs_it_and_nothing_else() {
    let ws = workspace(DIAMOND);
    ws.build(&[]);
    ws.write("left.rs", "pub fn make() -> base::Thing { base::Thing(8) }\n");
    ws.build(&[]).ran(&["compile libleft.rlib", "compile top"]);
    assert_eq!(prints(&ws, "top"), "16\n");
    ws.write("base.rs", "pub struct Thing(pub u32);\npub const NEW: u32 = 1;\n");
    ws.build(&[]).ran(&[
        "compile libbase.rlib",
        "compile libleft.rlib",
        "compile libright.rlib",
        "compile top",
    ]);
}

#[test]
fn a_chain_of_libraries_reaches_the_program() {
    let ws = workspace(
        r#"
-- BUILD.ron
[
    rust_library(name: "one", srcs: ["one.rs"]),
    rust_library(name: "two", srcs: ["two.rs"], deps: [":one"]),
    rust_library(name: "three", srcs: ["three.rs"], deps: [":two"]),
    rust_binary(name: "whole", srcs: ["all.rs"], deps: [":three"]),
]
-- one.rs
pub fn f() -> u32 { 1 }
-- two.rs
pub fn f() -> u32 { one::f() + 1 }
-- three.rs
pub fn f() -> u32 { two::f() + 1 }
-- all.rs
fn main() { println!("{}", three::f()) }
"#,
    );
    ws.build(&[]);
    assert_eq!(prints(&ws, "whole"), "3\n");
}

#[test]
fn a_crate_sees_only_the_crates_it_names() {
    let ws = workspace(
        r#"
-- BUILD.ron
[
    rust_library(name: "one", srcs: ["one.rs"]),
    rust_library(name: "two", srcs: ["two.rs"], deps: [":one"]),
    rust_binary(name: "whole", srcs: ["all.rs"], deps: [":two"]),
]
-- one.rs
pub fn f() -> u32 { 1 }
-- two.rs
pub fn f() -> u32 { one::f() + 1 }
-- all.rs
fn main() { println!("{}", one::f()) }
"#,
    );
    ws.eng(&["build"]).expect(1).tells("all.rs:1");
}

#[test]
fn a_module_that_is_there_but_no_source_is_named() {
    let ws = workspace(
        "-- a/BUILD.ron\n[rust_library(name: \"a\", srcs: [\"lib.rs\"])]\n-- a/lib.rs\nmod x;\n-- a/x.rs\n",
    );
    ws.eng(&["build", "--all"]).expect(1).tells("  hint: 'a/x.rs' is there, but neither //a:a ");
}

#[test]
fn a_macro_used_by_a_library_reaches_the_program() {
    let ws = workspace(
        r#"
-- BUILD.ron
[
    rust_library(name: "number", srcs: ["number.rs"]),
    rust_proc_macro(name: "seven", srcs: ["seven.rs"], deps: [":number"]),
    rust_library(name: "lucky", srcs: ["lucky.rs"], deps: [":seven"]),
    rust_binary(name: "main", srcs: ["main.rs"], deps: [":lucky"]),
]
-- number.rs
pub fn text() -> &'static str { "7" }
-- seven.rs
use proc_macro::TokenStream;
#[proc_macro]
pub fn seven(_: TokenStream) -> TokenStream { number::text().parse().unwrap() }
-- lucky.rs
pub fn f() -> u32 { seven::seven!() }
-- main.rs
fn main() { println!("{}", lucky::f()) }
"#,
    );
    ws.build(&[]);
    assert_eq!(prints(&ws, "main"), "7\n");
    ws.write("number.rs", "pub fn text() -> &'static str { \"8\" }\n");
    ws.build(&[]).ran(&[
        "compile libnumber.rlib",
        "compile libseven.so",
        "compile liblucky.rlib",
        "compile main",
    ]);
    assert_eq!(prints(&ws, "main"), "8\n");
}

#[test]
fn archives_of_c_reach_the_program_through_rust_libraries() {
    let ws = workspace(
        r#"
-- BUILD.ron
[
    cc_library(name: "low", srcs: ["low.c"]),
    cc_library(name: "high", srcs: ["high.c"], deps: [":low"], linkopts: ["-lm"]),
    rust_library(name: "safe", srcs: ["safe.rs"], deps: [":high"]),
    rust_library(name: "over", srcs: ["over.rs"], deps: [":safe"]),
    rust_binary(name: "main", srcs: ["main.rs"], deps: [":over"]),
    rust_test(name: "safe_test", srcs: ["safe.rs"], deps: [":high"]),
]
-- low.c
int low(void) { return 40; }
-- high.c
#include <math.h>
int low(void);
int high(int x) { return low() + (int)sqrt(x); }
-- safe.rs
unsafe extern "C" { fn high(x: i32) -> i32; }
pub fn f() -> i32 { unsafe { high(4) } }
#[test]
fn adds() { assert_eq!(f(), 42) }
-- over.rs
pub fn f() -> i32 { safe::f() }
-- main.rs
fn main() { println!("{}", over::f()) }
"#,
    );
    ws.build(&[]);
    assert_eq!(prints(&ws, "main"), "42\n");
    ws.test(&[]).tells("PASS  //:safe_test  1 case");
    ws.write("low.c", "int low(void) { return 50; }\n");
    ws.build(&[]);
    assert_eq!(prints(&ws, "main"), "52\n");
}

#[test]
fn edition_features_environment_and_inputs_reach_the_compiler() {
    let ws = workspace(
        r#"
-- BUILD.ron
[
    rust_binary(
        name: "main",
        srcs: ["main.rs"],
        edition: "2015",
        features: ["loud", "odd-name"],
        rustc_env: {"GREETING": "good day"},
        flags: ["--cfg=extra"],
        inputs: ["text.txt", ":made"],
    ),
    genrule(name: "made", outs: ["made.txt"], cmd: "echo made > $OUT"),
]
-- text.txt
words
-- main.rs
fn main() {
    let async = cfg!(feature = "loud") && cfg!(feature = "odd-name") && cfg!(extra);
    print!("{} {} {} ", async, cfg!(feature = "quiet"), env!("GREETING"));
    print!("{}{}", include_str!("text.txt"), include_str!("out/made.txt"));
}
"#,
    );
    ws.build(&[]);
    assert_eq!(prints(&ws, "main"), "true false good day words\nmade\n");
    ws.write("text.txt", "other words\n");
    ws.build(&[]).ran(&["compile main"]);
    assert_eq!(prints(&ws, "main"), "true false good day other words\nmade\n");
}

#[test]
fn the_root_of_a_crate_is_found_by_its_name() {
    let ws = workspace(
        r#"
-- BUILD.ron
[
    rust_library(name: "lib", srcs: ["a/lib.rs", "a/part.rs"], crate: "liba"),
    rust_binary(name: "main", srcs: ["b/aaa.rs", "b/main.rs"], deps: [":lib"]),
    rust_binary(name: "chosen", srcs: glob(["b/*.rs"]), root: "b/other.rs"),
]
-- a/lib.rs
mod part;
pub use part::f;
-- a/part.rs
pub fn f() -> u32 { 1 }
-- b/main.rs
mod aaa;
fn main() { println!("main {}", liba::f() + aaa::g()) }
-- b/aaa.rs
pub fn g() -> u32 { 2 }
-- b/other.rs
fn main() { println!("other") }
"#,
    );
    ws.build(&[]);
    assert_eq!(prints(&ws, "main"), "main 3\n");
    assert_eq!(prints(&ws, "chosen"), "other\n");
    ws.write("a/part.rs", "pub fn f() -> u32 { 10 }\n");
    ws.build(&[]).ran(&["compile libliba.rlib", "compile main"]);
    assert_eq!(prints(&ws, "main"), "main 12\n");
}

#[test]
fn a_name_with_a_dash_is_a_crate_with_an_underscore() {
    let ws = workspace(
        r#"
-- BUILD.ron
[
    rust_library(name: "my-crate", srcs: ["my.rs"]),
    rust_binary(name: "the-program", srcs: ["main.rs"], deps: [":my-crate"]),
]
-- my.rs
pub fn f() -> u32 { 1 }
-- main.rs
fn main() { println!("{} {}", my_crate::f(), module_path!()) }
"#,
    );
    ws.build(&[]).ran(&["compile libmy_crate.rlib", "compile the-program"]);
    assert_eq!(prints(&ws, "the-program"), "1 the_program\n");
}

/// Cases that pass, fail, are skipped, and one that kills its process. The word in capitals is put
/// right by `cases`, since no test of this project may hold it.
const CASES: &str = r#"
-- a/BUILD.ron
[
    rust_test(name: "t", srcs: ["t.rs"]),
    rust_test(name: "dies", srcs: ["dies.rs"]),
]
-- a/t.rs
mod deep {
    #[test]
    fn fails() {
        println!("what it printed");
        assert_eq!(1, 2, "numbers differ");
    }
}
#[test]
fn passes() {}
#[test]
#[should_panic]
fn panics_as_it_should() {
    panic!()
}
#[test]
#[should_panic]
fn should_panic_but_does_not() {}
#[test]
#[IGNORE = "not today"]
fn sleeps() {}
-- a/dies.rs
#[test]
fn a() {}
#[test]
fn b() {
    use std::io::Write;
    std::io::stderr().write_all(b"last words\n").unwrap();
    std::process::abort()
}
#[test]
fn c() {}
"#;

fn cases() -> Workspace {
    workspace(&CASES.replace("IGNORE", "ignore"))
}

#[test]
fn a_failed_case_is_told_with_its_own_output_and_hides_no_other() {
    let ws = cases();
    let run = ws.eng(&["test", "//a:t"]).expect(3);
    let told = run
        .clone()
        .tells("FAIL  //a:t  2 of 5 cases failed, 1 skipped")
        .tells("  deep::fails: failed\n")
        .tells("    what it printed\n")
        .tells("numbers differ\n")
        .tells("  should_panic_but_does_not: failed\n")
        .tells("test did not panic as expected")
        .tells("cases: 2 passed, 2 failed, 1 skipped\n")
        .stderr;
    assert_eq!(told.matches("what it printed").count(), 1, "{told}");
    assert_eq!(told.matches("test did not panic").count(), 1, "{told}");
    assert!(!told.contains("running 5 tests"), "{told}");
}

#[test]
fn a_case_that_kills_its_process_is_named_and_the_others_get_results() {
    let ws = cases();
    ws.eng(&["test", "//a:dies"])
        .expect(3)
        .tells("  b: crashed: SIGABRT\n")
        .tells("    last words\n")
        .tells("CRASHED //a:dies#b (abort, SIGABRT)")
        .tells("cases: 2 passed, 1 failed\n");
    ws.eng(&["test", "//a:dies#a", "//a:dies#c"]).expect(0).tells("2 passed (2 cached)");
}

#[test]
fn cases_are_chosen_by_name_and_by_filter() {
    let ws = cases();
    ws.eng(&["test", "//a:t#passes"]).expect(0).tells("cases: 1 passed\n");
    ws.eng(&["test", "//a:t#passes"]).expect(0).tells("cases: 1 passed (1 cached)\n");
    ws.eng(&["test", "//a:t#deep::fails"]).expect(3).tells("cases: 0 passed, 1 failed\n");
    ws.eng(&["test", "--filter", "panics_as"]).expect(0).tells("cases: 1 passed\n");
    ws.eng(&["test", "--filter", "nobody"])
        .expect(4)
        .tells("--filter nobody matches no case of //a:dies and //a:t");
}

#[test]
fn a_test_may_do_without_the_harness() {
    let ws = workspace(
        r#"
-- BUILD.ron
[rust_test(name: "t", srcs: ["t.rs"], protocol: "exit", args: ["7"])]
-- t.rs
fn main() {
    assert_eq!(std::env::args().nth(1).as_deref(), Some("7"));
}
"#,
    );
    ws.test(&[]).tells("PASS  //:t");
    ws.test(&[]).ran(&[]).tells("PASS  //:t  (cached)");
}

#[test]
fn a_crate_that_cannot_be_compiled_is_not_taken_for_an_empty_one() {
    let ws = workspace(
        r#"
-- BUILD.ron
[rust_test(name: "t", srcs: ["t.rs"])]
-- t.rs
#[test]
fn passes() {}
int broken(
"#,
    );
    ws.eng(&["test"]).expect(1).tells("FAILED //:t: compile t").tells("tests: 0 passed, 1 not run");
}
