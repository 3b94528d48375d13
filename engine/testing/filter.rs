//! Which cases are wanted: `//a:t#case` and `--filter TEXT`.

use crate::base::Label;
use std::collections::{BTreeMap, BTreeSet};

/// Which cases are wanted. The default wants all.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Cases named with `#`, by target; a target that is not here is wanted whole.
    pub named: BTreeMap<Label, BTreeSet<String>>,
    /// Texts of which one must occur in `//a:t#case`; none: all are wanted.
    pub texts: Vec<String>,
}

impl Filter {
    /// True if the case is wanted.
    pub fn wants(&self, label: &Label, case: &str) -> bool {
        let named = self.named.get(label).is_none_or(|cases| cases.contains(case));
        let whole = format!("{label}#{case}");
        named && (self.texts.is_empty() || self.texts.iter().any(|text| whole.contains(text)))
    }

    /// True if it may leave cases of the target out.
    pub fn narrows(&self, label: &Label) -> bool {
        !self.texts.is_empty() || self.named.contains_key(label)
    }
}
