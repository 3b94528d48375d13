//! Which cases are wanted: `//a:t#case` and `--filter EXPRESSION`.

use super::expression::Expression;
use super::share::{Division, Share};
use crate::analyze::Test;
use crate::base::Label;
use std::collections::{BTreeMap, BTreeSet};

/// Which cases are wanted. The default wants all.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Cases named with `#`, by target; a target that is not here is wanted whole.
    pub named: BTreeMap<Label, BTreeSet<String>>,
    /// The only place of a listing that is wanted, from 0 on; for a run of one test.
    pub index: Option<usize>,
    /// Which share of the tests is wanted.
    pub share: Option<(Share, Division)>,
    expression: Option<Expression>,
}

/// What a filter may ask of a target.
#[derive(Debug, Clone, Copy)]
pub(super) struct Facts<'a> {
    pub label: &'a Label,
    pub rule: &'a str,
    pub tags: &'a [String],
    pub size: &'a str,
}

impl<'a> Facts<'a> {
    fn of(test: &'a Test) -> Facts<'a> {
        Facts { label: &test.label, rule: &test.rule, tags: &test.tags, size: &test.size }
    }
}

impl Filter {
    /// Expressions of which one must hold, and ones that must all hold. The error is a sentence.
    pub fn new(any: &[String], all: &[String]) -> Result<Filter, String> {
        let parse = |texts: &[String]| -> Result<Vec<Expression>, String> {
            texts.iter().map(|text| Expression::parse(text)).collect()
        };
        let (any, mut parts) = (parse(any)?, parse(all)?);
        if !any.is_empty() {
            parts.push(Expression::Any(any));
        }
        let expression = (!parts.is_empty()).then_some(Expression::All(parts));
        Ok(Filter { expression, ..Filter::default() })
    }

    /// True if the case is wanted.
    pub fn wants(&self, test: &Test, case: &str) -> bool {
        let named = self.named.get(&test.label).is_none_or(|cases| cases.contains(case));
        named && self.decide(test, Some(case)) == Some(true)
    }

    /// True if the case at this place of the test's listing is the one that is wanted, and belongs to
    /// the share.
    pub fn has(&self, test: &Test, place: usize) -> bool {
        if self.index.is_some_and(|index| index != place) {
            return false;
        }
        let share = self.share.as_ref();
        share.is_none_or(|(share, division)| division.has(share, &test.label, place))
    }

    /// True if no case of the target can be wanted, whatever their names are.
    pub fn excludes(&self, test: &Test) -> bool {
        self.decide(test, None) == Some(false)
    }

    /// True if it may leave cases of the target out.
    pub fn narrows(&self, test: &Test) -> bool {
        self.named.contains_key(&test.label) || self.decide(test, None) != Some(true)
    }

    fn decide(&self, test: &Test, case: Option<&str>) -> Option<bool> {
        match &self.expression {
            Some(expression) => expression.wants(&Facts::of(test), case),
            None => Some(true),
        }
    }
}
