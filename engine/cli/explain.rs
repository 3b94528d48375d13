//! `eng explain`: why actions ran, or would run, or why not.

use super::explained;
use super::options;
use super::places::places;
use super::request::{here, pattern};
use super::{Exit, print};
use crate::report;
use crate::session::{Failure, Opened, Past, Question};

/// Explains a run, or what there is of targets.
pub fn explain(options: options::Explain) -> Result<Exit, Failure> {
    let here = here()?;
    let places = places()?;
    if options.patterns.is_empty() || options.run.is_some() {
        let (past, warnings) = Past::open(&here.root, &places)?;
        warn(&warnings);
        let number = options.run.map(|number| i64::try_from(number).unwrap_or(i64::MAX));
        let pattern = pattern(&options.patterns, &here)?;
        let text = past.answer(|past| {
            let run = past.run(number)?;
            if options.patterns.is_empty() {
                return Ok(explained::run(&run, &past.attempts(&run), past.last_busy()));
            }
            // Of what cannot be found it says itself that nothing is known.
            let pattern = past.resolved(&pattern).unwrap_or(pattern);
            let (targets, left_out) = past.explain(&run, &pattern);
            Ok(explained::then(&run, &targets, left_out))
        })?;
        return Ok(print("the explanation", &text));
    }
    let question = Question {
        pattern: pattern(&options.patterns, &here)?,
        modes: options.modes.into_iter().collect(),
        path: std::env::var("PATH").unwrap_or_default(),
    };
    let session = Opened::open(&here.root, &places, true)?;
    let explained = session.explain(question)?;
    warn(&explained.warnings);
    Ok(print("the explanation", &explained::now(&explained)))
}

fn warn(warnings: &[String]) {
    for text in warnings {
        report::print_problem(&format!("warning: {text}\n"));
    }
}
