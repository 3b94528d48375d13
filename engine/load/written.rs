//! A file as it is written: its values with their comments and line breaks, for whoever writes it
//! anew. What the values mean is not known here.

use super::lexer::{Kind, Token};

/// A comment.
#[derive(Debug)]
pub struct Comment {
    /// How it is written, without white space at the ends of lines.
    pub text: String,
    /// A blank line stands before it.
    pub blank: bool,
    /// The line ends behind it.
    pub ends_line: bool,
}

/// A value.
#[derive(Debug)]
pub enum Value<'a> {
    /// A string, word or number.
    Leaf(&'a str),
    /// What stands in brackets.
    Bracket(Bracket<'a>),
}

/// A list, map, call or struct.
#[derive(Debug, Default)]
pub struct Bracket<'a> {
    /// Name of a call.
    pub head: &'a str,
    /// The opening bracket.
    pub open: &'a str,
    /// The closing one.
    pub close: &'a str,
    /// The line ends behind the opening bracket.
    pub broken: bool,
    /// Comments behind the opening bracket, in its line.
    pub after_open: Vec<Comment>,
    /// What stands in it.
    pub entries: Vec<Entry<'a>>,
    /// Comments before the closing bracket.
    pub end: Vec<Comment>,
}

/// An element of a list, or a name with its value.
#[derive(Debug)]
pub struct Entry<'a> {
    /// Comments before it.
    pub before: Vec<Comment>,
    /// A blank line stands between these and itself.
    pub blank: bool,
    /// It, or the first comment before it, is the first in its line.
    pub starts_row: bool,
    /// What stands before a colon.
    pub key: Option<Value<'a>>,
    /// Comments between the two.
    pub between: Vec<Comment>,
    /// The value.
    pub value: Value<'a>,
    /// Comments before the comma, in its line.
    pub after_value: Vec<Comment>,
    /// Comments behind the comma, in its line.
    pub after: Vec<Comment>,
}

/// A whole file.
#[derive(Debug)]
pub struct File<'a> {
    /// Comments before the list.
    pub head: Vec<Comment>,
    /// A blank line stands between these and the list.
    pub blank: bool,
    /// The list.
    pub list: Bracket<'a>,
    /// Comments in the line of its end.
    pub beside: Vec<Comment>,
    /// Comments after that.
    pub tail: Vec<Comment>,
}

/// Takes the tokens of a file apart that is known to be one list.
pub fn file<'a>(tokens: &'a [Token<'a>]) -> File<'a> {
    let mut reader = Reader { tokens, at: 0 };
    let head = reader.comments();
    let (head, blank) = (reader.told(head), reader.breaks() > 1);
    let list = reader.bracket("");
    let rest = reader.comments();
    let beside = rest.iter().take_while(|it| it.breaks == 0).count();
    let (beside, tail) = rest.split_at(beside);
    File { head, blank, list, beside: reader.told(beside), tail: reader.told(tail) }
}

struct Reader<'a> {
    tokens: &'a [Token<'a>],
    at: usize,
}

