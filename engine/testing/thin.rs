//! Long output of test programs, thinned: lines that matter, and of what stands between two of them
//! the two ends. So a program may print gigabytes, and eng reads its results in little memory.

use std::collections::VecDeque;
use std::io::{self, BufRead};

/// What is kept of each end of a run of lines that do not matter.
const END: usize = 8 << 10;
/// What is kept of each end of a line.
const LINE: usize = 32 << 10;

/// Reads a text, thinned. `matters` says which lines are kept in any case.
pub(super) fn thin(mut text: impl BufRead, matters: &dyn Fn(&str) -> bool) -> io::Result<String> {
    let mut res = Thin::default();
    let mut line = Line::default();
    loop {
        let buffer = text.fill_buf()?;
        if buffer.is_empty() {
            break;
        }
        let end = memchr::memchr(b'\n', buffer);
        let read = end.map_or(buffer.len(), |end| end + 1);
        line.add(&buffer[..read]);
        text.consume(read);
        if end.is_some() {
            res.add(std::mem::take(&mut line), matters);
        }
    }
    if !line.head.is_empty() {
        res.add(line, matters);
    }
    res.flush();
    Ok(res.text)
}

/// What is left out is said in these words.
fn gap(bytes: u64) -> String {
    format!("… {bytes} bytes are in the log …")
}

#[derive(Default)]
struct Line {
    head: Vec<u8>,
    tail: VecDeque<u8>,
    left_out: u64,
}

impl Line {
    fn add(&mut self, bytes: &[u8]) {
        let first = bytes.len().min((2 * LINE).saturating_sub(self.head.len()));
        self.head.extend_from_slice(&bytes[..first]);
        let rest = &bytes[first..];
        self.tail.extend(rest);
        let surplus = self.tail.len().saturating_sub(LINE);
        self.tail.drain(..surplus);
        self.left_out += surplus as u64;
    }

    fn text(mut self) -> String {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        if self.tail.is_empty() {
            return text(&self.head);
        }
        self.left_out += self.head.len().saturating_sub(LINE) as u64;
        self.head.truncate(LINE);
        format!("{}{}{}", text(&self.head), gap(self.left_out), text(self.tail.make_contiguous()))
    }
}

#[derive(Default)]
struct Thin {
    text: String,
    /// Where what does not matter began.
    began: usize,
    tail: VecDeque<String>,
    tail_length: usize,
    left_out: u64,
}

impl Thin {
    fn add(&mut self, line: Line, matters: &dyn Fn(&str) -> bool) {
        let line = line.text();
        if matters(line.trim_end_matches(['\n', '\r'])) {
            self.flush();
            self.text.push_str(&line);
            self.began = self.text.len();
        } else if self.tail.is_empty() && self.text.len() - self.began < END {
            self.text.push_str(&line);
        } else {
            self.tail_length += line.len();
            self.tail.push_back(line);
            while self.tail_length > END && self.tail.len() > 1 {
                let first = self.tail.pop_front().map_or(0, |line| line.len());
                self.tail_length -= first;
                self.left_out += first as u64;
            }
        }
    }

    fn flush(&mut self) {
        if self.left_out > 0 {
            self.text.push_str(&gap(self.left_out));
            self.text.push('\n');
        }
        self.text.extend(self.tail.drain(..));
        (self.left_out, self.tail_length, self.began) = (0, 0, self.text.len());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn thinned(text: &str) -> String {
        // A small buffer cuts lines in all places.
        let reader = io::BufReader::with_capacity(7, text.as_bytes());
        thin(reader, &|line| line.starts_with("ok")).unwrap()
    }

    #[test]
    fn short_text_stays_as_it_is() {
        for text in ["", "a", "ok\n", "a\r\nok b\n\nc\n", "é\nok"] {
            assert_eq!(thinned(text), text);
        }
    }

    #[test]
    fn of_much_between_two_results_the_ends_are_kept() {
        let noise = |n: usize| (0..n).map(|n| format!("line {n}\n")).collect::<String>();
        let text = format!("first\n{}ok 1\n{}last\nok 2\nend", noise(10_000), noise(10_000));
        let res = thinned(&text);
        assert!(res.len() < 5 * END, "{}", res.len());
        let starts =
            ["first\nline 0\nline 1\n", "line 9999\nok 1\nline 0\n", "line 9999\nlast\nok 2\nend"];
        for part in starts {
            assert!(res.contains(part), "'{part}' is not in:\n{res}");
        }
        assert_eq!(res.matches("bytes are in the log").count(), 2);
    }

    #[test]
    fn of_a_long_line_the_ends_are_kept() {
        let res = thinned(&format!("ok\nstart{}end\nok 2\n", "x".repeat(3 << 20)));
        assert!(res.len() < 3 * LINE);
        assert!(res.starts_with("ok\nstartxxx") && res.ends_with("xxxend\nok 2\n"));
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn what_matters_is_never_lost(lines in prop::collection::vec("(ok [a-z]{0,3}|[a-z]{0,3000})", 0..30)) {
            let kept = |text: &str| text.lines().filter(|it| it.starts_with("ok")).map(String::from).collect::<Vec<_>>();
            let text = lines.join("\n");
            prop_assert_eq!(kept(&thinned(&text)), kept(&text));
        }
    }
}
