//! Folders by digest: a folder is stored as an encoded `Tree`, its files as blobs.
//! What a tree may hold is checked when it is stored and again when it is read.

use super::cas::{Cas, Stored};
use super::error::{Doing, StoreError};
use super::file::unique;
use super::reapi::{self, Directory, DirectoryNode, FileNode, SymlinkNode, Tree, encode};
use crate::base::{Digest, join};
use prost::Message;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs;
use std::path::Path;

/// Folders inside each other that are accepted.
const MAX_DEPTH: usize = 200;
/// Bytes that the list of one tree may take, about two million entries. A small message can
/// describe billions, since a folder that occurs twice is written once.
const MAX_LIST: usize = 256 << 20;

/// What a tree holds at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// A file, and whether it can be executed.
    File(Digest, bool),
    /// A symbolic link; its target is relative and inside the tree.
    Symlink(String),
    /// A folder without entries.
    EmptyDir,
}

/// Stores a folder with all its files; the digest is that of its encoded `Tree`. Names that are no
/// UTF-8, links that lead out, devices and the like are refused by name.
pub fn put_tree(path: &Path, cas: &Cas) -> Result<Digest, StoreError> {
    let mut children = BTreeMap::new();
    let root = put_folder(path, 0, cas, &mut children)?;
    let tree = Tree { root: Some(root), children: children.into_values().collect() };
    cas.put_bytes(&encode(&tree).1)
}

/// Everything in a stored tree, sorted by path; paths are relative to its root. Nothing if the tree
/// is not in the store; whether its files are there is not looked at.
pub fn list_tree(digest: &Digest, cas: &Cas) -> Result<Option<Vec<(String, Entry)>>, StoreError> {
    let Some(tree) = read_tree(digest, cas)? else { return Ok(None) };
    list(&tree).map(Some).map_err(|why| bad_tree(digest, &why))
}

/// Digest of the root `Directory` of a stored tree, which is what keys need.
pub fn tree_root(digest: &Digest, cas: &Cas) -> Result<Option<Digest>, StoreError> {
    let tree = read_tree(digest, cas)?;
    Ok(tree.map(|tree| encode(&tree.root.unwrap_or_default()).0))
}

/// Makes `dest` a copy of a stored tree that the user may change; what was there is replaced when
/// the copy is complete. False if the tree or one of its files is not in the store.
pub fn copy_tree_to(digest: &Digest, cas: &Cas, dest: &Path) -> Result<bool, StoreError> {
    let Some(entries) = list_tree(digest, cas)? else { return Ok(false) };
    let parent = dest.parent().unwrap_or(Path::new("."));
    let draft = parent.join(format!(".eng-{}", unique()));
    let copied = fill_folder(&draft, &entries, cas).and_then(|complete| {
        if complete {
            match fs::symlink_metadata(dest) {
                Ok(there) if there.is_dir() => fs::remove_dir_all(dest).doing("remove", dest)?,
                Ok(_) => fs::remove_file(dest).doing("remove", dest)?,
                Err(_) => {}
            }
            fs::rename(&draft, dest).doing("write", dest)?;
        }
        Ok(complete)
    });
    if !matches!(copied, Ok(true)) {
        let _ = fs::remove_dir_all(&draft);
    }
    copied
}

fn fill_folder(folder: &Path, entries: &[(String, Entry)], cas: &Cas) -> Result<bool, StoreError> {
    fs::create_dir_all(folder).doing("make folder", folder)?;
    // Links come last, so that nothing is ever written through one.
    for (path, entry) in entries {
        let path = folder.join(path);
        match entry {
            Entry::File(digest, executable) => {
                if !cas.copy_to(digest, &path, *executable)? {
                    return Ok(false);
                }
            }
            Entry::EmptyDir => fs::create_dir_all(&path).doing("make folder", &path)?,
            Entry::Symlink(_) => {}
        }
    }
    for (path, entry) in entries {
        let Entry::Symlink(target) = entry else { continue };
        let path = folder.join(path);
        let parent = path.parent().unwrap_or(folder);
        fs::create_dir_all(parent).doing("make folder", parent)?;
        std::os::unix::fs::symlink(target, &path).doing("make link", &path)?;
    }
    Ok(true)
}

