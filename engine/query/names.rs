//! Names of packages, targets, files, rules and modes, and how a word that somebody types may go on.

use super::graph::{Graph, NodeId, NodeKind};
use crate::load::Workspace;
use serde::{Deserialize, Serialize};

/// All names of a workspace: what completion needs of it.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Names {
    /// In the order of their names.
    packages: Vec<Package>,
    /// Rules and test protocols.
    rules: Vec<Candidate>,
    modes: Vec<Candidate>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Package {
    /// `//a/b`
    name: String,
    /// A line for each target and file: the name, a tab, and the rule; nothing for a file.
    members: String,
}

/// How a word may go on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Candidate {
    /// The whole word.
    pub word: String,
    /// What it is.
    pub what: String,
}

impl Candidate {
    fn new(word: String, what: &str) -> Candidate {
        Candidate { word, what: what.to_string() }
    }
}

impl Names {
    /// The names of a workspace, and of the graph that was made of it.
    pub fn of(workspace: &Workspace, graph: &Graph) -> Names {
        let package = |number: usize| {
            let mut members = String::new();
            for node in graph.members(number).map(NodeId) {
                members.push_str(graph.name(node));
                members.push('\t');
                if let NodeKind::Target(rule) = graph.kind(node) {
                    members.push_str(rule);
                }
                members.push('\n');
            }
            Package { name: graph.package_name(number).to_string(), members }
        };
        let packages = (0..graph.packages.len()).map(package).collect();
        let candidate = |name: &String, what: &str| Candidate::new(name.clone(), what);
        let known = &workspace.rules;
        let mut rules: Vec<Candidate> =
            known.rules.keys().map(|name| candidate(name, "rule")).collect();
        rules.extend(known.protocols.keys().map(|name| candidate(name, "test protocol")));
        let modes = workspace.modes.iter().map(|name| candidate(name, "mode")).collect();
        Names { packages, rules, modes }
    }

    /// How the name of a rule or of a test protocol may go on.
    pub fn complete_rule(&self, word: &str) -> Vec<Candidate> {
        beginning(&self.rules, word)
    }

    /// How the name of a mode may go on.
    pub fn complete_mode(&self, word: &str) -> Vec<Candidate> {
        beginning(&self.modes, word)
    }

    /// How a pattern may go on, typed in the folder of the package `home`: `a/b`. Labels of files count
    /// with `files`, and paths of files always.
    pub fn complete(&self, word: &str, home: &str, files: bool) -> Vec<Candidate> {
        let (sign, rest) = match word.strip_prefix('-') {
            Some(rest) => ("-", rest),
            None => ("", word),
        };
        let (before, absolute) = match rest {
            rest if rest.starts_with("//") || rest.starts_with('@') => ("", rest.to_string()),
            rest if rest.starts_with(':') => ("//", format!("//{home}{rest}")),
            rest => ("//", format!("//{}", crate::base::join(home, rest))),
        };
        // What stands before a word that counts from the home folder.
        let cut = match (before, rest.starts_with(':'), home) {
            ("", ..) => 0,
            (_, true, home) => 2 + home.len(),
            (_, false, "") => 2,
            (_, false, home) => 3 + home.len(),
        };
        let absolute = match cut > absolute.len() {
            true => format!("{absolute}/"),
            false => absolute,
        };
        let mut found = self.absolute(&absolute, files);
        if cut > 0 && !rest.starts_with(':') && !absolute.contains(':') {
            found.extend(self.paths(&absolute));
        }
        if rest.is_empty() {
            found.push(Candidate::new("//".to_string(), "from the root"));
        }
        found.sort();
        found.dedup_by(|a, b| a.word == b.word);
        if let [only] = found.as_slice()
            && only.word.ends_with(':')
        {
            let inside = self.absolute(&only.word, files);
            if !inside.is_empty() {
                found = inside;
                found.sort();
            }
        }
        for it in &mut found {
            let kept = if it.word == "//" { 0 } else { cut.min(it.word.len()) };
            it.word = format!("{sign}{}", &it.word[kept..]);
        }
        found.retain(|it| it.word.len() > sign.len());
        found
    }

    fn absolute(&self, word: &str, files: bool) -> Vec<Candidate> {
        let Some((package, start)) = word.split_once(':') else { return self.folders(word) };
        let Ok(at) = self.packages.binary_search_by(|it| order(&it.name).cmp(&order(package)))
        else {
            return Vec::new();
        };
        let members = self.packages[at].members.lines().filter_map(|line| line.split_once('\t'));
        let mut found: Vec<Candidate> = members
            .filter(|(name, rule)| name.starts_with(start) && (files || !rule.is_empty()))
            .map(|(name, rule)| {
                let what = if rule.is_empty() { "file" } else { rule };
                Candidate::new(format!("{package}:{name}"), what)
            })
            .collect();
        if "all".starts_with(start) && !found.is_empty() {
            found.push(Candidate::new(format!("{package}:all"), "all targets of the package"));
        }
        found
    }

