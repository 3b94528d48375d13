//! What can be wrong with a rule before any target uses it: the parts that do not fit together.

use super::check_names::{EVERYWHERE, IN_ACTIONS, Names, near_or_all};
use super::rule::{ActionRule, AttrKind, Does, Part, Rule, Rules, Template};
use super::{check_cycles, walk};
use crate::base::{Place, Problem, Problems, listing, nearest};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// The fields of each group, and a rule that has them; over all rules.
pub type Groups<'a> = BTreeMap<&'a str, BTreeMap<&'a str, &'a Rule>>;

/// Checks all rules but the `broken` ones. Whatever is wrong in a base is told once.
pub fn check(rules: &Rules, broken: &BTreeSet<String>, modes: &[String], problems: &mut Problems) {
    let mut groups = Groups::new();
    for rule in rules.rules.values() {
        for group in &rule.groups {
            let fields = groups.entry(&group.name).or_default();
            for field in &group.fields {
                fields.entry(&field.name).or_insert(rule);
            }
        }
    }
    let mut found = Problems::default();
    for rule in rules.rules.values().filter(|rule| !broken.contains(&rule.name)) {
        declared_once(rule, &mut found);
        Names { rule, modes, groups: &groups }.check(&mut found);
        protocol(rule, rules, &mut found);
        same_fields(rule, &groups, &mut found);
        check_cycles::check(rule, &mut found);
        outputs_are_mentioned(rule, &mut found);
        rule.actions.iter().for_each(|it| action(it, &mut found));
    }
    // The lists of names behind the semicolon differ between the rules that share a base.
    let mut told = BTreeSet::new();
    for problem in found {
        let head = problem.text.split(';').next().unwrap_or("").to_string();
        let place = problem.place.as_ref().map(|place| {
            let (file, at) = place.order();
            (file.to_string(), at)
        });
        if told.insert((place, head)) {
            problems.push(problem);
        }
    }
}

/// Attributes, vars and outputs share their names, and none of them hides one of the engine's.
fn declared_once(rule: &Rule, problems: &mut Problems) {
    let attrs = rule.attrs.iter().map(|attr| (&attr.name, &attr.place, "an attribute"));
    let vars = rule.vars.iter().map(|var| (&var.name, &var.place, "a var"));
    let outs = rule.actions.iter().flat_map(|action| &action.outs);
    let outs = outs.map(|out| (&out.name, &out.place, "an output"));
    let mut first: HashMap<&str, (&Place, &str)> = HashMap::new();
    for (name, place, what) in attrs.chain(vars).chain(outs) {
        // `{file}` is the engine's in `params` only.
        if EVERYWHERE.contains(&name.as_str())
            || (IN_ACTIONS.contains(&name.as_str()) && name != "file")
        {
            let text = format!("'{{{name}}}' has a meaning of its own; {what} needs another name");
            problems.push(Problem::at(place, text));
        }
        match first.get(name.as_str()) {
            Some((other, kind)) => {
                let text = format!(
                    "'{name}' is {what} here, but also {kind}; '{{{name}}}' would be ambiguous"
                );
                problems.push(Problem::at(place, text).also(other, format!("{kind} here")));
            }
            None => {
                first.insert(name, (place, what));
            }
        }
    }
    let mut variants: HashMap<&str, &Place> = HashMap::new();
    for variant in &rule.variants {
        if let Some(other) = variants.insert(&variant.name, &variant.place) {
            let text = format!("the variant '{}' is declared twice", variant.name);
            problems.push(Problem::at(&variant.place, text).also(other, "first here"));
        }
    }
}

fn protocol(rule: &Rule, rules: &Rules, problems: &mut Problems) {
    let Some(test) = &rule.test else { return };
    let mut known = |name: &str, place: &Place| {
        if !rules.protocols.contains_key(name) {
            let all: Vec<&str> = rules.protocols.keys().map(String::as_str).collect();
            let text =
                format!("there is no protocol '{name}'{}", near_or_all(name, &all, "there are"));
            problems.push(Problem::at(place, text));
        }
    };
    if let [Part::Text(name)] = test.protocol.parts.as_slice() {
        known(name, &test.protocol.place);
    }
    let Some(attr) = rule.attr("protocol") else { return };
    match &attr.kind {
        AttrKind::String { one_of } if !one_of.is_empty() => {
            one_of.iter().for_each(|name| known(name, &attr.place));
        }
        _ => {
            let text = "'protocol' of a test lists those it knows: 'string(one_of: [..], default: \"..\")'";
            problems.push(Problem::at(&attr.place, text));
        }
    }
}

