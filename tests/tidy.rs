//! The rules of the house: what the rooms may use, how long files are, which words belong where.

use crate::support::workspace;
use regex::bytes::Regex;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// Files below a folder of the repository with this ending: path and text, sorted.
fn files(folder: &str, ending: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut open = vec![Path::new(ROOT).join(folder)];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).expect("look into a folder") {
            let path = entry.expect("look at a file").path();
            if path.is_dir() {
                open.push(path);
            } else if path.to_string_lossy().ends_with(ending) {
                let text = fs::read_to_string(&path).expect("read a file");
                let shown = path.strip_prefix(ROOT).expect("a path below the root");
                found.push((shown.display().to_string(), text));
            }
        }
    }
    found.sort();
    assert!(!found.is_empty(), "no {ending} below {folder}");
    found
}

/// A pattern of bytes: the library is built without tables of Unicode.
fn pattern(text: &str) -> Regex {
    Regex::new(&format!("(?-u){text}")).expect("a pattern")
}

/// The room that a file is in: `load` for `engine/load/read.rs`, nothing for `engine/lib.rs`.
fn room(path: &str) -> &str {
    path.strip_prefix("engine/").and_then(|rest| rest.split_once('/')).map_or("", |it| it.0)
}

/// `path:line: text` of the lines that match, comments aside.
fn lines(wanted: &str, allowed: impl Fn(&str) -> bool) -> Vec<String> {
    let wanted = pattern(wanted);
    let mut found = Vec::new();
    for (path, text) in files("engine", ".rs").iter().filter(|(path, _)| !allowed(path)) {
        for (at, line) in text.lines().enumerate() {
            if wanted.is_match(line.as_bytes()) && !line.trim_start().starts_with("//") {
                found.push(format!("{path}:{}: {}", at + 1, line.trim()));
            }
        }
    }
    found
}

#[track_caller]
fn none(what: &str, found: &[String]) {
    assert!(found.is_empty(), "{what}:\n{}", found.join("\n"));
}

#[test]
fn rooms_use_only_the_rooms_beside_their_name() {
    let lib = fs::read_to_string(Path::new(ROOT).join("engine/lib.rs")).expect("read lib.rs");
    let mut allowed: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for line in lib.lines() {
        let Some((name, rest)) = line.strip_prefix("mod ").and_then(|it| it.split_once("; //"))
        else {
            continue;
        };
        for used in rest.split_whitespace() {
            assert!(allowed.contains_key(used), "{name} uses {used}, which stands below it");
        }
        allowed.insert(name, rest.split_whitespace().collect());
    }
    let mention = pattern(r"\bcrate::([a-z_]+)");
    let above = pattern(r"^(pub )?use super::super::");
    let mut wrong = Vec::new();
    for (path, text) in files("engine", ".rs") {
        let own = room(&path);
        if own.is_empty() {
            continue;
        }
        let may = allowed.get(own).unwrap_or_else(|| panic!("lib.rs does not list {own}"));
        for (at, line) in text.lines().enumerate() {
            for found in mention.captures_iter(line.as_bytes()) {
                let used = String::from_utf8_lossy(&found[1]);
                if used != own && !may.contains(&&*used) {
                    wrong.push(format!("{path}:{}: {own} may not use {used}", at + 1));
                }
            }
            // What is above a room is the whole house.
            let door = path.ends_with("/mod.rs") && line.starts_with("use super::");
            if door || above.is_match(line.as_bytes()) {
                wrong.push(format!("{path}:{}: write 'crate::ROOM'", at + 1));
            }
        }
    }
    none("rooms", &wrong);
}

#[test]
fn rooms_are_entered_by_their_doors() {
    // With private modules the compiler sees to it that nobody climbs in by a window.
    none("open modules", &lines(r"^\s*pub(\(.*\))? mod ", |_| false));
    let paths = lines(r"\bcrate::[a-z_]+::(\{.*\b)?[a-z_]+::", |_| false);
    none("paths through a door", &paths);
}

#[test]
fn files_are_short_and_say_what_they_are() {
    let mut wrong = Vec::new();
    for (path, text) in [files("engine", ".rs"), files("tests", ".rs")].concat() {
        let count = text.lines().count();
        if count > 400 {
            wrong.push(format!("{path} has {count} lines; 400 are allowed"));
        }
        if !text.starts_with("//! ") {
            wrong.push(format!("{path} does not start with '//! '"));
        }
    }
    none("files", &wrong);
}

#[test]
fn the_engine_knows_no_language() {
    let words =
        r"(?i)\b(rustc|gcc|clang|cargo|python|libtest|gtest|googletest|pytest|javac|cmake)\b";
    let words = pattern(words);
    let mut wrong = Vec::new();
    for (path, text) in [files("engine", ".rs"), files("engine", ".sql")].concat() {
        for (at, line) in text.lines().enumerate() {
            if words.is_match(line.as_bytes()) {
                wrong.push(format!("{path}:{}: {}", at + 1, line.trim()));
            }
        }
    }
    none("words of a language", &wrong);
}

