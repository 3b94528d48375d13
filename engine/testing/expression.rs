//! Filter expressions: `parse and not tag(slow)`. It knows only their form.

use super::filter::Facts;
use regex::Regex;

/// A filter expression.
#[derive(Debug, Clone)]
pub(super) enum Expression {
    All(Vec<Expression>),
    Any(Vec<Expression>),
    Not(Box<Expression>),
    /// What `//a:t#case` must contain.
    Name(Text),
    /// What the case's own name must contain.
    Case(Text),
    /// A tag of the target.
    Tag(Text),
    /// Name of the target's rule.
    Kind(Text),
    /// Size of the target.
    Size(Text),
    /// What the label must contain.
    Target(Text),
}

/// How a text is held against another one.
#[derive(Debug, Clone)]
pub(super) enum Text {
    Contains(String),
    Equals(String),
    Fits(Regex),
}

const CALLS: [&str; 5] = ["case", "tag", "kind", "size", "target"];
/// An expression may be nested this deep.
const DEEPEST: usize = 100;

impl Expression {
    /// Reads an expression. The error is a whole sentence.
    pub fn parse(text: &str) -> Result<Expression, String> {
        let tokens = tokens(text).map_err(|why| wrong(text, &why))?;
        let mut parser = Parser { tokens: &tokens, at: 0, depth: 0 };
        let expression = parser.any().map_err(|why| wrong(text, &why))?;
        match parser.peek() {
            None => Ok(expression),
            Some(token) => {
                let why = format!(
                    "{} follows where 'and' or 'or' was expected; a text with blanks stands in quotes",
                    token.shown()
                );
                Err(wrong(text, &why))
            }
        }
    }

    /// True if the case is wanted; nothing if that depends on its name and `case` is not known.
    pub fn wants(&self, facts: &Facts, case: Option<&str>) -> Option<bool> {
        let with_case =
            |text: &Text, whole: &dyn Fn(&str) -> String| case.map(|case| text.fits(&whole(case)));
        match self {
            Expression::All(parts) => all(parts.iter().map(|part| part.wants(facts, case)), true),
            Expression::Any(parts) => all(parts.iter().map(|part| part.wants(facts, case)), false),
            Expression::Not(part) => part.wants(facts, case).map(|wanted| !wanted),
            Expression::Name(text) => with_case(text, &|case| format!("{}#{case}", facts.label)),
            Expression::Case(text) => with_case(text, &|case| case.to_string()),
            Expression::Tag(text) => Some(facts.tags.iter().any(|tag| text.fits(tag))),
            Expression::Kind(text) => Some(text.fits(facts.rule)),
            Expression::Size(text) => Some(text.fits(facts.size)),
            Expression::Target(text) => Some(text.fits(&facts.label.to_string())),
        }
    }
}

/// All must be true (or with `and` false, one must be); what is not known decides only if no other
/// does.
fn all(parts: impl Iterator<Item = Option<bool>>, and: bool) -> Option<bool> {
    let mut res = Some(and);
    for part in parts {
        match part {
            Some(value) if value != and => return Some(!and),
            Some(_) => {}
            None => res = None,
        }
    }
    res
}

impl Text {
    fn fits(&self, text: &str) -> bool {
        match self {
            Text::Contains(part) => text.contains(part.as_str()),
            Text::Equals(whole) => text == whole,
            Text::Fits(regex) => regex.is_match(text),
        }
    }

