//! RON text → a tree in which every node has its place. Strings with escapes, numbers, comments and
//! the check of the whole are left to the `ron` crate; only brackets and commas are followed here.

use super::rule::Text;
use super::syntax;
use super::token::{is_float_word, leading_word, plain_string, skip_space, skip_value, value};
use crate::base::{Place, Problem, Problems, Source};
use std::collections::HashMap;
use std::sync::Arc;

/// A value of a file.
#[derive(Debug)]
pub struct Node {
    /// Its span, without comments around it.
    pub place: Place,
    /// What it is.
    pub kind: Kind,
}

/// Nodes are equal if they say the same, wherever they stand.
impl PartialEq for Node {
    fn eq(&self, other: &Node) -> bool {
        self.kind == other.kind
    }
}

/// What a value is.
#[derive(Debug, PartialEq)]
pub enum Kind {
    /// A string. It is `plain` if its bytes stand in the file as they are, so that an offset in
    /// `text` is an offset in the file.
    String { text: String, plain: bool },
    /// A whole number.
    Int(i64),
    /// `true` or `false`.
    Bool(bool),
    /// `[a, b]`.
    List(Vec<Node>),
    /// `{k: v}`.
    Map(Vec<(Node, Node)>),
    /// `name(a: 1)` or `name("x", [..])`.
    Call(Text, Args),
    /// `(a: 1)`.
    Struct(Vec<Arg>),
    /// A bare word.
    Word(String),
}

/// What stands in the parentheses of a call.
#[derive(Debug, PartialEq)]
pub enum Args {
    /// `a: 1, b: 2`; also nothing at all.
    Named(Vec<Arg>),
    /// `"x", [..]`.
    Plain(Vec<Node>),
}

/// A name with its value.
#[derive(Debug, PartialEq)]
pub struct Arg {
    /// The name.
    pub name: Text,
    /// The value.
    pub value: Node,
}

/// The entries of a file, which is one list.
pub fn parse(source: &Arc<Source>) -> Result<Vec<Node>, Problems> {
    let text = syntax::checked(source)?;
    let mut grower = Grower { source, problems: Problems::default() };
    let (nodes, _) = grower.values(text, ']');
    grower.problems.or(nodes)
}

/// Takes good RON apart. `ron` has seen the whole text before, so brackets match, nesting is
/// limited, and what is refused here is good RON that these files do not use.
struct Grower<'a> {
    source: &'a Arc<Source>,
    problems: Problems,
}

impl<'a> Grower<'a> {
    /// The values up to the closing bracket, and what follows it.
    fn values(&mut self, mut text: &'a str, close: char) -> (Vec<Node>, &'a str) {
        let mut nodes = Vec::new();
        loop {
            text = skip_space(text);
            if let Some(rest) = text.strip_prefix(close) {
                return (nodes, rest);
            }
            let (node, rest) = self.node(text);
            nodes.extend(node);
            match self.after_value(text, rest) {
                Some(rest) => text = rest,
                None => return (nodes, ""),
            }
        }
    }

    /// The pairs of a map up to its closing brace, and what follows it.
    fn pairs(&mut self, mut text: &'a str) -> (Vec<(Node, Node)>, &'a str) {
        let mut pairs = Vec::new();
        loop {
            text = skip_space(text);
            if let Some(rest) = text.strip_prefix('}') {
                return (pairs, rest);
            }
            let (key, rest) = self.node(text);
            let rest = skip_space(rest);
            let (value, rest) = self.node(rest.strip_prefix(':').unwrap_or(rest));
            pairs.extend(key.zip(value));
            match self.after_value(text, rest) {
                Some(rest) => text = rest,
                None => return (pairs, ""),
            }
        }
    }