/// Calls itself for each folder inside, at most `MAX_DEPTH` deep.
fn put_folder(
    folder: &Path,
    depth: usize,
    cas: &Cas,
    children: &mut BTreeMap<Digest, Directory>,
) -> Result<Directory, StoreError> {
    if depth > MAX_DEPTH {
        let why = format!("has more than {MAX_DEPTH} folders inside each other");
        return Err(StoreError::odd("store", folder, why));
    }
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).doing("read folder", folder)? {
        let name = entry.doing("read folder", folder)?.file_name();
        match name.into_string() {
            Ok(name) => names.push(name),
            Err(name) => {
                let path = folder.join(name);
                return Err(StoreError::odd("store", &path, "has a name that is not UTF-8"));
            }
        }
    }
    names.sort_unstable();
    let mut res = Directory::default();
    for name in names {
        let path = folder.join(&name);
        let kind = fs::symlink_metadata(&path).doing("look at", &path)?.file_type();
        if kind.is_symlink() {
            let target = fs::read_link(&path).doing("read link", &path)?;
            let target = target.to_str().ok_or_else(|| {
                StoreError::odd("store", &path, "is a link to a name that is not UTF-8")
            })?;
            check_target(target, depth).map_err(|why| StoreError::odd("store", &path, why))?;
            res.symlinks.push(SymlinkNode { name, target: target.to_string() });
        } else if kind.is_dir() {
            let child = put_folder(&path, depth + 1, cas, children)?;
            let digest = encode(&child).0;
            children.insert(digest, child);
            res.directories.push(DirectoryNode { name, digest: Some(digest.into()) });
        } else {
            let Stored { digest, executable: is_executable, .. } = cas.put_file(&path)?;
            res.files.push(FileNode { name, digest: Some(digest.into()), is_executable });
        }
    }
    Ok(res)
}

/// A target may go up only at its start: after a name, `..` leaves the folder that a link of that
/// name leads to, which the text does not show.
fn check_target(target: &str, depth: usize) -> Result<(), String> {
    let mut names = target.split('/').filter(|name| !matches!(*name, "" | ".")).peekable();
    let mut up = 0;
    while names.next_if_eq(&"..").is_some() {
        up += 1;
    }
    if target.is_empty() || target.starts_with('/') || target.contains('\0') {
        return Err(format!("is a link to {target:?}; only relative links can be kept"));
    }
    if up > depth || names.any(|name| name == "..") {
        return Err(format!("is a link to {target:?}, which may lead out of the folder"));
    }
    Ok(())
}

fn read_tree(digest: &Digest, cas: &Cas) -> Result<Option<Tree>, StoreError> {
    let Some(bytes) = cas.read(digest)? else { return Ok(None) };
    Tree::decode(&*bytes).map(Some).map_err(|error| bad_tree(digest, &error.to_string()))
}

fn bad_tree(digest: &Digest, why: &str) -> StoreError {
    StoreError::odd("read the stored folder", Path::new(&digest.hex()), why)
}

pub(super) fn list(tree: &Tree) -> Result<Vec<(String, Entry)>, String> {
    let children: HashMap<Digest, &Directory> =
        tree.children.iter().map(|child| (encode(child).0, child)).collect();
    let empty = Directory::default();
    let (mut res, mut size) = (Vec::new(), 0);
    let mut open = vec![(String::new(), 0, tree.root.as_ref().unwrap_or(&empty))];
    while let Some((path, depth, folder)) = open.pop() {
        if depth > MAX_DEPTH {
            return Err(format!("more than {MAX_DEPTH} folders are inside each other"));
        }
        let mut names = HashSet::new();
        let mut inside = |name: &str| {
            if matches!(name, "" | "." | "..") || name.contains(['/', '\0']) {
                return Err(format!("{name:?} is no name of a file"));
            }
            if !names.insert(name.to_string()) {
                return Err(format!("{name:?} occurs twice in one folder"));
            }
            size += path.len() + name.len() + size_of::<Entry>();
            if size > MAX_LIST {
                return Err(format!("the list of its files takes more than {MAX_LIST} bytes"));
            }
            Ok(join(&path, name))
        };
        for file in &folder.files {
            let at = inside(&file.name)?;
            res.push((at, Entry::File(digest_of(&file.digest, &file.name)?, file.is_executable)));
        }
        for link in &folder.symlinks {
            let at = inside(&link.name)?;
            check_target(&link.target, depth).map_err(|why| format!("{at:?} {why}"))?;
            res.push((at, Entry::Symlink(link.target.clone())));
        }
        for child in &folder.directories {
            let it = children.get(&digest_of(&child.digest, &child.name)?);
            let it = it.ok_or_else(|| format!("the folder {:?} is not described", child.name))?;
            open.push((inside(&child.name)?, depth + 1, it));
        }
        if depth > 0 && *folder == empty {
            res.push((path, Entry::EmptyDir));
        }
    }
    res.sort_unstable_by(|a, b| a.0.cmp(&b.0));
    Ok(res)
}

