-- What `deadletter serve` needs afterwards, for a role called deadletter:
GRANT USAGE ON SCHEMA {{schema}} TO deadletter;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {{schema}} TO deadletter;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA {{schema}} TO deadletter;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA {{schema}} TO deadletter;
-- The audit is only ever added to:
REVOKE UPDATE, DELETE ON {{schema}}.audit FROM deadletter;
