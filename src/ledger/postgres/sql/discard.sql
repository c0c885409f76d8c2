WITH {{chosen}}, held AS MATERIALIZED (
  -- As they are now that nobody else changes them: what was settled or closed meanwhile is passed over. In the order in
  -- which settling again takes them.
  SELECT letter.id, letter.state
  FROM {{schema}}.letter
  WHERE letter.id IN (
    SELECT chosen.id FROM chosen CROSS JOIN total
    WHERE NOT chosen.is_taken AND chosen.state = 'open' AND total.letters <= $16::bigint)
  ORDER BY letter.id
  FOR NO KEY UPDATE
), discarded AS (
  UPDATE {{schema}}.letter
  SET state = 'closed', closed_at = $17::timestamptz, try_again_at = NULL
  FROM held
  WHERE letter.id = held.id AND held.state = 'open'
  RETURNING letter.id
), step AS (
  INSERT INTO {{schema}}.letter_step (letter_id, at, what, detail)
  SELECT discarded.id, $17::timestamptz, 'discarded', $18::text FROM discarded ORDER BY discarded.id
), counted AS (
  INSERT INTO {{schema}}.letter_count (state, letters)
  SELECT change.state, sum(change.letters)
  FROM discarded CROSS JOIN (VALUES ('closed', 1), ('open', -1)) AS change (state, letters)
  GROUP BY change.state
), done AS MATERIALIZED (
  SELECT count(*) AS letters FROM discarded
)
-- The audit's entry, the next statement, learns the number from a setting that ends with the transaction.
SELECT total.letters, done.letters, total.taken,
  total.waiting + (SELECT count(*) FROM held WHERE held.state = 'waiting'),
  total.closed + (SELECT count(*) FROM held WHERE held.state = 'closed'),
  set_config('deadletter.discarded', done.letters::text, true)
FROM total
CROSS JOIN done
