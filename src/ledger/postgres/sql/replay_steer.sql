-- $2: the state to go to; $3: from which ones. A claim holds the replay's row, so that none is under way when this
-- returns, and the next one sees it.
WITH before AS MATERIALIZED (
  SELECT replay.id, replay.state FROM {{schema}}.replay WHERE replay.id = $1::uuid FOR UPDATE
), answers AS (
  SELECT count(*) FILTER (WHERE replay_letter.outcome = 'failed_again') AS failed_again,
    count(*) FILTER (WHERE replay_letter.outcome = 'succeeded') AS succeeded
  FROM {{schema}}.replay_letter
  WHERE replay_letter.replay_id = $1::uuid AND replay_letter.step = 'ended'
), steered AS (
  UPDATE {{schema}}.replay
  SET state = $2::text, reason = '',
    failed_again_before =
      CASE WHEN $2::text = 'running' THEN answers.failed_again ELSE replay.failed_again_before END,
    succeeded_before = CASE WHEN $2::text = 'running' THEN answers.succeeded ELSE replay.succeeded_before END
  FROM before
  CROSS JOIN answers
  WHERE replay.id = before.id AND before.state = ANY ($3::text[])
  RETURNING replay.id, replay.state
), withdrawn AS (
  UPDATE {{schema}}.replay_letter
  SET step = 'ended', outcome = 'withdrawn', detail = 'the replay was cancelled', ended_at = $4::timestamptz
  FROM steered
  WHERE replay_letter.replay_id = steered.id AND replay_letter.step = 'pending' AND steered.state = 'cancelled'
)
SELECT steered.id IS NOT NULL, coalesce(steered.state, before.state)
FROM before
LEFT JOIN steered ON steered.id = before.id
