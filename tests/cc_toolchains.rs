//! Toolchains of C and C++ that are swapped by one line.

use crate::support::workspace;
use std::process::Command;

/// Two toolchains, of which one starts the compiler by a script and tells code of it.
const TOOLCHAINS: &str = r#"
-- BUILD.ron
[
    workspace(name: "ws", replace: {"@eng//cc:toolchain": "//toolchains:one"}),
    cc_library(name: "lib", srcs: ["lib.c", "plain.s"]),
    cc_shared_library(name: "shared", deps: [":lib"]),
    cc_test(name: "t", srcs: ["t.cc"], deps: [":lib"]),
    cc_test(name: "t_shared", srcs: ["t.cc"], deps: [":shared"]),
    rust_test(name: "r", srcs: ["r.rs"], deps: [":lib"]),
]
-- toolchains/BUILD.ron
[
    cc_toolchain(name: "one", copts: ["-DCHAIN=1"], cxxopts: ["-std=c++20"]),
    cc_toolchain(name: "two", cc: ":cc", cxx: ":cxx", copts: ["-DCHAIN=1"], cxxopts: ["-std=c++20"]),
    cc_toolchain(name: "clang", cc: "clang", cxx: "clang++", copts: ["-DCHAIN=1"], cxxopts: ["-std=c++20"]),
    sh_binary(name: "cc", srcs: "cc.sh"),
    sh_binary(name: "cxx", srcs: "cxx.sh"),
]
-- toolchains/cc.sh
#!/bin/sh
exec cc "$@" -UCHAIN -DCHAIN=2
-- toolchains/cxx.sh
#!/bin/sh
exec c++ "$@" -UCHAIN -DCHAIN=2
-- lib.c
int lib(void) { return CHAIN; }
-- plain.s
    .section .note.GNU-stack,"",%progbits
-- t.cc
extern "C" int lib();
static_assert(__cplusplus > 201703L, "a newer standard");
int main() { return lib() != CHAIN; }
-- r.rs
unsafe extern "C" {
    safe fn lib() -> i32;
}
#[test]
fn there_is_one() {
    assert!(lib() > 0);
}
"#;

#[test]
fn one_line_swaps_the_toolchain_and_swapping_back_runs_nothing() {
    let ws = workspace(TOOLCHAINS);
    let root = ws.read("BUILD.ron");
    ws.test(&[]).tells("tests: 3 passed\n");
    ws.write("BUILD.ron", &root.replace("toolchains:one", "toolchains:two"));
    let second = ws.test(&[]).tells("tests: 3 passed\n").tells("  $ toolchains/cxx.sh -fPIC ");
    let compiled = |subject: &&String| subject.starts_with("compile");
    assert_eq!(second.subjects().iter().filter(compiled).count(), 5, "{:?}", second.subjects());
    ws.write("BUILD.ron", &root);
    ws.test(&[]).ran(&[]);
    ws.write("BUILD.ron", &root.replace("toolchains:one", "toolchains:two"));
    ws.test(&[]).ran(&[]);

    // The script is part of the toolchain.
    ws.write("toolchains/cc.sh", &ws.read("toolchains/cc.sh").replace("=2", "=3"));
    ws.eng(&["test", "--verbose", "//:t"]).expect(3).tells("compile lib.c");
}

#[test]
fn another_compiler_of_the_machine_is_one_line_away() {
    let clang = Command::new("clang").arg("--version").output();
    let ws = workspace(TOOLCHAINS);
    let root = ws.read("BUILD.ron");
    ws.write("BUILD.ron", &root.replace("toolchains:one", "toolchains:clang"));
    if clang.is_ok_and(|output| output.status.success()) {
        let run = ws.test(&[]).tells("tests: 3 passed\n").tells("  $ clang++ -fPIC -DCHAIN=1 ");
        assert!(!run.stderr.contains("warning"), "{}", run.stderr);
    } else {
        let told = "toolchains/BUILD.ron:4:37: there is no program 'clang' on PATH";
        ws.eng(&["test"]).expect(1).tells(told);
    }
    ws.write("BUILD.ron", &root);
    ws.test(&[]).tells("tests: 3 passed\n");
}
