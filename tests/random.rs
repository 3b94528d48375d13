//! Random graphs, random edits: what is built with everything remembered is what is built from
//! nothing. `ENG_RANDOM_EDITS` sets the number of edits, `ENG_RANDOM_SEED` the first graph.

use crate::support::{Run, Workspace, files, workspace};
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;

/// After so many edits another graph begins.
const EDITS_OF_A_GRAPH: usize = 20;

#[test]
fn a_warm_build_has_the_bytes_of_a_cold_one() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse().ok());
    let edits = number("ENG_RANDOM_EDITS").unwrap_or(60);
    let first = number("ENG_RANDOM_SEED").unwrap_or(1);
    let mut counts = Counts::default();
    let mut left = edits;
    for seed in first.. {
        if left == 0 {
            break;
        }
        let these = left.min(EDITS_OF_A_GRAPH);
        try_graph(seed as u64, these, &mut counts);
        left -= these;
    }
    println!("{edits} edits: {counts:?}");
    assert!(counts.warm * 2 < counts.cold, "too much ran again: {counts:?}");
    assert!(counts.warm > edits / 4, "too little ran for this to prove anything: {counts:?}");
}

/// Actions that ran over all edits.
#[derive(Debug, Default)]
struct Counts {
    warm: usize,
    cold: usize,
}

fn try_graph(seed: u64, edits: usize, counts: &mut Counts) {
    // Shown only if something fails further down.
    println!("ENG_RANDOM_SEED={seed}");
    let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    let ws = workspace("");
    let mut graph = Graph::new(&mut random);
    let mut states = vec![graph.clone()];
    graph.write(&ws, &BTreeMap::new());
    let mut written = graph.sources.clone();
    ws.build(&["--all", "//..."]);
    for edit in 0..edits {
        let what = if random.below(8) == 0 {
            graph = states[random.below(states.len())].clone();
            "revert".to_string()
        } else {
            graph.edit(&mut random)
        };
        states.push(graph.clone());
        graph.write(&ws, &written);
        written = graph.sources.clone();
        let told = format!("seed {seed}, edit {edit}: {what}\n{}", graph.text());
        let arguments = ["build", "--verbose", "--all", "//..."];
        // Every other time what the last run left is asked, which a verbose run does not do.
        let asks = edit % 2 == 1;
        let warm = ws.eng(if asks { &["build", "--all", "//..."] } else { &arguments });
        let name = format!("cold {edit}");
        let other = ws.copy_to(&format!("{name}/checkout"));
        let cold = Run::of(ws.command_at(&other, &format!("{name}/store"), &arguments));
        assert_eq!((warm.code, cold.code), (0, 0), "{told}\n{}\n{}", warm.stderr, cold.stderr);
        counts.warm += if asks { ran(&warm) } else { warm.subjects().len() };
        counts.cold += cold.subjects().len();
        let delivered = delivered_by(&graph, &files(&ws.root().join("eng-out/bin")));
        let expected = files(&other.join("eng-out/bin"));
        if delivered != expected {
            let differ = expected.iter().filter(|(path, file)| delivered.get(*path) != Some(file));
            let differ: Vec<&String> = differ.map(|(path, _)| path).collect();
            panic!("warm and cold differ in {differ:?}; {told}\n{}", warm.stderr);
        }
        ws.eng(&arguments).expect(0).ran(&[]);
        fs::remove_dir_all(ws.beside(&name)).expect("remove the cold build");
    }
}

/// How many actions ran, by the last line.
fn ran(run: &Run) -> usize {
    let last = run.stderr.lines().last().unwrap_or_default();
    let number = last.split(": ").nth(1).and_then(|rest| rest.split(' ').next()?.parse().ok());
    number.unwrap_or_else(|| panic!("'{last}' tells no number"))
}

type Files = BTreeMap<String, (bool, Vec<u8>)>;

