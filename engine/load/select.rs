//! Patterns → labels.

use super::{Package, Workspace, owner};
use crate::base::{
    Label, PackageName, Pattern, Problem, Problems, Repo, Selection, Term, join, listing, near,
    nearest, parent,
};
use std::collections::{BTreeMap, BTreeSet};

/// The targets that the terms of a pattern select, from left to right; sorted, each once, with
/// whether a term names it rather than a wildcard. Wildcards leave out targets tagged `manual`.
/// The problems are those of the pattern, and of all packages that it reaches.
pub fn targets(workspace: &Workspace, pattern: &Pattern) -> Result<Vec<(Label, bool)>, Problems> {
    let mut picked = Picked::default();
    for term in &pattern.terms {
        match (&term.selection, term.exclude) {
            (Selection::One(label), false) => picked.one(workspace, term, label),
            (Selection::One(label), true) => {
                for label in existing(workspace, term, label, &mut picked.problems) {
                    picked.labels.remove(&label);
                }
            }
            (selection, exclude) => picked.many(workspace, term, selection, exclude),
        }
    }
    for name in &picked.reached {
        let package = workspace.packages.get(name);
        picked.problems.extend(package.iter().flat_map(|it| it.problems.iter()).cloned());
    }
    picked.problems.or(picked.labels.into_iter().collect())
}

/// The targets that a term names rather than matches; nothing if it names none that exists.
pub fn named(workspace: &Workspace, term: &Term) -> Vec<Label> {
    match &term.selection {
        Selection::One(label) => existing(workspace, term, label, &mut Problems::default()),
        Selection::All(_) | Selection::Below(_) => Vec::new(),
    }
}

#[derive(Default)]
struct Picked {
    labels: BTreeMap<Label, bool>,
    reached: BTreeSet<PackageName>,
    problems: Problems,
}

impl Picked {
    fn one(&mut self, workspace: &Workspace, term: &Term, label: &Label) {
        for label in existing(workspace, term, label, &mut self.problems) {
            self.reached.insert(label.package.clone());
            self.labels.insert(label, true);
        }
    }

    fn many(&mut self, workspace: &Workspace, term: &Term, selection: &Selection, exclude: bool) {
        let mut any = false;
        let mut add = |package: &Package, picked: &mut Picked| {
            any = true;
            if exclude {
                picked.labels.retain(|label, _| label.package != package.name);
                picked.reached.remove(&package.name);
                return;
            }
            picked.reached.insert(package.name.clone());
            for target in &package.targets {
                if !target.tags.iter().any(|tag| tag == "manual") {
                    picked.labels.entry(target.label.clone()).or_insert(false);
                }
            }
        };
        let why: String = match selection {
            Selection::Below(home) => {
                let reached = workspace.packages.iter().filter(|(name, _)| selection.reaches(name));
                reached.for_each(|(_, package)| add(package, self));
                format!("no package lies in '{home}'{}", near_package(workspace, home))
            }
            Selection::All(home) => {
                workspace.packages.get(home).iter().for_each(|package| add(package, self));
                no_package(workspace, home)
            }
            Selection::One(_) => return,
        };
        if !any {
            self.problems.push(Problem::plain(format!("the pattern '{}': {why}", term.text)));
        }
    }
}

/// The label, if the target exists. `x/y` may also mean the target `y` of the package `x`, or a
/// file: all targets that name it.
fn existing(
    workspace: &Workspace,
    term: &Term,
    label: &Label,
    problems: &mut Problems,
) -> Vec<Label> {
    let is_path = !term.text.split('#').next().is_some_and(|name| name.contains(':'));
    let Some(package) = workspace.packages.get(&label.package) else {
        let path = &label.package.path;
        let above = PackageName { repo: label.package.repo, path: parent(path).into() };
        let other = above.label(&label.name);
        if is_path && above != label.package && workspace.target(&other).is_some() {
            return vec![other];
        }
        let owned = match is_path {
            true => owner::of_file(workspace, &label.package),
            false => None,
        };
        let why = match owned {
            Some(Ok(labels)) => return labels,
            Some(Err(why)) => why,
            None => meant(workspace, label, term).unwrap_or_else(|| {
                let typed = term.text.trim_start_matches('-');
                match is_path && !typed.starts_with("//") && !typed.starts_with('@') {
                    true => no_path(workspace, &label.package),
                    false => no_package(workspace, &label.package),
                }
            }),
        };
        problems.push(Problem::plain(format!("the pattern '{}': {why}", term.text)));
        return Vec::new();
    };
    if package.target(&label.name).is_some() {
        return vec![label.clone()];
    }
    if !package.problems.is_empty() {
        // The target may be the very one that could not be read.
        problems.extend(package.problems.iter().cloned());
        return Vec::new();
    }
    // A file stands for the targets that name it, as its path does.
    let file = join(&label.package.path, &label.name);
    let file = PackageName { repo: label.package.repo, path: file.into() };
    let owned = package.has_file(&label.name).then(|| owner::of_file(workspace, &file)).flatten();
    let why = match owned {
        Some(Ok(labels)) => return labels,
        Some(Err(why)) => why,
        None => no_target(workspace, label),
    };
    problems.push(Problem::plain(format!("the pattern '{}': {why}", term.text)));
    Vec::new()
}

