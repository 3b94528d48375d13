//! Lists in which no word may come from two targets.

use super::expand::Context;
use super::scope::Scope;
use super::word::{self, Piece, Word};
use super::{Configured, short};
use crate::base::{Label, Problem, Problems, listing};
use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

impl Scope<'_> {
    /// Complains about each word that stands twice in a list of `once`, and names who gives it.
    pub(super) fn check_once(&mut self, problems: &mut Problems) {
        let rule = self.target.rule.clone();
        for name in &rule.once {
            let list = self.list(&name.text, &Context::default(), problems);
            let words = word::flatten(&list);
            let mut seen = HashSet::new();
            let mut twice: BTreeMap<Vec<Label>, Vec<&Word>> = BTreeMap::new();
            for word in words.iter().filter(|word| !seen.insert(&word.text)) {
                let givers = self.givers(&list, word);
                twice.entry(givers).or_default().push(word);
            }
            for (givers, words) in twice {
                problems.push(self.twice(&givers, &words));
            }
        }
    }

    /// One problem for all that the same targets give.
    fn twice(&self, givers: &[Label], words: &[&Word]) -> Problem {
        let texts = words.iter().map(|word| format!("'{}'", short(&word.text)));
        let texts: Vec<String> = texts.collect();
        let names: Vec<String> = givers.iter().map(Label::to_string).collect();
        let text = format!(
            "{} would be in {} twice, by {}; let one of these depend on the other, or both on a third that holds it",
            listing(texts.iter().map(String::as_str), 3),
            self.label(),
            names.join(" and by ")
        );
        let problem = Problem::at(&self.target.place, text);
        let places = givers.iter().filter_map(|giver| self.analysis.targets.get(giver));
        places.fold(problem, |problem, giver| problem.also(&giver.place, giver.label.to_string()))
    }

    /// The targets whose own contributions to a list hold the word, sorted.
    fn givers(&self, list: &[Piece], word: &Word) -> Vec<Label> {
        let mut holders: HashSet<*const Vec<Piece>> = HashSet::new();
        let mut open: Vec<&Arc<Vec<Piece>>> = gathered(list).collect();
        let mut seen = HashSet::new();
        while let Some(list) = open.pop() {
            if !seen.insert(Arc::as_ptr(list)) {
                continue;
            }
            let holds = |piece: &Piece| matches!(piece, Piece::Word(own) if own.text == word.text);
            if list.iter().any(holds) {
                holders.insert(Arc::as_ptr(list));
            }
            open.extend(gathered(list));
        }
        let gives = |target: &Configured| {
            let mut fields = target.groups.values().flat_map(|group| group.values());
            fields.any(|field| holders.contains(&Arc::as_ptr(field)))
        };
        let all = self.analysis.targets.values().filter(|target| gives(target));
        // An alias gives what its target gives, and stands at that one's place.
        let mut res: BTreeMap<_, Label> = BTreeMap::new();
        for target in all {
            let label = res.entry(target.place.order()).or_insert_with(|| target.label.clone());
            if self
                .workspace
                .target(&target.label)
                .is_some_and(|it| it.place.order() == target.place.order())
            {
                *label = target.label.clone();
            }
        }
        res.into_values().collect()
    }
}

fn gathered(list: &[Piece]) -> impl Iterator<Item = &Arc<Vec<Piece>>> {
    list.iter().filter_map(|piece| match piece {
        Piece::Gather(inner) => Some(inner),
        Piece::Word(_) => None,
    })
}
