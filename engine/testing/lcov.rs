//! Reads what was executed: tracefiles of lcov, and plain lists of functions. Counts become yes
//! or no.

use crate::event::CoveredFile;
use std::collections::BTreeMap;

/// Files by the names that the text gives them.
pub(super) type Files = BTreeMap<String, CoveredFile>;

/// Reads a tracefile, or a list of functions: lines `file:function` with a number of calls behind
/// it, or none for one. The error says which line is neither.
pub(super) fn read(text: &str) -> Result<Files, String> {
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let first = lines.find(|line| !line.starts_with('#')).unwrap_or("SF:");
    let is_lcov = ["TN:", "SF:"].iter().any(|start| first.starts_with(start));
    if is_lcov { tracefile(text) } else { functions(text) }
}

fn tracefile(text: &str) -> Result<Files, String> {
    let mut files = Files::new();
    let mut open: Option<(String, CoveredFile)> = None;
    // Lines of functions by name, or in the newer form by number.
    let (mut begins, mut numbered) = (BTreeMap::<String, u32>::new(), BTreeMap::new());
    for (at, line) in text.lines().enumerate() {
        let line = line.trim_end();
        let wrong = || format!("line {} is '{line}', which is no line of lcov", at + 1);
        let (tag, rest) = line.split_once(':').unwrap_or((line, ""));
        match (tag, &mut open) {
            ("" | "TN", _) => {}
            (tag, _) if tag.starts_with('#') => {}
            ("SF", None) => open = Some((rest.to_string(), CoveredFile::default())),
            ("end_of_record", Some(_)) => {
                if let Some((path, mut file)) = open.take() {
                    for (name, line) in std::mem::take(&mut begins) {
                        file.functions.entry((Some(line), name)).or_default();
                    }
                    files.entry(path).or_default().add(file);
                }
            }
            ("DA", Some((_, file))) => {
                let mut fields = rest.split(',');
                let line = fields.next().and_then(|it| it.parse().ok()).ok_or_else(wrong)?;
                let hit = fields.next().and_then(is_hit).ok_or_else(wrong)?;
                *file.lines.entry(line).or_default() |= hit;
            }
            ("FN", Some(_)) => {
                let (line, name) = rest.split_once(',').ok_or_else(wrong)?;
                let line = line.parse().map_err(|_| wrong())?;
                // The last line of the function may stand between.
                let end = name.split_once(',').filter(|(end, _)| end.parse::<u32>().is_ok());
                begins.insert(end.map_or(name, |(_, name)| name).to_string(), line);
            }
            ("FNDA", Some((_, file))) => {
                let (count, name) = rest.split_once(',').ok_or_else(wrong)?;
                let hit = is_hit(count).ok_or_else(wrong)?;
                let function = (begins.get(name).copied(), name.to_string());
                *file.functions.entry(function).or_default() |= hit;
            }
            ("FNL", Some(_)) => {
                let mut fields = rest.split(',');
                let (number, line) = (fields.next(), fields.next());
                let line = line.and_then(|it| it.parse().ok()).ok_or_else(wrong)?;
                numbered.insert(number.unwrap_or_default(), line);
            }
            ("FNA", Some((_, file))) => {
                let mut fields = rest.splitn(3, ',');
                let (number, count) = (fields.next(), fields.next());
                let name = fields.next().ok_or_else(wrong)?;
                let hit = count.and_then(is_hit).ok_or_else(wrong)?;
                let line = number.and_then(|it| numbered.get(it)).copied();
                *file.functions.entry((line, name.to_string())).or_default() |= hit;
            }
            // Branches, sums and what later versions may add.
            (tag, Some(_)) if tag.chars().all(|c| c.is_ascii_uppercase()) => {}
            _ => return Err(wrong()),
        }
        if tag == "end_of_record" {
            begins.clear();
            numbered.clear();
        }
    }
    match open {
        Some((path, _)) => Err(format!("the record of '{path}' has no 'end_of_record'")),
        None => Ok(files),
    }
}

