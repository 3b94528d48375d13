//! Targets of packages that describe themselves in a file of their own.

use super::areas::is_within;
use super::described::{Described, features, find, text};
use super::parts::{Package, Roots, Texts};
use super::scan::{blank, fits};
use super::target::{Packages, Target, Value};
use super::target_name;
use super::told::Told;
use crate::base::{ident, join, parent};
use crate::load::{Ground, Language, Manifest, Unit};
use anyhow::{Context, Result};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;

/// Adds the targets of all described packages.
pub fn targets(ground: &Ground, packages: &mut Packages, told: &mut Told) -> Result<()> {
    for language in &ground.languages {
        let Some(manifest) = &language.manifest else { continue };
        let all = Described::all(ground, manifest, told)?;
        let texts = texts(ground, language, &all)?;
        let mut alone = 0;
        for path in ground.files.iter().filter(|it| fits(&language.sources, it)) {
            alone += usize::from(
                told.asks_for(path)
                    && !ground.owned.contains_key(path)
                    && !all.keys().any(|it| is_within(parent(path), it)),
            );
        }
        if alone > 0 {
            let files = if alone == 1 { "file is" } else { "files are" };
            told.left(format!("{alone} {} {files} below no {}", language.name, manifest.file));
        }
        let mut usable: BTreeMap<&str, bool> = BTreeMap::new();
        for folder in all.keys() {
            let mut way = BTreeSet::new();
            let res = reason(folder, &all, manifest, ground, &mut way);
            if let Some(why) = &res {
                told.group(why, &join(folder, &manifest.file));
                packages
                    .note(folder, format!("Left out is the package of {}: {why}.", manifest.file));
            }
            usable.insert(folder, res.is_none());
        }
        for (folder, own) in all.iter().filter(|it| usable[it.0.as_str()]) {
            let package =
                Package { ground, language, manifest, all: &all, folder, own, texts: &texts };
            package.targets(packages, told);
        }
    }
    Ok(())
}

/// The sources of all packages.
fn texts(ground: &Ground, language: &Language, all: &BTreeMap<String, Described>) -> Result<Texts> {
    let mut res = Texts::new();
    for path in ground.files.iter().filter(|it| fits(&language.sources, it)) {
        if !all.keys().any(|folder| is_within(parent(path), folder)) {
            continue;
        }
        let mut text = fs::read(ground.root.join(path)).with_context(|| format!("read {path}"))?;
        if let Some(comments) = &language.comments {
            blank(comments, &mut text);
        }
        res.insert(path.clone(), text);
    }
    Ok(res)
}

/// Why a package cannot be built, itself or by what it depends on.
fn reason<'a>(
    folder: &'a str,
    all: &'a BTreeMap<String, Described>,
    manifest: &Manifest,
    ground: &Ground,
    way: &mut BTreeSet<&'a str>,
) -> Option<String> {
    let own = &all[folder];
    if !way.insert(folder) {
        return Some("it depends on itself".to_string());
    }
    for refusal in &manifest.refuse {
        let file = |name: &String| ground.files.binary_search(&join(folder, name)).is_ok();
        let there = refusal.file.as_ref().is_some_and(file)
            || refusal.field.as_ref().is_some_and(|it| {
                find(&own.table, it).is_some_and(|it| it.as_bool() != Some(false))
            });
        let unless = refusal.unless.as_ref().and_then(|it| it.split_once('='));
        let excused = unless.is_some_and(|(field, value)| text(find(&own.table, field)) == value);
        if there && !excused {
            return Some(refusal.why.clone());
        }
    }
    for dependency in &own.dependencies {
        match &dependency.folder {
            None => {
                return Some(format!(
                    "it needs {}, which is not in this workspace",
                    dependency.name
                ));
            }
            Some(other) => {
                let why = reason(other, all, manifest, ground, way);
                if why.is_some() {
                    return Some(format!("it needs {}, which is left out", dependency.name));
                }
            }
        }
    }
    way.remove(folder);
    None
}

