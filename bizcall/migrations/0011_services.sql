-- Servers that ask the API beside people, and the app's sign-in by the invitation's temporary password (IN-11).

-- A server of ours or of a partner, with a bearer of its own; outside companies. Of a token only its hash is kept.
CREATE TABLE service_client (
    id uuid PRIMARY KEY,
    name text NOT NULL CHECK (name ~ '^[a-z][a-z0-9._-]{2,39}$'),
    token_hash bytea NOT NULL UNIQUE CHECK (octet_length(token_hash) = 32),
    created_at timestamptz NOT NULL,
    ended_at timestamptz,
    -- At most a minute older than the last request.
    used_at timestamptz
);
CREATE UNIQUE INDEX service_client_name ON service_client (name) WHERE ended_at IS NULL;
GRANT SELECT, INSERT, UPDATE (ended_at, used_at) ON service_client TO app;

-- When the temporary password signed somebody in, which it does once.
ALTER TABLE invitation ADD COLUMN used_at timestamptz;
GRANT UPDATE (used_at) ON invitation TO app;

ALTER TABLE audit_record DROP CONSTRAINT IF EXISTS audit_record_actor_kind_check;
ALTER TABLE audit_record ADD CONSTRAINT audit_record_actor_kind_check
    CHECK (actor_kind IN ('ADMIN', 'OPERATOR', 'SERVICE', 'SYSTEM', 'NOBODY')) NOT VALID;
