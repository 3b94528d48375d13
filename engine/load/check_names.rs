//! Whether the names that a rule mentions exist and fit where they stand.

use super::check::Groups;
use super::prop::Prop;
use super::rule::{ActionRule, Attr, AttrKind, Condition, Item, Mention, Rule, Template, Text};
use super::rule_file::PROVIDED;
use super::{condition, walk};
use crate::base::{Problem, Problems, listing, nearest};
use std::collections::BTreeSet;

/// Names that mean something everywhere without being declared.
pub const EVERYWHERE: [&str; 4] = ["name", "ident", "package", "label"];
/// Names that mean something in actions only.
pub const IN_ACTIONS: [&str; 3] = ["it", "depfile", "file"];

/// A rule whose names are looked up.
pub struct Names<'a> {
    pub rule: &'a Rule,
    pub modes: &'a [String],
    pub groups: &'a Groups<'a>,
}

/// What a name means.
enum Meaning<'a> {
    Attr(&'a Attr),
    Var,
    Output(&'a ActionRule),
    Engine,
}

/// Where a mention stands.
#[derive(Clone, Copy, Default)]
struct Spot<'a> {
    /// In this action.
    action: Option<&'a ActionRule>,
    /// In its `outs`, which cannot mention each other.
    outs: bool,
    /// In its `params`.
    params: bool,
    /// In the default of the attribute with this number; only those above it exist.
    default: Option<usize>,
}

impl<'a> Names<'a> {
    /// Checks everything that mentions a name.
    pub fn check(&self, problems: &mut Problems) {
        self.attributes(problems);
        let everywhere = Spot::default();
        for field in self.rule.vars.iter().chain(self.rule.groups.iter().flat_map(|it| &it.fields))
        {
            self.items(&field.items, everywhere, problems);
        }
        for list in [&self.rule.files, &self.rule.run, &self.rule.data, &self.rule.beside] {
            self.items(list, everywhere, problems);
        }
        for action in &self.rule.actions {
            self.action(action, problems);
        }
        for list in &self.rule.once {
            self.names_list("once", list, None, problems);
        }
        for condition in self.rule.variants.iter().flat_map(|variant| &variant.when) {
            self.condition(condition, false, problems);
        }
        if let Some(test) = &self.rule.test {
            self.template(&test.protocol, everywhere, problems);
            if let Some(program) = &test.program {
                self.template(program, everywhere, problems);
            }
        }
        for list in walk::tests(self.rule) {
            self.items(list, everywhere, problems);
        }
        for condition in self.rule.coverage.iter().flat_map(|it| &it.when) {
            self.condition(condition, true, problems);
        }
    }

    fn attributes(&self, problems: &mut Problems) {
        for (at, attr) in self.rule.attrs.iter().enumerate() {
            let spot = Spot { default: Some(at), ..Spot::default() };
            self.items(attr.default.as_deref().unwrap_or(&[]), spot, problems);
            let (AttrKind::Target { provides } | AttrKind::Targets { provides }) = &attr.kind
            else {
                continue;
            };
            for (at, group) in provides.iter().enumerate() {
                let Some(fields) = self.groups.get(group.as_str()) else {
                    let near = nearest(group, self.groups.keys().copied());
                    let text =
                        format!("no rule provides '{group}', which '{}' asks for{near}", attr.name);
                    problems.push(Problem::at(&attr.place, text));
                    continue;
                };
                for other in provides[..at].iter().filter(|other| *other != group) {
                    let Some(others) = self.groups.get(other.as_str()) else { continue };
                    if let Some(twice) = fields.keys().find(|field| others.contains_key(**field)) {
                        let text = format!(
                            "both '{other}' and '{group}' have a field '{twice}', so '{{{}.{twice}}}' would be ambiguous",
                            attr.name
                        );
                        problems.push(Problem::at(&attr.place, text));
                    }
                }
            }
        }
        let mut kind =
            |text: &Option<Text>, owner: &str, wanted: &str, fits: fn(&AttrKind) -> bool| {
                let Some(text) = text else { return };
                if self.rule.attr(&text.text).is_some_and(|attr| fits(&attr.kind)) {
                    return;
                }
                let fitting = self.rule.attrs.iter().filter(|attr| fits(&attr.kind));
                let near = nearest(&text.text, fitting.map(|attr| attr.name.as_str()));
                let text_ = format!("'{owner}' names {wanted}, found '{}'{near}", text.text);
                problems.push(Problem::at(&text.place, text_));
            };
        kind(&self.rule.forwards, "forwards", "a 'target(..)' attribute", |kind| {
            matches!(kind, AttrKind::Target { .. })
        });
        kind(&self.rule.suite, "suite", "a 'targets(..)' attribute", |kind| {
            matches!(kind, AttrKind::Targets { .. })
        });
    }

