-- Dispatch: invitations to the app, their way through the gateways, and what the gateways report of them (IN-10).
-- Nothing secret stands here: the temporary password is derived from the keys of an invitation (AU-24).

ALTER TABLE company ADD COLUMN import_sends_invitations boolean NOT NULL DEFAULT false;
ALTER TABLE import ADD COLUMN send_invitations boolean NOT NULL DEFAULT false;
-- Who asked for the registration; null before, and where a dropped file did.
ALTER TABLE import ADD COLUMN requested_by uuid;
-- Not validated: there is nothing to check in a column just added, and the check would run under row-level security.
ALTER TABLE import ADD FOREIGN KEY (company_id, requested_by) REFERENCES admin (company_id, id) NOT VALID;
ALTER TABLE import ADD COLUMN rows_invited integer NOT NULL DEFAULT 0;
-- When the subscriber first proved the temporary password to the app (IN-11).
ALTER TABLE subscriber ADD COLUMN app_signed_in_at timestamptz;

-- One request for invitations, however many subscribers it names: the job that a client polls.
CREATE TABLE invitation_batch (
    company_id uuid NOT NULL REFERENCES company (id),
    id uuid NOT NULL,
    -- Null where a dropped file asked for it.
    requested_by uuid,
    import_id uuid,
    invitations integer NOT NULL CHECK (invitations >= 0),
    deliveries integer NOT NULL CHECK (deliveries >= 0),
    created_at timestamptz NOT NULL,
    PRIMARY KEY (company_id, id),
    FOREIGN KEY (company_id, requested_by) REFERENCES admin (company_id, id),
    FOREIGN KEY (company_id, import_id) REFERENCES import (company_id, id)
);
CREATE UNIQUE INDEX invitation_batch_import ON invitation_batch (company_id, import_id) WHERE import_id IS NOT NULL;

-- `channels` are those that were asked for and that the subscriber could be reached by: one delivery each.
CREATE TABLE invitation (
    company_id uuid NOT NULL,
    id uuid NOT NULL,
    subscriber_id uuid NOT NULL,
    batch_id uuid NOT NULL,
    channels text[] NOT NULL CHECK (channels <> '{}' AND channels <@ ARRAY['SMS', 'EMAIL']),
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL CHECK (expires_at > created_at),
    PRIMARY KEY (company_id, id),
    FOREIGN KEY (company_id, subscriber_id) REFERENCES subscriber (company_id, id),
    FOREIGN KEY (company_id, batch_id) REFERENCES invitation_batch (company_id, id)
);
CREATE INDEX invitation_created ON invitation (company_id, created_at, id);
CREATE INDEX invitation_subscriber ON invitation (company_id, subscriber_id, created_at);
CREATE INDEX invitation_batch_id ON invitation (company_id, batch_id, created_at);

-- One message of an invitation. `recipient` is the mobile or the address of the time. `attempts` counts claims and is
-- what a late worker is fenced off by. While SENDING the claim holds until `lease_until`.
CREATE TABLE delivery (
    company_id uuid NOT NULL,
    id uuid NOT NULL,
    invitation_id uuid NOT NULL,
    channel text NOT NULL CHECK (channel IN ('SMS', 'EMAIL')),
    recipient text NOT NULL,
    state text NOT NULL CHECK (state IN ('QUEUED', 'SENDING', 'SENT', 'DELIVERED', 'FAILED', 'UNKNOWN')),
    -- Of ours, where we ended or put it off.
    reason text,
    -- Of the gateway, where it did.
    gateway_code text,
    attempts integer NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    -- Attempts since somebody asked for it, the first time or again: what retrying by itself is bounded by.
    tries integer NOT NULL DEFAULT 0 CHECK (tries >= 0),
    due_at timestamptz NOT NULL,
    lease_until timestamptz,
    sent_at timestamptz,
    finished_at timestamptz,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (company_id, id),
    UNIQUE (company_id, invitation_id, channel),
    FOREIGN KEY (company_id, invitation_id) REFERENCES invitation (company_id, id),
    CHECK ((state = 'SENDING') = (lease_until IS NOT NULL)),
    CHECK ((state IN ('QUEUED', 'SENDING')) = (finished_at IS NULL))
);
CREATE INDEX delivery_state ON delivery (company_id, state, invitation_id);

