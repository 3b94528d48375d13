//! What all actions of a run share: stores, options, and what is known of each file.

use super::gate::Gate;
use super::manifest::Content;
use super::setup::Setups;
use super::signal::Stop;
use super::sources::Sources;
use super::tools::{self, Tool};
use crate::analyze::{Action, Analysis, FileId, FileKind, ToolId};
use crate::base::{Digest, Hasher, Label, Place, Problem};
use crate::event::{Event, Made};
use crate::store::{Batch, Cas, Last, Ledger, StatCache, ToolRow};
use anyhow::{Context, Result};
use crossbeam_channel::Sender;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

/// With less room than this in memory, a failure may be due to that.
const SCARCE: u64 = 128 << 20;

/// How a run is to be done.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Processes of actions at once.
    pub jobs: usize,
    /// Processes of tests at once.
    pub test_threads: usize,
    /// Look nothing up; results are stored all the same.
    pub no_cache: bool,
    /// The same for tests only.
    pub fresh_tests: bool,
    /// Only say what would run.
    pub dry_run: bool,
    /// Stop after so many failures of actions and tests.
    pub max_fail: Option<usize>,
    /// Stop at the first test that crashed.
    pub stop_at_crash: bool,
    /// When to stop.
    pub deadline: Option<Deadline>,
    /// When tests may start.
    pub schedule: Schedule,
    /// Events carry commands of actions that succeeded, too.
    pub verbose: bool,
    /// Show remembered failures of tests in place of running them again.
    pub retell: bool,
    /// The user's PATH, on which tools are found.
    pub path: String,
    /// Limit of time for every test process, in place of its own.
    pub test_timeout: Option<Duration>,
    /// Targets of which it is told in detail why their actions run or need not.
    pub explains: BTreeSet<Label>,
}

/// No test is expected to take longer.
const LONGEST: Duration = Duration::from_secs(1 << 32);

impl Options {
    /// After which time the process of an action is killed; the user's word holds for tests.
    pub fn limit(&self, action: &Action) -> Option<Duration> {
        self.test_timeout.filter(|_| action.test.is_some()).or(action.timeout)
    }

    /// By what tests are ordered that are expected to take this long, the greatest first: the longest
    /// starts first, unless the first failure ends the run. Then short ones find it sooner.
    pub fn rank(&self, expected: Duration) -> Duration {
        let hasty = self.max_fail.is_some() || self.stop_at_crash;
        if hasty { LONGEST.saturating_sub(expected) } else { expected }
    }
}

/// When a run must have ended.
#[derive(Debug, Clone, Copy)]
pub struct Deadline {
    /// The moment.
    pub at: Instant,
    /// How long after the beginning that is.
    pub after: Duration,
}

/// When tests may start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Schedule {
    /// As soon as what they need is built.
    #[default]
    Interleaved,
    /// Once everything is built.
    TwoPhase {
        /// Whether tests run at all after a failure of the build.
        needs_build: bool,
    },
}

/// What tests see of the workspace.
#[derive(Clone, Default)]
pub struct Home {
    /// Its name.
    pub name: String,
    /// Names of the instances of each resource.
    pub resources: BTreeMap<String, Vec<String>>,
    /// What the setups of its tests came to.
    pub setups: Arc<Setups>,
}

/// What all actions of a run share.
pub struct Shared<'a> {
    /// Root of the workspace.
    pub root: PathBuf,
    /// Files and actions.
    pub analysis: &'a Analysis,
    /// Bytes by digest.
    pub cas: &'a Cas,
    /// Results by key.
    pub ledger: &'a Ledger,
    /// Digests of sources.
    pub stats: &'a StatCache,
    /// How to do it.
    pub options: Options,
    /// Whether to go on.
    pub stop: Stop,
    /// Where everything that happens is told.
    pub events: Sender<Event>,
    /// Number of this run in the history.
    pub run: i64,
    /// What tests see of the workspace.
    pub home: Home,
    /// Processes of actions, tests not included.
    pub(super) gate: Gate,
    fast: PathBuf,
    disk: PathBuf,
    slow: AtomicBool,
    next: AtomicU64,
    contents: Vec<Mutex<Option<Content>>>,
    tools: Vec<OnceLock<std::result::Result<Tool, Problem>>>,
    host: OnceLock<Digest>,
    pending: Mutex<Batch>,
    externals: Mutex<HashMap<Digest, bool>>,
    warned: Mutex<HashSet<String>>,
    tool_files: Mutex<Vec<PathBuf>>,
    pub(super) sources: Sources,
}

