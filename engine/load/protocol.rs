//! `protocol(..)` → how test programs of one kind are listed, run and read.

use super::item;
use super::read;
use super::rule::{Item, Part, Template, Text};
use super::tree::{Arg, Args, Kind, Node};
use crate::base::{Place, Problem, Problems, listing, nearest};

/// How test programs of one kind are listed, run and read.
#[derive(Debug)]
pub struct Protocol {
    /// What `protocol:` names.
    pub name: String,
    /// For `eng rules`.
    pub doc: String,
    /// The `protocol(..)` itself.
    pub place: Place,
    /// Command that prints the cases; none: the whole program is the unit.
    pub list: Option<Vec<Item>>,
    /// How to read that.
    pub listing: Option<Lines>,
    /// Command for one case (mentions `{case}` or `{index}`), or for the whole program.
    pub run: Vec<Item>,
    /// Command for some or all cases in one process.
    pub batch: Option<Vec<Item>>,
    /// How to read results; none: the exit status decides.
    pub results: Option<Results>,
    /// What the words of an outcome mean.
    pub words: Words,
    /// Exit status that means skipped.
    pub skip: Option<i32>,
}

/// A reader of results.
#[derive(Debug, Clone)]
pub enum Results {
    /// Lines that match patterns.
    Lines(Lines),
    /// Test Anything Protocol, version 13 or 14.
    Tap,
}

/// Patterns of lines; each is text with `{case}`, `{outcome}` or `{text}` in it.
#[derive(Debug, Clone, Default)]
pub struct Lines {
    /// A line that names a case (listings).
    pub case: Option<Text>,
    /// A line that says that a case starts.
    pub started: Option<Text>,
    /// Lines that give a case's outcome; the first that fits a line reads it.
    pub done: Vec<Text>,
    /// A line after which stands what a case printed, up to the next such line or an ignored one.
    pub output: Option<Text>,
    /// Lines that look like a match but are to be passed over.
    pub ignored: Vec<Text>,
}

/// Words of a protocol's `{outcome}`, by meaning.
#[derive(Debug, Clone, Default)]
pub struct Words {
    /// Passed.
    pub passed: Vec<String>,
    /// Failed.
    pub failed: Vec<String>,
    /// Skipped.
    pub skipped: Vec<String>,
}

const FIELDS: [&str; 10] =
    ["name", "doc", "list", "listing", "run", "batch", "results", "words", "skip", "replaces"];
const MENTIONS: [&str; 9] =
    ["program", "args", "case", "index", "first", "last", "report", "indices", "cases"];
/// What stands for many cases in one command, and what for one.
const MANY: [&str; 4] = ["indices", "cases", "first", "last"];
const ONE: [&str; 2] = ["case", "index"];
const CAPTURES: [&str; 3] = ["case", "outcome", "text"];

/// Reads a protocol and says all that is wrong with it.
pub fn protocol(call: &Text, args: &[Arg], problems: &mut Problems) -> Option<Protocol> {
    read::only(args, "protocol", &FIELDS, problems);
    let name = read::name_of(args, call, problems)?;
    let doc = read::field(args, "doc").and_then(|node| read::string(node, "doc", problems));
    let field = |name: &str| read::field(args, name);
    let list = field("list").map(|node| command(node, "list", problems));
    let run = field("run").map(|node| command(node, "run", problems));
    let batch = field("batch").map(|node| command(node, "batch", problems));
    if run.is_none() {
        read::missing(&call.place, "protocol", "run", problems);
    }
    let listing = field("listing").and_then(|node| lines(node, "listing", problems));
    let results = field("results").and_then(|node| results(node, problems));
    let words = field("words").map_or(Words::default(), |node| words(node, problems));
    let skip = field("skip").and_then(|node| {
        let status = read::int(node, "skip", problems)?;
        match i32::try_from(status) {
            Ok(status) if (1..256).contains(&status) => Some(status),
            _ => {
                let text = format!("'skip' is an exit status from 1 to 255, found {status}");
                problems.push(Problem::at(&node.place, text));
                None
            }
        }
    });
    let mentions = |items: &Option<Vec<Item>>, names: &[&str]| {
        items.iter().flatten().any(|item| mentions(item, names))
    };
    let mut wrong = |field: &str, why: &str| {
        let node = read::field(args, field);
        let place = node.map_or(&call.place, |node| &node.place);
        problems.push(Problem::at(place, why));
    };
    match (&list, &listing) {
        (Some(_), None) if field("listing").is_none() => {
            wrong(
                "list",
                "a protocol with 'list' says how to read it: 'listing: lines(case: \"{case}\")'",
            );
        }
        (None, Some(_)) => {
            wrong("listing", "'listing' reads what 'list' prints, but there is no 'list'")
        }
        _ => {}
    }
    if list.is_some() && run.is_some() && !mentions(&run, &ONE) && !mentions(&run, &MANY) {
        wrong(
            "run",
            "'run' mentions no case; '{case}' or '{index}' was expected, since there is a 'list'",
        );
    }
    if list.is_none() && (mentions(&run, &ONE) || mentions(&run, &MANY)) {
        wrong("run", "'run' mentions a case, but without a 'list' there are none to choose from");
    }
    if list.is_none() && batch.is_some() {
        wrong(
            "batch",
            "'batch' runs some cases, but without a 'list' there are none to choose from",
        );
    } else if batch.is_some() && !mentions(&batch, &MANY) {
        wrong(
            "batch",
            "'batch' mentions no cases; '{cases}', '{indices}' or '{first}' and '{last}' were expected",
        );
    }
    let spoken = matches!(&results, Some(Results::Lines(lines)) if !lines.done.is_empty());
    if spoken && words.passed.is_empty() {
        wrong(
            "results",
            "the words of '{outcome}' have no meaning yet; write 'words: (passed: [..], failed: [..])'",
        );
    }
    let place = call.place.clone();
    let doc = doc.map_or(String::new(), |doc| doc.text);
    let name = name.text;
    let run = run.unwrap_or_default();
    Some(Protocol { name, doc, place, list, listing, run, batch, results, words, skip })
}

