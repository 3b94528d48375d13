//! How a target is tested: its program, its protocol and what must lie around it.

use super::FileId;
use super::configured::Configured;
use super::coverage::{COVERAGE, Collector};
use super::expand::Context;
use super::scope::Scope;
use super::test_process::Claims;
use super::word::{self, Piece, Word};
use crate::base::{Label, Place, Problem, Problems, parse_duration};
use crate::load::{Item, Protocol, TestRule};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// A test target.
#[derive(Debug, Clone)]
pub struct Test {
    /// Its label.
    pub label: Label,
    /// Where it is declared.
    pub place: Place,
    /// How it is listed, run and read.
    pub protocol: Arc<Protocol>,
    /// Its programs; each has cases of its own.
    pub programs: Vec<Program>,
    /// `args`.
    pub args: Vec<Word>,
    /// `env`, and what the rule adds.
    pub env: Vec<(Arc<str>, Word)>,
    /// Everything that must be in the runfiles.
    pub runfiles: Vec<Piece>,
    /// `small`, `medium`, `large` or `enormous`.
    pub size: String,
    /// A process is killed after this time.
    pub timeout: Duration,
    /// True if nothing else may run meanwhile.
    pub exclusive: bool,
    /// Name of its rule.
    pub rule: String,
    /// `tags`.
    pub tags: Vec<String>,
    /// True if it is tried again when it fails, without being asked to.
    pub flaky: bool,
    /// How many processes share its cases at least.
    pub shards: u32,
    /// What it takes of what the machine has.
    pub claims: Arc<Claims>,
    /// True if results of it are never remembered.
    pub forget: bool,
    /// `setup`: programs that are run before it.
    pub setups: Vec<Setup>,
    /// Kinds of data that tell what its processes have executed; nothing unless that is asked for.
    pub coverage: Option<Arc<[Arc<Collector>]>>,
}

/// A program that prepares the ground for tests.
#[derive(Debug, Clone)]
pub struct Setup {
    /// The target.
    pub label: Label,
    /// Where that is declared.
    pub place: Place,
    /// Its program, and arguments that always follow it.
    pub program: Vec<Word>,
    /// Everything that must be in its runfiles.
    pub runfiles: Vec<Piece>,
}

/// A program of a test.
#[derive(Debug, Clone)]
pub struct Program {
    /// The program, and arguments that always follow it.
    pub words: Vec<Word>,
    /// What the program puts in front of the names of its cases, and what stands there instead.
    /// Of several that fit a name the first counts.
    pub names: Vec<(String, String)>,
}

/// More shards than this help nobody.
const MOST_SHARDS: i64 = 1000;

