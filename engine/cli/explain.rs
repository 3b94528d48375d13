//! `eng explain`: why actions ran, or would run, or why not.

use super::explained;
use super::options;
use super::places::places;
use super::request::{here, jobs_of_machine, pattern};
use super::{Exit, print};
use crate::report;
use crate::session::{Failure, Past, Question, Session};

/// Explains a run, or what there is of targets.
pub fn explain(options: options::Explain) -> Result<Exit, Failure> {
    let here = here()?;
    let places = places()?;
    if options.patterns.is_empty() || options.run.is_some() {
        let (past, warnings) = Past::open(&here.root, &places)?;
        warn(&warnings);
        let number = options.run.map(|number| i64::try_from(number).unwrap_or(i64::MAX));
        let run = past.run(number)?;
        let text = match options.patterns.is_empty() {
            true => explained::run(&run, &past.attempts(&run), past.last_busy()),
            false => {
                let pattern = pattern(&options.patterns, &here)?;
                let (targets, left_out) = past.explain(&run, &pattern);
                explained::then(&run, &targets, left_out)
            }
        };
        return Ok(print("the explanation", &text));
    }
    let question = Question {
        pattern: pattern(&options.patterns, &here)?,
        modes: options.modes.into_iter().collect(),
        jobs: jobs_of_machine(),
        path: std::env::var("PATH").unwrap_or_default(),
    };
    let session = Session::open(&here.root, &places, true)?;
    let explained = session.explain(question)?;
    warn(&explained.warnings);
    Ok(print("the explanation", &explained::now(&explained)))
}

fn warn(warnings: &[String]) {
    for text in warnings {
        report::print_problem(&format!("warning: {text}\n"));
    }
}
