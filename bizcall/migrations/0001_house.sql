-- The house: companies, their numbers, and what every use case writes (outbox, inbox, idempotency, audit).
-- Tables outside companies carry no row-level security and are reached only by the module that owns them.
-- Tables of companies lead every key with company_id and stand under forced row-level security.

DO $$ BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'app') THEN
        RAISE EXCEPTION 'create the role "app" (login, no superuser, no bypassrls) before migrating';
    END IF;
END $$;

CREATE TABLE company (
    id uuid PRIMARY KEY,
    name text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 100),
    representative_number text NOT NULL CHECK (representative_number ~ '^0[0-9]{7,11}$'),
    import_on_error text NOT NULL DEFAULT 'REJECT_ALL' CHECK (import_on_error IN ('REJECT_ALL', 'SKIP_BAD_ROWS')),
    created_at timestamptz NOT NULL DEFAULT now()
);

-- Outside companies: which company has a number. The primary key is what keeps a number with one company at a time.
CREATE TABLE number_directory (
    number varchar(12) PRIMARY KEY CHECK (number ~ '^0[0-9]{7,11}$'),
    company_id uuid NOT NULL REFERENCES company (id)
);

-- Outside companies: messages that wait to be published, written in the transaction that causes them.
CREATE TABLE outbox (
    id uuid PRIMARY KEY,
    company_id uuid REFERENCES company (id),
    queue text NOT NULL,
    message_group text,
    body jsonb NOT NULL,
    attempts integer NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    due_at timestamptz NOT NULL
);
CREATE INDEX outbox_due ON outbox (due_at);

-- Outside companies: which message a consumer has taken effect of, written in the transaction of the effect.
CREATE TABLE inbox (
    consumer text NOT NULL,
    message_id varchar(255) NOT NULL,
    done_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (consumer, message_id)
);
CREATE INDEX inbox_done ON inbox (done_at);

CREATE TABLE line (
    company_id uuid NOT NULL REFERENCES company (id),
    id uuid NOT NULL,
    number text NOT NULL CHECK (number ~ '^0[0-9]{7,11}$'),
    rid text CHECK (rid ~ '^0[0-9]{7,11}$'),
    created_at timestamptz NOT NULL DEFAULT now(),
    retired_at timestamptz,
    PRIMARY KEY (company_id, id)
);
CREATE UNIQUE INDEX line_number ON line (company_id, number) WHERE retired_at IS NULL;

CREATE TABLE department (
    company_id uuid NOT NULL REFERENCES company (id),
    id uuid NOT NULL,
    name text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 50 AND name = btrim(name) AND name IS NFC NORMALIZED),
    created_at timestamptz NOT NULL DEFAULT now(),
    retired_at timestamptz,
    PRIMARY KEY (company_id, id)
);
CREATE UNIQUE INDEX department_name ON department (company_id, name) WHERE retired_at IS NULL;

-- A subscriber is a person's holding of a line over an interval. `revision` counts changes, for optimistic saving.
CREATE TABLE subscriber (
    company_id uuid NOT NULL,
    id uuid NOT NULL,
    line_id uuid NOT NULL,
    department_id uuid,
    name text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 50),
    position text NOT NULL DEFAULT '' CHECK (char_length(position) <= 50),
    mobile text CHECK (mobile ~ '^01[0-9]{8,9}$'),
    email text CHECK (char_length(email) BETWEEN 3 AND 254),
    rid_enabled boolean NOT NULL DEFAULT false,
    app_enabled boolean NOT NULL DEFAULT false,
    revision integer NOT NULL DEFAULT 1 CHECK (revision >= 1),
    invited_at timestamptz,
    started_at timestamptz NOT NULL,
    ended_at timestamptz,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (company_id, id),
    FOREIGN KEY (company_id, line_id) REFERENCES line (company_id, id),
    FOREIGN KEY (company_id, department_id) REFERENCES department (company_id, id),
    CHECK (ended_at >= started_at)
);
CREATE UNIQUE INDEX subscriber_current ON subscriber (company_id, line_id) WHERE ended_at IS NULL;
CREATE INDEX subscriber_department ON subscriber (company_id, department_id) WHERE ended_at IS NULL;
CREATE INDEX subscriber_line ON subscriber (company_id, line_id, started_at);

