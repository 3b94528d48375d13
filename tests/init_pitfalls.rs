//! `eng init` where it could do harm: a broken root.

use crate::support::workspace;

#[test]
fn a_broken_root_is_told_and_no_workspace_is_made_inside_it() {
    let ws = workspace(
        "-- BUILD.ron\n[\n    workspace(name: \"ws\")\n    filegroup(name: \"a\"),\n]\n-- sub/deep/a.c\nint a;\n",
    );
    for words in [&["init", "sub"][..], &["init", "sub/deep"], &["init", "--add", "sub"]] {
        let run = ws.eng(words).expect(2);
        assert!(run.stderr.starts_with("BUILD.ron:3:5: "), "{}", run.stderr);
    }
    ws.write("sub/BUILD.ron", "[");
    let told = ws.eng(&["init", "sub/deep"]).expect(2).stderr;
    assert!(
        told.starts_with("BUILD.ron:3:5: ") && told.contains("\nsub/BUILD.ron:1:2: "),
        "{told}"
    );
    assert!(!ws.root().join("sub/deep/BUILD.ron").exists());
}
