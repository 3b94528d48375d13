//! Which lines of what a test program prints matter, by the patterns of its protocol: those that
//! say how far it is, and those from which results are read.

use super::names;
use super::pattern::{LinePattern, any, first};
use crate::analyze::{Test, Watch};
use crate::base::Step;
use crate::load::{Lines, Protocol, Results, Text, Words};
use std::sync::Arc;

type Tells = Box<dyn Fn(&str) -> bool + Send + Sync>;

/// Where a process of several cases of one of a test's programs tells how far it is; nothing if its
/// protocol has no lines for that.
pub(super) fn watch(test: &Arc<Test>, program: usize) -> Option<Watch> {
    let protocol = &test.protocol;
    let none = Words::default();
    let (lines, words, report) = match (&protocol.markers, &protocol.results) {
        (Some(markers), _) => (markers, &none, false),
        (None, Some(Results::Lines(lines))) => (lines, &protocol.words, protocol.reports()),
        _ => return None,
    };
    let started = patterns([&lines.started], words);
    let done = patterns([&lines.done], words);
    let test = test.clone();
    let step = move |line: &str| {
        let named =
            |own: Option<&str>| names::of_case(&test.programs[program], own.unwrap_or_default());
        if let Some(found) = first(&started, line) {
            return Some(Step::Started(named(found.case)));
        }
        first(&done, line).map(|found| Step::Ended(named(found.case)))
    };
    Some(Watch { report, step: Arc::new(step) })
}

/// Which lines of a long report, or of long standard output, are needed to read results; nothing if
/// the whole text is.
pub(super) fn needed(protocol: &Protocol, stdout: bool) -> Option<Tells> {
    if stdout && protocol.reports() {
        return protocol.markers.as_ref().map(|markers| of_lines(markers, &Words::default()));
    }
    match protocol.results.as_ref()? {
        Results::Lines(lines) => Some(of_lines(lines, &protocol.words)),
        Results::Tap => {
            let starts = ["ok", "not ok", "1..", "Bail out!", "TAP version", "pragma"];
            Some(Box::new(move |line| {
                let line = line.trim_start();
                line.starts_with('\0') || starts.iter().any(|start| line.starts_with(start))
            }))
        }
        Results::Xml | Results::Json(_) => None,
    }
}

fn of_lines(lines: &Lines, words: &Words) -> Tells {
    let (started, output) = (lines.started.as_slice(), lines.output.as_slice());
    let tells = matching([started, &lines.done, output, &lines.plan, &lines.ignored], words);
    // A report of several files has such a line before each.
    Box::new(move |line| line.starts_with('\0') || tells(line))
}

fn matching<const N: usize>(texts: [&[Text]; N], words: &Words) -> Tells {
    let all = patterns(texts, words);
    Box::new(move |line| any(&all, line))
}

/// A pattern that cannot be used is told by whoever reads the results.
fn patterns<const N: usize>(texts: [&[Text]; N], words: &Words) -> Vec<LinePattern> {
    texts.into_iter().flat_map(|some| LinePattern::all(some, words)).flatten().collect()
}
