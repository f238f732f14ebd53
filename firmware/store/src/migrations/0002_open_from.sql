-- Open calls are found without an index of their own, whose page every call dirtied twice: no call
-- without an end began before record `open_from` of the last boot, moved up now and then.
DROP INDEX cdr_open;
ALTER TABLE boot ADD COLUMN open_from INTEGER NOT NULL DEFAULT 0;
UPDATE boot SET open_from = first_seq;
