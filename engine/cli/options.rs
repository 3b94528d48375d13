//! What was typed: verbs and flags, with Bazel's spellings where people have the habit.

use clap::builder::StyledStr;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};
use clap_complete::engine::ArgValueCompleter;
use std::ffi::OsString;

use super::{complete, coverage::Cover, flaky::Flaky, history::History};
use super::{query::Query, replay::Replay, streams::Told, test::Test};

/// Builds and tests monorepos from BUILD.ron files.
#[derive(Debug, Parser)]
#[command(
    name = "eng",
    version,
    after_help = "Examples:\n  \
        eng test //...              test everything that changed\n  \
        eng test //text:all -//text:slow\n  \
        eng test '//text:t#parses'  one case\n  \
        eng build                   build all programs into eng-out/bin\n  \
        eng explain //text:text     why it ran, or why it did not\n  \
        eng query 'rdeps(//..., //text)'  what needs it\n  \
        eng rules cc_library        what a rule takes\n\n\
        Exit codes: 0 ok, 1 build failed or files not laid out, 2 wrong command line or workspace file,\n\
        3 tests failed, 4 no tests found, 7 query failed, 8 interrupted, 36 local environment, 37 bug in eng"
)]
pub struct Options {
    #[command(subcommand)]
    pub verb: Verb,
}

#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Build programs, and what is named
    #[command(after_help = "Examples:\n  \
        eng build                 all programs of the workspace\n  \
        eng build //text/...      those below text/\n  \
        eng build //text:text     a library or generated file, by name\n  \
        eng build --all //...     libraries too")]
    Build(Build),
    /// Build and run tests; what did not change is not run again
    #[command(after_help = "Examples:\n  \
        eng test                       all tests of the workspace\n  \
        eng test //text/... -//text:slow\n  \
        eng test '//text:t#parses'     one case\n  \
        eng test --filter 'parse and not tag(slow)'\n  \
        eng test --retries 2 --fail-fast=crash\n  \
        eng test //text:t -- --seed 1  arguments for the test program")]
    Test(Box<Test>),
    /// Run tests and tell what they have executed
    #[command(after_help = super::coverage::EXAMPLES)]
    Coverage(Box<Cover>),
    /// Tell which targets there are, and what needs what
    #[command(after_help = "Functions:\n  \
        deps(x[, depth])  rdeps(universe, x[, depth])  allrdeps(x[, depth])\n  \
        allpaths(from, to)  somepath(from, to)  some(x[, count])\n  \
        kind(regex, x)  filter(regex, x)  attr(name, regex, x)  has(name, value, x)\n  \
        tests(x)  labels(attribute, x)  owner(file)  buildfiles(x)  siblings(x)\n  \
        same_pkg_direct_rdeps(x)  set(a b c)  let v = x in $v\n\
        Operators, all alike and from left to right: union + intersect ^ except -\n\n\
        Examples:\n  \
        eng query 'deps(//text)'                   all that it needs\n  \
        eng query 'rdeps(//..., text/text.h)'      all that needs a file\n  \
        eng query 'somepath(//app, //text)'        why it needs it\n  \
        eng query 'tests(//text/...)' | eng test -")]
    Query(Query),
    /// Tell why actions ran, or would run, or why not
    #[command(after_help = "Examples:\n  \
        eng explain                    why each action of the last run ran\n  \
        eng explain //text:text        why its actions would run now, or why not\n  \
        eng explain '//text:t#parses'  the same for one case\n  \
        eng explain //text:t --run 7   why they ran in run 7, or why not")]
    Explain(Explain),
    /// Show a run again from a stream of events, such as the one that each run leaves behind
    #[command(after_help = "Examples:\n  \
        eng replay                   the last run in which something was done\n  \
        eng replay events.jsonl      one that '--events=events.jsonl' wrote\n  \
        eng replay --verbose FILE    with every action")]
    Replay(Replay),
    /// Print the last runs, what ran in one of them, or the past of targets
    #[command(after_help = "Examples:\n  \
        eng history           the last runs, and the one that goes on\n  \
        eng history last      what ran in the last run\n  \
        eng history //text:t  what its last runs came to")]
    History(History),
    /// Print what came out one way and another though nothing had changed
    Flaky(Flaky),
    /// Print the rules that there are, or one of them
    #[command(after_help = "Examples:\n  eng rules\n  eng rules cc_library")]
    Rules {
        /// Name of a rule or test protocol
        #[arg(add = ArgValueCompleter::new(complete::rule))]
        name: Option<String>,
    },
    /// Write BUILD.ron files for the sources that are there
    #[command(after_help = "Examples:\n  \
        eng init            make this folder a workspace that builds\n  \
        eng init --dry-run  print what would be written\n  \
        eng init --add      in a workspace: write the files that are missing")]
    Init(Init),
    /// Lay out BUILD.ron and rule files
    #[command(after_help = "Examples:\n  \
        eng fmt            all files of the workspace\n  \
        eng fmt text       those below text/\n  \
        eng fmt --check    name what would change; exit code 1 if there is some\n  \
        eng fmt - < FILE   from standard input to standard output")]
    Fmt(Fmt),
    /// Remove eng-out; remembered results stay
    Clean,
    /// Print a script with which a shell completes commands, flags and labels
    #[command(after_help = "To have it in every shell:\n  \
        bash  echo 'source <(eng completions bash)' >> ~/.bashrc\n  \
        zsh   echo 'source <(eng completions zsh)' >> ~/.zshrc     # after compinit\n  \
        fish  eng completions fish > ~/.config/fish/completions/eng.fish")]
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Print how a word of a command line may go on; the scripts of 'eng completions' ask this
    #[command(hide = true)]
    Complete {
        /// Which word, counted from 0
        index: usize,
        /// The command line, 'eng' first
        #[arg(last = true)]
        words: Vec<OsString>,
    },
}

