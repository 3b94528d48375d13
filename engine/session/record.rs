//! What a run leaves for the next one like it: one flat file that tells what every target rests on,
//! what its tests came to, and what `stat` said of all that was read and written.
//!
//! A target is known if all was good with it. What is not known is brought again by the next run,
//! with all that needs it.

use super::request::{Goal, Places, Request};
use super::seen::{Look, Seen, What, look, seen};
use crate::analyze::Analysis;
use crate::base::{Digest, Hasher, Label};
use crate::event::{Case, Known, Verdict};
use crate::load::Workspace;
use crate::run::Delivered;
use crate::store::{Denied, FileStat, StatRow, save_flat};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What is known after a run.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Record {
    /// Every file and folder that the run read, each once.
    pub seen: Vec<Seen>,
    /// What it wrote into `eng-out`.
    pub made: Vec<Made>,
    /// Every target that was reached, dependencies before dependents.
    pub targets: Vec<KnownTarget>,
    /// Targets that were asked for, as they are told.
    pub asked: Vec<u32>,
    /// Tests that are known.
    pub tests: Vec<KnownTest>,
    /// Files in `eng-out/bin`, by target.
    pub delivered: Vec<(u32, String)>,
    /// Targets that are not known.
    pub unknown: Vec<u32>,
    /// What the user was told of the request itself.
    pub warnings: Vec<String>,
    /// How many actions there are.
    pub actions: usize,
    /// How the file looked that grows when a failure ends what was known.
    pub denied: Option<FileStat>,
    /// The workspace's own rule files.
    pub rule_files: Vec<String>,
}

/// A file in `eng-out`.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Made {
    /// For which target.
    pub target: u32,
    pub path: PathBuf,
    pub stat: FileStat,
}

/// A target and what it rests on.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct KnownTarget {
    pub label: String,
    /// Whether a word named it, if the request's pattern matches it.
    pub named: Option<bool>,
    /// Other targets, by number.
    pub needs: Vec<u32>,
    /// Files of the workspace, by number.
    pub sources: Vec<u32>,
}

/// A test that was good.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct KnownTest {
    pub target: u32,
    pub cases: Vec<KnownCase>,
    pub warnings: Vec<String>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct KnownCase {
    pub name: String,
    pub verdict: Good,
    pub duration: Option<Duration>,
    pub flaky: u32,
    pub leaky: bool,
    /// Run and time, in seconds since the epoch, of which the result is.
    pub known: (i64, u64),
}

/// A verdict that fails no run.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Good {
    Passed,
    Skipped(String),
    ExpectedFailure(String),
    UnexpectedPass(String),
}

/// Part of the names of records; another number makes those of another form unknown.
const FORM: u8 = 7;

/// True if a remembered run may answer: it has no output of its own to show and is to start nothing.
pub(super) fn may_recall(request: &Request) -> bool {
    let options = &request.options;
    let looks = !options.no_cache && !options.fresh_tests && !options.dry_run;
    // Whoever wants to know more than what came out gets it from the rows themselves.
    looks
        && !request.shows_output
        && !request.shows_times
        && request.policy.shuffle.is_none()
        && request.write_durations.is_none()
        && request.coverage.is_none()
        && !options.verbose
        && request.policy.runs == 1
        && request.policy.share.is_none()
        && request.filter.index.is_none()
}

/// Where the record of a request is kept.
pub(super) fn file(root: &Path, places: &Places, request: &Request) -> PathBuf {
    let mut key = Hasher::default();
    key.field(env!("CARGO_PKG_VERSION").as_bytes());
    key.field(&[FORM]);
    key.field(root.as_os_str().as_encoded_bytes());
    let goal = match &request.goal {
        Goal::Build { all, tests } => format!("build {all} {tests}"),
        Goal::Test => "test".to_string(),
    };
    key.field(goal.as_bytes());
    key.field(format!("{:?}", request.pattern).as_bytes());
    key.field(format!("{:?}", (&request.modes, &request.filter, &request.test_args)).as_bytes());
    key.field(format!("{:?}", &request.policy.only).as_bytes());
    key.field(format!("{:?}", request.options.test_timeout).as_bytes());
    key.field(request.options.path.as_bytes());
    key.field(request.program.as_os_str().as_encoded_bytes());
    places.cache.join("flat").join(key.finish().hex())
}