-- Every claim of a delivery, and what came of it: a message that may have gone out twice has two rows here of which the
-- first is not REFUSED, BUSY or ABSENT. `fate` is what the gateway reported of this very attempt since.
CREATE TABLE delivery_attempt (
    company_id uuid NOT NULL,
    delivery_id uuid NOT NULL,
    number integer NOT NULL CHECK (number >= 1),
    gateway text NOT NULL,
    outcome text NOT NULL CHECK (outcome IN ('SENDING', 'ACCEPTED', 'REFUSED', 'BUSY', 'UNCERTAIN', 'ABSENT', 'DROPPED')),
    code text,
    gateway_id text,
    fate text CHECK (fate IN ('ACCEPTED', 'SENT', 'DELIVERED', 'FAILED')),
    fate_code text,
    claimed_at timestamptz NOT NULL,
    ended_at timestamptz,
    PRIMARY KEY (company_id, delivery_id, number),
    FOREIGN KEY (company_id, delivery_id) REFERENCES delivery (company_id, id)
);

-- How many messages of a channel a company has handed to gateways on a day of Korea's calendar.
CREATE TABLE delivery_count (
    company_id uuid NOT NULL REFERENCES company (id),
    day date NOT NULL,
    channel text NOT NULL CHECK (channel IN ('SMS', 'EMAIL')),
    messages integer NOT NULL CHECK (messages >= 0),
    PRIMARY KEY (company_id, day, channel)
);

-- Outside companies: whose a delivery is, for reports; and when the sweep must look at it, null once it is finished.
-- `gateway` and `gateway_id` are those of the latest attempt that a gateway took.
CREATE TABLE delivery_directory (
    delivery_id uuid PRIMARY KEY,
    company_id uuid NOT NULL REFERENCES company (id),
    due_at timestamptz,
    gateway text,
    gateway_id text,
    attempt integer,
    created_at timestamptz NOT NULL
);
CREATE INDEX delivery_directory_due ON delivery_directory (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX delivery_directory_gateway ON delivery_directory (gateway, gateway_id) WHERE gateway_id IS NOT NULL;
CREATE INDEX delivery_directory_created ON delivery_directory (created_at);

-- Outside companies: what gateways reported, each report once. `delivery_id` is null until it is known whose it is.
CREATE TABLE gateway_report (
    gateway text NOT NULL,
    report_id varchar(255) NOT NULL,
    gateway_id text NOT NULL,
    reference text,
    fate text NOT NULL CHECK (fate IN ('ACCEPTED', 'SENT', 'DELIVERED', 'FAILED')),
    code text NOT NULL,
    at timestamptz NOT NULL,
    received_at timestamptz NOT NULL,
    delivery_id uuid,
    attempt integer,
    PRIMARY KEY (gateway, report_id)
);
CREATE INDEX gateway_report_attempt ON gateway_report (delivery_id, attempt) WHERE delivery_id IS NOT NULL;
CREATE INDEX gateway_report_loose ON gateway_report (received_at) WHERE delivery_id IS NULL;
CREATE INDEX gateway_report_received ON gateway_report (received_at);

-- Outside companies: whether a gateway is to be left alone for a while. `failures` are the moments of the latest ones, in
-- seconds since 1970; `asked_at` is how far its reports were fetched.
CREATE TABLE gateway (
    name varchar(50) PRIMARY KEY,
    failures jsonb NOT NULL DEFAULT '[]',
    open_until timestamptz,
    asked_at timestamptz
);

DO $$
DECLARE name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['invitation_batch', 'invitation', 'delivery', 'delivery_attempt', 'delivery_count']
    LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
        EXECUTE format('CREATE POLICY tenant ON %I USING (company_id = current_setting(''app.company_id'')::uuid)', name);
    END LOOP;
END $$;

-- The row of the subscribers screen also tells how far a subscriber has come with the app.
CREATE OR REPLACE VIEW line_row WITH (security_invoker = true) AS
SELECT line.company_id, line.id, line.number, line.rid,
       subscriber.id AS subscriber_id,
       coalesce(subscriber.name, '') AS name,
       coalesce(subscriber.position, '') AS position,
       subscriber.mobile, subscriber.email, subscriber.department_id,
       coalesce(department.name, '') AS department_name,
       coalesce(subscriber.rid_enabled, false) AS rid_enabled,
       coalesce(subscriber.app_enabled, false) AS app_enabled,
       subscriber.revision, subscriber.invited_at, subscriber.started_at,
       coalesce(subscriber.updated_at, line.created_at) AS updated_at,
       subscriber.app_signed_in_at
FROM line
LEFT JOIN subscriber ON subscriber.company_id = line.company_id AND subscriber.line_id = line.id
                    AND subscriber.ended_at IS NULL
LEFT JOIN department ON department.company_id = subscriber.company_id AND department.id = subscriber.department_id
WHERE line.retired_at IS NULL;

GRANT SELECT, INSERT ON invitation_batch, invitation TO app;
GRANT SELECT, INSERT, UPDATE ON delivery, delivery_attempt, delivery_count, gateway TO app;
GRANT SELECT, INSERT, UPDATE, DELETE ON delivery_directory, gateway_report TO app;
