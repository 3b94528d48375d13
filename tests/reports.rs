//! Reports for others: JUnit files, and what services of continuous integration show.

use crate::events::{ALL, python};
use crate::support::{Run, Workspace, workspace};
use std::fs;
use std::path::Path;
use std::process::Command;

/// What a reader of JUnit files that others wrote makes of one.
#[track_caller]
fn read(ws: &Workspace, file: &str) -> String {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reports/junit.py");
    let mut command = Command::new("python3");
    command.arg(script).arg(ws.root().join(file));
    command.env("PYTHONPATH", python(&["junitparser"]));
    let run = Run::of(command).expect(0);
    assert_eq!(run.stderr, "");
    run.stdout
}

const LAST: &str = "eng-out/last/junit.xml";

#[test]
fn every_run_of_tests_leaves_one_file_that_others_read() {
    let ws = workspace(ALL);
    ws.eng(&["test", "//...", "--junit=mine.xml"]).expect(1);
    let told = read(&ws, LAST);
    assert_eq!(
        told,
        "\
eng: 9 tests, 1 failures, 3 errors
//:bad: 1 tests, 1 failures, 0 errors, 0 skipped
  bad | bad
    failure message='failed: exit status 1' type='failed' 'it is bad'
//:blocked: 1 tests, 0 failures, 1 errors, 0 skipped
  blocked | blocked
    error message='not run: //:broken was not built' type='not run' ''
//:good: 1 tests, 0 failures, 0 errors, 0 skipped
  good | good
//:killed: 1 tests, 0 failures, 1 errors, 0 skipped
  killed | killed
    error message='crashed: SIGSEGV' type='crash' ''
//:skipped: 1 tests, 0 failures, 0 errors, 1 skipped
  skipped | skipped
    skipped message='skipped' ''
//:slow: 1 tests, 0 failures, 1 errors, 0 skipped
  slow | slow
    error message='timed out after 1s' type='timeout' ''
//:tap: 3 tests, 0 failures, 0 errors, 2 skipped
  tap | first
  tap | second
    skipped message='expected failure: later' ''
  tap | third
    skipped message='skipped: no net' ''
"
    );
    assert_eq!(read(&ws, "mine.xml"), told);
    // A test without a list of cases took as long as its process.
    let slow = ws.read(LAST);
    let slow = &slow[slow.find("<testcase name=\"slow\"").unwrap()..];
    let time = slow.split("time=\"").nth(1).unwrap().split('"').next().unwrap();
    assert!(time.parse::<f64>().unwrap() >= 1.0, "{time}");
    // Each test that ran has its own file.
    assert_eq!(
        read(&ws, "eng-out/testlogs/tap/test.xml"),
        "\
eng: 3 tests, 0 failures, 0 errors
//:tap: 3 tests, 0 failures, 0 errors, 2 skipped
  tap | first
  tap | second
    skipped message='expected failure: later' ''
  tap | third
    skipped message='skipped: no net' ''
"
    );
}

