//! What of the last run of a request still holds, found by `stat` alone: nothing is loaded or
//! analysed, no row is looked up, and only files that look new are read.

use super::record::{Good, KnownCase, Over, Record, file, may_recall};
use super::request::{Places, Request};
use super::seen::{Look, Seen, What, changed, look};
use crate::base::{Digest, Label, PackageName, Repo};
use crate::event::{self, Case, Event, Origin, Phase, Summary, Verdict};
use crate::store::{Denied, FileStat, Known, StatRow, load_flat};
use crossbeam_channel::Sender;
use rayon::prelude::*;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

/// What is remembered of the last run of a request.
pub struct Recalled {
    pub(super) record: Record,
    pub(super) file: PathBuf,
    /// For each target whether it has to be brought again.
    pub(super) stale: Vec<bool>,
}

/// With more than this share of all targets to be brought again, nothing is gained by remembering
/// the others.
const MOST: usize = 2;

/// What the last run of this request told, and which of its targets are to be brought again. Nothing
/// if there was none, or if what changed may be about more than the targets that read it.
pub fn recall(root: &Path, places: &Places, request: &Request) -> Option<Recalled> {
    if !may_recall(request) {
        return None;
    }
    let file = file(root, places, request);
    let mut record: Record = load_flat(&file)?;
    if Denied::now(&places.cache)? != record.denied {
        return None;
    }
    let mut stale = vec![false; record.targets.len()];
    let mut renewed = false;
    let changed = changed(root, &mut record.seen, &mut renewed)?;
    if !changed.is_empty() {
        mark(&record, &changed, &mut stale)?;
    }
    let is_new = |at: &usize| {
        let made = &record.made[*at];
        !matches!(FileStat::of(&made.path), Ok(Some(now)) if now == made.stat)
    };
    let made = (0..record.made.len()).into_par_iter().with_min_len(256).filter(is_new);
    for at in made.collect::<Vec<_>>() {
        stale[record.made[at].target as usize] = true;
    }
    record.unknown.iter().for_each(|target| stale[*target as usize] = true);
    for number in 0..stale.len() {
        stale[number] |= record.targets[number].needs.iter().any(|need| stale[*need as usize]);
    }
    let count = stale.iter().filter(|stale| **stale).count();
    if count * MOST > stale.len() && stale.len() > 1 {
        return None;
    }
    // Which test a word means is found in the whole workspace.
    if count > 0 && request.pattern.terms.iter().any(|term| term.case.is_some()) {
        return None;
    }
    if renewed && count == 0 {
        record.keep(&file);
    }
    Some(Recalled { record, file, stale })
}

/// Marks the targets that rest on what has changed; nothing if that is not known.
fn mark(record: &Record, changed: &[u32], stale: &mut [bool]) -> Option<()> {
    let mut open: BTreeSet<u32> = BTreeSet::new();
    for number in changed {
        match record.seen[*number as usize].what {
            What::File(..) => {
                open.insert(*number);
            }
            What::Text(_) | What::Folder(_) | What::Other => return None,
        }
    }
    let mut found = BTreeSet::new();
    for (target, stale) in record.targets.iter().zip(stale) {
        for source in target.sources.iter().filter(|source| open.contains(source)) {
            *stale = true;
            found.insert(*source);
        }
    }
    // What no target names, such as a header of the machine, is read by nobody knows whom.
    (found == open).then_some(())
}

impl Recalled {
    /// True if there is nothing to do.
    pub fn is_all(&self) -> bool {
        !self.stale.contains(&true)
    }

    /// The labels of all that is to be brought again.
    pub(super) fn stale(&self) -> HashSet<Label> {
        let targets = self.record.targets.iter().zip(&self.stale);
        targets.filter(|(_, stale)| **stale).filter_map(|(it, _)| label(&it.label)).collect()
    }

    /// The labels that are to be brought again, of those that the pattern matches, and whether a
    /// word named each.
    pub(super) fn selected(&self) -> Vec<(Label, bool)> {
        let targets = self.record.targets.iter().zip(&self.stale);
        let stale = targets.filter(|(_, stale)| **stale);
        let mut res: Vec<_> =
            stale.filter_map(|(target, _)| Some((label(&target.label)?, target.named?))).collect();
        res.sort();
        res
    }

