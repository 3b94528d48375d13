#!/usr/bin/env python3
"""Writes a Rust package with many integration tests, for cargo and for eng: bench/rust_tree.py FOLDER

One library of ten modules with a unit test each, and 20 files of integration tests with 10 cases
each. Nothing comes from a registry. `--files` gives eng a target for each file, `--unmerged` one
target that compiles each file on its own, instead of one that compiles all of them together.
"""

import argparse
from pathlib import Path

MODULES, FILES, CASES = 10, 20, 10

# What cargo passes in its profile `dev`, apart from where it keeps what it compiled in parts.
FLAGS = '["-Cdebuginfo=2", "-Cembed-bitcode=no"]'

CARGO = """\
[package]
name = "tree"
version = "0.1.0"
edition = "2024"

[lib]
doctest = false

[workspace]
"""

MODULE = """\
//! Part {n} of the library: counts, sorts and joins.

use std::collections::{{BTreeMap, HashMap}};

/// How often each word of a text occurs, with {n} more for each.
pub fn counts(text: &str) -> BTreeMap<String, usize> {{
    let mut res = BTreeMap::new();
    for word in text.split_whitespace() {{
        *res.entry(word.to_lowercase()).or_insert({n}) += 1;
    }}
    res
}}

/// The words of a text by their length, the longest first.
pub fn longest(text: &str) -> Vec<&str> {{
    let mut res: Vec<&str> = text.split(' ').filter(|word| !word.is_empty()).collect();
    res.sort_by_key(|word| (std::cmp::Reverse(word.len()), *word));
    res
}}

/// Joins what has a key in both.
pub fn join<A: Clone, B: Clone>(left: &[(u64, A)], right: &[(u64, B)]) -> Vec<(u64, A, B)> {{
    let index: HashMap<u64, &B> = right.iter().map(|(key, it)| (*key, it)).collect();
    let both = left.iter().filter_map(|(key, it)| Some((*key, it.clone(), (*index.get(key)?).clone())));
    both.collect()
}}

/// A number with {n} in it that depends on every byte.
pub fn digest(bytes: &[u8]) -> u64 {{
    bytes.iter().fold({n}, |sum, byte| sum.rotate_left(5) ^ u64::from(*byte).wrapping_mul(0x9e37_79b9))
}}

/// A stack of numbers that is read as a sum of products.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stack {{
    items: Vec<i64>,
}}

impl Stack {{
    /// Carries out a program: numbers, `+`, `*`.
    pub fn run(&mut self, program: &str) -> Result<i64, String> {{
        for word in program.split_whitespace() {{
            match word {{
                "+" => self.two(|a, b| a + b)?,
                "*" => self.two(|a, b| a * b)?,
                _ => self.items.push(word.parse().map_err(|e| format!("'{{word}}': {{e}}"))?),
            }}
        }}
        self.items.pop().ok_or_else(|| "nothing is left".to_string())
    }}

    fn two(&mut self, f: impl Fn(i64, i64) -> i64) -> Result<(), String> {{
        let (b, a) = (self.items.pop(), self.items.pop());
        let (Some(a), Some(b)) = (a, b) else {{
            return Err("two numbers are needed".to_string());
        }};
        self.items.push(f(a, b));
        Ok(())
    }}
}}

#[cfg(test)]
mod tests {{
    #[test]
    fn an_empty_text_has_no_words() {{
        assert!(super::counts("").is_empty());
    }}
}}
"""

BODIES = (
    """\
    let counts = {m}::counts("one two two {c}");
    assert_eq!(counts["two"], {n} + 2);
    assert_eq!(counts.len(), 3);
""",
    """\
    assert_eq!({m}::longest("a ccc bb {c}{c}{c}{c}")[1..], ["ccc", "bb", "a"]);
""",
    """\
    let left: Vec<(u64, String)> = (0..{c} + 9).map(|n| (n, format!("l{{n}}"))).collect();
    let right: Vec<(u64, u64)> = (5..20).map(|n| (n, n * n)).collect();
    let joined = {m}::join(&left, &right);
    assert_eq!(joined[0], (5, "l5".to_string(), 25));
    assert_eq!(joined.len(), {c} + 4);
""",
    """\
    assert_ne!({m}::digest(b"case {c}"), {m}::digest(b"case {c}?"));
    assert_eq!({m}::digest(b""), {n});
""",
    """\
    let mut stack = {m}::Stack::default();
    assert_eq!(stack.run("{c} 2 * 3 +"), Ok({c} * 2 + 3));
    assert!(stack.run("+").unwrap_err().contains("two numbers"));
""",
)


def integration(file):
    text = f"//! Cases of part {file % MODULES}.\n\nuse tree::m{file % MODULES};\n"
    for case in range(CASES):
        body = BODIES[case % len(BODIES)].format(m=f"m{file % MODULES}", n=file % MODULES, c=case)
        text += f"\n#[test]\nfn case_{case}() {{\n{body}}}\n"
    return text


def build(form):
    head = "[\n    workspace(name: \"tree\"),\n"
    head += f'    rust_library(name: "tree", srcs: glob(["src/*.rs"]), flags: {FLAGS}),\n'
    head += f'    rust_test(name: "unit", crate: "tree", srcs: glob(["src/*.rs"]), flags: {FLAGS}),\n'
    if form == "files":
        for file in range(FILES):
            head += f'    rust_test(name: "t{file:02}", srcs: ["tests/t{file:02}.rs"], deps: [":tree"], flags: {FLAGS}),\n'
    else:
        more = ", merge: false" if form == "unmerged" else ""
        head += f'    rust_test(name: "tests", srcs: glob(["tests/*.rs"]), deps: [":tree"], flags: {FLAGS}{more}),\n'
    return head + "]\n"


def write(folder, form):
    """The tree; eng's form is `merged`, `unmerged` or `files`."""
    files = {"Cargo.toml": CARGO, "BUILD.ron": build(form)}
    files["src/lib.rs"] = "//! A library of parts.\n\n" + "".join(f"pub mod m{n};\n" for n in range(MODULES))
    files |= {f"src/m{n}.rs": MODULE.format(n=n) for n in range(MODULES)}
    files |= {f"tests/t{file:02}.rs": integration(file) for file in range(FILES)}
    for name, text in files.items():
        path = Path(folder) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    group = parser.add_mutually_exclusive_group()
    for form in ("merged", "unmerged", "files"):
        group.add_argument(f"--{form}", dest="form", action="store_const", const=form, default="merged")
    args = parser.parse_args()
    write(args.folder, args.form)
