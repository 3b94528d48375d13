//! RON text → a tree in which every node has its place. All lexing is left to the `ron` crate:
//! each element is taken as a raw slice of the text, whose place is the distance of two pointers.

use super::elements::{Elements, Pairs};
use super::rule::Text;
use super::syntax;
use crate::base::{Place, Problem, Problems, Source};
use ron::value::RawValue;
use serde::Deserialize;
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

/// What a value is.
#[derive(Debug)]
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
#[derive(Debug)]
pub enum Args {
    /// `a: 1, b: 2`; also nothing at all.
    Named(Vec<Arg>),
    /// `"x", [..]`.
    Plain(Vec<Node>),
}

/// A name with its value.
#[derive(Debug)]
pub struct Arg {
    /// The name.
    pub name: Text,
    /// The value.
    pub value: Node,
}

/// The entries of a file, which is one list.
pub fn parse(source: &Arc<Source>) -> Result<Vec<Node>, Problems> {
    let entries = syntax::entries(source)?;
    let mut grower = Grower { source, problems: Problems::default() };
    let nodes = entries.iter().filter_map(|raw| grower.node(raw.get_ron())).collect();
    grower.problems.or(nodes)
}

struct Grower<'a> {
    source: &'a Arc<Source>,
    problems: Problems,
}

impl<'a> Grower<'a> {
    /// The node that stands in a slice of the source, comments around it allowed. The slice was
    /// seen by `ron` before; whatever is refused here is good RON that these files do not use.
    fn node(&mut self, raw: &'a str) -> Option<Node> {
        let text = skip_space(raw);
        if let Some((kind, len)) = plain_string(text) {
            return Some(Node { place: self.place(&text[..len]), kind });
        }
        let word = leading_word(text);
        match (word, text.as_bytes().first()?) {
            ("", b'"') | ("r", _)
                if text[word.len()..].trim_start_matches('#').starts_with('"') =>
            {
                let (value, len) = self.value::<String>(text, "a string")?;
                let kind = Kind::String { text: value, plain: false };
                Some(Node { place: self.place(&text[..len]), kind })
            }
            ("", b'[') => {
                let (Elements::Values(values), len) = self.value(text, "a list")? else {
                    return self.refuse(text, "a list was expected here");
                };
                let kind = Kind::List(self.nodes(&values));
                Some(Node { place: self.place(&text[..len]), kind })
            }
            ("", b'{') => {
                let (Pairs(pairs), len) = self.value(text, "a map")?;
                let node = |(key, value): &(&'a RawValue, &'a RawValue)| {
                    Some((self.node(key.get_ron())?, self.node(value.get_ron())?))
                };
                let kind = Kind::Map(pairs.iter().filter_map(node).collect());
                Some(Node { place: self.place(&text[..len]), kind })
            }
            ("", b'(') => {
                let (args, len) = self.args(text)?;
                let place = self.place(&text[..len]);
                match args {
                    Args::Named(args) => Some(Node { place, kind: Kind::Struct(args) }),
                    Args::Plain(_) => {
                        self.refuse(&text[..len], "values in parentheses have names: '(name: value)'; a list is written in '[' and ']'")
                    }
                }
            }
            ("", b'\'') => self.refuse(text, "a string is written in double quotes: \"..\""),
            ("", _) => self.number(text),
            ("b" | "br", _) if text[word.len()..].starts_with(['"', '\'', '#']) => {
                self.refuse(text, "byte strings are not used here; write a plain string: \"..\"")
            }
            ("true", _) => Some(self.leaf(word, Kind::Bool(true))),
            ("false", _) => Some(self.leaf(word, Kind::Bool(false))),
            ("Some", _) => self.refuse(text, "'Some(..)' is not used here; write the value itself"),
            ("None", _) => self.refuse(text, "'None' is not used here; leave the field out"),
            (word, _) if is_float_word(word) => self.number(text),
            _ => self.call(text, word),
        }
    }

