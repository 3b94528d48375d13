//! Runs that found nothing to do, noted in a file of lines: to add one costs a write, where opening
//! the history would take as long as all else that such a run does.

use super::records::RunRecord;
use rustix::fs::{FlockOperation, flock};
use std::fs::{DirBuilder, File};
use std::io::{Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

/// Bytes after which the runs should be taken over though nobody opens the history.
pub(super) const LONG: u64 = 1 << 20;

const FILE: &str = "idle-runs";

/// Adds a run; gives how long the file is now. What the disk refuses is lost.
pub(super) fn append(dir: &Path, run: &RunRecord) -> u64 {
    let Ok(mut line) = serde_json::to_vec(run) else { return 0 };
    line.push(b'\n');
    let options = File::options().append(true).create(true).mode(0o600).clone();
    let open = || options.open(dir.join(FILE));
    let make = |_| {
        DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
        open()
    };
    let add = |mut file: File| {
        // Who takes runs over holds the lock for a moment only.
        flock(&file, FlockOperation::LockExclusive)?;
        file.write_all(&line)?;
        file.metadata().map(|found| found.len())
    };
    open().or_else(make).and_then(add).unwrap_or(0)
}

/// Takes all runs, in the order in which they were noted; they are gone once `keep` says that they
/// are kept. A line that cannot be read is left out, as one that was not written whole.
pub(super) fn take(dir: &Path, keep: impl FnOnce(&[RunRecord]) -> bool) {
    let Ok(mut file) = File::options().read(true).write(true).open(dir.join(FILE)) else { return };
    // Somebody else who takes them is as good.
    if flock(&file, FlockOperation::NonBlockingLockExclusive).is_err() {
        return;
    }
    let mut bytes = Vec::new();
    if file.read_to_end(&mut bytes).is_err() || bytes.is_empty() {
        return;
    }
    let lines = bytes.split(|byte| *byte == b'\n');
    let runs: Vec<RunRecord> = lines.filter_map(|line| serde_json::from_slice(line).ok()).collect();
    if keep(&runs) {
        let _ = file.set_len(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_taken_once_and_only_if_they_are_kept() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("deep/er");
        let run = |start_ns| RunRecord { start_ns, command: "eng\n".into(), ..Default::default() };
        assert!(append(&folder, &run(1)) > 0);
        std::fs::OpenOptions::new()
            .append(true)
            .open(folder.join(FILE))
            .and_then(|mut file| file.write_all(b"{\"id\":\n"))
            .unwrap();
        append(&folder, &run(2));
        let taken = |kept| {
            let mut taken = Vec::new();
            take(&folder, |runs| {
                taken = runs.to_vec();
                kept
            });
            taken
        };
        assert_eq!(taken(false), [run(1), run(2)]);
        assert_eq!(taken(true), [run(1), run(2)]);
        assert_eq!(taken(true), []);
        append(&folder, &run(3));
        assert_eq!(taken(true), [run(3)]);
    }
}
