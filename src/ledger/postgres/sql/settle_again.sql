-- As settle.sql, for letters that are in the ledger as deferred or refused: what they were becomes a step of their
-- history where they became something else.
WITH
{{input}},
{{judge}},
{{retry}},
record AS MATERIALIZED (
  SELECT * FROM unnest($30::text[], $31::timestamptz[]) WITH ORDINALITY AS record (rule, try_again_at, position)
), before AS MATERIALIZED (
  SELECT letter.id, letter.state, letter.outcome, letter.detail, letter.settled_at
  FROM {{schema}}.letter
  WHERE letter.id IN (SELECT settled.id FROM settled)
), updated AS (
  UPDATE {{schema}}.letter
  SET state = settled.state, outcome = settled.outcome, detail = settled.detail, rule = record.rule,
    settled_at = CASE WHEN before.outcome = settled.outcome THEN before.settled_at ELSE terms.settled_at END,
    closed_at = CASE WHEN settled.state = 'closed' THEN terms.settled_at END,
    tries = letter.tries + 1,
    try_again_at = CASE WHEN settled.outcome IN ('deferred', 'refused') THEN record.try_again_at END
  FROM settled
  JOIN record ON record.position = settled.position
  JOIN before ON before.id = settled.id
  CROSS JOIN terms
  WHERE letter.id = settled.id
  RETURNING letter.id
), step AS (
  INSERT INTO {{schema}}.letter_step (letter_id, at, what, detail)
  SELECT before.id, before.settled_at, before.outcome, before.detail
  FROM before
  JOIN settled ON settled.id = before.id
  WHERE before.outcome <> settled.outcome
), counted AS (
  INSERT INTO {{schema}}.letter_count (state, letters)
  SELECT change.state, sum(change.letters)
  FROM (SELECT settled.state, 1 AS letters FROM settled UNION ALL SELECT before.state, -1 FROM before) AS change
  GROUP BY change.state
  HAVING sum(change.letters) <> 0
)
SELECT settled.id IS NOT NULL AS is_recorded, coalesce(settled.outcome, letter.outcome) AS outcome
FROM input
LEFT JOIN settled ON settled.position = input.position
LEFT JOIN {{schema}}.letter ON letter.id = input.id
ORDER BY input.position
