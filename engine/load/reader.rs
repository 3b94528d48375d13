//! `lines(..)`, `json(..)`, `xml()` and `tap()`: how what a test program tells is read.

use super::read;
use super::rule::Text;
use super::tree::{Arg, Args, Kind, Node};
use crate::base::{Problem, Problems, listing, nearest};

/// A reader of results.
#[derive(Debug, Clone)]
pub enum Results {
    /// Lines that match patterns.
    Lines(Lines),
    /// An object of JSON a line.
    Json(Json),
    /// JUnit's form of XML.
    Xml,
    /// Test Anything Protocol, version 13 or 14.
    Tap,
}

/// Patterns of lines; each is text with `{case}`, `{outcome}` and the like in it.
#[derive(Debug, Clone, Default)]
pub struct Lines {
    /// Lines that name a case (listings); the first that fits a line reads it.
    pub case: Vec<Text>,
    /// Lines that name what the cases after them belong to (listings).
    pub prefix: Vec<Text>,
    /// How `{prefix}` and `{case}` make a name; none: the case alone does.
    pub name: Option<Text>,
    /// A line that says that a case starts.
    pub started: Option<Text>,
    /// Lines that give a case's outcome; the first that fits a line reads it.
    pub done: Vec<Text>,
    /// A line after which stands what a case printed, up to the next such line or an ignored one.
    pub output: Option<Text>,
    /// Lines that tell how many cases there are; if there are patterns, one line must fit.
    pub plan: Vec<Text>,
    /// Lines that look like a match but are to be passed over.
    pub ignored: Vec<Text>,
}

/// Where in an object of JSON its parts are: `a.b` is the field `b` of the field `a`.
#[derive(Debug, Clone)]
pub struct Json {
    /// The word that says what happened.
    pub event: Text,
    /// The name of the case; an event without it is about its suite.
    pub case: Text,
    /// The name of the suite. If it is told, each suite that has cases must end with an outcome.
    pub suite: Option<Text>,
    /// Text that was printed.
    pub output: Option<Text>,
    /// Why a case was skipped, or was expected to fail.
    pub why: Option<Text>,
    /// How long it took, in seconds.
    pub seconds: Option<Text>,
    /// How long it took, in milliseconds.
    pub ms: Option<Text>,
    /// Words of the event that say that a case starts.
    pub started: Vec<String>,
    /// Lines of the printed text that are left out.
    pub ignored: Vec<Text>,
}

/// What the captures of patterns are called.
const CAPTURES: [&str; 9] =
    ["case", "outcome", "text", "seconds", "ms", "file", "line", "count", "prefix"];

/// The reader that stands behind `results:`.
pub(super) fn results(node: &Node, problems: &mut Problems) -> Option<Results> {
    match &node.kind {
        Kind::Call(name, Args::Named(args)) if matches!(&*name.text, "tap" | "xml") => {
            read::only(args, &name.text, &[], problems);
            Some(if name.text == "tap" { Results::Tap } else { Results::Xml })
        }
        Kind::Call(name, args) if name.text == "json" => {
            json(node, read::arguments(name, args, problems)?, problems).map(Results::Json)
        }
        Kind::Call(name, _) if name.text == "lines" => {
            lines(node, "results", problems).map(Results::Lines)
        }
        _ => {
            let wanted = "'lines(done: ..)', 'json(event: .., case: ..)', 'xml()' or 'tap()'";
            read::mismatch(node, "results", wanted, problems);
            None
        }
    }
}

