//! What tests have executed: as a table, as JSON and as a tracefile of lcov.

use crate::event::{Coverage, CoveredFile, Hits, NoData};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Write;

/// More names than this are counted in the table; the JSON has all.
const MOST_NAMED: usize = 20;

/// A table of all folders and files, and of what is not known.
pub fn table(coverage: &Coverage) -> String {
    let mut rows = Vec::new();
    let mut all = (Hits::default(), Hits::default());
    for (folder, files) in folders(coverage) {
        let sum = sum(files.values().copied());
        all = (all.0.and(sum.0), all.1.and(sum.1));
        rows.push((sum, format!("{folder}/")));
        for (name, file) in files {
            rows.push(((file.lines(), file.functions()), format!("  {name}")));
        }
    }
    rows.push((all, "all".to_string()));
    let count = |hits: Hits| format!("{}/{}", hits.hit, hits.all);
    let widths = |of: fn(&(Hits, Hits)) -> Hits| {
        rows.iter().map(|(hits, _)| count(of(hits)).len()).max().unwrap_or_default()
    };
    let (lines, functions) = (widths(|it| it.0), widths(|it| it.1));
    let (left, right) = (lines + 8, functions + 8);
    let mut res = format!("{:<left$}  {:<right$}  file\n", "lines", "functions");
    for (hits, name) in &rows {
        let cell =
            |hits: Hits, width: usize| format!("{:>6}  {:<width$}", percent(hits), count(hits));
        let (lines, functions) = (cell(hits.0, lines), cell(hits.1, functions));
        let _ = writeln!(res, "{lines}  {functions}  {name}");
    }
    let cases = coverage.no_data.iter().map(|it| format!("{} ({})", name(it), it.why));
    named(&mut res, "no data of", "case", cases.collect());
    let tests = coverage.missing.iter().map(|label| format!("{label}"));
    named(&mut res, "partial: not, or not all, of", "test", tests.collect());
    res
}

fn named(res: &mut String, what: &str, noun: &str, all: Vec<String>) {
    if all.is_empty() {
        return;
    }
    let plural = if all.len() == 1 { "" } else { "s" };
    let _ = writeln!(res, "{what} {} {noun}{plural}:", all.len());
    for text in all.iter().take(MOST_NAMED) {
        let _ = writeln!(res, "  {text}");
    }
    if let Some(more) = all.len().checked_sub(MOST_NAMED).filter(|more| *more > 0) {
        let _ = writeln!(res, "  and {more} more");
    }
}

fn name(no_data: &NoData) -> String {
    let NoData { label, case, .. } = no_data;
    if case.is_empty() { label.to_string() } else { format!("{label}#{case}") }
}

type Folder<'a> = BTreeMap<&'a str, &'a CoveredFile>;

/// The files by folder; that of the root is `.`.
fn folders(coverage: &Coverage) -> BTreeMap<&str, Folder<'_>> {
    let mut res: BTreeMap<&str, Folder> = BTreeMap::new();
    for (path, file) in &coverage.files {
        let (folder, name) = path.rsplit_once('/').unwrap_or((".", path));
        res.entry(folder).or_default().insert(name, file);
    }
    res
}

fn sum<'a>(files: impl Iterator<Item = &'a CoveredFile>) -> (Hits, Hits) {
    let add = |sum: (Hits, Hits), file: &CoveredFile| {
        (sum.0.and(file.lines()), sum.1.and(file.functions()))
    };
    files.fold((Hits::default(), Hits::default()), add)
}

fn percent(hits: Hits) -> String {
    let shown = |permille: usize| format!("{}.{}%", permille / 10, permille % 10);
    hits.permille().map_or("-".to_string(), shown)
}

/// All of it as JSON.
pub fn coverage_json(coverage: &Coverage) -> String {
    let folder = |(path, files): (&str, Folder)| {
        let (lines, functions) = sum(files.values().copied());
        json!({"path": path, "lines": hits(lines), "functions": hits(functions)})
    };
    let folders: Vec<Value> = folders(coverage).into_iter().map(folder).collect();
    let files: Vec<Value> = coverage.files.iter().map(|(path, it)| file(path, it)).collect();
    let no_data = coverage
        .no_data
        .iter()
        .map(|it| json!({"test": it.label.to_string(), "case": it.case, "why": it.why}));
    let (lines, functions) = sum(coverage.files.values());
    let missing: Vec<String> = coverage.missing.iter().map(ToString::to_string).collect();
    let all = json!({
        "version": 1,
        "partial": !missing.is_empty(),
        "missing": missing,
        "no_data": no_data.collect::<Vec<_>>(),
        "lines": hits(lines),
        "functions": hits(functions),
        "folders": folders,
        "files": files,
    });
    format!("{all:#}\n")
}

