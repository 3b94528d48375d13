//! The read-only repository `@eng` inside the binary: the rule files and packages of `rules/`.

use super::build_file::BuildFile;
use super::package::Found;
use super::rule_file::RuleFile;
use super::{syntax, tree};
use crate::base::{PackageName, Problems, Repo};
use include_dir::{Dir, include_dir};
use std::collections::HashMap;

static RULES: Dir = include_dir!("$CARGO_MANIFEST_DIR/rules");

/// The built-in rule files.
pub fn rule_files(problems: &mut Problems) -> Vec<RuleFile> {
    let mut files: Vec<_> = RULES.files().collect();
    files.sort_by_key(|file| file.path());
    let mut res = Vec::new();
    for file in files {
        let Some(path) = file.path().to_str().filter(|path| path.ends_with(".ron")) else {
            continue;
        };
        let shown = format!("@eng//{path}");
        let source = syntax::source(&shown, file.contents().to_vec()).map_err(Problems::from);
        match source.and_then(|source| tree::parse(&source)) {
            Ok(nodes) => res.push(RuleFile { builtin: true, nodes }),
            Err(own) => problems.extend(own),
        }
    }
    res
}

/// The built-in packages: folders that hold a `BUILD.ron`.
pub fn packages() -> Vec<Found> {
    let mut res = Vec::new();
    let mut open: Vec<&Dir> = RULES.dirs().collect();
    while let Some(folder) = open.pop() {
        open.extend(folder.dirs());
        let path = folder.path();
        let (Some(build), Some(name)) = (folder.get_file(path.join("BUILD.ron")), path.to_str())
        else {
            continue;
        };
        let mut builtin = HashMap::new();
        // Folders below that are no packages belong to this one.
        let mut inside = vec![folder];
        while let Some(below) = inside.pop() {
            for file in below.files() {
                let relative = file.path().strip_prefix(path).ok().and_then(|path| path.to_str());
                builtin.extend(relative.map(|path| (path.to_string(), file.contents())));
            }
            inside.extend(
                below.dirs().filter(|it| it.get_file(it.path().join("BUILD.ron")).is_none()),
            );
        }
        let mut files: Vec<String> = builtin.keys().cloned().collect();
        files.sort_unstable();
        let shown = format!("@eng//{name}/BUILD.ron");
        let build = BuildFile::of(&shown, build.contents().to_vec());
        let name = PackageName { repo: Repo::Eng, path: name.into() };
        res.push(Found { name, build, files, builtin });
    }
    res
}
