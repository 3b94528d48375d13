//! What `eng coverage` says where it cannot do what it is asked for.

use crate::coverage_languages::{C, cover, llvm_tools};
use crate::support::{Run, Workspace, workspace};
use std::fs;

#[test]
fn a_tool_that_is_not_there_is_told_once_with_what_to_install() {
    let ws = workspace(&C.replace("[\n", "[\n    cc_toolchain(name: \"tools\", gcov: \"gcov-of-nobody\"),\n    cc_test(name: \"u\", srcs: [\"t.c\"], deps: [\":half\"], toolchain: \":tools\"),\n    cc_test(name: \"v\", srcs: [\"t.c\"], deps: [\":half\"], toolchain: \":tools\"),\n"));
    let run = cover(&ws, &["//:u", "//:v"]).expect(2);
    let told = "there is no program 'gcov-of-nobody' on PATH; it comes with gcc and has the same version; 'cc_toolchain(gcov: ..)' names it";
    assert_eq!(run.stderr.matches("gcov-of-nobody").count(), 2, "{}", run.stderr);
    assert_eq!(run.stderr.matches(told).count(), 1, "{}", run.stderr);
}

#[test]
fn llvm_tools_are_found_by_the_number_of_the_compiler() {
    let ws = workspace("");
    // A compiler that comes without them.
    ws.write("r/r.rs", "#[test]\nfn t() {}\n");
    let bare = r#"[
    rust_test(name: "t", srcs: ["r.rs"], toolchain: ":bare"),
    rust_toolchain(name: "bare", llvm_cov: "bare-rustc", llvm_profdata: "bare-rustc"),
]"#;
    ws.write("r/BUILD.ron", bare);
    let bin = ws.beside("bin");
    fs::create_dir(&bin).expect("make a folder");
    let executable = |name: &str, text: &str| {
        fs::write(bin.join(name), text).expect("write a program");
        let executable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        fs::set_permissions(bin.join(name), executable).expect("make it executable");
    };
    executable(
        "bare-rustc",
        "#!/bin/sh\ncase $1 in -vV) echo 'LLVM version: 77.1.2';; *) echo /nowhere;; esac\n",
    );
    let run = |ws: &Workspace| {
        let mut command = ws.command(&["coverage", "//r:t"]);
        let path = format!("{}:{}", bin.display(), std::env::var("PATH").expect("PATH is set"));
        command.env("PATH", path);
        Run::of(command)
    };
    let told = run(&ws).expect(2).plain(&ws);
    assert!(
        told.contains(
            "-rustc --print target-libdir' leads to /nowhere/../bin/llvm-profdata, which does not exist, \
             and there is no program 'llvm-profdata-77' on PATH; install the compiler's own by \
             'rustup component add llvm-tools', or the package 'llvm-77'"
        ),
        "{told}"
    );
    let real = llvm_tools();
    for name in ["llvm-profdata", "llvm-cov"] {
        executable(&format!("{name}-77"), &format!("#!/bin/sh\nexec {real}/{name} \"$@\"\n"));
    }
    run(&ws).expect(0);
}

#[test]
fn what_is_wrong_with_the_coverage_of_a_rule_is_told_with_its_place() {
    let told = |coverage: &str| {
        let ws = workspace("-- BUILD.ron\n[workspace(name: \"ws\", rules: [\"r.ron\"])]\n");
        let rule = format!(
            "[rule(name: \"x_test\", attrs: (srcs: file()), test: (program: \"{{srcs}}\"),\ncoverage: {coverage})]\n"
        );
        ws.write("r.ron", &rule);
        ws.eng(&["rules"]).expect(2).stderr
    };
    for (coverage, wanted) in [
        (
            "[(env: (X: \"{COVERAGE_DRI}\"), collect: [\"*\"], report: [\"{srcs}\"])]",
            "r.ron:2:23: the environment of coverage mentions variables that tests find, such as '{COVERAGE_DIR}'",
        ),
        (
            "[(collect: [\"a[\"], report: [\"{srcs}\"])]",
            "r.ron:2:23: 'a[' is no pattern of paths: ",
        ),
        ("[(collect: [\"*\"], report: [\"{srcz}\"])]", "r.ron:2:39: nothing here is called 'srcz'"),
        ("[(collect: [\"*\"], when: \"nobody\", report: [\"{srcs}\"])]", "r.ron:2:35: "),
        ("[(collect: [\"*\"])]", "'report'"),
        ("[\"gcov\"]", "'(collect: [..], report: [..])'"),
        ("\"gcov\"", "a list: '[(collect: [..], report: [..]), ..]'"),
    ] {
        let told = told(coverage);
        assert!(told.contains(wanted), "'{wanted}' is not in:\n{told}");
    }
}

#[test]
fn pages_are_made_by_a_program_that_is_looked_for_first() {
    let ws = workspace(C);
    let mut command = ws.command(&["coverage", "--html"]);
    let run = Run::of({
        command.env("PATH", ws.beside("nothing"));
        command
    });
    run.expect(36).tells(
        "eng: pages are made by 'genhtml', which is not on PATH; it is in the package 'lcov' (apt install lcov)\n",
    );
    cover(&ws, &["--html"]).expect(0);
    let page = ws.read("eng-out/coverage/html/index.html");
    assert!(page.contains("LCOV"), "{page}");
    let pages = walkdir::WalkDir::new(ws.root().join("eng-out/coverage/html"));
    let pages = pages.into_iter().map(|page| page.expect("list the pages").into_path());
    let page = pages.into_iter().find(|path| path.ends_with("half.c.gcov.html"));
    let page = fs::read_to_string(page.expect("a page of half.c")).expect("read it");
    assert!(page.contains("isdigit"), "{page}");
    // Those of an earlier run are not left behind.
    cover(&ws, &[]).expect(0);
    assert!(!ws.root().join("eng-out/coverage/html").exists());
}

