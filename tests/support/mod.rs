//! A small workspace in one string, the real binary, and what it printed.

pub mod golden; // texts that users see

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// A workspace in a folder of its own, with a store and a history of its own.
pub struct Workspace {
    folder: TempDir,
    root: PathBuf,
}

/// What a run of eng came to.
#[derive(Debug, Clone)]
pub struct Run {
    /// The exit code; 128 + n if it was killed by signal n.
    pub code: i32,
    /// What it printed as data.
    pub stdout: String,
    /// What it told.
    pub stderr: String,
}

/// Makes a workspace from files in one string: a line `-- path` starts a file. If there is no
/// `-- BUILD.ron` the root gets one that declares the workspace; if there is one without
/// `workspace(`, that entry is put in front of its list.
pub fn workspace(files: &str) -> Workspace {
    let folder = tempfile::Builder::new().prefix("eng-test-").tempdir().expect("make a folder");
    let root = folder.path().join("ws");
    fs::create_dir(&root).expect("make the root");
    let res = Workspace { folder, root };
    let mut has_root = false;
    for part in format!("\n{files}").split("\n-- ").skip(1) {
        let (path, text) = part.split_once('\n').unwrap_or((part, ""));
        let mut text = format!("{}\n", text.trim_end_matches('\n'));
        if path == "BUILD.ron" {
            has_root = true;
            if !text.contains("workspace(") {
                text = text.replacen('[', "[workspace(name: \"ws\"),", 1);
            }
        }
        res.write(path, &text);
    }
    if !has_root {
        res.write("BUILD.ron", "[workspace(name: \"ws\")]\n");
    }
    res
}

