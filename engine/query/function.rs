//! The functions of the query language, and what they take.

/// A function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Function {
    AllPaths,
    AllRdeps,
    Attr,
    BuildFiles,
    Deps,
    Filter,
    Has,
    Kind,
    Labels,
    Owner,
    Rdeps,
    SamePackageRdeps,
    Siblings,
    Some,
    SomePath,
    Tests,
}

/// What an argument is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Takes {
    /// An expression.
    Set,
    /// A word: a name or a text.
    Word,
    /// A word that is a regular expression.
    Regex,
    /// A whole number; may be left out.
    Number,
}

use Function::*;
use Takes::{Number, Regex, Set, Word};

/// Their names and arguments.
pub(super) const FUNCTIONS: &[(&str, Function, &[Takes])] = &[
    ("allpaths", AllPaths, &[Set, Set]),
    ("allrdeps", AllRdeps, &[Set, Number]),
    ("attr", Attr, &[Word, Regex, Set]),
    ("buildfiles", BuildFiles, &[Set]),
    ("deps", Deps, &[Set, Number]),
    ("filter", Filter, &[Regex, Set]),
    ("has", Has, &[Word, Word, Set]),
    ("kind", Kind, &[Regex, Set]),
    ("labels", Labels, &[Word, Set]),
    ("owner", Owner, &[Set]),
    ("rdeps", Rdeps, &[Set, Set, Number]),
    ("same_pkg_direct_rdeps", SamePackageRdeps, &[Set]),
    ("siblings", Siblings, &[Set]),
    ("some", Function::Some, &[Set, Number]),
    ("somepath", SomePath, &[Set, Set]),
    ("tests", Tests, &[Set]),
];

/// Names that other tools have, and what serves here.
pub(super) const HABITS: &[(&str, &str)] = &[
    ("actions", "'--output=actions' prints the actions of what a query answers"),
    ("visible", "'attr(visible_to, regex, x)' tells who may depend on a target"),
    ("rbuildfiles", "'siblings' gives what the same BUILD.ron declares"),
    ("loadfiles", "'buildfiles' gives the files that declare targets and their rules"),
    ("config", "'--mode' activates modes for '--output=actions'"),
    ("executables", "'kind(binary, ..)' gives programs"),
    ("inputs", "'--output=actions' prints the inputs of each action"),
    ("outputs", "'--output=actions' prints the outputs of each action"),
];

/// The names of all functions.
pub fn functions() -> impl Iterator<Item = &'static str> {
    FUNCTIONS.iter().map(|it| it.0)
}

impl Function {
    /// Its name.
    pub fn name(self) -> &'static str {
        FUNCTIONS.iter().find(|it| it.1 == self).map_or("", |it| it.0)
    }

    /// What it takes.
    pub fn takes(self) -> &'static [Takes] {
        FUNCTIONS.iter().find(|it| it.1 == self).map_or(&[], |it| it.2)
    }

    /// How it is written: `deps(x[, depth])`.
    pub fn usage(self) -> String {
        let mut text = format!("{}(", self.name());
        let sets = self.takes().iter().filter(|it| **it == Set).count();
        for (at, takes) in self.takes().iter().enumerate() {
            let first = at == 0;
            let comma = if first { "" } else { ", " };
            text.push_str(&match takes {
                Set if sets > 1 && first => "from".to_string(),
                Set if sets > 1 => ", to".to_string(),
                Set => format!("{comma}x"),
                Word => format!("{comma}{}", if first { "attribute" } else { "value" }),
                Regex => format!("{comma}regex"),
                Number => "[, depth]".to_string(),
            });
        }
        text.push(')');
        match self {
            Rdeps => "rdeps(universe, x[, depth])".to_string(),
            Function::Some => "some(x[, count])".to_string(),
            _ => text,
        }
    }
}
