//! What is in a key: everything that an action's result depends on. One walk over it has two
//! readers, one that hashes and one that writes lines for `eng explain`, so they cannot drift apart.
//! The exact key is the digest of the same content as a canonical Remote Execution API `Action`.

use crate::base::{Digest, Hasher};
use crate::store;
use std::collections::BTreeMap;
use std::time::Duration;

/// What stands at the path of an input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    /// A file.
    File {
        /// Its bytes.
        digest: Digest,
        /// Whether it may be executed.
        executable: bool,
    },
    /// A folder of the store.
    Tree {
        /// The stored tree.
        digest: Digest,
        /// Its root `Directory`.
        root: Digest,
    },
}

impl Content {
    /// The digest that names the content.
    pub fn digest(&self) -> Digest {
        match self {
            Content::File { digest, .. } | Content::Tree { digest, .. } => *digest,
        }
    }
}

/// Everything that the result of an action depends on.
#[derive(Debug, Clone, Default)]
pub(super) struct Manifest {
    /// The command, with paths from the exec root and bare names of host tools.
    pub arguments: Vec<String>,
    /// The environment that the rule lets through, sorted by name.
    pub variables: Vec<(String, String)>,
    /// Paths of outputs, sorted.
    pub outputs: Vec<String>,
    /// Folder from the exec root in which the command starts.
    pub folder: String,
    /// Inputs by path in the exec root, sorted.
    pub inputs: Vec<(String, Content)>,
    /// Host tools and their identities, sorted.
    pub tools: Vec<(String, Digest)>,
    /// Identity of the machine's libc and release.
    pub host: Digest,
    /// The limit of time, as far as it belongs to the action.
    pub timeout: Option<Duration>,
    /// What else tells this action from others, such as the name of a test case.
    pub subject: String,
}

/// Which inputs' contents are read by a walk; names are always read.
#[derive(Clone, Copy)]
pub(super) enum Reach<'a> {
    /// No content: the shape of an action, under which a depfile's answer is kept.
    Names,
    /// The contents of these, as a depfile named them; sorted.
    Used(&'a [String]),
    /// All contents.
    All,
}

/// A reader of a walk: it gets one fact after the other, each with its kind and name.
pub(super) trait Reader {
    /// One fact.
    fn fact(&mut self, kind: &'static str, name: &str, value: &[u8]);
}

impl Manifest {
    /// Tells a reader everything in a fixed order.
    pub fn walk(&self, reach: Reach, reader: &mut dyn Reader) {
        reader.fact("form", "1", b"");
        reader.fact("subject", &self.subject, b"");
        for argument in &self.arguments {
            reader.fact("argument", argument, b"");
        }
        for (name, value) in &self.variables {
            reader.fact("variable", name, value.as_bytes());
        }
        for output in &self.outputs {
            reader.fact("output", output, b"");
        }
        reader.fact("folder", &self.folder, b"");
        for (name, identity) in &self.tools {
            reader.fact("tool", name, identity.bytes());
        }
        reader.fact("host", "", self.host.bytes());
        if let Some(timeout) = self.timeout {
            reader.fact("timeout", &format!("{}s", timeout.as_secs_f64()), b"");
        }
        for (path, content) in &self.inputs {
            let read = match reach {
                Reach::Names => false,
                Reach::Used(used) => used.binary_search(path).is_ok(),
                Reach::All => true,
            };
            match content {
                _ if !read => reader.fact("input", path, b""),
                Content::File { digest, executable } => {
                    let mut value = digest.bytes().to_vec();
                    value.push(u8::from(*executable));
                    reader.fact("input", path, &value);
                }
                Content::Tree { root, .. } => reader.fact("input", path, root.bytes()),
            }
        }
    }

    /// The digest of what a walk tells.
    pub fn key(&self, reach: Reach) -> Digest {
        struct Hash(Hasher);
        impl Reader for Hash {
            fn fact(&mut self, kind: &'static str, name: &str, value: &[u8]) {
                self.0.field(kind.as_bytes());
                self.0.field(name.as_bytes());
                self.0.field(value);
            }
        }
        let mut hash = Hash(Hasher::default());
        self.walk(reach, &mut hash);
        hash.0.finish()
    }

    /// The same as lines of text, a fact each: kind, name and value, with tabs between them.
    pub fn lines(&self, reach: Reach) -> String {
        struct Lines(String);
        impl Reader for Lines {
            fn fact(&mut self, kind: &'static str, name: &str, value: &[u8]) {
                let name = name.escape_debug();
                self.0.push_str(&format!("{kind}\t{name}\t{}\n", show(kind, value)));
            }
        }
        let mut lines = Lines(String::new());
        self.walk(reach, &mut lines);
        lines.0
    }

    /// The digest of the canonical `Action`: one key for the local cache and every remote.
    pub fn exact(&self) -> Digest {
        self.exact_with(self.input_root())
    }