    fn action(&self, action: &'a ActionRule, problems: &mut Problems) {
        let spot = Spot { action: Some(action), ..Spot::default() };
        for condition in &action.when {
            self.condition(condition, true, problems);
        }
        if let Some(each) = &action.each {
            self.names_list("each", each, Some(action), problems);
        }
        for list in walk::lists(action) {
            self.items(list, spot, problems);
        }
        for out in &action.outs {
            self.items(&out.items, Spot { outs: true, ..spot }, problems);
        }
        for template in walk::singles(action) {
            self.template(template, spot, problems);
        }
        if let Some(depfile) = &action.depfile {
            self.template(depfile, Spot { outs: true, ..spot }, problems);
        }
        if let Some(params) = &action.params {
            self.template(&params.word, Spot { params: true, ..spot }, problems);
        }
    }

    /// Checks the name of a list that stands alone: in `each` of an action, in `without`, in `once`.
    fn names_list(
        &self,
        owner: &str,
        list: &Text,
        action: Option<&ActionRule>,
        problems: &mut Problems,
    ) {
        let why = match self.meaning(&list.text) {
            Some(Meaning::Attr(attr)) if attr.kind.is_list() => return,
            Some(Meaning::Var) => return,
            Some(Meaning::Output(other)) if action.is_none_or(|it| it.name != other.name) => return,
            Some(Meaning::Output(_)) => "is an output of this action itself".to_string(),
            Some(Meaning::Attr(attr)) => format!("is no list but a {}", attr.kind.name()),
            Some(Meaning::Engine) => "is no list".to_string(),
            None => {
                let attrs = self.rule.attrs.iter().filter(|attr| attr.kind.is_list());
                let vars = self.rule.vars.iter().map(|var| var.name.as_str());
                let lists: Vec<&str> = attrs.map(|attr| attr.name.as_str()).chain(vars).collect();
                let bare = list.text.trim_start_matches('{').trim_end_matches('}');
                let hint = match lists.contains(&bare) {
                    true => format!("; write the name alone: \"{bare}\""),
                    false => near_or_all(&list.text, &lists, "lists are"),
                };
                format!("is no list here{hint}")
            }
        };
        let text = format!("'{owner}' wants the name of a list, but '{}' {why}", list.text);
        problems.push(Problem::at(&list.place, text));
    }

    fn items(&self, items: &[Item], spot: Spot, problems: &mut Problems) {
        walk::templates(items, &mut |template| self.template(template, spot, problems));
        walk::conditions(items, &mut |condition| self.condition(condition, true, problems));
        walk::left_out(items, &mut |list| match spot.default {
            Some(_) => {
                let text = "'without' cannot stand in a default; write a var";
                problems.push(Problem::at(&list.place, text));
            }
            None => self.names_list("without", list, None, problems),
        });
    }

