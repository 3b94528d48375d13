//! Actions of targets, for people and for tools.

use crate::query::{Act, CompileCommand};
use serde_json::{Map, Value as Json, json};
use std::fmt::Write;

/// Actions, each with what it does, reads and writes.
pub fn acts(acts: &[Act]) -> String {
    let mut text = String::new();
    for act in acts {
        let _ = writeln!(text, "{}\n  target: {}\n  action: {}", act.about, act.label, act.name);
        if act.writes {
            act.words.iter().for_each(|line| line_of(&mut text, "write", line));
        } else {
            let words: Vec<String> = act.words.iter().map(|word| quoted(word)).collect();
            line_of(&mut text, "run", &words.join(" "));
        }
        for (name, value) in &act.env {
            line_of(&mut text, "env", &format!("{name}={}", quoted(value)));
        }
        act.inputs.iter().for_each(|path| line_of(&mut text, "input", path));
        act.outputs.iter().for_each(|path| line_of(&mut text, "output", path));
        act.depfile.iter().for_each(|path| line_of(&mut text, "depfile", path));
        text.push('\n');
    }
    text.pop();
    text
}

fn line_of(text: &mut String, name: &str, value: &str) {
    let _ = writeln!(text, "  {name}: {value}");
}

/// A word as a POSIX shell reads it.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./=:,+@%^".contains(c);
    match !word.is_empty() && word.chars().all(plain) {
        true => word.to_string(),
        false => format!("'{}'", word.replace('\'', "'\\''")),
    }
}

/// The same as a list of objects.
pub fn acts_json(acts: &[Act]) -> String {
    let object = |act: &Act| {
        let env: Map<String, Json> =
            act.env.iter().map(|(name, value)| (name.clone(), value.as_str().into())).collect();
        let mut object = json!({
            "target": act.label, "action": act.name, "about": act.about, "environment": env,
            "inputs": act.inputs, "outputs": act.outputs,
        });
        object[if act.writes { "lines" } else { "arguments" }] = json!(act.words);
        if let Some(depfile) = &act.depfile {
            object["depfile"] = json!(depfile);
        }
        object
    };
    list(acts.iter().map(object))
}

/// A `compile_commands.json`; commands start in `folder`.
pub fn compile_commands(folder: &str, commands: &[CompileCommand]) -> String {
    let object = |command: &CompileCommand| {
        let mut object = json!({
            "directory": folder, "file": command.file, "arguments": command.arguments,
        });
        if let Some(output) = &command.output {
            object["output"] = json!(output);
        }
        object
    };
    list(commands.iter().map(object))
}

/// A list with an object in each line.
fn list(objects: impl Iterator<Item = Json>) -> String {
    let lines: Vec<String> = objects.map(|object| object.to_string()).collect();
    match lines.is_empty() {
        true => "[]\n".to_string(),
        false => format!("[\n{}\n]\n", lines.join(",\n")),
    }
}
