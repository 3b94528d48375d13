//! What is told in JSON lines is read back as the same events.

use super::json_read::{Reader, Said};
use super::jsonl::JsonLines;
use super::started::Started;
use super::stream::Form;
use crate::base::{Digest, Label, PackageName, Place, Why};
use crate::event::{
    About, ActionEnd, ActionId, Case, CaseCounts, Details, Event, FailedAttempt, Known, Made,
    MadeKind, NotRun, Origin, Outcome, Phase, Process, Program, Progress, Runs, Summary, Times,
    Turn, Verdict,
};
use std::path::Path;
use std::time::{Duration, SystemTime};

fn label(name: &str) -> Label {
    PackageName::main("a/b").label(name)
}

fn about() -> About {
    About { label: label("x"), subject: "compile \"é\u{1b}\n\".c".to_string(), test: false }
}

fn made(kind: MadeKind) -> Made {
    Made { path: "out/a/b".to_string(), digest: Digest::of(b"x"), kind }
}

fn finished(number: u32, outcome: Outcome) -> Event {
    let process = Process {
        started: at(),
        status: Some(3).filter(|_| number.is_multiple_of(2)),
        signal: Some(9).filter(|_| number == 1),
        user: Duration::from_micros(1234),
        system: Duration::from_secs(100_000),
        max_rss_kib: 77,
    };
    let times = Times {
        ready: at(),
        after: Some(ActionId(6)).filter(|_| number > 1),
        taken: at() + Duration::from_micros(1),
        look: Duration::from_nanos(1_234_567),
        lay_out: Duration::from_nanos(77 * u64::from(number)),
        whole: Duration::from_secs(3),
    };
    let details = Details {
        process: Some(process).filter(|_| number < 4),
        errors: None,
        outputs: vec![made(MadeKind::Program), made(MadeKind::File), made(MadeKind::Folder)],
        progress: Some(Progress { completed: 1, total: 2 }).filter(|_| number > 2),
        times: Some(Box::new(times)).filter(|_| number > 0),
        turn: Some(Turn { run: number.saturating_sub(1), attempt: 2 }).filter(|_| number > 0),
    };
    let end = ActionEnd {
        outcome,
        origin: if number == 0 { Origin::Cached } else { Origin::Ran },
        duration: Duration::from_nanos(1_234_567_891),
        output: None,
        command: Some("do 'it'".to_string()).filter(|_| number == 1),
        place: Place::told("rules/x.ron", 12, 3),
        reason: Some("no result is known".to_string()).filter(|_| number == 2),
        undeclared: vec!["a.h".to_string(); number as usize % 2],
        details,
    };
    Event::ActionFinished { action: ActionId(number), about: about(), end }
}

fn at() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_millis(1_795_758_827_500)
}

fn cases() -> Vec<Case> {
    let limit = Duration::from_millis(1500);
    let why = || "because".to_string();
    let verdicts = [
        Verdict::Passed,
        Verdict::Failed("exit status 3".to_string()),
        Verdict::Skipped(String::new()),
        Verdict::ExpectedFailure(why()),
        Verdict::UnexpectedPass(why()),
        Verdict::TimedOut(limit),
        Verdict::Crashed(why()),
        Verdict::NotRun(why()),
    ];
    let case = |(number, verdict): (u32, Verdict)| Case {
        name: format!("case {number}"),
        verdict,
        origin: if number == 0 { Origin::Cached } else { Origin::Ran },
        duration: Some(Duration::from_nanos(7)).filter(|_| number == 1),
        output: "line\n".repeat(number as usize),
        flaky: number % 3,
        start: Some(SystemTime::UNIX_EPOCH + Duration::from_millis(1500)).filter(|_| number == 2),
        failures: (0..number % 2)
            .map(|run| FailedAttempt {
                run,
                number: 1,
                verdict: Verdict::TimedOut(limit),
                duration: Some(limit),
                output: "late\n".to_string(),
                start: Some(SystemTime::UNIX_EPOCH + limit),
            })
            .collect(),
        leaky: number == 4,
        known: Some(Known { run: 7, time: 8 }).filter(|_| number == 0),
        runs: Some(Runs { bad: 1, all: 2 }).filter(|_| number == 5),
    };
    (0..).zip(verdicts).map(case).collect()
}