fn command(node: &Node, owner: &str, problems: &mut Problems) -> Vec<Item> {
    let items = item::items(node, owner, &|name| !MENTIONS.contains(&name), problems);
    for item in &items {
        match item {
            Item::When(conditions, _) => {
                let text = "a protocol is the same in all modes; 'when' cannot stand here";
                if let Some(condition) = conditions.first() {
                    problems.push(Problem::at(&condition.place, text));
                }
            }
            Item::Template(template) => names(template, problems),
        }
    }
    items
}

fn names(template: &Template, problems: &mut Problems) {
    for part in &template.parts {
        let Part::Mention(mention) = part else { continue };
        if MENTIONS.contains(&mention.name.as_str()) {
            continue;
        }
        let near = nearest(&mention.name, MENTIONS);
        let known = match near.is_empty() {
            true => format!("; a protocol mentions {}", listing(MENTIONS, 20)),
            false => near,
        };
        let text = format!("nothing here is called '{}'{known}", mention.name);
        problems.push(Problem::at(&mention.place, text));
    }
}

fn mentions(item: &Item, names: &[&str]) -> bool {
    let Item::Template(template) = item else { return false };
    let named = |part: &Part| matches!(part, Part::Mention(m) if names.contains(&m.name.as_str()));
    template.parts.iter().any(named)
}

fn results(node: &Node, problems: &mut Problems) -> Option<Results> {
    match &node.kind {
        Kind::Call(name, Args::Named(args)) if name.text == "tap" => {
            read::only(args, "tap", &[], problems);
            Some(Results::Tap)
        }
        Kind::Call(name, _) if name.text == "lines" => {
            let lines = lines(node, "results", problems)?;
            if lines.done.is_empty() {
                read::missing(&node.place, "lines", "done", problems);
            }
            Some(Results::Lines(lines))
        }
        _ => {
            read::mismatch(node, "results", "'lines(done: ..)' or 'tap()'", problems);
            None
        }
    }
}

fn lines(node: &Node, owner: &str, problems: &mut Problems) -> Option<Lines> {
    let args = match &node.kind {
        Kind::Call(name, args) if name.text == "lines" => read::arguments(name, args, problems)?,
        _ => {
            read::mismatch(node, owner, "'lines(..)'", problems);
            return None;
        }
    };
    let known: &[&str] = match owner {
        "listing" => &["case", "ignored"],
        _ => &["started", "done", "output", "ignored"],
    };
    read::only(args, "lines", known, problems);
    let mut pattern = |field: &str, wanted: &[&str]| {
        let text = read::string(read::field(args, field)?, field, problems)?;
        check_pattern(&text, wanted, problems);
        Some(text)
    };
    let (case, started) = (pattern("case", &["case"]), pattern("started", &["case"]));
    let output = pattern("output", &["case"]);
    let done =
        read::field(args, "done").map_or(Vec::new(), |node| read::strings(node, "done", problems));
    for text in &done {
        check_pattern(text, &["case", "outcome"], problems);
    }
    let ignored = read::field(args, "ignored")
        .map_or(Vec::new(), |node| read::strings(node, "ignored", problems));
    for text in &ignored {
        check_pattern(text, &[], problems);
    }
    if owner == "listing" && read::field(args, "case").is_none() {
        read::missing(&node.place, "lines", "case", problems);
    }
    Some(Lines { case, started, done, output, ignored })
}

/// Checks the captures of a pattern; braces around anything but a lower-case word are plain text.
fn check_pattern(text: &Text, wanted: &[&str], problems: &mut Problems) {
    for name in wanted {
        if !text.text.contains(&format!("{{{name}}}")) {
            let why = format!("this pattern captures no '{{{name}}}'");
            problems.push(Problem::at(&text.place, why));
        }
    }
    for part in text.text.split('{').skip(1) {
        let Some((name, _)) = part.split_once('}') else { continue };
        let is_word = !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
        if is_word && !CAPTURES.contains(&name) {
            let near = nearest(name, CAPTURES);
            let why =
                format!("a line has no '{{{name}}}'; it captures {}{near}", listing(CAPTURES, 9));
            problems.push(Problem::at(&text.place, why));
        }
    }
}

fn words(node: &Node, problems: &mut Problems) -> Words {
    let args = read::named(node, "words", problems);
    read::only(args, "words", &["passed", "failed", "skipped"], problems);
    let mut of = |name: &str| {
        read::field(args, name).map_or(Vec::new(), |node| read::words(node, name, problems))
    };
    Words { passed: of("passed"), failed: of("failed"), skipped: of("skipped") }
}
