//! What a command says it read: rules of the form `target …: file …`, as compilers write them.

use std::iter::Peekable;
use std::str::Chars;

/// The files that a depfile names as read, sorted, each once. It may have several rules, also
/// empty ones for files (`src.h:`), continuation lines and escapes (`\ `, `\#`, `$$`). Nothing if
/// there is no rule: then it does not say what was read.
pub(super) fn read(text: &str) -> Option<Vec<String>> {
    let mut files = Vec::new();
    let mut rules = 0;
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
        rules += usize::from(rule(&logical, &mut files));
        logical.clear();
    }
    rules += usize::from(rule(&logical, &mut files));
    files.sort_unstable();
    files.dedup();
    (rules > 0).then_some(files)
}

/// Adds the files of a rule; false if the line is none.
fn rule(line: &str, files: &mut Vec<String>) -> bool {
    if line.trim_start().starts_with('#') {
        return false;
    }
    let mut chars = line.chars().peekable();
    let mut word = String::new();
    let mut in_targets = true;
    loop {
        let c = chars.next();
        match c {
            Some('\\') => {
                let mut count = 1;
                while chars.next_if_eq(&'\\').is_some() {
                    count += 1;
                }
                escaped(count, &mut chars, &mut word);
            }
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
                    return !in_targets;
                }
            }
        }
    }
}

/// What so many backslashes mean before the next sign, as make reads them and compilers write them:
/// those before white space are doubled and one hides it, one more hides `#` or `:`, and before
/// anything else each is itself.
fn escaped(count: usize, chars: &mut Peekable<Chars>, word: &mut String) {
    let (kept, hidden) = match chars.peek() {
        Some(' ' | '\t') if count % 2 == 1 => (count / 2, true),
        // The end of a line: one more would have led into the next.
        None => (count.div_ceil(2), false),
        Some('#' | ':') => (count - 1, true),
        _ => (count, false),
    };
    word.extend(std::iter::repeat_n('\\', kept));
    if hidden {
        word.extend(chars.next());
    }
}

/// A name as compilers write it.
#[cfg(any(test, feature = "fuzzing"))]
pub(super) fn quoted(name: &str) -> String {
    let mut res = String::new();
    for c in name.chars() {
        match c {
            ' ' | '\t' => {
                let before = res.len() - res.trim_end_matches('\\').len();
                res.push_str(&"\\".repeat(before + 1));
            }
            '#' => res.push('\\'),
            '$' => res.push('$'),
            _ => {}
        }
        res.push(c);
    }
    res
}

#[cfg(test)]
mod tests {
    use super::read as rules;

    fn read(text: &str) -> Vec<String> {
        rules(text).expect("a rule")
    }

    #[test]
    fn several_rules_continuations_and_escapes() {
        let text = "out/a.o: a/x.c \\\n  a/y.h a/with\\ space.h \\\n a/h\\#.h a/d$$.h\n\na/y.h:\n# comment: x\nother a.d: z.rs";
        assert_eq!(read(text), ["a/d$.h", "a/h#.h", "a/with space.h", "a/x.c", "a/y.h", "z.rs"]);
        assert_eq!(read("a.o: b.c\\\r\n c.h"), ["b.c", "c.h"]);
        assert!(read("a.o:").is_empty());
        for none in ["", "\\", "a.o", "# a: b\n", "a\\:b"] {
            assert_eq!(rules(none), None, "{none}");
        }
        assert_eq!(read("a: b\\\\\nc: d"), ["b\\", "d"]);
    }
}
