//! Reads what a test program printed into results of its cases, by the reader its protocol names.
//! It knows neither processes nor exit statuses: whoever ran the program weighs them.

use super::lines::{LinePattern, ignored, lines_of};
use super::tap;
use crate::load::{Lines, Results, Words};
use std::collections::HashMap;

/// What a program's output tells about its cases.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Reported {
    /// The cases that have a result, in the order of the text; each name once.
    pub cases: Vec<ReportedCase>,
    /// The case that started last and did not end: the guilty one if the process died.
    pub started: Option<String>,
    /// What that case printed. Of TAP, what stands after the last result.
    pub rest: String,
    /// What cannot be believed: a plan that does not fit, a case with two results.
    pub complaint: Option<String>,
}

/// One case as its program tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportedCase {
    /// Its name; empty if the results name none.
    pub name: String,
    /// What came out.
    pub outcome: CaseOutcome,
    /// What stands in the text for it; may be empty.
    pub output: String,
}

/// What a program says about a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CaseOutcome {
    /// It passed.
    Passed,
    /// It failed.
    Failed,
    /// It was skipped; the reason may be empty.
    Skipped(String),
}

/// Reads results. Text that fits no pattern becomes the output of a case: of the one that has
/// started, or, if the protocol does not tell starts, of the one whose result comes next.
pub fn read(results: &Results, words: &Words, text: &str) -> Reported {
    match results {
        Results::Tap => tap::read(text),
        Results::Lines(lines) => read_lines(lines, words, text).unwrap_or_else(|complaint| {
            Reported { complaint: Some(complaint), ..Reported::default() }
        }),
    }
}

fn read_lines(lines: &Lines, words: &Words, text: &str) -> Result<Reported, String> {
    let started = lines.started.as_ref();
    let started = started.map(|pattern| LinePattern::new(pattern, words)).transpose()?;
    let done = lines.done.iter().map(|pattern| LinePattern::new(pattern, words));
    let done: Vec<LinePattern> = done.collect::<Result<_, _>>()?;
    let output = lines.output.as_ref();
    let output = output.map(|pattern| LinePattern::new(pattern, words)).transpose()?;
    let ignored = ignored(lines, words)?;

    let mut res = Collected::default();
    // Several cases may be under way; what is printed goes to the one that started last.
    let mut open: Vec<(String, String)> = Vec::new();
    let mut loose = String::new();
    // The case whose output is told after its result, by its place among the results.
    let mut told: Option<usize> = None;
    for line in lines_of(text) {
        if ignored.iter().any(|pattern| pattern.matches(line)) {
            told = None;
            continue;
        }
        if let Some(found) = output.as_ref().and_then(|pattern| pattern.read(line)) {
            told = res.index.get(found.case.unwrap_or_default()).copied();
            continue;
        }
        // What a case printed is never taken for a result.
        if let Some(at) = told {
            let output = &mut res.cases[at].output;
            output.push_str(line);
            output.push('\n');
            continue;
        }
        if let Some(found) = started.as_ref().and_then(|pattern| pattern.read(line)) {
            open.push((found.case.unwrap_or_default().to_string(), String::new()));
            continue;
        }
        if let Some(found) = done.iter().find_map(|pattern| pattern.read(line)) {
            let name = found.case.unwrap_or_default();
            let output = match open.iter().rposition(|(other, _)| other == name) {
                Some(at) => open.remove(at).1,
                None => std::mem::take(&mut loose),
            };
            res.add(name, outcome(words, found.outcome, found.text), output);
            continue;
        }
        let output = match open.last_mut() {
            Some((_, output)) => output,
            // Blank lines before the first result are nobody's output.
            None if started.is_none() && !(loose.is_empty() && line.trim().is_empty()) => {
                &mut loose
            }
            None => continue,
        };
        output.push_str(line);
        output.push('\n');
    }
    let (started, rest) = match open.pop() {
        Some((name, output)) => (Some(name), output),
        // Nobody knows whose that is.
        None => (None, String::new()),
    };
    Ok(Reported { cases: res.cases, started, rest, complaint: res.complaint })
}

/// What a word means. A word in two lists means the worse; no word at all means that the line
/// itself says that the case passed.
fn outcome(words: &Words, word: Option<&str>, text: Option<&str>) -> CaseOutcome {
    let Some(word) = word else { return CaseOutcome::Passed };
    if words.passed.iter().any(|it| it == word) && !words.failed.iter().any(|it| it == word) {
        CaseOutcome::Passed
    } else if words.skipped.iter().any(|it| it == word) && !words.failed.iter().any(|it| it == word)
    {
        CaseOutcome::Skipped(text.unwrap_or_default().trim_start_matches([',', ':']).trim().into())
    } else {
        CaseOutcome::Failed
    }
}

#[derive(Default)]
struct Collected {
    cases: Vec<ReportedCase>,
    index: HashMap<String, usize>,
    complaint: Option<String>,
}

