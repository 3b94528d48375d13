//! Visits the templates, mentions and conditions of rules. Knows nothing of what they mean.

use super::rule::{
    ActionEnv, ActionRule, Condition, Does, Item, Mention, Part, Rule, Template, Text,
};

/// All templates in some items, those inside `when(..)` and `without(..)` too.
pub fn templates<'a>(items: &'a [Item], visit: &mut dyn FnMut(&'a Template)) {
    for item in items {
        match item {
            Item::Template(template) => visit(template),
            Item::When(_, kept) | Item::Without(_, kept) => templates(kept, visit),
        }
    }
}

/// All conditions in some items.
pub fn conditions<'a>(items: &'a [Item], visit: &mut dyn FnMut(&'a Condition)) {
    for item in items {
        match item {
            Item::Template(_) => {}
            Item::When(all, kept) => {
                all.iter().for_each(&mut *visit);
                conditions(kept, visit);
            }
            Item::Without(_, kept) => conditions(kept, visit),
        }
    }
}

/// The lists whose words some items leave out.
pub fn left_out<'a>(items: &'a [Item], visit: &mut dyn FnMut(&'a Text)) {
    for item in items {
        match item {
            Item::Template(_) => {}
            Item::When(_, kept) => left_out(kept, visit),
            Item::Without(list, kept) => {
                visit(list);
                left_out(kept, visit);
            }
        }
    }
}

/// All mentions of a template.
pub fn mentions(template: &Template) -> impl Iterator<Item = &Mention> {
    template.parts.iter().filter_map(|part| match part {
        Part::Mention(mention) => Some(mention),
        Part::Text(_) => None,
    })
}

/// True if the template mentions the name.
pub fn mentions_name(template: &Template, name: &str) -> bool {
    mentions(template).any(|mention| mention.name == name)
}

/// The lists of an environment.
pub fn environment(env: &ActionEnv) -> Vec<&[Item]> {
    match env {
        ActionEnv::Named(fields) => fields.iter().map(|field| field.items.as_slice()).collect(),
        ActionEnv::Words(items) => vec![items.as_slice()],
    }
}

/// The lists that an action passes to its process or writes.
pub fn command(action: &ActionRule) -> Vec<&[Item]> {
    let mut lists = match &action.does {
        Does::Run { words, .. } => vec![words.as_slice()],
        Does::Write(lines) => vec![lines.as_slice()],
    };
    lists.extend(environment(&action.env));
    lists
}

/// All lists about tests, and about what programs have executed.
pub fn tests(rule: &Rule) -> Vec<&[Item]> {
    let mut lists: Vec<&[Item]> =
        rule.coverage.iter().flat_map(|it| [&*it.report, &*it.inputs]).collect();
    if let Some(test) = &rule.test {
        lists.extend(environment(&test.env));
        lists.extend([&*test.programs, &*test.names]);
    }
    lists
}

/// All lists of an action but its outputs.
pub fn lists(action: &ActionRule) -> Vec<&[Item]> {
    let mut lists = command(action);
    lists.extend([&*action.inputs, &*action.sources, &*action.narrow]);
    lists
}

/// The templates of an action that stand in no list, except its depfile.
pub fn singles(action: &ActionRule) -> impl Iterator<Item = &Template> {
    let script = match &action.does {
        Does::Run { script, .. } => script.as_ref(),
        Does::Write(_) => None,
    };
    [script, action.say.as_ref()].into_iter().flatten()
}
