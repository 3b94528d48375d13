//! One action from key to result: looked up, or carried out by a process and stored.

use super::exec_root::{self, ExecRoot};
use super::lookup::{self, Place};
use super::manifest::{self, Content, Manifest, Reach};
use super::process::{self, Start};
use super::session::Shared;
use super::tools::Tool;
use super::{depfile, outputs, script};
use crate::analyze::{Action, Command, FileId, FileKind, REPORT, Word};
use crate::base::Digest;
use crate::event::{About, ActionId, Event, Origin, Outcome};
use crate::store::{self, OutputKind, ResultOutcome, ResultRow};
use anyhow::{Context, Result};
use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

/// The environment of every action, besides what its rule lets through.
pub(super) const ENVIRONMENT: [(&str, &str); 2] = [
    ("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"),
    ("SOURCE_DATE_EPOCH", "0"),
];

/// Larger commands need a file of arguments.
const LONGEST_COMMAND: usize = 100_000;

/// What came of an action.
#[derive(Debug, Clone)]
pub(super) struct Done {
    pub outcome: Outcome,
    pub origin: Origin,
    /// What is remembered, or will be.
    pub row: ResultRow,
    /// The key it is kept under; nothing if it is not to be kept.
    pub key: Option<Digest>,
    /// The shape and the inputs that were read, for an action with a depfile that ran.
    pub shape: Option<(Digest, Vec<String>)>,
    /// The command as one could type it.
    pub command: Option<String>,
    /// Why it ran.
    pub reason: Option<String>,
    /// True if a dry run found that it would have to run.
    pub would_run: bool,
}

/// An action ready to be looked up or started.
pub(super) struct Prepared {
    pub words: Vec<Word>,
    pub manifest: Manifest,
    pub inputs: Vec<(String, FileId, Content)>,
    pub tools: Vec<Tool>,
}

/// Carries out one action. An error is a failure of the world.
pub(super) fn carry_out(
    shared: &Shared,
    id: ActionId,
    action: &Action,
    inputs: &[FileId],
    about: &About,
) -> Result<Done> {
    let prepared = match prepare(shared, action, inputs)? {
        Ok(prepared) => prepared,
        Err(why) => return Ok(broken(why)),
    };
    if let Command::Write(_) = &action.command {
        return write(shared, action, &prepared);
    }
    let is_test = action.test.is_some();
    let kept = action.test.as_ref().is_none_or(|test| test.whole || test.lists);
    let place = lookup::place(&prepared.manifest, action.depfile.is_some());
    let look = !shared.options.no_cache && !(is_test && shared.options.fresh_tests) && kept;
    if look {
        if let Some((key, row)) = lookup::find(shared, &prepared.manifest, &place)? {
            // A failed test is run again, a failed compilation is told again.
            if row.outcome == ResultOutcome::Passed || !is_test {
                publish(shared, action, &row)?;
                let (outcome, command) = match row.outcome {
                    ResultOutcome::Passed => (Outcome::Passed, None),
                    ResultOutcome::Failed { status } => {
                        (Outcome::Exited(status), Some(command_line(&prepared)))
                    }
                };
                return Ok(Done {
                    outcome,
                    origin: Origin::Cached,
                    row,
                    key: Some(key),
                    shape: None,
                    command,
                    reason: None,
                    would_run: false,
                });
            }
        }
    }
    let reason = reason(shared, action, &prepared.manifest);
    if shared.options.dry_run {
        let mut done = broken(String::new());
        done.would_run = true;
        done.reason = Some(reason);
        return Ok(done);
    }
    let _ = shared.events.send(Event::ActionStarted { action: id, about: about.clone() });
    let mut done = start(shared, action, &prepared, &place)?;
    if let Some(changed) = changed_meanwhile(shared, &prepared)? {
        // What was read is not known; once more, with what is there now.
        let again = match prepare(shared, action, inputs)? {
            Ok(prepared) => prepared,
            Err(why) => return Ok(broken(why)),
        };
        let place = lookup::place(&again.manifest, action.depfile.is_some());
        done = start(shared, action, &again, &place)?;
        if changed_meanwhile(shared, &again)?.is_some() {
            return Ok(broken(format!("'{changed}' was modified while the build was in progress")));
        }
    }
    done.reason = Some(reason);
    if done.outcome == Outcome::Passed {
        publish(shared, action, &done.row)?;
    }
    let failed = done.outcome != Outcome::Passed;
    if failed || shared.options.verbose {
        done.command = Some(command_line(&prepared));
    }
    Ok(done)
}