    /// `/regex/`, `=whole` or a part. `whole` says what a plain word means.
    fn new(token: &Token, whole: bool) -> Result<Text, String> {
        match token {
            Token::Quoted(text) if whole => Ok(Text::Equals(text.clone())),
            Token::Quoted(text) => Ok(Text::Contains(text.clone())),
            Token::Regex(text) => Regex::new(text).map(Text::Fits).map_err(|error| {
                let error = error.to_string();
                let last = error.lines().last().unwrap_or_default().trim_start_matches("error: ");
                format!("/{text}/ is no regular expression: {last}")
            }),
            Token::Word(text) => Ok(match text.strip_prefix('=') {
                Some(text) => Text::Equals(text.to_string()),
                None if whole => Text::Equals(text.clone()),
                None => Text::Contains(text.clone()),
            }),
            other => Err(format!("{} stands where a text was expected", other.shown())),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Open,
    Close,
    And,
    Or,
    Not,
    Word(String),
    Quoted(String),
    Regex(String),
}

impl Token {
    fn shown(&self) -> String {
        match self {
            Token::Open => "'('".to_string(),
            Token::Close => "')'".to_string(),
            Token::And => "'and'".to_string(),
            Token::Or => "'or'".to_string(),
            Token::Not => "'not'".to_string(),
            Token::Word(text) => format!("'{text}'"),
            Token::Quoted(text) => format!("\"{text}\""),
            Token::Regex(text) => format!("/{text}/"),
        }
    }
}

fn wrong(text: &str, why: &str) -> String {
    format!("the filter '{text}': {why}")
}

fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let after = &rest[first.len_utf8()..];
        let before_text = tokens.last() != Some(&Token::Close)
            && !matches!(tokens.last(), Some(Token::Word(_) | Token::Quoted(_) | Token::Regex(_)));
        match first {
            blank if blank.is_whitespace() => rest = after,
            '(' | ')' | '!' => {
                tokens.push(match first {
                    '(' => Token::Open,
                    ')' => Token::Close,
                    _ => Token::Not,
                });
                rest = after;
            }
            '&' | '|' => {
                tokens.push(if first == '&' { Token::And } else { Token::Or });
                rest = after.strip_prefix(first).unwrap_or(after);
            }
            '"' | '\'' => {
                let (inner, then) = until(after, first).ok_or("a quote is not closed")?;
                tokens.push(Token::Quoted(inner));
                rest = then;
            }
            // `//a:t` is a label.
            '/' if before_text && !after.starts_with('/') => {
                let (inner, then) =
                    until(after, '/').ok_or("a regular expression ends in '/', as in /a.c/")?;
                tokens.push(Token::Regex(inner));
                rest = then;
            }
            _ => {
                let stops = |c: char| c.is_whitespace() || "()!&|\"'".contains(c);
                let end = rest.find(stops).unwrap_or(rest.len());
                tokens.push(match &rest[..end] {
                    "and" => Token::And,
                    "or" => Token::Or,
                    "not" => Token::Not,
                    word => Token::Word(word.to_string()),
                });
                rest = &rest[end..];
            }
        }
    }
    Ok(tokens)
}

/// The text up to a character that no backslash hides, and what follows. `\/` in a regular
/// expression stays as it is, since it means the same there.
fn until(text: &str, end: char) -> Option<(String, &str)> {
    let mut inner = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        if c == end {
            return Some((inner, &text[at + c.len_utf8()..]));
        }
        if c == '\\' {
            let (_, next) = chars.next()?;
            if next != end && (end == '/' || next != '\\') {
                inner.push('\\');
            }
            inner.push(next);
        } else {
            inner.push(c);
        }
    }
    None
}

struct Parser<'a> {
    tokens: &'a [Token],
    at: usize,
    depth: usize,
}

