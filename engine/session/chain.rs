//! The way from an action down to the files of the workspace that made it run.

use super::excerpt::{Contents, Excerpt, excerpt};
use crate::base::{ChangedFile, Doer, Why};
use std::collections::{BTreeMap, BTreeSet};

/// Actions that are followed of those that one action waited for.
const BRANCHES: usize = 3;
/// Links of one chain.
const MOST: usize = 40;
/// Files of one action whose changes are shown.
const FILES: usize = 3;

/// What is known of an action that ran, or would.
#[derive(Debug, Clone)]
pub struct Step {
    /// How it is told: `ran`, `would run`, `may run`.
    pub verb: &'static str,
    /// Why.
    pub why: Why,
}

/// A line of a chain.
#[derive(Debug, Clone)]
pub struct Link {
    /// 0 for the action itself, 1 for those that it waited for, and so on.
    pub depth: usize,
    /// What stands there.
    pub what: What,
}

/// What stands in a line of a chain.
#[derive(Debug, Clone)]
pub enum What {
    /// An action.
    Action {
        /// Which.
        doer: Doer,
        /// What is known of it; nothing if it did not run.
        step: Option<Step>,
        /// What has changed in the first few of its files, with their paths.
        excerpts: Vec<(String, Excerpt)>,
    },
    /// So many further actions.
    More(usize),
}

/// Actions by name, with what is known of them, and where contents are found.
pub(super) struct Steps<'a> {
    pub by: BTreeMap<Doer, Step>,
    pub contents: Contents<'a>,
}

impl Steps<'_> {
    /// The chain that starts with an action. Files whose changes were `told` before are not shown.
    pub fn chain(&self, from: &Doer, told: &mut BTreeSet<String>) -> Vec<Link> {
        enum Open {
            Action(Doer),
            More(usize),
        }
        let mut links = Vec::new();
        let mut open = vec![(0, Open::Action(from.clone()))];
        let mut seen = BTreeSet::new();
        while let Some((depth, next)) = open.pop() {
            let doer = match next {
                Open::Action(doer) => doer,
                Open::More(number) => {
                    links.push(Link { depth, what: What::More(number) });
                    continue;
                }
            };
            let step = self.by.get(&doer).cloned();
            let mut excerpts = Vec::new();
            // What is met again was followed where it was met first.
            if let Some(step) = step.as_ref().filter(|_| seen.insert(doer.clone())) {
                excerpts = self.excerpts(&step.why.files, told);
                let mut writers: Vec<&Doer> =
                    step.why.files.iter().filter_map(|file| file.writer.as_ref()).collect();
                writers.dedup();
                let room = MOST.saturating_sub(links.len() + open.len()).min(BRANCHES);
                if writers.len() > room {
                    open.push((depth + 1, Open::More(writers.len() - room)));
                }
                let followed = writers.into_iter().take(room).rev();
                open.extend(followed.map(|it| (depth + 1, Open::Action(it.clone()))));
            }
            links.push(Link { depth, what: What::Action { doer, step, excerpts } });
        }
        links
    }

    /// What has changed in files of the workspace, and in outputs that are text.
    fn excerpts(
        &self,
        files: &[ChangedFile],
        told: &mut BTreeSet<String>,
    ) -> Vec<(String, Excerpt)> {
        let mut res = Vec::new();
        for file in files {
            let Some(excerpt) = excerpt(self.contents, file) else { continue };
            // What the bytes of an object file were helps nobody; its action is the next link.
            let helps = file.writer.is_none() || matches!(excerpt, Excerpt::Lines { .. });
            if res.len() < FILES && helps && told.insert(file.path.clone()) {
                res.push((file.path.clone(), excerpt));
            }
        }
        res
    }
}
