//! What a key is made of as lines of text, a fact each: kind, name and value with tabs between them.
//! They are kept beside results, so that a later run can tell what has changed.

use super::manifest::{Content, Manifest, Reach, Reader};
use crate::base::Digest;
use std::collections::BTreeMap;
use std::fmt::Write;

/// Of identities and of what was not read so many digits are kept: enough to tell them apart.
const DIGITS: usize = 16;

/// The facts of a manifest as lines. Inputs that do not count are told as `unread`.
pub(super) fn lines(manifest: &Manifest, reach: Reach) -> String {
    struct Lines(String);
    impl Lines {
        fn line(&mut self, kind: &str, name: &str) {
            self.0.push_str(kind);
            self.0.push('\t');
            escape(name, &mut self.0);
            self.0.push('\t');
        }
    }
    impl Reader for Lines {
        fn fact(&mut self, kind: &'static str, name: &str, value: &[u8]) {
            self.line(kind, name);
            match kind {
                "tool" | "host" => match value.try_into() {
                    Ok(hash) => self.0.push_str(&Digest::from_parts(hash, 0).hex()[..DIGITS]),
                    Err(_) => unreachable!("BUG: the identity of a {kind} is no hash"),
                },
                _ => escape(&String::from_utf8_lossy(value), &mut self.0),
            }
            self.0.push('\n');
        }
        fn input(&mut self, path: &str, content: &Content, read: bool) {
            self.line(if read { "input" } else { "unread" }, path);
            let value = state(content);
            self.0.push_str(if read { &value } else { &value[..DIGITS] });
            self.0.push('\n');
        }
    }
    let mut lines = Lines(String::new());
    manifest.walk(reach, &mut lines);
    lines.0
}

/// Content as a value: a digest, and an `x` for what may be executed; of a folder the hash.
fn state(content: &Content) -> String {
    match content {
        Content::File { digest, executable: false } => digest.to_string(),
        Content::File { digest, executable: true } => format!("{digest} x"),
        Content::Tree { root, .. } => root.hex(),
    }
}

/// The digest of a value that is a file, and whether it may be executed.
pub(super) fn file(value: &str) -> Option<(Digest, bool)> {
    let (digest, executable) = match value.strip_suffix(" x") {
        Some(digest) => (digest, true),
        None => (value, false),
    };
    Some((Digest::parse(digest)?, executable))
}

/// True if the content is what a value says, as far as it says it: of what was not read only the
/// first digits are known.
pub(super) fn is_same(value: &str, content: &Content) -> bool {
    let now = state(content);
    if value.len() == DIGITS { now.starts_with(value) } else { now == value }
}

/// Facts by kind, in the order in which they were written.
pub(super) struct Facts<'a>(BTreeMap<&'a str, Vec<(&'a str, &'a str)>>);

impl<'a> Facts<'a> {
    /// Takes lines apart.
    pub fn read(text: &'a str) -> Facts<'a> {
        let mut res = Facts(BTreeMap::new());
        for line in text.lines() {
            let mut fields = line.splitn(3, '\t');
            let mut next = || fields.next().unwrap_or("");
            let (kind, name, value) = (next(), next(), next());
            res.0.entry(kind).or_default().push((name, value));
        }
        res
    }

    /// Names and values of a kind.
    pub fn of(&self, kind: &str) -> &[(&'a str, &'a str)] {
        self.0.get(kind).map_or(&[], Vec::as_slice)
    }

    /// All kinds that there are, sorted.
    pub fn kinds(&self) -> impl Iterator<Item = &'a str> {
        self.0.keys().copied()
    }
}

/// Files that facts name.
pub struct Named {
    /// Inputs whose contents count.
    pub read: Vec<String>,
    /// Inputs that are declared and were not read.
    pub unread: Vec<String>,
    /// Outputs.
    pub outputs: Vec<String>,
}

/// The files that kept lines of facts name.
pub fn inputs_and_outputs(lines: &str) -> Named {
    let facts = Facts::read(lines);
    let names = |kind| facts.of(kind).iter().map(|(name, _)| plain(name)).collect();
    Named { read: names("input"), unread: names("unread"), outputs: names("output") }
}

/// Writes a text so that it has no tabs, ends of lines or other control characters.
fn escape(text: &str, out: &mut String) {
    if !text.contains(|c: char| c == '\\' || c.is_control()) {
        return out.push_str(text);
    }
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            c if c.is_control() => {
                // Writing into a text cannot fail.
                let _ = write!(out, "{}", c.escape_unicode());
            }
            c => out.push(c),
        }
    }
}

/// The text that was escaped.
pub(super) fn plain(text: &str) -> String {
    let mut res = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        res.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let code = rest.strip_prefix("u{").and_then(|it| it.split_once('}'));
        if let Some((code, after)) = code {
            res.extend(u32::from_str_radix(code, 16).ok().and_then(char::from_u32));
            rest = after;
        } else if let Some(after) = rest.strip_prefix('n') {
            res.push('\n');
            rest = after;
        } else if let Some(after) = rest.strip_prefix('\\') {
            res.push('\\');
            rest = after;
        }
    }
    res.push_str(rest);
    res
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_escaped_stands_in_one_line_and_comes_back() {
        for text in ["a.c", "a\tb\nc", "\\", "\\n", "\\u{9}", "\u{1b}[1m\r", "-DX=\"a b\"", ""] {
            let mut line = String::new();
            escape(text, &mut line);
            assert!(!line.contains(char::is_control), "{line:?}");
            assert_eq!(plain(&line), text);
        }
    }

    #[test]
    fn a_file_keeps_its_digest_its_size_and_its_mode() {
        for executable in [false, true] {
            let digest = Digest::of(b"text");
            let content = Content::File { digest, executable };
            assert_eq!(file(&state(&content)), Some((digest, executable)));
            assert!(is_same(&state(&content), &content));
            assert!(is_same(&state(&content)[..DIGITS], &content));
            let other = Content::File { digest: Digest::of(b"other"), executable };
            assert!(!is_same(&state(&content)[..DIGITS], &other));
        }
        assert_eq!(file(&Digest::of(b"folder").hex()), None);
    }
}
