//! Where the time of a run went: what `--profile` writes, and tells when the run is over. Of the
//! events only those of actions and phases are kept until then.

use super::profile_path::critical;
use super::profile_slots::{Slots, slots};
use super::profile_text::text;
use super::profile_trace::write;
use super::spool::Target;
use super::started::Started;
use super::stream::{Form, Streams};
use crate::event::{Event, Origin, Outcome, Phase, Process, Summary, Times};
use std::io;
use std::path::Path;
use std::time::{Duration, SystemTime};

/// Longer runs are a clock that was set: a year, in microseconds.
const LONGEST: u64 = 365 * 24 * 3600 * 1_000_000;

/// Collects events, and makes a trace of them.
#[derive(Default)]
pub(super) struct Profile {
    /// What the user calls the file.
    name: String,
    zipped: bool,
    started: Started,
    began: u64,
    phases: Vec<(Phase, u64)>,
    acts: Vec<Act>,
    /// Number of the plan: each numbers its actions anew.
    plan: u32,
    counts: Option<Summary>,
    text: String,
}

/// A run that is over. All times are microseconds; those of actions and phases count from its begin.
pub(super) struct Whole<'a> {
    pub started: &'a Started,
    /// Since the epoch.
    pub began: u64,
    /// When it ended.
    pub ended: u64,
    pub exit: i32,
    pub counts: Option<&'a Summary>,
    /// Without gaps from begin to end.
    pub phases: Vec<(&'static str, u64, u64)>,
    pub acts: &'a [Act],
    /// Actions that waited for each other until the last one ended, first to last.
    pub path: Vec<usize>,
    pub slots: Slots,
}

/// An action that has ended, in microseconds.
pub(super) struct Act {
    pub plan: u32,
    pub id: u32,
    pub label: String,
    pub subject: String,
    pub test: bool,
    pub cached: bool,
    pub outcome: &'static str,
    pub reason: Option<String>,
    pub after: Option<u32>,
    pub ready: u64,
    pub taken: u64,
    pub looked: u64,
    pub laid_out: u64,
    pub process: Option<Ran>,
    pub ended: u64,
}

/// A process.
pub(super) struct Ran {
    pub from: u64,
    pub to: u64,
    pub told: Process,
}

impl Streams {
    /// Adds a profile of the run in a file that the user calls `name`, packed if it is called `.gz`;
    /// `folder` is where much can be kept for whoever reads it.
    pub fn add_profile(
        &mut self,
        flag: &str,
        name: &str,
        target: Target,
        folder: &Path,
    ) -> io::Result<()> {
        let (name, zipped) = (name.to_string(), name.ends_with(".gz"));
        self.add(Box::new(Profile { name, zipped, ..Profile::default() }), flag, target, folder)
    }
}

impl Form for Profile {
    fn begin(&mut self, started: &Started, at: SystemTime, _: &mut Vec<u8>) {
        self.started = started.clone();
        self.began = micros(at);
    }

    fn take(&mut self, event: &Event, at: SystemTime, _: &mut Vec<u8>) {
        match event {
            Event::Planned { .. } => self.plan += 1,
            Event::Phase { phase, .. }
                if phase.may_follow(self.phases.last().map(|(phase, _)| *phase)) =>
            {
                self.phases.push((*phase, micros(at)));
            }
            Event::ActionFinished { action, about, end } => {
                let details = &end.details;
                let process = details.process.map(|told| {
                    let from = micros(told.started);
                    Ran { from, to: from.saturating_add(length(end.duration)), told }
                });
                let known = details.times.as_deref().copied();
                let Some(times) = known.or_else(|| times(process.as_ref(), end.duration)) else {
                    return;
                };
                let taken = micros(times.taken);
                let looked = taken.saturating_add(length(times.look));
                self.acts.push(Act {
                    plan: self.plan,
                    id: action.0,
                    label: about.label.to_string(),
                    subject: about.subject.clone(),
                    test: about.test,
                    cached: end.origin == Origin::Cached,
                    outcome: outcome(&end.outcome),
                    reason: end.reason.clone(),
                    after: times.after.map(|it| it.0),
                    ready: micros(times.ready),
                    taken,
                    looked,
                    laid_out: looked.saturating_add(length(times.lay_out)),
                    process,
                    ended: taken.saturating_add(length(times.whole)),
                });
            }
            Event::Finished(counts) => self.counts = Some(counts.clone()),
            _ => {}
        }
    }

