-- As settle_record.sql, for letters that are in the ledger as deferred or refused: what they were becomes a step of their
-- history where they became something else.
WITH settled AS MATERIALIZED (
  SELECT * FROM unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::bytea[], $7::text[], $8::timestamptz[])
    AS settled (id, state, outcome, detail, execution_id, rule, try_again_at)
), before AS MATERIALIZED (
  SELECT letter.id, letter.state, letter.outcome, letter.detail, letter.settled_at
  FROM {{schema}}.letter
  WHERE letter.id IN (SELECT settled.id FROM settled)
), updated AS (
  UPDATE {{schema}}.letter
  SET state = settled.state, outcome = settled.outcome, detail = settled.detail, rule = settled.rule,
    settled_at = CASE WHEN before.outcome = settled.outcome THEN before.settled_at ELSE $1::timestamptz END,
    closed_at = CASE WHEN settled.state = 'closed' THEN $1::timestamptz END,
    tries = letter.tries + 1,
    try_again_at = settled.try_again_at
  FROM settled
  JOIN before ON before.id = settled.id
  WHERE letter.id = settled.id
), step AS (
  INSERT INTO {{schema}}.letter_step (letter_id, at, what, detail)
  SELECT before.id, before.settled_at, before.outcome, before.detail
  FROM before
  JOIN settled ON settled.id = before.id
  WHERE before.outcome <> settled.outcome
)
INSERT INTO {{schema}}.letter_count (state, letters)
SELECT change.state, sum(change.letters)
FROM (SELECT settled.state, 1 AS letters FROM settled UNION ALL SELECT before.state, -1 FROM before) AS change
GROUP BY change.state
HAVING sum(change.letters) <> 0
