//! Results as objects of JSON, one a line. Where in an object its parts stand, and what the words of
//! its event mean, is told by the protocol.

use super::lines::lines_of;
use super::pattern::{LinePattern, any, duration};
use super::results::{CaseOutcome, Collected, Reported, ReportedCase, meaning, push_line};
use crate::load::{Json, Text, Words};
use serde_json::Value;
use std::collections::{BTreeMap, HashMap};

/// Reads a stream. A line that is no object with an event is text that somebody printed. The error
/// says which pattern cannot be used.
pub(super) fn read(fields: &Json, words: &Words, text: &str) -> Result<Reported, String> {
    let ignored = LinePattern::all(&fields.ignored, words)?;
    let mut stream = Stream {
        fields,
        words,
        ignored,
        done: Collected::default(),
        open: Vec::new(),
        early: HashMap::new(),
        suites: BTreeMap::new(),
        loose: String::new(),
        events: 0,
    };
    for line in lines_of(text) {
        let object = serde_json::from_str::<Value>(line).ok();
        match object.as_ref().and_then(|object| Some((object, of(object, &fields.event.text)?))) {
            Some((object, event)) => stream.take(object, event),
            None if line.trim().is_empty() => {}
            None => push_line(&mut stream.loose, line),
        }
    }
    Ok(stream.finish())
}

/// The text at a path of fields; nothing if there is none.
fn of<'a>(object: &'a Value, path: &str) -> Option<&'a str> {
    at(object, path)?.as_str()
}

fn at<'a>(object: &'a Value, path: &str) -> Option<&'a Value> {
    path.split('.').try_fold(object, |value, name| value.get(name))
}

struct Stream<'a> {
    fields: &'a Json,
    words: &'a Words,
    ignored: Vec<LinePattern>,
    done: Collected,
    /// Cases that have started, in that order, with what they printed.
    open: Vec<(String, String)>,
    /// What is printed for cases that have ended or never start, by name.
    early: HashMap<String, String>,
    suites: BTreeMap<String, Suite>,
    /// What no event speaks of.
    loose: String,
    events: usize,
}

#[derive(Default)]
struct Suite {
    output: String,
    has_cases: bool,
    has_failed: bool,
    ended: bool,
}