/// Dependents find a field in whatever rule provides its group.
fn same_fields(rule: &Rule, groups: &Groups, problems: &mut Problems) {
    for group in &rule.groups {
        let Some(all) = groups.get(group.name.as_str()) else { continue };
        let has = |field: &str| group.fields.iter().any(|own| own.name == field);
        let lacking: Vec<_> = all.iter().filter(|(field, _)| !has(field)).collect();
        let Some((_, other)) = lacking.first() else { continue };
        let text = format!(
            "'{}' of '{}' lacks {}, which '{}' has; all rules that provide a group give it the same fields",
            group.name,
            rule.name,
            listing(lacking.iter().map(|(field, _)| **field), 9),
            other.name
        );
        let mut problem = Problem::at(&group.place, text);
        if let Some(there) = other.groups.iter().find(|it| it.name == group.name) {
            problem = problem.also(&there.place, format!("'{}' of '{}'", group.name, other.name));
        }
        problems.push(problem);
    }
}

fn outputs_are_mentioned(rule: &Rule, problems: &mut Problems) {
    let mut mentioned = BTreeSet::new();
    let mut visit = |template: &Template| {
        mentioned.extend(walk::mentions(template).map(|mention| mention.name.clone()));
    };
    for action in &rule.actions {
        for list in walk::lists(action) {
            walk::templates(list, &mut visit);
        }
        action.outs.iter().for_each(|out| walk::templates(&out.items, &mut visit));
        walk::singles(action).for_each(&mut visit);
    }
    for field in rule.vars.iter().chain(rule.groups.iter().flat_map(|group| &group.fields)) {
        walk::templates(&field.items, &mut visit);
    }
    for list in [&rule.files, &rule.run, &rule.data, &rule.beside] {
        walk::templates(list, &mut visit);
    }
    walk::tests(rule).into_iter().for_each(|it| walk::templates(it, &mut visit));
    rule.test.iter().filter_map(|test| test.program.as_ref()).for_each(&mut visit);
    mentioned.extend(rule.actions.iter().filter_map(|it| Some(it.each.as_ref()?.text.clone())));
    for out in rule.actions.iter().flat_map(|action| &action.outs) {
        if !mentioned.contains(&out.name) {
            let text = format!("nobody mentions the output '{}', and it is not provided", out.name);
            problems.push(Problem::at(&out.place, text));
        }
    }
}

