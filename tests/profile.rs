//! `--profile`: the trace is read strictly, and its numbers are held against each other and against
//! what the stream of the same run tells.

use crate::events::{lines, of};
use crate::support::golden::golden;
use crate::support::{Run, Workspace, workspace};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

/// A chain of two actions before a test, and an action beside it.
const CHAIN: &str = r#"
-- BUILD.ron
[
    genrule(name: "first", outs: ["a.txt"], cmd: "sleep 0.6; echo a > $OUT"),
    genrule(name: "second", srcs: [":first"], outs: ["b.txt"], cmd: "sleep 0.4; echo b > $OUT"),
    genrule(name: "beside", outs: ["c.txt"], cmd: "echo c > $OUT"),
    sh_test(name: "t", srcs: "t.sh", data: [":second", ":beside"]),
]
-- t.sh
#!/bin/sh
sleep 0.2
"#;

/// A row of the trace: its process and thread.
type Row = (u64, u64);

/// A complete event.
#[derive(Debug, Clone)]
struct Span {
    name: String,
    category: String,
    from: u64,
    to: u64,
    arguments: Value,
}

/// A trace that was read, and found to be in order.
#[derive(Debug)]
struct Trace {
    other: Value,
    spans: BTreeMap<Row, Vec<Span>>,
    names: BTreeMap<Row, String>,
    /// For each arrow the names of what it leads from and to.
    flows: Vec<(String, String)>,
}

#[track_caller]
fn number(event: &Value, field: &str) -> u64 {
    event[field].as_u64().unwrap_or_else(|| panic!("{field} of {event}"))
}

fn row(event: &Value) -> Row {
    (number(event, "pid"), number(event, "tid"))
}

#[track_caller]
fn fields(value: &Value, known: &[&str]) {
    let own: BTreeSet<&str> =
        value.as_object().expect("an object").keys().map(|it| &**it).collect();
    assert_eq!(own, known.iter().copied().collect(), "{value}");
}

#[track_caller]
fn text(event: &Value, field: &str) -> String {
    event[field].as_str().unwrap_or_else(|| panic!("{field} of {event}")).to_string()
}

/// Reads a trace as strictly as its form is described.
#[track_caller]
fn read(json: &str) -> Trace {
    let all: Value = serde_json::from_str(json).expect("a trace is JSON");
    fields(&all, &["displayTimeUnit", "otherData", "traceEvents"]);
    assert_eq!(all["displayTimeUnit"], "ms");
    let other = all["otherData"].clone();
    let mut trace =
        Trace { other, spans: BTreeMap::new(), names: BTreeMap::new(), flows: Vec::new() };
    let mut arrows: BTreeMap<u64, [Vec<(Row, u64)>; 2]> = BTreeMap::new();
    let mut counts: BTreeMap<u64, Vec<(u64, u64)>> = BTreeMap::new();
    let mut processes = BTreeSet::new();
    let mut last = 0;
    for event in all["traceEvents"].as_array().expect("a list of events") {
        let ts = number(event, "ts");
        assert!(ts >= last, "events are in the order of time: {event}");
        last = ts;
        match event["ph"].as_str().expect("a kind") {
            "M" => {
                fields(event, &["ph", "name", "pid", "tid", "ts", "args"]);
                match &*text(event, "name") {
                    "process_name" => assert!(processes.insert(row(event).0), "{event}"),
                    "thread_name" => {
                        let name = text(&event["args"], "name");
                        assert_eq!(trace.names.insert(row(event), name), None, "{event}");
                    }
                    "process_sort_index" | "thread_sort_index" => {
                        number(&event["args"], "sort_index");
                    }
                    other => panic!("{other}"),
                }
            }
            "X" => {
                let mut known = vec!["ph", "name", "cat", "pid", "tid", "ts", "dur"];
                if row(event).0 != 1 {
                    known.push("args");
                }
                fields(event, &known);
                trace.spans.entry(row(event)).or_default().push(Span {
                    name: text(event, "name"),
                    category: text(event, "cat"),
                    from: ts,
                    to: ts + number(event, "dur"),
                    arguments: event["args"].clone(),
                });
            }
            "C" => {
                fields(event, &["ph", "name", "pid", "tid", "ts", "args"]);
                let count = number(&event["args"], "processes");
                counts.entry(row(event).0).or_default().push((ts, count));
            }
            kind @ ("s" | "f") => {
                let mut known = vec!["ph", "name", "cat", "id", "pid", "tid", "ts"];
                if kind == "f" {
                    known.push("bp");
                    assert_eq!(event["bp"], "e");
                }
                fields(event, &known);
                let arrow = arrows.entry(number(event, "id")).or_default();
                arrow[usize::from(kind == "f")].push((row(event), ts));
            }
            other => panic!("{other} is no kind: {event}"),
        }
    }
    check_spans(&trace, &processes);
    check_counts(&trace, &counts);
    let span_at = |(row, time): (Row, u64)| {
        let found = trace.spans[&row].iter().find(|span| span.from <= time && time < span.to);
        found
            .unwrap_or_else(|| panic!("an arrow at {time} in {row:?} touches nothing"))
            .name
            .clone()
    };
    for (id, [from, to]) in &arrows {
        assert_eq!((from.len(), to.len()), (1, 1), "arrow {id}");
        assert!(from[0].1 <= to[0].1, "arrow {id} leads back");
    }
    trace.flows = arrows.values().map(|[from, to]| (span_at(from[0]), span_at(to[0]))).collect();
    trace
}

