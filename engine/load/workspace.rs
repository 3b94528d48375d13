//! Finds the root of a workspace and reads everything in it.

use super::build_file::BuildFile;
use super::folders::{self, Extent};
use super::glob::{Globs, Matcher};
use super::package::{self, Context, Found};
use super::root_entry::{RootEntry, is_workspace_name};
use super::rule::{Rules, Text};
use super::rule_file::{self, RuleFile};
use super::{Package, Workspace, builtin, check, select};
use crate::base::{PackageName, Problem, Problems, Repo, join, nearest};
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Why a workspace cannot be read.
#[derive(Debug)]
pub enum LoadError {
    /// The user's rule files, or the `workspace(..)` entry, are wrong.
    Problems(Problems),
    /// There is no workspace; the text says how to make one.
    NoWorkspace(String),
    /// A file or folder cannot be read.
    World(anyhow::Error),
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            LoadError::Problems(problems) => write!(f, "{problems}"),
            LoadError::NoWorkspace(text) => f.write_str(text),
            LoadError::World(error) => write!(f, "{error:#}"),
        }
    }
}

impl std::error::Error for LoadError {}

impl From<anyhow::Error> for LoadError {
    fn from(error: anyhow::Error) -> LoadError {
        LoadError::World(error)
    }
}

/// The nearest folder at or above `from` whose `BUILD.ron` holds a `workspace(..)` entry.
/// What is wrong is told with paths as they are from `here`.
pub fn find_root(from: &Path, here: &Path) -> Result<PathBuf, LoadError> {
    let from = std::path::absolute(from).map_err(|error| {
        anyhow::Error::from(error).context(format!("find the folder {}", from.display()))
    })?;
    let mut broken = Problems::default();
    for folder in from.ancestors() {
        let path = folder.join("BUILD.ron");
        // A file that is there and cannot be read, or a folder of that name, may be meant as root.
        if path.symlink_metadata().is_ok() {
            let build = BuildFile::read(&path, &shown(&path, here));
            if build.is_root() {
                return Ok(folder.to_path_buf());
            }
            // It may be the root or a package; it is told only if nothing above is a root.
            broken.extend(build.nodes().err().into_iter().flatten());
        }
    }
    if !broken.is_empty() {
        return Err(LoadError::Problems(broken));
    }
    Err(LoadError::NoWorkspace(no_workspace(&from)))
}

/// A path as somebody in the folder `here` would write it.
fn shown(path: &Path, here: &Path) -> String {
    let mut up = String::new();
    for folder in here.ancestors().filter(|it| it.parent().is_some()) {
        if let Ok(inside) = path.strip_prefix(folder) {
            return format!("{up}{}", inside.display());
        }
        up.push_str("../");
    }
    path.display().to_string()
}

fn no_workspace(from: &Path) -> String {
    let name =
        from.file_name().and_then(|name| name.to_str()).filter(|name| is_workspace_name(name));
    let entry = format!("workspace(name: \"{}\")", name.unwrap_or("main"));
    let what = format!(
        "{} is in no workspace: no BUILD.ron there or above has a 'workspace(..)' entry",
        from.display()
    );
    match from.join("BUILD.ron").exists() {
        true => format!(
            "{what}\nto make this folder the root of one, write as the first entry of its BUILD.ron:\n    {entry},"
        ),
        false => format!(
            "{what}\nto make this folder the root of one, with targets for the sources in it:\n    eng init\nor an empty one:\n    echo '[{entry}]' > BUILD.ron"
        ),
    }
}

/// Reads the workspace of this root: its rules, packages and targets. What is wrong with a package
/// is kept there; what is wrong with rules or the root's entry fails, with all problems that can be
/// told at once.
pub fn workspace(root: &Path) -> Result<Workspace, LoadError> {
    read(root, Extent::Whole)
}

/// The same with some of its packages only, and with rule files that are known already.
pub fn part_of_workspace(
    root: &Path,
    packages: &BTreeSet<PackageName>,
    rule_files: &[String],
) -> Result<Workspace, LoadError> {
    read(root, Extent::Packages { packages, rule_files })
}

