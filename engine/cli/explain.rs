//! `eng explain`: why the actions of a target would run, or why not, and when they ran last.

use super::Exit;
use super::options;
use super::places::places;
use super::request::{here, jobs_of_machine, pattern};
use crate::base::{Label, Selection, show_duration};
use crate::report;
use crate::session::{Explained, Failure, Session};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Explains every action of one target.
pub fn explain(options: options::Explain) -> Result<Exit, Failure> {
    let here = here()?;
    let pattern = pattern(std::slice::from_ref(&options.label), &here)?;
    let [term] = pattern.terms.as_slice() else {
        return Err(Failure::Usage("eng explain takes one label".to_string()));
    };
    let Selection::One(label) = &term.selection else {
        return Err(Failure::Usage(format!(
            "'{}' matches many targets; eng explain takes one label",
            term.text
        )));
    };
    let label: Label = label.clone();
    let session = Session::open(&here.root, &places()?, true)?;
    let path = std::env::var("PATH").unwrap_or_default();
    let modes = options.modes.iter().cloned().collect();
    let actions = session.explain(&pattern, &label, modes, jobs_of_machine(), path)?;
    let mut text = format!("{label}\n");
    if actions.is_empty() {
        text.push_str("  has no actions: nothing is run for it\n");
    }
    for action in &actions {
        text.push_str(&tell(action));
    }
    report::print_data(&text);
    Ok(Exit::Ok)
}

fn tell(action: &Explained) -> String {
    let mut text = format!("  {}\n", action.subject);
    match &action.would_run {
        Some(reason) => text.push_str(&format!("    would run: {reason}\n")),
        None => text.push_str("    up to date: everything it depends on is as it was\n"),
    }
    if let Some(last) = &action.last {
        let age = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default()
            .saturating_sub(Duration::from_nanos(last.start_ns.max(0) as u64));
        let reason = if last.reason.is_empty() {
            String::new()
        } else {
            format!(", because {}", last.reason)
        };
        text.push_str(&format!(
            "    last ran {} ago in run {}: {} in {}{reason}\n",
            show_duration(Duration::from_secs(age.as_secs())),
            last.run,
            last.outcome,
            show_duration(Duration::from_nanos(last.duration_ns)),
        ));
    }
    text
}
