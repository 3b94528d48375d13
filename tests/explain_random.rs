//! In graphs made at random one line of one leaf changes: `eng explain` leads from the last target to
//! that leaf and shows the line, before the build and after it; or says that it is up to date.

use crate::support::workspace;
use std::collections::BTreeSet;

const TARGETS: usize = 20;
const ROUNDS: usize = 12;

/// Numbers that look random and are the same in every run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        ((self.0 >> 33) as usize) % limit
    }
}

#[test]
fn a_change_of_any_leaf_is_found_from_the_last_target() {
    let mut numbers = Numbers(7);
    let ws = workspace("");
    let mut build = "[\n    workspace(name: \"ws\"),\n".to_string();
    let mut needs: Vec<BTreeSet<usize>> = Vec::new();
    for at in 0..TARGETS {
        let direct: BTreeSet<usize> =
            (0..at.min(2)).map(|_| at - 1 - numbers.below(at.min(6))).collect();
        let below = direct.iter().flat_map(|it| needs[*it].clone());
        needs.push(below.chain([at]).collect());
        let deps: String = direct.iter().map(|it| format!(", \":t{it}\"")).collect();
        build.push_str(&format!(
            "    genrule(name: \"t{at}\", srcs: [\"leaf{at}\"{deps}], outs: [\"o{at}\"], cmd: \"cat $SRCS | sort -u > $OUT\"),\n"
        ));
        ws.write(&format!("leaf{at}"), &format!("first {at}\nround 0 of {at}\nlast {at}\n"));
    }
    ws.write("BUILD.ron", &format!("{build}]\n"));
    ws.build(&["--all"]);
    let last = format!("//:t{}", TARGETS - 1);
    let (mut found, mut idle) = (0, 0);
    for round in 1..=ROUNDS {
        let leaf = numbers.below(TARGETS);
        let path = format!("leaf{leaf}");
        let before = ws.read(&path);
        let old = before.lines().nth(1).expect("a leaf has three lines").to_string();
        let new = format!("round {round} of {leaf}");
        ws.write(&path, &before.replace(&old, &new));
        let now = ws.eng(&["explain", &last]).expect(0).stdout;
        let ran = ws.build(&["--all"]).subjects().len();
        let then = ws.eng(&["explain", &last, "--run", &(round + 1).to_string()]).expect(0).stdout;
        if needs[TARGETS - 1].contains(&leaf) {
            found += 1;
            for text in [&now, &then] {
                for part in
                    [format!("because {path} changed"), format!("-{old}"), format!("+{new}")]
                {
                    assert!(text.contains(&part), "round {round}: '{part}' is not in\n{text}");
                }
            }
        } else {
            idle += 1;
            assert!(now.contains("up to date since run"), "round {round}:\n{now}");
            assert!(then.contains("did not run"), "round {round}:\n{then}");
        }
        // Each line of the run is an action that ran.
        let listed = ws.eng(&["explain"]).expect(0).stdout;
        assert_eq!(listed.lines().count() - 1, ran, "round {round}:\n{listed}");
    }
    assert!(found > 2 && idle > 0, "{found} found, {idle} idle");
}
