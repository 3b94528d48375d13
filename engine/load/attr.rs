//! `attrs: (..)` of a rule → attributes, with those that every test has.

use super::item;
use super::read;
use super::rule::{Attr, AttrKind, Item, Part, Template, ToolFind, ToolSpec};
use super::template::IsTarget;
use super::tree::{Arg, Args, Kind, Node};
use crate::base::{Place, Problem, Problems, TEST_SIZES, listing, nearest};

/// The kinds of attributes, and the fields that each has besides `default` and `doc`.
const KINDS: [(&str, &[&str]); 12] = [
    ("string", &["one_of"]),
    ("int", &[]),
    ("bool", &[]),
    ("strings", &[]),
    ("file", &["ext"]),
    ("files", &["ext"]),
    ("dirs", &[]),
    ("map", &[]),
    ("target", &["provides"]),
    ("targets", &["provides"]),
    ("tool", TOOL),
    ("tools", TOOL),
];
const TOOL: &[&str] = &["find", "missing", "version", "parts", "roots"];

/// What every target takes besides the attributes of its rule.
pub const OF_EVERY_TARGET: [&str; 4] = ["name", "visible_to", "tags", "doc"];

/// Reads the attributes without their defaults.
pub fn kinds(declared: &[&Arg], problems: &mut Problems) -> Vec<Attr> {
    let attr = |arg: &&Arg| {
        let Arg { name, .. } = arg;
        if OF_EVERY_TARGET.contains(&name.text.as_str()) {
            let text = format!("every target has '{}'; an attribute needs another name", name.text);
            problems.push(Problem::at(&name.place, text));
            return None;
        }
        // An attribute of a broken type still exists for those that mention it.
        let (kind, doc) = kind(arg, problems).unwrap_or((AttrKind::Strings, String::new()));
        Some(Attr { name: name.text.clone(), place: name.place.clone(), kind, default: None, doc })
    };
    declared.iter().filter_map(attr).collect()
}

fn kind(arg: &Arg, problems: &mut Problems) -> Option<(AttrKind, String)> {
    let owner = arg.name.text.as_str();
    let names = || KINDS.iter().map(|(name, _)| *name);
    let (call, args) = match &arg.value.kind {
        Kind::Call(call, args) => (call, args),
        Kind::Word(word) if names().any(|name| name == word) => {
            let text = format!("the type of an attribute is a call: '{word}()'");
            problems.push(Problem::at(&arg.value.place, text));
            return None;
        }
        _ => {
            let wanted = "a type such as 'strings()' or 'files(ext: [\".c\"])'";
            read::mismatch(&arg.value, owner, wanted, problems);
            return None;
        }
    };
    let Some((name, own)) = KINDS.iter().find(|(name, _)| *name == call.text) else {
        let near = nearest(&call.text, names());
        let has = match near.is_empty() {
            true => format!("; there are {}", listing(names(), 20)),
            false => near,
        };
        let text = format!("there is no attribute type '{}'{has}", call.text);
        problems.push(Problem::at(&call.place, text));
        return None;
    };
    let args = read::arguments(call, args, problems)?;
    read::only(args, name, &[own, &["default", "doc"][..]].concat(), problems);
    let mut words = |field: &str| {
        read::field(args, field).map_or(Vec::new(), |node| read::words(node, field, problems))
    };
    let kind = match *name {
        "string" => AttrKind::String { one_of: words("one_of") },
        "int" => AttrKind::Int,
        "bool" => AttrKind::Bool,
        "strings" => AttrKind::Strings,
        "file" => AttrKind::File { ext: words("ext") },
        "files" => AttrKind::Files { ext: words("ext") },
        "dirs" => AttrKind::Dirs,
        "map" => AttrKind::Map,
        "target" => AttrKind::Target { provides: words("provides") },
        "targets" => AttrKind::Targets { provides: words("provides") },
        "tool" => AttrKind::Tool(tool(args, problems)),
        _ => AttrKind::Tools(tool(args, problems)),
    };
    let doc = read::field(args, "doc").and_then(|node| read::string(node, "doc", problems));
    Some((kind, doc.map_or(String::new(), |doc| doc.text)))
}

fn tool(args: &[Arg], problems: &mut Problems) -> ToolSpec {
    let find = match read::field(args, "find") {
        None => Vec::new(),
        Some(Node { kind: Kind::List(ways), .. }) => {
            ways.iter().map(|way| find(way, problems)).collect()
        }
        Some(way) => vec![find(way, problems)],
    };
    let missing = read::field(args, "missing");
    let missing = missing.and_then(|node| read::string(node, "missing", problems));
    let missing = missing.map(|text| text.text);
    let mut lists = |field: &str| {
        read::field(args, field).map_or(Vec::new(), |node| read::word_lists(node, field, problems))
    };
    let (version, parts, roots) = (lists("version"), lists("parts"), lists("roots"));
    ToolSpec { find, missing, version, parts, roots }
}

