//! Texts that users see, kept beside the tests: `UPDATE=1 cargo test` rewrites them.

use std::fs;
use std::path::Path;

/// Fails unless the text is that of `tests/golden/NAME.txt`. A missing file is a failure too.
#[track_caller]
pub fn golden(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/golden/{name}.txt"));
    if std::env::var_os("UPDATE").is_some_and(|value| value == "1") {
        fs::create_dir_all(path.parent().expect("a file has a folder")).expect("make a folder");
        fs::write(&path, text).expect("write a golden file");
        return;
    }
    let wanted = fs::read_to_string(&path).unwrap_or_else(|error| {
        panic!("read {}: {error}; UPDATE=1 writes it; the text is\n{text}", path.display())
    });
    assert!(text == wanted, "{} has another text; this is what was told:\n{text}", path.display());
}
