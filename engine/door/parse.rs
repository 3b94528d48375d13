//! The text of a `BUILD.ron`, before anything is known of rules.

use super::error::Mistakes;
use crate::load;

/// An entry of a `BUILD.ron`: a target, or what the file says of its workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// What it is called with: the name of a rule, or `workspace`.
    pub rule: String,
    /// Its `name`, if it has one that is a text.
    pub name: Option<String>,
    /// Line at which it begins, from 1 on.
    pub line: usize,
}

/// Reads the text of a `BUILD.ron`, which `file` names in mistakes. Whether there are such rules,
/// and what they take, is not asked.
///
/// ```
/// let entries = eng::parse("BUILD.ron", r#"[cc_test(name: "t", srcs: ["t.c"])]"#)?;
/// assert_eq!((entries[0].rule.as_str(), entries[0].name.as_deref()), ("cc_test", Some("t")));
///
/// let mistakes = eng::parse("a/BUILD.ron", "[cc_test(]").unwrap_err();
/// assert_eq!(mistakes.iter().next().and_then(|it| it.place()), Some(("a/BUILD.ron", 1, 10)));
/// # Ok::<(), eng::Mistakes>(())
/// ```
pub fn parse(file: &str, text: &str) -> Result<Vec<Entry>, Mistakes> {
    let entries = load::entries(file, text).map_err(Mistakes)?;
    let entry = |(rule, name, line)| Entry { rule, name, line };
    Ok(entries.into_iter().map(entry).collect())
}
