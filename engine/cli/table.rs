//! Tables of what the history holds: for people, as Markdown, and as JSON.

use crate::report::neutral;
use clap::ValueEnum;
use serde::Serialize;
use unicode_width::UnicodeWidthStr;

/// How an answer is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Columns for people
    #[default]
    Text,
    /// A table of Markdown
    Markdown,
    /// An object of JSON
    Json,
}

/// A table. Columns whose name ends in `>` stand at their right end.
pub struct Table {
    names: Vec<&'static str>,
    rows: Vec<Vec<String>>,
}

impl Table {
    pub fn new(names: &[&'static str]) -> Table {
        Table { names: names.to_vec(), rows: Vec::new() }
    }

    /// Adds a row; it has a cell for each column.
    pub fn push<const N: usize>(&mut self, cells: [String; N]) {
        self.rows.push(cells.iter().map(|cell| one_line(cell)).collect());
    }

    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Lines for people: columns as wide as they need to be, the last one as it is.
    pub fn text(&self) -> String {
        let names: Vec<String> = self.names.iter().map(|name| plain(name).to_string()).collect();
        let width = |at: usize| {
            let cells = self.rows.iter().map(|row| row[at].width());
            cells.chain([names[at].width()]).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..names.len()).map(width).collect();
        let mut res = String::new();
        for row in [&names].into_iter().chain(&self.rows) {
            let mut line = String::new();
            for (at, cell) in row.iter().enumerate() {
                let space = " ".repeat(widths[at] - cell.width());
                match self.names[at].ends_with('>') {
                    true => line.push_str(&format!("{space}{cell}  ")),
                    false => line.push_str(&format!("{cell}{space}  ")),
                }
            }
            res.push_str(line.trim_end());
            res.push('\n');
        }
        res
    }

    /// The same as GitHub Flavored Markdown.
    pub fn markdown(&self) -> String {
        let row = |cells: &mut dyn Iterator<Item = String>| {
            format!("| {} |\n", cells.collect::<Vec<_>>().join(" | "))
        };
        let mut res = row(&mut self.names.iter().map(|name| plain(name).to_string()));
        let rule = |name: &&str| if name.ends_with('>') { "---:" } else { "---" }.to_string();
        res.push_str(&row(&mut self.names.iter().map(rule)));
        for cells in &self.rows {
            res.push_str(&row(&mut cells.iter().map(|cell| escaped(cell))));
        }
        res
    }
}

/// An answer for programs, in one line.
pub fn json(answer: &impl Serialize) -> String {
    // Plain values can always be written.
    let mut text = serde_json::to_string(answer).unwrap_or_default();
    text.push('\n');
    text
}

/// Text of others in one line, without what a terminal would obey.
fn one_line(text: &str) -> String {
    neutral(&text.replace(['\n', '\r', '\t'], " "), false).trim_end_matches('\n').to_string()
}

fn plain<'a>(name: &&'a str) -> &'a str {
    name.trim_end_matches('>')
}

/// Text that Markdown shows as it is.
pub fn escaped(text: &str) -> String {
    let special = |c: char| matches!(c, '\\' | '|' | '`' | '*' | '_' | '<' | '>' | '[' | ']' | '~');
    text.chars().flat_map(|c| special(c).then_some('\\').into_iter().chain([c])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_they_need_to_be() {
        let mut table = Table::new(&["run>", "command"]);
        table.push(["7".into(), "eng test".into()]);
        table.push(["12".into(), "a|b\n\u{1b}[31m_c".into()]);
        assert_eq!(table.text(), "run  command\n  7  eng test\n 12  a|b _c\n");
        assert_eq!(
            table.markdown(),
            "| run | command |\n| ---: | --- |\n| 7 | eng test |\n\
             | 12 | a\\|b \\_c |\n"
        );
    }
}