impl Package<'_> {
    fn targets(&self, packages: &mut Packages, told: &mut Told) {
        let units: Vec<(&Unit, Roots)> =
            self.manifest.units.iter().map(|it| (it, self.roots(it))).collect();
        let roots: BTreeSet<String> =
            units.iter().flat_map(|(_, roots)| roots.iter().map(|it| it.0.clone())).collect();
        let programs = units.iter().filter(|(it, _)| !it.library && !it.for_tests);
        let names: BTreeSet<String> =
            programs.flat_map(|(_, all)| all.iter().map(|it| it.1.clone())).collect();
        let library = self.library_name(&names);
        let has_library = units.iter().any(|(it, roots)| it.library && !roots.is_empty());
        let own = has_library.then(|| (self.folder.to_string(), library.clone()));
        for (unit, found) in &units {
            let mut together = BTreeSet::new();
            for (root, name, table) in found {
                let sources = self.sources_of(root, &roots);
                if let Some(why) = self.unasked(*table).or_else(|| self.unfit(unit, &sources)) {
                    told.group(&why, root);
                    packages.note(self.folder, format!("Left out is {root}: {why}."));
                    continue;
                }
                let plain =
                    table.is_none_or(|it| it.keys().all(|key| key == "name" || key == "path"));
                if unit.together.is_some() && sources.len() == 1 && plain {
                    together.extend(sources);
                    continue;
                }
                let rule = match &unit.instead {
                    Some((field, rule))
                        if table.is_some_and(|it| text(it.get(field)) == "true") =>
                    {
                        rule
                    }
                    _ => &unit.rule,
                };
                let name = if unit.library { library.clone() } else { target_name(name) };
                let deps = own.clone().filter(|_| !unit.library);
                let mut target =
                    self.target(rule, &name, Some(root), &sources, deps.clone(), unit.for_tests);
                if !unit.library {
                    // The crate of a program is called what the program is.
                    target.attrs.retain(|it| it.0 != self.manifest.krate);
                }
                let krate = target.name.clone();
                packages.add(self.folder, target);
                self.unit_tests(unit, (root, &krate), &sources, deps, packages);
            }
            if let Some(name) = unit.together.as_ref().filter(|_| !together.is_empty()) {
                let target = self.target(&unit.rule, name, None, &together, own.clone(), true);
                packages.add(self.folder, target);
            }
        }
    }

    /// Name of the library's target; of two equal ones the program keeps it.
    fn library_name(&self, programs: &BTreeSet<String>) -> String {
        let name = target_name(&self.own.name);
        if programs.contains(&self.own.name) { format!("{name}_lib") } else { name }
    }

    /// A test of the cases that stand in the sources of a library or program.
    fn unit_tests(
        &self,
        unit: &Unit,
        (root, name): (&str, &str),
        sources: &BTreeSet<String>,
        deps: Option<(String, String)>,
        packages: &mut Packages,
    ) {
        let Some((rule, regex)) = &unit.tests else { return };
        if !sources.iter().any(|it| regex.is_match(&self.texts[it])) {
            return;
        }
        if let Some(outside) = self.outside_of_tests(sources) {
            let text = format!(
                "Left out are the cases in {root}: they need {outside}, which is not in this workspace."
            );
            return packages.note(self.folder, text);
        }
        let mut target =
            self.target(rule, &format!("{name}_test"), Some(root), sources, deps, true);
        target.attrs.retain(|it| it.0 != self.manifest.krate);
        let krate = if unit.library { &self.own.name } else { name };
        target.set(&self.manifest.krate, Value::One(ident(krate)));
        packages.add(self.folder, target);
    }

    fn target(
        &self,
        rule: &str,
        name: &str,
        root: Option<&str>,
        sources: &BTreeSet<String>,
        own: Option<(String, String)>,
        for_tests: bool,
    ) -> Target {
        let mut target =
            Target { rule: rule.to_string(), name: name.to_string(), attrs: Vec::new() };
        let attr = |name: &str| self.language.attrs.get(name).map_or("", String::as_str);
        target.set(attr("sources"), Value::Files(sources.clone()));
        let is_whole =
            |path: &str| self.manifest.whole.iter().any(|it| path.rsplit('/').next() == Some(it));
        if let Some(root) = root
            .filter(|it| sources.len() > 1 && !is_whole(it) || ambiguous(sources, it, &is_whole))
        {
            target.set(&self.manifest.root, Value::File(root.to_string()));
        }
        if own.is_none() && ident(name) != ident(&self.own.name) && root.is_some() {
            target.set(&self.manifest.krate, Value::One(ident(&self.own.name)));
        }
        for (name, from, default) in &self.manifest.fields {
            let value = self.field(from).unwrap_or_else(|| default.clone());
            target.set(name, Value::One(value));
        }
        if let Some(spec) = &self.manifest.features {
            let on = features(&self.own.table, spec);
            target.set(&spec["attr"], Value::Many(on.into_iter().collect()));
        }
        let mut deps: BTreeSet<(String, String)> = own.into_iter().collect();
        let tests = self.own.test_dependencies.iter().filter(|_| for_tests);
        for dependency in self.own.dependencies.iter().chain(tests) {
            deps.extend(dependency.folder.as_ref().map(|it| (it.clone(), self.library_of(it))));
        }
        deps.remove(&(self.folder.to_string(), name.to_string()));
        target.set(attr("dependencies"), Value::Targets(deps));
        target.set(attr("included"), Value::Files(self.included(sources)));
        if let Some((attr, values)) = &self.manifest.environment {
            let used = |name: &str| {
                sources
                    .iter()
                    .any(|it| memchr::memmem::find(&self.texts[it], name.as_bytes()).is_some())
            };
            let pairs = values.iter().filter(|it| used(&it.0));
            let pairs =
                pairs.map(|(name, from)| (name.clone(), self.field(from).unwrap_or_default()));
            target.set(attr, Value::Map(pairs.collect()));
        }
        target
    }

    /// The name under which another package's library is written.
    fn library_of(&self, folder: &str) -> String {
        let other = Package { folder, own: &self.all[folder], ..*self };
        let programs = self.manifest.units.iter().filter(|it| !it.library && !it.for_tests);
        let names = programs.flat_map(|it| other.roots(it)).map(|it| it.1).collect();
        other.library_name(&names)
    }

    /// A field of this package, or of one above.
    fn field(&self, from: &[String]) -> Option<String> {
        let tables = || std::iter::once(&self.own.table).chain(&self.own.above);
        let found = from.iter().flat_map(|field| tables().map(move |it| text(find(it, field))));
        found.into_iter().find(|it| !it.is_empty())
    }

    /// Why a part is not what it would be taken for, by what its table says.
    fn unasked(&self, table: Option<&toml::Table>) -> Option<String> {
        let table = table?;
        let skips =
            self.manifest.skip.iter().filter(|it| {
                text(table.get(&it.field)) == it.value.as_str() && !it.value.is_empty()
            });
        let missing = || {
            let on = features(&self.own.table, self.manifest.features.as_ref()?);
            let asked = table.get(self.manifest.features.as_ref()?.get("required")?)?.as_array()?;
            let name = asked.iter().filter_map(|it| it.as_str()).find(|it| !on.contains(*it))?;
            Some(format!("it asks for the feature {name}, which is not on by default"))
        };
        skips.map(|it| it.why.clone()).next().or_else(missing)
    }

    /// Why sources cannot be compiled.
    fn unfit(&self, unit: &Unit, sources: &BTreeSet<String>) -> Option<String> {
        if let Some((regex, why)) = &self.manifest.refuse_text
            && sources.iter().any(|it| regex.is_match(&self.texts[it]))
        {
            return Some(why.clone());
        }
        let outside = self.outside_of_tests(sources).filter(|_| unit.for_tests)?;
        Some(format!("it needs {outside}, which is not in this workspace"))
    }

    /// What the sources mention of those that only tests depend on and that are not there.
    fn outside_of_tests(&self, sources: &BTreeSet<String>) -> Option<String> {
        let outside = self.own.test_dependencies.iter().filter(|it| it.folder.is_none());
        let mentions = |name: &str| {
            let name = ident(name);
            sources
                .iter()
                .any(|it| memchr::memmem::find(&self.texts[it], name.as_bytes()).is_some())
        };
        outside.map(|it| it.name.clone()).find(|it| mentions(it))
    }
}

/// True if the root is not the one that the rule would take.
fn ambiguous(sources: &BTreeSet<String>, root: &str, is_whole: &dyn Fn(&str) -> bool) -> bool {
    sources.iter().filter(|it| is_whole(it)).any(|it| it != root)
}
