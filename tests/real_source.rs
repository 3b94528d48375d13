//! Sources of packages of the distribution, by its own tools and from the mirror that the machine
//! uses.

use crate::real::{done, fetched};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The sources of a package of the distribution, as its authors published them.
pub fn source(package: &str) -> PathBuf {
    let kept = fetched(package, |folder| {
        let list = source_list(folder)?;
        for folder in
            ["lists/partial", "cache/archives/partial", "source"].map(|name| folder.join(name))
        {
            fs::create_dir_all(folder).map_err(|e| e.to_string())?;
        }
        // A list, an index and a cache of our own leave those of the machine as they are.
        let apt = |arguments: &[&str]| {
            let mut command = Command::new("apt-get");
            command.arg("-o").arg(format!("Dir::Etc::sourcelist={}", list.display()));
            command.args(["-o", "Dir::Etc::sourceparts=/dev/null"]);
            command.arg("-o").arg(format!("Dir::State::lists={}", folder.join("lists").display()));
            command.arg("-o").arg(format!("Dir::Cache={}", folder.join("cache").display()));
            // Without it an index that could not be fetched is only a warning.
            command.args(["-o", "APT::Update::Error-Mode=any", "-o", "Acquire::Retries=3"]);
            done(command.args(arguments).current_dir(folder))
        };
        apt(&["update"])?;
        apt(&["source", "--download-only", package])?;
        let files = fs::read_dir(folder).map_err(|e| e.to_string())?;
        let archive = files
            .filter_map(|file| Some(file.ok()?.path()))
            .find(|path| path.to_string_lossy().contains(".orig.tar."))
            .ok_or_else(|| format!("apt-get fetched no archive of {package}"))?;
        let mut tar = Command::new("tar");
        tar.args(["--strip-components=1", "-xf"]).arg(archive);
        done(tar.arg("-C").arg(folder.join("source")))?;
        // The index of a whole distribution is large and has served.
        fs::remove_dir_all(folder.join("lists")).map_err(|e| e.to_string())
    });
    kept.join("source")
}

/// A list of sources for the mirror that the machine uses: the entry of its own release, else the
/// first one, asked for sources instead of packages.
fn source_list(folder: &Path) -> Result<PathBuf, String> {
    let etc = Path::new("/etc/apt");
    let mut files = vec![etc.join("sources.list")];
    if let Ok(entries) = fs::read_dir(etc.join("sources.list.d")) {
        files.extend(entries.filter_map(|entry| Some(entry.ok()?.path())));
    }
    files.sort();
    let release = fs::read_to_string("/etc/os-release").unwrap_or_default();
    let release = release.lines().find_map(|line| line.strip_prefix("VERSION_CODENAME="));
    let release = release.unwrap_or("stable").trim_matches('"').to_string();
    let mut entries: Vec<(&str, String)> = Vec::new();
    for file in files {
        let text = fs::read_to_string(&file).unwrap_or_default();
        match file.extension().and_then(|it| it.to_str()) {
            Some("sources") => entries.extend(stanzas(&text).map(|entry| ("sources", entry))),
            Some("list") => entries.extend(lines(&text).map(|entry| ("list", entry))),
            _ => {}
        }
    }
    let own = entries.iter().find(|(_, entry)| entry.split_whitespace().any(|it| it == release));
    let (kind, entry) = own.or(entries.first()).ok_or("apt on this machine has no sources")?;
    let list = folder.join(format!("mirror.{kind}"));
    fs::write(&list, entry).map_err(|e| e.to_string())?;
    Ok(list)
}

/// The entries of a file that has a field a line.
fn stanzas(text: &str) -> impl Iterator<Item = String> {
    let with_packages = |stanza: &&str| {
        let has = |line: &str| stanza.lines().any(|it| it == line);
        stanza.lines().any(|line| line.starts_with("Types:")) && !has("Enabled: no")
    };
    text.split("\n\n").filter(with_packages).map(|stanza| {
        let fields = stanza.lines().map(|line| match line.starts_with("Types:") {
            true => "Types: deb-src\n".to_string(),
            false => format!("{line}\n"),
        });
        fields.collect()
    })
}

/// The entries of a file that has an entry a line.
fn lines(text: &str) -> impl Iterator<Item = String> {
    text.lines().filter_map(|line| Some(format!("deb-src {}\n", line.strip_prefix("deb ")?)))
}
