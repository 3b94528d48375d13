//! What tests have executed, file by file.

use crate::base::Label;
use std::collections::BTreeMap;

/// What the tests of a run have executed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Coverage {
    /// Files of the workspace by path.
    pub files: BTreeMap<String, CoveredFile>,
    /// Cases of which it is not known what they have executed, sorted.
    pub no_data: Vec<NoData>,
    /// Tests that are not in here, or not with all cases that were asked for, since they were not
    /// run; sorted. Without any the report is whole.
    pub missing: Vec<Label>,
}

/// What of a file was executed. How often is not known: that depends on which cases run in one
/// process.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CoveredFile {
    /// Lines with code, from 1 on, and whether they were executed.
    pub lines: BTreeMap<u32, bool>,
    /// Functions by line, if that is known, and name, and whether they were called.
    pub functions: BTreeMap<(Option<u32>, String), bool>,
}

/// A case of which it is not known what it has executed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct NoData {
    /// Its test.
    pub label: Label,
    /// Its name; empty if the program has only one, unnamed case.
    pub case: String,
    /// Why not.
    pub why: String,
}

/// So many of so many.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Hits {
    /// Those that were executed.
    pub hit: usize,
    /// All.
    pub all: usize,
}

impl Hits {
    fn of<'a>(hits: impl Iterator<Item = &'a bool>) -> Hits {
        hits.fold(Hits::default(), |sum, hit| Hits {
            hit: sum.hit + usize::from(*hit),
            all: sum.all + 1,
        })
    }

    /// Both together.
    pub fn and(self, other: Hits) -> Hits {
        Hits { hit: self.hit + other.hit, all: self.all + other.all }
    }

    /// Tenths of a percent, rounded down, so that only what is whole has 1000; nothing of nothing.
    pub fn permille(self) -> Option<usize> {
        (self.all > 0).then(|| self.hit * 1000 / self.all)
    }
}

impl CoveredFile {
    /// Its lines.
    pub fn lines(&self) -> Hits {
        Hits::of(self.lines.values())
    }

    /// Its functions.
    pub fn functions(&self) -> Hits {
        Hits::of(self.functions.values())
    }

    /// Adds what others know of the same file.
    pub fn add(&mut self, other: CoveredFile) {
        for (line, hit) in other.lines {
            *self.lines.entry(line).or_default() |= hit;
        }
        for (function, hit) in other.functions {
            *self.functions.entry(function).or_default() |= hit;
        }
    }
}

impl Coverage {
    /// Adds what another part of the same run came to.
    pub fn add(&mut self, other: Coverage) {
        for (path, file) in other.files {
            self.files.entry(path).or_default().add(file);
        }
        self.no_data.extend(other.no_data);
        self.no_data.sort();
        self.missing.extend(other.missing);
        self.missing.sort();
        self.missing.dedup();
    }
}
