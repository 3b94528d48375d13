//! JSON lines → events: what a stream has told is told again.

use super::json::{self, Body, KINDS, Printed, VERSION};
use super::json_read_cases;
use super::started::Started;
use crate::base::{Digest, Label, PackageName, Place, Why, nearest};
use crate::event::{self, Event, MadeKind, Origin};
use serde::Deserialize;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};
use tempfile::TempDir;

/// What a line says.
#[derive(Debug)]
pub(super) enum Said {
    /// The run begins.
    Started(Started),
    /// Something has happened.
    Event(Box<Event>),
    /// The run is over, with this exit code; why, if it came to no result.
    Ended(i32, String),
    /// A part of what a later line tells.
    Part,
    /// Something of a kind that is not known here.
    Unknown(String),
}

/// Why a line cannot be read.
#[derive(Debug)]
pub(super) struct Wrong {
    /// In bytes, from 1 on.
    pub column: usize,
    pub text: String,
}

/// A line that was read.
#[derive(Debug)]
pub(super) struct Heard {
    pub at: SystemTime,
    pub seq: u64,
    pub said: Said,
}

/// Reads the lines of one stream.
#[derive(Default)]
pub(super) struct Reader {
    /// Cases of tests that have not been told yet.
    cases: HashMap<String, Vec<event::Case>>,
    /// Files below it may be read where a line names them.
    store: PathBuf,
    /// Where texts lie whose files are not there any more.
    kept: Option<TempDir>,
    files: usize,
}

/// What stands in every line.
#[derive(Deserialize)]
struct Head {
    v: u32,
    #[serde(default)]
    t: f64,
    #[serde(default)]
    seq: u64,
    #[serde(default)]
    ev: String,
}

impl Reader {
    /// Files below `store` are read where a line names them, and no others: a stream may be anybody's.
    pub fn new(store: &Path) -> Reader {
        Reader { store: store.to_path_buf(), ..Reader::default() }
    }

    /// Reads a line, without its line feed.
    pub fn read(&mut self, line: &str) -> Result<Heard, Wrong> {
        let head: Head = serde_json::from_str(line).map_err(|error| misread(&error))?;
        if head.v != VERSION {
            let v = head.v;
            return Err(wrong(format!("is of version {v}; this eng reads version {VERSION}")));
        }
        let said = match head.ev.as_str() {
            "" => return Err(wrong("has no field 'ev', which says what happened")),
            kind if KINDS.contains(&kind) => {
                let body = serde_json::from_str(line).map_err(|error| misread(&error))?;
                self.take(body).map_err(wrong)?
            }
            kind => Said::Unknown(format!("'{kind}'{}", nearest(kind, KINDS))),
        };
        let at = moment(head.t).map_err(wrong)?;
        Ok(Heard { at, seq: head.seq, said })
    }

    fn take(&mut self, body: Body) -> Result<Said, String> {
        let event = match body {
            Body::Started(started) => return Ok(Said::Started(started)),
            Body::Ended { exit, problem } => return Ok(Said::Ended(exit, problem)),
            Body::CaseFinished(case) => {
                let cases = self.cases.entry(case.label.clone()).or_default();
                cases.push(json_read_cases::case(*case)?);
                return Ok(Said::Part);
            }
            Body::Planned { labels, tests, actions } => {
                Event::Planned { labels: all(&labels)?, tests: all(&tests)?, actions }
            }
            Body::Phase { phase, apart } => Event::Phase { phase: self::phase(phase), apart },
            Body::Warning { text } => Event::Warning(text),
            Body::ActionStarted { action, label, subject, test } => Event::ActionStarted {
                action: event::ActionId(action),
                about: about(&label, subject, test)?,
                view: None,
            },
            Body::ActionFinished(action) => Event::ActionFinished {
                action: event::ActionId(action.action),
                about: about(&action.label, action.subject.clone(), action.test)?,
                end: self.end(*action)?,
            },
            Body::ActionSkipped { label, subject, test, because } => Event::ActionSkipped {
                about: about(&label, subject, test)?,
                because: self::label(&because)?,
            },
            Body::WouldRun { label, subject, test, reason } => {
                Event::WouldRun { about: about(&label, subject, test)?, why: Why::text(reason) }
            }
            Body::TestFinished(test) => {
                let cases = self.cases.remove(&test.label).unwrap_or_default();
                if cases.len() != test.cases {
                    let (told, label) = (test.cases, &test.label);
                    let here = cases.len();
                    return Err(format!("tells {told} cases of {label}, but before it are {here}"));
                }
                Event::TestFinished {
                    label: self::label(&test.label)?,
                    cases,
                    duration: time(test.duration)?,
                    log: test.log.map(PathBuf::from),
                    warnings: test.warnings,
                }
            }
            Body::TestNotRun(json::NotRun { label, not_built, cut }) => Event::TestNotRun {
                label: self::label(&label)?,
                because: match (not_built, cut) {
                    (Some(label), _) => event::NotRun::NotBuilt(self::label(&label)?),
                    (None, Some(why)) => event::NotRun::Cut(why),
                    (None, None) => return Err("has neither 'not_built' nor 'cut'".to_string()),
                },
            },
            Body::BuildComplete { programs } => {
                let program = |it: json::Program| {
                    let label = self::label(&it.label)?;
                    Ok(event::Program { label, file: made(it.file)? })
                };
                let programs: Result<_, String> = programs.into_iter().map(program).collect();
                Event::Built { programs: programs? }
            }
            Body::Delivered { label, path } => {
                Event::Delivered { label: self::label(&label)?, path }
            }
            Body::Finished(counts) => Event::Finished(summary(*counts)?),
        };
        Ok(Said::Event(Box::new(event)))
    }

