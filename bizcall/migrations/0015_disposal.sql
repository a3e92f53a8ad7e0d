-- Disposal (P7): what a person told is forgotten when its time is over; keys, lines, departments and times stay, so that
-- history and statistics go on counting.

ALTER TABLE subscriber ADD COLUMN forgotten_at timestamptz;
ALTER TABLE subscriber DROP CONSTRAINT subscriber_name_check;
ALTER TABLE subscriber ADD CONSTRAINT subscriber_name_check CHECK (
    char_length(name) <= 50 AND (name <> '') = (forgotten_at IS NULL)
) NOT VALID;
ALTER TABLE subscriber ADD CONSTRAINT subscriber_forgotten_check CHECK (
    forgotten_at IS NULL OR (ended_at IS NOT NULL AND mobile IS NULL AND email IS NULL)
) NOT VALID;
CREATE INDEX subscriber_leaver ON subscriber (company_id, ended_at)
    WHERE ended_at IS NOT NULL AND forgotten_at IS NULL;

-- A former administrator's mobile becomes empty, his name later: audit records name him by key until then.
ALTER TABLE admin ADD COLUMN forgotten_at timestamptz;
ALTER TABLE admin DROP CONSTRAINT admin_mobile_check;
ALTER TABLE admin ADD CONSTRAINT admin_mobile_check CHECK (
    mobile ~ '^01[0-9]{8,9}$' OR (mobile = '' AND ended_at IS NOT NULL)
) NOT VALID;
ALTER TABLE credential DROP CONSTRAINT credential_mobile_check;
ALTER TABLE credential ADD CONSTRAINT credential_mobile_check CHECK (
    mobile ~ '^01[0-9]{8,9}$' OR (mobile = '' AND ended_at IS NOT NULL)
) NOT VALID;

CREATE INDEX delivery_finished ON delivery (company_id, finished_at) WHERE recipient <> '';
CREATE INDEX import_finished ON import (company_id, finished_at);

-- When a company was last visited; outside companies, for the schedule.
ALTER TABLE company_directory ADD COLUMN disposed_at timestamptz;
CREATE INDEX company_directory_disposed ON company_directory (disposed_at NULLS FIRST);

GRANT DELETE ON import_row, import_finding, customer, export TO app;
