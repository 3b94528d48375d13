//! The names that a program gives to its cases, and those that cases have: where a test has several
//! programs, or one that was made from several files, each case tells which of them it is from.

use super::results::Reported;
use crate::analyze::Program;

/// The name of a case by the name that its program gives it.
pub(super) fn of_case(program: &Program, own: &str) -> String {
    for (front, prefix) in &program.names {
        if own.is_empty() {
            // The program as a whole is named by what its cases would have in front.
            return match program.names.as_slice() {
                [_] => prefix.trim_end_matches(is_separator).to_string(),
                _ => String::new(),
            };
        }
        if let Some(rest) = own.strip_prefix(front.as_str()) {
            return format!("{prefix}{rest}");
        }
    }
    own.to_string()
}

/// The name that the program itself gives to a case.
pub(super) fn own(program: &Program, case: &str) -> String {
    for (front, prefix) in &program.names {
        if let Some(rest) = case.strip_prefix(prefix.as_str()) {
            return format!("{front}{rest}");
        }
    }
    case.to_string()
}

/// Which of the program's prefixes stands in front of a case. A program may list cases in an order of
/// its own, but those of one prefix come before those of the next.
pub(super) fn rank(program: &Program, case: &str) -> usize {
    program.names.iter().position(|(_, prefix)| case.starts_with(prefix)).unwrap_or(usize::MAX)
}

/// What a program told, with the names that cases have.
pub(super) fn translated(program: &Program, mut reported: Reported) -> Reported {
    if !program.names.is_empty() {
        for case in &mut reported.cases {
            case.name = of_case(program, &case.name);
        }
        for (name, _) in &mut reported.open {
            *name = of_case(program, name);
        }
    }
    reported
}

fn is_separator(c: char) -> bool {
    !c.is_alphanumeric()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn program(names: &[(&str, &str)]) -> Program {
        let names = names.iter().map(|(own, prefix)| (own.to_string(), prefix.to_string()));
        Program { words: Vec::new(), names: names.collect() }
    }

    #[test]
    fn names_are_translated_both_ways() {
        let merged = program(&[("a_x::", "a/x::"), ("a_x_y::", "a/x-y::")]);
        for (own_name, case) in [("a_x::deep::adds", "a/x::deep::adds"), ("a_x_y::b", "a/x-y::b")] {
            assert_eq!(of_case(&merged, own_name), case);
            assert_eq!(own(&merged, case), own_name);
        }
        assert_eq!(of_case(&merged, ""), "");
        assert_eq!(["a/x-y::b", "a/x::b", "c"].map(|case| rank(&merged, case)), [1, 0, usize::MAX]);
        let split = program(&[("", "a/x::")]);
        assert_eq!(of_case(&split, "adds"), "a/x::adds");
        assert_eq!(own(&split, "a/x::adds"), "adds");
        assert_eq!(of_case(&split, ""), "a/x");
        let plain = program(&[]);
        assert_eq!((of_case(&plain, "adds"), own(&plain, "adds")), ("adds".into(), "adds".into()));
    }
}
