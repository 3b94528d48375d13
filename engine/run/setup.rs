//! Programs that prepare the ground for tests: each is run once, when the first test that needs it
//! is started, and what it exports is in the environment of all that do.

use super::exec_root::{self, ExecRoot};
use super::prepare::prepare;
use super::process::{self, Start};
use super::session::Shared;
use crate::analyze::{Action, TestProcess};
use crate::base::{Label, signal_name};
use crate::event::Outcome;
use anyhow::{Context, Result};
use std::collections::BTreeMap;
use std::fs;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// Names the file into which it writes what it exports, as lines `NAME=value`.
const EXPORTS: &str = "ENG_ENV";
/// Of what a failed one printed, so much is told.
const MOST_BYTES: usize = 16 << 10;

type Exported = std::result::Result<Vec<(String, String)>, String>;

/// The setups of a run, by label.
#[derive(Default)]
pub struct Setups {
    all: Mutex<BTreeMap<Label, Arc<OnceLock<Exported>>>>,
    /// Their folders, in which what they have started may still live.
    roots: Mutex<Vec<ExecRoot>>,
}

/// What the setups of a test export, in their order; or why the test cannot be run.
pub(super) fn exported(shared: &Shared, test: &TestProcess) -> Exported {
    let mut res: Vec<(String, String)> = Vec::new();
    for setup in &test.setups {
        let cell = {
            let mut all = shared.home.setups.all.lock().unwrap_or_else(PoisonError::into_inner);
            all.entry(setup.label.clone()).or_default().clone()
        };
        // Whoever comes second waits until the first is done.
        let exported = cell.get_or_init(|| {
            run(shared, setup).unwrap_or_else(|error| {
                Err(format!("setup {} cannot be run: {error:#}", setup.label))
            })
        });
        for (name, value) in exported.clone()? {
            res.retain(|(known, _)| *known != name);
            res.push((name, value));
        }
    }
    Ok(res)
}

fn run(shared: &Shared, setup: &Action) -> Result<Exported> {
    let label = &setup.label;
    let prepared = match prepare(shared, setup, &setup.input_files(&setup.words()))? {
        Ok(prepared) => prepared,
        Err(why) => return Ok(Err(format!("setup {label} cannot be run: {why}"))),
    };
    let mut root = ExecRoot::new(shared, true)?;
    root.place(shared, &prepared)?;
    let folder = root.root().join(exec_root::start_folder(&setup.layout));
    root.folder(&folder)?;
    let exports = root.beside("exports");
    fs::write(&exports, "").with_context(|| format!("write {}", exports.display()))?;
    let mut env = prepared.manifest.variables.clone();
    let own = [
        (EXPORTS, exports.display().to_string()),
        ("TMPDIR", root.temporary().display().to_string()),
        ("HOME", root.temporary().display().to_string()),
        ("TZ", "UTC".to_string()),
    ];
    env.extend(own.map(|(name, value)| (name.to_string(), value)));
    let mut argv = prepared.manifest.arguments.clone();
    super::start::use_tools(&prepared.words, shared, &mut argv)?;
    let output = root.stdout();
    let folders = root.own();
    let ended = process::run(
        &Start {
            program: folder.join(&argv[0]),
            argv: &argv,
            env: &env,
            folder: &folder,
            stdin: None,
            stdout: &output,
            stderr: &output,
            timeout: shared.options.test_timeout.or(setup.timeout),
            watched: None,
            folders: &folders,
            lasting: true,
        },
        &shared.stop,
    )?;
    shared.home.setups.roots.lock().unwrap_or_else(PoisonError::into_inner).push(root);
    let how = match ended.outcome {
        Outcome::Passed => {
            let text = match crate::store::read_left(&exports) {
                Ok(text) => text.unwrap_or_default(),
                Err(why) => {
                    shared.warn(format!("setup {label} failed: its file ${EXPORTS} {why}"));
                    return Ok(Err(format!("setup {label} failed")));
                }
            };
            return Ok(read(label, &String::from_utf8_lossy(&text)));
        }
        Outcome::Stopped => return Ok(Err(shared.stop.why())),
        Outcome::Exited(status) => format!("exit status {status}"),
        Outcome::Signalled(signal) => signal_name(signal),
        Outcome::TimedOut(limit) => {
            format!("timed out after {}", crate::base::show_duration(limit))
        }
        Outcome::Refuted(why) | Outcome::Broken(why) => why,
    };
    let printed = fs::read(&output).unwrap_or_default();
    let printed = String::from_utf8_lossy(&printed[printed.len().saturating_sub(MOST_BYTES)..]);
    let printed: String = printed.lines().map(|line| format!("\n    {line}")).collect();
    let printed = match printed.is_empty() {
        true => "it printed nothing".to_string(),
        false => format!("it printed:{printed}"),
    };
    shared.warn(format!("setup {label} failed ({how}); {printed}"));
    Ok(Err(format!("setup {label} failed")))
}

/// Reads what a setup exports.
pub(super) fn read(label: &Label, text: &str) -> Exported {
    let mut res = Vec::new();
    for (at, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
        match line.split_once('=') {
            Some((name, value))
                if name.chars().all(plain)
                    && !name.starts_with(|c: char| c.is_ascii_digit())
                    && !name.is_empty() =>
            {
                res.push((name.to_string(), value.to_string()));
            }
            _ => {
                return Err(format!(
                    "setup {label} exports what is no variable: line {} of ${EXPORTS} is '{line}'; write 'NAME=value'",
                    at + 1
                ));
            }
        }
    }
    Ok(res)
}
