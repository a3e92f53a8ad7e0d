-- Records of rights given, changed and ended are kept for three years, which is longer than those of access must be. All
-- are kept as long: a chain of seals can't lose some records of a seal and keep others.
CREATE OR REPLACE FUNCTION audit_forget(company uuid, seals_most integer) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    border timestamptz;
    gone bigint;
BEGIN
    SELECT max(oldest.recorded_to) INTO border FROM (
        SELECT seal.recorded_to FROM public.audit_seal seal
        WHERE seal.company_id = company AND seal.recorded_to <= now() - interval '1096 days'
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

-- Operators' list of companies, a page at a time in each of its orders.
CREATE INDEX company_directory_name ON company_directory (name, company_id);
CREATE INDEX company_directory_created ON company_directory (created_at, company_id);
