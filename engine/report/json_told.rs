//! Events → JSON lines.

use super::json::{self, Body, Kind, Printed};
use super::output::ends;
use crate::base::Label;
use crate::event::{self, Event, MadeKind, Origin};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// The lines that tell an event, in order. What only `eng explain` asks for has none, nor what the
/// user wants to see at once.
pub(super) fn lines(event: &Event, mut line: impl FnMut(Body)) {
    match event {
        Event::Planned { labels, tests, actions } => {
            let texts = |labels: &[Label]| labels.iter().map(Label::to_string).collect();
            let (labels, tests) = (texts(labels), texts(tests));
            line(Body::Planned { labels, tests, actions: *actions });
        }
        Event::Phase { phase, apart } => {
            line(Body::Phase { phase: self::phase(*phase), apart: *apart });
        }
        Event::Warning(text) => line(Body::Warning { text: text.clone() }),
        Event::ActionStarted { action, about, .. } => line(Body::ActionStarted {
            action: action.0,
            label: about.label.to_string(),
            subject: about.subject.clone(),
            test: about.test,
        }),
        Event::ActionFinished { action, about, end } => {
            line(Body::ActionFinished(Box::new(self::action(action.0, about, end))));
        }
        Event::ActionSkipped { about, because } => line(Body::ActionSkipped {
            label: about.label.to_string(),
            subject: about.subject.clone(),
            test: about.test,
            because: because.to_string(),
        }),
        Event::WouldRun { about, why } => line(Body::WouldRun {
            label: about.label.to_string(),
            subject: about.subject.clone(),
            test: about.test,
            reason: why.text.clone(),
        }),
        Event::UpToDate { .. } | Event::CaseExplained { .. } | Event::StatusAsked => {}
        Event::TestFinished { label, cases, duration, log, warnings } => {
            let label = label.to_string();
            cases.iter().for_each(|it| line(Body::CaseFinished(Box::new(case(&label, it)))));
            line(Body::TestFinished(json::Test {
                cases: cases.len(),
                good: cases.iter().all(|case| case.verdict.is_good()),
                duration: duration.as_secs_f64(),
                log: log.as_deref().map(text),
                warnings: warnings.clone(),
                label,
            }));
        }
        Event::TestNotRun { label, because } => {
            let (not_built, cut) = match because {
                event::NotRun::NotBuilt(label) => (Some(label.to_string()), None),
                event::NotRun::Cut(why) => (None, Some(why.clone())),
            };
            line(Body::TestNotRun(json::NotRun { label: label.to_string(), not_built, cut }));
        }
        Event::Built { programs } => {
            let program = |program: &event::Program| json::Program {
                label: program.label.to_string(),
                file: made(&program.file),
            };
            line(Body::BuildComplete { programs: programs.iter().map(program).collect() });
        }
        Event::Delivered { label, path } => {
            line(Body::Delivered { label: label.to_string(), path: path.clone() });
        }
        Event::Finished(counts) => line(Body::Finished(Box::new(summary(counts)))),
    }
}

/// Seconds since the epoch, in whole microseconds: so much a number of JSON holds exactly.
pub(super) fn seconds(time: SystemTime) -> f64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    since.as_micros() as f64 / 1e6
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

fn phase(phase: event::Phase) -> json::Phase {
    match phase {
        event::Phase::Discover => json::Phase::Discovering,
        event::Phase::Analyze => json::Phase::Analysing,
        event::Phase::Build => json::Phase::Building,
        event::Phase::Test => json::Phase::Testing,
        event::Phase::Complete => json::Phase::Complete,
    }
}

fn action(action: u32, about: &event::About, end: &event::ActionEnd) -> json::Action {
    let details = &end.details;
    // What tests print is told with their cases.
    let shown = !about.test && (end.outcome != event::Outcome::Passed || end.origin == Origin::Ran);
    let printed = |file: &(PathBuf, u64)| printed(&file.0, file.1, shown);
    json::Action {
        action,
        label: about.label.to_string(),
        subject: about.subject.clone(),
        test: about.test,
        outcome: outcome(&end.outcome),
        cached: end.origin == Origin::Cached,
        duration: end.duration.as_secs_f64(),
        rule: json::Rule {
            file: end.place.file().to_string(),
            line: u32::try_from(end.place.line()).unwrap_or(u32::MAX),
            column: u32::try_from(end.place.column()).unwrap_or(u32::MAX),
        },
        output: end.output.as_ref().map(printed),
        errors: details.errors.as_ref().map(printed),
        command: end.command.clone(),
        reason: end.reason.clone(),
        undeclared: end.undeclared.clone(),
        process: details.process.as_ref().map(|process| json::Process {
            started: seconds(process.started),
            exit: process.status,
            killed_by: process.signal,
            user: process.user.as_secs_f64(),
            system: process.system.as_secs_f64(),
            max_rss_kib: process.max_rss_kib,
        }),
        outputs: details.outputs.iter().map(made).collect(),
        completed: details.progress.map(|it| it.completed),
        total: details.progress.map(|it| it.total),
        times: details.times.as_ref().map(|times| json::Times {
            ready: seconds(times.ready),
            after: times.after.map(|it| it.0),
            taken: seconds(times.taken),
            look: times.look.as_secs_f64(),
            lay_out: times.lay_out.as_secs_f64(),
            whole: times.whole.as_secs_f64(),
        }),
        run: details.turn.map(|it| it.run).filter(|run| *run > 0),
        attempt: details.turn.map(|it| it.attempt),
    }
}

