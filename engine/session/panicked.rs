//! A panic of the coordinator while processes run: it goes on from there, and leaves nothing running.

use super::bring::Opened;
use super::carry::Once;
use super::goals::goals;
use super::request::{Goal, Places, Request};
use super::scratch::Scratch;
use crate::analyze::{self, Action, Modes};
use crate::base::{Label, PackageName, Pattern};
use crate::graph::Plan;
use crate::load;
use crate::run::{self, Finished, Follow, Grow, Home, Shared, Stop};
use crate::store::{Durations, StatCache};
use crate::testing::{Filter, Policy, Tests};
use anyhow::Result;
use rustix::process::{Pid, test_kill_process};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

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
    let pattern = Pattern::parse(&["//..."], &PackageName::main("")).unwrap();
    let mut request = Request::new(pattern, Goal::Test, "/usr/bin:/bin");
    (request.options.jobs, request.options.test_threads) = (2, 2);
    request
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
    let Ok(loaded) = Opened::open(&here("ws"), &places, false) else { panic!("not opened") };
    let request = request();
    let selected = load::targets(&loaded.workspace, &request.pattern).unwrap();
    let labels: Vec<Label> = selected.iter().map(|(label, _)| label.clone()).collect();
    let analysis = analyze::analyze(&loaded.workspace, &labels, &Modes::default()).unwrap();
    let goals = goals(&analysis, &selected, &request).unwrap();
    let once = Once {
        run: 0,
        stop: Stop::new().unwrap(),
        scratch: Scratch::new(&places.cache.join("exec")).unwrap(),
        home: Home { name: loaded.workspace.name.clone(), ..Home::default() },
    };
    let stats = StatCache::new(&loaded.workspace.root, Vec::new());
    let shared = Shared::new(
        loaded.workspace.root.clone(),
        &analysis,
        &loaded.cas,
        &loaded.ledger,
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
