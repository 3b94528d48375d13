//! The arguments of a function, as far as they are words and numbers.

use super::function::{FUNCTIONS, Function, HABITS, Takes};
use super::parse::{Arg, Expr, ExprId, Kind, Open, Parser};
use super::token::{Span, Token};
use crate::base::{Problem, listing, nearest};

impl Parser<'_> {
    /// Reads the arguments of the open function that are words or numbers, up to the next set or to
    /// the end of the function, which is then an operand.
    pub(super) fn plain_arguments(&mut self) -> Result<Option<ExprId>, Problem> {
        let (function, count) = self.call();
        let (token, span) = self.peek();
        let ordinal = ["first", "second", "third", "fourth"][count.min(3)];
        let usage = function.usage();
        if token == Token::Close {
            let text = format!("an argument is missing: it is written {usage}");
            return self.wrong(span, text);
        }
        let arg = match (function.takes()[count], token) {
            (Takes::Set, _) => return Ok(None),
            (Takes::Number, Token::Word(word, _)) => match word.parse() {
                Ok(number) => Arg::Number(number),
                Err(_) => {
                    let text = format!(
                        "a whole number was expected as {ordinal} argument of {usage}, found '{word}'"
                    );
                    return self.wrong(span, text);
                }
            },
            (Takes::Word | Takes::Regex, Token::Word(word, _)) => Arg::Word(word.to_string(), span),
            (takes, found) => {
                let wanted = match takes {
                    Takes::Number => "a whole number",
                    Takes::Regex => "a regular expression",
                    _ => "a word",
                };
                let text = format!(
                    "{wanted} was expected as {ordinal} argument of {usage}, found {}",
                    found.shown()
                );
                return self.wrong(span, text);
            }
        };
        self.next();
        if let (Arg::Word(word, _), (Token::Open, span)) = (&arg, self.peek()) {
            let text = format!(
                "the {ordinal} argument of {usage} is a word, not an expression; found '{word}('"
            );
            return self.wrong(span, text);
        }
        if let Kind::Call(_, args) = &mut self.top().kind {
            args.push(arg);
        }
        self.more_arguments()
    }

    /// What follows an argument.
    pub(super) fn more_arguments(&mut self) -> Result<Option<ExprId>, Problem> {
        let (function, count) = self.call();
        let takes = function.takes();
        let least = takes.iter().filter(|it| **it != Takes::Number).count();
        let (token, span) = self.peek();
        match token {
            Token::Comma if count < takes.len() => {
                self.next();
                self.plain_arguments()
            }
            Token::Close if count >= least => {
                self.next();
                let Some(Open { kind: Kind::Call(_, args), span: name, .. }) = self.open.pop()
                else {
                    unreachable!("BUG: the open function is gone")
                };
                Ok(Some(self.add(Expr::Call(function, args, name))))
            }
            Token::Comma => {
                let text = format!(
                    "'{}' takes {} at most: {}",
                    function.name(),
                    count_of(takes.len()),
                    function.usage()
                );
                self.wrong(span, text)
            }
            Token::Close => {
                let text = format!(
                    "'{}' takes {}: {}",
                    function.name(),
                    count_of(least),
                    function.usage()
                );
                self.wrong(span, text)
            }
            found => {
                let text = format!(
                    "',' or ')' was expected in {}, found {}",
                    function.usage(),
                    found.shown()
                );
                self.wrong(span, text)
            }
        }
    }

    fn call(&mut self) -> (Function, usize) {
        match &self.top().kind {
            Kind::Call(function, args) => (*function, args.len()),
            _ => unreachable!("BUG: no function is open"),
        }
    }

    pub(super) fn function(&self, name: &str, span: Span) -> Result<Function, Problem> {
        if let Some((_, function, _)) = FUNCTIONS.iter().find(|it| it.0 == name) {
            return Ok(*function);
        }
        if let Some((_, advice)) = HABITS.iter().find(|it| it.0 == name) {
            return self.wrong(span, format!("there is no function '{name}'; {advice}"));
        }
        let known = || FUNCTIONS.iter().map(|it| it.0);
        let near = match nearest(name, known()) {
            near if near.is_empty() => format!("; there are {}", listing(known(), 100)),
            near => near,
        };
        self.wrong(span, format!("there is no function '{name}'{near}"))
    }
}

fn count_of(arguments: usize) -> String {
    match arguments {
        1 => "one argument".to_string(),
        2 => "two arguments".to_string(),
        count => format!("{} arguments", if count == 3 { "three" } else { "several" }),
    }
}
