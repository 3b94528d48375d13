//! Reads the Test Anything Protocol, versions 13 and 14.

use super::lines::lines_of;
use super::pattern::duration;
use super::results::{CaseOutcome, Reported, ReportedCase, push_line};
use super::tap_line::{Point, read_plan};
use std::collections::{HashMap, HashSet};

/// Reads a whole text. Subtests, which are indented, are part of the case that they lead up to.
pub(super) fn read(text: &str) -> Reported {
    let mut tap = Tap::default();
    for line in lines_of(text) {
        tap.take(line);
        if tap.bailed_out {
            break;
        }
    }
    tap.finish()
}

#[derive(Default)]
struct Tap {
    cases: Vec<ReportedCase>,
    /// Names that are taken, and how often each was wanted.
    names: HashMap<String, usize>,
    numbers: HashSet<u64>,
    plan: Option<u64>,
    /// How many cases stood before the plan.
    before_plan: usize,
    /// True if every line must be part of the protocol.
    strict: bool,
    /// Why the plan says that there is nothing to do.
    plan_skips: Option<String>,
    complaint: Option<String>,
    bailed_out: bool,
    /// The indentation of a YAML block that is open.
    yaml: Option<String>,
    /// What was printed for the case whose line has not come yet.
    ahead: String,
    /// True while indented lines belong to the case to come.
    in_subtest: bool,
}

impl Tap {
    fn take(&mut self, line: &str) {
        let bare = line.trim_start_matches([' ', '\t']);
        let indent = &line[..line.len() - bare.len()];
        if let Some(open) = &self.yaml {
            let ends = bare.trim_end() == "..." && indent == open;
            // An unindented line cannot be part of the block: the writer forgot to close it.
            if ends || indent.is_empty() && !bare.is_empty() {
                self.yaml = None;
            }
            if ends || self.yaml.is_some() {
                self.take_time(bare);
                return self.attach(line);
            }
        }
        if !indent.is_empty() {
            return self.take_indented(line, indent, bare);
        }
        if let Some(point) = Point::read(line) {
            return self.add(point);
        }
        if let Some((count, skips)) = read_plan(line) {
            if self.plan.is_some() {
                self.complain("the plan is given twice".to_string());
            }
            self.plan = Some(count);
            self.plan_skips = skips;
            self.before_plan = self.cases.len();
        } else if let Some(why) = line.strip_prefix("Bail out!") {
            self.bailed_out = true;
            let why = why.trim();
            let colon = if why.is_empty() { "" } else { ": " };
            self.complain(format!("the program bailed out{colon}{why}"));
        } else if let Some(version) = line.strip_prefix("TAP version ") {
            if !matches!(version.trim(), "12" | "13" | "14") {
                self.complain(format!(
                    "TAP version {} is not known; 13 and 14 are",
                    version.trim()
                ));
            }
        } else if is_subtest_comment(line) {
            self.in_subtest = true;
            self.print_ahead(line);
        } else if line.starts_with('#') {
            self.attach(line);
        } else if let Some(pragma) = line.strip_prefix("pragma ") {
            match pragma.trim() {
                "+strict" => self.strict = true,
                "-strict" => self.strict = false,
                // Whoever does not know a pragma passes it over.
                _ => {}
            }
        } else if !line.is_empty() {
            if self.strict {
                self.complain(format!("'{line}' is no line of TAP, and 'pragma +strict' holds"));
            }
            self.print_ahead(line);
        }
    }

    /// Takes `duration_ms: 12.5` of a YAML block.
    fn take_time(&mut self, bare: &str) {
        let ms = bare.strip_prefix("duration_ms:").and_then(|ms| ms.trim().parse::<f64>().ok());
        if let (Some(case), Some(ms)) = (self.cases.last_mut(), ms) {
            case.duration = duration(ms / 1000.0);
        }
    }

