//! Results that stand in lines, found by the patterns of a protocol.

use super::pattern::{LinePattern, any, first};
use super::results::{CaseOutcome, Collected, Reported, ReportedCase, Start, meaning, push_line};
use crate::load::{Lines, Words};

/// The lines of a text, without their ends, be these LF or CR LF.
pub(super) fn lines_of(text: &str) -> impl Iterator<Item = &str> {
    let whole = text.strip_suffix('\n').unwrap_or(text);
    let lines = (!text.is_empty()).then(|| whole.split('\n'));
    lines.into_iter().flatten().map(|line| line.strip_suffix('\r').unwrap_or(line))
}

/// Reads results; the error says which pattern cannot be used.
pub(super) fn read(lines: &Lines, words: &Words, text: &str) -> Result<Reported, String> {
    let started = LinePattern::all(&lines.started, words)?;
    let done = LinePattern::all(&lines.done, words)?;
    let output = LinePattern::all(lines.output.as_slice(), words)?;
    let plan = LinePattern::all(&lines.plan, words)?;
    let ignored = LinePattern::all(&lines.ignored, words)?;

    let mut res = Collected::default();
    // Several cases may be under way; what is printed goes to the one that started last.
    let mut open: Vec<(String, String)> = Vec::new();
    let mut starts = Vec::new();
    let mut loose = String::new();
    // The case whose output is told after its result.
    let mut told: Option<String> = None;
    let mut planned: Option<Option<u64>> = None;
    let mut results = 0;
    for line in lines_of(text) {
        if any(&ignored, line) {
            told = None;
            continue;
        }
        if let Some(found) = first(&output, line) {
            let name = found.case.unwrap_or_default();
            told = res.find(name).map(|case| case.name.clone());
            continue;
        }
        // What a case printed is never taken for a result.
        if let Some(case) = told.as_ref().and_then(|name| res.find(name)) {
            push_line(&mut case.output, line);
            continue;
        }
        if let Some(found) = first(&plan, line) {
            planned = Some(found.count);
            continue;
        }
        if let Some(found) = first(&started, line) {
            let name = found.case.unwrap_or_default().to_string();
            if let Some(written) = found.written {
                starts.push(Start { name: name.clone(), written });
            }
            open.push((name, String::new()));
            continue;
        }
        if let Some(found) = first(&done, line) {
            let name = found.case.unwrap_or_default();
            let mut output = match open.iter().rposition(|(other, _)| other == name) {
                Some(at) => open.remove(at).1,
                None => std::mem::take(&mut loose),
            };
            let why = found.text.unwrap_or_default();
            // No word at all means that the line itself says that the case passed.
            let outcome =
                found.outcome.map_or(Some(CaseOutcome::Passed), |word| meaning(words, word, why));
            let outcome = outcome.unwrap_or(CaseOutcome::Failed);
            if outcome == CaseOutcome::Failed && !why.is_empty() {
                push_line(&mut output, line);
            }
            let (name, duration) = (name.to_string(), found.duration);
            res.add(ReportedCase { name, outcome, duration, output });
            results += 1;
            continue;
        }
        let output = match open.last_mut() {
            Some((_, output)) => output,
            // Blank lines before the first result are nobody's output.
            None if started.is_empty() && !(loose.is_empty() && line.trim().is_empty()) => {
                &mut loose
            }
            None => continue,
        };
        push_line(output, line);
    }
    let complaint = match planned {
        None if plan.is_empty() => None,
        None => lines.plan.first().map(|plan| format!("there is no line such as '{}'", plan.text)),
        Some(Some(count)) if count == results => None,
        Some(count) => Some(format!(
            "{} cases were counted by the program, {results} were reported",
            count.map_or("too many".to_string(), |count| count.to_string())
        )),
    };
    Ok(Reported { cases: res.cases, open, starts, complaint })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Place;
    use crate::load::Text;
    use proptest::prelude::*;
    use std::time::Duration;

    fn words() -> Words {
        Words {
            passed: vec!["ok".into()],
            failed: vec!["FAILED".into()],
            skipped: vec!["skipped".into()],
            expected_failure: vec!["xfail".into()],
            unexpected_pass: vec!["xpass".into()],
        }
    }

    fn texts(patterns: &[&str]) -> Vec<Text> {
        let text = |it: &&str| Text { text: it.to_string(), place: Place::of_text("rules", it) };
        patterns.iter().map(text).collect()
    }

    fn protocol(started: &[&str], done: &[&str]) -> Lines {
        Lines { started: texts(started), done: texts(done), ..Lines::default() }
    }

    fn read(lines: &Lines, printed: &str) -> Reported {
        super::read(lines, &words(), printed).unwrap()
    }

    fn case(name: &str, outcome: CaseOutcome, output: &str) -> ReportedCase {
        ReportedCase { name: name.into(), outcome, duration: None, output: output.into() }
    }

    #[test]
    fn what_a_case_prints_between_start_and_end_is_its_output() {
        let lines = protocol(&["start {case}"], &["{outcome} {case}: {text}", "{outcome} {case}"]);
        let printed =
            "hello\nstart a\none\r\nok a\nstart b\ntwo\nFAILED b\nstart c\nskipped c: why\n";
        let read = read(&lines, printed);
        assert_eq!(
            read.cases,
            [
                case("a", CaseOutcome::Passed, "one\n"),
                case("b", CaseOutcome::Failed, "two\n"),
                case("c", CaseOutcome::Skipped("why".into()), ""),
            ]
        );
        assert_eq!((read.open, read.complaint), (vec![], None));
    }

    #[test]
    fn words_may_mean_what_was_expected() {
        let lines = protocol(&[], &["{outcome} {case}: {text}"]);
        let read = read(&lines, "xfail a: later\nxpass b: fixed?\n");
        assert_eq!(
            read.cases,
            [
                case("a", CaseOutcome::ExpectedFailure("later".into()), ""),
                case("b", CaseOutcome::UnexpectedPass("fixed?".into()), ""),
            ]
        );
    }

    #[test]
    fn a_time_is_kept_and_may_be_missing() {
        let lines = protocol(&[], &["{outcome} [{seconds}] {case}", "{outcome} {case}"]);
        let read = read(&lines, "ok [0.5] a\nFAILED b\n");
        let durations: Vec<_> = read.cases.iter().map(|case| case.duration).collect();
        assert_eq!(durations, [Some(Duration::from_millis(500)), None]);
    }

    #[test]
    fn the_text_of_a_failure_is_its_output() {
        let lines = protocol(&[], &["{file}:{line}:{case}:{outcome}: {text}"]);
        let read = read(&lines, "hi\na.c:3:x:FAILED: 1 is not 2\na.c:9:y:skipped: no net\n");
        assert_eq!(
            read.cases,
            [
                case("x", CaseOutcome::Failed, "hi\na.c:3:x:FAILED: 1 is not 2\n"),
                case("y", CaseOutcome::Skipped("no net".into()), ""),
            ]
        );
    }

    #[test]
    fn a_plan_counts_results() {
        let lines =
            Lines { plan: texts(&["{count} cases"]), ..protocol(&[], &["{outcome} {case}"]) };
        let complaint = |text: &str| read(&lines, text).complaint.unwrap_or_default();
        assert_eq!(complaint("ok a\nok b\n2 cases\n"), "");
        assert_eq!(
            complaint("ok a\n2 cases\n"),
            "2 cases were counted by the program, 1 were reported"
        );
        assert_eq!(complaint("ok a\n"), "there is no line such as '{count} cases'");
        let huge = format!("{} cases\n", "9".repeat(30));
        assert!(complaint(&huge).starts_with("too many cases were counted"));
    }

    #[test]
    fn cases_that_started_and_did_not_end_are_named() {
        let lines = protocol(&["start {case}"], &["{outcome} {case}"]);
        let read = read(&lines, "start a\nok a\nstart b\nboom\nstart c\nlast\n");
        let open = |name: &str, output: &str| (name.to_string(), output.to_string());
        assert_eq!(read.open, [open("b", "boom\n"), open("c", "last\n")]);
        assert_eq!(read.cases, [case("a", CaseOutcome::Passed, "")]);
    }

    #[test]
    fn without_starts_the_output_belongs_to_the_result_that_follows() {
        let read = read(&protocol(&[], &["{outcome} {case}"]), "one\nok a\ntwo\nFAILED b\nrest\n");
        assert_eq!(read.cases[0].output, "one\n");
        assert_eq!(read.cases[1].output, "two\n");
    }

    #[test]
    fn a_printed_result_cannot_undo_a_failure() {
        let read = read(&protocol(&[], &["{outcome} {case}"]), "FAILED a\nok a\n");
        let output = "the case 'a' has two results\n";
        assert_eq!(read.cases, [case("a", CaseOutcome::Failed, output)]);
    }

    #[test]
    fn what_a_case_printed_may_stand_behind_all_results() {
        let lines = Lines {
            output: texts(&["-- {case} --"]).pop(),
            ignored: texts(&["end"]),
            ..protocol(&[], &["test {case} (odd) {outcome}", "test {case} {outcome}"])
        };
        let printed = "\ntest a FAILED\ntest b (odd) ok\n-- a --\none\ntest b FAILED\n\nend\n\
                       test c ok\n";
        assert_eq!(
            read(&lines, printed).cases,
            [
                case("a", CaseOutcome::Failed, "one\ntest b FAILED\n\n"),
                case("b", CaseOutcome::Passed, ""),
                case("c", CaseOutcome::Passed, ""),
            ]
        );
    }

    /// Failures are told, not written into the workspace.
    fn quiet() -> ProptestConfig {
        ProptestConfig { failure_persistence: None, ..ProptestConfig::default() }
    }

    proptest! {
        #![proptest_config(quiet())]
        #[test]
        fn no_output_panics(printed in "((ok|FAILED|start|skipped)? ?.{0,9}\r?\n?)*") {
            let _ = read(&protocol(&["start {case}"], &["{outcome} {case}{text}"]), &printed);
            let _ = super::read(&protocol(&[], &["{case}"]), &Words::default(), &printed);
        }
    }
}