impl Scope<'_> {
    /// Reads the rule's `test`. `data` is what the target itself asks for.
    pub(super) fn test(
        &mut self,
        rule: &TestRule,
        configured: &Configured,
        data: Vec<Piece>,
        problems: &mut Problems,
    ) -> Option<Test> {
        let context = Context::default();
        let protocol = self.one_word(&rule.protocol, &context, problems)?.text;
        let protocol = self.workspace.rules.protocols.get(&*protocol)?.clone();
        let mut programs = self.programs(rule, problems)?;
        let beside: Vec<FileId> = word::flatten(&configured.beside)
            .iter()
            .flat_map(|word| word.files().to_vec())
            .collect();
        for program in programs.iter_mut().filter_map(|program| program.words.first_mut()) {
            let own = program.file;
            program.add_beside(
                own.into_iter().flat_map(|own| beside.iter().map(move |it| (own, *it))),
            );
        }
        let args = word::flatten(&self.list("args", &context, problems));
        let mut env = self.environment(&rule.env, &context, problems);
        for mut word in word::flatten(&self.list("env", &context, problems)) {
            if let Some((name, value)) = word.text.clone().split_once('=') {
                env.retain(|(other, _)| **other != *name);
                word.text = value.into();
                env.push((self.analysis.name(name), word));
            }
        }
        env.sort_by(|a, b| a.0.cmp(&b.0));
        let mut runfiles = data;
        // Each of several programs is there for its own processes only.
        if let [program] = programs.as_slice() {
            runfiles.extend(program.words.iter().cloned().map(Piece::Word));
        }
        runfiles.push(Piece::Gather(configured.run.clone()));
        runfiles.push(Piece::Gather(configured.data.clone()));
        runfiles.push(Piece::Gather(configured.beside.clone()));
        runfiles.push(Piece::Word(Word::beside_only(configured.companions())));
        let setups = self.setups(problems);
        // They are in the key: who has another setup has another result.
        runfiles.extend(setups.iter().flat_map(|setup| setup.runfiles.iter().cloned()));
        let size = self.text("size", problems).unwrap_or_else(|| "medium".to_string());
        let timeout = match self.text("timeout", problems).filter(|text| !text.is_empty()) {
            Some(text) => parse_duration(&text).unwrap_or_else(|| of_size(&size)),
            None => of_size(&size),
        };
        let target = self.target;
        let tagged = |tag: &str| target.tags.iter().any(|it| it == tag);
        let mut set = |attr: &str| self.text(attr, problems).as_deref() == Some("true");
        let exclusive = set("exclusive") || tagged("exclusive");
        let flaky = set("flaky") || tagged("flaky");
        let forget = tagged("external") || tagged("no-cache");
        let shards = self.shards(problems);
        let claims = Arc::new(self.claims(problems));
        let coverage = self.modes.active.contains(COVERAGE).then(|| configured.coverage.clone());
        Some(Test {
            label: target.label.clone(),
            place: target.place.clone(),
            protocol,
            programs,
            args,
            env,
            runfiles,
            size,
            timeout,
            exclusive,
            rule: target.rule.name.clone(),
            tags: target.tags.to_vec(),
            flaky,
            shards,
            claims,
            forget,
            setups,
            coverage,
        })
    }

    fn setups(&mut self, problems: &mut Problems) -> Vec<Setup> {
        let mut res = Vec::new();
        if self.target.rule.attr("setup").is_none() {
            return res;
        }
        for target in self.targets("setup") {
            let program = word::flatten(&target.run);
            if program.is_empty() {
                let text = format!(
                    "the setup {} of {} cannot be run: it is a '{}'",
                    target.label,
                    self.label(),
                    target.rule
                );
                problems.push(
                    Problem::at(&self.target.place, text)
                        .also(&target.place, "declared here")
                        .following(),
                );
                continue;
            }
            let runfiles = vec![
                Piece::Gather(target.run.clone()),
                Piece::Gather(target.data.clone()),
                Piece::Gather(target.beside.clone()),
                Piece::Word(Word::beside_only(target.companions())),
            ];
            let (label, place) = (target.label.clone(), target.place.clone());
            res.push(Setup { label, place, program, runfiles });
        }
        res
    }

    fn shards(&mut self, problems: &mut Problems) -> u32 {
        let text = self.text("shards", problems).unwrap_or_default();
        let shards = text.parse::<i64>().unwrap_or(1);
        if (1..=MOST_SHARDS).contains(&shards) {
            return shards as u32;
        }
        let text = format!("{}: 'shards' is {shards}; it is from 1 to {MOST_SHARDS}", self.label());
        problems.push(Problem::at(&self.target.place, text));
        1
    }

    /// What `resources` and the tags `cpu:N` and `resources:NAME:N` ask for.
    fn claims(&mut self, problems: &mut Problems) -> Claims {
        let mut wanted: Vec<String> = match self.target.rule.attr("resources") {
            None => Vec::new(),
            Some(_) => word::flatten(&self.list("resources", &Context::default(), problems))
                .iter()
                .map(|word| word.text.to_string())
                .collect(),
        };
        let mut claims = Claims::default();
        for tag in &self.target.tags {
            if let Some(cpus) = tag.strip_prefix("cpu:").and_then(|cpus| cpus.parse().ok()) {
                claims.slots = cpus;
            } else if let Some(resource) = tag.strip_prefix("resources:") {
                wanted.push(resource.to_string());
            }
        }
        let mut sums: BTreeMap<String, usize> = BTreeMap::new();
        for text in wanted {
            let (name, amount) = match text.split_once(':') {
                None => (text.as_str(), Some(1)),
                Some((name, amount)) => (name, amount.parse::<usize>().ok()),
            };
            let Some(amount) = amount.filter(|amount| *amount > 0 && !name.is_empty()) else {
                problems.push(Problem::at(
                    &self.target.place,
                    format!(
                        "{}: the resource '{text}' is neither a name nor NAME:NUMBER",
                        self.label()
                    ),
                ));
                continue;
            };
            let sum = sums.entry(name.to_string()).or_default();
            *sum = amount.saturating_add(*sum);
        }
        for (name, amount) in &sums {
            let there = self.workspace.instances(name).len();
            if *amount > there {
                problems.push(Problem::at(
                    &self.target.place,
                    format!(
                        "{} takes {amount} of the resource '{name}', but there is only {there}; 'workspace(resources: {{\"{name}\": {amount}}})' in the root's BUILD.ron says how many there are",
                        self.label()
                    ),
                ));
            }
        }
        claims.resources = sums.into_iter().collect();
        claims
    }

    fn programs(&mut self, rule: &TestRule, problems: &mut Problems) -> Option<Vec<Program>> {
        let context = Context::default();
        let mut list =
            |items: &[Item]| word::flatten(&self.expand(items, &context, problems)).into_iter();
        let programs: Vec<Vec<Word>> = match &rule.program {
            Some(program) => vec![list(&[Item::Template(program.clone())]).collect()],
            None => list(&rule.programs).map(|word| vec![word]).collect(),
        };
        let named = |word: Word| match word.text.split_once('=') {
            Some((own, prefix)) => (own.to_string(), prefix.to_string()),
            None => (String::new(), word.text.to_string()),
        };
        let names: Vec<(String, String)> = list(&rule.names).map(named).collect();
        let count = programs.len();
        let text = if programs.iter().all(Vec::is_empty) {
            format!("{} has nothing to test: its program is an empty list", self.label())
        } else if count > 1 && names.len() != count {
            format!(
                "{} has {count} programs, but 'names' of its rule gives {} prefixes; one for each was expected",
                self.label(),
                names.len()
            )
        } else {
            let of = |(at, words): (usize, Vec<Word>)| Program {
                words,
                names: if count > 1 { vec![names[at].clone()] } else { names.clone() },
            };
            return Some(programs.into_iter().enumerate().map(of).collect());
        };
        problems.push(Problem::at(&self.target.place, text).following());
        None
    }

    fn text(&mut self, attr: &str, problems: &mut Problems) -> Option<String> {
        self.target.rule.attr(attr)?;
        let list = self.list(attr, &Context::default(), problems);
        word::flatten(&list).first().map(|word| word.text.to_string())
    }
}

/// Bazel's timeouts by size.
fn of_size(size: &str) -> Duration {
    Duration::from_secs(match size {
        "small" => 60,
        "large" => 900,
        "enormous" => 3600,
        _ => 300,
    })
}
