//! `eng init`: small trees and the exact files that are written for them, and that these build.

use crate::examples::copy_without_builds;
use crate::support::{Run, Workspace, workspace};
use std::fs;
use walkdir::WalkDir;

/// A folder with files that is no workspace yet.
fn tree(files: &str) -> Workspace {
    let ws = workspace(files);
    ws.remove("BUILD.ron");
    ws
}

/// What would be written.
#[track_caller]
fn writes(files: &str, wanted: &str) {
    let run = tree(files).eng(&["init", "--dry-run"]).expect(0);
    assert_eq!(run.stdout, wanted.trim_start_matches('\n'), "{}", run.stderr);
}

/// Writes it and builds and tests all of it.
#[track_caller]
fn works(ws: &Workspace) -> Run {
    ws.eng(&["init"]).expect(0);
    ws.eng(&["fmt", "--check"]).expect(0);
    ws.eng(&["build", "--all"]).expect(0);
    ws.eng(&["test"]).expect(0)
}

const C: &str = r#"
-- include/text/text.h
#ifndef TEXT_H
#define TEXT_H
#include <stddef.h>
size_t length(const char *text);
#endif
-- src/text.c
#include <text/text.h>
#include <math.h>
size_t length(const char *text) { return (size_t)sqrt((double)(text[0] ? 1 : 0)); }
-- src/main.c
#include "text/text.h"
int main(void) { return (int)length(""); }
-- tests/text_test.c
#include "text/text.h"
/* int main(void) { is only a comment */
int main(int argc, char **argv)
{
    (void)argv;
    return argc == 1 && length("x") == 1 ? 0 : 1;
}
-- tests/cases_test.c
#include <eng_test.h>
#include "text/text.h"
TEST(empty) { CHECK(length("") == 0); }
TEST(one) { CHECK(length("y") == 1); }
"#;

#[test]
fn headers_sources_programs_and_tests_of_c_find_each_other() {
    writes(
        C,
        r#"
-- BUILD.ron
[
    workspace(name: "ws"),
    cc_library(
        name: "ws",
        srcs: ["src/text.c"],
        hdrs: ["include/text/text.h"],
        includes: ["include"],
        linkopts: ["-lm"],
    ),
    cc_binary(name: "main", srcs: ["src/main.c"], deps: [":ws"]),
]
-- tests/BUILD.ron
[
    cc_test(name: "cases_test", srcs: ["cases_test.c"], deps: ["//:ws"], protocol: "eng"),
    cc_test(name: "text_test", srcs: ["text_test.c"], deps: ["//:ws"]),
]
"#,
    );
}

#[test]
fn what_is_written_builds_and_passes() {
    works(&tree(C)).tells("tests: 2 passed\ncases: 3 passed\n");
}

#[test]
fn folders_are_libraries_and_those_that_import_each_other_are_one() {
    let files = r#"
-- a/a.h
#include "b/b.h"
-- a/a.c
#include "a.h"
int a(void) { return b(); }
-- b/b.h
#pragma once
int b(void);
int a(void);
-- b/b.c
#include "../a/a.h"
int b(void) { return 0; }
-- app/app.cc
#include <thread>
extern "C" {
#include "a/a.h"
}
int main() { return a(); }
-- base/base.h
#define BASE 1
-- more/more.c
#include "base/base.h"
int more = BASE;
-- most/most.c
#include "base/base.h"
int most = BASE;
"#;
    writes(
        files,
        r#"
-- BUILD.ron
[
    workspace(name: "ws"),
    cc_library(name: "ws", srcs: ["a/a.c", "b/b.c"], hdrs: ["a/a.h", "b/b.h"]),
]
-- app/BUILD.ron
[
    cc_binary(name: "app", srcs: ["app.cc"], deps: ["//:ws"], linkopts: ["-pthread"]),
]
-- base/BUILD.ron
[
    cc_library(name: "base", hdrs: ["base.h"]),
]
-- more/BUILD.ron
[
    cc_library(name: "more", srcs: ["more.c"], deps: ["//base"]),
]
-- most/BUILD.ron
[
    cc_library(name: "most", srcs: ["most.c"], deps: ["//base"]),
]
"#,
    );
    works(&tree(&format!("{files}-- app/app_test.sh\n#!/bin/sh\ntrue\n")));
}