/// What a run, or the part of one that was brought anew, has come to.
pub(super) struct Over<'a> {
    /// What the request's pattern matches, and whether a word named it.
    pub selected: &'a [(Label, bool)],
    /// Targets that were asked for, as they are told.
    pub asked: &'a [Label],
    /// Tests with their verdicts.
    pub tests: &'a [(Label, Vec<Case>)],
    /// What tests want to be told besides.
    pub notes: &'a BTreeMap<Label, Vec<String>>,
    /// What lies in `eng-out/bin`.
    pub delivered: &'a [Delivered],
    /// Other files and folders in `eng-out`.
    pub logs: &'a [(Label, PathBuf)],
    /// Targets with which something is not good, or that are to be brought each time.
    pub unknown: &'a BTreeSet<Label>,
    /// What the user was told of the request itself.
    pub warnings: &'a [String],
    /// How many actions there are.
    pub actions: usize,
    /// Files whose content the run asked for.
    pub rows: Vec<StatRow>,
    /// Those among them whose content changed meanwhile.
    pub unsteady: HashSet<PathBuf>,
    /// What was denied in this cache before and while it went on.
    pub denied: &'a Denied,
    /// Other files and folders that it depends on.
    pub others: Vec<PathBuf>,
    /// When it began.
    pub start_ns: i64,
    /// Its number in the history, and when it ended, in seconds since the epoch.
    pub now: Known,
}

impl Record {
    /// The record of a whole run.
    pub fn new(workspace: &Workspace, analysis: &Analysis, over: &Over) -> Option<Record> {
        let mut record = Record {
            warnings: over.warnings.to_vec(),
            actions: over.actions,
            denied: over.denied.look(None)?,
            rule_files: workspace.rule_files.clone(),
            ..Record::default()
        };
        let selected: HashMap<&Label, bool> =
            over.selected.iter().map(|(label, named)| (label, *named)).collect();
        record.seen = seen(workspace, &over.others, over.start_ns)?;
        let numbered = record.seen.iter().zip(0..);
        let mut files: HashMap<PathBuf, u32> =
            numbered.map(|(seen, number)| (seen.path.clone(), number)).collect();
        let outputs = workspace.root.join("eng-out");
        for row in over.rows.iter().filter(|row| !row.path.starts_with(&outputs)) {
            record.see_row(&mut files, row, &over.unsteady);
        }
        for reached in &analysis.reached {
            let path = |id: &_| workspace.root.join(&**analysis.files.path(*id));
            let mut sources = Vec::new();
            for path in reached.sources.iter().map(path) {
                let known = files.get(&path).copied();
                sources.push(match known {
                    Some(number) => number,
                    None => record.see_unread(&mut files, path, over.start_ns)?,
                });
            }
            record.targets.push(KnownTarget {
                label: reached.label.to_string(),
                named: selected.get(&reached.label).copied(),
                needs: reached.needs.clone(),
                sources,
            });
        }
        let targets = record.targets.iter().zip(0..);
        let numbers = targets.map(|(target, number)| (target.label.clone(), number)).collect();
        record.take(&workspace.root, over, &numbers)?;
        record.asked =
            over.asked.iter().filter_map(|it| numbers.get(&it.to_string()).copied()).collect();
        Some(record)
    }

    /// Writes it. Without a record the next run is slower, and no less right.
    pub fn keep(&self, file: &Path) {
        let _ = save_flat(file, self);
    }