/// Flags of everything that builds.
#[derive(Debug, Args)]
pub struct Common {
    /// What to build: //pkg:name, //pkg/..., -//pkg/... to leave out; @FILE or - read patterns
    #[arg(add = ArgValueCompleter::new(complete::pattern))]
    pub patterns: Vec<String>,
    /// Processes at once [default: ENG_JOBS, else the number of CPUs]
    #[arg(short, long, value_name = "N", value_parser = number)]
    pub jobs: Option<usize>,
    /// Go on after a failure (this is the default)
    #[arg(short, long)]
    pub keep_going: bool,
    /// Stop at the first failure, or only at the first crash of a test
    #[arg(
        long,
        value_enum,
        value_name = "AT",
        num_args = 0..=1,
        default_missing_value = "failure",
        require_equals = true,
        conflicts_with = "keep_going"
    )]
    pub fail_fast: Option<FailFast>,
    /// Only say what would run, and why
    #[arg(short = 'n', long)]
    pub dry_run: bool,
    /// Look nothing up; results are stored all the same
    #[arg(long)]
    pub no_cache: bool,
    /// Tell every action that ran, with its reason and its command
    #[arg(short, long)]
    pub verbose: bool,
    /// Activate a mode of the rules, such as release
    #[arg(long = "mode", value_name = "MODE", add = ArgValueCompleter::new(complete::mode))]
    pub modes: Vec<String>,
    /// Take the flags of a profile of the workspace or of your settings; what is typed holds
    #[arg(long, value_name = "PROFILE", add = ArgValueCompleter::new(complete::profile))]
    pub config: Vec<String>,
    /// Colours
    #[arg(long, value_enum, default_value_t = Color::Auto, value_name = "WHEN")]
    pub color: Color,
    #[command(flatten)]
    pub told: Told,
}

#[derive(Debug, Args)]
pub struct Build {
    #[command(flatten)]
    pub common: Common,
    /// Build libraries and generated files that patterns match, too
    #[arg(long)]
    pub all: bool,
    /// Build tests that patterns match, too
    #[arg(long)]
    pub tests: bool,
}

#[derive(Debug, Args)]
pub struct Explain {
    /// Targets, or one case of a test; nothing stands for all that ran
    #[arg(add = ArgValueCompleter::new(complete::pattern))]
    pub patterns: Vec<String>,
    /// Tell about this run rather than about the present; without a target about the last run
    #[arg(long, value_name = "N", value_parser = number)]
    pub run: Option<usize>,
    /// Modes of the rules
    #[arg(
        long = "mode",
        value_name = "MODE",
        conflicts_with = "run",
        add = ArgValueCompleter::new(complete::mode)
    )]
    pub modes: Vec<String>,
    /// Take the flags of a profile
    #[arg(long, value_name = "PROFILE", add = ArgValueCompleter::new(complete::profile))]
    pub config: Vec<String>,
}

