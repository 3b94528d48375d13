//! The coordinator: it alone owns the plan and the states, hands out what may start, and takes in
//! what has ended. Workers carry one action each and wait for nothing but its process.

use super::claims::{Grant, Pool};
use super::cut::Limits;
use super::gate::ahead;
use super::grow::{Executed, Finished, Grow, Next, Record};
use super::hand::{End, Handed, MOST_AT_ONCE, serve};
use super::later::{Delayed, Later};
use super::news::{News, about};
use super::session::Shared;
use super::states::{Kind, State, States};
use super::worker::{self, Done};
use crate::event::{Event, Origin, Outcome, Progress};
use crate::graph::{NodeId, Plan};
use anyhow::{Context, Result, anyhow};
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, unbounded};
use std::collections::{HashMap, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::time::{Duration, Instant};

/// With nothing but delayed actions left, the coordinator looks around this often.
const IDLE: Duration = Duration::from_millis(50);

/// Brings a plan up to date. Failures of actions are told by events and counted; an error is one of
/// the machinery itself.
pub fn execute(
    shared: &Shared,
    plan: &mut Plan,
    grow: &mut dyn Grow,
    record: Record,
) -> Result<Executed> {
    super::inherited::isolate();
    let jobs = shared.options.jobs;
    let threads = jobs + ahead(jobs) + shared.options.test_threads;
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .thread_name(|number| format!("action {number}"))
        .build()
        .context("start the threads that carry out actions")?;
    let (send, ended) = unbounded();
    let (hand, handed) = unbounded();
    let states = States::new(plan);
    let mut coordinator = Coordinator {
        shared,
        plan,
        grow,
        record,
        states,
        hand,
        ended,
        over: Executed::default(),
        began: Instant::now(),
        stopping: false,
        limits: Limits::new(&shared.options),
        builders: jobs + ahead(jobs),
        building: 0,
        at_once: 1,
        pool: Pool::new(shared.options.test_threads, &shared.home.resources),
        grants: HashMap::new(),
        later: Later::default(),
        news: News::default(),
        testing: false,
        build: None,
    };
    coordinator.begin();
    pool.in_place_scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|_| serve(shared, &handed, &send));
        }
        let res = catch_unwind(AssertUnwindSafe(|| coordinator.run()));
        if !matches!(res, Ok(Ok(_))) {
            // Nobody takes in any more what they come to.
            shared.stop.cut("eng itself has failed".to_string());
            shared.gate.close();
        }
        // Workers go home once nobody can hand them anything.
        coordinator.hand = unbounded().0;
        res.unwrap_or_else(|panic| resume_unwind(panic))
    })?;
    Ok(coordinator.over)
}

pub(super) struct Coordinator<'a, 'p> {
    pub shared: &'a Shared<'a>,
    pub plan: &'p mut Plan,
    pub grow: &'p mut dyn Grow,
    record: Record<'p>,
    pub states: States,
    hand: Sender<Handed>,
    ended: Receiver<End>,
    pub over: Executed,
    began: Instant,
    /// True if nothing more is to be started.
    stopping: bool,
    limits: Limits,
    /// Workers that may be busy with actions other than tests.
    builders: usize,
    /// Those that are.
    building: usize,
    /// How many ready actions such a worker gets: more while remembered results are all that they
    /// come to, since waking a worker for each costs more than looking one up.
    at_once: usize,
    pool: Pool,
    grants: HashMap<NodeId, Grant>,
    later: Later,
    /// What is still to be kept and told.
    news: News,
    /// True once tests may start.
    pub testing: bool,
    /// How far the build is, until it is over.
    pub build: Option<Progress>,
}

impl Coordinator<'_, '_> {
    fn run(&mut self) -> Result<()> {
        loop {
            self.open_tests();
            self.start_all();
            let waits = self.later.next().is_some() && !self.stopping;
            if self.states.busy() == 0 && !waits {
                if self.states.open() > 0 && !self.stopping {
                    unreachable!("BUG: {} actions wait for nothing", self.states.open());
                }
                break;
            }
            let Some(first) = self.hear()? else { continue };
            let ends = [first].into_iter().chain(self.ended.try_iter()).collect();
            let taken = self.take_in(ends);
            // Workers get something to do before anything is written.
            self.start_all();
            if taken.is_err() || self.news.is_due() {
                self.settle();
            }
            taken?;
        }
        self.end()
    }

