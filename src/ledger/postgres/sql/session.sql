-- The session that our promises need. Nobody's default may weaken a commit below a flush to disk (P1); the
-- stronger remote_write and remote_apply are left alone. Plans are made for the batch at hand: a plan made while
-- the ledger was empty would read it whole for ever (settle_begin.sql has its own answer to that).
SELECT
  set_config('synchronous_commit',
    CASE WHEN current_setting('synchronous_commit') IN ('off', 'local') THEN 'on'
         ELSE current_setting('synchronous_commit') END, false),
  -- The platform's triggers run in our session and find tables by our path: where the role has the ledger schema's
  -- name, a trigger's own "outbox" must not become ours.
  set_config('search_path',
    CASE WHEN current_user = $3::text THEN regexp_replace(current_setting('search_path'), '"\$user"\s*,?\s*', '')
         ELSE current_setting('search_path') END, false),
  set_config('lock_timeout', $1::text, false),
  set_config('statement_timeout', $2::text, false),
  set_config('idle_in_transaction_session_timeout', $2::text, false),
  -- Neither of these two runs while the server waits for the rest of a pipeline. Where our host has vanished in the
  -- middle of one, our row locks last until the server's own TCP finds out: within 30 s, not two hours.
  set_config('tcp_keepalives_idle', '10', false),
  set_config('tcp_keepalives_interval', '5', false),
  set_config('tcp_keepalives_count', '3', false),
  set_config('tcp_user_timeout', '30000', false),
  -- A "timestamp without time zone" is read and written as UTC, whatever the role's or the server's zone is.
  set_config('TimeZone', 'UTC', false),
  set_config('default_transaction_isolation', 'read committed', false),
  set_config('standard_conforming_strings', 'on', false),
  set_config('plan_cache_mode', 'force_custom_plan', false),
  -- Every statement of ours looks up some hundred rows by their keys. Left at its default for spinning disks, this lets
  -- the planner read a table whole, for each batch, until it is a hundred times as large as what is looked up.
  set_config('random_page_cost', least(current_setting('random_page_cost')::float8, 1.1)::text, false),
  set_config('jit', 'off', false)
