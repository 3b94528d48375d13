//! Earlier runs as tables.

use super::explained::age;
use super::past_json;
use super::table::{Format, Table, escaped};
use crate::base::{show_duration, show_moment};
use crate::session::{
    Attempt, CaseAttempt, Inside, PastOf, PastRun, RunCounts, RunState, TargetPast,
};
use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The last runs.
pub fn list(runs: &[PastRun], format: Format) -> String {
    if format == Format::Json {
        return past_json::list(runs);
    }
    let names =
        ["run>", "when", "status", "ran>", "cached>", "failed>", "cases", "time>", "command"];
    let mut table = Table::new(&names);
    for run in runs {
        let counts = run.record.counts;
        let number = |of: fn(&RunCounts) -> u64| counts.as_ref().map(|it| of(it).to_string());
        let goes_on = (run.state == RunState::Running).then(|| run.processes.to_string());
        table.push([
            run.record.id.to_string(),
            when(run.record.start_ns, format),
            status(run.state),
            number(|it| it.ran).or(goes_on).unwrap_or_default(),
            number(|it| it.cached).unwrap_or_default(),
            number(|it| it.failed).unwrap_or_default(),
            counts.as_ref().map(cases_of).unwrap_or_default(),
            wall(run).map(show_duration).unwrap_or_default(),
            command(run),
        ]);
    }
    match format {
        Format::Markdown => table.markdown(),
        _ if table.is_empty() => "nothing has run in this workspace yet\n".to_string(),
        _ => table.text(),
    }
}

/// One run, and what ran in it.
pub fn one(run: &PastRun, targets: &[Inside], format: Format) -> String {
    if format == Format::Json {
        return past_json::one(run, targets);
    }
    let record = &run.record;
    let mut head = vec![("status", status(run.state)), ("command", command(run))];
    let began = show_moment(record.start_ns);
    head.push(("began", format!("{began}, {} ago", age(record.start_ns))));
    head.extend(wall(run).map(|wall| ("took", show_duration(wall))));
    head.extend(record.commit.clone().map(|commit| ("commit", commit)));
    if let Some(counts) = &record.counts {
        let RunCounts { ran, cached, failed, skipped, .. } = counts;
        let skipped = if *skipped > 0 { format!(", {skipped} skipped") } else { String::new() };
        head.push(("actions", format!("{ran} ran, {cached} cached, {failed} failed{skipped}")));
        let cases = cases_of(counts);
        head.extend((!cases.is_empty()).then_some(("cases", cases)));
    }
    let names = ["target", "what", "outcome", "attempt>", "time>", "cpu>", "memory>"];
    let mut table = Table::new(&names);
    for Inside { label, attempts, cases } in targets {
        for it in attempts {
            let turn = turn(it.round, it.number);
            let what = it.action.clone();
            let of_process = |number| it.duration_ns.map(|_| number);
            let numbers = [it.duration_ns, of_process(it.cpu_ns), of_process(it.peak_kib)];
            table.push(row(label, what, &it.outcome, turn, numbers));
        }
        for it in cases {
            let turn = turn(it.round, it.number);
            let numbers = [it.duration_ns, it.cpu_ns, it.peak_kib];
            let what = match it.name.as_str() {
                "" => "the program".to_string(),
                name => format!("#{name}"),
            };
            table.push(row(label, what, &it.outcome, turn, numbers));
        }
    }
    let nothing = match (record.idle, run.state) {
        (true, _) => "nothing had changed since an earlier run, so nothing ran\n",
        (_, RunState::Running) => "nothing has run yet\n",
        _ => "nothing ran, or it is not known any more what did\n",
    };
    let mut text = String::new();
    if format == Format::Markdown {
        text.push_str(&format!("## Run {}\n\n", record.id));
        for (name, value) in head {
            text.push_str(&format!("- {name}: {}\n", escaped(&value)));
        }
        let rows = if table.is_empty() { nothing.to_string() } else { table.markdown() };
        return format!("{text}\n{rows}");
    }
    let mut shown = Table::new(&["run", ""]);
    for (name, value) in head {
        shown.push([format!("  {name}"), value]);
    }
    text.push_str(&format!("run {}\n", record.id));
    text.push_str(shown.text().split_once('\n').map_or("", |(_, rest)| rest));
    format!("{text}\n{}", if table.is_empty() { nothing.to_string() } else { table.text() })
}

