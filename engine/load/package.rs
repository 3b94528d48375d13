//! `BUILD.ron` → targets, checked against what their rules take.

use super::build_file::BuildFile;
use super::check_names::near_or_all;
use super::glob::Globs;
use super::rule::Rules;
use super::target::Attrs;
use super::tree::{Kind, Node};
use super::value::Reader;
use super::visible::Visible;
use super::{Package, Target, read};
use crate::base::{PackageName, Place, Problem, Problems, Repo, check_package};
use std::collections::HashMap;
use std::sync::Arc;

/// What packages are read with.
pub struct Context<'a> {
    /// All rules.
    pub rules: &'a Rules,
    /// Modes that `when(..)` may name.
    pub modes: &'a [String],
    /// Patterns of files.
    pub globs: &'a Globs,
}

/// A `BUILD.ron` that was found.
pub struct Found {
    /// The package.
    pub name: PackageName,
    /// Its entries, or what keeps it from being read.
    pub build: BuildFile,
    /// Files of the package, sorted, relative to it.
    pub files: Vec<String>,
    /// Their contents, for packages of `@eng`.
    pub builtin: HashMap<String, &'static [u8]>,
}

/// Reads the targets of a package. What is wrong is collected in it.
pub fn package(found: Found, context: &Context) -> Package {
    let Found { name, build, files, builtin } = found;
    let mut package = Package {
        name,
        targets: Vec::new(),
        index: HashMap::new(),
        files,
        builtin,
        problems: Problems::default(),
    };
    if let (Repo::Main, Err(why)) = (package.name.repo, check_package(&package.name.path)) {
        let text = format!("this folder cannot be a package: its path {why}");
        package.problems.push(Problem::at(&build.place(), text));
        return package;
    }
    let nodes = match build.nodes() {
        Ok(nodes) => nodes,
        Err(problems) => {
            package.problems = problems;
            return package;
        }
    };
    let mut problems = Problems::default();
    let mut names: HashMap<Arc<str>, &Place> = HashMap::with_capacity(nodes.len());
    for node in &nodes {
        let Some((target, name)) = target(node, &package, context, &mut problems) else { continue };
        if let Some(first) = names.get(&*target.label.name) {
            let text = format!("there are two targets '{}' in {}", target.label.name, package.name);
            problems.push(Problem::at(name, text).also(first, "the first one"));
            continue;
        }
        names.insert(target.label.name.clone(), name);
        package.index.insert(target.label.name.clone(), package.targets.len());
        package.targets.push(Arc::new(target));
    }
    package.targets.shrink_to_fit();
    package.problems = problems;
    package
}

/// A target, and the place of its name.
fn target<'a>(
    node: &'a Node,
    package: &Package,
    context: &Context,
    problems: &mut Problems,
) -> Option<(Target, &'a Place)> {
    let Kind::Call(call, args) = &node.kind else {
        let text =
            format!("a target was expected: 'rule(name: \"..\", ..)', found {}", read::found(node));
        problems.push(Problem::at(&node.place, text));
        return None;
    };
    if call.text == "workspace" {
        // The root's own is read before; `workspace.rs` says what is wrong with it.
        return None;
    }
    if let "glob" | "when" = call.text.as_str() {
        let text = format!("'{}(..)' stands in lists of a target, not among targets", call.text);
        problems.push(Problem::at(&call.place, text));
        return None;
    }
    let Some(rule) = context.rules.rules.get(&call.text) else {
        let known: Vec<&str> = context.rules.rules.keys().map(String::as_str).collect();
        let text = format!(
            "there is no rule '{}'{}",
            call.text,
            near_or_all(&call.text, &known, "rules are")
        );
        problems.push(Problem::at(&call.place, text));
        return None;
    };
    let args = read::arguments(call, args, problems)?;
    let mut reader = Reader { rule, package, context, problems };
    let name = reader.name(call, args);
    let mut attrs = Vec::with_capacity(args.len());
    let (mut tags, mut visible_to, mut doc) = (Vec::new(), None, None);
    for arg in args {
        match arg.name.text.as_str() {
            "name" => {}
            "tags" => tags = read::words(&arg.value, "tags", reader.problems),
            "visible_to" => {
                let texts = read::strings(&arg.value, "visible_to", reader.problems);
                let home = &package.name;
                let place = &arg.value.place;
                let visible = Visible::read(place, &texts, home, reader.problems);
                visible_to = Some(Box::new(visible));
            }
            "doc" => doc = read::string(&arg.value, "doc", reader.problems).map(|it| it.text),
            name => match rule.attrs.iter().zip(0..).find(|(attr, _)| attr.name == name) {
                Some((attr, at)) => {
                    let value = reader.value(attr, &arg.value);
                    attrs.extend(value.map(|value| (at, value)));
                }
                None => reader.unknown(arg),
            },
        }
    }
    for attr in &rule.attrs {
        let given = args.iter().any(|arg| arg.name.text == attr.name);
        if !given && attr.default.is_none() && !attr.kind.is_list() {
            reader.missing(call, args, attr);
        }
    }
    let label = package.name.label(&name?);
    let place = call.place.clone();
    let name_place = read::field(args, "name").map_or(&call.place, |name| &name.place);
    let attrs = Attrs::new(rule, attrs);
    let (rule, tags, doc) = (rule.clone(), tags.into(), doc.map(Into::into));
    Some((Target { label, place, rule, attrs, tags, visible_to, doc }, name_place))
}

