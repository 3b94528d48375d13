//! What a process leaves behind: eng becomes the parent of all whose own parent has ended, finds
//! out whose they are by what they inherited, and kills them. Knows neither actions nor limits.

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{
    Pid, PidfdFlags, Signal, WaitOptions, getpgid, getpgrp, getpid, kill_process,
    kill_process_group, pidfd_open, set_child_subreaper, waitpid,
};
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How long what is left of a process that ended by itself may take to end, too. Members of a
/// pipeline end a moment after their shell.
pub(super) const PATIENCE: Duration = Duration::from_millis(100);
/// What has not died this long after SIGKILL hangs in the kernel.
const HOPE: Duration = Duration::from_secs(10);

/// To whom orphans go is a matter of the whole process, and so is this.
static FAMILY: Mutex<Family> =
    Mutex::new(Family { list: None, running: 0, inherited: BTreeSet::new(), spared: Vec::new() });

struct Family {
    /// The kernel's list of our orphans: they go to the main thread, which starts no commands.
    list: Option<File>,
    /// Processes that are waited for.
    running: usize,
    /// Children that this process had before the run: they are others' affair.
    inherited: BTreeSet<i32>,
    /// Folders of processes whose offspring lives until the end of the run.
    spared: Vec<PathBuf>,
}

/// The lock's data stays usable if a thread died with it.
fn family() -> MutexGuard<'static, Family> {
    FAMILY.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Becomes the parent of all descendants whose own parent has ended.
pub(super) fn adopt() {
    let mut family = family();
    // A kernel that has no such thing gives orphans to others; then only groups can be killed.
    let _ = set_child_subreaper(Some(getpid()));
    if family.list.is_none() {
        let me = std::process::id();
        family.list = File::open(format!("/proc/{me}/task/{me}/children")).ok();
    }
    // What an earlier run of this process has left was killed at its end, or will not die.
    if family.running == 0 && family.spared.is_empty() {
        family.inherited = family.children().into_iter().collect();
    }
}

/// A process and all that it started.
pub(super) struct Tree<'a> {
    /// The number of the process, which must not have been reaped yet; also that of its group.
    pub main: Pid,
    /// Folders that belong to it alone and that its environment names.
    pub folders: &'a [PathBuf],
}

/// What was left of a tree.
#[derive(Debug, Default)]
pub(super) struct Left {
    /// Names of processes that outlived the first one although it ended by itself, sorted.
    pub names: Vec<String>,
    /// How many could not be killed.
    pub survivors: usize,
}

/// Says that a process is about to be started; gives what says that its tree is gone.
pub(super) fn enter() -> Entered {
    family().running += 1;
    Entered
}

/// Counts a process as running until it is dropped.
pub(super) struct Entered;

impl Drop for Entered {
    fn drop(&mut self) {
        family().running -= 1;
    }
}

/// Leaves what names one of these folders alone until the end of the run.
pub(super) fn spare(folders: &[PathBuf]) {
    family().spared.extend_from_slice(folders);
}

/// Kills all that is left of a tree whose first process has ended, after it had some time to end
/// by itself, and waits until it is gone.
pub(super) fn end(tree: &Tree, patience: Duration) -> Left {
    let until = Instant::now() + patience;
    let mut found = look(Some(tree), false);
    while found.of_tree() && Instant::now() < until {
        // What one has started may come to us when it ends.
        found.live.iter().all(|orphan| orphan.ends_before(until));
        found = look(Some(tree), false);
    }
    if !found.of_tree() && !found.strays {
        return Left::default();
    }
    let (mut names, survivors) = kill(Some(tree), found);
    if patience.is_zero() {
        names.clear();
    }
    Left { names: names.into_iter().collect(), survivors }
}

/// Kills all that any process of the run has left behind; gives how many could not be killed.
pub fn end_all() -> usize {
    family().spared.clear();
    kill(None, look(None, false)).1
}

