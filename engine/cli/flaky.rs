//! `eng flaky`: what came out one way and another though it was made of the same.

use super::complete;
use super::explained::age;
use super::past_json;
use super::places::places;
use super::request::{here, pattern};
use super::table::{Format, Table};
use super::{Exit, print};
use crate::base::show_moment;
use crate::report;
use crate::session::{Failure, Flaky as Found, Past, Seen};
use clap::Args;
use clap_complete::engine::ArgValueCompleter;

/// What was typed.
#[derive(Debug, Args)]
pub struct Flaky {
    /// Targets, or a case of a test [default: all]
    #[arg(add = ArgValueCompleter::new(complete::pattern))]
    pub patterns: Vec<String>,
    /// How to print it
    #[arg(long, value_enum, default_value_t, value_name = "FORM")]
    pub format: Format,
}

/// Digits of a commit that are shown to people.
const SHORT: usize = 10;

/// Prints what is flaky.
pub fn flaky(options: Flaky) -> Result<Exit, Failure> {
    let here = here()?;
    let (past, warnings) = Past::open(&here.root, &places()?)?;
    for text in warnings {
        report::print_problem(&format!("warning: {text}\n"));
    }
    let words = match options.patterns.is_empty() {
        true => vec!["//...".to_string()],
        false => options.patterns,
    };
    let pattern = pattern(&words, &here)?;
    let text = past.answer(|past| {
        let found = past.flaky(&past.resolved(&pattern)?);
        Ok(shown(&found, options.format))
    })?;
    Ok(print("what is flaky", &text))
}

fn shown(found: &[Found], format: Format) -> String {
    if format == Format::Json {
        return past_json::flaky(found);
    }
    let names = ["what", "failed>", "attempts>", "rate>", "95 %>", "first seen", "last seen"];
    let mut table = Table::new(&names);
    let seen = |seen: &Seen| {
        let time = match format {
            Format::Text => format!("{} ago", age(seen.time_ns)),
            _ => show_moment(seen.time_ns),
        };
        let commit = seen.commit.as_ref().map(|it| format!(", {}", &it[..it.len().min(SHORT)]));
        format!("{time}, run {}{}", seen.run, commit.unwrap_or_default())
    };
    for Found { flake, rate, bounds: (low, high) } in found {
        let what = match (flake.is_action, &*flake.name) {
            (true, action) => format!("{}: {action}", flake.label),
            (false, "") => flake.label.clone(),
            (false, case) => format!("{}#{case}", flake.label),
        };
        table.push([
            what,
            flake.failures.to_string(),
            flake.attempts.to_string(),
            format!("{:.1} %", rate * 100.0),
            format!("{:.1} to {:.1} %", low * 100.0, high * 100.0),
            seen(&flake.first),
            seen(&flake.last),
        ]);
    }
    match format {
        Format::Markdown => table.markdown(),
        _ if table.is_empty() => "nothing is known to be flaky\n".to_string(),
        _ => table.text(),
    }
}
