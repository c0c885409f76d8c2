-- Messages that no queue took. An execution that was failed by the letter, and still waits for one of them, is failed
-- again by the same letter, and says so as ever: nobody else would ever touch it. That it was scheduled already when it
-- was claimed, since an earlier replay of the letter had brought it back, changes nothing.
WITH terms AS (
  SELECT $1::uuid AS replay_id, $2::text AS failed, $3::text AS replay_status, $4::timestamptz AS marked_at
), material AS MATERIALIZED (
  SELECT *
  FROM unnest($5::uuid[], $6::{{id_param}}[], $7::text[], $8::text[], $9::text[], $10::uuid[], $11::bytea[],
              $12::bytea[], $13::bytea[], $14::bytea[], $15::timestamptz[])
    AS material (letter_id, execution, detail, result, error, event_id, event_before, event_after, event_exchange,
                 event_routing_key, claimed_at)
), standing AS MATERIALIZED (
  SELECT material.letter_id, replay_letter.moved_from, letter.execution_id, letter.outcome, letter.state AS letter_state,
    material.detail, replay_owner.execution_key, replay_owner.row_updated,
    material.execution IS NOT NULL AND replay_letter.moved_from IS NOT NULL AND letter.outcome = 'failed' AS is_to_fail,
    -- The row is as the claim left it: its lock was taken by the statement before this one.
    EXISTS (
      SELECT FROM {{table}} AS e
      WHERE e.{{id}} = material.execution AND replay_owner.execution_key IS NOT NULL
        AND e.{{status}}::text = terms.replay_status AND {{updated}} IS NOT DISTINCT FROM replay_owner.row_updated
    ) AS is_waiting
  FROM material
  CROSS JOIN terms
  JOIN {{schema}}.replay_letter
    ON replay_letter.replay_id = terms.replay_id AND replay_letter.letter_id = material.letter_id
    -- Of that claim; or of none, found out before the message was to be sent once more.
    AND CASE WHEN material.claimed_at IS NULL THEN replay_letter.step = 'unsent'
             ELSE replay_letter.claimed_at = material.claimed_at
               AND (replay_letter.step = 'claimed'
                    OR (replay_letter.step = 'sent' AND replay_letter.outcome = 'in_doubt'))
        END
  JOIN {{schema}}.letter ON letter.id = material.letter_id
  LEFT JOIN {{schema}}.replay_owner
    ON replay_owner.execution_key = {{schema}}.execution_key(letter.execution_id)
    AND replay_owner.execution_id = letter.execution_id AND replay_owner.replay_id = terms.replay_id
), failed AS (
  UPDATE {{table}} AS e
  SET {{assignments}}
  FROM standing
  JOIN material ON material.letter_id = standing.letter_id
  CROSS JOIN terms
  WHERE e.{{id}} = material.execution AND standing.execution_key IS NOT NULL AND standing.is_to_fail
    AND e.{{status}}::text = terms.replay_status AND {{updated}} IS NOT DISTINCT FROM standing.row_updated
  RETURNING standing.letter_id, standing.execution_id, e.{{status}}::text AS status, {{action_id}} AS action_id,
    {{action_ref}} AS action_ref, material.event_id, material.event_before, material.event_after,
    material.event_exchange, material.event_routing_key
), event AS (
  INSERT INTO {{schema}}.outbox (
    kind, letter_id, execution_id, exchange, routing_key, message_id, body, wanted_at, due_at)
  SELECT 'event', failed.letter_id, failed.execution_id, failed.event_exchange, failed.event_routing_key,
    failed.event_id,
    failed.event_before
      || convert_to('"action_id":' || coalesce(to_json(failed.action_id)::text, '0')
                    || ',"action_ref":' || coalesce(to_json(failed.action_ref)::text, 'null'), 'UTF8')
      || failed.event_after,
    terms.marked_at, terms.marked_at
  FROM failed
  CROSS JOIN terms
  WHERE failed.status = terms.failed AND failed.event_id IS NOT NULL
  ORDER BY failed.letter_id
), given_back AS MATERIALIZED (
  -- An execution that was not failed, since the platform refuses it or swallows it, or since its letter had left it
  -- alone, goes on waiting: only so the letter may be replayed again.
  SELECT standing.letter_id, standing.execution_key
  FROM standing
  WHERE standing.is_to_fail
    AND (NOT standing.is_waiting OR EXISTS (SELECT FROM failed WHERE failed.letter_id = standing.letter_id))
), told AS MATERIALIZED (
  SELECT standing.letter_id,
    standing.detail
      || CASE
           WHEN standing.is_to_fail
             AND NOT EXISTS (SELECT FROM given_back WHERE given_back.letter_id = standing.letter_id)
             THEN '; its execution waits in vain: the platform swallowed its failure'
           ELSE ''
         END AS detail
  FROM standing
), released AS (
  DELETE FROM {{schema}}.replay_owner
  USING given_back
  WHERE replay_owner.execution_key = given_back.execution_key
), ended AS (
  UPDATE {{schema}}.replay_letter
  SET step = 'ended', outcome = 'unroutable', detail = told.detail, ended_at = terms.marked_at,
    -- What is given back is moved no more.
    moved_from = CASE WHEN given_back.letter_id IS NULL THEN replay_letter.moved_from END
  FROM standing
  JOIN told ON told.letter_id = standing.letter_id
  LEFT JOIN given_back ON given_back.letter_id = standing.letter_id
  CROSS JOIN terms
  WHERE replay_letter.replay_id = terms.replay_id AND replay_letter.letter_id = standing.letter_id
), letter_changed AS (
  UPDATE {{schema}}.letter
  SET state = 'open', try_again_at = CASE WHEN standing.moved_from IS NULL THEN letter.try_again_at END
  FROM standing
  WHERE letter.id = standing.letter_id
), step AS (
  INSERT INTO {{schema}}.letter_step (letter_id, at, what, detail)
  SELECT told.letter_id, terms.marked_at, 'unroutable', told.detail
  FROM told
  CROSS JOIN terms
), counted AS (
  INSERT INTO {{schema}}.letter_count (state, letters)
  SELECT change.state, sum(change.letters)
  FROM (SELECT 'open' AS state, 1 AS letters FROM standing
        UNION ALL SELECT standing.letter_state, -1 FROM standing) AS change
  GROUP BY change.state
  HAVING sum(change.letters) <> 0
)
SELECT count(*) FROM standing
