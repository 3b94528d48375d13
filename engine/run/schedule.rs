//! The coordinator: it alone owns the plan and the states, hands out what may start, and takes in
//! what has ended. Workers carry one action each and wait for nothing but its process.

use super::news::{News, about, id};
use super::prepare::Inputs;
use super::session::Shared;
use super::states::{Kind, State, States};
use super::worker::{self, Done};
use crate::analyze::Action;
use crate::base::{Digest, Label};
use crate::event::{Event, Origin, Outcome, Summary};
use crate::graph::{NodeId, Plan};
use crate::store::{Attempt, CaseRow, ResultOutcome, ResultRow};
use anyhow::{Context, Result, anyhow};
use crossbeam_channel::{Receiver, Sender, unbounded};
use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Instant, SystemTime};

/// An action that has ended.
pub struct Finished<'a> {
    /// Which.
    pub action: &'a Action,
    /// How.
    pub outcome: &'a Outcome,
    /// Whether a process was started.
    pub origin: Origin,
    /// What it left behind.
    pub row: &'a ResultRow,
    /// What its process has read, if one was started.
    pub inputs: &'a Inputs,
}

/// What follows from an action that has ended.
#[derive(Default)]
pub struct Follow {
    /// Further actions, whose inputs are all there.
    pub actions: Vec<Action>,
    /// Results of cases that are to be kept.
    pub cases: Vec<(Digest, CaseRow)>,
    /// Events that are to be sent once these are kept.
    pub events: Vec<Event>,
    /// True if the process ended well but what it told is a failure.
    pub failed: bool,
}

/// Whoever makes more actions from results while the plan is carried out.
pub trait Grow {
    /// An action has ended.
    fn finished(&mut self, shared: &Shared, finished: Finished) -> Result<Follow>;
    /// An action can't be carried out, since something it needs was not made.
    fn not_run(&mut self, action: &Action, because: &Label) -> Follow;
}

/// Brings a plan up to date. Failures of actions are told by events and counted; an error is one of
/// the machinery itself. Also gives the targets that could not be built in their variant but have
/// another one: what they fail in is not counted, and what needs them is left undone.
pub fn execute(
    shared: &Shared,
    plan: &mut Plan,
    grow: &mut dyn Grow,
    record: &mut dyn FnMut(&[Attempt]),
) -> Result<(Summary, BTreeSet<Label>)> {
    super::process::isolate();
    let threads = shared.options.jobs + shared.options.test_threads;
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .thread_name(|number| format!("action {number}"))
        .build()
        .context("start the threads that carry out actions")?;
    let (send, ended) = unbounded();
    let states = States::new(plan);
    let mut coordinator = Coordinator {
        shared,
        plan,
        grow,
        record,
        states,
        ended,
        summary: Summary::default(),
        fallen: BTreeSet::new(),
        began: Instant::now(),
        stopping: false,
    };
    pool.in_place_scope(|scope| coordinator.run(scope, &send))?;
    super::offspring::end_all();
    Ok((coordinator.summary, coordinator.fallen))
}

type End = (NodeId, Result<Done>, SystemTime);

struct Coordinator<'a, 'p> {
    shared: &'a Shared<'a>,
    plan: &'p mut Plan,
    grow: &'p mut dyn Grow,
    record: &'p mut dyn FnMut(&[Attempt]),
    states: States,
    ended: Receiver<End>,
    summary: Summary,
    fallen: BTreeSet<Label>,
    began: Instant,
    stopping: bool,
}

