//! A profile as a trace in the JSON form that browsers and trace viewers read: an object with a list
//! of events, times in microseconds.

use super::profile::{Act, Whole};
use flate2::{Compression, write::GzEncoder};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

/// What the trace calls processes.
const PHASES: u32 = 1;
const BUILD: u32 = 2;
const TESTS: u32 = 3;
/// Rows of those who carry actions out stand below the slots.
const WORKERS: usize = 1000;

/// Writes the trace.
pub(super) fn write(whole: &Whole, zipped: bool, out: &mut Vec<u8>) {
    let written = match zipped {
        true => {
            let mut packed = GzEncoder::new(&mut *out, Compression::default());
            write_to(whole, &mut packed).and_then(|()| packed.finish().map(drop))
        }
        false => write_to(whole, out),
    };
    if let Err(error) = written {
        unreachable!("BUG: memory cannot be written to: {error}");
    }
}

fn write_to(whole: &Whole, out: &mut dyn Write) -> io::Result<()> {
    let started = whole.started;
    let other = json!({
        "eng": started.eng,
        "run": started.id,
        "command": started.command,
        "exit": whole.exit,
        "began_us": whole.began,
        "wall_us": whole.counts.map(|counts| counts.wall.as_micros() as u64),
    });
    write!(out, "{{\"displayTimeUnit\":\"ms\",\"otherData\":{other},\"traceEvents\":[")?;
    let mut separator = "\n";
    for (_, event) in events(whole) {
        write!(out, "{separator}{event}")?;
        separator = ",\n";
    }
    writeln!(out, "\n]}}")
}

/// All events, by time: names first.
fn events(whole: &Whole) -> Vec<(u64, Value)> {
    let mut events = Vec::new();
    let mut rows = BTreeSet::from([(PHASES, 1)]);
    for (name, from, to) in &whole.phases {
        let event = json!({
            "ph": "X", "name": name, "cat": "phase", "pid": PHASES, "tid": 1,
            "ts": from, "dur": to - from,
        });
        events.push((*from, event));
    }
    for (at, act) in whole.acts.iter().enumerate() {
        let (pid, tid) = row(whole, at);
        rows.insert((pid, tid));
        let (from, to) = act.shown();
        let event = json!({
            "ph": "X", "name": act.subject, "cat": act.mnemonic(), "pid": pid, "tid": tid,
            "ts": from, "dur": to - from, "args": arguments(act),
        });
        events.push((from, event));
        let Some(process) = &act.process else { continue };
        let worker = WORKERS + whole.slots.workers[at] + 1;
        let parts = [
            ("look up", act.taken, act.looked),
            ("lay out", act.looked, act.laid_out),
            ("wait", act.laid_out, process.from),
            ("store", process.to, act.ended),
        ];
        for (name, from, to) in parts.into_iter().filter(|(_, from, to)| from < to) {
            rows.insert((pid, worker));
            let event = json!({
                "ph": "X", "name": name, "cat": "worker", "pid": pid, "tid": worker,
                "ts": from, "dur": to - from, "args": {"label": act.label, "for": act.subject},
            });
            events.push((from, event));
        }
    }
    for pid in [BUILD, TESTS] {
        counters(whole, pid, &mut events);
    }
    flows(whole, &mut events);
    // Of equal times the order stays.
    events.sort_by_key(|(time, _)| *time);
    let mut res = names(&rows);
    res.append(&mut events);
    res
}

fn pid(act: &Act) -> u32 {
    if act.test { TESTS } else { BUILD }
}

/// Where an action is shown: in a slot, or with whoever has looked it up.
fn row(whole: &Whole, at: usize) -> (u32, usize) {
    let worker = || WORKERS + whole.slots.workers[at] + 1;
    (pid(&whole.acts[at]), whole.slots.slots[at].map_or_else(worker, |slot| slot + 1))
}

fn arguments(act: &Act) -> Value {
    let mut res = json!({
        "label": act.label,
        "cache": if act.cached { "cached" } else { "ran" },
        "outcome": act.outcome,
        "queued_us": act.taken - act.ready,
    });
    if let Some(reason) = &act.reason {
        res["reason"] = json!(reason);
    }
    if let Some(process) = &act.process {
        let told = &process.told;
        if let Some(status) = told.status {
            res["exit"] = json!(status);
        }
        if let Some(signal) = told.signal {
            res["killed_by"] = json!(signal);
        }
        res["user_us"] = json!(told.user.as_micros() as u64);
        res["system_us"] = json!(told.system.as_micros() as u64);
        res["max_rss_kib"] = json!(told.max_rss_kib);
    }
    res
}

/// How many processes run, whenever that changes.
fn counters(whole: &Whole, pid: u32, events: &mut Vec<(u64, Value)>) {
    let mut changes: BTreeMap<u64, i64> = BTreeMap::new();
    let own = whole.acts.iter().filter(|act| self::pid(act) == pid);
    for process in own.filter_map(|act| act.process.as_ref()) {
        *changes.entry(process.from).or_default() += 1;
        *changes.entry(process.to).or_default() -= 1;
    }
    let mut running = 0;
    for (time, change) in changes.into_iter().filter(|(_, change)| *change != 0) {
        running += change;
        let event = json!({
            "ph": "C", "name": "running", "pid": pid, "tid": 0, "ts": time,
            "args": {"processes": running},
        });
        events.push((time, event));
    }
}

/// Arrows along the critical path, from the end of an action to the begin of the one that waited.
fn flows(whole: &Whole, events: &mut Vec<(u64, Value)>) {
    for (number, pair) in whole.path.windows(2).enumerate() {
        let ((begin, end), (to, _)) = (whole.acts[pair[0]].shown(), whole.acts[pair[1]].shown());
        let from = (end - 1).min(to);
        if from < begin {
            // A clock was set meanwhile.
            continue;
        }
        let mut event = |phase: &str, at: usize, time: u64| {
            let (pid, tid) = row(whole, at);
            let mut event = json!({
                "ph": phase, "name": "critical path", "cat": "critical path", "id": number + 1,
                "pid": pid, "tid": tid, "ts": time,
            });
            if phase == "f" {
                event["bp"] = json!("e");
            }
            events.push((time, event));
        };
        event("s", pair[0], from);
        event("f", pair[1], to);
    }
}

/// What the rows are called, and in which order they stand.
fn names(rows: &BTreeSet<(u32, usize)>) -> Vec<(u64, Value)> {
    let mut res = Vec::new();
    let mut name = |what: &str, pid: u32, tid: usize, argument: Value| {
        let event =
            json!({"ph": "M", "name": what, "pid": pid, "tid": tid, "ts": 0, "args": argument});
        res.push((0, event));
    };
    let pids: BTreeSet<u32> = rows.iter().map(|(pid, _)| *pid).collect();
    for pid in pids {
        let called = match pid {
            PHASES => "phases",
            BUILD => "build actions",
            _ => "tests",
        };
        name("process_name", pid, 0, json!({"name": called}));
        name("process_sort_index", pid, 0, json!({"sort_index": pid}));
    }
    for (pid, tid) in rows {
        let called = match (*pid, *tid) {
            (PHASES, _) => "phases".to_string(),
            (_, tid) if tid > WORKERS => format!("worker {}", tid - WORKERS),
            (_, tid) => format!("slot {tid}"),
        };
        name("thread_name", *pid, *tid, json!({"name": called}));
        name("thread_sort_index", *pid, *tid, json!({"sort_index": tid}));
    }
    res
}
