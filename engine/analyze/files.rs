//! Every file of the build, by its path in the exec root; who writes it.

use super::actions::{Action, ActionIndex};
use crate::base::{Problem, Problems};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// Number of a file in an analysis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(pub u32);

/// A file, or a folder that an action writes.
#[derive(Debug)]
pub struct File {
    /// Path from the exec root: `a/x.c`, `out/a/x.o`, `external/eng/cc/x.h`.
    pub path: Arc<str>,
    /// Where it is from.
    pub kind: FileKind,
}

/// Where a file is from.
#[derive(Debug, Clone, Copy)]
pub enum FileKind {
    /// The workspace, at the same path.
    Source,
    /// The binary of eng.
    Builtin(&'static [u8]),
    /// An action.
    Output {
        /// Who writes it.
        writer: ActionIndex,
        /// True for a folder.
        folder: bool,
    },
}

/// All files.
#[derive(Debug, Default)]
pub struct Files {
    all: Vec<File>,
    by_path: HashMap<Arc<str>, FileId>,
}

impl Files {
    /// The file with this number.
    pub fn file(&self, id: FileId) -> &File {
        &self.all[id.0 as usize]
    }

    /// Path of a file from the exec root.
    pub fn path(&self, id: FileId) -> &Arc<str> {
        &self.file(id).path
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// The file with this path.
    pub fn find(&self, path: &str) -> Option<FileId> {
        self.by_path.get(path).copied()
    }

    /// The number of a file; the second answer is false if the path was known already.
    pub fn intern(&mut self, path: &str, kind: FileKind) -> (FileId, bool) {
        if let Some(id) = self.find(path) {
            return (id, false);
        }
        let id = FileId(self.all.len() as u32);
        let path: Arc<str> = path.into();
        self.all.push(File { path: path.clone(), kind });
        self.by_path.insert(path, id);
        (id, true)
    }

    /// Finds outputs of which one is a folder of the other, such as `a` and `a/b`, and outputs that
    /// differ in case only, which some file systems cannot hold side by side.
    pub fn check_prefixes(&self, actions: &[Arc<Action>], problems: &mut Problems) {
        let writer = |file: &File| match file.kind {
            FileKind::Output { writer, .. } => Some(&*actions[writer.0 as usize]),
            _ => None,
        };
        let outputs: BTreeMap<&str, &Action> =
            self.all.iter().filter_map(|file| Some((&*file.path, writer(file)?))).collect();
        let mut folded: HashMap<String, &str> = HashMap::new();
        for (path, action) in &outputs {
            if let Some(other) = folded.insert(path.to_lowercase(), path) {
                problems.push(
                    Problem::at(
                        &action.target_place,
                        format!(
                            "{} writes '{path}', which differs from '{other}' in case only",
                            action.label
                        ),
                    )
                    .also(&outputs[other].target_place, format!("'{other}' is written here")),
                );
            }
            let mut folder = crate::base::parent(path);
            while !folder.is_empty() {
                if let Some(other) = outputs.get(folder) {
                    problems.push(
                        Problem::at(
                            &action.target_place,
                            format!(
                                "{} writes '{path}' below '{folder}', which is itself an output of {}",
                                action.label, other.label
                            ),
                        )
                        .also(&other.target_place, format!("'{folder}' is written here")),
                    );
                }
                folder = crate::base::parent(folder);
            }
        }
    }
}
