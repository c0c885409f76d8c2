WITH {{chosen}}, total AS MATERIALIZED (
  SELECT count(*) AS letters, count(*) FILTER (WHERE chosen.is_taken) AS taken FROM chosen
), made AS (
  INSERT INTO {{schema}}.replay (
    id, state, made_by, selection, edit, exchange, routing_key, milli_rate, ramp, stop_percent, answer_within,
    created_at, queue_limit)
  SELECT $15::uuid, 'running', $16::text, $17::text, $18::text, $19::bytea, $20::bytea, $21::bigint, $22::bigint <> 0,
    $23::bigint, $24::bigint, $25::timestamptz, $26::bigint
  FROM total
  WHERE total.letters > total.taken AND total.letters <= $14::bigint
  RETURNING id
), put AS (
  INSERT INTO {{schema}}.replay_letter (replay_id, letter_id, step, outcome, ended_at)
  SELECT made.id, chosen.id, CASE WHEN chosen.is_taken THEN 'ended' ELSE 'pending' END,
    CASE WHEN chosen.is_taken THEN 'taken' END, CASE WHEN chosen.is_taken THEN $25::timestamptz END
  FROM chosen
  CROSS JOIN made
)
SELECT EXISTS (SELECT FROM made), total.letters, total.taken FROM total