    /// The packages of all that these need, and the files that the record knows of them.
    pub(super) fn needed(&self) -> (BTreeSet<PackageName>, Vec<StatRow>) {
        let targets = &self.record.targets;
        let mut needed = self.stale.clone();
        let mut packages = BTreeSet::new();
        // Whatever a source is read for: files outside of the workspace are wanted in any case.
        let mut wanted = vec![true; self.record.seen.len()];
        for (number, target) in targets.iter().enumerate().rev() {
            if needed[number] {
                target.needs.iter().for_each(|need| needed[*need as usize] = true);
                packages.extend(label(&target.label).map(|label| label.package));
            } else {
                target.sources.iter().for_each(|source| wanted[*source as usize] = false);
            }
        }
        for (target, _) in targets.iter().zip(&needed).filter(|(_, needed)| **needed) {
            target.sources.iter().for_each(|source| wanted[*source as usize] = true);
        }
        packages.retain(|package| package.repo == Repo::Main);
        let row = |(seen, _): (&Seen, bool)| match (seen.look, seen.what) {
            (Look::Like(stat), What::File(digest, _)) if digest != Digest::default() => {
                let known = Some(Known { stat, digest, racy: false });
                Some(StatRow { path: seen.path.clone(), known })
            }
            _ => None,
        };
        let kept = self.record.seen.iter().zip(wanted).filter(|(_, wanted)| *wanted);
        (packages, kept.filter_map(row).collect())
    }

    /// Takes over what came of the targets that were brought again, and keeps it.
    pub(super) fn renew(mut self, root: &Path, over: &Over) -> Option<()> {
        let (record, stale) = (&mut self.record, &self.stale);
        let holds = |target: u32| !stale[target as usize];
        record.denied = over.denied.look(Some(record.denied))?;
        let mut held = vec![false; record.seen.len()];
        for (target, _) in record.targets.iter().zip(stale).filter(|(_, stale)| !**stale) {
            target.sources.iter().for_each(|source| held[*source as usize] = true);
        }
        record.tests.retain(|test| holds(test.target));
        record.delivered.retain(|(target, _)| holds(*target));
        record.made.retain(|made| holds(made.target));
        let outputs = root.join("eng-out");
        let rows = || over.rows.iter().filter(|row| !row.path.starts_with(&outputs));
        let new: HashSet<&Path> =
            rows().map(|row| &*row.path).chain(over.others.iter().map(|it| &**it)).collect();
        let old = record.seen.iter().zip(0..).filter(|(seen, _)| new.contains(&*seen.path));
        let mut files: HashMap<PathBuf, u32> =
            old.map(|(seen, number)| (seen.path.clone(), number)).collect();
        for path in over.others.iter() {
            if !files.contains_key(path) {
                record.see(&mut files, path.clone(), look(path, over.start_ns)?, What::Other);
            }
        }
        for row in rows() {
            let number = files.get(&row.path).copied();
            let before = number.map(|number| record.seen[number as usize].what);
            record.see_row(&mut files, row, &over.unsteady);
            // It changed after it was looked at, and what was told as it was rests on it, too.
            if let (Some(number), Some(What::File(old, bit))) = (number, before)
                && held.get(number as usize) == Some(&true)
                && row.known.is_none_or(|it| (it.digest, it.stat.is_executable()) != (old, bit))
            {
                let seen = &mut record.seen[number as usize];
                (seen.look, seen.what) = (Look::Unsure, What::File(Digest::default(), false));
            }
        }
        let mut numbers = HashMap::new();
        for number in (0..stale.len()).filter(|number| stale[*number]) {
            numbers.insert(record.targets[number].label.clone(), number as u32);
            for source in record.targets[number].sources.clone() {
                let path = record.seen[source as usize].path.clone();
                if !new.contains(&*path)
                    && matches!(record.seen[source as usize].what, What::File(..))
                {
                    files.insert(path.clone(), source);
                    record.see_unread(&mut files, path, over.start_ns)?;
                }
            }
        }
        record.take(root, over, &numbers)?;
        record.keep(&self.file);
        Some(())
    }

    /// The labels that are told, and the tests among them.
    pub(super) fn planned(&self) -> (Vec<Label>, Vec<Label>) {
        let name = |number: &u32| label(&self.record.targets[*number as usize].label);
        let tests = self.record.tests.iter().map(|test| test.target);
        let asked = self.record.asked.iter();
        (asked.filter_map(name).collect(), tests.filter_map(|number| name(&number)).collect())
    }