    fn template(&self, template: &Template, spot: Spot, problems: &mut Problems) {
        for mention in walk::mentions(template) {
            self.mention(mention, spot, problems);
        }
        let mut lists: Vec<(&str, Option<&str>, &Mention)> = Vec::new();
        for mention in walk::mentions(template) {
            let key = (mention.name.as_str(), mention.field.as_deref());
            let known = lists.iter().any(|(name, field, _)| (*name, *field) == key);
            if mention.join.is_none() && !known && self.is_list(mention, spot) {
                lists.push((key.0, key.1, mention));
            }
        }
        if let [(_, _, first), (_, _, second), ..] = lists.as_slice() {
            let shown = |m: &Mention| match &m.field {
                Some(field) => format!("{}.{field}", m.name),
                None => m.name.clone(),
            };
            let text = format!(
                "an item mentions at most one list, but '{0}' and '{1}' are two; one of them can be joined into one word: '{{{0}: }}'",
                shown(first),
                shown(second)
            );
            problems.push(Problem::at(&second.place, text));
        }
    }

    /// True if the mention surely stands for a list of any length.
    fn is_list(&self, mention: &Mention, spot: Spot) -> bool {
        match self.meaning(&mention.name) {
            Some(Meaning::Attr(attr)) => attr.kind.is_list(),
            Some(Meaning::Output(action)) => {
                let own = spot.action.is_some_and(|here| here.name == action.name);
                !own && action.each.is_some()
            }
            Some(Meaning::Var | Meaning::Engine) | None => false,
        }
    }

    fn mention(&self, mention: &Mention, spot: Spot, problems: &mut Problems) {
        let wrong = |text: String, problems: &mut Problems| {
            problems.push(Problem::at(&mention.place, text));
        };
        let name = mention.name.as_str();
        let Some(meaning) = self.meaning(name) else {
            return self.engine_name(mention, spot, problems);
        };
        match meaning {
            Meaning::Attr(attr) => {
                let at = self.rule.attrs.iter().position(|it| it.name == attr.name);
                if spot.default.is_some_and(|own| at.is_some_and(|at| at >= own)) {
                    let text = format!(
                        "a default mentions only attributes above it; '{name}' stands below"
                    );
                    wrong(text, problems);
                }
                self.field(attr, mention, problems);
                let is_map = matches!(attr.kind, AttrKind::Map);
                self.map_prop(mention, is_map, problems);
            }
            Meaning::Var | Meaning::Output(_) if spot.default.is_some() => {
                wrong(
                    format!("a default mentions only attributes above it; '{name}' is none"),
                    problems,
                );
            }
            Meaning::Output(action) => {
                let own = spot.action.is_some_and(|here| here.name == action.name);
                if own && spot.outs {
                    wrong(
                        format!(
                            "the paths of '{}' cannot mention its own output '{name}'",
                            action.name
                        ),
                        problems,
                    );
                }
                self.map_prop(mention, false, problems);
            }
            Meaning::Var | Meaning::Engine => {}
        }
    }

    /// A name that only actions know, or none at all.
    fn engine_name(&self, mention: &Mention, spot: Spot, problems: &mut Problems) {
        let name = mention.name.as_str();
        let why = match (name, spot.action) {
            ("it", Some(ActionRule { each: Some(each), .. })) => {
                let of_map = self.rule.attr(&each.text).map(|attr| &attr.kind);
                let known = of_map.is_some();
                if known {
                    self.map_prop(mention, matches!(of_map, Some(AttrKind::Map)), problems);
                }
                return;
            }
            ("it", Some(_)) => {
                "'{it}' is a word of 'each', which this action does not have".to_string()
            }
            ("it", None) => "'{it}' is known in actions with 'each' only".to_string(),
            ("depfile", Some(_)) if !spot.outs => return,
            ("depfile", _) => "'{depfile}' is known in the command of an action only".to_string(),
            ("file", _) if spot.params => return,
            _ => {
                let mut known: Vec<&str> = self.declared().collect();
                known.extend(EVERYWHERE);
                if let Some(action) = spot.action {
                    known.extend(action.each.as_ref().map(|_| "it"));
                    known.extend(action.depfile.as_ref().map(|_| "depfile"));
                }
                format!("nothing here is called '{name}'{}", near_or_all(name, &known, "known are"))
            }
        };
        problems.push(Problem::at(&mention.place, why));
    }