#[test]
fn a_run_that_only_remembers_is_reported_too_with_the_time_of_the_result() {
    let ws = workspace(ALL);
    ws.eng(&["test", "//:good", "//:tap"]).expect(0);
    let before = ws.read(LAST);
    // From rows, from the record, and from rows again.
    for more in [&[][..], &[], &["--verbose"]] {
        ws.eng(&[&["test", "//:good"], more].concat()).expect(0).tells("(cached)");
        let told = read(&ws, LAST);
        let reused = "\
eng: 1 tests, 0 failures, 0 errors
//:good: 1 tests, 0 failures, 0 errors, 0 skipped eng.reused=true
  good | good
    eng.reused=true
    eng.run=1
";
        assert_eq!(told, reused);
        let stamp = |text: &str| {
            let at = text.find("<testcase name=\"good\"").unwrap();
            let rest = &text[at..];
            let at = rest.find("timestamp=\"").unwrap() + "timestamp=\"".len();
            // To the second, which is what is remembered.
            rest[at..at + "2026-01-02T03:04".len()].to_string()
        };
        assert_eq!(stamp(&ws.read(LAST)), stamp(&before));
        let time = |text: &str| {
            let at = text.find("<testcase name=\"good\"").unwrap();
            text[at..].split("time=\"").nth(1).unwrap().split('"').next().unwrap().to_string()
        };
        assert_eq!(time(&ws.read(LAST)), time(&before));
    }
    // A build is no run of tests.
    let before = ws.read(LAST);
    ws.eng(&["build", "//:tool"]).expect(0);
    assert_eq!(ws.read(LAST), before);
    // A file without a test would be taken for good news.
    ws.eng(&["test", "//:none"]).expect(2);
    let told = read(&ws, LAST);
    let head = "\
eng: 1 tests, 0 failures, 1 errors
eng: 1 tests, 0 failures, 1 errors, 0 skipped
  eng | run
    error message=\"eng: the pattern '//:none': there is no target '//:none'; ";
    assert!(told.starts_with(head), "{told}");
}

#[test]
fn further_attempts_are_told_as_surefire_tells_them() {
    let ws = workspace(
        r#"
-- t.sh
#!/bin/sh
echo x >> "$TRACE"
n=$(wc -l < "$TRACE")
echo "attempt $n"
[ $n = 2 ] && kill -ABRT $$
test $n -gt $TIMES
"#,
    );
    let trace = |name: &str| ws.beside(name).display().to_string();
    let target = |name: &str, times: u32| {
        let trace = trace(name);
        format!(
            "sh_test(name: \"{name}\", srcs: \"t.sh\", env: {{\"TRACE\": \"{trace}\", \"TIMES\": \"{times}\"}})"
        )
    };
    ws.write(
        "BUILD.ron",
        &format!("[workspace(name: \"ws\"), {}, {}]\n", target("flaky", 2), target("never", 9)),
    );
    ws.eng(&["test", "--retries=2", "--events=it.jsonl"]).expect(3);
    let told = "\
eng: 2 tests, 1 failures, 0 errors
//:flaky: 1 tests, 0 failures, 0 errors, 0 skipped
  flaky | flaky
    eng.failed_attempts=2
    flakyFailure message='failed: exit status 1' type='failed' 'attempt 1'
    flakyError message='crashed: SIGABRT' type='crash' 'attempt 2'
//:never: 1 tests, 1 failures, 0 errors, 0 skipped
  never | never
    failure message='failed: exit status 1' type='failed' 'attempt 1'
    rerunError message='crashed: SIGABRT' type='crash' 'attempt 2'
    rerunFailure message='failed: exit status 1' type='failed' 'attempt 3'
";
    assert_eq!(read(&ws, LAST), told);
    // A saved stream gives the same file.
    ws.eng(&["replay", "it.jsonl", "--junit=again.xml"]).expect(0);
    assert_eq!(ws.read("again.xml"), ws.read(LAST));
}

#[test]
fn whatever_a_test_prints_the_file_is_xml() {
    let ws = workspace(
        r#"
-- BUILD.ron
[sh_test(name: "t", srcs: "t.sh")]
-- t.sh
#!/bin/sh
printf ']]> & < " \001 \033[31mred\033[0m \357\277\276 \377 \0 end\n'
exit 1
"#,
    );
    ws.eng(&["test"]).expect(3);
    assert_eq!(
        read(&ws, LAST),
        "\
eng: 1 tests, 1 failures, 0 errors
//:t: 1 tests, 1 failures, 0 errors, 0 skipped
  t | t
    failure message='failed: exit status 1' type='failed' ']]> & < \" ␁ red � � ␀ end'
"
    );
}