/// All lies within the run, rows have names, and nothing of one row overlaps.
#[track_caller]
fn check_spans(trace: &Trace, processes: &BTreeSet<u64>) {
    let phases = &trace.spans[&(1, 1)];
    assert_eq!(phases[0].from, 0);
    for pair in phases.windows(2) {
        assert_eq!(pair[0].to, pair[1].from, "{pair:?}");
    }
    let end = phases.last().map_or(0, |span| span.to);
    let named: BTreeSet<Row> = trace.names.keys().copied().collect();
    assert_eq!(named, trace.spans.keys().copied().collect());
    assert_eq!(*processes, named.iter().map(|row| row.0).collect());
    for (row, spans) in &trace.spans {
        assert!(spans.iter().all(|span| span.to <= end), "{row:?}: {spans:?}");
        for pair in spans.windows(2) {
            assert!(pair[0].to <= pair[1].from, "{row:?}: {pair:?}");
        }
    }
}

/// The counters tell how many processes run at each moment.
#[track_caller]
fn check_counts(trace: &Trace, counts: &BTreeMap<u64, Vec<(u64, u64)>>) {
    let slots = |pid: u64| {
        let own =
            trace.spans.iter().filter(move |((process, tid), _)| *process == pid && *tid < 1000);
        own.flat_map(|(_, spans)| spans)
    };
    for pid in [2, 3] {
        let told = counts.get(&pid).cloned().unwrap_or_default();
        assert_eq!(told.is_empty(), slots(pid).next().is_none());
        assert_eq!(told.last().map_or(0, |(_, count)| *count), 0);
        for (time, count) in told {
            let running = slots(pid).filter(|span| span.from <= time && time < span.to).count();
            assert_eq!(running as u64, count, "at {time} in {pid}");
        }
    }
}

impl Trace {
    /// Spans of a process of the trace with this category.
    fn of(&self, pid: u64, category: &str) -> Vec<&Span> {
        let own = self.spans.iter().filter(|((process, _), _)| *process == pid);
        own.flat_map(|(_, spans)| spans).filter(|span| span.category == category).collect()
    }

    /// The phases by name, with what each took.
    fn phases(&self) -> Vec<(&str, u64)> {
        self.of(1, "phase").iter().map(|span| (&*span.name, span.to - span.from)).collect()
    }
}

/// The text with every number as `N`.
fn without_numbers(text: &str) -> String {
    let mut res = String::new();
    for c in text.chars() {
        let digit = c.is_ascii_digit() || c == '.' && res.ends_with('N');
        if !digit {
            res.push(c);
        } else if !res.ends_with('N') {
            res.push('N');
        }
    }
    let mut narrow = res.replace("  N", " N");
    while narrow.contains("  N") {
        narrow = narrow.replace("  N", " N");
    }
    narrow
}

/// The lines that tell the profile.
fn told(run: &Run) -> &str {
    &run.stderr[run.stderr.find("profile: ").expect("a profile is told")..]
}

fn chain() -> (Workspace, Run) {
    let ws = workspace(CHAIN);
    let command = ["test", "--jobs=2", "--profile=p.json", "--events=e.jsonl", "//..."];
    let run = ws.eng(&command).expect(0);
    (ws, run)
}

#[test]
fn phases_sum_to_the_wall_time_of_the_run() {
    let (ws, run) = chain();
    let trace = read(&ws.read("p.json"));
    let phases = trace.phases();
    let names: Vec<&str> = phases.iter().map(|(name, _)| *name).collect();
    assert_eq!(names.join(" "), "discover analyze build test finish close");
    let events = lines(&ws.read("e.jsonl"));
    let wall = of(&events, "finished")[0]["wall"].as_f64().unwrap() * 1e6;
    // The run tells what it took before stores are closed.
    let sum: u64 = phases.iter().filter(|(name, _)| *name != "close").map(|(_, time)| time).sum();
    assert!((sum as f64 - wall).abs() < 0.05 * wall, "{sum} and {wall}: {phases:?}");
    let wall_us = trace.other["wall_us"].as_u64().unwrap();
    assert!((wall_us as f64 - wall).abs() <= 1.0, "{wall_us} and {wall}");

    let seconds = |line: &str| -> f64 {
        line.split_whitespace().nth(1).unwrap().trim_end_matches('s').parse().unwrap()
    };
    let table: Vec<&str> = told(&run).lines().skip(1).take(phases.len() + 1).collect();
    let rows: f64 = table[..phases.len()].iter().map(|line| seconds(line)).sum();
    let total = seconds(table[phases.len()]);
    assert!((rows - total).abs() < 0.0005 * table.len() as f64, "{table:?}");
    let told: u64 = phases.iter().map(|(_, time)| time).sum();
    assert!((total - told as f64 / 1e6).abs() < 0.001, "{table:?}");
}

