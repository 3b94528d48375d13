//! What a run came to: delivered files, the failures once more, how to run them again, counts.

use super::output::neutral;
use super::style::{Style, Tone, count, list, shell_word};
use crate::base::{Label, plain_line, show_duration};
use crate::event::Summary;
use std::collections::{BTreeMap, BTreeSet};

/// Delivered files that are named; the others are counted.
const DELIVERED: usize = 10;
/// The same for what is listed of failures.
const LISTED: usize = 30;
/// Selectors in a command to run failures again; of more cases their targets, of more targets
/// nothing but what the user typed.
const AGAIN: usize = 10;

/// What has to be told again at the end.
#[derive(Debug, Default)]
pub(super) struct Leftovers {
    /// Lines that list failed actions.
    pub actions: BTreeSet<String>,
    /// Targets whose own actions failed.
    pub broken: BTreeSet<Label>,
    /// Lines that list bad tests and cases, in order.
    pub tests: Vec<String>,
    /// What selects them on a command line, by target.
    pub selectors: BTreeMap<Label, Vec<String>>,
    /// Targets that were asked for and not built, and because of which target.
    pub not_built: BTreeMap<Label, Label>,
    /// Paths of delivered files.
    pub delivered: BTreeSet<String>,
}

/// The last lines of a run.
pub(super) fn summary(style: &Style, left: &Leftovers, summary: &Summary) -> String {
    let mut res = String::new();
    let tested = tests_of(summary) > 0;
    let good = is_good(summary);
    if good && !tested {
        push_some(&mut res, left.delivered.iter().cloned(), DELIVERED, "files");
    }
    if !good {
        push_failures(&mut res, style, left);
    }
    for case in &summary.unmatched {
        res.push_str(&format!("no such case: {}\n", plain_line(case)));
    }
    if let Some(share) = &summary.share {
        res.push_str(&format!("share: {}\n", plain_line(share)));
    }
    if tested {
        if let Some(seed) = summary.seed {
            res.push_str(&format!("order: --shuffle={seed}\n"));
        }
        res.push_str(&format!("tests: {}\n", tests(summary)));
        res.push_str(&format!("cases: {}\n", cases(summary)));
    }
    let (word, tone) = match (summary.interrupted, good) {
        (true, _) => ("stopped after", Tone::Odd),
        (_, true) => ("ok in", Tone::Good),
        _ => ("failed in", Tone::Bad),
    };
    let wall = show_duration(summary.wall);
    res.push_str(&format!("{} {wall}: {}\n", style.paint(tone, word), actions(summary)));
    res
}

fn is_good(summary: &Summary) -> bool {
    summary.status() == 0
}

fn tests_of(summary: &Summary) -> usize {
    summary.tests_passed + summary.tests_failed + summary.tests_not_run + summary.tests_empty
}

fn some(number: usize, word: &str) -> Option<String> {
    (number > 0).then(|| format!("{number} {word}"))
}

fn several(number: usize, thing: &str) -> Option<String> {
    (number > 0).then(|| count(number, thing))
}

fn cached(number: usize) -> String {
    some(number, "cached").map(|it| format!(" ({it})")).unwrap_or_default()
}

/// Why tests were left out.
fn because(summary: &Summary) -> String {
    summary.cut.as_ref().map(|why| format!(" ({})", neutral(why, false))).unwrap_or_default()
}

fn tests(summary: &Summary) -> String {
    list([
        Some(format!("{} passed{}", summary.tests_passed, cached(summary.tests_cached))),
        some(summary.tests_failed, "failed"),
        some(summary.tests_empty, "without cases"),
        some(summary.tests_not_run, "not run").map(|text| text + &because(summary)),
    ])
}

fn cases(summary: &Summary) -> String {
    let counts = summary.cases;
    let all = list([
        Some(format!("{} passed", counts.passed)),
        some(counts.failed, "failed"),
        some(counts.skipped, "skipped"),
        several(counts.expected_failures, "expected failure"),
        several(counts.unexpected_passes, "unexpected pass"),
        some(counts.not_run, "not run"),
        some(counts.flaky, "flaky"),
        some(counts.leaky, "leaky"),
    ]);
    all + &cached(counts.cached)
}

fn actions(summary: &Summary) -> String {
    list([
        Some(format!("{} ran", summary.ran)),
        Some(format!("{} cached", summary.cached)),
        some(summary.failed, "failed"),
        some(summary.skipped, "skipped"),
        some(summary.broken, "broken"),
    ])
}

