//! eng as a library, stage by stage. A binary of its own: a run is a matter of its whole process.

mod host;
mod place;

use crate::place::place;
use eng::{LoadError, Loaded, Mistakes, Outcome, PlanError, Request, Run, RunError, Session, User};
use std::path::Path;

/// Something of everything.
const ALL: &str = r#"
-- BUILD.ron
[
    workspace(name: "ws"),
    genrule(name: "made", outs: ["made.txt"], cmd: "echo made > $OUT"),
    sh_test(name: "good", srcs: "good.sh", data: [":made"]),
    sh_test(name: "bad", srcs: "bad.sh", tags: ["odd"]),
    sh_test(name: "many", srcs: "many.sh", protocol: "tap"),
]
-- good.sh
#!/bin/sh
test -s made.txt
-- bad.sh
#!/bin/sh
echo "it is bad"
exit 3
-- many.sh
#!/bin/sh
echo "1..2"
echo "ok 1 - one"
echo "ok 2 - two"
-- other/BUILD.ron
[filegroup(name: "files", srcs: ["a.txt"])]
-- other/a.txt
a
"#;

fn labels(loaded: &Loaded) -> Vec<&str> {
    loaded.targets.iter().map(|target| target.label.as_str()).collect()
}

#[test]
fn the_text_of_a_build_file_is_read_alone() {
    let text = "[\n    workspace(name: \"ws\"),\n    no_such_rule(name: \"x\", y: 1),\n    z(),\n]";
    let entries = eng::parse("BUILD.ron", text).unwrap();
    let found: Vec<(&str, Option<&str>, usize)> =
        entries.iter().map(|it| (it.rule.as_str(), it.name.as_deref(), it.line)).collect();
    assert_eq!(
        found,
        [("workspace", Some("ws"), 2), ("no_such_rule", Some("x"), 3), ("z", None, 4)]
    );
    let mistakes: Mistakes = eng::parse("a/BUILD.ron", "[1, \"x\"]").unwrap_err();
    let places: Vec<_> = mistakes.iter().map(|it| it.place()).collect();
    assert_eq!(places, [Some(("a/BUILD.ron", 1, 2)), Some(("a/BUILD.ron", 1, 5))]);
    assert!(mistakes.to_string().starts_with("a/BUILD.ron:1:2: "), "{mistakes}");
}

#[test]
fn a_workspace_is_found_and_loaded_with_its_mistakes() {
    let place = place(ALL);
    let outside = Session::open(place.folder.path(), place.user()).unwrap_err();
    assert!(matches!(outside, LoadError::NoWorkspace(_)), "{outside}");
    let inside = Session::open(&place.root().join("other"), place.user()).unwrap();
    assert_eq!(inside.root(), place.root());
    place.write("third/BUILD.ron", "[sh_test(nam: \"x\")]");
    let loaded = inside.load().unwrap();
    assert_eq!(labels(&loaded), ["//:bad", "//:good", "//:made", "//:many", "//other:files"]);
    let bad = &loaded.targets[0];
    assert_eq!((bad.rule.as_str(), bad.is_test, bad.line), ("sh_test", true, 5));
    assert_eq!((bad.file.as_str(), bad.tags.as_slice()), ("BUILD.ron", &["odd".to_string()][..]));
    let mistakes = loaded.mistakes.unwrap();
    assert_eq!(mistakes.iter().next().unwrap().place().unwrap().0, "third/BUILD.ron");
    place.write("BUILD.ron", "[workspace(name: \"ws\", nam: 1)]");
    assert!(matches!(inside.load(), Err(LoadError::Mistakes(_))));
}

#[test]
fn patterns_count_from_the_folder_at_which_a_session_was_opened() {
    let place = place("");
    // Cargo starts tests at the root of the package.
    let session = Session::open(Path::new("examples/mixed/native"), place.user()).unwrap();
    let plan = session.plan(&Request { all: true, ..Request::build([":all"]) }).unwrap();
    assert!(!plan.targets.is_empty());
    let inside = |label: &String| label.starts_with("//native:") || label == "//native";
    assert!(plan.targets.iter().all(inside), "{:?}", plan.targets);
}

