-- Projection: one row a recording and one a track. `state`: 0 = goes on, 1 = ended, 2 = kept,
-- 3 = lost. Track numbers count within a boot.
CREATE TABLE recording (
    id      BLOB PRIMARY KEY,
    call    BLOB NOT NULL,
    boot    INTEGER NOT NULL,
    started INTEGER NOT NULL,
    state   INTEGER NOT NULL,
    ms      INTEGER NOT NULL DEFAULT 0,
    bytes   INTEGER NOT NULL DEFAULT 0,
    sha256  TEXT NOT NULL DEFAULT ''
) WITHOUT ROWID, STRICT;
CREATE INDEX recording_started ON recording (started);
CREATE INDEX recording_call ON recording (call);
CREATE INDEX recording_waiting ON recording (state) WHERE state < 2;
CREATE TABLE track (
    recording BLOB NOT NULL,
    tap       INTEGER NOT NULL,
    leg       BLOB NOT NULL,
    PRIMARY KEY (recording, tap)
) WITHOUT ROWID, STRICT;
