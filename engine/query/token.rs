//! The text of a query → words and signs, each with its place.

use crate::base::{Place, Problem};

/// Signs that may stand in a word without quotes; letters and digits may, too. They are Bazel's.
const IN_WORDS: &str = "*/@.-_:$~[]";

/// A piece of a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Token<'a> {
    /// A word, and whether it stood in quotes.
    Word(&'a str, bool),
    /// `(`
    Open,
    /// `)`
    Close,
    /// `,`
    Comma,
    /// `=`
    Equals,
    /// A set operator.
    Operator(Operator),
    /// `let`
    Let,
    /// `in`
    In,
    /// `set`
    Set,
    /// Nothing follows.
    End,
}

/// What is done to two sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    /// `union` or `+`
    Union,
    /// `intersect` or `^`
    Intersect,
    /// `except` or `-`
    Except,
}

/// Bytes of the query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    pub start: usize,
    pub end: usize,
}

impl Span {
    /// The place of these bytes in a query that stands at `whole`.
    pub fn of(self, whole: &Place) -> Place {
        whole.within(self.start, self.end - self.start)
    }
}

/// All pieces of a query; the last is `End`.
pub(super) fn tokens<'a>(text: &'a str, whole: &Place) -> Result<Vec<(Token<'a>, Span)>, Problem> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let start = at;
        at += 1;
        let token = match byte {
            b' ' | b'\t' | b'\n' | b'\r' => continue,
            b'(' => Token::Open,
            b')' => Token::Close,
            b',' => Token::Comma,
            b'=' => Token::Equals,
            b'+' => Token::Operator(Operator::Union),
            b'^' => Token::Operator(Operator::Intersect),
            b'-' => Token::Operator(Operator::Except),
            b'"' | b'\'' => {
                let Some(len) = memchr::memchr(byte, &bytes[at..]) else {
                    let quote = byte as char;
                    let place = Span { start, end: at }.of(whole);
                    return Err(Problem::at(
                        &place,
                        format!(
                            "this {quote} has no partner: a word in quotes ends with the same sign"
                        ),
                    ));
                };
                at += len + 1;
                Token::Word(&text[start + 1..at - 1], true)
            }
            byte if in_word(byte) && byte != b'*' => {
                let len = bytes[at..].iter().take_while(|byte| in_word(**byte)).count();
                at += len;
                match &text[start..at] {
                    "let" => Token::Let,
                    "in" => Token::In,
                    "set" => Token::Set,
                    "union" => Token::Operator(Operator::Union),
                    "intersect" => Token::Operator(Operator::Intersect),
                    "except" => Token::Operator(Operator::Except),
                    word => Token::Word(word, false),
                }
            }
            _ => {
                let sign = text[start..].chars().next().unwrap_or(' ');
                let place = Span { start, end: start + sign.len_utf8() }.of(whole);
                let text = match sign {
                    '*' => "a word without quotes does not start with '*'; write \"*..\"".to_string(),
                    '#' => "a query speaks of targets, not of their cases; leave out '#' and what follows".to_string(),
                    '&' | '|' | '!' => format!("'{sign}' is no operator; sets are combined with 'intersect', 'union' and 'except', or '^', '+' and '-'"),
                    _ => format!("{sign:?} cannot stand outside of quotes; words without quotes are made of letters, digits and {IN_WORDS}"),
                };
                return Err(Problem::at(&place, text));
            }
        };
        found.push((token, Span { start, end: at }));
    }
    found.push((Token::End, Span { start: text.len(), end: text.len() }));
    Ok(found)
}

fn in_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || IN_WORDS.as_bytes().contains(&byte)
}

impl Token<'_> {
    /// What was found, in words.
    pub fn shown(&self) -> String {
        match self {
            Token::Word(word, false) => format!("'{word}'"),
            Token::Word(word, true) => format!("\"{word}\""),
            Token::Open => "'('".to_string(),
            Token::Close => "')'".to_string(),
            Token::Comma => "','".to_string(),
            Token::Equals => "'='".to_string(),
            Token::Operator(operator) => format!("'{}'", operator.name()),
            Token::Let => "'let'".to_string(),
            Token::In => "'in'".to_string(),
            Token::Set => "'set'".to_string(),
            Token::End => "the end of the query".to_string(),
        }
    }
}

impl Operator {
    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Operator::Union => "union",
            Operator::Intersect => "intersect",
            Operator::Except => "except",
        }
    }
}
