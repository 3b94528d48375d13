//! The settings of a user: `[settings(config: {..}, history_size: "100MiB", history_age: "90d")]`.

use super::build_file::BuildFile;
use super::profile::{Profile, profiles};
use super::read;
use super::tree::{Kind, Node};
use crate::base::{Place, Problem, Problems, parse_duration};
use std::path::Path;
use std::time::Duration;

/// What a user has set.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// Profiles.
    pub config: Vec<Profile>,
    /// Bytes that the history may take.
    pub history_size: Option<u64>,
    /// How long ago a run may have begun that the history keeps.
    pub history_age: Option<Duration>,
}

impl Settings {
    /// Reads a file. Nothing is set if there is no such file.
    pub fn read(path: &Path) -> Result<Settings, Problems> {
        if path.symlink_metadata().is_err() {
            return Ok(Settings::default());
        }
        let file = BuildFile::read(path, &path.display().to_string());
        let mut problems = Problems::default();
        let mut res = Settings::default();
        let mut first: Option<Place> = None;
        for node in &file.nodes()? {
            let Kind::Call(call, args) = &node.kind else {
                let found = read::found(node);
                let text = format!("'settings(config: {{..}})' was expected, found {found}");
                problems.push(Problem::at(&node.place, text));
                continue;
            };
            if call.text != "settings" {
                let text =
                    format!("'settings(config: {{..}})' was expected, found '{}(..)'", call.text);
                problems.push(Problem::at(&call.place, text));
                continue;
            }
            if let Some(first) = &first {
                let text = "there are two 'settings(..)' entries; one was expected";
                problems.push(Problem::at(&call.place, text).also(first, "the first one"));
                continue;
            }
            first = Some(call.place.clone());
            let Some(args) = read::arguments(call, args, &mut problems) else { continue };
            let fields = ["config", "history_size", "history_age"];
            read::only(args, "settings", &fields, &mut problems);
            if let Some(node) = read::field(args, "config") {
                res.config = profiles(node, &mut problems);
            }
            let size = read::field(args, "history_size");
            res.history_size = size.and_then(|node| measure(node, SIZE, size_of, &mut problems));
            let age = read::field(args, "history_age");
            res.history_age = age.and_then(|node| measure(node, AGE, age_of, &mut problems));
        }
        problems.or(res)
    }
}

const SIZE: [&str; 2] = ["history_size", "a size such as \"500MiB\" or \"2GiB\""];
const AGE: [&str; 2] = ["history_age", "a time such as \"90d\" or \"12h\""];

/// A string that `of` understands.
fn measure<T>(
    node: &Node,
    [name, wanted]: [&str; 2],
    of: fn(&str) -> Option<T>,
    problems: &mut Problems,
) -> Option<T> {
    let text = read::string(node, name, problems)?;
    let found = of(&text.text);
    if found.is_none() {
        let text = format!("'{name}' is \"{}\"; {wanted} was expected", text.text);
        problems.push(Problem::at(&node.place, text));
    }
    found
}

/// Bytes: a whole number and a unit.
fn size_of(text: &str) -> Option<u64> {
    let units = [("KiB", 10), ("MiB", 20), ("GiB", 30)];
    let (number, shift) =
        units.iter().find_map(|(unit, shift)| Some((text.strip_suffix(unit)?, shift)))?;
    let number: u64 = number.parse().ok().filter(|number| *number > 0)?;
    number.checked_mul(1 << shift)
}

/// A number of days, or a time as flags take it.
fn age_of(text: &str) -> Option<Duration> {
    let Some(days) = text.strip_suffix('d') else {
        return parse_duration(text).filter(|age| !age.is_zero());
    };
    let days: u64 = days.parse().ok().filter(|days| *days > 0)?;
    Some(Duration::from_secs(days.checked_mul(24 * 3600)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_ages_have_units() {
        assert_eq!(size_of("500MiB"), Some(500 << 20));
        assert_eq!(size_of("2GiB"), Some(2 << 30));
        for wrong in ["", "500", "0MiB", "-1MiB", "1.5GiB", "99999999999999999GiB", "MiB", "2GB"] {
            assert_eq!(size_of(wrong), None, "{wrong}");
        }
        assert_eq!(age_of("90d"), Some(Duration::from_secs(90 * 86_400)));
        assert_eq!(age_of("12h"), Some(Duration::from_secs(12 * 3600)));
        for wrong in ["", "d", "0d", "0s", "-1d", "1.5d", "99999999999999999999d", "1w"] {
            assert_eq!(age_of(wrong), None, "{wrong}");
        }
    }
}
