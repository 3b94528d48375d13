//! What is made of words alone: `set(..)`, and the names of variables.

use super::parse::{Expr, ExprId, Parser};
use super::token::{Span, Token};
use crate::base::{Problem, listing, nearest};

impl<'a> Parser<'a> {
    pub(super) fn set(&mut self, span: Span) -> Result<ExprId, Problem> {
        let (open, at) = self.next();
        if open != Token::Open {
            return self.wrong(
                at,
                format!("'(' was expected after 'set', found {}: 'set(//a //b)'", open.shown()),
            );
        }
        let mut words = Vec::new();
        loop {
            let (token, at) = self.next();
            match token {
                Token::Word(word, _) => words.push((word.to_string(), at)),
                Token::Close => return Ok(self.add(Expr::Set(words))),
                Token::Comma => {
                    return self.wrong(
                        at,
                        "the words of 'set(..)' stand without commas: 'set(//a //b)'".to_string(),
                    );
                }
                Token::End => return self.wrong(span, "'set(' is not closed".to_string()),
                found => {
                    let text = format!(
                        "'set(..)' holds words only, found {}; expressions are combined with '+'",
                        found.shown()
                    );
                    return self.wrong(at, text);
                }
            }
        }
    }

    /// The name of a variable, and `=`.
    pub(super) fn name(&mut self, span: Span) -> Result<&'a str, Problem> {
        let (token, at) = self.next();
        let name = match token {
            Token::Word(word, false) if is_name(word) => word,
            Token::Word(word, false) if word.strip_prefix('$').is_some_and(is_name) => {
                return self.wrong(
                    at,
                    format!(
                        "the '$' belongs where a variable is used; here write '{}'",
                        &word[1..]
                    ),
                );
            }
            Token::End => {
                return self.wrong(
                    span,
                    "a name was expected after 'let': 'let v = deps(//a) in $v - //a'".to_string(),
                );
            }
            found => {
                let text = format!(
                    "a name made of letters, digits and _ was expected after 'let', found {}",
                    found.shown()
                );
                return self.wrong(at, text);
            }
        };
        let (token, at) = self.next();
        match token {
            Token::Equals => Ok(name),
            found => self
                .wrong(at, format!("'=' was expected after 'let {name}', found {}", found.shown())),
        }
    }

    pub(super) fn variable(&self, name: &str, span: Span) -> Result<ExprId, Problem> {
        if let Some((_, value)) = self.variables.iter().rev().find(|it| it.0 == name) {
            return Ok(*value);
        }
        let known = || self.variables.iter().map(|it| it.0);
        let has = match nearest(name, known()) {
            near if !near.is_empty() => near,
            _ if self.variables.is_empty() => format!("; 'let {name} = .. in ..' would make one"),
            _ => format!("; there is {}", listing(known(), 10)),
        };
        self.wrong(span, format!("there is no variable '{name}' here{has}"))
    }
}

fn is_name(word: &str) -> bool {
    let mut chars = word.chars();
    chars.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
        && chars.all(|c| c.is_ascii_alphanumeric() || c == '_')
}
