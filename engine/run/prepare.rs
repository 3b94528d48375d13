//! An action before anything is looked up or started: its words, its inputs, its manifest.

use super::exec_root;
use super::facts;
use super::manifest::{Content, Detail, Manifest, Reach};
use super::session::Shared;
use super::sources;
use super::why;
use crate::analyze::{Action, FileId, FileKind, TestProcess, Word};
use crate::base::{Digest, Why, join, parent};
use anyhow::Result;
use std::collections::{BTreeMap, BTreeSet};

/// The environment of every action, besides what its rule lets through.
pub(super) const ENVIRONMENT: [(&str, &str); 2] = [
    ("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"),
    ("SOURCE_DATE_EPOCH", "0"),
];

/// An action ready to be looked up or started.
pub(super) struct Prepared {
    pub words: Vec<Word>,
    pub manifest: Manifest,
    pub inputs: Vec<(String, FileId, Content)>,
    /// Paths of programs that look for files in the folder in which they stand. A link would lead
    /// them into the store.
    pub copied: BTreeSet<String>,
}

impl Prepared {
    /// What the process reads.
    pub fn inputs(&self) -> Inputs {
        Inputs(self.inputs.iter().map(|(_, id, content)| (*id, *content)).collect())
    }
}

/// What a process has read, or what a key was made of.
#[derive(Debug, Clone, Default)]
pub struct Inputs(BTreeMap<FileId, Content>);

impl Inputs {
    /// True if no file is in both with different contents.
    pub fn agree(&self, other: &Inputs) -> bool {
        let same = |(id, content)| other.0.get(id).is_none_or(|known| known == content);
        self.0.iter().all(same)
    }
}

/// The manifest of an action, or why there is none.
pub(super) fn prepare(
    shared: &Shared,
    action: &Action,
    inputs: &[FileId],
) -> Result<Result<Prepared, String>> {
    let words = action.words();
    let mut placed = Vec::new();
    let mut copied = BTreeSet::new();
    let own = action.test.as_ref().filter(|test| test.coverage.is_some());
    // What tells what a process has executed is not for its eyes.
    let own = own.map(|_| action.input_files(&words));
    for id in own.as_deref().unwrap_or(inputs) {
        let path = &shared.analysis.files.file(*id).path;
        let Some(content) = shared.content(*id)? else {
            return Ok(Err(match std::fs::read_link(shared.root.join(&**path)) {
                Ok(to) => {
                    format!("its input '{path}' leads to '{}', which is not there", to.display())
                }
                Err(_) => format!("its input '{path}' is not there any more"),
            }));
        };
        placed.push((exec_root::place_of(&action.layout, path), *id, content));
    }
    for (program, file) in action.companions(&words) {
        let place = |id| exec_root::place_of(&action.layout, shared.analysis.files.path(id));
        let (program, own) = (place(program), place(file));
        let name = own.rsplit('/').next().unwrap_or(&own);
        let Some(content) = shared.content(file)? else { continue };
        placed.push((join(parent(&program), name), file, content));
        copied.insert(program);
    }
    placed.sort_by(|a, b| a.0.cmp(&b.0));
    placed.dedup_by(|a, b| a.0 == b.0 && a.2 == b.2);
    if let Some(pair) = placed.windows(2).find(|pair| pair[0].0 == pair[1].0) {
        let path = |at: usize| &shared.analysis.files.file(pair[at].1).path;
        return Ok(Err(format!(
            "'{}' and '{}' would both stand at '{}'",
            path(0),
            path(1),
            pair[0].0
        )));
    }
    let mut tools = Vec::new();
    let mentioned: BTreeSet<_> = words
        .iter()
        .chain(action.env.iter().map(|(_, word)| word))
        .flat_map(|word| word.tools().iter().copied())
        .collect();
    for (id, _) in mentioned {
        match shared.tool(id)? {
            Ok(tool) => tools.push(tool),
            Err(problem) => return Ok(Err(problem.to_string())),
        }
    }
    let mut variables: Vec<(String, String)> =
        action.env.iter().map(|(name, word)| (name.to_string(), word.text.to_string())).collect();
    if action.test.is_none() {
        for (name, value) in ENVIRONMENT {
            if !variables.iter().any(|(known, _)| known == name) {
                variables.push((name.to_string(), value.to_string()));
            }
        }
    }
    variables.sort();
    let mut output_paths: Vec<String> =
        action.outputs.iter().map(|id| shared.analysis.files.path(*id).to_string()).collect();
    output_paths.sort();
    let mut named: Vec<(String, Digest)> =
        tools.iter().map(|tool| (tool.name.clone(), tool.identity)).collect();
    named.sort();
    named.dedup();
    let details = match &action.test {
        None => written(shared, action),
        Some(test) => match of_test(shared, action, test)? {
            Ok(details) => details,
            Err(why) => return Ok(Err(why)),
        },
    };
    let manifest = Manifest {
        arguments: words.iter().map(|word| word.text.to_string()).collect(),
        variables,
        outputs: output_paths,
        folder: exec_root::start_folder(&action.layout).to_string(),
        inputs: placed.iter().map(|(path, _, content)| (path.clone(), *content)).collect(),
        tools: named,
        host: shared.host(),
        timeout: shared.options.limit(action),
        details,
    };
    Ok(Ok(Prepared { words, manifest, inputs: placed, copied }))
}

