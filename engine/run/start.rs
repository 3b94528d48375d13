//! Starts the process of an action in an exec root of its own, and stores what it leaves behind.

use super::claims::Grant;
use super::exec_root::{self, ExecRoot};
use super::lookup::Place;
use super::manifest::Reach;
use super::prepare::Prepared;
use super::process::{self, Start};
use super::remember::{note, remember};
use super::session::Shared;
use super::waiting::Watched;
use super::worker::{Done, FORCED, REFUTED, Stamps, broken};
use super::{coverage, kept, outputs, report, script, setup, test_env};
use crate::analyze::{Action, Command, FileKind, LONGEST_COMMAND, REPORT, Watch, Word};
use crate::base::Digest;
use crate::event::{Origin, Outcome, Steps, View};
use crate::store::{ResultOutcome, ResultRow};
use anyhow::{Context, Result};
use std::fs;
use std::path::{Path, PathBuf};

/// Starts the process and stores what it leaves behind.
pub(super) fn start(
    shared: &Shared,
    action: &Action,
    prepared: &Prepared,
    place: &Place,
    grant: &Grant,
    begin: &dyn Fn(View),
    stamps: &mut Stamps,
) -> Result<Done> {
    // Before anything is made for the test: it may take long, and fail.
    let exported = match &action.test {
        Some(test) if !test.lists => setup::exported(shared, test),
        _ => Ok(Vec::new()),
    };
    let exported = match exported {
        Ok(exported) => exported,
        Err(why) => return Ok(broken(why)),
    };
    let mut root = ExecRoot::new(shared, action.test.is_some())?;
    root.place(shared, prepared)?;
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
        let path = root.report().display().to_string();
        for word in &mut argv {
            *word = word.replace(REPORT, &path);
        }
        for (name, value) in exported {
            // What the target says itself holds.
            if !env.iter().any(|(known, _)| *known == name) {
                env.push((name, value));
            }
        }
        test_env::add(shared, action, test, grant, &mut root, &mut env)?;
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
            // A test finds itself by a path from where it starts, also if it is a script.
            match action.test.is_some() && !argv[0].contains('/') {
                true => PathBuf::from(format!("./{}", argv[0])),
                false if action.test.is_some() => PathBuf::from(&argv[0]),
                false => folder.join(&argv[0]),
            }
        }
    };
    let stderr = if split { root.stderr() } else { stdout.clone() };
    let report = root.report();
    let watch = action.test.as_ref().and_then(|test| test.watch.as_ref());
    let file = |watch: &Watch| if watch.report { &report } else { &stdout };
    let tells = |line: &str| watch.is_some_and(|watch| (watch.step)(line).is_some());
    let watched = watch.map(|watch| Watched { path: file(watch), tells: &tells });
    let view = View {
        tests: action.test.as_ref().is_some_and(|test| !test.lists),
        case: action.test.as_ref().and_then(|test| match test.cases.as_slice() {
            [only] => Some(only.clone()).filter(|name| !name.is_empty()),
            _ => None,
        }),
        steps: watch.map(|watch| Steps { path: file(watch).clone(), read: watch.step.clone() }),
        ..seen(&root, &stdout, &stderr)
    };
    let started = Start {
        program,
        argv: &argv,
        env: &env,
        folder: &folder,
        stdin,
        stdout: &stdout,
        stderr: &stderr,
        timeout: shared.options.limit(action),
        watched,
        folders: &root.own(),
        lasting: false,
    };
    stamps.laid_out();
    let Some(ended) = in_turn(shared, action, || {
        begin(view);
        process::run(&started, &shared.stop)
    }) else {
        return Ok(Done { outcome: Outcome::Stopped, ..broken(String::new()) });
    };
    let ended = ended?;
    if ended.left.survivors > 0 {
        shared.warn(format!(
            "{} processes that {} has started cannot be killed; they hang in the kernel",
            ended.left.survivors, action.label
        ));
    }
    let mut row = ResultRow {
        outcome: match ended.outcome {
            Outcome::Passed => ResultOutcome::Passed,
            Outcome::Exited(status) => ResultOutcome::Failed { status },
            Outcome::Signalled(signal) => ResultOutcome::Failed { status: -signal },
            // Of actions such a row is not kept; a test that has it is run again.
            _ => ResultOutcome::Failed { status: FORCED },
        },
        duration_ns: ended.duration.as_nanos() as u64,
        cpu_ns: ended.process.map_or(0, |it| (it.user + it.system).as_nanos() as u64),
        peak_kib: ended.process.map_or(0, |it| it.max_rss_kib),
        leaked: !ended.left.names.is_empty(),
        run: shared.run,
        ..ResultRow::default()
    };
    let kept = |path: PathBuf| -> Result<Option<Digest>> {
        let silent = fs::metadata(&path).map_or(true, |meta| meta.len() == 0);
        if silent { Ok(None) } else { Ok(Some(shared.cas.put_file(&path)?.digest)) }
    };
    if split {
        row.stderr = kept(stderr.clone())?;
        if stdout == root.stdout() {
            row.stdout = kept(stdout.clone())?;
        }
    } else {
        row.stdout = kept(stdout.clone())?;
    }
    let (outcome, process) = (ended.outcome, ended.process);
    let mut done = Done { outcome, origin: Origin::Ran, row, process, ..broken(String::new()) };
    if let Some(test) = &action.test {
        done.row.report = kept(report::whole(&root)?)?;
        done.row.outputs = kept::collect(shared, &action.label, &root)?;
        done.row.outputs.extend(coverage::collect(shared, test, &done.outcome, &root)?);
        let refuted = kept::refutes(&root, test.shard.is_some());
        if let (Outcome::Passed, Some(number)) = (&done.outcome, refuted) {
            done.outcome = Outcome::Refuted(kept::refutation(number).unwrap_or_default());
            done.row.outcome = ResultOutcome::Failed { status: REFUTED - number };
        }
    } else if matches!(done.outcome, Outcome::Passed) {
        match outputs::collect(shared, action, &root)? {
            Ok(rows) => done.row.outputs = rows,
            Err(why) => done.outcome = Outcome::Broken(why),
        }
    }
    if !done.is_kept(action) {
        if done.outcome != Outcome::Stopped {
            note(shared, prepared, Reach::All, &mut done)?;
        }
    } else if let Err(why) = remember(shared, action, prepared, place, &root, &mut done)? {
        done.outcome = Outcome::Broken(why);
        note(shared, prepared, Reach::All, &mut done)?;
    }
    Ok(done)
}

