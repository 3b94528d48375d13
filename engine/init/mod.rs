//! Looks at sources and writes the `BUILD.ron` files that build them. What sources look like, and
//! which rules stand for them, is data of rule files; this room only knows that files import files.

mod told; // what is left out, and why
mod scan; // what a source imports, and whether it is a program
mod resolve; // what an import means
mod areas; // which folders make one library
mod target; // targets, and their text
mod view; // what each file imports and what it is for
mod lacking; // what cannot be built for want of files
mod folders; // targets of files that import each other
mod described; // packages that describe themselves in a file of their own
mod parts; // which files make the parts of such a package
mod manifests; // … and their targets

use crate::base::{PackageName, check_target_name, parent, split_name};
use crate::load::{Ground, is_workspace_name};
use anyhow::Result;
use areas::is_within;
use std::collections::{BTreeMap, BTreeSet};
use target::Packages;
use told::Told;

/// What is to be written.
pub struct Written {
    /// `BUILD.ron` files: path, text.
    pub files: Vec<(String, String)>,
    /// How many targets of each rule there are.
    pub rules: BTreeMap<String, usize>,
    /// What was left out, and why: a line each.
    pub left: Vec<String>,
}

/// Decides what to write for a folder, and of that only what is below another one. `name` is what the
/// workspace is called if it is none yet.
pub fn write(mut ground: Ground, name: &str, below: &str) -> Result<Written> {
    let mut packages = Packages::default();
    let mut told = Told::of(below);
    told.odd_names(&mut ground);
    manifests::targets(&ground, &mut packages, &mut told)?;
    let taken = |path: &str| ground.owned.contains_key(path);
    folders::targets(&ground, name, &taken, &mut packages, &mut told)?;
    let mut folders: BTreeSet<String> = BTreeSet::new();
    for (folder, targets) in &packages.targets {
        let Some(why) = unwritten(folder, &ground, below) else {
            folders.insert(folder.clone());
            continue;
        };
        let asked = targets.iter().filter(|it| it.files().any(|path| told.asks_for(path)));
        let text = match asked.count() {
            0 => continue,
            1 => "1 target".to_string(),
            count => format!("{count} targets"),
        };
        told.left(format!("//{folder}: {text} not written, since {why}"));
    }
    let missing = |(package, name): &&(String, String)| {
        let there =
            packages.targets.get(package).is_some_and(|it| it.iter().any(|it| it.name == *name));
        there && !folders.contains(package)
    };
    for folder in &folders {
        let needed = packages.targets[folder].iter().flat_map(|it| it.targets());
        for (package, name) in needed.filter(missing).collect::<BTreeSet<_>>() {
            let label = PackageName::main(package).label(name);
            told.left(format!("//{folder} needs {label}, which is not written"));
        }
    }
    if !ground.is_workspace {
        folders.insert(String::new());
    }
    let all: BTreeSet<&str> = folders.iter().chain(&ground.packages).map(String::as_str).collect();
    let owner = |path: &str| {
        let mut folder = parent(path);
        while !folder.is_empty() && !all.contains(folder) {
            folder = parent(folder);
        }
        folder.to_string()
    };
    let mut files = Vec::new();
    let mut rules = BTreeMap::new();
    for folder in &folders {
        let root = (folder.is_empty() && !ground.is_workspace).then_some(name);
        let text = packages.text(folder, root, &owner, &ground.files);
        files.push((crate::base::join(folder, "BUILD.ron"), text));
        for target in packages.targets.get(folder).into_iter().flatten() {
            *rules.entry(target.rule.clone()).or_insert(0) += 1;
        }
    }
    Ok(Written { files, rules, left: told.lines(&ground) })
}

/// Why nothing is written into a folder.
fn unwritten(folder: &str, ground: &Ground, below: &str) -> Option<String> {
    // A file that a target names must stay in the package of that target.
    let taken = |path: &String| {
        let own = |it: &&String| it.len() > folder.len() && is_within(it, folder);
        let mut packages = ground.packages.iter().filter(own);
        is_within(parent(path), folder) && !packages.any(|it| is_within(parent(path), it))
    };
    if ground.packages.iter().any(|it| it == folder) {
        Some("its BUILD.ron stays as it is".to_string())
    } else if ground.owned.keys().any(taken) {
        Some("a target above it names files there".to_string())
    } else if !is_within(folder, below) {
        Some(format!("only what is below {below} is asked for"))
    } else {
        None
    }
}

/// What a workspace in a folder of this name is called: without the version that archives carry.
pub fn workspace_name(folder: &str) -> String {
    let is_version = |text: &str| text.starts_with(|sign: char| sign.is_ascii_digit());
    let name = match folder.rsplit_once('-') {
        Some((name, version)) if is_version(version) => name,
        _ => folder,
    };
    let name = target_name(name);
    if is_workspace_name(&name) { name } else { "main".to_string() }
}

/// The longest name that a target gets; something may be added to it.
const LONGEST: usize = 180;

/// The text as the name of a target.
fn target_name(text: &str) -> String {
    let fits = |sign: char| sign.is_ascii_alphanumeric() || "_-.+=,@~".contains(sign);
    let name = text.chars().map(|it| if fits(it) { it } else { '_' });
    let name: String = name.take(LONGEST).collect();
    match () {
        () if split_name(&name).0.is_empty() => "main".to_string(),
        () if check_target_name(&name).is_err() => format!("{name}_"),
        () => name,
    }
}
