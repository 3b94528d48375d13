//! Events as one JUnit file: a suite for each test target, in the order of their labels. Elements
//! and attributes are those that readers of Jenkins, GitLab and Maven Surefire share; attempts are
//! told as Surefire's schema has them (`flakyFailure`, `rerunFailure`).

use super::junit_case::{Counts, Suite, push_case, push_problem};
use super::spool::Target;
use super::started::Started;
use super::stream::{Form, Streams};
use super::verdict::not_run;
use crate::base::{Label, show_moment_ms};
use crate::event::{Case, Event, NotRun, Origin, Verdict};
use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, Event as Xml};
use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read};
use std::path::Path;
use std::time::{Duration, SystemTime};

/// How a file of ours begins, so that one is never taken for what a test wrote itself.
const HEAD: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"eng\"";

/// Collects suites, and writes the file when the run is over.
#[derive(Default)]
pub(super) struct Junit {
    id: String,
    began: Option<SystemTime>,
    host: String,
    suites: BTreeMap<Label, (Vec<u8>, Counts)>,
    /// True if each test also gets a `test.xml` beside its log.
    beside_logs: bool,
}

impl Streams {
    /// Adds a JUnit file for somebody who reads, whom the user calls `name`; `folder` is where much
    /// can be kept for him.
    pub fn add_junit(&mut self, name: &str, target: Target, folder: &Path) -> io::Result<()> {
        self.add(Box::new(Junit::default()), name, target, folder)
    }

    /// Adds a JUnit file that is made anew by each run, and a `test.xml` beside the log of each test
    /// that ran, unless the test wrote one.
    pub fn add_junit_file(&mut self, path: &Path) {
        self.add_report(Box::new(Junit { beside_logs: true, ..Junit::default() }), path);
    }
}

impl Form for Junit {
    fn begin(&mut self, started: &Started, at: SystemTime, _: &mut Vec<u8>) {
        self.id = started.id.clone();
        self.began = Some(at);
        let host = rustix::system::uname();
        self.host = host.nodename().to_string_lossy().into_owned();
    }

    fn take(&mut self, event: &Event, at: SystemTime, _: &mut Vec<u8>) {
        match event {
            Event::TestFinished { label, cases, duration, log, warnings } => {
                let (suite, counts) = self.suite(label, cases, *duration, at, warnings);
                if let Some(log) = log.as_deref().filter(|_| self.beside_logs) {
                    let ran = cases.iter().any(|case| case.origin == Origin::Ran);
                    self.beside(log, &suite, counts, *duration, ran);
                }
                self.suites.insert(label.clone(), (suite, counts));
            }
            Event::TestNotRun { label, because } => {
                let why = match because {
                    NotRun::NotBuilt(_) => not_run(because),
                    NotRun::Cut(_) => format!("not run: {}", not_run(because)),
                };
                let case = Case { verdict: Verdict::NotRun(why), ..Case::default() };
                let suite = self.suite(label, &[case], Duration::ZERO, at, &[]);
                self.suites.insert(label.clone(), suite);
            }
            _ => {}
        }
    }

    fn end(&mut self, exit: i32, problem: &str, at: SystemTime, out: &mut Vec<u8>) {
        let began = self.began.unwrap_or(at);
        let wall = at.duration_since(began).unwrap_or_default();
        let mut all = Counts::default();
        self.suites.values().for_each(|(_, counts)| all.add(*counts));
        let suites = std::mem::take(&mut self.suites);
        let mut suites = suites.into_values().map(|(suite, _)| suite).collect::<Vec<_>>();
        // Whoever reads only this file is not to take nothing for all is well.
        if !problem.is_empty() || (exit != 0 && suites.is_empty()) {
            let text = match problem {
                "" => format!("eng ended with exit code {exit} before any test had a result"),
                problem => problem.to_string(),
            };
            suites.push(self.problem(&text, began));
            all.add(Counts::error());
        }
        out.extend_from_slice(&self.file(&suites, all, wall, began));
    }
}

