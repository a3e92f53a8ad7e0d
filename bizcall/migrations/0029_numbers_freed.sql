-- Until when a number was last somebody's. A line begins and ends when the provider says, which may be told late and out
-- of order, so whose a number becomes must know until when another company had it: no two have it at one moment.
-- It stands outside companies, since it speaks of one that gave up the number to one that takes it.
CREATE TABLE number_freed (
    number varchar(12) PRIMARY KEY CHECK (number ~ '^0[0-9]{7,11}$'),
    freed_at timestamptz NOT NULL
);
GRANT SELECT, INSERT, UPDATE ON number_freed TO app;

-- Numbers that were given up before; each company is seen under its own name only.
DO $$
DECLARE known uuid;
BEGIN
    FOR known IN SELECT company_id FROM company_directory LOOP
        PERFORM set_config('app.company_id', known::text, true);
        INSERT INTO number_freed (number, freed_at)
        SELECT number, max(retired_at) FROM line WHERE company_id = known AND retired_at IS NOT NULL GROUP BY number
        ON CONFLICT (number) DO UPDATE SET freed_at = greatest(number_freed.freed_at, excluded.freed_at);
    END LOOP;
END $$;
