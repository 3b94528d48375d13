//! Results as JUnit's form of XML: `testsuites`, `testsuite`, `testcase`, and in the latter
//! `failure`, `error`, `skipped`, `system-out` and `system-err`.

use super::pattern::duration;
use super::results::{CaseOutcome, Collected, Reported, ReportedCase, meaning, push_line, reason};
use crate::load::Words;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

/// Reads a report. A case is named `classname.name`, or `name` alone if it has no class. The error
/// says where the text is no such report; then nothing of it counts.
pub(super) fn read(words: &Words, text: &str) -> Result<Reported, String> {
    if text.trim().is_empty() {
        return Err("no report was written".to_string());
    }
    let mut reader = Reader::from_str(text);
    let mut report = Report::new(words);
    loop {
        let start = reader.buffer_position();
        let told = match reader.read_event() {
            Ok(Event::Eof) => break,
            Ok(event) => report.take(event),
            Err(error) => {
                return Err(complaint(text, reader.error_position(), &error.to_string()));
            }
        };
        told.map_err(|why| complaint(text, start, &why))?;
    }
    report.finish().map_err(|why| complaint(text, text.len() as u64, &why))
}

/// Where and why the report cannot be read.
fn complaint(text: &str, at: u64, why: &str) -> String {
    let at = (at as usize).min(text.len());
    let line = text.as_bytes()[..at].iter().filter(|byte| **byte == b'\n').count() + 1;
    format!("the report cannot be read: line {line}: {why}")
}

/// What an open element means.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Element {
    Suite,
    Case,
    /// What stands in it is told of the case: a failure, what it printed.
    Text,
    Other,
}

struct Report<'a> {
    words: &'a Words,
    open: Vec<Element>,
    suites: Vec<Suite>,
    /// How many there were.
    seen: usize,
    case: Option<ReportedCase>,
    done: Collected,
    in_text: bool,
    /// The message of the open text element, and the text so far.
    message: String,
    text: String,
    complaint: Option<String>,
}

struct Suite {
    name: String,
    /// How many failures and errors it says it has.
    counted: u64,
    has_bad: bool,
}