#[test]
fn words_that_belong_to_one_room_stay_there() {
    // A word that is nowhere would be a pattern that finds nothing.
    let only = |what: &str, wanted: &str, rooms: &[&str]| {
        assert!(!lines(wanted, |_| false).is_empty(), "{what} is nowhere");
        none(what, &lines(wanted, |path| rooms.contains(&room(path))));
    };
    only("environment", r"\bstd::env\b|\benv::(var|args|current_dir)", &["cli"]);
    only("processes", r"\bCommand::new\b", &["run"]);
    only("SQL", r"\brusqlite\b", &["store"]);
    only("RON", r"\bron::", &["load"]);
    only("command line", r"\bclap\b", &["cli"]);
    only("standard error", r"\bio::stderr\b", &["report"]);
    none("printing", &lines(r"\b(e?print(ln)?|dbg)!", |_| false));
    none(
        "unsafe code",
        &lines(r"\bunsafe\b|\bunsafe_code\b", |path| path == "engine/run/kernel.rs"),
    );
}

#[test]
fn functions_that_recurse_without_end_are_banned_and_unused() {
    let clippy = fs::read_to_string(Path::new(ROOT).join("clippy.toml")).expect("read clippy.toml");
    for name in ["is_cyclic_directed", "tarjan_scc"] {
        assert!(clippy.contains(&format!("petgraph::algo::{name}\"")), "{clippy}");
        none(name, &lines(name, |_| false));
    }
}

#[test]
fn every_rule_of_the_repository_is_built_in() {
    let ws = workspace("");
    let listed = ws.eng(&["rules"]).expect(0).stdout;
    let declared = pattern(r#"(?m)^    (?:rule|protocol)\(\s*name: "([a-z_]+)""#);
    let mut count = 0;
    for (path, text) in files("rules", ".ron") {
        for found in declared.captures_iter(text.as_bytes()) {
            count += 1;
            let name = String::from_utf8_lossy(&found[1]);
            assert!(listed.contains(&format!("  {name} ")), "{name} of {path}");
        }
    }
    assert!(count >= 15, "{count}");
}

#[test]
fn tests_are_never_ignored_and_each_module_is_compiled() {
    let main = fs::read_to_string(Path::new(ROOT).join("tests/main.rs")).expect("read main.rs");
    let modules: Vec<&str> =
        main.lines().filter_map(|it| it.strip_prefix("mod ")?.strip_suffix(';')).collect();
    let mut sorted = modules.clone();
    sorted.sort_by_key(|name| (*name != "support", *name));
    assert_eq!(modules, sorted, "support first, then by name");
    let manifest = fs::read_to_string(Path::new(ROOT).join("Cargo.toml")).expect("read it");
    for (path, text) in [files("engine", ".rs"), files("tests", ".rs")].concat() {
        let ignored = format!("#[{}", "ignore");
        assert!(!text.contains(&ignored), "{path}");
        let name = path.strip_prefix("tests/").and_then(|it| it.strip_suffix(".rs"));
        let Some(name) = name.filter(|name| !name.contains('/') && *name != "main") else {
            continue;
        };
        let compiled = modules.contains(&name) || manifest.contains(&format!("\"{path}\""));
        assert!(compiled, "{path} is no module of tests/main.rs and no test of Cargo.toml");
    }
}

#[test]
fn the_code_is_formatted() {
    let mut command = Command::new(env!("CARGO"));
    let output = command.args(["fmt", "--check"]).current_dir(ROOT).output().expect("start it");
    let told = String::from_utf8_lossy(&output.stdout);
    let wrong = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}{wrong}");
}

#[test]
fn every_test_that_the_documents_name_exists() {
    let mut known = Vec::new();
    let function = pattern(r"(?m)^ *fn ([a-z0-9_]+)\(|^    ([a-z0-9_]+): ");
    for (path, text) in files("tests", ".rs") {
        let module = path.strip_prefix("tests/").and_then(|it| it.strip_suffix(".rs"));
        let module = module.expect("a path below tests");
        for found in function.captures_iter(text.as_bytes()) {
            let name = found.get(1).or(found.get(2)).map_or(&b""[..], |name| name.as_bytes());
            known.push(format!("{module}::{}", String::from_utf8_lossy(name)));
        }
    }
    let named = pattern(r"\b[a-z0-9_]+::[a-z0-9_]+\b");
    let mut wrong = Vec::new();
    let mut count = 0;
    let rows = files("docs", "testing-rows.md").remove(0).1;
    for (line, at) in rows.lines().zip(1..) {
        for found in named.captures_iter(line.as_bytes()) {
            let name = String::from_utf8_lossy(&found[0]);
            count += 1;
            if !known.contains(&name.to_string()) {
                wrong.push(format!("docs/testing-rows.md:{at}: there is no test '{name}'"));
            }
        }
    }
    none("tests that are not there", &wrong);
    assert!(count >= 40, "{count}");
}