    /// Takes over what a run came to with the targets that it brought; their numbers are given.
    pub fn take(&mut self, root: &Path, over: &Over, numbers: &HashMap<String, u32>) -> Option<()> {
        let number = |label: &Label| numbers.get(&label.to_string()).copied();
        let mut unknown: BTreeSet<u32> = over.unknown.iter().filter_map(number).collect();
        for (label, cases) in over.tests {
            let target = number(label)?;
            match cases.iter().map(|case| known(case, over.now)).collect::<Option<_>>() {
                Some(cases) => {
                    let warnings = over.notes.get(label).cloned().unwrap_or_default();
                    self.tests.push(KnownTest { target, cases, warnings });
                }
                None => {
                    unknown.insert(target);
                }
            }
        }
        let delivered = over.delivered.iter().map(|it| (&it.label, root.join(&it.path), it.stat));
        let look = |path: &Path| FileStat::of(path).ok()?.filter(|stat| !stat.is_folder());
        let logs = over.logs.iter().map(|(label, path)| (label, path.clone(), look(path)));
        for (label, path, stat) in delivered.chain(logs) {
            let target = number(label)?;
            match stat {
                Some(stat) => self.made.push(Made { target, path, stat }),
                // What is in a folder below its first level does not show in its times.
                None => {
                    unknown.insert(target);
                }
            }
        }
        for Delivered { label, path, .. } in over.delivered {
            self.delivered.push((number(label)?, path.clone()));
        }
        self.unknown = unknown.into_iter().collect();
        Some(())
    }

    /// Adds what is known of a file, or puts it in place of what was known before.
    /// Of one that changed while the run went on nobody knows who has read what.
    pub fn see_row(
        &mut self,
        files: &mut HashMap<PathBuf, u32>,
        row: &StatRow,
        unsteady: &HashSet<PathBuf>,
    ) {
        let known = files.get(&row.path).map(|number| self.seen[*number as usize].what);
        if matches!(known, Some(What::Text(_) | What::Folder(_) | What::Other)) {
            // If it changes, more is new than the targets that read it.
            return;
        }
        let (look, what) = match row.known {
            _ if unsteady.contains(&row.path) => {
                (Look::Unsure, What::File(Digest::default(), false))
            }
            None => (Look::Missing, What::Other),
            Some(known) => {
                let look = if known.racy { Look::Unsure } else { Look::Like(known.stat) };
                (look, What::File(known.digest, known.stat.is_executable()))
            }
        };
        self.see(files, row.path.clone(), look, what);
    }

    /// Adds a file that a target names and that nothing has read, or looks at it again.
    pub fn see_unread(
        &mut self,
        files: &mut HashMap<PathBuf, u32>,
        path: PathBuf,
        start_ns: i64,
    ) -> Option<u32> {
        let look = look(&path, start_ns)?;
        let what = match look {
            // Whoever can't say by its looks whether it has changed has to look into it.
            Look::Unsure => {
                let executable = FileStat::of(&path).ok()??.is_executable();
                What::File(Digest::of(&std::fs::read(&path).ok()?), executable)
            }
            Look::Like(stat) => What::File(Digest::default(), stat.is_executable()),
            Look::Missing => What::File(Digest::default(), false),
        };
        Some(self.see(files, path, look, what))
    }

    pub fn see(
        &mut self,
        files: &mut HashMap<PathBuf, u32>,
        path: PathBuf,
        look: Look,
        what: What,
    ) -> u32 {
        match files.get(&path) {
            Some(number) => {
                let seen = &mut self.seen[*number as usize];
                (seen.look, seen.what) = (look, what);
                *number
            }
            None => {
                let number = self.seen.len() as u32;
                files.insert(path.clone(), number);
                self.seen.push(Seen { path, look, what });
                number
            }
        }
    }
}

/// A good case, of the run that is over unless it says of which; nothing for another one.
fn known(case: &Case, now: Known) -> Option<KnownCase> {
    let verdict = match &case.verdict {
        Verdict::Passed => Good::Passed,
        Verdict::Skipped(why) => Good::Skipped(why.clone()),
        Verdict::ExpectedFailure(why) => Good::ExpectedFailure(why.clone()),
        Verdict::UnexpectedPass(why) => Good::UnexpectedPass(why.clone()),
        Verdict::Failed(_) | Verdict::TimedOut(_) | Verdict::Crashed(_) | Verdict::NotRun(_) => {
            return None;
        }
    };
    let (name, duration) = (case.name.clone(), case.duration);
    let Known { run, time } = case.known.unwrap_or(now);
    let (flaky, leaky, known) = (case.flaky, case.leaky, (run, time));
    Some(KnownCase { name, verdict, duration, flaky, leaky, known })
}
