-- As replay_claim_lock.sql finds the rows of the replay.
WITH input AS MATERIALIZED (
  SELECT *
  FROM unnest($2::uuid[], $3::{{id_param}}[], $4::timestamptz[], $5::timestamptz[]) WITH ORDINALITY
    AS input (letter_id, execution, attempt_from, attempt_until, position)
), terms AS (
  SELECT $1::uuid AS replay_id, $6::text AS failed, $7::text AS replay_status, $8::timestamptz AS claimed_at,
    $9::timestamptz AS again_at
), held AS MATERIALIZED (
  SELECT held.position FROM unnest(current_setting('deadletter.held')::bigint[]) AS held (position)
), locked AS MATERIALIZED (
  SELECT locked.position FROM unnest(current_setting('deadletter.locked')::bigint[]) AS locked (position)
), standing AS MATERIALIZED (
  SELECT input.*, replay_letter.step, replay_letter.moved_from, letter.state AS letter_state, letter.outcome,
    letter.execution_id, e.{{id}} IS NOT NULL AS has_row, e.{{status}}::text AS status, {{updated}} AS updated,
    locked.position IS NOT NULL AS is_locked, replay_owner.replay_id AS owner, replay_owner.row_updated,
    {{is_failed_by}} AS is_failed_by
  FROM input
  JOIN held ON held.position = input.position
  CROSS JOIN terms
  CROSS JOIN LATERAL (
    SELECT one.* FROM {{schema}}.replay_letter AS one
    WHERE one.replay_id = terms.replay_id AND one.letter_id = input.letter_id
    OFFSET 0) AS replay_letter
  JOIN {{schema}}.letter ON letter.id = input.letter_id
  LEFT JOIN {{table}} AS e ON e.{{id}} = input.execution
  LEFT JOIN locked ON locked.position = input.position
  LEFT JOIN {{schema}}.replay_owner
    ON replay_owner.execution_key = {{schema}}.execution_key(letter.execution_id)
    AND replay_owner.execution_id = letter.execution_id
  -- Still: while the statement before this one waited for its locks, a claim of ours whose answer was lost may have
  -- come to pass, or a late mark. It looked before it waited; this one's snapshot is newer.
  WHERE replay_letter.step IN ('pending', 'unsent')
), judged AS MATERIALIZED (
  SELECT standing.*,
    CASE
      WHEN standing.has_row AND NOT standing.is_locked THEN 'left'
      -- Claimed before, and its message is not out: nothing but whether it is still waited for, that is, whether the
      -- row is just as the claim left it. Else somebody works on it, or has scheduled it anew.
      WHEN standing.step = 'unsent' AND standing.moved_from IS NULL THEN 'plain'
      WHEN standing.step = 'unsent' THEN
        CASE WHEN standing.owner = terms.replay_id AND standing.status = terms.replay_status
                  AND standing.updated IS NOT DISTINCT FROM standing.row_updated THEN 'again'
             ELSE 'withdrawn' END
      WHEN standing.letter_state = 'waiting' THEN 'withdrawn'
      WHEN standing.execution_id IS NULL THEN 'plain'
      WHEN NOT standing.has_row AND standing.outcome = 'not_found' THEN 'plain'
      WHEN standing.outcome = 'failed' AND standing.status = terms.failed AND standing.is_failed_by THEN 'move'
      -- An earlier replay of it was to have been answered: the row is just as that one's claim left it. It was that
      -- letter's claim: one that was never claimed has ended as unroutable, too.
      WHEN standing.outcome IN ('failed', 'parked', 'refused') AND standing.status = terms.replay_status
        AND standing.updated IS NOT DISTINCT FROM standing.row_updated
        AND EXISTS (
          SELECT FROM {{schema}}.replay_letter AS earlier
          WHERE earlier.letter_id = standing.letter_id AND earlier.replay_id = standing.owner
            AND earlier.step = 'ended' AND earlier.moved_from IS NOT NULL
            AND earlier.outcome IN ('in_doubt', 'no_answer', 'unroutable')) THEN 'move'
      -- It left its execution alone, and would leave it without a message for ever. What somebody works on already is
      -- nobody's to take back.
      WHEN standing.outcome IN ('parked', 'refused') AND standing.status = terms.replay_status
        AND standing.owner IS NULL
        AND (standing.attempt_from IS NULL OR coalesce({{is_of_attempt}}, false)) THEN 'move'
      ELSE 'withdrawn'
    END AS verdict
  FROM standing
  CROSS JOIN terms
), placed AS MATERIALIZED (
  SELECT judged.*,
    row_number() OVER (PARTITION BY judged.execution, judged.verdict ORDER BY judged.position) AS place
  FROM judged
), moved AS (
  UPDATE {{table}} AS e
  SET {{assignments}}
  FROM placed
  CROSS JOIN terms
  WHERE e.{{id}} = placed.execution AND placed.verdict = 'move' AND placed.place = 1
    AND e.{{status}}::text = placed.status
  RETURNING placed.position, e.{{status}}::text AS status, {{updated}} AS updated
), result AS MATERIALIZED (
  SELECT placed.*, terms.replay_id, moved.updated AS moved_updated,
    CASE
      WHEN placed.verdict <> 'move' THEN placed.verdict
      WHEN moved.status = terms.replay_status THEN 'move'
      ELSE 'withdrawn'
    END AS final_verdict,
    CASE
      WHEN placed.step = 'unsent' THEN 'the execution waits for it no longer'
      WHEN placed.letter_state = 'waiting' THEN 'the letter waits (' || placed.outcome || ')'
      WHEN NOT placed.has_row THEN 'the execution is gone'
      WHEN placed.owner = terms.replay_id AND placed.status = terms.replay_status
        OR EXISTS (
          SELECT FROM placed AS earlier
          JOIN moved AS moved_before ON moved_before.position = earlier.position
          WHERE earlier.execution = placed.execution AND earlier.position < placed.position
            AND moved_before.status = terms.replay_status) THEN 'another letter of its execution is replayed'
      WHEN placed.verdict = 'move' THEN 'the platform does not let its execution go back'
      WHEN placed.status = terms.failed THEN 'the execution was not failed by it'
      ELSE coalesce('the execution is ' || placed.status, 'the execution has no status')
    END AS why
  FROM placed
  CROSS JOIN terms
  LEFT JOIN moved ON moved.position = placed.position
), owned AS (
  INSERT INTO {{schema}}.replay_owner (execution_key, execution_id, replay_id, row_updated)
  SELECT {{schema}}.execution_key(result.execution_id), result.execution_id, terms.replay_id, result.moved_updated
  FROM result
  CROSS JOIN terms
  WHERE result.final_verdict = 'move'
  ORDER BY 1
  ON CONFLICT (execution_key) DO UPDATE
  SET execution_id = excluded.execution_id, replay_id = excluded.replay_id, row_updated = excluded.row_updated
), noted AS (
  UPDATE {{schema}}.replay_letter
  SET step = CASE WHEN result.final_verdict = 'withdrawn' THEN 'ended' ELSE 'claimed' END,
    outcome = CASE WHEN result.final_verdict = 'withdrawn' THEN 'withdrawn' END,
    detail = CASE WHEN result.final_verdict = 'withdrawn' THEN result.why ELSE '' END,
    ended_at = CASE WHEN result.final_verdict = 'withdrawn' THEN terms.claimed_at END,
    claimed_at = CASE WHEN result.final_verdict = 'withdrawn' THEN replay_letter.claimed_at
                      ELSE terms.claimed_at END,
    moved_from = CASE WHEN result.final_verdict = 'move' THEN result.status ELSE replay_letter.moved_from END
  FROM result
  CROSS JOIN terms
  WHERE replay_letter.replay_id = result.replay_id AND replay_letter.letter_id = result.letter_id
    AND result.final_verdict <> 'left'
), put_off AS (
  -- Else the same letters would be offered for ever, and none behind them.
  UPDATE {{schema}}.replay_letter
  SET due_at = terms.again_at
  FROM result
  CROSS JOIN terms
  WHERE replay_letter.replay_id = result.replay_id AND replay_letter.letter_id = result.letter_id
    AND result.final_verdict = 'left'
), changed AS (
  -- On its way from now on; or, where it was and nobody waits for it, somebody may have to look.
  SELECT result.letter_id, result.letter_state, result.why,
    CASE WHEN result.final_verdict = 'withdrawn' THEN 'open' ELSE 'waiting' END AS state
  FROM result
  WHERE (result.final_verdict IN ('move', 'plain') AND result.step = 'pending')
    OR (result.final_verdict = 'withdrawn' AND result.step = 'unsent')
), letter_changed AS (
  UPDATE {{schema}}.letter
  SET state = changed.state, closed_at = NULL,
    replays = letter.replays + CASE WHEN changed.state = 'waiting' THEN 1 ELSE 0 END
  FROM changed
  WHERE letter.id = changed.letter_id
), step AS (
  INSERT INTO {{schema}}.letter_step (letter_id, at, what, detail)
  SELECT changed.letter_id, terms.claimed_at, CASE WHEN changed.state = 'waiting' THEN 'replayed' ELSE 'withdrawn' END,
    CASE WHEN changed.state = 'waiting' THEN terms.replay_id::text ELSE changed.why END
  FROM changed
  CROSS JOIN terms
), counted AS (
  INSERT INTO {{schema}}.letter_count (state, letters)
  SELECT change.state, sum(change.letters)
  FROM (SELECT changed.state, 1 AS letters FROM changed UNION ALL SELECT changed.letter_state, -1 FROM changed) AS change
  GROUP BY change.state
  HAVING sum(change.letters) <> 0
)
SELECT result.position, result.final_verdict FROM result ORDER BY result.position
