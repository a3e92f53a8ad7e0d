-- Accounts: what signing in needs. It stands outside companies, since nobody is known to belong to one before he has
-- signed in; only bizcall/admins and bizcall/dispatch reach it. Secrets are stored as hashes only.

-- An administrator who can sign in. `mobile` is where codes go: it is found here without knowing the company.
CREATE TABLE credential (
    admin_id uuid PRIMARY KEY,
    company_id uuid NOT NULL,
    login_id text NOT NULL UNIQUE CHECK (login_id ~ '^0[0-9]{7,11}$'),
    password_hash text NOT NULL CHECK (password_hash LIKE '$argon2id$%'),
    mobile text NOT NULL CHECK (mobile ~ '^01[0-9]{8,9}$'),
    password_changed_at timestamptz NOT NULL,
    UNIQUE (company_id, admin_id),
    FOREIGN KEY (company_id, admin_id) REFERENCES admin (company_id, id)
);

-- Failures of a login ID, for IDs that nobody has too: a lock tells nothing. `device` is a browser that has signed in
-- before, and the nil UUID for all others (AU-22).
CREATE TABLE sign_in_attempt (
    login_id text NOT NULL CHECK (char_length(login_id) <= 20),
    device uuid NOT NULL,
    failures integer NOT NULL CHECK (failures >= 0),
    locked_until timestamptz,
    touched_at timestamptz NOT NULL,
    PRIMARY KEY (login_id, device)
);
CREATE INDEX sign_in_attempt_touched ON sign_in_attempt (touched_at);

-- A browser that an administrator has signed in with before.
CREATE TABLE device (
    id uuid PRIMARY KEY,
    token_hash bytea NOT NULL UNIQUE CHECK (octet_length(token_hash) = 32),
    company_id uuid NOT NULL,
    admin_id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    used_at timestamptz NOT NULL,
    FOREIGN KEY (company_id, admin_id) REFERENCES credential (company_id, admin_id)
);
CREATE INDEX device_admin ON device (admin_id);
CREATE INDEX device_used ON device (used_at);

-- Half a sign-in: the password was right, the code is still to come.
CREATE TABLE challenge (
    id uuid PRIMARY KEY,
    token_hash bytea NOT NULL UNIQUE CHECK (octet_length(token_hash) = 32),
    purpose text NOT NULL CHECK (purpose IN ('SIGN_IN', 'PASSWORD_RESET')),
    company_id uuid NOT NULL,
    admin_id uuid NOT NULL,
    device uuid NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL CHECK (expires_at > created_at),
    used_at timestamptz,
    FOREIGN KEY (company_id, admin_id) REFERENCES credential (company_id, admin_id)
);
CREATE INDEX challenge_expires ON challenge (expires_at);

-- A code that was asked for. The code itself is nowhere: it is derived from these keys and a secret (AU-24).
CREATE TABLE verification_code (
    id uuid PRIMARY KEY,
    purpose text NOT NULL CHECK (purpose IN ('SIGN_IN', 'PASSWORD_RESET')),
    challenge_id uuid NOT NULL REFERENCES challenge (id) ON DELETE CASCADE,
    company_id uuid NOT NULL,
    admin_id uuid NOT NULL,
    mobile text NOT NULL CHECK (mobile ~ '^01[0-9]{8,9}$'),
    tries integer NOT NULL DEFAULT 0 CHECK (tries BETWEEN 0 AND 5),
    delivery text NOT NULL DEFAULT 'QUEUED' CHECK (delivery IN ('QUEUED', 'SENDING', 'SENT', 'EXPIRED')),
    gateway_id text,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL CHECK (expires_at > created_at),
    used_at timestamptz,
    FOREIGN KEY (company_id, admin_id) REFERENCES credential (company_id, admin_id)
);
CREATE INDEX verification_code_sends ON verification_code (mobile, purpose, created_at);
CREATE INDEX verification_code_challenge ON verification_code (challenge_id, created_at);

-- A signed-in administrator (AU-31): idle for 30 minutes at most, 12 hours in all.
CREATE TABLE session (
    id uuid PRIMARY KEY,
    token_hash bytea NOT NULL UNIQUE CHECK (octet_length(token_hash) = 32),
    company_id uuid NOT NULL,
    admin_id uuid NOT NULL,
    address text NOT NULL DEFAULT '',
    user_agent_hash bytea NOT NULL CHECK (octet_length(user_agent_hash) = 32),
    created_at timestamptz NOT NULL,
    seen_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL CHECK (expires_at > created_at),
    ended_at timestamptz,
    FOREIGN KEY (company_id, admin_id) REFERENCES credential (company_id, admin_id)
);
CREATE INDEX session_admin ON session (admin_id, created_at);
CREATE INDEX session_expires ON session (expires_at);

-- Codes go with their challenge.
GRANT SELECT, INSERT, UPDATE ON credential, verification_code TO app;
GRANT SELECT, INSERT, UPDATE, DELETE ON sign_in_attempt, device, challenge, session TO app;