/// Where to look at what a process prints. What it writes into an output of its action is none of
/// that.
fn seen(root: &ExecRoot, stdout: &Path, stderr: &Path) -> View {
    let apart = stdout != stderr && stdout == root.stdout();
    View {
        stdout: if apart { stdout } else { stderr }.to_path_buf(),
        stderr: apart.then(|| stderr.to_path_buf()),
        tests: false,
        case: None,
        steps: None,
        over: Default::default(),
    }
}

/// Waits until the process of an action may run, and runs it; tests have their turns already.
/// Nothing if it is not to be started any more.
fn in_turn<T>(shared: &Shared, action: &Action, run: impl FnOnce() -> T) -> Option<T> {
    match &action.test {
        Some(_) => Some(run()),
        None => {
            let _pass = shared.gate.enter()?;
            // Who had the place before may have been stopped.
            (!shared.stop.requested()).then(run)
        }
    }
}

/// Puts the paths of host tools where their names stand.
pub(super) fn use_tools(words: &[Word], shared: &Shared, argv: &mut [String]) -> Result<()> {
    for (word, argument) in words.iter().zip(argv) {
        // From the last to the first, so that the places of the others stay.
        for (id, at) in word.tools().iter().rev() {
            let Ok(tool) = shared.tool(*id)? else { continue };
            let at = *at as usize;
            let end = at + tool.name.len();
            if argument.get(at..end) == Some(tool.name.as_str()) {
                argument.replace_range(at..end, &tool.path.display().to_string());
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
    let Some(params) = action.params.as_deref() else {
        return Ok(Err(format!(
            "its command has {length} bytes; above {LONGEST_COMMAND} the rule's action '{}' must say how it takes a file of arguments, such as params: \"@{{file}}\"",
            action.name
        )));
    };
    let path = root.beside("params");
    let line = |word: &String| match params.escaped {
        true => escaped(word),
        false => word.clone(),
    };
    let text = argv[1..].iter().fold(String::new(), |text, word| text + &line(word) + "\n");
    fs::write(&path, text).with_context(|| format!("write {}", path.display()))?;
    argv.truncate(1);
    argv.push(format!("{}{}{}", params.before, path.display(), params.after));
    Ok(Ok(()))
}

/// A word as programs read it that split such a file as a shell would.
fn escaped(word: &str) -> String {
    if word.is_empty() {
        return "\"\"".to_string();
    }
    let mut res = String::with_capacity(word.len());
    for c in word.chars() {
        if c.is_ascii_whitespace() || matches!(c, '\'' | '"' | '\\') {
            res.push('\\');
        }
        res.push(c);
    }
    res
}