/// What a word means that names no package: a target without its package.
fn meant(workspace: &Workspace, label: &Label, term: &Term) -> Option<String> {
    if term.text.contains(':') || label.package.repo != Repo::Main {
        return None;
    }
    let all = workspace.packages.values().filter(|package| package.name.repo == Repo::Main);
    let same = all.filter_map(|package| package.target(&label.name));
    let same: Vec<String> = same.map(|target| format!("'{}'", target.label)).collect();
    if same.is_empty() || term.text.contains('/') {
        return None;
    }
    let same = listing(same.iter().map(String::as_str), 5);
    Some(format!("there is no package '{}'; did you mean {same}?", label.package))
}

/// Why a label names nothing, with the nearest that exists.
pub fn no_target(workspace: &Workspace, label: &Label) -> String {
    let Some(package) = workspace.packages.get(&label.package) else {
        return no_package(workspace, &label.package);
    };
    let names = || package.targets.iter().map(|target| &*target.label.name);
    let has = match package.targets.is_empty() {
        true => format!("{} has no targets", package.name),
        false => format!("{} has {}", package.name, listing(names(), 10)),
    };
    match near(&label.name, names()) {
        _ if package.has_file(&label.name) => format!("'{label}' is a file, not a target; {has}"),
        None => format!("there is no target '{label}'; {has}"),
        Some(near) => {
            let near = label.package.label(near);
            format!("there is no target '{label}'; did you mean '{near}'?")
        }
    }
}

/// Why a folder is no package, with the nearest that is one.
fn no_package(workspace: &Workspace, name: &PackageName) -> String {
    let near = near_package(workspace, name);
    let folder = workspace.root.join(&*name.path);
    let why = match name.repo {
        Repo::Main if !near.is_empty() => near,
        Repo::Main if folder.join("BUILD.ron").exists() => {
            "; its BUILD.ron is left out, since the folder is a workspace of its own, is ignored, or is a cache".to_string()
        }
        Repo::Main if folder.is_dir() => "; that folder has no BUILD.ron".to_string(),
        _ => near,
    };
    format!("there is no package '{name}'{why}")
}

/// Why a path is neither that of a file nor that of a package, with the nearest that is one.
fn no_path(workspace: &Workspace, name: &PackageName) -> String {
    let path = &*name.path;
    let there = workspace.root.join(path);
    if there.is_dir() {
        return no_package(workspace, name);
    }
    if there.is_file() {
        return format!("'{path}' is a file that belongs to no package");
    }
    let (package, file) = (near_package(workspace, name), near_file(workspace, name));
    let is_file = path.rsplit('/').next().is_some_and(|last| last.contains('.'));
    let near = match (is_file && !file.is_empty()) || package.is_empty() {
        true => file,
        false => package,
    };
    format!("there is neither a file '{path}' nor a package '{name}'{near}")
}

/// The nearest file of the package in whose folder a path lies.
fn near_file(workspace: &Workspace, path: &PackageName) -> String {
    let mut folder = &*path.path;
    while !folder.is_empty() {
        folder = parent(folder);
        let name = PackageName { repo: path.repo, path: folder.into() };
        if let Some(package) = workspace.packages.get(&name) {
            let files = package.files.iter().filter(|file| *file != "BUILD.ron");
            let files: Vec<String> = files.map(|file| join(folder, file)).collect();
            return nearest(&path.path, files.iter().map(String::as_str));
        }
    }
    String::new()
}

fn near_package(workspace: &Workspace, name: &PackageName) -> String {
    let known = workspace.packages.keys();
    // The root's name is so short that everything short would be near it.
    let known = known.filter(|it| !it.path.is_empty());
    let known = known.filter(|it| it.repo == Repo::Main || name.repo == Repo::Eng);
    let known: Vec<String> = known.map(PackageName::to_string).collect();
    nearest(&name.to_string(), known.iter().map(String::as_str))
}

#[cfg(test)]
mod tests {
    use super::super::sample::{told, workspace};
    use super::*;

