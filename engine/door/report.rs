//! A saved stream of events, as people read it.

use super::error::ReportError;
use crate::report::retell;
use std::io::BufRead;
use std::path::Path;

/// What a saved stream tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// What the run printed on standard error, as far as it depends on no terminal.
    pub text: String,
    /// The exit code; nothing if the stream breaks off before the run has ended.
    pub exit: Option<i32>,
}

/// Reads the lines of a stream that `eng --events` or an [`Event`](crate::Event) gave; `name` is what
/// they are called in the error. Outputs of programs that are named in them are read from the store
/// `cache`.
///
/// ```
/// let lines = concat!(
///     r#"{"v":1,"t":1.5,"seq":0,"ev":"warning","text":"slow disk"}"#, "\n",
///     r#"{"v":1,"t":1.5,"seq":1,"ev":"ended","exit":0}"#, "\n",
/// );
/// let report = eng::report(&mut lines.as_bytes(), "saved.jsonl", "/nowhere".as_ref())?;
/// assert_eq!((report.text.as_str(), report.exit), ("warning: slow disk\n", Some(0)));
/// # Ok::<(), eng::ReportError>(())
/// ```
pub fn report(lines: &mut dyn BufRead, name: &str, cache: &Path) -> Result<Report, ReportError> {
    let (text, over) =
        retell(lines, name, cache).map_err(|error| ReportError(format!("{error:#}")))?;
    Ok(Report { text, exit: over.exit })
}