impl Parser<'_> {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    fn take(&mut self, token: &Token) -> bool {
        let fits = self.peek() == Some(token);
        self.at += usize::from(fits);
        fits
    }

    fn any(&mut self) -> Result<Expression, String> {
        let mut parts = vec![self.all()?];
        while self.take(&Token::Or) {
            parts.push(self.all()?);
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { Expression::Any(parts) })
    }

    fn all(&mut self) -> Result<Expression, String> {
        let mut parts = vec![self.one()?];
        while self.take(&Token::And) {
            parts.push(self.one()?);
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { Expression::All(parts) })
    }

    fn one(&mut self) -> Result<Expression, String> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(format!("it is nested more than {DEEPEST} levels deep"));
        }
        let res = self.atom();
        self.depth -= 1;
        res
    }

    fn atom(&mut self) -> Result<Expression, String> {
        let Some(token) = self.peek().cloned() else {
            return Err("it ends where a text was expected".to_string());
        };
        self.at += 1;
        match &token {
            Token::Not => Ok(Expression::Not(Box::new(self.one()?))),
            Token::Open => {
                let inner = self.any()?;
                match self.take(&Token::Close) {
                    true => Ok(inner),
                    false => Err("a ')' is missing".to_string()),
                }
            }
            Token::Word(name) if self.peek() == Some(&Token::Open) => {
                let name = name.clone();
                self.call(&name)
            }
            _ => Text::new(&token, false).map(Expression::Name),
        }
    }

    fn call(&mut self, name: &str) -> Result<Expression, String> {
        if !CALLS.contains(&name) {
            let near = crate::base::nearest(name, CALLS);
            let has = if near.is_empty() {
                format!("; there are {}", crate::base::listing(CALLS, 9))
            } else {
                near
            };
            return Err(format!("there is no '{name}(..)'{has}"));
        }
        self.at += 1;
        let inner = self.peek().cloned().filter(|token| *token != Token::Close);
        let Some(inner) = inner else {
            return Err(format!("'{name}()' has no text"));
        };
        self.at += 1;
        // Tags, kinds and sizes are words of a small set, so a part of one is hardly meant.
        let text = Text::new(&inner, !matches!(name, "case" | "target"))?;
        if !self.take(&Token::Close) {
            return Err(format!("'{name}(..)' takes one text and a ')'"));
        }
        Ok(match name {
            "case" => Expression::Case(text),
            "tag" => Expression::Tag(text),
            "kind" => Expression::Kind(text),
            "size" => Expression::Size(text),
            _ => Expression::Target(text),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::PackageName;
    use proptest::prelude::*;

    fn wants(filter: &str, case: Option<&str>) -> Option<bool> {
        let label = PackageName::main("a/b").label("t");
        let tags = ["slow".to_string(), "net".to_string()];
        let facts = Facts { label: &label, rule: "cc_test", tags: &tags, size: "small" };
        Expression::parse(filter).unwrap().wants(&facts, case)
    }

    #[test]
    fn texts_calls_and_operators_say_what_is_wanted() {
        for (filter, wanted) in [
            ("parses", true),
            ("//a/b:t#x::parses", true),
            ("other", false),
            ("'x y' or pars", true),
            ("/pars(es)?$/", true),
            ("/^pars/", false),
            ("case(/^x::pars/)", true),
            ("case(=x::parses)", true),
            ("case(=parses)", false),
            ("tag(slow)", true),
            ("tag(slo)", false),
            ("tag(/slo/)", true),
            ("not tag(slow)", false),
            ("!tag(fast)\u{a0}&&\u{c}kind(cc_test)", true),
            ("size(small) & (target(//a) | tag(fast))", true),
            ("a and not parses or tag(net)", true),
            ("not (parses and tag(net))", false),
            ("target(=//a/b:t)", true),
        ] {
            assert_eq!(wants(filter, Some("x::parses")), Some(wanted), "{filter}");
        }
    }

    #[test]
    fn what_does_not_depend_on_the_case_is_known_without_it() {
        assert_eq!(wants("tag(fast) and parses", None), Some(false));
        assert_eq!(wants("tag(slow) and parses", None), None);
        assert_eq!(wants("tag(slow) or parses", None), Some(true));
        assert_eq!(wants("not parses", None), None);
    }

    #[test]
    fn mistakes_are_told() {
        for (filter, why) in [
            ("", "it ends where a text was expected"),
            (
                "a b",
                "'b' follows where 'and' or 'or' was expected; a text with blanks stands in quotes",
            ),
            ("a and", "it ends where a text was expected"),
            ("(a", "a ')' is missing"),
            (
                "a)",
                "')' follows where 'and' or 'or' was expected; a text with blanks stands in quotes",
            ),
            ("tags(x)", "there is no 'tags(..)'; did you mean 'tag'?"),
            ("tag()", "'tag()' has no text"),
            ("tag(a b)", "'tag(..)' takes one text and a ')'"),
            ("'a", "a quote is not closed"),
            ("/a", "a regular expression ends in '/', as in /a.c/"),
            ("/(/", "/(/ is no regular expression: unclosed group"),
            ("or a", "'or' stands where a text was expected"),
        ] {
            let told = Expression::parse(filter).unwrap_err();
            assert_eq!(told, format!("the filter '{filter}': {why}"));
        }
        let deep = "(".repeat(100_000);
        assert!(Expression::parse(&deep).unwrap_err().ends_with("levels deep"));
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn no_text_panics(text in "(and|or|not|tag\\(|[()!&|/'\"\\\\ a-cé])*") {
            let _ = Expression::parse(&text);
        }
    }
}
