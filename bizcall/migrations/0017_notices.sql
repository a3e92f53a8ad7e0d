-- Notices (NO-01, NO-02) and documents with their versions (SU-01, AU-30). All of it is the provider's and the same for
-- every company, so it stands outside companies; only bizcall/notices and bizcall/support reach it.

CREATE TABLE notice (
    id uuid PRIMARY KEY,
    -- Optimistic: an edit names the one that it was made from.
    revision integer NOT NULL DEFAULT 1 CHECK (revision >= 1),
    category text NOT NULL CHECK (category IN ('MAINTENANCE', 'WORK', 'SERVICE')),
    title text NOT NULL CHECK (char_length(title) BETWEEN 1 AND 100),
    -- The title as searches compare it (bizcall/notices/listing.py).
    folded text NOT NULL,
    body text NOT NULL CHECK (char_length(body) BETWEEN 1 AND 10000),
    -- Shown from then, if it has one, and until then, if it has one.
    published_at timestamptz,
    published_until timestamptz CHECK (published_until > published_at),
    withdrawn_at timestamptz,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    important boolean NOT NULL GENERATED ALWAYS AS (category = 'MAINTENANCE') STORED,
    -- Drafts stand where they would stand if they were published when they were begun.
    listed_at timestamptz NOT NULL GENERATED ALWAYS AS (coalesce(published_at, created_at)) STORED,
    CHECK (published_until IS NULL OR published_at IS NOT NULL)
);
CREATE INDEX notice_order ON notice (important, listed_at, id);
GRANT SELECT, INSERT, UPDATE (
    revision, category, title, folded, body, published_at, published_until, withdrawn_at, updated_at
) ON notice TO app;

CREATE TABLE notice_attachment (
    notice_id uuid NOT NULL REFERENCES notice (id),
    id uuid NOT NULL,
    -- Where it stands among those of its notice: lowest first.
    place integer NOT NULL CHECK (place >= 0),
    file_name text NOT NULL CHECK (char_length(file_name) BETWEEN 1 AND 255),
    content_type text NOT NULL CHECK (char_length(content_type) <= 200),
    size integer NOT NULL CHECK (size >= 1),
    object_key text NOT NULL,
    PRIMARY KEY (notice_id, id)
);
GRANT SELECT, INSERT, UPDATE (place), DELETE ON notice_attachment TO app;

-- A version of a document; the one that was published last and not withdrawn is what people download.
CREATE TABLE document_version (
    id uuid PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('ADMIN_MANUAL', 'APP_MANUAL', 'PLAN_GUIDE')),
    number integer NOT NULL CHECK (number >= 1),
    note text NOT NULL DEFAULT '' CHECK (char_length(note) <= 200),
    size integer NOT NULL CHECK (size >= 1),
    object_key text NOT NULL,
    created_at timestamptz NOT NULL,
    published_at timestamptz NOT NULL,
    withdrawn_at timestamptz,
    UNIQUE (kind, number)
);
GRANT SELECT, INSERT, UPDATE (withdrawn_at) ON document_version TO app;

-- What operators publish comes by the same way into the bucket as what administrators import.
ALTER TABLE upload DROP CONSTRAINT IF EXISTS upload_purpose_check;
ALTER TABLE upload ADD CONSTRAINT upload_purpose_check
    CHECK (purpose IN ('SUBSCRIBER_IMPORT', 'NOTICE_ATTACHMENT', 'DOCUMENT')) NOT VALID;
