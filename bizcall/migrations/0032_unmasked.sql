-- Administrators are told by SMS when their company masks its customers no more.
ALTER TABLE account_message DROP CONSTRAINT account_message_kind_check;
ALTER TABLE account_message ADD CONSTRAINT account_message_kind_check CHECK (
    CASE WHEN kind IN ('WELCOME', 'PASSWORD_CHANGED', 'MOBILE_CHANGED', 'SESSION_DISPLACED', 'UNMASKED')
         THEN mobile IS NOT NULL AND email IS NULL AND month IS NULL
         ELSE kind = 'ACCESS_REVIEW' AND mobile IS NULL AND email IS NOT NULL AND month IS NOT NULL END
) NOT VALID;
