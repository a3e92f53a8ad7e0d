-- Excel of everything that a filter finds (ST-02, MS-01, ST-01): who asked for what and why, and what became of it.

CREATE TABLE export (
    company_id uuid NOT NULL REFERENCES company (id),
    id uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN ('CALLS', 'MESSAGES', 'CALL_STATISTICS', 'MESSAGE_STATISTICS')),
    -- The filter with its numbers and names as they were asked for, and for statistics granularity and group.
    asked jsonb NOT NULL,
    unmasked boolean NOT NULL,
    purpose text NOT NULL,
    note text NOT NULL CHECK (char_length(note) BETWEEN 5 AND 200),
    requested_by uuid NOT NULL,
    state text NOT NULL CHECK (state IN ('QUEUED', 'RUNNING', 'COMPLETED', 'FAILED', 'CANCELLED', 'EXPIRED')),
    failure text,
    -- The number of the latest claim, which fences off whoever claimed it before, and until when that one has it.
    attempts smallint NOT NULL DEFAULT 0,
    lease_until timestamptz,
    rows_total integer NOT NULL CHECK (rows_total >= 0),
    rows_done integer NOT NULL DEFAULT 0 CHECK (rows_done >= 0),
    is_masked boolean,
    as_of timestamptz,
    object_key text,
    file_size bigint,
    created_at timestamptz NOT NULL,
    started_at timestamptz,
    finished_at timestamptz,
    expires_at timestamptz,
    PRIMARY KEY (company_id, id),
    FOREIGN KEY (company_id, requested_by) REFERENCES admin (company_id, id),
    CHECK ((state = 'RUNNING') = (lease_until IS NOT NULL)),
    CHECK ((object_key IS NOT NULL) = (state IN ('COMPLETED', 'EXPIRED') AND expires_at IS NOT NULL))
);
CREATE INDEX export_created ON export (company_id, created_at, id);
CREATE INDEX export_requested_by ON export (company_id, requested_by);
CREATE INDEX export_unfinished ON export (company_id) WHERE state IN ('QUEUED', 'RUNNING');

-- Outside companies: when the sweep must look at an export: nobody works on it, or its file is over. Keys and times only.
CREATE TABLE export_deadline (
    export_id uuid PRIMARY KEY,
    company_id uuid NOT NULL REFERENCES company (id),
    due_at timestamptz NOT NULL
);
CREATE INDEX export_deadline_due ON export_deadline (due_at);

ALTER TABLE export ENABLE ROW LEVEL SECURITY;
ALTER TABLE export FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON export USING (company_id = current_setting('app.company_id')::uuid);

GRANT SELECT, INSERT, UPDATE ON export TO app;
GRANT SELECT, INSERT, UPDATE, DELETE ON export_deadline TO app;
