//! A profile as a few lines for people.

use super::output::neutral;
use super::profile::{Act, Ran, Whole};
use super::style::count;
use std::cmp::Reverse;

/// Actions of the critical path that are named.
const PATH: usize = 10;
/// The same of the slowest actions.
const SLOWEST: usize = 5;
/// The order of phases.
const PHASES: [&str; 6] = ["discover", "analyze", "build", "test", "finish", "close"];

/// The lines; `name` is the file in which the trace stands.
pub(super) fn text(whole: &Whole, name: &str) -> String {
    let mut res = format!("profile: {name}\n");
    table(whole, &mut res);
    if whole.acts.is_empty() {
        return res;
    }
    parts(whole, &mut res);
    usage(whole, &mut res);
    path(whole, &mut res);
    slowest(whole, &mut res);
    res
}

/// The phases, which sum up to the whole time.
fn table(whole: &Whole, res: &mut String) {
    let mut row = |name: &str, time: u64| {
        let share = time as f64 * 100.0 / whole.ended as f64;
        res.push_str(&format!("  {name:<9} {:>9} {share:>4.0}%\n", seconds(time)));
    };
    for name in PHASES {
        let own = whole.phases.iter().filter(|(phase, ..)| *phase == name);
        let mut own = own.map(|(_, from, to)| to - from).peekable();
        if own.peek().is_some() {
            row(name, sum(own));
        }
    }
    row("total", whole.ended);
}

/// What actions spent their time with.
fn parts(whole: &Whole, res: &mut String) {
    let cached = whole.acts.iter().filter(|act| act.cached).count();
    let ran = whole.acts.len() - cached;
    res.push_str(&format!("actions: {ran} ran, {cached} cached; the time of all of them:\n"));
    let mut part = |name: &str, time: &dyn Fn(&Act) -> u64| {
        let all = sum(whole.acts.iter().map(time));
        res.push_str(&format!("  {name:<14} {:>9}\n", seconds(all)));
    };
    let of = |act: &Act, time: &dyn Fn(&Ran) -> u64| act.process.as_ref().map_or(0, time);
    part("queued", &|act| act.taken - act.ready);
    part("look up", &|act| match act.process {
        Some(_) => act.looked - act.taken,
        None => act.ended - act.taken,
    });
    part("lay out", &|act| of(act, &|_| act.laid_out - act.looked));
    part("wait for slot", &|act| of(act, &|process| process.from - act.laid_out));
    part("run", &|act| of(act, &|process| process.to - process.from));
    part("store", &|act| of(act, &|process| act.ended - process.to));
}

/// A sum that ends where numbers end.
fn sum(times: impl Iterator<Item = u64>) -> u64 {
    times.fold(0, u64::saturating_add)
}

/// How busy slots were, from the first process to the last.
fn usage(whole: &Whole, res: &mut String) {
    for (test, what) in [(false, "build"), (true, "test")] {
        let own = || whole.acts.iter().zip(&whole.slots.slots).filter(|(act, _)| act.test == test);
        let Some(slots) = own().filter_map(|(_, slot)| *slot).max().map(|most| most as u64 + 1)
        else {
            continue;
        };
        let processes = || own().filter_map(|(act, _)| act.process.as_ref());
        let busy = sum(processes().map(|it| it.to - it.from));
        let first = processes().map(|it| it.from).min().unwrap_or(0);
        let last = processes().map(|it| it.to).max().unwrap_or(0);
        let all = slots.saturating_mul(last - first);
        res.push_str(&format!(
            "{} of {what} processes: {} busy, {} idle ({:.0}% busy)\n",
            count(slots as usize, "slot"),
            seconds(busy),
            seconds(all.saturating_sub(busy)),
            busy as f64 * 100.0 / all.max(1) as f64,
        ));
    }
}

/// The actions that waited for each other; of many those that took longest.
fn path(whole: &Whole, res: &mut String) {
    let time = |act: &Act| act.ended - act.ready;
    let acts: Vec<&Act> = whole.path.iter().map(|at| &whole.acts[*at]).collect();
    let (Some(first), Some(last)) = (acts.first(), acts.last()) else { return };
    res.push_str(&format!(
        "critical path: {}, {} of {}\n",
        count(acts.len(), "action"),
        seconds(last.ended.saturating_sub(first.ready)),
        seconds(whole.ended)
    ));
    let mut longest: Vec<usize> = (0..acts.len()).collect();
    longest.sort_by_key(|at| (Reverse(time(acts[*at])), *at));
    longest.truncate(PATH);
    longest.sort_unstable();
    for at in &longest {
        let act = acts[*at];
        let queued = act.taken - act.ready;
        let cached = if act.cached { ", cached" } else { "" };
        res.push_str(&format!(
            "  {:>9}  {}  ({} queued{cached})\n",
            seconds(time(act)),
            named(act),
            seconds(queued)
        ));
    }
    if acts.len() > longest.len() {
        res.push_str(&format!("  and {} that took less\n", acts.len() - longest.len()));
    }
}

fn slowest(whole: &Whole, res: &mut String) {
    let processes = whole.acts.iter().filter_map(|act| Some((act, act.process.as_ref()?)));
    let mut processes: Vec<_> = processes.collect();
    if processes.is_empty() {
        return;
    }
    processes.sort_by_key(|(_, process)| (Reverse(process.to - process.from), process.from));
    res.push_str("slowest processes:\n");
    for (act, process) in processes.into_iter().take(SLOWEST) {
        let cpu = process.told.user.as_secs_f64() + process.told.system.as_secs_f64();
        let mib = process.told.max_rss_kib as f64 / 1024.0;
        res.push_str(&format!(
            "  {:>9}  {}  ({cpu:.3}s of processor time, {mib:.0} MiB)\n",
            seconds(process.to - process.from),
            named(act),
        ));
    }
}

fn named(act: &Act) -> String {
    let plain = |text: &str| neutral(text, false).replace(['\n', '\t'], " ");
    format!("{}: {}", plain(&act.label), plain(&act.subject))
}

/// So exact that rows of short runs sum up.
fn seconds(micros: u64) -> String {
    format!("{:.3}s", micros as f64 / 1e6)
}