/// The manifest of an action, or why there is none.
pub(super) fn prepare(
    shared: &Shared,
    action: &Action,
    inputs: &[FileId],
) -> Result<Result<Prepared, String>> {
    let words = action.words();
    let mut placed = Vec::new();
    for id in inputs {
        let path = &shared.analysis.files.file(*id).path;
        let Some(content) = shared.content(*id)? else {
            return Ok(Err(format!("its input '{path}' is not there any more")));
        };
        placed.push((exec_root::place_of(&action.layout, path), *id, content));
    }
    placed.sort_by(|a, b| a.0.cmp(&b.0));
    placed.dedup_by(|a, b| a.0 == b.0 && a.2 == b.2);
    if let Some(pair) = placed.windows(2).find(|pair| pair[0].0 == pair[1].0) {
        let path = |at: usize| &shared.analysis.files.file(pair[at].1).path;
        return Ok(Err(format!(
            "'{}' and '{}' would both stand at '{}'",
            path(0),
            path(1),
            pair[0].0
        )));
    }
    let mut tools = Vec::new();
    let mentioned: BTreeSet<_> = words
        .iter()
        .chain(action.env.iter().map(|(_, word)| word))
        .filter_map(|word| word.tool)
        .collect();
    for (id, _) in mentioned {
        match shared.tool(id)? {
            Ok(tool) => tools.push(tool),
            Err(problem) => return Ok(Err(problem.to_string())),
        }
    }
    let mut variables: Vec<(String, String)> =
        action.env.iter().map(|(name, word)| (name.clone(), word.text.to_string())).collect();
    if action.test.is_none() {
        for (name, value) in ENVIRONMENT {
            if !variables.iter().any(|(known, _)| known == name) {
                variables.push((name.to_string(), value.to_string()));
            }
        }
    }
    variables.sort();
    let mut output_paths: Vec<String> =
        action.outputs.iter().map(|id| shared.analysis.files.path(*id).to_string()).collect();
    output_paths.sort();
    let mut named: Vec<(String, Digest)> =
        tools.iter().map(|tool| (tool.name.clone(), tool.identity)).collect();
    named.sort();
    named.dedup();
    let subject = match &action.test {
        None => String::new(),
        Some(test) => format!("test {} {}", action.label, test.cases.join("\n")),
    };
    let manifest = Manifest {
        arguments: words.iter().map(|word| word.text.to_string()).collect(),
        variables,
        outputs: output_paths,
        folder: exec_root::start_folder(&action.layout).to_string(),
        inputs: placed.iter().map(|(path, _, content)| (path.clone(), *content)).collect(),
        tools: named,
        host: shared.host(),
        timeout: action.timeout,
        subject,
    };
    Ok(Ok(Prepared { words, manifest, inputs: placed, tools }))
}

/// Makes the outputs of a result known to those that read them.
fn publish(shared: &Shared, action: &Action, row: &ResultRow) -> Result<()> {
    for id in &action.outputs {
        let path = shared.analysis.files.path(*id);
        let Some(output) = row.outputs.iter().find(|output| *output.path == **path) else {
            continue;
        };
        let digest = output.digest;
        let content = match output.kind {
            OutputKind::File { executable } => Content::File { digest, executable },
            OutputKind::Tree => {
                let root = store::tree_root(&digest, shared.cas)?;
                Content::Tree {
                    digest,
                    root: root.with_context(|| format!("the store lost {path}"))?,
                }
            }
        };
        shared.set_content(*id, content);
    }
    Ok(())
}

fn write(shared: &Shared, action: &Action, prepared: &Prepared) -> Result<Done> {
    let mut text = String::new();
    for word in &prepared.words {
        text.push_str(&word.text);
        text.push('\n');
    }
    let digest = shared.cas.put_bytes(text.as_bytes())?;
    for id in &action.outputs {
        shared.set_content(*id, Content::File { digest, executable: false });
    }
    Ok(Done {
        outcome: Outcome::Passed,
        origin: Origin::Cached,
        key: None,
        ..broken(String::new())
    })
}

pub(super) fn broken(why: String) -> Done {
    Done {
        outcome: Outcome::Broken(why),
        origin: Origin::Ran,
        row: ResultRow::default(),
        key: None,
        shape: None,
        command: None,
        reason: None,
        would_run: false,
    }
}

