//! What is asked for, in plain values.

use super::error::PlanError;
use super::user::User;
use crate::base::{PackageName, Pattern};
use crate::session::{self, Filter, Goal};
use std::time::Duration;

/// More processes at once are a mistake.
pub(crate) const MOST_JOBS: usize = 1000;
/// The same for processes of tests.
pub(crate) const MOST_TEST_THREADS: usize = 64;

/// What is asked of a session.
///
/// ```
/// use eng::Request;
/// let request = Request { filter: Some("parse".to_string()), ..Request::test(["//text/..."]) };
/// ```
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// Which targets, as words of the command line: `//a/...`, `:t`, `-//b/...`, `//a:t#case`;
    /// relative ones from the folder at which the session was opened. None ask for everything.
    pub patterns: Vec<String>,
    /// Run the tests among them, in place of building them.
    pub test: bool,
    /// Build libraries and files that wildcards match, too.
    pub all: bool,
    /// Processes of actions at once; nothing leaves that to the number of processors.
    pub jobs: Option<usize>,
    /// Processes of tests at once; nothing leaves that to the number of processors.
    pub test_threads: Option<usize>,
    /// Which cases, as `--filter` takes it: `parse and not tag(slow)`.
    pub filter: Option<String>,
    /// Modes of the rules, such as `release`.
    pub modes: Vec<String>,
    /// Arguments for every test program.
    pub test_args: Vec<String>,
    /// Look no result up; all are stored.
    pub no_cache: bool,
    /// The same for tests only.
    pub fresh: bool,
    /// Only tell what would run.
    pub dry_run: bool,
    /// Stop after so many failures.
    pub max_fail: Option<usize>,
    /// Limit of time for every test process, in place of its own.
    pub timeout: Option<Duration>,
}

impl Request {
    /// Asks for targets to be built.
    pub fn build<S: Into<String>>(patterns: impl IntoIterator<Item = S>) -> Request {
        let patterns = patterns.into_iter().map(Into::into).collect();
        Request { patterns, ..Request::default() }
    }

    /// Asks for tests to be run.
    pub fn test<S: Into<String>>(patterns: impl IntoIterator<Item = S>) -> Request {
        Request { test: true, ..Request::build(patterns) }
    }

    /// As the words of a command: who asks, the verb, the patterns.
    pub(super) fn words(&self) -> Vec<String> {
        let verb = if self.test { "test" } else { "build" };
        let mut words = vec!["eng::Session".to_string(), verb.to_string()];
        words.extend(self.patterns.iter().cloned());
        if self.patterns.is_empty() {
            words.push("//...".to_string());
        }
        words
    }

    /// The same as the engine takes it; `home` is the package that relative patterns mean.
    pub(super) fn read(
        &self,
        home: &PackageName,
        user: &User,
    ) -> Result<session::Request, PlanError> {
        let pattern = pattern(self.patterns.clone(), home).map_err(PlanError::Request)?;
        let goal = match self.test {
            true => Goal::Test,
            false => Goal::Build { all: self.all, tests: false },
        };
        let mut request = session::Request::new(pattern, goal, &user.path);
        let options = &mut request.options;
        let within = |name: &str, given: Option<usize>, usual: usize, most: usize| match given {
            Some(number) if !(1..=most).contains(&number) => {
                Err(PlanError::Request(format!("{name} is {number}; it must be from 1 to {most}")))
            }
            given => Ok(given.unwrap_or(usual)),
        };
        options.jobs = within("jobs", self.jobs, options.jobs, MOST_JOBS)?;
        options.test_threads =
            within("test_threads", self.test_threads, options.test_threads, MOST_TEST_THREADS)?;
        within("max_fail", self.max_fail, 1, usize::MAX)?;
        if self.timeout.is_some_and(|timeout| timeout.is_zero()) {
            return Err(PlanError::Request("timeout is 0; a time was expected".to_string()));
        }
        options.no_cache = self.no_cache;
        options.fresh_tests = self.fresh;
        options.dry_run = self.dry_run;
        options.max_fail = self.max_fail;
        options.test_timeout = self.timeout;
        request.filters = self.filter.iter().cloned().collect();
        request.filter = Filter::new(&request.filters, &[]).map_err(PlanError::Request)?;
        request.modes = self.modes.iter().cloned().collect();
        request.test_args = self.test_args.clone();
        request.budget = user
            .budget()
            .map_err(|problems| PlanError::Mistakes(super::error::Mistakes(problems)))?;
        request.command = self.words().join(" ");
        Ok(request)
    }
}

/// Reads words of a command line. None ask for everything, and what is only to be left out is left out
/// of everything. The error is a sentence.
pub(crate) fn pattern(mut words: Vec<String>, home: &PackageName) -> Result<Pattern, String> {
    if words.iter().all(|word| word.starts_with('-')) {
        words.insert(0, "//...".to_string());
    }
    Pattern::parse(&words, home)
}