#[test]
fn what_cannot_be_built_is_left_out_and_told() {
    let ws = tree(
        r#"
-- config.h.in
-- lib/a.c
#include "config.h"
int a;
-- lib/b.c
#include "b.h"
-- lib/b.h
-- app/main.c
#include "lib/b.h"
int main(void) { return 0; }
-- win.c
#include <windows.h>
int win;
-- maybe.c
#ifdef _WIN32
#include <windows.h>
#endif
int maybe;
"#,
    );
    let run = ws.eng(&["init"]).expect(0);
    assert_eq!(
        run.stderr,
        "wrote BUILD.ron\n\
         1 target in 1 file: 1 cc_library\n\
         left out:\n  \
         the library of lib: config.h is missing\n  \
         lib/a.c: it imports config.h, which is neither here nor on this machine; \
         config.h.in is there, from which a step of its own makes it\n  \
         win.c: it imports windows.h, which is neither here nor on this machine\n  \
         app/main.c: //lib is left out\n\
         next: eng build && eng test\n"
    );
    assert_eq!(
        ws.read("BUILD.ron"),
        "[\n    workspace(name: \"ws\"),\n    cc_library(name: \"ws\", srcs: [\"maybe.c\"]),\n    \
         // Left out is win.c: windows.h is missing.\n]\n"
    );
    ws.eng(&["build", "--all"]).expect(0);
}

const RUST: &str = r#"
-- Cargo.toml
[workspace]
members = ["greet", "app"]
[workspace.package]
edition = "2021"
-- greet/Cargo.toml
[package]
name = "greet-all"
version = "1.2.3"
edition.workspace = true
[features]
default = ["loud"]
loud = []
[dev-dependencies]
proptest = "1"
-- greet/README.md
Greets.
-- greet/src/lib.rs
#![doc = include_str!("../README.md")]
mod inner;
pub fn greet() -> String { format!("{} {}", inner::word(), env!("CARGO_PKG_VERSION")) }
#[test]
fn greets() { assert_eq!(greet(), "HELLO 1.2.3"); }
-- greet/src/inner.rs
pub fn word() -> &'static str { if cfg!(feature = "loud") { "HELLO" } else { "hello" } }
-- greet/tests/one.rs
mod common;
#[test]
fn one() { assert!(greet_all::greet().starts_with(common::WORD)); }
-- greet/tests/two.rs
#[test]
fn two() { assert_eq!(greet_all::greet().len(), 11); }
-- greet/tests/random.rs
use proptest::prelude::*;
-- greet/tests/common/mod.rs
pub const WORD: &str = "HELLO";
-- app/Cargo.toml
[package]
name = "app"
version = "0.1.0"
edition = "2024"
[dependencies]
greet-all = { path = "../greet" }
-- app/src/main.rs
fn main() { println!("{}", greet_all::greet()); }
-- far/Cargo.toml
[package]
name = "far"
version = "0.1.0"
[dependencies]
serde = "1"
-- far/src/lib.rs
"#;