/// Shells that complete.
#[derive(Debug, Clone, Copy, ValueEnum, PartialEq, Eq)]
pub enum Shell {
    Bash,
    Zsh,
    Fish,
}

#[derive(Debug, Args)]
pub struct Init {
    /// The folder [default: the working directory]
    pub path: Option<String>,
    /// Leave the BUILD.ron files that are there as they are, and write the missing ones
    #[arg(long)]
    pub add: bool,
    /// Write nothing: print what would be written
    #[arg(short = 'n', long)]
    pub dry_run: bool,
}

#[derive(Debug, Args)]
pub struct Fmt {
    /// Files, or folders of the workspace; - is standard input [default: the workspace]
    pub paths: Vec<String>,
    /// Change nothing: print the names of the files that would change
    #[arg(long)]
    pub check: bool,
    /// Change nothing: print what would change
    #[arg(long)]
    pub diff: bool,
}

/// What ends a run early.
#[derive(Debug, Clone, Copy, ValueEnum, PartialEq, Eq)]
pub enum FailFast {
    Failure,
    Crash,
}

/// When to use colours.
#[derive(Debug, Clone, Copy, ValueEnum, PartialEq, Eq)]
pub enum Color {
    Auto,
    Always,
    Never,
}

pub fn number(text: &str) -> Result<usize, String> {
    text.parse().map_err(|_| "a whole number was expected".to_string())
}

/// Flags and verbs that people type out of habit, and what does the same here.
const HABITS: &[(&str, &str)] = &[
    ("--nocapture", "'--test-output=streamed' shows what tests print as it comes"),
    ("--no-capture", "'--test-output=streamed' shows what tests print as it comes"),
    ("--release", "'--mode=release' does this"),
    ("-c", "'--mode=release' stands for an optimized build"),
    ("--compilation-mode", "'--mode=release' stands for an optimized build"),
    ("--nocache-test-results", "'--fresh' runs tests again"),
    ("--cache-test-results", "'--fresh' runs tests again"),
    ("--partition", "'--shard=1/2' runs one of two shares"),
    ("--no-fail-fast", "to go on is the default"),
    ("-E", "'--filter' takes an expression"),
    ("--run", "'--filter' takes a part of a name, or an expression"),
    ("--no-run", "'eng build --tests' builds tests without running them"),
    ("--failed", "a plain 'eng test' runs again what failed, and nothing that passed"),
    ("--test-env", "'env' of the target in BUILD.ron sets variables"),
    ("--verbose-failures", "commands that failed are always shown"),
    ("--count", "'--fresh' runs tests again, '--runs=N' runs them N times"),
    ("-p", "'//folder/...' as a pattern takes what is in a folder"),
    ("--list", "'--dry-run' tells what would run"),
    ("run", "'eng build' puts programs into eng-out/bin, from where they can be started"),
    ("check", "'eng build --all' builds everything"),
    ("--all-targets", "'eng build --all --tests' builds everything"),
    ("--workspace", "'//...', the default, is everything"),
    ("--package", "'//folder/...' as a pattern takes what is in a folder"),
    ("--exclude", "'-//folder/...' as a pattern leaves out what is in a folder"),
    ("--features", "'--mode' activates a mode of the rules"),
    ("--define", "'--mode' activates a mode of the rules"),
    ("--copt", "'copts' of the target in BUILD.ron are for its compiler"),
    ("--sandbox-debug", "'--verbose' shows the commands"),
    ("--subcommands", "'--verbose' shows the commands"),
    ("-s", "'--verbose' shows the commands"),
    ("-d", "'eng explain LABEL' tells why something would run"),
    ("--explain", "'eng explain LABEL' tells why something would run"),
    ("-t", "'eng clean' removes outputs, 'eng explain' tells why something would run"),
    ("-C", "eng finds the workspace around the folder in which it is started"),
    ("--manifest-path", "eng finds the workspace around the folder in which it is started"),
    ("--expunge", "'eng clean' removes outputs; what is remembered holds only while it is true"),
    ("shutdown", "there is no server"),
    ("status", "'eng history' shows the last runs, and those that go on"),
    ("info", "outputs are in eng-out"),
    ("ninja", "'eng build' builds"),
    ("make", "'eng build' builds"),
    ("all", "'eng build --all' builds everything"),
    ("nextest", "'eng test' runs tests"),
    ("aquery", "'eng query --output=actions' prints actions"),
    ("cquery", "'eng query' answers for all modes at once"),
    ("--universe-scope", "'rdeps(universe, x)' names the universe itself"),
];

