//! A workspace and its user: load, plan, start, clean.

use super::error::{CleanError, LoadError, Mistakes, PlanError, RunError};
use super::request::Request;
use super::run::{Busy, Run};
use super::user::User;
use crate::base::{PackageName, Problems, Repo};
use crate::load;
use crate::report::Started;
use crate::session;
use anyhow::{Context, anyhow};
use std::fs;
use std::io::{Error, ErrorKind};
use std::path::{Path, PathBuf};

/// A workspace and the user for whom things are done in it. Holds nothing open: what there is to do
/// is found anew by each call, so that files may change between them.
///
/// ```
/// use eng::{Request, Session, User};
/// # let (folder, session) =
/// #     include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/example.inc"));
/// # let (root, user) = (session.root(), User {
/// #     cache: folder.path().join("c"), state: folder.path().join("s"), settings: None,
/// #     path: "/usr/bin:/bin".to_string(),
/// # });
/// let session = Session::open(root, user)?;
/// let run = session.start(&Request::test(["//..."]))?;
/// for event in run.events() {
///     eprint!("{}", event.stderr());
/// }
/// assert_eq!(run.wait()?.exit, 0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Session {
    pub(crate) root: PathBuf,
    pub(crate) home: PackageName,
    pub(crate) user: User,
}

/// What was loaded of a workspace.
#[derive(Debug)]
pub struct Loaded {
    /// Its targets, by label.
    pub targets: Vec<Target>,
    /// What is wrong with packages; targets of others can be built nevertheless.
    pub mistakes: Option<Mistakes>,
}

/// A target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Its label: `//text:words_test`.
    pub label: String,
    /// Its rule: `cc_test`.
    pub rule: String,
    /// True if it can be tested.
    pub is_test: bool,
    /// Its tags.
    pub tags: Vec<String>,
    /// The `BUILD.ron` that declares it, from the root.
    pub file: String,
    /// The line there, from 1 on.
    pub line: usize,
}

/// What a request would bring up to date.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// Labels of the targets that are asked for, sorted.
    pub targets: Vec<String>,
    /// Labels of the tests that would be run, sorted.
    pub tests: Vec<String>,
    /// The actions, each after those that it needs. Cases of tests that list them are not known
    /// yet.
    pub actions: Vec<Action>,
}

/// An action of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Action {
    /// Label of its target.
    pub target: String,
    /// What it does, as progress shows it: `compile text/a.c`.
    pub subject: String,
    /// The words of its command, or lines that are written without a process.
    pub words: Vec<String>,
    /// Paths of what it reads, sorted; those of outputs start with `out/`.
    pub inputs: Vec<String>,
    /// Paths of what it writes.
    pub outputs: Vec<String>,
}

impl Session {
    /// Finds the workspace that a folder is in; relative patterns count from there. Nothing is read
    /// but the `BUILD.ron` files on the way up.
    pub fn open(folder: &Path, user: User) -> Result<Session, LoadError> {
        let find = |folder: &Path| {
            let found = fs::canonicalize(folder);
            found.with_context(|| format!("find the folder {}", folder.display()))
        };
        let folder = find(folder).map_err(LoadError::World)?;
        let root = load::find_root(&folder, &folder)?;
        let below = folder.strip_prefix(&root).unwrap_or(Path::new(""));
        let Some(below) = below.to_str() else {
            let error = anyhow!("the path {} is not UTF-8", folder.display());
            return Err(LoadError::World(error));
        };
        // Actions run in other folders, and the program may go to another one.
        let user = user.absolute().map_err(LoadError::World)?;
        Ok(Session { home: PackageName::main(below), root, user })
    }

    /// The root of the workspace.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Reads all rules and packages.
    ///
    /// ```
    /// # let (folder, session) =
    /// #     include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/example.inc"));
    /// let loaded = session.load()?;
    /// let tests: Vec<&str> = loaded
    ///     .targets
    ///     .iter()
    ///     .filter(|target| target.is_test)
    ///     .map(|target| target.label.as_str())
    ///     .collect();
    /// assert_eq!(tests, ["//text:words_test"]);
    /// assert!(loaded.mistakes.is_none());
    /// # Ok::<(), eng::LoadError>(())
    /// ```
    pub fn load(&self) -> Result<Loaded, LoadError> {
        let workspace = load::workspace(&self.root)?;
        let mut problems = Problems::default();
        let mut targets = Vec::new();
        for package in workspace.packages.values().filter(|it| it.name.repo == Repo::Main) {
            problems.extend(package.problems.iter().cloned());
            targets.extend(package.targets.iter().map(|target| Target {
                label: target.label.to_string(),
                rule: target.rule.name.to_string(),
                is_test: target.rule.test.is_some(),
                tags: target.tags.to_vec(),
                file: target.place.file().to_string(),
                line: target.place.line(),
            }));
        }
        targets.sort_by(|a, b| a.label.cmp(&b.label));
        let mistakes = (!problems.is_empty()).then_some(Mistakes(problems));
        Ok(Loaded { targets, mistakes })
    }

