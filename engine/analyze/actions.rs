//! Actions: what a rule's `actions` become for one target.

use super::expand::Context;
use super::scope::Scope;
use super::test_process::TestProcess;
use super::word::{self, Piece, Word};
use super::{FileId, FileKind};
use crate::base::{Label, Place, Problem, Problems, join};
use crate::load::{self, ActionEnv, ActionRule, Does, Part};
use std::sync::Arc;
use std::time::Duration;

/// Number of an action in an analysis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ActionIndex(pub u32);

/// Something that turns inputs into outputs: the task that a worker carries out.
///
/// Threads: it never changes once it is in the plan, so that the coordinator, which owns the plan,
/// and any number of workers may read it at the same time; it holds no lock and no cell. What a
/// worker learns about it goes back as a message. `run` asserts that it is `Send` and `Sync`.
#[derive(Debug, Clone)]
pub struct Action {
    /// The target it belongs to.
    pub label: Label,
    /// Its name in the rule.
    pub name: Arc<str>,
    /// What progress shows.
    pub about: String,
    /// The action in the rule file.
    pub place: Place,
    /// The target in its `BUILD.ron`.
    pub target_place: Place,
    /// What it does.
    pub command: Command,
    /// Environment that the rule gives, sorted by name.
    pub env: Vec<(Arc<str>, Word)>,
    /// Files that the command finds by itself, besides those that it mentions.
    pub inputs: Vec<Piece>,
    /// Files that the command translates one by one.
    pub sources: Vec<Piece>,
    /// What it writes, in the order of the rule's `outs`.
    pub outputs: Box<[FileId]>,
    /// Path from the exec root at which the command says what it read.
    pub depfile: Option<String>,
    /// Endings of inputs whose contents count only if the command says that it read them; the
    /// contents of all others always count.
    pub narrow: Arc<[Arc<str>]>,
    /// Which output receives standard output.
    pub stdout: Option<FileId>,
    /// How the command takes a file of arguments.
    pub params: Option<Box<Params>>,
    /// Where inputs stand.
    pub layout: Layout,
    /// Killed after this time.
    pub timeout: Option<Duration>,
    /// What makes it a process of a test.
    pub test: Option<Box<TestProcess>>,
}

/// Commands with more bytes than this are handed over in a file of arguments. A system takes more,
/// but counts the environment, too.
pub const LONGEST_COMMAND: usize = 100_000;

/// Stands in the words of a test for the path of the file into which results are written. It is
/// replaced when the process is started, so that no absolute path gets into a key.
pub const REPORT: &str = "{report}";

/// How a command takes a file of arguments, one a line.
#[derive(Debug, Clone)]
pub struct Params {
    /// Text before the path of the file.
    pub before: String,
    /// Text after it.
    pub after: String,
    /// Blanks, quotes and backslashes in arguments have a backslash in front.
    pub escaped: bool,
}

/// What an action does.
#[derive(Debug, Clone)]
pub enum Command {
    /// Starts a process. With `script`, the last word is a script for the program before it, which
    /// may be carried out without it if it is made of plain words.
    Run { words: Vec<Piece>, script: bool },
    /// Writes a line per word into its only output.
    Write(Vec<Piece>),
}

/// Where the inputs of an action stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Layout {
    /// At their paths from the exec root, where the command starts.
    Exec,
    /// At their short paths below a folder of this name, where the command starts.
    Runfiles(String),
}

impl Action {
    /// All words of the command, without files of arguments.
    pub fn words(&self) -> Vec<Word> {
        match &self.command {
            Command::Run { words, .. } => word::flatten(words),
            Command::Write(lines) => word::flatten(lines),
        }
    }

    /// Programs that the action starts, each with a file that must lie in the program's folder.
    pub fn companions(&self, words: &[Word]) -> Vec<(FileId, FileId)> {
        let inputs = word::flatten(&self.inputs);
        let env = self.env.iter().map(|(_, word)| word);
        words
            .iter()
            .chain(&inputs)
            .chain(env)
            .flat_map(|word| word.beside().iter().copied())
            .collect()
    }

    /// The files that must be there, sorted, each once: those that the process finds, and those by
    /// which it is known what it has executed.
    pub fn needed_files(&self, words: &[Word]) -> Vec<FileId> {
        let mut files = self.input_files(words);
        let collectors = self.test.iter().filter_map(|test| test.coverage.as_ref());
        for collector in collectors.flat_map(|it| it.iter()) {
            files.extend(collector.report.input_files(&collector.report.words()));
        }
        files.sort_unstable();
        files.dedup();
        files
    }

