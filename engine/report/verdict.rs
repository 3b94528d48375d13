//! How a test is told: one line for the target, and below it the cases that need more words.

use super::output::{indented, neutral, of_text, shown};
use super::style::{Style, TestOutput, Tone, count, list, show_limit, signal_meaning};
use crate::base::{Label, plain_line, show_duration};
use crate::event::{Case, NotRun, Origin, Verdict};
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

/// How a test target ended.
#[derive(Debug)]
pub(super) enum TestEnd {
    /// All its cases have a verdict.
    Finished { cases: Vec<Case>, duration: Duration, log: Option<PathBuf>, warnings: Vec<String> },
    /// It could not be run, because of this target.
    NotRun { because: NotRun },
}

/// What is said of a case whose process left others behind.
const LEAKY: &str = "leaky: left processes behind";

/// The line of a test and what follows it. Only the time at the end of the line differs from one
/// run to the next.
pub(super) fn told(style: &Style, label: &Label, end: &TestEnd) -> String {
    match end {
        TestEnd::NotRun { because } => {
            let word = style.paint(Tone::Odd, "NOT RUN");
            let label = style.paint(Tone::Strong, &label.to_string());
            format!("{word} {label} ({})\n", not_run(because))
        }
        TestEnd::Finished { cases, duration, log, warnings } => {
            let mut res = line(style, label, cases, *duration);
            for case in cases {
                push_case(&mut res, style, case, cases.len() > 1, log);
            }
            for warning in warnings {
                let warning = neutral(warning, false).replace('\n', "\n    ");
                res.push_str(&format!("  {}: {warning}\n", style.paint(Tone::Odd, "warning")));
            }
            let failed = cases.iter().any(|case| !case.verdict.is_good());
            if let Some(log) = log.as_ref().filter(|_| failed) {
                let log = format!("  log: {}", shown(log));
                res.push_str(&style.paint(Tone::Quiet, &log));
                res.push('\n');
            }
            res
        }
    }
}

/// Why a test has no verdict.
pub(super) fn not_run(because: &NotRun) -> String {
    match because {
        NotRun::NotBuilt(label) => format!("{label} was not built"),
        NotRun::Cut(why) => neutral(why, false),
    }
}

/// `PASS  //p:t  8 cases, 1 skipped  0.03s`.
fn line(style: &Style, label: &Label, cases: &[Case], duration: Duration) -> String {
    let (word, tone) = word(cases);
    // The common words have four letters; the others may stand out.
    let word = style.paint(tone, &format!("{word:<5}"));
    let label = style.paint(Tone::Strong, &label.to_string());
    let cached = cases.iter().filter(|case| case.origin == Origin::Cached).count();
    let all_cached = cached > 0 && cached == cases.len();
    let partly = (cached > 0 && !all_cached).then(|| format!(" ({cached} cached)"));
    let time = if all_cached { from(style, cases) } else { show_duration(duration) };
    let time = style.paint(Tone::Quiet, &time);
    let counts = match cases {
        [only] if only.name.is_empty() => match &only.verdict {
            Verdict::Passed if !is_marked(only) => String::new(),
            Verdict::Failed(how) if !is_marked(only) => match how.as_str() {
                "" => String::new(),
                // The word before the label says that it failed.
                how => format!("  {how}"),
            },
            _ => format!("  {}", described(only)),
        },
        _ => format!("  {}{}", counts(cases), partly.unwrap_or_default()),
    };
    format!("{word} {label}{counts}  {time}\n")
}

/// Where remembered results are from; whoever asks for more is told the run.
fn from(style: &Style, cases: &[Case]) -> String {
    let mut runs: Vec<i64> = cases.iter().filter_map(|it| it.known).map(|it| it.run).collect();
    runs.sort_unstable();
    runs.dedup();
    let last = cases.iter().filter_map(|case| case.known).map(|known| known.time).max();
    match (runs.as_slice(), last) {
        ([], _) | (_, None) => "(cached)".to_string(),
        _ if !style.verbose => "(cached)".to_string(),
        (runs, Some(last)) => {
            let runs: Vec<String> = runs.iter().map(i64::to_string).collect();
            let word = if runs.len() == 1 { "run" } else { "runs" };
            let now =
                style.now.unwrap_or_else(SystemTime::now).duration_since(SystemTime::UNIX_EPOCH);
            let age = now.unwrap_or_default().saturating_sub(Duration::from_secs(last));
            format!("(cached) from {word} {}, {} ago", runs.join(", "), show_duration(age))
        }
    }
}