    /// Tells what the end of the run means for what it has not come to.
    fn end(&mut self) -> Result<()> {
        self.settle();
        let stop = &self.shared.stop;
        self.over.summary.interrupted = stop.interrupted();
        self.over.summary.cut = (stop.requested() && !stop.interrupted()).then(|| stop.why());
        self.over.summary.skipped += if self.stopping { self.states.open() } else { 0 };
        if self.stopping {
            let why = self.over.summary.cut.clone().unwrap_or_else(|| stop.why());
            let follow = self.grow.left(self.shared, &why)?;
            self.news.batch.cases = follow.cases;
            self.news.events = follow.events;
            self.settle();
        }
        self.over.summary.wall = self.began.elapsed();
        Ok(())
    }

    /// Waits until an action has ended; nothing if something else has to be seen to before.
    fn hear(&mut self) -> Result<Option<End>> {
        let until = self
            .later
            .next()
            .into_iter()
            .chain(self.limits.deadline.filter(|_| !self.stopping))
            .chain(self.news.due())
            .min();
        // While nothing runs nobody else would notice that the run is to be stopped.
        let idle = (self.states.busy() == 0).then(|| Instant::now() + IDLE);
        let until = until.into_iter().chain(idle).min();
        let heard = match until {
            None => self.ended.recv().map_err(|_| RecvTimeoutError::Disconnected),
            Some(until) => self.ended.recv_deadline(until),
        };
        match heard {
            Ok(end) => Ok(Some(end)),
            Err(RecvTimeoutError::Timeout) => {
                self.settle();
                if let Some(why) = self.limits.is_late() {
                    self.cut(why);
                }
                Ok(None)
            }
            Err(RecvTimeoutError::Disconnected) => {
                Err(anyhow!("BUG: the threads that carry out actions are gone"))
            }
        }
    }

    /// Ends the run: nothing more is started, and what runs is stopped.
    pub fn cut(&mut self, why: String) {
        self.stopping = true;
        self.shared.stop.cut(why);
    }

    /// Hands out what may start, unless the run is to end.
    fn start_all(&mut self) {
        for Delayed { action, expected, after } in self.later.due() {
            let node = self.plan.grow(action, expected);
            self.states.add(self.plan, node, Some(after));
        }
        self.stopping |= self.shared.stop.requested();
        if self.stopping {
            self.shared.gate.close();
            return;
        }
        if self.states.running(Kind::Exclusive) == 0 {
            self.start(Kind::Build);
            if self.testing {
                self.start(Kind::Test);
            }
        }
        if self.states.busy() == 0 && self.testing {
            self.start(Kind::Exclusive);
        }
    }

    /// Hands out ready actions of a kind, longest remaining path first, up to its width.
    fn start(&mut self, kind: Kind) {
        loop {
            let (nodes, grant) = match kind {
                Kind::Build => (self.next_of_build(), Grant::default()),
                _ => match self.next(kind) {
                    Some((node, grant)) => (vec![node], grant),
                    None => return,
                },
            };
            if nodes.is_empty() {
                return;
            }
            self.building += usize::from(kind == Kind::Build);
            let mut actions = VecDeque::with_capacity(nodes.len());
            for node in nodes {
                self.states.set(self.plan, node, State::Running);
                self.grants.insert(node, grant.clone());
                let inputs = self.plan.inputs(node).to_vec();
                actions.push_back((node, self.plan.action(node).clone(), inputs));
            }
            // Workers are there until the coordinator is done.
            let _ = self.hand.send(Handed { actions, grant });
        }
    }

    /// Ready actions of the build for one worker, if one may be had.
    fn next_of_build(&self) -> Vec<NodeId> {
        if self.building >= self.builders {
            return Vec::new();
        }
        let share = self.states.ready_of(Kind::Build).div_ceil(self.builders);
        self.states.ready(Kind::Build).take(self.at_once.min(share)).collect()
    }

