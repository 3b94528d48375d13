//! `eng init`: writes the `BUILD.ron` files that build what is there.

use super::options::Init;
use super::places::working_directory;
use super::write::create;
use super::{Exit, print};
use crate::base::{join, plain_line};
use crate::load::LoadError;
use crate::report;
use crate::session::Failure;
use crate::{init, load};
use std::fs;
use std::path::{Path, PathBuf};

/// Writes them, or says what would be written.
pub fn init(options: Init) -> Result<Exit, Failure> {
    let here = working_directory()?;
    let asked = here.join(options.path.as_deref().unwrap_or("."));
    let asked = fs::canonicalize(&asked).map_err(|error| {
        Failure::Usage(format!("cannot look into {}: {error}", asked.display()))
    })?;
    if !asked.is_dir() {
        return Err(Failure::Usage(format!("{} is no folder", asked.display())));
    }
    let root = match load::find_root(&asked, &here) {
        Ok(root) => root,
        Err(LoadError::NoWorkspace(_)) => asked.clone(),
        Err(wrong) => return Err(wrong.into()),
    };
    let ground = load::ground(&root)?;
    refuse(&ground, &root, options.add)?;
    let name = root.file_name().and_then(|it| it.to_str()).unwrap_or("main");
    let below = asked.strip_prefix(&root).unwrap_or(Path::new("")).to_string_lossy();
    let name = init::workspace_name(name);
    let written = init::write(ground, &name, &below).map_err(Failure::World)?;
    for (path, text) in &written.files {
        if options.dry_run {
            if print(path, &format!("-- {path}\n{text}")) != Exit::Ok {
                return Ok(Exit::Environment);
            }
            continue;
        }
        create(&root.join(path), path, text).map_err(Failure::World)?;
        report::print_problem(&format!("wrote {}\n", shown(&here, &root, path)));
    }
    tell(&written, options.dry_run);
    Ok(Exit::Ok)
}

fn shown(here: &Path, root: &Path, path: &str) -> String {
    let whole: PathBuf = root.join(path);
    whole.strip_prefix(here).unwrap_or(&whole).display().to_string()
}

/// What is there is never written over.
fn refuse(ground: &load::Ground, root: &Path, add: bool) -> Result<(), Failure> {
    if ground.packages.is_empty() || add && ground.is_workspace {
        return Ok(());
    }
    let files: Vec<String> = ground.packages.iter().map(|it| join(it, "BUILD.ron")).collect();
    let more = files.len().saturating_sub(10);
    let mut text = format!("{} has BUILD.ron files already:\n", root.display());
    for file in files.iter().take(10) {
        text.push_str(&format!("    {}\n", plain_line(file)));
    }
    if more > 0 {
        text.push_str(&format!("    and {more} more\n"));
    }
    text.push_str(match ground.is_workspace {
        true => "'eng init --add' leaves them as they are and writes those that are missing",
        false => "none of them makes it a workspace; write 'workspace(name: \"..\")' as the first entry of the one at the root, then 'eng init --add'",
    });
    Err(Failure::Usage(text))
}

fn tell(written: &init::Written, dry_run: bool) {
    let counts: Vec<String> =
        written.rules.iter().map(|(rule, count)| format!("{count} {rule}")).collect();
    let total: usize = written.rules.values().sum();
    let plural = |count: usize, word: &str| match count {
        1 => format!("1 {word}"),
        count => format!("{count} {word}s"),
    };
    let mut text =
        format!("{} in {}", plural(total, "target"), plural(written.files.len(), "file"));
    if !counts.is_empty() {
        text.push_str(&format!(": {}", counts.join(", ")));
    }
    text.push('\n');
    if !written.left.is_empty() {
        text.push_str("left out:\n");
        written.left.iter().for_each(|it| text.push_str(&format!("  {it}\n")));
    }
    if total > 0 && !dry_run {
        text.push_str("next: eng build && eng test\n");
    }
    report::print_problem(&text);
}
