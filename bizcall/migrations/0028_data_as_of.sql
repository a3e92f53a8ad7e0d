-- Since when a company's data is as it is: by the arrival of the newest file of a kind of which something is in (ST-01).
-- Loaders wait while it is made, nobody who reads does.
CREATE INDEX feed_file_put_in ON feed_file (company_id, kind, created_at) WHERE loaded + corrected > 0;
