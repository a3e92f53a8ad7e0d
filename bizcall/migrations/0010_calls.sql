-- Calls, messages and customers as they arrive in feeds (FD-01), and the rollups that statistics are answered from.
--
-- Facts are partitioned by Korea's calendar months, made and dropped by make_months and drop_months. The partitions lie in
-- a schema that `app` may not use: whoever reads or writes goes through the parent, whose policies apply.
-- Facts have no foreign keys: each is attributed by a join on the very rows that a key would name, and nothing is ever
-- deleted from those. The nil UUID stands for "nobody" and "no department", in facts and rollups alike.

-- Attribution looks for whoever had a number at some time, retired lines included.
CREATE INDEX line_number_ever ON line (company_id, number, created_at);

CREATE TABLE call (
    company_id uuid NOT NULL,
    id text COLLATE "C" NOT NULL CHECK (char_length(id) BETWEEN 1 AND 64),
    started_at timestamptz NOT NULL,
    line_id uuid NOT NULL,
    subscriber_id uuid NOT NULL,
    department_id uuid NOT NULL,
    type text NOT NULL CHECK (type IN ('OUTGOING', 'OUTGOING_FAILED', 'INCOMING', 'MISSED', 'MISSED_BUSY', 'ABANDONED')),
    seconds integer NOT NULL CHECK (seconds >= 0),
    -- The normal form, or what was told instead of a number; empty where nothing was.
    customer_number text COLLATE "C" NOT NULL CHECK (char_length(customer_number) <= 40),
    -- A column of its own, because under row-level security LIKE can't use an index, and equality can.
    customer_tail text COLLATE "C" NOT NULL GENERATED ALWAYS AS (right(customer_number, 4)) STORED,
    revision smallint NOT NULL DEFAULT 0 CHECK (revision >= 0),
    PRIMARY KEY (company_id, id, started_at)
) PARTITION BY RANGE (started_at);
CREATE INDEX call_started ON call (company_id, started_at, id);
CREATE INDEX call_line ON call (company_id, line_id, started_at);
CREATE INDEX call_customer ON call (company_id, customer_number, started_at);
CREATE INDEX call_customer_tail ON call (company_id, customer_tail, started_at);

CREATE TABLE message (
    company_id uuid NOT NULL,
    id text COLLATE "C" NOT NULL CHECK (char_length(id) BETWEEN 1 AND 64),
    sent_at timestamptz NOT NULL,
    line_id uuid NOT NULL,
    subscriber_id uuid NOT NULL,
    department_id uuid NOT NULL,
    direction text NOT NULL CHECK (direction IN ('SENT', 'RECEIVED')),
    kind text NOT NULL CHECK (kind IN ('SMS', 'LMS', 'MMS')),
    customer_number text COLLATE "C" NOT NULL CHECK (char_length(customer_number) <= 40),
    customer_tail text COLLATE "C" NOT NULL GENERATED ALWAYS AS (right(customer_number, 4)) STORED,
    text text NOT NULL CHECK (char_length(text) <= 4000),
    revision smallint NOT NULL DEFAULT 0 CHECK (revision >= 0),
    PRIMARY KEY (company_id, id, sent_at)
) PARTITION BY RANGE (sent_at);
CREATE INDEX message_sent ON message (company_id, sent_at, id);
CREATE INDEX message_line ON message (company_id, line_id, sent_at);
CREATE INDEX message_customer ON message (company_id, customer_number, sent_at);
CREATE INDEX message_customer_tail ON message (company_id, customer_tail, sent_at);

-- A call or message that was replaced: of those with this id and start, only revisions from `below` on count. It is kept
-- beside the facts, so that what is replaced may also arrive after its correction.
CREATE TABLE correction (
    company_id uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN ('CALLS', 'MESSAGES')),
    id text COLLATE "C" NOT NULL,
    started_at timestamptz NOT NULL,
    below smallint NOT NULL CHECK (below > 0),
    PRIMARY KEY (company_id, kind, id, started_at)
) PARTITION BY RANGE (started_at);

-- The outside party, one row a number; the newest record wins.
CREATE TABLE customer (
    company_id uuid NOT NULL REFERENCES company (id),
    id uuid NOT NULL,
    number text COLLATE "C" NOT NULL CHECK (char_length(number) BETWEEN 1 AND 40),
    name text COLLATE "C" NOT NULL CHECK (char_length(name) <= 100),
    details text COLLATE "C" NOT NULL CHECK (char_length(details) <= 2000),
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (company_id, id),
    UNIQUE (company_id, number)
);
-- Names in the order of their bytes: what begins with a text is a range, which row-level security lets an index answer.
CREATE INDEX customer_name ON customer (company_id, name, number);

