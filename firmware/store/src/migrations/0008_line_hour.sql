-- After a week the samples of an hour become one, dated at its beginning, of means; `spread` is JSON of
-- `model::LineSpread`: between which values each moved. A sample of one moment has none. Kept for a month.
ALTER TABLE line_sample ADD COLUMN spread TEXT;
