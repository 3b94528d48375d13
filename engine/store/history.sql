-- The history. Times are in ns since the epoch, durations in ns, memory in KiB. Rows of attempts and
-- cases come in the order in which they ended, so that what is old stands first. The file's name
-- carries the version of this form.

CREATE TABLE runs (
    id INTEGER PRIMARY KEY,
    start INTEGER NOT NULL,
    -- Nothing while it runs, and for ever if it was killed.
    stop INTEGER,
    workspace TEXT NOT NULL,
    command TEXT NOT NULL,
    exit INTEGER,
    version TEXT NOT NULL,
    -- Where the checkout was when it began, if it was one.
    git_commit TEXT,
    -- True if nothing had changed since another run, so that no plan was made.
    idle INTEGER NOT NULL,
    -- What it came to, once it has ended: counts of actions, tests and cases.
    ran INTEGER,
    cached INTEGER,
    failed INTEGER,
    skipped INTEGER,
    tests_passed INTEGER,
    tests_failed INTEGER,
    tests_not_run INTEGER,
    cases_passed INTEGER,
    cases_failed INTEGER,
    cases_skipped INTEGER,
    cases_flaky INTEGER,
    cases_cached INTEGER
) STRICT;
CREATE INDEX runs_by_workspace ON runs (workspace, id);

-- Processes of actions, those that list and run tests included.
CREATE TABLE attempts (
    run INTEGER NOT NULL,
    label TEXT NOT NULL,
    action TEXT NOT NULL,
    key BLOB NOT NULL,
    size INTEGER NOT NULL,
    start INTEGER NOT NULL,
    duration INTEGER NOT NULL,
    cpu INTEGER NOT NULL,
    peak INTEGER NOT NULL,
    outcome TEXT NOT NULL,
    origin TEXT NOT NULL,
    reason TEXT NOT NULL,
    -- True if its cases tell what it came to.
    tests INTEGER NOT NULL,
    -- Which round, 0 if there is only one, and which attempt in it, from 1 on.
    round INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    same INTEGER NOT NULL,
    -- Where the facts of its key are in the store: a hash and a size.
    manifest BLOB,
    manifest_size INTEGER NOT NULL,
    -- The files among the reasons, encoded.
    files BLOB
) STRICT;
CREATE INDEX attempts_by_action ON attempts (label, action, run);
CREATE INDEX attempts_by_run ON attempts (run);

CREATE TABLE cases (
    run INTEGER NOT NULL,
    label TEXT NOT NULL,
    name TEXT NOT NULL,
    -- Nothing if it is not known what it was made of.
    key BLOB,
    round INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    start INTEGER NOT NULL,
    -- Nothing if the protocol does not tell.
    duration INTEGER,
    -- Nothing if its process had other cases, too: then they are known of the process only.
    cpu INTEGER,
    peak INTEGER,
    outcome TEXT NOT NULL,
    origin TEXT NOT NULL
) STRICT;
-- A target has few runs, and these are found by its attempts.
CREATE INDEX cases_by_run ON cases (run);

CREATE TABLE durations (
    workspace TEXT NOT NULL,
    label TEXT NOT NULL,
    action TEXT NOT NULL,
    ns INTEGER NOT NULL,
    PRIMARY KEY (workspace, label, action)
) STRICT, WITHOUT ROWID;

-- How far the last look for what is old has come, by table.
CREATE TABLE looked (what TEXT PRIMARY KEY, at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
