-- The audit trail: append only, told by the database's own clock, sealed in a chain of hashes a company.

ALTER TABLE audit_record DROP CONSTRAINT audit_record_actor_kind_check;
ALTER TABLE audit_record ADD CONSTRAINT audit_record_actor_kind_check
    CHECK (actor_kind IN ('ADMIN', 'OPERATOR', 'SERVICE', 'SYSTEM', 'NOBODY'));

-- When the database took the record, which nobody who may write records can choose: see the grants. Rows that stand
-- already get the time they tell of; rewriting the column does that, since row-level security binds the owner's UPDATE.
ALTER TABLE audit_record ADD COLUMN recorded_at timestamptz;
ALTER TABLE audit_record
    ALTER COLUMN recorded_at TYPE timestamptz USING least(at, now()),
    ALTER COLUMN recorded_at SET DEFAULT clock_timestamp(),
    ALTER COLUMN recorded_at SET NOT NULL;

-- Listing goes by the time of the act, sealing by the time of recording.
DROP INDEX audit_record_at;
CREATE INDEX audit_record_at ON audit_record (company_id, at, id);
CREATE INDEX audit_record_recorded ON audit_record (company_id, recorded_at, id);

-- A seal stands for all records of a company that were recorded in [recorded_from, recorded_to). `hash` is taken over
-- `previous_hash`, the seal's own columns and the records; the first one's `previous_hash` is 32 zero bytes.
CREATE TABLE audit_seal (
    company_id uuid NOT NULL REFERENCES company (id),
    number integer NOT NULL CHECK (number >= 1),
    recorded_from timestamptz NOT NULL,
    recorded_to timestamptz NOT NULL,
    records integer NOT NULL CHECK (records >= 1),
    previous_hash bytea NOT NULL CHECK (octet_length(previous_hash) = 32),
    hash bytea NOT NULL CHECK (octet_length(hash) = 32),
    sealed_at timestamptz NOT NULL,
    PRIMARY KEY (company_id, number),
    CHECK (recorded_to > recorded_from)
);

ALTER TABLE audit_seal ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_seal FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON audit_seal USING (company_id = current_setting('app.company_id')::uuid);

-- Outside companies: how far each chain is, for the schedule and for whoever goes on with it. `number`, `hash` and
-- `recorded_to` are the last seal's, also when it was forgotten; `oldest_to` is the first kept one's `recorded_to`.
CREATE TABLE audit_chain (
    company_id uuid PRIMARY KEY REFERENCES company (id),
    sealed_at timestamptz,
    verified_at timestamptz,
    number integer NOT NULL DEFAULT 0 CHECK (number >= 0),
    hash bytea NOT NULL DEFAULT decode(repeat('00', 32), 'hex') CHECK (octet_length(hash) = 32),
    recorded_to timestamptz NOT NULL DEFAULT '1970-01-01 00:00:00+00',
    oldest_to timestamptz,
    verified_number integer NOT NULL DEFAULT 0 CHECK (verified_number >= 0)
);
CREATE INDEX audit_chain_sealed ON audit_chain (sealed_at NULLS FIRST);
CREATE INDEX audit_chain_verified ON audit_chain (verified_at NULLS FIRST);
CREATE INDEX audit_chain_oldest ON audit_chain (oldest_to) WHERE oldest_to IS NOT NULL;

-- The only way to delete records: whole seals, the oldest `seals_most` of those whose last record is older than two
-- years by the database's clock. The caller can choose the company, never the time. Returns how many records went.
CREATE FUNCTION audit_forget(company uuid, seals_most integer) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    border timestamptz;
    gone bigint;
BEGIN
    SELECT max(oldest.recorded_to) INTO border FROM (
        SELECT seal.recorded_to FROM public.audit_seal seal
        WHERE seal.company_id = company AND seal.recorded_to <= now() - interval '731 days'
        ORDER BY seal.number LIMIT seals_most
    ) oldest;
    IF border IS NULL THEN
        RETURN 0;
    END IF;
    DELETE FROM public.audit_record WHERE audit_record.company_id = company AND audit_record.recorded_at < border;
    GET DIAGNOSTICS gone = ROW_COUNT;
    DELETE FROM public.audit_seal WHERE audit_seal.company_id = company AND audit_seal.recorded_to <= border;
    RETURN gone;
END $$;
REVOKE EXECUTE ON FUNCTION audit_forget(uuid, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION audit_forget(uuid, integer) TO app;

-- All columns but `recorded_at`.
REVOKE INSERT ON audit_record FROM app;
GRANT INSERT (company_id, id, at, actor_kind, actor_id, action, subject_kind, subject_ids, address, request_id, details)
    ON audit_record TO app;
GRANT SELECT, INSERT ON audit_seal TO app;
GRANT SELECT, INSERT, UPDATE ON audit_chain TO app;
