-- The session that our promises need. Nobody's default may weaken a commit below a flush to disk (P1); the
-- stronger remote_write and remote_apply are left alone. Plans are made for the batch at hand: a plan made while
-- the ledger was empty would read it whole for ever.
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
  set_config('default_transaction_isolation', 'read committed', false),
  set_config('standard_conforming_strings', 'on', false),
  set_config('plan_cache_mode', 'force_custom_plan', false),
  set_config('jit', 'off', false)
