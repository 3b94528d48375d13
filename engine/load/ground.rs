//! What `eng init` starts from: the files of a folder that may be no workspace yet, and what is known
//! of them.

use super::build_file::BuildFile;
use super::folders::{self, Extent};
use super::glob::Globs;
use super::language::{self, Language};
use super::root_entry::RootEntry;
use super::workspace::{LoadError, ignored, user_rules, wanted_rules};
use super::{builtin, owner, workspace};
use crate::base::{Label, PackageName, Problems, join};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The files of a folder, and what is known of them.
pub struct Ground {
    /// The folder; absolute.
    pub root: PathBuf,
    /// It is a workspace.
    pub is_workspace: bool,
    /// All files, relative to it, sorted; without those that no workspace looks at.
    pub files: Vec<String>,
    /// Folders that have a `BUILD.ron`.
    pub packages: Vec<String>,
    /// Files that targets name, with those targets and their rules.
    pub owned: BTreeMap<String, Vec<(Label, String)>>,
    /// What sources look like.
    pub languages: Vec<Language>,
}

/// Looks at a folder. If it is a workspace, what it has must be readable.
pub fn ground(root: &Path) -> Result<Ground, LoadError> {
    let path = root.join("BUILD.ron");
    let build = BuildFile::read(&path, "BUILD.ron");
    let is_workspace = build.is_root();
    let nodes = match build.nodes() {
        Ok(nodes) => nodes,
        Err(wrong) if path.symlink_metadata().is_ok() => return Err(LoadError::Problems(wrong)),
        Err(_) => Vec::new(),
    };
    let mut problems = Problems::default();
    let globs = Globs::default();
    let mut rules = builtin::rule_files(&mut problems);
    let mut unseen = Problems::default();
    let entry = RootEntry::read(&nodes, &build.place(), &mut unseen);
    drop(nodes);
    let ignored = ignored(&entry.ignore, &globs, &mut problems);
    let walked = folders::walk(root, build, &ignored, Extent::Whole)?;
    let wanted = wanted_rules(&entry.rules, &walked.ron_files, &globs, &mut problems);
    rules.extend(user_rules(root, &wanted, &mut problems));
    let languages = language::languages(&rules, &mut problems);
    let languages = problems.or(languages).map_err(LoadError::Problems)?;
    let mut files = Vec::new();
    let mut packages = Vec::new();
    for package in &walked.packages {
        let folder = &*package.name.path;
        files.extend(package.files.iter().map(|file| join(folder, file)));
        if !folder.is_empty() || path.symlink_metadata().is_ok() {
            packages.push(folder.to_string());
        }
    }
    files.sort_unstable();
    let mut owned = BTreeMap::new();
    if is_workspace {
        let workspace = workspace::workspace(root)?;
        let wrong: Vec<_> = workspace.packages.values().flat_map(|it| it.problems.iter()).collect();
        if !wrong.is_empty() {
            let mut problems = Problems::default();
            problems.extend(wrong.into_iter().cloned());
            return Err(LoadError::Problems(problems));
        }
        for file in &files {
            let Some(Ok(labels)) = owner::of_file(&workspace, &PackageName::main(file)) else {
                continue;
            };
            let with_rule = labels.into_iter().filter_map(|label| {
                let rule = workspace.target(&label)?.rule.name.clone();
                Some((label, rule))
            });
            owned.insert(file.clone(), with_rule.collect());
        }
    }
    Ok(Ground { root: root.to_path_buf(), is_workspace, files, packages, owned, languages })
}