impl Stream<'_> {
    fn take(&mut self, object: &Value, event: &str) {
        self.events += 1;
        let field = |path: &Option<Text>| of(object, &path.as_ref()?.text);
        let suite = field(&self.fields.suite).unwrap_or_default();
        let case = of(object, &self.fields.case.text).filter(|case| !case.is_empty());
        let output = field(&self.fields.output).unwrap_or_default();
        let why = field(&self.fields.why).unwrap_or_default();
        let outcome = meaning(self.words, event, why);
        let Some(case) = case else { return self.take_suite(suite, output, outcome) };

        let known = self.suites.entry(suite.to_string()).or_default();
        known.has_cases = true;
        known.has_failed |= outcome == Some(CaseOutcome::Failed);
        let name = match suite {
            "" => case.to_string(),
            suite => format!("{suite}.{case}"),
        };
        if self.fields.started.iter().any(|word| word == event) {
            self.open.push((name.clone(), String::new()));
        }
        if !any(&self.ignored, output.strip_suffix('\n').unwrap_or(output)) {
            match self.open.iter_mut().rfind(|(other, _)| *other == name) {
                Some((_, printed)) => printed.push_str(output),
                None => match self.done.find(&name) {
                    Some(case) => case.output.push_str(output),
                    None => self.early.entry(name.clone()).or_default().push_str(output),
                },
            }
        }
        if let Some(outcome) = outcome {
            let mut output = self.early.remove(&name).unwrap_or_default();
            if let Some(at) = self.open.iter().rposition(|(other, _)| *other == name) {
                output.push_str(&self.open.remove(at).1);
            }
            let duration = self.duration(object);
            self.done.add(ReportedCase { name, outcome, duration, output });
        }
    }

    /// An event without a case is about its suite; one with an outcome ends it.
    fn take_suite(&mut self, name: &str, output: &str, outcome: Option<CaseOutcome>) {
        let suite = self.suites.entry(name.to_string()).or_default();
        if suite.ended && outcome.is_none() || output.is_empty() && outcome.is_none() {
            return;
        }
        suite.output.push_str(output);
        let Some(outcome) = outcome else { return };
        suite.ended = true;
        let belongs = |(case, _): &(String, String)| match name {
            "" => true,
            name => case.strip_prefix(name).is_some_and(|rest| rest.starts_with('.')),
        };
        // A case whose end got lost, as behind text that does not end its line, has passed if all
        // of them have.
        if outcome == CaseOutcome::Passed {
            let (lost, open) = std::mem::take(&mut self.open).into_iter().partition(belongs);
            self.open = open;
            let lost: Vec<(String, String)> = lost;
            for (name, output) in lost {
                let outcome = CaseOutcome::Passed;
                self.done.add(ReportedCase { name, outcome, duration: None, output });
            }
        }
        // That it failed is news only if none of its cases did, or can still be found guilty.
        let explained = suite.has_failed || self.open.iter().any(belongs);
        let is_news = match outcome {
            CaseOutcome::Failed => !explained,
            CaseOutcome::Skipped(_) => !suite.has_cases,
            _ => false,
        };
        if is_news {
            let mut output = std::mem::take(&mut self.loose);
            output.push_str(&suite.output);
            let name = name.to_string();
            self.done.add(ReportedCase { name, outcome, duration: None, output });
        }
    }

    fn duration(&self, object: &Value) -> Option<std::time::Duration> {
        let number = |path: &Option<Text>| match at(object, &path.as_ref()?.text)? {
            Value::Number(number) => number.as_f64(),
            Value::String(text) => text.parse().ok(),
            _ => None,
        };
        let ms = || Some(number(&self.fields.ms)? / 1000.0);
        number(&self.fields.seconds).or_else(ms).and_then(duration)
    }

    fn finish(self) -> Reported {
        let cut_off = |(_, suite): &(&String, &Suite)| suite.has_cases && !suite.ended;
        let cut_off = self.suites.iter().find(cut_off).filter(|_| self.fields.suite.is_some());
        let complaint = match cut_off {
            _ if self.events == 0 => Some(format!(
                "there is no result; each line was to be an object of JSON with the field '{}'",
                self.fields.event.text
            )),
            Some((name, _)) if name.is_empty() => {
                Some("the results end before their end is told".to_string())
            }
            Some((name, _)) => {
                Some(format!("the results of '{name}' end before their end is told"))
            }
            None => None,
        };
        Reported { cases: self.done.cases, open: self.open, complaint, ..Reported::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Place;
    use proptest::prelude::*;
    use std::time::Duration;

    fn text(text: &str) -> Text {
        Text { text: text.into(), place: Place::of_text("rules", text) }
    }

    fn fields() -> Json {
        Json {
            event: text("Action"),
            case: text("Test.Name"),
            suite: Some(text("Package")),
            output: Some(text("Output")),
            why: Some(text("Why")),
            seconds: Some(text("Elapsed")),
            ms: None,
            started: vec!["run".into()],
            ignored: vec![text("=== {text}")],
        }
    }

    fn read(text: &str) -> Reported {
        let words = Words {
            passed: vec!["pass".into()],
            failed: vec!["fail".into()],
            skipped: vec!["skip".into()],
            ..Words::default()
        };
        super::read(&fields(), &words, text).unwrap()
    }

    /// A line about a case.
    fn event(action: &str, case: &str, more: &str) -> String {
        format!(
            "{{\"Action\":\"{action}\",\"Package\":\"p\",\"Test\":{{\"Name\":\"{case}\"}}{more}}}\n"
        )
    }

    fn end(action: &str) -> String {
        format!("{{\"Action\":\"{action}\",\"Package\":\"p\",\"Elapsed\":1}}\n")
    }

    fn case(name: &str, outcome: CaseOutcome, ms: u64, output: &str) -> ReportedCase {
        let duration = (ms > 0).then(|| Duration::from_millis(ms));
        ReportedCase { name: name.into(), outcome, duration, output: output.into() }
    }

    #[test]
    fn cases_have_output_time_and_the_name_of_their_suite() {
        let stream = [
            event("run", "A", ""),
            event("output", "A", ",\"Output\":\"=== RUN   A\\n\""),
            event("run", "A/sub", ""),
            event("output", "A/sub", ",\"Output\":\"hi\\n\""),
            event("pause", "A", ""),
            event("skip", "A/sub", ",\"Elapsed\":\"0.25\",\"Why\":\"no net\""),
            event("output", "A", ",\"Output\":\"bad\\n\""),
            event("fail", "A", ",\"Elapsed\":1.5"),
            end("fail"),
        ];
        let reported = read(&stream.concat());
        assert_eq!(
            reported.cases,
            [
                case("p.A/sub", CaseOutcome::Skipped("no net".into()), 250, "hi\n"),
                case("p.A", CaseOutcome::Failed, 1500, "bad\n"),
            ]
        );
        assert_eq!((reported.open, reported.complaint), (vec![], None));
    }

    #[test]
    fn a_suite_that_fails_without_a_case_is_told_with_what_was_printed() {
        let stream = format!(
            "x.go:3: no such thing\n{}{}{}",
            event("pass", "A", ""),
            "{\"Action\":\"output\",\"Package\":\"p\",\"Output\":\"FAIL\\n\"}\n",
            end("fail")
        );
        let reported = read(&stream);
        assert_eq!(
            reported.cases[1],
            case("p", CaseOutcome::Failed, 0, "x.go:3: no such thing\nFAIL\n")
        );
    }

    #[test]
    fn a_stream_that_is_cut_off_names_who_was_running() {
        let stream = [
            event("run", "A", ""),
            event("output", "A", ",\"Output\":\"last\""),
            "{\"Action\":\"pa".to_string(),
        ];
        let reported = read(&stream.concat());
        assert_eq!(reported.open, [("p.A".to_string(), "last".to_string())]);
        let complaint = "the results of 'p' end before their end is told";
        assert_eq!(reported.complaint.as_deref(), Some(complaint));
    }

    #[test]
    fn a_case_whose_end_is_lost_has_passed_if_its_suite_has() {
        let lost = [event("run", "A", ""), event("run", "B", ""), event("pass", "B", "")].concat();
        let passed = read(&format!("{lost}{}", end("pass")));
        let cases = ["p.B", "p.A"].map(|name| case(name, CaseOutcome::Passed, 0, ""));
        assert_eq!((passed.cases.as_slice(), passed.open), (&cases[..], vec![]));
        let failed = read(&format!("{lost}{}", end("fail")));
        assert_eq!(failed.open, [("p.A".to_string(), String::new())]);
    }

    #[test]
    fn text_alone_is_no_result() {
        let complaint =
            "there is no result; each line was to be an object of JSON with the field 'Action'";
        for text in ["", "hello\n", "[1]\n{\"a\":1}\n", "{\"Action\":3}\n"] {
            assert_eq!(read(text).complaint.as_deref(), Some(complaint), "of {text}");
        }
    }

    #[test]
    fn a_deep_object_is_text() {
        let reported = read(&format!("{}\n{}", "{\"Action\":".repeat(100_000), end("pass")));
        assert_eq!((reported.cases.len(), reported.complaint), (0, None));
    }

    #[test]
    fn odd_times_are_none() {
        for time in ["-1", "1e400", "\"x\"", "null", "[]"] {
            let stream = event("pass", "A", &format!(",\"Elapsed\":{time}"));
            assert!(read(&stream).cases.iter().all(|case| case.duration.is_none()), "{time}");
        }
    }

    /// Failures are told, not written into the workspace.
    fn quiet() -> ProptestConfig {
        ProptestConfig { failure_persistence: None, ..ProptestConfig::default() }
    }

    proptest! {
        #![proptest_config(quiet())]
        #[test]
        fn no_stream_panics(
            lines in proptest::collection::vec(
                ("run|pass|fail|skip|output|odd", "A|B|A/b|", "p|q|", ".{0,5}", 0..200usize), 0..12,
            ),
        ) {
            let mut stream = String::new();
            for (action, case, suite, output, cut) in lines {
                let output = Value::from(output);
                let line = format!(
                    "{{\"Action\":\"{action}\",\"Package\":\"{suite}\",\
                     \"Test\":{{\"Name\":\"{case}\"}},\"Output\":{output}}}"
                );
                stream.extend(line.chars().take(cut));
                stream.push('\n');
            }
            let reported = read(&stream);
            let mut names: Vec<_> = reported.cases.iter().map(|case| &case.name).collect();
            names.sort();
            names.dedup();
            prop_assert_eq!(names.len(), reported.cases.len());
        }
    }
}