-- Rollups: a row a bucket and scope, a column a type. `hour` begins a whole hour; `day` and `month` are of Korea's calendar.
CREATE TEMP TABLE call_measures (
    outgoing integer NOT NULL DEFAULT 0 CHECK (outgoing >= 0),
    outgoing_failed integer NOT NULL DEFAULT 0 CHECK (outgoing_failed >= 0),
    incoming integer NOT NULL DEFAULT 0 CHECK (incoming >= 0),
    missed integer NOT NULL DEFAULT 0 CHECK (missed >= 0),
    missed_busy integer NOT NULL DEFAULT 0 CHECK (missed_busy >= 0),
    abandoned integer NOT NULL DEFAULT 0 CHECK (abandoned >= 0),
    outgoing_seconds bigint NOT NULL DEFAULT 0 CHECK (outgoing_seconds >= 0),
    outgoing_failed_seconds bigint NOT NULL DEFAULT 0 CHECK (outgoing_failed_seconds >= 0),
    incoming_seconds bigint NOT NULL DEFAULT 0 CHECK (incoming_seconds >= 0),
    missed_seconds bigint NOT NULL DEFAULT 0 CHECK (missed_seconds >= 0),
    missed_busy_seconds bigint NOT NULL DEFAULT 0 CHECK (missed_busy_seconds >= 0),
    abandoned_seconds bigint NOT NULL DEFAULT 0 CHECK (abandoned_seconds >= 0)
) ON COMMIT DROP;
CREATE TEMP TABLE message_measures (
    sent integer NOT NULL DEFAULT 0 CHECK (sent >= 0),
    received integer NOT NULL DEFAULT 0 CHECK (received >= 0)
) ON COMMIT DROP;

CREATE TABLE call_hour (
    company_id uuid NOT NULL,
    hour timestamptz NOT NULL,
    LIKE call_measures INCLUDING DEFAULTS INCLUDING CONSTRAINTS,
    PRIMARY KEY (company_id, hour)
) WITH (fillfactor = 70);
CREATE TABLE call_department_hour (
    company_id uuid NOT NULL,
    hour timestamptz NOT NULL,
    department_id uuid NOT NULL,
    LIKE call_measures INCLUDING DEFAULTS INCLUDING CONSTRAINTS,
    PRIMARY KEY (company_id, hour, department_id)
) WITH (fillfactor = 80);
CREATE TABLE call_line_day (
    company_id uuid NOT NULL,
    day date NOT NULL,
    line_id uuid NOT NULL,
    subscriber_id uuid NOT NULL,
    department_id uuid NOT NULL,
    LIKE call_measures INCLUDING DEFAULTS INCLUDING CONSTRAINTS,
    PRIMARY KEY (company_id, day, line_id, subscriber_id, department_id)
) WITH (fillfactor = 80);
CREATE INDEX call_line_day_subscriber ON call_line_day (company_id, subscriber_id, day);
CREATE TABLE call_line_month (
    company_id uuid NOT NULL,
    month date NOT NULL,
    line_id uuid NOT NULL,
    subscriber_id uuid NOT NULL,
    department_id uuid NOT NULL,
    LIKE call_measures INCLUDING DEFAULTS INCLUDING CONSTRAINTS,
    PRIMARY KEY (company_id, month, line_id, subscriber_id, department_id)
) WITH (fillfactor = 80);

CREATE TABLE message_hour (
    company_id uuid NOT NULL,
    hour timestamptz NOT NULL,
    LIKE message_measures INCLUDING DEFAULTS INCLUDING CONSTRAINTS,
    PRIMARY KEY (company_id, hour)
) WITH (fillfactor = 70);
CREATE TABLE message_department_hour (
    company_id uuid NOT NULL,
    hour timestamptz NOT NULL,
    department_id uuid NOT NULL,
    LIKE message_measures INCLUDING DEFAULTS INCLUDING CONSTRAINTS,
    PRIMARY KEY (company_id, hour, department_id)
) WITH (fillfactor = 80);
CREATE TABLE message_line_day (
    company_id uuid NOT NULL,
    day date NOT NULL,
    line_id uuid NOT NULL,
    subscriber_id uuid NOT NULL,
    department_id uuid NOT NULL,
    LIKE message_measures INCLUDING DEFAULTS INCLUDING CONSTRAINTS,
    PRIMARY KEY (company_id, day, line_id, subscriber_id, department_id)
) WITH (fillfactor = 80);
CREATE INDEX message_line_day_subscriber ON message_line_day (company_id, subscriber_id, day);
CREATE TABLE message_line_month (
    company_id uuid NOT NULL,
    month date NOT NULL,
    line_id uuid NOT NULL,
    subscriber_id uuid NOT NULL,
    department_id uuid NOT NULL,
    LIKE message_measures INCLUDING DEFAULTS INCLUDING CONSTRAINTS,
    PRIMARY KEY (company_id, month, line_id, subscriber_id, department_id)
) WITH (fillfactor = 80);

