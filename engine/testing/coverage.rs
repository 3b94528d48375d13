//! What cases have executed: which parts of it each has, and all of it as one report.

use super::lcov;
use super::run::Tests;
use super::target::Target;
use super::verdict::{Judged, Judgement};
use crate::analyze::Test;
use crate::base::{Digest, Label, show_duration};
use crate::event::{Case, Coverage, CoveredFile, NoData, Verdict};
use crate::run::{COVERED, COVERED_CASES, COVERED_OWN, COVERED_UNREAD, Shared};
use crate::store::{OutputRow, ResultRow};
use anyhow::Result;
use std::collections::{BTreeMap, HashMap, HashSet};

/// Why a case runs whose result is remembered: a report on some cases must not tell of others.
pub(super) const TOGETHER: &str =
    "what it has executed is known only together with cases that are not asked for";

/// A case, with what else is known of it by its process.
pub(super) fn of_process(case: Judged, row: &ResultRow) -> Judged {
    Judged { leaky: row.leaked, covered: parts(&row.outputs), ..case }
}

/// The parts of what was executed among what a process has left.
pub(super) fn parts(outputs: &[OutputRow]) -> Box<[OutputRow]> {
    outputs.iter().filter(|row| row.path.starts_with(COVERED)).cloned().collect()
}

/// True if a remembered result of a case counts in this run: if its process ran no case that is not
/// wanted.
pub(super) fn fits(shared: &Shared, target: &mut Target, outputs: &[OutputRow]) -> Result<bool> {
    let Some(row) = outputs.iter().find(|row| row.path == COVERED_CASES) else { return Ok(true) };
    if let Some(known) = target.fitting.get(&row.digest) {
        return Ok(*known);
    }
    let cases = super::log::whole(shared, Some(row.digest))?;
    let wanted: HashSet<&str> = target.wanted.iter().map(String::as_str).collect();
    let fits = cases.lines().all(|case| wanted.contains(case));
    target.fitting.insert(row.digest, fits);
    Ok(fits)
}

/// Takes away the verdicts of cases that did well in a process that died, and with it what they
/// have executed: they run once more. Nothing if that is not asked for.
pub(super) fn lost(test: &Test, judgement: &mut Judgement, row: &ResultRow) -> Vec<String> {
    if test.coverage.is_none() || !judgement.died || !parts(&row.outputs).is_empty() {
        return Vec::new();
    }
    let did_well = |case: &Judged| !case.name.is_empty() && case.verdict.is_good();
    let (well, others) = std::mem::take(&mut judgement.cases).into_iter().partition(did_well);
    judgement.cases = others;
    well.into_iter().map(|case: Judged| case.name).collect()
}

/// The groups of cases that run once more, with those among them that did well. If it is known who
/// killed the process, these cost no further one.
pub(super) fn with_lost(
    judgement: &mut Judgement,
    mut lost: Vec<String>,
    place: impl Fn(&str) -> usize,
) -> Vec<Vec<String>> {
    let mut groups = std::mem::take(&mut judgement.again);
    if lost.is_empty() {
        return groups;
    }
    if let (true, Some(first)) = (judgement.guilty.is_some(), groups.first_mut()) {
        first.append(&mut lost);
        first.sort_by_key(|name| place(name));
    } else {
        groups.push(lost);
    }
    groups
}

impl Tests {
    /// True for a test whose program was built.
    pub fn has(&self, label: &Label) -> bool {
        self.targets.contains_key(label)
    }

    /// What all that has ended so far has executed.
    pub fn coverage(&self, shared: &Shared) -> Result<Coverage> {
        let mut report = Report { shared, read: HashMap::new(), inside: BTreeMap::new() };
        let mut res = Coverage::default();
        for (label, target) in &self.targets {
            let cases = target.cases();
            let not_run = |case: &Case| matches!(case.verdict, Verdict::NotRun(_));
            if !target.told || target.cut || cases.iter().any(not_run) {
                res.missing.push(label.clone());
            }
            for case in cases.iter().filter(|case| !not_run(case)) {
                let rows = target.covered.get(&case.name).map_or(&[][..], Vec::as_slice);
                let why = match rows.iter().any(|row| row.path != COVERED_CASES) {
                    true => report.add(label, rows)?,
                    false => Some(why_not(&case.verdict)),
                };
                let (label, case) = (label.clone(), case.name.clone());
                res.no_data.extend(why.map(|why| NoData { label, case, why }));
            }
        }
        res.no_data.sort();
        res.files = report.files()?;
        Ok(res)
    }
}

