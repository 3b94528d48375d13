//! Verdicts of cases that the ledger remembers.

use super::causes::Causes;
use super::deal::Dealer;
use super::target::Target;
use super::verdict::Judged;
use super::{command, coverage, rows};
use crate::analyze::Action;
use crate::base::{Digest, Why};
use crate::event::{CaseStanding, Event, Known, Origin};
use crate::run::{CaseKeys, Shared, are_stored};
use crate::store::CaseRow;
use anyhow::Result;
use std::time::Duration;

/// Where a result is from, if it was not come by now.
pub(super) fn known(origin: Origin, run: i64, time: u64) -> Option<Known> {
    (origin == Origin::Cached).then_some(Known { run, time })
}

/// Takes the remembered verdicts of the wanted cases; gives those that have none, of which the target
/// then knows why.
pub(super) fn remembered(
    shared: &Shared,
    target: &mut Target,
    dealer: &Dealer,
) -> Result<Vec<String>> {
    let test = target.test.clone();
    let wanted = target.by_program(&target.wanted);
    let actions: Vec<Action> =
        wanted.keys().map(|program| dealer.for_keys(&test, *program)).collect();
    let keys = actions.iter().map(|action| CaseKeys::new(shared, action));
    let Some(all_keys) = keys.collect::<Result<Option<Vec<_>>>>()? else {
        return Ok(target.wanted.clone());
    };
    let mut missing = Vec::new();
    for ((program, names), mut keys) in wanted.into_iter().zip(all_keys) {
        target.inputs[program] = keys.inputs();
        // Cases run together by another command than alone, which counts as well.
        let batch = test.protocol.batch.as_deref().unwrap_or_default();
        let batch = command::words(&test, program, batch, command::Cases::Many(&[]));
        let batch: Vec<&str> = batch.iter().map(|word| &*word.text).collect();
        let reading = format!("{}\n{batch:?}", rows::reading(&test.protocol));
        let key = |name: &String| {
            let cases = command::Cases::One(name, None);
            let words = command::words(&test, program, &test.protocol.run, cases);
            let arguments = words.iter().map(|word| word.text.to_string()).collect();
            keys.key(arguments, name, &reading)
        };
        let all: Vec<Digest> = names.iter().map(key).collect();
        let options = &shared.options;
        let fresh = options.no_cache || options.fresh_tests || test.forget || dealer.forgets();
        let rows = if fresh { vec![None; all.len()] } else { shared.ledger.cases(&all) };
        let mut causes = Causes::new(shared, &keys, &test, program, &reading);
        for ((name, key), row) in names.into_iter().zip(all).zip(rows) {
            target.keys.insert(name.clone(), key);
            let outputs = row.as_ref().map_or(&[][..], |row| &row.outputs);
            let alone = coverage::fits(shared, target, outputs)?;
            let standing = match row {
                Some(row) if alone && take(shared, target, &name, &row)? => {
                    CaseStanding::Holds(Known { run: row.run, time: row.time })
                }
                row => {
                    let why = match alone {
                        true => causes.of(row.as_ref()),
                        false => Why::text(coverage::TOGETHER),
                    };
                    target.causes.insert(name.clone(), why.clone());
                    missing.push(name.clone());
                    CaseStanding::WouldRun(why)
                }
            };
            if options.explains.contains(&test.label) {
                let (label, case) = (test.label.clone(), name);
                let _ = shared.events.send(Event::CaseExplained { label, case, standing });
            }
        }
        target.made[program] = causes.keep()?;
    }
    // In the order in which they are listed, whatever the order of the programs.
    missing.sort_by_cached_key(|name| target.place(name).at);
    Ok(missing)
}

/// Takes a verdict if it holds.
fn take(shared: &Shared, target: &mut Target, name: &str, row: &CaseRow) -> Result<bool> {
    let Some(verdict) = rows::reusable(row, shared.options.retell) else { return Ok(false) };
    if !are_stored(shared, &row.outputs)? {
        return Ok(false);
    }
    target.kept.add(target.place(name).at, &row.outputs);
    let bytes = row.output.map(|digest| shared.cas.read(&digest)).transpose()?.flatten();
    let output = String::from_utf8_lossy(&bytes.unwrap_or_default()).into_owned();
    target.had_failed(0, name, row.flaky);
    let known = known(Origin::Cached, row.run, row.time);
    let duration = row.duration_ns.map(Duration::from_nanos);
    let name = name.to_string();
    let covered = coverage::parts(&row.outputs);
    let judged = Judged::new(name, verdict, output);
    let judged = Judged { duration, leaky: row.leaked, covered, ..judged };
    target.add(0, judged, Origin::Cached, known);
    Ok(true)
}