fn read(root: &Path, extent: Extent) -> Result<Workspace, LoadError> {
    let root = std::path::absolute(root).map_err(|error| {
        anyhow::Error::from(error).context(format!("find the folder {}", root.display()))
    })?;
    let mut problems = Problems::default();
    let build = BuildFile::read(&root.join("BUILD.ron"), "BUILD.ron");
    let nodes = build.nodes().map_err(LoadError::Problems)?;
    let entry = RootEntry::read(&nodes, &build.place(), &mut problems);
    drop(nodes);
    let globs = Globs::default();
    let ignored = ignored(&entry.ignore, &globs, &mut problems);
    let (walked, (mut files, own_packages, own_problems)) = rayon::join(
        || folders::walk(&root, build, &ignored, extent),
        || {
            let mut problems = Problems::default();
            (builtin::rule_files(&mut problems), builtin::packages(), problems)
        },
    );
    let mut walked = walked?;
    let mut paths = std::mem::take(&mut walked.read);
    problems.extend(own_problems);
    let syntax = problems.iter().count();
    let rule_files = match extent {
        Extent::Packages { rule_files, .. } => rule_files.to_vec(),
        Extent::Whole => wanted_rules(&entry.rules, &walked.ron_files, &globs, &mut problems),
    };
    paths.extend(rule_files.iter().map(|path| root.join(path)));
    files.extend(user_rules(&root, &rule_files, &mut problems));
    let mut rules = Rules::default();
    if problems.iter().count() == syntax {
        let broken: BTreeSet<String>;
        (rules, broken) = rule_file::rules(&files, &mut problems);
        check::check(&rules, &broken, &entry.modes, &mut problems);
    }
    let mut found: Vec<Found> = walked.packages;
    if !problems.is_empty() {
        let syntax = found.iter().filter_map(|it| it.build.nodes().err());
        problems.extend(syntax.flatten());
        return Err(LoadError::Problems(problems));
    }
    found.extend(own_packages);
    let context = Context { rules: &rules, modes: &entry.modes, globs: &globs };
    let packages: Vec<Package> =
        found.into_par_iter().map(|found| package::package(found, &context)).collect();
    let packages: BTreeMap<PackageName, Package> =
        packages.into_iter().map(|package| (package.name.clone(), package)).collect();
    let RootEntry { name, modes, replace, resources, .. } = entry;
    let hidden = globs.hidden();
    let workspace = Workspace {
        root,
        name,
        modes,
        replace,
        resources,
        rules,
        packages,
        rule_files,
        hidden,
        read: paths,
        digests: walked.digests,
    };
    if matches!(extent, Extent::Whole) {
        replaced(&workspace, &mut problems);
    }
    problems.or(workspace).map_err(LoadError::Problems)
}

/// The files of a workspace that are written in RON, relative to its root: `BUILD.ron` files, and what
/// the root names as rules.
pub fn ron_files(root: &Path, problems: &mut Problems) -> Result<Vec<String>, LoadError> {
    let build = BuildFile::read(&root.join("BUILD.ron"), "BUILD.ron");
    let mut unseen = Problems::default();
    let nodes = build.nodes().map_err(LoadError::Problems)?;
    let entry = RootEntry::read(&nodes, &build.place(), &mut unseen);
    drop(nodes);
    let globs = Globs::default();
    let ignored = ignored(&entry.ignore, &globs, problems);
    let walked = folders::walk(root, build, &ignored, Extent::Whole)?;
    let packages = walked.packages.iter().map(|it| join(&it.name.path, "BUILD.ron"));
    let rules = wanted_rules(&entry.rules, &walked.ron_files, &globs, problems);
    Ok(packages.chain(rules).collect())
}

/// The compiled patterns of folders that are left out.
pub fn ignored(texts: &[Text], globs: &Globs, problems: &mut Problems) -> Vec<Arc<Matcher>> {
    let one = |text: &Text| match globs.compile(text.text.trim_end_matches('/')) {
        Ok(matcher) => Some(matcher),
        Err(why) => {
            problems.push(Problem::at(&text.place, format!("the pattern '{}' {why}", text.text)));
            None
        }
    };
    texts.iter().filter_map(one).collect()
}

/// The files that the patterns of `rules:` match, sorted, each once.
pub fn wanted_rules(
    patterns: &[Text],
    ron_files: &[String],
    globs: &Globs,
    problems: &mut Problems,
) -> Vec<String> {
    let mut wanted: BTreeSet<&str> = BTreeSet::new();
    for Text { text, place } in patterns {
        let matcher = match globs.compile(text) {
            Ok(matcher) => matcher,
            Err(why) => {
                problems.push(Problem::at(place, format!("the pattern '{text}' {why}")));
                continue;
            }
        };
        let before = wanted.len();
        let mut any = false;
        for file in ron_files.iter().filter(|file| matcher.fits(file)) {
            any = true;
            wanted.insert(file);
        }
        if !any && wanted.len() == before {
            let near = nearest(text, ron_files.iter().map(String::as_str));
            let text = format!(
                "the pattern '{text}' matches no file of the workspace that ends in '.ron'{near}"
            );
            problems.push(Problem::at(place, text));
        }
    }
    wanted.into_iter().map(str::to_string).collect()
}

/// The workspace's own rule files.
pub fn user_rules(root: &Path, paths: &[String], problems: &mut Problems) -> Vec<RuleFile> {
    let read = |path: &String| BuildFile::read(&root.join(path), path);
    let files: Vec<BuildFile> = paths.par_iter().map(read).collect();
    let mut res = Vec::new();
    for file in files {
        match file.nodes() {
            Ok(nodes) => res.push(RuleFile { builtin: false, nodes }),
            Err(wrong) => problems.extend(wrong),
        }
    }
    res
}

