//! Nasty names in every place that takes one: handled, or refused by name, and never told raw.

use crate::support::golden::golden;
use crate::support::{Run, Workspace, workspace};
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

const LONG: [u8; 256] = [b'n'; 256];

/// The names; none has a slash at an end, a few can be no name of one file.
pub fn names() -> Vec<Vec<u8>> {
    let mut res: Vec<&[u8]> = vec![
        b"plain",
        b"new\nline",
        b"\n",
        b"tab\tstop",
        b"carriage\rreturn",
        b"bell\x07",
        b"back\x08space",
        b"\x1b[31mred\x1b[0m",
        b"\x1b]0;title\x07",
        b"\x1b[2J",
        b"delete\x7f",
        b"\xc2\x9b31mc1",
        b"nul\0byte",
        b"-",
        b"-rf",
        b"--help",
        b" ",
        b" leading",
        b"trailing ",
        b"two  blanks",
        b"it's",
        b"\"quoted\"",
        b"`date`",
        b"$HOME",
        b"$(date)",
        b"${x}",
        b"a;b",
        b"a&b",
        b"a|b",
        b"a>b",
        b"*",
        b"?",
        b"[a]",
        b"{a}",
        b"{a,b}",
        b"a\\b",
        b"trailing\\",
        b"a:b",
        b"C:\\x",
        b"#hash",
        b"a#b",
        b"@at",
        b"100%",
        b"%2e%2e",
        b"!bang",
        b"~",
        b"=",
        b"a,b",
        b"...",
        b"con",
        b"nul.txt",
        b"trailing.",
        b"caf\xe9",
        b"\xff\xfe",
        b"caf\xc3\xa9",
        b"cafe\xcc\x81",
        b"\xe2\x80\xaertl",
        b"zero\xe2\x80\x8bwidth",
        b"join\xe2\x80\x8der",
        b"\xef\xbb\xbfbom",
        b"\xf0\x9f\x98\x80",
        b"\xe6\x97\xa5\xe6\x9c\xac",
        b"CASE",
        b"case",
        &LONG[..255],
        &LONG,
    ];
    res.push(b".hidden");
    res.push(b"a/../b");
    res.push(b"./a");
    res.push(b"a//b");
    res.push(b"..");
    res.push(b"/abs");
    let mut all: Vec<Vec<u8>> = res.into_iter().map(<[u8]>::to_vec).collect();
    all.push([&LONG[..200]; 25].join(&b'/'));
    all
}

/// How a name is shown in the golden file.
pub fn shown(name: &[u8]) -> String {
    match name.len() {
        0..60 => name.escape_ascii().to_string(),
        len => format!("{}… ({len} bytes)", name[..20].escape_ascii()),
    }
}

/// The name as a string of a `BUILD.ron`.
fn quoted(name: &[u8]) -> String {
    format!("{:?}", String::from_utf8_lossy(name))
}

const RULES: &str = r#"[
    rule(
        name: "copy",
        attrs: (srcs: files(), to: string(default: "out"), cp: tool(default: "cp")),
        actions: (copy: (run: ["{cp}", "--", "{srcs}", "{out}"], outs: (out: "{to}"))),
        provides: (files: ["{out}"]),
    ),
]"#;

/// A workspace with a package `pNN` for each name, as `make` makes it; it says whether there can be
/// such a thing.
fn packages(make: impl Fn(&Path, &[u8]) -> bool) -> Workspace {
    let ws = workspace("-- BUILD.ron\n[workspace(name: \"ws\", rules: [\"r.ron\"])]\n");
    ws.write("r.ron", RULES);
    for (at, name) in names().iter().enumerate() {
        let folder = ws.root().join(format!("p{at:02}"));
        fs::create_dir(&folder).expect("make a folder");
        if !make(&folder, name) {
            fs::write(folder.join("BUILD.ron"), NOTHING).expect("write a file");
        }
    }
    ws
}

/// Of what no file system can have.
const NOTHING: &str = "[]\n";

/// Writes a file with a name; false if there can be none.
fn file(folder: &Path, name: &[u8]) -> bool {
    let inside = !name.starts_with(b"/") && !name.contains(&b'/') && name != b"..";
    inside && fs::write(folder.join(OsStr::from_bytes(name)), "nasty\n").is_ok()
}

/// Writes the package's `BUILD.ron`.
fn declare(folder: &Path, text: &str) -> bool {
    fs::write(folder.join("BUILD.ron"), format!("[{text}]\n")).expect("write a file");
    true
}

/// Fails if a terminal would obey something that was told.
#[track_caller]
pub fn harmless(told: &str) {
    let obeyed = |c: char| {
        c.is_control() && !matches!(c, '\n' | '\t')
            || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200b}' | '\u{feff}')
    };
    let odd: Vec<_> = told.lines().filter(|line| line.contains(obeyed)).collect();
    assert!(odd.is_empty(), "told as it is: {odd:?}");
}

