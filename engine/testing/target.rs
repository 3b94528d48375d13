//! One test target on its way to its verdicts.

use super::verdict::Judged;
use crate::analyze::Test;
use crate::base::Digest;
use crate::event::{Case, Origin, Verdict};
use crate::load::{Protocol, Results, Text};
use crate::run::{Inputs, Shared};
use crate::store::CaseRow;
use anyhow::Result;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// What is known of a test target so far.
pub(super) struct Target {
    pub test: Arc<Test>,
    /// All cases by name in the order of the listing.
    pub listed: Vec<String>,
    /// Place of each in the listing.
    places: HashMap<String, usize>,
    /// Keys of cases.
    pub keys: BTreeMap<String, Digest>,
    /// What these are made of.
    pub inputs: Inputs,
    /// Verdicts in the order of the listing; what no listing names comes last.
    pub verdicts: BTreeMap<(usize, String), Case>,
    /// Processes that have not ended.
    pub open: usize,
    /// Time of all processes so far.
    pub duration: Duration,
    /// What the processes printed, in the order of their ends.
    pub log: Vec<Digest>,
    /// True once a process was started for it in this run.
    pub ran: bool,
}

impl Target {
    pub fn new(test: Arc<Test>) -> Target {
        Target {
            test,
            listed: Vec::new(),
            places: HashMap::new(),
            keys: BTreeMap::new(),
            inputs: Inputs::default(),
            verdicts: BTreeMap::new(),
            open: 0,
            duration: Duration::ZERO,
            log: Vec::new(),
            ran: false,
        }
    }

    /// Place of a case in the listing.
    pub fn index(&self, name: &str) -> usize {
        self.places.get(name).copied().unwrap_or(usize::MAX)
    }

    /// Takes the listing.
    pub fn list(&mut self, names: Vec<String>) {
        self.places = names.iter().cloned().zip(0..).collect();
        self.listed = names;
    }

    /// Adds a verdict.
    pub fn add(&mut self, judged: Judged, origin: Origin) {
        let Judged { name, verdict, output, leaky } = judged;
        let place = (self.index(&name), name.clone());
        self.verdicts.insert(place, Case { name, verdict, origin, duration: None, output, leaky });
    }
}

/// A case that was run together with others.
const VIA_BATCH: u8 = 1;

/// Words of the kinds of verdicts in the ledger.
const KINDS: [&str; 3] = ["passed", "failed", "skipped"];

/// The row of a verdict that may be kept. What the case printed goes into the store.
pub(super) fn row(judged: &Judged, shared: &Shared) -> Result<Option<CaseRow>> {
    let (kind, text) = match &judged.verdict {
        Verdict::Passed => (0, String::new()),
        // What is kept of these is only that no earlier pass holds.
        Verdict::Failed | Verdict::Crashed(_) | Verdict::TimedOut(_) => (1, String::new()),
        Verdict::Skipped(why) => (2, why.clone()),
        _ => return Ok(None),
    };
    let output = match judged.output.as_bytes() {
        [] => None,
        bytes => Some(shared.cas.put_bytes(bytes)?),
    };
    let time =
        SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
    Ok(Some(CaseRow {
        verdict: kind,
        text,
        duration_ns: None,
        output,
        leaked: judged.leaky,
        run: shared.run,
        time,
        via: VIA_BATCH,
        tier: 1,
    }))
}

/// How results of cases are read: what was read otherwise is no verdict any more.
pub(super) fn reading(protocol: &Protocol) -> String {
    let words = &protocol.words;
    let mut res = format!("{:?} {:?} {:?}", words.passed, words.failed, words.skipped);
    match &protocol.results {
        None => {}
        Some(Results::Tap) => res.push_str(" tap"),
        Some(Results::Lines(lines)) => {
            let texts = |texts: &[Text]| -> Vec<String> {
                texts.iter().map(|text| text.text.clone()).collect()
            };
            let one = |text: &Option<Text>| texts(text.as_slice());
            let (started, output) = (one(&lines.started), one(&lines.output));
            let (done, ignored) = (texts(&lines.done), texts(&lines.ignored));
            res.push_str(&format!(" {started:?} {done:?} {output:?} {ignored:?}"));
        }
    }
    res
}

/// The verdict of a row, if it is good and so may be taken.
pub(super) fn reusable(row: &CaseRow) -> Option<Verdict> {
    match KINDS.get(usize::from(row.verdict)) {
        Some(&"passed") => Some(Verdict::Passed),
        Some(&"skipped") => Some(Verdict::Skipped(row.text.clone())),
        _ => None,
    }
}
