//! Profiles: flags that the workspace and the user have written down, put among those that were typed.
//! Of flags that exclude each other the stronger one stays: what is typed, then variables of the
//! environment, then profiles that `--config` names, then `default`; of equal names the workspace's.

use super::options::{self, Options};
use super::places;
use crate::base::{Problem, Problems, listing, nearest};
use crate::load::{self, Profile, Settings, Text};
use crate::session::Failure;
use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Command, CommandFactory};
use std::collections::BTreeSet;
use std::ffi::OsString;

/// The profile that needs no `--config`.
const DEFAULT: &str = "default";

/// Variables that stand for flags.
const VARIABLES: [(&str, &str); 2] = [("jobs", "ENG_JOBS"), ("test_threads", "ENG_TEST_THREADS")];

/// The profiles that there are.
struct Profiles {
    user: Vec<Profile>,
    workspace: Vec<Profile>,
}

/// The names of all profiles, those of the workspace first, as far as they can be read.
pub fn names() -> Vec<(String, &'static str)> {
    let workspace = || {
        let here = places::working_directory().ok()?;
        load::profiles_of_workspace(&load::find_root(&here, &here).ok()?)
    };
    let user = || Some(Settings::read(&places::settings()?).ok()?.config);
    let named = |profiles: Option<Vec<Profile>>, what: &'static str| {
        profiles.unwrap_or_default().into_iter().map(move |it| (it.name.text, what))
    };
    named(workspace(), "profile of the workspace")
        .chain(named(user(), "profile of your settings"))
        .collect()
}

/// The flags that profiles add to what was typed, weakest first.
pub fn added(typed: &ArgMatches) -> Result<Vec<Text>, Failure> {
    let Some((verb, typed)) = typed.subcommand() else { return Ok(Vec::new()) };
    let mut command = Options::command();
    if !verbs(&command).any(|it| it.get_name() == verb) {
        return Ok(Vec::new());
    }
    // Without a workspace the verb itself says so.
    let here = places::working_directory()?;
    let Ok(root) = load::find_root(&here, &here) else { return Ok(Vec::new()) };
    let Some(workspace) = load::profiles_of_workspace(&root) else { return Ok(Vec::new()) };
    let user = match places::settings() {
        Some(path) => Settings::read(&path).map_err(Failure::Problems)?.config,
        None => Vec::new(),
    };
    let profiles = Profiles { user, workspace };
    command.build();
    profiles.check(&command).map_err(Failure::Problems)?;
    let named = typed.get_many::<String>("config").into_iter().flatten();
    let layers = profiles.layers(&named.map(String::as_str).collect::<Vec<_>>())?;
    let verb = command.find_subcommand(verb);
    Ok(verb.map_or(Vec::new(), |verb| stronger(verb, typed, layers)))
}

/// The arguments with the flags right behind the verb.
pub fn among(arguments: &[OsString], typed: &ArgMatches, added: &[Text]) -> Vec<OsString> {
    let verb = typed.subcommand_name().unwrap_or("");
    let at = arguments.iter().position(|it| it == verb).map_or(arguments.len(), |at| at + 1);
    let flags = added.iter().map(|flag| OsString::from(&flag.text));
    let flags = options::normalize(flags);
    [&arguments[..at], &flags, &arguments[at..]].concat()
}

/// Complaints about values of flags, at the places of the flags if a profile added them.
pub fn placed(failure: Failure, added: &[Text]) -> Failure {
    match failure {
        Failure::Usage(text) => match flag_of(&text, added) {
            Some(flag) => Failure::Problems(Problem::at(&flag.place, text).into()),
            None => Failure::Usage(text),
        },
        Failure::Problems(problems) => {
            let mut res = Problems::default();
            for mut problem in problems {
                if problem.place.is_none() {
                    problem.place = flag_of(&problem.text, added).map(|flag| flag.place.clone());
                }
                res.push(problem);
            }
            Failure::Problems(res)
        }
        other => other,
    }
}

