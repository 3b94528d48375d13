//! Profiles: named sets of flags, in `workspace(config: {..})` and in the settings of a user.

use super::build_file::BuildFile;
use super::read;
use super::root_entry::RootEntry;
use super::rule::Text;
use super::tree::{Kind, Node};
use crate::base::{Problem, Problems};
use std::path::Path;

/// A named set of flags.
#[derive(Debug, Clone)]
pub struct Profile {
    /// What `--config` calls it.
    pub name: Text,
    /// Its flags, as they would be typed.
    pub flags: Vec<Text>,
}

/// Reads `{"ci": ["--jobs=4"]}`.
pub fn profiles(node: &Node, problems: &mut Problems) -> Vec<Profile> {
    let Kind::Map(pairs) = &node.kind else {
        let wanted = "a map of profiles: '{\"ci\": [\"--jobs=4\"]}'";
        read::mismatch(node, "config", wanted, problems);
        return Vec::new();
    };
    let mut res: Vec<Profile> = Vec::new();
    for (key, value) in pairs {
        let Some(name) = read::string(key, "config", problems) else { continue };
        if !is_profile_name(&name.text) {
            let text = format!(
                "'{}' is no name of a profile; it is made of letters, digits and '_-'",
                name.text
            );
            problems.push(Problem::at(&name.place, text));
            continue;
        }
        if let Some(first) = res.iter().find(|it| it.name.text == name.text) {
            let text = format!("there are two profiles '{}'", name.text);
            problems.push(Problem::at(&name.place, text).also(&first.name.place, "the first one"));
            continue;
        }
        let flags = read::strings(value, &name.text, problems);
        res.push(Profile { name, flags });
    }
    res
}

fn is_profile_name(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-".contains(c);
    !name.is_empty() && name.chars().all(plain) && !name.starts_with('-')
}

/// The profiles of the workspace with this root; nothing if its entry is wrong, which is told when
/// the workspace is read, with all that is wrong elsewhere.
pub fn of_workspace(root: &Path) -> Option<Vec<Profile>> {
    let build = BuildFile::read(&root.join("BUILD.ron"), "BUILD.ron");
    let mut problems = Problems::default();
    let entry = RootEntry::read(&build.nodes().ok()?, &build.place(), &mut problems);
    problems.is_empty().then_some(entry.config)
}