/// Reads a way to find a program.
fn find(node: &Node, problems: &mut Problems) -> ToolFind {
    let find = read::named(node, "find", problems);
    read::only(find, "find", &["run", "after", "path"], problems);
    if read::field(find, "run").is_none() {
        read::missing(&node.place, "find", "run", problems);
    }
    let run = read::field(find, "run");
    let mut text = |name: &str| {
        let node = read::field(find, name)?;
        read::string(node, name, problems).map(|text| text.text)
    };
    let (after, path) = (text("after"), text("path"));
    ToolFind {
        run: run.map_or(Vec::new(), |node| read::words(node, "run", problems)),
        after,
        path: path.unwrap_or_default(),
    }
}

/// Reads the default of an attribute.
pub fn default(
    attr: &Attr,
    declared: &Arg,
    is_target: IsTarget,
    problems: &mut Problems,
) -> Option<Vec<Item>> {
    let Kind::Call(_, Args::Named(args)) = &declared.value.kind else { return None };
    let node = read::field(args, "default")?;
    let owner = format!("default of {}", attr.kind.name());
    match &attr.kind {
        AttrKind::Bool => {
            let value = read::boolean(node, &owner, problems)?;
            Some(vec![item::literal(node, value.to_string())])
        }
        AttrKind::Int => {
            let value = read::int(node, &owner, problems)?;
            Some(vec![item::literal(node, value.to_string())])
        }
        AttrKind::String { one_of } => {
            let items = item::items(node, &owner, is_target, problems);
            if let Kind::String { text, .. } = &node.kind
                && !one_of.is_empty()
                && !text.contains('{')
                && !one_of.contains(text)
            {
                problems.push(not_one_of(&node.place, &attr.name, text, one_of));
            }
            Some(items)
        }
        AttrKind::Map => match &node.kind {
            Kind::Map(pairs) => Some(map_default(pairs, &owner, problems)),
            _ => Some(item::items(node, &owner, is_target, problems)),
        },
        _ => Some(item::items(node, &owner, is_target, problems)),
    }
}

fn map_default(pairs: &[(Node, Node)], owner: &str, problems: &mut Problems) -> Vec<Item> {
    let word = |(key, value): &(Node, Node)| {
        let key = read::string(key, owner, problems)?;
        let text = read::string(value, owner, problems)?;
        Some(item::literal(value, format!("{}={}", key.text, text.text)))
    };
    pairs.iter().filter_map(word).collect()
}

/// Says that a value is none of those that the attribute takes.
pub fn not_one_of(place: &Place, attr: &str, value: &str, one_of: &[String]) -> Problem {
    let names = || one_of.iter().map(String::as_str);
    let near = nearest(value, names());
    let text = format!("'{attr}' is one of {}, found '{value}'{near}", listing(names(), 30));
    Problem::at(place, text)
}

/// Adds the attributes that every test has, where the rule does not declare them itself.
pub fn add_those_of_tests(attrs: &mut Vec<Attr>, place: &Place) {
    let sizes = TEST_SIZES.map(String::from).to_vec();
    let all: [(&str, AttrKind, Option<&str>, &str); 10] = [
        ("args", AttrKind::Strings, None, "Arguments of the test program."),
        (
            "size",
            AttrKind::String { one_of: sizes },
            Some("medium"),
            "How much the test needs; implies a timeout.",
        ),
        (
            "timeout",
            AttrKind::String { one_of: Vec::new() },
            Some(""),
            "How long it may take, such as 30s or 5m.",
        ),
        ("flaky", AttrKind::Bool, Some("false"), "It may be tried again when it fails."),
        ("exclusive", AttrKind::Bool, Some("false"), "Nothing else runs beside it."),
        (
            "resources",
            AttrKind::Strings,
            None,
            "What it needs alone while it runs, such as a port: names, or NAME:NUMBER.",
        ),
        ("shards", AttrKind::Int, Some("1"), "How many processes share its cases."),
        ("data", AttrKind::Files { ext: Vec::new() }, None, "Files that it needs at run time."),
        ("env", AttrKind::Map, None, "More environment of the test program."),
        (
            "setup",
            AttrKind::Targets { provides: Vec::new() },
            None,
            "Programs that are run once before the first test that needs them; what they write into `$ENG_ENV` is in its environment.",
        ),
    ];
    for (name, kind, default, doc) in all {
        if attrs.iter().any(|attr| attr.name == name) {
            continue;
        }
        let default = default.map(|text| {
            let parts = Some(Part::Text(text.to_string())).filter(|_| !text.is_empty());
            let parts = parts.into_iter().collect();
            vec![Item::Template(Template { place: place.clone(), parts })]
        });
        let doc = doc.to_string();
        attrs.push(Attr { name: name.to_string(), place: place.clone(), kind, default, doc });
    }
}
