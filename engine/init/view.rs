//! What is known of the files of one language: what each imports and what it is for.

use super::areas::{Areas, Part};
use super::resolve::{Meaning, Resolver};
use super::scan::{Source, fits};
use super::told::Told;
use crate::base::parent;
use crate::load::{Ground, Language, Need};
use std::collections::{BTreeSet, HashMap};

/// What a source is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    Header,
    Library,
    Program,
    Test,
    /// Only ever imported, though it is called like a source.
    Included,
    /// It cannot be compiled.
    Out,
}

/// Everything that is known of the files of one language.
pub struct View<'a> {
    pub language: &'a Language,
    pub ground: &'a Ground,
    pub sources: Vec<&'a Source>,
    pub at: HashMap<&'a str, usize>,
    pub meanings: Vec<Vec<Meaning>>,
    pub roles: Vec<Role>,
    pub areas: Areas,
}

impl<'a> View<'a> {
    /// Looks at the sources of a language, which has this number.
    pub fn new(
        ground: &'a Ground,
        language: &'a Language,
        number: usize,
        sources: Vec<&'a Source>,
        resolver: &Resolver,
        told: &mut Told,
    ) -> View<'a> {
        let at: HashMap<&str, usize> =
            sources.iter().enumerate().map(|(at, it)| (it.path.as_str(), at)).collect();
        let meanings: Vec<Vec<Meaning>> = sources
            .iter()
            .map(|it| {
                let of = |import| resolver.resolve(&it.path, import, number, language);
                it.imports.iter().map(of).collect()
            })
            .collect();
        let mut view = View {
            language,
            ground,
            sources,
            at,
            meanings,
            roles: Vec::new(),
            areas: Areas::default(),
        };
        view.find_roles(told);
        view.find_areas();
        view
    }

    fn find_roles(&mut self, told: &mut Told) {
        let mut roles: Vec<Role> = Vec::new();
        for (at, source) in self.sources.iter().enumerate() {
            let framework = !self.given(&self.language.frameworks, at).is_empty();
            let is_test = fits(&self.language.tests, &source.path);
            let missing = self.missing(at);
            roles.push(match () {
                () if source.is_header => Role::Header,
                () if let Some(why) = &source.refused => {
                    told.left(format!("{}: {why}", source.path));
                    Role::Out
                }
                () if !missing.is_empty() => {
                    for (name, by, _) in missing {
                        told.missing(&name, &by, &source.path);
                    }
                    Role::Out
                }
                () if framework || self.is_program(at) && is_test => Role::Test,
                () if self.is_program(at) => Role::Program,
                () if is_test && !self.helps(at) => {
                    let why =
                        "it stands among tests, but is no program and has no header beside it";
                    told.group(why, &source.path);
                    Role::Out
                }
                () => Role::Library,
            });
        }
        // What another one of the library always takes in is not compiled once more.
        for at in 0..self.sources.len() {
            if roles[at] != Role::Library {
                continue;
            }
            for (import, meaning) in self.sources[at].imports.iter().zip(&self.meanings[at]) {
                let Meaning::File(path, _) = meaning else { continue };
                if let Some(other) = self.at.get(path.as_str()).filter(|_| import.required)
                    && roles[*other] == Role::Library
                    && *other != at
                {
                    roles[*other] = Role::Included;
                }
            }
        }
        self.roles = roles;
    }

    /// True if a source beside tests has a header there, so that tests can use it.
    fn helps(&self, at: usize) -> bool {
        let folder = parent(&self.sources[at].path);
        let header = |path: &str| self.at.get(path).is_some_and(|it| self.sources[*it].is_header);
        self.files(at).any(|path| parent(path) == folder && header(path))
    }

    /// True if a source, or a header that it imports, is a program.
    pub fn is_program(&self, at: usize) -> bool {
        let header = |path: &str| {
            self.at
                .get(path)
                .is_some_and(|it| self.sources[*it].is_header && self.sources[*it].is_program)
        };
        self.sources[at].is_program || self.files(at).any(header)
    }

    /// The files of the workspace that a file imports.
    pub fn files(&self, at: usize) -> impl Iterator<Item = &str> {
        self.meanings[at].iter().filter_map(|it| match it {
            Meaning::File(path, _) => Some(path.as_str()),
            _ => None,
        })
    }

    /// What a source needs and nobody has, with the file that asks for it, and whether it should be
    /// a file of the workspace.
    pub fn missing(&self, at: usize) -> Vec<(String, String, bool)> {
        let mut res = Vec::new();
        if self.language.machine.is_empty() {
            return res;
        }
        let (mut seen, mut open) = (BTreeSet::from([at]), vec![at]);
        while let Some(at) = open.pop() {
            let source = self.sources[at];
            for (import, meaning) in source.imports.iter().zip(&self.meanings[at]) {
                match meaning {
                    Meaning::Missing if import.required => {
                        res.push((import.name.clone(), source.path.clone(), import.near));
                    }
                    Meaning::File(path, _) if import.required => {
                        let next = self.at.get(path.as_str()).filter(|it| seen.insert(**it));
                        open.extend(next);
                    }
                    _ => {}
                }
            }
        }
        res
    }

    /// Needs of a file, by what it imports itself.
    pub fn given(&self, needs: &'a [Need], at: usize) -> Vec<&'a Need> {
        let fits = |need: &&Need| {
            let imports = self.sources[at].imports.iter().zip(&self.meanings[at]);
            let mut there = imports.filter(|(import, _)| import.required);
            there.any(|(import, _)| need.imports.iter().any(|it| it.fits(&import.name)))
        };
        needs.iter().filter(fits).collect()
    }

    fn find_areas(&mut self) {
        if !self.language.rules.contains_key("library") {
            return;
        }
        let is_part =
            |at: usize| matches!(self.roles[at], Role::Header | Role::Library | Role::Included);
        let parts = (0..self.sources.len()).filter(|at| is_part(*at)).map(|at| {
            let ours = |path: &&str| self.at.get(path).is_some_and(|it| is_part(*it));
            Part {
                path: &self.sources[at].path,
                is_header: self.roles[at] != Role::Library,
                imports: self.files(at).filter(ours).collect(),
            }
        });
        let areas = Areas::new(&parts.collect::<Vec<_>>());
        self.areas = areas;
    }
}
