-- Takes the replay, the letters and the locks of their executions, in the order in which the second look does. The
-- next statement's snapshot is newer than these locks, and learns what they are from settings that end with the
-- transaction. A row that somebody else holds is passed over: its letter's turn comes again.
-- Rows of the replay are found one by one by their keys, whatever the statistics of a table that has just been filled
-- say: `OFFSET 0` keeps the planner from going through all letters of the replay, or all in one step, for each one asked
-- about. What writes names the replay and the letter by columns of the same list, and hides the step behind `IS TRUE`,
-- for the same reason.
WITH input AS MATERIALIZED (
  SELECT * FROM unnest($3::uuid[], $4::{{id_param}}[]) WITH ORDINALITY AS input (letter_id, execution, position)
), ours AS MATERIALIZED (
  SELECT replay.id, replay.state = 'running' AS is_running
  FROM {{schema}}.replay
  WHERE replay.id = $1::uuid AND replay.driver = $2::uuid
  FOR UPDATE
), waiting AS MATERIALIZED (
  SELECT replay_letter.letter_id
  FROM input
  CROSS JOIN ours
  CROSS JOIN LATERAL (
    SELECT one.* FROM {{schema}}.replay_letter AS one
    WHERE one.replay_id = ours.id AND one.letter_id = input.letter_id
    OFFSET 0) AS replay_letter
  WHERE replay_letter.step = 'unsent' OR (replay_letter.step = 'pending' AND ours.is_running)
), held AS MATERIALIZED (
  SELECT letter.id
  FROM {{schema}}.letter
  WHERE letter.id IN (SELECT waiting.letter_id FROM waiting)
  ORDER BY letter.id
  FOR NO KEY UPDATE
), locked AS MATERIALIZED (
  SELECT e.{{id}} AS execution
  FROM {{table}} AS e
  WHERE e.{{id}} IN (
    SELECT input.execution FROM input
    WHERE input.execution IS NOT NULL AND input.letter_id IN (SELECT held.id FROM held))
  ORDER BY e.{{id}}
  FOR NO KEY UPDATE SKIP LOCKED
)
SELECT
  set_config('deadletter.held', coalesce(array_agg(input.position) FILTER (WHERE held.id IS NOT NULL), '{}')::text, true),
  set_config('deadletter.locked',
    coalesce(array_agg(input.position) FILTER (WHERE locked.execution IS NOT NULL), '{}')::text, true)
FROM input
LEFT JOIN held ON held.id = input.letter_id
LEFT JOIN locked ON locked.execution = input.execution
