-- How the server is set up, as far as our promises lean on it. What our own session raised is read as it was before.
SELECT
  current_setting('server_version_num')::bigint,
  current_setting('server_version'),
  pg_is_in_recovery(),
  (SELECT reset_val = 'on' FROM pg_catalog.pg_settings WHERE name = 'default_transaction_read_only'),
  current_setting('fsync') = 'on',
  current_setting('full_page_writes') = 'on',
  (SELECT reset_val FROM pg_catalog.pg_settings WHERE name = 'synchronous_commit'),
  -- in the unit that pg_settings tells, which for this one is always milliseconds
  (SELECT setting::bigint FROM pg_catalog.pg_settings WHERE name = 'deadlock_timeout'),
  current_setting('max_connections')::bigint - current_setting('superuser_reserved_connections')::bigint,
  (SELECT coalesce(sum(numbackends), 0)::bigint FROM pg_catalog.pg_stat_database),
  (SELECT count(*) FROM pg_catalog.pg_stat_activity
   WHERE usename = current_user AND pid <> pg_backend_pid()),
  (SELECT rolconnlimit::bigint FROM pg_catalog.pg_roles WHERE rolname = current_user),
  current_user::text,
  current_database()::text,
  (SELECT count(*) FROM pg_catalog.pg_stat_activity
   WHERE usename = current_user AND pid <> pg_backend_pid() AND application_name = 'deadletter')
