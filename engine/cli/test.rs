//! `eng test`: its flags, and what they mean.

use super::Exit;
use super::build::{Tell, bring};
use super::coverage::Report;
use super::options::{Common, number};
use super::request::test_threads;
use crate::base::{TEST_SIZES, listing, nearest, parse_duration};
use crate::report;
use crate::session::{COVERAGE, Deadline, Failure, Filter, Goal, Policy, Request, Schedule, Share};
use clap::{Args, ValueEnum};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

/// Flags of `eng test`.
#[derive(Debug, Args)]
pub struct Test {
    #[command(flatten)]
    pub common: Common,
    #[command(flatten)]
    pub select: Select,
    #[command(flatten)]
    pub how: How,
    /// Show whose output; 'streamed' shows all of it while tests run
    #[arg(long, value_enum, default_value_t = TestOutput::Errors, value_name = "WHICH")]
    pub test_output: TestOutput,
    /// Tell of a test process that it is slow once it has run so long, and each time that doubles
    #[arg(long, default_value = "60s", value_name = "TIME")]
    pub slow_after: String,
    /// Tell the N slowest cases at the end
    #[arg(long, default_value_t = 0, hide_default_value = true, value_name = "N", value_parser = number)]
    pub slowest: usize,
    /// An argument for every test program; may be repeated
    #[arg(long = "test-arg", value_name = "ARG", allow_hyphen_values = true)]
    pub test_args: Vec<String>,
    /// Tell what the tests have executed, as 'eng coverage' does
    #[arg(long)]
    pub coverage: bool,
    /// Arguments for every test program
    #[arg(last = true, value_name = "ARGS")]
    pub args: Vec<String>,
}

/// Which tests and cases.
#[derive(Debug, Args)]
#[command(next_help_heading = "Which cases")]
pub struct Select {
    /// Run only cases that this wants: 'parse and not tag(slow)'; of several one must
    #[arg(long = "filter", value_name = "EXPRESSION")]
    pub filters: Vec<String>,
    /// The same for a text in a case's name; programs without a list of cases see it as TESTBRIDGE_TEST_ONLY
    #[arg(long, value_name = "TEXT")]
    pub test_filter: Option<String>,
    /// Run only tests with one of these tags, and with none of those after a minus: fast,-net
    #[arg(long, value_name = "TAGS", value_delimiter = ',', allow_hyphen_values = true)]
    pub test_tag_filters: Vec<String>,
    /// Run only tests of these sizes; a minus leaves one out
    #[arg(long, value_name = "SIZES", value_delimiter = ',', allow_hyphen_values = true)]
    pub test_size_filters: Vec<String>,
    /// Run only the case at this place of the test's list, from 0 on; takes one test
    #[arg(long, value_name = "N", value_parser = number, conflicts_with = "shard")]
    pub case_index: Option<usize>,
    /// Run share I of N of the tests, from 1 on; all N together run each test just once
    #[arg(long, value_name = "I/N")]
    pub shard: Option<String>,
    /// Balance shares by the times in a file; all shares must be given the same
    #[arg(long, value_name = "FILE", requires = "shard")]
    pub durations: Option<PathBuf>,
    /// Write what is known of the times of the tests into such a file when the run is over
    #[arg(long, value_name = "FILE")]
    pub write_durations: Option<PathBuf>,
}

