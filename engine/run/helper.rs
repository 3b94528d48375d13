//! Commands that are run beside the actions of the plan: what prepares the ground for tests, and what
//! reads the data that these leave.

use super::exec_root::{self, ExecRoot};
use super::news::in_words;
use super::prepare::{Prepared, prepare};
use super::process::{self, Start};
use super::session::Shared;
use crate::analyze::Action;
use crate::base::show_duration;
use crate::event::Outcome;
use anyhow::Result;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Of what one printed, so much is told.
const MOST_BYTES: usize = 16 << 10;

/// A command whose inputs are laid out.
pub(super) struct Helper {
    /// Its files; they go away with it.
    pub root: ExecRoot,
    /// Where it starts.
    pub folder: PathBuf,
    /// The command.
    pub argv: Vec<String>,
    prepared: Prepared,
}

/// How it is run.
pub(super) struct How<'a> {
    /// Environment besides that of the action.
    pub env: &'a [(&'a str, String)],
    /// Where its errors go.
    pub stderr: &'a Path,
    pub timeout: Option<Duration>,
    /// True if what it has started may live until the end of the run.
    pub lasting: bool,
}

impl Helper {
    /// Lays out the inputs of a command; `large` says that it may write much. The inner error says why
    /// that cannot be.
    pub fn lay_out(
        shared: &Shared,
        action: &Action,
        large: bool,
    ) -> Result<std::result::Result<Helper, String>> {
        let prepared = match prepare(shared, action, &action.input_files(&action.words()))? {
            Ok(prepared) => prepared,
            Err(why) => return Ok(Err(why)),
        };
        let mut root = ExecRoot::new(shared, large)?;
        root.place(shared, &prepared)?;
        let folder = root.root().join(exec_root::start_folder(&action.layout));
        root.folder(&folder)?;
        let mut argv = prepared.manifest.arguments.clone();
        super::start::use_tools(&prepared.words, shared, &mut argv)?;
        Ok(Ok(Helper { root, folder, argv, prepared }))
    }

    /// Runs it; what it prints goes to the standard output of its root.
    pub fn run(&self, shared: &Shared, how: &How) -> Result<Outcome> {
        let mut env = self.prepared.manifest.variables.clone();
        env.push(("TMPDIR".to_string(), self.root.temporary().display().to_string()));
        env.extend(how.env.iter().map(|(name, value)| (name.to_string(), value.clone())));
        let ended = process::run(
            &Start {
                program: self.folder.join(&self.argv[0]),
                argv: &self.argv,
                env: &env,
                folder: &self.folder,
                stdin: None,
                stdout: &self.root.stdout(),
                stderr: how.stderr,
                timeout: how.timeout,
                watched: None,
                folders: &self.root.own(),
                lasting: how.lasting,
            },
            &shared.stop,
        )?;
        Ok(ended.outcome)
    }
}

/// How one ended that did not end well.
pub(super) fn ended(outcome: &Outcome) -> String {
    match outcome {
        Outcome::TimedOut(limit) => format!("timed out after {}", show_duration(*limit)),
        outcome => in_words(outcome),
    }
}

/// The end of what one printed into these files, each line indented below another.
pub(super) fn printed(files: &[&Path]) -> String {
    let bytes: Vec<u8> = files.iter().flat_map(|file| fs::read(file).unwrap_or_default()).collect();
    let end = String::from_utf8_lossy(&bytes[bytes.len().saturating_sub(MOST_BYTES)..]);
    end.lines().map(|line| format!("\n    {line}")).collect()
}
