//! Earlier runs and what is flaky as objects for programs; `docs/history.md` says what is in them.

use super::past_runs::{by_run, command, status, wall};
use super::table::json;
use crate::base::show_moment;
use crate::session::{Attempt, CaseAttempt, Flaky, Inside, PastOf, PastRun, RunCounts, Seen};
use serde::Serialize;

/// The last runs.
pub fn list(runs: &[PastRun]) -> String {
    #[derive(Serialize)]
    struct Runs {
        runs: Vec<Run>,
    }
    json(&Runs { runs: runs.iter().map(Run::new).collect() })
}

/// One run, and what ran in it.
pub fn one(run: &PastRun, targets: &[Inside]) -> String {
    #[derive(Serialize)]
    struct Whole<'a> {
        run: Run,
        targets: Vec<Target<'a>>,
    }
    #[derive(Serialize)]
    struct Target<'a> {
        target: &'a str,
        #[serde(flatten)]
        rows: Rows<'a>,
    }
    let targets = targets.iter().map(|it| Target {
        target: &it.label,
        rows: Rows::new(it.attempts.iter().collect(), it.cases.iter().collect()),
    });
    json(&Whole { run: Run::new(run), targets: targets.collect() })
}

/// The past of targets.
pub fn targets(targets: &[PastOf]) -> String {
    #[derive(Serialize)]
    struct Targets<'a> {
        targets: Vec<Target<'a>>,
    }
    #[derive(Serialize)]
    struct Target<'a> {
        target: &'a str,
        runs: Vec<InRun<'a>>,
    }
    #[derive(Serialize)]
    struct InRun<'a> {
        run: i64,
        #[serde(flatten)]
        rows: Rows<'a>,
    }
    let in_run = |(run, (attempts, cases))| InRun { run, rows: Rows::new(attempts, cases) };
    let all = targets.iter().map(|it| Target {
        target: &it.label,
        runs: by_run(&it.past).into_iter().rev().map(in_run).collect(),
    });
    json(&Targets { targets: all.collect() })
}

/// What is flaky.
pub fn flaky(found: &[Flaky]) -> String {
    #[derive(Serialize)]
    struct All<'a> {
        flaky: Vec<One<'a>>,
    }
    #[derive(Serialize)]
    struct One<'a> {
        target: &'a str,
        case: Option<&'a str>,
        action: Option<&'a str>,
        attempts: u64,
        failures: u64,
        rate: f64,
        low: f64,
        high: f64,
        keys: u64,
        first: When<'a>,
        last: When<'a>,
    }
    #[derive(Serialize)]
    struct When<'a> {
        run: i64,
        time: String,
        commit: Option<&'a str>,
    }
    fn when(seen: &Seen) -> When<'_> {
        When { run: seen.run, time: show_moment(seen.time_ns), commit: seen.commit.as_deref() }
    }
    let all = found.iter().map(|Flaky { flake, rate, bounds: (low, high) }| One {
        target: &flake.label,
        case: (!flake.is_action).then_some(&*flake.name),
        action: flake.is_action.then_some(&*flake.name),
        attempts: flake.attempts,
        failures: flake.failures,
        rate: *rate,
        low: *low,
        high: *high,
        keys: flake.keys,
        first: when(&flake.first),
        last: when(&flake.last),
    });
    json(&All { flaky: all.collect() })
}

/// A run for programs.
#[derive(Serialize)]
struct Run {
    run: i64,
    status: String,
    exit: Option<i32>,
    start: String,
    wall_ms: Option<u64>,
    command: String,
    commit: Option<String>,
    version: String,
    idle: bool,
    counts: Option<RunCounts>,
}

impl Run {
    fn new(run: &PastRun) -> Run {
        let record = &run.record;
        Run {
            run: record.id,
            status: status(run.state),
            exit: record.exit,
            start: show_moment(record.start_ns),
            wall_ms: wall(run).map(|wall| wall.as_millis() as u64),
            command: command(run),
            commit: record.commit.clone(),
            version: record.version.clone(),
            idle: record.idle,
            counts: record.counts,
        }
    }
}

/// What ran, for programs.
#[derive(Serialize)]
struct Rows<'a> {
    actions: Vec<Row<'a>>,
    cases: Vec<Row<'a>>,
}

#[derive(Serialize)]
struct Row<'a> {
    name: &'a str,
    outcome: &'a str,
    round: u32,
    attempt: u32,
    start: String,
    wall_ms: Option<f64>,
    cpu_ms: Option<f64>,
    peak_kib: Option<u64>,
    key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
}

impl<'a> Rows<'a> {
    fn new(attempts: Vec<&'a Attempt>, cases: Vec<&'a CaseAttempt>) -> Rows<'a> {
        let ms = |ns: u64| ns as f64 / 1e6;
        let actions = attempts.into_iter().map(|it| Row {
            name: &it.action,
            outcome: &it.outcome,
            round: it.round,
            attempt: it.number,
            start: show_moment(it.start_ns),
            wall_ms: it.duration_ns.map(ms),
            cpu_ms: it.duration_ns.map(|_| ms(it.cpu_ns)),
            peak_kib: it.duration_ns.map(|_| it.peak_kib),
            key: (it.key.size > 0).then(|| it.key.hex()),
            reason: Some(&it.why.text),
        });
        let cases = cases.into_iter().map(|it| Row {
            name: &it.name,
            outcome: &it.outcome,
            round: it.round,
            attempt: it.number,
            start: show_moment(it.start_ns),
            wall_ms: it.duration_ns.map(ms),
            cpu_ms: it.cpu_ns.map(ms),
            peak_kib: it.peak_kib,
            key: it.key.map(|key| key.iter().map(|byte| format!("{byte:02x}")).collect()),
            reason: None,
        });
        Rows { actions: actions.collect(), cases: cases.collect() }
    }
}
