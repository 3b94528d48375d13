//! Reads what a test program told into results of its cases, by the reader its protocol names.
//! It knows neither processes nor exit statuses: whoever ran the program weighs them.

use super::{json, lines, tap, xml};
use crate::load::{Lines, Protocol, Results, Words};
use std::collections::HashMap;
use std::time::Duration;

/// What a program tells about its cases.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Reported {
    /// The cases that have a result, in the order of the text; each name once.
    pub cases: Vec<ReportedCase>,
    /// Cases that started and did not end, in the order in which they started, with what they
    /// printed: the last is the guilty one if the process died.
    pub open: Vec<(String, String)>,
    /// Where in the two streams of the process cases have started, in that order, if that is told.
    pub starts: Vec<Start>,
    /// What cannot be believed: a plan that does not fit, a report that cannot be read.
    pub complaint: Option<String>,
}

/// Where a case has started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Start {
    /// Its name.
    pub name: String,
    /// How many bytes had been written to standard output and to standard error.
    pub written: [u64; 2],
}

/// One case as its program tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportedCase {
    /// Its name; empty if the results name none.
    pub name: String,
    /// What came out.
    pub outcome: CaseOutcome,
    /// How long it took, if that is told.
    pub duration: Option<Duration>,
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
    /// It failed, as its author said it would; the reason may be empty.
    ExpectedFailure(String),
    /// It passed although its author said that it would fail; the reason may be empty.
    UnexpectedPass(String),
}

/// Reads the results of a process, if its protocol has some: from the report if the protocol speaks
/// of one, else from standard output. Each text is fetched only if it is needed.
pub fn read<E>(
    protocol: &Protocol,
    report: impl FnOnce() -> Result<String, E>,
    stdout: impl FnOnce() -> Result<String, E>,
) -> Result<Option<Reported>, E> {
    let Some(results) = &protocol.results else { return Ok(None) };
    if !protocol.reports() {
        return Ok(Some(of_text(results, &protocol.words, &stdout()?)));
    }
    let mut reported = of_report(results, &protocol.words, &report()?);
    if let Some(markers) = &protocol.markers {
        mark(&mut reported, markers, &stdout()?);
    }
    Ok(Some(reported))
}

/// Reads a text. What fits no pattern becomes the output of a case: of the one that has started,
/// or, if the protocol does not tell starts, of the one whose result comes next.
fn of_text(results: &Results, words: &Words, text: &str) -> Reported {
    let reported = match results {
        Results::Tap => Ok(tap::read(text)),
        Results::Xml => xml::read(words, text),
        Results::Json(fields) => json::read(fields, words, text),
        Results::Lines(lines) => lines::read(lines, words, text),
    };
    reported.unwrap_or_else(|why| Reported { complaint: Some(why), ..Reported::default() })
}

/// Reads a report; a folder of files is one after the other, each behind its path.
fn of_report(results: &Results, words: &Words, text: &str) -> Reported {
    let Some(files) = text.strip_prefix(FILE) else { return of_text(results, words, text) };
    let mut all = Collected::default();
    let mut res = Reported::default();
    for file in files.split(FILE) {
        let (path, text) = file.split_once('\n').unwrap_or((file, ""));
        if matches!(results, Results::Xml) && !path.ends_with(".xml") {
            continue;
        }
        let part = of_text(results, words, text);
        part.cases.into_iter().for_each(|case| all.add(case));
        res.open.extend(part.open);
        let complaint = part.complaint.map(|why| format!("{path}: {why}"));
        res.complaint = res.complaint.or(complaint);
    }
    Reported { cases: all.cases, ..res }
}

/// Stands before the path of each file of a report that is a folder: no text has it.
const FILE: char = '\0';

/// Takes from standard output which cases were under way and what they printed, but no result.
fn mark(reported: &mut Reported, markers: &Lines, stdout: &str) {
    let marked = match lines::read(markers, &Words::default(), stdout) {
        Ok(marked) => marked,
        Err(why) => {
            reported.complaint.get_or_insert(why);
            return;
        }
    };
    // What stands between markers of a case that has them twice may be anybody's.
    let once = marked.cases.iter().filter(|case| case.outcome == CaseOutcome::Passed);
    let printed: HashMap<&str, &str> = once.map(|case| (&*case.name, &*case.output)).collect();
    for case in &mut reported.cases {
        let Some(printed) = printed.get(&*case.name).filter(|it| !it.is_empty()) else { continue };
        let told = std::mem::replace(&mut case.output, printed.to_string());
        if !repeats(printed, &told) {
            push_line(&mut case.output, told.trim_end_matches('\n'));
        }
    }
    let has_result = |name: &str| reported.cases.iter().any(|case| case.name == name);
    reported.open.extend(marked.open.into_iter().filter(|(name, _)| !has_result(name)));
}

