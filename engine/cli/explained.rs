//! Explanations as text: for one target with the ways down to what has changed, for many a line for
//! each action.

use crate::base::{Doer, Label, listing, show_duration};
use crate::event::{CaseStanding, Known, Outcome, Standing};
use crate::report::neutral;
use crate::session::{
    Action, Attempt, Did, Excerpt, Explained, Link, RunRecord, State, Then, What,
};
use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Actions of one target that are told in full, and those that are told at all.
const WHOLE: usize = 40;
const ACTIONS: usize = 200;
/// Cases of one target that are told one by one.
const CASES: usize = 20;
/// Names that are told of several.
const NAMED: usize = 3;

/// All that ran in a run, a line each; `busy` is the last run in which something did.
pub fn run(run: &RunRecord, attempts: &[Attempt], busy: Option<i64>) -> String {
    let mut text = head(run);
    let mut lines: Vec<(String, usize)> = Vec::new();
    for it in attempts {
        let bad = if it.outcome == "passed" { String::new() } else { format!(" ({})", it.outcome) };
        let why = if it.why.text.is_empty() { "nobody knows why" } else { &it.why.text };
        let line = format!("{}: {}{bad}: {why}", it.label, it.action);
        match lines.last_mut() {
            Some((last, times)) if *last == line => *times += 1,
            _ => lines.push((line, 1)),
        }
    }
    for (line, times) in lines {
        let times = if times > 1 { format!(" ({times} times)") } else { String::new() };
        text.push_str(&format!("  {line}{times}\n"));
    }
    if attempts.is_empty() {
        text.push_str("  nothing ran, or it is not known any more what did\n");
        if let Some(busy) = busy.filter(|busy| *busy != run.id) {
            text.push_str(&format!("  something ran last in run {busy}\n"));
        }
    }
    neutral(&text, false)
}

/// What was done in a run for some targets.
pub fn then(run: &RunRecord, targets: &[Then], left_out: usize) -> String {
    let mut text = head(run);
    if targets.is_empty() {
        text.push_str("nothing that matches ran\n");
    }
    for target in targets {
        text.push_str(&format!("{}\n", target.label));
        if target.actions.is_empty() {
            text.push_str("  nothing ran for it up to this run: nobody asked for it, it has no actions, or all its results were known from elsewhere\n");
        }
        for (at, (subject, did)) in target.actions.iter().take(ACTIONS).enumerate() {
            match targets.len() == 1 && at < WHOLE {
                true => push_did(&mut text, &target.label, subject, did),
                false => text.push_str(&format!("  {subject}: {}\n", brief(did))),
            }
        }
        push_more(&mut text, target.actions.len());
    }
    push_left_out(&mut text, left_out);
    neutral(&text, false)
}

fn push_more(text: &mut String, actions: usize) {
    if actions > ACTIONS {
        text.push_str(&format!("  and {} more actions\n", actions - ACTIONS));
    }
}

fn push_left_out(text: &mut String, left_out: usize) {
    if left_out > 0 {
        text.push_str(&format!("and {left_out} more targets that match\n"));
    }
}

fn push_did(text: &mut String, label: &str, subject: &str, did: &Did) {
    text.push_str(&format!("  {subject}\n"));
    match did {
        Did::Run(attempts, links) => {
            push_chain(text, label, links);
            for it in attempts {
                text.push_str(&format!("    {}\n", ended(it)));
            }
        }
        Did::Nothing(reasons, last) => {
            text.push_str(&format!("    did not run; it had run in run {}\n", last.run));
            for reason in reasons {
                text.push_str(&format!("    {reason}\n"));
            }
            if reasons.is_empty() {
                text.push_str("    nothing that it reads had changed, or nobody asked for it\n");
            }
        }
    }
}

fn brief(did: &Did) -> String {
    match did {
        Did::Run(_, links) => first(links),
        Did::Nothing(reasons, last) => match reasons.first() {
            Some(reason) => format!("did not run: {reason}"),
            None => format!("did not run; it had run in run {}", last.run),
        },
    }
}

