//! Templates and a scope become words: laws 1, 2, 3 and 7.

use super::scope::Scope;
use super::word::{self, Piece, Word};
use crate::base::{Problem, Problems};
use crate::load::{AttrKind, Item, Mention, Part, Prop, Template};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// The names that mean something only inside one action.
#[derive(Debug, Default, Clone)]
pub(super) struct Context {
    /// The word of `each` that the action is for.
    pub it: Option<Word>,
    /// The action's own outputs by name.
    pub own: Vec<(String, Vec<Word>)>,
    /// Where the command says what it read.
    pub depfile: Option<String>,
}

impl Context {
    /// The list of a name that this context knows.
    pub fn list(&self, name: &str) -> Option<Vec<Piece>> {
        match name {
            "it" => self.it.clone().map(|word| vec![Piece::Word(word)]),
            "depfile" => self.depfile.as_ref().map(|path| vec![Piece::Word(Word::text(path))]),
            _ => {
                let (_, words) = self.own.iter().find(|(own, _)| own == name)?;
                Some(words.iter().cloned().map(Piece::Word).collect())
            }
        }
    }
}

impl Scope<'_> {
    /// The words of a list in a rule.
    pub fn expand(
        &mut self,
        items: &[Item],
        context: &Context,
        problems: &mut Problems,
    ) -> Vec<Piece> {
        let mut pieces = Vec::new();
        for item in items {
            match item {
                Item::Template(template) => self.template(template, context, &mut pieces, problems),
                Item::When(conditions, items) => {
                    if self.all_hold(conditions, problems) {
                        pieces.extend(self.expand(items, context, problems));
                    }
                }
                Item::Without(list, items) => {
                    let list = word::flatten(&self.list(&list.text, context, problems));
                    let dropped: HashSet<&str> = list.iter().map(|word| &*word.text).collect();
                    let kept = self.expand(items, context, problems);
                    if dropped.is_empty() {
                        pieces.extend(kept);
                        continue;
                    }
                    let words = word::flatten(&kept).into_iter();
                    let words = words.filter(|word| !dropped.contains(&*word.text));
                    pieces.extend(words.map(Piece::Word));
                }
            }
        }
        pieces.shrink_to_fit();
        pieces
    }

    /// A template that is to give one word; several are joined by a space, none is nothing.
    pub fn one_word(
        &mut self,
        template: &Template,
        context: &Context,
        problems: &mut Problems,
    ) -> Option<Word> {
        let mut pieces = Vec::new();
        self.template(template, context, &mut pieces, problems);
        joined(&word::flatten(&pieces), " ")
    }

    fn template(
        &mut self,
        template: &Template,
        context: &Context,
        pieces: &mut Vec<Piece>,
        problems: &mut Problems,
    ) {
        if let [Part::Mention(mention)] = template.parts.as_slice()
            && mention.prop.is_none()
            && mention.filter.is_empty()
            && mention.join.is_none()
        {
            let list = self.mentioned(mention, context, problems);
            pieces.extend(list.iter().cloned());
            return;
        }
        // Of the lists that are mentioned, one at most is not of length one: it sets how often the
        // item is repeated. It may be mentioned again, by another property.
        let mut lists: Vec<Vec<Word>> = Vec::new();
        let mut repeat: Option<(&Mention, usize)> = None;
        for part in &template.parts {
            let Part::Mention(mention) = part else { continue };
            let list = self.mentioned(mention, context, problems);
            let words = self.words(mention, &list);
            if words.len() != 1 {
                let again = |(other, count): (&Mention, usize)| {
                    mention.is_of_same_list(other) && words.len() == count
                };
                if let Some((_, before)) = repeat.filter(|before| !again(*before)) {
                    problems.push(Problem::at(
                        &template.place,
                        format!(
                            "mentions two lists, of {before} and {} words; one at most may have more or less than one word (join one with '{{{}: }}')",
                            words.len(),
                            mention.name
                        ),
                    ).also(&self.target.place, "for this target").following());
                    return;
                }
                repeat = Some((mention, words.len()));
            }
            lists.push(words);
        }
        for turn in 0..repeat.map_or(1, |(_, count)| count) {
            let mut res = Word::text("");
            let mut text = String::new();
            let mut mentions = lists.iter();
            for part in &template.parts {
                match part {
                    Part::Text(plain) => text.push_str(plain),
                    Part::Mention(_) => {
                        let Some(words) = mentions.next() else { continue };
                        let word = if words.len() == 1 { &words[0] } else { &words[turn] };
                        res.take_tools(word, text.len());
                        text.push_str(&word.text);
                        res.add_files(word.files().iter().copied());
                    }
                }
            }
            res.text = text.into();
            pieces.push(Piece::Word(res));
        }
    }

    /// The words of a mention after its property, filter and join.
    fn words(&self, mention: &Mention, list: &[Piece]) -> Vec<Word> {
        let mut words = word::flatten(list);
        if !mention.filter.is_empty() {
            words.retain(|word| crate::base::suffixes(&word.text, &mention.filter));
        }
        if let Some(prop) = mention.prop {
            if prop == Prop::Only && words.len() > 1 {
                words.clear();
            }
            for word in &mut words {
                *word = word.prop(prop, &self.out_folder);
            }
            if matches!(prop, Prop::Dir | Prop::Root) {
                words = unique(words);
            }
        }
        match &mention.join {
            Some(between) => vec![joined(&words, between).unwrap_or_else(|| Word::text(""))],
            None => words,
        }
    }

    fn mentioned(
        &mut self,
        mention: &Mention,
        context: &Context,
        problems: &mut Problems,
    ) -> Arc<Vec<Piece>> {
        let Some(field) = &mention.field else {
            return self.list(&mention.name, context, problems);
        };
        let kind = self.target.rule.attr(&mention.name).map(|attr| &attr.kind);
        let (Some(AttrKind::Target { provides }) | Some(AttrKind::Targets { provides })) = kind
        else {
            return Arc::default();
        };
        let provides = provides.clone();
        let mut contributions = Vec::new();
        for target in self.targets(&mention.name) {
            match target.field(&provides, field) {
                Some(list) if list.is_empty() => {}
                Some(list) => contributions.push(Piece::Gather(list)),
                // A target that provides another of the groups has no such field, and that is fine.
                None => {}
            }
        }
        Arc::new(vec![Piece::Gather(Arc::new(contributions))])
    }
}

/// Equal words once, at their first place, with the files of all.
fn unique(words: Vec<Word>) -> Vec<Word> {
    let mut at: HashMap<Arc<str>, usize> = HashMap::new();
    let mut res: Vec<Word> = Vec::new();
    for word in words {
        match at.get(&word.text) {
            Some(first) => res[*first].add_files(word.files().iter().copied()),
            None => {
                at.insert(word.text.clone(), res.len());
                res.push(word);
            }
        }
    }
    res
}

/// All words as one, with their files; nothing if there are none.
pub(super) fn joined(words: &[Word], between: &str) -> Option<Word> {
    let (first, rest) = words.split_first()?;
    if rest.is_empty() {
        return Some(first.clone());
    }
    let texts: Vec<&str> = words.iter().map(|word| &*word.text).collect();
    let mut res = Word::text(&texts.join(between));
    let mut at = 0;
    for word in words {
        res.take_tools(word, at);
        at += word.text.len() + between.len();
    }
    res.add_files(words.iter().flat_map(|word| word.files().iter().copied()));
    Some(res)
}