    fn nodes(&mut self, values: &[&'a RawValue]) -> Vec<Node> {
        values.iter().filter_map(|raw| self.node(raw.get_ron())).collect()
    }

    fn leaf(&self, text: &str, kind: Kind) -> Node {
        Node { place: self.place(text), kind }
    }

    fn call(&mut self, text: &'a str, word: &'a str) -> Option<Node> {
        let rest = skip_space(&text[word.len()..]);
        if !rest.starts_with('(') {
            if rest.is_empty() {
                return Some(self.leaf(word, Kind::Word(word.to_string())));
            }
            return self.refuse(text, "raw names such as 'r#x' are not used here");
        }
        let (args, len) = self.args(rest)?;
        let whole = &text[..text.len() - rest.len() + len];
        let kind = Kind::Call(self.text(word), args);
        Some(Node { place: self.place(whole), kind })
    }

    /// The arguments at the start of `text`, which starts with a parenthesis, and their length.
    fn args(&mut self, text: &'a str) -> Option<(Args, usize)> {
        let (elements, len) = self.value::<Elements>(text, "arguments")?;
        let fields = match elements {
            Elements::Values(values) if values.is_empty() => Vec::new(),
            Elements::Values(values) => return Some((Args::Plain(self.nodes(&values)), len)),
            Elements::Fields(fields) => fields,
        };
        let mut args: Vec<Arg> = Vec::with_capacity(fields.len());
        let mut seen: HashMap<&str, &str> = HashMap::with_capacity(fields.len());
        for (name, value) in fields {
            if let Some(first) = seen.insert(name, name) {
                let problem = Problem::at(&self.place(name), format!("'{name}' is given twice"));
                self.problems.push(problem.also(&self.place(first), "first here"));
            } else if let Some(value) = self.node(value.get_ron()) {
                args.push(Arg { name: self.text(name), value });
            }
        }
        Some((Args::Named(args), len))
    }

    fn number(&mut self, text: &'a str) -> Option<Node> {
        let mut reader = ron::Deserializer::from_str(text).ok()?;
        if let Ok(value) = i64::deserialize(&mut reader) {
            let len = text.len() - reader.remainder().len();
            if skip_space(reader.remainder()).is_empty() {
                return Some(self.leaf(&text[..len], Kind::Int(value)));
            }
        }
        let end = text.find(|c: char| c.is_whitespace() || "/,)]}".contains(c));
        let token = &text[..end.unwrap_or(text.len())];
        let digits = token.trim_start_matches(['+', '-']);
        if !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit() || b == b'_') {
            return self.refuse(
                token,
                &format!("{token} is too large; a number lies between -2^63 and 2^63-1"),
            );
        }
        self.refuse(token, &format!("only whole numbers are used here, found {token}"))
    }

    /// Reads the value at the start of `text` through `ron`, with its length.
    fn value<T: Deserialize<'a>>(&mut self, text: &'a str, what: &str) -> Option<(T, usize)> {
        let read =
            ron::Deserializer::from_str(text).map_err(|error| error.code).and_then(|mut reader| {
                let value = T::deserialize(&mut reader)?;
                Ok((value, text.len() - reader.remainder().len()))
            });
        match read {
            Ok(read) => Some(read),
            Err(error) => self.refuse(text, &format!("{what} was expected here: {error}")),
        }
    }

    fn refuse<T>(&mut self, text: &str, why: &str) -> Option<T> {
        let line = text.lines().next().unwrap_or("");
        let place = self.place(line.trim_end());
        self.problems.push(Problem::at(&place, why));
        None
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

/// What is left after white space and comments.
fn skip_space(text: &str) -> &str {
    // Making a reader skips them; it fails only for what no value starts with.
    match text.as_bytes().first() {
        Some(b' ' | b'\t' | b'\r' | b'\n' | b'/') => {}
        Some(first) if first.is_ascii() => return text,
        _ => {}
    }
    ron::Deserializer::from_str(text).map_or(text, |reader| reader.remainder())
}

/// A string without escapes, which is by far the most frequent value, and its length.
fn plain_string(text: &str) -> Option<(Kind, usize)> {
    let rest = text.strip_prefix('"')?;
    let end = rest.find(['"', '\\'])?;
    if rest.as_bytes()[end] == b'\\' {
        return None;
    }
    Some((Kind::String { text: rest[..end].to_string(), plain: true }, end + 2))
}

fn leading_word(text: &str) -> &str {
    if text.starts_with(|c: char| c.is_ascii_digit()) {
        return "";
    }
    let end = text.find(|c: char| !(c.is_alphanumeric() || c == '_'));
    &text[..end.unwrap_or(text.len())]
}

fn is_float_word(word: &str) -> bool {
    let word = word.strip_suffix("f32").or(word.strip_suffix("f64")).unwrap_or(word);
    word == "inf" || word == "NaN"
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
                    prop_assert!(!problems.to_string().is_empty());
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
