//! Texts by digest, kept with the rows that name them. They are small, and there are many.

use super::ledger::Ledger;
use super::tables::{DROP_TEXT, FIND_TEXT};
use crate::base::Digest;
use rusqlite::{OptionalExtension, Transaction, params};

impl Ledger {
    /// A text that was kept for explanations.
    pub fn text(&self, digest: &Digest) -> Option<Vec<u8>> {
        let database = self.database.as_ref()?;
        let text = database.read(|connection| {
            let mut find = connection.prepare_cached(FIND_TEXT)?;
            find.query_row([digest.bytes()], |row| row.get::<_, Vec<u8>>(0)).optional()
        })??;
        if Digest::of(&text) != *digest {
            let drop = |transaction: &Transaction| {
                transaction.execute(DROP_TEXT, params![digest.bytes(), text])
            };
            database.write(drop);
            return None;
        }
        Some(text)
    }
}

#[cfg(test)]
mod tests {
    use super::super::batch::Batch;
    use super::*;

    fn key(text: &str) -> Digest {
        Digest::of(text.as_bytes())
    }

    #[test]
    fn a_text_is_what_its_digest_says_or_missing() {
        let dir = tempfile::tempdir().unwrap();
        let (ledger, _) = Ledger::open(dir.path());
        let texts = vec![(key("text"), b"text".to_vec()), (key(""), Vec::new())];
        ledger.commit(Batch { texts: [texts.clone(), texts].concat(), ..Batch::default() });
        assert_eq!(ledger.text(&key("text")), Some(b"text".to_vec()));
        assert_eq!(ledger.text(&key("")), Some(Vec::new()));
        assert_eq!(ledger.text(&key("other")), None);
        let damage = "UPDATE texts SET text = x'01' WHERE digest = ?1";
        let database = ledger.database.as_ref().unwrap();
        database.write(|transaction| transaction.execute(damage, [key("text").bytes()]));
        assert_eq!(ledger.text(&key("text")), None);
        let texts = vec![(key("text"), b"text".to_vec())];
        ledger.commit(Batch { texts, ..Batch::default() });
        assert_eq!(ledger.text(&key("text")), Some(b"text".to_vec()));
    }
}
