//! Whether the actions and vars of a rule need each other in a circle.

use super::check_names::output;
use super::rule::{ActionRule, Field, Item, Rule, Template};
use super::walk;
use crate::base::{Place, Problem, Problems};

/// A var or an action, by number.
struct Step<'a> {
    name: &'a str,
    place: &'a Place,
    needs: Vec<usize>,
}

/// Complains about one circle, if there is any.
pub fn check(rule: &Rule, problems: &mut Problems) {
    let steps = steps(rule);
    // Whatever needs nothing unfinished is finished; what is left after that lies on circles or
    // needs one.
    let mut open: Vec<bool> = vec![true; steps.len()];
    loop {
        let ready = |at: &usize| open[*at] && !steps[*at].needs.iter().any(|need| open[*need]);
        let Some(done) = (0..steps.len()).find(ready) else { break };
        open[done] = false;
    }
    let Some(mut at) = open.iter().position(|open| *open) else { return };
    let mut path: Vec<usize> = Vec::new();
    while !path.contains(&at) {
        path.push(at);
        match steps[at].needs.iter().find(|need| open[**need]) {
            Some(need) => at = *need,
            None => return,
        }
    }
    let circle = path.split_off(path.iter().position(|it| *it == at).unwrap_or(0));
    let names: Vec<String> = circle.iter().map(|it| format!("'{}'", steps[*it].name)).collect();
    let text = match names.as_slice() {
        [only] => format!("{only} needs itself"),
        [first, ..] => format!("{} needs {first}: a circle", names.join(" needs ")),
        [] => return,
    };
    let mut problem = Problem::at(steps[circle[0]].place, text);
    for it in &circle[1..] {
        problem = problem.also(steps[*it].place, format!("'{}'", steps[*it].name));
    }
    problems.push(problem);
}

fn steps(rule: &Rule) -> Vec<Step<'_>> {
    let number = |name: &str| {
        if rule.attr(name).is_some() {
            return None;
        }
        if let Some(at) = rule.vars.iter().position(|var| var.name == name) {
            return Some(at);
        }
        let made_by = output(rule, name)?;
        let at = rule.actions.iter().position(|action| action.name == made_by.name)?;
        Some(rule.vars.len() + at)
    };
    let vars = rule.vars.iter().map(|Field { name, place, items }| {
        let mut needs = Vec::new();
        names_in(items, &mut |name| needs.extend(number(name)));
        Step { name, place, needs }
    });
    let actions = rule.actions.iter().map(|action| {
        let mut needs = Vec::new();
        names_of_action(action, &mut |name| {
            // Its own outputs are only paths to itself.
            let own = action.outs.iter().any(|out| out.name == name);
            needs.extend(number(name).filter(|_| !own));
        });
        Step { name: &action.name, place: &action.place, needs }
    });
    vars.chain(actions).collect()
}

fn names_in(items: &[Item], visit: &mut dyn FnMut(&str)) {
    walk::templates(items, &mut |it| names_of(it, visit));
    walk::conditions(items, &mut |condition| visit(&condition.name));
    walk::left_out(items, &mut |list| visit(&list.text));
}

fn names_of(template: &Template, visit: &mut dyn FnMut(&str)) {
    walk::mentions(template).for_each(|mention| visit(&mention.name));
}

fn names_of_action(action: &ActionRule, visit: &mut dyn FnMut(&str)) {
    for list in walk::lists(action) {
        names_in(list, visit);
    }
    action.outs.iter().for_each(|out| names_in(&out.items, visit));
    walk::singles(action).for_each(|it| names_of(it, visit));
    let params = action.params.iter().map(|params| &params.word);
    action.depfile.iter().chain(params).for_each(|it| names_of(it, visit));
    action.when.iter().for_each(|condition| visit(&condition.name));
    if let Some(each) = &action.each {
        visit(&each.text);
    }
}
