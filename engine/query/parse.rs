//! Words and signs → expressions. What is open is kept in a list, so that the depth of a query is
//! limited by memory only.

use super::function::Function;
use super::token::{Operator, Span, Token, tokens};
use crate::base::{Place, Problem};

/// Number of an expression in a query.
pub(super) type ExprId = usize;

/// A query that was read. Operands stand before what is made of them.
#[derive(Debug)]
pub struct Query {
    pub(super) exprs: Vec<Expr>,
    /// The expression that all others are for.
    pub(super) whole: ExprId,
    /// Where the text stands.
    pub(super) place: Place,
    /// What can be read, but may be meant otherwise.
    pub warnings: Vec<Problem>,
}

/// An expression.
#[derive(Debug)]
pub(super) enum Expr {
    /// A pattern of targets.
    Word(String, Span),
    /// `set(a b c)`
    Set(Vec<(String, Span)>),
    /// Two sets, combined.
    Operation(Operator, ExprId, ExprId),
    /// A function with its arguments.
    Call(Function, Vec<Arg>, Span),
}

/// An argument.
#[derive(Debug)]
pub(super) enum Arg {
    Set(ExprId),
    Word(String, Span),
    Number(usize),
}

/// Reads a query; `name` is what its text is called in messages.
pub fn parse(name: &str, text: &str) -> Result<Query, Problem> {
    let place = Place::of_text(name, text);
    let tokens = tokens(text, &place)?;
    let parser = Parser {
        tokens: &tokens,
        at: 0,
        place: &place,
        exprs: Vec::new(),
        open: vec![Open::of(Kind::Whole, Span { start: 0, end: 0 })],
        variables: Vec::new(),
        warnings: Vec::new(),
    };
    let (exprs, whole, warnings) = parser.parse()?;
    Ok(Query { exprs, whole, place, warnings })
}

pub(super) struct Parser<'a> {
    tokens: &'a [(Token<'a>, Span)],
    at: usize,
    place: &'a Place,
    exprs: Vec<Expr>,
    pub(super) open: Vec<Open<'a>>,
    pub(super) variables: Vec<(&'a str, ExprId)>,
    warnings: Vec<Problem>,
}

/// Something that has begun and not ended, with the expression in it as far as it is read.
pub(super) struct Open<'a> {
    pub kind: Kind<'a>,
    pub span: Span,
    value: Option<ExprId>,
    operator: Option<Operator>,
    first: Option<Operator>,
}

pub(super) enum Kind<'a> {
    /// The query.
    Whole,
    /// `(`
    Paren,
    /// A function.
    Call(Function, Vec<Arg>),
    /// `let v =`
    Let(&'a str),
    /// What follows `in`; it ends where what is around it ends.
    In,
}

impl Open<'_> {
    fn of(kind: Kind, span: Span) -> Open {
        Open { kind, span, value: None, operator: None, first: None }
    }
}

impl<'a> Parser<'a> {
    fn parse(mut self) -> Result<(Vec<Expr>, ExprId, Vec<Problem>), Problem> {
        loop {
            let Some(mut operand) = self.operand()? else { continue };
            loop {
                self.take(operand);
                match self.after()? {
                    After::Operand => break,
                    After::Closed(closed) => operand = closed,
                    After::Over(whole) => return Ok((self.exprs, whole, self.warnings)),
                }
            }
        }
    }

    /// Reads one operand, or the beginning of one.
    fn operand(&mut self) -> Result<Option<ExprId>, Problem> {
        let (token, span) = self.next();
        match token {
            Token::Open => self.open.push(Open::of(Kind::Paren, span)),
            Token::Let => {
                let name = self.name(span)?;
                self.open.push(Open::of(Kind::Let(name), span));
            }
            Token::Set => return self.set(span).map(Some),
            Token::Word(word, false) if self.peek().0 == Token::Open => {
                let function = self.function(word, span)?;
                self.next();
                self.open.push(Open::of(Kind::Call(function, Vec::new()), span));
                return self.plain_arguments();
            }
            Token::Word(word, false) if word.starts_with('$') => {
                return self.variable(&word[1..], span).map(Some);
            }
            Token::Word(word, _) => {
                return Ok(Some(self.add(Expr::Word(word.to_string(), span))));
            }
            Token::End if self.tokens.len() == 1 => {
                return self.wrong(
                    span,
                    "the query is empty; 'deps(//a)' or '//...' would be one".to_string(),
                );
            }
            found => {
                let text = format!(
                    "an expression was expected: a target, a function or '(', found {}",
                    found.shown()
                );
                return self.wrong(span, text);
            }
        }
        Ok(None)
    }

    /// Puts an operand into what is open.
    fn take(&mut self, operand: ExprId) {
        let top = self.top();
        let value = match (top.value, top.operator.take()) {
            (Some(left), Some(operator)) => self.add(Expr::Operation(operator, left, operand)),
            _ => operand,
        };
        self.top().value = Some(value);
    }