/// How they are run.
#[derive(Debug, Args)]
#[command(next_help_heading = "How they are run")]
pub struct How {
    /// Test processes at once, for the execution of tests, 1 to 64; --jobs is for building [default: ENG_TEST_THREADS, else the number of CPUs, at least 4]
    #[arg(long, alias = "local-test-jobs", value_name = "N", value_parser = number)]
    pub test_threads: Option<usize>,
    /// Kill a test process after this time, in place of its own limit: 90s, 2m
    #[arg(long, alias = "test-timeout", value_name = "TIME")]
    pub timeout: Option<String>,
    /// End the run after this time; what is left is not run
    #[arg(long, value_name = "TIME")]
    pub deadline: Option<String>,
    /// Cases in one process at most [default: all while they are short, else 10]
    #[arg(long, value_name = "N", value_parser = number)]
    pub batch: Option<usize>,
    /// Further attempts of a case that fails; one that then passes is told as flaky
    #[arg(long, value_name = "N", value_parser = number)]
    pub retries: Option<usize>,
    /// Attempts of a case at most
    #[arg(long, value_name = "N", value_parser = number, hide = true, conflicts_with = "retries")]
    pub flaky_test_attempts: Option<usize>,
    /// Wait before a further attempt; twice as long before each that follows
    #[arg(long, value_name = "TIME")]
    pub backoff: Option<String>,
    /// Run everything so often, a round each
    #[arg(long, alias = "runs-per-test", value_name = "N", value_parser = number)]
    pub runs: Option<usize>,
    /// Run cases in a random order; its seed is told
    #[arg(long, value_name = "SEED", num_args = 0..=1, default_missing_value = "", require_equals = true)]
    pub shuffle: Option<String>,
    /// Stop after so many failures
    #[arg(long, value_name = "N", value_parser = number)]
    pub max_fail: Option<usize>,
    /// When tests start: once what they need is built, or once everything is
    #[arg(long, value_enum, default_value_t = When::Auto, value_name = "WHEN")]
    pub schedule: When,
    /// The same as --schedule=interleaved
    #[arg(long, conflicts_with = "schedule")]
    pub legacy: bool,
    /// Run tests again whose results are remembered
    #[arg(long)]
    pub fresh: bool,
    /// Show remembered failures in place of running these tests again
    #[arg(long, conflicts_with = "fresh")]
    pub retell: bool,
}

/// When tests start.
#[derive(Debug, Clone, Copy, ValueEnum, PartialEq, Eq)]
pub enum When {
    Auto,
    Interleaved,
    TwoPhase,
}

/// Whose output is shown.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum TestOutput {
    Summary,
    Errors,
    All,
    Streamed,
}

impl From<TestOutput> for report::TestOutput {
    fn from(output: TestOutput) -> report::TestOutput {
        match output {
            TestOutput::Summary => report::TestOutput::Summary,
            TestOutput::Errors => report::TestOutput::Errors,
            TestOutput::All => report::TestOutput::All,
            TestOutput::Streamed => report::TestOutput::Streamed,
        }
    }
}

/// Longer times than a year are a mistake.
const LONGEST: Duration = Duration::from_secs(365 * 24 * 3600);

/// More shares than this are a mistake.
const MOST_SHARES: u32 = 10_000;

/// More attempts than this help nobody.
const MOST_RETRIES: usize = 1000;

/// More runs or attempts than this are a mistake.
const MOST: usize = 1_000_000;

/// Builds and runs tests.
pub fn test(test: Test) -> Result<Exit, Failure> {
    let report = test.coverage.then(Report::default);
    run(test, report)
}

/// The same, with a report on what the tests have executed.
pub fn run(test: Test, report: Option<Report>) -> Result<Exit, Failure> {
    let tell = Tell {
        output: test.test_output.into(),
        slow_after: time("--slow-after", &Some(test.slow_after))?,
        slowest: test.slowest,
    };
    let Test { mut common, select, how, test_args, args, .. } = test;
    let keep_going = common.keep_going;
    let covering = report.as_ref().map(Report::covering);
    common.modes.extend(report.iter().map(|_| COVERAGE.to_string()));
    common.dry_run |= report.as_ref().is_some_and(|it| it.partial);
    bring(common, Goal::Test, tell, report, move |request| {
        request.coverage = covering;
        request.test_args = test_args.into_iter().chain(args).collect();
        take_selection(request, select)?;
        take_manner(request, how, keep_going)
    })
}

fn take_selection(request: &mut Request, select: Select) -> Result<(), Failure> {
    let mut any = select.filters;
    any.extend(select.test_filter.iter().map(|text| quoted(text)));
    for size in &select.test_size_filters {
        let size = size.strip_prefix('-').unwrap_or(size);
        if !TEST_SIZES.contains(&size) {
            let (known, near) = (listing(TEST_SIZES, 4), nearest(size, TEST_SIZES));
            return Err(Failure::Usage(format!(
                "there is no size '{size}'; sizes are {known}{near}"
            )));
        }
    }
    let all = [signed(&select.test_tag_filters, "tag"), signed(&select.test_size_filters, "size")];
    let all: Vec<String> = all.into_iter().flatten().collect();
    request.filter = Filter::new(&any, &all).map_err(Failure::Usage)?;
    request.filter.index = select.case_index;
    request.filters = [any, all].concat();
    request.policy.only = select.test_filter;
    request.policy.share = match &select.shard {
        Some(text) => Some(share(text, select.durations.as_deref())?),
        None => None,
    };
    request.write_durations = select.write_durations;
    Ok(())
}

