-- When a subscriber's mobile or address was last set: an invitation to contacts that changed since the sender's last code
-- asks for another one (security S6). Empty is from before.
ALTER TABLE subscriber ADD COLUMN contacts_at timestamptz;
