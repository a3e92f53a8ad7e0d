-- Statistics of departments by the day and by the hour, and of lines by the hour (ST-01, MS-01).

-- The measures of the other rollups, to be copied as columns.
CREATE TEMP TABLE call_measures (LIKE call_hour INCLUDING DEFAULTS INCLUDING CONSTRAINTS) ON COMMIT DROP;
CREATE TEMP TABLE message_measures (LIKE message_hour INCLUDING DEFAULTS INCLUDING CONSTRAINTS) ON COMMIT DROP;
ALTER TABLE call_measures DROP COLUMN company_id, DROP COLUMN hour;
ALTER TABLE message_measures DROP COLUMN company_id, DROP COLUMN hour;

CREATE TABLE call_department_day (
    company_id uuid NOT NULL,
    day date NOT NULL,
    department_id uuid NOT NULL,
    LIKE call_measures INCLUDING DEFAULTS INCLUDING CONSTRAINTS,
    PRIMARY KEY (company_id, day, department_id)
) WITH (fillfactor = 70);
CREATE TABLE message_department_day (
    company_id uuid NOT NULL,
    day date NOT NULL,
    department_id uuid NOT NULL,
    LIKE message_measures INCLUDING DEFAULTS INCLUDING CONSTRAINTS,
    PRIMARY KEY (company_id, day, department_id)
) WITH (fillfactor = 70);

-- What was loaded already is added up from the hours, of all companies at once.
ALTER TABLE call_department_hour NO FORCE ROW LEVEL SECURITY;
INSERT INTO call_department_day (company_id, day, department_id,
    outgoing, outgoing_failed, incoming, missed, missed_busy, abandoned,
    outgoing_seconds, outgoing_failed_seconds, incoming_seconds, missed_seconds, missed_busy_seconds, abandoned_seconds)
SELECT company_id, (hour AT TIME ZONE 'Asia/Seoul')::date, department_id,
    sum(outgoing), sum(outgoing_failed), sum(incoming), sum(missed), sum(missed_busy), sum(abandoned),
    sum(outgoing_seconds), sum(outgoing_failed_seconds), sum(incoming_seconds), sum(missed_seconds),
    sum(missed_busy_seconds), sum(abandoned_seconds)
FROM call_department_hour GROUP BY 1, 2, 3 ORDER BY 1, 2, 3;
ALTER TABLE call_department_hour FORCE ROW LEVEL SECURITY;
ALTER TABLE message_department_hour NO FORCE ROW LEVEL SECURITY;
INSERT INTO message_department_day (company_id, day, department_id, sent, received)
SELECT company_id, (hour AT TIME ZONE 'Asia/Seoul')::date, department_id, sum(sent), sum(received)
FROM message_department_hour GROUP BY 1, 2, 3 ORDER BY 1, 2, 3;
ALTER TABLE message_department_hour FORCE ROW LEVEL SECURITY;

DO $$
DECLARE name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['call_department_day', 'message_department_day'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
        EXECUTE format('CREATE POLICY tenant ON %I USING (company_id = current_setting(''app.company_id'')::uuid)', name);
    END LOOP;
END $$;
GRANT SELECT, INSERT, UPDATE, DELETE ON call_department_day, message_department_day TO app;

-- The hours of a few departments, without those of all others.
CREATE INDEX call_department_hour_department ON call_department_hour (company_id, department_id, hour);
CREATE INDEX message_department_hour_department ON message_department_hour (company_id, department_id, hour);

-- Hours of lines, and days within some hours, are counted from the facts: from this index alone.
-- The former indexes go last: while the others are made, which keeps loaders waiting, all read by the former.
CREATE INDEX call_line_alone ON call (company_id, line_id, started_at) INCLUDE (type, seconds, subscriber_id);
CREATE INDEX message_line_alone ON message (company_id, line_id, sent_at) INCLUDE (direction, subscriber_id);
DROP INDEX call_line, message_line;
ALTER INDEX call_line_alone RENAME TO call_line;
ALTER INDEX message_line_alone RENAME TO message_line;