#[test]
fn a_file_of_its_own_that_a_test_wrote_stays() {
    let ws = workspace(
        r#"
-- BUILD.ron
[sh_test(name: "t", srcs: "t.sh")]
-- t.sh
#!/bin/sh
echo '<testsuite name="mine"/>' > "$XML_OUTPUT_FILE"
"#,
    );
    let own = "eng-out/testlogs/t/test.xml";
    ws.eng(&["test"]).expect(0);
    assert_eq!(ws.read(own), "<testsuite name=\"mine\"/>\n");
    assert!(ws.read(LAST).contains("<testsuite name=\"//:t\""));
    ws.write("t.sh", "#!/bin/sh\nexit 0\n");
    fs::remove_file(ws.root().join(own)).unwrap();
    ws.eng(&["test"]).expect(0);
    assert!(ws.read(own).starts_with("<?xml"), "{}", ws.read(own));
}

/// What fails at places that are told.
const FAILS: &str = r#"
-- BUILD.ron
[
    sh_test(name: "bad", srcs: "bad.sh"),
    sh_test(name: "good", srcs: "good.sh"),
    cc_binary(name: "p", srcs: ["src/p.c"]),
    cc_test(name: "q", srcs: ["src/p.c"]),
]
-- bad.sh
#!/bin/sh
echo 'bad.sh:2: 50% of it, at least'
exit 1
-- good.sh
#!/bin/sh
exit 0
-- src/p.c
int main(void)
{
    return wrong;
}
"#;

#[test]
fn on_github_failures_are_annotations_and_a_summary_of_the_step() {
    let ws = workspace(FAILS);
    let summary = ws.beside("summary.md");
    fs::write(&summary, "before\n").unwrap();
    let run = |arguments: &[&str]| {
        let mut command = ws.command(arguments);
        command.env("GITHUB_ACTIONS", "true").env("GITHUB_STEP_SUMMARY", &summary);
        Run::of(command)
    };
    let told = run(&["test", "//..."]).expect(1).stderr;
    let annotations: Vec<&str> = told.lines().filter(|line| line.starts_with("::")).collect();
    assert_eq!(annotations.len(), 3, "{told}");
    let has = |text: &str| annotations.iter().any(|line| line.starts_with(text));
    assert!(
        has("::error file=bad.sh,line=2,title=//%3Abad failed%3A exit status 1::\
             bad.sh:2: 50%25 of it, at least"),
        "{told}"
    );
    assert!(
        has("::error file=src/p.c,line=3,col=12,title=//%3Aq%3A compile src/p.c (exit status 1)::\
             src/p.c: In function"),
        "{told}"
    );
    assert!(has("::error title=//%3Aq was not run%3A //%3Aq was not built::"), "{told}");
    // After all that people read.
    assert!(told.trim_end().lines().last().unwrap().starts_with("::error"), "{told}");
    let text = fs::read_to_string(&summary).unwrap();
    let rows: Vec<&str> = text.lines().collect();
    assert_eq!(rows[..3], ["before", "### eng test", ""], "{text}");
    assert!(rows[3].starts_with("1 failed action, 1 failed test, 1 test not run, "), "{text}");
    assert!(text.contains("\n| //:bad failed: exit status 1 | bad.sh:2 |\n"), "{text}");
    // Without a failure there is no annotation.
    assert!(!run(&["test", "//:good"]).expect(0).stderr.contains("::"));
    // A mistake of the user's is one.
    let told = run(&["test", "//:goof"]).expect(2).stderr;
    let (_, told) = told.split_once("::error title=").unwrap();
    assert!(told.contains("//%3Agoof") && told.contains("::eng: "), "{told}");
}

/// Mistakes in two files, one of them found in the analysis only.
const MISTAKES: &str = r#"
-- BUILD.ron
[
    sh_test(name: "t", srcs: "t.sh"),
    cc_libary(name: "x"),
    cc_binary(name: "y", srcss: ["x.c"]),
]
-- a/BUILD.ron
[sh_test(name: "t", srcs: "none.sh")]
-- t.sh
#!/bin/sh
"#;

