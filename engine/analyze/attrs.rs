//! Attribute types: what the value of a target becomes as a list of words.

use super::expand::Context;
use super::needs::{entry_holds, paths_in, resolve, takes_paths};
use super::order::owner;
use super::scope::Scope;
use super::word::{self, Piece, Word, short};
use super::{FileKind, ToolId, ToolRequest};
use crate::base::{
    Label, Place, Problem, Problems, check_relative, join, listing, nearest, suffixes,
};
use crate::load::{Attr, AttrKind, Entry, ToolSpec, Value};

impl Scope<'_> {
    /// The words of an attribute.
    pub(super) fn attribute(&mut self, attr: &Attr, problems: &mut Problems) -> Vec<Piece> {
        let target = self.target.clone();
        let mut pieces = Vec::new();
        match target.attrs.get(&attr.name) {
            Some(Value::Bool(value)) => pieces.push(Piece::Word(Word::text(&value.to_string()))),
            Some(Value::Int(value)) => pieces.push(Piece::Word(Word::text(&value.to_string()))),
            Some(Value::Map(pairs)) => {
                for (key, value) in pairs {
                    let mut word = self.with_paths(attr, &value.text, &value.place, problems);
                    word.text = format!("{}={}", key.text, word.text).into();
                    pieces.push(Piece::Word(word));
                }
            }
            Some(Value::List(entries)) => self.entries(attr, entries, &mut pieces, problems),
            None => self.default(attr, &mut pieces, problems),
        }
        if !attr.kind.is_list() && pieces.len() > 1 && target.attrs.contains_key(&attr.name) {
            problems.push(Problem::at(
                &target.place,
                format!("'{}' wants one value, found {}", attr.name, pieces.len()),
            ));
        }
        pieces
    }

    fn default(&mut self, attr: &Attr, pieces: &mut Vec<Piece>, problems: &mut Problems) {
        let Some(items) = &attr.default else { return };
        for word in word::flatten(&self.expand(items, &Context::default(), problems)) {
            // A word that a mention gave is what it is; text is read by the attribute's type.
            if !word.files().is_empty() || !word.tools().is_empty() {
                pieces.push(Piece::Word(word));
            } else {
                let text = word.text.clone();
                self.entry(attr, &text, &attr.place, pieces, problems);
            }
        }
        if !attr.kind.is_list() {
            // Of several words that a default gives, a scalar takes the first.
            pieces.truncate(1);
        }
        if pieces.is_empty()
            && !attr.kind.is_list()
            && !matches!(attr.kind, AttrKind::String { .. })
        {
            problems.push(
                Problem::at(
                    &self.target.place,
                    format!(
                        "'{}' of {} is missing: its default gives nothing here",
                        attr.name,
                        self.label()
                    ),
                )
                .following(),
            );
        }
    }

    fn entries(
        &mut self,
        attr: &Attr,
        entries: &[Entry],
        pieces: &mut Vec<Piece>,
        problems: &mut Problems,
    ) {
        for entry in entries {
            match entry {
                Entry::Text(text) => self.entry(attr, &text.text, &text.place, pieces, problems),
                Entry::When(conditions, entries) => {
                    if entry_holds(self.target, conditions, &self.modes.active) {
                        self.entries(attr, entries, pieces, problems);
                    }
                }
                Entry::Glob(paths, place) => {
                    for path in paths {
                        match &attr.kind {
                            AttrKind::File { .. } | AttrKind::Files { .. } => {
                                self.source(attr, path, place, pieces, problems);
                            }
                            _ => pieces.push(Piece::Word(Word::text(path))),
                        }
                    }
                }
            }
        }
    }

    fn entry(
        &mut self,
        attr: &Attr,
        text: &str,
        place: &Place,
        pieces: &mut Vec<Piece>,
        problems: &mut Problems,
    ) {
        match &attr.kind {
            AttrKind::File { .. } | AttrKind::Files { .. } if Label::looks_like(text) => {
                self.files_of(attr, text, place, pieces, problems);
            }
            AttrKind::File { .. } | AttrKind::Files { .. } => {
                self.source(attr, text, place, pieces, problems);
            }
            AttrKind::Dirs => self.folder(text, place, pieces, problems),
            AttrKind::Target { provides } | AttrKind::Targets { provides } => {
                self.target(attr, provides, text, place, pieces, problems);
            }
            AttrKind::Tool(spec) | AttrKind::Tools(spec) => {
                self.tool(spec, text, place, pieces, problems);
            }
            _ => {
                let word = self.with_paths(attr, text, place, problems);
                pieces.push(Piece::Word(word));
            }
        }
    }

    fn source(
        &mut self,
        attr: &Attr,
        path: &str,
        place: &Place,
        pieces: &mut Vec<Piece>,
        problems: &mut Problems,
    ) {
        if let Err(why) = check_relative(path) {
            let advice = match path.starts_with("../") {
                true => "; name the target that owns the file instead",
                false => "",
            };
            problems.push(Problem::at(place, format!("'{path}' {why}{advice}")));
            return;
        }
        if let AttrKind::File { ext } | AttrKind::Files { ext } = &attr.kind
            && !suffixes(path, ext)
        {
            let ext = listing(ext.iter().map(String::as_str), 20);
            problems.push(Problem::at(
                place,
                format!("'{path}' does not fit: '{}' takes files that end in {ext}", attr.name),
            ));
            return;
        }
        let package = self.package;
        if !package.has_file(path) {
            problems.push(Problem::at(place, self.missing_file(path)));
            return;
        }
        let exec_path = join(&package.name.exec_path(), path);
        if ["out/", "external/"].iter().any(|taken| exec_path.starts_with(taken))
            && package.builtin.is_empty()
        {
            problems.push(Problem::at(place, format!("'{exec_path}' cannot be used: actions find generated and built-in files under 'out' and 'external' at the root; rename that folder")));
            return;
        }
        let kind = match package.builtin.get(path) {
            Some(bytes) => FileKind::Builtin(bytes),
            None => FileKind::Source,
        };
        let (id, _) = self.analysis.files.intern(&exec_path, kind);
        if let (FileKind::Source, Some(reached)) = (kind, self.analysis.reached.last_mut()) {
            reached.sources.push(id);
        }
        pieces.push(Piece::Word(Word::file(self.analysis.files.path(id).clone(), id)));
    }

    fn missing_file(&self, path: &str) -> String {
        let package = self.package;
        if let Some(other) = owner(self.workspace, package, path) {
            return format!(
                "'{path}' belongs to the package {}; name one of its targets instead",
                other.name
            );
        }
        if package.targets.iter().any(|target| *target.label.name == *path) {
            return format!(
                "the file '{path}' does not exist in {}; for the target of that name write ':{path}'",
                package.name
            );
        }
        let prefix = format!("{path}/");
        if package.files.iter().any(|file| file.starts_with(&prefix)) {
            return format!(
                "'{path}' is a folder; name its files, for instance with glob([\"{path}/**\"])"
            );
        }
        let files = || package.files.iter().map(String::as_str).filter(|file| *file != "BUILD.ron");
        let near = match nearest(path, files()) {
            near if !near.is_empty() => near,
            _ if files().next().is_none() => "; it has no files".to_string(),
            _ => format!("; it has {}", listing(files(), 5)),
        };
        format!("the file '{path}' does not exist in {}{near}", package.name)
    }

    fn files_of(
        &mut self,
        attr: &Attr,
        text: &str,
        place: &Place,
        pieces: &mut Vec<Piece>,
        problems: &mut Problems,
    ) {
        let home = &self.target.label.package;
        let resolved = resolve(self.workspace, text, home, place, problems);
        let Some((label, place)) = resolved else { return };
        let Some(target) = self.analysis.targets.get(&label).cloned() else { return };
        let words = word::flatten(&target.files);
        if words.is_empty() {
            problems.push(
                Problem::at(
                    &place,
                    format!(
                        "{label} has no files to give to '{}': {} leaves none behind",
                        attr.name, target.rule
                    ),
                )
                .following(),
            );
        }
        if let AttrKind::File { ext } | AttrKind::Files { ext } = &attr.kind {
            for word in words.iter().filter(|word| !suffixes(&word.text, ext)) {
                let ext = listing(ext.iter().map(String::as_str), 20);
                problems.push(Problem::at(
                    &place,
                    format!(
                        "{label} gives '{}', but '{}' takes files that end in {ext}",
                        word.text, attr.name
                    ),
                ));
            }
        }
        if matches!(attr.kind, AttrKind::File { .. }) && words.len() > 1 {
            problems.push(Problem::at(
                &place,
                format!("'{}' wants one file, but {label} gives {}", attr.name, words.len()),
            ));
        }
        pieces.extend(words.into_iter().map(Piece::Word));
    }

    /// A folder of the package stands for itself and for its twin among the outputs.
    fn folder(
        &mut self,
        path: &str,
        place: &Place,
        pieces: &mut Vec<Piece>,
        problems: &mut Problems,
    ) {
        if path != "."
            && let Err(why) = check_relative(path.trim_end_matches('/'))
        {
            problems.push(Problem::at(place, format!("'{path}' {why}")));
            return;
        }
        let folder = join(&self.package.name.exec_path(), path.trim_end_matches('/'));
        let folder = if folder.is_empty() { "." } else { &folder };
        for folder in [folder.to_string(), join("out", folder)] {
            pieces.push(Piece::Word(Word::text(&folder)));
        }
    }

    fn target(
        &mut self,
        attr: &Attr,
        provides: &[String],
        text: &str,
        place: &Place,
        pieces: &mut Vec<Piece>,
        problems: &mut Problems,
    ) {
        let home = &self.target.label.package;
        let resolved = resolve(self.workspace, text, home, place, problems);
        let Some((label, place)) = resolved else { return };
        let Some(target) = self.analysis.targets.get(&label) else { return };
        if !provides.is_empty() && !provides.iter().any(|group| target.groups.contains_key(group)) {
            let wanted =
                provides.iter().map(|group| format!("'{group}'")).collect::<Vec<_>>().join(" or ");
            problems.push(Problem::at(
                &place,
                format!(
                    "{label} does not provide {wanted}, which '{}' asks for; it is a {}",
                    attr.name, target.rule
                ),
            ));
            return;
        }
        pieces.push(Piece::Word(Word::text(&label.to_string())));
    }

    fn tool(
        &mut self,
        spec: &ToolSpec,
        text: &str,
        place: &Place,
        pieces: &mut Vec<Piece>,
        problems: &mut Problems,
    ) {
        if !Label::looks_like(text) {
            if text.is_empty() || (text.contains('/') && !text.starts_with('/')) {
                problems.push(Problem::at(place, format!("'{text}' is no tool; write the label of a target that can be run, or the name of a program of this machine")));
                return;
            }
            let request = ToolRequest { program: text.to_string(), spec: spec.clone() };
            let next = ToolId(self.analysis.tools.len() as u32);
            let id = *self.tools.entry(request.clone()).or_insert(next);
            if id == next {
                self.analysis.tools.push((request, place.clone()));
            }
            let mut word = Word::text(text);
            word.add_tool(id, 0);
            pieces.push(Piece::Word(word));
            return;
        }
        let home = &self.target.label.package;
        let resolved = resolve(self.workspace, text, home, place, problems);
        let Some((label, place)) = resolved else { return };
        let Some(target) = self.analysis.targets.get(&label).cloned() else { return };
        let mut words = word::flatten(&target.run);
        let Some(first) = words.first_mut() else {
            problems.push(
                Problem::at(&place, format!("{label} cannot be run; it is a {}", target.rule))
                    .following(),
            );
            return;
        };
        // A shell would look for a bare name on PATH.
        if first.file.is_some() && !first.text.contains('/') {
            first.text = format!("./{}", first.text).into();
        }
        // Whoever mentions a program needs what the program needs.
        for word in word::flatten(&target.data).into_iter().chain(word::flatten(&target.beside)) {
            first.add_files(word.files().iter().copied());
        }
        first.add_beside(target.companions());
        pieces.extend(words.into_iter().map(Piece::Word));
    }

    /// A text in which `{path:LABEL}` has become a path in the runfiles, where that is allowed.
    fn with_paths(
        &mut self,
        attr: &Attr,
        text: &str,
        place: &Place,
        problems: &mut Problems,
    ) -> Word {
        if !takes_paths(self.target, attr) || !text.contains("{path:") {
            return Word::text(text);
        }
        let mut word = Word::text("");
        let mut res = text.to_string();
        for (label, mention) in paths_in(text) {
            let home = &self.target.label.package;
            let resolved = resolve(self.workspace, label, home, place, problems);
            let Some((label, place)) = resolved else { continue };
            let Some(target) = self.analysis.targets.get(&label) else { continue };
            let run = word::flatten(&target.run);
            let files = if run.is_empty() { word::flatten(&target.files) } else { run };
            let [only] = files.as_slice() else {
                problems.push(
                    Problem::at(
                        &place,
                        format!(
                            "'{mention}' wants a target with one file, but {label} has {}",
                            files.len()
                        ),
                    )
                    .following(),
                );
                continue;
            };
            let path = short(&only.text);
            // A bare name would be looked for on PATH, and there may be another program of it.
            let path = if path.contains('/') { path.to_string() } else { format!("./{path}") };
            res = res.replace(mention, &path);
            word.add_files(only.files().iter().copied());
            let brought =
                word::flatten(&target.data).into_iter().chain(word::flatten(&target.beside));
            word.add_files(brought.flat_map(|word| word.files().to_vec()));
            word.add_beside(target.companions());
        }
        word.text = res.into();
        word
    }
}
