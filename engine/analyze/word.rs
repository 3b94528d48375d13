//! A word of a command and the files it mentions; lists that are gathered over dependencies.

use super::{FileId, ToolId};
use crate::load::Prop;
use std::collections::HashSet;
use std::sync::{Arc, LazyLock};

/// A word: its text, and what must be there when it is used. There are millions of them, and most
/// mention nothing or are one file.
#[derive(Debug, Clone)]
pub struct Word {
    /// As it stands in a command, with paths from the exec root and bare names of tools.
    pub text: Arc<str>,
    /// The file that the whole word is, if it is one.
    pub file: Option<FileId>,
    /// All that it mentions, if that is more than this file.
    more: Option<Box<Mentions>>,
}

/// What a word mentions.
#[derive(Debug, Clone, Default)]
struct Mentions {
    files: Vec<FileId>,
    tools: Vec<(ToolId, u32)>,
    beside: Vec<(FileId, FileId)>,
}

impl Word {
    /// A word that mentions nothing.
    pub fn text(text: &str) -> Word {
        Word { text: text.into(), file: None, more: None }
    }

    /// A word that is a file.
    pub fn file(path: Arc<str>, file: FileId) -> Word {
        Word { text: path, file: Some(file), more: None }
    }

    /// A word without text, which brings what must lie beside programs.
    pub fn beside_only(beside: Vec<(FileId, FileId)>) -> Word {
        let mut res = Word::text("");
        res.add_beside(beside);
        res
    }

    /// The files that it mentions.
    pub fn files(&self) -> &[FileId] {
        match &self.more {
            Some(more) => &more.files,
            None => self.file.as_slice(),
        }
    }

    /// Tools whose names stand in the text at these bytes, in the order of the text.
    pub fn tools(&self) -> &[(ToolId, u32)] {
        self.more.as_ref().map_or(&[], |more| &more.tools)
    }

    /// Programs that it mentions, each with a file that must lie in the program's folder.
    pub fn beside(&self) -> &[(FileId, FileId)] {
        self.more.as_ref().map_or(&[], |more| &more.beside)
    }

    /// Adds files that it mentions.
    pub fn add_files(&mut self, files: impl IntoIterator<Item = FileId>) {
        let mut files = files.into_iter().peekable();
        if files.peek().is_some() {
            self.more().files.extend(files);
        }
    }

    /// Adds a tool whose name stands in the text at this byte, behind those that it has.
    pub fn add_tool(&mut self, tool: ToolId, at: u32) {
        self.more().tools.push((tool, at));
    }

    /// Adds what must lie beside programs that it mentions.
    pub fn add_beside(&mut self, beside: impl IntoIterator<Item = (FileId, FileId)>) {
        let mut beside = beside.into_iter().peekable();
        if beside.peek().is_some() {
            self.more().beside.extend(beside);
        }
    }

    fn more(&mut self) -> &mut Mentions {
        let files = self.file;
        self.more.get_or_insert_with(|| {
            Box::new(Mentions { files: files.into_iter().collect(), ..Mentions::default() })
        })
    }

    /// Takes over the tools of a word whose text becomes part of this one at a byte, and what must
    /// lie beside the programs that it mentions.
    pub fn take_tools(&mut self, word: &Word, at: usize) {
        self.add_beside(word.beside().iter().copied());
        for (tool, offset) in word.tools() {
            self.add_tool(*tool, at as u32 + offset);
        }
    }

    /// A text that mentions the same files as this word.
    fn mentioning(&self, text: &str) -> Word {
        let mut res = Word::text(text);
        res.add_files(self.files().iter().copied());
        res
    }

    /// The same with another text, in which tools stand so many bytes further to the front, if they
    /// still do.
    pub fn cut(&self, text: &str, start: u32) -> Word {
        let mut res = self.mentioning(text);
        res.add_beside(self.beside().iter().copied());
        for (tool, at) in self.tools() {
            if let Some(at) = at.checked_sub(start) {
                res.add_tool(*tool, at);
            }
        }
        res
    }

