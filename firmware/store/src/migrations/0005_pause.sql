-- Spans in which nothing was recorded because somebody asked for it; `until` is missing while it lasts, and
-- where the recording ended paused.
CREATE TABLE pause (
    recording BLOB NOT NULL,
    since     INTEGER NOT NULL,
    until     INTEGER,
    PRIMARY KEY (recording, since)
) WITHOUT ROWID, STRICT;