/// What `replace:` names must exist, or be a problem of the workspace as a whole.
fn replaced(workspace: &Workspace, problems: &mut Problems) {
    for (label, (other, place)) in &workspace.replace {
        let read_whole =
            workspace.packages.get(&other.package).is_none_or(|it| it.problems.is_empty());
        if workspace.target(other).is_none() && read_whole {
            let why = select::no_target(workspace, other);
            problems.push(Problem::at(place, format!("'{label}' cannot be replaced: {why}")));
        }
        if workspace.target(label).is_some() {
            continue;
        }
        let own = workspace.packages.iter().filter(|(name, _)| name.repo == Repo::Eng);
        let all: Vec<String> = own
            .flat_map(|(_, package)| package.targets.iter().map(|target| target.label.to_string()))
            .collect();
        let near = nearest(&label.to_string(), all.iter().map(String::as_str));
        let text = format!("there is nothing built in that is called '{label}'{near}");
        problems.push(Problem::at(place, text));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        folder
    }

    #[test]
    fn the_root_is_the_nearest_folder_that_says_so() {
        let root = folder(&[("BUILD.ron", "[workspace(name: \"w\")]"), ("a/b/BUILD.ron", "[")]);
        let b = root.path().join("a/b");
        assert_eq!(find_root(&b, &b).unwrap(), root.path());
        let none = folder(&[("a/x", "")]);
        let a = none.path().join("a");
        let said = find_root(&a, &a).unwrap_err().to_string();
        assert!(said.contains("echo '[workspace(name: \"a\")]' > BUILD.ron"), "{said}");
        let broken = folder(&[("BUILD.ron", "[workspace(name: \"w\"")]);
        for (from, here, wanted) in [
            ("", "", "BUILD.ron:1:21: the file ends here"),
            ("a/b", "", "BUILD.ron:1:21: "),
            ("a/b", "a/b", "../../BUILD.ron:1:21: "),
            ("a", "c", "../BUILD.ron:1:21: "),
        ] {
            let (from, here) = (broken.path().join(from), broken.path().join(here));
            let said = find_root(&from, &here).unwrap_err().to_string();
            assert!(said.starts_with(wanted), "{said}");
        }
    }

    #[test]
    fn some_folders_do_not_belong_to_the_workspace() {
        let root = folder(&[
            ("BUILD.ron", "[workspace(name: \"w\", ignore: [\"third/*\"])]"),
            ("a/BUILD.ron", "[]"),
            ("a/deep/x.c", ""),
            (".git/BUILD.ron", "["),
            ("eng-out/BUILD.ron", "["),
            ("cache/CACHEDIR.TAG", ""),
            ("cache/sub/BUILD.ron", "["),
            ("third/party/BUILD.ron", "["),
            ("other/BUILD.ron", "[workspace(name: \"o\")]"),
            ("other/sub/BUILD.ron", "["),
        ]);
        std::os::unix::fs::symlink(root.path().join("a"), root.path().join("link")).unwrap();
        std::os::unix::fs::symlink("nowhere", root.path().join("a/gone")).unwrap();
        let workspace = workspace(root.path()).unwrap();
        let main = workspace.packages.values().filter(|it| it.name.repo == Repo::Main);
        let found: Vec<_> =
            main.map(|it| (&*it.name.path, it.files.join(" "), it.problems.is_empty())).collect();
        assert_eq!(
            found,
            [
                ("", "BUILD.ron".to_string(), true),
                ("a", "BUILD.ron deep/x.c gone".to_string(), true)
            ]
        );
        assert_eq!(workspace.modes, ["coverage", "release"]);
    }

    #[test]
    fn broken_rules_are_told_together_with_what_else_cannot_be_read() {
        let root = folder(&[
            (
                "BUILD.ron",
                "[workspace(nam: \"w\", rules: [\"r/*.ron\", \"s/*.ron\"], replace: {\"@eng//no:no\": \"//x\"})]",
            ),
            ("r/x.ron", "[rule(name: \"x\", base: \"nothing\")]"),
            ("p/BUILD.ron", "["),
        ]);
        let said = workspace(root.path()).unwrap_err().to_string();
        for wanted in [
            "BUILD.ron:1:12: 'workspace' has no field 'nam'; did you mean 'name'?",
            "BUILD.ron:1:41: the pattern 's/*.ron' matches no file of the workspace",
            "p/BUILD.ron:1:2: the file ends here",
        ] {
            assert!(said.contains(wanted), "{wanted}\n{said}");
        }
    }

    #[test]
    fn the_built_in_rules_and_packages_have_no_problems() {
        let root = folder(&[("BUILD.ron", "[workspace(name: \"w\")]")]);
        let workspace = workspace(root.path()).unwrap_or_else(|error| panic!("{error}"));
        for package in workspace.packages.values() {
            assert!(package.problems.is_empty(), "{}", package.problems);
        }
    }
}
