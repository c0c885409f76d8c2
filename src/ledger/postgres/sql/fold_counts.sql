-- The changes so far become one row a state. Whoever reads meanwhile sees either those or this.
WITH folded AS (
  DELETE FROM {{schema}}.letter_count
  WHERE ctid = ANY (ARRAY(SELECT letter_count.ctid FROM {{schema}}.letter_count LIMIT 10000 FOR UPDATE SKIP LOCKED))
  RETURNING state, letters
)
INSERT INTO {{schema}}.letter_count (state, letters)
SELECT folded.state, sum(folded.letters) FROM folded GROUP BY folded.state
