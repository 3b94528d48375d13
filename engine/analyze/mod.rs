//! Applies rules to targets and yields actions, provided fields and tests.
//! Starts nothing, writes nothing, and knows no language: a pure function of files and modes.

mod word; // a word and the files it mentions; lists that are gathered over dependencies
mod files; // every file of the build, by path
mod needs; // which targets a target names
mod order; // dependencies before dependents; cycles
mod scope; // what a name means in a rule, for one target
mod expand; // templates + scope → words
mod attrs; // attribute types
mod actions; // each, outs, depfile, inputs
mod once; // words that only one target may give
mod configured; // a target after analysis: what it provides
mod test_process; // what makes an action a process of a test
mod coverage; // what is executed by processes of a test, and how that is known
mod testing; // how a target is tested

pub use actions::{Action, ActionIndex, Command, LONGEST_COMMAND, Layout, REPORT};
pub use configured::Configured;
pub use coverage::{COVERAGE, Collector, given};
pub use files::{FileId, FileKind, Files};
pub use needs::paths_in_runfiles;
pub use test_process::{Claims, Given, TestProcess, Watch};
pub use testing::{Program, Setup, Test};
pub use word::{Piece, Word, flatten, short};

use crate::base::{Label, Place, Problem, Problems};
use crate::load::{ToolSpec, Workspace};
use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

/// A program of the machine that some action starts.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ToolRequest {
    /// Name on PATH, or an absolute path.
    pub program: String,
    /// How it is found and identified.
    pub spec: ToolSpec,
}

/// Number of a tool request in an analysis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ToolId(pub u32);

/// What analysis yields.
#[derive(Debug, Default)]
pub struct Analysis {
    /// All files that actions read or write.
    pub files: Files,
    /// All actions of the targets that were reached, also those that nothing asked for.
    pub actions: Vec<Arc<Action>>,
    /// Programs of the machine.
    pub tools: Vec<(ToolRequest, Place)>,
    /// Every target that was reached.
    pub targets: HashMap<Label, Arc<Configured>>,
    /// The same, dependencies before dependents, with what each rests on.
    pub reached: Vec<Reached>,
    /// Names that many actions have in common, such as those of variables.
    names: HashSet<Arc<str>>,
    /// Endings that many actions have in common.
    endings: HashSet<Arc<[Arc<str>]>>,
    /// Targets that have another variant to fall back to if they cannot be built in this one.
    pub fallbacks: HashMap<Label, Fallback>,
}

impl Analysis {
    /// A name, kept once.
    fn name(&mut self, name: &str) -> Arc<str> {
        if let Some(known) = self.names.get(name) {
            return known.clone();
        }
        let name: Arc<str> = name.into();
        self.names.insert(name.clone());
        name
    }

    /// The texts of some words, kept once.
    fn endings(&mut self, words: &[Word]) -> Arc<[Arc<str>]> {
        let texts: Arc<[Arc<str>]> = words.iter().map(|word| word.text.clone()).collect();
        if let Some(known) = self.endings.get(&texts) {
            return known.clone();
        }
        self.endings.insert(texts.clone());
        texts
    }
}

/// What a target rests on: its actions can read nothing else of the workspace.
#[derive(Debug)]
pub struct Reached {
    /// The target.
    pub label: Label,
    /// The targets that it names, by their place in [`Analysis::reached`].
    pub needs: Vec<u32>,
    /// The files of the workspace that it names.
    pub sources: Vec<FileId>,
}

/// The variant that a target was analysed in, and the one that comes after it.
#[derive(Debug, Clone)]
pub struct Fallback {
    /// The chosen one.
    pub from: String,
    /// The next one.
    pub to: String,
}

/// What is asked of an analysis besides the targets.
#[derive(Debug, Default, Clone)]
pub struct Modes {
    /// Active modes; each must be one of the workspace's.
    pub active: BTreeSet<String>,
    /// Variants that have failed and are to be passed over, by target.
    pub failed_variants: BTreeSet<(Label, String)>,
}

/// Analyses the targets and all that they need. All problems are collected.
pub fn analyze(
    workspace: &Workspace,
    labels: &[Label],
    modes: &Modes,
) -> Result<Analysis, Problems> {
    let mut problems = Problems::default();
    for mode in &modes.active {
        if !workspace.modes.contains(mode) {
            problems.push(Problem::plain(format!(
                "there is no mode '{mode}'{}; known are {}",
                crate::base::nearest(mode, workspace.modes.iter().map(String::as_str)),
                crate::base::listing(workspace.modes.iter().map(String::as_str), 20),
            )));
        }
    }
    let order = order::dependencies_first(workspace, labels, &modes.active, &mut problems);
    let mut analysis = Analysis::default();
    let mut tools = HashMap::new();
    let mut sound: Vec<bool> = Vec::with_capacity(order.len());
    for order::Ordered { target, needs, whole } in order {
        let whole = whole && needs.iter().all(|need| sound[*need as usize]);
        let label = target.label.clone();
        analysis.reached.push(Reached { label, needs, sources: Vec::new() });
        let mut own = Problems::default();
        let configured = scope::Scope::new(workspace, &mut analysis, &mut tools, modes, &target)
            .configure(&mut own);
        sound.push(whole && own.is_empty());
        // Whoever reads what is wrong does not want to read what follows from it.
        let has_cause = !whole || own.iter().any(|problem| !problem.follows);
        problems.extend(own.into_iter().filter(|problem| !(has_cause && problem.follows)));
        // What stands for a target that does not exist stands for nothing.
        analysis.targets.extend(configured.map(|it| (target.label.clone(), Arc::new(it))));
    }
    analysis.files.check_prefixes(&analysis.actions, &mut problems);
    problems.or(analysis)
}
