-- $11: the state to go to; $12: from which ones; what has ended stays as it is. A claim holds the replay's row, so that
-- none is under way when this returns, and the next one sees it. One statement and so one transaction with the audit's
-- entry.
WITH before AS MATERIALIZED (
  SELECT replay.id, replay.state, replay.ended_at IS NOT NULL AS has_ended
  FROM {{schema}}.replay
  WHERE replay.id = $10::uuid
  FOR UPDATE
), answers AS (
  SELECT count(*) FILTER (WHERE replay_letter.outcome = 'failed_again') AS failed_again,
    count(*) FILTER (WHERE replay_letter.outcome = 'succeeded') AS succeeded
  FROM {{schema}}.replay_letter
  WHERE replay_letter.replay_id = $10::uuid AND replay_letter.step = 'ended'
), steered AS (
  UPDATE {{schema}}.replay
  SET state = $11::text, reason = '',
    failed_again_before =
      CASE WHEN $11::text = 'running' THEN answers.failed_again ELSE replay.failed_again_before END,
    succeeded_before = CASE WHEN $11::text = 'running' THEN answers.succeeded ELSE replay.succeeded_before END
  FROM before
  CROSS JOIN answers
  WHERE replay.id = before.id AND before.state = ANY ($12::text[]) AND NOT before.has_ended
  RETURNING replay.id, replay.state
), withdrawn AS (
  UPDATE {{schema}}.replay_letter
  SET step = 'ended', outcome = 'withdrawn', detail = 'the replay was cancelled', ended_at = $13::timestamptz
  FROM steered
  WHERE replay_letter.replay_id = steered.id AND replay_letter.step = 'pending' AND steered.state = 'cancelled'
  RETURNING replay_letter.letter_id
), entry (id, at, who, role, what, subject, letters, detail, outcome) AS (
  VALUES ($1::uuid, $2::timestamptz, $3::text, $4::text, $5::text, $6::text, $7::bigint, $8::text, $9::text)
), audited AS (
  INSERT INTO {{schema}}.audit (id, at, who, role, what, subject, letters, detail, outcome)
  SELECT entry.id, entry.at, entry.who, entry.role, entry.what, entry.subject,
    (SELECT count(*) FROM {{schema}}.replay_letter
     WHERE replay_letter.replay_id = steered.id AND replay_letter.step = 'pending'),
    entry.detail, entry.outcome
  FROM entry
  CROSS JOIN steered
)
SELECT steered.id IS NOT NULL, coalesce(steered.state, before.state), before.has_ended,
  (SELECT count(*) FROM withdrawn)
FROM before
LEFT JOIN steered ON steered.id = before.id