#[test]
fn on_github_each_mistake_in_a_file_is_an_annotation_there() {
    let ws = workspace(MISTAKES);
    let run = |files: &[&str]| {
        let mut command = ws.command(&[&["test"], files].concat());
        command.env("GITHUB_ACTIONS", "true");
        let told = Run::of(command).expect(2).stderr;
        let lines = told.lines().filter(|line| line.starts_with("::"));
        lines.map(|line| format!("{line}\n")).collect::<String>()
    };
    assert_eq!(
        run(&[]),
        "\
::error file=BUILD.ron,line=3,col=5,title=there is no rule 'cc_libary'; did you mean 'cc_library'?\
::BUILD.ron:3:5: there is no rule 'cc_libary'; did you mean 'cc_library'?\
%0A  |%0A3 |     cc_libary(name: \"x\"),%0A  |     ^^^^^^^^^
::error file=BUILD.ron,line=4,col=26,title=cc_binary has no attribute 'srcss'; did you mean 'srcs'?\
::BUILD.ron:4:26: cc_binary has no attribute 'srcss'; did you mean 'srcs'?\
%0A  |%0A4 |     cc_binary(name: \"y\", srcss: [\"x.c\"]),%0A  |                          ^^^^^
"
    );
    ws.write("BUILD.ron", "[workspace(name: \"ws\")]\n");
    assert_eq!(
        run(&[]),
        "\
::error file=a/BUILD.ron,line=1,col=27,title=the file 'none.sh' does not exist in //a; it has no files\
::a/BUILD.ron:1:27: the file 'none.sh' does not exist in //a; it has no files\
%0A  |%0A1 | [sh_test(name: \"t\", srcs: \"none.sh\")]%0A  |                           ^^^^^^^^^
"
    );
}

#[test]
fn on_gitlab_each_mistake_in_a_file_has_its_place() {
    let ws = workspace(MISTAKES);
    let run = |code: i32| {
        let mut command = ws.command(&["test"]);
        command.env("GITLAB_CI", "true").env("CI_PROJECT_DIR", ws.root());
        Run::of(command).expect(code);
        let text = ws.read("eng-out/last/gl-code-quality-report.json");
        let all: serde_json::Value = serde_json::from_str(&text).unwrap();
        let line = |it: &serde_json::Value| {
            let place = &it["location"];
            format!("{}:{}: {}\n", place["path"], place["lines"]["begin"], it["description"])
        };
        all.as_array().unwrap().iter().map(line).collect::<String>()
    };
    assert_eq!(
        run(2),
        "\
\"BUILD.ron\":3: \"there is no rule 'cc_libary'; did you mean 'cc_library'?\"
\"BUILD.ron\":4: \"cc_binary has no attribute 'srcss'; did you mean 'srcs'?\"
"
    );
    ws.write("BUILD.ron", "[workspace(name: \"ws\")]\n");
    ws.write("a/BUILD.ron", "[]\n");
    // A report of an earlier run would be taken for one of this.
    assert_eq!(run(4), "");
}

#[test]
fn on_gitlab_failures_are_a_code_quality_report() {
    let ws = workspace(FAILS);
    let mut command = ws.command(&["test", "//..."]);
    // The workspace is a folder of the repository.
    let repository = ws.root().parent().unwrap().to_path_buf();
    let below = ws.root().file_name().unwrap().to_str().unwrap().to_string();
    command.env("GITLAB_CI", "true").env("CI_PROJECT_DIR", repository);
    Run::of(command).expect(1);
    let text = ws.read("eng-out/last/gl-code-quality-report.json");
    let all: serde_json::Value = serde_json::from_str(&text).unwrap();
    let mut places: Vec<String> = all
        .as_array()
        .unwrap()
        .iter()
        .map(|it| {
            assert_eq!(it["fingerprint"].as_str().unwrap().len(), 64);
            assert_eq!((&it["severity"], &it["check_name"]), (&"major".into(), &"eng".into()));
            format!("{} {}", it["location"]["path"], it["location"]["lines"]["begin"])
        })
        .collect();
    places.sort();
    assert_eq!(places, [format!("\"{below}/bad.sh\" 2"), format!("\"{below}/src/p.c\" 3")]);
}
