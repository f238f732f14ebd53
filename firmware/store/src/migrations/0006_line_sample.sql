-- What analog ports measured and counted, at most once a minute each, for two weeks. Columns are those of
-- `model::LineSample`; what was not measured is NULL and takes no room, and so does a count of 0. `flaws`: 1 =
-- dead, 2 = in use by a parallel set, 4 = out of service, 8 = set left off hook.
CREATE TABLE line_sample (
    port          TEXT NOT NULL,
    wall          INTEGER NOT NULL,
    volts         INTEGER,
    loop_tenth_ma INTEGER,
    ring_vrms     INTEGER,
    ring_tenth_hz INTEGER,
    foreign_volts INTEGER,
    celsius       INTEGER,
    rx_dbm0       INTEGER,
    tx_dbm0       INTEGER,
    noise_dbm0    INTEGER,
    caller_dbm0   INTEGER,
    erl_db10      INTEGER,
    erle_db10     INTEGER,
    flaws         INTEGER NOT NULL,
    loop_break    INTEGER NOT NULL,
    reversal      INTEGER NOT NULL,
    tone          INTEGER NOT NULL,
    dial_tone     INTEGER NOT NULL,
    silence       INTEGER NOT NULL,
    false_ones    INTEGER NOT NULL,
    PRIMARY KEY (port, wall)
) WITHOUT ROWID, STRICT;