/// The word for all cases together: of several kinds of failure the one that says most.
fn word(cases: &[Case]) -> (&'static str, Tone) {
    let any = |fits: fn(&Verdict) -> bool| cases.iter().any(|case| fits(&case.verdict));
    if cases.is_empty() {
        ("NONE", Tone::Odd)
    } else if any(|it| matches!(it, Verdict::Failed(_) | Verdict::Crashed(_))) {
        ("FAIL", Tone::Bad)
    } else if any(|it| matches!(it, Verdict::TimedOut(_))) {
        ("TIMEOUT", Tone::Bad)
    } else if any(|it| matches!(it, Verdict::NotRun(_))) {
        ("NOT RUN", Tone::Odd)
    } else if cases.iter().all(|it| matches!(it.verdict, Verdict::Skipped(_))) {
        ("SKIP", Tone::Odd)
    } else if cases.iter().any(|case| case.flaky > 0) {
        ("FLAKY", Tone::Odd)
    } else if cases.iter().any(|case| case.leaky) {
        ("LEAK", Tone::Odd)
    } else {
        ("PASS", Tone::Good)
    }
}

fn counts(cases: &[Case]) -> String {
    let number = |fits: fn(&Verdict) -> bool| cases.iter().filter(|c| fits(&c.verdict)).count();
    let skipped = number(|it| matches!(it, Verdict::Skipped(_)));
    let expected = number(|it| matches!(it, Verdict::ExpectedFailure(_)));
    let unexpected = number(|it| matches!(it, Verdict::UnexpectedPass(_)));
    let not_run = number(|it| matches!(it, Verdict::NotRun(_)));
    let leaky = cases.iter().filter(|case| case.leaky).count();
    let failed = number(|it| !it.is_good()) - not_run;
    let flaky = cases.iter().filter(|case| case.flaky > 0).count();
    let all = match failed {
        0 => count(cases.len(), "case"),
        _ => format!("{failed} of {} failed", count(cases.len(), "case")),
    };
    list([
        Some(all),
        (skipped > 0).then(|| format!("{skipped} skipped")),
        (expected > 0).then(|| count(expected, "expected failure")),
        (unexpected > 0).then(|| count(unexpected, "unexpected pass")),
        (not_run > 0).then(|| format!("{not_run} not run")),
        (flaky > 0).then(|| format!("{flaky} flaky")),
        (leaky > 0).then(|| format!("{leaky} leaky")),
    ])
}

fn push_case(
    res: &mut String,
    style: &Style,
    case: &Case,
    one_of_many: bool,
    log: &Option<PathBuf>,
) {
    let good = case.verdict.is_good();
    let is_told = !good || case.flaky > 0 || case.verdict.is_odd();
    if !is_told && style.test_output != TestOutput::All {
        return;
    }
    if !case.name.is_empty() || one_of_many {
        let tone = if good { Tone::Good } else { Tone::Bad };
        let tone = if is_marked(case) && good { Tone::Odd } else { tone };
        let verdict = style.paint(tone, &described(case));
        let name = if case.name.is_empty() { "the program" } else { &case.name };
        res.push_str(&format!("  {}: {verdict}\n", plain_line(name)));
    }
    // What was streamed has long been pushed away by other tests, and some is told in reports only.
    let told = !good && matches!(style.test_output, TestOutput::Errors | TestOutput::Streamed);
    if style.test_output == TestOutput::All || told {
        res.push_str(&indented(&of_text(&case.output, log.as_deref(), style.color), 4));
    }
}

/// True if there is more to say of a case than that it is good.
fn is_marked(case: &Case) -> bool {
    let failed = case.flaky > 0 || case.runs.is_some_and(|runs| runs.bad > 0);
    failed || case.leaky || case.verdict.is_odd()
}

/// The verdict with the marks of the case.
pub(super) fn described(case: &Case) -> String {
    let mut res = describe(&case.verdict);
    if let Some(runs) = case.runs.filter(|runs| runs.bad > 0) {
        res.push_str(&format!(" in {} of {} rounds", runs.bad, runs.all));
    }
    if case.flaky > 0 {
        res.push_str(&format!(" after {}", count(case.flaky as usize, "failed attempt")));
    }
    if case.leaky {
        res.push_str(&format!(", {LEAKY}"));
    }
    res
}

/// `crashed: SIGSEGV`, `timed out after 2s`.
fn describe(verdict: &Verdict) -> String {
    let because = |word: &str, why: &str| match why.is_empty() {
        true => word.to_string(),
        false => format!("{word}: {}", neutral(why, false)),
    };
    match verdict {
        Verdict::Passed => "passed".to_string(),
        Verdict::Failed(how) => because("failed", how),
        Verdict::Skipped(why) => because("skipped", why),
        Verdict::ExpectedFailure(why) => because("expected failure", why),
        Verdict::UnexpectedPass(why) => because("unexpected pass", why),
        Verdict::TimedOut(limit) => format!("timed out after {}", show_limit(*limit)),
        Verdict::Crashed(how) => because("crashed", how),
        Verdict::NotRun(why) => because("not run", why),
    }
}