/// The flag that a complaint begins with, or of which it says that there is no such value: `--jobs
/// is 0; ..`, `there is no mode 'x'; ..`.
fn flag_of<'a>(text: &str, added: &'a [Text]) -> Option<&'a Text> {
    let about = text.split(' ').next().unwrap_or("");
    let is_it = |flag: &&Text| match flag.text.replace('_', "-").split_once('=') {
        Some((name, _)) if name == about => true,
        Some((name, _)) => {
            let (name, value) = (name.trim_start_matches('-'), &flag.text[name.len() + 1..]);
            text.starts_with(&format!("there is no {name} '{value}'"))
        }
        None => flag.text.replace('_', "-") == about,
    };
    added.iter().rfind(is_it)
}

impl Profiles {
    fn all(&self) -> impl Iterator<Item = &Profile> {
        self.user.iter().chain(&self.workspace)
    }

    /// The flags of what is in force, a list for each profile, weakest first.
    fn layers(&self, named: &[&str]) -> Result<Vec<Vec<Text>>, Failure> {
        let mut layers = Vec::new();
        self.take(DEFAULT, &mut Vec::new(), &mut layers)?;
        for name in named {
            if !self.all().any(|it| it.name.text == *name) {
                return Err(Failure::Usage(self.unknown(name)));
            }
            self.take(name, &mut Vec::new(), &mut layers)?;
        }
        Ok(layers)
    }

    /// A profile may itself name others, which are weaker than it.
    fn take<'a>(
        &'a self,
        name: &'a str,
        open: &mut Vec<&'a str>,
        layers: &mut Vec<Vec<Text>>,
    ) -> Result<(), Failure> {
        open.push(name);
        for profile in self.all().filter(|it| it.name.text == name) {
            let mut own = Vec::new();
            for flag in &profile.flags {
                let Some(other) = flag.text.strip_prefix("--config=") else {
                    own.push(flag.clone());
                    continue;
                };
                if open.contains(&other) {
                    let text = format!("the profile '{other}' takes itself");
                    return Err(Failure::Problems(Problem::at(&flag.place, text).into()));
                }
                if !self.all().any(|it| it.name.text == other) {
                    let problem = Problem::at(&flag.place, self.unknown(other));
                    return Err(Failure::Problems(problem.into()));
                }
                self.take(other, open, layers)?;
            }
            layers.push(own);
        }
        open.pop();
        Ok(())
    }

    fn unknown(&self, name: &str) -> String {
        let known = || self.all().map(|it| it.name.text.as_str());
        let near = match nearest(name, known()) {
            near if !near.is_empty() => near,
            _ if known().next().is_none() => {
                "; 'workspace(config: {\"NAME\": [..]})' would declare one".to_string()
            }
            _ => format!("; there are {}", listing(known(), 20)),
        };
        format!("there is no profile '{name}'{near}")
    }

    /// Complains about flags that no command takes, or not like this.
    fn check(&self, command: &Command) -> Result<(), Problems> {
        let mut problems = Problems::default();
        for flag in self.workspace.iter().flat_map(|it| &it.flags) {
            if flag.text.starts_with("--remote") {
                let text = format!(
                    "'{}' says whom to trust, which is not for a workspace to say; it belongs into the settings of a user, $XDG_CONFIG_HOME/eng/config.ron",
                    flag.text
                );
                problems.push(Problem::at(&flag.place, text));
            }
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        for profile in self.all() {
            let before = problems.iter().count();
            for flag in &profile.flags {
                if let Err(why) = check_flag(command, &flag.text) {
                    problems.push(Problem::at(&flag.place, why));
                }
            }
            if problems.iter().count() > before {
                continue;
            }
            for verb in verbs(command) {
                let own = profile.flags.iter().filter(|it| arg(verb, &it.text).is_some());
                let own: Vec<OsString> = own.map(|it| OsString::from(&it.text)).collect();
                if let Err(why) = parses(command, verb, own) {
                    problems.push(Problem::at(&profile.name.place, why));
                    break;
                }
            }
        }
        problems.or(())
    }
}

