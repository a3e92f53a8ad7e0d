-- Accounts from the welcome message to the last session: temporary passwords, registration, resets, operators.

-- What is told of companies where nobody has signed in yet, and to operators: outside companies, kept by a trigger so
-- that it can't differ from the company's own row.
CREATE TABLE company_directory (
    company_id uuid PRIMARY KEY REFERENCES company (id),
    name text NOT NULL,
    representative_number text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX company_directory_number ON company_directory (representative_number);
GRANT SELECT, INSERT, UPDATE ON company_directory TO app;

CREATE FUNCTION company_listed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO company_directory (company_id, name, representative_number, created_at)
    VALUES (NEW.id, NEW.name, NEW.representative_number, NEW.created_at)
    ON CONFLICT (company_id) DO UPDATE SET
        name = excluded.name, representative_number = excluded.representative_number;
    RETURN NULL;
END $$;
CREATE TRIGGER company_listed AFTER INSERT OR UPDATE OF name, representative_number ON company
    FOR EACH ROW EXECUTE FUNCTION company_listed();

-- Companies that were there before; each is seen under its own name only.
DO $$
DECLARE known uuid;
BEGIN
    FOR known IN SELECT DISTINCT company_id FROM number_directory LOOP
        PERFORM set_config('app.company_id', known::text, true);
        INSERT INTO company_directory (company_id, name, representative_number, created_at)
        SELECT id, name, representative_number, created_at FROM company WHERE id = known;
    END LOOP;
END $$;

-- The provider is a company without lines whose administrators are the operators
-- (docs/decisions/0011-operators-are-the-providers-administrators.md). Its number is the customer centre's.
ALTER TABLE company DROP CONSTRAINT company_representative_number_check;
ALTER TABLE company ADD CHECK (representative_number ~ '^[01][0-9]{7,11}$') NOT VALID;
SELECT set_config('app.company_id', '00000000-0000-7fff-8000-000000000000', true);
INSERT INTO company (id, name, representative_number)
VALUES ('00000000-0000-7fff-8000-000000000000', 'AI비즈콜 고객센터', '15440001');

-- Empty until the administrator has registered (AU-02). `ended_at` is set when another one took his place (AU-32).
ALTER TABLE admin DROP CONSTRAINT admin_name_check;
ALTER TABLE admin ADD CHECK (char_length(name) <= 50) NOT VALID;
ALTER TABLE admin ADD COLUMN ended_at timestamptz;

-- An administrator's login ID is a number of his company, an operator's is a name. Who was replaced has none.
ALTER TABLE credential DROP CONSTRAINT credential_login_id_check;
ALTER TABLE credential ALTER COLUMN login_id DROP NOT NULL;
ALTER TABLE credential ADD CHECK (login_id ~ '^(0[0-9]{7,11}|[a-z][a-z0-9._-]{2,19})$') NOT VALID;
ALTER TABLE credential ADD COLUMN created_at timestamptz NOT NULL DEFAULT now();
-- Until when the temporary password is good; null once the administrator has chosen his own.
ALTER TABLE credential ADD COLUMN temporary_until timestamptz;
ALTER TABLE credential ADD COLUMN registered_at timestamptz;
ALTER TABLE credential ADD COLUMN ended_at timestamptz;
UPDATE credential SET registered_at = password_changed_at;
ALTER TABLE credential ADD CHECK ((temporary_until IS NULL) = (registered_at IS NOT NULL)) NOT VALID;
ALTER TABLE credential ADD CHECK ((login_id IS NULL) = (ended_at IS NOT NULL)) NOT VALID;
CREATE INDEX credential_mobile ON credential (mobile) WHERE ended_at IS NULL;
CREATE INDEX credential_created ON credential (created_at, admin_id);

-- Passwords that an account has had: none of the last ones may be chosen again.
CREATE TABLE former_password (
    company_id uuid NOT NULL,
    admin_id uuid NOT NULL,
    password_hash text NOT NULL CHECK (password_hash LIKE '$argon2id$%'),
    replaced_at timestamptz NOT NULL,
    PRIMARY KEY (company_id, admin_id, replaced_at),
    FOREIGN KEY (company_id, admin_id) REFERENCES credential (company_id, admin_id)
);
GRANT SELECT, INSERT, DELETE ON former_password TO app;

-- A reset is bound to a mobile, whose accounts are told only after the code was right; so nobody stands in it before.
-- `mobile` is where this challenge's codes go.
ALTER TABLE challenge DROP CONSTRAINT challenge_purpose_check;
ALTER TABLE challenge ADD CHECK (purpose IN ('SIGN_IN', 'REGISTRATION', 'PASSWORD_RESET', 'MOBILE_CHANGE')) NOT VALID;
ALTER TABLE challenge ALTER COLUMN company_id DROP NOT NULL;
ALTER TABLE challenge ALTER COLUMN admin_id DROP NOT NULL;
ALTER TABLE challenge ADD CHECK ((admin_id IS NULL) = (company_id IS NULL)) NOT VALID;
ALTER TABLE challenge ADD CHECK ((admin_id IS NULL) = (purpose = 'PASSWORD_RESET')) NOT VALID;
ALTER TABLE challenge ADD COLUMN mobile text CHECK (mobile ~ '^01[0-9]{8,9}$');
UPDATE challenge SET mobile = credential.mobile FROM credential WHERE credential.admin_id = challenge.admin_id;
ALTER TABLE challenge ALTER COLUMN mobile SET NOT NULL;
-- When its code was right, for those that have a further step.
ALTER TABLE challenge ADD COLUMN verified_at timestamptz;
CREATE INDEX challenge_admin ON challenge (admin_id) WHERE used_at IS NULL;

-- A decoy is the code of a mobile that administers nothing: it is never sent and never right, and looks like any other.
ALTER TABLE verification_code DROP CONSTRAINT verification_code_purpose_check;
ALTER TABLE verification_code
    ADD CHECK (purpose IN ('SIGN_IN', 'REGISTRATION', 'PASSWORD_RESET', 'MOBILE_CHANGE')) NOT VALID;
ALTER TABLE verification_code ALTER COLUMN company_id DROP NOT NULL;
ALTER TABLE verification_code ALTER COLUMN admin_id DROP NOT NULL;
ALTER TABLE verification_code ADD COLUMN decoy boolean NOT NULL DEFAULT false;

-- The counter of failures that this session's browser has (AU-22).
ALTER TABLE session ADD COLUMN device uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000';

-- What an account is told by SMS beside codes. The temporary password of a WELCOME is nowhere: it is derived from these
-- keys and a secret, when it is sent and when it is made (AU-24).
CREATE TABLE account_message (
    id uuid PRIMARY KEY,
    company_id uuid NOT NULL,
    admin_id uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN ('WELCOME', 'PASSWORD_CHANGED', 'MOBILE_CHANGED')),
    mobile text NOT NULL CHECK (mobile ~ '^01[0-9]{8,9}$'),
    state text NOT NULL DEFAULT 'QUEUED' CHECK (state IN ('QUEUED', 'SENDING', 'SENT', 'FAILED', 'UNKNOWN')),
    gateway_id text,
    -- Of the gateway, or of ours, where it was not sent.
    reason text,
    created_at timestamptz NOT NULL,
    sent_at timestamptz,
    FOREIGN KEY (company_id, admin_id) REFERENCES credential (company_id, admin_id)
);
CREATE INDEX account_message_admin ON account_message (admin_id, created_at);
CREATE INDEX account_message_created ON account_message (created_at);
GRANT SELECT, INSERT, UPDATE, DELETE ON account_message TO app;

-- Administrators as operators list them: nothing of a person but the end of a mobile, which the API masks.
CREATE VIEW account_row WITH (security_invoker = true) AS
SELECT credential.admin_id AS id, credential.company_id, company_directory.name AS company_name,
       company_directory.representative_number, credential.login_id, credential.mobile, credential.created_at,
       credential.temporary_until, credential.registered_at, credential.ended_at, credential.password_changed_at,
       (SELECT max(locked_until) FROM sign_in_attempt WHERE sign_in_attempt.login_id = credential.login_id)
           AS locked_until
FROM credential JOIN company_directory USING (company_id);
GRANT SELECT ON account_row TO app;
