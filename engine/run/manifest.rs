//! What is in a key: everything that an action's result depends on. One walk over it has two
//! readers, one that hashes and one that writes the facts that `eng explain` compares
//! (`run::facts`), so they cannot drift apart.
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
    pub details: Vec<Detail>,
}

/// A fact that only some actions have: `size`, `small`, or `setup`, `//a:s` and its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Detail {
    pub kind: &'static str,
    pub name: String,
    pub value: String,
}

impl Detail {
    pub fn new(kind: &'static str, name: impl Into<String>, value: impl Into<String>) -> Detail {
        Detail { kind, name: name.into(), value: value.into() }
    }
}

/// Keys of another form are not those of this eng.
const FORM: &str = "2";

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
    /// An input; its content is a fact only if it is read.
    fn input(&mut self, path: &str, content: &Content, read: bool);
}

impl Manifest {
    /// Tells a reader everything in a fixed order.
    pub fn walk(&self, reach: Reach, reader: &mut dyn Reader) {
        reader.fact("form", FORM, b"");
        for Detail { kind, name, value } in &self.details {
            reader.fact(kind, name, value.as_bytes());
        }
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
            reader.input(path, content, read);
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
            fn input(&mut self, path: &str, content: &Content, read: bool) {
                match content {
                    _ if !read => self.fact("input", path, b""),
                    Content::File { digest, executable } => {
                        let mut value = digest.bytes().to_vec();
                        value.push(u8::from(*executable));
                        self.fact("input", path, &value);
                    }
                    Content::Tree { root, .. } => self.fact("input", path, root.bytes()),
                }
            }
        }
        let mut hash = Hash(Hasher::default());
        self.walk(reach, &mut hash);
        hash.0.finish()
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
        salt.field(b"eng local");
        salt.field(FORM.as_bytes());
        salt.field(&(self.details.len() as u64).to_le_bytes());
        for Detail { kind, name, value } in &self.details {
            salt.field(kind.as_bytes());
            salt.field(name.as_bytes());
            salt.field(value.as_bytes());
        }
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
