//! How a target is tested: its program, its protocol and what must lie around it.

use super::configured::Configured;
use super::expand::Context;
use super::scope::Scope;
use super::word::{self, Piece, Word};
use crate::base::{Label, Place, Problem, Problems, parse_duration};
use crate::load::{Item, Protocol, TestRule};
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
    /// The program, and arguments that always follow it.
    pub program: Vec<Word>,
    /// `args`.
    pub args: Vec<Word>,
    /// `env`, and what the rule adds.
    pub env: Vec<(String, Word)>,
    /// Everything that must be in the runfiles.
    pub runfiles: Vec<Piece>,
    /// `small`, `medium`, `large` or `enormous`.
    pub size: String,
    /// A process is killed after this time.
    pub timeout: Duration,
    /// True if nothing else may run meanwhile.
    pub exclusive: bool,
}

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
        let program = word::flatten(&self.expand(
            &[Item::Template(rule.program.clone())],
            &context,
            problems,
        ));
        if program.is_empty() {
            problems.push(Problem::at(
                &self.target.place,
                format!("{} has nothing to test: its program is an empty list", self.label()),
            ));
            return None;
        }
        let args = word::flatten(&self.list("args", &context, problems));
        let mut env = self.environment(&rule.env, &context, problems);
        for word in word::flatten(&self.list("env", &context, problems)) {
            if let Some((name, value)) = word.text.clone().split_once('=') {
                env.retain(|(other, _)| other != name);
                env.push((name.to_string(), Word { text: value.into(), ..word }));
            }
        }
        env.sort_by(|a, b| a.0.cmp(&b.0));
        let mut runfiles = data;
        runfiles.extend(program.iter().cloned().map(Piece::Word));
        runfiles.push(Piece::Gather(configured.run.clone()));
        runfiles.push(Piece::Gather(configured.data.clone()));
        runfiles.push(Piece::Gather(configured.beside.clone()));
        runfiles.push(Piece::Word(Word { beside: configured.companions(), ..Word::text("") }));
        let size = self.text("size", problems).unwrap_or_else(|| "medium".to_string());
        let timeout = match self.text("timeout", problems).filter(|text| !text.is_empty()) {
            Some(text) => parse_duration(&text).unwrap_or_else(|| of_size(&size)),
            None => of_size(&size),
        };
        let exclusive = self.text("exclusive", problems).as_deref() == Some("true");
        let target = self.target;
        Some(Test {
            label: target.label.clone(),
            place: target.place.clone(),
            protocol,
            program,
            args,
            env,
            runfiles,
            size,
            timeout,
            exclusive,
        })
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
