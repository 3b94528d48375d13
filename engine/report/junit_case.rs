//! A case in a JUnit file, with its attempts.

use super::junit::{moment, put, seconds};
use super::output::neutral;
use super::verdict::described;
use crate::base::{Label, plain_line, show_moment_ms};
use crate::event::{Case, Origin, Verdict};
use quick_xml::Writer;
use quick_xml::events::{BytesEnd, BytesStart, BytesText, Event as Xml};
use std::borrow::Cow;
use std::time::{Duration, SystemTime};

/// Longer output is cut in the middle, which is said.
const LONGEST: usize = 256 * 1024;

/// Cases of a suite by how they ended, as the format counts them.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Counts {
    tests: usize,
    failures: usize,
    errors: usize,
    skipped: usize,
}

impl Counts {
    /// Counts a case.
    pub fn count(&mut self, case: &Case) {
        self.tests += 1;
        match kind(&case.verdict) {
            Kind::Good => {}
            Kind::Failure => self.failures += 1,
            Kind::Error => self.errors += 1,
            Kind::Skipped => self.skipped += 1,
        }
    }

    /// One error.
    pub fn error() -> Counts {
        Counts { tests: 1, errors: 1, ..Counts::default() }
    }

    /// Adds those of another suite.
    pub fn add(&mut self, more: Counts) {
        self.tests += more.tests;
        self.failures += more.failures;
        self.errors += more.errors;
        self.skipped += more.skipped;
    }

    /// Writes them as attributes; only a suite counts what was skipped and disabled.
    pub fn push(&self, start: &mut BytesStart, is_suite: bool) {
        let mut push =
            |name: &str, number: usize| start.push_attribute((name, number.to_string().as_str()));
        push("tests", self.tests);
        push("failures", self.failures);
        push("errors", self.errors);
        if is_suite {
            push("skipped", self.skipped);
            push("disabled", 0);
        }
    }
}

/// What the format knows of verdicts: a failure is one that the test itself has told, an error
/// anything else that kept it from passing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Good,
    Failure,
    Error,
    Skipped,
}

fn kind(verdict: &Verdict) -> Kind {
    match verdict {
        Verdict::Passed | Verdict::UnexpectedPass(_) => Kind::Good,
        // An expected failure says nothing against the code, and nothing for it.
        Verdict::Skipped(_) | Verdict::ExpectedFailure(_) => Kind::Skipped,
        Verdict::Failed(_) => Kind::Failure,
        Verdict::TimedOut(_) | Verdict::Crashed(_) | Verdict::NotRun(_) => Kind::Error,
    }
}

/// The word for a kind of end, for programs.
fn type_of(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Passed => "passed",
        Verdict::Failed(_) => "failed",
        Verdict::Skipped(_) => "skipped",
        Verdict::ExpectedFailure(_) => "expected failure",
        Verdict::UnexpectedPass(_) => "unexpected pass",
        Verdict::TimedOut(_) => "timeout",
        Verdict::Crashed(_) => "crash",
        Verdict::NotRun(_) => "not run",
    }
}

/// What the cases of a suite share.
pub(super) struct Suite<'a> {
    pub label: &'a Label,
    /// When the first of them began.
    pub began: SystemTime,
}

impl Suite<'_> {
    /// The label with dots, for readers that make a tree of the parts between them.
    fn class(&self) -> String {
        let package = self.label.package.exec_path().replace('/', ".");
        match package.is_empty() {
            true => self.label.name.to_string(),
            false => format!("{package}.{}", self.label.name),
        }
    }

    /// Writes properties, if there are some.
    pub fn push_properties(&self, xml: &mut Writer<Vec<u8>>, properties: &[(&str, &str)]) {
        if properties.is_empty() {
            return;
        }
        put(xml, Xml::Start(BytesStart::new("properties")));
        for (name, value) in properties {
            let mut property = BytesStart::new("property");
            property.push_attribute(("name", *name));
            property.push_attribute(("value", &*allowed(value)));
            put(xml, Xml::Empty(property));
        }
        put(xml, Xml::End(BytesEnd::new("properties")));
    }
}