-- The ledger: how far a version of an object has been read, and what became of its records. Each chunk moves it in the
-- transaction in which its records go in. `lines` and `bytes` (unpacked) are the place where the next chunk begins.
CREATE TABLE feed_file (
    company_id uuid NOT NULL REFERENCES company (id),
    id uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN ('CALLS', 'MESSAGES', 'CUSTOMERS')),
    object_key text NOT NULL,
    object_version text NOT NULL,
    object_etag text NOT NULL,
    object_size bigint NOT NULL,
    state text NOT NULL CHECK (state IN ('LOADING', 'LOADED', 'REFUSED')),
    -- Why it was not read to its end.
    refusal text,
    lines integer NOT NULL DEFAULT 0,
    bytes bigint NOT NULL DEFAULT 0,
    read integer NOT NULL DEFAULT 0,
    loaded integer NOT NULL DEFAULT 0,
    corrected integer NOT NULL DEFAULT 0,
    known integer NOT NULL DEFAULT 0,
    rejected integer NOT NULL DEFAULT 0,
    rejects_key text,
    created_at timestamptz NOT NULL,
    finished_at timestamptz,
    PRIMARY KEY (company_id, id),
    UNIQUE (company_id, object_key, object_version, object_etag),
    CHECK (read = loaded + corrected + known + rejected)
);
CREATE INDEX feed_file_created ON feed_file (company_id, created_at);

-- Bad lines, until the file's reject object is written.
CREATE TABLE feed_reject (
    company_id uuid NOT NULL,
    file_id uuid NOT NULL,
    line integer NOT NULL,
    code text NOT NULL,
    column_name text NOT NULL,
    PRIMARY KEY (company_id, file_id, line),
    FOREIGN KEY (company_id, file_id) REFERENCES feed_file (company_id, id)
);

DO $$
DECLARE name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['call', 'message', 'correction', 'customer', 'feed_file', 'feed_reject',
        'call_hour', 'call_department_hour', 'call_line_day', 'call_line_month',
        'message_hour', 'message_department_hour', 'message_line_day', 'message_line_month']
    LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
        EXECUTE format('CREATE POLICY tenant ON %I USING (company_id = current_setting(''app.company_id'')::uuid)', name);
    END LOOP;
END $$;

-- A record that a correction replaces goes; a record's holder is all of it that may be told anew (reattribution).
GRANT SELECT, INSERT, DELETE ON call, message TO app;
GRANT UPDATE (line_id, subscriber_id, department_id) ON call, message TO app;
GRANT SELECT, INSERT, UPDATE ON correction, customer, feed_file TO app;
GRANT SELECT, INSERT, DELETE ON feed_reject TO app;
GRANT SELECT, INSERT, UPDATE, DELETE ON call_hour, call_department_hour, call_line_day, call_line_month,
    message_hour, message_department_hour, message_line_day, message_line_month TO app;

CREATE SCHEMA months;

-- Both functions run as whoever calls them, and only the tables' owner is let in: what serves requests can't drop history.
CREATE FUNCTION make_months(first date, last date) RETURNS integer LANGUAGE plpgsql SET search_path = public AS $$
DECLARE
    parent text;
    month date := date_trunc('month', first);
    name text;
    made integer := 0;
BEGIN
    IF last > first + interval '5 years' THEN
        RAISE EXCEPTION 'more than five years of months';
    END IF;
    WHILE month <= last LOOP
        FOREACH parent IN ARRAY ARRAY['call', 'message', 'correction'] LOOP
            name := parent || to_char(month, '_YYYY_MM');
            IF to_regclass('months.' || name) IS NULL THEN
                EXECUTE format('CREATE TABLE months.%I PARTITION OF %I FOR VALUES FROM (%L) TO (%L)', name, parent,
                    month::timestamp AT TIME ZONE 'Asia/Seoul',
                    (month + interval '1 month')::timestamp AT TIME ZONE 'Asia/Seoul');
                made := made + 1;
            END IF;
        END LOOP;
        month := month + interval '1 month';
    END LOOP;
    RETURN made;
END $$;

-- Drops the months before that of `first`; the last three of those behind us always stay.
CREATE FUNCTION drop_months(first date) RETURNS text[] LANGUAGE plpgsql SET search_path = public AS $$
DECLARE
    kept date := least(date_trunc('month', first), date_trunc('month', now() AT TIME ZONE 'Asia/Seoul') - interval '3 months');
    gone text[];
BEGIN
    SELECT coalesce(array_agg(relname::text ORDER BY relname), '{}') INTO gone FROM pg_class
    WHERE relnamespace = 'months'::regnamespace AND relkind = 'r' AND relispartition
      AND relname ~ '^(call|message|correction)_\d{4}_\d\d$'
      AND to_date(right(relname, 7), 'YYYY_MM') < kept;
    FOR i IN 1 .. cardinality(gone) LOOP
        EXECUTE format('DROP TABLE months.%I', gone[i]);
    END LOOP;
    RETURN gone;
END $$;

REVOKE ALL ON FUNCTION make_months(date, date), drop_months(date) FROM PUBLIC;
