//! Verdicts of cases that the ledger remembers.

use super::deal::Dealer;
use super::target::Target;
use super::verdict::Judged;
use super::{command, rows};
use crate::event::{Known, Origin};
use crate::run::{CaseKeys, Shared, are_stored};
use crate::store::CaseRow;
use anyhow::Result;
use std::time::Duration;

/// Where a result is from, if it was not come by now.
pub(super) fn known(origin: Origin, run: i64, time: u64) -> Option<Known> {
    (origin == Origin::Cached).then_some(Known { run, time })
}

/// Takes the remembered verdicts of the wanted cases; gives those that have none.
pub(super) fn remembered(
    shared: &Shared,
    target: &mut Target,
    dealer: &Dealer,
) -> Result<Vec<String>> {
    let test = target.test.clone();
    let wanted = target.wanted.clone();
    let mut all = Vec::new();
    for (program, names) in target.by_program(&wanted) {
        let Some(mut keys) = CaseKeys::new(shared, &dealer.for_keys(&test, program))? else {
            return Ok(wanted);
        };
        target.inputs[program] = keys.inputs.clone();
        // Cases run together by another command than alone, which counts as well.
        let batch = test.protocol.batch.as_deref().unwrap_or_default();
        let batch = command::words(&test, program, batch, command::Cases::Many(&[]));
        let batch: Vec<&str> = batch.iter().map(|word| &*word.text).collect();
        let reading = format!("{}\n{batch:?}", rows::reading(&test.protocol));
        for name in &names {
            let cases = command::Cases::One(name, None);
            let words = command::words(&test, program, &test.protocol.run, cases);
            let arguments = words.iter().map(|word| word.text.to_string()).collect();
            all.push(keys.key(arguments, name, &reading));
        }
    }
    let options = &shared.options;
    let fresh = options.no_cache || options.fresh_tests || test.forget || dealer.forgets();
    let rows = if fresh { vec![None; all.len()] } else { shared.ledger.cases(&all) };
    let mut missing = Vec::new();
    for ((name, key), row) in wanted.into_iter().zip(all).zip(rows) {
        target.keys.insert(name.clone(), key);
        let reusable = |row: CaseRow| Some((rows::reusable(&row, options.retell)?, row));
        let Some((verdict, row)) = row.and_then(reusable) else {
            missing.push(name);
            continue;
        };
        if !are_stored(shared, &row.outputs)? {
            missing.push(name);
            continue;
        }
        target.kept.add(target.place(&name).at, &row.outputs);
        let bytes = row.output.map(|digest| shared.cas.read(&digest)).transpose()?.flatten();
        let output = String::from_utf8_lossy(&bytes.unwrap_or_default()).into_owned();
        target.failed_once(0, &name, row.flaky);
        let known = known(Origin::Cached, row.run, row.time);
        let duration = row.duration_ns.map(Duration::from_nanos);
        let judged = Judged { name, verdict, duration, output, leaky: row.leaked };
        target.add(0, judged, Origin::Cached, known);
    }
    Ok(missing)
}
