-- How sent letters ended, as their rows tell. A row was moved by the claim, so that what it says now was said since.
-- As replay_claim_lock.sql finds the rows of the replay.
WITH input AS MATERIALIZED (
  SELECT * FROM unnest($2::uuid[], $3::{{id_param}}[]) AS input (letter_id, execution)
), told AS MATERIALIZED (
  SELECT $1::uuid AS replay_id, input.letter_id, e.{{status}}::text AS status,
    CASE
      WHEN replay_letter.moved_from IS NULL OR e.{{id}} IS NULL THEN coalesce(replay_letter.outcome, 'no_answer')
      WHEN e.{{status}}::text = $5::text THEN 'failed_again'
      WHEN e.{{status}}::text = $4::text THEN 'succeeded'
      WHEN e.{{status}}::text = ANY ($6::text[]) THEN 'no_answer'
      WHEN replay_letter.due_at <= $7::timestamptz THEN coalesce(replay_letter.outcome, 'no_answer')
    END AS outcome,
    CASE
      WHEN NOT EXISTS (SELECT FROM {{schema}}.letter WHERE letter.id = input.letter_id)
        THEN 'the letter is not in the ledger any more'
      WHEN replay_letter.moved_from IS NULL THEN 'no execution tells'
      WHEN e.{{id}} IS NULL THEN 'the execution is gone'
      ELSE coalesce('the execution is ' || e.{{status}}::text, 'the execution has no status')
    END AS detail
  FROM input
  CROSS JOIN LATERAL (
    SELECT one.* FROM {{schema}}.replay_letter AS one
    WHERE one.replay_id = $1::uuid AND one.letter_id = input.letter_id
    OFFSET 0) AS replay_letter
  LEFT JOIN {{table}} AS e ON e.{{id}} = input.execution
  WHERE replay_letter.step = 'sent'
), ended AS (
  UPDATE {{schema}}.replay_letter
  SET step = 'ended', outcome = told.outcome, detail = told.detail, ended_at = $7::timestamptz
  FROM told
  WHERE replay_letter.replay_id = told.replay_id AND replay_letter.letter_id = told.letter_id
    AND (replay_letter.step = 'sent') IS TRUE AND told.outcome IS NOT NULL
  RETURNING replay_letter.letter_id, told.outcome, told.detail, replay_letter.moved_from IS NOT NULL AS has_moved
), brought_forward AS (
  -- Else an answer would be waited for until a clock that was set back since has come as far again.
  UPDATE {{schema}}.replay_letter
  SET due_at = $7::timestamptz + replay.answer_within * interval '1 microsecond'
  FROM told
  JOIN {{schema}}.replay ON replay.id = $1::uuid
  WHERE replay_letter.replay_id = told.replay_id AND replay_letter.letter_id = told.letter_id
    AND (replay_letter.step = 'sent') IS TRUE AND told.outcome IS NULL
    AND replay_letter.due_at > $7::timestamptz + replay.answer_within * interval '1 microsecond'
), waiting AS MATERIALIZED (
  SELECT letter.id, ended.outcome, ended.detail, ended.has_moved,
    CASE
      WHEN ended.outcome = 'succeeded' THEN 'closed'
      -- The letter of that death is open in its place, where there is one.
      WHEN ended.outcome = 'failed_again' AND EXISTS (
        SELECT FROM {{schema}}.letter AS newer
        WHERE {{schema}}.execution_key(newer.execution_id) = {{schema}}.execution_key(letter.execution_id)
          AND newer.execution_id = letter.execution_id AND newer.id > letter.id AND newer.outcome = 'failed')
        THEN 'closed'
      ELSE 'open'
    END AS state
  FROM {{schema}}.letter
  JOIN ended ON ended.letter_id = letter.id
  WHERE letter.state = 'waiting'
  ORDER BY letter.id
  FOR NO KEY UPDATE OF letter
), letter_changed AS (
  UPDATE {{schema}}.letter
  SET state = waiting.state, closed_at = CASE WHEN waiting.state = 'closed' THEN $7::timestamptz END,
    -- Settled again it would be of an earlier attempt than the one that its replay began, and nobody's for good.
    try_again_at = CASE WHEN waiting.state = 'open' AND NOT waiting.has_moved THEN letter.try_again_at END
  FROM waiting
  WHERE letter.id = waiting.id
), step AS (
  INSERT INTO {{schema}}.letter_step (letter_id, at, what, detail)
  SELECT waiting.id, $7::timestamptz, waiting.outcome, waiting.detail FROM waiting
), counted AS (
  INSERT INTO {{schema}}.letter_count (state, letters)
  SELECT change.state, sum(change.letters)
  FROM (SELECT waiting.state, 1 AS letters FROM waiting UNION ALL SELECT 'waiting', -1 FROM waiting) AS change
  GROUP BY change.state
)
SELECT ended.outcome, count(*) FROM ended GROUP BY ended.outcome
