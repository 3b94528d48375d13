//! What the process of a test told: the names of its cases, their results, how long they took.

use super::verdict::Judged;
use super::{kept, listing, log, names, results, watch};
use crate::analyze::{Test, TestProcess};
use crate::base::Label;
use crate::event::{Outcome, Verdict};
use crate::run::{Finished, Learned, Shared};
use crate::store::ResultRow;
use anyhow::Result;
use std::collections::HashMap;
use std::time::Duration;

/// The cases that a listing names, or what is to be said of the program that gave none.
pub(super) fn names(
    test: &Test,
    program: usize,
    outcome: &Outcome,
    printed: &str,
    stopped: &str,
) -> Result<Vec<String>, Box<Judged>> {
    let whole = names::of_case(&test.programs[program], "");
    let verdict = match outcome {
        Outcome::Passed => {
            let names = listing::read(&test.protocol.listing.clone().unwrap_or_default(), printed);
            let name = |own: String| names::of_case(&test.programs[program], &own);
            return names
                .map(|own| own.into_iter().map(name).collect())
                .map_err(|why| Box::new(Judged::new(whole, Verdict::failed(), why)));
        }
        Outcome::Stopped => Verdict::NotRun(stopped.to_string()),
        Outcome::Refuted(why) | Outcome::Broken(why) => Verdict::Crashed(why.clone()),
        Outcome::TimedOut(limit) => {
            not_listed(&format!(" within {}", crate::base::show_duration(*limit)))
        }
        Outcome::Exited(status) => not_listed(&format!(": exit status {status}")),
        Outcome::Signalled(signal) => {
            not_listed(&format!(": {}", crate::base::signal_name(*signal)))
        }
    };
    let why = match &verdict {
        Verdict::Crashed(why) | Verdict::NotRun(why) => why.clone(),
        _ => String::new(),
    };
    Err(Box::new(Judged::new(whole, verdict, why)))
}

fn not_listed(how: &str) -> Verdict {
    Verdict::Crashed(format!("its cases could not be listed{how}"))
}

/// What a process told of its cases; nothing if its protocol has only an exit status.
pub(super) fn reported(
    shared: &Shared,
    test: &Test,
    program: usize,
    finished: &Finished,
) -> Result<Option<results::Reported>> {
    let protocol = &test.protocol;
    let fetch = |digest, stdout| {
        move || match watch::needed(protocol, stdout) {
            Some(needed) => log::thinned(shared, digest, &*needed),
            None => log::whole(shared, digest),
        }
    };
    let (report, stdout) = (finished.row.report, finished.row.stdout);
    let read = results::read(protocol, fetch(report, false), fetch(stdout, true))?;
    let Some(reported) = read else { return Ok(None) };
    let mut reported = names::translated(&test.programs[program], reported);
    attribute(shared, &mut reported, finished)?;
    Ok(Some(reported))
}

/// What a process printed, and what it says of a failure that is not its own.
pub(super) fn printed(shared: &Shared, row: &ResultRow) -> Result<String> {
    Ok(log::printed(shared, row)? + &kept::infrastructure(shared, &row.outputs)?)
}

/// Gives each case what the process wrote from its start to that of the next one.
fn attribute(shared: &Shared, reported: &mut results::Reported, finished: &Finished) -> Result<()> {
    if reported.starts.is_empty() {
        return Ok(());
    }
    let streams = [finished.row.stdout, finished.row.stderr];
    let ends = reported.starts.iter().skip(1).map(|start| start.written).chain([[u64::MAX; 2]]);
    let mut printed = HashMap::new();
    for (start, end) in reported.starts.iter().zip(ends) {
        let mut output = String::new();
        for (at, stream) in streams.iter().enumerate() {
            let Some(digest) = stream else { continue };
            log::part(shared, digest, start.written[at]..end[at], &mut output)?;
        }
        printed.insert(start.name.clone(), output);
    }
    for case in &mut reported.cases {
        case.output.push_str(&printed.remove(&case.name).unwrap_or_default());
    }
    for (name, output) in &mut reported.open {
        output.push_str(&printed.remove(name).unwrap_or_default());
    }
    Ok(())
}

/// How long cases took; where the process does not tell, each its share.
pub(super) fn learned(
    label: &Label,
    process: &TestProcess,
    cases: &[Judged],
    finished: &Finished,
) -> Vec<Learned> {
    let share = Duration::from_nanos(finished.row.duration_ns) / process.cases.len().max(1) as u32;
    let told: HashMap<&str, Duration> =
        cases.iter().filter_map(|case| Some((&*case.name, case.duration?))).collect();
    let learned = |name: &String| {
        let duration = told.get(&**name).copied().unwrap_or(share);
        Learned { label: label.clone(), what: format!("#{name}"), duration }
    };
    process.cases.iter().map(learned).collect()
}
