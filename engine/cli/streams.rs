//! `--events` and its like: who else is told what happens, besides the screen.

use super::Exit;
use super::options::typed;
use crate::report::{Service, Started, Streams, Target, print_problem};
use crate::session::{Failure, ends, inherited};
use anyhow::Context;
use clap::Args;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::FileTypeExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::SystemTime;

/// Where each run in which something was done leaves its events, below the workspace's root.
pub const LAST: &str = "eng-out/last/events.jsonl";
/// Where each run of tests leaves its JUnit file.
pub const LAST_JUNIT: &str = "eng-out/last/junit.xml";

/// Where GitLab finds what it shows beside a merge request.
const LAST_QUALITY: &str = "eng-out/last/gl-code-quality-report.json";

const HEADING: &str = "Who else is told";

/// Flags that name who is told.
#[derive(Debug, Default, Args)]
pub struct Told {
    /// Write what happens as JSON lines to a file, a descriptor (fd:3) or standard output (-); may be repeated
    #[arg(long, value_name = "TO", help_heading = HEADING)]
    pub events: Vec<String>,
    /// The same as JSON of the Build Event Protocol, for tools that read what Bazel tells
    #[arg(long, alias = "build-event-json-file", value_name = "TO", help_heading = HEADING)]
    pub bep: Vec<String>,
    /// Write the results of tests as one JUnit file; 'eng test' leaves it in eng-out/last/junit.xml anyway
    #[arg(long, value_name = "TO", help_heading = HEADING)]
    pub junit: Vec<String>,
    /// Write where the time went as a trace (.json, .json.gz), and tell it in short when the run is over
    #[arg(long, value_name = "FILE", help_heading = HEADING)]
    pub profile: Option<String>,
}

impl Told {
    /// True if standard output is a stream, in which nothing else may stand.
    pub fn takes_stdout(&self) -> bool {
        self.events
            .iter()
            .chain(&self.bep)
            .chain(&self.junit)
            .chain(&self.profile)
            .any(|to| ["-", "fd:1", "/dev/stdout"].contains(&&**to))
    }
}

/// Opens what the flags name. `folder` is where much can be kept for readers who are slow, and
/// `input` is not to be written over.
pub fn streams(told: &Told, folder: &Path, input: Option<BorrowedFd>) -> Result<Streams, Failure> {
    let mut streams = Streams::default();
    let mut taken = Vec::new();
    if let Some(input) = input {
        taken.extend(identity(input).map(|it| (it, "what is read".to_string())));
    }
    let mut target = |flag: &str, to: &str| target(flag, to, &mut taken);
    for to in &told.events {
        let name = format!("--events={to}");
        let target = target("--events", to)?;
        streams.add_events(&name, target, folder).with_context(|| format!("start {name}"))?;
    }
    for to in &told.bep {
        let name = format!("--bep={to}");
        let target = target("--bep", to)?;
        streams.add_bep(&name, target, folder).with_context(|| format!("start {name}"))?;
    }
    for to in &told.junit {
        let name = format!("--junit={to}");
        let target = target("--junit", to)?;
        streams.add_junit(&name, target, folder).with_context(|| format!("start {name}"))?;
    }
    if let Some(to) = &told.profile {
        let name = format!("--profile={to}");
        let is_trace = [".json", ".json.gz"].iter().any(|end| to.ends_with(end));
        if !is_trace && to != "-" && !to.starts_with("fd:") {
            return Err(Failure::Usage(format!(
                "{name}: a file that ends in .json or .json.gz was expected, a descriptor such as fd:3 or -; '--config' takes the flags of a profile, '--mode' activates a mode of the rules"
            )));
        }
        let target = target("--profile", to)?;
        let added = streams.add_profile(&name, to, target, folder);
        added.with_context(|| format!("start {name}"))?;
    }
    Ok(streams)
}

/// Adds what the service of continuous integration shows that this runs on, if it is one that is
/// known by its environment.
pub fn add_services(streams: &mut Streams, root: &Path, folder: &Path) -> Result<(), Failure> {
    let on = |name: &str| std::env::var_os(name).is_some_and(|value| value == "true");
    if on("GITHUB_ACTIONS") {
        let below = below(root, "GITHUB_WORKSPACE");
        let stderr = inherited(2).map(Target::Open).context("write annotations")?;
        let name = "GITHUB_ACTIONS";
        streams
            .add_service(Service::GithubAnnotations, &below, name, stderr, folder)
            .context("start annotations")?;
        let name = "GITHUB_STEP_SUMMARY";
        if let Some(path) = std::env::var_os(name).filter(|path| !path.is_empty()) {
            let file = OpenOptions::new().append(true).create(true).open(&path);
            let file = file.with_context(|| format!("open {name} {}", path.display()))?;
            streams
                .add_service(Service::GithubSummary, &below, name, Target::Open(file), folder)
                .context("start the summary of a step")?;
        }
    }
    if on("GITLAB_CI") {
        let below = below(root, "CI_PROJECT_DIR");
        streams.add_service_file(Service::GitlabQuality, &below, &root.join(LAST_QUALITY));
    }
    Ok(())
}

