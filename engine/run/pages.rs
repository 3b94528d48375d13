//! Pages about what tests have executed, made by lcov's own program.

use super::tools::on_path;
use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The program.
const GENHTML: &str = "genhtml";

/// Finds the program on a PATH; the error says how it is had.
pub fn page_maker(path: &str) -> Result<PathBuf> {
    on_path(GENHTML, path).with_context(|| {
        format!(
            "pages are made by '{GENHTML}', which is not on PATH; it is in the package 'lcov' (apt install lcov)"
        )
    })
}

/// Makes pages of a tracefile whose paths start at `root`, in a folder.
pub fn make_pages(maker: &Path, root: &Path, tracefile: &Path, folder: &Path) -> Result<()> {
    let output = Command::new(maker)
        .args(["--quiet", "--legend", "--output-directory"])
        .args([folder, tracefile])
        .current_dir(root)
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("start {}", maker.display()))?;
    if !output.status.success() {
        let told = String::from_utf8_lossy(&output.stderr);
        bail!("{GENHTML} failed ({}):\n{}", output.status, told.trim_end());
    }
    Ok(())
}