/// Starts the process and stores what it leaves behind.
fn start(shared: &Shared, action: &Action, prepared: &Prepared, place: &Place) -> Result<Done> {
    let mut root = ExecRoot::new(shared)?;
    root.place(shared, &prepared.inputs)?;
    let outputs = action.outputs.iter().map(|id| &**shared.analysis.files.path(*id));
    for folder in exec_root::output_folders(outputs.chain(action.depfile.as_deref())) {
        let folder = root.root().join(folder);
        root.folder(&folder)?;
    }
    for id in &action.outputs {
        let file = shared.analysis.files.file(*id);
        if matches!(file.kind, FileKind::Output { folder: true, .. }) {
            root.folder(&root.root().join(&*file.path))?;
        }
    }
    let folder = root.root().join(exec_root::start_folder(&action.layout));
    root.folder(&folder)?;
    let mut argv: Vec<String> = prepared.manifest.arguments.clone();
    let mut env = prepared.manifest.variables.clone();
    if let Some(test) = &action.test {
        let report = root.report().display().to_string();
        for word in argv.iter_mut().chain(env.iter_mut().map(|(_, value)| value)) {
            *word = word.replace(REPORT, &report);
        }
        super::test_env::add(shared, action, test, &mut root, &mut env)?;
    } else {
        env.push(("TMPDIR".to_string(), root.temporary().display().to_string()));
    }
    let mut stdin = None;
    let mut stdout = root.stdout();
    let mut program: Option<PathBuf> = None;
    let is_script = matches!(&action.command, Command::Run { script: true, .. });
    let plain =
        is_script.then(|| script::plain(argv.last().map_or("", String::as_str), &env)).flatten();
    if let Some(plain) = plain {
        let path = env.iter().find(|(name, _)| name == "PATH").map_or("", |(_, path)| path);
        let first = &plain.words[0];
        let found = if first.contains('/') {
            Some(folder.join(first))
        } else {
            super::tools::on_path(first, path)
        };
        // What is not found is the shell's to complain about.
        if let Some(found) = found.filter(|found| found.exists()) {
            program = Some(found);
            stdin = plain.stdin.map(|path| folder.join(path));
            if let Some(path) = plain.stdout {
                stdout = folder.join(path);
            }
            argv = plain.words;
        }
    }
    if let Some(output) = action.stdout {
        stdout = root.root().join(&**shared.analysis.files.path(output));
    }
    let split = action.test.is_some() || stdout != root.stdout();
    let program = match program {
        Some(program) => program,
        None => {
            use_tools(&prepared.words, shared, &mut argv)?;
            if let Err(why) = use_params(action, &mut argv, &root)? {
                return Ok(broken(why));
            }
            folder.join(&argv[0])
        }
    };
    let stderr = if split { root.stderr() } else { stdout.clone() };
    let timeout = shared.options.test_timeout.filter(|_| action.test.is_some()).or(action.timeout);
    let started = Start {
        program,
        argv: &argv,
        env: &env,
        folder: &folder,
        stdin,
        stdout: &stdout,
        stderr: &stderr,
        timeout,
    };
    let ended = process::run(&started, &shared.stop)?;
    let mut row = ResultRow {
        outcome: match ended.outcome {
            Outcome::Passed => ResultOutcome::Passed,
            Outcome::Exited(status) => ResultOutcome::Failed { status },
            // Such a row is never kept.
            _ => ResultOutcome::Failed { status: -1 },
        },
        duration_ns: ended.duration.as_nanos() as u64,
        cpu_ns: ended.cpu.as_nanos() as u64,
        peak_kib: ended.peak_kib,
        run: shared.run,
        ..ResultRow::default()
    };
    let kept = |path: PathBuf| -> Result<Option<Digest>> {
        let silent = fs::metadata(&path).map_or(true, |meta| meta.len() == 0);
        if silent { Ok(None) } else { Ok(Some(shared.cas.put_file(&path)?.0)) }
    };
    if split {
        row.stderr = kept(stderr.clone())?;
        if stdout == root.stdout() {
            row.stdout = kept(stdout.clone())?;
        }
    } else {
        row.stdout = kept(stdout.clone())?;
    }
    let mut done =
        Done { outcome: ended.outcome, origin: Origin::Ran, row, ..broken(String::new()) };
    if action.test.is_some() {
        done.row.report = kept(root.report())?;
    }
    if matches!(done.outcome, Outcome::Passed) {
        match outputs::collect(shared, action, &root)? {
            Ok(rows) => done.row.outputs = rows,
            Err(why) => done.outcome = Outcome::Broken(why),
        }
    }
    if matches!(done.outcome, Outcome::Passed | Outcome::Exited(_)) {
        if let Err(why) = remember(shared, action, prepared, place, &root, &mut done)? {
            done.outcome = Outcome::Broken(why);
        }
    }
    Ok(done)
}

