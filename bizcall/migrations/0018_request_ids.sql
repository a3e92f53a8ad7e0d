-- The id of the request from which a message or an upload comes: its way is found in all logs by it.
ALTER TABLE outbox ADD COLUMN request_id text NOT NULL DEFAULT '' CHECK (length(request_id) <= 64);
ALTER TABLE upload ADD COLUMN request_id text NOT NULL DEFAULT '' CHECK (length(request_id) <= 64);
