-- What the last seconds before a hang-up on a line sounded like; `id` is the number of its event in the
-- ledger, `sound` A-law of 8 kHz, `tone` JSON of `model::ToneEvidence`.
CREATE TABLE line_evidence (
    id        INTEGER PRIMARY KEY,
    port      TEXT NOT NULL,
    wall      INTEGER NOT NULL,
    call      BLOB,
    sign      TEXT NOT NULL,
    tone      TEXT,
    false_one INTEGER NOT NULL,
    sound     BLOB NOT NULL
) STRICT;
CREATE INDEX line_evidence_port ON line_evidence (port, id);
