//! Processes: how they end, how they are ended, and what is kept of them.

use crate::support::{Run, Workspace, wait_told, workspace};
use rustix::fs::{FlockOperation, flock};
use std::fs::{self, File};
use std::io::Read;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A workspace of scripts that are tests; `{beside}` in them is the folder outside of it.
pub fn scripts(all: &[(&str, &str, &str)]) -> Workspace {
    let ws = workspace("");
    let mut build = String::from("[workspace(name: \"ws\"),\n");
    for (name, attributes, body) in all {
        build += &format!("sh_test(name: \"{name}\", srcs: \"{name}.sh\", {attributes}),\n");
        let beside = ws.beside("").display().to_string();
        let body = body.replace("{beside}/", &beside);
        ws.write(&format!("{name}.sh"), &format!("#!/bin/sh\n{body}\n"));
    }
    ws.write("BUILD.ron", &format!("{build}]\n"));
    ws
}

/// Waits for a condition that must come true long before the time is up.
#[track_caller]
fn wait_until(what: &str, condition: impl Fn() -> bool) {
    let began = Instant::now();
    while !condition() {
        assert!(began.elapsed() < Duration::from_secs(60), "waited in vain until {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Fails unless every process that holds the lock of this file has died.
#[track_caller]
fn released(path: &Path) {
    let file = File::open(path).expect("open the lock file");
    wait_until("the lock is released", || {
        flock(&file, FlockOperation::NonBlockingLockExclusive).is_ok()
    });
}

/// Starts eng in the background with its output kept.
fn started(ws: &Workspace, arguments: &[&str]) -> Child {
    let mut command = ws.command(arguments);
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("start eng")
}

#[track_caller]
fn ended(child: Child) -> Run {
    use std::os::unix::process::ExitStatusExt;
    let output = child.wait_with_output().expect("wait for eng");
    Run {
        code: output.status.code().unwrap_or_else(|| 128 + output.status.signal().unwrap_or(0)),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

fn send(child: &Child, signal: rustix::process::Signal) {
    let pid = rustix::process::Pid::from_child(child);
    rustix::process::kill_process(pid, signal).expect("send a signal");
}

#[test]
fn a_timeout_kills_the_group_though_it_ignores_the_request() {
    let ws = scripts(&[(
        "t",
        "timeout: \"1s\"",
        "exec 9>>{beside}/lock; flock 9; trap '' TERM; echo here; (sleep 600) & while :; do sleep 600; done",
    )]);
    let began = Instant::now();
    ws.eng(&["test"]).expect(3).tells("TIMEOUT //:t  timed out after 1s").tells("    here\n");
    assert!(began.elapsed() < Duration::from_secs(60));
    released(&ws.beside("lock"));
}

#[test]
fn a_test_may_tidy_up_when_its_time_is_over() {
    let ws = scripts(&[(
        "t",
        "timeout: \"1s\"",
        "trap 'echo tidied up; exit 0' TERM; echo here; sleep 600 & wait",
    )]);
    ws.eng(&["test"]).expect(3).tells("    here\n    tidied up\n").tells("TIMEOUT //:t");
}

#[test]
fn what_outlives_its_test_neither_delays_it_nor_survives() {
    let ws = scripts(&[(
        "t",
        "timeout: \"300s\"",
        "exec 9>>{beside}/lock; flock 9; sleep 250 & sh -c 'trap \"\" TERM HUP; sleep 251' & echo started",
    )]);
    let began = Instant::now();
    ws.test(&[]);
    assert!(began.elapsed() < Duration::from_secs(200));
    released(&ws.beside("lock"));
    assert_eq!(ws.read("eng-out/testlogs/t/test.log"), "started\n");
}

#[test]
fn standard_input_is_empty() {
    let ws = scripts(&[("t", "timeout: \"60s\"", "read line; echo \"status $?\"; cat")]);
    ws.test(&[]);
    assert_eq!(ws.read("eng-out/testlogs/t/test.log"), "status 1\n");
}

#[test]
fn each_way_not_to_start_is_told_apart() {
    use std::os::unix::fs::PermissionsExt;
    let ws = scripts(&[("plain", "", ""), ("lost", "", ""), ("text", "", "")]);
    let mode = |name: &str, mode| {
        let path = ws.root().join(name);
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("set a mode");
    };
    mode("plain.sh", 0o644);
    ws.write("lost.sh", "#!/no/such/interpreter\n");
    ws.write("text.sh", "exit 0\n");
    mode("text.sh", 0o755);
    ws.eng(&["test"])
        .tells("cannot start 'plain.sh': it is not executable (chmod +x makes it so)")
        .tells("cannot start 'lost.sh': the interpreter that its first line names does not exist")
        .tells("cannot start 'text.sh': it is no program; a script begins with a line such as '#!/bin/sh'");
}

#[test]
fn a_missing_program_is_told() {
    let ws = workspace(
        "-- BUILD.ron\n[genrule(name: \"g\", outs: [\"o\"], cmd: \"nosuchprogram > $OUT\")]\n",
    );
    ws.eng(&["build", "//:g"]).expect(1).tells("nosuchprogram: not found");
    ws.write(
        "BUILD.ron",
        "[workspace(name: \"ws\"), genrule(name: \"g\", outs: [\"o\"], cmd: \"true\", tools: [\"nosuchprogram\"])]\n",
    );
    ws.eng(&["build", "//:g"]).expect(1).tells("nosuchprogram");
}

#[test]
fn each_of_several_tools_is_part_of_the_key() {
    use std::os::unix::fs::PermissionsExt;
    let ws = workspace(
        "-- BUILD.ron\n[genrule(name: \"g\", outs: [\"o\"], cmd: \"echo $TOOLS > $OUT\", tools: [\"one-tool\", \"two-tool\"])]\n",
    );
    let path = std::env::var("PATH").unwrap_or_default();
    let build = |text: &str| {
        for name in ["one-tool", "two-tool"] {
            let at = ws.beside("bin").join(name);
            fs::create_dir_all(ws.beside("bin")).expect("make a folder");
            let text = if name == "two-tool" { text } else { "same" };
            fs::write(&at, format!("#!/bin/sh\n# {text}\n")).expect("write a tool");
            fs::set_permissions(&at, fs::Permissions::from_mode(0o755)).expect("set a mode");
        }
        let mut command = ws.command(&["build", "--verbose", "//:g"]);
        command.env("PATH", format!("{}:{path}", ws.beside("bin").display()));
        Run::of(command).expect(0)
    };
    build("first").ran(&["generate out/o"]);
    build("first").ran(&[]);
    build("second").ran(&["generate out/o"]);
}

#[test]
fn an_action_that_a_signal_killed_is_not_remembered() {
    let ws = workspace(
        "-- BUILD.ron\n[genrule(name: \"g\", outs: [\"o\"], cmd: \"kill -KILL $$; echo x > $OUT\")]\n",
    );
    for _ in 0..2 {
        ws.eng(&["build", "--verbose", "//:g"]).expect(1).tells("SIGKILL").ran(&["generate out/o"]);
    }
}

/// Two quick tests and one that holds a lock and waits for ever.
fn with_one_that_waits(trap: &str) -> Workspace {
    scripts(&[
        ("a", "", "echo a"),
        ("b", "", "echo b"),
        (
            "w",
            "timeout: \"500s\"",
            &format!(
                "{trap}\nexec 9>>{{beside}}/lock; flock 9; echo > {{beside}}/up; sleep 400 & wait; sleep 401; sleep 402"
            ),
        ),
    ])
}

/// Waits until the quick tests are over and the other one runs.
#[track_caller]
fn until_it_waits(ws: &Workspace) {
    let log = |name: &str| ws.root().join(format!("eng-out/testlogs/{name}/test.log"));
    wait_until("all tests are under way", || {
        ws.beside("up").exists() && log("a").exists() && log("b").exists()
    });
}

#[track_caller]
fn check_stopped_in_order(signal: rustix::process::Signal) {
    let ws = with_one_that_waits("");
    let eng = started(&ws, &["test"]);
    until_it_waits(&ws);
    send(&eng, signal);
    let run = ended(eng).expect(8);
    released(&ws.beside("lock"));
    assert!(run.stderr.contains("stopped after"), "{}", run.stderr);
    assert!(!run.stderr.contains("FAIL"), "{}", run.stderr);
    ws.write("w.sh", "#!/bin/sh\n");
    ws.test(&[]).ran(&["test //:w"]);
    let left: Vec<_> = fs::read_dir(ws.beside("cache/eng/exec")).expect("read it").collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn an_interrupt_stops_what_runs_and_keeps_what_is_finished() {
    check_stopped_in_order(rustix::process::Signal::INT);
}

#[test]
fn a_termination_is_like_an_interrupt() {
    check_stopped_in_order(rustix::process::Signal::TERM);
}

#[test]
fn a_second_interrupt_ends_at_once_what_ignores_the_first() {
    let ws = with_one_that_waits("trap 'echo asked > {beside}/asked' TERM");
    let eng = started(&ws, &["test"]);
    until_it_waits(&ws);
    send(&eng, rustix::process::Signal::INT);
    wait_until("the test is asked to end", || ws.beside("asked").exists());
    send(&eng, rustix::process::Signal::INT);
    ended(eng).expect(8);
    released(&ws.beside("lock"));
}

#[test]
fn a_compilation_is_stopped_too() {
    let ws = workspace("");
    let beside = ws.beside("").display().to_string();
    ws.write("BUILD.ron", &format!(
        "[workspace(name: \"ws\"), genrule(name: \"g\", outs: [\"o\"], cmd: \"exec 9>>{beside}lock; flock 9; echo > {beside}up; sleep 400; echo > $OUT\")]\n"
    ));
    let eng = started(&ws, &["build", "//:g"]);
    wait_until("it runs", || ws.beside("up").exists());
    send(&eng, rustix::process::Signal::INT);
    ended(eng).expect(8);
    released(&ws.beside("lock"));
}

#[test]
fn a_reader_that_goes_away_is_no_reason_to_panic() {
    let ws = scripts(&[("a", "", "exit 1"), ("b", "", "exit 1")]);
    let mut command = ws.command(&["test", "--fresh"]);
    let (mut reader, writer) = std::io::pipe().expect("make a pipe");
    command.stdout(writer.try_clone().expect("duplicate it")).stderr(writer);
    let child = command.spawn().expect("start eng");
    drop(command);
    let mut first = [0];
    reader.read_exact(&mut first).expect("read a byte");
    drop(reader);
    ended(child).expect(3);
}

#[test]
fn a_run_after_a_killed_one_works_and_sweeps_up() {
    let ws = with_one_that_waits(
        "exec 9>>{beside}/lock; flock 9; echo > {beside}/up\n\
         until test -e {beside}/over; do sleep 0.05; done; exit",
    );
    let mut eng = started(&ws, &["test"]);
    until_it_waits(&ws);
    wait_told(&mut eng, "PASS  //:b");
    eng.kill().expect("kill eng");
    eng.wait().expect("wait for eng");
    let exec = ws.beside("cache/eng/exec");
    let mut left: Vec<_> = fs::read_dir(&exec).expect("read it").flatten().collect();
    assert_eq!(left.len(), 1);
    let own = format!("-{}-0", eng.id());
    let memory = fs::read_dir("/dev/shm").into_iter().flatten().flatten();
    left.extend(memory.filter(|it| it.file_name().to_string_lossy().ends_with(&own)));
    // Folders made just now may belong to a process that has not locked its own yet.
    let hour_ago = std::time::SystemTime::now() - Duration::from_secs(3600);
    for folder in left {
        File::open(folder.path()).expect("open it").set_modified(hour_ago).expect("age it");
    }
    ws.write("w.sh", "#!/bin/sh\n");
    ws.test(&[]).ran(&["test //:w"]);
    assert_eq!(fs::read_dir(&exec).expect("read it").count(), 0);
    // Nobody has told the test of the killed run to end.
    released(&ws.beside("lock"));
}

#[test]
fn actions_get_nothing_of_the_users_environment() {
    let ws = workspace(
        "-- BUILD.ron\n[genrule(name: \"g\", outs: [\"o\"], cmd: \"env > $OUT; umask >> $OUT; ls -A >> $OUT\", srcs: [\"in\"])]\n-- in\n-- other\n",
    );
    let mut shell = Command::new("sh");
    shell.args(["-c", "umask 077; exec \"$@\"", "sh", env!("CARGO_BIN_EXE_eng"), "build", "//:g"]);
    let like = ws.command(&[]);
    for (name, value) in like.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    shell.current_dir(ws.root()).env("MINE", "1");
    Run::of(shell).expect(0);
    let text = ws.read("eng-out/bin/o");
    let mut lines: Vec<&str> = text.lines().filter(|line| !line.starts_with("TMPDIR=")).collect();
    lines.retain(|line| {
        !line.starts_with("PWD=") && !line.starts_with("OLDPWD=") && !line.starts_with("_=")
    });
    lines.sort_unstable();
    let expected = [
        "0022",
        "OUT=out/o",
        "OUTS=out/o",
        "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "SOURCE_DATE_EPOCH=0",
        "SRCS=in",
        "TOOLS=",
        "in",
        "out",
    ];
    assert_eq!(lines, expected);
}

#[test]
fn a_file_made_in_the_exec_root_never_reaches_the_sources() {
    let ws = workspace(
        "-- BUILD.ron\n[genrule(name: \"g\", outs: [\"o\"], cmd: \"echo x > stray; rm -f in; echo y > in; cp in $OUT\", srcs: [\"in\"])]\n-- in\nsource\n",
    );
    ws.build(&["//:g"]);
    assert_eq!((ws.read("in"), ws.root().join("stray").exists()), ("source\n".to_string(), false));
}
