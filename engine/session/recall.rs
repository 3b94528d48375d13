//! A run that finds nothing to do: what the last one knew is one flat record, read in one go and
//! checked by `stat` alone. Nothing is loaded, analysed or hashed, and no row is looked up.

use super::request::{Goal, Places, Request};
use crate::base::{Hasher, Label, PackageName};
use crate::event::{Case, Event, Origin, Summary, Verdict};
use crate::store::{FileStat, load_flat, save_flat};
use crossbeam_channel::Sender;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// A file counts only if it was last changed this long before the run began: then what the run read
/// is what `stat` speaks of. Clocks of file systems go in ticks of up to 10 ms.
pub(super) const MARGIN: Duration = Duration::from_millis(20);
/// The same for a file system that keeps whole seconds.
const COARSE: Duration = Duration::from_secs(2);

/// What a run that was good all over has seen and told.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Recalled {
    /// Every file and folder that the run depended on; nothing stands for what was not there.
    seen: Vec<(PathBuf, Option<FileStat>)>,
    labels: Vec<String>,
    tests: Vec<KnownTest>,
    delivered: Vec<String>,
    warnings: Vec<String>,
    actions: usize,
}

#[derive(Debug, Serialize, Deserialize)]
struct KnownTest {
    label: String,
    cases: Vec<KnownCase>,
    warnings: Vec<String>,
}

#[derive(Debug, Serialize, Deserialize)]
struct KnownCase {
    name: String,
    verdict: Good,
    duration: Option<Duration>,
    flaky: u32,
    leaky: bool,
}

/// A verdict that fails no run.
#[derive(Debug, Serialize, Deserialize)]
enum Good {
    Passed,
    Skipped(String),
    ExpectedFailure(String),
    UnexpectedPass(String),
}

/// Part of the names of records; another number makes those of another form unknown.
const FORM: u8 = 3;

/// What the last run of this request told, if nothing that it depended on has changed.
pub fn recall(root: &Path, places: &Places, request: &Request) -> Option<Recalled> {
    let known: Recalled =
        may_recall(request).then(|| load_flat(&file(root, places, request)))??;
    let same = |(path, stat): &(PathBuf, Option<FileStat>)| matches!(FileStat::of(path), Ok(now) if now == *stat);
    known.seen.par_iter().with_min_len(256).all(same).then_some(known)
}

/// True if a remembered run may answer: it has no output of its own to show and is to start nothing.
pub(super) fn may_recall(request: &Request) -> bool {
    let options = &request.options;
    let looks = !options.no_cache && !options.fresh_tests && !options.dry_run;
    // Whoever wants to know more than what came out gets it from the rows themselves.
    looks
        && !request.shows_output
        && request.policy.shuffle.is_none()
        && request.write_durations.is_none()
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

impl Recalled {
    /// Tells the events of the run again.
    pub fn tell(self, began: Instant, events: &Sender<Event>) -> Summary {
        let mut summary = Summary { cached: self.actions, ..Summary::default() };
        let labels = |texts: &[String]| texts.iter().filter_map(|text| label(text)).collect();
        let tests: Vec<String> = self.tests.iter().map(|test| test.label.clone()).collect();
        let _ = events.send(Event::Planned {
            labels: labels(&self.labels),
            tests: labels(&tests),
            actions: self.actions,
        });
        for warning in self.warnings {
            let _ = events.send(Event::Warning(warning));
        }
        for KnownTest { label: test, cases, warnings } in self.tests {
            let Some(label) = label(&test) else { continue };
            let cases: Vec<Case> = cases.into_iter().map(KnownCase::case).collect();
            cases.iter().for_each(|case| summary.cases.add(case));
            let has_cases = usize::from(!cases.is_empty());
            summary.tests_passed += has_cases;
            summary.tests_cached += has_cases;
            summary.tests_empty += 1 - has_cases;
            let (duration, log) = (Duration::ZERO, None);
            let _ = events.send(Event::TestFinished { label, cases, duration, log, warnings });
        }
        for path in self.delivered {
            let _ = events.send(Event::Delivered { path });
        }
        summary.wall = began.elapsed();
        let _ = events.send(Event::Finished(summary.clone()));
        summary
    }
}

impl KnownCase {
    fn case(self) -> Case {
        Case {
            name: self.name,
            verdict: match self.verdict {
                Good::Passed => Verdict::Passed,
                Good::Skipped(why) => Verdict::Skipped(why),
                Good::ExpectedFailure(why) => Verdict::ExpectedFailure(why),
                Good::UnexpectedPass(why) => Verdict::UnexpectedPass(why),
            },
            origin: Origin::Cached,
            duration: self.duration,
            flaky: self.flaky,
            leaky: self.leaky,
            ..Case::default()
        }
    }
}

fn label(text: &str) -> Option<Label> {
    Label::parse(text, &PackageName::main("")).ok()
}

/// What a run has told, as far as it is worth telling again.
pub(super) struct Told<'a> {
    /// Targets that were asked for.
    pub labels: &'a [Label],
    /// Tests with their verdicts.
    pub tests: &'a [(Label, Vec<Case>)],
    /// What tests want to be told besides.
    pub notes: &'a BTreeMap<Label, Vec<String>>,
    /// What lies in `eng-out`.
    pub delivered: &'a [(Label, String)],
    /// What the user was told of the request itself.
    pub warnings: &'a [String],
    /// How many actions there are.
    pub actions: usize,
}

