//! Targets of languages whose files import each other: a library for the files of a folder, and one
//! target for each program and test.

use super::areas::is_within;
use super::resolve::{Meaning, Resolver};
use super::scan::{self, Source, stem};
use super::target::{Packages, Target, Value};
use super::target_name;
use super::told::Told;
use super::view::{Role, View};
use crate::base::parent;
use crate::load::{Given, Ground, Need};
use std::collections::{BTreeMap, BTreeSet};

/// Names of folders that say nothing of what is in them; their library is called like what they are
/// in.
const PLAIN: [&str; 8] = ["src", "source", "sources", "lib", "libs", "include", "inc", "core"];

/// Adds the targets of all such languages.
pub fn targets(
    ground: &Ground,
    name: &str,
    taken: &dyn Fn(&str) -> bool,
    packages: &mut Packages,
    told: &mut Told,
) -> anyhow::Result<()> {
    let all = scan::scan(ground)?;
    let resolver = Resolver::new(&ground.files, &ground.languages);
    for (at, language) in ground.languages.iter().enumerate() {
        let sources = all.iter().filter(|it| it.language == at).filter(|it| !taken(&it.path));
        let sources: Vec<&Source> = sources.collect();
        if sources.is_empty() {
            continue;
        }
        let mut view = View::new(ground, language, at, sources, &resolver, told);
        view.leave_out(name, packages, told);
        view.notes(packages);
        view.libraries(name, packages);
        view.programs(packages);
    }
    Ok(())
}

