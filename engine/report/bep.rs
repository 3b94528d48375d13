//! Events in the JSON form of the Build Event Protocol, as tools of Bazel's users read it: the stream
//! of `--bep`. Whatever id is announced comes later, or it is told why it does not.

use super::bep_form::{
    CONFIGURATION, completed_id, configured_id, exit_name, file, millis, millis_of,
    target_summary_id, test_summary_id, timestamp,
};
use super::bep_test::Attempts;
use super::spool::Target;
use super::started::Started;
use super::stream::{Form, Streams};
use crate::base::Label;
use crate::event::{About, ActionEnd, Event, NotRun, Outcome, Summary};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// Writes the protocol.
#[derive(Default)]
pub(super) struct Bep {
    pub root: PathBuf,
    patterns: Vec<String>,
    planned: bool,
    tests: BTreeSet<Label>,
    /// Targets that are not completed.
    pub open: BTreeSet<Label>,
    /// Targets of which an action failed, was not carried out, or would have run.
    failed: BTreeSet<Label>,
    undone: BTreeSet<Label>,
    delivered: BTreeMap<Label, Vec<String>>,
    /// What tests that are not finished have done so far.
    pub attempts: HashMap<Label, Attempts>,
    /// Numbers of the chain of progress and of sets of files.
    progress: u32,
    sets: u32,
    actions: BTreeSet<(Label, String)>,
    counts: Option<Summary>,
    pub cpu: Duration,
}

impl Streams {
    /// Adds the Build Event Protocol for somebody who reads, whom the user calls `name`; `folder` is
    /// where much can be kept for him.
    pub fn add_bep(&mut self, name: &str, target: Target, folder: &Path) -> io::Result<()> {
        self.add(Box::new(Bep::default()), name, target, folder)
    }
}

/// An event of the protocol: its id, what it announces, and its payload under its name.
pub(super) fn put(out: &mut Vec<u8>, id: Value, children: Vec<Value>, name: &str, payload: Value) {
    put_event(out, id, children, name, payload, false);
}

fn put_event(
    out: &mut Vec<u8>,
    id: Value,
    children: Vec<Value>,
    name: &str,
    payload: Value,
    last: bool,
) {
    let mut event = Map::new();
    event.insert("id".to_string(), id);
    if !children.is_empty() {
        event.insert("children".to_string(), children.into());
    }
    if last {
        event.insert("lastMessage".to_string(), true.into());
    }
    event.insert(name.to_string(), payload);
    out.extend_from_slice(Value::Object(event).to_string().as_bytes());
    out.push(b'\n');
}

fn aborted(out: &mut Vec<u8>, id: Value, reason: &str, description: &str) {
    let payload = json!({"reason": reason, "description": description});
    put(out, id, Vec::new(), "aborted", payload);
}

impl Form for Bep {
    fn begin(&mut self, started: &Started, at: SystemTime, out: &mut Vec<u8>) {
        self.root = PathBuf::from(&started.root);
        self.patterns = started.patterns.clone();
        let children = vec![
            progress_id(0),
            json!({"unstructuredCommandLine": {}}),
            json!({"optionsParsed": {}}),
            json!({"workspaceStatus": {}}),
            self.pattern_id(),
            json!({"buildFinished": {}}),
        ];
        let payload = json!({
            "uuid": started.id,
            "startTimeMillis": millis_of(at),
            "startTime": timestamp(at),
            "buildToolVersion": format!("eng {}", started.eng),
            "optionsDescription": started.command.get(2..).unwrap_or_default().join(" "),
            "command": started.verb,
            "workingDirectory": started.root,
            "workspaceDirectory": started.root,
        });
        put(out, json!({"started": {}}), children, "started", payload);
        let (id, args) = (json!({"unstructuredCommandLine": {}}), json!({"args": started.command}));
        put(out, id, Vec::new(), "unstructuredCommandLine", args);
        let flags: Vec<&String> =
            started.command.iter().filter(|word| word.starts_with("--")).collect();
        let payload = json!({"cmdLine": flags, "explicitCmdLine": flags});
        put(out, json!({"optionsParsed": {}}), Vec::new(), "optionsParsed", payload);
        put(out, json!({"workspaceStatus": {}}), Vec::new(), "workspaceStatus", json!({}));
        let payload = json!({"mnemonic": CONFIGURATION});
        self.aside(out, json!({"configuration": {"id": CONFIGURATION}}), "configuration", payload);
    }