/// Keeps the record of a run that was good all over. `read` is all that it depended on, `made` what
/// it wrote into `eng-out`; `start_ns` is when it began. Nothing is kept if something was changed
/// so late that the run may have read what was there before.
pub(super) fn keep(
    file: &Path,
    told: &Told,
    read: Vec<PathBuf>,
    made: Vec<PathBuf>,
    start_ns: i64,
) -> Option<()> {
    let look = |path: PathBuf| Some((FileStat::of(&path).ok()?, path));
    let mut seen = Vec::new();
    let mut read = read;
    read.sort();
    read.dedup();
    for path in read {
        let (stat, path) = look(path)?;
        if stat.is_some_and(|stat| is_late(&stat, start_ns)) {
            return None;
        }
        seen.push((path, stat));
    }
    for path in made {
        let (stat, path) = look(path)?;
        // What is in a folder below its first level does not show in its times.
        if path.is_dir() {
            return None;
        }
        seen.push((path, stat));
    }
    let known = |case: &Case| {
        let verdict = match &case.verdict {
            Verdict::Passed => Good::Passed,
            Verdict::Skipped(why) => Good::Skipped(why.clone()),
            Verdict::ExpectedFailure(why) => Good::ExpectedFailure(why.clone()),
            Verdict::UnexpectedPass(why) => Good::UnexpectedPass(why.clone()),
            // A run with such a case is not kept at all.
            Verdict::Failed | Verdict::TimedOut(_) | Verdict::Crashed(_) | Verdict::NotRun(_) => {
                return None;
            }
        };
        let (name, duration) = (case.name.clone(), case.duration);
        Some(KnownCase { name, verdict, duration, flaky: case.flaky, leaky: case.leaky })
    };
    let tests = told.tests.iter();
    let recalled = Recalled {
        seen,
        labels: told.labels.iter().map(Label::to_string).collect(),
        tests: tests
            .map(|(test, cases)| {
                Some(KnownTest {
                    label: test.to_string(),
                    cases: cases.iter().map(known).collect::<Option<_>>()?,
                    warnings: told.notes.get(test).cloned().unwrap_or_default(),
                })
            })
            .collect::<Option<_>>()?,
        delivered: told.delivered.iter().map(|(_, path)| path.clone()).collect(),
        warnings: told.warnings.to_vec(),
        actions: told.actions,
    };
    // Without the record the next run is slower, and no less right.
    save_flat(file, &recalled).ok()
}

fn is_late(stat: &FileStat, start_ns: i64) -> bool {
    let last = stat.mtime_ns.max(stat.ctime_ns);
    let margin = if last % 1_000_000_000 == 0 { COARSE } else { MARGIN };
    last + margin.as_nanos() as i64 > start_ns
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changed_at(ns: i64) -> FileStat {
        FileStat { dev: 1, ino: 1, size: 1, mtime_ns: 5, ctime_ns: ns, mode: 0 }
    }

    #[test]
    fn only_what_was_old_when_the_run_began_counts() {
        let start = 10_000_000_001;
        assert!(!is_late(&changed_at(start - 30_000_000), start));
        assert!(is_late(&changed_at(start - 10_000_000), start));
        assert!(is_late(&changed_at(start + 1), start));
        assert!(is_late(&changed_at(9_000_000_000), start));
        assert!(!is_late(&changed_at(7_000_000_000), start));
    }
}
