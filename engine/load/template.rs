//! `"-I{deps.dirs}"` → texts and mentions.

use super::prop::Prop;
use super::rule::{Mention, Part, Template};
use crate::base::{Place, Problem, Problems, listing, nearest};

/// A string of a rule file that is being read.
pub struct Written<'a> {
    /// Its value.
    pub text: &'a str,
    /// Its place, quotes included.
    pub place: &'a Place,
    /// Its bytes stand in the file as they are, so mentions have places of their own.
    pub plain: bool,
}

/// Whether a name is a `target` or `targets` attribute: what follows its dot is then a field.
pub type IsTarget<'a> = &'a dyn Fn(&str) -> bool;

impl Written<'_> {
    /// The place of some bytes of the value.
    fn at(&self, offset: usize, len: usize) -> Place {
        match self.plain {
            true => self.place.within(1 + offset, len),
            false => self.place.clone(),
        }
    }

    /// Reads the string.
    pub fn template(&self, is_target: IsTarget, problems: &mut Problems) -> Template {
        let mut parts = Vec::new();
        let mut text = String::new();
        let mut at = 0;
        while let Some(found) = self.text[at..].find(['{', '}']) {
            text.push_str(&self.text[at..at + found]);
            at += found;
            let rest = &self.text[at..];
            if rest.starts_with("{{") || rest.starts_with("}}") {
                text.push_str(&rest[..1]);
                at += 2;
                continue;
            }
            if rest.starts_with('}') {
                let why = "this '}' has no '{'; a brace that means itself is written '}}'";
                problems.push(Problem::at(&self.at(at, 1), why));
                at += 1;
                continue;
            }
            let Some(len) =
                rest[1..].find(['{', '}']).filter(|end| rest[1..][*end..].starts_with('}'))
            else {
                let why =
                    "this '{' is not closed by a '}'; a brace that means itself is written '{{'";
                problems.push(Problem::at(&self.at(at, 1), why));
                at += 1;
                continue;
            };
            if !text.is_empty() {
                parts.push(Part::Text(std::mem::take(&mut text)));
            }
            parts.extend(self.mention(at, len, is_target, problems).map(Part::Mention));
            at += len + 2;
        }
        text.push_str(&self.text[at..]);
        if !text.is_empty() {
            parts.push(Part::Text(text));
        }
        Template { place: self.place.clone(), parts }
    }

    /// The mention whose brace stands at `start`; `len` bytes stand between its braces.
    fn mention(
        &self,
        start: usize,
        len: usize,
        is_target: IsTarget,
        problems: &mut Problems,
    ) -> Option<Mention> {
        let inner = &self.text[start + 1..start + 1 + len];
        let (head, join) = match inner.split_once(':') {
            Some((head, join)) => (head, Some(join.to_string())),
            None => (inner, None),
        };
        let (path, filter) = match head.split_once('|') {
            Some((path, filter)) => (path, Some(filter)),
            None => (head, None),
        };
        // Each name with the offset at which it stands.
        let mut names = Vec::new();
        let mut offset = start + 1;
        for name in path.split('.') {
            names.push((name, offset));
            offset += name.len() + 1;
        }
        if let Some((odd, offset)) = names.iter().find(|(name, _)| !super::read::is_name(name)) {
            let why = match odd.is_empty() {
                true => "a name was expected in '{..}'; a brace that means itself is written '{{'"
                    .to_string(),
                false => format!(
                    "'{odd}' is no name; names are made of letters, digits and '_', and a brace that means itself is written '{{{{'"
                ),
            };
            problems.push(Problem::at(&self.at(*offset, odd.len().max(1)), why));
            return None;
        }
        let filter: Vec<String> = match filter {
            None => Vec::new(),
            Some(filter) => filter.split_whitespace().map(str::to_string).collect(),
        };
        if filter.is_empty() && head.contains('|') {
            let why = "a filter names the endings that are kept: '{srcs|.c .h}'";
            problems.push(Problem::at(&self.at(start, len + 2), why));
        }
        let (name, _) = names[0];
        let mut rest = names[1..].iter();
        let field = match is_target(name) {
            true => rest.next().map(|(field, _)| field.to_string()),
            false => None,
        };
        let mut prop = None;
        if let Some((wanted, offset)) = rest.next() {
            prop = self.prop(wanted, *offset, problems);
            prop?;
        }
        if let Some((extra, offset)) = rest.next() {
            let why = format!("nothing can follow '.{}'", names[names.len() - 2].0);
            problems.push(Problem::at(&self.at(*offset, extra.len()), why));
            return None;
        }
        let place = self.at(start, len + 2);
        Some(Mention { place, name: name.to_string(), field, prop, filter, join })
    }

    fn prop(&self, wanted: &str, offset: usize, problems: &mut Problems) -> Option<Prop> {
        let known = Prop::ALL.iter().find(|(name, _)| *name == wanted);
        if known.is_none() {
            let names = || Prop::ALL.iter().map(|(name, _)| *name);
            let near = nearest(wanted, names());
            let has = match near.is_empty() {
                true => format!("; a word has {}", listing(names(), 20)),
                false => near,
            };
            let why = format!("there is no property '{wanted}'{has}");
            problems.push(Problem::at(&self.at(offset, wanted.len()), why));
        }
        known.map(|(_, prop)| *prop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Source;
    use std::sync::Arc;

    fn read(text: &str) -> (Vec<Part>, String) {
        let file = format!("[{text:?}]");
        let source = Arc::new(Source { path: "r.ron".into(), text: file });
        let place = Place::new(&source, 1, source.text.len() - 1);
        let mut problems = Problems::default();
        let written = Written { text, place: &place, plain: true };
        let template = written.template(&|name| name == "deps", &mut problems);
        let shown = problems.iter().map(|p| format!("{}: {}\n", p.place.as_ref().unwrap(), p.text));
        (template.parts, shown.collect())
    }

    #[test]
    fn a_field_belongs_to_targets_and_a_property_to_words() {
        let (parts, problems) = read("{{-I{deps.dirs.stem|.c .h: }}}/{it.dir}");
        assert_eq!(problems, "");
        let [Part::Text(before), Part::Mention(deps), Part::Text(between), Part::Mention(it)] =
            parts.as_slice()
        else {
            panic!("{parts:?}");
        };
        assert_eq!((before.as_str(), between.as_str()), ("{-I", "}/"));
        assert_eq!(deps.field.as_deref(), Some("dirs"));
        assert_eq!(deps.prop, Some(Prop::Stem));
        assert_eq!(deps.filter, [".c", ".h"]);
        assert_eq!(deps.join.as_deref(), Some(" "));
        assert_eq!((it.field.as_deref(), it.prop), (None, Some(Prop::Dir)));
        assert_eq!(it.place.column(), 34);
    }

    #[test]
    fn what_is_wrong_is_told_at_its_column() {
        let wrong = |text| read(text).1;
        assert!(
            wrong("a{it.setm}")
                .starts_with("r.ron:1:8: there is no property 'setm'; did you mean 'stem'?")
        );
        assert!(wrong("a{it").starts_with("r.ron:1:4: this '{' is not closed"));
        assert!(wrong("a}").starts_with("r.ron:1:4: this '}' has no '{'"));
        assert!(wrong("{}").starts_with("r.ron:1:4: a name was expected"));
        assert!(wrong("{deps.a.dir.b}").contains("nothing can follow '.dir'"));
        assert!(wrong("{srcs|}").contains("a filter names the endings"));
    }
}
