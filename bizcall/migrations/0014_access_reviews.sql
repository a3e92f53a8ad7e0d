-- Access records are reviewed each month (P3): that somebody did, when, and what he found. Insert only.
CREATE TABLE access_review (
    company_id uuid NOT NULL,
    month date NOT NULL CHECK (extract(day FROM month) = 1),
    reviewed_by uuid NOT NULL,
    note text NOT NULL CHECK (char_length(note) BETWEEN 5 AND 200),
    -- How many records the month had then.
    records integer NOT NULL CHECK (records >= 0),
    reviewed_at timestamptz NOT NULL,
    PRIMARY KEY (company_id, month),
    FOREIGN KEY (company_id, reviewed_by) REFERENCES admin (company_id, id)
);

ALTER TABLE access_review ENABLE ROW LEVEL SECURITY;
ALTER TABLE access_review FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON access_review USING (company_id = current_setting('app.company_id')::uuid);
GRANT SELECT, INSERT ON access_review TO app;

-- The latest month that was reviewed: what the schedule counts by, which sees no company's own rows.
ALTER TABLE audit_chain ADD COLUMN reviewed_month date;