/// The past of targets: a row for each run, and of those of which cases were named a row for each of
/// their attempts.
pub fn targets(targets: &[PastOf], format: Format) -> String {
    if format == Format::Json {
        return past_json::targets(targets);
    }
    let mut whole = Table::new(&["run>", "when", "target", "outcome", "actions", "cases", "time>"]);
    let mut named = Table::new(&["run>", "when", "case", "outcome", "attempt>", "time>"]);
    for PastOf { label, past, narrowed } in targets {
        if *narrowed {
            for it in &past.cases {
                named.push([
                    it.run.to_string(),
                    when(it.start_ns, format),
                    format!("{label}#{}", it.name),
                    it.outcome.clone(),
                    turn(it.round, it.number),
                    it.duration_ns.map(time).unwrap_or_default(),
                ]);
            }
            continue;
        }
        for (run, (attempts, cases)) in by_run(past).into_iter().rev() {
            let start = attempts.iter().map(|it| it.start_ns).min().unwrap_or_default();
            let times: Vec<u64> = attempts.iter().filter_map(|it| it.duration_ns).collect();
            let sum = times.iter().copied().fold(0, u64::saturating_add);
            let failed = attempts.iter().filter(|it| !it.tests && it.outcome != "passed").count();
            let bad = if failed > 0 { format!(", {failed} failed") } else { String::new() };
            whole.push([
                run.to_string(),
                when(start, format),
                label.clone(),
                outcome(&attempts, &cases).to_string(),
                format!("{} ran{bad}", times.len()),
                verdicts(&cases),
                if times.is_empty() { String::new() } else { time(sum) },
            ]);
        }
    }
    if whole.is_empty() && named.is_empty() && format == Format::Text {
        return "nothing is known of what matches\n".to_string();
    }
    let mut tables = vec![whole, named];
    // One without rows says nothing beside the other.
    tables.retain(|table| !table.is_empty());
    let text = |table: &Table| match format {
        Format::Markdown => table.markdown(),
        _ => table.text(),
    };
    tables.iter().map(text).collect::<Vec<_>>().join("\n")
}

/// Processes and cases of a target in one run.
pub(super) type InOneRun<'a> = (Vec<&'a Attempt>, Vec<&'a CaseAttempt>);

/// The past of a target by run.
pub(super) fn by_run(past: &TargetPast) -> BTreeMap<i64, InOneRun<'_>> {
    let mut res: BTreeMap<i64, InOneRun> = BTreeMap::new();
    for attempt in &past.attempts {
        res.entry(attempt.run).or_default().0.push(attempt);
    }
    for case in &past.cases {
        res.entry(case.run).or_default().1.push(case);
    }
    res
}

/// The last attempt of each case in each round, and whether one before it failed.
fn last_attempts<'a>(cases: &[&'a CaseAttempt]) -> BTreeMap<(&'a str, u32), (&'a str, bool)> {
    let mut res: BTreeMap<(&str, u32), (&str, bool)> = BTreeMap::new();
    for case in cases {
        let failed = res.get(&(&*case.name, case.round)).is_some_and(|it| it.1 || !is_good(it.0));
        res.insert((&case.name, case.round), (&case.outcome, failed));
    }
    res
}

fn is_good(outcome: &str) -> bool {
    matches!(outcome, "passed" | "skipped" | "expected failure" | "unexpected pass")
}

