//! The messages of the Remote Execution API, version 2, that keys and trees are made of.
//! Only the fields that eng writes are declared; their numbers are the API's.

use crate::base;
use prost::Message;

/// A digest as the API writes it. Convert from `base::Digest` with `into()`.
#[derive(Clone, PartialEq, Eq, Hash, Message)]
pub struct Digest {
    /// 64 hexadecimal digits.
    #[prost(string, tag = "1")]
    pub hash: String,
    /// Number of bytes.
    #[prost(int64, tag = "2")]
    pub size_bytes: i64,
}

impl From<base::Digest> for Digest {
    fn from(digest: base::Digest) -> Digest {
        let size_bytes = i64::try_from(digest.size).unwrap_or(i64::MAX);
        Digest { hash: digest.hex(), size_bytes }
    }
}

impl Digest {
    /// The digest as eng uses it; nothing if the hash is not 64 hexadecimal digits in lower case or
    /// the size is negative.
    pub fn plain(&self) -> Option<base::Digest> {
        let hash = blake3::Hash::from_hex(&self.hash).ok()?;
        let size = u64::try_from(self.size_bytes).ok()?;
        // Upper case would be a second spelling of the same digest.
        (hash.to_hex().as_str() == self.hash)
            .then(|| base::Digest::from_parts(*hash.as_bytes(), size))
    }
}

/// What is to be run.
#[derive(Clone, PartialEq, Message)]
pub struct Command {
    /// The words, the program first.
    #[prost(string, repeated, tag = "1")]
    pub arguments: Vec<String>,
    /// The environment, sorted by name.
    #[prost(message, repeated, tag = "2")]
    pub environment_variables: Vec<EnvironmentVariable>,
    /// Working directory, relative to the input root; empty for the root itself.
    #[prost(string, tag = "6")]
    pub working_directory: String,
    /// Files and folders to be kept, relative to the working directory, sorted.
    #[prost(string, repeated, tag = "7")]
    pub output_paths: Vec<String>,
}

/// A variable of a command's environment.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct EnvironmentVariable {
    /// Its name.
    #[prost(string, tag = "1")]
    pub name: String,
    /// Its value.
    #[prost(string, tag = "2")]
    pub value: String,
}

/// A command with its inputs; its digest is the exact key.
#[derive(Clone, PartialEq, Message)]
pub struct Action {
    /// Digest of the encoded `Command`.
    #[prost(message, optional, tag = "1")]
    pub command_digest: Option<Digest>,
    /// Digest of the encoded root `Directory`.
    #[prost(message, optional, tag = "2")]
    pub input_root_digest: Option<Digest>,
    /// When to kill the command.
    #[prost(message, optional, tag = "6")]
    pub timeout: Option<Timeout>,
    /// True if the result must not be remembered.
    #[prost(bool, tag = "7")]
    pub do_not_cache: bool,
    /// What tells apart actions that look alike: identity of tools and host.
    #[prost(bytes = "vec", tag = "9")]
    pub salt: Vec<u8>,
}

/// A length of time (`google.protobuf.Duration`).
#[derive(Clone, Copy, PartialEq, Eq, Message)]
pub struct Timeout {
    /// Whole seconds.
    #[prost(int64, tag = "1")]
    pub seconds: i64,
    /// Nanoseconds beyond them, below 1 000 000 000.
    #[prost(int32, tag = "2")]
    pub nanos: i32,
}

/// A folder; each list is sorted by name, and no name occurs twice.
#[derive(Clone, PartialEq, Message)]
pub struct Directory {
    /// Its files.
    #[prost(message, repeated, tag = "1")]
    pub files: Vec<FileNode>,
    /// Its folders.
    #[prost(message, repeated, tag = "2")]
    pub directories: Vec<DirectoryNode>,
    /// Its symbolic links.
    #[prost(message, repeated, tag = "3")]
    pub symlinks: Vec<SymlinkNode>,
}

/// A file of a folder.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct FileNode {
    /// Its name, without slash.
    #[prost(string, tag = "1")]
    pub name: String,
    /// Its content.
    #[prost(message, optional, tag = "2")]
    pub digest: Option<Digest>,
    /// True if it can be executed.
    #[prost(bool, tag = "4")]
    pub is_executable: bool,
}

/// A folder in a folder.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct DirectoryNode {
    /// Its name, without slash.
    #[prost(string, tag = "1")]
    pub name: String,
    /// Digest of its encoded `Directory`.
    #[prost(message, optional, tag = "2")]
    pub digest: Option<Digest>,
}

/// A symbolic link of a folder.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct SymlinkNode {
    /// Its name, without slash.
    #[prost(string, tag = "1")]
    pub name: String,
    /// Where it leads.
    #[prost(string, tag = "2")]
    pub target: String,
}

/// A folder with all below it in one message.
#[derive(Clone, PartialEq, Message)]
pub struct Tree {
    /// The folder.
    #[prost(message, optional, tag = "1")]
    pub root: Option<Directory>,
    /// Every folder below it, once, in any fixed order.
    #[prost(message, repeated, tag = "2")]
    pub children: Vec<Directory>,
}

/// Encodes a message, and names the bytes. They are canonical if the caller has sorted the lists:
/// fields are written in the order of their numbers, defaults not at all.
pub fn encode(message: &impl Message) -> (base::Digest, Vec<u8>) {
    let bytes = message.encode_to_vec();
    (base::Digest::of(&bytes), bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_is_encoded_as_the_api_says() {
        let digest = base::Digest::of(b"x");
        let directory = Directory {
            files: vec![FileNode {
                name: "a".into(),
                digest: Some(digest.into()),
                is_executable: true,
            }],
            directories: vec![],
            symlinks: vec![SymlinkNode { name: "l".into(), target: "a".into() }],
        };
        let mut expected = vec![0x0a, 75, 0x0a, 1, b'a', 0x12, 68, 0x0a, 64];
        expected.extend_from_slice(digest.hex().as_bytes());
        expected.extend_from_slice(&[0x10, 1, 0x20, 1]);
        expected.extend_from_slice(&[0x1a, 6, 0x0a, 1, b'l', 0x12, 1, b'a']);
        assert_eq!(encode(&directory).1, expected);
    }

    #[test]
    fn an_action_uses_the_numbers_of_the_api_and_omits_defaults() {
        let action = Action {
            timeout: Some(Timeout { seconds: 3, nanos: 0 }),
            salt: vec![7],
            ..Action::default()
        };
        assert_eq!(encode(&action).1, [0x32, 2, 0x08, 3, 0x4a, 1, 7]);
        let command = Command { output_paths: vec!["o".into()], ..Command::default() };
        assert_eq!(encode(&command).1, [0x3a, 1, b'o']);
    }

    #[test]
    fn a_digest_survives_the_way_there_and_back_and_others_are_refused() {
        let digest = base::Digest::of(b"abc");
        let message = Digest::from(digest);
        assert_eq!(message.plain(), Some(digest));
        let upper = Digest { hash: message.hash.to_uppercase(), ..message.clone() };
        assert_eq!(upper.plain(), None);
        assert_eq!(Digest { size_bytes: -1, ..message }.plain(), None);
    }
}
