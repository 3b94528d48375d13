-- The ledger. Keys are the 32 bytes of a hash. A row is a version byte, the encoded value and a
-- checksum over key and value; see database.rs. The file's name carries the version of this form.

CREATE TABLE results (key BLOB NOT NULL PRIMARY KEY, row BLOB NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE shapes (key BLOB NOT NULL PRIMARY KEY, row BLOB NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE cases (key BLOB NOT NULL PRIMARY KEY, row BLOB NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE tools (key BLOB NOT NULL PRIMARY KEY, row BLOB NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE last (key BLOB NOT NULL PRIMARY KEY, row BLOB NOT NULL) STRICT, WITHOUT ROWID;

-- Small texts by the 32 bytes of their hash, which is also their checksum: what results were made
-- of, and sources, for explanations. As files they would cost more than a small action itself.
CREATE TABLE texts (digest BLOB NOT NULL PRIMARY KEY, text BLOB NOT NULL) STRICT, WITHOUT ROWID;

-- Files by workspace, so that one scan loads what a run needs. The root is a hash of its path;
-- paths are relative to it, or absolute if they are outside.
CREATE TABLE stats (
    root BLOB NOT NULL,
    path BLOB NOT NULL,
    row BLOB NOT NULL,
    PRIMARY KEY (root, path)
) STRICT, WITHOUT ROWID;