    fn end(&mut self, action: json::Action) -> Result<event::ActionEnd, String> {
        let process = match action.process {
            Some(process) => Some(event::Process {
                started: moment(process.started)?,
                status: process.exit,
                signal: process.killed_by,
                user: time(process.user)?,
                system: time(process.system)?,
                max_rss_kib: process.max_rss_kib,
            }),
            None => None,
        };
        let times = match action.times {
            Some(times) => Some(event::Times {
                ready: moment(times.ready)?,
                after: times.after.map(event::ActionId),
                taken: moment(times.taken)?,
                look: time(times.look)?,
                lay_out: time(times.lay_out)?,
                whole: time(times.whole)?,
            }),
            None => None,
        };
        let outputs: Result<_, String> = action.outputs.into_iter().map(made).collect();
        let progress = action.completed.zip(action.total);
        let turn = action.attempt;
        Ok(event::ActionEnd {
            outcome: outcome(action.outcome)?,
            origin: origin(action.cached),
            duration: time(action.duration)?,
            output: action.output.map(|it| self.printed(it)).transpose()?.flatten(),
            command: action.command,
            place: Place::told(&action.rule.file, action.rule.line, action.rule.column),
            reason: action.reason,
            undeclared: action.undeclared,
            details: event::Details {
                process,
                errors: action.errors.map(|it| self.printed(it)).transpose()?.flatten(),
                outputs: outputs?,
                progress: progress.map(|(completed, total)| event::Progress { completed, total }),
                times: times.map(Box::new),
                turn: turn.map(|attempt| event::Turn { run: action.run.unwrap_or(0), attempt }),
            },
        })
    }

    /// The file that holds what was printed; where it is not in the store any more, one that holds
    /// what the line has of it, if it has something.
    fn printed(&mut self, printed: Printed) -> Result<Option<(PathBuf, u64)>, String> {
        let path = PathBuf::from(&printed.path);
        let straight = path.components().all(|part| part != std::path::Component::ParentDir);
        let inside = !self.store.as_os_str().is_empty() && path.starts_with(&self.store);
        let meta = if straight && inside { std::fs::symlink_metadata(&path).ok() } else { None };
        if meta.is_some_and(|meta| meta.is_file() && meta.len() == printed.bytes) {
            return Ok(Some((path, printed.bytes)));
        }
        let Some(text) = printed.text else { return Ok(None) };
        let gap = match printed.omitted {
            0 => String::new(),
            bytes => format!("\n… {bytes} bytes are not in the stream\n"),
        };
        let text = format!("{text}{gap}{}", printed.tail);
        let path = self.keep(&text);
        let path = path.map_err(|error| format!("has a text that cannot be kept: {error}"))?;
        Ok(Some((path, text.len() as u64)))
    }

    fn keep(&mut self, text: &str) -> std::io::Result<PathBuf> {
        let folder = match self.kept.take() {
            Some(folder) => folder,
            None => tempfile::Builder::new().prefix("eng-replay-").tempdir()?,
        };
        self.files += 1;
        let path = self.kept.insert(folder).path().join(self.files.to_string());
        std::fs::write(&path, text)?;
        Ok(path)
    }
}

fn wrong(text: impl Into<String>) -> Wrong {
    Wrong { column: 1, text: format!("the line {}", text.into()) }
}

fn misread(error: &serde_json::Error) -> Wrong {
    let text = error.to_string();
    let bare = text.split(" at line ").next().unwrap_or(&text);
    Wrong { column: error.column().max(1), text: format!("the line is no event: {bare}") }
}

