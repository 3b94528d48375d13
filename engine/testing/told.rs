//! What the process of a test told: the names of its cases, their results, how long they took.

use super::lines::LinePattern;
use super::{lines, log, results};
use crate::analyze::{Test, TestProcess, Watch};
use crate::base::Label;
use crate::event::{Outcome, Verdict};
use crate::load::{Item, Part, Results, Words};
use crate::run::{Finished, Learned, Shared};
use anyhow::Result;
use std::sync::Arc;
use std::time::Duration;

/// The cases that a listing names, or what is to be said of the program that gave none.
pub(super) fn names(
    test: &Test,
    outcome: &Outcome,
    listing: &str,
    stopped: &str,
) -> Result<Vec<String>, Verdict> {
    let not_listed = |how: &str| Verdict::Crashed(format!("its cases could not be listed{how}"));
    match outcome {
        Outcome::Passed => {
            lines::listing(&test.protocol.listing.clone().unwrap_or_default(), listing)
                .map_err(|_| Verdict::Failed)
        }
        Outcome::Stopped => Err(Verdict::NotRun(stopped.to_string())),
        Outcome::Refuted(why) | Outcome::Broken(why) => Err(Verdict::Crashed(why.clone())),
        Outcome::TimedOut(limit) => {
            Err(not_listed(&format!(" within {}", crate::base::show_duration(*limit))))
        }
        Outcome::Exited(status) => Err(not_listed(&format!(": exit status {status}"))),
        Outcome::Signalled(signal) => {
            Err(not_listed(&format!(": {}", crate::base::signal_name(*signal))))
        }
    }
}

/// What a process told of its cases; nothing if its protocol has only an exit status.
pub(super) fn reported(
    shared: &Shared,
    test: &Test,
    finished: &Finished,
) -> Result<Option<results::Reported>> {
    let protocol = &test.protocol;
    let Some(reader) = &protocol.results else { return Ok(None) };
    let from = if reports(test) { finished.row.report } else { finished.row.stdout };
    let text = log::thinned(shared, from, &matters(reader, &protocol.words))?;
    Ok(Some(results::read(reader, &protocol.words, &text)))
}

/// Which lines of a long output are needed to read results.
fn matters(reader: &Results, words: &Words) -> Box<dyn Fn(&str) -> bool + Send + Sync> {
    let Results::Lines(lines) = reader else {
        let starts = ["ok", "not ok", "1..", "Bail out!", "TAP version", "pragma"];
        return Box::new(move |line| {
            starts.iter().any(|start| line.trim_start().starts_with(start))
        });
    };
    let patterns =
        lines.started.iter().chain(&lines.done).chain(&lines.output).chain(&lines.ignored);
    let patterns: Vec<LinePattern> =
        patterns.filter_map(|pattern| LinePattern::new(pattern, words).ok()).collect();
    Box::new(move |line| patterns.iter().any(|pattern| pattern.matches(line)))
}

/// Where a process tells how far it is: lines that say that a case starts or has ended.
pub(super) fn watch(test: &Test) -> Option<Watch> {
    let Some(Results::Lines(lines)) = &test.protocol.results else { return None };
    let words = &test.protocol.words;
    let patterns = lines.started.iter().chain(&lines.done);
    let patterns: Vec<LinePattern> =
        patterns.filter_map(|pattern| LinePattern::new(pattern, words).ok()).collect();
    let tells = move |line: &str| patterns.iter().any(|pattern| pattern.matches(line));
    Some(Watch { report: reports(test), tells: Arc::new(tells) })
}

/// True if results are in the report and not on standard output.
fn reports(test: &Test) -> bool {
    let protocol = &test.protocol;
    protocol.run.iter().chain(protocol.batch.iter().flatten()).any(mentions_report)
}

/// How long cases took; where the process does not tell, each its share.
pub(super) fn learned(label: &Label, process: &TestProcess, finished: &Finished) -> Vec<Learned> {
    let share = Duration::from_nanos(finished.row.duration_ns) / process.cases.len().max(1) as u32;
    let learned =
        |name: &String| Learned { label: label.clone(), what: format!("#{name}"), duration: share };
    process.cases.iter().map(learned).collect()
}

fn mentions_report(item: &Item) -> bool {
    match item {
        Item::Template(template) => template
            .parts
            .iter()
            .any(|part| matches!(part, Part::Mention(mention) if mention.name == "report")),
        Item::When(_, items) => items.iter().any(mentions_report),
    }
}
