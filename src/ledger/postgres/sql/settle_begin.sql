-- What holds for the whole of a settle. If we hang before the rest of it comes, nobody is to wait for its rows for as
-- long as for a statement.
-- $1: the batch is of few letters, and its statements' plans are kept for a while. Such a plan must not depend on how
-- small a table was when it was made.
SELECT
  set_config('idle_in_transaction_session_timeout', '5s', true),
  CASE WHEN $1::boolean THEN set_config('plan_cache_mode', 'force_generic_plan', true) END,
  CASE WHEN $1::boolean THEN set_config('enable_seqscan', 'off', true) END
