//! `coverage: [..]` of a rule → how what its programs have executed is had of them.

use super::rule::{Condition, Item, Template, Text};
use super::template::IsTarget;
use super::tree::{Kind, Node};
use super::{condition, item, protocol, read};
use crate::base::{Place, Problem, Problems};

/// One kind of data that an instrumented process leaves behind.
#[derive(Debug, Clone)]
pub struct CoverageRule {
    /// Where it stands.
    pub place: Place,
    /// All must hold, else the targets have no such data.
    pub when: Vec<Condition>,
    /// Environment of all processes of a test that starts them: it says where the data go. Values mention
    /// variables of the contract, such as `{COVERAGE_DIR}`.
    pub env: Vec<(String, Template)>,
    /// Which files below `$COVERAGE_DIR` are such data; without any `report` is not run.
    pub collect: Vec<Text>,
    /// Command that finds them below `raw/` and prints lcov.
    pub report: Vec<Item>,
    /// Files that it finds by itself besides those that it mentions.
    pub inputs: Vec<Item>,
}

/// Reads `coverage: [(collect: [..], report: [..]), ..]`.
pub fn coverage(node: &Node, is_target: IsTarget, problems: &mut Problems) -> Vec<CoverageRule> {
    let Kind::List(nodes) = &node.kind else {
        let wanted = "a list: '[(collect: [..], report: [..]), ..]'";
        read::mismatch(node, "coverage", wanted, problems);
        return Vec::new();
    };
    nodes.iter().filter_map(|node| one(node, is_target, problems)).collect()
}

fn one(node: &Node, is_target: IsTarget, problems: &mut Problems) -> Option<CoverageRule> {
    if !matches!(node.kind, Kind::Struct(_)) {
        read::mismatch(node, "coverage", "'(collect: [..], report: [..])'", problems);
        return None;
    }
    let args = read::named(node, "coverage", problems);
    read::only(args, "coverage", &["when", "env", "collect", "report", "inputs"], problems);
    let field = |name: &str| read::field(args, name);
    for name in ["collect", "report"] {
        if field(name).is_none() {
            read::missing(&node.place, "coverage", name, problems);
        }
    }
    let items = |name: &str, problems: &mut Problems| {
        field(name).map_or(Vec::new(), |node| item::items(node, name, is_target, problems))
    };
    let collect =
        field("collect").map_or(Vec::new(), |node| read::strings(node, "collect", problems));
    for pattern in &collect {
        if let Err(error) = globset::Glob::new(&pattern.text) {
            let text = format!("'{}' is no pattern of paths: {}", pattern.text, error.kind());
            problems.push(Problem::at(&pattern.place, text));
        }
    }
    Some(CoverageRule {
        place: node.place.clone(),
        when: field("when").map_or(Vec::new(), |it| condition::conditions(it, "when", problems)),
        env: field("env").map_or(Vec::new(), |node| protocol::environment(node, false, problems)),
        collect,
        report: items("report", problems),
        inputs: items("inputs", problems),
    })
}