#[test]
fn a_plan_is_made_and_nothing_is_done() {
    let place = place(ALL);
    let session = place.session();
    let plan = session.plan(&Request::test(["//:good"])).unwrap();
    assert_eq!((plan.targets, plan.tests), (vec!["//:good".into()], vec!["//:good".into()]));
    let subjects: Vec<&str> = plan.actions.iter().map(|it| it.subject.as_str()).collect();
    assert_eq!(subjects, ["generate out/made.txt", "test //:good"]);
    assert_eq!(plan.actions[0].outputs, ["out/made.txt"]);
    assert!(plan.actions[1].inputs.contains(&"out/made.txt".to_string()));
    let plan = session.plan(&Request::build(["other/..."])).unwrap();
    assert!(plan.targets.is_empty() && plan.actions.is_empty());
    assert!(!place.root().join("eng-out").exists() && !place.user().cache.exists());

    let error = |request: &Request| session.plan(request).unwrap_err();
    let none = error(&Request::test(["//other/..."]));
    assert!(matches!(none, PlanError::NoTests(_)), "{none}");
    for (pattern, told) in [
        ("//x//y", "the pattern '//x//y'"),
        ("//no:no", "the pattern '//no:no': there is no package '//no'"),
    ] {
        let wrong = error(&Request::test([pattern]));
        assert!(matches!(&wrong, PlanError::Request(text) if text.starts_with(told)), "{wrong}");
    }
    let filter = Request { filter: Some("a and".into()), ..Request::test(["//..."]) };
    assert!(matches!(error(&filter), PlanError::Request(_)));
    place.write("other/BUILD.ron", "[filegroup(name: \"files\", srcs: [\"b.txt\"])]");
    let mistakes = error(&Request::build(["//other:files"]));
    assert!(matches!(mistakes, PlanError::Mistakes(_)), "{mistakes}");
}

/// Takes all events of a run: their kinds, lines and text, and what it came to.
fn told(run: Run) -> (Vec<String>, String, String, Outcome) {
    let (mut kinds, mut lines, mut text) = (vec![], String::new(), String::new());
    for event in run.events() {
        assert_eq!(event.json()["ev"], event.kind());
        kinds.push(event.kind().to_string());
        lines += &format!("{}\n", event.line());
        text += event.stderr();
    }
    (kinds, lines, text, run.wait().unwrap())
}

#[test]
fn a_run_tells_what_happens_and_what_it_came_to() {
    let place = place(ALL);
    let session = place.session();
    let (kinds, lines, text, outcome) = told(session.start(&Request::test(["//..."])).unwrap());
    assert_eq!(kinds[..3], ["started", "phase", "phase"]);
    assert_eq!(kinds[kinds.len() - 2..], ["finished", "ended"]);
    assert_eq!(kinds.iter().filter(|kind| *kind == "test_finished").count(), 3);
    let Outcome { exit, tests_passed, tests_failed, failed, cached, .. } = outcome;
    assert_eq!((exit, tests_passed, tests_failed, failed, cached), (3, 2, 1, 0, 0));
    assert!(text.contains("FAIL  //:bad  exit status 3") && text.contains("it is bad"), "{text}");
    // What was told is what a saved stream tells.
    let mut saved = lines.as_bytes();
    let report = eng::report(&mut saved, "saved", &place.user().cache).unwrap();
    assert_eq!((report.text, report.exit), (text, Some(3)));
    let wrong = eng::report(&mut "x\n".as_bytes(), "saved", Path::new("/nowhere")).unwrap_err();
    assert!(wrong.to_string().starts_with("saved:1:1: "), "{wrong}");
    // What is known is not done again.
    let good = ["//:good", "//:many"];
    let (_, _, text, outcome) = told(session.start(&Request::test(good)).unwrap());
    assert_eq!((outcome.exit, outcome.ran, outcome.tests_passed), (0, 0, 2), "{text}");
    let fresh = Request { fresh: true, ..Request::test(good) };
    let outcome = session.start(&fresh).unwrap().wait().unwrap();
    assert_eq!((outcome.exit, outcome.ran), (0, 2));
}