#[test]
fn verdicts_stand_where_what_was_executed_cannot_be_read() {
    let ws = workspace(
        r#"
-- BUILD.ron
[
    cc_toolchain(name: "tools", gcov: "bad-gcov"),
    cc_test(name: "t", srcs: ["t.c"], protocol: "eng", toolchain: ":tools"),
    cc_test(name: "u", srcs: ["u.c"], toolchain: ":tools"),
]
-- t.c
#include <eng_test.h>
TEST(fails) { CHECK(0); }
TEST(passes) { CHECK(1); }
-- u.c
int main(void) { return 0; }
"#,
    );
    let bin = ws.beside("bin");
    fs::create_dir(&bin).expect("make a folder");
    let gcov = |text: &str| {
        fs::write(bin.join("bad-gcov"), format!("#!/bin/sh\n{text}\n")).expect("write a program");
        let executable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        fs::set_permissions(bin.join("bad-gcov"), executable).expect("make it executable");
    };
    let run = |arguments: &[&str]| {
        let mut command = ws.command(&[&["coverage", "--verbose"], arguments].concat());
        let path = format!("{}:{}", bin.display(), std::env::var("PATH").expect("PATH is set"));
        command.env("PATH", path);
        Run::of(command)
    };
    gcov("test \"$1\" = --version && exit\necho no such luck >&2\nexit 3");
    let no_data = "no data of 3 cases:\n  \
        //:t#t::fails (coverage of //:t cannot be read (exit status 1))\n  \
        //:t#t::passes (coverage of //:t cannot be read (exit status 1))\n  \
        //:u (coverage of //:u cannot be read (exit status 1))\n";
    // What cannot be read is had once more by the next run.
    for _ in 0..2 {
        let run = run(&[]).expect(3).tells("cases: 2 passed, 1 failed\n");
        assert!(run.stdout.ends_with(no_data), "{}", run.stdout);
        assert!(!run.stderr.contains("NOT RUN"), "{}", run.stderr);
        for label in ["//:t", "//:u"] {
            let warning = format!("warning: coverage of {label} cannot be read (exit status 1): ");
            assert_eq!(run.stderr.matches(&warning).count(), 1, "{}", run.stderr);
        }
        assert!(run.stderr.contains("\n    no such luck\n"), "{}", run.stderr);
        let json = ws.read("eng-out/coverage/coverage.json");
        let json: serde_json::Value = serde_json::from_str(&json).expect("it is JSON");
        assert_eq!(json["partial"], false);
        assert_eq!(json["no_data"].as_array().map(Vec::len), Some(3), "{json}");
    }
    // A failure is remembered as ever.
    run(&["//:t", "--retell"]).expect(3).tells("cases: 1 passed, 1 failed");
    gcov("exec gcov \"$@\"");
    let run = run(&["--with-tests"]).expect(3);
    assert!(!run.stdout.contains("no data"), "{}", run.stdout);
}

#[test]
fn coverage_of_a_base_is_that_of_its_rules_unless_they_say_otherwise() {
    let ws = workspace(
        r#"
-- BUILD.ron
[
    workspace(name: "ws", rules: ["r.ron"]),
    x_test(name: "as_base", srcs: "t.sh"),
    y_test(name: "otherwise", srcs: "t.sh"),
    filegroup(name: "files", srcs: ["base.rb", "own.rb"]),
]
-- r.ron
[
    base(
        name: "script",
        attrs: (
            srcs: file(doc: "The script."),
            cat: tool(default: "cat", version: [["--version"]], doc: "Prints lcov."),
        ),
        coverage: [(collect: ["base"], report: ["{cat}", "raw/base"])],
    ),
    rule(name: "x_test", base: "script", test: (program: "{srcs}")),
    rule(
        name: "y_test",
        base: "script",
        coverage: [(collect: ["own"], report: ["{cat}", "raw/own"])],
        test: (program: "{srcs}"),
    ),
]
-- base.rb
1
-- own.rb
1
-- t.sh
#!/bin/sh
test -n "$COVERAGE_DIR" || exit 0
for name in base own; do
    printf "SF:$name.rb\nDA:1,1\nend_of_record\n" > "$COVERAGE_DIR/$name"
done
"#,
    );
    let files = |label: &str| {
        let trace = cover(&ws, &[label, "--format=lcov"]).expect(0).stdout;
        let files = trace.lines().filter_map(|line| line.strip_prefix("SF:").map(str::to_string));
        files.collect::<Vec<_>>()
    };
    assert_eq!(files("//:as_base"), ["base.rb"]);
    assert_eq!(files("//:otherwise"), ["own.rb"]);
}

#[test]
fn a_report_has_no_place_where_a_stream_goes() {
    let ws = workspace(C);
    let told = cover(&ws, &["--format=json", "--events=-"]).expect(2);
    assert_eq!(told.stdout, "");
    assert_eq!(
        told.stderr,
        "eng: --format asks for a report on standard output, where a stream goes; write the stream to a file, or read eng-out/coverage\n"
    );
}
