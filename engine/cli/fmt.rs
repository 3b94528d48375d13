//! `eng fmt`: lays out the files of a workspace that are written in RON.

use super::Exit;
use super::options::Fmt;
use super::places::working_directory;
use super::write::replace;
use crate::base::Problems;
use crate::load;
use crate::report;
use crate::session::Failure;
use anyhow::Context;
use similar::TextDiff;
use std::collections::BTreeSet;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Lays out what is named, else all of the workspace.
pub fn fmt(options: Fmt) -> Result<Exit, Failure> {
    let mut counts = Counts::default();
    let mut problems = Problems::default();
    for name in &options.paths {
        if name == "-" && options.paths.len() > 1 {
            return Err(Failure::Usage("'-' stands alone; standard input is one file".into()));
        }
    }
    if options.paths.iter().any(|name| name == "-") {
        let mut text = String::new();
        let read = std::io::stdin().read_to_string(&mut text);
        read.map_err(|error| {
            Failure::Usage(format!("cannot read a file from standard input: {error}"))
        })?;
        let new = load::format("<stdin>", &text).map_err(Failure::Problems)?;
        if !(options.check || options.diff) {
            counts.print(&new);
        } else if new != text {
            counts.differ("<stdin>", &text, &new, options.diff);
        }
        return Ok(counts.exit(&problems));
    }
    let mut wrong = Vec::new();
    for path in files(&options.paths, &mut problems)? {
        if let Err(failure) = one(&path, &options, &mut counts, &mut problems) {
            wrong.push(failure);
        }
    }
    if !problems.is_empty() {
        report::print_problem(&problems.to_string());
    }
    for error in &wrong {
        report::print_problem(&format!("eng: {error:#}\n"));
    }
    counts.tell(options.check || options.diff);
    Ok(if wrong.is_empty() { counts.exit(&problems) } else { Exit::Environment })
}

/// What was found.
#[derive(Default)]
struct Counts {
    formatted: usize,
    differ: usize,
    /// True if something could not be printed.
    unwritten: bool,
}

impl Counts {
    /// A file that is not laid out: its name, or what would change, is data.
    fn differ(&mut self, name: &str, old: &str, new: &str, diff: bool) {
        self.differ += 1;
        let shown = match diff {
            false => format!("{name}\n"),
            true => TextDiff::from_lines(old, new).unified_diff().header(name, name).to_string(),
        };
        self.print(&shown);
    }

    fn print(&mut self, text: &str) {
        // Of many texts the first tells why there are no more.
        self.unwritten = self.unwritten || !report::print_data("what is laid out", text);
    }

    fn tell(&self, only_check: bool) {
        let files = |count| if count == 1 { "1 file".into() } else { format!("{count} files") };
        match (only_check, self.formatted, self.differ) {
            (true, _, 0) | (false, 0, _) => {}
            (true, _, count) => {
                let text = format!("{} would change; 'eng fmt' does it\n", files(count));
                report::print_problem(&text);
            }
            (false, count, _) => report::print_problem(&format!("formatted {}\n", files(count))),
        }
    }

    fn exit(&self, problems: &Problems) -> Exit {
        match (problems.is_empty(), self.differ) {
            (false, _) => Exit::Usage,
            (true, 0) if self.unwritten => Exit::Environment,
            (true, 0) => Exit::Ok,
            (true, _) => Exit::BuildFailed,
        }
    }
}

/// The files that are meant by the paths: a folder stands for what the workspace has in it.
fn files(names: &[String], problems: &mut Problems) -> Result<BTreeSet<PathBuf>, Failure> {
    let here = working_directory()?;
    let mut files = BTreeSet::new();
    let mut add = |folder: &Path| -> Result<(), Failure> {
        let root = load::find_root(folder, &here)?;
        let of_root = load::ron_files(&root, problems)?;
        let inside = of_root.into_iter().map(|path| root.join(path));
        files.extend(inside.filter(|path| path.starts_with(folder)));
        Ok(())
    };
    if names.is_empty() {
        let root = load::find_root(&here, &here)?;
        add(&root)?;
    }
    let mut single = Vec::new();
    for name in names {
        let path = here.join(name);
        match fs::metadata(&path) {
            Ok(found) if found.is_dir() => {
                let whole = fs::canonicalize(&path);
                add(&whole
                    .with_context(|| format!("find the folder {name}"))
                    .map_err(Failure::World)?)?;
            }
            Ok(_) => single.push(path),
            Err(error) => {
                return Err(Failure::Usage(format!("cannot read '{name}': {error}")));
            }
        }
    }
    files.extend(single);
    Ok(files)
}

/// One file. The error is the world's; what is wrong in the file is among the problems.
fn one(
    path: &Path,
    options: &Fmt,
    counts: &mut Counts,
    problems: &mut Problems,
) -> anyhow::Result<()> {
    let here = std::env::current_dir().unwrap_or_default();
    let shown = path.strip_prefix(&here).unwrap_or(path).display().to_string();
    let bytes = fs::read(path).with_context(|| format!("read {shown}"))?;
    let new = match load::format_bytes(&shown, bytes.clone()) {
        Ok(new) => new,
        Err(wrong) => {
            problems.extend(wrong);
            return Ok(());
        }
    };
    if new.as_bytes() == bytes {
        return Ok(());
    }
    if options.check || options.diff {
        counts.differ(&shown, &String::from_utf8_lossy(&bytes), &new, options.diff);
        return Ok(());
    }
    replace(path, &shown, &new)?;
    counts.formatted += 1;
    report::print_problem(&format!("formatted {shown}\n"));
    Ok(())
}