/// Kills what a run has left behind whose own eng was killed: all that it gave a place for temporary
/// files in this folder, which was that eng's alone.
pub fn end_left(folder: &Path) {
    // A shell in which somebody looks around there is not told to have its files there.
    let mark = [b"TMPDIR=", folder.as_os_str().as_bytes(), b"/"].concat();
    let began = Instant::now();
    let mut any = true;
    // What forks while it is looked for is found by the next look.
    while any && began.elapsed() < HOPE {
        any = false;
        for number in numbers().filter(|number| *number != getpid().as_raw_nonzero().get()) {
            let environment = fs::read(format!("/proc/{number}/environ")).unwrap_or_default();
            let Some(pid) = Pid::from_raw(number) else { continue };
            if memchr::memmem::find(&environment, &mark).is_some()
                && kill_process(pid, Signal::KILL).is_ok()
            {
                any = true;
                Orphan { pid, name: String::new(), stray: true }.ends_before(began + HOPE);
            }
        }
    }
}

/// Kills until a look finds nothing more. Gives names of those of the tree, and how many could not
/// be killed.
fn kill(tree: Option<&Tree>, mut found: Found) -> (BTreeSet<String>, usize) {
    let began = Instant::now();
    let mut names = BTreeSet::new();
    while found.of_tree() || found.strays {
        if began.elapsed() > HOPE {
            return (names, found.live.len());
        }
        found = look(tree, true);
        for orphan in &found.live {
            orphan.ends_before(began + HOPE);
            if !orphan.stray {
                names.insert(orphan.name.clone());
            }
        }
    }
    (names, 0)
}

/// A process whose parent has ended.
struct Orphan {
    pid: Pid,
    name: String,
    /// True if nobody can tell whose it is.
    stray: bool,
}

impl Orphan {
    /// Waits for its end, up to a moment; true if it has ended.
    fn ends_before(&self, until: Instant) -> bool {
        let Ok(fd) = pidfd_open(self.pid, PidfdFlags::empty()) else { return true };
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let left =
                Timespec { tv_sec: left.as_secs() as i64, tv_nsec: i64::from(left.subsec_nanos()) };
            match poll(&mut [PollFd::new(&fd, PollFlags::IN)], Some(&left)) {
                Err(rustix::io::Errno::INTR) => {}
                Ok(0) | Err(_) => return false,
                Ok(_) => return true,
            }
        }
    }
}

/// What a look at the orphans has found.
#[derive(Default)]
struct Found {
    /// Those of the tree that are alive, and strays that were killed.
    live: Vec<Orphan>,
    /// True if one had ended: its children may have come later than the list was read.
    ended: bool,
    /// True if there are others whose tree can't be told, and no tree but this one is left.
    strays: bool,
}

impl Found {
    /// True if something of the tree may be left.
    fn of_tree(&self) -> bool {
        self.ended || !self.live.is_empty()
    }
}

/// Looks at all orphans: those of the tree are given, or killed first. Those that have ended are
/// reaped. What belongs to no tree that can be told is killed once nothing else runs.
fn look(tree: Option<&Tree>, kill: bool) -> Found {
    // One at a time: the kernel's list is whole only if nobody reaps meanwhile.
    let family = family();
    let mut res = Found::default();
    let own_group = getpgrp();
    for number in family.children() {
        let Some(pid) = Pid::from_raw(number) else { continue };
        let Some(status) = Status::of(number) else { continue };
        let group = Pid::from_raw(status.group);
        // What we started ourselves without a group is waited for by whoever started it.
        if family.inherited.contains(&number) || group == Some(own_group) {
            continue;
        }
        if status.ended {
            res.ended |= family.reap(pid);
            continue;
        }
        let owned = match tree {
            Some(tree) => group == Some(tree.main) || names(number, tree.folders),
            None => true,
        };
        // What ends just then has nothing any more by which it could be known.
        if !owned && Status::of(number).is_none_or(|now| now.ended) {
            res.ended |= family.reap(pid);
            continue;
        }
        let spared = !owned && names(number, &family.spared);
        // While something is spared, what hides where it is from may belong to that.
        let alone = family.running <= 1 && family.spared.is_empty();
        let stray = !owned && !spared && alone && family.list.is_some();
        if kill && (owned || stray) {
            // To kill a group is one step for the kernel, in which none of it can fork.
            if let Some(group) = group {
                let _ = kill_process_group(group, Signal::KILL);
            }
            let _ = kill_process(pid, Signal::KILL);
        }
        if owned || (stray && kill) {
            res.live.push(Orphan { pid, name: status.name, stray });
        }
        res.strays |= stray;
    }
    res
}

