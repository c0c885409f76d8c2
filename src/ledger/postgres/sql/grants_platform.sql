GRANT SELECT, UPDATE ({{columns}}) ON {{table}} TO deadletter;
-- And what `deadletter submit` needs, with USAGE on the sequence of its ids where there is one:
GRANT INSERT ON {{table}} TO deadletter;