    /// Checks what is gathered over targets.
    fn field(&self, attr: &Attr, mention: &Mention, problems: &mut Problems) {
        let (AttrKind::Target { provides } | AttrKind::Targets { provides }) = &attr.kind else {
            return;
        };
        let mut known: BTreeSet<&str> = PROVIDED.into();
        for group in provides {
            known.extend(self.groups.get(group.as_str()).into_iter().flat_map(|it| it.keys()));
        }
        let known: Vec<&str> = known.into_iter().collect();
        let text = match &mention.field {
            Some(field) if known.contains(&field.as_str()) => return,
            Some(field) => {
                let of = match provides.as_slice() {
                    [] => format!("the targets of '{}'", attr.name),
                    groups => format!("'{}'", groups.join("' or '")),
                };
                format!("{of} has no field '{field}'{}", near_or_all(field, &known, "there are"))
            }
            None => format!(
                "'{0}' stands for targets; say which of their fields is meant, such as '{{{0}.{1}}}'",
                attr.name,
                known.iter().find(|field| !PROVIDED.contains(*field)).unwrap_or(&"files")
            ),
        };
        problems.push(Problem::at(&mention.place, text));
    }

    fn map_prop(&self, mention: &Mention, is_map: bool, problems: &mut Problems) {
        let Some(prop) = mention.prop else { return };
        let of_map = matches!(prop, Prop::Key | Prop::Value);
        if of_map == is_map || mention.field.is_some() {
            return;
        }
        let shown = Prop::ALL.iter().find(|(_, it)| *it == prop).map_or("", |(name, _)| name);
        let text = match is_map {
            true => format!(
                "the words of the map '{}' have '.key' and '.value', not '.{shown}'",
                mention.name
            ),
            false => {
                format!("'.{shown}' belongs to the words of a map, but '{}' is none", mention.name)
            }
        };
        problems.push(Problem::at(&mention.place, text));
    }

    fn condition(&self, condition: &Condition, variants: bool, problems: &mut Problems) {
        let attrs = self.rule.attrs.iter().filter(|attr| condition::can_be_condition(&attr.kind));
        let mut known = self.modes.iter().map(String::as_str).collect::<Vec<_>>();
        known.extend(attrs.map(|attr| attr.name.as_str()));
        known.extend(self.rule.vars.iter().map(|var| var.name.as_str()));
        if variants {
            known.extend(self.rule.variants.iter().map(|variant| variant.name.as_str()));
        }
        condition::check(condition, self.rule.attr(&condition.name), &known, problems);
    }

    fn meaning(&self, name: &str) -> Option<Meaning<'a>> {
        if let Some(attr) = self.rule.attr(name) {
            return Some(Meaning::Attr(attr));
        }
        if self.rule.vars.iter().any(|var| var.name == name) {
            return Some(Meaning::Var);
        }
        if let Some(action) = output(self.rule, name) {
            return Some(Meaning::Output(action));
        }
        EVERYWHERE.contains(&name).then_some(Meaning::Engine)
    }

    fn declared(&self) -> impl Iterator<Item = &'a str> {
        let attrs = self.rule.attrs.iter().map(|attr| attr.name.as_str());
        let outs = self.rule.actions.iter().flat_map(|action| &action.outs);
        attrs.chain(self.rule.vars.iter().chain(outs).map(|field| field.name.as_str()))
    }
}

/// The action that makes an output.
pub fn output<'a>(rule: &'a Rule, name: &str) -> Option<&'a ActionRule> {
    rule.actions.iter().find(|action| action.outs.iter().any(|out| out.name == name))
}

/// `; did you mean 'x'?`, or what there is.
pub fn near_or_all(name: &str, known: &[&str], has: &str) -> String {
    match nearest(name, known.iter().copied()) {
        near if near.is_empty() && known.is_empty() => String::new(),
        near if near.is_empty() => format!("; {has} {}", listing(known.iter().copied(), 40)),
        near => near,
    }
}