/// Where the workspace stands in the repository whose folder a variable names.
fn below(root: &Path, variable: &str) -> String {
    let folder = std::env::var_os(variable).and_then(|folder| std::fs::canonicalize(folder).ok());
    let root = std::fs::canonicalize(root).unwrap_or_else(|_| root.to_path_buf());
    let below =
        folder.and_then(|folder| Some(root.strip_prefix(folder).ok()?.to_str()?.to_string()));
    below.unwrap_or_default()
}

/// What is told first of a run.
pub fn started(verb: &str, patterns: &[String], root: &Path) -> Started {
    let mut patterns: Vec<String> = patterns.iter().map(|it| typed(it).to_string()).collect();
    if patterns.is_empty() {
        patterns.push("//...".to_string());
    }
    Started::new(verb, std::env::args().collect(), patterns, root)
}

/// Tells how it ended, and waits for all who read. What could not be written is told, and makes
/// of success a failure.
pub fn end(streams: Streams, res: Result<Exit, Failure>) -> Result<Exit, Failure> {
    let (exit, problem) = match &res {
        Ok(exit) => (*exit, String::new()),
        Err(failure) => super::told(failure),
    };
    let written = finish(streams, exit as i32, problem.trim_end(), SystemTime::now());
    res.map(|exit| exit.or(written))
}

/// Tells how it ended and when, and waits for all who read; what asks for the
/// end of a run ends the waiting.
pub fn finish(mut streams: Streams, exit: i32, problem: &str, at: SystemTime) -> Exit {
    if streams.is_empty() {
        return Exit::Ok;
    }
    let stop = Arc::new(AtomicBool::new(false));
    for signal in ends() {
        // Without it the signal ends the process, and the waiting with it.
        let _ = signal_hook::flag::register(signal, stop.clone());
    }
    let mut say = |text: String| print_problem(&format!("warning: {text}\n"));
    let text = streams.end(exit, problem, at, &stop, &mut say);
    if !text.is_empty() {
        print_problem(&text);
    }
    for why in streams.unwritten() {
        print_problem(&format!("eng: {why}\n"));
    }
    if streams.unwritten().is_empty() { Exit::Ok } else { Exit::Environment }
}

/// What tells a file or pipe from all others; nothing of devices, such as terminals.
fn identity(file: BorrowedFd) -> Option<(u64, u64)> {
    let stat = rustix::fs::fstat(file).ok()?;
    let kind = rustix::fs::FileType::from_raw_mode(stat.st_mode);
    (kind != rustix::fs::FileType::CharacterDevice).then_some((stat.st_dev, stat.st_ino))
}

/// Files that are written or read already, with what the user calls them.
type Taken = Vec<((u64, u64), String)>;

/// Opens what a word names: `-`, `fd:3`, or a file. Nothing is changed if it is taken.
fn target(flag: &str, to: &str, taken: &mut Taken) -> Result<Target, Failure> {
    let wrong = |why: String| Failure::Usage(format!("{flag}={to}: {why}"));
    let target = open(to, &wrong)?;
    if let Target::Open(file) = &target {
        if let Some(identity) = identity(file.as_fd()) {
            if let Some((_, other)) = taken.iter().find(|(known, _)| *known == identity) {
                return Err(wrong(format!("that is the same file as {other}")));
            }
            taken.push((identity, format!("{flag}={to}")));
        }
        // Descriptors stand where their owner wants them.
        if to != "-" && !to.starts_with("fd:") {
            let empty = file.metadata().and_then(|meta| match meta.is_file() {
                true => file.set_len(0),
                false => Ok(()),
            });
            empty.map_err(|error| wrong(format!("it cannot be written: {error}")))?;
        }
    }
    Ok(target)
}

fn open(to: &str, wrong: &dyn Fn(String) -> Failure) -> Result<Target, Failure> {
    let of_descriptor = |number: i32| {
        let file = inherited(number);
        file.and_then(writable)
            .map(Target::Open)
            .map_err(|error| wrong(format!("descriptor {number} is not open for writing: {error}")))
    };
    if to == "-" {
        return of_descriptor(1);
    }
    if let Some(number) = to.strip_prefix("fd:") {
        return match number.parse::<i32>() {
            Ok(number) if number >= 0 => of_descriptor(number),
            _ => Err(wrong(format!("'{number}' is no number of a descriptor, such as fd:3"))),
        };
    }
    if to.is_empty() {
        return Err(wrong("a file, a descriptor such as fd:3 or - was expected".to_string()));
    }
    let path = Path::new(to);
    if std::fs::metadata(path).is_ok_and(|meta| meta.file_type().is_fifo()) {
        return Ok(Target::Pipe(path.to_path_buf()));
    }
    let file = OpenOptions::new().write(true).create(true).truncate(false).open(path);
    file.map(Target::Open).map_err(|error| wrong(format!("it cannot be written: {error}")))
}

/// The file, if it may be written.
fn writable(file: File) -> io::Result<File> {
    let flags = rustix::fs::fcntl_getfl(&file)?;
    match flags & rustix::fs::OFlags::RWMODE == rustix::fs::OFlags::RDONLY {
        true => Err(io::Error::other("it can only be read")),
        false => Ok(file),
    }
}