fn outcome(outcome: &event::Outcome) -> json::Outcome {
    use crate::event::Outcome::{Broken, Exited, Passed, Refuted, Signalled, Stopped, TimedOut};
    match outcome {
        Passed => json::Outcome::Passed,
        Exited(status) => json::Outcome::Exited { status: *status },
        Signalled(signal) => json::Outcome::Signalled { signal: *signal },
        TimedOut(limit) => json::Outcome::TimedOut { limit: limit.as_secs_f64() },
        Stopped => json::Outcome::Stopped,
        Refuted(why) => json::Outcome::Refuted { why: why.clone() },
        Broken(why) => json::Outcome::Broken { why: why.clone() },
    }
}

fn printed(path: &Path, bytes: u64, shown: bool) -> Printed {
    // Whoever reads the line may find the file, and is told then if it cannot be read.
    let ends = if shown { ends(path).ok() } else { None };
    let lossy = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Printed {
        path: path.to_string_lossy().into_owned(),
        bytes,
        text: ends.as_ref().map(|ends| lossy(&ends.head)),
        omitted: ends.as_ref().map_or(0, |ends| ends.between),
        tail: ends.map_or(String::new(), |ends| lossy(&ends.tail)),
    }
}

fn made(made: &event::Made) -> json::Made {
    json::Made {
        path: made.path.clone(),
        kind: match made.kind {
            MadeKind::Program => Kind::Program,
            MadeKind::File => Kind::File,
            MadeKind::Folder => Kind::Folder,
        },
        blake3: made.digest.hex(),
        bytes: made.digest.size,
    }
}

fn case(label: &str, case: &event::Case) -> json::Case {
    json::Case {
        label: label.to_string(),
        case: case.name.clone(),
        verdict: verdict(&case.verdict),
        cached: case.origin == Origin::Cached,
        duration: case.duration.map(|it| it.as_secs_f64()),
        output: case.output.clone(),
        flaky: case.flaky,
        start: case.start.map(seconds),
        failures: case.failures.iter().map(attempt).collect(),
        leaky: case.leaky,
        known: case.known.map(|known| json::Known { run: known.run, time: known.time }),
        runs: case.runs.map(|runs| json::Runs { bad: runs.bad, all: runs.all }),
    }
}

fn attempt(attempt: &event::FailedAttempt) -> json::Attempt {
    json::Attempt {
        run: attempt.run,
        number: attempt.number,
        verdict: verdict(&attempt.verdict),
        duration: attempt.duration.map(|it| it.as_secs_f64()),
        output: attempt.output.clone(),
        start: attempt.start.map(seconds),
    }
}

fn verdict(verdict: &event::Verdict) -> json::Verdict {
    use crate::event::Verdict::{
        Crashed, ExpectedFailure, Failed, NotRun, Passed, Skipped, TimedOut, UnexpectedPass,
    };
    match verdict {
        Passed => json::Verdict::Passed,
        Failed(why) => json::Verdict::Failed { why: why.clone() },
        Skipped(why) => json::Verdict::Skipped { why: why.clone() },
        ExpectedFailure(why) => json::Verdict::ExpectedFailure { why: why.clone() },
        UnexpectedPass(why) => json::Verdict::UnexpectedPass { why: why.clone() },
        TimedOut(limit) => json::Verdict::TimedOut { limit: limit.as_secs_f64() },
        Crashed(why) => json::Verdict::Crashed { why: why.clone() },
        NotRun(why) => json::Verdict::NotRun { why: why.clone() },
    }
}

fn summary(counts: &event::Summary) -> json::Summary {
    let cases = counts.cases;
    json::Summary {
        status: counts.status(),
        wall: Duration::as_secs_f64(&counts.wall),
        ran: counts.ran,
        cached: counts.cached,
        failed: counts.failed,
        skipped: counts.skipped,
        tests: json::TestCounts {
            passed: counts.tests_passed,
            cached: counts.tests_cached,
            failed: counts.tests_failed,
            empty: counts.tests_empty,
            not_run: counts.tests_not_run,
        },
        cases: json::CaseCounts {
            passed: cases.passed,
            failed: cases.failed,
            skipped: cases.skipped,
            expected_failures: cases.expected_failures,
            unexpected_passes: cases.unexpected_passes,
            not_run: cases.not_run,
            flaky: cases.flaky,
            cached: cases.cached,
            leaky: cases.leaky,
        },
        interrupted: counts.interrupted,
        broken: counts.broken,
        unmatched: counts.unmatched.clone(),
        cut: counts.cut.clone(),
        share: counts.share.clone(),
        seed: counts.seed.map(|seed| seed.to_string()),
    }
}