fn action(action: &ActionRule, problems: &mut Problems) {
    let name = &action.name;
    let mut wrong = |place: &Place, text: String| problems.push(Problem::at(place, text));
    let mut depfile_seen = walk::singles(action).any(|it| walk::mentions_name(it, "depfile"));
    for list in walk::command(action) {
        walk::templates(list, &mut |it| depfile_seen |= walk::mentions_name(it, "depfile"));
    }
    match (&action.depfile, depfile_seen) {
        (Some(depfile), false) => wrong(
            &depfile.place,
            format!("the command of '{name}' does not mention '{{depfile}}', so nothing writes it"),
        ),
        (None, true) => {
            wrong(
                &action.place,
                format!("'{name}' mentions '{{depfile}}', but has no 'depfile: \"path\"'"),
            );
        }
        _ => {}
    }
    let mut narrow = None;
    walk::templates(&action.narrow, &mut |ending| narrow = narrow.or(Some(&ending.place)));
    if let (None, Some(place)) = (&action.depfile, narrow) {
        let text = format!(
            "'{name}' narrows its inputs to those that were read, but has no 'depfile: \"path\"' that says which"
        );
        wrong(place, text);
    }
    if let Some(params) = &action.params
        && !walk::mentions_name(&params.word, "file")
    {
        let text = "'params' says how the command takes a file of arguments, such as \"@{file}\", but '{file}' is missing";
        wrong(&params.word.place, text.to_string());
    }
    if let Some(stdout) = &action.stdout
        && !action.outs.iter().any(|out| out.name == stdout.text)
    {
        let near = nearest(&stdout.text, action.outs.iter().map(|out| out.name.as_str()));
        wrong(&stdout.place, format!("'{name}' has no output '{}'{near}", stdout.text));
    }
    match &action.does {
        Does::Write(_) if action.outs.len() > 1 => {
            let text = format!("'{name}' writes one file, but has {} outputs", action.outs.len());
            wrong(&action.outs[1].place, text);
        }
        Does::Run { words, .. } if words.is_empty() => {
            wrong(
                &action.place,
                format!("the command of '{name}' is empty; a program was expected"),
            );
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::{rules, told};

    const C: &str = r##"[
    protocol(name: "exit", run: ["{program}", "{args}"], skip: 77),
    rule(
        name: "c_toolchain",
        attrs: (cc: tool(), ar: tool(version: ["-v"]), flags: strings()),
        provides: (c_tools: (cc: ["{cc}"], ar: ["{ar}"], flags: ["{flags}"])),
    ),
    base(
        name: "c_objects",
        attrs: (
            srcs: files(ext: [".c"]),
            hdrs: files(ext: [".h"]),
            deps: targets(provides: "c"),
            copts: strings(),
            toolchain: target(provides: "c_tools", default: "//toolchains:c"),
        ),
        actions: (
            compile: (
                each: "sources",
                run: [
                    "{toolchain.cc}", "{toolchain.flags}", "{copts}", when("release", ["-O2"]),
                    "-MMD", "-MF", "{depfile}", "-c", "{it}", "-o", "{object}",
                ],
                inputs: ["{hdrs}", "{deps.headers}"],
                outs: (object: "{it.stem}.o"),
                depfile: "{it.stem}.d",
            ),
        ),
    ),
    rule(
        name: "c_library",
        base: "c_objects",
        vars: (sources: "{srcs}"),
        actions: (
            archive: (run: ["{toolchain.ar}", "rcsD", "{archive}", "{object}"], outs: (archive: "lib{name}.a")),
        ),
        provides: (
            c: (headers: ["{hdrs}", "{deps.headers}"], archives: ["{archive}", "{deps.archives}"]),
            files: ["{archive}"],
        ),
    ),
    rule(
        name: "c_test",
        base: "c_objects",
        attrs: (protocol: string(one_of: ["exit"], default: "exit"), merge: bool(default: true)),
        variants: [(name: "merged", when: ["merge", "protocol=exit"]), (name: "split")],
        actions: (
            unit: (
                when: "merged",
                write: ["#include \"{srcs}\""],
                inputs: ["{srcs}"],
                outs: (unit: "_obj/{name}/unit.c"),
            ),
            link: (
                run: ["{toolchain.cc}", "-o", "{program}", "{object}", "{deps.archives}"],
                outs: (program: "{name}"),
            ),
        ),
        vars: (sources: [when("merged", ["{unit}"]), when("!merged", ["{srcs}"])]),
        provides: (files: ["{program}"], run: ["{program}"]),
        test: (protocol: "{protocol}", program: "{program}"),
    ),
]"##;

    #[test]
    fn good_rules_have_no_problems_and_bases_stand_first() {
        let (rules, problems) = rules(C);
        assert!(problems.is_empty(), "{problems}");
        let test = &rules.rules["c_test"];
        let attrs: Vec<&str> = test.attrs.iter().map(|attr| attr.name.as_str()).collect();
        assert_eq!(attrs[..7], ["srcs", "hdrs", "deps", "copts", "toolchain", "protocol", "merge"]);
        assert!(attrs.contains(&"timeout"));
        let actions: Vec<&str> = test.actions.iter().map(|action| action.name.as_str()).collect();
        assert_eq!(actions, ["compile", "unit", "link"]);
    }

    /// What is told when one piece of the good rules is another.
    fn with(old: &str, new: &str) -> Vec<String> {
        assert!(C.contains(old), "{old}");
        told(&rules(&C.replace(old, new)).1)
    }

    #[test]
    fn names_that_nobody_declares_are_told_once_with_the_nearest() {
        let found = with("\"{copts}\"", "\"{coptz}\"");
        assert_eq!(found, ["21:61: nothing here is called 'coptz'; did you mean 'copts'?"]);
        assert_eq!(
            with(
                "{deps.headers}\"],\n                outs",
                "{deps.haeders}\"],\n                outs"
            ),
            ["24:37: 'c' has no field 'haeders'; did you mean 'headers'?"]
        );
        assert_eq!(
            with("when(\"release\"", "when(\"relaese\""),
            ["21:76: there is no mode or attribute 'relaese'; did you mean 'release'?"]
        );
    }

    #[test]
    fn parts_that_do_not_fit_together_are_told() {
        let one = |old: &str, new: &str, wanted: &str| {
            let found = with(old, new);
            assert!(found.iter().any(|it| it.contains(wanted)), "{wanted}: {found:#?}");
        };
        one(
            "each: \"sources\"",
            "each: \"name\"",
            "'each' wants the name of a list, but 'name' is no list",
        );
        one("\"{depfile}\", ", "", "does not mention '{depfile}', so nothing writes it");
        one("depfile: \"{it.stem}.d\",", "", "mentions '{depfile}', but has no 'depfile");
        one(
            "inputs: [\"{srcs}\"]",
            "inputs: [\"{srcs}{hdrs}\"]",
            "mentions at most one list, but 'srcs' and 'hdrs'",
        );
        one("\"{object}\"], outs", "\"{deps}\"], outs", "'deps' stands for targets; say which");
        one("archives: [\"{archive}\", ", "other: [\"{archive}\", ", "'c' has no field 'archives'");
        one(
            "files: [\"{archive}\"]",
            "files: [\"{it}\"]",
            "'{it}' is known in actions with 'each' only",
        );
        one(
            "provides: \"c\")",
            "provides: \"cx\")",
            "no rule provides 'cx', which 'deps' asks for",
        );
        one("one_of: [\"exit\"]", "one_of: [\"exit\", \"tap\"]", "there is no protocol 'tap'");
        one(
            "write: [",
            "write: [\"{program}\", ",
            "'sources' needs 'unit' needs 'link' needs 'compile' needs 'sources': a circle",
        );
    }
}
