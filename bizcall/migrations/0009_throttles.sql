-- How often something may still be done, shared by all processes: Lambda has no memory of its own. Outside companies,
-- reached by bizcall/throttles.py only. `subject` is a hash: neither an address nor a number stands here.
-- A row is a window, which begins with the first hit; `remaining` never falls below zero, so the last check is here.
CREATE TABLE throttle (
    bound text NOT NULL CHECK (char_length(bound) BETWEEN 1 AND 50),
    subject bytea NOT NULL CHECK (octet_length(subject) = 32),
    remaining integer NOT NULL CHECK (remaining >= 0),
    ends_at timestamptz NOT NULL,
    PRIMARY KEY (bound, subject)
);
CREATE INDEX throttle_ends ON throttle (ends_at);

GRANT SELECT, INSERT, UPDATE, DELETE ON throttle TO app;
