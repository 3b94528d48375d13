//! `eng replay`: a saved stream of events is shown as its run was.

use super::Exit;
use super::options::Color;
use super::places::places;
use super::request::{here, looks};
use super::streams::{LAST, Told, end, finish, streams};
use super::test::TestOutput;
use crate::report::{self, Style};
use crate::session::Failure;
use clap::Args;
use std::fs::File;
use std::io::BufReader;
use std::os::fd::AsFd;

#[derive(Debug, Args)]
pub struct Replay {
    /// The stream: a file that '--events' wrote, or - for standard input [default: eng-out/last/events.jsonl of the workspace]
    pub file: Option<String>,
    /// Tell every action that ran, as 'eng test --verbose' does
    #[arg(short, long)]
    pub verbose: bool,
    /// Show whose output
    #[arg(long, value_enum, default_value_t = TestOutput::Errors, value_name = "WHICH")]
    pub test_output: TestOutput,
    /// Colours
    #[arg(long, value_enum, default_value_t = Color::Auto, value_name = "WHEN")]
    pub color: Color,
    #[command(flatten)]
    pub told: Told,
}

/// Shows a stream. The exit code tells whether it could be read, not how its run ended.
pub fn replay(options: Replay) -> Result<Exit, Failure> {
    let store = places()?.cache;
    let looks = looks(options.color);
    let style = Style {
        color: looks.color,
        verbose: options.verbose,
        rerun: "eng test".to_string(),
        test_output: options.test_output.into(),
        ..Style::default()
    };
    let name = match options.file {
        Some(file) => file,
        None => here()?.root.join(LAST).display().to_string(),
    };
    let (name, streams, res) = match name.as_str() {
        "-" => {
            let stdin = std::io::stdin();
            let mut streams = streams(&options.told, &store, Some(stdin.as_fd()))?;
            let name = "standard input";
            let res = report::replay(&mut stdin.lock(), name, &store, style, &mut streams);
            (name, streams, res)
        }
        name => {
            let file = File::open(name).map_err(|error| {
                Failure::Usage(format!("cannot read the stream '{name}': {error}"))
            })?;
            let mut streams = streams(&options.told, &store, Some(file.as_fd()))?;
            let mut lines = BufReader::new(file);
            let res = report::replay(&mut lines, name, &store, style, &mut streams);
            (name, streams, res)
        }
    };
    let over = match res {
        Ok(over) => over,
        Err(error) => {
            let res = Err(match error.is::<std::io::Error>() {
                true => Failure::World(error),
                false => Failure::Usage(format!("{error:#}")),
            });
            // Whoever reads is told that nothing more comes.
            return end(streams, res);
        }
    };
    let broken_off = format!("{name} breaks off before its run has ended");
    if over.exit.is_none() {
        report::print_problem(&format!("warning: {broken_off}\n"));
    }
    let exit = over.exit.unwrap_or(Exit::Interrupted as i32);
    let problem = if over.exit.is_some() { over.problem } else { broken_off };
    Ok(finish(streams, exit, &problem, over.at))
}
