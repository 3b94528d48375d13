//! Commands that translate single files, as editors want to know them: paths lead to where files lie
//! for people rather than for actions.

use super::acts::Acts;
use std::collections::BTreeSet;

/// A command that translates a file.
#[derive(Debug, PartialEq, Eq)]
pub struct CompileCommand {
    /// The file, from the workspace's root or absolute.
    pub file: String,
    /// The words, program first.
    pub arguments: Vec<String>,
    /// What it writes.
    pub output: Option<String>,
}

/// Where files lie that actions find below `out` and below `external/eng`.
#[derive(Debug)]
pub struct Roots<'a> {
    /// Where outputs are delivered.
    pub outputs: &'a str,
    /// Where built-in files are laid out.
    pub builtin: &'a str,
}

/// The commands of all actions that name sources.
pub fn compile_commands(acts: &Acts, roots: &Roots) -> Vec<CompileCommand> {
    let moved = |word: &str| {
        let word = replaced(word, "out", roots.outputs, |path| is_output(&acts.outputs, path));
        replaced(&word, "external/eng", roots.builtin, |_| true)
    };
    let mut commands = Vec::new();
    for act in acts.acts.iter().filter(|act| !act.writes) {
        for (source, in_command) in &act.sources {
            let word = |word: &String| match word == in_command {
                true => moved(source),
                false => moved(word),
            };
            commands.push(CompileCommand {
                file: moved(source),
                arguments: act.words.iter().map(word).collect(),
                output: act.outputs.first().map(|path| moved(path)),
            });
        }
    }
    commands
}

/// True for outputs, and for folders above them.
fn is_output(outputs: &BTreeSet<String>, path: &str) -> bool {
    let path = path.trim_end_matches('/');
    let folder = format!("{path}/");
    outputs.contains(path)
        || outputs.range(folder.clone()..).next().is_some_and(|it| it.starts_with(&folder))
}

/// The word with another root in place of a folder, wherever a path starts with that folder:
/// `-Iout/a`, `--sysroot=out`, `a=out/b,out/c`.
fn replaced(word: &str, from: &str, to: &str, is_known: impl Fn(&str) -> bool) -> String {
    let mut res = String::with_capacity(word.len() + to.len());
    let mut kept = 0;
    for (at, _) in word.match_indices(from) {
        let path = word[at..].split([',', ':', ' ', '"']).next().unwrap_or_default();
        let whole_name = path.len() == from.len() || path[from.len()..].starts_with('/');
        if at >= kept && whole_name && path_may_start(&word[..at]) && is_known(path) {
            res.push_str(&word[kept..at]);
            res.push_str(to);
            kept = at + from.len();
        }
    }
    res.push_str(&word[kept..]);
    res
}

/// True if a path may follow: at the start, after a sign that no path holds, and after a flag.
fn path_may_start(before: &str) -> bool {
    let is_flag =
        before.starts_with('-') && before.chars().all(|c| c.is_ascii_alphabetic() || c == '-');
    before.is_empty() || before.ends_with(['=', ',', ':', '"', ' ', '@']) || is_flag
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_outputs_are_found_in_words() {
        let outputs = BTreeSet::from(["out/a/gen/x.h".to_string()]);
        let moved = |word| replaced(word, "out", "eng-out/bin", |path| is_output(&outputs, path));
        for (word, wanted) in [
            ("out", "eng-out/bin"),
            ("out/a/gen/x.h", "eng-out/bin/a/gen/x.h"),
            ("-Iout/a/gen", "-Ieng-out/bin/a/gen"),
            ("-isystemout/a/", "-isystemeng-out/bin/a/"),
            ("--map=out/a,out/a/gen", "--map=eng-out/bin/a,eng-out/bin/a/gen"),
            // Not there, or no path.
            ("out/b", "out/b"),
            ("-DX=layout/a", "-DX=layout/a"),
            ("layout", "layout"),
            ("outer", "outer"),
            ("a/out/a", "a/out/a"),
        ] {
            assert_eq!(moved(word), wanted);
        }
    }
}
