//! What the attributes of a target name: files and labels, whatever conditions say.

use crate::analyze::paths_in_runfiles;
use crate::base::{Label, Place};
use crate::load::{self, Attr, AttrKind, Item, Part, Target, Template};

/// What a value names.
pub(super) enum Named<'a> {
    /// A file of the package.
    File(&'a str),
    /// A label, and where it stands.
    Label(&'a str, &'a Place),
}

/// All that an attribute of a target names, whatever conditions say.
pub(super) fn named<'a>(target: &'a Target, attr: &'a Attr, found: &mut dyn FnMut(Named<'a>)) {
    match target.attrs.get(&attr.name) {
        Some(load::Value::List(entries)) => in_entries(target, attr, entries, found),
        Some(load::Value::Map(pairs)) => {
            pairs.iter().for_each(|(_, it)| in_text(target, attr, &it.text, &it.place, found));
        }
        Some(load::Value::Bool(_) | load::Value::Int(_)) => {}
        None => in_items(target, attr, attr.default.as_deref().unwrap_or(&[]), found),
    }
}

fn in_entries<'a>(
    target: &'a Target,
    attr: &'a Attr,
    entries: &'a [load::Entry],
    found: &mut dyn FnMut(Named<'a>),
) {
    for entry in entries {
        match entry {
            load::Entry::Text(it) => in_text(target, attr, &it.text, &it.place, found),
            load::Entry::Glob(paths, _) => {
                if matches!(attr.kind, AttrKind::File { .. } | AttrKind::Files { .. }) {
                    paths.iter().for_each(|path| found(Named::File(path)));
                }
            }
            load::Entry::When(_, entries) => in_entries(target, attr, entries, found),
        }
    }
}

fn in_items<'a>(
    target: &'a Target,
    attr: &'a Attr,
    items: &'a [Item],
    found: &mut dyn FnMut(Named<'a>),
) {
    for item in items {
        match item {
            Item::Template(template) => {
                if let Some(text) = plain(template) {
                    in_text(target, attr, text, &template.place, found);
                }
            }
            Item::When(_, items) | Item::Without(_, items) => {
                in_items(target, attr, items, found);
            }
        }
    }
}

fn in_text<'a>(
    target: &Target,
    attr: &Attr,
    text: &'a str,
    place: &'a Place,
    found: &mut dyn FnMut(Named<'a>),
) {
    use AttrKind::*;
    match &attr.kind {
        Target { .. } | Targets { .. } => found(Named::Label(text, place)),
        File { .. } | Files { .. } | Tool(_) | Tools(_) if Label::looks_like(text) => {
            found(Named::Label(text, place));
        }
        File { .. } | Files { .. } => found(Named::File(text)),
        _ => {
            let labels = paths_in_runfiles(target, attr, text).into_iter();
            labels.for_each(|label| found(Named::Label(label, place)));
        }
    }
}

/// The text of a template without mentions.
pub(super) fn plain(template: &Template) -> Option<&str> {
    match template.parts.as_slice() {
        [] => Some(""),
        [Part::Text(text)] => Some(text),
        _ => None,
    }
}