fn check_flag(command: &Command, flag: &str) -> Result<(), String> {
    let is_pattern = ["-//", "-:", "-@"].iter().any(|start| flag.starts_with(start));
    if !flag.starts_with('-') || is_pattern || matches!(flag, "-" | "--") {
        return Err(format!("a profile holds flags such as '--jobs=4', found '{flag}'"));
    }
    let verb = verbs(command).find(|verb| arg(verb, flag).is_some());
    let Some(verb) = verb else {
        let name = flag.split('=').next().unwrap_or(flag);
        if let Some((name, value)) = name.split_once(' ') {
            return Err(format!("a flag and its value are one word: '{name}={}'", value.trim()));
        }
        let all = verbs(command).flat_map(Command::get_arguments);
        let all: BTreeSet<String> =
            all.filter_map(|it| Some(format!("--{}", it.get_long()?))).collect();
        let near = nearest(name, all.iter().map(String::as_str));
        return Err(format!("no command takes '{name}'{near}"));
    };
    parses(command, verb, vec![flag.into()])
}

/// The verbs that take profiles.
fn verbs(command: &Command) -> impl Iterator<Item = &Command> {
    let takes = |verb: &&Command| verb.get_arguments().any(|it| it.get_id() == "config");
    command.get_subcommands().filter(takes)
}

/// Whether a verb takes these flags together.
fn parses(command: &Command, verb: &Command, flags: Vec<OsString>) -> Result<(), String> {
    let start = ["eng".into(), verb.get_name().into()].into_iter();
    let words = start.chain(options::normalize(flags.into_iter()));
    match command.clone().try_get_matches_from(words) {
        // What is missing may be typed.
        Err(error) if error.kind() != ErrorKind::MissingRequiredArgument => {
            let text = error.to_string();
            let lines = text.lines().take_while(|line| !line.trim().is_empty());
            let lines: Vec<&str> = lines.map(str::trim).collect();
            Err(lines.join(" ").replacen("error: ", "", 1))
        }
        _ => Ok(()),
    }
}

/// The argument of a verb that a flag is about.
fn arg<'a>(verb: &'a Command, flag: &str) -> Option<&'a Arg> {
    let name = flag.split('=').next()?.replace('_', "-");
    let fits = |arg: &&Arg| match name.strip_prefix("--") {
        Some(long) => {
            let alias = arg.get_all_aliases().unwrap_or_default();
            arg.get_long() == Some(long) || alias.contains(&long)
        }
        None => arg.get_short().is_some() && name.chars().nth(1) == arg.get_short(),
    };
    verb.get_arguments().filter(|it| !matches!(it.get_id().as_str(), "help" | "version")).find(fits)
}

/// The flags of the layers that the verb takes and nothing stronger speaks against, weakest first.
fn stronger(verb: &Command, typed: &ArgMatches, layers: Vec<Vec<Text>>) -> Vec<Text> {
    let is_typed =
        |it: &&Arg| typed.value_source(it.get_id().as_str()) == Some(ValueSource::CommandLine);
    let mut given: Vec<&Arg> = verb.get_arguments().filter(is_typed).collect();
    let set = |variable: &str| std::env::var_os(variable).is_some_and(|value| !value.is_empty());
    let variables = VARIABLES.iter().filter(|(_, variable)| set(variable));
    for (id, _) in variables {
        given.extend(verb.get_arguments().find(|it| it.get_id() == id));
    }
    let mut res = Vec::new();
    for layer in layers.into_iter().rev() {
        let mut own = Vec::new();
        let mut kept = Vec::new();
        for flag in layer {
            let Some(arg) = arg(verb, &flag.text) else { continue };
            if !given.iter().any(|stronger| excludes(verb, stronger, arg)) {
                own.push(arg);
                kept.push(flag);
            }
        }
        given.extend(own);
        kept.append(&mut res);
        res = kept;
    }
    res
}

/// True if only one of the two can be in force: they are the same and take one value, or do not go
/// together.
fn excludes(verb: &Command, one: &Arg, other: &Arg) -> bool {
    if one.get_id() == other.get_id() {
        return !matches!(one.get_action(), ArgAction::Append);
    }
    let names = |a: &Arg, b: &Arg| {
        verb.get_arg_conflicts_with(a).iter().any(|it| it.get_id() == b.get_id())
    };
    names(one, other) || names(other, one)
}
