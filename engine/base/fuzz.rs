//! Labels and patterns from any bytes.

use super::{Label, PackageName, Pattern};

/// A function that reads any bytes, and its name.
pub type Reader = (&'static str, fn(&[u8]));

/// Readers of this room by name, for the door to fuzzing.
pub const READERS: &[Reader] = &[("label", label), ("pattern", pattern)];

fn label(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    for home in ["", "a/b"].map(PackageName::main) {
        match Label::parse(&text, &home) {
            Ok(label) => assert_eq!(Label::parse(&label.to_string(), &home).as_ref(), Ok(&label)),
            Err(why) => assert!(!why.is_empty() && !why.ends_with('.'), "{why}"),
        }
    }
}

fn pattern(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let words: Vec<&str> = text.lines().collect();
    for home in ["", "a/b"].map(PackageName::main) {
        match Pattern::parse(&words, &home) {
            Ok(pattern) => {
                assert_eq!(pattern.terms.len(), words.len());
                let _ = pattern.terms.iter().filter(|term| term.selection.reaches(&home)).count();
            }
            Err(why) => assert!(why.starts_with("the pattern '"), "{why}"),
        }
    }
}