/// How outputs are written, as far as neither the command nor their paths tell: which are folders,
/// and which receives standard output.
fn written(shared: &Shared, action: &Action) -> Vec<Detail> {
    let path = |id: &FileId| shared.analysis.files.path(*id).to_string();
    let folder = |id: &&FileId| {
        let kind = &shared.analysis.files.file(**id).kind;
        matches!(kind, FileKind::Output { folder: true, .. })
    };
    let folders = action.outputs.iter().filter(folder);
    let folders = folders.map(|id| Detail::new("folder output", path(id), ""));
    folders.chain(action.stdout.iter().map(|id| Detail::new("stdout", path(id), ""))).collect()
}

/// What only tests have: what they are told, and what they find on the machine.
fn of_test(
    shared: &Shared,
    action: &Action,
    test: &TestProcess,
) -> Result<Result<Vec<Detail>, String>> {
    let mut details = vec![
        Detail::new("test", action.label.to_string(), ""),
        Detail::new("size", test.size.clone(), ""),
    ];
    details.extend(test.cases.iter().map(|case| Detail::new("case", case.clone(), "")));
    if let Some((shard, shards)) = test.shard {
        details.push(Detail::new("shard", format!("{} of {shards}", shard + 1), ""));
    }
    details.extend(test.only.iter().map(|only| Detail::new("only", only.clone(), "")));
    for setup in &test.setups {
        let prepared = match prepare(shared, setup, &setup.input_files(&setup.words()))? {
            Ok(prepared) => prepared,
            Err(why) => return Ok(Err(format!("setup {}: {why}", setup.label))),
        };
        let key = prepared.manifest.exact().to_string();
        details.push(Detail::new("setup", setup.label.to_string(), key));
    }
    for (name, amount) in &test.claims.resources {
        let instances = shared.home.resources.get(name);
        let value = format!("{amount} of {instances:?}");
        details.push(Detail::new("resource", name.clone(), value));
    }
    for collector in test.coverage.iter().flat_map(|it| it.iter()) {
        let report = &collector.report;
        let prepared = match prepare(shared, report, &report.input_files(&report.words()))? {
            Ok(prepared) => prepared,
            Err(why) => return Ok(Err(format!("{}: {why}", report.about))),
        };
        let key = prepared.manifest.exact().to_string();
        details.push(Detail::new("coverage", format!("{:?}", collector.collect), key));
    }
    if test.coverage.is_some() {
        details.push(Detail::new("coverage", "", ""));
    }
    for (name, value) in &test.env {
        details.push(Detail::new("test variable", name.clone(), format!("{value:?}")));
    }
    Ok(Ok(details))
}

/// The keys of single cases of a test.
pub struct CaseKeys<'a> {
    action: &'a Action,
    prepared: Prepared,
    input_root: Digest,
}

impl<'a> CaseKeys<'a> {
    /// For a test, given the action that runs one case of it; nothing if an input is gone.
    pub fn new(shared: &Shared, action: &'a Action) -> Result<Option<CaseKeys<'a>>> {
        let inputs = action.input_files(&action.words());
        Ok(prepare(shared, action, &inputs)?.ok().map(|prepared| CaseKeys {
            action,
            input_root: prepared.manifest.input_root(),
            prepared,
        }))
    }

    /// What they are made of.
    pub fn inputs(&self) -> Inputs {
        self.prepared.inputs()
    }

    /// The key of the case with this command; `reading` is how its result is read.
    pub fn key(&mut self, arguments: Vec<String>, case: &str, reading: &str) -> Digest {
        let manifest = &mut self.prepared.manifest;
        let common = std::mem::replace(&mut manifest.arguments, arguments);
        let number = manifest.details.len();
        manifest.details.push(Detail::new("case", case, ""));
        manifest.details.push(Detail::new("reading", "", reading));
        let key = manifest.exact_with(self.input_root);
        manifest.details.truncate(number);
        manifest.arguments = common;
        key
    }

    /// The digest of what all cases have in common.
    pub fn common(&self, reading: &str) -> Digest {
        self.manifest(reading).exact_with(self.input_root)
    }

    /// The same as it is kept for explanations, with the sources among it.
    pub fn keep(&self, shared: &Shared, reading: &str) -> Result<Digest> {
        sources::keep(shared, &self.prepared, None);
        let lines = facts::lines(&self.manifest(reading), Reach::All);
        Ok(shared.keep_text(lines.into_bytes()))
    }

    /// Why all cases have to run, from what they were made of before; nothing if that is the same.
    pub fn changes(&self, shared: &Shared, before: &Digest, reading: &str) -> Option<Why> {
        let now = facts::lines(&self.manifest(reading), Reach::All);
        why::changes(shared, self.action, &self.prepared, &shared.facts(before)?, &now)
    }

    fn manifest(&self, reading: &str) -> Manifest {
        let mut manifest = self.prepared.manifest.clone();
        manifest.details.push(Detail::new("reading", "", reading));
        manifest
    }
}
