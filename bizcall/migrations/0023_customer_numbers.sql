-- Which numbers end in more than four digits is read off the index of customers, which leads with the last four (ST-02).
-- Whoever knows a number knows them too.
DROP INDEX call_customer;
CREATE INDEX call_customer ON call (company_id, customer_tail, customer_number, started_at);
DROP INDEX message_customer;
CREATE INDEX message_customer ON message (company_id, customer_tail, customer_number, sent_at);
