-- The changes so far become one row a state, where there are more. Whoever reads meanwhile sees either those or this.
WITH scattered AS (
  SELECT letter_count.state FROM {{schema}}.letter_count GROUP BY letter_count.state HAVING count(*) > 1
), folded AS (
  DELETE FROM {{schema}}.letter_count
  WHERE ctid = ANY (ARRAY(
    SELECT letter_count.ctid FROM {{schema}}.letter_count
    WHERE letter_count.state IN (SELECT scattered.state FROM scattered)
    LIMIT 10000 FOR UPDATE SKIP LOCKED))
  RETURNING state, letters
)
INSERT INTO {{schema}}.letter_count (state, letters)
SELECT folded.state, sum(folded.letters) FROM folded GROUP BY folded.state