/// What was said of each package, by its number: the first problem.
fn said(run: &Run) -> BTreeMap<usize, String> {
    assert!(
        !run.stderr.contains("panicked") && !run.stderr.contains("not shown"),
        "{}",
        run.stderr
    );
    harmless(&run.stderr);
    let mut res = BTreeMap::new();
    for line in run.stderr.lines() {
        let Some((number, rest)) = line.strip_prefix('p').and_then(|it| it.split_at_checked(2))
        else {
            continue;
        };
        let (Ok(number), Some((_, text))) = (number.parse(), rest.split_once(": ")) else {
            continue;
        };
        res.entry(number).or_insert_with(|| text.to_string());
    }
    res
}

/// Brings all packages to results, then those that have no problems; what came of each name.
fn outcomes(ws: &Workspace, verb: &[&str], check: impl Fn(usize, &[u8])) -> String {
    let all: Vec<String> = (0..names().len()).map(|at| format!("//p{at:02}/...")).collect();
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    let mut refused = BTreeMap::new();
    // Fewer at once than problems are told at once.
    for some in all.chunks(25) {
        let run = ws.eng(&[verb, some].concat());
        refused.extend(said(&run));
        assert!(matches!(run.code, 0 | 2), "{}", run.stderr);
    }
    let good = all.iter().enumerate().filter(|(at, _)| !refused.contains_key(at));
    let good: Vec<&str> = good.map(|(_, word)| *word).collect();
    let run = ws.eng(&[verb, &good].concat()).expect(0);
    harmless(&run.stderr);
    let mut text = String::new();
    for (at, name) in names().iter().enumerate() {
        let outcome = match refused.get(&at) {
            Some(why) => why.as_str(),
            None if fs::read_to_string(ws.root().join(format!("p{at:02}/BUILD.ron")))
                .is_ok_and(|text| text == NOTHING) =>
            {
                "there can be none"
            }
            None => {
                check(at, name);
                "handled"
            }
        };
        text.push_str(&format!("{}\n    {}\n", shown(name), shortened(outcome)));
    }
    text
}

/// Long names are of no use in a golden file.
pub fn shortened(text: &str) -> String {
    let short = |word: &str| match word.chars().count() {
        0..100 => word.to_string(),
        len => format!("{}…({len})", word.chars().take(20).collect::<String>()),
    };
    text.split(' ').map(short).collect::<Vec<_>>().join(" ")
}

/// Builds; what the name stands for must have been copied to `out`, relative to its package.
fn build(ws: &Workspace, out: impl Fn(&[u8]) -> Vec<u8>) -> String {
    outcomes(ws, &["build", "--all"], |at, name| {
        let folder = ws.root().join(format!("eng-out/bin/p{at:02}"));
        let made = fs::read(folder.join(OsStr::from_bytes(&out(name))));
        assert_eq!(made.ok().as_deref(), Some(&b"nasty\n"[..]), "{}", shown(name));
    })
}

#[test]
fn of_a_source_in_a_glob() {
    let ws = packages(|folder, name| {
        let pattern = if name.starts_with(b".") { ".*" } else { "**" };
        file(folder, name)
            && declare(folder, &format!("copy(name: \"t\", srcs: glob([\"{pattern}\"]))"))
    });
    golden("names/glob", &build(&ws, |_| b"out".to_vec()));
}

#[test]
fn of_a_source() {
    let ws = packages(|folder, name| {
        file(folder, name);
        declare(folder, &format!("copy(name: \"t\", srcs: [{}])", quoted(name)))
    });
    golden("names/source", &build(&ws, |_| b"out".to_vec()));
}

#[test]
fn of_an_output() {
    let ws = packages(|folder, name| {
        file(folder, b"in");
        declare(folder, &format!("copy(name: \"t\", srcs: [\"in\"], to: {})", quoted(name)))
    });
    golden("names/output", &build(&ws, <[u8]>::to_vec));
}

#[test]
fn of_a_target() {
    let ws = packages(|folder, name| {
        file(folder, b"in");
        declare(folder, &format!("copy(name: {}, srcs: [\"in\"])", quoted(name)))
    });
    golden("names/target", &build(&ws, |_| b"out".to_vec()));
}

#[test]
fn of_a_data_file() {
    let ws = packages(|folder, name| {
        file(folder, name);
        let script = folder.join("the.test");
        fs::write(&script, "#!/bin/sh\ngrep -Rlx nasty . | grep -q .\n").expect("write a file");
        fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).expect("make it a program");
        let data = quoted(name);
        declare(folder, &format!("sh_test(name: \"t\", srcs: \"the.test\", data: [{data}])"))
    });
    golden("names/data", &outcomes(&ws, &["test"], |_, _| ()));
}

#[test]
fn of_a_package() {
    let ws = packages(|folder, name| {
        let inside = folder.join(OsStr::from_bytes(name));
        // A folder with a dot belongs to no workspace.
        let inner = !name.starts_with(b".") && !name.contains(&b'/');
        if !inner || fs::create_dir(&inside).is_err() {
            return false;
        }
        file(&inside, b"in");
        declare(&inside, "copy(name: \"t\", srcs: [\"in\"])");
        // A package around it, so that there always is one.
        declare(folder, "filegroup(name: \"t\")")
    });
    golden("names/package", &build(&ws, |name| [name, b"/out"].concat()));
}