    fn take(&mut self, event: &Event, at: SystemTime, out: &mut Vec<u8>) {
        match event {
            Event::Planned { labels, tests, .. } => self.planned(labels, tests, out),
            Event::ActionFinished { about, end, .. } => self.action(about, end, out),
            Event::ActionSkipped { about, .. } => {
                self.failed.insert(about.label.clone());
            }
            Event::WouldRun { about, .. } => {
                self.undone.insert(about.label.clone());
            }
            Event::Delivered { label, path } => {
                self.delivered.entry(label.clone()).or_default().push(path.clone());
            }
            Event::TestFinished { label, cases, duration, log, warnings } => {
                if self.open.remove(label) {
                    let log = log.as_deref();
                    self.test_finished(label, cases, (*duration, at), log, warnings, out);
                }
            }
            Event::TestNotRun { label, because: NotRun::NotBuilt(because) } => {
                if self.open.remove(label) {
                    let id = completed_id(label);
                    put(
                        out,
                        id,
                        Vec::new(),
                        "completed",
                        failure(&format!("{because} was not built")),
                    );
                    let payload = json!({"overallStatus": "FAILED_TO_BUILD"});
                    put(out, test_summary_id(label), Vec::new(), "testSummary", payload);
                    let payload = json!({"overallTestStatus": "FAILED_TO_BUILD"});
                    put(out, target_summary_id(label), Vec::new(), "targetSummary", payload);
                }
            }
            Event::Finished(counts) => self.counts = Some(counts.clone()),
            Event::Warning(text) => {
                let text = format!("warning: {text}\n");
                self.next_progress(out, Vec::new(), json!({"stderr": text}));
            }
            Event::TestNotRun { because: NotRun::Cut(_), .. }
            | Event::Phase { .. }
            | Event::ActionStarted { .. }
            | Event::UpToDate { .. }
            | Event::CaseExplained { .. }
            | Event::StatusAsked
            | Event::Built { .. } => {}
        }
    }

    fn end(&mut self, exit: i32, problem: &str, at: SystemTime, out: &mut Vec<u8>) {
        self.close(exit, problem, out);
        let children = vec![json!({"buildToolLogs": {}}), json!({"buildMetrics": {}})];
        let payload = json!({
            "overallSuccess": exit == 0,
            "exitCode": {"name": exit_name(exit), "code": exit},
            "finishTimeMillis": millis_of(at),
            "finishTime": timestamp(at),
        });
        put(out, json!({"buildFinished": {}}), children, "finished", payload);
        put(out, json!({"buildToolLogs": {}}), Vec::new(), "buildToolLogs", json!({}));
        let counts = self.counts.take().unwrap_or_default();
        let payload = json!({
            "actionSummary": {
                "actionsCreated": (counts.ran + counts.cached + counts.skipped).to_string(),
                "actionsExecuted": counts.ran.to_string(),
            },
            "timingMetrics": {
                "wallTimeInMs": millis(counts.wall),
                "cpuTimeInMs": millis(self.cpu),
            },
        });
        put(out, json!({"buildMetrics": {}}), Vec::new(), "buildMetrics", payload);
        let text = if problem.is_empty() { String::new() } else { format!("{problem}\n") };
        let payload = if text.is_empty() { json!({}) } else { json!({"stderr": text}) };
        put_event(out, progress_id(self.progress), Vec::new(), "progress", payload, true);
    }
}

fn progress_id(number: u32) -> Value {
    match number {
        0 => json!({"progress": {}}),
        _ => json!({"progress": {"opaqueCount": number}}),
    }
}

fn failure(why: &str) -> Value {
    json!({"success": false, "failureDetail": {"message": why}})
}

impl Bep {
    fn pattern_id(&self) -> Value {
        json!({"pattern": {"pattern": self.patterns}})
    }

    /// The next link of the chain that announces what nothing else does.
    fn next_progress(&mut self, out: &mut Vec<u8>, mut children: Vec<Value>, payload: Value) {
        let id = progress_id(self.progress);
        self.progress += 1;
        children.insert(0, progress_id(self.progress));
        put(out, id, children, "progress", payload);
    }

    /// An event that nothing has announced.
    fn aside(&mut self, out: &mut Vec<u8>, id: Value, name: &str, payload: Value) {
        self.next_progress(out, vec![id.clone()], json!({}));
        put(out, id, Vec::new(), name, payload);
    }

    fn planned(&mut self, labels: &[Label], tests: &[Label], out: &mut Vec<u8>) {
        // The plan is made once more for targets that are built in another variant.
        if std::mem::replace(&mut self.planned, true) {
            return;
        }
        self.tests.extend(tests.iter().cloned());
        self.open.extend(labels.iter().chain(tests).cloned());
        let children = self.open.iter().map(configured_id).collect();
        put(out, self.pattern_id(), children, "expanded", json!({}));
        for label in &self.open {
            let mut children = vec![completed_id(label), target_summary_id(label)];
            let mut kind = "rule";
            if self.tests.contains(label) {
                children.insert(1, test_summary_id(label));
                kind = "test rule";
            }
            let payload = json!({"targetKind": kind});
            put(out, configured_id(label), children, "configured", payload);
        }
    }

