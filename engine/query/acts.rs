//! The actions of targets, as they are told: what is run with which words, what is read and written.

use crate::analyze::{Action, Analysis, Command, FileId, FileKind, Modes, analyze, flatten};
use crate::base::{Label, Problems};
use crate::load::Workspace;
use std::collections::{BTreeSet, HashSet};

/// Actions, and where outputs are.
#[derive(Debug, Default)]
pub struct Acts {
    /// The actions of the targets that were asked for, by target, in the order of their rules.
    pub acts: Vec<Act>,
    /// Paths of all outputs that there are, also of targets that were not asked for.
    pub outputs: BTreeSet<String>,
}

/// An action.
#[derive(Debug)]
pub struct Act {
    /// Its target.
    pub label: String,
    /// Its name in the rule.
    pub name: String,
    /// What progress shows.
    pub about: String,
    /// The words of the command, or the lines that are written.
    pub words: Vec<String>,
    /// True if `words` are lines that are written without a process.
    pub writes: bool,
    /// Environment that the rule gives, sorted.
    pub env: Vec<(String, String)>,
    /// Paths of what is read, sorted; of outputs they start with `out/`.
    pub inputs: Vec<String>,
    /// Paths of what is written.
    pub outputs: Vec<String>,
    /// Where it says what it read.
    pub depfile: Option<String>,
    /// Paths of files that it translates one by one, with what stands for each in the command: a file
    /// that is written stands for those that its lines mention.
    pub sources: Vec<(String, String)>,
}

/// The actions of some targets, analysed with modes.
pub fn acts(
    workspace: &Workspace,
    labels: &[Label],
    modes: &BTreeSet<String>,
) -> Result<Acts, Problems> {
    let modes = Modes { active: modes.clone(), ..Modes::default() };
    let analysis = analyze(workspace, labels, &modes)?;
    let wanted: HashSet<&Label> = labels.iter().collect();
    let asked = analysis.actions.iter().filter(|action| wanted.contains(&action.label));
    let mut acts: Vec<Act> = asked.map(|action| act(&analysis, action)).collect();
    let order: std::collections::HashMap<String, usize> =
        labels.iter().enumerate().map(|(at, label)| (label.to_string(), at)).collect();
    acts.sort_by_key(|act| order.get(&act.label).copied());
    let mut outputs = BTreeSet::new();
    for action in &analysis.actions {
        outputs.extend(action.outputs.iter().map(|file| path(&analysis, *file)));
        outputs.extend(action.depfile.clone());
    }
    Ok(Acts { acts, outputs })
}

/// An action, as it is told.
pub fn act(analysis: &Analysis, action: &Action) -> Act {
    let words = action.words();
    let mut inputs: Vec<String> =
        action.input_files(&words).into_iter().map(|file| path(analysis, file)).collect();
    inputs.sort_unstable();
    let sources = flatten(&action.sources).into_iter().flat_map(|word| word.files().to_vec());
    Act {
        label: action.label.to_string(),
        name: action.name.to_string(),
        about: action.about.clone(),
        words: words.iter().map(|word| word.text.to_string()).collect(),
        writes: matches!(action.command, Command::Write(_)),
        env: action
            .env
            .iter()
            .map(|(name, word)| (name.to_string(), word.text.to_string()))
            .collect(),
        inputs,
        outputs: action.outputs.iter().map(|file| path(analysis, *file)).collect(),
        depfile: action.depfile.clone(),
        sources: sources.flat_map(|file| sources_of(analysis, file)).collect(),
    }
}

fn sources_of(analysis: &Analysis, file: FileId) -> Vec<(String, String)> {
    let own = path(analysis, file);
    if let FileKind::Output { writer, .. } = analysis.files.file(file).kind {
        let writer = &analysis.actions[writer.0 as usize];
        let mentioned = writer.words().into_iter().flat_map(|line| line.files().to_vec());
        let mentioned: Vec<_> = mentioned.map(|it| (path(analysis, it), own.clone())).collect();
        if matches!(writer.command, Command::Write(_)) && !mentioned.is_empty() {
            return mentioned;
        }
    }
    vec![(own.clone(), own)]
}

fn path(analysis: &Analysis, file: FileId) -> String {
    analysis.files.path(file).to_string()
}
