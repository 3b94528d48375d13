//! What processes of tests printed: whole in a file for the user, by its ends on the screen.

use super::target::Target;
use crate::base::Digest;
use crate::event::Case;
use crate::run::Shared;
use crate::store::ResultRow;
use anyhow::{Context, Result};
use std::fs::{self, File};
use std::io::{BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};

/// Of longer output the middle is left out wherever it is held in memory; the log has all of it.
const MOST_BYTES: u64 = 1 << 20;

/// All that stands under a digest, as text.
pub(super) fn whole(shared: &Shared, digest: Option<Digest>) -> Result<String> {
    let bytes = digest.map(|digest| shared.cas.read(&digest)).transpose()?.flatten();
    Ok(String::from_utf8_lossy(&bytes.unwrap_or_default()).into_owned())
}

/// What stands under a digest, as text; of long text the lines that matter, and what stands beside
/// them.
pub(super) fn thinned(
    shared: &Shared,
    digest: Option<Digest>,
    matters: &dyn Fn(&str) -> bool,
) -> Result<String> {
    let Some(long) = digest.filter(|digest| digest.size > 4 * MOST_BYTES) else {
        return whole(shared, digest);
    };
    let Some(path) = shared.cas.find(&long)? else { return Ok(String::new()) };
    let read = || super::thin::thin(BufReader::new(File::open(&path)?), matters);
    read().with_context(|| format!("read {}", path.display()))
}

/// What a process wrote to standard output and then to standard error.
pub(super) fn printed(shared: &Shared, row: &ResultRow) -> Result<String> {
    let stdout = ends(shared, row.stdout)?;
    let stderr = ends(shared, row.stderr)?;
    let gap = if stdout.is_empty() || stdout.ends_with('\n') { "" } else { "\n" };
    Ok(format!("{stdout}{gap}{stderr}"))
}

/// The same of one stream.
pub(super) fn ends(shared: &Shared, digest: Option<Digest>) -> Result<String> {
    let mut text = String::new();
    if let Some(digest) = digest {
        part(shared, &digest, 0..digest.size, &mut text)?;
    }
    Ok(text)
}

/// Adds a part of what stands under a digest, on a line of its own.
pub(super) fn part(
    shared: &Shared,
    digest: &Digest,
    bytes: Range<u64>,
    to: &mut String,
) -> Result<()> {
    let (start, end) = (bytes.start, bytes.end.min(digest.size));
    if start >= end {
        return Ok(());
    }
    let Some(path) = shared.cas.find(digest)? else { return Ok(()) };
    let read = |from: u64, length: u64| {
        let read = || -> std::io::Result<String> {
            let mut file = File::open(&path)?;
            file.seek(SeekFrom::Start(from))?;
            let mut bytes = Vec::new();
            file.take(length).read_to_end(&mut bytes)?;
            Ok(String::from_utf8_lossy(&bytes).into_owned())
        };
        read().with_context(|| format!("read {}", path.display()))
    };
    if !to.is_empty() && !to.ends_with('\n') {
        to.push('\n');
    }
    let (length, half) = (end - start, MOST_BYTES / 2);
    if length <= MOST_BYTES {
        to.push_str(&read(start, length)?);
    } else {
        to.push_str(&read(start, half)?);
        to.push_str(&format!("\n… {} bytes are in the log …\n", length - 2 * half));
        to.push_str(&read(end - half, half)?);
    }
    Ok(())
}

/// Where the log of a test stands, and all that it has left for its user.
pub(super) fn folder(shared: &Shared, target: &Target) -> PathBuf {
    let label = &target.test.label;
    shared.root.join("eng-out/testlogs").join(label.package.exec_path()).join(&*label.name)
}

/// Writes `test.log` if the test ran, or if the log of an earlier run is gone.
pub(super) fn write(shared: &Shared, target: &Target, cases: &[Case]) -> Result<Option<PathBuf>> {
    let folder = folder(shared, target);
    let path = folder.join("test.log");
    if !target.ran && path.exists() {
        return Ok(Some(path));
    }
    fs::create_dir_all(&folder)
        .with_context(|| format!("create the folder {}", folder.display()))?;
    fill(shared, target, cases, &path).with_context(|| format!("write {}", path.display()))?;
    Ok(Some(path))
}

fn fill(shared: &Shared, target: &Target, cases: &[Case], path: &Path) -> Result<()> {
    let mut log = BufWriter::new(File::create(path)?);
    if target.log.is_empty() {
        for case in cases.iter().filter(|case| !case.output.is_empty()) {
            write!(log, "== {} ==\n{}", case.name, case.output)?;
        }
    }
    let mut ends_line = true;
    for digest in &target.log {
        let Some(blob) = shared.cas.find(digest)? else { continue };
        if !ends_line {
            log.write_all(b"\n")?;
        }
        let mut blob = File::open(blob)?;
        std::io::copy(&mut blob, &mut log)?;
        let mut last = [b'\n'];
        blob.seek(SeekFrom::End(-1))?;
        blob.read_exact(&mut last)?;
        ends_line = last == *b"\n";
    }
    log.flush()?;
    Ok(())
}
