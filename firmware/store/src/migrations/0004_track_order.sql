-- Numbers of tracks are drawn, so they tell no order: the first track is heard on the left.
ALTER TABLE track ADD COLUMN place INTEGER NOT NULL DEFAULT 0;
