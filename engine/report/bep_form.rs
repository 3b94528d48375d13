//! Pieces of the Build Event Protocol's JSON: ids, files, times, names.

use crate::base::{Label, show_moment_ms};
use crate::event::{Turn, Verdict};
use serde_json::{Value, json};
use std::path::Path;
use std::time::{Duration, SystemTime};

/// There is one configuration: modes are told in the command line.
pub(super) const CONFIGURATION: &str = "eng";

pub(super) fn configuration() -> Value {
    json!({"id": CONFIGURATION})
}

pub(super) fn configured_id(label: &Label) -> Value {
    json!({"targetConfigured": {"label": label.to_string()}})
}

pub(super) fn completed_id(label: &Label) -> Value {
    let (label, configuration) = (label.to_string(), configuration());
    json!({"targetCompleted": {"label": label, "configuration": configuration}})
}

pub(super) fn result_id(label: &Label, turn: Turn) -> Value {
    json!({"testResult": {
        "label": label.to_string(),
        "configuration": configuration(),
        "run": turn.run,
        "shard": 1,
        "attempt": turn.attempt,
    }})
}

pub(super) fn test_summary_id(label: &Label) -> Value {
    let (label, configuration) = (label.to_string(), configuration());
    json!({"testSummary": {"label": label, "configuration": configuration}})
}

pub(super) fn target_summary_id(label: &Label) -> Value {
    let (label, configuration) = (label.to_string(), configuration());
    json!({"targetSummary": {"label": label, "configuration": configuration}})
}

/// A file by its name for people and where it is.
pub(super) fn file(name: &str, path: &Path) -> Value {
    use std::os::unix::ffi::OsStrExt;
    let mut uri = "file://".to_string();
    for byte in path.as_os_str().as_bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'.' | b'_' | b'~' => {
                uri.push(char::from(*byte));
            }
            byte => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    json!({"name": name, "uri": uri})
}

/// A moment, as `2026-01-02T03:04:05.678Z`.
pub(super) fn timestamp(time: SystemTime) -> Value {
    show_moment_ms(time).into()
}

/// A length of time, as `1.5s`.
pub(super) fn duration(duration: Duration) -> Value {
    format!("{}s", duration.as_secs_f64()).into()
}

/// Milliseconds since the epoch; 64-bit numbers are texts.
pub(super) fn millis_of(time: SystemTime) -> Value {
    millis(time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default())
}

pub(super) fn millis(duration: Duration) -> Value {
    duration.as_millis().to_string().into()
}

/// How a test or an attempt of it is told in which cases came to this.
pub(super) fn status<'a>(verdicts: impl Iterator<Item = &'a Verdict> + Clone) -> &'static str {
    let any = |fits: fn(&Verdict) -> bool| verdicts.clone().any(fits);
    if any(|it| matches!(it, Verdict::Failed(_) | Verdict::Crashed(_))) {
        "FAILED"
    } else if any(|it| matches!(it, Verdict::TimedOut(_))) {
        "TIMEOUT"
    } else if any(|it| matches!(it, Verdict::NotRun(_))) {
        "INCOMPLETE"
    } else if verdicts.clone().next().is_none() {
        "NO_STATUS"
    } else {
        "PASSED"
    }
}

/// The name of an exit code.
pub(super) fn exit_name(exit: i32) -> &'static str {
    match exit {
        0 => "SUCCESS",
        1 => "BUILD_FAILURE",
        2 => "COMMAND_LINE_ERROR",
        3 => "TESTS_FAILED",
        4 => "NO_TESTS_FOUND",
        8 => "INTERRUPTED",
        32 => "REMOTE_ERROR",
        36 => "LOCAL_ENVIRONMENTAL_ERROR",
        _ => "BLAZE_INTERNAL_ERROR",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_times_and_durations_are_as_others_read_them() {
        let told = file("a b", Path::new("/x y/ü.log"));
        assert_eq!(told, json!({"name": "a b", "uri": "file:///x%20y/%C3%BC.log"}));
        let time = SystemTime::UNIX_EPOCH + Duration::from_millis(1_795_758_827_269);
        assert_eq!(timestamp(time), "2026-11-27T05:53:47.269Z");
        assert_eq!(millis_of(time), "1795758827269");
        assert_eq!(duration(Duration::from_millis(1500)), "1.5s");
        assert_eq!(duration(Duration::from_secs(2)), "2s");
    }
}