impl Collected {
    /// Adds a result. A second one for the same case is told, and a failure outlives it: a test
    /// that prints what looks like a result must not be able to turn one into a pass.
    fn add(&mut self, name: &str, outcome: CaseOutcome, output: String) {
        let Some(at) = self.index.get(name) else {
            self.index.insert(name.to_string(), self.cases.len());
            self.cases.push(ReportedCase { name: name.to_string(), outcome, output });
            return;
        };
        let known = &mut self.cases[*at];
        if outcome == CaseOutcome::Failed {
            known.outcome = outcome;
        }
        known.output.push_str(&output);
        self.complaint.get_or_insert_with(|| format!("the case '{name}' has two results"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Place;
    use crate::load::Text;
    use proptest::prelude::*;

    fn words() -> Words {
        Words {
            passed: vec!["ok".into()],
            failed: vec!["FAILED".into()],
            skipped: vec!["skipped".into()],
        }
    }

    fn text(pattern: &str) -> Option<Text> {
        Some(Text { text: pattern.into(), place: Place::of_text("rules", pattern) })
    }

    fn protocol(started: &str, done: &str) -> Results {
        let started = if started.is_empty() { None } else { text(started) };
        Results::Lines(Lines {
            started,
            done: text(done).into_iter().collect(),
            ..Lines::default()
        })
    }

    fn case(name: &str, outcome: CaseOutcome, output: &str) -> ReportedCase {
        ReportedCase { name: name.into(), outcome, output: output.into() }
    }

    #[test]
    fn what_a_case_prints_between_start_and_end_is_its_output() {
        let results = protocol("start {case}", "{outcome} {case}{text}");
        let printed =
            "hello\nstart a\none\r\nok a\nstart b\ntwo\nFAILED b\nstart c\nskipped c: why\n";
        let read = read(&results, &words(), printed);
        assert_eq!(read.cases.len(), 3);
        assert_eq!(read.cases[0], case("a", CaseOutcome::Passed, "one\n"));
        assert_eq!(read.cases[1], case("b", CaseOutcome::Failed, "two\n"));
        assert_eq!((read.started, read.complaint), (None, None));
    }

    #[test]
    fn a_skipped_case_keeps_its_reason() {
        let results = protocol("", "test {case} ... {outcome}{text}");
        let read = read(&results, &words(), "test a ... skipped, no network\ntest b ... ok\n");
        assert_eq!(read.cases[0].outcome, CaseOutcome::Skipped("no network".into()));
        assert_eq!(read.cases[1].outcome, CaseOutcome::Passed);
    }

    #[test]
    fn the_case_that_started_last_and_did_not_end_is_named() {
        let results = protocol("start {case}", "{outcome} {case}");
        let read = read(&results, &words(), "start a\nok a\nstart b\nboom\n");
        assert_eq!((read.started.as_deref(), read.rest.as_str()), (Some("b"), "boom\n"));
        assert_eq!(read.cases, [case("a", CaseOutcome::Passed, "")]);
    }

    #[test]
    fn without_starts_the_output_belongs_to_the_result_that_follows() {
        let results = protocol("", "{outcome} {case}");
        let read = read(&results, &words(), "one\nok a\ntwo\nFAILED b\nrest\n");
        assert_eq!(read.cases[0].output, "one\n");
        assert_eq!(read.cases[1].output, "two\n");
        assert_eq!(read.rest, "");
    }

    #[test]
    fn a_printed_result_cannot_undo_a_failure() {
        let results = protocol("", "{outcome} {case}");
        let read = read(&results, &words(), "FAILED a\nok a\n");
        assert_eq!(read.cases, [case("a", CaseOutcome::Failed, "")]);
        assert_eq!(read.complaint.as_deref(), Some("the case 'a' has two results"));
    }

    /// Failures are told, not written into the workspace.
    fn quiet() -> ProptestConfig {
        ProptestConfig { failure_persistence: None, ..ProptestConfig::default() }
    }

    proptest! {
        #![proptest_config(quiet())]
        #[test]
        fn no_output_panics(printed in "((ok|FAILED|start|skipped)? ?.{0,9}\r?\n?)*") {
            let _ = read(&protocol("start {case}", "{outcome} {case}{text}"), &words(), &printed);
            let _ = read(&protocol("", "{case}"), &Words::default(), &printed);
        }
    }

    #[test]
    fn what_a_case_printed_may_stand_behind_all_results() {
        let text_of = |pattern: &str| text(pattern).into_iter().collect::<Vec<_>>();
        let lines = Lines {
            done: [text_of("test {case} (odd) {outcome}"), text_of("test {case} {outcome}")]
                .concat(),
            output: text("-- {case} --"),
            ignored: text_of("end"),
            ..Lines::default()
        };
        let words =
            Words { passed: vec!["ok".into()], failed: vec!["bad".into()], ..Words::default() };
        let printed = "\ntest a bad\ntest b (odd) ok\n-- a --\none\ntest b bad\n\nend\ntest c ok\n";
        let reported = read(&Results::Lines(lines), &words, printed);
        assert_eq!(
            reported.cases,
            [
                case("a", CaseOutcome::Failed, "one\ntest b bad\n\n"),
                case("b", CaseOutcome::Passed, ""),
                case("c", CaseOutcome::Passed, ""),
            ]
        );
        assert_eq!(reported.complaint, None);
    }
}
