-- A company whose contract has ended is emptied (P7). What history names could not be deleted until now, and still can't
-- while a contract goes on, nor in the 90 days after its end: the policies below let only rows of a company go whose
-- contract ended before that. The end is dated by the database: the application can end a contract, but not have ended
-- it, so that a mistake, or whoever has got hold of the role, takes nothing at once.
ALTER TABLE company_directory ADD COLUMN ended_at timestamptz;
UPDATE company_directory SET ended_at = now() WHERE state = 'ENDED';

CREATE FUNCTION company_ended() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.ended_at := CASE WHEN NEW.state <> 'ENDED' THEN NULL WHEN OLD.state = 'ENDED' THEN OLD.ended_at ELSE now() END;
    RETURN NEW;
END $$;
CREATE TRIGGER company_ended BEFORE UPDATE OF state ON company_directory FOR EACH ROW EXECUTE FUNCTION company_ended();

-- All but whose row it is, and when the contract ended.
REVOKE UPDATE ON company_directory FROM app;
GRANT UPDATE (name, representative_number, created_at, disposed_at, state, state_changed_at) ON company_directory TO app;

GRANT DELETE ON line, department, subscriber, membership, upload, import, invitation_batch, invitation, delivery,
    delivery_attempt, delivery_count, correction, feed_file, access_review TO app;

DO $$
DECLARE name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['line', 'department', 'subscriber', 'membership', 'upload', 'import',
                                'invitation_batch', 'invitation', 'delivery', 'delivery_attempt', 'delivery_count',
                                'correction', 'feed_file', 'access_review']
    LOOP
        -- A subquery without reference to the row: it is run once for a statement.
        EXECUTE format(
            'CREATE POLICY ended ON %I AS RESTRICTIVE FOR DELETE USING ('
            '(SELECT state = ''ENDED'' AND ended_at <= now() - interval ''90 days'' FROM company_directory'
            ' WHERE company_id = current_setting(''app.company_id'')::uuid))',
            name);
    END LOOP;
END $$;

-- Events and facts stand outside companies, where no policy could tell whose they are: this alone deletes them, up to so
-- many rows of both together. The caller can choose the company, never the time. Rejected events name the subscription
-- only, and so do facts.
CREATE FUNCTION provisioning_empty(company uuid, rows_most integer, OUT events bigint, OUT facts bigint)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    its text;
BEGIN
    events := 0;
    facts := 0;
    PERFORM FROM public.company_directory
    WHERE company_id = company AND state = 'ENDED' AND ended_at <= now() - interval '90 days';
    IF NOT FOUND THEN
        RETURN;
    END IF;
    SELECT subscription INTO its FROM public.provisioning_subscription WHERE company_id = company;
    DELETE FROM public.provisioning_event WHERE id = ANY(ARRAY(
        SELECT id FROM public.provisioning_event WHERE company_id = company OR subscription = its LIMIT rows_most));
    GET DIAGNOSTICS events = ROW_COUNT;
    DELETE FROM public.provisioning_fact WHERE subscription = its AND subject = ANY(ARRAY(
        SELECT subject FROM public.provisioning_fact WHERE subscription = its LIMIT rows_most - events));
    GET DIAGNOSTICS facts = ROW_COUNT;
END $$;
REVOKE EXECUTE ON FUNCTION provisioning_empty(uuid, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION provisioning_empty(uuid, integer) TO app;

CREATE INDEX provisioning_event_company ON provisioning_event (company_id) WHERE company_id IS NOT NULL;
CREATE INDEX provisioning_event_subscription ON provisioning_event (subscription) WHERE subscription IS NOT NULL;

-- Whoever deletes a row looks for those that refer to it: without these, through all that the company has or had.
CREATE INDEX import_row_line ON import_row (company_id, line_id) WHERE line_id IS NOT NULL;
CREATE INDEX import_row_subscriber ON import_row (company_id, subscriber_id) WHERE subscriber_id IS NOT NULL;
CREATE INDEX import_row_department ON import_row (company_id, department_id) WHERE department_id IS NOT NULL;
CREATE INDEX import_row_became ON import_row (company_id, became_id) WHERE became_id IS NOT NULL;
CREATE INDEX membership_department ON membership (company_id, department_id) WHERE department_id IS NOT NULL;
CREATE INDEX subscriber_departments ON subscriber (company_id, department_id) WHERE department_id IS NOT NULL;

-- Of an account that has ended no password is kept.
ALTER TABLE credential ALTER COLUMN password_hash DROP NOT NULL;
UPDATE credential SET password_hash = NULL WHERE ended_at IS NOT NULL;
ALTER TABLE credential ADD CONSTRAINT credential_password_check
    CHECK ((password_hash IS NULL) = (ended_at IS NOT NULL));