    fn end(&mut self, exit: i32, _: &str, at: SystemTime, out: &mut Vec<u8>) {
        let ended = micros(at).saturating_sub(self.began).clamp(1, LONGEST);
        self.acts.iter_mut().for_each(|act| act.order(self.began, ended));
        let whole = Whole {
            started: &self.started,
            began: self.began,
            ended,
            exit,
            counts: self.counts.as_ref(),
            phases: phases(&self.phases, &self.acts, self.began, ended),
            acts: &self.acts,
            path: critical(&self.acts),
            slots: slots(&self.acts),
        };
        write(&whole, self.zipped, out);
        self.text = text(&whole, &self.name);
    }

    fn text(&mut self) -> String {
        std::mem::take(&mut self.text)
    }
}

impl Act {
    /// Counts its times from the begin of the run, and brings them into their order: clocks are set,
    /// and a stream may hold anything.
    fn order(&mut self, began: u64, ended: u64) {
        let mut last = 0;
        let mut next = |time: u64| {
            last = time.saturating_sub(began).min(ended - 1).max(last);
            last
        };
        self.ready = next(self.ready);
        self.taken = next(self.taken);
        self.looked = next(self.looked);
        self.laid_out = next(self.laid_out);
        let mut least = self.taken + 1;
        if let Some(process) = &mut self.process {
            process.from = next(process.from);
            process.to = process.to.saturating_sub(began).clamp(process.from + 1, ended);
            least = process.to;
        }
        self.ended = self.ended.saturating_sub(began).clamp(least, ended);
    }

    /// What kind of thing it does: the first word of what it does.
    pub fn mnemonic(&self) -> &str {
        self.subject.split(' ').next().unwrap_or_default()
    }

    /// What is shown of it: its process, or the time for which it was looked up.
    pub fn shown(&self) -> (u64, u64) {
        self.process.as_ref().map_or((self.taken, self.ended), |it| (it.from, it.to))
    }
}

/// What is known of an action whose stream does not tell its times.
fn times(process: Option<&Ran>, duration: Duration) -> Option<Times> {
    let started = process?.told.started;
    let none = Duration::ZERO;
    Some(Times {
        ready: started,
        after: None,
        taken: started,
        look: none,
        lay_out: none,
        whole: duration,
    })
}

/// Since the epoch, as streams tell it.
fn micros(time: SystemTime) -> u64 {
    length(time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default())
}

fn length(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

fn outcome(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Passed => "passed",
        Outcome::Exited(_) => "exited",
        Outcome::Signalled(_) => "signalled",
        Outcome::TimedOut(_) => "timed out",
        Outcome::Stopped => "stopped",
        Outcome::Refuted(_) => "refuted",
        Outcome::Broken(_) => "broken",
    }
}

/// The phases without gaps. What is left to do when the last action has ended is a phase of its own,
/// and so is what comes after the run has told what it came to.
fn phases(
    told: &[(Phase, u64)],
    acts: &[Act],
    began: u64,
    ended: u64,
) -> Vec<(&'static str, u64, u64)> {
    let mut res: Vec<(&'static str, u64, u64)> = Vec::new();
    let mut begins: Vec<(&'static str, u64)> = Vec::new();
    for (at, (phase, time)) in told.iter().enumerate() {
        let name = match phase {
            Phase::Discover => "discover",
            Phase::Analyze => "analyze",
            Phase::Build => "build",
            Phase::Test => "test",
            Phase::Complete => "close",
        };
        let time = if at == 0 { 0 } else { time.saturating_sub(began) };
        begins.push((name, time));
        let is_last = told.get(at + 1).is_none_or(|(next, _)| *next == Phase::Complete);
        let last = acts.iter().map(|act| act.ended).max().filter(|_| is_last);
        if let (Phase::Build | Phase::Test, Some(last)) = (phase, last) {
            begins.push(("finish", last.max(time)));
        }
    }
    for (at, (name, from)) in begins.iter().enumerate() {
        let to = begins.get(at + 1).map_or(ended, |(_, next)| *next).min(ended);
        let from = res.last().map_or(*from, |(_, _, last)| *last);
        let to = to.max(from);
        match res.last_mut() {
            Some((last, _, end)) if last == name => *end = to,
            _ => res.push((name, from, to)),
        }
    }
    res
}
