//! The language: a line holds numbers with `+` or `-` between them, and after `=` what is expected.

/// A line of a calc file.
#[derive(Debug, PartialEq, Eq)]
pub struct Sum {
    /// The left side as it is written.
    pub text: String,
    /// The expected value, if the line gives one.
    pub expected: Option<i64>,
}

/// Reads a line; the problem is told in words.
pub fn parse(line: &str) -> Result<Sum, String> {
    let (text, expected) = match line.split_once('=') {
        Some((text, value)) => (text, Some(number(value)?)),
        None => (line, None),
    };
    for (at, word) in text.split_whitespace().enumerate() {
        match at % 2 {
            0 => drop(number(word)?),
            _ if word == "+" || word == "-" => {}
            _ => return Err(format!("'{word}' stands where + or - belongs")),
        }
    }
    Ok(Sum { text: text.trim().to_string(), expected })
}

fn number(word: &str) -> Result<i64, String> {
    word.trim().parse().map_err(|_| format!("'{}' is no number", word.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sum_has_an_expected_value() {
        let sum = Sum { text: "1 + 2".to_string(), expected: Some(3) };
        assert_eq!(parse("1 + 2 = 3"), Ok(sum));
    }

    #[test]
    fn a_word_is_no_number() {
        assert_eq!(parse("1 + x"), Err("'x' is no number".to_string()));
    }
}
