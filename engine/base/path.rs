//! Paths inside the workspace: `/` between names, relative, without `.` and `..`. Text only.

use super::place::is_hidden;

/// `a` and `b` with a slash between them, if both are there.
pub fn join(a: &str, b: &str) -> String {
    match (a, b) {
        ("" | ".", b) => b.to_string(),
        (a, "" | ".") => a.to_string(),
        (a, b) => format!("{a}/{b}"),
    }
}

/// The folder of a path; empty for a path without slash.
pub fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// Stem and extension (with its dot) of a path's last name: `a/b.tar.gz` gives `b.tar` and `.gz`.
pub fn split_name(path: &str) -> (&str, &str) {
    let name = path.rsplit('/').next().unwrap_or(path);
    match name.rfind('.') {
        Some(at) if at > 0 => name.split_at(at),
        _ => (name, ""),
    }
}

/// The text with `_` for what no identifier may hold.
pub fn ident(text: &str) -> String {
    text.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect()
}

/// The path as the name of one file. Each `+` in it starts one of two pairs, so that no two paths
/// get the same name.
pub fn flat(path: &str) -> String {
    path.replace('+', "+-").replace('/', "++")
}

/// True if the path ends in one of the endings, or if none are given. One that starts with `/` fits
/// whole names, also the first of a path.
pub fn suffixes(path: &str, endings: &[impl AsRef<str>]) -> bool {
    let fits = |ending: &str| path.ends_with(ending) || ending.strip_prefix('/') == Some(path);
    endings.is_empty() || endings.iter().any(|ending| fits(ending.as_ref()))
}

/// The path without `.` and `x/..`; nothing if it leads outside or is absolute.
pub fn normalize(path: &str) -> Option<String> {
    if path.starts_with('/') {
        return None;
    }
    let mut names: Vec<&str> = Vec::new();
    for name in path.split('/') {
        match name {
            "" | "." => {}
            ".." => {
                names.pop()?;
            }
            name => names.push(name),
        }
    }
    Some(names.join("/"))
}

/// Why a path cannot be written in a `BUILD.ron`, in words that follow the quoted path.
pub fn check_relative(path: &str) -> Result<(), &'static str> {
    if path.is_empty() {
        Err("is empty; a path was expected")
    } else if path.starts_with('/') {
        Err("is absolute; a path relative to the package was expected")
    } else if path.split('/').any(|name| name == "..") {
        Err("has '..' in it; a path leads downwards only")
    } else if path.split('/').any(|name| name.is_empty() || name == ".") {
        Err("has an empty name or '.' in it; write it without")
    } else if path.len() > 4000 || path.split('/').any(|name| name.len() > 255) {
        Err("is too long: a name has at most 255 bytes, a path 4000")
    } else if path.chars().any(char::is_control) {
        Err("contains a control character; names are made of characters that can be seen")
    } else if path.chars().any(is_hidden) {
        Err("contains a character that cannot be seen; names are made of those that can")
    } else if path.contains('\u{fffd}') {
        Err("is not UTF-8; another name was expected")
    } else if path.contains('\\') {
        Err("contains a backslash; names are separated by '/'")
    } else {
        Ok(())
    }
}

/// The same of a folder that is a package. Labels and patterns could not name others.
pub fn check_package(path: &str) -> Result<(), &'static str> {
    if path.is_empty() {
        return Ok(());
    }
    check_relative(path)?;
    if path.contains(':') {
        Err("contains ':', which stands between a package and a target")
    } else if path.contains('#') {
        Err("contains '#', which stands between a test and its case")
    } else if path.split('/').any(|name| name == "...") {
        Err("has '...' in it, which stands for all packages below")
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    #[test]
    fn no_two_paths_have_the_same_flat_name() {
        let mut paths = vec![String::new()];
        for length in 0..6 {
            let longest = paths.iter().filter(|path| path.len() == length);
            let longer =
                |path: &String| ["a", "_", "+", "-", "/"].map(|next| format!("{path}{next}"));
            let longer: Vec<String> = longest.flat_map(longer).collect();
            paths.extend(longer);
        }
        let mut names = HashMap::new();
        for path in &paths {
            let other = names.insert(super::flat(path), path);
            assert_eq!(other, None, "{path}");
        }
        assert_eq!(super::flat("a_b/libc++"), "a_b++libc+-+-");
    }
}