/// Works out the key under which the result is kept. With a depfile that is one over the inputs
/// that were read; a failure may have left none, and then all inputs count.
fn remember(
    shared: &Shared,
    action: &Action,
    prepared: &Prepared,
    place: &Place,
    root: &ExecRoot,
    done: &mut Done,
) -> Result<Result<(), String>> {
    let shape = match place {
        Place::Exact(key) => {
            done.key = Some(*key);
            done.row.manifest =
                Some(shared.cas.put_bytes(prepared.manifest.lines(Reach::All).as_bytes())?);
            return Ok(Ok(()));
        }
        Place::Narrowed(shape) => *shape,
    };
    let depfile = action.depfile.as_ref().map(|path| root.root().join(path));
    let text = depfile.and_then(|path| fs::read(path).ok());
    let all = || prepared.manifest.inputs.iter().map(|(path, _)| path.clone()).collect::<Vec<_>>();
    let used = match text {
        Some(text) if done.outcome == Outcome::Passed => {
            let read = depfile::read(&String::from_utf8_lossy(&text));
            match sort_out(shared, action, prepared, root, &read)? {
                Ok((used, externals)) => {
                    if !externals.is_empty() {
                        done.row.externals = Some(shared.cas.put_bytes(externals.as_bytes())?);
                    }
                    used
                }
                Err(why) => return Ok(Err(why)),
            }
        }
        None if done.outcome == Outcome::Passed => {
            let path = action.depfile.as_deref().unwrap_or_default();
            return Ok(Err(format!("it ended well but did not write its depfile '{path}'")));
        }
        _ => all(),
    };
    done.key = Some(lookup::narrowed(&prepared.manifest, &used));
    let lines = prepared.manifest.lines(Reach::Used(&used));
    done.row.manifest = Some(shared.cas.put_bytes(lines.as_bytes())?);
    done.shape = Some((shape, used));
    Ok(Ok(()))
}

/// Divides what a depfile names into declared inputs and files outside of the workspace.
type Read = (Vec<String>, String);
fn sort_out(
    shared: &Shared,
    action: &Action,
    prepared: &Prepared,
    root: &ExecRoot,
    read: &[String],
) -> Result<Result<Read, String>> {
    let mut used: BTreeSet<String> = BTreeSet::new();
    // What the command line mentions may be read without being named: a library, or a tool.
    let env = action.env.iter().map(|(_, word)| word);
    for id in prepared.words.iter().chain(env).flat_map(|word| &word.files) {
        used.insert(exec_root::place_of(&action.layout, shared.analysis.files.path(*id)));
    }
    let inputs = &prepared.manifest.inputs;
    used.retain(|path| inputs.binary_search_by(|(input, _)| input.cmp(path)).is_ok());
    let base = root.root();
    let mut externals: BTreeSet<PathBuf> = BTreeSet::new();
    for name in read {
        let at = base.join(name);
        let relative = at.strip_prefix(&base).ok().and_then(|path| path.to_str());
        let Some(path) = relative.and_then(crate::base::normalize) else {
            externals.insert(at);
            continue;
        };
        if inputs.binary_search_by(|(input, _)| input.as_str().cmp(&path)).is_ok() {
            used.insert(path);
            continue;
        }
        let above = inputs.iter().find(|(input, content)| {
            matches!(content, Content::Tree { .. })
                && path.strip_prefix(input.as_str()).is_some_and(|rest| rest.starts_with('/'))
        });
        if let Some((folder, _)) = above {
            used.insert(folder.clone());
        }
        // Anything else in the root is the command's own: an output, or a file it made on its way.
    }
    let mut list = String::new();
    for path in externals {
        if let Ok(inside) = path.strip_prefix(&shared.root) {
            return Ok(Err(format!(
                "it read '{}', which is in the workspace but not among its inputs",
                inside.display()
            )));
        }
        // A temporary file that is gone again can't be told from one that never was.
        if let Some((digest, _)) = shared.stats.digest(&path)? {
            list.push_str(&format!("{digest}\t{}\n", path.display()));
        }
    }
    Ok(Ok((used.into_iter().collect(), list)))
}