fn take_manner(request: &mut Request, how: How, keep_going: bool) -> Result<(), Failure> {
    let options = &mut request.options;
    options.test_threads = test_threads(how.test_threads, options.test_threads)?;
    options.test_timeout = time("--timeout", &how.timeout)?;
    let after = time("--deadline", &how.deadline)?;
    options.deadline = after.map(|after| Deadline { at: Instant::now() + after, after });
    options.fresh_tests = how.fresh;
    options.retell = how.retell;
    if let Some(most) = positive("--max-fail", how.max_fail)? {
        options.max_fail = Some(most);
    }
    request.schedule = match how.schedule {
        _ if how.legacy => Some(Schedule::Interleaved),
        When::Auto => None,
        When::Interleaved => Some(Schedule::Interleaved),
        When::TwoPhase => Some(Schedule::TwoPhase { needs_build: !keep_going }),
    };
    let attempts = match (how.retries, positive("--flaky-test-attempts", how.flaky_test_attempts)?)
    {
        (Some(retries), _) if retries > MOST_RETRIES => {
            return Err(Failure::Usage(format!(
                "--retries is {retries}; it must be from 0 to {MOST_RETRIES}"
            )));
        }
        (Some(retries), _) => Some(retries as u32 + 1),
        (None, attempts) => attempts.map(|attempts| attempts as u32),
    };
    request.policy = Policy {
        batch: positive("--batch", how.batch)?,
        attempts,
        backoff: time("--backoff", &how.backoff)?.unwrap_or(Duration::ZERO),
        runs: positive("--runs", how.runs)?.unwrap_or(1) as u32,
        shuffle: how.shuffle.as_deref().map(seed).transpose()?,
        ..request.policy.clone()
    };
    Ok(())
}

/// A text as a filter expression takes it.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// `a,b,-c` as expressions that must all hold.
fn signed(words: &[String], what: &str) -> Vec<String> {
    let call = |word: &str| format!("{what}({})", quoted(word));
    let wanted: Vec<String> =
        words.iter().filter(|word| !word.starts_with('-')).map(|word| call(word)).collect();
    let without = words.iter().filter_map(|word| word.strip_prefix('-'));
    let mut res: Vec<String> = without.map(|word| format!("not {}", call(word))).collect();
    if !wanted.is_empty() {
        res.push(wanted.join(" or "));
    }
    res
}

fn share(text: &str, durations: Option<&Path>) -> Result<Share, Failure> {
    let numbers = text.split_once('/').and_then(|(index, number)| {
        Some((index.parse::<u32>().ok()?, number.parse::<u32>().ok()?))
    });
    match numbers {
        Some((index, number)) if 1 <= index && index <= number && number <= MOST_SHARES => {
            let times = durations.map(times).transpose()?.unwrap_or_default();
            Ok(Share { index: index - 1, number, times })
        }
        _ => Err(Failure::Usage(format!(
            "--shard is '{text}'; a share such as 1/4 was expected, from 1/4 to 4/4"
        ))),
    }
}

fn times(path: &Path) -> Result<BTreeMap<String, u64>, Failure> {
    let text = std::fs::read_to_string(path).map_err(|error| {
        Failure::Usage(format!("cannot read durations from '{}': {error}", path.display()))
    })?;
    Share::read_times(&text)
        .map_err(|why| Failure::Usage(format!("durations in '{}': {why}", path.display())))
}

fn time(flag: &str, text: &Option<String>) -> Result<Option<Duration>, Failure> {
    let Some(text) = text else { return Ok(None) };
    // Bazel's limits are whole seconds.
    let seconds = text.parse().map(Duration::from_secs).ok();
    let time = seconds.or_else(|| parse_duration(text)).filter(|time| !time.is_zero());
    let time = time.filter(|time| *time <= LONGEST);
    let Some(time) = time else {
        return Err(Failure::Usage(format!(
            "{flag} is '{text}'; a time such as 90s, 1.5m or 250ms was expected"
        )));
    };
    Ok(Some(time))
}

fn positive(flag: &str, number: Option<usize>) -> Result<Option<usize>, Failure> {
    match number {
        Some(number) if !(1..=MOST).contains(&number) => {
            Err(Failure::Usage(format!("{flag} is {number}; it must be from 1 to {MOST}")))
        }
        number => Ok(number),
    }
}

fn seed(text: &str) -> Result<u64, Failure> {
    if text.is_empty() {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        return Ok(u64::from(now.subsec_nanos()));
    }
    text.parse()
        .map_err(|_| Failure::Usage(format!("--shuffle is '{text}'; its seed is a whole number")))
}
