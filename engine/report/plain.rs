//! Folds events into the lines that stay on the screen or in a log.
//! Their order depends on names alone, so that every width of parallelism prints the same text.

use super::actions::Actions;
use super::failure;
use super::output::neutral;
use super::slowest::Slowest;
use super::style::{Style, Tone};
use super::summary::{Leftovers, summary};
use super::verdict::{self, TestEnd};
use crate::base::{Label, plain_line};
use crate::event::{About, ActionEnd, Event, NotRun, Origin, Outcome, Phase, Summary};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// What has been told and what waits for its turn.
///
/// Tests are told in the order of their labels, each as soon as all before it have been. Nobody
/// knows beforehand which actions will fail, so failures wait for the end, except for people who
/// look on: on a live terminal, and with `verbose`, they are told at once.
pub(super) struct Story {
    pub style: Style,
    /// Targets that were asked for.
    asked: BTreeSet<Label>,
    planned: bool,
    /// Tests that have not been told, in order.
    turns: VecDeque<Label>,
    /// Tests that have ended before their turn.
    arrived: BTreeMap<Label, TestEnd>,
    /// Warnings that were told, and those that wait for the end.
    warned: BTreeSet<String>,
    warnings: BTreeSet<String>,
    /// Actions that printed something, failed, or were not carried out.
    actions: Actions,
    /// What a dry run found, in the order of its names.
    would_run: BTreeSet<String>,
    left: Leftovers,
    slowest: Slowest,
    tested: bool,
    ended: bool,
}

impl Story {
    pub fn new(style: Style) -> Story {
        Story {
            slowest: Slowest::new(style.slowest),
            style,
            asked: BTreeSet::new(),
            planned: false,
            turns: VecDeque::new(),
            arrived: BTreeMap::new(),
            warned: BTreeSet::new(),
            warnings: BTreeSet::new(),
            actions: Actions::default(),
            would_run: BTreeSet::new(),
            left: Leftovers::default(),
            tested: false,
            ended: false,
        }
    }

    /// Takes an event; what can be said for certain after it is appended to `out`, in whole lines.
    pub fn take(&mut self, event: Event, out: &mut String) {
        match event {
            Event::Planned { labels, mut tests, .. } => {
                self.planned = true;
                self.asked.extend(labels);
                tests.sort();
                tests.dedup();
                self.turns = tests.into();
            }
            Event::Warning(text) => self.warn(text, out),
            Event::ActionStarted { about, .. } if self.style.verbose && about.test => {
                out.push_str(&failure::started(&about));
            }
            Event::ActionStarted { .. } | Event::StatusAsked => {}
            Event::Phase { phase, apart: true } if self.style.verbose => {
                out.push_str(match phase {
                    Phase::Build => "PHASE build\n",
                    Phase::Test => "PHASE test\n",
                    Phase::Discover | Phase::Analyze | Phase::Complete => "",
                });
            }
            Event::Phase { .. } | Event::Built { .. } => {}
            Event::WouldRun { about, why } => {
                let (title, why) = (failure::title(&about), neutral(&why.text, false));
                self.would_run.insert(format!("would run  {title}: {why}\n"));
            }
            Event::UpToDate { .. } | Event::CaseExplained { .. } => {}
            Event::ActionFinished { about, end, .. } => self.finished(about, end, out),
            Event::ActionSkipped { about, because } => self.skipped(about, because, out),
            Event::TestFinished { label, cases, duration, log, warnings } => {
                self.arrived.insert(label, TestEnd::Finished { cases, duration, log, warnings });
                self.take_turns(out);
            }
            Event::TestNotRun { label, because } => {
                self.arrived.insert(label, TestEnd::NotRun { because });
                self.take_turns(out);
            }
            Event::Delivered { path, .. } => {
                self.left.delivered.insert(plain_line(&path));
            }
            Event::Finished(counts) => self.end(Some(&counts), out),
        }
    }

    /// Tells what still waits for its turn. The stream may end without a summary, after a panic.
    pub fn end(&mut self, counts: Option<&Summary>, out: &mut String) {
        if std::mem::replace(&mut self.ended, true) {
            return;
        }
        for (label, end) in std::mem::take(&mut self.arrived) {
            self.tell_test(&label, end, out);
        }
        for text in &self.would_run {
            out.push_str(text);
        }
        for text in &self.warnings {
            push_warning(out, &self.style, text);
        }
        if !self.at_once() {
            let warned = !self.warned.is_empty() || !self.warnings.is_empty();
            // What was told before may have left `out` already.
            if (self.tested || warned) && !self.actions.is_empty() {
                out.push('\n');
            }
            out.push_str(&self.actions.all());
        }
        out.push_str(&self.slowest.told(&self.style));
        let Some(counts) = counts else { return };
        for (label, because) in self.actions.take_skipped() {
            let told =
                self.left.selectors.contains_key(&label) || self.left.broken.contains(&label);
            if self.asked.contains(&label) && !told {
                self.left.not_built.insert(label, because);
            }
        }
        self.left.actions = self.actions.listed(&self.style);
        let last = summary(&self.style, &self.left, counts);
        let doubled = out.ends_with("\n\n");
        out.push_str(if doubled { last.trim_start_matches('\n') } else { &last });
    }

