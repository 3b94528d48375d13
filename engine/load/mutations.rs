//! Files in which bytes were changed at random: they never panic, and what is wrong has a place.

use super::build_file::BuildFile;
use super::glob::Globs;
use super::package::{Context, Found, package};
use super::rule_file::{self, RuleFile};
use super::{builtin, check, syntax, tree};
use crate::base::{PackageName, Problems};
use std::collections::{BTreeSet, HashMap};

const BUILD: &str = r##"// All of it.
[
    workspace(name: "ws", modes: ["small"]),
    filegroup(name: "files", srcs: glob(["*.txt", "!b.txt"]), data: [":made", "a.txt"]),
    genrule(
        name: "made",
        srcs: ["a.txt", when("release", [r#"b"c.txt"#])],
        outs: ["x", "sub/y.h"],
        cmd: "cp $SRCS \"$OUTS\"", /* a comment */
        env: {"A": "b", "C": "é"},
        tags: ["manual"],
    ),
    sh_test(name: "t", srcs: "t.sh", timeout: "30s", flaky: true, shards: 2, args: ["{path:files}"]),
    alias(name: "other", actual: "//a:made"),
]
"##;

const RULES: &str = r##"[
    protocol(name: "p", run: ["{program}", "{args}"], results: lines(done: "{outcome} {case}"), words: (passed: ["ok"])),
    base(
        name: "objects",
        attrs: (
            srcs: files(ext: [".x"], doc: "Sources."),
            deps: targets(provides: "x"),
            kind: string(one_of: ["fast", "small"], default: "fast"),
            tool: tool(default: "true", version: [["-v"]]),
            level: int(default: 1),
        ),
        vars: (all: ["{srcs|.x .y}", when(["kind=fast", "!release"], ["-I{deps.dirs.dir: }"])]),
        actions: (
            compile: (
                each: "srcs",
                run: ["{tool}", "{{{it}}}", "{all}", "{object}", "{depfile}"],
                env: (A: "{name}"),
                outs: (object: "_obj/{name}/{it.short}.o"),
                depfile: "{it.stem}.d",
                params: "@{file}",
            ),
        ),
        provides: (x: (dirs: ["{package}", "{deps.dirs}"])),
    ),
    rule(
        name: "x_test",
        base: "objects",
        attrs: (protocol: string(one_of: ["p"], default: "p"), merge: bool(default: true)),
        variants: [(name: "merged", when: ["merge"]), (name: "split")],
        provides: (files: ["{object}"], run: ["{object}"]),
        test: (protocol: "{protocol}", program: "{object}"),
    ),
]
"##;

/// Numbers that look random and are the same in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % most.max(1) as u64) as usize
    }

    /// The text with one to three places changed.
    fn change(&mut self, text: &str) -> Vec<u8> {
        const SIGNS: &[u8] = b"[](){}\":,'\\#/*!?.|=+-r0b{ \n\0\x80\xff";
        let mut bytes = text.as_bytes().to_vec();
        for _ in 0..=self.below(3) {
            let at = self.below(bytes.len());
            let end = (at + 1 + self.below(12)).min(bytes.len());
            let sign = SIGNS[self.below(SIGNS.len())];
            match self.below(6) {
                0 => bytes[at] = sign,
                1 => bytes.insert(at, sign),
                2 => drop(bytes.drain(at..end)),
                3 => bytes.truncate(at),
                4 => bytes[at] = self.below(256) as u8,
                _ => {
                    let part = bytes[at..end].to_vec();
                    let to = self.below(bytes.len());
                    bytes.splice(to..to, part);
                }
            }
            if bytes.is_empty() {
                bytes.push(b'[');
            }
        }
        bytes
    }
}

/// Reads 500 changed versions of a text; each problem must have a place in that file.
fn told_everywhere(text: &str, read: impl Fn(Vec<u8>) -> Problems) {
    let good = read(text.into());
    assert!(good.is_empty(), "{good}");
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    let mut wrong = 0;
    for _ in 0..500 {
        let bytes = dice.change(text);
        let shown = String::from_utf8_lossy(&bytes).into_owned();
        let problems = read(bytes);
        for problem in problems.iter() {
            let place = problem.place.as_ref().unwrap_or_else(|| panic!("{problem}: {shown}"));
            assert!(place.line() <= shown.matches('\n').count() + 1, "{problem}: {shown}");
            assert!(!problem.text.is_empty() && !problem.text.ends_with('.'), "{problem}: {shown}");
        }
        wrong += usize::from(!problems.to_string().is_empty());
    }
    // The others changed a comment or the text of a string.
    assert!(wrong > 300, "{wrong}");
}

#[test]
fn changed_build_files_are_told() {
    let mut problems = Problems::default();
    let (rules, _) = rule_file::rules(&builtin::rule_files(&mut problems), &mut problems);
    assert!(problems.is_empty(), "{problems}");
    let (modes, globs) = (vec!["release".to_string(), "small".to_string()], Globs::default());
    let context = Context { rules: &rules, modes: &modes, globs: &globs };
    told_everywhere(BUILD, |bytes| {
        let build = BuildFile::of("BUILD.ron", bytes);
        let files = ["a.txt", "b.txt", "t.sh"].map(String::from).to_vec();
        let name = PackageName::main("a");
        package(Found { name, build, files, builtin: HashMap::new() }, &context).problems
    });
}

#[test]
fn changed_rule_files_are_told() {
    told_everywhere(RULES, |bytes| {
        let source = syntax::source("r.ron", bytes).map_err(Problems::from);
        let nodes = match source.and_then(|source| tree::parse(&source)) {
            Ok(nodes) => nodes,
            Err(problems) => return problems,
        };
        let mut problems = Problems::default();
        let broken: BTreeSet<String>;
        let rules;
        (rules, broken) = rule_file::rules(&[RuleFile { builtin: false, nodes }], &mut problems);
        check::check(&rules, &broken, &["release".to_string()], &mut problems);
        problems
    });
}
