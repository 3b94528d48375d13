//! Programs that prepare the ground for tests: each is run once, when the first test that needs it
//! is started, and what it exports is in the environment of all that do.

use super::exec_root::ExecRoot;
use super::helper::{self, Helper, How};
use super::session::Shared;
use crate::analyze::{Action, TestProcess};
use crate::base::Label;
use crate::event::Outcome;
use anyhow::{Context, Result};
use std::collections::BTreeMap;
use std::fs;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// Names the file into which it writes what it exports, as lines `NAME=value`.
const EXPORTS: &str = "ENG_ENV";

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
    let helper = match Helper::lay_out(shared, setup, true)? {
        Ok(helper) => helper,
        Err(why) => return Ok(Err(format!("setup {label} cannot be run: {why}"))),
    };
    let exports = helper.root.beside("exports");
    fs::write(&exports, "").with_context(|| format!("write {}", exports.display()))?;
    let env = [
        (EXPORTS, exports.display().to_string()),
        ("HOME", helper.root.temporary().display().to_string()),
        ("TZ", "UTC".to_string()),
    ];
    let output = helper.root.stdout();
    let timeout = shared.options.test_timeout.or(setup.timeout);
    let how = How { env: &env, stderr: &output, timeout, lasting: true };
    let outcome = helper.run(shared, &how)?;
    let mut roots = shared.home.setups.roots.lock().unwrap_or_else(PoisonError::into_inner);
    roots.push(helper.root);
    drop(roots);
    let how = match outcome {
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
        other => helper::ended(&other),
    };
    let printed = match helper::printed(&[&output]) {
        nothing if nothing.is_empty() => "it printed nothing".to_string(),
        printed => format!("it printed:{printed}"),
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