    /// What follows an operand.
    fn after(&mut self) -> Result<After, Problem> {
        let (token, span) = self.peek();
        if let Token::Operator(operator) = token {
            self.next();
            let top = self.top();
            top.operator = Some(operator);
            let first = *top.first.get_or_insert(operator);
            if first != operator && self.warnings.is_empty() {
                let text = format!(
                    "'{}' and '{}' bind alike and are read from left to right; parentheses would say what is meant",
                    first.name(),
                    operator.name()
                );
                self.warnings.push(Problem::at(&span.of(self.place), text));
            }
            return Ok(After::Operand);
        }
        let Some(top) = self.open.pop() else { unreachable!("BUG: nothing is open") };
        let Some(value) = top.value else { unreachable!("BUG: no operand was read") };
        match (top.kind, token) {
            (Kind::In, _) => {
                self.variables.pop();
                Ok(After::Closed(value))
            }
            (Kind::Whole, Token::End) => Ok(After::Over(value)),
            (Kind::Paren, Token::Close) => {
                self.next();
                Ok(After::Closed(value))
            }
            (Kind::Let(name), Token::In) => {
                self.next();
                self.variables.push((name, value));
                self.open.push(Open::of(Kind::In, span));
                Ok(After::Operand)
            }
            (Kind::Call(function, mut args), Token::Comma | Token::Close) => {
                args.push(Arg::Set(value));
                self.open.push(Open::of(Kind::Call(function, args), top.span));
                Ok(self.more_arguments()?.map_or(After::Operand, After::Closed))
            }
            (kind, found) => {
                let found = found.shown();
                let text = match kind {
                    Kind::Paren if token == Token::End => {
                        return self.wrong(top.span, "this '(' is not closed".to_string());
                    }
                    Kind::Paren => format!("an operator or ')' was expected, found {found}"),
                    Kind::Call(function, _) if token == Token::End => {
                        return self.wrong(
                            top.span,
                            format!(
                                "'{}(' is not closed; it is written {}",
                                function.name(),
                                function.usage()
                            ),
                        );
                    }
                    Kind::Call(function, _) => format!(
                        "an operator, ',' or ')' was expected in {}, found {found}",
                        function.usage()
                    ),
                    Kind::Let(name) => format!(
                        "'in' was expected after the value of '{name}', found {found}: 'let v = deps(//a) in $v - //a'"
                    ),
                    _ if token == Token::Close => "this ')' closes nothing".to_string(),
                    _ if matches!(token, Token::Word(..)) => format!(
                        "an operator was expected before {found}; several targets are 'set(//a //b)' or '//a + //b'"
                    ),
                    _ => format!("an operator or the end was expected, found {found}"),
                };
                self.wrong(span, text)
            }
        }
    }

    pub(super) fn next(&mut self) -> (Token<'a>, Span) {
        let found = self.peek();
        self.at += 1;
        found
    }

    pub(super) fn peek(&self) -> (Token<'a>, Span) {
        self.tokens[self.at.min(self.tokens.len() - 1)]
    }

    pub(super) fn top(&mut self) -> &mut Open<'a> {
        self.open.last_mut().unwrap_or_else(|| unreachable!("BUG: nothing is open"))
    }

    pub(super) fn add(&mut self, expr: Expr) -> ExprId {
        self.exprs.push(expr);
        self.exprs.len() - 1
    }

    pub(super) fn wrong<T>(&self, span: Span, text: String) -> Result<T, Problem> {
        Err(Problem::at(&span.of(self.place), text))
    }
}

/// What follows an operand.
enum After {
    /// A further one.
    Operand,
    /// What was open has ended and is an operand itself.
    Closed(ExprId),
    /// Nothing.
    Over(ExprId),
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const PIECES: &[&str] = &[
        "(",
        ")",
        ",",
        "=",
        "+",
        "-",
        "^",
        " ",
        "\n",
        "let ",
        " in ",
        "set",
        "set(",
        "union ",
        "$v",
        "v",
        "//a:b",
        "...",
        "deps(",
        "kind(",
        "attr(",
        "rdeps(",
        "some(",
        "1",
        "'x y'",
        "\"",
        "'",
        "é",
        "#",
        "%",
        "*",
        "except ",
        "intersect ",
    ];

    proptest! {
        #[test]
        fn whatever_is_typed_is_read_or_told(at in prop::collection::vec(0..PIECES.len(), 0..20)) {
            let text: String = at.iter().map(|at| PIECES[*at]).collect();
            match parse("query", &text) {
                Ok(query) => {
                    prop_assert!(query.whole < query.exprs.len());
                    for (id, expr) in query.exprs.iter().enumerate() {
                        let mut operands = Vec::new();
                        match expr {
                            Expr::Operation(_, left, right) => operands.extend([*left, *right]),
                            Expr::Call(_, args, _) => {
                                operands.extend(args.iter().filter_map(|arg| match arg {
                                    Arg::Set(id) => Some(*id),
                                    Arg::Word(..) | Arg::Number(_) => None,
                                }));
                            }
                            Expr::Word(..) | Expr::Set(_) => {}
                        }
                        prop_assert!(operands.iter().all(|operand| *operand < id));
                    }
                }
                Err(problem) => prop_assert!(problem.place.is_some() && !problem.text.is_empty()),
            }
        }
    }
}
