-- Hours of departments are answered from this index alone: in the table, which is kept in the order of time, each hour
-- of a department lies on a page of its own (ST-01, MS-01). Loaders wait while it is made; the former index goes last.
CREATE INDEX call_department_hour_alone ON call_department_hour (company_id, department_id, hour) INCLUDE (
    outgoing, outgoing_failed, incoming, missed, missed_busy, abandoned,
    outgoing_seconds, outgoing_failed_seconds, incoming_seconds, missed_seconds, missed_busy_seconds, abandoned_seconds);
CREATE INDEX message_department_hour_alone ON message_department_hour (company_id, department_id, hour)
    INCLUDE (sent, received);
DROP INDEX call_department_hour_department, message_department_hour_department;
ALTER INDEX call_department_hour_alone RENAME TO call_department_hour_department;
ALTER INDEX message_department_hour_alone RENAME TO message_department_hour_department;
