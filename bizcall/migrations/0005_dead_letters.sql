-- Outside companies: why a message of a queue failed the last time, and how often somebody sent it again. A reason names
-- types of errors and their codes, never what a row or a message holds.
CREATE TABLE message_failure (
    queue text NOT NULL,
    message_id varchar(255) NOT NULL,
    failures integer NOT NULL DEFAULT 0,
    reason text NOT NULL DEFAULT '',
    failed_at timestamptz NOT NULL,
    redriven integer NOT NULL DEFAULT 0,
    PRIMARY KEY (queue, message_id)
);
CREATE INDEX message_failure_failed ON message_failure (failed_at);

GRANT SELECT, INSERT, UPDATE, DELETE ON message_failure TO app;
