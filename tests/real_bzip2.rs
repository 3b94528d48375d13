//! bzip2 from the sources of the distribution: a library, a program, and the comparisons by which
//! its authors check it.

use crate::real::{append, copy, done, fetched, real};
use crate::support::Workspace;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const COMPARISONS: [&str; 6] = [
    "test //:pack_1",
    "test //:pack_2",
    "test //:pack_3",
    "test //:unpack_1",
    "test //:unpack_2",
    "test //:unpack_3",
];

/// The workspace, with the sources at its root.
fn bzip2() -> Workspace {
    let kept = fetched("bzip2", |folder| {
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
        apt(&["source", "--download-only", "bzip2"])?;
        let files = fs::read_dir(folder).map_err(|e| e.to_string())?;
        let archive = files
            .filter_map(|file| Some(file.ok()?.path()))
            .find(|path| path.to_string_lossy().contains(".orig.tar."))
            .ok_or("apt-get fetched no archive of bzip2")?;
        let mut tar = Command::new("tar");
        tar.args(["--strip-components=1", "-xf"]).arg(archive);
        done(tar.arg("-C").arg(folder.join("source")))?;
        // The index of a whole distribution is large and has served.
        fs::remove_dir_all(folder.join("lists")).map_err(|e| e.to_string())
    });
    let ws = real("bzip2");
    copy(&kept.join("source"), ws.root());
    ws
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

#[test]
fn bzip2_passes_the_comparisons_of_its_authors_once() {
    let ws = bzip2();
    let mut expected = vec![
        "archive libbz2.a",
        "compile blocksort.c",
        "compile bzip2.c",
        "compile bzlib.c",
        "compile compress.c",
        "compile crctable.c",
        "compile decompress.c",
        "compile huffman.c",
        "compile randtable.c",
        "link bzip2",
    ];
    expected.extend(COMPARISONS);
    ws.test(&[]).ran(&expected).tells("tests: 6 passed\n");
    ws.test(&[]).ran(&[]).tells("tests: 6 passed (6 cached)\n");
    ws.build(&[]).ran(&["compile bzip2recover.c", "link bzip2recover"]);
}

#[test]
fn an_edit_in_bzip2_runs_what_depends_on_it() {
    let ws = bzip2();
    ws.test(&[]);

    append(&ws, "huffman.c", "int changed = 1;");
    let mut expected = vec!["archive libbz2.a", "compile huffman.c", "link bzip2"];
    expected.extend(COMPARISONS);
    ws.test(&[]).ran(&expected);

    // One sample's packed form belongs to two of the comparisons.
    ws.remove("sample2.bz2");
    fs::copy(ws.root().join("sample1.bz2"), ws.root().join("sample2.bz2")).expect("copy a sample");
    ws.eng(&["test", "--verbose"])
        .expect(3)
        .ran(&["test //:pack_2", "test //:unpack_2"])
        .tells("tests: 4 passed (4 cached), 2 failed\n");
}

#[test]
fn a_bzip2_that_writes_another_header_fails_every_comparison() {
    // On most machines PATH holds a bzip2 too, which would pass.
    let ws = bzip2();
    let header = ws.read("bzlib_private.h");
    assert!(header.contains("BZ_HDR_h 0x68"));
    ws.write("bzlib_private.h", &header.replace("BZ_HDR_h 0x68", "BZ_HDR_h 0x69"));
    ws.eng(&["test"]).expect(3).tells("tests: 0 passed, 6 failed\n");
}
