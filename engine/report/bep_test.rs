//! A test in the Build Event Protocol: its attempts and its summary.

use super::bep::{Bep, put};
use super::bep_form::{
    completed_id, duration, file, millis, millis_of, result_id, status, target_summary_id,
    test_summary_id, timestamp,
};
use crate::base::Label;
use crate::event::{Case, Origin};
use serde_json::{Value, json};
use std::path::Path;
use std::time::{Duration, SystemTime};

/// More attempts are not told one by one.
const MOST: u32 = 1000;

impl Bep {
    /// A test has its verdicts: that it was built, its attempts, what they came to. `took` is how
    /// long it took, and when that was known.
    pub(super) fn test_finished(
        &mut self,
        label: &Label,
        cases: &[Case],
        took: (Duration, SystemTime),
        log: Option<&Path>,
        warnings: &[String],
        out: &mut Vec<u8>,
    ) {
        let process = self.processes.remove(label);
        let start = process.map_or(took.1, |(started, _)| started);
        // Attempts that failed before the one that is told.
        let failed = cases.iter().map(|case| case.flaky).max().unwrap_or_default().min(MOST);
        let last = status(cases);
        let bad = cases.iter().filter(|case| !case.verdict.is_good()).count();
        let cached = !cases.is_empty() && cases.iter().all(|it| it.origin == Origin::Cached);
        let attempts: Vec<Value> =
            (1..=failed + 1).map(|attempt| result_id(label, attempt)).collect();
        let payload = json!({"success": true});
        put(out, completed_id(label), attempts.clone(), "completed", payload);
        let log: Vec<Value> = log.iter().map(|path| file("test.log", path)).collect();
        for (number, id) in (1..).zip(attempts) {
            let is_last = number == failed + 1;
            let mut payload = json!({
                "status": if is_last { last } else { "FAILED" },
                "testAttemptStartMillisEpoch": millis_of(start),
                "testAttemptStart": timestamp(start),
                "executionInfo": {"strategy": "local"},
            });
            if is_last {
                payload["testAttemptDurationMillis"] = millis(took.0);
                payload["testAttemptDuration"] = duration(took.0);
                if cached {
                    payload["cachedLocally"] = true.into();
                }
                if bad > 0 {
                    payload["statusDetails"] =
                        format!("{bad} of {} cases are bad", cases.len()).into();
                }
                if !log.is_empty() {
                    payload["testActionOutput"] = log.clone().into();
                }
                if !warnings.is_empty() {
                    payload["warning"] = warnings.into();
                }
                if let Some(exit) = process.and_then(|(_, exit)| exit) {
                    payload["executionInfo"]["exitCode"] = exit.into();
                }
            }
            put(out, id, Vec::new(), "testResult", payload);
        }
        let overall = if last == "PASSED" && failed > 0 { "FLAKY" } else { last };
        let mut payload = json!({
            "overallStatus": overall,
            "totalRunCount": failed + 1,
            "runCount": 1,
            "attemptCount": failed + 1,
            "shardCount": 1,
            "totalNumCached": i32::from(cached),
            "firstStartTimeMillis": millis_of(start),
            "firstStartTime": timestamp(start),
            "lastStopTimeMillis": millis_of(took.1),
            "lastStopTime": timestamp(took.1),
            "totalRunDurationMillis": millis(took.0),
            "totalRunDuration": duration(took.0),
        });
        if !log.is_empty() {
            payload[if bad > 0 { "failed" } else { "passed" }] = log.into();
        }
        put(out, test_summary_id(label), Vec::new(), "testSummary", payload);
        let payload = json!({"overallBuildSuccess": true, "overallTestStatus": overall});
        put(out, target_summary_id(label), Vec::new(), "targetSummary", payload);
    }
}
