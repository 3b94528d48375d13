//! What a run does to its process, and what it leaves behind.

use crate::place::{Place, place};
use crate::{ALL, told};
use eng::{PlanError, Request, Run, RunError};
use std::fs;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// Waits until something holds; it does in the end.
#[track_caller]
fn until(what: &str, holds: impl Fn() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < Duration::from_secs(60), "{what}");
        sleep(Duration::from_millis(5));
    }
}

const HANGS: &str = r#"
-- BUILD.ron
[
    workspace(name: "ws"),
    genrule(name: "made", outs: ["made.txt"], cmd: "echo made > $OUT"),
    sh_test(name: "hangs", srcs: "hangs.sh", data: [":made"]),
]
-- hangs.sh
#!/bin/sh
sleep 1000 &
echo $$ $! > "$MARK"
wait
"#;

/// A run whose test hangs, and the processes of that.
fn hanging(place: &Place) -> (Run, [PathBuf; 2]) {
    let mark = place.folder.path().join("mark");
    let script = fs::read_to_string(place.root().join("hangs.sh")).unwrap();
    place.write("hangs.sh", script.replace("$MARK", mark.to_str().unwrap()).trim_end());
    let run = place.session().start(&Request::test(["//..."])).unwrap();
    let pid = || fs::read_to_string(&mark).unwrap_or_default();
    until("the test runs", || pid().ends_with('\n'));
    let told = pid();
    let (own, child) = told.trim().split_once(' ').unwrap();
    (run, [own, child].map(|number| Path::new("/proc").join(number)))
}

#[test]
fn who_takes_no_events_holds_nobody_up() {
    let place = place(
        r#"
-- BUILD.ron
[workspace(name: "ws"), sh_test(name: "noisy", srcs: "noisy.sh", protocol: "tap")]
-- noisy.sh
#!/bin/sh
echo "1..2000"
seq -f "ok %.0f - case" 2000
"#,
    );
    let run = place.session().start(&Request::test(["//..."])).unwrap();
    let mut events = run.events();
    assert_eq!(events.next().unwrap().kind(), "started");
    // Nothing more is taken, and yet the run comes to its end.
    until("the run has ended", || run.is_done());
    let cases = events.by_ref().filter(|event| event.kind() == "case_finished").count();
    assert_eq!(cases, 2000);
    assert_eq!(run.wait().unwrap().exit, 0);
}

#[test]
fn a_run_is_stopped_and_keeps_what_has_ended() {
    let place = place(HANGS);
    let (run, processes) = hanging(&place);
    assert!(matches!(place.session().start(&Request::build(["//:made"])), Err(RunError::Busy)));
    run.stop();
    let (kinds, _, text, outcome) = told(run);
    assert_eq!(outcome.exit, 8, "{text}");
    assert_eq!(kinds.last().map(String::as_str), Some("ended"));
    assert!(!processes.iter().any(|it| it.exists()));
    let outcome = place.session().start(&Request::build(["//:made"])).unwrap().wait().unwrap();
    assert_eq!((outcome.exit, outcome.ran, outcome.cached), (0, 0, 1));
}

#[test]
fn nothing_is_left_of_a_run_that_is_killed_or_dropped() {
    let place = place(HANGS);
    let (run, processes) = hanging(&place);
    run.kill();
    assert_eq!(run.wait().unwrap().exit, 8);
    assert!(!processes.iter().any(|it| it.exists()));
    fs::remove_file(place.folder.path().join("mark")).unwrap();
    let (run, processes) = hanging(&place);
    drop(run);
    assert!(!processes.iter().any(|it| it.exists()));
}

#[test]
fn children_that_the_host_has_when_a_run_starts_are_left_alone() {
    use std::os::unix::process::CommandExt;
    let place = place(ALL);
    let session = place.session();
    let run = || session.start(&Request::test(["//:good"])).unwrap().wait().unwrap();
    assert_eq!(run().exit, 0);
    // Of a group of its own, and nobody's child but the host's, as a daemon is: it comes to the
    // host because of the first run.
    let mark = place.folder.path().join("daemon");
    let script = format!("setsid sleep 1000 > /dev/null 2>&1 & echo $! > {}", mark.display());
    let shell = std::process::Command::new("sh").args(["-c", &script]).process_group(0).status();
    assert!(shell.unwrap().success());
    until("the daemon is there", || mark.exists());
    let daemon = fs::read_to_string(&mark).unwrap().trim().to_string();
    place.write("good.sh", "#!/bin/sh\n# changed");
    assert_eq!(run().ran, 1);
    let lives = Path::new("/proc").join(&daemon).exists();
    let _ = std::process::Command::new("kill").arg(&daemon).status();
    assert!(lives);
}

#[test]
fn a_test_finds_that_a_daemon_is_gone_as_it_does_under_the_command() {
    let place = place(
        r#"
-- BUILD.ron
[workspace(name: "ws"), sh_test(name: "waits", srcs: "waits.sh", timeout: "20s")]
-- waits.sh
#!/bin/sh
pid=$(sh -c 'sleep 0.2 > /dev/null & echo $!')
while kill -0 $pid 2> /dev/null; do sleep 0.05; done
"#,
    );
    let outcome = place.session().start(&Request::test(["//..."])).unwrap().wait().unwrap();
    assert_eq!((outcome.exit, outcome.tests_passed), (0, 1));
}

#[test]
fn one_case_is_of_one_test_and_a_run_is_stopped_while_somebody_waits() {
    let place = place(HANGS);
    for test in ["//...", "-//:hangs", "hangs", "//:hangs#x"] {
        let refused = place.session().start_case(test, "").unwrap_err();
        assert!(matches!(refused, RunError::Plan(PlanError::Request(_))), "{test}: {refused}");
    }
    let (run, processes) = hanging(&place);
    assert!(place.session().clean().is_err() && place.session().clean_cache().is_err());
    let stopper = run.stopper();
    let waits = std::thread::spawn(move || run.wait().unwrap().exit);
    stopper.stop();
    assert_eq!(waits.join().unwrap(), 8);
    assert!(!processes.iter().any(|it| it.exists()));
}