#[test]
fn one_case_is_started_alone() {
    let place = place(
        r#"
-- BUILD.ron
[
    workspace(name: "ws"),
    cc_test(name: "many", srcs: ["many.c"], protocol: "eng"),
    cc_test(name: "other", srcs: ["other.c"]),
    sh_test(name: "good", srcs: "good.sh"),
]
-- many.c
#include <eng_test.h>
TEST(one) { CHECK(0); }
TEST(two) { CHECK(1); }
-- other.c
no program
-- good.sh
#!/bin/sh
"#,
    );
    let (kinds, lines, text, outcome) =
        told(place.session().start_case("//:many", "many::two").unwrap());
    assert_eq!((outcome.exit, outcome.tests_passed), (0, 1), "{text}");
    let case = kinds.iter().position(|kind| kind == "case_finished").unwrap();
    assert!(lines.lines().nth(case).unwrap().contains(r#""case":"many::two""#), "{lines}");
    assert_eq!(kinds.iter().filter(|kind| *kind == "case_finished").count(), 1);
    // Its program is there for the next case.
    let again = place.session().start_case("//:many", "many::one").unwrap().wait().unwrap();
    assert_eq!((again.exit, again.ran, again.tests_failed), (3, 1, 1));
    let whole = place.session().start_case("//:good", "").unwrap().wait().unwrap();
    assert_eq!((whole.exit, whole.tests_passed), (0, 1));
}

#[test]
fn what_was_made_and_what_is_remembered_is_removed() {
    let place = place(ALL);
    let session = place.session();
    let build = || session.start(&Request::build(["//:made"])).unwrap().wait().unwrap();
    assert_eq!(build().ran, 1);
    assert!(place.root().join("eng-out/bin/made.txt").exists());
    session.clean().unwrap();
    assert!(!place.root().join("eng-out").exists());
    assert_eq!(build().ran, 0);
    session.clean_cache().unwrap();
    assert!(!place.user().cache.exists());
    assert_eq!(build().ran, 1);
    assert!(place.root().join("good.sh").exists() && place.user().state.exists());
    session.clean_cache().unwrap();
    // What is not there need not be removed.
    session.clean_cache().unwrap();
}

#[test]
fn a_run_without_a_plan_says_why_and_ends() {
    let place = place(ALL);
    let session = place.session();
    let run = session.start(&Request::test(["//other/..."])).unwrap();
    let events = run.events();
    let error = run.wait().unwrap_err();
    assert!(matches!(error, RunError::NoTests(_)), "{error}");
    let last = events.last().unwrap();
    assert_eq!((last.kind(), last.json()["exit"].as_i64()), ("ended", Some(4)));
    assert_eq!(last.stderr(), format!("eng: {error}\n"));
    let refused = session.start(&Request::test(["//x//y"]));
    assert!(matches!(refused, Err(RunError::Plan(PlanError::Request(_)))));
}

#[test]
fn what_is_out_of_range_is_refused_and_so_is_a_cache_that_is_none() {
    let place = place(ALL);
    let session = place.session();
    for (request, told) in [
        (
            Request { jobs: Some(0), ..Request::build(["//..."]) },
            "jobs is 0; it must be from 1 to 1000",
        ),
        (
            Request { test_threads: Some(65), ..Request::test(["//..."]) },
            "test_threads is 65; it must be from 1 to 64",
        ),
    ] {
        assert_eq!(session.start(&request).unwrap_err().to_string(), told);
    }
    let user = User { cache: place.root(), ..place.user() };
    let error = Session::open(&place.root(), user).unwrap().clean_cache().unwrap_err();
    assert!(error.to_string().ends_with(": eng did not make this folder"), "{error}");
    assert!(place.root().join("BUILD.ron").exists());
}