    /// A property of the word, taken as a path or as `K=v`.
    pub fn prop(&self, prop: Prop, out_folder: &str) -> Word {
        let path = &*self.text;
        let text = match prop {
            Prop::Path => path,
            Prop::Short => short(path),
            Prop::Dir => match crate::base::parent(path) {
                "" => ".",
                folder => folder,
            },
            Prop::Stem => crate::base::split_name(path).0,
            Prop::Ext => crate::base::split_name(path).1,
            Prop::Name => path.rsplit('/').next().unwrap_or(path),
            Prop::Root => match path.starts_with("out/") {
                true => "out",
                false => ".",
            },
            Prop::Rel => path
                .strip_prefix(out_folder)
                .and_then(|rest| rest.strip_prefix('/'))
                .unwrap_or(path),
            Prop::Key => path.split_once('=').map_or(path, |(key, _)| key),
            Prop::Only => return self.clone(),
            Prop::Base => without_extension(short(path)),
            Prop::Ident => {
                let text = crate::base::ident(without_extension(short(path)));
                return self.mentioning(&text);
            }
            Prop::Flat => {
                return self.mentioning(&crate::base::flat(without_extension(short(path))));
            }
            Prop::Value => path.split_once('=').map_or("", |(_, value)| value),
        };
        self.mentioning(text)
    }
}

/// Path of a file as runfiles and object names have it: without `out/`.
pub fn short(path: &str) -> &str {
    path.strip_prefix("out/").unwrap_or(path)
}

fn without_extension(path: &str) -> &str {
    path.strip_suffix(crate::base::split_name(path).1).unwrap_or(path)
}

/// A part of a list: a word, or what a dependency contributes.
#[derive(Debug, Clone)]
pub enum Piece {
    /// A word.
    Word(Word),
    /// The contribution of a target to a field. Shared, never copied, so that a field gathered over
    /// a long chain of targets costs one entry per target.
    Gather(Arc<Vec<Piece>>),
}

/// A list that several may hold. All empty ones are the same.
pub fn shared(pieces: Vec<Piece>) -> Arc<Vec<Piece>> {
    static EMPTY: LazyLock<Arc<Vec<Piece>>> = LazyLock::new(Arc::default);
    if pieces.is_empty() { EMPTY.clone() } else { Arc::new(pieces) }
}

/// The words of a list. Inside one gathered piece a contribution appears once, at its last place:
/// that keeps archives in link order (see "Eight laws" in `docs/rules.md`).
pub fn flatten(pieces: &[Piece]) -> Vec<Word> {
    let mut words = Vec::new();
    for piece in pieces {
        match piece {
            Piece::Word(word) => words.push(word.clone()),
            Piece::Gather(list) => flatten_last(list, &mut words),
        }
    }
    words
}

/// Walks from the end, so that the first visit of a contribution is its last place. Iterative,
/// since a chain of targets may be longer than any stack.
fn flatten_last(list: &Arc<Vec<Piece>>, words: &mut Vec<Word>) {
    let start = words.len();
    let mut seen: HashSet<*const Vec<Piece>> = HashSet::new();
    let mut open: Vec<(&Vec<Piece>, usize)> = vec![(list, list.len())];
    while let Some((pieces, at)) = open.last_mut() {
        if *at == 0 {
            open.pop();
            continue;
        }
        *at -= 1;
        match &pieces[*at] {
            Piece::Word(word) => words.push(word.clone()),
            Piece::Gather(inner) => {
                if seen.insert(Arc::as_ptr(inner)) {
                    open.push((inner, inner.len()));
                }
            }
        }
    }
    words[start..].reverse();
}

/// True if the list has no word.
pub fn is_empty(pieces: &[Piece]) -> bool {
    pieces.iter().all(|piece| match piece {
        Piece::Word(_) => false,
        Piece::Gather(list) => {
            let mut words = Vec::new();
            flatten_last(list, &mut words);
            words.is_empty()
        }
    })
}