#[test]
fn actions_and_tests_stand_in_slots_and_the_critical_path_leads_through_them() {
    let (ws, run) = chain();
    let trace = read(&ws.read("p.json"));
    let path: Vec<String> =
        trace.flows.iter().map(|(from, to)| format!("{from} -> {to}")).collect();
    assert_eq!(
        path,
        ["generate out/a.txt -> generate out/b.txt", "generate out/b.txt -> test //:t",]
    );
    let mut built: Vec<&str> = trace.of(2, "generate").iter().map(|span| &*span.name).collect();
    built.sort_unstable();
    assert_eq!(built, ["generate out/a.txt", "generate out/b.txt", "generate out/c.txt"]);
    let tests = trace.of(3, "test");
    assert_eq!(tests.len(), 1);
    let arguments = &tests[0].arguments;
    assert_eq!(arguments["label"], "//:t");
    assert_eq!(arguments["cache"], "ran");
    assert_eq!(arguments["outcome"], "passed");
    assert_eq!(arguments["exit"], 0);
    assert!(arguments["max_rss_kib"].as_u64().unwrap() > 0);
    assert!(arguments["user_us"].is_u64() && arguments["system_us"].is_u64());
    let shown = without_numbers(told(&run));
    // What happens beside the chain takes a slot of its own or not, and its time, as it falls.
    let shown = shown.replace("N slots of build", "N slot of build");
    let lines = shown.lines().filter(|line| !line.contains("generate out/c.txt"));
    let shown: String = lines.map(|line| format!("{line}\n")).collect();
    golden("reports/profile", &shown);
}

#[test]
fn a_replay_makes_the_same_trace() {
    let (ws, run) = chain();
    let again = ws.eng(&["replay", "e.jsonl", "--profile=again.json"]).expect(0);
    assert_eq!(ws.read("again.json"), ws.read("p.json"));
    assert_eq!(told(&again), told(&run).replace("p.json", "again.json"));
}

#[test]
fn remembered_results_are_told_as_cached_and_a_trace_may_be_packed() {
    let ws = workspace(CHAIN);
    ws.eng(&["test", "//..."]).expect(0);
    ws.write("t.sh", "#!/bin/sh\nexit 1\n");
    let run = ws.eng(&["test", "--profile=p.json.gz", "//..."]).expect(3);
    let mut unpack = Command::new("gzip");
    unpack.args(["-dc", "p.json.gz"]).current_dir(ws.root());
    let trace = read(&Run::of(unpack).expect(0).stdout);
    let cached = trace.of(2, "generate");
    assert_eq!(cached.len(), 3);
    assert!(cached.iter().all(|span| span.arguments["cache"] == "cached"), "{cached:?}");
    let test = trace.of(3, "test")[0].clone();
    assert_eq!((&test.arguments["cache"], &test.arguments["exit"]), (&"ran".into(), &1.into()));
    assert_eq!(trace.other["exit"], 3);
    assert!(told(&run).starts_with("profile: p.json.gz\n"), "{}", run.stderr);
}

#[test]
fn a_run_with_nothing_to_do_is_read_and_told() {
    let ws = workspace(CHAIN);
    ws.eng(&["test", "//..."]).expect(0);
    let run = ws.eng(&["test", "--profile=-", "//..."]).expect(0);
    let names: Vec<String> =
        read(&run.stdout).phases().iter().map(|(name, _)| name.to_string()).collect();
    assert_eq!(names.join(" "), "discover close");
    golden("reports/profile_of_nothing", &without_numbers(told(&run)));
}

#[test]
fn a_run_that_comes_to_nothing_has_a_profile_as_well() {
    let ws = workspace("-- BUILD.ron\n[genrule(name: \"x\", outs: [\"x\"], cmd: \"exit 4\")]\n");
    let run = ws.eng(&["build", "--profile=-", "//:none"]).expect(2);
    assert_eq!(read(&run.stdout).other["exit"], 2);
    let run = ws.eng(&["build", "--profile=-", "//:x"]).expect(1);
    let trace = read(&run.stdout);
    let failed = trace.of(2, "generate")[0];
    let arguments = (&failed.arguments["outcome"], &failed.arguments["exit"]);
    assert_eq!(arguments, (&"exited".into(), &4.into()));
    ws.write("BUILD.ron", "[workspace(name: \"ws\"), nothing(name: 1)]\n");
    let run = ws.eng(&["build", "--profile=-"]).expect(2);
    assert_eq!(read(&run.stdout).phases().len(), 1);
}

#[test]
fn the_path_leads_from_a_listing_to_the_cases() {
    let ws = crate::protocols::lister("begin; for c; do case_ $c; done; end");
    let run = ws.eng(&["test", "--profile=-"]).expect(0);
    let trace = read(&run.stdout);
    let path: Vec<String> =
        trace.flows.iter().map(|(from, to)| format!("{from} -> {to}")).collect();
    assert_eq!(path, ["list //:t -> test //:t"]);
}