    /// The ready test that should start now, with what it gets of what tests share.
    fn next(&mut self, kind: Kind) -> Option<(NodeId, Grant)> {
        match kind {
            Kind::Exclusive if self.states.running(kind) > 0 => None,
            _ if self.pool.is_full() => None,
            _ => {
                for node in self.states.ready(kind) {
                    let claims = self.plan.action(node).test.as_ref().map(|it| it.claims.clone());
                    let claims = claims.unwrap_or_default();
                    if let Some(grant) = self.pool.take(&claims) {
                        return Some((node, grant));
                    }
                    // Narrow tests must not go past a wide one for ever.
                    if claims.slots > 1 && claims.resources.is_empty() {
                        return None;
                    }
                }
                None
            }
        }
    }

    /// Takes in what has ended: states change, and what is to be kept and told is gathered.
    fn take_in(&mut self, ends: Vec<End>) -> Result<()> {
        let mut news = std::mem::take(&mut self.news);
        news.begin();
        let res = self.take_each(ends, &mut news);
        self.news = news;
        res
    }

    fn take_each(&mut self, ends: Vec<End>, news: &mut News) -> Result<()> {
        for end in ends {
            let (node, res, began, free) = match end {
                End::Over { node, res, began, free } => (node, *res, began, free),
                End::Back { nodes, free } => {
                    self.building -= usize::from(free);
                    for node in nodes {
                        self.grants.remove(&node);
                        self.states.set(self.plan, node, State::Ready);
                    }
                    continue;
                }
            };
            self.building -= usize::from(free && self.plan.action(node).test.is_none());
            if let Some(grant) = self.grants.remove(&node) {
                self.pool.give_back(&grant);
            }
            let mut done = match res {
                Ok(done) => done,
                Err(error) => {
                    self.over.summary.broken += 1;
                    worker::broken(format!("{error:#}"))
                }
            };
            if done.outcome == Outcome::Stopped {
                self.stopping = true;
            }
            let is_known = done.would_run || done.origin == Origin::Cached;
            self.at_once = if is_known { (2 * self.at_once).min(MOST_AT_ONCE) } else { 1 };
            let action = self.plan.action(node).clone();
            let falls_back = self.falls_back(&action, &done);
            self.count(node, &done, falls_back);
            if done.would_run {
                news.events.push(Event::WouldRun {
                    about: about(&action),
                    why: done.why.clone().unwrap_or_default(),
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
                began,
                row: &done.row,
                key: done.key,
                inputs: &done.inputs,
            };
            let mut follow = self.grow.finished(self.shared, finished)?;
            news.keep(self.shared, &action, &mut done, began, &mut follow);
            if falls_back {
                self.fall_back(node, &action, &done);
                continue;
            }
            let progress = self.step(&action);
            news.tell(self.shared, node, &action, done, progress, self.states.since(node));
            if let Some(why) = follow.events.iter().find_map(|event| self.limits.take(event)) {
                self.cut(why);
            }
            news.events.extend(follow.events);
            if !ok {
                self.over.failed.insert(action.label.clone());
                self.skip_dependents(node, &action.label, &mut news.events, false);
                self.stopping |= self.limits.build_failed();
            }
            for Next { action, expected, delay } in follow.actions {
                let expected = expected.map(|expected| self.shared.options.rank(expected));
                let expected = expected.unwrap_or(self.plan.remaining(node));
                self.later.add(delay, Delayed { action, expected, after: node });
            }
        }
        Ok(())
    }

    /// Keeps what has ended, and only then tells it: what was told is never lost.
    pub fn settle(&mut self) {
        self.news = std::mem::take(&mut self.news).settle(self.shared, &mut self.record);
    }

    fn count(&mut self, node: NodeId, done: &Done, falls_back: bool) {
        let failed = !falls_back && !matches!(done.outcome, Outcome::Passed | Outcome::Stopped);
        if failed && !done.would_run && self.plan.action(node).test.is_none() {
            self.over.summary.failed += 1;
        }
        if done.would_run {
            return;
        }
        match done.origin {
            Origin::Cached => self.over.summary.cached += 1,
            Origin::Ran => self.over.summary.ran += 1,
        }
    }
}