    fn action(&mut self, about: &About, end: &ActionEnd, out: &mut Vec<u8>) {
        let process = end.details.process.as_ref();
        let cpu = process.map_or(Duration::ZERO, |it| it.user.saturating_add(it.system));
        self.cpu = self.cpu.saturating_add(cpu);
        if about.test {
            self.attempts.entry(about.label.clone()).or_default().add(end);
            return;
        }
        if matches!(end.outcome, Outcome::Passed | Outcome::Stopped) {
            return;
        }
        self.failed.insert(about.label.clone());
        // Failed actions have no outputs to be named by.
        let mut name = about.subject.clone();
        while !self.actions.insert((about.label.clone(), name.clone())) {
            name.push('\'');
        }
        let id = json!({"actionCompleted": {
            "primaryOutput": name,
            "label": about.label.to_string(),
            "configuration": {"id": CONFIGURATION},
        }});
        let why = super::failure::why(&end.outcome);
        let exit = match end.outcome {
            Outcome::Exited(status) => status,
            Outcome::Signalled(signal) => 128 + signal,
            _ => 1,
        };
        let mut payload = json!({
            "success": false,
            "type": about.subject.split(' ').next().unwrap_or_default(),
            "exitCode": exit,
            "label": about.label.to_string(),
            "configuration": {"id": CONFIGURATION},
            "failureDetail": {"message": format!("{}: {why}", about.subject)},
        });
        if let Some(command) = &end.command {
            payload["commandLine"] = json!([command]);
        }
        let outputs = [("stdout", &end.output), ("stderr", &end.details.errors)];
        for (name, output) in outputs {
            if let Some((path, _)) = output {
                payload[name] = file(name, path);
            }
        }
        self.next_progress(out, vec![id.clone()], json!({}));
        put(out, id, Vec::new(), "action", payload);
    }

    /// Tells of everything that was announced and has not come.
    fn close(&mut self, exit: i32, problem: &str, out: &mut Vec<u8>) {
        if !self.planned {
            let reason = if exit == 8 { "USER_INTERRUPTED" } else { "LOADING_FAILURE" };
            return aborted(out, self.pattern_id(), reason, problem);
        }
        let cut = self.counts.as_ref().is_none_or(|it| it.interrupted || it.cut.is_some());
        for label in std::mem::take(&mut self.open) {
            let is_test = self.tests.contains(&label);
            let files = self.delivered.remove(&label).unwrap_or_default();
            let reason = match (exit, is_test) {
                _ if self.undone.contains(&label) => Some("NO_BUILD"),
                _ if self.failed.contains(&label) => None,
                (8, _) if files.is_empty() => Some("USER_INTERRUPTED"),
                _ if cut && files.is_empty() => Some("INCOMPLETE"),
                // Of a test without a verdict nothing was wanted, as with a filter.
                (_, true) => Some("SKIPPED"),
                _ => None,
            };
            if let Some(reason) = reason {
                aborted(out, completed_id(&label), reason, problem);
                if is_test {
                    aborted(out, test_summary_id(&label), reason, problem);
                }
                aborted(out, target_summary_id(&label), reason, problem);
                continue;
            }
            let success = !self.failed.contains(&label);
            let payload = match success {
                true => self.completed(files, out),
                false => failure(&format!("{label} was not built")),
            };
            put(out, completed_id(&label), Vec::new(), "completed", payload);
            if is_test {
                let payload = json!({"overallStatus": "FAILED_TO_BUILD"});
                put(out, test_summary_id(&label), Vec::new(), "testSummary", payload);
            }
            let payload = json!({"overallBuildSuccess": success});
            put(out, target_summary_id(&label), Vec::new(), "targetSummary", payload);
        }
    }

    /// A target that was built, after the set of its files.
    fn completed(&mut self, files: Vec<String>, out: &mut Vec<u8>) -> Value {
        if files.is_empty() {
            return json!({"success": true});
        }
        let set = json!({"id": self.sets.to_string()});
        self.sets += 1;
        let files: Vec<Value> = files.iter().map(|it| file(it, &self.root.join(it))).collect();
        self.aside(out, json!({"namedSet": set}), "namedSetOfFiles", json!({"files": files}));
        json!({"success": true, "outputGroup": [{"name": "default", "fileSets": [set]}]})
    }
}
