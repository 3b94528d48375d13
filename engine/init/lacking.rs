//! What cannot be built for want of files, and what depends on it.

use super::scan::fits;
use super::target::Packages;
use super::told::Told;
use super::view::{Role, View};
use std::collections::BTreeMap;

impl View<'_> {
    /// Leaves out libraries of which a part cannot be compiled for want of a file that should be
    /// here, and all that needs them.
    pub fn leave_out(&mut self, name: &str, packages: &mut Packages, told: &mut Told) {
        let mut broken: BTreeMap<String, String> = BTreeMap::new();
        for at in (0..self.sources.len()).filter(|at| self.roles[*at] == Role::Out) {
            let path = &self.sources[at].path;
            let near = self.missing(at).into_iter().find(|it| it.2);
            if let (Some(area), Some((missing, ..))) = (self.areas.of(path), near)
                && !self.is_program(at)
                && !fits(&self.language.tests, path)
            {
                broken.entry(area.to_string()).or_insert(format!("{missing} is missing"));
            }
        }
        loop {
            let mut more = BTreeMap::new();
            for at in 0..self.sources.len() {
                let other = self.files(at).find_map(|path| {
                    let area = self.areas.of(path)?;
                    broken.contains_key(area).then_some(area)
                });
                let Some(other) = other else { continue };
                let why = format!("//{other} is left out");
                let own = self.areas.of(&self.sources[at].path);
                match self.roles[at] {
                    Role::Program | Role::Test => {
                        told.group(&why, &self.sources[at].path);
                        self.roles[at] = Role::Out;
                    }
                    _ => {
                        let own = own.filter(|it| !broken.contains_key(*it));
                        more.extend(own.map(|it| (it.to_string(), why)));
                    }
                }
            }
            if more.is_empty() {
                break;
            }
            broken.extend(more);
        }
        for (area, why) in &broken {
            let shown = if area.is_empty() { name } else { area };
            let mut paths = self.sources.iter().map(|it| it.path.as_str());
            if paths.any(|it| self.areas.of(it) == Some(area) && told.asks_for(it)) {
                told.left(format!("the library of {shown}: {why}"));
            }
            packages.note(area, format!("The library of this folder is left out: {why}."));
        }
        for at in 0..self.sources.len() {
            if self.areas.of(&self.sources[at].path).is_some_and(|it| broken.contains_key(it))
                && matches!(self.roles[at], Role::Library | Role::Header | Role::Included)
            {
                self.roles[at] = Role::Out;
            }
        }
    }

    /// Says in each package what is left out of it.
    pub fn notes(&self, packages: &mut Packages) {
        let mut all: BTreeMap<(String, String), Vec<&str>> = BTreeMap::new();
        for at in (0..self.sources.len()).filter(|at| self.roles[*at] == Role::Out) {
            let path = self.sources[at].path.as_str();
            for (name, ..) in self.missing(at) {
                all.entry((self.areas.of_program(path).to_string(), name)).or_default().push(path);
            }
        }
        for ((folder, name), paths) in all {
            let last = |path: &str| path[folder.len()..].trim_start_matches('/').to_string();
            let text = match paths.as_slice() {
                [path] => format!("Left out is {}: {name} is missing.", last(path)),
                paths => format!(
                    "Left out are {} sources such as {}: {name} is missing.",
                    paths.len(),
                    last(paths[0])
                ),
            };
            packages.note(&folder, text);
        }
    }
}