fn hits(hits: Hits) -> Value {
    let percent = hits.permille().map(|permille| permille as f64 / 10.0);
    json!({"hit": hits.hit, "all": hits.all, "percent": percent})
}

fn file(path: &str, file: &CoveredFile) -> Value {
    let of = |wanted: bool| -> Vec<u32> {
        file.lines.iter().filter(|(_, hit)| **hit == wanted).map(|(line, _)| *line).collect()
    };
    let function = |((line, name), hit): (&(Option<u32>, String), &bool)| json!({"name": name, "line": line, "hit": hit});
    json!({
        "path": path,
        "lines": hits(file.lines()),
        "functions": hits(file.functions()),
        "hit": of(true),
        "missed": of(false),
        "all_functions": file.functions.iter().map(function).collect::<Vec<_>>(),
    })
}

/// The report as a tracefile. A function whose line is not known has no place in it.
pub fn lcov(coverage: &Coverage) -> String {
    let mut res = String::new();
    for (path, file) in &coverage.files {
        res.push_str(&format!("TN:\nSF:{path}\n"));
        let placed = || {
            let known = |(key, hit): (&(Option<u32>, String), &bool)| {
                Some((key.0?, key.1.clone(), u8::from(*hit)))
            };
            file.functions.iter().filter_map(known)
        };
        placed().for_each(|(line, name, _)| res.push_str(&format!("FN:{line},{name}\n")));
        placed().for_each(|(_, name, hit)| res.push_str(&format!("FNDA:{hit},{name}\n")));
        let hit = placed().filter(|(_, _, hit)| *hit > 0).count();
        res.push_str(&format!("FNF:{}\nFNH:{hit}\n", placed().count()));
        for (line, hit) in &file.lines {
            res.push_str(&format!("DA:{line},{}\n", u8::from(*hit)));
        }
        let lines = file.lines();
        res.push_str(&format!("LF:{}\nLH:{}\nend_of_record\n", lines.all, lines.hit));
    }
    res
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::PackageName;

    fn coverage() -> Coverage {
        let half = CoveredFile {
            lines: BTreeMap::from([(1, true), (2, true), (4, false), (5, false)]),
            functions: BTreeMap::from([
                ((Some(1), "f".to_string()), true),
                ((Some(4), "g".to_string()), false),
                ((None, "h".to_string()), true),
            ]),
        };
        let third =
            CoveredFile { lines: BTreeMap::from([(1, true), (2, false), (3, false)]), ..half };
        let lines = BTreeMap::from([(1, true), (2, true), (4, false), (5, false)]);
        let half = CoveredFile { lines, functions: third.functions.clone() };
        let third = CoveredFile { functions: BTreeMap::new(), ..third };
        let files = [("a.c", half.clone()), ("lib/b.c", half), ("lib/c.c", third)];
        Coverage {
            files: files.into_iter().map(|(path, file)| (path.to_string(), file)).collect(),
            ..Coverage::default()
        }
    }

    #[test]
    fn a_table_has_folders_files_and_a_sum() {
        assert_eq!(
            table(&coverage()),
            "lines         functions    file\n \
             50.0%  2/4    66.6%  2/3  ./\n \
             50.0%  2/4    66.6%  2/3    a.c\n \
             42.8%  3/7    66.6%  2/3  lib/\n \
             50.0%  2/4    66.6%  2/3    b.c\n \
             33.3%  1/3        -  0/0    c.c\n \
             45.4%  5/11   66.6%  4/6  all\n"
        );
    }

    #[test]
    fn what_is_not_known_is_named() {
        let label = |name: &str| PackageName::main("x").label(name);
        let (case, why) = ("boom".to_string(), "it crashed: SIGABRT".to_string());
        let coverage = Coverage {
            no_data: vec![NoData { label: label("t"), case, why }],
            missing: vec![label("u"), label("v")],
            ..Coverage::default()
        };
        assert_eq!(
            table(&coverage),
            "lines        functions    file\n     -  0/0       -  0/0  all\n\
             no data of 1 case:\n  //x:t#boom (it crashed: SIGABRT)\n\
             partial: not, or not all, of 2 tests:\n  //x:u\n  //x:v\n"
        );
    }

    #[test]
    fn a_tracefile_leaves_out_functions_without_a_line() {
        let mut coverage = coverage();
        coverage.files.retain(|path, _| path == "a.c");
        assert_eq!(
            lcov(&coverage),
            "TN:\nSF:a.c\nFN:1,f\nFN:4,g\nFNDA:1,f\nFNDA:0,g\nFNF:2\nFNH:1\n\
             DA:1,1\nDA:2,1\nDA:4,0\nDA:5,0\nLF:4\nLH:2\nend_of_record\n"
        );
    }
}
