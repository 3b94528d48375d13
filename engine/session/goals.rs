//! What a request asks for: files that are built and delivered, and tests that are run.

use super::Failure;
use super::nothing::{no_cases, no_tests};
use super::request::{Goal, Request};
use crate::analyze::{Analysis, Configured, FileId, Test, Word, flatten, short};
use crate::base::{Label, Problem, Problems, join, listing, parent};
use crate::load::Workspace;
use crate::run::Delivery;
use crate::testing::{Division, Filter};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What a request asks for.
#[derive(Default)]
pub(super) struct Goals {
    /// Targets, sorted.
    pub labels: Vec<Label>,
    /// Those among them that are built rather than tested.
    pub built: BTreeSet<Label>,
    /// Files that must be there.
    pub files: Vec<FileId>,
    /// Files that go into `eng-out/bin`.
    pub deliveries: Vec<Delivery>,
    /// Tests that are run.
    pub tests: Vec<Arc<Test>>,
    /// Which share of the tests these are.
    pub division: Option<Division>,
    /// What the user should know if there is nothing to do.
    pub nothing: Option<String>,
}

impl Goals {
    /// Leaves out the tests of which the filter wants no case.
    pub fn leave_out(&mut self, filter: &Filter) {
        let kept: Vec<Arc<Test>> =
            self.tests.iter().filter(|test| !filter.excludes(test)).cloned().collect();
        // Whoever is told that nothing is wanted is told of what.
        if !kept.is_empty() {
            self.keep(&kept.iter().map(|test| test.label.clone()).collect());
        }
        self.tests = kept;
    }

    /// Leaves out what the filter of a request does not want; an error if nothing is left. `labels`
    /// are the targets that its pattern matches.
    pub fn check(
        &mut self,
        workspace: &Workspace,
        request: &Request,
        labels: &[Label],
    ) -> Result<(), Failure> {
        let is_test = matches!(request.goal, Goal::Test);
        if is_test && self.tests.is_empty() {
            return Err(Failure::NoTests(no_tests(workspace, labels)));
        }
        self.leave_out(&request.filter);
        if is_test && self.tests.is_empty() {
            return Err(Failure::NoTests(no_cases(request, &self.labels)));
        }
        self.check_index(&request.filter).map_err(Failure::Usage)
    }

    /// Where the filter wants a place of a listing, there is to be one test that lists. The error is a
    /// sentence.
    fn check_index(&self, filter: &Filter) -> Result<(), String> {
        let Some(index) = filter.index else { return Ok(()) };
        match &self.tests[..] {
            [test] if test.protocol.list.is_some() => Ok(()),
            [test] => Err(format!(
                "--case-index is {index}, but {} has no list of cases, since its protocol is '{}'",
                test.label, test.protocol.name
            )),
            tests => {
                let names: Vec<String> = tests.iter().map(|test| test.label.to_string()).collect();
                let names = listing(names.iter().map(String::as_str), 5);
                Err(format!("--case-index takes one test, but there are {}: {names}", tests.len()))
            }
        }
    }

    /// Leaves out what belongs to other shares; gives what the user should know of that.
    pub fn take_share(&mut self, request: &Request) -> Option<String> {
        let share = request.policy.share.as_ref()?;
        let division = share.divide(&self.tests);
        let all = self.tests.len();
        let kept = division.whole.union(&division.split).cloned().collect();
        self.keep(&kept);
        let told = format!(
            "{} of {}, {} of {all} tests, {} of them by cases; division {}",
            share.index + 1,
            share.number,
            self.tests.len(),
            division.split.len(),
            division.name
        );
        self.division = Some(division);
        Some(told)
    }

    fn keep(&mut self, kept: &BTreeSet<Label>) {
        self.tests.retain(|test| kept.contains(&test.label));
        self.labels.retain(|label| kept.contains(label) || self.built.contains(label));
    }
}