/// Without what targets left behind that are gone by now: nobody asked for that to be removed.
fn delivered_by(graph: &Graph, files: &Files) -> Files {
    let outputs: Vec<String> = graph.rules.iter().flat_map(Rule::outputs).collect();
    let is_output = |path: &str| {
        outputs.iter().any(|output| {
            path == output || (output.ends_with('/') && path.starts_with(output.as_str()))
        })
    };
    files.iter().filter(|(path, _)| is_output(path)).map(|(a, b)| (a.clone(), b.clone())).collect()
}

/// A sequence of numbers that depends on its seed alone (xorshift).
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % limit
    }
}

/// What a rule writes, and how.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    /// One file, by a command of plain words.
    Plain,
    /// One file, whose content is that of the first input without comments.
    Strip,
    /// One file, by the shell; executable if an input is.
    Shell,
    /// Two files.
    Two,
    /// A folder.
    Folder,
}

#[derive(Debug, Clone)]
struct Rule {
    number: usize,
    kind: Kind,
    /// Names of sources, and labels of rules before this one.
    srcs: Vec<String>,
    /// A word of the command.
    salt: usize,
}

impl Rule {
    fn outputs(&self) -> Vec<String> {
        let at = self.number;
        match self.kind {
            Kind::Two => vec![format!("o{at}.a"), format!("o{at}.b")],
            Kind::Folder => vec![format!("o{at}/")],
            _ => vec![format!("o{at}")],
        }
    }

    fn text(&self) -> String {
        let salt = self.salt;
        let command = match self.kind {
            Kind::Plain => format!("sort -k {} $SRCS > $OUT", salt + 1),
            Kind::Strip => {
                format!("cat $(find -L $SRCS -type f | sort) | grep -v '^#' > $OUT || : {salt}")
            }
            Kind::Shell => format!(
                "for s in $SRCS; do echo {salt} $s; test -d $s && ls $s || cat $s; done > $OUT; for s in $SRCS; do test -x $s && chmod +x $OUT; done; :"
            ),
            Kind::Two => format!(
                "set -- $OUTS; ls -R $SRCS > $1; cat $(find -L $SRCS -type f | sort) | wc -c > $2; echo {salt} >> $2"
            ),
            Kind::Folder => format!(
                "mkdir -p $OUT/deep; echo {salt} > $OUT/deep/salt; echo $SRCS > $OUT/names; n=0; for s in $(find -L $SRCS -type f | sort); do n=$((n+1)); cat $s > $OUT/f$n; done"
            ),
        };
        format!(
            "    genrule(name: \"r{}\", srcs: {:?}, outs: {:?}, cmd: {command:?}),\n",
            self.number,
            self.srcs,
            self.outputs()
        )
    }
}

/// A workspace: sources by name with their mode, and rules.
#[derive(Debug, Clone)]
struct Graph {
    sources: BTreeMap<String, (bool, String)>,
    rules: Vec<Rule>,
    /// Sources that there ever were.
    made: usize,
}

impl Graph {
    fn new(random: &mut Random) -> Graph {
        let mut graph = Graph { sources: BTreeMap::new(), rules: Vec::new(), made: 0 };
        for _ in 0..4 + random.below(4) {
            graph.add_source(random);
        }
        for number in 0..8 + random.below(13) {
            let kinds = [Kind::Plain, Kind::Strip, Kind::Shell, Kind::Two, Kind::Folder];
            let kind = kinds[random.below(kinds.len())];
            let rule = Rule { number, kind, srcs: Vec::new(), salt: random.below(9) };
            graph.rules.push(rule);
            for _ in 0..1 + random.below(3) {
                graph.add_input(number, random);
            }
        }
        graph
    }

    fn add_source(&mut self, random: &mut Random) -> String {
        let name = format!("s{}.txt", self.made);
        self.made += 1;
        let text = format!("line {}\n# comment\n", random.below(5));
        self.sources.insert(name.clone(), (false, text));
        name
    }