    fn select(words: &[&str]) -> Result<Vec<String>, Vec<String>> {
        let rules = r#"[rule(name: "group", attrs: (srcs: files()))]"#;
        let workspace = workspace(
            rules,
            &[
                ("", r#"[group(name: "top")]"#, &[]),
                (
                    "a",
                    r#"[group(name: "a"), group(name: "b"), group(name: "m", tags: ["manual"])]"#,
                    &["x.c"],
                ),
                ("a/sub", r#"[group(name: "sub")]"#, &[]),
                ("ab", r#"[group(name: "ab")]"#, &[]),
                (
                    "f",
                    r#"[group(name: "each", srcs: glob(["*/*.c"])), group(name: "x", srcs: [when("!release", ["d/x.c"])])]"#,
                    &["d/x.c", "d/y.c", "z.c"],
                ),
                ("bad", r#"[group(name: "ok"), gruop(name: "x")]"#, &[]),
            ],
        );
        let pattern = Pattern::parse(words, &PackageName::main("")).unwrap();
        match targets(&workspace, &pattern) {
            Ok(found) => Ok(found
                .iter()
                .map(|(label, named)| format!("{label}{}", if *named { "!" } else { "" }))
                .collect()),
            Err(problems) => Err(told(&problems)),
        }
    }

    #[test]
    fn terms_apply_from_left_to_right() {
        assert_eq!(select(&["//a/..."]).unwrap(), ["//a:a", "//a:b", "//a/sub:sub"]);
        assert_eq!(
            select(&["//a/...", "-//a:a", "//a:m"]).unwrap(),
            ["//a:b", "//a:m!", "//a/sub:sub"]
        );
        assert_eq!(select(&["-//a:a", "//a:all", "//a"]).unwrap(), ["//a:a!", "//a:b"]);
        assert_eq!(select(&["a/b"]).unwrap(), ["//a:b!"]);
        assert_eq!(select(&["a/sub"]).unwrap(), ["//a/sub:sub!"]);
    }

    #[test]
    fn a_file_selects_the_targets_that_name_it() {
        assert_eq!(select(&["f/d/x.c"]).unwrap(), ["//f:each!", "//f:x!"]);
        assert_eq!(select(&["f/d/x.c", "-f/d/y.c"]).unwrap(), ["//f:x!"]);
        assert_eq!(select(&["//f:d/x.c", "-//f:d/y.c"]).unwrap(), ["//f:x!"]);
        assert_eq!(
            select(&["f/z.c"]).unwrap_err(),
            ["the pattern 'f/z.c': 'z.c' is a file of //f that no target there names"]
        );
    }

    #[test]
    fn what_does_not_exist_is_told_with_the_nearest() {
        let wrong = |word| select(&[word]).unwrap_err().join("\n");
        assert_eq!(
            wrong("//a:bb"),
            "the pattern '//a:bb': there is no target '//a:bb'; did you mean '//a:b'?"
        );
        assert_eq!(
            wrong("//ac:x"),
            "the pattern '//ac:x': there is no package '//ac'; did you mean '//a'?"
        );
        assert_eq!(
            wrong("//zzzzzz/..."),
            "the pattern '//zzzzzz/...': no package lies in '//zzzzzz'"
        );
        assert_eq!(
            wrong("//a:x.c"),
            "the pattern '//a:x.c': 'x.c' is a file of //a that no target there names"
        );
        assert_eq!(wrong("b"), "the pattern 'b': there is no package '//b'; did you mean '//a:b'?");
        assert_eq!(
            wrong("f/d/z.c"),
            "the pattern 'f/d/z.c': there is neither a file 'f/d/z.c' nor a package '//f/d/z.c'; did you mean 'f/d/x.c'?"
        );
        assert_eq!(
            wrong("ac"),
            "the pattern 'ac': there is neither a file 'ac' nor a package '//ac'; did you mean '//a'?"
        );
        assert_eq!(
            wrong("-//a:qqq"),
            "the pattern '-//a:qqq': there is no target '//a:qqq'; //a has a, b and m"
        );
    }

    #[test]
    fn only_packages_that_are_reached_can_stop_a_selection() {
        let wrong = ["1:21: there is no rule 'gruop'; did you mean 'group'?"];
        assert_eq!(select(&["//..."]).unwrap_err(), wrong);
        assert_eq!(select(&["//bad:ok"]).unwrap_err(), wrong);
        assert_eq!(select(&["//bad:x"]).unwrap_err(), wrong);
        assert_eq!(select(&["//...", "-//bad/..."]).unwrap().len(), 7);
    }
}
