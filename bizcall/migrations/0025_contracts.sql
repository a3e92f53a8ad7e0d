-- A company's contract: in force, suspended, or ended. Kept outside companies, where sign-in, the app's server and the
-- workers that send messages read it in statements that they send anyway.
ALTER TABLE company_directory ADD COLUMN state text NOT NULL DEFAULT 'ACTIVE'
    CHECK (state IN ('ACTIVE', 'SUSPENDED', 'ENDED'));
ALTER TABLE company_directory ADD COLUMN state_changed_at timestamptz;
UPDATE company_directory SET state_changed_at = created_at;
ALTER TABLE company_directory ALTER COLUMN state_changed_at SET NOT NULL;

CREATE OR REPLACE FUNCTION company_listed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO company_directory (company_id, name, representative_number, created_at, state_changed_at)
    VALUES (NEW.id, NEW.name, NEW.representative_number, NEW.created_at, NEW.created_at)
    ON CONFLICT (company_id) DO UPDATE SET
        name = excluded.name, representative_number = excluded.representative_number;
    RETURN NULL;
END $$;

-- Since when this account can't be used, because its company is suspended. It stands in the row that sign-in locks, so
-- that of a sign-in and a suspension at once the later one sees the other.
ALTER TABLE credential ADD COLUMN suspended_at timestamptz;
