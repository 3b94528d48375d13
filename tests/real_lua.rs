//! Lua from the crate that carries its sources: a library, an interpreter, a compiler, and scripts
//! that are run by the interpreter through a rule of the workspace's own.

use crate::real::{append, copy, count, done, fetched, real};
use crate::support::Workspace;
use std::fs;
use std::process::Command;

const SCRIPTS: [&str; 5] = [
    "test //tests:chunk",
    "test //tests:modules",
    "test //tests:numbers",
    "test //tests:strings",
    "test //tests:tables",
];

/// The workspace, with the sources of the language in `src`.
fn lua() -> Workspace {
    let crates = fetched("lua-547", |folder| {
        let manifest = "[package]\nname = \"fetch\"\nedition = \"2024\"\n\
            [dependencies]\nlua-src = \"=547.0.0\"\n[workspace]\n";
        fs::write(folder.join("Cargo.toml"), manifest).map_err(|e| e.to_string())?;
        fs::create_dir(folder.join("src")).map_err(|e| e.to_string())?;
        fs::write(folder.join("src/lib.rs"), "").map_err(|e| e.to_string())?;
        let vendor = |more: &[&str]| {
            let mut cargo = Command::new(env!("CARGO"));
            done(cargo.args(["vendor", "--quiet", "vendor"]).args(more).current_dir(folder))
        };
        // What cargo has got already needs no network.
        vendor(&["--offline"]).or_else(|_| vendor(&[]))
    });
    let ws = real("lua");
    copy(&crates.join("vendor/lua-src/lua-5.4.7"), &ws.root().join("src"));
    ws
}

#[test]
fn lua_is_built_and_its_scripts_pass_once() {
    let ws = lua();
    let first = ws.test(&[]);
    assert_eq!(count(&first, "compile"), 20 + 12 + 2);
    assert_eq!(count(&first, "archive"), 2);
    assert_eq!(count(&first, "link"), 2);
    assert_eq!(first.subjects()[first.subjects().len() - 5..], SCRIPTS);
    first.tells("tests: 5 passed\ncases: 8 passed\n");
    ws.test(&[]).ran(&[]).tells("tests: 5 passed (5 cached)\ncases: 8 passed (8 cached)\n");
}

#[test]
fn an_edit_in_lua_runs_what_depends_on_it() {
    let ws = lua();
    ws.test(&[]);

    append(&ws, "src/ltable.c", "/* A comment changes no object. */");
    ws.test(&[]).ran(&["compile src/ltable.c"]);

    append(&ws, "src/ltable.c", "int changed = 1;");
    let mut expected = vec![
        "archive src/libkernel.a",
        "compile src/ltable.c",
        "generate out/tests/tables.luac",
        "link tools/lua",
        "link tools/luac",
    ];
    expected.extend(SCRIPTS);
    ws.test(&[]).ran(&expected);

    append(&ws, "tests/strings.lua", "assert(#'' == 0)");
    ws.test(&[]).ran(&["test //tests:strings"]);

    // The compiled chunk holds no comments, so it stays what it was.
    append(&ws, "tests/tables.lua", "-- A comment.");
    ws.test(&[]).ran(&["generate out/tests/tables.luac", "test //tests:tables"]);

    append(&ws, "tests/queue.lua", "-- A module of one script.");
    ws.test(&[]).ran(&["test //tests:modules"]);
}

#[test]
fn a_script_in_lua_that_fails_says_where() {
    let ws = lua();
    ws.write("tests/strings.lua", "local x = nil\nprint(x.y)\n");
    ws.eng(&["test", "//tests:strings"])
        .expect(3)
        .tells("tests/strings.lua:2: attempt to index a nil value (local 'x')");
}