/// Where the unknown flag of a command line does belong.
pub fn belongs_to(error: &mut clap::Error, arguments: &[OsString]) {
    if error.kind() == ErrorKind::UnknownArgument {
        // The usage shows the flag that is spelled most alike, whatever was meant.
        error.insert(ContextKind::Usage, ContextValue::StyledStr(usage(arguments)));
    }
    let unknown = match error.kind() {
        ErrorKind::UnknownArgument => error.get(ContextKind::InvalidArg),
        ErrorKind::InvalidSubcommand => error.get(ContextKind::InvalidSubcommand),
        _ => None,
    };
    let habit = HABITS
        .iter()
        .find(|(word, _)| matches!(unknown, Some(ContextValue::String(typed)) if typed == word));
    if let Some((_, tip)) = habit {
        for kind in [ContextKind::SuggestedArg, ContextKind::SuggestedSubcommand] {
            error.remove(kind);
        }
        let tip = ContextValue::StyledStrs(vec![(*tip).into()]);
        error.insert(ContextKind::Suggested, tip);
        return;
    }
    let unknown = error.kind() == ErrorKind::UnknownArgument;
    let flag = error.get(ContextKind::InvalidArg).filter(|_| unknown);
    let Some(ContextValue::String(flag)) = flag else { return };
    let Some(name) = flag.strip_prefix("--") else { return };
    let command = Options::command();
    let has = |verb: &&clap::Command| verb.get_arguments().any(|it| it.get_long() == Some(name));
    let verbs: Vec<String> = command
        .get_subcommands()
        .filter(has)
        .map(|verb| format!("'eng {}'", verb.get_name()))
        .collect();
    if verbs.is_empty() {
        return;
    }
    let text = format!("'{flag}' belongs to {}", verbs.join(" and "));
    error.remove(ContextKind::SuggestedArg);
    error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![text.into()]));
}

/// How the verb is used that stands on the command line.
fn usage(arguments: &[OsString]) -> StyledStr {
    let mut command = Options::command();
    command.build();
    let word = arguments.get(1).and_then(|it| it.to_str()).unwrap_or("");
    match command.find_subcommand_mut(word) {
        Some(verb) => verb.render_usage(),
        None => command.render_usage(),
    }
}

/// Stands before a pattern that leaves something out, so that it is not taken for a flag. No
/// argument of a process can contain it.
const EXCLUDED: char = '\0';

/// Makes `-//x` a pattern rather than a flag, and reads `--test_filter` as `--test-filter`. What
/// follows the first `--` is left alone.
pub fn normalize(arguments: impl Iterator<Item = OsString>) -> Vec<OsString> {
    let mut ours = true;
    let change = |argument: OsString| {
        let Some(text) = argument.to_str().filter(|_| ours) else { return argument };
        if text == "--" {
            ours = false;
        } else if ["-//", "-:", "-@"].iter().any(|start| text.starts_with(start)) {
            return format!("{EXCLUDED}{text}").into();
        } else if ["-run", "-count"].contains(&text.split('=').next().unwrap_or_default()) {
            // Read letter by letter they would be told as other flags than were meant.
            return format!("-{text}").into();
        } else if text.starts_with("--") {
            let (flag, value) = match text.split_once('=') {
                Some((flag, value)) => (flag, format!("={value}")),
                None => (text, String::new()),
            };
            return format!("{}{value}", flag.replace('_', "-")).into();
        }
        argument
    };
    arguments.map(change).collect()
}

/// The pattern as it was typed.
pub fn typed(pattern: &str) -> &str {
    pattern.strip_prefix(EXCLUDED).unwrap_or(pattern)
}
