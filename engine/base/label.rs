//! Labels: `//package:name`, and `@eng//package:name` for what is built in.

use super::{nearest, path};
use std::fmt;
use std::sync::Arc;

/// Which repository a package belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Repo {
    /// The user's workspace.
    Main,
    /// The read-only repository `@eng` inside the binary.
    Eng,
}

/// A package: a folder of a repository; the root's path is empty.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PackageName {
    /// Where the folder is.
    pub repo: Repo,
    /// Its path, relative to the repository.
    pub path: Arc<str>,
}

impl PackageName {
    /// A package of the workspace.
    pub fn main(path: &str) -> PackageName {
        PackageName { repo: Repo::Main, path: path.into() }
    }

    /// Path of the package's sources in an exec root.
    pub fn exec_path(&self) -> String {
        match self.repo {
            Repo::Main => self.path.to_string(),
            Repo::Eng => path::join("external/eng", &self.path),
        }
    }

    /// The label `name` in this package.
    pub fn label(&self, name: &str) -> Label {
        Label { package: self.clone(), name: name.into() }
    }
}

impl fmt::Display for PackageName {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self.repo {
            Repo::Main => write!(f, "//{}", self.path),
            Repo::Eng => write!(f, "@eng//{}", self.path),
        }
    }
}

/// The name of a target. It is always printed in full: `//a/b:b`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Label {
    /// The package that declares the target.
    pub package: PackageName,
    /// Its name there.
    pub name: Arc<str>,
}

impl Label {
    /// Reads a label as it stands in a `BUILD.ron` of `home`: `//a:b`, `//a` (short for `//a:a`),
    /// `:b`, or `@eng//a:b`. The error says what would be right and follows the quoted text.
    pub fn parse(text: &str, home: &PackageName) -> Result<Label, String> {
        let (repo, rest) = match text.strip_prefix('@') {
            Some(rest) => {
                let (repo, path) = rest
                    .split_once("//")
                    .ok_or("is no label: '//' was expected after the repository's name")?;
                if repo != "eng" {
                    return Err(format!(
                        "names the repository '@{repo}', but only '@eng' exists{}",
                        nearest(repo, ["eng"])
                    ));
                }
                (Some(Repo::Eng), path)
            }
            None => match text.strip_prefix("//") {
                Some(path) => (Some(Repo::Main), path),
                None => (None, text),
            },
        };
        let (package, name) = match (repo, rest.split_once(':')) {
            (Some(repo), Some((package, name))) => {
                check_package(package)?;
                (PackageName { repo, path: package.into() }, name)
            }
            (Some(repo), None) => {
                check_package(rest)?;
                let name = rest.rsplit('/').next().unwrap_or(rest);
                if name.is_empty() {
                    return Err("names no target; write '//:name'".to_string());
                }
                (PackageName { repo, path: rest.into() }, name)
            }
            (None, Some(("", name))) => (home.clone(), name),
            (None, _) => {
                return Err(match rest.strip_prefix('/') {
                    Some(path) => format!("is no label; did you mean '//{path}'?"),
                    None if rest.contains([':', '/']) => {
                        format!("is no label; did you mean '//{rest}'?")
                    }
                    None if check_target_name(rest).is_ok() => format!(
                        "is no label; write ':{rest}' for a target of this package, else '//package:{rest}'"
                    ),
                    None => "is no label; write '//package:name' or ':name'".to_string(),
                });
            }
        };
        if name.is_empty() {
            return Err("has no name after its ':'; write '//package:name' or ':name'".to_string());
        }
        check_target_name(name)?;
        Ok(package.label(name))
    }

    /// True if the text is meant as a label rather than a path.
    pub fn looks_like(text: &str) -> bool {
        text.starts_with("//") || text.starts_with(':') || text.starts_with('@')
    }
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{}:{}", self.package, self.name)
    }
}

/// Says why a target cannot have this name, in words that follow the quoted name.
/// The characters are Buck2's: letters, digits and `_-.+=,@~/`.
pub fn check_target_name(name: &str) -> Result<(), String> {
    if name.is_empty() {
        return Err("is empty; a target's name was expected".to_string());
    }
    if let Some(odd) =
        name.chars().find(|c| !(c.is_ascii_alphanumeric() || "_-.+=,@~/".contains(*c)))
    {
        let shown = match odd {
            '\\' | '\'' => format!("'{odd}'"),
            odd => format!("{odd:?}"),
        };
        return Err(format!(
            "contains {shown}; a target's name is made of letters, digits and _-.+=,@~/"
        ));
    }
    if matches!(name, "all" | "all-targets" | "...") {
        // `//a:all` are all targets of a package.
        return Err("means many targets in patterns; choose another name".to_string());
    }
    if name.len() > 200 {
        return Err(format!("has {} characters; at most 200 are allowed", name.len()));
    }
    if name.split('/').any(|part| part.is_empty() || part == "." || part == "..") {
        return Err("has an empty name, '.' or '..' between its slashes".to_string());
    }
    Ok(())
}

fn check_package(package: &str) -> Result<(), String> {
    path::check_package(package).map_err(|why| format!("names a package whose path {why}"))
}
