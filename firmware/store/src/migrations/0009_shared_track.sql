-- The track that was there before the recording's own party came: it is a part of the recording from the beginning
-- of the track `since` on. Missing where the whole track is.
ALTER TABLE track ADD COLUMN since INTEGER;
