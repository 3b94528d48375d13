//! What is wrong in a file of the user, where, and what would be right.

use super::Place;
use super::place::is_hidden;
use std::fmt;

/// One mistake of the user.
#[derive(Debug, Clone)]
pub struct Problem {
    /// Where it is; nothing for a command line.
    pub place: Option<Place>,
    /// What was found and what fits: lower case, names in quotes, no final period.
    pub text: String,
    /// Further places that explain it, each with a remark.
    pub also: Vec<(Place, String)>,
    /// True if it may follow from another mistake, beside which it is not told.
    pub follows: bool,
}

impl Problem {
    /// A problem at a place.
    pub fn at(place: &Place, text: impl Into<String>) -> Problem {
        Problem { place: Some(place.clone()), text: text.into(), also: Vec::new(), follows: false }
    }

    /// A problem that stands in no file.
    pub fn plain(text: impl Into<String>) -> Problem {
        Problem { place: None, text: text.into(), also: Vec::new(), follows: false }
    }

    /// Adds a second place with a remark.
    pub fn also(mut self, place: &Place, remark: impl Into<String>) -> Problem {
        self.also.push((place.clone(), remark.into()));
        self
    }

    /// Says that it may follow from another mistake in the same target, or in what that rests on.
    pub fn following(mut self) -> Problem {
        self.follows = true;
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match &self.place {
            Some(place) => write!(f, "{place}: {}\n{}", plain_line(&self.text), place.excerpt())?,
            None => writeln!(f, "eng: {}", plain(&self.text))?,
        }
        for (place, remark) in &self.also {
            writeln!(f, "  {place}: {}", plain_line(remark))?;
        }
        Ok(())
    }
}

/// Problems that are shown at once. One slip can cause thousands; nobody reads those.
const SHOWN: usize = 50;

/// The text without characters that a terminal would obey or not show: they are spelled.
pub fn plain(text: &str) -> String {
    let shown = |c: char| match c {
        '\n' => "\n".to_string(),
        c if is_hidden(c) => c.escape_unicode().to_string(),
        c => c.to_string(),
    };
    text.chars().map(shown).collect()
}

/// The same in one line. Of words that are far longer than any name, the middle is left out.
pub fn plain_line(text: &str) -> String {
    const LONGEST: usize = 1000;
    let short = |word: &str| {
        let count = word.chars().count();
        if word.len() <= LONGEST || count <= LONGEST {
            return word.to_string();
        }
        let head: String = word.chars().take(LONGEST / 4).collect();
        let tail: String = word.chars().skip(count - LONGEST / 10).collect();
        format!("{head}…{tail}")
    };
    let words: Vec<String> = text.split(' ').map(short).collect();
    plain(&words.join(" ").replace('\n', "\\n"))
}

/// All problems that were found in one go, sorted by place, each once.
#[derive(Debug, Clone, Default)]
pub struct Problems(Vec<Problem>);

impl Problems {
    /// Adds one.
    pub fn push(&mut self, problem: Problem) {
        self.0.push(problem);
    }

    /// Adds many.
    pub fn extend(&mut self, problems: impl IntoIterator<Item = Problem>) {
        self.0.extend(problems);
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// True if nothing is wrong.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The problems in the order in which they were found.
    pub fn iter(&self) -> impl Iterator<Item = &Problem> {
        self.0.iter()
    }

    /// `value` if nothing is wrong, else the problems.
    pub fn or<T>(self, value: T) -> Result<T, Problems> {
        if self.0.is_empty() { Ok(value) } else { Err(self) }
    }
}

impl IntoIterator for Problems {
    type Item = Problem;
    type IntoIter = std::vec::IntoIter<Problem>;
    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl From<Problem> for Problems {
    fn from(problem: Problem) -> Problems {
        Problems(vec![problem])
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let mut sorted: Vec<_> = self.0.iter().collect();
        fn key(problem: &Problem) -> (Option<(&str, u32)>, &str) {
            (problem.place.as_ref().map(|place| place.order()), &problem.text)
        }
        sorted.sort_by(|a, b| key(a).cmp(&key(b)));
        sorted.dedup_by(|a, b| key(a) == key(b));
        for problem in sorted.iter().take(SHOWN) {
            write!(f, "{problem}")?;
        }
        match sorted.len().saturating_sub(SHOWN) {
            0 => Ok(()),
            1 => writeln!(f, "eng: 1 more problem is not shown"),
            more => writeln!(f, "eng: {more} more problems are not shown"),
        }
    }
}

impl std::error::Error for Problems {}

/// `; did you mean 'x'?` for the known name nearest to `name`, or nothing if none is near.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    near(name, known).map_or(String::new(), |best| format!("; did you mean '{best}'?"))
}

/// The known name nearest to `name`, if one is near.
pub fn near<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let allowed = (name.chars().count() / 3).max(1);
    known
        .into_iter()
        .filter(|candidate| *candidate != name)
        .map(|candidate| (strsim::damerau_levenshtein(name, candidate), candidate))
        .filter(|(distance, _)| *distance <= allowed)
        .min()
        .map(|(_, best)| best)
}

/// `a, b and c`, sorted, at most `most` of them; the rest are counted.
pub fn listing<'a>(names: impl IntoIterator<Item = &'a str>, most: usize) -> String {
    let mut names: Vec<&str> = names.into_iter().collect();
    names.sort_unstable();
    names.dedup();
    let more = names.len().saturating_sub(most);
    if more > 0 {
        names.truncate(most);
        return format!("{} and {more} more", names.join(", "));
    }
    match names.split_last() {
        None => "none".to_string(),
        Some((only, [])) => only.to_string(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
    }
}
