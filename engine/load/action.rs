//! `actions`, `test` and `variants` of a rule.

use super::rule::{ActionEnv, ActionRule, Does, Params, Part, Template, TestRule, Variant};
use super::template::IsTarget;
use super::tree::{Arg, Args, Kind, Node};
use super::{condition, item, read};
use crate::base::{Problem, Problems};

const FIELDS: [&str; 14] = [
    "each", "when", "run", "write", "script", "env", "inputs", "sources", "outs", "depfile",
    "narrow", "stdout", "params", "say",
];

/// Reads one action.
pub fn action(arg: &Arg, is_target: IsTarget, problems: &mut Problems) -> Option<ActionRule> {
    let name = &arg.name;
    let args = match &arg.value.kind {
        Kind::Struct(args) => args,
        _ => {
            read::mismatch(
                &arg.value,
                &name.text,
                "an action: '(run: [..], outs: (..))'",
                problems,
            );
            return None;
        }
    };
    read::only(args, &name.text, &FIELDS, problems);
    let field = |field: &str| read::field(args, field);
    let script =
        field("script").and_then(|node| item::template(node, "script", is_target, problems));
    let does = match (field("run"), field("write")) {
        (Some(run), None) => {
            Some(Does::Run { words: item::items(run, "run", is_target, problems), script })
        }
        (None, Some(write)) => {
            if let Some(script) = &script {
                let text = "a 'script' belongs to a 'run', not to a 'write'";
                problems.push(Problem::at(&script.place, text));
            }
            Some(Does::Write(item::items(write, "write", is_target, problems)))
        }
        (Some(_), Some(write)) => {
            let text =
                format!("'{}' has both 'run' and 'write'; an action has one of them", name.text);
            problems.push(Problem::at(&write.place, text));
            None
        }
        (None, None) => {
            let text =
                format!("'{}' does nothing; 'run: [..]' or 'write: [..]' was expected", name.text);
            problems.push(Problem::at(&name.place, text));
            None
        }
    };
    let outs = match field("outs") {
        Some(node) => {
            let outs: Vec<&Arg> = read::named(node, "outs", problems).iter().collect();
            item::fields(&outs, is_target, problems)
        }
        None => {
            let text =
                format!("'{}' makes nothing; 'outs: (name: \"path\")' was expected", name.text);
            problems.push(Problem::at(&name.place, text));
            Vec::new()
        }
    };
    let mut template = |wanted: &str| {
        field(wanted).and_then(|node| item::template(node, wanted, is_target, problems))
    };
    let (depfile, say) = (template("depfile"), template("say"));
    let list = |wanted: &str, problems: &mut Problems| {
        field(wanted).map_or(Vec::new(), |node| item::items(node, wanted, is_target, problems))
    };
    Some(ActionRule {
        name: name.text.clone(),
        place: name.place.clone(),
        when: field("when")
            .map_or(Vec::new(), |node| condition::conditions(node, "when", problems)),
        each: field("each").and_then(|node| read::string(node, "each", problems)),
        does: does?,
        env: environment(field("env"), is_target, problems),
        inputs: list("inputs", problems),
        sources: list("sources", problems),
        outs,
        depfile,
        narrow: list("narrow", problems),
        stdout: field("stdout").and_then(|node| read::string(node, "stdout", problems)),
        params: field("params").and_then(|node| params(node, is_target, problems)),
        say,
    })
}

/// `"@{file}"` or `escaped("@{file}")`.
fn params(node: &Node, is_target: IsTarget, problems: &mut Problems) -> Option<Params> {
    let (word, escaped) = match &node.kind {
        Kind::Call(name, Args::Plain(nodes)) if name.text == "escaped" && nodes.len() == 1 => {
            (&nodes[0], true)
        }
        Kind::Call(..) => {
            read::mismatch(node, "params", "\"@{file}\" or 'escaped(\"@{file}\")'", problems);
            return None;
        }
        _ => (node, false),
    };
    Some(Params { word: item::template(word, "params", is_target, problems)?, escaped })
}

fn environment(node: Option<&Node>, is_target: IsTarget, problems: &mut Problems) -> ActionEnv {
    match node {
        Some(node) => item::environment(node, is_target, problems),
        None => ActionEnv::Named(Vec::new()),
    }
}

/// Reads `test: (program: ..)` or `test: (programs: [..])`. Without `protocol` the attribute of that name decides, or the exit
/// status if there is none.
pub fn test(
    node: &Node,
    has_protocol: bool,
    is_target: IsTarget,
    problems: &mut Problems,
) -> Option<TestRule> {
    let args = read::named(node, "test", problems);
    read::only(args, "test", &["protocol", "program", "programs", "names", "env"], problems);
    let protocol = match read::field(args, "protocol") {
        Some(node) => item::template(node, "protocol", is_target, problems)?,
        None if has_protocol => {
            let written =
                super::template::Written { text: "{protocol}", place: &node.place, plain: false };
            written.template(is_target, problems)
        }
        None => Template { place: node.place.clone(), parts: vec![Part::Text("exit".into())] },
    };
    let items = |name: &str, problems: &mut Problems| match read::field(args, name) {
        Some(node) => item::items(node, name, is_target, problems),
        None => Vec::new(),
    };
    let programs = items("programs", problems);
    let program = match (read::field(args, "program"), read::field(args, "programs")) {
        (Some(program), None) => Some(item::template(program, "program", is_target, problems)?),
        (None, Some(_)) => None,
        (Some(_), Some(programs)) => {
            let text = "'program' is one program with its arguments, 'programs' are several without; only one of them can hold";
            problems.push(Problem::at(&programs.place, text));
            return None;
        }
        (None, None) => {
            if matches!(node.kind, Kind::Struct(_)) {
                read::missing(&node.place, "test", "program", problems);
            }
            return None;
        }
    };
    Some(TestRule {
        protocol,
        program,
        programs,
        names: items("names", problems),
        env: environment(read::field(args, "env"), is_target, problems),
    })
}

/// Reads `variants: [(name: "merged", when: ["merge"]), (name: "split")]`.
pub fn variants(node: &Node, problems: &mut Problems) -> Vec<Variant> {
    let Kind::List(nodes) = &node.kind else {
        read::mismatch(node, "variants", "a list: '[(name: \"..\", when: [..]), ..]'", problems);
        return Vec::new();
    };
    let variant = |node: &Node| {
        let args = read::named(node, "variants", problems);
        read::only(args, "variants", &["name", "when"], problems);
        let Some(name) = read::field(args, "name") else {
            if matches!(node.kind, Kind::Struct(_)) {
                read::missing(&node.place, "variants", "name", problems);
            }
            return None;
        };
        let name = read::declared_name(name, "name", problems)?;
        let when = read::field(args, "when")
            .map_or(Vec::new(), |node| condition::conditions(node, "when", problems));
        Some(Variant { name: name.text, place: name.place, when })
    };
    nodes.iter().filter_map(variant).collect()
}