    /// Gives a rule a source or an earlier rule as input.
    fn add_input(&mut self, rule: usize, random: &mut Random) {
        let input = match rule {
            at if at > 0 && random.below(3) > 0 => format!(":r{}", random.below(at)),
            _ => self.any_source(random),
        };
        let from_folder = self.rules[..rule]
            .iter()
            .any(|it| it.kind == Kind::Folder && input == format!(":r{}", it.number));
        // The program of plain commands reads files only.
        let input = match self.rules[rule].kind {
            Kind::Plain if from_folder => self.any_source(random),
            _ => input,
        };
        let srcs = &mut self.rules[rule].srcs;
        if !srcs.contains(&input) {
            srcs.push(input);
        }
    }

    fn any_source(&self, random: &mut Random) -> String {
        let names: Vec<&String> = self.sources.keys().collect();
        names[random.below(names.len())].clone()
    }

    /// Changes one thing, and tells what.
    fn edit(&mut self, random: &mut Random) -> String {
        let source = self.any_source(random);
        let rule = random.below(self.rules.len());
        match random.below(9) {
            0 => {
                let text = &mut self.sources.get_mut(&source).expect("it is there").1;
                text.push_str(&format!("more {}\n", random.below(9)));
                format!("a line in {source}")
            }
            1 => {
                let text = &mut self.sources.get_mut(&source).expect("it is there").1;
                text.push_str(&format!("# {}\n", random.below(9)));
                format!("a comment in {source}")
            }
            2 => {
                let mode = &mut self.sources.get_mut(&source).expect("it is there").0;
                *mode = !*mode;
                format!("the mode of {source}")
            }
            3 => {
                let name = self.add_source(random);
                self.rules[rule].srcs.push(name.clone());
                format!("{name} is new, in r{rule}")
            }
            4 if self.sources.len() > 1 => {
                self.sources.remove(&source);
                let other = self.any_source(random);
                self.replace(&source, &other);
                format!("{source} is gone, {other} in its place")
            }
            5 => {
                let file = self.sources.remove(&source).expect("it is there");
                let name = format!("t{}.txt", self.made);
                self.made += 1;
                self.sources.insert(name.clone(), file);
                self.replace(&source, &name);
                format!("{source} is {name}")
            }
            6 => {
                self.rules[rule].salt = random.below(9);
                format!("the command of r{rule}")
            }
            7 => {
                self.add_input(rule, random);
                format!("an input of r{rule}")
            }
            _ => {
                let srcs = &mut self.rules[rule].srcs;
                if srcs.len() > 1 {
                    srcs.remove(random.below(srcs.len()));
                }
                format!("an input less of r{rule}")
            }
        }
    }

    fn replace(&mut self, from: &str, to: &str) {
        for rule in &mut self.rules {
            for name in &mut rule.srcs {
                if name == from {
                    *name = to.to_string();
                }
            }
            let mut seen = Vec::new();
            rule.srcs.retain(|name| {
                let fresh = !seen.contains(name);
                seen.push(name.clone());
                fresh
            });
        }
    }

    fn text(&self) -> String {
        let rules: String = self.rules.iter().map(Rule::text).collect();
        format!("[\n    workspace(name: \"ws\"),\n{rules}]\n")
    }

    /// Writes what is not yet as it should be.
    fn write(&self, ws: &Workspace, written: &BTreeMap<String, (bool, String)>) {
        for name in written.keys().filter(|name| !self.sources.contains_key(*name)) {
            ws.remove(name);
        }
        for (name, source) in &self.sources {
            if written.get(name) == Some(source) {
                continue;
            }
            ws.write(name, &source.1);
            let mode = if source.0 { 0o755 } else { 0o644 };
            fs::set_permissions(ws.root().join(name), fs::Permissions::from_mode(mode))
                .expect("set a mode");
        }
        ws.write("BUILD.ron", &self.text());
    }
}