#[test]
fn packages_of_rust_are_what_their_manifests_say() {
    writes(
        RUST,
        r#"
-- BUILD.ron
[
    workspace(name: "ws"),
]
-- app/BUILD.ron
[
    rust_binary(name: "app", srcs: ["src/main.rs"], edition: "2024", deps: ["//greet:greet-all"]),
]
-- greet/BUILD.ron
[
    rust_library(
        name: "greet-all",
        srcs: ["src/inner.rs", "src/lib.rs"],
        edition: "2021",
        features: ["loud"],
        inputs: ["README.md"],
        rustc_env: {"CARGO_PKG_VERSION": "1.2.3"},
    ),
    rust_test(
        name: "greet-all_test",
        srcs: ["src/inner.rs", "src/lib.rs"],
        edition: "2021",
        features: ["loud"],
        inputs: ["README.md"],
        rustc_env: {"CARGO_PKG_VERSION": "1.2.3"},
        crate: "greet_all",
    ),
    rust_test(
        name: "tests",
        srcs: ["tests/one.rs", "tests/two.rs"],
        edition: "2021",
        features: ["loud"],
        deps: [":greet-all"],
        inputs: ["tests/common/mod.rs"],
    ),
    // Left out is greet/tests/random.rs: it needs proptest, which is not in this workspace.
]
"#,
    );
    let ws = tree(RUST);
    works(&ws).tells("tests: 2 passed\ncases: 3 passed\n");
    let run = ws.eng(&["init"]).expect(2);
    assert!(
        run.stderr.contains("has BUILD.ron files already:\n    BUILD.ron\n    app/BUILD.ron\n")
    );
    let again = tree(RUST).eng(&["init"]).expect(0);
    again
        .tells("far/Cargo.toml: it needs serde, which is not in this workspace")
        .tells("greet/tests/random.rs: it needs proptest, which is not in this workspace");
}

#[test]
fn scripts_that_are_called_like_tests_are_tests() {
    writes(
        "-- x_test.sh\n#!/bin/sh\n. ./lib.sh\n-- lib.sh\nword=1\n-- plain_test.sh\ntrue\n-- run.sh\n#!/bin/sh\n",
        "-- BUILD.ron\n[\n    workspace(name: \"ws\"),\n    sh_test(name: \"x_test\", srcs: \"x_test.sh\", data: [\"lib.sh\"]),\n]\n",
    );
}

#[test]
fn added_files_use_what_is_there_and_leave_it_alone() {
    let ws = workspace(
        r#"
-- BUILD.ron
[
    workspace(name: "ws"),
]
-- text/BUILD.ron
[cc_library(name: "mine", srcs: ["t.c"], hdrs: ["t.h"])]
-- text/t.c
-- text/t.h
-- app/app.c
#include "text/t.h"
int main(void) { return 0; }
-- root.c
int root;
"#,
    );
    let before = ws.read("text/BUILD.ron");
    ws.eng(&["init", "--add"])
        .expect(0)
        .tells("//: 1 target not written, since its BUILD.ron stays as it is");
    assert_eq!(
        ws.read("app/BUILD.ron"),
        "[\n    cc_binary(name: \"app\", srcs: [\"app.c\"], deps: [\"//text:mine\"]),\n]\n"
    );
    assert_eq!(ws.read("text/BUILD.ron"), before);
    ws.eng(&["build"]).expect(0);
}

#[test]
fn nothing_is_written_over_and_a_dry_run_writes_nothing() {
    let ws = tree("-- a.c\nint main(void) { return 0; }\n-- sub/BUILD.ron\n[]\n");
    let told = ws.eng(&["init"]).expect(2).stderr;
    assert!(told.contains("    sub/BUILD.ron\nnone of them makes it a workspace"), "{told}");
    ws.remove("sub");
    ws.eng(&["init", "--dry-run"]).expect(0);
    assert!(!ws.root().join("BUILD.ron").exists());
    ws.eng(&["build"]).expect(2).tells("\n    eng init\n");
    ws.eng(&["init", "nowhere"]).expect(2).tells("cannot look into ");
    fs::create_dir(ws.root().join("empty")).expect("make a folder");
    let run = ws.eng(&["init", "empty"]).expect(0);
    assert_eq!(run.stderr, "wrote empty/BUILD.ron\n0 targets in 1 file\n");
}

#[test]
fn examples_whose_build_files_are_gone_build_again() {
    let ws = copy_without_builds("hello_c");
    works(&ws).tells("tests: 3 passed\ncases: 6 passed, 1 skipped\n");
    let left: Vec<_> = WalkDir::new(ws.root()).into_iter().flatten().collect();
    assert!(left.iter().all(|it| !it.file_name().to_string_lossy().starts_with(".eng-")));
}
