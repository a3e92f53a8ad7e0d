-- Provisioning (ON-01): plans, the provider's events, and what they add up to. All of it stands outside companies, since
-- an event comes before its company is there; only bizcall/provisioning and bizcall/plans reach it.

CREATE TABLE plan (
    code text PRIMARY KEY CHECK (code ~ '^[A-Z0-9][A-Z0-9._-]{0,29}$'),
    name text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 50),
    guide text NOT NULL DEFAULT '' CHECK (char_length(guide) <= 2000),
    -- Won a month; null where the fee is agreed one by one.
    monthly_fee integer CHECK (monthly_fee >= 0),
    -- Where it stands in the guide: lowest first.
    place integer NOT NULL DEFAULT 0 CHECK (place BETWEEN 0 AND 10000)
);
GRANT SELECT, INSERT, UPDATE ON plan TO app;

ALTER TABLE company ADD COLUMN plan_code text REFERENCES plan (code);

-- A number that was retired is free for another company.
GRANT DELETE ON number_directory TO app;

-- The company that a subscription's completion made.
CREATE TABLE provisioning_subscription (
    subscription text PRIMARY KEY CHECK (subscription ~ '^[A-Za-z0-9._:-]{1,100}$'),
    company_id uuid NOT NULL UNIQUE REFERENCES company (id),
    completed_at timestamptz NOT NULL
);
GRANT SELECT, INSERT ON provisioning_subscription TO app;

-- What applied events say of a subscription, the latest of each subject: a number with its caller ID, a number that is
-- gone (not active), or one of three words with a value. Which is latest depends on no order of arrival.
CREATE TABLE provisioning_fact (
    subscription text NOT NULL REFERENCES provisioning_subscription (subscription),
    subject text NOT NULL CHECK (subject ~ '^0[0-9]{7,11}$' OR subject IN ('NAME', 'PLAN', 'REPRESENTATIVE')),
    active boolean NOT NULL,
    value text,
    as_of timestamptz NOT NULL,
    event_id text NOT NULL,
    PRIMARY KEY (subscription, subject)
);
GRANT SELECT, INSERT, UPDATE ON provisioning_fact TO app;

CREATE TABLE provisioning_event (
    id uuid PRIMARY KEY,
    -- The provider's own names; null in a rejected file that doesn't tell them.
    event_id text CHECK (event_id ~ '^[A-Za-z0-9._:-]{1,100}$'),
    subscription text CHECK (subscription ~ '^[A-Za-z0-9._:-]{1,100}$'),
    kind text CHECK (kind IN ('SUBSCRIPTION_COMPLETED', 'LINES_CHANGED', 'SUBSCRIPTION_CHANGED')),
    state text NOT NULL CHECK (state IN ('APPLIED', 'WAITING', 'REJECTED')),
    -- Why it waits or was rejected, and where in it.
    reason text,
    path text NOT NULL DEFAULT '' CHECK (char_length(path) <= 200),
    -- The name of its file; empty for an operator's.
    source text NOT NULL DEFAULT '',
    occurred_at timestamptz,
    received_at timestamptz NOT NULL,
    company_id uuid REFERENCES company (id),
    -- Of the content: what comes again is known by it.
    fingerprint bytea NOT NULL UNIQUE CHECK (octet_length(fingerprint) = 32),
    -- The event; with the administrator's mobile only while it waits.
    body jsonb,
    -- Numbers that a waiting event asks for, and when the schedule tries it again.
    numbers text[] NOT NULL DEFAULT '{}',
    due_at timestamptz,
    CHECK ((state = 'APPLIED') = (reason IS NULL)),
    CHECK ((state = 'APPLIED') <= (company_id IS NOT NULL)),
    CHECK ((state = 'WAITING') = (due_at IS NOT NULL)),
    CHECK (state = 'REJECTED' OR (event_id IS NOT NULL AND subscription IS NOT NULL AND kind IS NOT NULL)),
    CHECK (state = 'WAITING' OR body IS NULL OR NOT body ? 'adminMobile')
);
-- A rejected event may be mended and sent again under its id.
CREATE UNIQUE INDEX provisioning_event_known ON provisioning_event (event_id) WHERE state <> 'REJECTED';
CREATE INDEX provisioning_event_received ON provisioning_event (received_at, id);
CREATE INDEX provisioning_event_waiting ON provisioning_event (subscription) WHERE state = 'WAITING';
CREATE INDEX provisioning_event_due ON provisioning_event (due_at) WHERE state = 'WAITING';
GRANT SELECT, INSERT, UPDATE ON provisioning_event TO app;
