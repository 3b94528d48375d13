//! `eng history`: the last runs, what ran in one of them, or the past of targets.

use super::complete;
use super::past_runs;
use super::places::places;
use super::request::{Here, here, pattern};
use super::table::Format;
use super::{Exit, print};
use crate::report;
use crate::session::{Failure, Past};
use clap::Args;
use clap_complete::engine::ArgValueCompleter;

/// What was typed.
#[derive(Debug, Args)]
pub struct History {
    /// Number of a run, or 'last'; or targets, or a case of a test; nothing stands for the last runs
    #[arg(value_name = "RUN|PATTERN", add = ArgValueCompleter::new(complete::run_or_pattern))]
    pub words: Vec<String>,
    /// So many runs at most
    #[arg(short, long, value_name = "N", default_value_t = 20, value_parser = super::options::number)]
    pub limit: usize,
    /// How to print it
    #[arg(long, value_enum, default_value_t, value_name = "FORM")]
    pub format: Format,
}

/// Prints what is known of earlier runs.
pub fn history(options: History) -> Result<Exit, Failure> {
    if options.limit == 0 {
        return Err(Failure::Usage("--limit is 0; it must be 1 or more".to_string()));
    }
    let here = here()?;
    let (past, warnings) = Past::open(&here.root, &places()?)?;
    for text in warnings {
        report::print_problem(&format!("warning: {text}\n"));
    }
    let runs: Vec<Option<i64>> = options.words.iter().filter_map(|word| run(word)).collect();
    let text = past.answer(|past| shown(past, &runs, &options, &here))?;
    Ok(print("the history", &text))
}

fn shown(
    past: &Past,
    runs: &[Option<i64>],
    options: &History,
    here: &Here,
) -> Result<String, Failure> {
    Ok(match (runs, options.words.len()) {
        (_, 0) => past_runs::list(&past.runs(options.limit), options.format),
        ([number], 1) => {
            let run = past.past_run(*number)?;
            past_runs::one(&run, &past.inside(run.record.id), options.format)
        }
        ([], _) => {
            let pattern = past.resolved(&pattern(&options.words, here)?)?;
            past_runs::targets(&past.of_targets(&pattern, options.limit), options.format)
        }
        _ => {
            let text = "one run at a time, without targets; '//7' is a target whose package is 7";
            return Err(Failure::Usage(text.to_string()));
        }
    })
}

/// The run that a word names, if it is not a target; nothing inside stands for the last one.
fn run(word: &str) -> Option<Option<i64>> {
    match word {
        "last" => Some(None),
        digits if !digits.is_empty() && digits.bytes().all(|it| it.is_ascii_digit()) => {
            Some(Some(digits.parse().unwrap_or(i64::MAX)))
        }
        _ => None,
    }
}
