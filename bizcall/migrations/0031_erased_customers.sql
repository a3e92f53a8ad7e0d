-- Customers who were erased on request (P7): a hash of company and number, and when, so that no older record brings one
-- back. Like history it can't be forgotten while the contract goes on, nor in the 90 days after its end.
CREATE TABLE erased_customer (
    company_id uuid NOT NULL REFERENCES company (id),
    number_hash bytea NOT NULL CHECK (length(number_hash) = 32),
    erased_at timestamptz NOT NULL,
    PRIMARY KEY (company_id, number_hash)
);

ALTER TABLE erased_customer ENABLE ROW LEVEL SECURITY;
ALTER TABLE erased_customer FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON erased_customer USING (company_id = current_setting('app.company_id')::uuid);
CREATE POLICY ended ON erased_customer AS RESTRICTIVE FOR DELETE USING (
    (SELECT state = 'ENDED' AND ended_at <= now() - interval '90 days' FROM company_directory
     WHERE company_id = current_setting('app.company_id')::uuid));

GRANT SELECT, INSERT, UPDATE, DELETE ON erased_customer TO app;
