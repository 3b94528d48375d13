//! Failures as services of continuous integration show them: annotations and the summary of a step
//! on GitHub, a code quality report on GitLab.

use super::spool::Target;
use super::started::Started;
use super::stream::{Form, Streams};
use super::style::count;
use super::troubles::{Trouble, Troubles};
use crate::base::{Digest, join};
use crate::event::{Event, Summary};
use serde_json::json;
use std::io;
use std::path::Path;
use std::time::SystemTime;

/// Annotations at most; GitHub shows ten of a step, and stores no more than some dozens.
const MOST: usize = 50;
/// Rows of a table at most.
const MOST_ROWS: usize = 200;

/// In which form failures are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    /// Workflow commands of GitHub that make annotations.
    GithubAnnotations,
    /// Markdown for the summary of a step on GitHub.
    GithubSummary,
    /// The JSON of a code quality report, as GitLab reads it.
    GitlabQuality,
}

impl Streams {
    /// Adds failures in the form of a service for somebody who reads; `folder` is where much can be
    /// kept for him. `below` is the workspace's folder as the service calls it, from the root of the
    /// repository.
    pub fn add_service(
        &mut self,
        service: Service,
        below: &str,
        name: &str,
        target: Target,
        folder: &Path,
    ) -> io::Result<()> {
        self.add_unasked(Box::new(Ci::new(service, below)), name, target, folder)
    }

    /// The same in a file, which is made anew by each run.
    pub fn add_service_file(&mut self, service: Service, below: &str, path: &Path) {
        self.add_report(Box::new(Ci::new(service, below)), path);
    }
}

pub(super) struct Ci {
    service: Service,
    below: String,
    troubles: Troubles,
    verb: String,
    counts: Option<Summary>,
}

impl Ci {
    pub fn new(service: Service, below: &str) -> Ci {
        let troubles = Troubles::new(Path::new("/"));
        Ci { service, below: below.to_string(), troubles, verb: String::new(), counts: None }
    }
}

impl Form for Ci {
    fn begin(&mut self, started: &Started, _: SystemTime, _: &mut Vec<u8>) {
        self.verb = started.verb.clone();
        self.troubles = Troubles::new(Path::new(&started.root));
    }

    fn take(&mut self, event: &Event, _: SystemTime, _: &mut Vec<u8>) {
        self.troubles.take(event);
        if let Event::Finished(counts) = event {
            self.counts = Some(counts.clone());
        }
    }

    fn end(&mut self, _: i32, problem: &str, _: SystemTime, out: &mut Vec<u8>) {
        if self.service != Service::GithubSummary {
            self.troubles.problem(problem);
        }
        let mut troubles = self.troubles.sorted();
        for spot in troubles.iter_mut().filter_map(|trouble| trouble.place.as_mut()) {
            spot.file = join(&self.below, &spot.file);
        }
        let text = match self.service {
            Service::GithubAnnotations => annotations(&troubles),
            Service::GithubSummary => summary(&self.verb, self.counts.as_ref(), &troubles, problem),
            Service::GitlabQuality => quality(&troubles),
        };
        out.extend_from_slice(text.as_bytes());
    }
}

/// Source: "Workflow commands for GitHub Actions", `error`, with the escapes of its toolkit.
fn annotations(troubles: &[Trouble]) -> String {
    let data = |text: &str| text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A");
    let property = |text: &str| data(text).replace(':', "%3A").replace(',', "%2C");
    let mut res = String::new();
    for trouble in troubles.iter().take(MOST) {
        let mut about = String::new();
        if let Some(spot) = &trouble.place {
            about.push_str(&format!("file={},line={},", property(&spot.file), spot.line));
            if let Some(column) = spot.column {
                about.push_str(&format!("col={column},"));
            }
        }
        let text = if trouble.text.is_empty() { &trouble.title } else { &trouble.text };
        let title = property(&trouble.title);
        res.push_str(&format!("::error {about}title={title}::{}\n", data(text)));
    }
    res
}

fn summary(verb: &str, counts: Option<&Summary>, troubles: &[Trouble], problem: &str) -> String {
    let mut res = format!("### eng {verb}\n\n");
    if let Some(counts) = counts {
        let cases = &counts.cases;
        let mut told = vec![
            (counts.failed, "failed action"),
            (counts.tests_failed, "failed test"),
            (counts.tests_not_run, "test not run"),
            (counts.tests_passed, "passed test"),
            (cases.failed, "failed case"),
            (cases.flaky, "flaky case"),
            (cases.passed, "passed case"),
        ];
        told.retain(|(number, _)| *number > 0);
        let told: Vec<String> = told
            .into_iter()
            .map(|(number, what)| match what {
                "test not run" => format!("{} not run", count(number, "test")),
                what => count(number, what),
            })
            .collect();
        res.push_str(&format!(
            "{}{} ran, {} cached\n",
            told.iter().map(|told| format!("{told}, ")).collect::<String>(),
            count(counts.ran, "action"),
            counts.cached
        ));
    }
    if !problem.is_empty() {
        res.push_str(&format!("\n```\n{}\n```\n", fenced(problem)));
    }
    if !troubles.is_empty() {
        res.push_str("\n| what | where |\n| --- | --- |\n");
    }
    for trouble in troubles.iter().take(MOST_ROWS) {
        let place = trouble.place.as_ref();
        let place = place.map(|it| format!("{}:{}", cell(&it.file), it.line)).unwrap_or_default();
        res.push_str(&format!("| {} | {place} |\n", cell(&trouble.title)));
    }
    if troubles.len() > MOST_ROWS {
        res.push_str(&format!("\n… and {} more\n", troubles.len() - MOST_ROWS));
    }
    res.push('\n');
    res
}

/// A text that ends no block of code.
fn fenced(text: &str) -> String {
    text.replace("```", "'''")
}

/// A text in a cell of a table of Markdown.
fn cell(text: &str) -> String {
    let mut res = String::new();
    for c in text.chars() {
        match c {
            '\n' => res.push(' '),
            '|' | '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '#' => {
                res.push('\\');
                res.push(c);
            }
            c => res.push(c),
        }
    }
    res
}

/// Source: "Code Quality report format" of GitLab. Only what has a place can be shown.
fn quality(troubles: &[Trouble]) -> String {
    let one = |trouble: &Trouble| {
        let spot = trouble.place.as_ref()?;
        Some(json!({
            "description": trouble.title,
            "check_name": "eng",
            "fingerprint": Digest::of(format!("{}\0{}", trouble.title, spot.file).as_bytes()).hex(),
            "severity": "major",
            "location": {"path": spot.file, "lines": {"begin": spot.line}},
        }))
    };
    let all: Vec<_> = troubles.iter().filter_map(one).collect();
    format!("{}\n", serde_json::Value::Array(all))
}