    fn at_once(&self) -> bool {
        self.style.live || self.style.verbose
    }

    /// Warnings of the planning come in its order; those of the work come whenever they come.
    fn warn(&mut self, text: String, out: &mut String) {
        if self.warned.contains(&text) {
            return;
        }
        if self.planned && !self.at_once() && !self.ended {
            self.warnings.insert(text);
            return;
        }
        push_warning(out, &self.style, &text);
        self.warned.insert(text);
    }

    fn finished(&mut self, about: About, end: ActionEnd, out: &mut String) {
        let passed = end.outcome == Outcome::Passed;
        // What a test printed is told with its cases; what was stopped by the user is no failure.
        let failed = !passed && !about.test && end.outcome != Outcome::Stopped;
        let fresh = end.origin == Origin::Ran;
        if self.style.verbose && fresh && !failed {
            return out.push_str(&failure::ran(&self.style, &about, &end));
        }
        let talked = passed
            && fresh
            && !about.test
            && end.output.as_ref().is_some_and(|(_, size)| *size > 0);
        if !failed && !talked {
            return;
        }
        if failed {
            self.left.broken.insert(about.label.clone());
        }
        let text = self.actions.take(&self.style, about, &end, failed);
        if self.at_once() {
            out.push_str(&text);
        }
    }

    fn skipped(&mut self, about: About, because: Label, out: &mut String) {
        if self.style.verbose {
            let word = self.style.paint(Tone::Odd, "SKIPPED");
            let title = failure::title(&about);
            out.push_str(&format!("{word} {title} ({because} was not built)\n"));
        }
        self.actions.skip(about.label, because);
    }

    fn take_turns(&mut self, out: &mut String) {
        while let Some(end) = self.turns.front().and_then(|label| self.arrived.remove(label)) {
            if let Some(label) = self.turns.pop_front() {
                self.tell_test(&label, end, out);
            }
        }
    }

    fn tell_test(&mut self, label: &Label, end: TestEnd, out: &mut String) {
        if !matches!(&end, TestEnd::NotRun { because: NotRun::Cut(_) }) {
            out.push_str(&verdict::told(&self.style, label, &end));
        }
        self.tested = true;
        let mut selectors = Vec::new();
        match &end {
            TestEnd::NotRun { because } => {
                let word = self.style.paint(Tone::Odd, "NOT RUN");
                let why = verdict::not_run(because);
                self.left.tests.push(format!("{word} {label} ({why})"));
                selectors.push(label.to_string());
            }
            TestEnd::Finished { cases, duration, .. } => {
                self.slowest.take(label, cases, *duration);
                let bad = cases.iter().filter(|case| !case.verdict.is_good());
                selectors.extend(bad.map(|case| verdict::selector(label, case)));
                if selectors.len() == cases.len() && cases.len() > 1 {
                    selectors = vec![label.to_string()];
                }
                let lines = cases.iter().filter_map(|it| verdict::listed(&self.style, label, it));
                self.left.tests.extend(lines);
            }
        }
        if !selectors.is_empty() {
            self.left.selectors.insert(label.clone(), selectors);
        }
    }
}

