//! The cases that took longest.

use super::style::{Style, Tone};
use super::verdict::selector;
use crate::base::{Label, plain_line, show_duration};
use crate::event::{Case, Origin};
use std::time::Duration;

/// Cases with known times, as many as are asked for.
#[derive(Debug, Default)]
pub(super) struct Slowest {
    most: usize,
    cases: Vec<(Duration, String, bool)>,
}

impl Slowest {
    /// None of so many at most.
    pub fn new(most: usize) -> Slowest {
        Slowest { most, cases: Vec::new() }
    }

    /// Takes the cases of a test that took so long. What its protocol does not time is known only of
    /// a single case.
    pub fn take(&mut self, label: &Label, cases: &[Case], whole: Duration) {
        if self.most == 0 {
            return;
        }
        for case in cases {
            let time = case.duration.or_else(|| (cases.len() == 1).then_some(whole));
            let Some(time) = time.filter(|time| !time.is_zero()) else { continue };
            let cached = case.origin == Origin::Cached;
            self.cases.push((time, plain_line(&selector(label, case)), cached));
        }
        self.cases.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
        self.cases.truncate(self.most);
    }

    /// The list; nothing if no time is known.
    pub fn told(&self, style: &Style) -> String {
        let mut res = String::new();
        for (time, selector, cached) in &self.cases {
            let time = style.paint(Tone::Quiet, &format!("{:>7}", show_duration(*time)));
            let cached = if *cached { "  (cached)" } else { "" };
            res.push_str(&format!("  {time}  {selector}{cached}\n"));
        }
        if res.is_empty() { res } else { format!("\nslowest:\n{res}") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::PackageName;

    #[test]
    fn the_longest_come_first_and_those_without_a_time_not_at_all() {
        let label = PackageName::main("a").label("t");
        let case = |name: &str, ms: Option<u64>, origin| Case {
            name: name.to_string(),
            duration: ms.map(Duration::from_millis),
            origin,
            ..Case::default()
        };
        let cases = [
            case("b", Some(20), Origin::Ran),
            case("a", Some(20), Origin::Ran),
            case("long", Some(65_000), Origin::Cached),
            case("untimed", None, Origin::Ran),
            case("short", Some(10), Origin::Ran),
        ];
        let told = |most| {
            let mut slowest = Slowest::new(most);
            slowest.take(&label, &cases, Duration::from_secs(1));
            slowest.take(&label, &[case("", None, Origin::Ran)], Duration::from_secs(1));
            slowest.told(&Style::default())
        };
        assert_eq!(
            told(4),
            "\nslowest:\n    1m05s  //a:t#long  (cached)\n    1.00s  //a:t\n    \
             0.02s  //a:t#a\n    0.02s  //a:t#b\n"
        );
        assert_eq!(told(0), "");
    }
}