impl<'a> Reader<'a> {
    /// The comments here, which are passed.
    fn comments(&mut self) -> &'a [Token<'a>] {
        let rest = &self.tokens[self.at..];
        let count = rest.iter().take_while(|it| it.is_comment()).count();
        self.at += count;
        &rest[..count]
    }

    /// What stands here, comments aside.
    fn behind_comments(&self) -> Option<&'a Token<'a>> {
        self.tokens[self.at..].iter().find(|it| !it.is_comment())
    }

    /// Line breaks before what stands here; the end of the file is one.
    fn breaks(&self) -> usize {
        self.tokens.get(self.at).map_or(1, |it| it.breaks)
    }

    fn next(&mut self) -> &'a Token<'a> {
        self.at += 1;
        &self.tokens[self.at - 1]
    }

    /// Comments that stand right before here, each with the line breaks around it.
    fn told(&self, comments: &[Token<'a>]) -> Vec<Comment> {
        let behind = comments.iter().skip(1).map(|it| it.breaks).chain([self.breaks()]);
        comments.iter().zip(behind).map(|(it, behind)| comment(it, behind > 0)).collect()
    }

    /// The bracket that stands here.
    fn bracket(&mut self, head: &'a str) -> Bracket<'a> {
        let open = self.next().text;
        let first = self.breaks() > 0;
        let comments = self.comments();
        let own = match self.behind_comments() {
            Some(next) if next.kind == Kind::Close && next.breaks == 0 => 0,
            _ => beside(comments, self.breaks()),
        };
        let (after_open, mut pending) = comments.split_at(own);
        let broken = first || !after_open.is_empty();
        let mut res =
            Bracket { head, open, broken, after_open: self.told(after_open), ..Bracket::default() };
        let mut moved = Vec::new();
        while self.tokens[self.at].kind != Kind::Close {
            let mut before = std::mem::take(&mut moved);
            before.extend(self.told(pending));
            let mut entry = self.entry(before, pending.first().map(|it| it.breaks));
            let comments = self.comments();
            let comma = self.tokens[self.at].kind == Kind::Comma;
            let inline = comments.iter().all(|it| it.breaks == 0 && it.kind == Kind::Block);
            if comma && inline {
                entry.after_value = self.told(comments);
                self.at += 1;
                pending = self.comments();
            } else if comma {
                // A line comment before a comma gets behind it, and the others follow.
                let own = beside_comma(comments);
                entry.after = self.told(&comments[..own]);
                moved = self.told(&comments[own..]);
                self.at += 1;
                pending = self.comments();
            } else {
                pending = comments;
            }
            if entry.after.is_empty() && moved.is_empty() {
                let last = self.tokens[self.at].kind == Kind::Close;
                let own = beside(pending, if last { 1 } else { self.breaks() });
                let (after, rest) = pending.split_at(own);
                entry.after = self.told(after);
                pending = rest;
            }
            res.entries.push(entry);
        }
        res.end = moved;
        res.end.extend(self.told(pending));
        res.close = self.next().text;
        res
    }

    /// The entry here, behind comments of which the first has these line breaks before it.
    fn entry(&mut self, mut before: Vec<Comment>, breaks: Option<usize>) -> Entry<'a> {
        let starts_row = breaks.unwrap_or(self.breaks()) > 0;
        let blank = self.breaks() > 1;
        let mut stray = Vec::new();
        let mut value = self.value(&mut stray);
        let mut key = None;
        if self.behind_comments().is_some_and(|it| it.kind == Kind::Colon) {
            stray.extend(self.comments());
            self.at += 1;
            stray.extend(self.comments());
            key = Some(value);
            value = self.value(&mut stray);
        }
        // A line comment inside of an entry cannot stay where it is in one line.
        let (lines, blocks): (Vec<_>, Vec<_>) =
            stray.into_iter().partition(|it| it.kind == Kind::Line);
        let (mut own_blank, mut blank) = (blank, blank);
        for line in lines {
            let gap = std::mem::take(&mut own_blank);
            before.push(Comment { blank: gap, ..comment(line, true) });
            blank = false;
        }
        let between = blocks.into_iter().map(|it| comment(it, false)).collect();
        let (after_value, after) = (Vec::new(), Vec::new());
        Entry { before, blank, starts_row, key, between, value, after_value, after }
    }

    fn value(&mut self, stray: &mut Vec<&'a Token<'a>>) -> Value<'a> {
        if self.tokens[self.at].kind == Kind::Open {
            return Value::Bracket(self.bracket(""));
        }
        let word = self.next();
        if word.kind == Kind::Word && self.behind_comments().is_some_and(|it| it.text == "(") {
            stray.extend(self.comments());
            return Value::Bracket(self.bracket(word.text));
        }
        Value::Leaf(word.text)
    }
}

fn comment(token: &Token, ends_line: bool) -> Comment {
    let lines: Vec<&str> = token.text.split('\n').map(str::trim_end).collect();
    let ends_line = ends_line || token.kind == Kind::Line;
    Comment { text: lines.join("\n"), blank: token.breaks > 1, ends_line }
}

/// How many of the comments belong to the line in which they start, if what follows has these line
/// breaks before it.
fn beside(comments: &[Token], breaks: usize) -> usize {
    let own = beside_comma(comments);
    let last_is_line = own > 0 && comments[own - 1].kind == Kind::Line;
    if own == comments.len() && breaks == 0 && !last_is_line { 0 } else { own }
}

fn beside_comma(comments: &[Token]) -> usize {
    let own = comments.iter().take_while(|it| it.breaks == 0).count();
    let line = comments.iter().position(|it| it.kind == Kind::Line);
    line.map_or(own, |line| own.min(line + 1))
}