/// True if each line of a text starts a line of what was printed, in the same order: most programs
/// print what they report.
fn repeats(printed: &str, text: &str) -> bool {
    let mut printed = printed.lines();
    text.lines().all(|line| printed.any(|other| other.trim_start().starts_with(line.trim())))
}

/// What a word means; nothing if it stands in no list. Of two lists the worse counts.
pub(super) fn meaning(words: &Words, word: &str, why: &str) -> Option<CaseOutcome> {
    let at = words.lists().iter().position(|list| list.iter().any(|it| it == word))?;
    let why = reason(why.trim_start_matches([',', ':']));
    Some(match at {
        0 => CaseOutcome::Failed,
        1 => CaseOutcome::Skipped(why),
        2 => CaseOutcome::ExpectedFailure(why),
        3 => CaseOutcome::UnexpectedPass(why),
        _ => CaseOutcome::Passed,
    })
}

/// A reason as one line.
pub(super) fn reason(text: &str) -> String {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.collect::<Vec<_>>().join(": ")
}

/// Cases with results, each name once.
#[derive(Default)]
pub(super) struct Collected {
    /// In the order in which they came.
    pub cases: Vec<ReportedCase>,
    places: HashMap<String, usize>,
}

impl Collected {
    /// Adds a result. One with two results has failed, whatever they are: a test that prints what
    /// looks like a result must not be able to turn one into a pass.
    pub fn add(&mut self, case: ReportedCase) {
        let Some(known) = self.find(&case.name) else {
            self.places.insert(case.name.clone(), self.cases.len());
            self.cases.push(case);
            return;
        };
        known.outcome = CaseOutcome::Failed;
        known.output.push_str(&case.output);
        push_line(&mut known.output, &format!("the case '{}' has two results", case.name));
    }

    /// The case of this name.
    pub fn find(&mut self, name: &str) -> Option<&mut ReportedCase> {
        self.places.get(name).map(|at| &mut self.cases[*at])
    }
}

/// Adds a line; what stands before it is ended first.
pub(super) fn push_line(output: &mut String, line: &str) {
    if !output.is_empty() && !output.ends_with('\n') {
        output.push('\n');
    }
    output.push_str(line);
    output.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Place;
    use crate::load::Text;

    fn case(name: &str, outcome: CaseOutcome, output: &str) -> ReportedCase {
        ReportedCase { name: name.into(), outcome, duration: None, output: output.into() }
    }

    #[test]
    fn a_second_result_fails_the_case() {
        let mut all = Collected::default();
        all.add(case("a", CaseOutcome::Passed, "one"));
        all.add(case("a", CaseOutcome::Passed, ""));
        let output = "one\nthe case 'a' has two results\n";
        assert_eq!(all.cases, [case("a", CaseOutcome::Failed, output)]);
    }

    #[test]
    fn a_folder_of_reports_is_read_file_by_file() {
        let text = "\0a/notes.txt\nnot xml\0a/x.xml\n<testsuite><testcase name='one'/></testsuite>\
                    \0b.xml\n<testsuite><testcase name='two'/></testsuite>";
        let reported = of_report(&Results::Xml, &Words::default(), text);
        let names: Vec<&str> = reported.cases.iter().map(|case| &*case.name).collect();
        assert_eq!((names, reported.complaint), (vec!["one", "two"], None));
        let broken = of_report(&Results::Xml, &Words::default(), "\0b.xml\n<testsuite>");
        assert!(broken.complaint.is_some_and(|why| why.starts_with("b.xml: ")));
    }

    #[test]
    fn markers_name_the_guilty_and_give_no_result() {
        let text =
            |pattern: &str| Text { text: pattern.into(), place: Place::of_text("rules", pattern) };
        let markers = Lines {
            started: vec![text("[ RUN ] {case}")],
            done: vec![text("[ {text} ] {case}")],
            ..Lines::default()
        };
        let failed = case("a", CaseOutcome::Failed, "1 is not 2\n");
        let mut reported = Reported {
            cases: vec![failed, case("b", CaseOutcome::Failed, "x.c:3\n  why\n")],
            ..Reported::default()
        };
        let stdout = "[ RUN ] a\nhello\n[ OK ] a\n[ RUN ] b\nx.c:3: Failure\n  why not\n[ OK ] b\n[ RUN ] c\nlast\n";
        mark(&mut reported, &markers, stdout);
        let outputs: Vec<&str> = reported.cases.iter().map(|case| &*case.output).collect();
        assert_eq!(outputs, ["hello\n1 is not 2\n", "x.c:3: Failure\n  why not\n"]);
        assert_eq!(reported.open, [("c".to_string(), "last\n".to_string())]);
    }
}
