-- Imports: files that arrived, what they would do (preview), and what they did.

CREATE TABLE upload (
    company_id uuid NOT NULL,
    id uuid NOT NULL,
    admin_id uuid NOT NULL,
    purpose text NOT NULL CHECK (purpose IN ('SUBSCRIBER_IMPORT')),
    file_name text NOT NULL CHECK (char_length(file_name) BETWEEN 1 AND 255),
    size integer NOT NULL CHECK (size >= 1),
    object_key text NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (company_id, id),
    FOREIGN KEY (company_id, admin_id) REFERENCES admin (company_id, id)
);

-- One version of one object is one import, however often its arrival is told.
CREATE TABLE import (
    company_id uuid NOT NULL REFERENCES company (id),
    id uuid NOT NULL,
    source text NOT NULL CHECK (source IN ('CONSOLE', 'INBOX')),
    upload_id uuid,
    object_key text NOT NULL,
    -- Empty where the bucket keeps no versions; the entity tag tells the contents apart then.
    object_version text NOT NULL,
    object_etag text NOT NULL,
    object_size bigint NOT NULL,
    file_name text NOT NULL,
    state text NOT NULL CHECK (state IN (
        'CHECKING', 'PREVIEWED', 'REGISTERING', 'REGISTERED', 'REFUSED', 'CANCELLED', 'EXPIRED', 'FAILED')),
    -- Why it ended without registering anything: of the sheets' refusals, or of ours.
    refusal text,
    refusal_params jsonb NOT NULL DEFAULT '{}',
    sheet_name text,
    ignored_headers text[] NOT NULL DEFAULT '{}',
    rows_new integer NOT NULL DEFAULT 0,
    rows_changed integer NOT NULL DEFAULT 0,
    rows_replaced integer NOT NULL DEFAULT 0,
    rows_unchanged integer NOT NULL DEFAULT 0,
    rows_refused integer NOT NULL DEFAULT 0,
    rows_ignored integer NOT NULL DEFAULT 0,
    content_hash text,
    on_error text CHECK (on_error IN ('REJECT_ALL', 'SKIP_BAD_ROWS')),
    rows_registered integer NOT NULL DEFAULT 0,
    rows_conflicting integer NOT NULL DEFAULT 0,
    -- Objects that answer this import; null until they are stored.
    refused_key text,
    result_key text,
    created_at timestamptz NOT NULL,
    previewed_at timestamptz,
    finished_at timestamptz,
    expires_at timestamptz,
    PRIMARY KEY (company_id, id),
    UNIQUE (company_id, object_key, object_version, object_etag),
    FOREIGN KEY (company_id, upload_id) REFERENCES upload (company_id, id),
    CHECK ((source = 'CONSOLE') = (upload_id IS NOT NULL))
);
CREATE INDEX import_created ON import (company_id, created_at, id);
CREATE INDEX import_upload ON import (company_id, upload_id, created_at) WHERE upload_id IS NOT NULL;

-- A row of the sheet, as it would be registered. `number` is its number in the sheet. `subscriber_id` with `revision`
-- is the holder that was seen; `became_id` is the holding that stands since the registration.
CREATE TABLE import_row (
    company_id uuid NOT NULL,
    id uuid NOT NULL,
    import_id uuid NOT NULL,
    number integer NOT NULL CHECK (number >= 1),
    action text NOT NULL CHECK (action IN ('NEW', 'CHANGED', 'REPLACED', 'UNCHANGED', 'REFUSED')),
    line_id uuid,
    line_number text,
    subscriber_id uuid,
    revision integer,
    name text NOT NULL DEFAULT '',
    department_id uuid,
    position text NOT NULL DEFAULT '',
    mobile text,
    email text,
    rid_enabled boolean NOT NULL DEFAULT false,
    app_enabled boolean NOT NULL DEFAULT false,
    -- What stood in the cells of a refused row, by column: the workbook to mend is made of it.
    given jsonb,
    outcome text CHECK (outcome IN ('NEW', 'CHANGED', 'REPLACED', 'UNCHANGED', 'REFUSED')),
    became_id uuid,
    PRIMARY KEY (company_id, id),
    UNIQUE (company_id, import_id, number),
    FOREIGN KEY (company_id, import_id) REFERENCES import (company_id, id),
    FOREIGN KEY (company_id, line_id) REFERENCES line (company_id, id),
    FOREIGN KEY (company_id, subscriber_id) REFERENCES subscriber (company_id, id),
    FOREIGN KEY (company_id, department_id) REFERENCES department (company_id, id),
    FOREIGN KEY (company_id, became_id) REFERENCES subscriber (company_id, id),
    CHECK (action = 'REFUSED' OR line_id IS NOT NULL)
);

-- What was found in a cell (or in a row as a whole, where `column_name` is empty), one row a finding, in the sheet's order.
CREATE TABLE import_finding (
    company_id uuid NOT NULL,
    id uuid NOT NULL,
    import_id uuid NOT NULL,
    number integer NOT NULL CHECK (number >= 1),
    place integer NOT NULL CHECK (place >= 0),
    column_name text NOT NULL,
    cell text NOT NULL,
    code text NOT NULL,
    severity text NOT NULL CHECK (severity IN ('NOTED', 'REPAIRED', 'REFUSED')),
    original text NOT NULL CHECK (char_length(original) <= 200),
    params jsonb NOT NULL,
    PRIMARY KEY (company_id, id),
    UNIQUE (company_id, import_id, number, place),
    FOREIGN KEY (company_id, import_id) REFERENCES import (company_id, id)
);

-- Outside companies: when the sweep must look at an import that is not finished. Keys and times only.
CREATE TABLE import_deadline (
    import_id uuid PRIMARY KEY,
    company_id uuid NOT NULL REFERENCES company (id),
    due_at timestamptz NOT NULL
);
CREATE INDEX import_deadline_due ON import_deadline (due_at);

DO $$
DECLARE name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['upload', 'import', 'import_row', 'import_finding']
    LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
        EXECUTE format('CREATE POLICY tenant ON %I USING (company_id = current_setting(''app.company_id'')::uuid)', name);
    END LOOP;
END $$;

GRANT SELECT, INSERT ON upload, import_finding TO app;
GRANT SELECT, INSERT, UPDATE ON import, import_row TO app;
GRANT SELECT, INSERT, UPDATE, DELETE ON import_deadline TO app;