impl<'a> Shared<'a> {
    /// `fast` and `disk` are folders of this process alone: where links are cheap, and where much
    /// can be written; they may be the same.
    #[allow(clippy::too_many_arguments)] // each is another part of the run; a struct would repeat them
    pub fn new(
        root: PathBuf,
        analysis: &'a Analysis,
        cas: &'a Cas,
        ledger: &'a Ledger,
        stats: &'a StatCache,
        options: Options,
        stop: Stop,
        events: Sender<Event>,
        run: i64,
        home: Home,
        fast: PathBuf,
        disk: PathBuf,
    ) -> Shared<'a> {
        let gate = Gate::new(options.jobs);
        Shared {
            root,
            analysis,
            cas,
            ledger,
            stats,
            options,
            stop,
            events,
            run,
            home,
            gate,
            fast,
            disk,
            slow: AtomicBool::new(false),
            next: AtomicU64::new(0),
            contents: (0..analysis.files.len()).map(|_| Mutex::new(None)).collect(),
            tools: (0..analysis.tools.len()).map(|_| OnceLock::new()).collect(),
            host: OnceLock::new(),
            pending: Mutex::default(),
            externals: Mutex::default(),
            warned: Mutex::default(),
            tool_files: Mutex::default(),
            sources: Sources::default(),
        }
    }

    /// Two folders that nobody else uses and that do not exist yet: one where links are cheap, and
    /// one where much can be written.
    pub(super) fn next_scratch(&self) -> (PathBuf, PathBuf) {
        let name = self.next.fetch_add(1, Ordering::Relaxed).to_string();
        let fast = if self.slow.load(Ordering::Relaxed) { &self.disk } else { &self.fast };
        (fast.join(&name), self.disk.join(&name))
    }

    /// True if an action may have failed because memory has no room for its files. From then on
    /// all run on disk.
    pub(super) fn leave_memory(&self) -> bool {
        if self.fast == self.disk || self.slow.load(Ordering::Relaxed) {
            return false;
        }
        let Ok(room) = rustix::fs::statvfs(&self.fast) else { return false };
        let scarce = room.f_bavail.saturating_mul(room.f_frsize) < SCARCE;
        if scarce {
            self.slow.store(true, Ordering::Relaxed);
            self.warn(format!(
                "{} is almost full; actions run on disk from here on, which is slower",
                self.fast.display()
            ));
        }
        scarce
    }

    /// What stands at a file's path; nothing if a source is not there any more, or if an output was
    /// not made in this run.
    pub fn content(&self, id: FileId) -> Result<Option<Content>> {
        let cell = &self.contents[id.0 as usize];
        if let Some(content) = *lock(cell) {
            return Ok(Some(content));
        }
        let file = self.analysis.files.file(id);
        let content = match file.kind {
            FileKind::Output { .. } => return Ok(None),
            FileKind::Builtin(bytes) => {
                Content::File { digest: self.cas.put_bytes(bytes)?, executable: false }
            }
            FileKind::Source => match self.stats.digest(&self.root.join(&*file.path))? {
                None => return Ok(None),
                Some((digest, executable)) => Content::File { digest, executable },
            },
        };
        Ok(Some(*lock(cell).get_or_insert(content)))
    }

    /// A file that an action has made, or that is there, as it is told.
    pub fn made(&self, id: FileId) -> Option<Made> {
        let content = self.content(id).ok()??;
        let (kind, digest) = super::deliver::made(&content);
        Some(Made { path: self.analysis.files.path(id).to_string(), digest, kind })
    }

    /// Says what an output is.
    pub(super) fn set_content(&self, id: FileId, content: Content) {
        *lock(&self.contents[id.0 as usize]) = Some(content);
    }

    /// A source is not what it was: its content is found anew.
    pub(super) fn forget(&self, id: FileId) {
        *lock(&self.contents[id.0 as usize]) = None;
    }

    /// A program of the machine; the user's problem if it is not there.
    pub(super) fn tool(&self, id: ToolId) -> Result<std::result::Result<Tool, Problem>> {
        let cell = &self.tools[id.0 as usize];
        if let Some(tool) = cell.get() {
            return Ok(tool.clone());
        }
        let (request, place): &(_, Place) = &self.analysis.tools[id.0 as usize];
        let found = tools::find(self, request, place)
            .with_context(|| format!("identify the program '{}'", request.program))?;
        Ok(cell.get_or_init(|| found).clone())
    }

    /// Files that tell which programs of the machine were used, and the machine itself.
    pub fn tool_files(&self) -> Vec<PathBuf> {
        let mut files = lock(&self.tool_files).clone();
        files.extend(tools::host_files());
        files
    }

    /// Notes a file that tells which program was used.
    pub(super) fn note_tool_file(&self, path: PathBuf) {
        lock(&self.tool_files).push(path);
    }

    /// Identity of the machine.
    pub(super) fn host(&self) -> Digest {
        *self.host.get_or_init(tools::host)
    }

    pub(super) fn remember_tool(&self, key: Digest, row: ToolRow) {
        lock(&self.pending).tools.push((key, row));
    }

    /// Under which name the ledger keeps what the last result of an action was made of.
    pub fn last_key(&self, label: &str, about: &str) -> Digest {
        let mut key = Hasher::default();
        key.field(self.root.as_os_str().as_encoded_bytes());
        key.field(label.as_bytes());
        key.field(about.as_bytes());
        key.finish()
    }

    /// What the last result of an action was made of.
    pub(super) fn last(&self, action: &Action) -> Option<Last> {
        self.ledger.last(&self.last_key(&action.label.to_string(), &action.about))
    }

    /// Lines of facts that were kept.
    pub(super) fn facts(&self, lines: &Digest) -> Option<String> {
        let bytes = self.ledger.text(lines)?;
        Some(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Keeps a text for explanations, with the next results.
    pub(super) fn keep_text(&self, text: Vec<u8>) -> Digest {
        let digest = Digest::of(&text);
        lock(&self.pending).texts.push((digest, text));
        digest
    }

    /// Notes rows that are to be kept besides those of actions.
    pub fn add_pending(&self, rows: Batch) {
        lock(&self.pending).append(rows);
    }

    /// Rows that are to be kept besides those of actions.
    pub(super) fn take_pending(&self) -> Batch {
        std::mem::take(&mut *lock(&self.pending))
    }

    /// True if all files of a stored list, a path and a digest a line, are what they were. Every
    /// list is checked once a run, every file is looked at once a run.
    pub(super) fn unchanged(&self, list: &Digest) -> Result<bool> {
        if let Some(known) = lock(&self.externals).get(list) {
            return Ok(*known);
        }
        let holds = self.cas.find(list)?.is_some() && self.first_changed(list)?.is_none();
        lock(&self.externals).insert(*list, holds);
        Ok(holds)
    }

    /// The first file of a stored list that is not what it was.
    pub(super) fn first_changed(&self, list: &Digest) -> Result<Option<String>> {
        let bytes = self.cas.read(list)?.unwrap_or_default();
        for line in String::from_utf8_lossy(&bytes).lines() {
            let (digest, path) = line.split_once('\t').unwrap_or(("", line));
            let now = self.stats.digest(std::path::Path::new(path))?;
            if now.is_none_or(|(now, _)| now.to_string() != digest) {
                return Ok(Some(path.to_string()));
            }
        }
        Ok(None)
    }

    /// Says something once a run.
    pub fn warn(&self, text: String) {
        if lock(&self.warned).insert(text.clone()) {
            let _ = self.events.send(Event::Warning(text));
        }
    }
}

/// A lock whose data stays usable if a thread died with it: all of it is plain data.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