    /// Tells the events of the run again.
    pub fn tell(&self, began: Instant, events: &Sender<Event>) -> Summary {
        let (labels, tests) = self.planned();
        let _ = events.send(Event::Planned { labels, tests, actions: self.record.actions });
        let mut summary = self.tell_known(events);
        summary.wall = began.elapsed();
        let _ = events.send(Event::Phase { phase: Phase::Complete, apart: false });
        let _ = events.send(Event::Finished(summary.clone()));
        summary
    }

    /// Tells what still holds.
    pub(super) fn tell_known(&self, events: &Sender<Event>) -> Summary {
        let record = &self.record;
        let mut summary = Summary { cached: record.actions, ..Summary::default() };
        for warning in &record.warnings {
            let _ = events.send(Event::Warning(warning.clone()));
        }
        let holds = |target: u32| !self.stale[target as usize];
        for test in record.tests.iter().filter(|test| holds(test.target)) {
            let Some(label) = label(&record.targets[test.target as usize].label) else { continue };
            let cases: Vec<Case> = test.cases.iter().map(KnownCase::case).collect();
            cases.iter().for_each(|case| summary.cases.add(case));
            let has_cases = usize::from(!cases.is_empty());
            summary.tests_passed += has_cases;
            summary.tests_cached += has_cases;
            summary.tests_empty += 1 - has_cases;
            let (duration, log, warnings) = (Duration::ZERO, None, test.warnings.clone());
            let _ = events.send(Event::TestFinished { label, cases, duration, log, warnings });
        }
        for (target, path) in record.delivered.iter().filter(|(target, _)| holds(*target)) {
            let Some(label) = label(&record.targets[*target as usize].label) else { continue };
            let _ = events.send(Event::Delivered { label, path: path.clone() });
        }
        summary
    }
}

impl KnownCase {
    fn case(&self) -> Case {
        Case {
            name: self.name.clone(),
            verdict: match &self.verdict {
                Good::Passed => Verdict::Passed,
                Good::Skipped(why) => Verdict::Skipped(why.clone()),
                Good::ExpectedFailure(why) => Verdict::ExpectedFailure(why.clone()),
                Good::UnexpectedPass(why) => Verdict::UnexpectedPass(why.clone()),
            },
            origin: Origin::Cached,
            duration: self.duration,
            flaky: self.flaky,
            leaky: self.leaky,
            known: Some(event::Known { run: self.known.0, time: self.known.1 }),
            ..Case::default()
        }
    }
}

fn label(text: &str) -> Option<Label> {
    Label::parse(text, &PackageName::main("")).ok()
}

pub(super) fn now_ns() -> i64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_nanos() as i64
}

#[cfg(test)]
mod tests {
    use super::super::record::KnownTarget;
    use super::*;

    fn target(label: &str, needs: &[u32], sources: &[u32]) -> KnownTarget {
        let (needs, sources) = (needs.to_vec(), sources.to_vec());
        KnownTarget { label: label.to_string(), named: Some(false), needs, sources }
    }

    #[test]
    fn only_the_packages_and_files_that_are_needed_are_looked_at() {
        let stat = FileStat { dev: 1, ino: 1, size: 1, mtime_ns: 1, ctime_ns: 1, mode: 0o100_644 };
        let digest = Digest::of(b"x");
        let seen = |path: &str| Seen {
            path: path.into(),
            look: Look::Like(stat),
            what: What::File(digest, false),
        };
        let record = Record {
            seen: ["/w/lib/l.c", "/w/a/a.c", "/w/b/b.c", "/usr/include/x.h"].map(seen).into(),
            targets: vec![
                target("@eng//cc:toolchain", &[], &[]),
                target("//lib:lib", &[0], &[0]),
                target("//a:a", &[1], &[1]),
                target("//b:b", &[0], &[2, 0]),
            ],
            ..Record::default()
        };
        let mut stale = vec![false; 4];
        mark(&record, &[1], &mut stale).unwrap();
        assert_eq!(stale, [false, false, true, false]);
        assert_eq!(mark(&record, &[3], &mut stale.clone()), None);
        let recalled = Recalled { record, file: PathBuf::new(), stale };
        let (packages, rows) = recalled.needed();
        let packages: Vec<String> = packages.iter().map(PackageName::to_string).collect();
        assert_eq!(packages, ["//a", "//lib"]);
        let rows: Vec<_> = rows.iter().map(|row| row.path.to_str().unwrap()).collect();
        assert_eq!(rows, ["/w/lib/l.c", "/w/a/a.c", "/usr/include/x.h"]);
        let selected: Vec<String> =
            recalled.selected().iter().map(|(label, _)| label.to_string()).collect();
        assert_eq!(selected, ["//a:a"]);
    }
}