/// Whether the actions of some targets would run now.
pub fn now(explained: &Explained) -> String {
    let mut text = String::new();
    for target in &explained.targets {
        text.push_str(&format!("{}\n", target.label));
        if target.actions.is_empty() {
            text.push_str("  has no actions: nothing is run for it\n");
        }
        let alone = explained.targets.len() == 1;
        for (at, action) in target.actions.iter().take(ACTIONS).enumerate() {
            match alone && at < WHOLE {
                true => push_whole(&mut text, &target.label, action),
                false => push_brief(&mut text, action),
            }
        }
        push_more(&mut text, target.actions.len());
        match alone {
            true => push_cases(&mut text, &target.label, &target.cases),
            false => count_cases(&mut text, &target.cases),
        }
    }
    push_left_out(&mut text, explained.left_out);
    neutral(&text, false)
}

fn head(run: &RunRecord) -> String {
    // The program is called by some path that says nothing.
    let arguments = run.command.split_once(' ').map_or("", |(_, arguments)| arguments);
    let exit = match run.exit {
        Some(0) => String::new(),
        Some(code) => format!(", exit code {code}"),
        None => ", did not end".to_string(),
    };
    format!("run {}, {} ago{exit}: eng {arguments}\n", run.id, age(run.start_ns))
}

fn push_brief(text: &mut String, Action { subject, state, .. }: &Action) {
    let state = match state {
        State::WouldRun(links) => first(links),
        State::UpToDate { standing, .. } => format!("up to date since {}", since(standing)),
        State::Written => WRITTEN.to_string(),
    };
    text.push_str(&format!("  {subject}: {state}\n"));
}

fn push_whole(text: &mut String, label: &Label, Action { subject, state, last }: &Action) {
    text.push_str(&format!("  {subject}\n"));
    match state {
        State::WouldRun(links) => push_chain(text, &label.to_string(), links),
        State::UpToDate { standing, here, same } => {
            push_standing(text, standing, *here, same);
            if let Some(last) = last.as_ref().filter(|last| last.run > standing.run) {
                let (run, then) = (last.run, standing.run);
                text.push_str(&format!(
                    "    it ran in run {run} since; by now everything is as it was in run {then} again\n"
                ));
            }
        }
        State::Written => text.push_str(&format!("    {WRITTEN}\n")),
    }
    if let Some(last) = last {
        push_last(text, last);
    }
}

const WRITTEN: &str = "is written when it is needed, which takes no process";

fn push_standing(text: &mut String, standing: &Standing, here: bool, same: &[(Doer, i64)]) {
    let since = since(standing);
    let Standing { inputs, read, tools, unread, .. } = standing;
    if standing.outcome == Outcome::Passed {
        text.push_str(&format!("    up to date since {since}\n"));
    } else {
        text.push_str(&format!("    failed in {since}, and would fail again\n"));
    }
    let many = |number: usize, noun: &str| {
        format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
    };
    let inputs = match read < inputs {
        true => format!("{read} of {}", many(*inputs, "input")),
        false => many(*inputs, "input"),
    };
    let tools = if *tools > 0 { format!(" and {}", many(*tools, "tool")) } else { String::new() };
    text.push_str(&format!("    nothing that it depends on has changed: {inputs}{tools}\n"));
    if !here {
        text.push_str("    its result is from another checkout\n");
    }
    if !unread.is_empty() {
        let names = listing(unread.iter().map(String::as_str), NAMED);
        text.push_str(&format!("    {names} changed since, but it does not read that\n"));
    }
    for (doer, run) in same.iter().take(NAMED) {
        let subject = &doer.subject;
        text.push_str(&format!(
            "    {subject} ran in run {run}, but its output was the same as before\n"
        ));
    }
}

fn push_last(text: &mut String, last: &Attempt) {
    let reason = &last.why.text;
    let reason = if reason.is_empty() { String::new() } else { format!(", because {reason}") };
    text.push_str(&format!(
        "    last ran {} ago in run {}: {}{reason}\n",
        age(last.start_ns),
        last.run,
        ended(last),
    ));
}

/// How a process ended and after which time; how it came that there was none.
fn ended(attempt: &Attempt) -> String {
    match attempt.duration_ns {
        Some(ns) => format!("{} in {}", attempt.outcome, show_duration(Duration::from_nanos(ns))),
        None => attempt.outcome.clone(),
    }
}