/// What a target came to in a run, as far as it ran.
fn outcome(attempts: &[&Attempt], cases: &[&CaseAttempt]) -> &'static str {
    let last = last_attempts(cases);
    // A process of the test that was stopped, or could not be started, tells of no case.
    let good = |it: &&&Attempt| it.outcome == "passed" || it.tests && !cases.is_empty();
    if cases.is_empty() && attempts.iter().any(|it| it.outcome == "stopped") {
        "stopped"
    } else if !attempts.iter().all(|it| good(&it))
        || last.values().any(|(outcome, _)| !is_good(outcome))
    {
        "failed"
    } else if last.values().any(|(_, failed)| *failed) {
        "flaky"
    } else {
        "passed"
    }
}

/// Cases that ran, by what they came to.
fn verdicts(cases: &[&CaseAttempt]) -> String {
    let last = last_attempts(cases);
    let count = |fits: &dyn Fn(&(&str, bool)) -> bool| last.values().filter(|it| fits(it)).count();
    let skipped = count(&|it| it.0 == "skipped");
    let passed = count(&|it| is_good(it.0)) - skipped;
    let failed = count(&|it| !is_good(it.0));
    let flaky = count(&|it| is_good(it.0) && it.1);
    counted(&[(passed, "passed"), (failed, "failed"), (skipped, "skipped"), (flaky, "flaky")])
}

fn cases_of(counts: &RunCounts) -> String {
    counted(&[
        (counts.cases_passed as usize, "passed"),
        (counts.cases_failed as usize, "failed"),
        (counts.cases_skipped as usize, "skipped"),
        (counts.cases_flaky as usize, "flaky"),
        (counts.cases_cached as usize, "cached"),
    ])
}

/// `8 passed, 1 failed`, without what there is none of.
fn counted(numbers: &[(usize, &str)]) -> String {
    let some = numbers.iter().filter(|(number, _)| *number > 0);
    some.map(|(number, what)| format!("{number} {what}")).collect::<Vec<_>>().join(", ")
}

fn row(
    label: &str,
    what: String,
    outcome: &str,
    turn: String,
    [duration, cpu, peak]: [Option<u64>; 3],
) -> [String; 7] {
    [
        label.to_string(),
        what,
        outcome.to_string(),
        turn,
        duration.map(time).unwrap_or_default(),
        cpu.map(time).unwrap_or_default(),
        peak.map(|kib| format!("{:.1} MiB", kib as f64 / 1024.0)).unwrap_or_default(),
    ]
}

/// `2`, or `3.2` for the second attempt in the third round.
fn turn(round: u32, number: u32) -> String {
    if round == 0 { number.to_string() } else { format!("{round}.{number}") }
}

fn time(ns: u64) -> String {
    show_duration(Duration::from_nanos(ns))
}

fn when(ns: i64, format: Format) -> String {
    match format {
        Format::Text => format!("{} ago", age(ns)),
        _ => show_moment(ns),
    }
}

/// How long a run took, or takes so far; nothing of one that was killed.
pub(super) fn wall(run: &PastRun) -> Option<Duration> {
    let now = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos() as i64;
    let end = match run.state {
        RunState::Running => now(),
        _ => run.record.end_ns?,
    };
    let ns = end.saturating_sub(run.record.start_ns);
    Some(Duration::from_nanos(u64::try_from(ns).unwrap_or(0)))
}

/// The command line as it would be typed: the program is called by some path that says nothing.
pub(super) fn command(run: &PastRun) -> String {
    match run.record.command.split_once(' ') {
        Some((_, arguments)) => format!("eng {arguments}"),
        None => "eng".to_string(),
    }
}

/// What an exit code says, as `docs/history.md` has it.
pub(super) fn status(state: RunState) -> String {
    let exit = match state {
        RunState::Running => return "running".to_string(),
        RunState::Killed => return "killed".to_string(),
        RunState::Ended(exit) => exit,
    };
    match exit {
        0 => "ok".to_string(),
        1 => "build failed".to_string(),
        2 => "wrong request".to_string(),
        3 => "tests failed".to_string(),
        4 => "no tests".to_string(),
        8 => "interrupted".to_string(),
        36 => "machine failed".to_string(),
        other => format!("exit code {other}"),
    }
}
