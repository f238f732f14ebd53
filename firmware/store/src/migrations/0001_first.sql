-- Format 1. Times are µs since 1970 (wall) or ns since the start of a boot (mono). Ids of 128 bits
-- are blobs of 16 bytes, big-endian. Names (rule, cause) are the ones of `model`, so that a row
-- keeps its meaning when an enum grows or is reordered.

-- One row for each start of the program; `mono` of the ledger counts from it.
CREATE TABLE boot (
    id        INTEGER PRIMARY KEY,
    wall      INTEGER NOT NULL,
    first_seq INTEGER NOT NULL,
    closed    INTEGER NOT NULL DEFAULT 0
) STRICT;

-- Runs of the ledger. A closed one is a checkpoint of the hash chain and can be dropped whole.
CREATE TABLE segment (
    first_seq INTEGER PRIMARY KEY,
    last_seq  INTEGER,
    before    BLOB NOT NULL,
    after     BLOB,
    last_wall INTEGER,
    dropped   INTEGER NOT NULL DEFAULT 0
) STRICT;

-- `body` is JSON: self-describing, so that old rows stay readable for as long as they are kept.
-- `hash` = SHA-256 over the previous hash and this row.
CREATE TABLE ledger (
    seq   INTEGER PRIMARY KEY,
    boot  INTEGER NOT NULL,
    mono  INTEGER NOT NULL,
    wall  INTEGER NOT NULL,
    trust INTEGER NOT NULL,
    call  BLOB,
    leg   BLOB,
    rule  TEXT NOT NULL,
    body  TEXT NOT NULL,
    hash  BLOB NOT NULL
) STRICT;

-- People's data; `seq` is the end of the ledger when the row came, for retention.
CREATE TABLE party (
    id     BLOB PRIMARY KEY,
    number TEXT NOT NULL,
    name   TEXT NOT NULL,
    seq    INTEGER NOT NULL,
    erased INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID, STRICT;

-- Projection: one row a call, keyed by the position of its first event, so that newest first is
-- the key backwards and a call's events lie between first_seq and last_seq.
CREATE TABLE cdr (
    first_seq INTEGER PRIMARY KEY,
    last_seq  INTEGER NOT NULL,
    call      BLOB NOT NULL UNIQUE,
    open      INTEGER NOT NULL,
    body      TEXT NOT NULL
) STRICT;
CREATE INDEX cdr_open ON cdr (first_seq) WHERE open = 1;

-- State: the newest value only.
CREATE TABLE binding (
    owner   TEXT NOT NULL,
    key     TEXT NOT NULL,
    expires INTEGER NOT NULL,
    body    TEXT NOT NULL,
    PRIMARY KEY (owner, key)
) WITHOUT ROWID, STRICT;
CREATE TABLE digest_md5 (owner TEXT PRIMARY KEY) WITHOUT ROWID, STRICT;

-- Sealed with the box key, which is not in this file.
CREATE TABLE secret (
    id      TEXT NOT NULL,
    version INTEGER NOT NULL,
    wall    INTEGER NOT NULL,
    sealed  BLOB NOT NULL,
    PRIMARY KEY (id, version)
) WITHOUT ROWID, STRICT;

CREATE TABLE config (
    version INTEGER PRIMARY KEY,
    wall    INTEGER NOT NULL,
    author  TEXT NOT NULL,
    reason  TEXT NOT NULL,
    hash    BLOB NOT NULL,
    text    TEXT NOT NULL
) STRICT;

-- The panel's doors. Tokens are kept as SHA-256, passwords as argon2id strings.
CREATE TABLE login (
    person  TEXT PRIMARY KEY,
    hash    TEXT NOT NULL,
    changed INTEGER NOT NULL
) WITHOUT ROWID, STRICT;
CREATE TABLE session (
    token   BLOB PRIMARY KEY,
    person  TEXT NOT NULL,
    created INTEGER NOT NULL,
    expires INTEGER NOT NULL,
    agent   TEXT NOT NULL
) WITHOUT ROWID, STRICT;
CREATE TABLE api_token (
    name    TEXT PRIMARY KEY,
    token   BLOB NOT NULL UNIQUE,
    rights  TEXT NOT NULL,
    created INTEGER NOT NULL,
    expires INTEGER
) STRICT;

-- Small things with one value: the claim code's hash, a configuration that waits to be confirmed.
CREATE TABLE memo (key TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID, STRICT;
