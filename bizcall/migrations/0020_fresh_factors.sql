-- A code of its own that makes a session fresh again, for what a stolen session must not do alone (security S6).
ALTER TABLE challenge DROP CONSTRAINT challenge_purpose_check;
ALTER TABLE challenge
    ADD CHECK (purpose IN ('SIGN_IN', 'REGISTRATION', 'PASSWORD_RESET', 'MOBILE_CHANGE', 'FRESH_FACTOR')) NOT VALID;
ALTER TABLE verification_code DROP CONSTRAINT verification_code_purpose_check;
ALTER TABLE verification_code
    ADD CHECK (purpose IN ('SIGN_IN', 'REGISTRATION', 'PASSWORD_RESET', 'MOBILE_CHANGE', 'FRESH_FACTOR')) NOT VALID;

-- When a code was last right in this session. That of sessions from before is the code of their sign-in.
ALTER TABLE session ADD COLUMN factor_at timestamptz NOT NULL DEFAULT now();
UPDATE session SET factor_at = created_at;
