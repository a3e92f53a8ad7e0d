-- Administrators are asked by e-mail, once a month, to review their company's access records: a message of an account
-- like those by SMS, but to an address, about a month, and one for each of them.
ALTER TABLE account_message ALTER COLUMN mobile DROP NOT NULL;
ALTER TABLE account_message ADD COLUMN email text;
ALTER TABLE account_message ADD COLUMN month date;
ALTER TABLE account_message DROP CONSTRAINT account_message_kind_check;
ALTER TABLE account_message ADD CONSTRAINT account_message_kind_check CHECK (
    CASE WHEN kind IN ('WELCOME', 'PASSWORD_CHANGED', 'MOBILE_CHANGED', 'SESSION_DISPLACED')
         THEN mobile IS NOT NULL AND email IS NULL AND month IS NULL
         ELSE kind = 'ACCESS_REVIEW' AND mobile IS NULL AND email IS NOT NULL AND month IS NOT NULL END
) NOT VALID;
CREATE UNIQUE INDEX account_message_review ON account_message (admin_id, month) WHERE kind = 'ACCESS_REVIEW';

-- The last day on which it was looked who of a company's administrators is to be asked.
ALTER TABLE audit_chain ADD COLUMN reminded_on date;
