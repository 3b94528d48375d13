//! `eng coverage` by language: C, C++, Rust, C below Rust, and programs that tests start.

use crate::support::{Run, Workspace, workspace};
use std::collections::BTreeMap;
use std::fs;
use std::process::Command;
use std::sync::Once;

pub fn cover(ws: &Workspace, arguments: &[&str]) -> Run {
    ws.eng(&[&["coverage"], arguments].concat())
}

/// Lines and functions of the file, or of all, in a table.
#[track_caller]
fn row(run: &Run, name: &str) -> String {
    let row = run.stdout.lines().find(|line| line.split_whitespace().last() == Some(name));
    let row = row.unwrap_or_else(|| panic!("no {name} in:\n{}\n{}", run.stdout, run.stderr));
    row.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Lines of files by number, from what gcov prints.
pub fn by_gcov(text: &str) -> BTreeMap<String, BTreeMap<u32, bool>> {
    let mut res: BTreeMap<String, BTreeMap<u32, bool>> = BTreeMap::new();
    let mut path = String::new();
    for line in text.lines() {
        let fields: Vec<&str> = line.splitn(3, ':').map(str::trim).collect();
        if let [_, "0", rest] = fields[..] {
            path = rest.strip_prefix("Source:").map_or(path, str::to_string);
        } else if let [count, number, _] = fields[..]
            && count != "-"
            && !path.starts_with('/')
        {
            let number = number.parse().expect("a number of a line");
            let hit = !count.starts_with(['#', '=']);
            *res.entry(path.clone()).or_default().entry(number).or_default() |= hit;
        }
    }
    res
}

/// Lines of a file by number, from a tracefile.
pub fn lines(trace: &str, path: &str) -> BTreeMap<u32, bool> {
    let mut res = BTreeMap::new();
    let mut inside = false;
    for line in trace.lines() {
        if let Some(file) = line.strip_prefix("SF:") {
            inside = file == path || file.ends_with(&format!("/{path}"));
        }
        let Some(rest) = line.strip_prefix("DA:").filter(|_| inside) else { continue };
        let (number, count) = rest.split_once(',').expect("a line and a count");
        let hit = count.parse::<f64>().expect("a number") > 0.0;
        *res.entry(number.parse().expect("a number")).or_default() |= hit;
    }
    res
}

/// The compiler's own tools, which are no part of every installation.
pub fn llvm_tools() -> String {
    static INSTALL: Once = Once::new();
    let libdir = Command::new("rustc").args(["--print", "target-libdir"]).output();
    let libdir = String::from_utf8(libdir.expect("ask rustc").stdout).expect("it is UTF-8");
    let bin = format!("{}/../bin", libdir.trim());
    INSTALL.call_once(|| {
        if !fs::exists(format!("{bin}/llvm-cov")).expect("look for llvm-cov") {
            let add = Command::new("rustup").args(["component", "add", "llvm-tools"]).status();
            assert!(add.expect("start rustup").success(), "rustup component add llvm-tools");
        }
    });
    bin
}

pub const C: &str = r#"
-- BUILD.ron
[
    cc_library(name: "half", srcs: ["half.c"], hdrs: ["half.h"]),
    cc_test(name: "t", srcs: ["t.c"], deps: [":half"]),
]
-- half.h
int half(int x);
static inline int inside(int x)
{
    return x < 0 ? -x : x;
}
static inline int never(int x)
{
    return x;
}
-- half.c
#include "half.h"
#include <ctype.h>
int half(int x)
{
    if (x > 10) {
        x = inside(x);
        return x / 2;
    }
    return isdigit(x);
}
-- t.c
#include "half.h"
int main(void) { return half(20) - 10; }
"#;

#[test]
fn gcov_by_hand_says_the_same() {
    let ws = workspace(C);
    let run = cover(&ws, &[]).expect(0);
    let folder = ws.beside("by_hand");
    fs::create_dir(&folder).expect("make a folder");
    let script = format!(
        "cp {0}/* . && cc --coverage -o t half.c t.c && ./t && gcov --stdout t-half.gcda t-t.gcda",
        ws.root().display()
    );
    // A folder among the files is not copied.
    let script = script.replace("cp ", "cp 2>/dev/null -r ");
    let output = Command::new("sh").args(["-euc", &script]).current_dir(&folder).output();
    let output = output.expect("start sh");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let by_hand = by_gcov(&String::from_utf8_lossy(&output.stdout));
    let trace = ws.read("eng-out/coverage/lcov.info");
    for path in ["half.c", "half.h"] {
        assert_eq!(lines(&trace, path), by_hand[path], "{path}");
        assert!(by_hand[path].len() > 1, "{path}");
    }
    assert_eq!(row(&run, "half.c"), "80.0% 4/5 100.0% 1/1 half.c");
    // What is never called and inline is not compiled.
    assert_eq!(row(&run, "half.h"), "100.0% 2/2 100.0% 1/1 half.h");
    assert!(!trace.contains("SF:t.c") && !trace.contains("SF:/"), "{trace}");
}

#[test]
fn objects_for_coverage_are_the_same_wherever_they_are_made() {
    let ws = workspace(C);
    cover(&ws, &[]).expect(0);
    let other = ws.copy_to("elsewhere");
    let first = ws.read("eng-out/coverage/lcov.info");
    let run = Run::of(ws.command_at(&other, "other_cache", &["coverage", "--verbose"])).expect(0);
    assert!(run.subjects().contains(&"compile half.c".to_string()), "{}", run.stderr);
    let second = fs::read_to_string(other.join("eng-out/coverage/lcov.info")).expect("read it");
    assert_eq!(first, second);
}

#[test]
fn a_library_of_cpp_is_told_with_what_of_it_nobody_calls() {
    let ws = workspace(
        r#"
-- BUILD.ron
[
    cc_library(name: "shape", srcs: ["shape.cc", "unused.cc"], hdrs: ["shape.h"]),
    cc_test(name: "t", srcs: ["t.cc"], deps: [":shape"], linkstatic: false),
]
-- shape.h
template <class T> T twice(T x) {
    return x + x;
}
struct Shape {
    virtual int area() const;
    virtual ~Shape() {}
};
-- shape.cc
#include "shape.h"
int Shape::area() const {
    return twice(2) + int(twice(1.5));
}
-- unused.cc
int unused(int x) {
    return x;
}
-- t.cc
#include "shape.h"
int main() {
    return Shape().area() - 7;
}
"#,
    );
    let run = cover(&ws, &[]).expect(0);
    assert_eq!(row(&run, "unused.cc"), "0.0% 0/2 0.0% 0/1 unused.cc");
    assert_eq!(row(&run, "shape.cc"), "100.0% 2/2 100.0% 1/1 shape.cc");
    let trace = ws.read("eng-out/coverage/lcov.info");
    assert!(trace.contains("FNDA:1,Shape::area() const\n"), "{trace}");
    assert!(lines(&trace, "shape.h")[&2], "{trace}");
}

const RUST: &str = r#"
-- r/BUILD.ron
[
    rust_library(name: "half", srcs: ["lib.rs", "part.rs"], deps: ["//c"]),
    rust_test(name: "half_test", srcs: ["cases.rs"], deps: [":half"]),
    rust_test(name: "unit", srcs: ["lib.rs", "part.rs"], deps: ["//c"]),
]
-- r/lib.rs
mod part;
pub fn half(x: i32) -> i32 {
    if x > 10 {
        return x / 2;
    }
    part::other(x)
}
pub fn same<T>(x: T) -> T {
    x
}
pub fn from_c() -> i32 {
    unsafe extern "C" {
        fn from_c() -> i32;
    }
    unsafe { from_c() }
}
-- r/part.rs
pub fn other(x: i32) -> i32 {
    x + 1
}
#[test]
fn others() {
    assert_eq!(other(1), 2);
}
-- r/cases.rs
#[test]
fn halves() {
    assert_eq!(half::half(20), 10);
}
#[test]
fn both() {
    assert_eq!(half::same(1u8), 1);
    assert_eq!(half::same("x"), "x");
    assert_eq!(half::from_c(), 7);
}
-- c/BUILD.ron
[cc_library(name: "c", srcs: ["c.c"])]
-- c/c.c
int from_c(void)
{
    return 7;
}
int not_from_c(void)
{
    return 8;
}
"#;

#[test]
fn rust_and_the_c_below_it_are_one_report() {
    llvm_tools();
    let ws = workspace(RUST);
    let run = cover(&ws, &["//r:half_test"]).expect(0);
    let trace = ws.read("eng-out/coverage/lcov.info");
    let lib = lines(&trace, "r/lib.rs");
    assert!(lib[&2] && lib[&3] && lib[&4] && !lib[&6], "{trace}");
    assert_eq!(row(&run, "part.rs"), "0.0% 0/3 - 0/0 part.rs");
    assert_eq!(row(&run, "c.c"), "50.0% 2/4 50.0% 1/2 c.c");
    assert!(!trace.contains("cases.rs"), "{trace}");
    let both = cover(&ws, &[]).expect(0);
    assert_eq!(row(&both, "part.rs"), "100.0% 6/6 - 0/0 part.rs");
    let again = cover(&ws, &["--verbose"]).expect(0).ran(&[]);
    assert_eq!(again.stdout, both.stdout);
    for more in [&["--batch=1"][..], &["--test-threads=1"]] {
        let fresh = cover(&ws, &[&["--fresh"], more].concat()).expect(0);
        assert_eq!(fresh.stdout, both.stdout, "{more:?}");
    }
}

#[test]
fn llvm_cov_by_hand_says_the_same() {
    let bin = llvm_tools();
    let ws = workspace(RUST);
    cover(&ws, &["//r:unit"]).expect(0);
    let folder = ws.beside("by_hand");
    fs::create_dir(&folder).expect("make a folder");
    let script = format!(
        "cp -r {0}/r {0}/c . && cc -c -o c.o c/c.c && \
         rustc --edition 2024 --test -Cinstrument-coverage -Clink-arg=c.o -o t r/lib.rs && \
         LLVM_PROFILE_FILE=t.profraw ./t && {bin}/llvm-profdata merge -o t.profdata t.profraw && \
         {bin}/llvm-cov export --format=lcov --instr-profile t.profdata t",
        ws.root().display()
    );
    let output = Command::new("sh").args(["-euc", &script]).current_dir(&folder).output();
    let output = output.expect("start sh");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let by_hand = String::from_utf8_lossy(&output.stdout).into_owned();
    let by_hand = &by_hand[by_hand.find("SF:").expect("a file")..];
    let trace = ws.read("eng-out/coverage/lcov.info");
    for path in ["r/lib.rs", "r/part.rs"] {
        assert_eq!(lines(&trace, path), lines(by_hand, path), "{path}\n{trace}\n{by_hand}");
        assert!(lines(&trace, path).len() > 5, "{path}");
    }
}

/// A script that starts a program of C and one of Rust, and has something of its own to say.
#[test]
fn one_of_each_form_is_one_report() {
    llvm_tools();
    let ws = workspace(
        r#"
-- BUILD.ron
[
    cc_library(name: "lib", srcs: ["lib.c"]),
    cc_binary(name: "one", srcs: ["one.c"], deps: [":lib"]),
    rust_binary(name: "two", srcs: ["two.rs"]),
    sh_binary(name: "both", srcs: "both.sh", data: [":two"]),
    filegroup(name: "rb", srcs: ["three.rb", "four.rb"]),
    sh_test(name: "t", srcs: "t.sh", deps: [":both"], data: [":one", ":rb"]),
]
-- lib.c
int lib(void) { return 0; }
int other(void) { return 0; }
-- one.c
int lib(void);
int main(void) {
    return lib();
}
-- two.rs
fn main() {
    if std::env::args().count() > 1 {
        println!("more");
    }
}
-- both.sh
#!/bin/sh
-- three.rb
1
-- four.rb
1
-- t.sh
#!/bin/sh
./one && ./two && ./two more || exit 1
test -n "$ENG_COVERAGE_FILE" || exit 0
printf 'SF:three.rb\nDA:1,1\nend_of_record\n' > "$ENG_COVERAGE_FILE"
"#,
    );
    for script in ["t.sh", "both.sh"] {
        let executable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        fs::set_permissions(ws.root().join(script), executable).expect("make it executable");
    }
    let run = cover(&ws, &[]).expect(0);
    assert_eq!(row(&run, "lib.c"), "50.0% 1/2 50.0% 1/2 lib.c");
    assert_eq!(row(&run, "one.c"), "100.0% 2/2 100.0% 1/1 one.c");
    assert_eq!(row(&run, "two.rs"), "100.0% 5/5 - 0/0 two.rs");
    assert_eq!(row(&run, "three.rb"), "100.0% 1/1 - 0/0 three.rb");
}

/// With another compiler whose programs say it in another way, if it is there.
#[test]
fn clang_and_gcc_say_the_same_of_lines() {
    let ws = workspace(&C.replace(
        "[\n",
        "[\n    cc_toolchain(name: \"clang\", cc: \"clang-14\", cxx: \"clang++-14\", coverage_by: \"llvm\", \
         llvm_cov: \"clang-14\", llvm_profdata: \"clang-14\"),\n",
    ));
    let root = ws.read("BUILD.ron");
    let replace = "workspace(name: \"ws\", replace: {\"@eng//cc:toolchain\": \"//:clang\"})";
    ws.write("BUILD.ron", &root.replace("workspace(name: \"ws\")", replace));
    let clang = Command::new("clang-14").arg("--version").output();
    if !clang.is_ok_and(|output| output.status.success()) {
        cover(&ws, &[]).expect(2).tells("there is no program 'clang-14' on PATH");
        return;
    }
    let run = cover(&ws, &[]).expect(0);
    let trace = ws.read("eng-out/coverage/lcov.info");
    let half = lines(&trace, "half.c");
    assert!(half[&5] && half[&6] && half[&7] && !half[&9], "{trace}");
    assert_eq!(cover(&ws, &["--verbose"]).expect(0).ran(&[]).stdout, run.stdout);
}