    /// Finds what a request would have to bring up to date. Nothing is looked up or written.
    ///
    /// ```
    /// use eng::{PlanError, Request};
    /// # let (folder, session) =
    /// #     include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/example.inc"));
    /// let plan = session.plan(&Request::test(["//text/..."]))?;
    /// assert_eq!(plan.actions[0].subject, "test //text:words_test");
    /// let all = session.plan(&Request { max_fail: Some(0), ..Request::test(["//..."]) });
    /// assert!(matches!(all, Err(PlanError::Request(_))));
    /// # Ok::<(), PlanError>(())
    /// ```
    pub fn plan(&self, request: &Request) -> Result<Plan, PlanError> {
        let request = request.read(&self.home, &self.user)?;
        let planned = session::plan(&self.root, &request)?;
        let labels = |labels: &[_]| labels.iter().map(ToString::to_string).collect();
        let action = |act: session::Act| Action {
            target: act.label,
            subject: act.about,
            words: act.words,
            inputs: act.inputs,
            outputs: act.outputs,
        };
        Ok(Plan {
            targets: labels(&planned.labels),
            tests: labels(&planned.tests),
            actions: planned.actions.into_iter().map(action).collect(),
        })
    }

    /// Starts to bring up to date what a request asks for, and returns at once.
    ///
    /// From the first run on the whole process works for it. It becomes the parent of what its
    /// children leave behind, new files are made with the mask 022, its children inherit no other
    /// open file than the standard ones, and its limits for open files and stacks are raised if they
    /// are very low. Children that it has when a run starts are left alone; while one goes on it
    /// should start none, since what a run leaves behind is killed. So a process has one run at a
    /// time. Signals do nothing to a run, and whoever gets them says [`Run::stop`]; but threads of a
    /// run block none, so a program that waits for signals that it has blocked everywhere must
    /// handle them otherwise.
    ///
    /// ```
    /// use eng::Request;
    /// # let (folder, session) =
    /// #     include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/example.inc"));
    /// let run = session.start(&Request::test(["//..."]))?;
    /// for event in run.events().filter(|event| event.kind() == "case_finished") {
    ///     assert_eq!(event.json()["case"], "splits at blanks");
    /// }
    /// let outcome = run.wait()?;
    /// assert_eq!((outcome.exit, outcome.ran, outcome.tests_passed), (0, 1, 1));
    /// # Ok::<(), eng::RunError>(())
    /// ```
    pub fn start(&self, request: &Request) -> Result<Run, RunError> {
        let read = request.read(&self.home, &self.user).map_err(RunError::Plan)?;
        let words = request.words();
        let started =
            Started::new(&words[1].clone(), words.clone(), words[2..].to_vec(), &self.root);
        Run::start(self.root.clone(), self.user.places(), read, started)
    }

    /// Starts one case of a test, and what has to be built for it; a test that has no cases by name
    /// has one whose name is empty.
    ///
    /// ```
    /// # let (folder, session) =
    /// #     include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/example.inc"));
    /// let run = session.start_case("//text:words_test", "splits at blanks")?;
    /// assert_eq!(run.wait()?.exit, 0);
    /// # Ok::<(), eng::RunError>(())
    /// ```
    pub fn start_case(&self, test: &str, case: &str) -> Result<Run, RunError> {
        let one = test.contains("//") || test.starts_with(':');
        if !one || test.starts_with('-') || test.contains(['#', '*']) || test.ends_with("...") {
            let text = format!("'{test}' is no label of one test, such as '//text:words_test'");
            return Err(RunError::Plan(PlanError::Request(text)));
        }
        let hash = if case.is_empty() { "" } else { "#" };
        self.start(&Request::test([format!("{test}{hash}{case}")]))
    }

    /// Removes what was delivered into `eng-out` of the workspace. Nothing there is an input, so
    /// nothing is built again.
    ///
    /// ```
    /// # let (folder, session) =
    /// #     include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/example.inc"));
    /// session.clean()?;
    /// assert!(!session.root().join("eng-out").exists());
    /// # Ok::<(), eng::CleanError>(())
    /// ```
    pub fn clean(&self) -> Result<(), CleanError> {
        let path = self.root.join("eng-out");
        let Some(_busy) = Busy::enter() else { return Err(busy(path)) };
        remove(&path)
    }

    /// Removes what is remembered, for all workspaces of the user: everything is built and run
    /// again when it is asked for next. The history stays. A folder that eng did not make is refused,
    /// and so is this while a run of this process goes on; runs of other processes fail that go on.
    ///
    /// ```
    /// # let (folder, session) =
    /// #     include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/example.inc"));
    /// session.clean_cache()?;
    /// let outcome = session.start(&eng::Request::test(["//..."]))?.wait()?;
    /// assert_eq!((outcome.ran, outcome.cached), (1, 0));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn clean_cache(&self) -> Result<(), CleanError> {
        let path = &self.user.cache;
        let Some(_busy) = Busy::enter() else { return Err(busy(path.clone())) };
        if path.exists() && !session::is_cache(path) {
            let error = Error::other("eng did not make this folder");
            return Err(CleanError { path: path.clone(), error });
        }
        remove(path)
    }
}

fn busy(path: PathBuf) -> CleanError {
    CleanError { path, error: Error::other(RunError::Busy) }
}

fn remove(path: &Path) -> Result<(), CleanError> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(CleanError { path: path.to_path_buf(), error })
        }
        _ => Ok(()),
    }
}