    fn take_indented(&mut self, line: &str, indent: &str, bare: &str) {
        if bare.trim_end() == "---" && !self.in_subtest && !self.cases.is_empty() {
            self.yaml = Some(indent.to_string());
            return self.attach(line);
        }
        let starts =
            is_subtest_comment(bare) || Point::read(bare).is_some() || read_plan(bare).is_some();
        self.in_subtest |= starts;
        if self.in_subtest { self.print_ahead(line) } else { self.attach(line) }
    }

    /// Adds a line to the output of the case before it.
    fn attach(&mut self, line: &str) {
        match self.cases.last_mut() {
            Some(case) => push_line(&mut case.output, line),
            None => push_line(&mut self.ahead, line),
        }
    }

    fn print_ahead(&mut self, line: &str) {
        push_line(&mut self.ahead, line);
    }

    fn add(&mut self, point: Point) {
        self.in_subtest = false;
        let number = point.number.unwrap_or(self.cases.len() as u64 + 1);
        if !self.numbers.insert(number) {
            self.complain(format!("the case number {number} came twice"));
        }
        let wanted = match point.name.is_empty() {
            true => number.to_string(),
            false => point.name,
        };
        let mut name = wanted.clone();
        while self.names.contains_key(&name) {
            let times = self.names.entry(wanted.clone()).or_insert(1);
            *times += 1;
            name = format!("{wanted} ({times})");
        }
        self.names.insert(name.clone(), 1);
        let output = std::mem::take(&mut self.ahead);
        let Point { outcome, duration, .. } = point;
        self.cases.push(ReportedCase { name, outcome, duration, output });
    }

    /// Keeps the first complaint: the others often follow from it.
    fn complain(&mut self, complaint: String) {
        self.complaint.get_or_insert(complaint);
    }

    fn finish(mut self) -> Reported {
        let found = self.cases.len() as u64;
        match self.plan {
            Some(0) if found == 0 => {
                let outcome = CaseOutcome::Skipped(self.plan_skips.take().unwrap_or_default());
                let output = std::mem::take(&mut self.ahead);
                let (name, duration) = (String::new(), None);
                self.cases.push(ReportedCase { name, outcome, duration, output });
            }
            Some(planned) if planned != found => {
                self.complain(format!("{planned} cases were planned, {found} were reported"));
            }
            Some(planned) => {
                if self.before_plan > 0 && self.before_plan as u64 != found {
                    self.complain("the plan stands among the cases".to_string());
                }
                if let Some(odd) =
                    self.numbers.iter().filter(|it| !(1..=planned).contains(it)).min()
                {
                    self.complain(format!(
                        "the case number {odd} is not in the plan '1..{planned}'"
                    ));
                }
            }
            None => self.complain(format!("there is no plan such as '1..{}'", found.max(1))),
        }
        Reported { cases: self.cases, complaint: self.complaint, ..Reported::default() }
    }
}

