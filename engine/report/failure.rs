//! How one action is told that failed, or that ran while somebody wants to see everything.

use super::output::{indented, neutral, of_file};
use super::style::{Style, Tone, cut, shell_word, show_limit, signal_meaning};
use crate::base::show_duration;
use crate::base::signal_name;
use crate::event::{About, ActionEnd, Origin, Outcome};

/// Longest command that is shown in full without `--verbose`, in columns of a line.
const COMMAND: usize = 4000;

/// A failed action: what it was, which rule made it, its command, its output, and how to try
/// again. No word of it depends on time or on what else was running.
pub(super) fn failed(style: &Style, about: &About, end: &ActionEnd) -> String {
    let mut res = first_line(style, about, end);
    res.push('\n');
    res.push_str(&style.paint(Tone::Quiet, &format!("  rule: {}", end.place)));
    res.push('\n');
    push_command(&mut res, style, end);
    push_output(&mut res, style, end);
    for known in &end.undeclared {
        let known = neutral(known, false);
        res.push_str(&format!(
            "  hint: {known}, but neither {} nor what it depends on gives it to this action\n",
            about.label
        ));
    }
    let again =
        format!("  rerun: {} {}", style.build_command(), shell_word(&about.label.to_string()));
    res.push_str(&style.paint(Tone::Quiet, &again));
    res.push_str("\n\n");
    res
}

/// `FAILED //a:b: compile a/x.c (exit status 1)`.
pub(super) fn first_line(style: &Style, about: &About, end: &ActionEnd) -> String {
    let word = style.paint(Tone::Bad, "FAILED");
    let title = style.paint(Tone::Strong, &title(about));
    let cached = if end.origin == Origin::Cached { ", cached" } else { "" };
    format!("{word} {title} ({}{cached})", why(&end.outcome))
}

/// An action that succeeded and printed something, warnings most likely.
pub(super) fn talked(style: &Style, about: &About, end: &ActionEnd) -> String {
    let word = style.paint(Tone::Odd, "OUTPUT");
    let mut res = format!("{word} {}\n", style.paint(Tone::Strong, &title(about)));
    push_output(&mut res, style, end);
    res.push('\n');
    res
}

/// The line for a process of a test that has been started.
pub(super) fn started(about: &About) -> String {
    format!("START {}\n", title(about))
}

/// An action that ran, with its reason and its command, for `--verbose`.
pub(super) fn ran(style: &Style, about: &About, end: &ActionEnd) -> String {
    let word = style.paint(Tone::Good, "RAN");
    let title = style.paint(Tone::Strong, &title(about));
    let mut res = format!("{word}  {title}  {}", show_duration(end.duration));
    if end.outcome != Outcome::Passed {
        res.push_str(&format!("  {}", why(&end.outcome)));
    }
    if let Some(reason) = &end.reason {
        res.push_str(&format!("  ({})", neutral(reason, false)));
    }
    res.push('\n');
    push_command(&mut res, style, end);
    if !about.test {
        push_output(&mut res, style, end);
    }
    res
}

/// `//a:b: compile a/x.c`.
pub(super) fn title(about: &About) -> String {
    format!("{}: {}", about.label, neutral(&about.subject, false))
}

/// How the process ended, in a few words.
pub(super) fn why(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Passed => "passed".to_string(),
        Outcome::Exited(status) => format!("exit status {status}"),
        Outcome::Signalled(signal) => {
            let name = signal_name(*signal);
            let meaning = signal_meaning(&name).map(|meaning| format!(", {meaning}"));
            format!("{name}{}", meaning.unwrap_or_default())
        }
        Outcome::TimedOut(limit) => format!("timed out after {}", show_limit(*limit)),
        Outcome::Stopped => "stopped".to_string(),
        Outcome::Refuted(why) | Outcome::Broken(why) => neutral(why, false),
    }
}

fn push_command(res: &mut String, style: &Style, end: &ActionEnd) {
    let Some(command) = &end.command else { return };
    let command = neutral(command, false);
    let shown = if style.verbose { command } else { cut(&command, COMMAND) };
    let lines = indented(&format!("$ {shown}"), 2);
    res.push_str(&style.paint(Tone::Quiet, &lines));
    res.push('\n');
}

/// The output stands at the left edge, so that editors find the places that it names.
fn push_output(res: &mut String, style: &Style, end: &ActionEnd) {
    if let Some((path, _)) = end.output.as_ref().filter(|(_, size)| *size > 0) {
        res.push_str(&of_file(path, style.color));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{PackageName, Place};
    use crate::event::Details;
    use std::time::Duration;

    #[test]
    fn a_failure_tells_place_command_output_and_how_to_try_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out");
        std::fs::write(&path, "a/x.c:1:1: no\x07\n").unwrap();
        let about = About {
            label: PackageName::main("a").label("b"),
            subject: "compile a/x.c".to_string(),
            test: false,
        };
        let end = ActionEnd {
            outcome: Outcome::Exited(1),
            origin: Origin::Ran,
            duration: Duration::from_secs(3),
            output: Some((path, 14)),
            command: Some("compile -c \\\n a/x.c".to_string()),
            place: Place::of_text("rules/x.ron", "compile"),
            reason: None,
            undeclared: Vec::new(),
            details: Details::default(),
        };
        let style = Style { rerun: "eng test".to_string(), ..Style::default() };
        assert_eq!(
            failed(&style, &about, &end),
            "FAILED //a:b: compile a/x.c (exit status 1)\n  rule: rules/x.ron:1:1\n  \
             $ compile -c \\\n   a/x.c\na/x.c:1:1: no␇\n  rerun: eng build //a:b\n\n"
        );
        assert_eq!(why(&Outcome::Signalled(11)), "SIGSEGV, segmentation fault");
        assert_eq!(why(&Outcome::TimedOut(Duration::from_secs(2))), "timed out after 2s");
    }
}
