//! Circles among targets: each is told whole, in order and once, whatever surrounds it.

use crate::support::workspace;
use proptest::prelude::*;
use proptest::sample::Index;

/// Targets of which some need each other in one circle.
#[derive(Debug)]
struct Planted {
    /// Numbers of the targets on the circle, in the order in which they need each other; the
    /// smallest first.
    circle: Vec<usize>,
    /// All other needs; they make no circle.
    others: Vec<(usize, usize)>,
    /// How many targets there are.
    count: usize,
}

fn planted() -> impl Strategy<Value = Planted> {
    let length = prop_oneof![1..6usize, 6..40usize, 900..=1000usize];
    (length, 0..50usize).prop_flat_map(|(length, more)| {
        let count = length + more;
        let order = Just((0..count).collect::<Vec<usize>>()).prop_shuffle();
        let needs = prop::collection::vec((any::<Index>(), any::<Index>()), 0..60);
        (order, needs).prop_map(move |(order, needs)| {
            let mut circle = order[..length].to_vec();
            let first = circle.iter().enumerate().min_by_key(|(_, it)| **it).map_or(0, |it| it.0);
            circle.rotate_left(first);
            // All stand in a row, the circle in the midst of the others; who needs somebody besides
            // needs one that stands later.
            let mut row: Vec<Vec<usize>> = order[length..].iter().map(|it| vec![*it]).collect();
            row.insert(more / 2, circle.clone());
            let mut others = Vec::new();
            for (from, to) in needs {
                let (from, to) = (from.index(row.len()), to.index(row.len()));
                if from < to {
                    others.push((row[from][0], row[to][row[to].len() / 2]));
                }
            }
            Planted { circle, others, count }
        })
    })
}

impl Planted {
    /// The `BUILD.ron`, a target a line from the second on. Some are aliases.
    fn text(&self) -> String {
        let mut needs: Vec<Vec<String>> = vec![Vec::new(); self.count];
        for (at, from) in self.circle.iter().enumerate() {
            needs[*from].push(name(self.circle[(at + 1) % self.circle.len()]));
        }
        for (from, to) in &self.others {
            needs[*from].push(name(*to));
        }
        let one = |(at, needs): (usize, &Vec<String>)| {
            let needs: Vec<String> = needs.iter().map(|it| format!("\":{it}\"")).collect();
            match needs.as_slice() {
                [only] if at % 3 == 0 => format!("alias(name: {:?}, actual: {only}),\n", name(at)),
                all => format!("cc_library(name: {:?}, deps: [{}]),\n", name(at), all.join(", ")),
            }
        };
        let targets: String = needs.iter().enumerate().map(one).collect();
        format!("[workspace(name: \"ws\"),\n{targets}]\n")
    }

    /// `//:t1 needs //:t2` for each target of the circle.
    fn steps(&self) -> Vec<String> {
        let next = |at: usize| name(self.circle[(at + 1) % self.circle.len()]);
        let all = self.circle.iter().enumerate();
        all.map(|(at, it)| format!("//:{} needs //:{}", name(*it), next(at))).collect()
    }
}

fn name(number: usize) -> String {
    format!("t{number:04}")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn a_planted_circle_is_told_whole_in_order_and_once(planted in planted()) {
        let ws = workspace("");
        ws.write("BUILD.ron", &planted.text());
        let run = ws.eng(&["build", "--all"]).expect(2);
        let steps = planted.steps();
        let first = match planted.circle.len() {
            1 => format!(": //:{} needs itself", name(planted.circle[0])),
            _ => format!(": targets need each other: {}", steps[0]),
        };
        let mut lines = run.stderr.lines();
        let place = format!("BUILD.ron:{}:", planted.circle[0] + 2);
        let head = lines.next().unwrap_or_default();
        prop_assert!(head.starts_with(&place) && head.contains(&first), "{head}\n{first}");
        // The excerpt has three lines.
        let told: Vec<&str> = lines.skip(3).collect();
        prop_assert_eq!(told.len() + 1, steps.len(), "{}", run.stderr);
        for ((line, step), number) in told.iter().zip(&steps[1..]).zip(&planted.circle[1..]) {
            let place = format!("  BUILD.ron:{}:", number + 2);
            prop_assert!(line.starts_with(&place) && line.ends_with(step), "{line}\n{place} {step}");
        }
        prop_assert_eq!(ws.eng(&["build", "--all"]).expect(2).stderr, run.stderr);
    }
}