impl Junit {
    /// A suite: its element, ready to stand in a file, and what it counts.
    fn suite(
        &self,
        label: &Label,
        cases: &[Case],
        duration: Duration,
        at: SystemTime,
        warnings: &[String],
    ) -> (Vec<u8>, Counts) {
        let mut counts = Counts::default();
        cases.iter().for_each(|case| counts.count(case));
        // Of remembered cases it is the time that they took.
        let of_cases = || cases.iter().filter_map(|case| case.duration).sum();
        let duration = if duration.is_zero() { of_cases() } else { duration };
        let began = cases.iter().filter_map(|case| case.start).min();
        let known = cases.iter().filter_map(|case| case.known).map(|known| known.time).min();
        let known = known.map(moment);
        let began = began.or(known).unwrap_or_else(|| at.checked_sub(duration).unwrap_or(at));
        let mut xml = Writer::new_with_indent(Vec::new(), b' ', 2);
        let name = label.to_string();
        let mut start = BytesStart::new("testsuite");
        start.push_attribute(("name", name.as_str()));
        counts.push(&mut start, true);
        start.push_attribute(("time", seconds(duration).as_str()));
        start.push_attribute(("timestamp", show_moment_ms(began).as_str()));
        start.push_attribute(("hostname", self.host.as_str()));
        start.push_attribute(("package", label.package.exec_path().as_str()));
        put(&mut xml, Xml::Start(start));
        let reused = !cases.is_empty() && cases.iter().all(|case| case.origin == Origin::Cached);
        let mut properties = Vec::new();
        if reused {
            properties.push(("eng.reused", "true"));
        }
        properties.extend(warnings.iter().map(|warning| ("eng.warning", warning.as_str())));
        let suite = Suite { label, began };
        suite.push_properties(&mut xml, &properties);
        for case in cases {
            push_case(&mut xml, &suite, case);
        }
        put(&mut xml, Xml::End(BytesEnd::new("testsuite")));
        (xml.into_inner(), counts)
    }

    /// A suite for what kept the run from results.
    fn problem(&self, text: &str, began: SystemTime) -> Vec<u8> {
        let mut xml = Writer::new_with_indent(Vec::new(), b' ', 2);
        let mut start = BytesStart::new("testsuite");
        start.push_attribute(("name", "eng"));
        Counts::error().push(&mut start, true);
        start.push_attribute(("time", seconds(Duration::ZERO).as_str()));
        start.push_attribute(("timestamp", show_moment_ms(began).as_str()));
        start.push_attribute(("hostname", self.host.as_str()));
        put(&mut xml, Xml::Start(start));
        push_problem(&mut xml, text);
        put(&mut xml, Xml::End(BytesEnd::new("testsuite")));
        xml.into_inner()
    }

    /// The whole file.
    fn file(&self, suites: &[Vec<u8>], all: Counts, wall: Duration, began: SystemTime) -> Vec<u8> {
        let mut xml = Writer::new(Vec::new());
        put(&mut xml, Xml::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)));
        xml.get_mut().push(b'\n');
        let mut start = BytesStart::new("testsuites");
        start.push_attribute(("name", "eng"));
        all.push(&mut start, false);
        start.push_attribute(("time", seconds(wall).as_str()));
        start.push_attribute(("timestamp", show_moment_ms(began).as_str()));
        start.push_attribute(("uuid", self.id.as_str()));
        put(&mut xml, Xml::Start(start));
        xml.get_mut().push(b'\n');
        for suite in suites {
            let bytes = xml.get_mut();
            for line in suite.split(|byte| *byte == b'\n') {
                bytes.extend_from_slice(line);
                bytes.push(b'\n');
            }
        }
        put(&mut xml, Xml::End(BytesEnd::new("testsuites")));
        let mut bytes = xml.into_inner();
        bytes.push(b'\n');
        bytes
    }

    /// Writes the suite beside the log, unless the test has written a file of that name itself. What
    /// cannot be written is missing; the file of all tests has it.
    fn beside(&self, log: &Path, suite: &[u8], counts: Counts, duration: Duration, ran: bool) {
        let path = log.with_file_name("test.xml");
        let head = |path: &Path| -> io::Result<Vec<u8>> {
            let mut head = Vec::new();
            fs::File::open(path)?.take(HEAD.len() as u64).read_to_end(&mut head)?;
            Ok(head)
        };
        let write = match fs::symlink_metadata(&path) {
            Ok(_) if !ran => false,
            Ok(_) => head(&path).is_ok_and(|head| head == HEAD.as_bytes()),
            Err(_) => true,
        };
        if write {
            let began = self.began.unwrap_or(SystemTime::UNIX_EPOCH);
            let _ = fs::write(path, self.file(&[suite.to_vec()], counts, duration, began));
        }
    }
}

/// Writing into memory does not fail.
pub(super) fn put(xml: &mut Writer<Vec<u8>>, event: Xml) {
    if let Err(error) = xml.write_event(event) {
        unreachable!("BUG: XML cannot be written into memory: {error}");
    }
}

/// A time in seconds, as the schema of Surefire has it.
pub(super) fn seconds(duration: Duration) -> String {
    format!("{:.3}", duration.as_secs_f64())
}

/// So many seconds after the epoch; the epoch if nobody could say when that is.
pub(super) fn moment(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH
        .checked_add(Duration::from_secs(seconds))
        .unwrap_or(SystemTime::UNIX_EPOCH)
}
