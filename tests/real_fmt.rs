//! {fmt} from the sources of the distribution, with its own suite of googletest, whose sources are a
//! package of the same workspace.

use crate::real::{copy, count, real};
use crate::real_source::source;
use crate::support::Workspace;
use std::env;

fn fmt() -> Workspace {
    let ws = real("fmt");
    copy(&source("fmtlib"), &ws.root().join("fmt"));
    copy(&source("googletest"), &ws.root().join("googletest"));
    ws
}

#[test]
fn fmt_passes_its_own_suite() {
    let ws = fmt();
    // All of it takes minutes: ENG_REAL_WHOLE asks for that.
    if env::var_os("ENG_REAL_WHOLE").is_none() {
        let first = ws.build(&["//fmt:noexception", "//fmt:fmt"]);
        assert_eq!(count(&first, "compile"), 2 + 2);
        return;
    }
    let first = ws.test(&[]);
    assert_eq!(count(&first, "test"), 20, "test processes");
    first
        .tells("PASS  //fmt:format  112 cases")
        .tells("PASS  //fmt:compile_fp  1 case ")
        .tells("tests: 20 passed\ncases: 490 passed\n");
    ws.test(&[]).ran(&[]).tells("tests: 20 passed (20 cached)\ncases: 490 passed (490 cached)\n");
}