fn is_subtest_comment(line: &str) -> bool {
    line.strip_prefix('#').is_some_and(|rest| rest.trim_start().starts_with("Subtest"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// One line per case: name, outcome and output.
    fn cases(text: &str) -> Vec<String> {
        let show = |case: &ReportedCase| {
            let outcome = match &case.outcome {
                CaseOutcome::Passed => "passed".to_string(),
                CaseOutcome::Failed => "failed".to_string(),
                CaseOutcome::Skipped(why) => format!("skipped({why})"),
                CaseOutcome::ExpectedFailure(why) => format!("expected({why})"),
                CaseOutcome::UnexpectedPass(why) => format!("unexpected({why})"),
            };
            format!("{} {outcome} {:?}", case.name, case.output)
        };
        read(text).cases.iter().map(show).collect()
    }

    fn complaint(text: &str) -> String {
        read(text).complaint.unwrap_or_default()
    }

    #[test]
    fn points_have_numbers_names_and_directives() {
        let text = "TAP version 14\n1..7\nok 1 - adds\r\nnot ok 2 - divides\nok\n\
                    ok 4 # SKIP no net\nnot ok 5 - later # TODO: not written\n\
                    ok 6 - issue \\# 3 \\\\ # odd\nok 7 adds\n";
        assert_eq!(
            cases(text),
            [
                "adds passed \"\"",
                "divides failed \"\"",
                "3 passed \"\"",
                "4 skipped(no net) \"\"",
                "later expected(not written) \"\"",
                "issue # 3 \\ # odd passed \"\"",
                "adds (2) passed \"\"",
            ]
        );
        assert_eq!(complaint(text), "");
    }

    #[test]
    fn diagnostics_belong_to_the_case_before_and_plain_text_to_the_one_after() {
        let text =
            "before\nok 1 - a\n# got 2\n  ---\n  x: ok 7\n\n  ...\nhello\nnot ok 2 - b\n1..2\n";
        assert_eq!(
            cases(text),
            [
                "a passed \"before\\n# got 2\\n  ---\\n  x: ok 7\\n\\n  ...\\n\"",
                "b failed \"hello\\n\"",
            ]
        );
    }

    #[test]
    fn a_subtest_is_part_of_its_parent() {
        let text = "1..1\n# Subtest: p\n    ok 1 - inner\n      ---\n      k: v\n      ...\n    \
                    1..1\nok 1 - p\n";
        assert_eq!(cases(text).len(), 1);
        assert!(cases(text)[0].contains("inner"));
        assert_eq!(complaint(text), "");
    }

    #[test]
    fn a_plan_that_does_not_fit_is_told() {
        assert_eq!(complaint("1..3\nok 1\n"), "3 cases were planned, 1 were reported");
        assert_eq!(complaint("ok 1\n"), "there is no plan such as '1..1'");
        assert_eq!(complaint("1..2\nok 1\nok 1\n"), "the case number 1 came twice");
        assert_eq!(complaint("1..2\nok\nBail out! disk\nok\n"), "the program bailed out: disk");
        assert_eq!(complaint("ok\n1..2\nok\n"), "the plan stands among the cases");
        assert_eq!(complaint("1..1\nok 7\n"), "the case number 7 is not in the plan '1..1'");
        assert_eq!(
            complaint("TAP version 15\n1..1\nok\n"),
            "TAP version 15 is not known; 13 and 14 are"
        );
        assert_eq!(
            complaint("pragma +strict\nhi\npragma -strict\nho\n1..1\nok\n"),
            "'hi' is no line of TAP, and 'pragma +strict' holds"
        );
    }

    #[test]
    fn what_is_to_be_done_may_pass() {
        assert_eq!(cases("1..1\nok 1 - a # TODO fix b\n"), ["a unexpected(fix b) \"\""]);
    }

    #[test]
    fn times_are_read_and_are_no_part_of_a_name() {
        let text = "ok 1 - a # time=12.5ms\nok 2 - b\n  ---\n  duration_ms: 3\n  ...\n1..2\n";
        let read: Vec<_> = read(text).cases.into_iter().map(|it| (it.name, it.duration)).collect();
        let of = |name: &str, us| (name.to_string(), Some(std::time::Duration::from_micros(us)));
        assert_eq!(read, [of("a", 12_500), of("b", 3_000)]);
    }

    #[test]
    fn a_program_may_skip_itself() {
        assert_eq!(cases("1..0 # SKIP no display\n"), [" skipped(no display) \"\""]);
        assert_eq!(complaint("1..0 # SKIP no display\n"), "");
    }

    #[test]
    fn words_that_only_start_like_a_point_are_text() {
        assert_eq!(
            cases("okay\nnot okay\nok 1abc\n1..1\n"),
            ["1abc passed \"okay\\nnot okay\\n\""]
        );
    }

    /// Failures are told, not written into the workspace.
    fn quiet() -> ProptestConfig {
        ProptestConfig { failure_persistence: None, ..ProptestConfig::default() }
    }

    proptest! {
        #![proptest_config(quiet())]
        #[test]
        fn no_text_panics(
            text in "( {0,4}((not )?ok|1\\.\\.|---|\\.{3}|#|Bail out!|TAP version )?.{0,9}\r?\n?)*",
        ) {
            let _ = read(&text);
        }
    }
}
