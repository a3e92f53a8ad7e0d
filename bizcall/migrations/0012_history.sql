-- Histories of calls and messages (ST-02, MS-01), and how customers are shown in them (CU-01).

ALTER TABLE company ADD COLUMN masks_customers boolean NOT NULL DEFAULT true;

-- Which lines a department's calls and messages lie on: a page of a small department begins here.
CREATE INDEX call_line_month_department ON call_line_month (company_id, department_id, month, line_id);
CREATE INDEX message_line_month_department ON message_line_month (company_id, department_id, month, line_id);