    /// The next folder of packages that start like the word, and packages themselves.
    fn folders(&self, word: &str) -> Vec<Candidate> {
        if "@eng//".starts_with(word) && word.starts_with('@') && word.len() < 6 {
            return vec![Candidate::new("@eng//".to_string(), "what is built in")];
        }
        let mut found: Vec<Candidate> = Vec::new();
        for package in &self.packages {
            let Some(rest) = package.name.strip_prefix(word) else { continue };
            let candidate = match rest.find('/') {
                Some(at) => Candidate::new(format!("{word}{}", &rest[..=at]), "folder"),
                None => Candidate::new(format!("{}:", package.name), "package"),
            };
            if found.last() != Some(&candidate) {
                found.push(candidate);
            }
        }
        let folder = &word[..word.rfind('/').map_or(0, |at| at + 1)];
        let dots = &word[folder.len()..];
        let below = self.packages.iter().any(|package| package.name.starts_with(folder));
        if "...".starts_with(dots) && below && !folder.is_empty() {
            found.push(Candidate::new(format!("{folder}..."), "all below"));
        }
        found
    }

    /// The next folder or name of files that start like the word.
    fn paths(&self, word: &str) -> Vec<Candidate> {
        let mut found = Vec::new();
        for package in &self.packages {
            let folder = match package.name.as_str() {
                "//" => "//".to_string(),
                name => format!("{name}/"),
            };
            if !word.starts_with(&folder) && !folder.starts_with(word) {
                continue;
            }
            for line in package.members.lines() {
                // Nobody types the path of a file that every package has.
                let name = line.strip_suffix('\t').filter(|name| *name != "BUILD.ron");
                let Some(name) = name else { continue };
                let path = format!("{folder}{name}");
                let Some(rest) = path.strip_prefix(word) else { continue };
                found.push(match rest.find('/') {
                    Some(at) => Candidate::new(path[..=word.len() + at].to_string(), "folder"),
                    None => Candidate::new(path, "file"),
                });
            }
        }
        found
    }
}

fn beginning(all: &[Candidate], word: &str) -> Vec<Candidate> {
    all.iter().filter(|it| it.word.starts_with(word)).cloned().collect()
}

/// Packages of `@eng` stand behind all others.
fn order(name: &str) -> (bool, &str) {
    (name.starts_with('@'), name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(word: &str, home: &str) -> String {
        let package = |name: &str, members: &str| Package {
            name: name.to_string(),
            members: members.to_string(),
        };
        let names = Names {
            packages: vec![
                package("//", "BUILD.ron\t\nreadme\tfilegroup\n"),
                package("//a", "BUILD.ron\t\nfast\tcc_library\nsub/x.c\t\ntest\tcc_test\n"),
                package("//a/b", "BUILD.ron\t\nb\tcc_library\n"),
                package("//ab/c", "BUILD.ron\t\nc\tcc_library\n"),
                package("@eng//cc", "toolchain\tcc_toolchain\n"),
            ],
            ..Names::default()
        };
        let found = names.complete(word, home, false);
        found.into_iter().map(|it| it.word).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn labels_go_on_by_one_step() {
        for (word, wanted) in [
            ("//", "//... //: //a/ //a: //ab/"),
            ("//a", "//a/ //a: //ab/"),
            ("//a/", "//a/... //a/b:"),
            ("//a/b", "//a/b:all //a/b:b"),
            ("//a:", "//a:all //a:fast //a:test"),
            ("//a:t", "//a:test"),
            ("//a:x", ""),
            ("//none", ""),
            ("-//a:f", "-//a:fast"),
            ("//a/.", "//a/..."),
            ("@", "@eng//"),
            ("@eng//c", "@eng//cc:all @eng//cc:toolchain"),
        ] {
            assert_eq!(words(word, ""), wanted, "{word}");
        }
    }

    #[test]
    fn words_count_from_the_home_folder() {
        for (word, home, wanted) in [
            ("", "", "// ... : a/ a: ab/"),
            ("", "a", "// ... b: sub/"),
            (":", "a", ":all :fast :test"),
            (":t", "a", ":test"),
            ("a:f", "", "a:fast"),
            ("a/s", "", "a/sub/"),
            ("sub/", "a", "sub/x.c"),
            ("b", "a", "b:all b:b"),
            ("../", "a", ""),
        ] {
            assert_eq!(words(word, home), wanted, "{word} in {home}");
        }
    }
}
