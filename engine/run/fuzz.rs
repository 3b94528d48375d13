//! Depfiles and what setups export, from any bytes.

use super::{depfile, setup};
use crate::base::{PackageName, Reader};

/// Readers of this room by name, for the door to fuzzing.
pub const READERS: &[Reader] =
    &[("depfile", depfile), ("depfile_names", depfile_names), ("exports", exports)];

fn depfile(bytes: &[u8]) {
    let Some(files) = depfile::read(&String::from_utf8_lossy(bytes)) else { return };
    assert!(files.is_sorted_by(|a, b| a < b), "{files:?}");
    assert!(files.iter().all(|file| !file.is_empty()));
}

/// Lines are names of files, written as compilers write them: they must be found as they were.
fn depfile_names(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    // Of these compilers write what others write for something else.
    let names = text.split('\n').filter(|name| {
        let odd = |c: char| c.is_whitespace() && !matches!(c, ' ' | '\t');
        !name.is_empty() && !name.ends_with('\\') && !name.contains("\\:") && !name.contains(odd)
    });
    let mut names: Vec<&str> = names.collect();
    let written: String =
        names.iter().map(|name| format!(" {} \\\n", depfile::quoted(name))).collect();
    names.sort_unstable();
    names.dedup();
    let read = depfile::read(&format!("out/x.o:{written}")).expect("a rule");
    assert_eq!(read, names, "{written}");
}

fn exports(bytes: &[u8]) {
    let label = PackageName::main("a").label("setup");
    if let Ok(variables) = setup::read(&label, &String::from_utf8_lossy(bytes)) {
        assert!(variables.iter().all(|(name, value)| !name.is_empty() && !value.contains('\n')));
    }
}
