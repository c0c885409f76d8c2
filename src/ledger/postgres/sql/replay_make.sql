WITH {{chosen}}, total AS MATERIALIZED (
  SELECT count(*) AS letters, count(*) FILTER (WHERE chosen.is_taken) AS taken FROM chosen
), made AS (
  INSERT INTO {{schema}}.replay (
    id, state, made_by, selection, edit, exchange, routing_key, milli_rate, ramp, stop_percent, answer_within,
    created_at, queue_limit)
  SELECT $17::uuid, 'running', $18::text, $19::text, $20::text, $21::bytea, $22::bytea, $23::bigint, $24::bigint <> 0,
    $25::bigint, $26::bigint, $27::timestamptz, $28::bigint
  FROM total
  WHERE total.letters > total.taken AND total.letters <= $16::bigint
  RETURNING id
), put AS (
  INSERT INTO {{schema}}.replay_letter (replay_id, letter_id, step, outcome, ended_at)
  SELECT made.id, chosen.id, CASE WHEN chosen.is_taken THEN 'ended' ELSE 'pending' END,
    CASE WHEN chosen.is_taken THEN 'taken' END, CASE WHEN chosen.is_taken THEN $27::timestamptz END
  FROM chosen
  CROSS JOIN made
), holder AS MATERIALIZED (
  -- Whom to ask, where everything is taken.
  SELECT DISTINCT replay_letter.replay_id
  FROM chosen
  JOIN {{schema}}.replay_letter ON replay_letter.letter_id = chosen.id AND replay_letter.step <> 'ended'
  WHERE NOT EXISTS (SELECT FROM made)
)
SELECT EXISTS (SELECT FROM made), total.letters, total.taken, (SELECT count(*) FROM holder),
  (SELECT holder.replay_id FROM holder ORDER BY holder.replay_id DESC LIMIT 1)
FROM total
