//! Nodes of rule files → lists of templates, `when(..)` and `without(..)`, fields, environments.

use super::rule::{ActionEnv, Field, Item, Part, Template, Text};
use super::template::{IsTarget, Written};
use super::tree::{Arg, Args, Kind, Node};
use super::{condition, read};
use crate::base::{Problem, Problems};

/// A list of items; a single item is a list of one.
pub fn items(node: &Node, owner: &str, is_target: IsTarget, problems: &mut Problems) -> Vec<Item> {
    match &node.kind {
        Kind::List(nodes) => {
            nodes.iter().filter_map(|node| item(node, owner, is_target, problems)).collect()
        }
        _ => item(node, owner, is_target, problems).into_iter().collect(),
    }
}

fn item(node: &Node, owner: &str, is_target: IsTarget, problems: &mut Problems) -> Option<Item> {
    match &node.kind {
        Kind::String { text, plain } => {
            let written = Written { text, place: &node.place, plain: *plain };
            Some(Item::Template(written.template(is_target, problems)))
        }
        Kind::Call(name, args) if name.text == "when" => {
            let (conditions, kept) = condition::when(name, args, problems)?;
            Some(Item::When(conditions, items(kept, owner, is_target, problems)))
        }
        Kind::Call(name, args) if name.text == "without" => {
            let (dropped, kept) = without(name, args, problems)?;
            Some(Item::Without(dropped, items(kept, owner, is_target, problems)))
        }
        _ => {
            read::mismatch(node, owner, "strings, 'when(..)' and 'without(..)'", problems);
            None
        }
    }
}

/// The parts of `without("x", [..])`: the name of a list, and the node of what is taken from.
fn without<'a>(name: &Text, args: &'a Args, problems: &mut Problems) -> Option<(Text, &'a Node)> {
    let Args::Plain(nodes) = args else {
        let text = "'without' is written 'without(\"list\", [..])'";
        problems.push(Problem::at(&name.place, text));
        return None;
    };
    let [dropped, kept] = nodes.as_slice() else {
        let text = "'without' wants the name of a list and a list: 'without(\"list\", [..])'";
        problems.push(Problem::at(&name.place, text));
        return None;
    };
    Some((read::string(dropped, "without", problems)?, kept))
}

/// A single string with mentions.
pub fn template(
    node: &Node,
    owner: &str,
    is_target: IsTarget,
    problems: &mut Problems,
) -> Option<Template> {
    match &node.kind {
        Kind::String { text, plain } => {
            let written = Written { text, place: &node.place, plain: *plain };
            Some(written.template(is_target, problems))
        }
        _ => {
            read::mismatch(node, owner, "a string", problems);
            None
        }
    }
}

/// An item that is the text itself, such as the default of a number.
pub fn literal(node: &Node, text: String) -> Item {
    Item::Template(Template { place: node.place.clone(), parts: vec![Part::Text(text)] })
}

/// Names with lists.
pub fn fields(args: &[&Arg], is_target: IsTarget, problems: &mut Problems) -> Vec<Field> {
    let field = |arg: &&Arg| Field {
        name: arg.name.text.clone(),
        place: arg.name.place.clone(),
        items: items(&arg.value, &arg.name.text, is_target, problems),
    };
    args.iter().map(field).collect()
}

/// `(NAME: "value")`, `{"NAME": "value"}` or a list of words `NAME=value`.
pub fn environment(node: &Node, is_target: IsTarget, problems: &mut Problems) -> ActionEnv {
    match &node.kind {
        Kind::Struct(args) => {
            let args: Vec<&Arg> = args.iter().collect();
            ActionEnv::Named(fields(&args, is_target, problems))
        }
        Kind::Map(pairs) => {
            let field = |(key, value): &(Node, Node)| {
                let name = read::string(key, "env", problems)?;
                let items = items(value, &name.text, is_target, problems);
                Some(Field { name: name.text, place: name.place, items })
            };
            ActionEnv::Named(pairs.iter().filter_map(field).collect())
        }
        _ => ActionEnv::Words(items(node, "env", is_target, problems)),
    }
}