impl Workspace {
    /// The workspace's root.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// A path outside of the workspace that goes away with it.
    pub fn beside(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file; a script (`#!`) becomes executable.
    pub fn write(&self, path: &str, text: &str) {
        use std::os::unix::fs::PermissionsExt;
        let at = self.root.join(path);
        fs::create_dir_all(at.parent().expect("a file has a folder")).expect("make a folder");
        fs::write(&at, text).expect("write a file");
        if text.starts_with("#!") {
            fs::set_permissions(&at, fs::Permissions::from_mode(0o755))
                .expect("make it executable");
        }
    }

    /// The text of a file.
    pub fn read(&self, path: &str) -> String {
        fs::read_to_string(self.root.join(path)).unwrap_or_else(|e| panic!("read {path}: {e}"))
    }

    /// Removes a file or folder.
    pub fn remove(&self, path: &str) {
        let at = self.root.join(path);
        let res = if at.is_dir() { fs::remove_dir_all(&at) } else { fs::remove_file(&at) };
        res.unwrap_or_else(|e| panic!("remove {path}: {e}"));
    }

    /// A command that runs eng at the root, with the store and history of this workspace.
    pub fn command(&self, arguments: &[&str]) -> Command {
        self.command_in("", arguments)
    }

    /// The same, in a folder of the workspace.
    pub fn command_in(&self, folder: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_eng"));
        command
            .args(arguments)
            .current_dir(self.root.join(folder))
            .env("XDG_CACHE_HOME", self.beside("cache"))
            .env("XDG_STATE_HOME", self.beside("state"))
            .env("XDG_CONFIG_HOME", self.beside("config"))
            .env_remove("CI")
            .env_remove("NO_COLOR")
            .env_remove("CLICOLOR_FORCE")
            .env_remove("FORCE_COLOR")
            .env_remove("ENG_JOBS")
            .env_remove("ENG_TEST_THREADS")
            .stdin(Stdio::null());
        command
    }

    /// A script of the shell at the root, with the environment of `command`.
    pub fn in_shell(&self, script: &str) -> Command {
        let eng = self.command(&[]);
        let mut shell = Command::new("sh");
        shell.args(["-c", script]).current_dir(self.root()).stdin(Stdio::null());
        for (name, value) in eng.get_envs() {
            match value {
                Some(value) => shell.env(name, value),
                None => shell.env_remove(name),
            };
        }
        shell
    }

    /// Runs eng at the root.
    pub fn eng(&self, arguments: &[&str]) -> Run {
        Run::of(self.command(arguments))
    }

    /// Runs `eng build --verbose PATTERN…` and expects it to succeed.
    pub fn build(&self, patterns: &[&str]) -> Run {
        self.eng(&[&["build", "--verbose"], patterns].concat()).expect(0)
    }

    /// Runs `eng test --verbose PATTERN…` and expects it to succeed.
    pub fn test(&self, patterns: &[&str]) -> Run {
        self.eng(&[&["test", "--verbose"], patterns].concat()).expect(0)
    }
}

/// Reads what a started eng tells until a text is in it, and gives it: what was told is kept, even
/// if eng is killed right after.
#[track_caller]
pub fn wait_told(child: &mut std::process::Child, text: &str) -> String {
    use std::io::Read;
    let stderr = child.stderr.as_mut().expect("its errors are piped");
    let mut told = Vec::new();
    let mut byte = [0];
    while !String::from_utf8_lossy(&told).contains(text) {
        let read = stderr.read(&mut byte).expect("read what eng tells");
        assert!(read == 1, "'{text}' is not in:\n{}", String::from_utf8_lossy(&told));
        told.push(byte[0]);
    }
    String::from_utf8_lossy(&told).into_owned()
}

impl Run {
    /// Runs a command.
    pub fn of(mut command: Command) -> Run {
        use std::os::unix::process::ExitStatusExt;
        let output = command.output().expect("start eng");
        let status = output.status;
        Run {
            code: status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or(0)),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Fails unless the exit code is this one.
    #[track_caller]
    pub fn expect(self, code: i32) -> Run {
        assert_eq!(
            self.code, code,
            "exit code; stdout:\n{}\nstderr:\n{}",
            self.stdout, self.stderr
        );
        self
    }

    /// Fails unless just these actions ran, by what `--verbose` tells; sorted.
    #[track_caller]
    pub fn ran(self, subjects: &[&str]) -> Run {
        let mut expected: Vec<&str> = subjects.to_vec();
        expected.sort_unstable();
        assert_eq!(self.subjects(), expected, "actions that ran; stderr:\n{}", self.stderr);
        self
    }

    /// The actions that ran, sorted: `compile a/x.c`.
    pub fn subjects(&self) -> Vec<String> {
        let lines = self.stderr.lines();
        let ran = lines.filter(|line| !line.ends_with(", cached)")).filter_map(|line| {
            let rest = line.strip_prefix("RAN  ").or_else(|| line.strip_prefix("FAILED "))?;
            let (_, subject) = rest.split_once(": ")?;
            // The time, the reason or the status follow.
            Some(subject.split("  ").next()?.split(" (").next()?.to_string())
        });
        let mut res: Vec<String> = ran.collect();
        res.sort();
        res
    }

    /// Fails unless what was told contains a text.
    #[track_caller]
    pub fn tells(self, text: &str) -> Run {
        assert!(self.stderr.contains(text), "'{text}' is not in:\n{}", self.stderr);
        self
    }

    /// What was told, with durations replaced by `TIME` and the workspace's folder by `ROOT`.
    pub fn plain(&self, workspace: &Workspace) -> String {
        let mut text = String::new();
        let root = workspace.root().display().to_string();
        for word in self.stderr.replace(&root, "ROOT").split_inclusive([' ', '\n', ':', ',', ')']) {
            let bare = word.trim_end_matches([' ', '\n', ':', ',', ')']);
            let number = bare.strip_suffix('s').unwrap_or("");
            let is_time = number.contains('.')
                && number.starts_with(|c: char| c.is_ascii_digit())
                && number.chars().all(|c| c.is_ascii_digit() || c == '.');
            if is_time {
                text.push_str(&word.replacen(bare, "TIME", 1));
            } else {
                text.push_str(word);
            }
        }
        text
    }
}

/// Another folder with the same files.
impl Workspace {
    /// Copies everything but `eng-out` to a folder outside of the workspace.
    pub fn copy_to(&self, name: &str) -> PathBuf {
        let to = self.beside(name);
        for entry in walkdir::WalkDir::new(&self.root).min_depth(1) {
            let entry = entry.expect("read the workspace");
            let path = entry.path().strip_prefix(&self.root).expect("it is below the root");
            if path.starts_with("eng-out") {
                continue;
            }
            let at = to.join(path);
            fs::create_dir_all(at.parent().expect("a file has a folder")).expect("make a folder");
            if entry.file_type().is_file() {
                fs::copy(entry.path(), &at).expect("copy a file");
            }
        }
        to
    }

    /// A command that runs eng in any folder, with any store.
    pub fn command_at(&self, root: &Path, cache: &str, arguments: &[&str]) -> Command {
        let mut command = self.command(arguments);
        command.current_dir(root).env("XDG_CACHE_HOME", self.beside(cache));
        command
    }
}

/// All files below a folder: by path, whether they can be executed, and their bytes.
pub fn files(folder: &Path) -> BTreeMap<String, (bool, Vec<u8>)> {
    use std::os::unix::fs::PermissionsExt;
    let mut res = BTreeMap::new();
    for entry in walkdir::WalkDir::new(folder) {
        let entry = entry.expect("read the folder");
        if entry.file_type().is_file() {
            let path = entry.path().strip_prefix(folder).expect("it is below").display();
            let mode = entry.metadata().expect("look at a file").permissions().mode();
            let bytes = fs::read(entry.path()).expect("read a file");
            res.insert(path.to_string(), (mode & 0o100 != 0, bytes));
        }
    }
    res
}

/// Waits until a file is there, for as long as a slow machine may need.
#[track_caller]
pub fn wait_for(path: &Path) {
    let began = std::time::Instant::now();
    while !path.exists() {
        assert!(began.elapsed().as_secs() < 60, "{} never came", path.display());
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
}
