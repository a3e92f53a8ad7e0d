-- Before a database that was restored to an earlier moment is opened: what was revoked since is revoked again, and
-- whatever lets somebody in without a password of his own is void. docs/operations.md, "Back-up and restore".
--
--     psql --set ON_ERROR_STOP=1 --single-transaction --file after_restore.sql postgresql://app:…@RESTORED/bizcall
--
-- Reads credential.csv and service_client.csv of the former instance beside it; empty files where that one is lost.

CREATE TEMPORARY TABLE former ON COMMIT DROP AS
    SELECT admin_id, company_id, login_id, password_hash, mobile, password_changed_at, created_at, temporary_until,
           registered_at, ended_at
    FROM credential WHERE false;
\copy former FROM 'credential.csv' (FORMAT csv)

CREATE TEMPORARY TABLE ended_client ON COMMIT DROP AS SELECT id, ended_at FROM service_client WHERE false;
\copy ended_client FROM 'service_client.csv' (FORMAT csv)

DO $$
DECLARE known uuid;
BEGIN
    FOR known IN SELECT company_id FROM company_directory LOOP
        PERFORM set_config('app.company_id', known::text, true);

        -- Who was replaced or ended; first, because his login ID may be another one's by now.
        UPDATE credential SET login_id = NULL, password_hash = NULL, ended_at = former.ended_at, mobile = former.mobile
        FROM former
        WHERE credential.company_id = known AND former.company_id = known AND former.admin_id = credential.admin_id
          AND former.ended_at IS NOT NULL AND credential.ended_at IS NULL;
        UPDATE admin SET ended_at = former.ended_at
        FROM former
        WHERE admin.company_id = known AND former.company_id = known AND former.admin_id = admin.id
          AND former.ended_at IS NOT NULL AND admin.ended_at IS NULL;

        -- Who came in his place; his name is empty until he gives it.
        INSERT INTO admin (company_id, id, name, mobile)
        SELECT known, former.admin_id, '', former.mobile FROM former
        WHERE former.company_id = known AND former.ended_at IS NULL
          AND NOT EXISTS (SELECT FROM admin WHERE admin.company_id = known AND admin.id = former.admin_id);
        INSERT INTO credential (company_id, admin_id, login_id, password_hash, mobile, password_changed_at, created_at,
                                temporary_until, registered_at)
        SELECT known, former.admin_id, former.login_id, former.password_hash, former.mobile, former.password_changed_at,
               former.created_at, former.temporary_until, former.registered_at
        FROM former
        WHERE former.company_id = known AND former.ended_at IS NULL
          AND NOT EXISTS (
              SELECT FROM credential WHERE credential.company_id = known AND credential.admin_id = former.admin_id
          );

        -- Passwords and mobiles as they were at last.
        UPDATE credential
        SET password_hash = former.password_hash, mobile = former.mobile,
            password_changed_at = former.password_changed_at, temporary_until = former.temporary_until,
            registered_at = former.registered_at
        FROM former
        WHERE credential.company_id = known AND former.company_id = known AND former.admin_id = credential.admin_id
          AND former.ended_at IS NULL AND credential.ended_at IS NULL;
        UPDATE admin SET mobile = former.mobile
        FROM former
        WHERE admin.company_id = known AND former.company_id = known AND former.admin_id = admin.id
          AND former.ended_at IS NULL AND admin.mobile <> former.mobile;

        -- Temporary passwords of the app, used or not: who has none sent again doesn't get in.
        UPDATE invitation SET used_at = now() WHERE company_id = known AND used_at IS NULL AND expires_at > now();
    END LOOP;
END $$;

UPDATE service_client SET ended_at = ended_client.ended_at
FROM ended_client WHERE ended_client.id = service_client.id AND service_client.ended_at IS NULL;

-- Sessions, half-done sign-ins, registrations and resets, and temporary passwords of welcomes.
UPDATE session SET ended_at = now() WHERE ended_at IS NULL;
UPDATE challenge SET used_at = now() WHERE used_at IS NULL;
UPDATE credential SET temporary_until = now() WHERE temporary_until > now();
