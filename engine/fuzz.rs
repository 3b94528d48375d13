//! The one door for fuzzing: everything that reads what others wrote, by name, given plain bytes.
//! It is there in tests and with the feature `fuzzing`; `fuzz/` has a target for each name.

use crate::base::{self, Reader};
use crate::{load, query, report, run, session, store, testing};

fn readers() -> impl Iterator<Item = Reader> {
    let rooms = [
        base::READERS,
        load::READERS,
        query::READERS,
        run::READERS,
        testing::READERS,
        store::READERS,
        session::READERS,
        report::READERS,
    ];
    rooms.into_iter().flatten().copied()
}

/// Lets the reader of this name read the bytes. It panics if the reader does, or breaks a promise.
#[cfg(feature = "fuzzing")]
pub fn fuzz(name: &str, bytes: &[u8]) {
    match readers().find(|(it, _)| *it == name) {
        Some((_, read)) => read(bytes),
        None => unreachable!("BUG: nothing reads '{name}'"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rayon::prelude::*;
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::{Path, PathBuf};

    const ROOT: &str = env!("CARGO_MANIFEST_DIR");

    /// Numbers that look random and are the same in every run.
    struct Dice(u64);

    impl Dice {
        fn below(&mut self, most: usize) -> usize {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            (self.0 % most.max(1) as u64) as usize
        }

        /// The bytes with one to three places changed.
        fn change(&mut self, bytes: &[u8]) -> Vec<u8> {
            const SIGNS: &[u8] = b"[](){}\":,'\\#/*!?.|=+-r0b{<>&@$ \n\0\x80\xff";
            let mut bytes = bytes.to_vec();
            for _ in 0..=self.below(3) {
                if bytes.is_empty() {
                    bytes.push(b'[');
                }
                let at = self.below(bytes.len());
                let end = (at + 1 + self.below(12)).min(bytes.len());
                let sign = SIGNS[self.below(SIGNS.len())];
                match self.below(6) {
                    0 => bytes[at] = sign,
                    1 => bytes.insert(at, sign),
                    2 => drop(bytes.drain(at..end)),
                    3 => bytes.truncate(at),
                    4 => bytes[at] = self.below(256) as u8,
                    _ => {
                        let part = bytes[at..end].to_vec();
                        let to = self.below(bytes.len());
                        bytes.splice(to..to, part);
                    }
                }
            }
            bytes
        }
    }

    fn files(folder: &str) -> Vec<PathBuf> {
        let entries = fs::read_dir(Path::new(ROOT).join(folder)).expect("look into a folder");
        let mut files: Vec<_> = entries.map(|it| it.expect("look at a file").path()).collect();
        files.sort();
        files
    }

    fn read(name: &str, reader: fn(&[u8]), bytes: &[u8]) {
        if std::panic::catch_unwind(|| reader(bytes)).is_err() {
            panic!("{name} read b\"{}\"", bytes.escape_ascii());
        }
    }

    /// Reads each file of its corpus, and changed ones.
    fn short(name: &str, reader: fn(&[u8])) {
        const CHANGED: usize = 2000;
        let corpus: Vec<Vec<u8>> = files(&format!("fuzz/corpus/{name}"))
            .iter()
            .map(|path| fs::read(path).expect("read a file"))
            .collect();
        corpus.iter().for_each(|bytes| read(name, reader, bytes));
        let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
        for round in 0..CHANGED {
            read(name, reader, &dice.change(&corpus[round % corpus.len()]));
        }
    }

    #[test]
    fn whatever_is_changed_in_what_is_read_nothing_panics() {
        let readers: Vec<Reader> = readers().collect();
        readers.par_iter().for_each(|(name, reader)| short(name, *reader));
    }

    #[test]
    fn every_reader_has_a_target_and_a_corpus() {
        let stems = |folder: &str| -> BTreeSet<String> {
            let stem = |it: &PathBuf| it.file_stem().map(|it| it.to_string_lossy().into_owned());
            files(folder).iter().filter_map(stem).collect()
        };
        let names: BTreeSet<String> = readers().map(|(name, _)| name.to_string()).collect();
        assert_eq!(names.len(), readers().count());
        assert_eq!(stems("fuzz/fuzz_targets"), names);
        assert_eq!(stems("fuzz/corpus"), names);
    }
}