/// Picks what the goal asks for among the selected targets; `true` stands beside those that were
/// named rather than matched by a wildcard.
pub(super) fn goals(
    analysis: &Analysis,
    selected: &[(Label, bool)],
    request: &Request,
) -> Result<Goals, Problems> {
    let goal = &request.goal;
    let mut res = Goals::default();
    let mut problems = Problems::default();
    let mut paths: BTreeMap<String, (FileId, Label)> = BTreeMap::new();
    let mut left_out: BTreeSet<String> = BTreeSet::new();
    let mut tests: BTreeMap<Label, Arc<Test>> = BTreeMap::new();
    for (label, named) in selected {
        let Some(target) = analysis.targets.get(label) else { continue };
        if matches!(goal, Goal::Test) {
            let found = tests_of(analysis, target);
            tests.extend(found.into_iter().map(|test| (test.label.clone(), test)));
            if target.test.is_some() || target.is_suite || !named {
                continue;
            }
            res.labels.push(label.clone());
            res.built.insert(label.clone());
            res.files.extend(files_of(target));
            continue;
        }
        let wanted = *named
            || match goal {
                Goal::Build { tests, .. } if target.test.is_some() => *tests,
                Goal::Build { all, .. } => *all || !target.run.is_empty(),
                Goal::Test => false,
            };
        if !wanted {
            left_out.insert(format!("{label} ({})", target.rule));
            continue;
        }
        res.labels.push(label.clone());
        for file in files_of(target) {
            res.files.push(file);
            let path = place_of(analysis, target, file);
            match paths.get(&path) {
                Some((other, _)) if *other == file => continue,
                Some((first, other)) if other == label => {
                    let name = |file: FileId| short(analysis.files.path(file));
                    let text = format!(
                        "{label} delivers both '{}' and '{}' to 'eng-out/bin/{path}'",
                        name(*first),
                        name(file)
                    );
                    problems.push(Problem::at(&target.place, text));
                }
                Some((_, other)) => {
                    let text = format!("{other} and {label} both deliver 'eng-out/bin/{path}'");
                    let problem = Problem::at(&target.place, text);
                    problems.push(match analysis.targets.get(other) {
                        Some(first) => problem.also(&first.place, "the other one"),
                        None => problem,
                    });
                }
                None => {}
            }
            paths.insert(path.clone(), (file, label.clone()));
            res.deliveries.push(Delivery { label: label.clone(), file, path });
        }
    }
    res.labels.extend(tests.keys().cloned());
    res.labels.sort();
    res.labels.dedup();
    res.tests = tests.into_values().collect();
    for test in &mut res.tests {
        let arguments = request.test_args.iter().map(|argument| Word::text(argument));
        if arguments.len() > 0 {
            Arc::make_mut(test).args.extend(arguments);
        }
    }
    if res.labels.is_empty() && matches!(goal, Goal::Build { .. }) {
        res.nothing = Some(if left_out.is_empty() {
            "no targets match".to_string()
        } else {
            format!(
                "nothing that can be run matches; there is {}. Name a target, or add --all for libraries and files, --tests for tests",
                listing(left_out.iter().map(String::as_str), 5)
            )
        });
    }
    problems.or(res)
}

/// Where a file of a target is delivered: at its short path, or in the folder of the program that it
/// must lie beside.
fn place_of(analysis: &Analysis, target: &Configured, file: FileId) -> String {
    let path = short(analysis.files.path(file));
    match target.companions().into_iter().find(|(_, beside)| *beside == file) {
        Some((program, _)) => beside(analysis, file, short(analysis.files.path(program))),
        None => path.to_string(),
    }
}

/// Where a file is delivered that must lie in the folder of a program.
pub(super) fn beside(analysis: &Analysis, file: FileId, program: &str) -> String {
    let path = short(analysis.files.path(file));
    join(parent(program), path.rsplit('/').next().unwrap_or(path))
}

/// The tests that a target stands for: itself, or those of a suite.
pub(super) fn tests_of(analysis: &Analysis, target: &Configured) -> Vec<Arc<Test>> {
    let mut tests = Vec::new();
    let mut open = vec![target];
    let mut seen = BTreeSet::new();
    while let Some(target) = open.pop() {
        if let Some(test) = &target.test {
            tests.push(test.clone());
        }
        if seen.insert(target.label.clone()) {
            open.extend(
                target
                    .suite
                    .iter()
                    .filter_map(|label| analysis.targets.get(label))
                    .map(|target| &**target),
            );
        }
    }
    tests
}

/// What a build of the target leaves behind.
fn files_of(target: &Configured) -> Vec<FileId> {
    let lists = [&target.files, &target.beside, &target.data];
    let mut files: Vec<FileId> = lists
        .iter()
        .flat_map(|list| flatten(list))
        .flat_map(|word| word.files().to_vec())
        .collect();
    let mut seen = BTreeSet::new();
    files.retain(|file| seen.insert(*file));
    files
}