    /// The files that the process finds, sorted, each once: what the command and the environment
    /// mention, and `inputs`.
    pub fn input_files(&self, words: &[Word]) -> Vec<FileId> {
        let inputs = word::flatten(&self.inputs);
        // A file that is written does not read what its lines mention.
        let mentioned = if matches!(self.command, Command::Write(_)) { &[] } else { words };
        let env = self.env.iter().map(|(_, word)| word);
        let mut files: Vec<FileId> = mentioned
            .iter()
            .chain(&inputs)
            .chain(env)
            .flat_map(|word| word.files().iter().copied())
            .filter(|file| !self.outputs.contains(file))
            .collect();
        files.sort_unstable();
        files.dedup();
        files
    }
}

impl Scope<'_> {
    /// The outputs of a rule's action for each word of its `each` (or once), creating them at the
    /// first call.
    pub(super) fn outs(&mut self, action: &ActionRule, problems: &mut Problems) {
        if !self.made.insert(action.name.clone()) || !self.all_hold(&action.when, problems) {
            return;
        }
        let its = match &action.each {
            Some(each) => {
                let list = self.list(&each.text, &Context::default(), problems);
                word::flatten(&list).into_iter().map(Some).collect()
            }
            None => vec![None],
        };
        for it in its {
            let context = Context { it: it.clone(), ..Context::default() };
            let mut patterns = Vec::new();
            for field in &action.outs {
                let pieces = self.expand(&field.items, &context, problems);
                patterns.push((field, word::flatten(&pieces)));
            }
            let depfile = action.depfile.as_ref().and_then(|template| {
                let word = self.one_word(template, &context, problems)?;
                Some(join(&self.out_folder, &word.text))
            });
            // Only from here on is the number certain: a pattern may mention other actions' outputs.
            let index = ActionIndex(self.analysis.actions.len() as u32);
            let mut own = Vec::new();
            for (field, patterns) in patterns {
                let words: Vec<Word> = patterns
                    .iter()
                    .filter_map(|p| self.output(&p.text, index, action, &field.place, problems))
                    .collect();
                let list = self.outputs.entry(field.name.clone()).or_default();
                list.extend(words.iter().cloned().map(Piece::Word));
                own.push((field.name.clone(), words));
            }
            // The command is filled in by `commands`, once all names are known.
            let name = self.analysis.name(&action.name);
            self.analysis.actions.push(Arc::new(Action {
                label: self.target.label.clone(),
                about: String::new(),
                name,
                place: action.place.clone(),
                target_place: self.target.place.clone(),
                command: Command::Write(Vec::new()),
                env: Vec::new(),
                inputs: Vec::new(),
                sources: Vec::new(),
                outputs: own.iter().flat_map(|(_, words)| words).filter_map(|w| w.file).collect(),
                depfile: depfile.clone(),
                narrow: Arc::default(),
                stdout: None,
                params: None,
                layout: Layout::Exec,
                timeout: None,
                test: None,
            }));
            let context = Context { it, own, depfile };
            self.pending.push((index, action.name.clone(), context));
        }
    }

    fn output(
        &mut self,
        pattern: &str,
        writer: ActionIndex,
        action: &ActionRule,
        place: &Place,
        problems: &mut Problems,
    ) -> Option<Word> {
        let (path, folder) = match pattern.strip_suffix('/') {
            Some(path) => (path, true),
            None => (pattern, false),
        };
        if let Err(why) = crate::base::check_relative(path) {
            problems.push(
                Problem::at(
                    &self.target.place,
                    format!("the output '{pattern}' of {} {why}", self.target.label),
                )
                .also(place, "its pattern"),
            );
            return None;
        }
        let path = join(&self.out_folder, path);
        let kind = FileKind::Output { writer, folder };
        let (id, new) = self.analysis.files.intern(&path, kind);
        if !new {
            let FileKind::Output { writer: other, .. } = self.analysis.files.file(id).kind else {
                unreachable!("BUG: the output {path} stands where a source was expected")
            };
            let text = match self.analysis.actions.get(other.0 as usize) {
                Some(other) if other.label != self.target.label => {
                    let text =
                        format!("{} and {} both write '{path}'", other.label, self.target.label);
                    Problem::at(&self.target.place, text).also(&other.target_place, "the other one")
                }
                Some(other) => {
                    let text = format!(
                        "{} writes '{path}' twice: by '{}' and by '{}'",
                        self.target.label, other.name, action.name
                    );
                    Problem::at(&self.target.place, text).also(place, "its pattern")
                }
                None => {
                    let text = format!("{} names the output '{path}' twice", self.target.label);
                    Problem::at(&self.target.place, text).also(place, "its pattern")
                }
            };
            problems.push(text);
            return None;
        }
        Some(Word::file(self.analysis.files.path(id).clone(), id))
    }

    /// Fills in the commands of all actions of the target.
    pub(super) fn commands(&mut self, problems: &mut Problems) {
        let rule = self.target.rule.clone();
        for action in &rule.actions {
            self.outs(action, problems);
        }
        for (index, name, context) in std::mem::take(&mut self.pending) {
            let rule = rule.actions.iter().find(|a| a.name == name);
            let rule = rule.unwrap_or_else(|| unreachable!("BUG: the action {name} has no rule"));
            let command = match &rule.does {
                Does::Run { words, script } => {
                    let mut words = self.expand(words, &context, problems);
                    if let Some(script) = script {
                        words.extend(self.one_word(script, &context, problems).map(Piece::Word));
                    }
                    Command::Run { words, script: script.is_some() }
                }
                Does::Write(lines) => Command::Write(self.expand(lines, &context, problems)),
            };
            let env = self.environment(&rule.env, &context, problems);
            let inputs = self.expand(&rule.inputs, &context, problems);
            let sources = self.expand(&rule.sources, &context, problems);
            let narrow = word::flatten(&self.expand(&rule.narrow, &context, problems));
            let narrow = self.analysis.endings(&narrow);
            let about = self.about(rule, &context, problems);
            let stdout = rule.stdout.as_ref().and_then(|name| {
                let (_, words) = context.own.iter().find(|(own, _)| *own == name.text)?;
                words.first()?.file
            });
            let action = Arc::get_mut(&mut self.analysis.actions[index.0 as usize]);
            let action = action.unwrap_or_else(|| unreachable!("BUG: '{about}' is in a plan"));
            action.command = command;
            action.env = env;
            action.inputs = inputs;
            action.sources = sources;
            action.narrow = narrow;
            action.about = about;
            action.stdout = stdout;
            action.params = rule.params.as_ref().map(|it| Box::new(around_file(it)));
        }
    }

    fn about(&mut self, rule: &ActionRule, context: &Context, problems: &mut Problems) -> String {
        if let Some(said) = rule.say.as_ref().and_then(|say| self.one_word(say, context, problems))
        {
            return said.text.to_string();
        }
        let subject = match (&context.it, context.own.iter().find_map(|(_, words)| words.first())) {
            (Some(it), _) => word::short(&it.text).to_string(),
            (None, Some(out)) => word::short(&out.text).to_string(),
            (None, None) => self.target.label.to_string(),
        };
        format!("{} {subject}", rule.name)
    }

    /// The environment of an action or test, sorted; of equal names the last wins.
    pub(super) fn environment(
        &mut self,
        env: &ActionEnv,
        context: &Context,
        problems: &mut Problems,
    ) -> Vec<(Arc<str>, Word)> {
        let mut all = std::collections::BTreeMap::new();
        match env {
            ActionEnv::Named(fields) => {
                for field in fields {
                    let words = word::flatten(&self.expand(&field.items, context, problems));
                    if let Some(word) = super::expand::joined(&words, " ") {
                        all.insert(self.analysis.name(&field.name), word);
                    }
                }
            }
            ActionEnv::Words(items) => {
                for word in word::flatten(&self.expand(items, context, problems)) {
                    match word.text.clone().split_once('=') {
                        Some((name, value)) if !name.is_empty() => {
                            let start = name.len() as u32 + 1;
                            all.insert(self.analysis.name(name), word.cut(value, start));
                        }
                        _ => problems.push(Problem::at(
                            &self.target.place,
                            format!(
                                "'{}' is no variable of an environment; write 'NAME=value'",
                                word.text
                            ),
                        )),
                    }
                }
            }
        }
        all.into_iter().collect()
    }
}

/// The texts before and after the file in `@{file}`.
fn around_file(params: &load::Params) -> Params {
    let mut res = Params { before: String::new(), after: String::new(), escaped: params.escaped };
    let mut seen = false;
    for part in &params.word.parts {
        match part {
            Part::Mention(_) => seen = true,
            Part::Text(text) if seen => res.after.push_str(text),
            Part::Text(text) => res.before.push_str(text),
        }
    }
    res
}