fn events() -> Vec<Event> {
    let outcomes = [
        Outcome::Passed,
        Outcome::Exited(3),
        Outcome::Signalled(11),
        Outcome::TimedOut(Duration::from_secs(2)),
        Outcome::Stopped,
        Outcome::Refuted("it says so".to_string()),
        Outcome::Broken("no file".to_string()),
    ];
    let mut all = vec![
        Event::Phase { phase: Phase::Discover, apart: false },
        Event::Phase { phase: Phase::Analyze, apart: true },
        Event::Planned {
            labels: vec![label("x"), label("y")],
            tests: vec![label("y")],
            actions: 3,
        },
        Event::Phase { phase: Phase::Build, apart: true },
        Event::Warning("slow \u{202e} disk".to_string()),
        Event::ActionStarted { action: ActionId(4), about: about(), view: None },
        Event::ActionSkipped { about: about(), because: label("z") },
        Event::WouldRun { about: about(), why: Why::text("it must") },
        Event::Built {
            programs: vec![Program { label: label("y"), file: made(MadeKind::Program) }],
        },
        Event::Phase { phase: Phase::Test, apart: true },
        Event::TestFinished {
            label: label("y"),
            cases: cases(),
            duration: Duration::from_millis(20),
            log: Some("/w/test.log".into()),
            warnings: vec!["careful".to_string()],
        },
        Event::TestFinished {
            label: label("none"),
            cases: vec![],
            duration: Duration::ZERO,
            log: None,
            warnings: vec![],
        },
        Event::TestNotRun { label: label("y"), because: NotRun::NotBuilt(label("x")) },
        Event::TestNotRun { label: label("y"), because: NotRun::Cut("stopped".to_string()) },
        Event::Delivered { label: label("x"), path: "eng-out/bin/x".to_string() },
        Event::Phase { phase: Phase::Complete, apart: true },
    ];
    all.extend((0..).zip(outcomes).map(|(number, outcome)| finished(number, outcome)));
    let mut counts = CaseCounts { leaky: 9, cached: 4, ..CaseCounts::default() };
    cases().iter().for_each(|case| counts.add(case));
    all.push(Event::Finished(Summary::default()));
    all.push(Event::Finished(Summary {
        ran: 1,
        cached: 2,
        failed: 3,
        skipped: 4,
        tests_passed: 5,
        tests_cached: 6,
        tests_failed: 7,
        tests_empty: 8,
        tests_not_run: 9,
        cases: counts,
        interrupted: true,
        unmatched: vec!["//a:t#c".to_string()],
        cut: Some("late".to_string()),
        share: Some("share 1 of 2".to_string()),
        seed: Some(u64::MAX),
        broken: 10,
        coverage: None,
        wall: Duration::from_nanos(3_123_456_789),
    }));
    all
}

#[test]
fn every_event_is_read_back_as_it_was_told() {
    let (mut form, mut out) = (JsonLines::default(), Vec::new());
    let started = Started { id: "1".into(), verb: "test".into(), ..Started::default() };
    form.begin(&started, at(), &mut out);
    events().iter().for_each(|event| form.take(event, at(), &mut out));
    form.end(3, "why", at(), &mut out);
    let text = String::from_utf8(out).unwrap();
    let mut reader = Reader::new(Path::new(""));
    let (mut read, mut ends) = (vec![], vec![]);
    for (number, line) in (0..).zip(text.lines()) {
        let heard = reader.read(line).unwrap_or_else(|wrong| panic!("{wrong:?}: {line}"));
        assert_eq!((heard.at, heard.seq), (at(), number), "{line}");
        match heard.said {
            Said::Event(event) => read.push(*event),
            Said::Started(told) => assert_eq!(told, started),
            Said::Ended(exit, problem) => ends.push((exit, problem)),
            Said::Part => assert!(line.contains("case_finished")),
            Said::Unknown(kind) => panic!("{kind}"),
        }
    }
    assert_eq!(ends, [(3, "why".to_string())]);
    let told: Vec<String> = events().iter().map(|event| format!("{event:?}")).collect();
    let read: Vec<String> = read.iter().map(|event| format!("{event:?}")).collect();
    assert_eq!(read, told);
}

#[test]
fn a_line_names_no_file_that_is_read_outside_of_the_store() {
    let folder = tempfile::tempdir().unwrap();
    let (store, secret) = (folder.path().join("store"), folder.path().join("secret"));
    std::fs::create_dir(&store).unwrap();
    for path in [&secret, &store.join("blob")] {
        std::fs::write(path, "hidden\n").unwrap();
    }
    let mut reader = Reader::new(&store);
    let mut output = |path: &Path, text: &str| {
        let mut out = Vec::new();
        JsonLines::default().take(&finished(1, Outcome::Exited(1)), at(), &mut out);
        let more =
            format!("\"output\":{{\"path\":\"{}\",\"bytes\":7{text}}},\"cached\"", path.display());
        let line = String::from_utf8(out).unwrap().replacen("\"cached\"", &more, 1);
        match reader.read(line.trim_end()).unwrap().said {
            Said::Event(event) => match *event {
                Event::ActionFinished { end, .. } => end.output.map(|it| it.0),
                event => panic!("{event:?}"),
            },
            said => panic!("{said:?}"),
        }
    };
    assert_eq!(output(&store.join("blob"), ""), Some(store.join("blob")));
    assert_eq!(output(&secret, ""), None);
    assert_eq!(output(&store.join("../secret"), ""), None);
    let kept = output(&secret, ",\"text\":\"open\"").unwrap();
    assert_eq!(std::fs::read_to_string(kept).unwrap(), "open");
}