fn digest_of(digest: &Option<reapi::Digest>, name: &str) -> Result<Digest, String> {
    let digest = digest.as_ref().and_then(reapi::Digest::plain);
    digest.ok_or_else(|| format!("{name:?} has no digest"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{MetadataExt, symlink};

    fn store() -> (tempfile::TempDir, Cas) {
        let dir = tempfile::tempdir().unwrap();
        let cas = Cas::open(&dir.path().join("cas")).unwrap();
        (dir, cas)
    }

    #[test]
    fn a_folder_comes_back_as_it_was() {
        let (dir, cas) = store();
        let from = dir.path().join("from");
        fs::create_dir_all(from.join("a/b")).unwrap();
        fs::create_dir(from.join("empty")).unwrap();
        fs::write(from.join("a/b/x"), "x").unwrap();
        fs::write(from.join("run"), "y").unwrap();
        fs::set_permissions(from.join("run"), std::os::unix::fs::PermissionsExt::from_mode(0o755))
            .unwrap();
        symlink("../../run", from.join("a/b/l")).unwrap();
        let digest = put_tree(&from, &cas).unwrap();
        let entries = list_tree(&digest, &cas).unwrap().unwrap();
        let expected = [
            ("a/b/l", Entry::Symlink("../../run".into())),
            ("a/b/x", Entry::File(Digest::of(b"x"), false)),
            ("empty", Entry::EmptyDir),
            ("run", Entry::File(Digest::of(b"y"), true)),
        ];
        assert_eq!(entries, expected.map(|(path, entry)| (path.to_string(), entry)));

        let to = dir.path().join("to");
        fs::write(&to, "in the way").unwrap();
        assert!(copy_tree_to(&digest, &cas, &to).unwrap());
        assert_eq!(put_tree(&to, &cas).unwrap(), digest);
        assert!(fs::metadata(to.join("run")).unwrap().mode() & 0o100 != 0);
        assert_ne!(tree_root(&digest, &cas).unwrap(), Some(digest));
    }

    #[test]
    fn what_leads_out_of_a_folder_is_refused_by_name() {
        let (dir, cas) = store();
        for target in ["/etc", "..", "a/../..", "a/..", "./../x"] {
            let from = dir.path().join("from");
            fs::create_dir_all(&from).unwrap();
            symlink(target, from.join("odd")).unwrap();
            let text = put_tree(&from, &cas).unwrap_err().to_string();
            assert!(text.contains("/odd'") && text.contains(target), "{text}");
            fs::remove_dir_all(&from).unwrap();
        }
    }

    #[test]
    fn a_hostile_tree_is_refused_when_it_is_read() {
        let (dir, cas) = store();
        let file = |name: &str| {
            let digest = Some(Digest::of(b"x").into());
            Directory {
                files: vec![FileNode { name: name.into(), digest, is_executable: false }],
                ..Directory::default()
            }
        };
        let mut both = file("x");
        both.symlinks.push(SymlinkNode { name: "x".into(), target: "y".into() });
        // Each folder holds the one before twice: 2^60 entries in 60 messages.
        let (mut top, mut bomb) = (file("x"), Vec::new());
        for _ in 0..60 {
            let digest = Some(encode(&top).0.into());
            bomb.push(top);
            let node = |name: &str| DirectoryNode { name: name.into(), digest: digest.clone() };
            top = Directory { directories: vec![node("a"), node("b")], ..Directory::default() };
        }
        let small = [file("../x"), file("/x"), file(""), file(".."), both];
        let small = small.map(|root| Tree { root: Some(root), children: vec![] });
        let bomb = Tree { root: Some(top), children: bomb };
        for tree in small.into_iter().chain([bomb]) {
            let digest = cas.put_bytes(&encode(&tree).1).unwrap();
            assert!(copy_tree_to(&digest, &cas, &dir.path().join("to")).is_err());
        }
    }
}