impl<'a> Coordinator<'a, '_> {
    fn run<'s>(&mut self, scope: &rayon::Scope<'s>, send: &Sender<End>) -> Result<()>
    where
        'a: 's,
    {
        loop {
            self.start_all(scope, send);
            if self.states.busy() == 0 {
                if self.states.open() > 0 && !self.stopping {
                    unreachable!("BUG: {} actions wait for nothing", self.states.open());
                }
                break;
            }
            let first =
                self.ended.recv().context("hear from the threads that carry out actions")?;
            let mut ends = vec![first];
            ends.extend(self.ended.try_iter());
            let news = self.take_in(ends)?;
            // Workers get something to do before anything is written.
            self.start_all(scope, send);
            self.settle(news);
        }
        self.summary.interrupted = self.shared.stop.requested();
        self.summary.skipped += if self.stopping { self.states.open() } else { 0 };
        self.summary.wall = self.began.elapsed();
        Ok(())
    }

    /// Hands out what may start, unless the run is to end.
    fn start_all<'s>(&mut self, scope: &rayon::Scope<'s>, send: &Sender<End>)
    where
        'a: 's,
    {
        self.stopping |= self.shared.stop.requested();
        if self.stopping {
            return;
        }
        if self.states.running(Kind::Exclusive) == 0 {
            self.start(scope, send, Kind::Build);
            self.start(scope, send, Kind::Test);
        }
        if self.states.busy() == 0 {
            self.start(scope, send, Kind::Exclusive);
        }
    }

    /// Hands out ready actions of a kind, longest remaining path first, up to its width.
    fn start<'s>(&mut self, scope: &rayon::Scope<'s>, send: &Sender<End>, kind: Kind)
    where
        'a: 's,
    {
        let width = match kind {
            Kind::Build => self.shared.options.jobs,
            Kind::Test => self.shared.options.test_threads,
            Kind::Exclusive => 1,
        };
        while self.states.running(kind) < width {
            let Some(node) = self.states.next(kind) else { return };
            self.states.set(self.plan, node, State::Running);
            let (action, inputs) =
                (self.plan.action(node).clone(), self.plan.inputs(node).to_vec());
            let (shared, send) = (self.shared, send.clone());
            scope.spawn(move |_| {
                let began = SystemTime::now();
                let about = about(&action);
                let work = || worker::carry_out(shared, id(node), &action, &inputs, &about);
                let res = catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| {
                    Err(anyhow!("BUG: carrying out '{}' panicked", about.subject))
                });
                // The coordinator is gone only if it has panicked itself.
                let _ = send.send((node, res, began));
            });
        }
    }

    /// Takes in what has ended: states change, and what is to be kept and told is gathered.
    fn take_in(&mut self, ends: Vec<End>) -> Result<News> {
        let mut news = News::default();
        for (node, res, began) in ends {
            let mut done = match res {
                Ok(done) => done,
                Err(error) => {
                    self.summary.broken += 1;
                    worker::broken(format!("{error:#}"))
                }
            };
            if done.outcome == Outcome::Stopped {
                self.stopping = true;
            }
            let action = self.plan.action(node).clone();
            let falls_back = self.falls_back(&action, &done);
            self.count(node, &done, falls_back);
            if done.would_run {
                news.events.push(Event::WouldRun {
                    about: about(&action),
                    reason: done.reason.clone().unwrap_or_default(),
                });
                self.states.set(self.plan, node, State::Skipped);
                self.skip_dependents(node, &action.label, &mut news.events, true);
                continue;
            }
            // The result of a test's process is judged by whoever reads it.
            let ok = done.outcome == Outcome::Passed || action.test.is_some();
            let state = if ok { State::Done } else { State::Failed };
            self.states.set(self.plan, node, state);
            let finished = Finished {
                action: &action,
                outcome: &done.outcome,
                origin: done.origin,
                row: &done.row,
                inputs: &done.inputs,
            };
            let follow = self.grow.finished(self.shared, finished)?;
            if follow.failed {
                done.row.outcome = ResultOutcome::Failed { status: 0 };
            }
            news.keep(self.shared, &action, &mut done, began);
            if falls_back {
                news.events.extend(self.fall_back(node, &action));
                continue;
            }
            news.batch.cases.extend(follow.cases);
            news.tell(self.shared, node, &action, done);
            self.stopping |= self.shared.options.fail_fast && follow.events.iter().any(is_failure);
            news.events.extend(follow.events);
            if !ok {
                self.skip_dependents(node, &action.label, &mut news.events, false);
            }
            self.stopping |= self.shared.options.fail_fast && !ok;
            for action in follow.actions {
                let remaining = self.plan.remaining(node);
                let node = self.plan.grow(action, remaining);
                self.states.add(self.plan, node);
            }
        }
        Ok(news)
    }

    /// Keeps what has ended, and only then tells it: what was told is never lost.
    fn settle(&mut self, mut news: News) {
        news.batch.append(self.shared.take_pending());
        self.shared.ledger.commit(news.batch);
        (self.record)(&news.attempts);
        for event in news.events {
            let _ = self.shared.events.send(event);
        }
    }

    /// True if the failure of an action only means that its target is built in another variant.
    fn falls_back(&self, action: &Action, done: &Done) -> bool {
        let failed = matches!(done.outcome, Outcome::Exited(_) | Outcome::Signalled(_));
        failed
            && action.test.is_none()
            && self.shared.analysis.fallbacks.contains_key(&action.label)
    }

    /// Leaves undone what needs the action, without a word but the one that it falls back.
    fn fall_back(&mut self, node: NodeId, action: &Action) -> Option<Event> {
        let mut open: Vec<NodeId> = self.plan.dependents(node).collect();
        while let Some(next) = open.pop() {
            if self.states.waits(next) {
                open.extend(self.states.set(self.plan, next, State::Skipped));
            }
        }
        let fallback = self.shared.analysis.fallbacks.get(&action.label)?;
        self.fallen.insert(action.label.clone()).then(|| {
            Event::Warning(format!(
                "{} cannot be built as '{}' ({} fails), so it is built as '{}'",
                action.label, fallback.from, action.about, fallback.to
            ))
        })
    }

    fn count(&mut self, node: NodeId, done: &Done, falls_back: bool) {
        let failed = !falls_back && !matches!(done.outcome, Outcome::Passed | Outcome::Stopped);
        if failed && !done.would_run && self.plan.action(node).test.is_none() {
            self.summary.failed += 1;
        }
        if done.would_run {
            return;
        }
        match done.origin {
            Origin::Cached => self.summary.cached += 1,
            Origin::Ran => self.summary.ran += 1,
        }
    }

    /// Everything that needs an action that has failed, directly or not.
    fn skip_dependents(
        &mut self,
        node: NodeId,
        because: &Label,
        events: &mut Vec<Event>,
        quiet: bool,
    ) {
        let mut open: Vec<NodeId> = self.plan.dependents(node).collect();
        while let Some(next) = open.pop() {
            if !self.states.waits(next) {
                continue;
            }
            open.extend(self.states.set(self.plan, next, State::Skipped));
            self.summary.skipped += 1;
            let action = self.plan.action(next).clone();
            if quiet {
                events.push(Event::WouldRun {
                    about: about(&action),
                    reason: "what it needs would run".to_string(),
                });
                continue;
            }
            events.push(Event::ActionSkipped { about: about(&action), because: because.clone() });
            events.extend(self.grow.not_run(&action, because).events);
        }
    }
}

/// True if a test has failed.
fn is_failure(event: &Event) -> bool {
    matches!(event, Event::TestFinished { cases, .. } if cases.iter().any(|case| !case.verdict.is_good()))
}
