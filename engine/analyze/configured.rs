//! A target after analysis: what it provides to others and to the engine.

use super::FileId;
use super::coverage::Collector;
use super::testing::Test;
use super::word::{self, Piece};
use crate::base::{Label, Place};
use crate::load::Target;
use std::collections::HashMap;
use std::sync::Arc;

/// A target after analysis.
#[derive(Debug, Clone)]
pub struct Configured {
    /// Its label (for an alias: the alias's own).
    pub label: Label,
    /// Where it is declared.
    pub place: Place,
    /// Name of its rule.
    pub rule: String,
    /// Provided fields by group.
    pub groups: HashMap<String, HashMap<String, Arc<Vec<Piece>>>>,
    /// What a build leaves behind.
    pub files: Arc<Vec<Piece>>,
    /// How to start it; empty if it cannot be run.
    pub run: Arc<Vec<Piece>>,
    /// What must lie beside it at run time.
    pub data: Arc<Vec<Piece>>,
    /// What must lie in the folder of its program, or of its files if it has none.
    pub beside: Arc<Vec<Piece>>,
    /// How it is known what its program has executed, and those in its dependencies and data.
    pub coverage: Arc<[Arc<Collector>]>,
    /// How it is tested, if it is a test.
    pub test: Option<Arc<Test>>,
    /// True for a target that stands for others in patterns.
    pub is_suite: bool,
    /// The targets that a suite stands for.
    pub suite: Vec<Label>,
}

impl Configured {
    pub(super) fn new(target: &Target) -> Configured {
        Configured {
            label: target.label.clone(),
            place: target.place.clone(),
            rule: target.rule.name.clone(),
            groups: HashMap::new(),
            files: word::shared(Vec::new()),
            run: word::shared(Vec::new()),
            data: word::shared(Vec::new()),
            beside: word::shared(Vec::new()),
            coverage: Arc::default(),
            test: None,
            is_suite: false,
            suite: Vec::new(),
        }
    }

    /// The target's program with each file that must lie in its folder. What cannot be run, but may
    /// be loaded, stands for itself.
    pub fn companions(&self) -> Vec<(FileId, FileId)> {
        let beside: Vec<FileId> = word::flatten(&self.beside)
            .into_iter()
            .flat_map(|word| word.files().to_vec())
            .collect();
        if beside.is_empty() {
            return Vec::new();
        }
        let of = |list: &[Piece]| word::flatten(list).first().and_then(|word| word.file);
        let Some(program) = of(&self.run).or_else(|| of(&self.files)) else { return Vec::new() };
        beside.into_iter().map(|file| (program, file)).collect()
    }

    /// The field of a group, or one of the engine's own names.
    pub(super) fn field(&self, groups: &[String], field: &str) -> Option<Arc<Vec<Piece>>> {
        for group in groups {
            if let Some(list) = self.groups.get(group).and_then(|fields| fields.get(field)) {
                return Some(list.clone());
            }
        }
        match field {
            "files" => Some(self.files.clone()),
            "run" => Some(self.run.clone()),
            "data" => Some(self.data.clone()),
            "beside" => Some(self.beside.clone()),
            _ => None,
        }
    }
}
