//! Reads the Test Anything Protocol, versions 13 and 14.

use super::lines::lines_of;
use super::results::{CaseOutcome, Reported, ReportedCase};
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
        } else if !line.starts_with("pragma ") && !line.is_empty() {
            self.print_ahead(line);
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
        self.cases.push(ReportedCase { name, outcome: point.outcome, output });
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
                self.cases.push(ReportedCase { name: String::new(), outcome, output });
            }
            Some(planned) if planned != found => {
                self.complain(format!("{planned} cases were planned, {found} were reported"));
            }
            Some(_) => {}
            None => self.complain(format!("there is no plan such as '1..{}'", found.max(1))),
        }
        Reported { cases: self.cases, started: None, rest: self.ahead, complaint: self.complaint }
    }
}

/// A line that gives a result: `not ok 3 - name # TODO why`.
struct Point {
    number: Option<u64>,
    /// The description, unescaped; may be empty.
    name: String,
    outcome: CaseOutcome,
}

impl Point {
    fn read(line: &str) -> Option<Point> {
        let (passed, rest) = match line.strip_prefix("not ok") {
            Some(rest) => (false, rest),
            None => (true, line.strip_prefix("ok")?),
        };
        if !rest.is_empty() && !rest.starts_with([' ', '\t']) {
            return None;
        }
        let rest = rest.trim_start_matches([' ', '\t']);
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (number, rest) = match rest[..digits].parse() {
            Ok(number) if rest[digits..].is_empty() || rest[digits..].starts_with([' ', '\t']) => {
                (Some(number), rest[digits..].trim_start_matches([' ', '\t']))
            }
            _ => (None, rest),
        };
        let rest = match rest.strip_prefix('-') {
            Some(named) if named.is_empty() || named.starts_with([' ', '\t']) => named,
            _ => rest,
        };
        let (name, directive) = split_directive(rest);
        let outcome = match directive {
            Some(Directive::Skip(why)) if passed => CaseOutcome::Skipped(why),
            // What is to be done may fail; if it passes, all the better.
            Some(Directive::Todo(why)) if !passed => {
                CaseOutcome::Skipped(format!("TODO {why}").trim_end().to_string())
            }
            _ if passed => CaseOutcome::Passed,
            _ => CaseOutcome::Failed,
        };
        Some(Point { number, name, outcome })
    }
}

enum Directive {
    Skip(String),
    Todo(String),
}

/// The description, unescaped, and the directive behind its first `#` that starts one.
fn split_directive(text: &str) -> (String, Option<Directive>) {
    let mut name = String::new();
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        if escaped {
            if !matches!(c, '#' | '\\') {
                name.push('\\');
            }
            name.push(c);
            escaped = false;
        } else if c == '\\' {
            escaped = true;
        } else if c == '#'
            && let Some(directive) = read_directive(&text[at + 1..])
        {
            return (name.trim().to_string(), Some(directive));
        } else {
            name.push(c);
        }
    }
    if escaped {
        name.push('\\');
    }
    (name.trim().to_string(), None)
}

fn read_directive(text: &str) -> Option<Directive> {
    let text = text.trim();
    let (word, why) = text.split_once([' ', '\t']).unwrap_or((text, ""));
    let word = word.trim_end_matches(':').to_ascii_uppercase();
    let why = why.trim().to_string();
    match word.as_str() {
        "SKIP" | "SKIPPED" => Some(Directive::Skip(why)),
        "TODO" => Some(Directive::Todo(why)),
        _ => None,
    }
}

/// `1..N`, perhaps with `# SKIP why`: the number of cases, and why there are none.
fn read_plan(line: &str) -> Option<(u64, Option<String>)> {
    let rest = line.strip_prefix("1..")?;
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let count = rest[..digits].parse().ok()?;
    let rest = rest[digits..].trim();
    if rest.is_empty() {
        return Some((count, None));
    }
    let remark = rest.strip_prefix('#')?.trim();
    match read_directive(remark) {
        Some(Directive::Skip(why)) => Some((count, Some(why))),
        _ => Some((count, Some(remark.to_string()))),
    }
}

fn is_subtest_comment(line: &str) -> bool {
    line.strip_prefix('#').is_some_and(|rest| rest.trim_start().starts_with("Subtest"))
}

fn push_line(output: &mut String, line: &str) {
    output.push_str(line);
    output.push('\n');
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
                "later skipped(TODO not written) \"\"",
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