fn label(text: &str) -> Result<Label, String> {
    Label::parse(text, &PackageName::main("")).map_err(|why| format!("has '{text}', which {why}"))
}

fn all(texts: &[String]) -> Result<Vec<Label>, String> {
    texts.iter().map(|text| label(text)).collect()
}

fn about(label: &str, subject: String, test: bool) -> Result<event::About, String> {
    Ok(event::About { label: self::label(label)?, subject, test })
}

pub(super) fn time(seconds: f64) -> Result<Duration, String> {
    Duration::try_from_secs_f64(seconds).map_err(|_| format!("has {seconds} in place of a time"))
}

/// The end of the year 9999: later moments cannot be written.
const LAST: f64 = 253_402_300_799.0;

/// A moment, in whole microseconds.
pub(super) fn moment(seconds: f64) -> Result<SystemTime, String> {
    if seconds > LAST {
        return Err(format!("has {seconds}, which no clock shows"));
    }
    let micros = (time(seconds)?.as_nanos() + 500) / 1000;
    let since = u64::try_from(micros).ok().map(Duration::from_micros);
    since
        .and_then(|since| SystemTime::UNIX_EPOCH.checked_add(since))
        .ok_or_else(|| format!("has {seconds}, which no clock shows"))
}

pub(super) fn origin(cached: bool) -> Origin {
    if cached { Origin::Cached } else { Origin::Ran }
}

fn phase(phase: json::Phase) -> event::Phase {
    match phase {
        json::Phase::Discovering => event::Phase::Discover,
        json::Phase::Analysing => event::Phase::Analyze,
        json::Phase::Building => event::Phase::Build,
        json::Phase::Testing => event::Phase::Test,
        json::Phase::Complete => event::Phase::Complete,
    }
}

fn outcome(outcome: json::Outcome) -> Result<event::Outcome, String> {
    use json::Outcome::{Broken, Exited, Passed, Refuted, Signalled, Stopped, TimedOut};
    Ok(match outcome {
        Passed => event::Outcome::Passed,
        Exited { status } => event::Outcome::Exited(status),
        Signalled { signal: signal @ 0..=127 } => event::Outcome::Signalled(signal),
        Signalled { signal } => return Err(format!("has {signal} in place of a signal")),
        TimedOut { limit } => event::Outcome::TimedOut(time(limit)?),
        Stopped => event::Outcome::Stopped,
        Refuted { why } => event::Outcome::Refuted(why),
        Broken { why } => event::Outcome::Broken(why),
    })
}

fn made(made: json::Made) -> Result<event::Made, String> {
    let digest = Digest::parse(&format!("{}/{}", made.blake3, made.bytes))
        .ok_or_else(|| format!("has '{}', which is no BLAKE3 digest", made.blake3))?;
    let kind = match made.kind {
        json::Kind::Program => MadeKind::Program,
        json::Kind::File => MadeKind::File,
        json::Kind::Folder => MadeKind::Folder,
    };
    Ok(event::Made { path: made.path, digest, kind })
}

fn summary(counts: json::Summary) -> Result<event::Summary, String> {
    let (tests, cases) = (counts.tests, counts.cases);
    let all = [counts.ran, counts.cached, counts.failed, counts.skipped, counts.broken];
    let of_tests = [tests.passed, tests.failed, tests.empty, tests.not_run];
    // They are added up.
    if let Some(many) = all.iter().chain(&of_tests).find(|it| **it > u32::MAX as usize) {
        return Err(format!("counts {many}, which is too much"));
    }
    let seed = counts.seed.map(|seed| seed.parse().map_err(|_| format!("has the seed '{seed}'")));
    Ok(event::Summary {
        ran: counts.ran,
        cached: counts.cached,
        failed: counts.failed,
        skipped: counts.skipped,
        tests_passed: tests.passed,
        tests_cached: tests.cached,
        tests_failed: tests.failed,
        tests_empty: tests.empty,
        tests_not_run: tests.not_run,
        cases: event::CaseCounts {
            passed: cases.passed,
            failed: cases.failed,
            skipped: cases.skipped,
            expected_failures: cases.expected_failures,
            unexpected_passes: cases.unexpected_passes,
            not_run: cases.not_run,
            flaky: cases.flaky,
            cached: cases.cached,
            leaky: cases.leaky,
        },
        interrupted: counts.interrupted,
        unmatched: counts.unmatched,
        cut: counts.cut,
        share: counts.share,
        seed: seed.transpose()?,
        broken: counts.broken,
        coverage: None,
        wall: time(counts.wall)?,
    })
}
