//! RON text → its tokens, with comments and line breaks, which the tree leaves out. It takes any text;
//! whether that is RON is not its business.

/// A token and the line breaks before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token<'a> {
    /// What it is.
    pub kind: Kind,
    /// How it is written.
    pub text: &'a str,
    /// Line breaks between it and the token before it.
    pub breaks: usize,
}

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `[`, `(` or `{`.
    Open,
    /// `]`, `)` or `}`.
    Close,
    /// `,`.
    Comma,
    /// `:`.
    Colon,
    /// A string of any form.
    String,
    /// A word or number.
    Word,
    /// `// ..`, without the end of its line.
    Line,
    /// `/* .. */`, which may hold others.
    Block,
}

impl Token<'_> {
    /// True for both forms of comments.
    pub fn is_comment(&self) -> bool {
        matches!(self.kind, Kind::Line | Kind::Block)
    }
}

/// The tokens of a text. They and the white space between them make up all of it.
pub fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut res = Vec::new();
    let (mut at, mut breaks) = (0, 0);
    while let Some(sign) = text[at..].chars().next() {
        let rest = &text[at..];
        if is_space(sign) {
            breaks += usize::from(sign == '\n');
            at += sign.len_utf8();
            continue;
        }
        let (kind, len) = match sign {
            '[' | '(' | '{' => (Kind::Open, 1),
            ']' | ')' | '}' => (Kind::Close, 1),
            ',' => (Kind::Comma, 1),
            ':' => (Kind::Colon, 1),
            '/' if rest.starts_with("//") => (Kind::Line, rest.find('\n').unwrap_or(rest.len())),
            '/' if rest.starts_with("/*") => (Kind::Block, block(rest)),
            '"' => (Kind::String, string(rest)),
            _ => match raw_string(rest) {
                Some(len) => (Kind::String, len),
                None => (Kind::Word, word(rest)),
            },
        };
        res.push(Token { kind, text: &rest[..len], breaks });
        at += len;
        breaks = 0;
    }
    res
}

/// What RON takes for white space.
fn is_space(sign: char) -> bool {
    matches!(sign, '\t' | '\n' | '\x0b' | '\x0c' | '\r' | ' ')
        || matches!(sign, '\u{85}' | '\u{200e}' | '\u{200f}' | '\u{2028}' | '\u{2029}')
}

/// Length of the string that the text starts with.
fn string(text: &str) -> usize {
    let mut letters = text.char_indices().skip(1);
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return at + 1,
            '\\' => drop(letters.next()),
            _ => {}
        }
    }
    text.len()
}

/// Length of the raw string that the text starts with, if it does.
fn raw_string(text: &str) -> Option<usize> {
    let signs = text.strip_prefix('r')?;
    let inner = signs.trim_start_matches('#');
    let end = format!("\"{}", &signs[..signs.len() - inner.len()]);
    let inner = inner.strip_prefix('"')?;
    let start = text.len() - inner.len();
    Some(inner.find(&end).map_or(text.len(), |at| start + at + end.len()))
}

/// Length of the block comment that the text starts with, with those inside it.
fn block(text: &str) -> usize {
    let (mut at, mut open) = (2, 1);
    while open > 0 {
        let rest = &text[at..];
        let Some(next) = rest.find(['/', '*']) else { return text.len() };
        let mark = &rest[next..];
        let (step, change) = match (mark.starts_with("/*"), mark.starts_with("*/")) {
            (true, _) => (2, 1),
            (_, true) => (2, -1),
            _ => (1, 0),
        };
        at += next + step;
        open += change;
    }
    at
}

/// Length of what the text starts with up to the next sign that means something else.
fn word(text: &str) -> usize {
    let ends = |(at, sign): (usize, char)| {
        let comment = || text[at..].starts_with("//") || text[at..].starts_with("/*");
        is_space(sign) || "[](){},:\"".contains(sign) || (sign == '/' && comment())
    };
    let end = text.char_indices().skip(1).find(|it| ends(*it));
    end.map_or(text.len(), |(at, _)| at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sign_of_a_text_is_in_a_token_or_white_space() {
        let text = "[f(a: -1, // x ]\n  b: r#\"\"]\"#), /* /* ] */ */ \"\\\"]\"\n\n, w_1]";
        let found: Vec<String> = tokens(text)
            .iter()
            .map(|it| format!("{:?}{}{}", it.kind, it.breaks, it.text))
            .collect();
        assert_eq!(
            found.join(" "),
            "Open0[ Word0f Open0( Word0a Colon0: Word0-1 Comma0, Line0// x ] Word1b Colon0: \
             String0r#\"\"]\"# Close0) Comma0, Block0/* /* ] */ */ String0\"\\\"]\" Comma2, \
             Word0w_1 Close0]"
        );
        for open in ["\"a", "r#\"a\"", "/* /* */", "// a"] {
            assert_eq!(tokens(open).len(), 1, "{open}");
        }
    }
}