fn push_warning(out: &mut String, style: &Style, text: &str) {
    let text = super::output::neutral(text, false);
    out.push_str(&format!("{} {text}\n", style.paint(Tone::Odd, "warning:")));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{PackageName, Place};
    use crate::event::{ActionId, Case, Details, Verdict};
    use std::time::Duration;

    fn label(package: &str) -> Label {
        PackageName::main(package).label("t")
    }

    fn about(package: &str, subject: &str) -> About {
        About { label: label(package), subject: subject.to_string(), test: false }
    }

    fn action(id: u32, package: &str, subject: &str, outcome: Outcome) -> Event {
        let end = ActionEnd {
            outcome,
            origin: Origin::Ran,
            duration: Duration::from_secs(1),
            output: None,
            command: Some(format!("do {subject}")),
            place: Place::of_text("rules/x.ron", "x"),
            reason: Some("no result is known".to_string()),
            undeclared: Vec::new(),
            details: Details::default(),
        };
        Event::ActionFinished { action: ActionId(id), about: about(package, subject), end }
    }

    fn test(package: &str, verdicts: &[Verdict]) -> Event {
        let case = |(at, verdict): (usize, &Verdict)| Case {
            name: format!("case{at}"),
            verdict: verdict.clone(),
            output: format!("output {at}\n"),
            ..Case::default()
        };
        let cases = verdicts.iter().enumerate().map(case).collect();
        let duration = Duration::from_millis(20);
        let warnings = Vec::new();
        Event::TestFinished { label: label(package), cases, duration, log: None, warnings }
    }

    fn events() -> Vec<Event> {
        let skip =
            |because| Event::ActionSkipped { about: about("d", "link"), because: label(because) };
        vec![
            action(1, "x", "compile x/b.c", Outcome::Exited(1)),
            action(2, "x", "compile x/a.c", Outcome::Signalled(11)),
            action(3, "x", "compile x/a.c", Outcome::Signalled(11)),
            action(4, "a", "compile a/a.c", Outcome::Passed),
            action(5, "z", "compile z/a.c", Outcome::Stopped),
            skip("z"),
            skip("x"),
            Event::Warning("slow disk".to_string()),
            Event::Warning("full disk".to_string()),
            Event::Warning("slow disk".to_string()),
            test("c", &[Verdict::Passed, Verdict::Passed]),
            test("b", &[Verdict::failed(), Verdict::Passed, Verdict::Crashed("SIGSEGV".into())]),
            Event::TestNotRun { label: label("a"), because: NotRun::NotBuilt(label("x")) },
        ]
    }

    fn told(style: Style, events: impl IntoIterator<Item = Event>) -> String {
        let tests = vec![label("c"), label("a"), label("b")];
        let labels = [tests.clone(), vec![label("d")]].concat();
        let mut story = Story::new(Style { rerun: "eng test".to_string(), ..style });
        let mut out = String::new();
        story.take(Event::Planned { labels, tests, actions: 7 }, &mut out);
        for event in events {
            story.take(event, &mut out);
        }
        let counts = Summary {
            ran: 4,
            failed: 2,
            skipped: 1,
            tests_passed: 1,
            tests_failed: 1,
            tests_not_run: 1,
            cases: crate::event::CaseCounts { passed: 3, failed: 2, ..Default::default() },
            ..Summary::default()
        };
        story.take(Event::Finished(counts), &mut out);
        story.end(None, &mut out);
        out
    }

    const TEXT: &str = "\
NOT RUN //a:t (//x:t was not built)
FAIL  //b:t  2 of 3 cases failed  0.02s
  case0: failed
    output 0
  case2: crashed: SIGSEGV
    output 2
PASS  //c:t  2 cases  0.02s
warning: full disk
warning: slow disk

FAILED //x:t: compile x/a.c (SIGSEGV, segmentation fault)
  rule: rules/x.ron:1:1
  $ do compile x/a.c
  rerun: eng build //x:t

FAILED //x:t: compile x/b.c (exit status 1)
  rule: rules/x.ron:1:1
  $ do compile x/b.c
  rerun: eng build //x:t

failures:
  FAILED  //x:t: compile x/a.c (blocks 1 package: //d)
  FAILED  //x:t: compile x/b.c (blocks 1 package: //d)
  NOT BUILT //d:t (//x:t was not built)
  NOT RUN //a:t (//x:t was not built)
  FAILED  //b:t#case0
  CRASHED //b:t#case2 (segmentation fault, SIGSEGV)
rerun: eng test //a:t '//b:t#case0' '//b:t#case2'
tests: 1 passed, 1 failed, 1 not run
cases: 3 passed, 2 failed
failed in 0.00s: 4 ran, 0 cached, 2 failed, 1 skipped
";

    #[test]
    fn whatever_the_order_of_events_the_text_is_the_same() {
        assert_eq!(told(Style::default(), events()), TEXT);
        assert_eq!(told(Style::default(), events().into_iter().rev()), TEXT);
        for at in 0..events().len() {
            let mut turned = events();
            turned.rotate_left(at);
            assert_eq!(told(Style::default(), turned), TEXT);
        }
    }

    #[test]
    fn a_test_is_told_as_soon_as_all_before_it_are() {
        let mut story = Story::new(Style::default());
        let tests = vec![label("a"), label("b")];
        let mut out = String::new();
        story.take(Event::Planned { labels: tests.clone(), tests, actions: 2 }, &mut out);
        story.take(test("b", &[Verdict::Passed]), &mut out);
        assert_eq!(out, "");
        story.take(test("a", &[Verdict::Passed]), &mut out);
        assert_eq!(out, "PASS  //a:t  1 case  0.02s\nPASS  //b:t  1 case  0.02s\n");
    }

    #[test]
    fn verbose_tells_each_action_at_once_with_its_reason() {
        let style = Style { verbose: true, ..Style::default() };
        let text = told(style, events().into_iter().take(7));
        let first = text.find("FAILED //x:t: compile x/b.c").unwrap();
        assert!(first < text.find("FAILED //x:t: compile x/a.c").unwrap());
        assert!(text.contains(
            "RAN  //a:t: compile a/a.c  1.00s  (no result is known)\n  $ do compile a/a.c\n"
        ));
        assert!(text.contains("SKIPPED //d:t: link (//z:t was not built)\n"));
    }

    #[test]
    fn a_stream_that_breaks_off_loses_nothing() {
        let mut story = Story::new(Style::default());
        let mut out = String::new();
        events().into_iter().for_each(|event| story.take(event, &mut out));
        story.end(None, &mut out);
        assert!(out.contains("PASS  //c:t") && out.contains("FAILED //x:t: compile x/b.c"));
    }
}
