//! A panic of the coordinator while processes run: it goes on from there, and leaves nothing running.

use super::bring::Session;
use super::carry::Once;
use super::goals::goals;
use super::request::{Goal, Places, Request};
use super::scratch::Scratch;
use crate::analyze::{self, Action, Modes};
use crate::base::{Label, PackageName, Pattern};
use crate::graph::Plan;
use crate::load;
use crate::run::{self, Finished, Follow, Grow, Home, Options, Shared, Stop};
use crate::store::{Budget, Durations, StatCache};
use crate::testing::{Filter, Policy, Tests};
use anyhow::Result;
use rustix::process::{Pid, test_kill_process};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

/// Two tests with a setup that leaves a process behind: one waits until the other is there, which
/// hangs.
const FILES: [(&str, &str); 4] = [
    (
        "BUILD.ron",
        r#"[
    workspace(name: "ws"),
    sh_binary(name: "ground", srcs: "ground.sh"),
    sh_test(name: "ends", srcs: "ends.sh", setup: [":ground"]),
    sh_test(name: "hangs", srcs: "hangs.sh", setup: [":ground"]),
]"#,
    ),
    ("ground.sh", "#!/bin/sh\nsleep 1000 > /dev/null 2>&1 &\necho $! > HERE/ground\n"),
    ("ends.sh", "#!/bin/sh\nuntil test -s HERE/hangs; do sleep 0.01; done\n"),
    ("hangs.sh", "#!/bin/sh\necho $$ > HERE/hangs\nexec sleep 1000\n"),
];

/// Follows tests as ever until one has ended.
struct Panics(Tests);

impl Grow for Panics {
    fn finished(&mut self, shared: &Shared, finished: Finished) -> Result<Follow> {
        assert!(finished.action.test.is_none(), "on purpose");
        self.0.finished(shared, finished)
    }

    fn not_run(&mut self, action: &Action, because: &Label) -> Follow {
        self.0.not_run(action, because)
    }

    fn left(&mut self, shared: &Shared, why: &str) -> Result<Follow> {
        self.0.left(shared, why)
    }
}

fn request() -> Request {
    let (jobs, test_threads, path) = (2, 2, "/usr/bin:/bin".to_string());
    Request {
        pattern: Pattern::parse(&["//..."], &PackageName::main("")).unwrap(),
        goal: Goal::Test,
        options: Options { jobs, test_threads, path, ..Options::default() },
        schedule: None,
        policy: Policy::default(),
        filter: Filter::default(),
        filters: Vec::new(),
        modes: Default::default(),
        test_args: Vec::new(),
        shows_output: false,
        shows_times: false,
        program: PathBuf::new(),
        write_durations: None,
        budget: Budget::default(),
        coverage: None,
        command: String::new(),
    }
}

fn lives(file: &Path) -> bool {
    let number = fs::read_to_string(file).unwrap().trim().parse().unwrap();
    test_kill_process(Pid::from_raw(number).unwrap()).is_ok()
}

#[test]
fn a_panic_of_the_coordinator_goes_on_and_leaves_nothing_running() {
    let dir = tempfile::tempdir().unwrap();
    let here = |name: &str| dir.path().join(name);
    fs::create_dir(here("ws")).unwrap();
    for (name, text) in FILES {
        let path = here("ws").join(name);
        fs::write(&path, text.replace("HERE", &dir.path().display().to_string())).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    let places = Places { cache: here("cache"), state: here("state") };
    let Ok(session) = Session::open(&here("ws"), &places, false) else { panic!("not opened") };
    let request = request();
    let selected = load::targets(&session.workspace, &request.pattern).unwrap();
    let labels: Vec<Label> = selected.iter().map(|(label, _)| label.clone()).collect();
    let analysis = analyze::analyze(&session.workspace, &labels, &Modes::default()).unwrap();
    let goals = goals(&analysis, &selected, &request).unwrap();
    let once = Once {
        run: 0,
        stop: Stop::new().unwrap(),
        scratch: Scratch::new(&places.cache.join("exec")).unwrap(),
        home: Home { name: session.workspace.name.clone(), ..Home::default() },
    };
    let stats = StatCache::new(&session.workspace.root, Vec::new());
    let shared = Shared::new(
        session.workspace.root.clone(),
        &analysis,
        &session.cas,
        &session.ledger,
        &stats,
        request.options.clone(),
        once.stop.clone(),
        crossbeam_channel::unbounded().0,
        once.run,
        once.home.clone(),
        once.scratch.fast().to_path_buf(),
        once.scratch.disk().to_path_buf(),
    );
    let durations = Durations::default();
    let (filter, policy) = (Filter::default(), Policy::default());
    let mut tests = Panics(Tests::new(goals.tests.clone(), filter, policy, durations, "ws"));
    let mut plan = Plan::new(&analysis, &goals.files, tests.0.first());
    let mut record = |_: &[_], _: &[_], _: &[_]| {};
    let mut work = || run::execute(&shared, &mut plan, &mut tests, &mut record).map(drop);
    let panic = catch_unwind(AssertUnwindSafe(&mut work)).expect_err("it panics");
    assert_eq!(panic.downcast_ref(), Some(&"on purpose"));
    assert_eq!(once.stop.why(), "eng itself has failed");
    assert!(!lives(&here("hangs")) && lives(&here("ground")));
    drop(once);
    assert!(!lives(&here("ground")));
}
