//! `protocol(..)` → how test programs of one kind are listed, run and read.

use super::reader::{self, Lines, Results};
use super::rule::{Item, Part, Template, Text};
use super::tree::{Arg, Node};
use super::{item, read};
use crate::base::{Place, Problem, Problems, TEST_VARIABLES, listing, nearest};

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
    /// Environment of all its processes, below the target's own unless it holds the report. Values
    /// mention `{report}` and variables of the contract, such as `{TEST_SHARD_INDEX}`.
    pub env: Vec<(String, Template)>,
    /// How to read results; none: the exit status decides.
    pub results: Option<Results>,
    /// How standard output tells which case is under way, where results stand in a report that may
    /// not get written; no result is taken from it.
    pub markers: Option<Lines>,
    /// What the words of an outcome mean.
    pub words: Words,
    /// Exit status that means skipped.
    pub skip: Option<i32>,
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
    /// Failed, as its author said it would.
    pub expected_failure: Vec<String>,
    /// Passed although its author said that it would fail.
    pub unexpected_pass: Vec<String>,
}

impl Words {
    /// The words with the lists that they stand in, the worst first.
    pub fn lists(&self) -> [&Vec<String>; 5] {
        [&self.failed, &self.skipped, &self.expected_failure, &self.unexpected_pass, &self.passed]
    }
}

impl Protocol {
    /// True if nothing that a case prints can be taken for a result, or for the start of a case.
    pub fn cannot_be_forged(&self) -> bool {
        self.reports() && self.markers.is_none()
    }

    /// True if results are read from a file that the program writes.
    pub fn reports(&self) -> bool {
        let mut commands = self.run.iter().chain(self.batch.iter().flatten());
        commands.any(|item| mentions(item, &["report"]))
            || self.env.iter().any(|(_, value)| names_any(value, &["report"]))
    }
}

const FIELDS: [&str; 12] = [
    "name", "doc", "list", "listing", "run", "batch", "env", "results", "markers", "words", "skip",
    "replaces",
];
const MENTIONS: [&str; 9] =
    ["program", "args", "case", "index", "first", "last", "report", "indices", "cases"];
/// What stands for many cases in one command, and what for one.
const MANY: [&str; 4] = ["indices", "cases", "first", "last"];
const ONE: [&str; 2] = ["case", "index"];

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
    let listing = field("listing").and_then(|node| reader::lines(node, "listing", problems));
    let env = field("env").map_or(Vec::new(), |node| environment(node, true, problems));
    let results = field("results").and_then(|node| reader::results(node, problems));
    let markers = field("markers").and_then(|node| reader::lines(node, "markers", problems));
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
    if words.passed.is_empty() {
        match &results {
            Some(Results::Lines(lines)) if !lines.done.is_empty() => wrong(
                "results",
                "the words of '{outcome}' have no meaning yet; write 'words: (passed: [..], failed: [..])'",
            ),
            Some(Results::Json(_)) => wrong(
                "results",
                "the words of 'event' have no meaning yet; write 'words: (passed: [..], failed: [..])'",
            ),
            _ => {}
        }
    }
    let res = Protocol {
        name: name.text,
        doc: doc.map_or(String::new(), |doc| doc.text),
        place: call.place.clone(),
        list,
        listing,
        run: run.unwrap_or_default(),
        batch,
        env,
        results,
        markers,
        words,
        skip,
    };
    let mut wrong = |field: &str, why: &str| {
        let node = read::field(args, field);
        let place = node.map_or(&call.place, |node| &node.place);
        problems.push(Problem::at(place, why));
    };
    match (&res.results, res.reports()) {
        (Some(Results::Xml), false) => wrong(
            "results",
            "'xml()' reads a file, but nothing says which; mention '{report}' in 'run', or write 'env: (NAME: \"{report}\")'",
        ),
        (None, true) if field("results").is_none() => {
            wrong("run", "'{report}' is written, but there are no 'results' to say how it is read")
        }
        _ => {}
    }
    if res.markers.is_some() && !res.reports() {
        wrong(
            "markers",
            "'markers' are for results in a '{report}'; results in standard output have 'started'",
        );
    }
    Some(res)
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
            Item::Without(list, _) => {
                let text = "a protocol has no lists of a rule; 'without' cannot stand here";
                problems.push(Problem::at(&list.place, text));
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
    matches!(item, Item::Template(template) if names_any(template, names))
}

fn names_any(template: &Template, names: &[&str]) -> bool {
    let named = |part: &Part| matches!(part, Part::Mention(m) if names.contains(&m.name.as_str()));
    template.parts.iter().any(named)
}

/// `(NAME: "text", ..)`; what the values mention is known when a process starts. The report is
/// there for protocols only.
pub fn environment(node: &Node, report: bool, problems: &mut Problems) -> Vec<(String, Template)> {
    let mut res = Vec::new();
    for arg in read::named(node, "env", problems) {
        let Some(value) = item::template(&arg.value, "env", &|_| false, problems) else { continue };
        for part in &value.parts {
            let Part::Mention(mention) = part else { continue };
            let is_whole =
                mention.prop.is_none() && mention.filter.is_empty() && mention.join.is_none();
            let known = report && mention.name == "report"
                || TEST_VARIABLES.contains(&mention.name.as_str());
            if !known || !is_whole {
                let near = nearest(&mention.name, TEST_VARIABLES);
                let why = match report {
                    true => {
                        "the environment of a protocol mentions '{report}' and variables that tests find, such as '{TEST_SHARD_INDEX}'"
                    }
                    false => {
                        "the environment of coverage mentions variables that tests find, such as '{COVERAGE_DIR}'"
                    }
                };
                problems.push(Problem::at(&mention.place, format!("{why}{near}")));
            }
        }
        res.push((arg.name.text.clone(), value));
    }
    res
}

fn words(node: &Node, problems: &mut Problems) -> Words {
    let args = read::named(node, "words", problems);
    let known = ["passed", "failed", "skipped", "expected_failure", "unexpected_pass"];
    read::only(args, "words", &known, problems);
    let mut of = |name: &str| {
        read::field(args, name).map_or(Vec::new(), |node| read::words(node, name, problems))
    };
    Words {
        passed: of("passed"),
        failed: of("failed"),
        skipped: of("skipped"),
        expected_failure: of("expected_failure"),
        unexpected_pass: of("unexpected_pass"),
    }
}