fn why_not(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Crashed(how) => format!("it crashed: {how}"),
        Verdict::TimedOut(limit) => format!("it timed out after {}", show_duration(*limit)),
        _ => "its process left none".to_string(),
    }
}

/// All parts as one.
struct Report<'a, 'b> {
    shared: &'a Shared<'b>,
    /// Each part once, or why it cannot be read.
    read: HashMap<Digest, Result<lcov::Files, String>>,
    /// Whether files are of the workspace.
    inside: BTreeMap<String, bool>,
}

impl Report<'_, '_> {
    /// Reads the parts of a case; why, if one cannot be read.
    fn add(&mut self, label: &Label, rows: &[OutputRow]) -> Result<Option<String>> {
        let mut wrong = None;
        for row in rows.iter().filter(|row| row.path != COVERED_CASES) {
            if row.path == COVERED_UNREAD {
                let why = super::log::whole(self.shared, Some(row.digest))?;
                // What was run and what it printed is told once for all cases.
                let brief = why.split_once(": ").map_or(why.as_str(), |(brief, _)| brief);
                wrong = Some(brief.to_string());
                self.shared.warn(why);
                continue;
            }
            if !self.read.contains_key(&row.digest) {
                let files = lcov::read(&super::log::whole(self.shared, Some(row.digest))?);
                self.read.insert(row.digest, files);
            }
            let Some(Err(why)) = self.read.get(&row.digest) else { continue };
            let what = match row.path == COVERED_OWN {
                true => "its file $ENG_COVERAGE_FILE cannot be read",
                false => "what its rule makes of the data cannot be read",
            };
            self.shared.warn(format!("{label}: {what}: {why}"));
            wrong = Some(what.to_string());
        }
        Ok(wrong)
    }

    /// What is known of files of the workspace. The order in which parts came makes no difference.
    fn files(mut self) -> Result<BTreeMap<String, CoveredFile>> {
        let mut res: BTreeMap<String, CoveredFile> = BTreeMap::new();
        for (path, file) in std::mem::take(&mut self.read).into_values().flatten().flatten() {
            let root = self.shared.root.display().to_string();
            let path = path.strip_prefix(&format!("{root}/")).unwrap_or(&path);
            let path = path.strip_prefix("./").unwrap_or(path).to_string();
            let inside = match self.inside.get(&path) {
                Some(inside) => *inside,
                None => {
                    let inside = crate::base::check_relative(&path).is_ok()
                        && !path.starts_with("eng-out/")
                        && self.shared.root.join(&path).is_file();
                    self.inside.insert(path.clone(), inside);
                    inside
                }
            };
            if inside {
                res.entry(path).or_default().add(file);
            }
        }
        Ok(res)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judgement(guilty: Option<&str>, again: &[&[&str]]) -> Judgement {
        let group = |group: &&[&str]| group.iter().map(|name| name.to_string()).collect();
        Judgement {
            guilty: guilty.map(str::to_string),
            again: again.iter().map(group).collect(),
            ..Judgement::default()
        }
    }

    #[test]
    fn what_a_crash_took_runs_with_the_others_if_the_guilty_is_known() {
        let groups = |mut judgement: Judgement| {
            let place = |name: &str| usize::from(name.as_bytes()[0]);
            with_lost(&mut judgement, vec!["a".to_string()], place)
        };
        assert_eq!(groups(judgement(Some("b"), &[&["c", "d"]])), [["a", "c", "d"]]);
        assert_eq!(groups(judgement(None, &[&["b"], &["c"]])), [["b"], ["c"], ["a"]]);
        assert_eq!(groups(judgement(Some("b"), &[])), [["a"]]);
    }
}
