//! `eng query`: what targets there are, and what needs what.

use super::complete;
use super::options::typed;
use super::places::places;
use super::request::here;
use super::{Exit, print};
use crate::base::Problem;
use crate::query::{self, Scope};
use crate::report::{self, Listing};
use crate::session::{Failure, acts, commands, survey};
use clap::{Args, ValueEnum};
use clap_complete::engine::ArgValueCompleter;
use std::collections::BTreeSet;
use std::io::Read;
use std::path::PathBuf;

/// What was typed.
#[derive(Debug, Args)]
pub struct Query {
    /// What to ask: deps(//a), kind(test, //...), //a + //b; see the functions below
    #[arg(
        value_name = "EXPRESSION",
        required_unless_present = "query_file",
        add = ArgValueCompleter::new(complete::expression)
    )]
    pub words: Vec<String>,
    /// Read the expression from a file; '-' is standard input
    #[arg(long, value_name = "FILE", conflicts_with = "words")]
    pub query_file: Option<PathBuf>,
    /// How to print the answer
    #[arg(long, value_enum, default_value_t = Output::Label, value_name = "FORM")]
    pub output: Output,
    /// Leave out what rules name by themselves, such as toolchains
    #[arg(long, alias = "noimplicit-deps")]
    pub no_implicit_deps: bool,
    /// Activate a mode of the rules for actions and compdb, such as release
    #[arg(long = "mode", value_name = "MODE", add = ArgValueCompleter::new(complete::mode))]
    pub modes: Vec<String>,
    /// Answer as far as that is possible when something is wrong; the exit code is then 3
    #[arg(short, long)]
    pub keep_going: bool,
}

/// Forms of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Output {
    /// A label in each line
    Label,
    /// What it is, then the label
    #[value(alias = "label-kind", name = "label_kind")]
    LabelKind,
    /// Where it is declared, what it is, then the label
    Location,
    /// Packages
    Package,
    /// Entries as they would stand in BUILD.ron, globs resolved
    Build,
    /// A graph for dot
    Graph,
    /// A list of objects
    Json,
    /// An object in each line
    Jsonl,
    /// The shortest distance from what nothing else in the answer needs, then the label
    Minrank,
    /// The longest distance
    Maxrank,
    /// The actions of the targets: commands, environment, inputs and outputs
    Actions,
    /// The same as a list of objects
    #[value(alias = "actions_json")]
    ActionsJson,
    /// A compile_commands.json for editors
    Compdb,
}

/// Answers a query.
pub fn query(options: Query) -> Result<Exit, Failure> {
    let (name, text) = text(&options)?;
    let here = here()?;
    let query = match query::parse(&name, &text) {
        Ok(query) => query,
        Err(problem) => {
            report::print_problem(&problem.to_string());
            return Ok(Exit::QueryFailed);
        }
    };
    for warning in &query.warnings {
        tell_warning(warning);
    }
    let program = std::env::current_exe().unwrap_or_default();
    let graph = survey(&here.root, &places()?, &program)?;
    let implicit = !options.no_implicit_deps;
    let scope = Scope { root: &here.root, home: &here.home, implicit };
    let answer = query::evaluate(&graph, &query, &scope);
    let whole = answer.problems.is_empty() && answer.broken.is_empty();
    if !whole {
        report::print_problem(&format!("{}{}", answer.broken.concat(), answer.problems));
        if !options.keep_going {
            return Ok(Exit::QueryFailed);
        }
    }
    let list = |listing| report::list(&graph, &answer.nodes, listing, implicit);
    let targets = || answer.nodes.iter().filter_map(|node| graph.target(*node)).collect::<Vec<_>>();
    let modes: BTreeSet<String> = options.modes.into_iter().collect();
    let text = match options.output {
        Output::Label => list(Listing::Label),
        Output::LabelKind => list(Listing::LabelKind),
        Output::Location => list(Listing::Location),
        Output::Package => list(Listing::Package),
        Output::Build => list(Listing::Build),
        Output::Graph => list(Listing::Graph),
        Output::Json => list(Listing::Json),
        Output::Jsonl => list(Listing::JsonLines),
        Output::Minrank => list(Listing::MinRank),
        Output::Maxrank => list(Listing::MaxRank),
        Output::Actions => report::acts(&acts(&here.root, &targets(), &modes)?.acts),
        Output::ActionsJson => report::acts_json(&acts(&here.root, &targets(), &modes)?.acts),
        Output::Compdb => {
            let commands = commands(&here.root, &places()?, &targets(), &modes)?;
            report::compile_commands(&here.root.display().to_string(), &commands)
        }
    };
    let written = print("the answer", &text);
    // As for Bazel, an answer in part has the code of a failed test.
    Ok(if whole { written } else { Exit::TestsFailed })
}

/// The expression, and what it is called in messages.
fn text(options: &Query) -> Result<(String, String), Failure> {
    let Some(file) = &options.query_file else {
        let words: Vec<&str> = options.words.iter().map(|word| typed(word)).collect();
        return Ok(("query".to_string(), words.join(" ")));
    };
    let name = file.display().to_string();
    let mut text = String::new();
    let read = match name.as_str() {
        "-" => std::io::stdin().read_to_string(&mut text).map(drop),
        _ => std::fs::read_to_string(file).map(|found| text = found),
    };
    match read {
        Ok(()) => Ok((if name == "-" { "query".to_string() } else { name }, text)),
        Err(error) => Err(Failure::Usage(format!("cannot read the query from '{name}': {error}"))),
    }
}

fn tell_warning(warning: &Problem) {
    report::print_problem(&format!("warning: {warning}"));
}
