//! What a test process left at the path of its report: a file, or a folder of files.

use super::exec_root::ExecRoot;
use anyhow::{Context, Result};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use walkdir::WalkDir;

/// The file that holds the report. The files of a folder become one, sorted by path, each behind a
/// NUL, its path in the folder and an end of line.
pub(super) fn whole(root: &ExecRoot) -> Result<PathBuf> {
    let report = root.report();
    if !report.is_dir() {
        return Ok(report);
    }
    let joined = root.beside("report-of-files");
    join(&report, &joined).with_context(|| format!("read the reports in {}", report.display()))?;
    Ok(joined)
}

fn join(folder: &Path, joined: &Path) -> Result<()> {
    let mut out = BufWriter::new(File::create(joined)?);
    for entry in WalkDir::new(folder).sort_by_file_name() {
        let entry = entry?;
        // A link may lead anywhere and is no report.
        if entry.file_type().is_file() {
            let path = entry.path().strip_prefix(folder).unwrap_or(entry.path());
            writeln!(out, "\0{}", path.display())?;
            std::io::copy(&mut File::open(entry.path())?, &mut out)?;
        }
    }
    out.flush()?;
    Ok(())
}
