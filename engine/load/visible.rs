//! `visible_to: [..]`: which targets may depend on a target.

use super::rule::Text;
use crate::base::{Label, PackageName, Pattern, Place, Problem, Problems, Repo, Selection};

/// Who may depend on a target besides its own package.
#[derive(Debug, Clone)]
pub struct Visible {
    /// The list in the `BUILD.ron`.
    pub place: Place,
    /// Its patterns, as they were written.
    pub texts: Vec<String>,
    to: Vec<Selection>,
}

impl Visible {
    /// Reads the list of a target in `home`.
    pub fn read(
        place: &Place,
        texts: &[Text],
        home: &PackageName,
        problems: &mut Problems,
    ) -> Visible {
        let mut res = Visible { place: place.clone(), texts: Vec::new(), to: Vec::new() };
        for text in texts {
            match selection(&text.text, home) {
                Ok(selection) => {
                    res.texts.push(text.text.clone());
                    res.to.push(selection);
                }
                Err(why) => problems.push(Problem::at(&text.place, why)),
            }
        }
        res
    }

    /// True if the dependent may depend on the target with this label.
    pub fn allows(&self, target: &Label, dependent: &Label) -> bool {
        let own = target.package == dependent.package;
        own || self.to.iter().any(|to| match to {
            Selection::One(one) => one == dependent,
            Selection::All(_) | Selection::Below(_) => to.reaches(&dependent.package),
        })
    }

    /// To whom, in words that follow "is visible to".
    pub fn told(&self, target: &Label) -> String {
        match self.texts.is_empty() {
            true => format!("{} alone", target.package),
            false => {
                let whole = |text: &String| match text.starts_with(':') {
                    true => format!("'{}{text}'", target.package),
                    false => format!("'{text}'"),
                };
                let texts: Vec<String> = self.texts.iter().map(whole).collect();
                format!("{} only", texts.join(", "))
            }
        }
    }
}

fn selection(text: &str, home: &PackageName) -> Result<Selection, String> {
    if let Some(right) = other_spelling(text) {
        return Err(format!("'visible_to' is a list of patterns, found '{text}'; write '{right}'"));
    }
    if !Label::looks_like(text) || text.contains('#') {
        let right = match home.repo {
            Repo::Main if text.starts_with(|c: char| c.is_ascii_alphanumeric()) => {
                format!(", such as '//{text}'")
            }
            _ => String::new(),
        };
        return Err(format!(
            "'visible_to' takes '//a/...' for a package and those below it, '//a:all' for one package, and labels{right}; found '{text}'"
        ));
    }
    let pattern = Pattern::parse(&[text], home)?;
    let term = pattern.terms.into_iter().next();
    term.map(|term| term.selection).ok_or_else(|| format!("'{text}' names nobody"))
}

/// What is written here for what other tools write.
fn other_spelling(text: &str) -> Option<String> {
    match text {
        "//visibility:public" | "public" | "PUBLIC" => return Some("//...".to_string()),
        "//visibility:private" | "private" | "PRIVATE" => return Some(":all".to_string()),
        _ => {}
    }
    let (package, name) = text.split_once(':')?;
    match name {
        "__pkg__" => Some(format!("{package}:all")),
        "__subpackages__" if package == "//" => Some("//...".to_string()),
        "__subpackages__" => Some(format!("{package}/...")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(pattern: &str, dependent: (&str, &str)) -> bool {
        let home = PackageName::main("a/b");
        let visible = Visible {
            place: Place::of_text("BUILD.ron", "[]"),
            texts: Vec::new(),
            to: vec![selection(pattern, &home).unwrap_or_else(|why| panic!("{why}"))],
        };
        let dependent = PackageName::main(dependent.0).label(dependent.1);
        visible.allows(&home.label("x"), &dependent)
    }

    #[test]
    fn a_pattern_reaches_packages_or_one_target() {
        assert!(allowed("//c/...", ("c", "t")) && allowed("//c/...", ("c/d", "t")));
        assert!(!allowed("//c/...", ("cd", "t")));
        assert!(allowed("//c:all", ("c", "t")) && !allowed("//c:all", ("c/d", "t")));
        assert!(allowed("//c:t", ("c", "t")) && !allowed("//c:t", ("c", "u")));
        assert!(allowed("//c", ("c", "c")) && !allowed("//c", ("c", "t")));
        assert!(allowed("//...", ("", "t")) && allowed("//...", ("z", "t")));
        // Its own package, whatever the list says.
        assert!(allowed(":all", ("a/b", "t")) && allowed("//c", ("a/b", "t")));
        assert!(!allowed(":all", ("a", "t")));
    }

    #[test]
    fn what_other_tools_write_is_answered_with_what_is_meant() {
        let home = PackageName::main("a");
        for (written, meant) in [
            ("//visibility:public", "//..."),
            ("//visibility:private", ":all"),
            ("PUBLIC", "//..."),
            ("//b:__pkg__", "//b:all"),
            ("//b:__subpackages__", "//b/..."),
            ("//:__subpackages__", "//..."),
            ("b/c", "//b/c"),
        ] {
            let why = selection(written, &home).expect_err(written);
            assert!(why.contains(&format!("'{meant}'")), "{why}");
        }
    }
}
