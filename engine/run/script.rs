//! Commands of plain words, which need no shell: of a tiny action's time a shell is almost half.
//! What comes out is exactly what the shell would do, or nothing, and then the shell does it.

/// A command that can be started without a shell.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Plain {
    /// Program and arguments.
    pub words: Vec<String>,
    /// Path after `<`.
    pub stdin: Option<String>,
    /// Path after `>`.
    pub stdout: Option<String>,
}

/// Names that the shell carries out itself, by POSIX or by custom; they may differ from programs of
/// the same name.
const BUILT_IN: &[&str] = &[
    ".", ":", "[", "alias", "bg", "bind", "break", "builtin", "case", "cd", "chdir", "command",
    "continue", "declare", "do", "done", "echo", "elif", "else", "enable", "esac", "eval", "exec",
    "exit", "export", "false", "fc", "fg", "fi", "for", "function", "getopts", "hash", "if", "in",
    "jobs", "kill", "let", "local", "printf", "pwd", "read", "readonly", "return", "select", "set",
    "shift", "source", "test", "then", "time", "times", "trap", "true", "type", "typeset",
    "ulimit", "umask", "unalias", "unset", "until", "wait", "while", "{", "}", "!",
];

/// Reads a script: plain words, `$NAME` or `${NAME}` of the environment as a whole word or part of
/// one, one `>` and one `<` at most. Nothing if it has anything else in it.
pub(super) fn plain(script: &str, env: &[(String, String)]) -> Option<Plain> {
    let mut res = Plain { words: Vec::new(), stdin: None, stdout: None };
    let mut redirect: Option<char> = None;
    for token in tokens(script)? {
        match token.as_str() {
            "<" | ">" if redirect.is_none() => redirect = token.chars().next(),
            "<" | ">" => return None,
            word => {
                let expanded = expand(word, env)?;
                match redirect.take() {
                    None => res.words.extend(expanded),
                    Some(which) => {
                        let [path] = expanded.as_slice() else { return None };
                        let slot = if which == '<' { &mut res.stdin } else { &mut res.stdout };
                        if slot.replace(path.clone()).is_some() {
                            return None;
                        }
                    }
                }
            }
        }
    }
    let program = res.words.first()?;
    let is_plain =
        redirect.is_none() && !BUILT_IN.contains(&program.as_str()) && !program.contains('=');
    is_plain.then_some(res)
}

/// Splits at blanks, and around `<` and `>`; nothing if a character has a meaning for the shell.
fn tokens(script: &str) -> Option<Vec<String>> {
    let mut tokens = Vec::new();
    let mut word = String::new();
    for c in script.trim().chars() {
        match c {
            ' ' | '\t' => tokens.extend(take(&mut word)),
            '<' | '>' => {
                // `2>` names a descriptor.
                if word.chars().all(|c| c.is_ascii_digit()) && !word.is_empty() {
                    return None;
                }
                tokens.extend(take(&mut word));
                tokens.push(c.to_string());
            }
            c if c.is_ascii_alphanumeric() || "_-./+=:,%@${}".contains(c) => word.push(c),
            _ => return None,
        }
    }
    tokens.extend(take(&mut word));
    Some(tokens)
}

fn take(word: &mut String) -> Option<String> {
    (!word.is_empty()).then(|| std::mem::take(word))
}

/// The words that one becomes: a variable's value is split at blanks, as the shell does it.
fn expand(word: &str, env: &[(String, String)]) -> Option<Vec<String>> {
    let mut text = String::new();
    let mut rest = word;
    let mut expanded = false;
    while let Some(at) = rest.find('$') {
        text.push_str(no_braces(&rest[..at])?);
        let after = &rest[at + 1..];
        let (name, end) = match after.strip_prefix('{') {
            Some(inner) => {
                let close = inner.find('}')?;
                (&inner[..close], close + 2)
            }
            None => {
                let end = after
                    .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
                    .unwrap_or(after.len());
                (&after[..end], end)
            }
        };
        let first = name.chars().next()?;
        let is_name =
            !first.is_ascii_digit() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if !is_name {
            return None;
        }
        let (_, value) = env.iter().find(|(known, _)| known == name)?;
        // The shell would look for files that match.
        if value.contains(['*', '?', '[', '\\', '\n']) {
            return None;
        }
        text.push_str(value);
        expanded = true;
        rest = &after[end..];
    }
    text.push_str(no_braces(rest)?);
    if !expanded {
        return Some(vec![text]);
    }
    Some(text.split([' ', '\t']).filter(|part| !part.is_empty()).map(str::to_string).collect())
}

/// Braces outside of `${..}` mean something to some shells.
fn no_braces(text: &str) -> Option<&str> {
    (!text.contains(['{', '}'])).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(script: &str) -> Option<String> {
        let env = [("SRCS", "a.txt b.txt"), ("OUT", "out/o"), ("ODD", "*"), ("NONE", "")];
        let env: Vec<_> = env.iter().map(|(n, v)| (n.to_string(), v.to_string())).collect();
        let plain = plain(script, &env)?;
        let redirect = |name: &str, path: Option<String>| {
            path.map_or(String::new(), |p| format!(" {name}{p}"))
        };
        Some(format!(
            "{}{}{}",
            plain.words.join("|"),
            redirect("<", plain.stdin),
            redirect(">", plain.stdout)
        ))
    }

    #[test]
    fn plain_words_need_no_shell() {
        assert_eq!(words("cksum $SRCS > $OUT").as_deref(), Some("cksum|a.txt|b.txt >out/o"));
        assert_eq!(words("cp -r ${SRCS} x/$OUT").as_deref(), Some("cp|-r|a.txt|b.txt|x/out/o"));
        assert_eq!(words("tr a b <$OUT >y $NONE").as_deref(), Some("tr|a|b <out/o >y"));
    }

    #[test]
    fn what_a_shell_understands_goes_to_the_shell() {
        let scripts = [
            "echo 1 > $OUT",
            "cat $ODD",
            "cat 'a b'",
            "a; b",
            "a && b",
            "a | b",
            "a 2> b",
            "cat $UNKNOWN",
            "cat > $SRCS",
            "X=1 cat",
            "cat a{b,c}",
            "cat >> $OUT",
            "cat ~/x",
            "cat $1",
            "",
            "cat \\a",
            "cat `x`",
            "cat a > b > c",
            "cat >",
        ];
        for script in scripts {
            assert_eq!(words(script), None, "{script}");
        }
    }
}