/// The patterns that stand behind `listing:`, `results:` or `markers:`.
pub(super) fn lines(node: &Node, owner: &str, problems: &mut Problems) -> Option<Lines> {
    let args = match &node.kind {
        Kind::Call(name, args) if name.text == "lines" => read::arguments(name, args, problems)?,
        _ => {
            read::mismatch(node, owner, "'lines(..)'", problems);
            return None;
        }
    };
    let known: &[&str] = match owner {
        "listing" => &["case", "prefix", "name", "ignored"],
        "markers" => &["started", "done", "ignored"],
        _ => &["started", "done", "output", "plan", "ignored"],
    };
    read::only(args, "lines", known, problems);
    let needed = match owner {
        "listing" => "case",
        "markers" => "started",
        _ => "done",
    };
    if read::field(args, needed).is_none() {
        read::missing(&node.place, "lines", needed, problems);
    }
    // What is not known here is told once, not held against its pattern too.
    let args: Vec<&Arg> = args.iter().filter(|arg| known.contains(&&*arg.name.text)).collect();
    let args = args.as_slice();
    let outcome: &[&str] = if owner == "markers" { &["case"] } else { &["case", "outcome"] };
    let res = Lines {
        case: patterns(args, "case", &["case"], problems),
        prefix: patterns(args, "prefix", &["prefix"], problems),
        name: pattern(args, "name", &["prefix", "case"], problems),
        started: pattern(args, "started", &["case"], problems),
        done: patterns(args, "done", outcome, problems),
        output: pattern(args, "output", &["case"], problems),
        plan: patterns(args, "plan", &["count"], problems),
        ignored: patterns(args, "ignored", &[], problems),
    };
    if let (true, Some(prefix)) = (res.name.is_none(), res.prefix.first()) {
        let text =
            "a 'prefix' needs a 'name' that says where it stands: 'name: \"{prefix}.{case}\"'";
        problems.push(Problem::at(&prefix.place, text));
    }
    if let (true, Some(name)) = (res.prefix.is_empty(), &res.name) {
        let text = "'name' joins a prefix and a case, but there is no 'prefix'";
        problems.push(Problem::at(&name.place, text));
    }
    Some(res)
}

fn pattern(args: &[&Arg], field: &str, wanted: &[&str], problems: &mut Problems) -> Option<Text> {
    let arg = args.iter().find(|arg| arg.name.text == field)?;
    let text = read::string(&arg.value, field, problems)?;
    check_pattern(&text, wanted, problems);
    Some(text)
}

fn patterns(args: &[&Arg], field: &str, wanted: &[&str], problems: &mut Problems) -> Vec<Text> {
    let Some(arg) = args.iter().find(|arg| arg.name.text == field) else { return Vec::new() };
    let texts = read::strings(&arg.value, field, problems);
    texts.iter().for_each(|text| check_pattern(text, wanted, problems));
    texts
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

fn json(node: &Node, args: &[Arg], problems: &mut Problems) -> Option<Json> {
    let known = ["event", "case", "suite", "output", "why", "seconds", "ms", "started", "ignored"];
    read::only(args, "json", &known, problems);
    for needed in ["event", "case"] {
        if read::field(args, needed).is_none() {
            read::missing(&node.place, "json", needed, problems);
        }
    }
    let started = read::field(args, "started");
    let started = started.map_or(Vec::new(), |node| read::words(node, "started", problems));
    let ignored = patterns(&args.iter().collect::<Vec<_>>(), "ignored", &[], problems);
    let mut path = |field: &str| {
        let text = read::string(read::field(args, field)?, field, problems)?;
        if text.text.split('.').any(str::is_empty) {
            let why = format!(
                "'{}' is no path; it is names of fields with dots between them: 'test.name'",
                text.text
            );
            problems.push(Problem::at(&text.place, why));
        }
        Some(text)
    };
    let (event, case) = (path("event"), path("case"));
    let (suite, output, why) = (path("suite"), path("output"), path("why"));
    let (seconds, ms) = (path("seconds"), path("ms"));
    if let (Some(_), Some(ms)) = (&seconds, &ms) {
        problems
            .push(Problem::at(&ms.place, "a time is told in 'seconds' or in 'ms', not in both"));
    }
    let (event, case) = (event?, case?);
    Some(Json { event, case, suite, output, why, seconds, ms, started, ignored })
}
