//! What a command says it read: rules of the form `target …: file …`, as compilers write them.

/// The files that a depfile names as read, sorted, each once. It may have several rules, also
/// empty ones for files (`src.h:`), continuation lines and escapes (`\ `, `\#`, `$$`).
pub(super) fn read(text: &str) -> Vec<String> {
    let mut files = Vec::new();
    let text = text.replace("\r\n", "\n");
    let mut logical = String::new();
    for line in text.split('\n') {
        match line.strip_suffix('\\') {
            // A backslash that is itself escaped ends a name rather than a line.
            Some(start) if !start.ends_with('\\') => {
                logical.push_str(start);
                logical.push(' ');
                continue;
            }
            _ => logical.push_str(line),
        }
        rule(&logical, &mut files);
        logical.clear();
    }
    rule(&logical, &mut files);
    files.sort_unstable();
    files.dedup();
    files
}

fn rule(line: &str, files: &mut Vec<String>) {
    if line.trim_start().starts_with('#') {
        return;
    }
    let mut chars = line.chars().peekable();
    let mut word = String::new();
    let mut in_targets = true;
    loop {
        let c = chars.next();
        match c {
            Some('\\') => match chars.peek() {
                Some(' ' | '#' | '\\' | ':' | '\t') => word.extend(chars.next()),
                _ => word.push('\\'),
            },
            Some('$') if chars.peek() == Some(&'$') => word.extend(chars.next()),
            Some(':') if in_targets && chars.peek().is_none_or(|c| c.is_whitespace()) => {
                in_targets = false;
                word.clear();
            }
            Some(c) if !c.is_whitespace() => word.push(c),
            end => {
                if !word.is_empty() && !in_targets {
                    files.push(std::mem::take(&mut word));
                }
                word.clear();
                if end.is_none() {
                    return;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn several_rules_continuations_and_escapes() {
        let text = "out/a.o: a/x.c \\\n  a/y.h a/with\\ space.h \\\n a/h\\#.h a/d$$.h\n\na/y.h:\n# comment: x\nother a.d: z.rs";
        assert_eq!(read(text), ["a/d$.h", "a/h#.h", "a/with space.h", "a/x.c", "a/y.h", "z.rs"]);
        assert_eq!(read("a.o: b.c\\\r\n c.h"), ["b.c", "c.h"]);
        assert!(read("").is_empty());
        assert!(read("\\").is_empty());
        assert_eq!(read("a: b\\\\\nc: d"), ["b\\", "d"]);
    }
}