/// Some tools write large counts as `1e+09`, and unknown ones below zero.
fn is_hit(count: &str) -> Option<bool> {
    count.parse::<f64>().ok().map(|count| count > 0.0)
}

fn functions(text: &str) -> Result<Files, String> {
    let mut files = Files::new();
    for (at, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (named, count) = match line.rsplit_once(char::is_whitespace) {
            Some((named, count)) if is_hit(count).is_some() => (named.trim_end(), count),
            _ => (line, "1"),
        };
        let (path, name) = named.split_once(':').filter(|(path, name)| {
            !path.is_empty() && !name.is_empty()
        }).ok_or_else(|| {
            format!(
                "line {} is '{line}'; lcov was expected, or a list of functions as 'file:function 1'",
                at + 1
            )
        })?;
        let file = files.entry(path.to_string()).or_default();
        let hit = is_hit(count).unwrap_or_default();
        *file.functions.entry((None, name.to_string())).or_default() |= hit;
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = "TN:x\nSF:a.c\nFN:1,2,f\nFN:5,g\nFNDA:3,f\nFNDA:0,g\nBRDA:1,0,0,1\n\
        DA:1,3\nDA:2,0,abc\nDA:3,1e+09\nDA:4,-1\nLF:4\nLH:2\nend_of_record\n";

    #[test]
    fn a_tracefile_is_read_without_counts() {
        let file = &read(TRACE).unwrap()["a.c"];
        let lines: Vec<_> = file.lines.clone().into_iter().collect();
        assert_eq!(lines, [(1, true), (2, false), (3, true), (4, false)]);
        let named = |line: u32, name: &str| (Some(line), name.to_string());
        let functions = BTreeMap::from([(named(1, "f"), true), (named(5, "g"), false)]);
        assert_eq!(file.functions, functions);
    }

    #[test]
    fn records_of_one_file_are_added_in_any_order() {
        let one = "SF:a.c\nDA:1,1\nDA:2,0\nend_of_record\n";
        let other = "SF:a.c\nDA:2,5\nDA:3,0\nend_of_record\n";
        let both = read(&format!("{one}{other}")).unwrap();
        assert_eq!(both, read(&format!("{other}{one}")).unwrap());
        let lines: Vec<_> = both["a.c"].lines.clone().into_iter().collect();
        assert_eq!(lines, [(1, true), (2, true), (3, false)]);
    }

    #[test]
    fn the_newer_form_of_functions_is_read() {
        let text = "SF:a.c\nFNL:0,7,9\nFNA:0,2,f\nend_of_record\n";
        let files = read(text).unwrap();
        assert_eq!(files["a.c"].functions, BTreeMap::from([((Some(7), "f".to_string()), true)]));
    }

    #[test]
    fn a_list_of_functions_is_read() {
        let files = read("# called\nlib/a.rb:f 3\nlib/a.rb:g 0\nlib/b.rb:h\n").unwrap();
        let names = |path: &str| -> Vec<(String, bool)> {
            files[path].functions.iter().map(|(key, hit)| (key.1.clone(), *hit)).collect()
        };
        assert_eq!(names("lib/a.rb"), [("f".to_string(), true), ("g".to_string(), false)]);
        assert_eq!(names("lib/b.rb"), [("h".to_string(), true)]);
    }

    #[test]
    fn what_is_neither_is_told_with_its_line() {
        let told = |text: &str| read(text).unwrap_err();
        assert_eq!(
            told("hello\n"),
            "line 1 is 'hello'; lcov was expected, or a list of functions as 'file:function 1'"
        );
        assert_eq!(
            told("SF:a.c\nDA:x,1\nend_of_record\n"),
            "line 2 is 'DA:x,1', which is no line of lcov"
        );
        assert_eq!(told("TN:\nDA:1,1\n"), "line 2 is 'DA:1,1', which is no line of lcov");
        assert_eq!(told("SF:a.c\nDA:1,1\n"), "the record of 'a.c' has no 'end_of_record'");
    }
}