/// The case in the list of failures: `CRASHED //p:t#case (abort, SIGABRT)`; nothing if it is good.
pub(super) fn listed(style: &Style, label: &Label, case: &Case) -> Option<String> {
    let (word, tone, how) = match &case.verdict {
        Verdict::Passed
        | Verdict::Skipped(_)
        | Verdict::ExpectedFailure(_)
        | Verdict::UnexpectedPass(_) => return None,
        Verdict::Failed(how) if how.is_empty() => ("FAILED", Tone::Bad, String::new()),
        Verdict::Failed(how) => ("FAILED", Tone::Bad, format!(" ({how})")),
        Verdict::TimedOut(limit) => {
            ("TIMEOUT", Tone::Bad, format!(" (after {})", show_limit(*limit)))
        }
        Verdict::Crashed(how) => {
            let meaning = signal_meaning(how).map(|it| format!("{it}, ")).unwrap_or_default();
            ("CRASHED", Tone::Bad, format!(" ({meaning}{})", neutral(how, false)))
        }
        Verdict::NotRun(why) => ("NOT RUN", Tone::Odd, format!(" ({})", neutral(why, false))),
    };
    let word = style.paint(tone, &format!("{word:<7}"));
    Some(format!("{word} {}{how}", plain_line(&selector(label, case))))
}

/// What selects the case on a command line: `//p:t#case`.
pub(super) fn selector(label: &Label, case: &Case) -> String {
    match case.name.is_empty() {
        true => label.to_string(),
        false => format!("{label}#{}", case.name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::PackageName;

    fn case(name: &str, verdict: Verdict, origin: Origin) -> Case {
        let output = format!("{name} says\n");
        Case { name: name.to_string(), verdict, origin, output, ..Case::default() }
    }

    fn shown(test_output: TestOutput, cases: Vec<Case>) -> String {
        let style = Style { test_output, ..Style::default() };
        let (duration, warnings) = (Duration::from_millis(30), Vec::new());
        let end = TestEnd::Finished { cases, duration, log: None, warnings };
        told(&style, &PackageName::main("p").label("t"), &end)
    }

    #[test]
    fn a_good_test_is_one_line() {
        let pass = |name, origin| case(name, Verdict::Passed, origin);
        let show = |cases| shown(TestOutput::Errors, cases);
        assert_eq!(show(vec![pass("", Origin::Ran)]), "PASS  //p:t  0.03s\n");
        assert_eq!(show(vec![pass("a", Origin::Cached)]), "PASS  //p:t  1 case  (cached)\n");
        let two = vec![pass("a", Origin::Cached), pass("b", Origin::Ran)];
        assert_eq!(show(two), "PASS  //p:t  2 cases (1 cached)  0.03s\n");
        let skipped = case("", Verdict::Skipped("no net".into()), Origin::Ran);
        assert_eq!(show(vec![skipped]), "SKIP  //p:t  skipped: no net  0.03s\n");
        assert_eq!(show(vec![]), "NONE  //p:t  0 cases  0.03s\n");
    }

    #[test]
    fn a_bad_test_tells_each_bad_case_and_what_it_printed() {
        let cases = vec![
            case("a", Verdict::failed(), Origin::Ran),
            case("b", Verdict::Crashed("SIGSEGV".into()), Origin::Ran),
            case("c", Verdict::TimedOut(Duration::from_secs(2)), Origin::Ran),
            case("d", Verdict::Passed, Origin::Ran),
            case("e", Verdict::NotRun("deadline".into()), Origin::Ran),
        ];
        assert_eq!(
            shown(TestOutput::Errors, cases.clone()),
            "FAIL  //p:t  3 of 5 cases failed, 1 not run  0.03s\n  \
             a: failed\n    a says\n  b: crashed: SIGSEGV\n    b says\n  \
             c: timed out after 2s\n    c says\n  e: not run: deadline\n    e says\n"
        );
        let all = shown(TestOutput::All, cases.clone());
        assert!(all.contains("\n  d: passed\n    d says\n"));
        assert!(!shown(TestOutput::Summary, cases).contains("says"));
    }

    #[test]
    fn a_leak_is_told_though_the_test_passed() {
        let leaky = |name, verdict| Case { leaky: true, ..case(name, verdict, Origin::Ran) };
        let show = |cases| shown(TestOutput::Errors, cases);
        assert_eq!(
            show(vec![leaky("", Verdict::Passed)]),
            "LEAK  //p:t  passed, leaky: left processes behind  0.03s\n"
        );
        let two = vec![leaky("a", Verdict::Passed), case("b", Verdict::Passed, Origin::Cached)];
        assert_eq!(show(two), "LEAK  //p:t  2 cases, 1 leaky (1 cached)  0.03s\n");
        let failed = vec![leaky("a", Verdict::failed()), case("b", Verdict::Passed, Origin::Ran)];
        assert_eq!(
            show(failed),
            "FAIL  //p:t  1 of 2 cases failed, 1 leaky  0.03s\n  \
             a: failed, leaky: left processes behind\n    a says\n"
        );
    }

    #[test]
    fn a_program_without_cases_needs_no_names() {
        let crashed = case("", Verdict::Crashed("SIGABRT".into()), Origin::Ran);
        let label = PackageName::main("p").label("t");
        let line = listed(&Style::default(), &label, &crashed);
        assert_eq!(line.as_deref(), Some("CRASHED //p:t (abort, SIGABRT)"));
        assert_eq!(
            shown(TestOutput::Errors, vec![crashed]),
            "FAIL  //p:t  crashed: SIGABRT  0.03s\n     says\n"
        );
    }
}
