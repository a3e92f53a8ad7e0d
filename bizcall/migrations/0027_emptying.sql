-- A company whose contract has ended is emptied (P7). What history names could not be deleted until now, and still can't
-- while a contract goes on: the policies below let only rows of a company go whose contract has ended.
GRANT DELETE ON line, department, subscriber, membership, upload, import, invitation_batch, invitation, delivery,
    delivery_attempt, delivery_count, correction, feed_file, access_review, provisioning_fact, provisioning_event TO app;

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
            '(SELECT state FROM company_directory'
            ' WHERE company_id = current_setting(''app.company_id'')::uuid) = ''ENDED'')',
            name);
    END LOOP;
END $$;

-- Events that were rejected name the subscription only.
CREATE INDEX provisioning_event_company ON provisioning_event (company_id) WHERE company_id IS NOT NULL;
CREATE INDEX provisioning_event_subscription ON provisioning_event (subscription) WHERE subscription IS NOT NULL;