    /// The same, for an input root that is known already.
    pub fn exact_with(&self, input_root: Digest) -> Digest {
        let command = store::Command {
            arguments: self.arguments.clone(),
            environment_variables: self
                .variables
                .iter()
                .map(|(name, value)| store::EnvironmentVariable {
                    name: name.clone(),
                    value: value.clone(),
                })
                .collect(),
            output_paths: self.outputs.clone(),
            working_directory: self.folder.clone(),
        };
        let mut salt = Hasher::default();
        salt.field(b"eng 1 local");
        salt.field(self.subject.as_bytes());
        salt.field(self.host.bytes());
        for (name, identity) in &self.tools {
            salt.field(name.as_bytes());
            salt.field(identity.bytes());
        }
        let action = store::Action {
            command_digest: Some(store::encode(&command).0.into()),
            input_root_digest: Some(input_root.into()),
            timeout: self.timeout.map(|timeout| store::Timeout {
                seconds: timeout.as_secs() as i64,
                nanos: timeout.subsec_nanos() as i32,
            }),
            do_not_cache: false,
            salt: salt.finish().bytes().to_vec(),
        };
        store::encode(&action).0
    }

    /// The digest of the root `Directory` of all inputs.
    pub fn input_root(&self) -> Digest {
        let mut folders: BTreeMap<&str, store::Directory> = BTreeMap::new();
        folders.entry("").or_default();
        for (path, content) in &self.inputs {
            let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
            let mut above = folder;
            while !folders.contains_key(above) {
                folders.entry(above).or_default();
                above = crate::base::parent(above);
            }
            let directory = folders.entry(folder).or_default();
            match content {
                Content::File { digest, executable } => {
                    directory.files.push(store::FileNode {
                        name: name.to_string(),
                        digest: Some((*digest).into()),
                        is_executable: *executable,
                    });
                }
                Content::Tree { root, .. } => {
                    directory.directories.push(store::DirectoryNode {
                        name: name.to_string(),
                        digest: Some((*root).into()),
                    });
                }
            }
        }
        // In reverse order every folder comes before the one that holds it.
        let paths: Vec<&str> = folders.keys().copied().collect();
        let mut root = Digest::of(b"");
        for path in paths.into_iter().rev() {
            let Some(mut directory) = folders.remove(path) else { continue };
            directory.files.sort_by(|a, b| a.name.cmp(&b.name));
            directory.directories.sort_by(|a, b| a.name.cmp(&b.name));
            let (digest, _) = store::encode(&directory);
            if path.is_empty() {
                root = digest;
                break;
            }
            let (above, name) = path.rsplit_once('/').unwrap_or(("", path));
            if let Some(above) = folders.get_mut(above) {
                above.directories.push(store::DirectoryNode {
                    name: name.to_string(),
                    digest: Some(digest.into()),
                });
            }
        }
        root
    }
}

fn show(kind: &str, value: &[u8]) -> String {
    match kind {
        "variable" => String::from_utf8_lossy(value).escape_debug().to_string(),
        _ => value.iter().map(|byte| format!("{byte:02x}")).collect(),
    }
}

/// Why an action ran although an earlier one with the same name had a result: the first difference
/// between what was and what is, in words.
pub(super) fn difference(before: &str, now: &str) -> String {
    type Facts<'a> = Vec<(&'a str, &'a str, &'a str)>;
    fn facts(text: &str) -> Facts<'_> {
        text.lines()
            .map(|line| {
                let mut fields = line.splitn(3, '\t');
                let mut next = || fields.next().unwrap_or("");
                (next(), next(), next())
            })
            .collect()
    }
    let (old, new) = (facts(before), facts(now));
    let named = |facts: &Facts, kind: &str| -> BTreeMap<String, String> {
        let of_kind = facts.iter().filter(|fact| fact.0 == kind);
        of_kind.map(|fact| (fact.1.to_string(), fact.2.to_string())).collect()
    };
    let mut reasons = Vec::new();
    for (kind, what) in [("input", ""), ("tool", "the tool "), ("variable", "the variable ")] {
        let (old, new) = (named(&old, kind), named(&new, kind));
        for (name, value) in &new {
            match old.get(name) {
                None => reasons.push(format!("{what}{name} is new")),
                // A file whose content did not matter before has no value.
                Some(before) if before != value && !before.is_empty() && !value.is_empty() => {
                    reasons.push(format!("{what}{name} changed"));
                }
                Some(_) => {}
            }
        }
        reasons.extend(
            old.keys()
                .filter(|name| !new.contains_key(*name))
                .map(|name| format!("{what}{name} is gone")),
        );
    }
    let words = |facts: &Facts| -> Vec<String> {
        facts.iter().filter(|fact| fact.0 == "argument").map(|fact| fact.1.to_string()).collect()
    };
    let (was, is) = (words(&old), words(&new));
    if was != is {
        let added = is.iter().find(|word| !was.contains(word));
        let removed = was.iter().find(|word| !is.contains(word));
        reasons.push(match (added, removed) {
            (Some(added), Some(removed)) => format!("the command has '{added}' for '{removed}'"),
            (Some(added), None) => format!("the command has '{added}'"),
            (None, Some(removed)) => format!("the command no longer has '{removed}'"),
            (None, None) => "the command has another order".to_string(),
        });
    }
    for (kind, text) in [
        ("host", "the system's libc or release changed"),
        ("timeout", "the time limit changed"),
        ("output", "the outputs changed"),
        ("subject", "how it is run changed"),
    ] {
        if named(&old, kind) != named(&new, kind) {
            reasons.push(text.to_string());
        }
    }
    match reasons.len() {
        0 => "its result was not kept".to_string(),
        1..=3 => reasons.join(", "),
        more => format!("{}, and {} more", reasons[..2].join(", "), more - 2),
    }
}