#[cfg(test)]
mod tests {
    use super::super::sample::{told, workspace};
    use super::super::{Entry, Value};
    use super::*;

    const RULES: &str = r#"[
    protocol(name: "exit", run: ["{program}"]),
    rule(
        name: "lib",
        attrs: (
            srcs: files(), main: file(default: "{name}.c"), deps: targets(), kind: string(one_of: ["fast", "small"], default: "fast"),
            cmd: string(), opts: strings(), static: bool(default: true), level: int(default: 1), env: map(), tool: tool(default: "sh"),
        ),
    ),
    rule(name: "check", attrs: (prog: file()), test: (program: "{prog}")),
]"#;

    fn wrong(text: &str) -> Vec<String> {
        let workspace = workspace(RULES, &[("p", text, &["a.c", "a_test.c", "b.c"])]);
        told(&workspace.packages[&PackageName::main("p")].problems)
    }

    #[test]
    fn values_keep_their_form_and_place() {
        let text = r#"[lib(name: "x", cmd: "c", srcs: ["z.c", glob(["*.c", "!*_test.c"]), when("!release", "y.c")], tags: "t", static: false, level: 3, env: {"A": "b"})]"#;
        let workspace = workspace(RULES, &[("p", text, &["a.c", "a_test.c", "b.c"])]);
        let package = &workspace.packages[&PackageName::main("p")];
        assert!(package.problems.is_empty(), "{}", package.problems);
        let target = package.target("x").unwrap();
        let Some(Value::List(srcs)) = target.attrs.get("srcs") else { panic!() };
        assert!(
            matches!(&srcs[0], Entry::Text(text) if text.text == "z.c" && text.place.column() == 34)
        );
        assert!(matches!(&srcs[1], Entry::Glob(found, _) if found == &["a.c", "b.c"]));
        assert!(
            matches!(&srcs[2], Entry::When(conditions, kept) if conditions[0].negated && kept.len() == 1)
        );
        assert!(matches!(target.attrs.get("static"), Some(Value::Bool(false))));
        assert!(matches!(target.attrs.get("level"), Some(Value::Int(3))));
        assert_eq!(*target.tags, ["t"]);
    }

    #[test]
    fn all_that_is_wrong_with_a_target_is_told_at_once() {
        let found = wrong(
            r#"[lib(name: "x", srsc: ["a.c"], kind: "fats", static: "yes", opts: [1], deps: glob(["*"]), main: ["a.c"])]"#,
        );
        assert_eq!(
            found,
            [
                "1:2: lib wants 'cmd', a string, which is missing",
                "1:17: lib has no attribute 'srsc'; did you mean 'srcs'?",
                "1:38: 'kind' is one of fast and small, found 'fats'; did you mean 'fast'?",
                "1:54: 'static' wants true or false, found a string",
                "1:68: 'opts' wants strings, found a number",
                "1:78: 'deps' wants a list of labels; a glob finds files",
                "1:97: 'main' wants one file: a path or a label; write it without '[' and ']'",
            ]
        );
    }

    #[test]
    fn targets_need_a_rule_and_a_name_of_their_own() {
        assert_eq!(
            wrong("[lbi(name: \"x\")]"),
            ["1:2: there is no rule 'lbi'; did you mean 'lib'?"]
        );
        assert_eq!(
            wrong(
                "[check(prog: \"a.c\"), check(name: \"a b\", prog: \"a.c\"), check(name: \"c\", prog: \"a.c\", timeout: \"soon\")]"
            ),
            [
                "1:2: this check has no name; 'name: \"..\"' was expected",
                "1:34: the name 'a b' contains ' '; a target's name is made of letters, digits and _-.+=,@~/",
                "1:94: 'timeout' wants a length of time such as \"30s\", \"1.5s\" or \"2m\", found 'soon'",
            ]
        );
        let twice = wrong("[check(name: \"x\", prog: \"a.c\"), check(name: \"x\", prog: \"a.c\")]");
        assert_eq!(twice, ["1:45: there are two targets 'x' in //p"]);
    }
}