impl View<'_> {
    fn attr(&self, name: &str) -> &str {
        self.language.attrs.get(name).map_or("", String::as_str)
    }

    /// The library that has a file: a new one, or one that is there already.
    fn library(&self, path: &str, names: &BTreeMap<String, String>) -> Option<(String, String)> {
        let rule = self.language.rules.get("library")?;
        if let Some(owners) = self.ground.owned.get(path) {
            let owner = owners.iter().find(|(_, it)| it == rule).map(|(label, _)| label);
            return owner.map(|it| (it.package.path.to_string(), it.name.to_string()));
        }
        let area = self.areas.of(path)?;
        Some((area.to_string(), names.get(area)?.clone()))
    }

    fn library_names(&self, name: &str) -> BTreeMap<String, String> {
        let programs: BTreeSet<(&str, &str)> = (0..self.sources.len())
            .filter(|at| matches!(self.roles[*at], Role::Program | Role::Test))
            .map(|at| &self.sources[at].path)
            .map(|path| (self.areas.of_program(path), stem(path)))
            .collect();
        let of = |area: &str| {
            let own = area.rsplit('/').find(|it| !PLAIN.contains(it) && !it.is_empty());
            let base = target_name(own.unwrap_or(name));
            let own = if programs.contains(&(area, base.as_str())) {
                format!("{base}_lib")
            } else {
                base
            };
            (area.to_string(), own)
        };
        let has_any = |area: &&str| {
            (0..self.sources.len()).any(|at| {
                matches!(self.roles[at], Role::Library | Role::Header)
                    && self.areas.of(&self.sources[at].path) == Some(area)
            })
        };
        self.areas.owners().into_iter().filter(has_any).map(of).collect()
    }

    fn libraries(&self, name: &str, packages: &mut Packages) {
        let Some(rule) = self.language.rules.get("library") else { return };
        let names = self.library_names(name);
        for area in names.keys().map(String::as_str) {
            let of = |role: Role| {
                let ours = (0..self.sources.len()).filter(move |at| {
                    self.roles[*at] == role && self.areas.of(&self.sources[*at].path) == Some(area)
                });
                ours.collect::<Vec<usize>>()
            };
            let (sources, headers, included) =
                (of(Role::Library), of(Role::Header), of(Role::Included));
            let mut target =
                Target { rule: rule.clone(), name: names[area].clone(), attrs: Vec::new() };
            let paths = |all: &[usize]| {
                Value::Files(all.iter().map(|at| self.sources[*at].path.clone()).collect())
            };
            target.set(self.attr("sources"), paths(&sources));
            target.set(self.attr("headers"), paths(&headers));
            let all: Vec<usize> = [sources, headers, included].concat();
            let mut others = self.other_files(&all, area);
            others.extend(
                self.imported_sources()
                    .filter(|it| self.areas.of(it) == Some(area))
                    .map(str::to_string),
            );
            target.set(self.attr("included"), Value::Files(others));
            target.set(self.attr("folders"), Value::Many(self.folders_asked_for(area)));
            self.finish(target, &all, area, &names, packages);
        }
    }

    /// Sources that others import, be they compiled or not.
    fn imported_sources(&self) -> impl Iterator<Item = &str> {
        let of_library = |at: &usize| matches!(self.roles[*at], Role::Library | Role::Included);
        let all = (0..self.sources.len()).flat_map(|at| self.files(at));
        all.filter(move |path| self.at.get(path).is_some_and(of_library))
    }

    /// Files of this package that are imported and belong to no language.
    fn other_files(&self, all: &[usize], package: &str) -> BTreeSet<String> {
        let files = all.iter().flat_map(|at| self.files(*at));
        let ours = |path: &&str| !self.at.contains_key(path) && is_within(parent(path), package);
        files.filter(ours).map(str::to_string).collect()
    }

    /// Folders below which files of a library are called, from its own.
    fn folders_asked_for(&self, area: &str) -> Vec<String> {
        let mut res = BTreeSet::new();
        for meaning in self.meanings.iter().flatten() {
            if let Meaning::File(path, Some(folder)) = meaning
                && self.areas.of(path) == Some(area)
                && is_within(folder, area)
            {
                let inside = folder[area.len()..].trim_start_matches('/');
                res.insert(if inside.is_empty() { ".".to_string() } else { inside.to_string() });
            }
        }
        res.into_iter().collect()
    }

    fn programs(&self, packages: &mut Packages) {
        let names = self.library_names_of(packages);
        for (at, source) in self.sources.iter().enumerate() {
            let kind = match self.roles[at] {
                Role::Program => "program",
                Role::Test => "test",
                _ => continue,
            };
            let Some(rule) = self.language.rules.get(kind) else { continue };
            let package = self.areas.of_program(&source.path).to_string();
            let name = target_name(stem(&source.path));
            let mut target = Target { rule: rule.clone(), name, attrs: Vec::new() };
            target.set(self.attr("source"), Value::File(source.path.clone()));
            target.set(self.attr("sources"), Value::Files([source.path.clone()].into()));
            let mut others = self.other_files(&[at], &package);
            // What belongs to no library comes along by itself.
            let included = self.files(at).filter(|path| {
                let role = self.at.get(path).map(|at| self.roles[*at]);
                role.is_some() && self.areas.of(path).is_none()
                    || matches!(role, Some(Role::Program | Role::Test))
            });
            others.extend(included.map(str::to_string));
            target.set(self.attr("included"), Value::Files(others));
            self.finish(target, &[at], &package, &names, packages);
        }
    }

    fn library_names_of(&self, packages: &Packages) -> BTreeMap<String, String> {
        let rule = self.language.rules.get("library");
        let of = |area: &&str| {
            let target = packages.targets.get(*area)?.iter().find(|it| Some(&it.rule) == rule)?;
            Some((area.to_string(), target.name.clone()))
        };
        self.areas.owners().iter().filter_map(of).collect()
    }

    /// What a target needs because of what its files import.
    fn finish(
        &self,
        mut target: Target,
        all: &[usize],
        package: &str,
        names: &BTreeMap<String, String>,
        packages: &mut Packages,
    ) {
        let mut deps = BTreeSet::new();
        let mut search = BTreeSet::new();
        for at in all {
            for meaning in &self.meanings[*at] {
                let Meaning::File(path, folder) = meaning else { continue };
                let library = self.library(path, names);
                if let Some(folder) = folder
                    && !self.areas.of(path).is_some_and(|area| is_within(folder, area))
                {
                    search.insert(if folder.is_empty() { ".".to_string() } else { folder.clone() });
                }
                let own = library.as_ref().is_some_and(|it| it.0 == package && it.1 == target.name);
                match library {
                    Some(library) if !own => drop(deps.insert(library)),
                    None if self.ground.owned.contains_key(path) => {
                        let from = &self.sources[*at].path;
                        let text = format!("{from} imports {path}, which no library here gives.");
                        packages.note(package, text);
                    }
                    _ => {}
                }
            }
        }
        // What stands beside a program may well be a part of it.
        let beside = names.get(package).map(|name| (package.to_string(), name.clone()));
        deps.extend(beside.filter(|it| it.1 != target.name));
        target.set(self.attr("dependencies"), Value::Targets(deps));
        // The root is searched for what is named from there.
        let flags = search.iter().flat_map(|folder| {
            self.language.search_flags.iter().map(move |it| it.replace("{folder}", folder))
        });
        target.set(self.attr("search"), Value::Many(flags.collect()));
        for at in all {
            let is_test = self.roles[*at] == Role::Test;
            for need in self.given(&self.language.frameworks, *at).iter().filter(|_| is_test) {
                // What the workspace has itself is no library of the machine.
                let ours = self.imports_ours(need, *at);
                let attrs = need.attrs.iter().filter(|it| !ours || matches!(it.1, Given::One(_)));
                target.give(&attrs.cloned().collect::<Vec<_>>());
            }
            for need in self.given(&self.language.needs, *at) {
                if !self.imports_ours(need, *at) {
                    target.give(&need.attrs);
                }
            }
        }
        packages.add(package, target);
    }

    /// True if the workspace itself has what the import of a need means.
    fn imports_ours(&self, need: &Need, at: usize) -> bool {
        let imports = self.sources[at].imports.iter().zip(&self.meanings[at]);
        let mut ours = imports.filter(|(_, meaning)| matches!(meaning, Meaning::File(..)));
        ours.any(|(import, _)| need.imports.iter().any(|it| it.fits(&import.name)))
    }
}