impl<'a> Report<'a> {
    fn new(words: &'a Words) -> Report<'a> {
        Report {
            words,
            open: Vec::new(),
            suites: Vec::new(),
            seen: 0,
            case: None,
            in_text: false,
            done: Collected::default(),
            message: String::new(),
            text: String::new(),
            complaint: None,
        }
    }

    fn take(&mut self, event: Event) -> Result<(), String> {
        match event {
            Event::Start(tag) => self.start(&tag),
            Event::Empty(tag) => {
                self.start(&tag)?;
                self.end()
            }
            Event::End(_) => self.end(),
            Event::Text(text) => {
                self.push(&text.xml10_content());
                Ok(())
            }
            Event::CData(text) => {
                self.push(&text.xml10_content());
                Ok(())
            }
            Event::GeneralRef(reference) => {
                let named = || resolve_predefined_entity(&reference).map(str::to_string);
                let text = match reference.resolve_char_ref().map_err(|e| e.to_string())? {
                    Some(c) => c.to_string(),
                    None => named().ok_or_else(|| {
                        format!("nothing is known of the entity '&{};'", &*reference)
                    })?,
                };
                self.push(&text);
                Ok(())
            }
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => Ok(()),
            Event::Eof => Ok(()),
        }
    }

    fn push(&mut self, text: &str) {
        if self.in_text {
            self.text.push_str(text);
        }
    }

    fn start(&mut self, tag: &BytesStart) -> Result<(), String> {
        let attribute = |name: &str| -> Result<String, String> {
            let found = tag.try_get_attribute(name).map_err(|e| e.to_string())?;
            let value = found.map(|it| it.normalized_value(XmlVersion::Implicit1_0)).transpose();
            Ok(value.map_err(|e| e.to_string())?.unwrap_or_default().into_owned())
        };
        let in_case = self.case.is_some();
        let name = tag.local_name();
        let element = match name.as_ref() {
            "testsuites" | "testsuite" if !in_case => {
                let number = |text: String| text.trim().parse::<u64>().unwrap_or(0);
                let counted =
                    number(attribute("failures")?).saturating_add(number(attribute("errors")?));
                self.suites.push(Suite { name: attribute("name")?, counted, has_bad: false });
                self.seen += 1;
                Element::Suite
            }
            "testcase" if !in_case && !self.suites.is_empty() => {
                let (class, name) = (attribute("classname")?, attribute("name")?);
                let name = match (class.is_empty(), name.is_empty()) {
                    (true, true) => return Err("a 'testcase' has no 'name'".to_string()),
                    (true, false) => name,
                    (false, true) => class,
                    (false, false) => format!("{class}.{name}"),
                };
                // A thousand seconds may be written with a comma.
                let seconds = attribute("time")?.replace(',', "").trim().parse().ok();
                // What it says of itself counts where no element says more.
                let (result, status) = (attribute("result")?, attribute("status")?);
                let own = [result, status];
                let own = own.iter().find_map(|word| meaning(self.words, word, word));
                let outcome = own.unwrap_or(CaseOutcome::Passed);
                let duration = seconds.and_then(duration);
                self.case = Some(ReportedCase { name, outcome, duration, output: String::new() });
                Element::Case
            }
            kind @ ("failure" | "error" | "skipped" | "system-out" | "system-err")
                if in_case && !self.in_text =>
            {
                let (message, of_type) = (attribute("message")?, attribute("type")?);
                let Some(case) = &mut self.case else { return Ok(()) };
                self.in_text = true;
                self.message = message.clone();
                match kind {
                    "failure" | "error" => case.outcome = CaseOutcome::Failed,
                    "skipped" if case.outcome != CaseOutcome::Failed => {
                        let skipped = CaseOutcome::Skipped(reason(&message));
                        let known = meaning(self.words, &of_type, &message);
                        case.outcome = known.unwrap_or(skipped);
                        // Its message is the reason and is told as such.
                        self.message.clear();
                    }
                    _ => self.message.clear(),
                }
                Element::Text
            }
            _ => Element::Other,
        };
        self.open.push(element);
        Ok(())
    }

    fn end(&mut self) -> Result<(), String> {
        match self.open.pop() {
            Some(Element::Text) => {
                self.in_text = false;
                let text = std::mem::take(&mut self.text);
                let text = text.trim_matches(['\n', '\r']).trim_end();
                let message = std::mem::take(&mut self.message);
                if let Some(case) = &mut self.case {
                    // Most writers repeat the message in the text.
                    let parts = [message.trim(), text];
                    let told = if text.contains(parts[0]) { &parts[1..] } else { &parts[..] };
                    for part in told.iter().filter(|part| !part.is_empty()) {
                        push_line(&mut case.output, part);
                    }
                }
            }
            Some(Element::Case) => {
                let Some(case) = self.case.take() else { return Ok(()) };
                if case.outcome == CaseOutcome::Failed {
                    self.suites.last_mut().into_iter().for_each(|suite| suite.has_bad = true);
                }
                self.done.add(case);
            }
            Some(Element::Suite) => {
                let Some(suite) = self.suites.pop() else { return Ok(()) };
                if let Some(around) = self.suites.last_mut() {
                    around.has_bad |= suite.has_bad;
                }
                if suite.counted > 0 && !suite.has_bad {
                    let name = if suite.name.is_empty() { "the report" } else { &suite.name };
                    self.complaint.get_or_insert(format!(
                        "{name} counts {} failures and errors, but none of its cases has one",
                        suite.counted
                    ));
                }
            }
            Some(Element::Other) | None => {}
        }
        Ok(())
    }

    fn finish(self) -> Result<Reported, String> {
        if !self.open.is_empty() {
            return Err("it ends in the middle".to_string());
        }
        if self.seen == 0 {
            return Err("there is no 'testsuites' or 'testsuite' in it".to_string());
        }
        Ok(Reported { cases: self.done.cases, complaint: self.complaint, ..Reported::default() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::time::Duration;

    fn words() -> Words {
        Words {
            skipped: vec!["notrun".into()],
            expected_failure: vec!["xfail".into()],
            ..Words::default()
        }
    }

    /// One line per case: name, outcome and output.
    fn cases(text: &str) -> Vec<String> {
        let show =
            |case: &ReportedCase| format!("{} {:?} {:?}", case.name, case.outcome, case.output);
        read(&words(), text).unwrap().cases.iter().map(show).collect()
    }

    fn error(text: &str) -> String {
        read(&words(), text).unwrap_err()
    }

    #[test]
    fn outcomes_are_elements_or_words() {
        let text = r#"<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE x><testsuites tests="6"><testsuite name="s">
  <properties><property name="failure"><failure/></property></properties>
  <testcase classname="S" name="a" time="1,000.5"/>
  <testcase classname="S" name="b"><failure message="x &lt; y">why
  </failure><system-out><![CDATA[<out>]]></system-out></testcase>
  <testcase name="c"><error message="boom"/></testcase>
  <testcase classname="S" name="d"><skipped message="no net&#10; here"/></testcase>
  <testcase classname="S" name="e" status="notrun" result="suppressed"/>
  <testcase classname="S" name="f"><skipped type="xfail" message="later"/></testcase>
</testsuite></testsuites>"#;
        assert_eq!(
            cases(text),
            [
                r#"S.a Passed """#,
                r#"S.b Failed "x < y\nwhy\n<out>\n""#,
                r#"c Failed "boom\n""#,
                r#"S.d Skipped("no net: here") """#,
                r#"S.e Skipped("notrun") """#,
                r#"S.f ExpectedFailure("later") """#,
            ]
        );
        let first = read(&words(), text).unwrap().cases[0].duration;
        assert_eq!(first, Some(Duration::from_millis(1_000_500)));
    }

    #[test]
    fn entities_are_resolved_and_unknown_ones_told() {
        let text = |inner: &str| {
            format!(
                "<testsuite>\n<testcase name='a'><failure>{inner}</failure></testcase></testsuite>"
            )
        };
        assert_eq!(cases(&text("&amp;&#65;&#x42;&quot;")), [r#"a Failed "&AB\"\n""#]);
        let told = "the report cannot be read: line 2: nothing is known of the entity '&x;'";
        assert_eq!(error(&text("&x;")), told);
        assert!(error(&text("&#x110000;")).starts_with("the report cannot be read: line 2: "));
    }

    #[test]
    fn a_message_that_the_text_repeats_is_told_once() {
        let text = "<testsuite><testcase name='a'><failure message='boom'>\nboom at 3\n</failure>\
                    </testcase></testsuite>";
        assert_eq!(cases(text), [r#"a Failed "boom at 3\n""#]);
    }

    #[test]
    fn what_is_no_report_is_told() {
        assert_eq!(error(""), "no report was written");
        assert_eq!(
            error("<a/>"),
            "the report cannot be read: line 1: there is no 'testsuites' or 'testsuite' in it"
        );
        assert_eq!(
            error("<testsuite>\n"),
            "the report cannot be read: line 2: it ends in the middle"
        );
        for bad in ["<testsuite></x>", "<testsuite", "<testsuite><testcase/></testsuite>", "x"] {
            assert!(error(bad).starts_with("the report cannot be read: line 1: "), "{bad}");
        }
    }

    #[test]
    fn failures_that_no_case_has_are_told() {
        let text = "<testsuite name='s' errors='1'><testcase name='a'/></testsuite>";
        let complaint = read(&words(), text).unwrap().complaint;
        let told = "s counts 1 failures and errors, but none of its cases has one";
        assert_eq!(complaint.as_deref(), Some(told));
    }

    #[test]
    fn depth_and_size_do_no_harm() {
        let deep = format!("{}{}", "<testsuite>".repeat(20_000), "</testsuite>".repeat(20_000));
        assert_eq!(cases(&deep).len(), 0);
        let many: String =
            (0..50_000).map(|at| format!("<testcase classname='C' name='{at}'/>")).collect();
        assert_eq!(cases(&format!("<testsuite>{many}</testsuite>")).len(), 50_000);
    }

    /// Failures are told, not written into the workspace.
    fn quiet() -> ProptestConfig {
        ProptestConfig { failure_persistence: None, ..ProptestConfig::default() }
    }

    proptest! {
        #![proptest_config(quiet())]
        #[test]
        fn no_text_panics(
            text in "(</?(testsuite|testcase|failure|skipped|x)|( (name|time|status)='.{0,3}')|/?>|<!\\[CDATA\\[|\\]\\]>|&#?x?[a-z0-9]{0,3};?|.{0,3})*",
        ) {
            let _ = read(&words(), &text);
        }
    }
}