fn count_cases(text: &mut String, cases: &[(String, CaseStanding)]) {
    let would = cases.iter().filter(|(_, it)| matches!(it, CaseStanding::WouldRun(_))).count();
    if !cases.is_empty() {
        let holds = cases.len() - would;
        text.push_str(&format!("  cases: {holds} up to date, {would} would run\n"));
    }
}

fn push_cases(text: &mut String, label: &Label, cases: &[(String, CaseStanding)]) {
    if cases.is_empty() {
        return;
    }
    text.push_str(&format!("  cases of {label}\n"));
    let mut would = Vec::new();
    let mut holds: BTreeMap<i64, Vec<(&str, &Known)>> = BTreeMap::new();
    for (name, standing) in cases {
        match standing {
            CaseStanding::WouldRun(why) => would.push((name, why)),
            CaseStanding::Holds(known) => holds.entry(known.run).or_default().push((name, known)),
        }
    }
    for (name, why) in would.iter().take(CASES) {
        text.push_str(&format!("    {name} would run because {}\n", why.text));
    }
    if would.len() > CASES {
        text.push_str(&format!("    and {} more would run\n", would.len() - CASES));
    }
    for (_, known) in holds {
        let since = of_run(known[0].1.run, known[0].1.time);
        match known.as_slice() {
            [(name, _)] => text.push_str(&format!("    {name} is up to date since {since}\n")),
            many => text.push_str(&format!("    {} are up to date since {since}\n", many.len())),
        }
    }
}

/// The first line of a chain.
fn first(links: &[Link]) -> String {
    match links.first().map(|link| &link.what) {
        Some(What::Action { step: Some(step), .. }) => {
            format!("{} because {}", step.verb, step.why.text)
        }
        _ => String::new(),
    }
}

fn push_chain(text: &mut String, label: &str, links: &[Link]) {
    for Link { depth, what } in links {
        let indent = "  ".repeat(depth + 2);
        let (doer, step, excerpts) = match what {
            What::Action { doer, step, excerpts } => (doer, step, excerpts),
            What::More(number) => {
                text.push_str(&format!("{indent}and {number} more\n"));
                continue;
            }
        };
        let Doer { label: of, subject } = doer;
        let name = match depth {
            0 => String::new(),
            _ if of == label => format!("{subject} "),
            _ => format!("{of}: {subject} "),
        };
        match step {
            Some(step) => {
                let (verb, why) = (step.verb, &step.why.text);
                text.push_str(&format!("{indent}{name}{verb} because {why}\n"));
            }
            None => text.push_str(&format!("{indent}{name}did not run: its result was known\n")),
        }
        for (path, excerpt) in excerpts {
            push_excerpt(text, &format!("{indent}  "), path, excerpt);
        }
    }
}

fn push_excerpt(text: &mut String, indent: &str, path: &str, excerpt: &Excerpt) {
    match excerpt {
        Excerpt::Lines { first, lines, more } => {
            text.push_str(&format!("{indent}{path}, from line {first} on:\n"));
            for (sign, line) in lines {
                text.push_str(&format!("{indent}  {sign}{line}\n"));
            }
            if *more {
                text.push_str(&format!("{indent}  …\n"));
            }
        }
        Excerpt::Bytes { before, now, offset } => text.push_str(&format!(
            "{indent}{path} had {before} bytes and has {now}; the first that differs is byte {offset}\n"
        )),
        Excerpt::Sizes { before, now } => text.push_str(&format!(
            "{indent}{path} had {before} bytes and has {now}; what it held is not kept\n"
        )),
    }
}

fn since(standing: &Standing) -> String {
    of_run(standing.run, standing.time)
}

fn of_run(run: i64, time: u64) -> String {
    match run {
        ..=0 => "an earlier run".to_string(),
        run => format!("run {run}, {} ago", age((time as i64).saturating_mul(1_000_000_000))),
    }
}

/// How long ago a time in ns since the epoch is.
pub(super) fn age(ns: i64) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let seconds = now.saturating_sub(Duration::from_nanos(ns.max(0) as u64)).as_secs();
    match seconds {
        ..60 => format!("{seconds} s"),
        60..3600 => format!("{} min", seconds / 60),
        3600..172_800 => format!("{} h", seconds / 3600),
        _ => format!("{} days", seconds / 86_400),
    }
}