/// Writes a case.
pub(super) fn push_case(xml: &mut Writer<Vec<u8>>, suite: &Suite, case: &Case) {
    let known = case.known.map(|known| moment(known.time));
    let name = if case.name.is_empty() { &*suite.label.name } else { &case.name };
    let mut start = BytesStart::new("testcase");
    start.push_attribute(("name", &*allowed(&plain_line(name))));
    start.push_attribute(("classname", suite.class().as_str()));
    start.push_attribute(("time", seconds(case.duration.unwrap_or_default()).as_str()));
    start.push_attribute((
        "timestamp",
        show_moment_ms(case.start.or(known).unwrap_or(suite.began)).as_str(),
    ));
    put(xml, Xml::Start(start));
    let mut properties = Vec::new();
    if case.origin == Origin::Cached {
        properties.push(("eng.reused", "true".to_string()));
        properties.extend(case.known.map(|known| ("eng.run", known.run.to_string())));
    }
    if case.leaky {
        properties.push(("eng.leaky", "true".to_string()));
    }
    if case.flaky > 0 {
        properties.push(("eng.failed_attempts", case.flaky.to_string()));
    }
    properties
        .extend(case.runs.map(|runs| ("eng.runs", format!("{} of {} failed", runs.bad, runs.all))));
    let properties: Vec<(&str, &str)> =
        properties.iter().map(|(name, value)| (*name, value.as_str())).collect();
    suite.push_properties(xml, &properties);
    push_attempts(xml, case);
    put(xml, Xml::End(BytesEnd::new("testcase")));
}

/// A case for what kept a run from results.
pub(super) fn push_problem(xml: &mut Writer<Vec<u8>>, text: &str) {
    let mut start = BytesStart::new("testcase");
    start.push_attribute(("name", "run"));
    start.push_attribute(("classname", "eng"));
    start.push_attribute(("time", seconds(Duration::ZERO).as_str()));
    put(xml, Xml::Start(start));
    let message = plain_line(text.lines().next().unwrap_or_default());
    push_text(xml, "error", Some((&message, "problem")), text);
    put(xml, Xml::End(BytesEnd::new("testcase")));
}

/// How the case ended, and its attempts. Of one that failed in the end the first is the failure, and
/// each further one a rerun.
fn push_attempts(xml: &mut Writer<Vec<u8>>, case: &Case) {
    let failures = case.failures.iter().map(|it| (&it.verdict, it.output.as_str()));
    match kind(&case.verdict) {
        Kind::Good => {
            for (verdict, output) in failures {
                push_attempt(xml, "flaky", verdict, &of_attempt(verdict), output);
            }
        }
        Kind::Skipped => {
            let mut skipped = BytesStart::new("skipped");
            skipped.push_attribute(("message", &*allowed(&described(case))));
            put(xml, Xml::Empty(skipped));
        }
        Kind::Failure | Kind::Error => {
            let last = (&case.verdict, case.output.as_str());
            for (number, (verdict, output)) in failures.chain([last]).enumerate() {
                if number > 0 {
                    push_attempt(xml, "rerun", verdict, &of_attempt(verdict), output);
                    continue;
                }
                let name = if kind(verdict) == Kind::Failure { "failure" } else { "error" };
                // What is said of the whole case stands where everybody looks.
                push_text(xml, name, Some((&described(case), type_of(verdict))), output);
            }
        }
    }
}

fn of_attempt(verdict: &Verdict) -> String {
    described(&Case { verdict: verdict.clone(), ..Case::default() })
}

/// `<flakyFailure>` and its like.
fn push_attempt(
    xml: &mut Writer<Vec<u8>>,
    which: &str,
    verdict: &Verdict,
    message: &str,
    output: &str,
) {
    let end = if kind(verdict) == Kind::Failure { "Failure" } else { "Error" };
    let name = format!("{which}{end}");
    let mut start = BytesStart::new(name.as_str());
    start.push_attribute(("message", &*allowed(message)));
    start.push_attribute(("type", type_of(verdict)));
    put(xml, Xml::Start(start));
    push_text(xml, "stackTrace", None, output);
    put(xml, Xml::End(BytesEnd::new(name.as_str())));
}

fn push_text(xml: &mut Writer<Vec<u8>>, name: &str, about: Option<(&str, &str)>, text: &str) {
    let mut start = BytesStart::new(name);
    if let Some((message, kind)) = about {
        start.push_attribute(("message", &*allowed(message)));
        start.push_attribute(("type", kind));
    }
    put(xml, Xml::Start(start));
    put(xml, Xml::Text(BytesText::new(&cut(&neutral(text, false)))));
    put(xml, Xml::End(BytesEnd::new(name)));
}

/// The text without the characters that XML 1.0 forbids, section 2.2.
fn allowed(text: &str) -> Cow<'_, str> {
    let forbidden = |c: char| matches!(c, '\0'..='\x08' | '\x0b' | '\x0c' | '\x0e'..='\x1f' | '\u{fffe}' | '\u{ffff}');
    match text.contains(forbidden) {
        true => text.replace(forbidden, "\u{fffd}").into(),
        false => text.into(),
    }
}

/// The text as it stands in an element: without what is forbidden, and not too long.
fn cut(text: &str) -> String {
    let text = allowed(text);
    if text.len() <= LONGEST {
        return text.into_owned();
    }
    let head = (0..=LONGEST / 2).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    let tail = text.len() - LONGEST / 2;
    let tail = (tail..text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len());
    format!("{}\n… {} bytes left out …\n{}", &text[..head], tail - head, &text[tail..])
}
