-- The last day on which it was looked who of a company's administrators is to be asked for the review. reminded_month is
-- the version before's and goes with a later one.
ALTER TABLE audit_chain ADD COLUMN reminded_on date;
