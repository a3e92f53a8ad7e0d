-- The administrator whose session a further sign-in ended is told by SMS. The session that took its place says when and
-- from where; it is kept for longer than its message may wait.
ALTER TABLE account_message ADD COLUMN session_id uuid;
ALTER TABLE account_message DROP CONSTRAINT account_message_kind_check;
ALTER TABLE account_message
    ADD CHECK (kind IN ('WELCOME', 'PASSWORD_CHANGED', 'MOBILE_CHANGED', 'SESSION_DISPLACED')) NOT VALID;