/// Reaps orphans that have ended, so that their numbers are free again though what started them
/// still runs.
pub(super) fn reap() {
    reap_of(&family());
}

/// The same unless nothing runs: then whatever ends is the affair of this process.
pub(super) fn reap_while_running() {
    let family = family();
    if family.running > 0 {
        reap_of(&family);
    }
}

fn reap_of(family: &Family) {
    if family.list.is_none() {
        return;
    }
    for number in family.children() {
        let Some(pid) = Pid::from_raw(number) else { continue };
        let ours = family.inherited.contains(&number) || getpgid(Some(pid)) == Ok(getpgrp());
        if !ours {
            family.reap(pid);
        }
    }
}

impl Family {
    /// Reaps an orphan if it has ended. Without the kernel's list those whom others wait for are
    /// among the children, too.
    fn reap(&self, pid: Pid) -> bool {
        self.list.is_some() && matches!(waitpid(Some(pid), WaitOptions::NOHANG), Ok(Some(_)))
    }

    /// Numbers of our children that were adopted; without the kernel's list, of all children.
    fn children(&self) -> Vec<i32> {
        let Some(list) = &self.list else { return children_of(getpid()) };
        let mut text = Vec::new();
        let mut buffer = [0; 4096];
        while let Ok(read @ 1..) = list.read_at(&mut buffer, text.len() as u64) {
            text.extend_from_slice(&buffer[..read]);
        }
        let text = String::from_utf8_lossy(&text);
        text.split_ascii_whitespace().filter_map(|number| number.parse().ok()).collect()
    }
}

/// All children of a process, found by looking at every process of the machine.
fn children_of(parent: Pid) -> Vec<i32> {
    let parent = parent.as_raw_nonzero().get();
    numbers().filter(|number| Status::of(*number).is_some_and(|it| it.parent == parent)).collect()
}

/// Numbers of all processes of the machine that can be seen.
fn numbers() -> impl Iterator<Item = i32> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}

/// What the kernel tells of a process.
struct Status {
    name: String,
    ended: bool,
    parent: i32,
    group: i32,
}

impl Status {
    fn of(number: i32) -> Option<Status> {
        let bytes = fs::read(format!("/proc/{number}/stat")).ok()?;
        let text = String::from_utf8_lossy(&bytes);
        // The name may hold anything, blanks and brackets included.
        let (start, end) = (text.find('(')?, text.rfind(')')?);
        let mut rest = text[end + 1..].split_ascii_whitespace();
        let state = rest.next()?;
        Some(Status {
            name: text[start + 1..end].to_string(),
            ended: matches!(state, "Z" | "X" | "x"),
            parent: rest.next()?.parse().ok()?,
            group: rest.next()?.parse().ok()?,
        })
    }
}

/// True if what the process inherited names one of the folders: its environment, the folder it is
/// in, or a file that it holds open.
fn names(number: i32, folders: &[PathBuf]) -> bool {
    if folders.is_empty() {
        return false;
    }
    let environment = fs::read(format!("/proc/{number}/environ")).unwrap_or_default();
    let in_environment = |folder: &PathBuf| {
        let name = [folder.as_os_str().as_bytes(), b"/"].concat();
        memchr::memmem::find(&environment, &name).is_some()
    };
    if folders.iter().any(in_environment) {
        return true;
    }
    let leads_into =
        |link: PathBuf| fs::read_link(link).is_ok_and(|target| below(&target, folders));
    if leads_into(format!("/proc/{number}/cwd").into()) {
        return true;
    }
    let open = fs::read_dir(format!("/proc/{number}/fd"));
    open.is_ok_and(|open| open.flatten().any(|entry| leads_into(entry.path())))
}

fn below(path: &Path, folders: &[PathBuf]) -> bool {
    folders.iter().any(|folder| path.starts_with(folder))
}