-- In which department a subscriber was, and when: history names the department of the time.
CREATE TABLE membership (
    company_id uuid NOT NULL,
    subscriber_id uuid NOT NULL,
    started_at timestamptz NOT NULL,
    ended_at timestamptz,
    department_id uuid,
    PRIMARY KEY (company_id, subscriber_id, started_at),
    FOREIGN KEY (company_id, subscriber_id) REFERENCES subscriber (company_id, id),
    FOREIGN KEY (company_id, department_id) REFERENCES department (company_id, id),
    CHECK (ended_at >= started_at)
);
CREATE UNIQUE INDEX membership_current ON membership (company_id, subscriber_id) WHERE ended_at IS NULL;

-- A line with whoever holds it now: the row of the subscribers screen (IN-01). Orders need columns that are never null.
CREATE VIEW line_row WITH (security_invoker = true) AS
SELECT line.company_id, line.id, line.number, line.rid,
       subscriber.id AS subscriber_id,
       coalesce(subscriber.name, '') AS name,
       coalesce(subscriber.position, '') AS position,
       subscriber.mobile, subscriber.email, subscriber.department_id,
       coalesce(department.name, '') AS department_name,
       coalesce(subscriber.rid_enabled, false) AS rid_enabled,
       coalesce(subscriber.app_enabled, false) AS app_enabled,
       subscriber.revision, subscriber.invited_at, subscriber.started_at,
       coalesce(subscriber.updated_at, line.created_at) AS updated_at
FROM line
LEFT JOIN subscriber ON subscriber.company_id = line.company_id AND subscriber.line_id = line.id
                    AND subscriber.ended_at IS NULL
LEFT JOIN department ON department.company_id = subscriber.company_id AND department.id = subscriber.department_id
WHERE line.retired_at IS NULL;

CREATE TABLE admin (
    company_id uuid NOT NULL REFERENCES company (id),
    id uuid NOT NULL,
    name text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 50),
    department text NOT NULL DEFAULT '' CHECK (char_length(department) <= 50),
    position text NOT NULL DEFAULT '' CHECK (char_length(position) <= 50),
    email text CHECK (char_length(email) BETWEEN 3 AND 254),
    mobile text NOT NULL CHECK (mobile ~ '^01[0-9]{8,9}$'),
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (company_id, id)
);

-- The stored answer of an operation that must not happen twice.
CREATE TABLE idempotency_key (
    company_id uuid NOT NULL REFERENCES company (id),
    key varchar(255) NOT NULL CHECK (key <> ''),
    operation text NOT NULL,
    input_hash bytea NOT NULL,
    answer jsonb NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (company_id, key)
);

-- Who did what to whose data: insert only, for every role that serves requests.
CREATE TABLE audit_record (
    company_id uuid NOT NULL REFERENCES company (id),
    id uuid NOT NULL,
    at timestamptz NOT NULL,
    actor_kind text NOT NULL CHECK (actor_kind IN ('ADMIN', 'OPERATOR', 'SYSTEM', 'NOBODY')),
    actor_id uuid,
    action text NOT NULL,
    subject_kind text NOT NULL DEFAULT '',
    subject_ids uuid[] NOT NULL DEFAULT '{}',
    address text NOT NULL DEFAULT '',
    request_id text NOT NULL DEFAULT '',
    details jsonb NOT NULL DEFAULT '{}',
    PRIMARY KEY (company_id, id)
);
CREATE INDEX audit_record_at ON audit_record (company_id, at);

ALTER TABLE company ENABLE ROW LEVEL SECURITY;
ALTER TABLE company FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON company USING (id = current_setting('app.company_id')::uuid);

DO $$
DECLARE name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['line', 'department', 'subscriber', 'membership', 'admin', 'idempotency_key', 'audit_record']
    LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
        EXECUTE format('CREATE POLICY tenant ON %I USING (company_id = current_setting(''app.company_id'')::uuid)', name);
    END LOOP;
END $$;

-- What history names is ended or retired, never deleted.
GRANT SELECT, INSERT, UPDATE ON company, line, department, subscriber, membership, admin TO app;
GRANT SELECT, INSERT ON number_directory, audit_record TO app;
GRANT SELECT, INSERT, UPDATE, DELETE ON outbox, idempotency_key TO app;
GRANT SELECT, INSERT, DELETE ON inbox TO app;
GRANT SELECT ON line_row TO app;
