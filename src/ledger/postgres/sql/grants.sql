-- What `deadletter serve` needs afterwards, for a role called deadletter:
GRANT USAGE ON SCHEMA {{schema}} TO deadletter;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {{schema}} TO deadletter;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA {{schema}} TO deadletter;
GRANT SELECT, UPDATE ({{columns}}) ON {{table}} TO deadletter;
-- And what `deadletter submit` needs, with USAGE on the sequence of its ids where there is one:
GRANT INSERT ON {{table}} TO deadletter;
