//! The commit that is checked out, from the files of git alone: to start git would take as long as a
//! run that finds nothing to do.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// No file that is read here is longer, but for lists of packed branches.
const MOST: u64 = 16 << 20;

/// The hash of the commit that a folder is a checkout of, or lies in one of; nothing if there is none,
/// or if git keeps it in a form that is not known here.
pub(super) fn commit(folder: &Path) -> Option<String> {
    let git = folder.ancestors().map(|it| it.join(".git")).find(|it| it.exists())?;
    let git = match git.is_dir() {
        true => git,
        // A worktree or a submodule says where its own folder is.
        false => git.parent()?.join(text(&git)?.strip_prefix("gitdir:")?.trim()),
    };
    let head = text(&git.join("HEAD"))?;
    let Some(branch) = head.trim().strip_prefix("ref:") else { return hash(&head) };
    let branch = branch.trim();
    let common = match text(&git.join("commondir")) {
        Some(shared) => git.join(shared.trim()),
        None => git.clone(),
    };
    let loose = |folder: &PathBuf| hash(&text(&folder.join(branch))?);
    loose(&git).or_else(|| loose(&common)).or_else(|| {
        let packed = text(&common.join("packed-refs"))?;
        let line =
            packed.lines().find(|line| line.split_once(' ').is_some_and(|it| it.1 == branch));
        hash(line?.split_once(' ')?.0)
    })
}

fn text(path: &Path) -> Option<String> {
    let mut text = String::new();
    File::open(path).ok()?.take(MOST).read_to_string(&mut text).ok()?;
    Some(text)
}

/// A hash of SHA-1 or SHA-256 in hexadecimal digits, as git writes it.
fn hash(text: &str) -> Option<String> {
    let text = text.trim();
    let whole = matches!(text.len(), 40 | 64) && text.bytes().all(|it| it.is_ascii_hexdigit());
    whole.then(|| text.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    const A: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    const B: &str = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";

    #[test]
    fn the_commit_is_found_however_git_keeps_it() {
        let dir = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let path = dir.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        let found = |folder: &str| commit(&dir.path().join(folder));
        write("a/b/x", "");
        assert_eq!(found("a/b"), None);
        write("a/.git/HEAD", &format!("{A}\n"));
        assert_eq!(found("a/b").as_deref(), Some(A));
        write("a/.git/HEAD", "ref: refs/heads/main\n");
        assert_eq!(found("a/b"), None);
        write("a/.git/packed-refs", &format!("# pack-refs\n{B} refs/heads/main\n^{A}\n"));
        assert_eq!(found("a").as_deref(), Some(B));
        write("a/.git/refs/heads/main", &format!("{A}\n"));
        assert_eq!(found("a").as_deref(), Some(A));
        // A worktree has a folder of its own beside the shared one.
        write("tree/.git", "gitdir: ../a/.git/worktrees/tree\n");
        write("a/.git/worktrees/tree/HEAD", "ref: refs/heads/main\n");
        write("a/.git/worktrees/tree/commondir", "../..\n");
        assert_eq!(found("tree").as_deref(), Some(A));
        write("a/.git/refs/heads/main", "no hash\n");
        write("a/.git/packed-refs", "");
        assert_eq!(found("a"), None);
    }
}