fn push_failures(res: &mut String, style: &Style, left: &Leftovers) {
    let not_built = left.not_built.iter().map(|(label, because)| {
        format!("{} {label} ({because} was not built)", style.paint(Tone::Odd, "NOT BUILT"))
    });
    let lines = left.actions.iter().cloned().chain(not_built).chain(left.tests.iter().cloned());
    let before = res.len();
    push_some(res, lines, LISTED, "failures");
    if res.len() == before {
        return;
    }
    res.insert_str(before, "\nfailures:\n");
    if let Some(command) = rerun(style, left) {
        res.push_str(&format!("rerun: {}\n", style.paint(Tone::Strong, &command)));
    }
}

/// Lines, each moved to the right by two columns; a count stands for those beyond `most`.
fn push_some(res: &mut String, lines: impl Iterator<Item = String>, most: usize, things: &str) {
    let mut more = 0;
    for (at, line) in lines.enumerate() {
        if at < most {
            res.push_str(&format!("  {line}\n"));
        } else {
            more += 1;
        }
    }
    if more > 0 {
        res.push_str(&format!("  … and {more} more {things}\n"));
    }
}

/// The command that runs again what failed. Bad tests come first: running them builds what they
/// need. Without any, the targets are built whose actions failed.
fn rerun(style: &Style, left: &Leftovers) -> Option<String> {
    if left.selectors.is_empty() {
        let labels: Vec<String> = left.broken.iter().map(Label::to_string).collect();
        return (!labels.is_empty()).then(|| command(&style.build_command(), &labels, style));
    }
    let program = if style.rerun.is_empty() { "eng test" } else { &style.rerun };
    let cases: Vec<String> = left.selectors.values().flatten().cloned().collect();
    if cases.len() <= AGAIN {
        return Some(command(program, &cases, style));
    }
    let labels: Vec<String> = left.selectors.keys().map(Label::to_string).collect();
    Some(command(program, &labels, style))
}

fn command(program: &str, words: &[String], style: &Style) -> String {
    if words.len() > AGAIN && !style.rerun.is_empty() {
        return style.rerun.clone();
    }
    let words: Vec<String> = words.iter().map(|word| shell_word(word)).collect();
    format!("{program} {}", words.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::CaseCounts;
    use std::time::Duration;

    fn style() -> Style {
        Style { rerun: "eng test".to_string(), ..Style::default() }
    }

    #[test]
    fn a_build_tells_where_its_files_are() {
        let delivered = (0..12).map(|n| format!("eng-out/bin/p/{n:02}")).collect();
        let left = Leftovers { delivered, ..Leftovers::default() };
        let wall = Duration::from_millis(1240);
        let counts = Summary { ran: 3, cached: 40, wall, ..Summary::default() };
        let text = summary(&style(), &left, &counts);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "  eng-out/bin/p/00");
        assert_eq!(lines[10], "  … and 2 more files");
        assert_eq!(lines[11], "ok in 1.24s: 3 ran, 40 cached");
    }

    #[test]
    fn tests_are_counted_by_target_and_by_case() {
        let cases = CaseCounts {
            passed: 20,
            failed: 2,
            skipped: 2,
            expected_failures: 1,
            unexpected_passes: 2,
            cached: 8,
            ..CaseCounts::default()
        };
        let counts = Summary {
            ran: 12,
            failed: 1,
            skipped: 3,
            tests_passed: 3,
            tests_cached: 1,
            tests_failed: 1,
            tests_not_run: 1,
            cases,
            interrupted: true,
            ..Summary::default()
        };
        assert_eq!(
            summary(&style(), &Leftovers::default(), &counts),
            "tests: 3 passed (1 cached), 1 failed, 1 not run\n\
             cases: 20 passed, 2 failed, 2 skipped, 1 expected failure, \
             2 unexpected passes (8 cached)\n\
             stopped after 0.00s: 12 ran, 0 cached, 1 failed, 3 skipped\n"
        );
    }

    #[test]
    fn many_failures_are_run_again_by_target_and_too_many_by_what_was_typed() {
        let labels = |packages: usize| {
            let label = |n: usize| crate::base::PackageName::main(&format!("p{n:02}")).label("t");
            let selectors = (0..packages).map(|n| (label(n), vec![format!("{}#x", label(n)); 6]));
            Leftovers { selectors: selectors.collect(), ..Leftovers::default() }
        };
        let again = |packages| rerun(&style(), &labels(packages)).unwrap();
        assert!(again(1).starts_with("eng test '//p00:t#x' '//p00:t#x'"));
        assert_eq!(again(2), "eng test //p00:t //p01:t");
        assert_eq!(again(11), "eng test");
    }
}
