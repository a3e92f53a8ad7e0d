-- Which record replaced it, so that of two that name the same one the second is told of instead of counted (FD-01). Null in
-- rows of before: whoever names such a one next is believed.
ALTER TABLE correction ADD COLUMN by_id text COLLATE "C", ADD COLUMN by_started_at timestamptz;