    /// What stands between parentheses, and what follows them.
    fn args(&mut self, mut text: &'a str) -> (Args, &'a str) {
        let first = skip_space(text);
        let named = skip_space(&first[leading_word(first).len()..]).starts_with(':');
        if !named && !first.starts_with(')') {
            let (nodes, rest) = self.values(first, ')');
            return (Args::Plain(nodes), rest);
        }
        let mut args = Vec::new();
        let mut seen: HashMap<&str, &str> = HashMap::new();
        loop {
            text = skip_space(text);
            if let Some(rest) = text.strip_prefix(')') {
                return (Args::Named(args), rest);
            }
            let name = leading_word(text);
            let rest = skip_space(&text[name.len()..]);
            let (value, rest) = self.node(rest.strip_prefix(':').unwrap_or(rest));
            if let Some(first) = seen.insert(name, name) {
                let problem = Problem::at(&self.place(name), format!("'{name}' is given twice"));
                self.problems.push(problem.also(&self.place(first), "first here"));
            } else if let Some(value) = value {
                args.push(Arg { name: self.text(name), value });
            }
            match self.after_value(text, rest) {
                Some(rest) => text = rest,
                None => return (Args::Named(args), ""),
            }
        }
    }

    /// What follows the comma behind a value that started at `text` and ended at `rest`. Nothing
    /// if `ron` and we see different things there, which ends the reading.
    fn after_value(&mut self, text: &'a str, rest: &'a str) -> Option<&'a str> {
        let rest = skip_space(rest);
        if let Some(rest) = rest.strip_prefix(',') {
            return Some(rest);
        }
        if rest.len() < text.len() && rest.starts_with([']', ')', '}']) {
            return Some(rest);
        }
        if self.problems.is_empty() {
            self.refuse(rest, "", "this cannot be read; a plain value was expected");
        }
        None
    }

    /// The value at the start of a text, white space aside, and what follows it.
    fn node(&mut self, text: &'a str) -> (Option<Node>, &'a str) {
        let text = skip_space(text);
        if let Some((value, rest)) = plain_string(text) {
            let kind = Kind::String { text: value.to_string(), plain: true };
            return self.end(text, kind, rest);
        }
        let word = leading_word(text);
        let behind = &text[word.len()..];
        match (word, text.as_bytes().first()) {
            ("", Some(b'[')) => {
                let (nodes, rest) = self.values(&text[1..], ']');
                self.end(text, Kind::List(nodes), rest)
            }
            ("", Some(b'{')) => {
                let (pairs, rest) = self.pairs(&text[1..]);
                self.end(text, Kind::Map(pairs), rest)
            }
            ("", Some(b'(')) => match self.args(&text[1..]) {
                (Args::Named(args), rest) => self.end(text, Kind::Struct(args), rest),
                (Args::Plain(_), rest) => self.refuse(
                    text,
                    rest,
                    "values in parentheses have names: '(name: value)'; a list is written in '[' and ']'",
                ),
            },
            ("" | "r", Some(_)) if behind.trim_start_matches('#').starts_with('"') => {
                match value::<String>(text) {
                    Some((value, rest)) => {
                        self.end(text, Kind::String { text: value, plain: false }, rest)
                    }
                    None => self.refuse(text, skip_value(text), "a string was expected here"),
                }
            }
            ("b" | "br", _) if behind.starts_with(['"', '\'', '#']) => {
                let why = "byte strings are not used here; write a plain string: \"..\"";
                self.refuse(text, skip_value(text), why)
            }
            ("", Some(b'\'')) => {
                let why = "a string is written in double quotes: \"..\"";
                self.refuse(text, skip_value(text), why)
            }
            ("", _) => self.number(text),
            (word, _) if is_float_word(word) => self.number(text),
            ("true", _) => self.end(text, Kind::Bool(true), behind),
            ("false", _) => self.end(text, Kind::Bool(false), behind),
            ("Some", _) => {
                let why = "'Some(..)' is not used here; write the value itself";
                self.refuse(text, skip_value(text), why)
            }
            ("None", _) => self.refuse(text, behind, "'None' is not used here; leave the field out"),
            ("r", _) if behind.starts_with('#') => {
                self.refuse(text, skip_value(text), "raw names such as 'r#x' are not used here")
            }
            _ => match skip_space(behind).strip_prefix('(') {
                Some(inner) => {
                    let (args, rest) = self.args(inner);
                    self.end(text, Kind::Call(self.text(word), args), rest)
                }
                None => self.end(text, Kind::Word(word.to_string()), behind),
            },
        }
    }

    fn number(&mut self, text: &'a str) -> (Option<Node>, &'a str) {
        let rest = skip_value(text);
        if let Some((number, after)) = value::<i64>(text)
            && after.len() == rest.len()
        {
            return self.end(text, Kind::Int(number), rest);
        }
        let token = text[..text.len() - rest.len()].trim_end();
        let digits = token.trim_start_matches(['+', '-']);
        let why = match digits.bytes().all(|b| b.is_ascii_digit() || b == b'_') {
            true => format!("{token} is too large; a number lies between -2^63 and 2^63-1"),
            false => format!("only whole numbers are used here, found '{token}'"),
        };
        self.refuse(text, rest, &why)
    }

    /// A node that starts at `text` and ends at `rest`.
    fn end(&self, text: &'a str, kind: Kind, rest: &'a str) -> (Option<Node>, &'a str) {
        let place = self.place(&text[..text.len() - rest.len()]);
        (Some(Node { place, kind }), rest)
    }

    fn refuse(&mut self, text: &'a str, rest: &'a str, why: &str) -> (Option<Node>, &'a str) {
        let value = &text[..text.len() - rest.len()];
        let line = value.lines().next().unwrap_or("");
        let place = self.place(line.trim_end());
        self.problems.push(Problem::at(&place, why));
        (None, rest)
    }

    fn text(&self, slice: &str) -> Text {
        Text { text: slice.to_string(), place: self.place(slice) }
    }

    /// The place of a slice of the source's text.
    fn place(&self, slice: &str) -> Place {
        let start = slice.as_ptr().addr().wrapping_sub(self.source.text.as_ptr().addr());
        Place::new(self.source, start, start.saturating_add(slice.len()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> Result<Vec<Node>, Problems> {
        parse(&syntax::source("f.ron", text.into()).unwrap())
    }

    fn show(node: &Node) -> String {
        let all = |nodes: &[Node]| nodes.iter().map(show).collect::<Vec<_>>().join(" ");
        let named = |args: &[Arg]| {
            let one = |arg: &Arg| format!("{}={}", arg.name.text, show(&arg.value));
            args.iter().map(one).collect::<Vec<_>>().join(" ")
        };
        let kind = match &node.kind {
            Kind::String { text, plain: true } => format!("'{text}'"),
            Kind::String { text, plain: false } => format!("~'{text}'"),
            Kind::Int(value) => value.to_string(),
            Kind::Bool(value) => value.to_string(),
            Kind::Word(word) => word.clone(),
            Kind::List(nodes) => format!("[{}]", all(nodes)),
            Kind::Map(pairs) => {
                let one = |(k, v): &(Node, Node)| format!("{}:{}", show(k), show(v));
                format!("{{{}}}", pairs.iter().map(one).collect::<Vec<_>>().join(" "))
            }
            Kind::Call(name, Args::Named(args)) => format!("{}({})", name.text, named(args)),
            Kind::Call(name, Args::Plain(nodes)) => format!("{}({})", name.text, all(nodes)),
            Kind::Struct(args) => format!("({})", named(args)),
        };
        format!("{kind}@{}", node.place.column())
    }

    #[test]
    fn every_node_knows_its_place_whatever_comments_stand_around_it() {
        let nodes = read(
            "[ /* a */ f ( x : \"a\" , y: [1 /* \" */, true], ) // \"\n, g(\"b\", [w]), h(), {\"k\": r\"\\\"}, (z: -5)]",
        );
        let shown: Vec<String> = nodes.unwrap().iter().map(show).collect();
        assert_eq!(
            shown,
            [
                "f(x='a'@19 y=[1@29 true@40]@28)@11",
                "g('b'@5 [w@11]@10)@3",
                "h()@16",
                "{'k'@22:~'\\'@27}@21",
                "(z=-5@38)@34"
            ]
        );
    }

    #[test]
    fn good_ron_that_is_not_used_here_is_refused_where_it_stands() {
        let text =
            "[f(a: 'x', b: 1.5, c: b\"x\", d: 1..2, e: Some(1), f: None, g: (1, 2), h: inf, a: 1)]";
        let wrong = read(text).unwrap_err();
        let columns: Vec<usize> =
            wrong.iter().map(|it| it.place.as_ref().unwrap().column()).collect();
        assert_eq!(columns, [7, 15, 23, 32, 41, 53, 62, 73, 78]);
    }

    #[test]
    fn syntax_errors_say_what_would_be_right() {
        let told = |text: &str| {
            let wrong = read(text).unwrap_err();
            wrong
                .iter()
                .map(|it| format!("{}: {}", it.place.as_ref().unwrap(), it.text))
                .next()
                .unwrap()
        };
        assert_eq!(told("[f(a = 1)]"), "f.ron:1:6: RON writes 'name: value', not 'name = value'");
        assert_eq!(told("# x\n[]"), "f.ron:1:1: a comment starts with '//' in RON, not with '#'");
        assert_eq!(
            told("[\n  # x\n]"),
            "f.ron:2:3: a comment starts with '//' in RON, not with '#'"
        );
        assert_eq!(told("['abc']"), "f.ron:1:2: a string is written in double quotes: \"..\"");
        assert!(
            told("\u{feff}[]").starts_with("f.ron:1:1: the file starts with a byte order mark")
        );
        assert!(told("#![enable(implicit_some)]\n[]").starts_with("f.ron:1:1: attributes such as"));
        assert!(told("f(a: 1)").starts_with("f.ron:1:1: the file is one list"));
        assert!(told("[f(a: 1)").starts_with("f.ron:1:9: the file ends here"));
        assert!(told("[\"a]").starts_with("f.ron:1:2: this string is not closed"));
        assert!(told("[1 2]").starts_with("f.ron:1:4: found '2', but a comma was expected"));
    }

    #[test]
    fn a_file_that_is_no_text_is_told_at_its_first_wrong_byte() {
        let problem = syntax::source("f.ron", b"[\n\"caf\xe9\"]".to_vec()).unwrap_err();
        assert_eq!(problem.place.as_ref().unwrap().to_string(), "f.ron:2:5");
        assert!(problem.text.starts_with("the byte 0xe9 is not UTF-8"));
    }

    proptest! {
        #[test]
        fn nothing_panics(
            parts in prop::collection::vec(
                prop::sample::select(vec![
                    "[", "]", "(", ")", "{", "}", ",", ":", "\"", "\\", "'", "#", "//", "/*", "*/", "\n", " ", "f(",
                    "name: ", "\"a\"", "r\"x\"", "r#\"", "r#y", "b\"", "1", "-", "1.5", "..", "Some(", "None", "é", "\u{feff}", "when",
                ]),
                0..30,
            ),
        ) {
            let text = parts.concat();
            for text in [format!("[{text}]"), format!("[f({text})]"), text] {
                if let Err(problems) = read(&text) {
                    let shown = problems.to_string();
                    prop_assert!(!shown.is_empty() && !shown.contains("this cannot be read"), "{text}: {shown}");
                }
            }
        }

        #[test]
        fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            if let Ok(source) = syntax::source("f.ron", bytes) {
                let _ = parse(&source);
            }
        }
    }
}