/// The first source that is not what it was when the key was made. All of them are asked, since
/// the key that is made next needs the new state of each.
fn changed_meanwhile(shared: &Shared, prepared: &Prepared) -> Result<Option<String>> {
    let mut first = None;
    for (_, id, _) in &prepared.inputs {
        let file = shared.analysis.files.file(*id);
        if matches!(file.kind, FileKind::Source)
            && shared.stats.recheck(&shared.root.join(&*file.path))?
        {
            shared.forget(*id);
            first.get_or_insert_with(|| file.path.to_string());
        }
    }
    Ok(first)
}

/// Puts the paths of host tools where their names stand.
fn use_tools(words: &[Word], shared: &Shared, argv: &mut [String]) -> Result<()> {
    for (word, argument) in words.iter().zip(argv) {
        let Some((id, at)) = word.tool else { continue };
        if let Ok(tool) = shared.tool(id)? {
            let end = at as usize + tool.name.len();
            if argument.get(at as usize..end) == Some(tool.name.as_str()) {
                argument.replace_range(at as usize..end, &tool.path.display().to_string());
            }
        }
    }
    Ok(())
}

/// Writes the arguments into a file if they are too long for a command.
fn use_params(
    action: &Action,
    argv: &mut Vec<String>,
    root: &ExecRoot,
) -> Result<Result<(), String>> {
    let length: usize = argv.iter().map(|word| word.len() + 1).sum();
    if length <= LONGEST_COMMAND {
        return Ok(Ok(()));
    }
    let Some((before, after)) = &action.params else {
        return Ok(Err(format!(
            "its command has {length} bytes; above {LONGEST_COMMAND} the rule's action '{}' must say how it takes a file of arguments, such as params: \"@{{file}}\"",
            action.name
        )));
    };
    let path = root.beside("params");
    let text = argv[1..].iter().fold(String::new(), |text, word| text + word + "\n");
    fs::write(&path, text).with_context(|| format!("write {}", path.display()))?;
    argv.truncate(1);
    argv.push(format!("{before}{}{after}", path.display()));
    Ok(Ok(()))
}

/// The command as one could type it into a shell at the workspace's root.
fn command_line(prepared: &Prepared) -> String {
    let quote = |word: &str| {
        let plain = |c: char| c.is_ascii_alphanumeric() || "_-./+=:,@%".contains(c);
        if !word.is_empty() && word.chars().all(plain) {
            word.to_string()
        } else {
            format!("'{}'", word.replace('\'', r"'\''"))
        }
    };
    prepared.manifest.arguments.iter().map(|word| quote(word)).collect::<Vec<_>>().join(" ")
}

/// Why the action has to run, from what the last result of the same action was made of.
fn reason(shared: &Shared, action: &Action, manifest: &Manifest) -> String {
    let last = shared.last_manifest(&action.label.to_string(), &action.about);
    match last {
        None => "it never ran here".to_string(),
        Some(_) if shared.options.no_cache => "--no-cache asks for it".to_string(),
        Some(before) => manifest::difference(&before, &manifest.lines(Reach::All)),
    }
}

/// The keys of single cases of a test.
pub struct CaseKeys {
    manifest: Manifest,
    input_root: Digest,
}

impl CaseKeys {
    /// For a test, given the action that runs one case of it; nothing if an input is gone.
    pub fn new(shared: &Shared, action: &Action) -> Result<Option<CaseKeys>> {
        let inputs = action.input_files(&action.words());
        Ok(prepare(shared, action, &inputs)?.ok().map(|prepared| CaseKeys {
            input_root: prepared.manifest.input_root(),
            manifest: prepared.manifest,
        }))
    }

    /// The key of the case with this command.
    pub fn key(&mut self, arguments: Vec<String>, case: &str) -> Digest {
        self.manifest.arguments = arguments;
        self.manifest.subject = format!("case {case}");
        self.manifest.exact_with(self.input_root)
    }
}

/// A result row as the rest of the run sees its time.
pub(super) fn duration(row: &ResultRow) -> Duration {
    Duration::from_nanos(row.duration_ns)
}
