//! One line of the Test Anything Protocol: a result or a plan.

use super::pattern::duration;
use super::results::CaseOutcome;
use std::time::Duration;

/// A line that gives a result: `not ok 3 - name # TODO why`.
pub(super) struct Point {
    pub number: Option<u64>,
    /// The description, unescaped; may be empty.
    pub name: String,
    pub outcome: CaseOutcome,
    /// From `# time=12.5ms`.
    pub duration: Option<Duration>,
}

impl Point {
    pub fn read(line: &str) -> Option<Point> {
        let (passed, rest) = match line.strip_prefix("not ok") {
            Some(rest) => (false, rest),
            None => (true, line.strip_prefix("ok")?),
        };
        if !rest.is_empty() && !rest.starts_with([' ', '\t']) {
            return None;
        }
        let rest = rest.trim_start_matches([' ', '\t']);
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (number, rest) = match rest[..digits].parse() {
            Ok(number) if rest[digits..].is_empty() || rest[digits..].starts_with([' ', '\t']) => {
                (Some(number), rest[digits..].trim_start_matches([' ', '\t']))
            }
            _ => (None, rest),
        };
        let rest = match rest.strip_prefix('-') {
            Some(named) if named.is_empty() || named.starts_with([' ', '\t']) => named,
            _ => rest,
        };
        let (rest, duration) = split_time(rest);
        let (name, directive) = split_directive(rest);
        let outcome = match directive {
            Some(Directive::Skip(why)) if passed => CaseOutcome::Skipped(why),
            Some(Directive::Todo(why)) if passed => CaseOutcome::UnexpectedPass(why),
            Some(Directive::Todo(why)) => CaseOutcome::ExpectedFailure(why),
            _ if passed => CaseOutcome::Passed,
            _ => CaseOutcome::Failed,
        };
        Some(Point { number, name, outcome, duration })
    }
}

/// Some writers put `# time=12.5ms` at the end; a name with it would be another in each run.
fn split_time(text: &str) -> (&str, Option<Duration>) {
    let split = || {
        let (before, time) = text.rsplit_once("# time=")?;
        let ms: f64 = time.trim_end().strip_suffix("ms")?.parse().ok()?;
        Some((before.trim_end(), duration(ms / 1000.0)))
    };
    split().unwrap_or((text, None))
}

enum Directive {
    Skip(String),
    Todo(String),
}

/// The description, unescaped, and the directive behind its first `#` that starts one.
fn split_directive(text: &str) -> (String, Option<Directive>) {
    let mut name = String::new();
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        if escaped {
            if !matches!(c, '#' | '\\') {
                name.push('\\');
            }
            name.push(c);
            escaped = false;
        } else if c == '\\' {
            escaped = true;
        } else if c == '#'
            && let Some(directive) = read_directive(&text[at + 1..])
        {
            return (name.trim().to_string(), Some(directive));
        } else {
            name.push(c);
        }
    }
    if escaped {
        name.push('\\');
    }
    (name.trim().to_string(), None)
}

fn read_directive(text: &str) -> Option<Directive> {
    let text = text.trim();
    let (word, why) = text.split_once([' ', '\t']).unwrap_or((text, ""));
    let word = word.trim_end_matches(':').to_ascii_uppercase();
    let why = why.trim().to_string();
    match word.as_str() {
        "SKIP" | "SKIPPED" => Some(Directive::Skip(why)),
        "TODO" => Some(Directive::Todo(why)),
        _ => None,
    }
}

/// `1..N`, perhaps with `# SKIP why`: the number of cases, and why there are none.
pub(super) fn read_plan(line: &str) -> Option<(u64, Option<String>)> {
    let rest = line.strip_prefix("1..")?;
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let count = rest[..digits].parse().ok()?;
    let rest = rest[digits..].trim();
    if rest.is_empty() {
        return Some((count, None));
    }
    let remark = rest.strip_prefix('#')?.trim();
    match read_directive(remark) {
        Some(Directive::Skip(why)) => Some((count, Some(why))),
        _ => Some((count, Some(remark.to_string()))),
    }
}
