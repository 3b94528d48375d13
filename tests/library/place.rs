//! A workspace with a user of its own.

use eng::{Session, User};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tempfile::TempDir;

/// A process has one run at a time.
static TURN: Mutex<()> = Mutex::new(());

/// A workspace with a user of its own, whose turn it is.
pub struct Place {
    pub folder: TempDir,
    _turn: MutexGuard<'static, ()>,
}

/// Makes a workspace from files in one string: a line `-- path` starts a file.
pub fn place(files: &str) -> Place {
    let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let place = Place { folder: tempfile::tempdir().unwrap(), _turn: turn };
    for part in format!("\n{files}").split("\n-- ").skip(1) {
        let (path, text) = part.split_once('\n').unwrap();
        place.write(path, text);
    }
    place
}

impl Place {
    /// The root of the workspace.
    pub fn root(&self) -> PathBuf {
        self.folder.path().join("ws")
    }

    /// Writes a file; a script becomes executable.
    pub fn write(&self, path: &str, text: &str) {
        let path = self.root().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, format!("{text}\n")).unwrap();
        if text.starts_with("#!") {
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        }
    }

    /// A session at the root.
    pub fn session(&self) -> Session {
        Session::open(&self.root(), self.user()).unwrap()
    }

    /// Its user.
    pub fn user(&self) -> User {
        let folder = |name| self.folder.path().join(name);
        let path = "/usr/local/bin:/usr/bin:/bin".to_string();
        User { cache: folder("cache"), state: folder("state"), settings: None, path }
    }
}
